#include "engine/internal.h"

#include "adapters.h"
#include "base/crash.h"
#include "engine/fencing.h"
#include "engine/members.h"
#include "engine/offers.h"
#include "engine/outbox.h"
#include "engine/panels.h"

#include <string.h>

/*
 * The queue of owed acts.  Acts of one order run one after the other by seq; different
 * orders run side by side.  Every act is safe to do again: it looks for evidence that it
 * was done before it does anything (src/engine/README.md).
 */
#define TASK_MAX_TRIES 6
#define PAUSE_MAX_MS   (60 * 60 * 1000) /* no pause between tries is as long */

/* FNV-1a. */
static size_t
hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	return (size_t)hash;
}

/* Nothing of TASK is under way any more. */
static void
task_rest(struct task *task)
{
	job_free(task->job);
	task->job = NULL;
	call_free(task->call);
	task->call = NULL;
	task_drop_opening(task);
	task->is_running = false;
}

static void
task_free(struct task *task)
{
	task_rest(task);
	if (task->timer)
		event_free(task->timer);
	fields_clear(&task->fields);
	fields_clear(&task->sent);
	free(task->key);
	free(task->kind);
	free(task->order);
	free(task->stopped);
	free(task);
}

void
task_drop(struct task *task)
{
	TAILQ_REMOVE(&task->engine->tasks, task, link);
	task_free(task);
}

void
tasks_free(struct engine *engine)
{
	struct task *t, *next;

	TAILQ_FOREACH_SAFE (t, &engine->tasks, link, next) {
		TAILQ_REMOVE(&engine->tasks, t, link);
		task_free(t);
	}
}

static void take_outbound(struct task *task, const struct act_row *act);

void
tasks_take(struct engine *engine, const struct act_row *act)
{
	struct task *t = xcalloc(1, sizeof(*t));
	struct err err = ERR_INIT;

	t->engine = engine;
	t->seq = act->seq;
	t->key = xstrdup(act->key);
	t->kind = xstrdup(act->kind);
	t->order = xstrdup(act->order);
	t->order_hash = hash_text(act->order);
	t->tries = act->tries;
	t->not_before = act->next_at;
	t->is_grouped = engine->is_grouping;
	/* Written while the clock was ahead. */
	if (t->not_before > engine->now() + PAUSE_MAX_MS)
		t->not_before = engine->now();
	if (fields_of_json(&t->fields, act->data, &err) < 0) {
		log_error("act %s is not understood: %s", t->key, err.text);
		task_free(t);
		return;
	}
	take_outbound(t, act);
	TAILQ_INSERT_TAIL(&engine->tasks, t, link);
}

struct json_object *
tasks_json(const struct engine *engine)
{
	struct json_object *list = json_object_new_array();
	const struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		struct json_object *one = json_object_new_object();

		member_text(one, "key", t->key);
		member_text(one, "kind", t->kind);
		member_bool(one, "running", t->is_running);
		member_number(one, "tries", t->tries);
		json_object_array_add(list, one);
	}
	return list;
}

bool
tasks_have_launch(const struct engine *engine, const char *run)
{
	const struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (strcmp(t->kind, "launch") == 0 &&
		    strcmp(fields_text(&t->fields, "run"), run) == 0)
			return true;
	}
	return false;
}

void
task_postpone(struct task *task)
{
	task_rest(task);
	task->not_before = task->engine->now() + JOURNAL_PAUSE_MS;
	tasks_pump_soon(task->engine);
}

void
task_end(struct task *task, const char *state, const char *result, int64_t retry_ms)
{
	struct engine *engine = task->engine;
	struct err err = ERR_INIT;
	int64_t next = retry_ms > 0 ? engine->now() + retry_ms : 0;

	if (DURABLE_OF("act-end", task->kind,
		act_finish(engine->store, task->seq, retry_ms > 0 ? "owed" : state,
		    result ? result : "{}", next, &err)) < 0) {
		unwritten_note(engine, -1, &err);
		log_error("act %s: %s", task->key, err.text);
		task_postpone(task);
		return;
	}
	if (retry_ms > 0) {
		task_rest(task);
		task->tries++;
		task->not_before = next;
	} else {
		TAILQ_REMOVE(&engine->tasks, task, link);
		task_free(task);
	}
	tasks_pump_soon(engine);
}

int
task_tell_failed(const struct task *task, const struct err *err, char **result)
{
	struct fields f = { 0 };
	int rc = 0;

	fields_set(&f, "session", fields_text(&task->fields, "session"));
	fields_set(&f, "plan", fields_text(&task->fields, "plan"));
	fields_set(&f, "act", task->kind);
	fields_set(&f, "run", fields_text(&task->fields, "run"));
	if (fields_number(&task->fields, "version", 0))
		fields_set_number(
		    &f, "version", fields_number(&task->fields, "version", 0));
	fields_put_err(&f, err);
	*result = fields_to_json(&f);
	log_warn("%s: %s", task->key, err->text);
	if (fields_text(&f, "session")[0])
		rc = engine_note(task->engine, HAP_ACT_FAILED, &f);
	fields_clear(&f);
	return rc;
}

void
task_fail(struct task *task, const struct err *err)
{
	AUTO_FREE char *result = NULL;

	if (task_tell_failed(task, err, &result) < 0)
		task_postpone(task);
	else
		task_end(task, "failed", result, 0);
}

/* Does the holder live that TASK's message was for, though it does not listen? */
static bool
is_deaf(const struct task *task)
{
	AUTO_FREE char *dir = run_dir(task->engine, fields_text(&task->fields, "run"));
	AUTO_FD int lock_fd = -1;

	return rundir_probe(dir, &lock_fd, NULL) == RUN_LIVE;
}

static void
message_sent(struct task *task, int rc, const struct err *err)
{
	bool is_gone = rc < 0 && err->kind == ERR_NOT_FOUND && !is_deaf(task);

	/* One that has just begun listens soon; one that is overtaxed answers later. */
	if (rc < 0 && !is_gone && task->tries < TASK_MAX_TRIES &&
	    (err->kind == ERR_TIMEOUT || err->kind == ERR_NOT_FOUND))
		task_end(task, "owed", NULL, 1000L << task->tries);
	/* A holder that is gone took its agent along: there is nobody left to be told. */
	else if (rc < 0 && !is_gone)
		task_fail(task, err);
	else
		task_end(task, "done", NULL, 0);
}

static void
on_message_sent(void *arg, int rc, const struct run_pulse *pulse, const struct err *err)
{
	struct task *task = arg;

	(void)pulse;
	task->call = NULL;
	message_sent(task, rc, err);
}

/* Some agents live on when their input ends, with nothing left to do: these are stopped. */
static const char *
order_word(const struct task *task)
{
	const char *word = fields_text(&task->fields, "order");
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;

	return agent && agent->outlives_input && strcmp(word, "eof") == 0 ? "stop"
									  : word;
}

static struct run_call *
tell_order(const char *dir, const char *word, struct err *err)
{
	static const struct {
		const char *word;
		enum run_order order;
	} orders[] = {
		{ "eof", RUN_ORDER_EOF },
		{ "interrupt", RUN_ORDER_INTERRUPT },
		{ "stop", RUN_ORDER_STOP },
		{ "kill", RUN_ORDER_KILL },
		{ "suspend", RUN_ORDER_SUSPEND },
		{ "continue", RUN_ORDER_CONTINUE },
		{ "widen", RUN_ORDER_WIDEN },
		{ "sweep", RUN_ORDER_SWEEP },
	};

	for (size_t i = 0; i < N_ELEMS(orders); i++) {
		if (strcmp(orders[i].word, word) == 0)
			return run_call_tell(dir, orders[i].order, err);
	}
	(void)err_set(err, ERR_SYSTEM, "no such order '%s'", word);
	return NULL;
}

/* What the holder is to read when it is told to. */
static int
write_widened(const struct task *task, const char *dir, struct err *err)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));

	return s ? fencing_write_widened(s, dir, err)
		 : err_set(err, ERR_NOT_FOUND, "no such session");
}

/* Messages to a living holder: local, exactly once by their key. */
static void
send_act(struct task *task)
{
	const char *order = order_word(task);
	AUTO_FREE char *dir = run_dir(task->engine, fields_text(&task->fields, "run"));
	struct err err = ERR_INIT;
	struct run_call *run = NULL;
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));

	/* Who has the name by a journal that is gone is told nothing, not even to end. */
	if (s && run_check_table(task->engine, s, dir, &err) < 0) {
		task_end(task, "done", NULL, 0);
		return;
	}
	if (strcmp(task->kind, "tell") != 0)
		run = run_message(task->engine, task, dir, &err);
	else if (strcmp(order, "widen") != 0 || write_widened(task, dir, &err) == 0)
		run = tell_order(dir, order, &err);

	if (run)
		task->call = call_start(task->engine, run, on_message_sent, task);
	else
		message_sent(task, -1, &err);
}

static void
job_act(struct task *task)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));
	struct fields in = { 0 };
	struct err err = ERR_INIT;

	fields_copy(&in, &task->fields);
	if ((strcmp(task->kind, "worktree-remove") != 0 || !s ||
		run_check_unused(task->engine, s, &err) == 0) &&
	    job_inputs(task, &in, &err) == 0)
		task->job = job_start(
		    task->engine, task->kind, &in, job_result, task, &err);
	fields_clear(&in);
	if (!task->job)
		task_fail(task, &err);
}

static const struct {
	const char *kind;
	void (*run)(struct task *task);
} runners[] = {
	{ "issue-file", track_act },
	{ "issue-move", track_act },
	{ "issue-assign", track_act },
	{ "issue-comment", track_act },
	{ "plan-close", track_act },
	{ "registry", track_act },
	{ "project-update", track_act },
	{ "pull-open", track_act },
	{ "pull-look", track_act },
	{ "pull-close", track_act },
	{ "delegate", track_act },
	{ "undelegate", track_act },
	{ "delegate-look", track_act },
	{ "delegate-take", job_act },
	{ "rdr", track_act },
	{ "finding-file", track_act },
	{ "review-collect", panel_collect },
	{ "review-start", review_offer },
	{ "worktree-add", job_act },
	{ "worktree-remove", job_act },
	{ "worktree-back", job_act },
	{ "state-remove", job_act },
	{ "setup", job_act },
	{ "inspect", job_act },
	{ "checkpoint", job_act },
	{ "candidate", job_act },
	{ "land", job_act },
	{ "write-back", job_act },
	{ "publish", job_act },
	{ "launch", run_launch },
	{ "tell", send_act },
	{ "answer", send_act },
	{ "say", send_act },
	{ "interrupt", send_act },
	{ "step", send_act },
};

/* An act of the tracker that goes over the network is ordered by its issue alone. */
static void
take_outbound(struct task *task, const struct act_row *act)
{
	char *order = NULL;

	for (size_t i = 0; i < N_ELEMS(runners) && !order; i++) {
		if (runners[i].run == track_act &&
		    strcmp(runners[i].kind, task->kind) == 0)
			order = outbox_order(task);
	}
	if (!order)
		return;
	free(task->order);
	task->order = order;
	task->order_hash = hash_text(order);
	task->is_outbound = true;
	outbox_take(task, act);
}

static void
task_run(struct task *task)
{
	struct err err = ERR_INIT;

	if (DURABLE_OF("act-begin", task->kind,
		act_begin(task->engine->store, task->seq, &err)) < 0 &&
	    err.kind != ERR_CONFLICT) {
		unwritten_note(task->engine, -1, &err);
		log_error("act %s: %s", task->key, err.text);
		task_postpone(task);
		return;
	}
	task->is_running = true;
	task->began_at = task->engine->now();
	for (size_t i = 0; i < N_ELEMS(runners); i++) {
		if (strcmp(runners[i].kind, task->kind) == 0) {
			runners[i].run(task);
			return;
		}
	}
	err_set(&err, ERR_SYSTEM, "this divisi knows no act '%s'", task->kind);
	task_fail(task, &err);
}

/*
 * The orders that have an open act, as far as the walk over the queue has come: a table of
 * at most half its size, whose gaps end a search.
 */
struct orders {
	const char **name;
	size_t n_places; /* a power of two */
};

static struct orders
orders_new(const struct engine *engine)
{
	struct orders orders = { .n_places = 16 };
	const struct task *t;
	size_t n = 0;

	TAILQ_FOREACH (t, &engine->tasks, link)
		n++;
	while (orders.n_places < 2 * n)
		orders.n_places *= 2;
	orders.name = xcalloc(orders.n_places, sizeof(*orders.name));
	return orders;
}

/* Notes the order of TASK; false when an earlier act of it is still open. */
static bool
is_first_of_order(const struct task *task, struct orders *orders)
{
	size_t at = task->order_hash & (orders->n_places - 1);

	while (orders->name[at]) {
		if (strcmp(orders->name[at], task->order) == 0)
			return false;
		at = (at + 1) & (orders->n_places - 1);
	}
	orders->name[at] = task->order;
	return true;
}

/*
 * The next act that may run now, or NULL.  One that waits keeps its place in its order;
 * SOONEST is lowered to when the first of these may.
 */
static struct task *
next_ready(struct engine *engine, int64_t now, int64_t *soonest)
{
	struct orders orders = orders_new(engine);
	struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (!is_first_of_order(t, &orders) || t->is_running)
			continue;
		if (outbox_holds(t, now, soonest))
			continue;
		if (t->not_before <= now)
			break;
		if (t->not_before < *soonest)
			*soonest = t->not_before;
	}
	free(orders.name);
	return t;
}

static void
on_pump(evutil_socket_t fd, short what, void *arg)
{
	struct engine *engine = arg;
	int64_t now, soonest = INT64_MAX;
	struct task *t;

	(void)fd;
	(void)what;
	(void)clock_mind(engine);
	now = engine->now();
	/* One act may owe others and end itself, so each start begins the walk anew. */
	while ((t = next_ready(engine, now, &soonest)))
		task_run(t);
	if (soonest != INT64_MAX) {
		struct timeval tv = { .tv_sec = (soonest - now) / 1000,
			.tv_usec = (soonest - now) % 1000 * 1000 };

		event_add(engine->pump, &tv);
	}
}

void
tasks_pump_soon(struct engine *engine)
{
	struct timeval now = { 0 };

	if (!engine->pump)
		engine->pump = event_new(engine->base, -1, 0, on_pump, engine);
	event_add(engine->pump, &now);
}
