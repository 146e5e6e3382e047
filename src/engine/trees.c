#include "engine/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Notices that another program took a worktree away.  The directories that hold worktrees
 * are watched, not the worktrees: being woken is a hint, then each is looked at.  What
 * inotify cannot see is found by the next thing that wakes us, or at the next start.
 */
#define SETTLE_MS 200 /* git removes a worktree in several steps */

struct trees {
	struct engine *engine;
	int fd;
	struct event *wake, *settle;
};

/* Does PATH/.git lead to a directory that is there? */
static bool
is_linked(const char *path)
{
	AUTO_FREE char *file = path_join(path, ".git");
	AUTO_FREE char *text = file_read(file, 1 << 16, NULL, NULL);

	if (!text || strncmp(text, "gitdir: ", 8) != 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return file_is_dir(text + 8);
}

/* False when the journal took nothing: it has to be told again. */
static bool
tell_gone(struct engine *engine, const struct session *s)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "session", s->id);
	fields_set(&f, "path", s->path);
	fields_setf(&f, "text",
	    file_exists(s->path)
		? "git no longer knows its worktree %s: another program took it away"
		: "its worktree %s is gone: another program took it away",
	    s->path);
	/* A journal that takes nothing takes S with it: the state is made anew. */
	rc = engine_note(engine, HAP_TREE_GONE, &f);
	if (rc < 0)
		log_warn("%s: not recorded, will be looked at again",
		    fields_text(&f, "path"));
	fields_clear(&f);
	return rc == 0;
}

static bool
is_expected(const struct session *s)
{
	return s->has_tree && !s->is_tree_gone && s->path[0] &&
	       !session_is_terminal(s->state);
}

static void
look_at_all(struct trees *t)
{
	struct timeval later = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };
	struct engine *engine = t->engine;

	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];
		AUTO_FREE char *file = NULL;

		if (!is_expected(s))
			continue;
		file = path_join(s->path, ".git");
		/* An agent may play with its own .git file; that is not for us. */
		if ((!file_exists(s->path) ||
			(file_exists(file) && !is_linked(s->path))) &&
		    !tell_gone(engine, s)) {
			event_add(t->settle, &later);
			return;
		}
	}
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct trees *t = arg;

	(void)fd;
	(void)what;
	trees_watch(t->engine);
	look_at_all(t);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct trees *t = arg;
	struct timeval soon = { .tv_usec = SETTLE_MS * 1000L };
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	(void)what;
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	event_add(t->settle, &soon);
}

/* Watching what is watched already changes nothing. */
static void
watch_dir(const struct trees *t, const char *dir)
{
	(void)inotify_add_watch(t->fd, dir, IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR);
}

void
trees_watch(struct engine *engine)
{
	const struct trees *t = engine->trees;
	AUTO_FREE char *git = xstrdup(engine->home);
	AUTO_FREE char *admin = NULL, *last = NULL;
	char *slash = strrchr(git, '/');

	if (!t || !slash)
		return;
	*slash = '\0';
	admin = path_join(git, "worktrees");
	watch_dir(t, admin);
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];
		AUTO_FREE char *parent = xstrdup(s->path);
		char *end = strrchr(parent, '/');

		if (!is_expected(s) || !end)
			continue;
		if (s->repo[0]) {
			AUTO_FREE char *its = path_join(s->repo, ".git/worktrees");

			watch_dir(t, its);
		}
		*end = '\0';
		if (last && strcmp(last, parent) == 0)
			continue;
		watch_dir(t, parent);
		free(last);
		last = TAKE_PTR(parent);
	}
}

void
trees_start(struct engine *engine)
{
	struct trees *t = xcalloc(1, sizeof(*t));
	struct timeval now = { 0 };

	t->engine = engine;
	t->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->fd < 0) {
		log_warn("worktrees are not watched: %s", strerror(errno));
		free(t);
		return;
	}
	t->wake = event_new(engine->base, t->fd, EV_READ | EV_PERSIST, on_wake, t);
	t->settle = event_new(engine->base, -1, 0, on_settled, t);
	event_add(t->wake, NULL);
	/* What happened while no server ran. */
	event_add(t->settle, &now);
	engine->trees = t;
}

void
trees_stop(struct engine *engine)
{
	struct trees *t = engine->trees;

	if (!t)
		return;
	event_free(t->wake);
	event_free(t->settle);
	close(t->fd);
	free(t);
	engine->trees = NULL;
}
