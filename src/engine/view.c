#include "engine/outbox.h"

#include "base/hash.h"
#include "core/account.h"
#include "core/money.h"
#include "core/planner.h"
#include "core/why.h"
#include "engine/closing.h"
#include "engine/outbox.h"
#include "policy/refusal.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>

#define COMPLAINT_BYTES 400

/* What the faces show: the state as JSON, with the reason of every wait. */

static void
add(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text ? text : ""));
}

static void
add_number(struct json_object *o, const char *name, int64_t number)
{
	json_object_object_add(o, name, json_object_new_int64(number));
}

static void
add_bool(struct json_object *o, const char *name, bool value)
{
	json_object_object_add(o, name, json_object_new_boolean(value));
}

static struct json_object *
ask_json(const struct ask *a)
{
	struct json_object *o = json_object_new_object();

	add(o, "id", a->id);
	add(o, "kind", a->kind);
	add(o, "text", a->text);
	add(o, "detail", a->detail);
	add_number(o, "at", a->at);
	if (a->decision[0]) {
		add(o, "decision", a->decision);
		add(o, "answer", a->answer);
		add(o, "by", a->by);
	}
	return o;
}

static void
add_session_names(struct json_object *o, const struct session *s)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "id", s->id }, { "plan", s->plan_id }, { "batch", s->batch_id },
		{ "label", s->label }, { "phase", s->phase }, { "issue", s->issue },
		{ "issue_title", s->issue_title }, { "issue_url", s->issue_url },
		{ "sub_issue", s->sub_issue }, { "focus", s->focus },
		{ "mode", s->mode }, { "launch", s->launch }, { "agent", s->agent },
		{ "agent_shown", s->agent_shown }, { "adapter", s->adapter },
		{ "program", s->program }, { "branch", s->branch },
		{ "worktree", s->worktree }, { "path", s->path }, { "base", s->base },
		{ "prompt_sha256", s->prompt_sha }, { "verify", s->verify },
		{ "after", s->after }, { "state", session_state_name(s->state) },
		{ "run", s->run }, { "agent_session", s->agent_session },
		{ "last_text", s->last_text }, { "reason", s->reason },
		{ "summary", s->summary }, { "claimed_by", s->claimed_by },
		{ "next", s->next }, { "head", s->head }, { "pin", s->pin },
		{ "candidate", s->candidate }, { "landed", s->landed },
		{ "evidence", s->evidence }, { "stray", s->stray },
		{ "widened", s->widened }, { "fence", s->fence },
		{ "grants", s->grants }, { "fenced", s->fenced },
		{ "blocked", s->blocked } };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		add(o, texts[i].name, texts[i].text);
}

/* The last line that the current run of S wrote to standard error, or NULL. */
static char *
last_complaint(struct engine *engine, const struct session *s)
{
	AUTO_FREE char *dir = run_dir(engine, s->run);
	AUTO_FREE char *path = path_join(dir, "err.log");
	AUTO_FREE char *tail = file_read_tail(path, COMPLAINT_BYTES);
	size_t n = tail ? strlen(tail) : 0;
	char *line;

	while (n > 0 && isspace((unsigned char)tail[n - 1]))
		tail[--n] = '\0';
	if (n == 0)
		return NULL;
	line = strrchr(tail, '\n');
	return text_show(line ? line + 1 : tail, true);
}

/* The reason for S, and for one that does not go on what its agent complained about. */
void
session_explain(struct engine *engine, const struct session *s, char *why, size_t n,
    char *command, size_t cn)
{
	bool is_silent = s->state == SESSION_STALLED || s->state == SESSION_LAUNCHING ||
			 s->state == SESSION_UNCONFIRMED;
	AUTO_FREE char *complaint = NULL;
	size_t used;

	session_why(engine->core, s, why, n, command, cn);
	if (is_silent && s->run[0])
		complaint = last_complaint(engine, s);
	used = strlen(why);
	if (complaint)
		snprintf(why + used, n - used, "; it complained: %.200s", complaint);
}

static struct json_object *
session_json(struct engine *engine, const struct session *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *asks = json_object_new_array();
	struct json_object *est = json_object_new_object();
	char why[512], command[512];

	add_session_names(o, s);
	add_number(est, "low", s->est_low);
	add_number(est, "mid", s->est_mid);
	add_number(est, "high", s->est_high);
	json_object_object_add(o, "estimate_cents", est);
	add_number(o, "cost_cents", money_spent(engine->core, s, engine->now()));
	add_number(o, "ceiling_cents", money_ceiling(engine->core, s));
	add_number(o, "reserved_cents", money_reserved(engine->core, s, engine->now()));
	add_number(o, "not_before",
	    s->state == SESSION_APPROVED || s->waits_for_account
		? session_paused_until(engine->core, s)
		: 0);
	add(o, "account", s->account);
	add_number(o, "points", s->points);
	add_number(o, "merge", s->merge_position);
	add_number(o, "runs", s->n_runs);
	add_number(o, "since", s->since);
	add_number(o, "started_at", s->started_at);
	add_number(o, "ended_at", s->ended_at);
	add_number(o, "last_seen", s->last_seen);
	add_number(o, "input_tokens", s->tokens_in);
	add_number(o, "output_tokens", s->tokens_out);
	add_number(o, "context_pct", s->context_pct);
	add_number(o, "guarded", s->n_guarded);
	add_number(o, "denied", s->n_denied);
	add_number(o, "commits", s->n_commits);
	add_number(o, "files", s->n_files);
	add_number(o, "n_fenced", s->n_fenced);
	add_bool(o, "live", session_is_live(s->state));
	add_bool(o, "running", s->run_open);
	add_bool(o, "terminal", s->run_open && s->is_interactive);
	add_bool(o, "analysis_only", s->is_analysis);
	add_bool(o, "reviewed", s->was_reviewed);
	add_bool(o, "tree_gone", s->is_tree_gone);
	session_explain(engine, s, why, sizeof(why), command, sizeof(command));
	add(o, "why", why);
	add(o, "command", command);
	for (size_t i = 0; i < s->n_asks; i++)
		json_object_array_add(asks, ask_json(&s->ask[i]));
	json_object_object_add(o, "asks", asks);
	return o;
}

static struct json_object *
batch_json(struct engine *engine, const struct batch_run *b)
{
	struct json_object *o = json_object_new_object();
	struct json_object *sessions = json_object_new_array();
	char why[512];

	add(o, "id", b->id);
	add_number(o, "number", b->number);
	add(o, "kind", b->kind);
	add(o, "state", batch_state_name(b->state));
	add(o, "hash", b->hash);
	add(o, "base", b->base);
	add(o, "reason", b->reason);
	add(o, "approved_by", b->approved_by);
	add(o, "overrides", b->overrides);
	add_bool(o, "acknowledged", b->acked);
	add_number(o, "opened_at", b->opened_at);
	add_number(o, "closed_at", b->closed_at);
	batch_why(engine->core, b, why, sizeof(why));
	add(o, "why", why);
	for (size_t i = 0; i < b->n; i++)
		json_object_array_add(sessions,
		    session_json(engine, &engine->core->session[b->session[i]]));
	json_object_object_add(o, "sessions", sessions);
	return o;
}

/* Who wrote the plan, and how well the declarations of all their plans were kept. */
static void
add_planner(const struct core *core, struct json_object *o, const struct plan_run *p)
{
	struct json_object *one = json_object_new_object();
	struct planner_sum *sums;
	size_t n = core_planners(core, &sums);

	for (size_t i = 0; i < n; i++) {
		const struct planner_sum *sum = &sums[i];

		if (strcmp(sum->name, p->planner) != 0)
			continue;
		add(one, "name", sum->name);
		add_number(one, "plans", (int64_t)sum->n_plans);
		add_number(one, "sessions", (int64_t)sum->n_sessions);
		add_number(one, "strayed", (int64_t)sum->n_strayed);
		add_number(one, "files", (int64_t)sum->n_files);
		add_number(one, "undeclared", (int64_t)sum->n_stray);
	}
	free(sums);
	json_object_object_add(o, "planner", one);
}

static struct json_object *
plan_json(struct engine *engine, const struct plan_run *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *batches = json_object_new_array();

	add(o, "id", p->id);
	add(o, "title", p->title);
	add(o, "path", p->path);
	add(o, "plan_hash", p->plan_hash);
	add(o, "state", p->state);
	add(o, "master", p->master);
	add(o, "target", p->target);
	add(o, "verify", p->verify);
	add(o, "merge", p->merge);
	add(o, "landing", p->landing);
	add(o, "publish", p->publish);
	add(o, "published", p->published);
	add(o, "unpublished", p->unpublished);
	add_bool(o, "publish_unset", p->publish_unset);
	add(o, "trouble", p->trouble);
	add_planner(engine->core, o, p);
	add(o, "phases", p->phases);
	add_number(o, "n_phases", p->n_phases);
	add_number(o, "cap", p->cap);
	add_number(o, "plan_cap_cents", p->plan_cap);
	add_number(o, "batch_cap_cents", p->batch_cap);
	json_object_object_add(o, "money", money_json(engine, p));
	add_number(o, "opened_at", p->opened_at);
	add_number(o, "closed_at", p->closed_at);
	for (size_t i = 0; i < engine->core->n_batches; i++) {
		if (strcmp(engine->core->batch[i].plan_id, p->id) == 0)
			json_object_array_add(
			    batches, batch_json(engine, &engine->core->batch[i]));
	}
	json_object_object_add(o, "verification", closing_json(engine, p));
	json_object_object_add(o, "batches", batches);
	return o;
}

static void
add_needs(struct engine *engine, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	struct need need[64];
	size_t n = core_needs(engine->core, need, N_ELEMS(need));

	for (size_t i = 0; i < n && i < N_ELEMS(need); i++) {
		struct json_object *one = json_object_new_object();

		add(one, "session", need[i].session);
		add(one, "subject", need[i].subject);
		add(one, "what", need[i].what);
		add(one, "command", need[i].command);
		add_number(one, "since", need[i].since);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "needs", list);
	add_number(o, "n_needs", (int64_t)n);
}

/* What a person calls the session ID: "1/S-A". */
static char *
called(const struct core *core, const char *id)
{
	const struct session *s = id[0] ? core_session(core, id) : NULL;
	const struct batch_run *b = s ? core_batch(core, s->batch_id) : NULL;

	return b ? xasprintf("%d/%s", b->number, s->label) : xstrdup(id);
}

static struct json_object *
side_json(const struct core *core, const char *id)
{
	struct json_object *o = json_object_new_object();
	const struct session *s = id[0] ? core_session(core, id) : NULL;
	AUTO_FREE char *name = called(core, id);

	add(o, "session", id);
	add(o, "name", id[0] ? name : "the target");
	add(o, "phase", s ? s->phase : "");
	add(o, "intent", s ? s->focus : "what landed since it began");
	add(o, "state", s ? session_state_name(s->state) : "");
	return o;
}

/* Which side had better land first, by all trial merges of the batch (hub last). */
static void
add_first(const struct core *core, struct json_object *o, const struct conflict *c)
{
	size_t n_others = 0;
	const struct session *s = strcmp(c->state, "open") == 0
				      ? conflict_first(core, c, &n_others)
				      : NULL;
	AUTO_FREE char *name = called(core, s ? s->id : "");

	add(o, "lands_first", name);
	add_number(o, "other_collides_with", (int64_t)n_others);
}

static void
add_conflicts(struct engine *engine, struct json_object *o)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < engine->core->n_conflicts; i++) {
		const struct conflict *c = &engine->core->conflict[i];
		struct json_object *one = json_object_new_object();
		const struct {
			const char *name, *text;
		} texts[] = { { "id", c->id }, { "kind", c->kind },
			{ "state", c->state }, { "policy", c->policy },
			{ "files", c->files }, { "text", c->text },
			{ "ruling", c->ruling }, { "reason", c->reason },
			{ "by", c->by } };
		AUTO_FREE char *about = called(engine->core, c->about);

		for (size_t k = 0; k < N_ELEMS(texts); k++)
			add(one, texts[k].name, texts[k].text);
		add(one, "about", about);
		add_first(engine->core, one, c);
		json_object_object_add(one, "a", side_json(engine->core, c->a));
		json_object_object_add(one, "b", side_json(engine->core, c->b));
		add_number(one, "at", c->at);
		add_number(one, "ruled_at", c->ruled_at);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "conflicts", list);
}

/* What the radar costs: its processor time beside the time it has been on. */
static void
add_radar(struct engine *engine, struct json_object *o)
{
	const struct radar_watch *r = &engine->radar;
	struct json_object *one = json_object_new_object();

	add_number(one, "looks", r->looks);
	add_number(one, "cpu_ms", r->cpu_ms);
	add_number(one, "last_cpu_ms", r->last_cpu_ms);
	add_number(one, "last_at", r->last_at);
	add_number(one, "on_ms",
	    r->began_at > 0 && r->last_at > r->began_at ? r->last_at - r->began_at : 0);
	add(one, "trouble", r->trouble);
	json_object_object_add(o, "radar", one);
}

static void
add_acts(struct engine *engine, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	const struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		struct json_object *one = json_object_new_object();

		add(one, "key", t->key);
		add(one, "kind", t->kind);
		add_bool(one, "running", t->is_running);
		add_number(one, "tries", t->tries);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "acts", list);
}

/* The accounts that met limits or have a cap; "paused_until" is the last moment one of them goes on. */
static void
add_accounts(struct engine *engine, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	const struct account *last = NULL;

	for (size_t i = 0; i < engine->core->n_accounts; i++) {
		const struct account *a = &engine->core->account[i];
		struct json_object *one = json_object_new_object();
		struct money_sum sum;
		size_t n = 0;

		for (size_t k = 0; k < engine->core->n_sessions; k++) {
			const struct session *s = &engine->core->session[k];

			n += strcmp(s->account, a->name) == 0 &&
			     (s->state == SESSION_APPROVED || s->waits_for_account);
		}
		add(one, "name", a->name);
		add_number(one, "paused_until", a->paused_until);
		add(one, "why", a->why);
		add(one, "by", a->by);
		add_number(one, "pauses", a->n_pauses);
		add_number(one, "waiting", (int64_t)n);
		sum = money_of_account(engine->core, a->name, engine->now());
		add_number(one, "cap_cents", sum.cap);
		add_number(one, "spent_cents", sum.spent);
		add_number(one, "reserved_cents", sum.reserved);
		json_object_array_add(list, one);
		if (a->paused_until > 0 &&
		    (!last || a->paused_until > last->paused_until))
			last = a;
	}
	json_object_object_add(o, "accounts", list);
	add_number(o, "paused_until", last ? last->paused_until : 0);
	add(o, "paused_why", last ? last->why : "");
}

struct json_object *
engine_status(struct engine *engine)
{
	struct json_object *o = json_object_new_object();
	struct json_object *plans = json_object_new_array();

	add_number(o, "now", engine->now());
	add_number(o, "seq", journal_last(engine->store));
	add(o, "home", engine->home);
	add(o, "top", engine->top);
	add_number(o, "live", (int64_t)core_live(engine->core));
	add_accounts(engine, o);
	add_needs(engine, o);
	add_acts(engine, o);
	add_conflicts(engine, o);
	add_radar(engine, o);
	json_object_object_add(o, "tracker", outbox_json(engine));
	for (size_t i = 0; i < engine->core->n_plans; i++)
		json_object_array_add(plans, plan_json(engine, &engine->core->plan[i]));
	json_object_object_add(o, "plans", plans);
	return o;
}

/* Keeps of the array NAME in O what KEEP says; the rest is put. */
static void
prune(struct json_object *o, const char *name,
    bool (*keep)(struct json_object *item, const char *session), const char *session)
{
	struct json_object *list = json_object_object_get(o, name);
	size_t n = list ? json_object_array_length(list) : 0;

	while (n-- > 0) {
		if (!keep(json_object_array_get_idx(list, n), session))
			json_object_array_del_idx(list, n, 1);
	}
}

static bool
is_text(struct json_object *o, const char *name, const char *text)
{
	const char *value = json_object_get_string(json_object_object_get(o, name));

	return value && strcmp(value, text) == 0;
}

static bool
is_session(struct json_object *item, const char *session)
{
	return is_text(item, "id", session);
}

static bool
needs_session(struct json_object *item, const char *session)
{
	return is_text(item, "session", session);
}

static bool
is_side(struct json_object *item, const char *session)
{
	return needs_session(json_object_object_get(item, "a"), session) ||
	       needs_session(json_object_object_get(item, "b"), session);
}

static bool
keeps_batch(struct json_object *item, const char *session)
{
	prune(item, "sessions", is_session, session);
	return json_object_array_length(json_object_object_get(item, "sessions")) > 0;
}

static bool
keeps_plan(struct json_object *item, const char *session)
{
	prune(item, "batches", keeps_batch, session);
	json_object_object_del(item, "money"); /* names the sessions beside it */
	return json_object_array_length(json_object_object_get(item, "batches")) > 0;
}

static bool
keeps_nothing(struct json_object *item, const char *session)
{
	(void)item;
	(void)session;
	return false;
}

struct json_object *
engine_status_for(struct engine *engine, const struct caller *caller)
{
	struct json_object *o = engine_status(engine);

	if (caller->session[0] == '\0')
		return o;
	prune(o, "plans", keeps_plan, caller->session);
	prune(o, "needs", needs_session, caller->session);
	prune(o, "conflicts", is_side, caller->session);
	prune(o, "acts", keeps_nothing, caller->session);
	prune(o, "accounts", keeps_nothing, caller->session);
	json_object_object_del(o, "tracker");
	add_number(o, "n_needs",
	    (int64_t)json_object_array_length(json_object_object_get(o, "needs")));
	add(o, "as", caller->session);
	return o;
}

bool
engine_may_see(struct engine *engine, const struct caller *caller, const char *name,
    struct err *err)
{
	const struct session *s = core_session(engine->core, caller->session);

	if (caller->session[0] == '\0')
		return true;
	if (s && core_resolve(engine->core, name, NULL) == s)
		return true;
	refuse(
	    err, "G11", "%s sees its own session only, not %.60s", caller->actor, name);
	err_fix(err, "divisi why %s", s ? s->id : "SESSION");
	return false;
}

struct json_object *
engine_state(struct engine *engine)
{
	struct json_object *o = json_object_new_object();
	AUTO_FREE char *dump = core_dump(engine->core);
	char sha[HASH_HEX_SIZE];

	hash_sha256(dump, strlen(dump), sha);
	add_number(o, "seq", journal_last(engine->store));
	add(o, "sha256", sha);
	add(o, "dump", dump);
	return o;
}

struct event_walk {
	int (*fn)(const char *line, void *arg);
	void *arg;
};

static int
tell_row(const struct journal_row *row, void *arg)
{
	struct event_walk *walk = arg;
	AUTO_JSON struct json_object *o = json_object_new_object();
	struct json_object *data = json_tokener_parse(row->data);

	add_number(o, "seq", row->seq);
	add_number(o, "at", row->at);
	add(o, "actor", row->actor);
	add(o, "entity", row->entity);
	add(o, "from", row->from);
	add(o, "to", row->to);
	add(o, "cause", row->cause);
	json_object_object_add(o, "data", data ? data : json_object_new_object());
	return walk->fn(json_object_to_json_string_ext(
			    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    walk->arg);
}

int
engine_events(struct engine *engine, int64_t after,
    int (*fn)(const char *line, void *arg), void *arg, struct err *err)
{
	struct event_walk walk = { fn, arg };

	return journal_replay(engine->store, after, tell_row, &walk, err);
}
