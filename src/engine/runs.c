#include "engine/internal.h"

#include "adapters.h"
#include "base/hash.h"
#include "core/money.h"
#include "engine/environ.h"
#include "git/torn.h"
#include "policy/names.h"

#include <string.h>
#include <unistd.h>

/* Launching runs and talking to their agents; following them is followers.c. */

#define OPEN_QUICK_MS   15000 /* the holder's socket is looked for often, later seldom */
#define PAST_LIMIT_MS   20000 /* so long an earlier run may take to be gone */
#define HOLDER_START_MS 3000  /* after which a run without one gets another holder */
#define LAUNCH_TRIES    3

char *
run_dir(const struct engine *engine, const char *run)
{
	return xasprintf("%s/runs/%s", engine->home, run);
}

void
run_uuid(const struct engine *engine, const char *run, char uuid[RUN_UUID_SIZE])
{
	AUTO_FREE char *source = xasprintf("%s|%s", engine->home, run);

	hash_uuid(source, uuid);
}

bool
agent_can_resume(const char *adapter)
{
	const struct agent *agent = adapter_agent(adapter);

	return agent && agent->can_resume;
}

/* ---- launching ---------------------------------------------------------------- */

/* The prompt of this run: the filed text, or how to go on in a resumed session. */
static char *
compose_prompt(struct engine *engine, const struct task *task, const struct session *s,
    bool resumes, struct err *err)
{
	const char *note = fields_text(&task->fields, "note");
	AUTO_FREE char *prompt = NULL;

	if (resumes)
		return xasprintf(
		    "%s.\nReply with 'Session started' before you go on. Your branch is "
		    "`%s`, your directory is %s; look at git status and git log there first.",
		    note, s->branch, s->path);
	prompt = blob_get(engine->store, s->prompt_sha, NULL, err);
	if (!prompt)
		return NULL;
	if (s->n_runs <= 1)
		return TAKE_PTR(prompt);
	return xasprintf(
	    "%s\n\nThis is run %d of this session. %s. Earlier work is on branch `%s`; "
	    "look at git status and git log first.",
	    prompt, s->n_runs, note, s->branch);
}

/* Everything of LAUNCH that lives as long as the call: filled for S, freed by the caller. */
struct launch_text {
	char *prompt, *prompt_anew, *name, *tmp_dir;
	char uuid[RUN_UUID_SIZE];
	struct agent_launch launch;
	char **extra;
};

static void
launch_text_clear(struct launch_text *t)
{
	free(t->prompt);
	free(t->prompt_anew);
	free(t->name);
	free(t->tmp_dir);
	environ_free_args(t->extra);
}

/* A run after its plan was approved has no plan to present any more. */
static const char *
launch_as(const struct session *s)
{
	const struct agent *agent = adapter_agent(s->adapter);
	bool is_over = strcmp(s->launch, "plan") == 0 && s->plan_approved &&
		       s->n_runs > 1 && agent && agent->plans_by_turn;

	return is_over ? "ask" : s->launch;
}

static int
launch_text_fill(struct engine *engine, const struct task *task,
    const struct session *s, struct launch_text *t, struct err *err)
{
	const char *resume = fields_text(&task->fields, "resume");
	bool resumes = resume[0] != '\0';

	t->prompt = compose_prompt(engine, task, s, resumes, err);
	if (!t->prompt)
		return -1;
	if (resumes) {
		t->prompt_anew = compose_prompt(engine, task, s, false, err);
		if (!t->prompt_anew)
			return -1;
	}
	t->name = runtime_name(s->issue, s->focus);
	t->tmp_dir = xasprintf("%s/runs/%s/tmp", engine->home, s->run);
	run_uuid(engine, s->run, t->uuid);
	t->extra = environ_args(s->args);
	t->launch = (struct agent_launch){ .adapter = s->adapter,
		.program = s->program,
		.divisi = engine->divisi,
		.hook = engine->hook,
		.home = engine->home,
		.session = s->id,
		.extra = (const char *const *)t->extra,
		.launch_as = launch_as(s),
		.session_uuid = t->uuid,
		.resume_id = resumes ? resume : NULL,
		.forks = resumes && fields_number(&task->fields, "fork", 0) != 0,
		.name = t->name,
		.prompt = t->prompt,
		.prompt_anew = t->prompt_anew,
		.prompt_key = s->run,
		.cwd = s->path,
		.tmp_dir = t->tmp_dir,
		.budget_cents = (long)money_of_run(engine->core, s),
		.is_root = geteuid() == 0,
		.is_sandboxed = s->is_sandboxed || session_is_fenced(s) };
	return 0;
}

static void on_open_timer(evutil_socket_t fd, short what, void *arg);

static void
try_again_soon(struct task *task)
{
	bool is_slow = task->engine->now() - task->began_at > OPEN_QUICK_MS;
	struct timeval tv = { .tv_usec = is_slow ? 500000 : 15000 };

	if (!task->timer)
		task->timer = event_new(task->engine->base, -1, 0, on_open_timer, task);
	event_add(task->timer, &tv);
}

/* From here on the death of the holder of this run is noticed, when it lives by now. */
static void
watch_holder(const struct task *task)
{
	struct follower *f = follower_find(
	    task->engine, fields_text(&task->fields, "run"));
	struct proc_id holder = { 0 };
	int lock_fd = -1;

	if (f && rundir_probe(f->dir, &lock_fd, &holder) == RUN_LIVE)
		follower_watch_holder(f, &holder);
	if (lock_fd >= 0)
		close(lock_fd);
}

/* A holder that died before it was watched is noticed here, and by nobody else. */
static void
end_launch(struct task *task)
{
	struct follower *f = follower_find(
	    task->engine, fields_text(&task->fields, "run"));

	task_end(task, "done", NULL, 0);
	if (f && !f->holder_event)
		(void)follower_look(f);
}

void
task_drop_opening(struct task *task)
{
	if (task->opening)
		agent_input_clear(task->opening);
	free(task->opening);
	task->opening = NULL;
	task->n_opened = 0;
}

static void send_next(struct task *task);

static void
on_opening_sent(void *arg, int rc, const struct run_pulse *pulse, const struct err *err)
{
	struct task *task = arg;

	(void)pulse;
	(void)err;
	task->call = NULL;
	if (rc > 0) {
		task->n_opened++;
		send_next(task);
		return;
	}
	/*
	 * A slow holder may still start its agent, so this run is never given up for a
	 * new one: the limit to confirm tells the person, its end record ends it.
	 */
	task_drop_opening(task);
	try_again_soon(task);
}

static void
opening_sent(struct task *task)
{
	struct fields f = { 0 };
	int rc;

	task_drop_opening(task);
	watch_holder(task);
	fields_set(&f, "session", fields_text(&task->fields, "session"));
	fields_set(&f, "run", fields_text(&task->fields, "run"));
	rc = engine_note(task->engine, HAP_RUN_STARTED, &f);
	fields_clear(&f);
	if (rc < 0)
		task_postpone(task);
	else
		end_launch(task);
}

static void
send_next(struct task *task)
{
	const struct agent_input *input = task->opening;
	AUTO_FREE char *dir = NULL;
	struct err err = ERR_INIT;
	struct run_call *run;

	if (task->n_opened == input->n) {
		opening_sent(task);
		return;
	}
	dir = run_dir(task->engine, fields_text(&task->fields, "run"));
	run = run_call_send(dir, input->item[task->n_opened].key,
	    input->item[task->n_opened].line, &err);
	if (run)
		task->call = call_start(task->engine, run, on_opening_sent, task);
	else
		on_opening_sent(task, -1, NULL, &err);
}

/*
 * A holder that was killed before it had begun leaves nothing behind, and no agent.  Then
 * another is started; should the first only be slow, the lock lets one of them in.
 */
static void
hold_again(struct task *task, const char *dir)
{
	struct engine *engine = task->engine;
	struct err err = ERR_INIT;

	if (engine->now() - task->held_at < HOLDER_START_MS)
		return;
	task->held_at = engine->now();
	if (executor_local.start(dir, engine->holder, &err) < 0)
		log_warn("%s: %s", task->key, err.text);
}

/*
 * Sends the first messages once the holder listens.  The holder drops keys it has seen, so
 * that this may be done again after a crash.
 */
static void
send_opening(struct task *task)
{
	struct engine *engine = task->engine;
	const struct session *s = core_session(
	    engine->core, fields_text(&task->fields, "session"));
	AUTO_FREE char *dir = run_dir(engine, fields_text(&task->fields, "run"));
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	struct launch_text t = { 0 };
	struct err err = ERR_INIT;
	int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, NULL);

	if (lock_fd >= 0)
		close(lock_fd);
	if (!agent || state == RUN_ENDED || state == RUN_LOST) {
		end_launch(task);
		return;
	}
	if (state == RUN_READY)
		hold_again(task, dir);
	if (launch_text_fill(engine, task, s, &t, &err) < 0) {
		task_fail(task, &err);
		launch_text_clear(&t);
		return;
	}
	task->opening = xcalloc(1, sizeof(*task->opening));
	if (!run_is_terminal(task))
		agent->open(&t.launch, task->opening);
	launch_text_clear(&t);
	/* Who takes nothing has not answered either: started is what its holder says. */
	if (task->opening->n == 0 && state != RUN_LIVE) {
		task_drop_opening(task);
		try_again_soon(task);
		return;
	}
	send_next(task);
}

static void
on_open_timer(evutil_socket_t fd, short what, void *arg)
{
	struct task *task = arg;

	(void)fd;
	(void)what;
	watch_holder(task);
	send_opening(task);
}

/* Sessions are looked up anew: what the journal did not take makes the core anew. */
static int
tell_waiting(struct task *task, bool waits, const char *why)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));
	struct fields f = { 0 };
	int rc;

	if (!s || s->waits_for_slot == waits)
		return 0;
	fields_set(&f, "session", s->id);
	fields_set(&f, "run", s->run);
	fields_set_number(&f, "waits", waits);
	fields_set(&f, "text", why);
	rc = engine_note(task->engine, HAP_RUN_WAITS, &f);
	fields_clear(&f);
	return rc;
}

static void
on_launch_timer(evutil_socket_t fd, short what, void *arg)
{
	struct task *task = arg;

	(void)fd;
	(void)what;
	event_free(task->timer);
	task->timer = NULL;
	run_launch(task);
}

/* True when the run of S may start now; else TASK looks again after a while. */
static bool
has_slot(struct task *task, const struct session *s)
{
	struct timeval tv = { .tv_usec = 500000 };

	int64_t until = account_pause(task->engine, s->account);
	AUTO_FREE char *why = NULL;
	char when[32];

	if (until > 0) {
		/* A person may end the wait sooner; that is soon enough. */
		int64_t left = until - task->engine->now();

		if (left > 500)
			tv = (struct timeval){ .tv_sec = left < 60000 ? left / 1000
								      : 60,
				.tv_usec = 500000 };
		text_time(until, when, sizeof(when));
		why = xasprintf(
		    "account %s is paused until %s: another of your agents met "
		    "its limit (J-27)",
		    s->account, when);
	} else if (slot_take(task->engine, s)) {
		/* What the journal does not know yet is not started. */
		if (tell_waiting(task, false, "") == 0)
			return true;
		why = xstrdup("waits for the journal");
	} else {
		why = xstrdup(
		    "waits for a free slot: your other repositories run as many "
		    "agents as you coordinate at once (S-25)");
	}
	(void)tell_waiting(task, true, why);
	task->timer = event_new(task->engine->base, -1, 0, on_launch_timer, task);
	event_add(task->timer, &tv);
	return false;
}

/*
 * At most one agent per session: nothing is launched beside what is left of an earlier run.
 * One that was told to end is given a while to do so.
 */
static bool
is_alone(struct task *task, const struct session *s)
{
	struct timeval tv = { .tv_usec = 200000 };
	struct err err = ERR_INIT;

	if (run_prove_past_dead(task->engine, s, &err) == 0)
		return true;
	if (task->engine->now() - task->began_at > PAST_LIMIT_MS) {
		task_fail(task, &err);
		return false;
	}
	task->timer = event_new(task->engine->base, -1, 0, on_launch_timer, task);
	event_add(task->timer, &tv);
	return false;
}

/*
 * The session was left before its launch was through, perhaps by a server that is gone.  An
 * agent that came up all the same is followed to its end, so that what it makes until it
 * stops is seen and pinned; where none did, none ever does.
 */
static void
drop_launch(struct task *task, const struct session *s, const char *dir)
{
	bool is_current = s && strcmp(s->run, fields_text(&task->fields, "run")) == 0;
	struct timeval tv = { .tv_usec = 200000 };
	struct proc_id holder = { 0 };
	struct err err = ERR_INIT;
	AUTO_FD int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, &holder);
	struct follower *f;

	if (state == RUN_READY &&
	    rundir_void(dir, "it was not wanted any more", &err) < 0)
		state = RUN_LIVE;
	if (is_current && s->run_open && state != RUN_ABSENT && state != RUN_READY) {
		run_follow(task->engine, s);
		f = follower_find(task->engine, s->run);
		follower_watch_holder(f, &holder);
		if (state != RUN_LIVE || f->holder_event) {
			(void)follower_look(f);
			task_end(task, "done", NULL, 0);
			return;
		}
		/* It has not said who it is, so that nobody would notice its death. */
		task->timer = event_new(
		    task->engine->base, -1, 0, on_launch_timer, task);
		event_add(task->timer, &tv);
		return;
	}
	err_set(&err, ERR_NOT_FOUND, "this run is not wanted any more");
	task_fail(task, &err);
}

/* The spec in DIR names the temporary directory, which a server that died did not come to. */
static int
start_holder(
    struct engine *engine, const struct session *s, const char *dir, struct err *err)
{
	AUTO_FREE char *tmp_dir = path_join(dir, "tmp");

	if (file_mkdirs(tmp_dir, 0700, err) < 0)
		return -1;
	torn_unlock(s->path);
	return executor_local.start(dir, engine->holder, err);
}

void
run_launch(struct task *task)
{
	struct engine *engine = task->engine;
	const struct session *s = core_session(
	    engine->core, fields_text(&task->fields, "session"));
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	AUTO_FREE char *dir = run_dir(engine, fields_text(&task->fields, "run"));
	struct launch_text t = { 0 };
	struct err err = ERR_INIT;
	enum run_state state;
	int lock_fd = -1, rc = 0;

	/* Given up since; or a person took it over and waits until its run is over. */
	if (!s || !agent || !session_is_live(s->state) || !s->run_open ||
	    (s->state == SESSION_CLAIMED && s->next[0]) ||
	    strcmp(s->run, fields_text(&task->fields, "run")) != 0) {
		drop_launch(task, s, dir);
		return;
	}
	state = rundir_probe(dir, &lock_fd, NULL);
	if (lock_fd >= 0)
		close(lock_fd);
	if (state != RUN_ABSENT && run_check_table(engine, s, dir, &err) < 0) {
		task_fail(task, &err);
		return;
	}
	if ((state == RUN_ABSENT || state == RUN_READY) &&
	    (!is_alone(task, s) || !has_slot(task, s)))
		return;
	/* Tried before, and somebody removed the directory while an agent came of it. */
	if (state == RUN_ABSENT && task->tries > 0 && executor_local.is_marked(dir)) {
		run_follow(engine, s);
		(void)follower_look(follower_find(engine, s->run));
		task_end(task, "done", NULL, 0);
		return;
	}
	if (state == RUN_ABSENT) {
		rc = launch_text_fill(engine, task, s, &t, &err);
		if (rc == 0)
			rc = run_write_spec(engine, task, s, &t.launch, &err);
		launch_text_clear(&t);
	}
	if (rc == 0 && (state == RUN_ABSENT || state == RUN_READY))
		rc = start_holder(engine, s, dir, &err);
	task->held_at = engine->now();
	if (rc < 0 && err.kind == ERR_SYSTEM && task->tries < LAUNCH_TRIES) {
		log_warn("%s: %s (will be tried again)", task->key, err.text);
		task_end(task, "owed", NULL, 500L << task->tries);
		return;
	}
	if (rc < 0) {
		task_fail(task, &err);
		return;
	}
	run_follow(engine, s);
	try_again_soon(task);
}

/* The message of TASK as the agent of S takes it; the caller frees it.  NULL with ERR. */
static char *
message_line(struct engine *engine, const struct task *task, const struct session *s,
    const struct agent *agent, struct err *err)
{
	const struct fields *f = &task->fields;
	struct agent_talk talk = { s->agent_session, s->agent_turn };
	struct launch_text t = { 0 };
	char *line = NULL;

	if (strcmp(task->kind, "say") == 0) {
		if (agent->say)
			line = agent->say(&talk, task->key, fields_text(f, "text"));
	} else if (strcmp(task->kind, "interrupt") == 0) {
		line = agent->interrupt ? agent->interrupt(&talk, task->key) : NULL;
	} else if (strcmp(task->kind, "step") == 0) {
		if (launch_text_fill(engine, task, s, &t, err) == 0)
			line = agent->step(&t.launch, &talk, fields_text(f, "step"),
			    fields_text(f, "raw"), err);
		launch_text_clear(&t);
		/* cppcheck-suppress returnDanglingLifetime; it is the caller's own text */
		return line;
	} else {
		line = agent->answer(task->key, fields_text(f, "ask"),
		    fields_text(f, "raw"), fields_text(f, "decision"),
		    fields_text(f, "text"));
	}
	/* Before the handshake is over nobody hears it: tried again. */
	if (!line)
		(void)err_set(err, agent->step ? ERR_TIMEOUT : ERR_SYSTEM,
		    "agent %s cannot be told that now", agent->name);
	return line;
}

struct run_call *
run_message(
    struct engine *engine, const struct task *task, const char *dir, struct err *err)
{
	const struct session *s = core_session(
	    engine->core, fields_text(&task->fields, "session"));
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;
	AUTO_FREE char *line = NULL;

	if (!agent || strcmp(s->run, fields_text(&task->fields, "run")) != 0) {
		(void)err_set(err, ERR_NOT_FOUND, "no such agent");
		return NULL;
	}
	line = message_line(engine, task, s, agent, err);
	/* Without a word for it in its protocol, the signal says it. */
	if (!line && strcmp(task->kind, "interrupt") == 0)
		return run_call_tell(dir, RUN_ORDER_INTERRUPT, err);
	return line ? run_call_send(dir, task->key, line, err) : NULL;
}
