#include "base/rundir.h"
#include "core/events.h"
#include "core/reason.h"
#include "core/why.h"
#include "engine/internal.h"
#include "engine/members.h"
#include "engine/release.h"
#include "policy/refusal.h"
#include "store/issues.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

/* `divisi why`: for anything that has a name, from what is on record. */

#define MAX_ROWS 20

/* An answer with every member there is, so that programs need not ask which are there. */
static struct json_object *
answer_new(const char *kind, const char *id, const char *state)
{
	static const char *const rest[] = { "why", "rule", "code", "other", "witness",
		"release", "command" };
	struct json_object *o = json_object_new_object();

	member_text(o, "kind", kind);
	member_text(o, "id", id);
	member_text(o, "state", state);
	member_number(o, "since", 0);
	for (size_t i = 0; i < N_ELEMS(rest); i++)
		member_text(o, rest[i], "");
	json_object_object_add(o, "events", json_object_new_array());
	return o;
}

/* ---- rows ------------------------------------------------------------------------- */

/* Collects rows about something; the last MAX_ROWS are kept. */
struct rows {
	struct json_object *list;
	const char *entity, *text; /* the row's entity, or words in its data */
	bool moves_only;
};

static int
collect(const struct journal_row *row, void *arg)
{
	struct rows *rows = arg;

	if ((rows->entity && strcmp(row->entity, rows->entity) != 0) ||
	    (rows->text && !strstr(row->data, rows->text)) ||
	    (rows->moves_only && row->to[0] == '\0'))
		return 0;
	if (json_object_array_length(rows->list) == MAX_ROWS)
		json_object_array_del_idx(rows->list, 0, 1);
	json_object_array_add(rows->list, member_event(row));
	return 0;
}

static int
add_rows(struct engine *engine, struct json_object *o, const struct rows *want,
    struct err *err)
{
	struct rows rows = *want;

	rows.list = json_object_object_get(o, "events");
	return journal_replay(engine->store, 0, collect, &rows, err);
}

/* The member NAME of the last of the rows in O, or NULL. */
static struct json_object *
last_row(struct json_object *o)
{
	struct json_object *list = json_object_object_get(o, "events");
	size_t n = json_object_array_length(list);

	return n ? json_object_array_get_idx(list, n - 1) : NULL;
}

static void
add_since(struct json_object *o)
{
	struct json_object *row = last_row(o);

	if (row)
		member_number(o, "since",
		    json_object_get_int64(json_object_object_get(row, "at")));
}

/* ---- kinds of things ------------------------------------------------------------------ */

static struct json_object *
why_session(struct engine *engine, const struct session *s, struct err *err)
{
	struct json_object *o = answer_new(
	    "session", s->id, session_state_name(s->state));
	AUTO_FREE char *entity = xasprintf("session/%s", s->id);
	const struct rows want = { .entity = entity, .moves_only = true };
	char why[512], command[512];
	struct reason r;

	session_explain(engine, s, why, sizeof(why), command, sizeof(command));
	session_reason(engine->core, s, &r);
	member_text(o, "name", s->label);
	member_text(o, "phase", s->phase);
	member_text(o, "plan", s->plan_id);
	member_number(o, "since", s->since);
	member_text(o, "why", why);
	member_text(o, "command", command);
	member_text(o, "rule", r.rule);
	member_text(o, "code", r.code);
	member_text(o, "other", r.other);
	member_text(o, "witness", r.witness);
	member_text(o, "release", r.release);
	member_text(o, "session", s->id);
	member_text(o, "fence", s->fence);
	member_text(o, "fenced", s->fenced);
	member_number(o, "n_fenced", s->n_fenced);
	member_text(o, "output", s->output);
	member_text(o, "output_path", s->output_path);
	member_text(o, "output_sha256", s->output_sha);
	member_number(o, "output_items", s->n_output);
	member_text(
	    o, "evidence", s->state == SESSION_MERGE_CONFLICT ? s->evidence : "");
	if (add_rows(engine, o, &want, err) == 0)
		return o;
	json_object_put(o);
	return NULL;
}

static struct json_object *
why_entity(struct engine *engine, const char *kind, const char *id, const char *state,
    const char *why, struct err *err)
{
	struct json_object *o = answer_new(kind, id, state);
	AUTO_FREE char *entity = xasprintf("%s/%s", kind, id);
	const struct rows want = { .entity = entity };

	member_text(o, "why", why);
	if (add_rows(engine, o, &want, err) < 0) {
		json_object_put(o);
		return NULL;
	}
	add_since(o);
	return o;
}

static struct json_object *
why_batch(struct engine *engine, const struct batch_run *b, struct err *err)
{
	AUTO_FREE char *release = NULL;
	struct json_object *o;
	char why[512];

	batch_why(engine->core, b, why, sizeof(why));
	o = why_entity(engine, "batch", b->id, batch_state_name(b->state), why, err);
	if (!o)
		return NULL;
	member_number(o, "since", b->since);
	member_text(o, "witness", b->hash);
	member_text(o, "other", b->approved_by);
	if (b->state == BATCH_AWAITING) {
		AUTO_FREE char *command = xasprintf(
		    "divisi approve --hash %.12s", b->hash);

		member_text(o, "rule", "S-80");
		member_text(o, "code", "G11");
		member_text(o, "command", command);
		member_text(o, "release", "an approval of exactly this table");
		return o;
	}
	release = release_batch(engine->core, b);
	member_text(o, "release", release);
	if (b->state == BATCH_WITH_FAILURES && !b->acked) {
		AUTO_FREE char *command = xasprintf(
		    "divisi approve --batch %d", b->number);

		member_text(o, "command", command);
	}
	return o;
}

static struct json_object *
why_plan(struct engine *engine, const struct plan_run *p, struct err *err)
{
	AUTO_FREE char *why = xasprintf(
	    "%s%s%s", p->path, p->trouble[0] ? ": " : "", p->trouble);
	struct json_object *o = why_entity(engine, "plan", p->id, p->state, why, err);
	const struct batch_run *last = NULL;
	AUTO_FREE char *release = NULL;

	if (!o)
		return NULL;
	member_text(o, "witness", p->plan_hash);
	release = release_plan(engine->core, p, &last);
	member_text(o, "release", release);
	member_text(o, "other", last ? last->id : "");
	if (release[0] && !last) {
		AUTO_FREE char *command = xasprintf("divisi run %s", p->path);

		member_text(o, "command", command);
	}
	return o;
}

static const struct task *
elder_of(const struct engine *engine, const struct act_row *act)
{
	const struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (t->seq < act->seq && strcmp(t->order, act->order) == 0)
			return t;
	}
	return NULL;
}

static void
fill_act(const struct engine *engine, const struct act_row *act, struct json_object *o)
{
	const struct task *elder = elder_of(engine, act);
	struct fields result = { 0 };
	struct err none = ERR_INIT;
	AUTO_FREE char *why = NULL;

	if (fields_of_json(&result, act->result[0] ? act->result : "{}", &none) < 0)
		fields_clear(&result);
	if (strcmp(act->state, "owed") == 0 && elder)
		why = xasprintf("comes after %s of the same order", elder->key);
	else if (strcmp(act->state, "owed") == 0 && act->tries)
		why = xasprintf("failed %d times, tried again", act->tries);
	else if (strcmp(act->state, "owed") == 0)
		why = xstrdup("is next in its order");
	else if (strcmp(act->state, "begun") == 0)
		why = xstrdup("is under way");
	else if (fields_text(&result, "text")[0])
		why = xstrdup(fields_text(&result, "text"));
	else if (strcmp(act->state, "done") == 0)
		why = xasprintf(
		    "what event %lld owed was carried out", (long long)act->event_seq);
	else
		why = xasprintf("given up after %d tries", act->tries);
	member_text(o, "why", why);
	member_text(
	    o, "other", strcmp(act->state, "owed") == 0 && elder ? elder->key : "");
	member_text(o, "rule", fields_text(&result, "rule"));
	member_text(o, "code", fields_text(&result, "code"));
	member_text(o, "command", fields_text(&result, "fix"));
	member_text(o, "witness", act->data);
	member_text(o, "act", act->kind);
	member_text(o, "order", act->order);
	member_number(o, "tries", act->tries);
	member_number(o, "next_at", act->next_at);
	fields_clear(&result);
}

/* The happening that a row belongs to, and what else was written with it. */
struct group {
	struct json_object *list;
	int64_t seq;
	bool is_over;
};

static int
collect_group(const struct journal_row *row, void *arg)
{
	struct group *g = arg;

	if (!record_follows(row)) {
		if (row->seq > g->seq)
			return 1;
		json_object_put(g->list);
		g->list = json_object_new_array();
	}
	json_object_array_add(g->list, member_event(row));
	return 0;
}

/* The rows of the happening that SEQ is a part of. */
static int
add_group(struct engine *engine, int64_t seq, struct json_object *o, struct err *err)
{
	struct group g = { json_object_new_array(), seq, false };
	/* A happening moves a handful of entities; look back far enough to meet its row. */
	int64_t from = seq > 2000 ? seq - 2000 : 0;

	if (journal_replay(engine->store, from, collect_group, &g, err) < 0) {
		json_object_put(g.list);
		return -1;
	}
	json_object_object_add(o, "events", g.list);
	return 0;
}

static struct json_object *
why_act(struct engine *engine, const struct act_row *act, struct err *err)
{
	struct json_object *o = answer_new("act", act->key, act->state);

	fill_act(engine, act, o);
	if (add_group(engine, act->event_seq, o, err) < 0) {
		json_object_put(o);
		return NULL;
	}
	add_since(o);
	member_text(o, "release",
	    strcmp(act->state, "owed") == 0 || strcmp(act->state, "begun") == 0
		? "its evidence: src/engine/README.md says how each is known to be done"
		: "");
	return o;
}

static struct json_object *
why_event(struct engine *engine, int64_t seq, struct err *err)
{
	AUTO_FREE char *id = xasprintf("%lld", (long long)seq);
	struct json_object *o, *first;
	int kind;

	if (seq < 1 || seq > journal_last(engine->store)) {
		err_set(err, ERR_NOT_FOUND, "there is no event %lld", (long long)seq);
		return NULL;
	}
	o = answer_new("event", id, "recorded");
	if (add_group(engine, seq, o, err) < 0) {
		json_object_put(o);
		return NULL;
	}
	first = json_object_array_get_idx(json_object_object_get(o, "events"), 0);
	add_since(o);
	if (!first)
		return o;
	kind = hap_of(json_object_get_string(json_object_object_get(first, "cause")));
	member_text(o, "why",
	    kind >= 0 ? events_doc((enum hap)kind)->words : "The tracker's own.");
	member_text(
	    o, "other", json_object_get_string(json_object_object_get(first, "actor")));
	member_text(o, "witness",
	    json_object_to_json_string_ext(
		json_object_object_get(first, "data"), JSON_C_TO_STRING_PLAIN));
	return o;
}

/* A code as it was met here, last time first; the catalogue when it never was. */
static struct json_object *
why_refusal(struct engine *engine, const struct refusal *r, struct err *err)
{
	struct json_object *o = answer_new("refusal", r->code, "never met here");
	AUTO_FREE char *text = xasprintf("\"code\":\"%s\"", r->code);
	const struct rows want = { .text = text };
	struct json_object *row, *data;

	member_text(o, "why", r->what);
	member_text(o, "rule", r->rule);
	member_text(o, "code", r->code);
	member_text(o, "release", r->fix);
	if (add_rows(engine, o, &want, err) < 0) {
		json_object_put(o);
		return NULL;
	}
	row = last_row(o);
	if (!row)
		return o;
	data = json_object_object_get(row, "data");
	member_text(o, "state", "refused");
	add_since(o);
	member_text(
	    o, "why", json_object_get_string(json_object_object_get(data, "text")));
	member_text(
	    o, "command", json_object_get_string(json_object_object_get(data, "fix")));
	member_text(
	    o, "other", json_object_get_string(json_object_object_get(row, "actor")));
	member_text(
	    o, "witness", json_object_get_string(json_object_object_get(data, "what")));
	return o;
}

static const char *
run_words(const char *dir)
{
	static const struct {
		enum run_state state;
		const char *word;
	} words[] = { { RUN_ABSENT, "absent" }, { RUN_READY, "not begun" },
		{ RUN_LIVE, "live" }, { RUN_ENDED, "ended" }, { RUN_LOST, "lost" } };
	int lock_fd = -1;
	enum run_state state = rundir_probe(dir, &lock_fd, NULL);

	if (lock_fd >= 0)
		close(lock_fd);
	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (words[i].state == state)
			return words[i].word;
	}
	return "unknown";
}

/* NAME is a run of this session: "p1.1.1A.r2"; or NULL. */
static const struct session *
session_of_run(const struct core *core, const char *name)
{
	const char *dot = strrchr(name, '.');
	AUTO_FREE char *id = dot ? xstrndup(name, (size_t)(dot - name)) : NULL;

	if (!dot || dot[1] != 'r' || !isdigit((unsigned char)dot[2]))
		return NULL;
	return core_session(core, id);
}

/* How a lost run came to be so: what its row says, and who held it. */
static void
tell_loss(struct json_object *o, const char *dir, const char *launched)
{
	struct json_object *list = json_object_object_get(o, "events"), *row = NULL;
	struct run_begun begun = { 0 };
	const char *how = "";
	AUTO_FREE char *why = NULL, *witness = NULL;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (strcmp(json_object_get_string(json_object_object_get(one, "cause")),
			hap_name(HAP_RUN_LOST)) == 0)
			row = json_object_object_get(one, "data");
	}
	if (row && json_object_object_get(row, "how"))
		how = json_object_get_string(json_object_object_get(row, "how"));
	why = xasprintf("%s; it was lost: %s", launched,
	    strcmp(how, "restart") == 0    ? "the machine went down under it"
	    : strcmp(how, "vanished") == 0 ? "its directory was taken away"
					   : "its holder was killed");
	if (rundir_read_begun(dir, &begun, NULL) == 0)
		witness = xasprintf("holder %d is gone, and it left no end record",
		    (int)begun.holder.pid);
	member_text(o, "why", why);
	member_text(o, "witness", witness);
}

static struct json_object *
why_run(
    struct engine *engine, const struct session *s, const char *run, struct err *err)
{
	AUTO_FREE char *dir = run_dir(engine, run);
	AUTO_FREE char *text = xasprintf("\"run\":\"%s\"", run);
	AUTO_FREE char *key = xasprintf("launch/%s", run);
	const struct rows want = { .text = text };
	struct json_object *o = answer_new("run", run, run_words(dir));
	struct arena *arena = arena_new();
	struct act_row act = { 0 };
	struct run_end end;
	AUTO_FREE char *why = NULL;
	bool is_lost = strcmp(run_words(dir), "lost") == 0;

	if (act_find(engine->store, key, &act, arena, err) > 0) {
		why = xasprintf("launched because of event %lld, for %s",
		    (long long)act.event_seq, s->id);
		if (!is_lost)
			member_text(o, "witness", act.data);
	}
	member_text(o, "why", why ? why : "it was never launched");
	member_text(o, "other", s->id);
	member_text(o, "rule", "E-7");
	if (strcmp(run_words(dir), "ended") == 0 &&
	    rundir_read_end(dir, &end, err) == 0) {
		AUTO_FREE char *more = xasprintf("%s; it ended: %s, exit %d, signal %d",
		    why ? why : "", end.reason, end.status, end.signal);

		member_text(o, "why", more);
	}
	arena_free(arena);
	if (add_rows(engine, o, &want, err) < 0) {
		json_object_put(o);
		return NULL;
	}
	add_since(o);
	if (is_lost)
		tell_loss(o, dir, why ? why : "it was never launched");
	return o;
}

/* A tag of the method, as our own texts print them. */
static struct json_object *
why_rule(const char *tag)
{
	AUTO_FREE char *why = release_rule(tag);
	struct json_object *o = why ? answer_new("rule", tag, "a rule of the method")
				    : NULL;

	if (o) {
		member_text(o, "why", why);
		member_text(o, "rule", tag);
	}
	return o;
}

static struct json_object *
why_issue(struct engine *engine, const char *id, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	struct json_object *o;

	if (issue_read(engine->store, id, &set, err) < 0)
		return NULL;
	o = why_entity(engine, "issue", set.item[0].id,
	    issue_status_name(set.item[0].status), set.item[0].title, err);
	if (o) {
		AUTO_FREE char *command = xasprintf("divisi issue show %s", id);

		member_text(o, "command", command);
	}
	return o;
}

struct json_object *
engine_why(struct engine *engine, const char *name, struct err *err)
{
	const struct core *core = engine->core;
	const char *digits = name[0] == '#' ? name + 1 : name;
	const struct refusal *refusal = refusal_find(name);
	const struct session *s = session_of_run(core, name);
	struct err none = ERR_INIT;
	struct arena *arena;
	struct act_row act;
	struct json_object *o = NULL;
	int found;

	if (digits[0] && digits[strspn(digits, "0123456789")] == '\0')
		return why_event(engine, strtoll(digits, NULL, 10), err);
	if (refusal)
		return why_refusal(engine, refusal, err);
	if (s)
		return why_run(engine, s, name, err);
	s = core_resolve(core, name, &none);
	if (s)
		return why_session(engine, s, err);
	if (core_batch(core, name))
		return why_batch(engine, core_batch(core, name), err);
	if (core_plan(core, name))
		return why_plan(engine, core_plan(core, name), err);
	arena = arena_new();
	found = act_find(engine->store, name, &act, arena, err);
	if (found > 0)
		o = why_act(engine, &act, err);
	arena_free(arena);
	if (found != 0)
		return o;
	o = why_issue(engine, name, &none);
	if (!o)
		o = why_rule(name);
	if (o)
		return o;
	err_set(err, ERR_NOT_FOUND, "nothing on record is called '%.60s'", name);
	err_fix(err,
	    "a session, phase, batch p1/1, plan p1, run p1.1.1A.r1, issue, act, "
	    "code such as G07, rule such as S-27, or event number");
	return NULL;
}
