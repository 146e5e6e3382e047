#include "engine/internal.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Notices that another program took a worktree away, and that one was committed in.  The
 * directories that hold worktrees and their reflogs are watched, not the worktrees: being
 * woken is a hint, then each is looked at.  What inotify cannot see is found by the next
 * thing that wakes us, or at the next start.
 */
#define SETTLE_MS 200 /* git removes a worktree in several steps */
#define TAKEN     (IN_DELETE | IN_MOVED_FROM)
#define WRITTEN   (IN_MODIFY | IN_CREATE | IN_MOVED_TO)

struct trees {
	struct engine *engine;
	int fd;
	struct event *wake, *settle;
	struct job *job; /* looks what is left of SESSION, whose worktree is gone */
	char *session;
};

char *
trees_admin(const char *path)
{
	AUTO_FREE char *file = path_join(path, ".git");
	AUTO_FREE char *text = file_read(file, 1 << 16, NULL, NULL);

	if (!text || strncmp(text, "gitdir: ", 8) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return xstrdup(text + 8);
}

/* Does PATH/.git lead to a directory that is there? */
static bool
is_linked(const char *path)
{
	AUTO_FREE char *admin = trees_admin(path);

	return admin && file_is_dir(admin);
}

/* False when the journal took nothing: it has to be told again. */
static bool
tell_gone(struct engine *engine, const struct session *s, const char *kept)
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
	if (kept[0])
		fields_set(&f, "kept", kept);
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

static bool
is_gone(const struct session *s)
{
	AUTO_FREE char *file = NULL;

	if (!is_expected(s))
		return false;
	file = path_join(s->path, ".git");
	/* An agent may play with its own .git file; that is not for us. */
	return !file_exists(s->path) || (file_exists(file) && !is_linked(s->path));
}

/* What is left of S was looked for: it is told, and the next one looked for. */
static void
gone_is_known(struct trees *t, const char *kept)
{
	struct timeval later = { .tv_usec = JOURNAL_PAUSE_MS * 1000L }, now = { 0 };
	AUTO_FREE char *id = TAKE_PTR(t->session);
	const struct session *s = core_session(t->engine->core, id);
	bool is_told = !s || !is_gone(s) || tell_gone(t->engine, s, kept);

	/* What the journal never takes is not told for ever. */
	s = core_session(t->engine->core, id);
	if (!is_told)
		event_add(t->settle, &later);
	else if (!s || !is_gone(s))
		event_add(t->settle, &now);
}

static void
on_rest(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct trees *t = arg;
	struct job *job = TAKE_PTR(t->job);
	AUTO_FREE char *text = NULL;

	if (failed)
		text = xasprintf(
		    "whether anything of it is kept is not known: %s", err->text);
	else
		text = xstrdup(fields_text(out, "kept"));
	job_free(job);
	gone_is_known(t, text);
}

/* Pins what is left of S, and asks what that is, before anybody says that it is kept. */
static void
look_for_rest(struct trees *t, const struct session *s)
{
	struct fields in = { 0 };
	struct err err = ERR_INIT;

	fields_set_number(&in, "gone", 1);
	fields_set(&in, "session", s->id);
	fields_set(&in, "path", s->path);
	fields_set(&in, "branch", s->branch);
	fields_set(&in, "repo", s->repo);
	fields_set(&in, "top", s->repo);
	/* What the radar saw before its run began was pinned when the last one ended. */
	fields_set_number(&in, "live", session_is_live(s->state));
	fields_set_number(&in, "since", s->started_at);
	t->session = xstrdup(s->id);
	t->job = job_start(t->engine, "keep", &in, on_rest, t, &err);
	fields_clear(&in);
	if (!t->job) {
		AUTO_FREE char *text = xasprintf(
		    "whether anything of it is kept is not known: %s", err.text);

		gone_is_known(t, text);
	}
}

static void
look_at_all(struct trees *t)
{
	const struct core *core = t->engine->core;

	for (size_t i = 0; i < core->n_sessions && !t->job; i++) {
		if (!is_gone(&core->session[i]))
			continue;
		look_for_rest(t, &core->session[i]);
		return;
	}
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct trees *t = arg;

	(void)fd;
	(void)what;
	trees_watch(t->engine);
	tips_look(t->engine);
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
	/* An agent that commits all the time does not put it off. */
	if (!event_pending(t->settle, EV_TIMEOUT, NULL))
		event_add(t->settle, &soon);
}

/* Watching what is watched already changes nothing. */
static void
watch_dir(const struct trees *t, const char *dir, uint32_t what)
{
	(void)inotify_add_watch(t->fd, dir, what | IN_ONLYDIR | IN_MASK_ADD);
}

/* Where git writes down that HEAD moved; in its own directory where there is no reflog. */
static void
watch_tip(const struct trees *t, const char *path)
{
	AUTO_FREE char *admin = trees_admin(path);
	AUTO_FREE char *logs = admin ? path_join(admin, "logs") : NULL;

	if (logs)
		watch_dir(t, file_is_dir(logs) ? logs : admin, WRITTEN);
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
	watch_dir(t, admin, TAKEN);
	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];
		AUTO_FREE char *parent = xstrdup(s->path);
		char *end = strrchr(parent, '/');

		if (!is_expected(s) || !end)
			continue;
		if (s->repo[0]) {
			AUTO_FREE char *its = path_join(s->repo, ".git/worktrees");

			watch_dir(t, its, TAKEN);
		}
		watch_tip(t, s->path);
		*end = '\0';
		if (last && strcmp(last, parent) == 0)
			continue;
		watch_dir(t, parent, TAKEN);
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
	job_free(t->job);
	event_free(t->wake);
	event_free(t->settle);
	close(t->fd);
	free(t->session);
	free(t);
	engine->trees = NULL;
}
