#include "engine/outbox.h"

#include "base/crash.h"
#include "base/hash.h"
#include "engine/project.h"
#include "engine/sent.h"
#include "tracker/tracker.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define ACCEPTS           "{\"accepts\":1}"
#define PAUSE_FIRST_MS    1000
#define PAUSE_MOST_MS     (5 * 60 * 1000)
#define FILING_TRIES      3
#define FILING_PATIENT_MS 15000

bool
outbox_has(const struct task *task)
{
	return task->is_outbound;
}

char *
outbox_order(const struct task *task)
{
	const struct plan_run *p = sent_plan(task->engine, &task->fields);
	const char *session = fields_text(&task->fields, "session");

	if (!p || p->tracker[0] == '\0')
		return NULL;
	if (project_is_update(task))
		return xasprintf("project %s", p->id);
	return xasprintf("tracker %s", session[0] ? session : p->id);
}

static void
put_trouble(
    struct outbox *o, enum tracker_trouble kind, const char *text, const char *fix)
{
	o->kind = kind;
	snprintf(o->trouble, sizeof(o->trouble), "%s", text);
	snprintf(o->fix, sizeof(o->fix), "%s", fix);
}

void
outbox_take(struct task *task, const struct act_row *act)
{
	struct outbox *o = &task->engine->outbox;
	struct fields f = { 0 };
	bool was_begun = strcmp(act->state, "begun") == 0;
	int64_t pause, next_at = act->next_at;

	if (!act->result || act->result[0] == '\0' ||
	    fields_of_json(&f, act->result, NULL) < 0)
		return;
	pause = fields_number(&f, "pause", 0);
	/* Of a write that was begun it is not known what somebody did there since. */
	task->accepts = !was_begun && fields_number(&f, "accepts", 0) != 0;
	if (fields_text(&f, "stopped")[0]) {
		task->stopped = xstrdup(fields_text(&f, "stopped"));
		task->is_conflict = fields_number(&f, "conflict", 0) != 0;
		task->stopped_at = fields_number(&f, "at", 0);
		task->not_before = INT64_MAX; /* time does not mend it */
	} else if (pause > 0) {
		/* Written while the clock was ahead, it is as long as it was, from now. */
		pause += clock_base(task->engine);
		task->not_before = next_at < pause ? next_at : pause;
	}
	if (fields_text(&f, "trouble")[0] && !project_is_update(task) &&
	    task->not_before > task->engine->now() &&
	    task->not_before > o->paused_until) {
		/* A tracker that asked for a pause meant the next server as well. */
		o->paused_until = task->not_before;
		o->n_troubles = task->tries;
		put_trouble(o, tracker_trouble_of(fields_text(&f, "trouble")),
		    fields_text(&f, "text"), fields_text(&f, "fix"));
	}
	fields_clear(&f);
}

static bool
is_filing(const struct task *task)
{
	return strcmp(task->kind, "issue-file") == 0;
}

/* May the session of a filing be launched before it (dispatch --queue)? */
static bool
is_queued(const struct task *task)
{
	return fields_number(&task->fields, "queue", 0) != 0;
}

bool
outbox_holds(const struct task *task, int64_t now, int64_t *soonest)
{
	const struct outbox *o = &task->engine->outbox;

	if (!task->is_outbound)
		return false;
	if (task->stopped || o->is_busy)
		return true;
	/* A dispatch asks anew whether the tracker is there. */
	if (o->paused_until <= now || (is_filing(task) && task->tries == 0))
		return false;
	if (o->paused_until < *soonest)
		*soonest = o->paused_until;
	return true;
}

/*
 * A pause that grows with each try in vain, never shorter than the tracker asked for.  The
 * jitter keeps many servers of one team from coming back together: it is made of the act's
 * key, so that the same journal gives the same pauses.
 */
static int64_t
pause_ms(const struct task *task, int n, int64_t asked)
{
	int64_t pause = PAUSE_FIRST_MS;
	AUTO_FREE char *seed = xasprintf("%s %s %d", task->engine->home, task->key, n);
	char hex[HASH_HEX_SIZE];

	for (int i = 0; i < n && pause < PAUSE_MOST_MS; i++)
		pause *= 2;
	if (pause > PAUSE_MOST_MS)
		pause = PAUSE_MOST_MS;
	hash_sha256(seed, strlen(seed), hex);
	hex[4] = '\0';
	pause += pause * strtol(hex, NULL, 16) / 0x10000 / 4;
	return pause < asked ? asked + PAUSE_FIRST_MS * n : pause;
}

/* It is there, with all that was seen of it on the way. */
static void
sent(struct task *task)
{
	struct outbox *o = &task->engine->outbox;

	o->n_troubles = 0;
	o->paused_until = 0;
	o->trouble[0] = '\0';
	if (sent_record(task) < 0)
		task_postpone(task);
	else
		task_end(task, "done", "{}", 0);
}

/* Waits for a person; the journal keeps it owed, with why. */
static void
stop(struct task *task, const struct fields *out, const struct err *err)
{
	bool is_conflict = fields_text(out, "conflict")[0] != '\0';
	const char *why = is_conflict ? fields_text(out, "conflict") : err->text;
	int64_t now = task->engine->now();
	int tries = task->tries;
	struct fields f = { 0 };
	AUTO_FREE char *result = NULL;

	fields_set(&f, "stopped", why);
	fields_set_number(&f, "conflict", is_conflict);
	fields_set_number(&f, "at", now);
	result = fields_to_json(&f);
	fields_clear(&f);
	log_warn("%s: %s (waits for a person: divisi outbox)", task->key, why);
	task_end(task, "owed", result, 1);
	if (task->tries == tries)
		return; /* the journal took nothing: it is tried once more */
	free(task->stopped);
	task->stopped = xstrdup(why);
	task->is_conflict = is_conflict;
	task->stopped_at = now;
	task->not_before = INT64_MAX; /* time does not mend it */
	if (task->engine->listen)
		task->engine->listen(task->engine->listen_arg);
}

/* Its session goes on without an issue, or with that of an earlier table; told once. */
static int
tell_queued(struct task *task)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));

	if (s && s->state != SESSION_PLANNED)
		return 0;
	return track_filed(task, s ? s->sub_issue : "");
}

/* A table whose sub-issues are asked for is told at once; true when the act goes on. */
static bool
filing_may_wait(struct task *task, int64_t pause, const struct err *err)
{
	if (!is_filing(task))
		return true;
	if (is_queued(task)) {
		if (tell_queued(task) == 0)
			return true;
		task_postpone(task);
		return false;
	}
	if (task->tries < FILING_TRIES && pause <= FILING_PATIENT_MS)
		return true;
	task_fail(task, err);
	return false;
}

/* TASK waits for PAUSE ms, and the journal says why. */
static void
put_off(struct task *task, int64_t pause, const struct err *err)
{
	struct engine *engine = task->engine;
	AUTO_FREE char *result = NULL;
	struct fields f = { 0 };

	if (!filing_may_wait(task, pause, err))
		return;
	fields_set_number(&f, "pause", pause);
	fields_set(&f, "trouble", tracker_trouble_name(engine->outbox.kind));
	fields_set(&f, "text", err->text);
	fields_set(&f, "fix", err->fix);
	result = fields_to_json(&f);
	fields_clear(&f);
	task_end(task, "owed", result, pause);
	if (engine->listen)
		engine->listen(engine->listen_arg);
}

/* Nothing gets through now: all of them wait. */
static void
wait_for_it(struct task *task, enum tracker_trouble trouble, const struct fields *out,
    const struct err *err)
{
	struct outbox *o = &task->engine->outbox;
	/* What a person waits for is not put off by what went wrong before. */
	int n = is_filing(task) ? task->tries : o->n_troubles;
	int64_t pause = pause_ms(task, n, fields_number(out, "retry_after_ms", 0));

	o->n_troubles++;
	o->paused_until = task->engine->now() + pause;
	put_trouble(o, trouble, err->text, err->fix);
	log_warn(
	    "%s: %s (again in %lld s)", task->key, err->text, (long long)pause / 1000);
	put_off(task, pause, err);
}

/*
 * an update of a project never blocks.  What it alone cannot get through keeps it alone
 * waiting, and what it is refused is told and over.  True when that was done here.
 */
static bool
is_let_go(struct task *task, enum tracker_trouble trouble, const struct fields *out,
    const struct err *err)
{
	if (!project_is_update(task) || trouble == TRACKER_LIMITED ||
	    trouble == TRACKER_AUTH)
		return false;
	if (trouble == TRACKER_LATER)
		put_off(task,
		    pause_ms(
			task, task->tries, fields_number(out, "retry_after_ms", 0)),
		    err);
	else
		project_give_up(task, err);
	return true;
}

static void
on_sent(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct task *task = arg;
	enum tracker_trouble trouble = tracker_trouble_of(fields_text(out, "trouble"));

	/* First, or a pause of the new clock would go back with those of the old. */
	(void)clock_mind(task->engine);
	task->engine->outbox.is_busy = false;
	task->accepts = false;
	if (!failed) {
		sent_keep(task, out);
		sent(task);
		return;
	}
	/* A job that died, or changed between our look and our write: look again. */
	if (trouble == TRACKER_CONFLICT && fields_text(out, "conflict")[0] == '\0')
		trouble = TRACKER_LATER;
	if (is_let_go(task, trouble, out, err))
		return;
	if (trouble != TRACKER_REFUSED && trouble != TRACKER_MISSING &&
	    trouble != TRACKER_CONFLICT)
		wait_for_it(task, trouble, out, err);
	else if (is_filing(task) && !is_queued(task))
		task_fail(task, err);
	else
		stop(task, out, err);
}

/* A dispatch that asks anew keeps to the pause that the tracker asked for. */
static bool
is_too_soon(struct task *task)
{
	const struct outbox *o = &task->engine->outbox;
	int64_t left = o->paused_until - task->engine->now();
	struct err err = ERR_INIT;

	if (left <= 0 || o->kind != TRACKER_LIMITED)
		return false;
	err_set(&err, ERR_SYSTEM, "%s; no call for another %lld s", o->trouble,
	    (long long)(left + 999) / 1000);
	put_off(task, left, &err);
	return true;
}

/* A session whose filing was given up has nothing there that could be written to. */
static bool
is_about_nothing(const struct task *task, const struct fields *in)
{
	return !is_filing(task) && fields_text(in, "session")[0] &&
	       fields_text(in, "sub_issue")[0] == '\0';
}

void
outbox_send(struct task *task, const struct fields *in)
{
	struct engine *engine = task->engine;
	const char *tracker = fields_text(in, "tracker");
	bool is_own = fields_text(in, "sub_issue")[0] &&
		      strcmp(fields_text(in, "on"), "master") != 0;
	const char *about = fields_text(in, "about")[0] ? fields_text(in, "about")
			    : is_own                    ? fields_text(in, "sub_issue")
							: fields_text(in, "master");
	AUTO_FREE char *registry = strcmp(task->kind, "registry") == 0
				       ? xasprintf("%s/registry", about)
				       : NULL;
	AUTO_FREE char *key = sent_seen_key(tracker, registry ? registry : about);
	AUTO_FREE char *seen = store_meta_get(engine->store, key);
	struct fields full = { 0 };
	struct err err = ERR_INIT;

	if (task->is_sent) {
		sent(task);
		return;
	}
	if (is_about_nothing(task, in) && strcmp(task->kind, "delegate") == 0) {
		err_set(&err, ERR_REFUSED,
		    "there is no issue to give to anybody: its filing was given up");
		task_fail(task, &err);
		return;
	}
	if (is_about_nothing(task, in)) {
		task_end(task, "done", "{\"nothing\":\"its filing was given up\"}", 0);
		return;
	}
	if (is_too_soon(task))
		return;
	fields_copy(&full, in);
	fields_set(&full, "seen_id", registry ? registry : about);
	fields_set(&full, "seen", seen ? seen : "");
	fields_set_number(&full, "accept", task->accepts);
	task->job = job_start(engine, "track", &full, on_sent, task, &err);
	fields_clear(&full);
	if (task->job)
		engine->outbox.is_busy = true;
	else
		task_end(task, "owed", task->accepts ? ACCEPTS : NULL, PAUSE_FIRST_MS);
}

static struct json_object *
letter_json(const struct task *t)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "id", json_object_new_int64(t->seq));
	json_object_object_add(o, "kind", json_object_new_string(t->kind));
	json_object_object_add(
	    o, "session", json_object_new_string(fields_text(&t->fields, "session")));
	json_object_object_add(
	    o, "issue", json_object_new_string(fields_text(&t->fields, "issue")));
	json_object_object_add(o, "state",
	    json_object_new_string(t->is_conflict  ? "conflict"
				   : t->stopped    ? "dead"
				   : t->is_running ? "sending"
				   : t->tries      ? "retry"
						   : "queued"));
	json_object_object_add(o, "tries", json_object_new_int(t->tries));
	json_object_object_add(
	    o, "next_at", json_object_new_int64(t->stopped ? 0 : t->not_before));
	json_object_object_add(
	    o, "why", json_object_new_string(t->stopped ? t->stopped : ""));
	return o;
}

struct json_object *
outbox_json(const struct engine *engine)
{
	const struct outbox *box = &engine->outbox;
	struct json_object *o = json_object_new_object();
	struct json_object *letters = json_object_new_array();
	const char *name = "local", *state = "online";
	const struct task *t;
	int64_t n_stopped = 0;

	for (size_t i = 0; i < engine->core->n_plans; i++) {
		if (engine->core->plan[i].tracker[0])
			name = engine->core->plan[i].tracker;
	}
	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (!t->is_outbound)
			continue;
		n_stopped += t->stopped != NULL;
		json_object_array_add(letters, letter_json(t));
	}
	if (box->trouble[0])
		state = box->kind == TRACKER_LIMITED ? "limited"
			: box->kind == TRACKER_AUTH  ? "refused"
						     : "offline";
	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "state", json_object_new_string(state));
	json_object_object_add(o, "trouble", json_object_new_string(box->trouble));
	json_object_object_add(
	    o, "fix", json_object_new_string(box->trouble[0] ? box->fix : ""));
	json_object_object_add(o, "next_at", json_object_new_int64(box->paused_until));
	json_object_object_add(o, "pending",
	    json_object_new_int64((int64_t)json_object_array_length(letters)));
	json_object_object_add(o, "stopped", json_object_new_int64(n_stopped));
	json_object_object_add(o, "letters", letters);
	return o;
}

/* ---- what a person orders --------------------------------------------------------------- */

/* Durable before it is done: the next server, too, was told. */
static int
note_retry(struct task *task, bool accepts, int64_t not_before, struct err *err)
{
	return DURABLE(
	    "outbox.retry", act_finish(task->engine->store, task->seq, "owed",
				accepts ? ACCEPTS : "{}", not_before, err));
}

static int
retry(struct task *task, struct err *err)
{
	struct outbox *o = &task->engine->outbox;
	/* How long it wants no call the tracker said, and not we. */
	bool is_limited = o->kind == TRACKER_LIMITED;
	int64_t not_before = is_limited ? o->paused_until : 0;

	if (task->is_running)
		return 0;
	if (task->stopped && note_retry(task, task->is_conflict, not_before, err) < 0)
		return -1;
	/* They saw what was changed there: ours is written on top of it. */
	task->accepts = task->is_conflict;
	free(task->stopped);
	task->stopped = NULL;
	task->is_conflict = false;
	task->not_before = not_before;
	if (is_limited)
		return 0;
	o->paused_until = 0;
	o->n_troubles = 0;
	return 0;
}

/* Who waits for what is given up is told: a table, or a session, for its filing or its agent. */
static int
tell_dropped(struct task *task, const char *reason, struct err *err)
{
	bool is_given = strcmp(task->kind, "delegate") == 0;
	AUTO_FREE char *result = NULL;
	struct err why = ERR_INIT;
	int rc = 0;

	err_set(&why, ERR_REFUSED, "its %s was given up: %s",
	    is_given ? "delegation" : "filing", reason);
	if (is_given)
		rc = task_tell_failed(task, &why, &result);
	else if (is_filing(task))
		rc = is_queued(task) ? tell_queued(task)
				     : task_tell_failed(task, &why, &result);
	return rc < 0 ? err_set(err, ERR_SYSTEM, "the journal takes nothing now") : 0;
}

static int
drop(struct task *task, const char *actor, const char *reason, struct err *err)
{
	struct fields f = { 0 };
	AUTO_FREE char *result = NULL;

	if (task->is_running)
		return err_set(err, ERR_CONFLICT, "%lld is being sent right now",
		    (long long)task->seq);
	if (tell_dropped(task, reason, err) < 0)
		return -1;
	fields_set(&f, "dropped", reason);
	fields_set(&f, "by", actor);
	result = fields_to_json(&f);
	fields_clear(&f);
	if (DURABLE("outbox.drop",
		act_finish(task->engine->store, task->seq, "dead", result, 0, err)) < 0)
		return -1;
	task_drop(task);
	return 0;
}

int
order_outbox(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *what = fields_text(in, "what"), *id = fields_text(in, "id");
	bool is_drop = strcmp(what, "drop") == 0;
	int64_t n = 0;
	struct task *t, *next;

	if (!is_drop && strcmp(what, "retry") != 0)
		return err_set(err, ERR_USAGE, "outbox has no '%.40s'", what);
	if (is_drop && fields_text(in, "reason")[0] == '\0')
		return err_set(err, ERR_USAGE, "to give up a write needs a reason");
	TAILQ_FOREACH_SAFE (t, &engine->tasks, link, next) {
		char seq[24];

		snprintf(seq, sizeof(seq), "%lld", (long long)t->seq);
		if (!t->is_outbound || (strcmp(id, "all") != 0 && strcmp(id, seq) != 0))
			continue;
		if (strcmp(id, "all") == 0 && (is_drop || t->is_conflict))
			continue;
		if ((is_drop ? drop(t, caller->actor, fields_text(in, "reason"), err)
			     : retry(t, err)) < 0)
			return -1;
		n++;
	}
	if (n == 0 && strcmp(id, "all") != 0) {
		err_set(err, ERR_NOT_FOUND, "no write with the number %.40s waits", id);
		return err_fix(err, "divisi outbox names them");
	}
	fields_set_number(out, "n", n);
	tasks_pump_soon(engine);
	return 0;
}
