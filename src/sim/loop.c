#include "sim/internal.h"

#include "sys/child.h"
#include "sys/watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

/*
 * The loop of the server: libevent, sys/child.h and sys/watch.h once more.  Whatever is due
 * may happen next, in any order; timers come late and never early, as on a busy machine.
 */

struct event {
	evutil_socket_t fd;
	event_callback_fn fn;
	void *arg;
	bool is_added, is_ready;
	int64_t due; /* INT64_MAX without a timeout */
};

struct child {
	char *kind, *input, *out;
	size_t n_input;
	child_done_fn *done;
	void *arg;
	bool is_over, is_told;
};

struct watch {
	char *dir;
	watch_fn *fn;
	void *arg;
	unsigned what;
};

/* What the server's process has of the world; gone with it. */
static struct event **event;
static size_t n_events, cap_events;
static struct child **child;
static size_t n_children, cap_children;
static struct watch **watch;
static size_t n_watches, cap_watches;

#define DROP(list, n, item)                           \
	do {                                          \
		for (size_t i_ = 0; i_ < (n); i_++) { \
			if ((list)[i_] != (item))     \
				continue;             \
			(list)[i_] = (list)[--(n)];   \
			break;                        \
		}                                     \
	} while (0)

/* ---- libevent --------------------------------------------------------------------------- */

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn fn,
    void *arg)
{
	struct event *e = xcalloc(1, sizeof(*e));

	(void)base;
	(void)what;
	*e = (struct event){ .fd = fd, .fn = fn, .arg = arg };
	GROW(event, n_events, cap_events);
	event[n_events++] = e;
	return e;
}

int
event_add(struct event *e, const struct timeval *timeout)
{
	e->is_added = true;
	e->due = timeout ? sim->mono + (int64_t)timeout->tv_sec * 1000 +
			       timeout->tv_usec / 1000
			 : INT64_MAX;
	return 0;
}

int
event_del(struct event *e)
{
	e->is_added = false;
	return 0;
}

int
event_pending(const struct event *e, short what, struct timeval *when)
{
	(void)when;
	return e->is_added ? what : 0;
}

void
event_free(struct event *e)
{
	DROP(event, n_events, e);
	free(e);
}

void
sim_holder_gone(int pid)
{
	for (size_t i = 0; i < n_events; i++)
		event[i]->is_ready |= event[i]->fd == SIM_FD_OF_PID(pid);
}

/* ---- jobs -------------------------------------------------------------------------------- */

struct child *
child_start(struct event_base *base, const struct child_opts *opts, child_done_fn *done,
    void *arg, struct err *err)
{
	struct child *c;

	(void)base;
	if (!sim_effect()) {
		err_set(err, ERR_SYSTEM, "no process can be started");
		return NULL;
	}
	for (size_t i = 0; i < n_children; i++) {
		if (strcmp(opts->arg[2], "track") == 0 && !child[i]->is_told &&
		    strcmp(child[i]->kind, "track") == 0)
			sim_fail("two write to the tracker at once (E-18)");
	}
	c = xcalloc(1, sizeof(*c));
	*c = (struct child){ .kind = xstrdup(opts->arg[2]),
		.input = xstrndup(opts->input, opts->n_input),
		.n_input = opts->n_input,
		.done = done,
		.arg = arg };
	GROW(child, n_children, cap_children);
	child[n_children++] = c;
	return c;
}

void
child_free(struct child *c)
{
	if (!c)
		return;
	DROP(child, n_children, c);
	free(c->kind);
	free(c->input);
	free(c->out);
	free(c);
}

const char *
child_end_text(const struct child_end *end, char *buf, size_t size)
{
	snprintf(buf, size, "%s", end->signal ? "killed by signal 9" : "exit status 0");
	return buf;
}

/* The job does its work; its answer is told later, or never when the server dies first. */
static void
run_job(struct child *c)
{
	c->is_over = true;
	c->out = sim_job(c->kind, c->input, c->n_input);
}

static void
end_job(struct child *c)
{
	struct child_end end = { .err_tail = "killed" };
	AUTO_FREE char *out = TAKE_PTR(c->out);

	c->is_told = true;
	end.out = out ? out : "";
	end.n_out = strlen(end.out);
	end.signal = out ? 0 : 9;
	c->done(c, &end, c->arg);
}

/* ---- notices ------------------------------------------------------------------------------- */

struct watcher {
	void (*on_turn)(bool is_over, void *arg);
	void *turn_arg;
};

static struct watcher *watcher;

struct watcher *
watcher_new(struct event_base *base, struct err *err)
{
	(void)base;
	(void)err;
	watcher = xcalloc(1, sizeof(*watcher));
	return watcher;
}

void
watcher_on_turn(struct watcher *w, void (*fn)(bool is_over, void *arg), void *arg)
{
	w->on_turn = fn;
	w->turn_arg = arg;
}

void
watcher_free(struct watcher *w)
{
	if (w == watcher)
		watcher = NULL;
	free(w);
}

struct watch *
watch_add(
    struct watcher *owner, const char *dir, watch_fn *fn, void *arg, struct err *err)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	(void)owner;
	(void)err;
	*w = (struct watch){ .dir = xstrdup(dir), .fn = fn, .arg = arg };
	w->what = WATCH_OUT | WATCH_END | WATCH_OTHER;
	GROW(watch, n_watches, cap_watches);
	watch[n_watches++] = w;
	return w;
}

void
watch_remove(struct watch *w)
{
	if (!w)
		return;
	DROP(watch, n_watches, w);
	free(w->dir);
	free(w);
}

/*
 * A lost event of inotify wakes everybody later (sys/watch.h): what is lost here is told
 * with the next one, of whomever.
 */
void
sim_notice(const char *dir, unsigned what)
{
	bool is_lost = sim_mishap(3, FAULT_NOTICE_LOST);

	for (size_t i = 0; i < n_watches; i++) {
		if (strcmp(watch[i]->dir, dir) == 0)
			watch[i]->what |= what;
		else if (is_lost)
			watch[i]->what |= WATCH_OUT | WATCH_END;
	}
}

static void
tell_watch(struct watch *w)
{
	unsigned what = w->what;

	/* The end before the output that came before it. */
	if ((what & WATCH_END) && (what & WATCH_OUT) &&
	    sim_mishap(20, FAULT_NOTICE_LATE))
		what = WATCH_END;
	w->what &= ~what;
	if (sim_mishap(3, FAULT_NOTICE_TWICE))
		w->what |= what;
	/* The turn may be the watcher's last: a server that is to die dies in it. */
	if (watcher && watcher->on_turn)
		watcher->on_turn(false, watcher->turn_arg);
	w->fn(w, what, w->arg);
	if (watcher && watcher->on_turn)
		watcher->on_turn(true, watcher->turn_arg);
}

/* The only real descriptors that are waited for are inotify's. */
void
sim_tree_notice(void)
{
	for (size_t i = 0; i < n_events; i++) {
		if (event[i]->fd >= 0 && event[i]->fd < SIM_FD_LOCK)
			event[i]->is_added = event[i]->is_ready = true;
	}
}

/* ---- turns ---------------------------------------------------------------------------------- */

static bool
is_due(const struct event *e)
{
	return e->is_added && (e->is_ready || e->due <= sim->mono);
}

static bool
turn_event(size_t from)
{
	for (size_t i = 0; i < n_events; i++) {
		struct event *e = event[(from + i) % n_events];

		if (!is_due(e))
			continue;
		e->is_added = e->is_ready = false;
		e->fn(e->fd, EV_TIMEOUT, e->arg);
		return true;
	}
	return false;
}

static bool
turn_child(size_t from)
{
	for (size_t i = 0; i < n_children; i++) {
		struct child *c = child[(from + i) % n_children];

		if (c->is_told)
			continue;
		if (c->is_over)
			end_job(c);
		else
			run_job(c);
		return true;
	}
	return false;
}

static bool
turn_watch(size_t from)
{
	for (size_t i = 0; i < n_watches; i++) {
		struct watch *w = watch[(from + i) % n_watches];

		if (!w->what)
			continue;
		tell_watch(w);
		return true;
	}
	return false;
}

bool
sim_loop_turn(void)
{
	unsigned from = sim_dice(64);
	bool (*const turns[])(size_t from) = { turn_event, turn_child, turn_watch };
	bool moved = false;

	for (unsigned i = 0, at = sim_dice(3); i < 3 && !moved; i++)
		moved = turns[(at + i) % 3](from);
	if (sim->is_dead)
		sim_server_die("killed");
	return moved;
}

bool
sim_loop_is_quiet(void)
{
	for (size_t i = 0; i < n_events; i++) {
		if (is_due(event[i]))
			return false;
	}
	for (size_t i = 0; i < n_watches; i++) {
		if (watch[i]->what)
			return false;
	}
	for (size_t i = 0; i < n_children; i++) {
		if (!child[i]->is_told)
			return false;
	}
	return true;
}

int64_t
sim_loop_next(void)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < n_events; i++) {
		if (event[i]->is_added && event[i]->due < next)
			next = event[i]->due;
	}
	return next;
}

void
sim_loop_end_jobs(void)
{
	for (size_t i = 0; i < n_children; i++) {
		struct child *c = child[i];

		if (c->is_over || sim_dice(2))
			continue;
		sim->job_limit = 1 + (int)sim_dice(4);
		free(c->out);
		run_job(c);
		sim->job_limit = 0;
	}
}

void
sim_loop_end_process(void)
{
	while (n_children > 0)
		child_free(child[0]);
	while (n_watches > 0)
		watch_remove(watch[0]);
	while (n_events > 0)
		event_free(event[0]);
}

void
sim_loop_clear(void)
{
	sim_loop_end_process();
	free(event);
	free(child);
	free(watch);
	event = NULL;
	child = NULL;
	watch = NULL;
	cap_events = cap_children = cap_watches = 0;
}
