#include "engine/internal.h"

#include "adapters.h"
#include "engine/usage.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Following runs: what agents write becomes happenings, the end of a run is noticed. */

#define TEXT_BYTES   400 /* of what an agent says that the journal keeps per burst */
#define DETAIL_BYTES (64 * 1024)
#define SWEEPS_MAX   20 /* a pause between two: some ten seconds */

static char *
cut(const char *s, size_t max)
{
	size_t n = strlen(s);

	if (n > max) {
		n = max;
		while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
			n--;
	}
	return xstrndup(s, n);
}

/* What a person is asked, in full; or said to be cut before it is read, not behind it. */
static char *
detail_of(const char *detail)
{
	AUTO_FREE char *start = cut(detail ? detail : "", DETAIL_BYTES);
	size_t n = strlen(start);

	if (!detail || strlen(detail) == n)
		return TAKE_PTR(start);
	return xasprintf("(CUT: only the first %zu of %zu bytes are shown)\n%s", n,
	    strlen(detail), start);
}

/* What one burst of lines amounts to, told as one happening. */
struct burst {
	struct follower *f;
	const struct agent *agent;
	struct fields activity;
	bool has_activity;
	uint64_t line_start, line_end;
	/* The last happening of the line, told once the next is there or the line is over. */
	struct fields held;
	enum hap held_hap;
	bool has_held;
	struct usage usage;
	bool is_broken; /* the journal takes nothing: read all of it again later */
};

static void
tell(struct burst *b, enum hap hap, const struct fields *f)
{
	if (!b->is_broken)
		b->is_broken = engine_note(b->f->engine, hap, f) < 0;
}

/*
 * Tells the happening that is held back.  Only the last one of a line says that the line
 * is read: whatever a crash leaves untold is found in the line again.
 */
static void
tell_held(struct burst *b, uint64_t offset)
{
	if (!b->has_held)
		return;
	fields_set_number(&b->held, "offset", (int64_t)offset);
	tell(b, b->held_hap, &b->held);
	fields_clear(&b->held);
	b->has_held = false;
}

/* Holds back HAP with F, which is used up. */
static void
hold(struct burst *b, enum hap hap, struct fields *f)
{
	tell_held(b, b->line_start);
	b->held = *f;
	b->held_hap = hap;
	b->has_held = true;
	*f = (struct fields){ 0 };
}

static void
tell_activity(struct burst *b, uint64_t offset)
{
	if (!b->has_activity)
		return;
	fields_set(&b->activity, "session", b->f->session);
	fields_set(&b->activity, "run", b->f->run);
	fields_set_number(&b->activity, "offset", (int64_t)offset);
	usage_tell(&b->usage, &b->activity);
	tell(b, HAP_AGENT_ACTIVITY, &b->activity);
	fields_clear(&b->activity);
	b->has_activity = false;
}

/* What is said in parts is shown as far as it goes; usage may come between two parts. */
static void
add_part(struct burst *b, const struct agent_event *e)
{
	struct said *said = &b->f->said;
	struct fields f = { 0 };

	if (e->kind == AGENT_USAGE)
		return;
	if (e->kind != AGENT_SAY || !e->is_part) {
		said_end(said);
		return;
	}
	if (said_add(said, e->text ? e->text : "", b->line_start) &&
	    b->agent->has_own_confirm) {
		fields_set(&f, "session", b->f->session);
		fields_set(&f, "run", b->f->run);
		fields_set(&f, "text", said->text);
		tell_held(b, b->line_start);
		hold(b, HAP_AGENT_CONFIRMED, &f);
	}
}

static void
add_activity(struct burst *b, const struct agent_event *e)
{
	b->has_activity = true;
	add_part(b, e);
	if (e->kind == AGENT_SAY && e->is_part) {
		AUTO_FREE char *text = cut(b->f->said.text, TEXT_BYTES);

		fields_set(&b->activity, "text", text);
	} else if (e->text && e->text[0] && e->kind != AGENT_USAGE) {
		AUTO_FREE char *text = cut(e->text, TEXT_BYTES);

		fields_set(&b->activity, "text", text);
	}
	if (e->kind == AGENT_PROGRESS && e->total > 0)
		fields_setf(&b->activity, "text", "%ld/%ld %.300s", e->done, e->total,
		    e->text ? e->text : "");
	usage_add(&b->usage, core_session(b->f->engine->core, b->f->session), e);
}

/*
 * Does ID lie?  It would be resumed later: an agent that names the conversation of another
 * session would be given that one.
 */
static bool
is_other_session(const struct burst *b, const char *id)
{
	const struct session *s = core_session(b->f->engine->core, b->f->session);
	char uuid[RUN_UUID_SIZE];

	if (!b->agent->keeps_id || !s || !id || id[0] == '\0')
		return false;
	run_uuid(b->f->engine, b->f->run, uuid);
	return strcmp(id, s->run_resume[0] ? s->run_resume : uuid) != 0;
}

/* What stands in the place of an acceptance under an id that is not the session's. */
static void
hold_liar(struct burst *b, const char *id)
{
	struct fields f = { 0 };

	tell_held(b, b->line_start);
	tell_activity(b, b->line_start);
	fields_set(&f, "session", b->f->session);
	fields_set(&f, "run", b->f->run);
	fields_setf(&f, "text",
	    "the agent works in conversation %.60s, which is not the one it was started "
	    "with",
	    id);
	hold(b, HAP_AGENT_FAILED, &f);
}

/* Is E about another conversation, such as a sub-agent's, or is its id a lie? */
static bool
is_of_another(const struct burst *b, const struct agent_event *e)
{
	const struct session *s = core_session(b->f->engine->core, b->f->session);

	return e->session_id && s && s->agent_session[0] &&
	       strcmp(e->session_id, s->agent_session) != 0;
}

static void
on_agent_event(const struct agent_event *e, void *arg)
{
	struct burst *b = arg;
	struct fields f = { 0 };
	AUTO_FREE char *detail = NULL, *text = NULL;
	int hap = event_meaning(e->kind);

	/* Of another only what it asks counts: nobody else answers. */
	if (is_of_another(b, e)) {
		b->has_activity = true;
		return;
	}

	if (hap < 0) {
		add_activity(b, e);
		return;
	}
	usage_add(&b->usage, core_session(b->f->engine->core, b->f->session), e);
	if (e->kind == AGENT_ACCEPTED && is_other_session(b, e->id)) {
		hold_liar(b, e->id);
		return;
	}
	tell_held(b, b->line_start);
	tell_activity(b, b->line_start);
	detail = detail_of(e->detail);
	/* One who ends a turn without words of its own has said them before. */
	if (e->kind == AGENT_DONE && (!e->text || e->text[0] == '\0'))
		text = xstrdup(b->f->said.text);
	else
		text = cut(e->text ? e->text : "", DETAIL_BYTES);
	said_end(&b->f->said);
	fields_set(&f, "session", b->f->session);
	fields_set(&f, "run", b->f->run);
	fields_set(&f, "text", text);
	if (e->kind == AGENT_ACCEPTED)
		fields_set(&f, "agent_session", e->id);
	if (e->kind == AGENT_ASK || e->kind == AGENT_ASK_GONE)
		fields_set(&f, "ask", e->id);
	if (e->kind == AGENT_ASK) {
		fields_set(&f, "kind", agent_ask_name(e->ask));
		fields_set(&f, "detail", detail);
		fields_set(&f, "raw", e->raw);
		usage_request(&f, e, DETAIL_BYTES);
	}
	if (e->cost_cents >= 0)
		fields_set_number(&f, "cost", e->cost_cents);
	if (e->kind == AGENT_STEP) {
		fields_set(&f, "step", e->id);
		fields_set(&f, "raw", e->raw);
	}
	if (e->kind == AGENT_DONE && b->agent->stops_at_no)
		fields_set_number(&f, "stops", 1);
	if (e->kind == AGENT_DONE && b->agent->plans_by_turn)
		fields_set_number(&f, "plans", 1);
	if (e->kind == AGENT_TURN)
		fields_set(&f, "turn", e->id);
	usage_limit(&f, e, b->agent->can_resume);
	/* An agent without words of its own for it has confirmed by being up. */
	if (e->kind == AGENT_ACCEPTED && !b->agent->has_own_confirm) {
		struct fields confirmed = { 0 };

		fields_copy(&confirmed, &f);
		hold(b, (enum hap)hap, &f);
		hold(b, HAP_AGENT_CONFIRMED, &confirmed);
	} else {
		hold(b, (enum hap)hap, &f);
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)follower_look(arg);
}

void
follower_look_later(struct follower *f)
{
	const struct session *s = core_session(f->engine->core, f->session);
	AUTO_FREE char *out = path_join(f->dir, "out.ndjson");
	struct timeval pause = { .tv_usec = JOURNAL_PAUSE_MS * 1000L };

	follow_close(f->follow);
	f->follow = follow_open(out, s ? (uint64_t)s->offset : 0);
	if (!f->again)
		f->again = event_new(f->engine->base, -1, 0, on_again, f);
	event_add(f->again, &pause);
}

/* Reads what is new; with IS_ENDED also a last line without its newline.  -1: again later. */
static int
read_output(struct follower *f, bool is_ended)
{
	const struct session *s = core_session(f->engine->core, f->session);
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	struct burst b = { .f = f,
		.agent = agent,
		.usage = { .cost = -1, .in = -1, .out = -1, .context_pct = -1 } };
	struct follow_line line;
	struct err err = ERR_INIT;
	int rc = 0;

	if (!agent)
		return 0;
	f->is_grouped = f->engine->is_grouping;
	b.line_end = (uint64_t)s->offset;
	while (
	    !b.is_broken && (rc = follow_next(f->follow, is_ended, &line, &err)) > 0) {
		b.line_start = b.line_end;
		b.line_end = line.next_offset;
		if (line.is_cut) {
			fields_setf(&b.activity, "text", "a line of %llu bytes was cut",
			    (unsigned long long)line.n_bytes);
			b.has_activity = true;
			continue;
		}
		agent->parse(line.p, line.n, on_agent_event, &b);
		tell_held(&b, b.line_end);
	}
	if (rc < 0)
		log_warn("%s: %s", f->run, err.text);
	/* Until it confirmed, a message is read again from its beginning after a restart. */
	tell_activity(&b, f->said.n > 0 && agent->has_own_confirm && !s->confirmed
			      ? f->said.from
			      : b.line_end);
	fields_clear(&b.activity);
	usage_clear(&b.usage);
	if (!b.is_broken)
		return 0;
	follower_look_later(f);
	return -1;
}

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

	if (refused_look(f) < 0 || read_output(f, false) < 0)
		return false;
	state = rundir_probe(f->dir, &lock_fd, NULL);
	if (has_vanished(f, state))
		state = RUN_LOST;
	if (state != RUN_ENDED && state != RUN_LOST)
		return false;
	if (refused_look(f) < 0 || read_output(f, true) < 0) {
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
		(void)read_output(f, false);
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
