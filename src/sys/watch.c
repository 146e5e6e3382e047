#include "sys/watch.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#define EVERYTHING (WATCH_OUT | WATCH_END | WATCH_OTHER)
#define WATCH_MASK                                                          \
	(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | \
	    IN_MOVE_SELF | IN_ONLYDIR)

/* What a polled directory looked like; a change of it is what inotify would tell. */
struct look {
	bool is_there, has_end;
	off_t out_bytes;
	struct timespec mtime;
};

struct watch {
	TAILQ_ENTRY(watch) entry;
	TAILQ_ENTRY(watch) todo_entry; /* valid while WHAT is not 0 */
	struct watcher *watcher;
	char *dir;
	watch_fn *fn;
	void *arg;
	unsigned what; /* to be told in this turn of the loop */
	int wd;        /* inotify's number; -1 when polled, or gone */
	bool is_polled;
	struct look look;
};

TAILQ_HEAD(watch_list, watch);

struct watcher {
	struct event_base *base;
	int fd;
	struct event *event; /* inotify has something */
	struct event *timer; /* looks at the polled ones */
	struct event *tell;  /* active while something is to be told */
	struct watch_list list, todo;
	size_t n_polled;
	void (*on_turn)(bool is_over, void *arg);
	void *turn_arg;
};

static void
note(struct watch *watch, unsigned what)
{
	if (!watch->what)
		TAILQ_INSERT_TAIL(&watch->watcher->todo, watch, todo_entry);
	watch->what |= what;
	event_active(watch->watcher->tell, EV_TIMEOUT, 0);
}

/*
 * A directory that is removed while somebody has a file of it open, as a holder has, is not
 * told as removed before that file is closed; that its files went is told at once.
 */
static bool
is_taken_away(const struct inotify_event *e)
{
	return e->mask & IN_DELETE && e->len > 0 &&
	       (strcmp(e->name, "spec") == 0 || strcmp(e->name, "begun") == 0);
}

static void
note_event(struct watcher *watcher, const struct inotify_event *e)
{
	bool is_gone = e->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF);
	bool is_lost = e->mask & IN_Q_OVERFLOW;
	unsigned what = WATCH_OTHER;
	struct watch *w;

	if (is_lost)
		what = EVERYTHING;
	else if (is_gone || is_taken_away(e))
		what = WATCH_GONE;
	else if (e->len > 0 && strcmp(e->name, "out.ndjson") == 0)
		what = WATCH_OUT;
	else if (e->len > 0 && strcmp(e->name, "end.json") == 0)
		what = WATCH_END;
	TAILQ_FOREACH (w, &watcher->list, entry) {
		if (!is_lost && w->wd != e->wd)
			continue;
		if (e->mask & IN_IGNORED)
			w->wd = -1; /* the number may be given to another one */
		note(w, what);
	}
}

static void
on_inotify(int fd, short flags, void *arg)
{
	_Alignas(struct inotify_event) char buf[16384];
	ssize_t n = read(fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);

		note_event(arg, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
}

static struct look
look_at(const char *dir)
{
	AUTO_FREE char *out = path_join(dir, "out.ndjson");
	AUTO_FREE char *end = path_join(dir, "end.json");
	struct look look = { 0 };
	struct stat st;

	if (stat(dir, &st) < 0)
		return look;
	look.is_there = true;
	look.mtime = st.st_mtim;
	look.has_end = file_exists(end);
	if (stat(out, &st) == 0)
		look.out_bytes = st.st_size;
	return look;
}

static void
look_again(struct watch *watch)
{
	struct look old = watch->look;
	struct look new = look_at(watch->dir);
	unsigned what = 0;

	watch->look = new;
	if (old.is_there && !new.is_there)
		what |= WATCH_GONE;
	if (new.out_bytes != old.out_bytes)
		what |= WATCH_OUT;
	if (new.has_end != old.has_end)
		what |= WATCH_END;
	if (new.mtime.tv_sec != old.mtime.tv_sec ||
	    new.mtime.tv_nsec != old.mtime.tv_nsec)
		what |= WATCH_OTHER;
	if (what)
		note(watch, what);
}

static void
on_poll_timer(int fd, short flags, void *arg)
{
	struct watcher *watcher = arg;
	struct watch *w;

	TAILQ_FOREACH (w, &watcher->list, entry) {
		if (w->is_polled)
			look_again(w);
	}
}

/* The callbacks may remove and add watches, so only the head of the list is trusted. */
static void
on_tell(int fd, short flags, void *arg)
{
	struct watcher *watcher = arg;
	struct watch *w;

	if (watcher->on_turn)
		watcher->on_turn(false, watcher->turn_arg);
	while ((w = TAILQ_FIRST(&watcher->todo))) {
		unsigned what = w->what;

		TAILQ_REMOVE(&watcher->todo, w, todo_entry);
		w->what = 0;
		w->fn(w, what, w->arg);
	}
	if (watcher->on_turn)
		watcher->on_turn(true, watcher->turn_arg);
}

void
watcher_on_turn(struct watcher *watcher, void (*fn)(bool is_over, void *arg), void *arg)
{
	watcher->on_turn = fn;
	watcher->turn_arg = arg;
}

struct watcher *
watcher_new(struct event_base *base, struct err *err)
{
	struct watcher *watcher = xcalloc(1, sizeof(*watcher));

	watcher->base = base;
	TAILQ_INIT(&watcher->list);
	TAILQ_INIT(&watcher->todo);
	watcher->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watcher->tell = event_new(base, -1, 0, on_tell, watcher);
	watcher->timer = event_new(base, -1, EV_PERSIST, on_poll_timer, watcher);
	/* Without inotify (too many instances of it) everything is polled. */
	if (watcher->fd >= 0)
		watcher->event = event_new(
		    base, watcher->fd, EV_READ | EV_PERSIST, on_inotify, watcher);
	if (!watcher->tell || !watcher->timer ||
	    (watcher->fd >= 0 &&
		(!watcher->event || event_add(watcher->event, NULL) < 0))) {
		watcher_free(watcher);
		(void)err_set(err, ERR_SYSTEM, "cannot watch directories");
		return NULL;
	}
	return watcher;
}

void
watcher_free(struct watcher *watcher)
{
	struct watch *w, *next;

	if (!watcher)
		return;
	for (w = TAILQ_FIRST(&watcher->list); w; w = next) {
		next = TAILQ_NEXT(w, entry);
		free(w->dir);
		free(w);
	}
	if (watcher->event)
		event_free(watcher->event);
	if (watcher->timer)
		event_free(watcher->timer);
	if (watcher->tell)
		event_free(watcher->tell);
	if (watcher->fd >= 0)
		close(watcher->fd);
	free(watcher);
}

static void
start_polling(struct watch *watch)
{
	static const struct timeval each_second = { 1, 0 };

	watch->is_polled = true;
	watch->look = look_at(watch->dir);
	if (watch->watcher->n_polled++ == 0)
		event_add(watch->watcher->timer, &each_second);
}

struct watch *
watch_add(
    struct watcher *watcher, const char *dir, watch_fn *fn, void *arg, struct err *err)
{
	struct watch *watch;

	if (!file_is_dir(dir)) {
		(void)err_set(err, ERR_NOT_FOUND, "no directory %s", dir);
		return NULL;
	}
	watch = xcalloc(1, sizeof(*watch));
	watch->watcher = watcher;
	watch->dir = xstrdup(dir);
	watch->fn = fn;
	watch->arg = arg;
	watch->wd = -1;
	if (watcher->fd >= 0 && file_is_local_fs(dir))
		watch->wd = inotify_add_watch(watcher->fd, dir, WATCH_MASK);
	if (watch->wd < 0)
		start_polling(watch);
	TAILQ_INSERT_TAIL(&watcher->list, watch, entry);
	note(watch, EVERYTHING);
	return watch;
}

/* Two watches of one directory share inotify's number. */
static bool
is_shared(const struct watch *watch)
{
	struct watch *w;

	TAILQ_FOREACH (w, &watch->watcher->list, entry) {
		if (w != watch && w->wd == watch->wd)
			return true;
	}
	return false;
}

void
watch_remove(struct watch *watch)
{
	struct watcher *watcher;

	if (!watch)
		return;
	watcher = watch->watcher;
	if (watch->wd >= 0 && !is_shared(watch))
		(void)inotify_rm_watch(watcher->fd, watch->wd);
	if (watch->is_polled && --watcher->n_polled == 0)
		event_del(watcher->timer);
	if (watch->what)
		TAILQ_REMOVE(&watcher->todo, watch, todo_entry);
	TAILQ_REMOVE(&watcher->list, watch, entry);
	free(watch->dir);
	free(watch);
}
