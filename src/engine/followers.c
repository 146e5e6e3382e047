#include "engine/internal.h"

#include "adapters.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Following runs: their files are watched, and the end of a run is noticed. */

#define SWEEPS_MAX 20 /* a pause between two: some ten seconds */

static void
follower_free(struct follower *f)
{
	TAILQ_REMOVE(&f->engine->followers, f, link);
	watch_remove(f->watch);
	follow_close(f->follow);
	if (f->holder_event)
		event_free(f->holder_event);
	if (f->again)
		event_free(f->again);
	call_free(f->pulse);
	if (f->holder_fd >= 0)
		close(f->holder_fd);
	if (f->holder.pid > 0)
		(void)waitpid(f->holder.pid, NULL, WNOHANG);
	free(f->session);
	free(f->run);
	free(f->dir);
	tool_calls_clear(&f->tools);
	free(f);
}

void
followers_free(struct engine *engine)
{
	struct follower *f, *next;

	TAILQ_FOREACH_SAFE (f, &engine->followers, link, next) {
		follower_free(f);
	}
}

static int
tell_end(struct follower *f)
{
	const struct session *s = core_session(f->engine->core, f->session);
	struct run_end end;
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	int rc;

	fields_set(&out, "session", f->session);
	fields_set(&out, "run", f->run);
	if (rundir_read_end(f->dir, &end, &err) < 0) {
		fields_set(&out, "reason", "unreadable end record");
		fields_set(&out, "text", err.text);
		fields_set_number(&out, "status", -1);
	} else {
		fields_set(&out, "reason", end.reason);
		fields_set(&out, "text", end.text);
		fields_set_number(&out, "status", end.status);
		fields_set_number(&out, "signal", end.signal);
		fields_set_number(&out, "swept", end.n_swept);
		/* "Any program": one that simply exits 0 has reported; the facts decide. */
		fields_set_number(&out, "clean",
		    s && strcmp(s->adapter, "command") == 0 && end.status == 0 &&
			end.signal == 0 && strcmp(end.reason, "exited") == 0);
	}
	rc = engine_note(f->engine, HAP_RUN_ENDED, &out);
	fields_clear(&out);
	return rc;
}

static int
tell_lost(struct follower *f, int lock_fd)
{
	const struct session *s = core_session(f->engine->core, f->session);
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	struct fields out = { 0 };
	AUTO_FD int lock = lock_fd;
	struct err err = ERR_INIT;
	bool is_dead = executor_local.sweep(f->dir, EXEC_SWEEP_TURN_MS, &err) == 0;
	struct run_begun begun = { 0 };
	int rc;

	/* What does not die at once is killed again by and by, and others are served. */
	if (!is_dead && err.kind == ERR_TIMEOUT && f->n_sweeps++ < SWEEPS_MAX)
		return -1;
	/* The whole tree is proven dead before anything is resumed (CONTRACTS 2). */
	if (!is_dead)
		log_warn("%s: %s", f->run, err.text);
	fields_set(&out, "session", f->session);
	fields_set(&out, "run", f->run);
	if (lock < 0)
		fields_set(&out, "how", "vanished");
	else if (rundir_read_begun(f->dir, &begun, NULL) == 0 &&
		 !proc_is_of_this_boot(&begun.holder))
		fields_set(&out, "how", "restart");
	if (!is_dead) {
		fields_set_number(&out, "alive", 1);
		fields_set(&out, "text", err.text);
	}
	fields_set_number(&out, "resumable", is_dead && agent && agent->can_resume);
	rc = engine_note(f->engine, HAP_RUN_LOST, &out);
	fields_clear(&out);
	return rc;
}

/*
 * Was F begun once, as the journal has it, while its directory says that it never was?
 * Somebody removed its files.  Whether an agent came of it nobody can tell any more, so
 * that it is lost; what is left of the directory is made void.
 */
static bool
has_vanished(struct follower *f, enum run_state state)
{
	struct err err = ERR_INIT;

	if (tasks_have_launch(f->engine, f->run))
		return state == RUN_ABSENT && executor_local.is_marked(f->dir);
	if (state == RUN_READY &&
	    rundir_void(f->dir, "its directory was tampered with", &err) < 0)
		log_warn("%s: %s", f->run, err.text);
	return state == RUN_ABSENT || state == RUN_READY;
}

bool
follower_look(struct follower *f)
{
	enum run_state state;
	int lock_fd = -1;

	if (refused_look(f) < 0 || follower_read(f, false) < 0)
		return false;
	state = rundir_probe(f->dir, &lock_fd, NULL);
	if (has_vanished(f, state))
		state = RUN_LOST;
	if (state != RUN_ENDED && state != RUN_LOST)
		return false;
	if (refused_look(f) < 0 || follower_read(f, true) < 0) {
		if (lock_fd >= 0)
			close(lock_fd);
		return false;
	}
	if ((state == RUN_ENDED ? tell_end(f) : tell_lost(f, lock_fd)) < 0) {
		follower_look_later(f);
		return false;
	}
	follower_free(f);
	return true;
}

/* A thousand runs that a server adopts are all told as perhaps ended; most of them live. */
static bool
is_alive(struct follower *f)
{
	struct proc_id holder = { 0 };
	AUTO_FD int lock_fd = -1;

	if (rundir_probe(f->dir, &lock_fd, &holder) != RUN_LIVE)
		return false;
	follower_watch_holder(f, &holder); /* it may have said only now who it is */
	return true;
}

static void
on_run_change(struct watch *watch, unsigned what, void *arg)
{
	struct follower *f = arg;

	/* An end frees F, so what was read before it is written first. */
	if ((what & (WATCH_END | WATCH_GONE) || !f->holder_event) && !is_alive(f)) {
		struct engine *engine = f->engine;
		bool is_grouping = engine->is_grouping;

		group_end(engine);
		(void)follower_look(f);
		if (is_grouping)
			group_begin(engine);
	} else if (what & (WATCH_OUT | WATCH_END | WATCH_OTHER)) {
		(void)refused_look(f);
		(void)follower_read(f, false);
	}
}

static void
on_holder_gone(evutil_socket_t fd, short what, void *arg)
{
	struct follower *f = arg;
	struct timeval soon = { .tv_usec = 20000 };

	if (follower_look(f))
		return;
	/* Its lock may outlive the holder for a moment: look again until the files tell. */
	event_free(f->holder_event);
	f->holder_event = event_new(f->engine->base, -1, 0, on_holder_gone, f);
	event_add(f->holder_event, &soon);
}

/* Notices the holder's death, which no file tells when it was killed. */
void
follower_watch_holder(struct follower *f, const struct proc_id *holder)
{
	if (f->holder_event || holder->pid <= 0)
		return;
	f->holder_fd = proc_open(holder);
	if (f->holder_fd < 0)
		return;
	f->holder = *holder;
	f->holder_event = event_new(
	    f->engine->base, f->holder_fd, EV_READ, on_holder_gone, f);
	event_add(f->holder_event, NULL);
}

struct follower *
follower_find(const struct engine *engine, const char *run)
{
	struct follower *f;

	TAILQ_FOREACH (f, &engine->followers, link) {
		if (strcmp(f->run, run) == 0)
			return f;
	}
	return NULL;
}

void
run_follow(struct engine *engine, const struct session *s)
{
	struct follower *f = follower_find(engine, s->run);
	AUTO_FREE char *out = NULL;
	struct proc_id holder = { 0 };
	struct err err = ERR_INIT;
	int lock_fd = -1;

	if (f)
		return;
	f = xcalloc(1, sizeof(*f));
	f->engine = engine;
	f->session = xstrdup(s->id);
	f->run = xstrdup(s->run);
	f->dir = run_dir(engine, s->run);
	f->holder_fd = -1;
	out = path_join(f->dir, "out.ndjson");
	f->follow = follow_open(out, (uint64_t)s->offset);
	TAILQ_INSERT_TAIL(&engine->followers, f, link);
	f->watch = watch_add(engine->watcher, f->dir, on_run_change, f, &err);
	if (!f->watch)
		log_warn("%s: %s", f->run, err.text);
	if (rundir_probe(f->dir, &lock_fd, &holder) == RUN_LIVE)
		follower_watch_holder(f, &holder);
	if (lock_fd >= 0)
		close(lock_fd);
}

/* After a restart: every run that was open is followed again, or found ended or lost. */
void
runs_adopt(struct engine *engine)
{
	size_t n = engine->core->n_sessions;

	for (size_t i = 0; i < n; i++) {
		const struct session *s = &engine->core->session[i];
		AUTO_FREE char *dir = NULL;
		struct follower *f;
		enum run_state state;
		int lock_fd = -1;

		if (!s->run_open || s->run[0] == '\0')
			continue;
		dir = run_dir(engine, s->run);
		state = rundir_probe(dir, &lock_fd, NULL);
		if (lock_fd >= 0)
			close(lock_fd);
		/* Its launch act is still owed and will see to it. */
		if ((state == RUN_ABSENT || state == RUN_READY) &&
		    tasks_have_launch(engine, s->run))
			continue;
		run_follow(engine, s);
		f = follower_find(engine, s->run);
		if (f && state != RUN_LIVE)
			(void)follower_look(f);
	}
}
