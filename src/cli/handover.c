#include "cli/handover.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_LIMIT_MS 20000
#define N_CALM         2 /* looks without work, so that clients fetch what is done */
/* What the kernel does not tell of, such as a program on another machine's disk. */
#define UNTOLD_LOOK_MS (10L * 60 * 1000)
#define DIR_MASK                                                               \
	(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE_SELF | \
	    IN_DELETE_SELF | IN_ONLYDIR)

struct handover {
	struct handover_opts opts;
	struct stat ours, seen; /* PROGRAM when we were started, and at the last look */
	struct child *probe;
	struct event *timer;
	struct event
	    *told; /* something was done in PROGRAM's directory; NULL = looked for */
	int fd;    /* of its inotify, -1 without */
	enum {
		HANDOVER_NONE,
		HANDOVER_PROBING, /* does the new program run here at all? */
		HANDOVER_BROKEN,  /* it does not */
		HANDOVER_WAITING, /* it does: when nothing is under way */
		HANDOVER_NOW,
	} state;
	int n_calm;
};

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
on_probed(struct child *child, const struct child_end *end, void *arg)
{
	struct handover *h = arg;
	char how[64];

	h->probe = NULL;
	if (end->status == 0) {
		log_info("%s was replaced; the server hands over to the new one when "
			 "nothing is under way",
		    h->opts.program);
		h->state = HANDOVER_WAITING;
		h->opts.about->is_replaced = true;
	} else {
		log_warn("%s was replaced by a program that does not run (%s): the old "
			 "one goes on",
		    h->opts.program, child_end_text(end, how, sizeof(how)));
		h->state = HANDOVER_BROKEN;
	}
	child_free(child);
}

static void
look_in(struct handover *h, long ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L };

	event_add(h->timer, &tv);
}

/* A file that is still being written does not run, and changes again. */
static void
probe(struct handover *h)
{
	AUTO_FREE char *program = xstrdup(h->opts.program);
	char word[] = "version";
	char *arg[] = { program, word, NULL };
	const struct child_opts opts = { .arg = arg, .timeout_ms = PROBE_LIMIT_MS };
	struct err err = ERR_INIT;

	h->opts.about->is_replaced = false;
	h->n_calm = 0;
	child_free(h->probe);
	h->probe = child_start(h->opts.base, &opts, on_probed, h, &err);
	h->state = h->probe ? HANDOVER_PROBING : HANDOVER_BROKEN;
	if (!h->probe)
		log_warn("%s was replaced and does not run: %s", program, err.text);
}

static void
look(struct handover *h)
{
	struct stat now;

	/* Gone: an upgrade is under way, or divisi was removed.  We go on. */
	if (stat(h->opts.program, &now) < 0)
		return;
	if (!is_same_file(&now, &h->seen)) {
		h->seen = now;
		if (is_same_file(&now, &h->ours))
			h->state = HANDOVER_NONE;
		else
			probe(h);
		return;
	}
	if (h->state != HANDOVER_WAITING)
		return;
	h->n_calm = engine_has_work(h->opts.engine) ? 0 : h->n_calm + 1;
	if (h->n_calm < N_CALM)
		return;
	h->state = HANDOVER_NOW;
	event_base_loopbreak(h->opts.base);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct handover *h = arg;
	bool is_under_way;

	(void)fd;
	(void)what;
	look(h);
	is_under_way = h->state == HANDOVER_PROBING || h->state == HANDOVER_WAITING;
	look_in(h, h->told && !is_under_way ? UNTOLD_LOOK_MS : h->opts.look_ms);
}

static void
end_telling(struct handover *h)
{
	if (h->told)
		event_free(h->told);
	h->told = NULL;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

/* The look waits, so that an upgrade of a thousand files is one. */
static void
on_told(evutil_socket_t fd, short what, void *arg)
{
	struct handover *h = arg;
	_Alignas(struct inotify_event) char buf[4096];
	bool is_moved = false;
	ssize_t n;

	(void)what;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *e;

		for (char *at = buf; at < buf + n; at += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(const void *)at;
			is_moved |= (e->mask & (IN_MOVE_SELF | IN_IGNORED)) != 0;
		}
	}
	look_in(h, h->opts.look_ms);
	if (is_moved)
		end_telling(h);
}

/* Has the kernel tell of a new program, so that a server at rest does not wake up. */
static void
ask_to_be_told(struct handover *h)
{
	AUTO_FREE char *dir = xstrdup(h->opts.program);
	char *slash = strrchr(dir, '/');

	if (!slash || slash == dir)
		return;
	*slash = '\0';
	h->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (h->fd < 0)
		return;
	if (inotify_add_watch(h->fd, dir, DIR_MASK) < 0) {
		end_telling(h);
		return;
	}
	h->told = event_new(h->opts.base, h->fd, EV_READ | EV_PERSIST, on_told, h);
	event_add(h->told, NULL);
}

struct handover *
handover_new(const struct handover_opts *opts, struct err *err)
{
	struct handover *h = xcalloc(1, sizeof(*h));

	h->opts = *opts;
	h->fd = -1;
	/* Not by its path, which may be another program already. */
	if (stat("/proc/self/exe", &h->ours) < 0) {
		err_sys(err, "/proc/self/exe");
		free(h);
		return NULL;
	}
	h->seen = h->ours;
	h->timer = event_new(opts->base, -1, 0, on_look, h);
	ask_to_be_told(h);
	look_in(h, h->opts.look_ms); /* replaced since we were started, too */
	return h;
}

void
handover_free(struct handover *h)
{
	if (!h)
		return;
	child_free(h->probe);
	event_free(h->timer);
	end_telling(h);
	free(h);
}

int
handover_exec(const struct handover *h, struct err *err)
{
	if (!h || h->state != HANDOVER_NOW)
		return 0;
	log_info("handing over to %s", h->opts.program);
	crash_point("server.handover");
	execv(h->opts.program, h->opts.argv);
	return err_sys(err, "hand over to %s", h->opts.program);
}
