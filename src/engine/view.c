#include "engine/outbox.h"

#include "core/account.h"
#include "core/money.h"
#include "core/planner.h"
#include "core/why.h"
#include "engine/closing.h"
#include "engine/delegation.h"
#include "engine/left.h"
#include "engine/members.h"
#include "engine/outbox.h"
#include "engine/research.h"
#include "engine/reviews.h"
#include "engine/summary.h"
#include "policy/refusal.h"

#include <ctype.h>
#include <json-c/json.h>
#include <string.h>

#define COMPLAINT_BYTES 400

/* What the faces show: the state as JSON, with the reason of every wait. */

static struct json_object *
ask_json(const struct ask *a)
{
	struct json_object *o = json_object_new_object();

	member_text(o, "id", a->id);
	member_text(o, "kind", a->kind);
	member_text(o, "text", a->text);
	member_text(o, "detail", a->detail);
	member_number(o, "at", a->at);
	if (a->decision[0]) {
		member_text(o, "decision", a->decision);
		member_text(o, "answer", a->answer);
		member_text(o, "by", a->by);
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
		{ "blocked", s->blocked }, { "output", s->output },
		{ "output_path", s->output_path }, { "output_sha256", s->output_sha } };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		member_text(o, texts[i].name, texts[i].text);
	if (s->repo[0]) {
		member_text(o, "repository", s->repo);
		member_text(o, "target", s->target);
	}
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

static void
add_pull(const struct core *core, struct json_object *o, const struct session *s)
{
	const char *holds = pull_holds(core, s);
	struct json_object *pull = s->pull > 0 ? json_object_new_object() : NULL;

	json_object_object_add(o, "pull", pull);
	if (!pull)
		return;
	member_number(pull, "number", s->pull);
	member_text(pull, "url", s->pull_url);
	member_text(pull, "state", s->pull_state);
	member_text(pull, "checks", s->pull_checks);
	member_text(pull, "review", s->pull_review);
	member_text(pull, "holds", holds ? holds : "");
}

static struct json_object *
session_json(struct engine *engine, const struct session *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *asks = json_object_new_array();
	struct json_object *est = json_object_new_object();
	char why[512], command[512];

	add_session_names(o, s);
	member_number(est, "low", s->est_low);
	member_number(est, "mid", s->est_mid);
	member_number(est, "high", s->est_high);
	json_object_object_add(o, "estimate_cents", est);
	member_number(o, "cost_cents", money_spent(engine->core, s, engine->now()));
	member_number(o, "ceiling_cents", money_ceiling(engine->core, s));
	member_number(
	    o, "reserved_cents", money_reserved(engine->core, s, engine->now()));
	member_number(o, "not_before",
	    s->state == SESSION_APPROVED || s->waits_for_account
		? session_paused_until(engine->core, s)
		: 0);
	member_text(o, "account", s->account);
	member_number(o, "points", s->points);
	member_number(o, "merge", s->merge_position);
	member_number(o, "runs", s->n_runs);
	member_number(o, "since", s->since);
	member_number(o, "started_at", s->started_at);
	member_number(o, "ended_at", s->ended_at);
	member_number(o, "last_seen", s->last_seen);
	member_number(o, "input_tokens", s->tokens_in);
	member_number(o, "output_tokens", s->tokens_out);
	member_number(o, "context_pct", s->context_pct);
	member_number(o, "words_waiting", (int64_t)s->n_words);
	member_number(o, "retries", s->n_retries);
	member_number(o, "guarded", s->n_guarded);
	member_number(o, "denied", s->n_denied);
	member_number(o, "commits", s->n_commits);
	member_number(o, "files", s->n_files);
	member_number(o, "output_items", s->n_output);
	member_number(o, "n_fenced", s->n_fenced);
	summary_add_checkpoint(o, s);
	member_bool(o, "live", session_is_live(s->state));
	member_bool(o, "running", s->run_open);
	member_bool(o, "terminal", s->run_open && s->is_interactive);
	member_bool(o, "analysis_only", s->is_analysis);
	member_bool(o, "reviewed", s->was_reviewed);
	member_bool(o, "tree_gone", s->is_tree_gone);
	add_pull(engine->core, o, s);
	json_object_object_add(o, "delegation", delegation_json(s));
	session_explain(engine, s, why, sizeof(why), command, sizeof(command));
	member_text(o, "why", why);
	member_text(o, "command", command);
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

	member_text(o, "id", b->id);
	member_number(o, "number", b->number);
	member_text(o, "kind", b->kind);
	member_text(o, "state", batch_state_name(b->state));
	member_text(o, "hash", b->hash);
	member_text(o, "base", b->base);
	member_text(o, "reason", b->reason);
	member_text(o, "approved_by", b->approved_by);
	member_text(o, "overrides", b->overrides);
	member_bool(o, "acknowledged", b->acked);
	member_number(o, "opened_at", b->opened_at);
	member_number(o, "closed_at", b->closed_at);
	batch_why(engine->core, b, why, sizeof(why));
	member_text(o, "why", why);
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
		member_text(one, "name", sum->name);
		member_number(one, "plans", (int64_t)sum->n_plans);
		member_number(one, "sessions", (int64_t)sum->n_sessions);
		member_number(one, "strayed", (int64_t)sum->n_strayed);
		member_number(one, "files", (int64_t)sum->n_files);
		member_number(one, "undeclared", (int64_t)sum->n_stray);
	}
	free(sums);
	json_object_object_add(o, "planner", one);
}

static struct json_object *
plan_json(struct engine *engine, const struct plan_run *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *batches = json_object_new_array(), *research;

	member_text(o, "id", p->id);
	member_text(o, "title", p->title);
	member_text(o, "path", p->path);
	member_text(o, "reviews", p->reviews);
	member_text(o, "review", p->review);
	member_text(o, "review_why", p->review_why);
	member_text(o, "plan_hash", p->plan_hash);
	member_text(o, "state", p->state);
	member_text(o, "master", p->master);
	member_text(o, "target", p->target);
	member_text(o, "verify", p->verify);
	member_text(o, "merge", p->merge);
	member_text(o, "landing", p->landing);
	member_text(o, "publish", p->publish);
	member_text(o, "published", p->published);
	member_text(o, "unpublished", p->unpublished);
	member_text(o, "unpublished_in", p->unpublished_in);
	member_bool(o, "publish_unset", p->publish_unset);
	member_text(o, "trouble", p->trouble);
	add_planner(engine->core, o, p);
	member_text(o, "phases", p->phases);
	member_number(o, "n_phases", p->n_phases);
	member_number(o, "cap", p->cap);
	member_number(o, "plan_cap_cents", p->plan_cap);
	member_number(o, "batch_cap_cents", p->batch_cap);
	json_object_object_add(o, "money", money_json(engine, p));
	member_number(o, "opened_at", p->opened_at);
	member_number(o, "closed_at", p->closed_at);
	for (size_t i = 0; i < engine->core->n_batches; i++) {
		if (strcmp(engine->core->batch[i].plan_id, p->id) == 0)
			json_object_array_add(
			    batches, batch_json(engine, &engine->core->batch[i]));
	}
	research = research_json(engine->core, p->path);
	if (research)
		json_object_object_add(o, "research", research);
	json_object_object_add(o, "verification", closing_json(engine, p));
	json_object_object_add(o, "batches", batches);
	return o;
}

static void
add_needs(struct engine *engine, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	struct need need[64];
	size_t n_ours = unwritten_need(engine, list);
	size_t n = core_needs(engine->core, need, N_ELEMS(need));

	for (size_t i = 0; i < n && i < N_ELEMS(need); i++) {
		struct json_object *one = json_object_new_object();

		member_text(one, "session", need[i].session);
		member_text(one, "subject", need[i].subject);
		member_text(one, "what", need[i].what);
		member_text(one, "command", need[i].command);
		member_number(one, "since", need[i].since);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "needs", list);
	member_number(o, "n_needs", (int64_t)(n_ours + n));
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

	member_text(o, "session", id);
	member_text(o, "name", id[0] ? name : "the target");
	member_text(o, "phase", s ? s->phase : "");
	member_text(o, "intent", s ? s->focus : "what landed since it began");
	member_text(o, "state", s ? session_state_name(s->state) : "");
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

	member_text(o, "lands_first", name);
	member_number(o, "other_collides_with", (int64_t)n_others);
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
			member_text(one, texts[k].name, texts[k].text);
		member_text(one, "about", about);
		add_first(engine->core, one, c);
		json_object_object_add(one, "a", side_json(engine->core, c->a));
		json_object_object_add(one, "b", side_json(engine->core, c->b));
		member_number(one, "at", c->at);
		member_number(one, "ruled_at", c->ruled_at);
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

	member_number(one, "looks", r->looks);
	member_number(one, "cpu_ms", r->cpu_ms);
	member_number(one, "last_cpu_ms", r->last_cpu_ms);
	member_number(one, "last_at", r->last_at);
	member_number(one, "on_ms",
	    r->began_at > 0 && r->last_at > r->began_at ? r->last_at - r->began_at : 0);
	member_text(one, "trouble", r->trouble);
	json_object_object_add(o, "radar", one);
}

/* When the clock was set last, and by how much: 0 when it never was. */
static void
add_clock(const struct core *core, struct json_object *o)
{
	struct json_object *one = json_object_new_object();

	member_number(one, "at", core->clock_set_at);
	member_number(one, "by", core->clock_set_by);
	json_object_object_add(o, "clock_set", one);
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
		member_text(one, "name", a->name);
		member_number(one, "paused_until", a->paused_until);
		member_text(one, "why", a->why);
		member_text(one, "by", a->by);
		member_number(one, "pauses", a->n_pauses);
		member_number(one, "waiting", (int64_t)n);
		sum = money_of_account(engine->core, a->name, engine->now());
		member_number(one, "cap_cents", sum.cap);
		member_number(one, "spent_cents", sum.spent);
		member_number(one, "reserved_cents", sum.reserved);
		json_object_array_add(list, one);
		if (a->paused_until > 0 &&
		    (!last || a->paused_until > last->paused_until))
			last = a;
	}
	json_object_object_add(o, "accounts", list);
	member_number(o, "paused_until", last ? last->paused_until : 0);
	member_text(o, "paused_why", last ? last->why : "");
}

struct json_object *
engine_status(struct engine *engine)
{
	struct json_object *o = json_object_new_object();
	struct json_object *plans = json_object_new_array();

	member_number(o, "now", engine->now());
	member_number(o, "seq", journal_last(engine->store));
	member_text(o, "home", engine->home);
	member_text(o, "top", engine->top);
	member_number(o, "live", (int64_t)core_live(engine->core));
	add_accounts(engine, o);
	unwritten_put(engine, o);
	add_needs(engine, o);
	json_object_object_add(o, "acts", tasks_json(engine));
	add_conflicts(engine, o);
	add_radar(engine, o);
	add_clock(engine->core, o);
	left_put(engine->store, engine->core, o);
	json_object_object_add(o, "tracker", outbox_json(engine));
	json_object_object_add(o, "reviews", reviews_json(engine));
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
	prune(o, "reviews", needs_session, caller->session);
	json_object_object_del(o, "tracker");
	json_object_object_del(o, "journal"); /* names the place of the home */
	member_number(o, "n_needs",
	    (int64_t)json_object_array_length(json_object_object_get(o, "needs")));
	member_text(o, "as", caller->session);
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
