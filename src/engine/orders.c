#include "engine/internal.h"

#include "adapters.h"
#include "engine/delegation.h"
#include "engine/feedback.h"
#include "engine/outbox.h"
#include "engine/own.h"
#include "engine/research.h"
#include "engine/reviews.h"
#include "engine/scan.h"
#include "engine/summary.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/refusal.h"

#include <string.h>

#define STALE_MS ((int64_t)24 * 60 * 60 * 1000) /* */

/* What clients may order; one table, each verb one function. */

typedef int order_fn(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

void
op_forget(struct op *op)
{
	TAILQ_REMOVE(&op->engine->ops, op, link);
	job_free(op->job);
	fields_clear(&op->in);
	fields_clear(&op->out);
	free(op);
}

/* A client that went away never asks for its outcome, which may be megabytes. */
static void
forget_old_ops(struct engine *engine)
{
	struct op *op, *next;
	size_t n = 0;

	TAILQ_FOREACH (op, &engine->ops, link)
		n++;
	TAILQ_FOREACH_SAFE (op, &engine->ops, link, next) {
		if (n < OPS_KEPT)
			return;
		if (!op->is_over)
			continue;
		op_forget(op);
		n--;
	}
}

struct op *
op_new(struct engine *engine, const struct caller *caller, const struct fields *in,
    struct fields *out)
{
	struct op *op = xcalloc(1, sizeof(*op));

	forget_old_ops(engine);
	op->engine = engine;
	op->id = engine->next_op++;
	snprintf(op->actor, sizeof(op->actor), "%s", caller->actor);
	fields_copy(&op->in, in);
	TAILQ_INSERT_TAIL(&engine->ops, op, link);
	fields_set_number(out, "op", op->id);
	return op;
}

int
engine_op(struct engine *engine, int64_t id, const struct caller *caller,
    struct fields *out, struct err *err)
{
	struct op *op;
	int rc = 0;

	TAILQ_FOREACH (op, &engine->ops, link) {
		if (op->id == id && strcmp(op->actor, caller->actor) == 0)
			break;
	}
	if (!op)
		return err_set(err, ERR_NOT_FOUND, "no operation %lld", (long long)id);
	if (!op->is_over)
		return 1;
	fields_copy(out, &op->out);
	if (op->failed) {
		*err = op->err;
		rc = -1;
	}
	op_forget(op);
	return rc;
}

/* ---- diffs for the person who reviews ------------------------------------------------- */

static void
on_diff(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct op *op = arg;

	fields_copy(&op->out, out);
	op->err = *err;
	op->failed = failed;
	op->is_over = true;
}

static int
order_diff(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	struct fields job = { 0 };
	struct op *op;

	if (!s)
		return -1;
	if (caller->session[0] && strcmp(caller->session, s->id) != 0)
		return refuse(
		    err, "G11", "%s may look at its own work only", caller->actor);
	fields_setf(
	    &job, "range", "%s..%s", s->base, s->landed[0] ? s->head : s->branch);
	/* What a branch had that somebody deleted is pinned. */
	fields_setf(&job, "pinned", "%s..%s", s->base, s->head);
	fields_set(&job, "top", s->repo);
	op = op_new(engine, caller, in, out);
	op->job = job_start(engine, "diff", &job, on_diff, op, err);
	fields_clear(&job);
	if (!op->job) {
		op_forget(op);
		return -1;
	}
	return 1;
}

/* Two live trees together, as the verify command sees them; nothing else is touched. */
static int
order_try(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const char *const names[] = { "a", "b" };
	const struct session *side[2];
	const struct plan_run *p;
	struct fields job = { 0 };
	struct op *op;

	for (size_t i = 0; i < 2; i++) {
		side[i] = core_resolve(engine->core, fields_text(in, names[i]), err);
		if (!side[i])
			return -1;
		if (!side[i]->path[0] || !side[i]->has_tree)
			return err_set(err, ERR_CONFLICT, "%s has no worktree (%s)",
			    side[i]->label, session_state_name(side[i]->state));
	}
	if (side[0] == side[1])
		return err_set(err, ERR_USAGE, "try needs two sessions");
	if (strcmp(side[0]->repo, side[1]->repo) != 0)
		return err_set(err, ERR_USAGE, "%s and %s are of two repositories",
		    side[0]->label, side[1]->label);
	p = core_plan(engine->core, side[0]->plan_id);
	for (size_t i = 0; i < 2; i++) {
		char key[24];

		snprintf(key, sizeof(key), "s%zu.session", i);
		fields_set(&job, key, side[i]->id);
		snprintf(key, sizeof(key), "s%zu.path", i);
		fields_set(&job, key, side[i]->path);
	}
	fields_set(&job, "top", side[0]->repo);
	fields_set_number(&job, "elsewhere", side[0]->repo[0] != '\0');
	fields_set(
	    &job, "target", side[0]->target[0] || !p ? side[0]->target : p->target);
	fields_set(
	    &job, "verify", side[0]->verify[0] ? side[0]->verify : side[1]->verify);
	/* Of two fences one has to do: that of the session whose command it is. */
	fields_set(&job, "session", side[!side[0]->verify[0]]->id);
	fields_set(&job, "fence", side[!side[0]->verify[0]]->fence);
	fields_set(&job, "grants", side[!side[0]->verify[0]]->grants);
	op = op_new(engine, caller, in, out);
	op->job = job_start(engine, "union", &job, on_diff, op, err);
	fields_clear(&job);
	if (!op->job) {
		op_forget(op);
		return -1;
	}
	return 1;
}

/* ---- approvals -------------------------------------------------------------------------- */

static const struct batch_run *
find_batch(const struct engine *engine, const struct fields *in, struct err *err)
{
	const char *hash = fields_text(in, "hash"), *plan = fields_text(in, "plan");
	int64_t number = fields_number(in, "number", 0);
	const struct core *core = engine->core;

	if (hash[0] && strlen(hash) < 8) {
		err_set(err, ERR_USAGE, "a table hash needs at least 8 digits");
		return NULL;
	}
	for (size_t i = core->n_batches; i-- > 0;) {
		const struct batch_run *b = &core->batch[i];

		if ((plan[0] && strcmp(b->plan_id, plan) != 0) ||
		    (number && b->number != number) ||
		    (hash[0] && strncmp(b->hash, hash, strlen(hash)) != 0))
			continue;
		return b;
	}
	if (hash[0])
		refuse(err, "G11", "no table has the hash %.16s", hash);
	else
		err_set(err, ERR_NOT_FOUND, "no such batch");
	return NULL;
}

static int
happen_to_batch(struct engine *engine, enum hap kind, const struct batch_run *b,
    const struct fields *in, const struct caller *caller, struct err *err)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "batch", b->id);
	fields_set(&f, "hash", fields_text(in, "hash")[0] ? b->hash : "");
	fields_set(&f, "reason", fields_text(in, "reason"));
	rc = engine_happen(engine, kind, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

/* The table was made of the plan as it was: has it been edited since (J-34)? */
static int
check_plan_unchanged(struct engine *engine, const struct batch_run *b, struct err *err)
{
	const struct plan_run *p = core_plan(engine->core, b->plan_id);
	struct lint_list lints = { 0 };
	struct err why = ERR_INIT;
	struct plan *now;
	bool same;

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	now = plan_load(p->path, &lints, &why);
	/* The table's own: the plan may have been read again since, and no table made of it. */
	same = now && strcmp(now->plan_hash, b->plan_hash) == 0;
	plan_free(now);
	lint_list_clear(&lints);
	if (same)
		return 0;
	refuse(err, "G11", "%s is not as it was when this table was made", p->path);
	return err_fix(err, "see the new table: divisi dispatch PLAN");
}

/* Binds to the hash: without one nothing is approved (S-80). */
static int
order_approve(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct batch_run *b = find_batch(engine, in, err);

	if (!b)
		return -1;
	fields_set(out, "batch", b->id);
	if (b->state == BATCH_WITH_FAILURES)
		return happen_to_batch(engine, HAP_BATCH_ACKED, b, in, caller, err);
	if (fields_text(in, "hash")[0] == '\0')
		return refuse(
		    err, "G11", "an approval names the hash of the table it approves");
	if (b->state == BATCH_AWAITING && check_plan_unchanged(engine, b, err) < 0)
		return -1;
	return happen_to_batch(engine, HAP_BATCH_APPROVED, b, in, caller, err);
}

static int
order_decline(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct batch_run *b = find_batch(engine, in, err);

	if (!b)
		return -1;
	fields_set(out, "batch", b->id);
	return happen_to_batch(engine, HAP_BATCH_DECLINED, b, in, caller, err);
}

/* ---- sessions ------------------------------------------------------------------------------ */

int
happen_to_session(struct engine *engine, enum hap kind, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	struct fields f = { 0 };
	int rc;

	if (!s)
		return -1;
	fields_copy(&f, in);
	fields_set(&f, "session", s->id);
	fields_set(out, "session", s->id);
	fields_set(out, "label", s->label);
	rc = engine_happen(engine, kind, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

static int
order_hold(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	return happen_to_session(engine, HAP_HELD, in, caller, out, err);
}

static int
order_interrupt(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	return happen_to_session(engine, HAP_INTERRUPTED, in, caller, out, err);
}

/*
 * May S go on in its agent's conversation?  1, or 0 for a new one.  What lay for a day may be
 * out of date: then a person says which, and -1 asks for that.
 */
static int
takes_up(const struct engine *engine, const struct session *s, const struct fields *in,
    struct err *err)
{
	bool is_fresh = fields_number(in, "fresh", 0) != 0,
	     is_same = fields_number(in, "same", 0) != 0;
	int64_t idle = engine->now() - s->last_seen;
	AUTO_FREE char *age = NULL;

	if (is_fresh && (is_same || fields_number(in, "fork", 0))) {
		err_set(err, ERR_USAGE,
		    "a new conversation is neither the same nor its copy");
		return err_fix(err, "divisi resume %s --fresh, or --same", s->label);
	}
	if (is_fresh || !s->agent_session[0] || !agent_can_resume(s->adapter))
		return 0;
	if (is_same || s->run_open || session_is_away(s) || idle <= STALE_MS)
		return 1;
	age = text_age(idle);
	err_set(err, ERR_REFUSED,
	    "the agent of %s was last heard of %s ago: what it remembers may be out of date",
	    s->label, age);
	err->rule = "R-160";
	return err_fix(err,
	    "divisi resume %s --same goes on in its conversation, --fresh begins a new one; "
	    "both on the work that is there",
	    s->label);
}

static int
order_resume(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);
	struct fields f = { 0 };
	int rc, goes_on;

	if (!s || refusal_check_overrides(fields_text(in, "override"),
		      fields_text(in, "reason"), REFUSAL_RESUME_OVERRIDES, err) < 0)
		return -1;
	goes_on = takes_up(engine, s, in, err);
	if (goes_on < 0)
		return -1;
	if (fields_number(in, "fork", 0) &&
	    !(s->agent_session[0] && adapter_agent(s->adapter) &&
		adapter_agent(s->adapter)->can_fork)) {
		err_set(err, ERR_CONFLICT, "%s has no conversation that can be forked",
		    s->label);
		return err_fix(err, "divisi resume %s", s->label);
	}
	fields_copy(&f, in);
	fields_set_number(&f, "resumable", goes_on);
	rc = happen_to_session(engine, HAP_RESUMED, &f, caller, out, err);
	fields_clear(&f);
	return rc;
}

static int
order_park(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	return happen_to_session(engine, HAP_PARKED, in, caller, out, err);
}

static int
order_abandon(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	return happen_to_session(engine, HAP_ABANDONED, in, caller, out, err);
}

static int
order_claim(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	if (refusal_check_overrides(fields_text(in, "override"),
		fields_text(in, "reason"), REFUSAL_RESUME_OVERRIDES, err) < 0)
		return -1;
	return happen_to_session(engine, HAP_CLAIMED, in, caller, out, err);
}

static int
order_merge(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	if (refusal_check_overrides(fields_text(in, "override"),
		fields_text(in, "reason"), REFUSAL_MERGE_OVERRIDES, err) < 0)
		return -1;
	if (fields_text(in, "session")[0])
		return happen_to_session(engine, HAP_MERGE_ASKED, in, caller, out, err);
	return engine_happen(engine, HAP_MERGE_ASKED, caller->actor, in, err);
}

const char *
plan_meant(const struct core *core, const struct fields *in)
{
	const char *id = fields_text(in, "plan");

	for (size_t i = core->n_plans; i-- > 0 && id[0] == '\0';) {
		if (strcmp(core->plan[i].state, "active") == 0 &&
		    core->plan[i].reviews[0] == '\0')
			id = core->plan[i].id;
	}
	if (id[0] == '/' && core_plan_by_path(core, id))
		id = core_plan_by_path(core, id)->id;
	return id;
}

static int
order_abort(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const char *id = plan_meant(engine->core, in);
	struct fields f = { 0 };
	int rc;

	if (id[0] == '\0')
		return err_set(err, ERR_NOT_FOUND, "no plan is under way");
	fields_set(&f, "plan", id);
	fields_set(&f, "reason", fields_text(in, "reason"));
	fields_set(out, "plan", id);
	rc = engine_happen(engine, HAP_PLAN_ABORTED, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

static int
order_assert(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	(void)out;
	if (fields_text(in, "reason")[0] == '\0')
		return err_set(err, ERR_USAGE, "an assertion needs a reason");
	return engine_happen(engine, HAP_PLAN_ASSERTED, caller->actor, in, err);
}

/* A person's ruling about a conflict (S-45 c); ABOUT is the session it names. */
static int
order_rule(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const char *name = fields_text(in, "about");
	const struct session *s = NULL;
	struct fields f = { 0 };
	int rc;

	if (name[0]) {
		s = core_resolve(engine->core, name, err);
		if (!s)
			return -1;
	}
	fields_copy(&f, in);
	fields_set(&f, "about", s ? s->id : "");
	fields_set(out, "conflict", fields_text(in, "conflict"));
	rc = engine_happen(engine, HAP_RULED, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}

static int
order_issue(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	return engine_issue(
	    engine, fields_text(in, "what"), in, caller->actor, out, err);
}

static const struct {
	const char *verb;
	order_fn *fn;
	bool for_agents; /* a caller below a holder may do it too */
} orders[] = {
	/* clang-format off */
	{ "abandon",  order_abandon,  false },
	{ "abort",    order_abort,    false },
	{ "answer",   order_answer,   false },
	{ "approve",  order_approve,  false },
	{ "assert",   order_assert,   false },
	{ "cap",      order_cap,      false },
	{ "checkpoint", order_checkpoint, false },
	{ "claim",    order_claim,    false },
	{ "decline",  order_decline,  false },
	{ "delegate", order_delegate, false },
	{ "diff",     order_diff,     true  },
	{ "dispatch", order_dispatch, false },
	{ "feedback", order_feedback, false },
	{ "findings", order_findings, false },
	{ "forget",   order_forget,   false },
	{ "handback", order_handback, false },
	{ "hold",     order_hold,     false },
	{ "interrupt", order_interrupt, false },
	{ "issue",    order_issue,    false },
	{ "mend",     order_mend,     false },
	{ "merge",    order_merge,    false },
	{ "outbox",   order_outbox,   false },
	{ "park",     order_park,     false },
	{ "plan-from", order_plan_from, false },
	{ "ready",    order_ready,    false },
	{ "report",   order_report,   true  },
	{ "research", order_research, false },
	{ "resume",   order_resume,   false },
	{ "review",   order_review,   false },
	{ "rule",     order_rule,     false },
	{ "say",      order_say,      false },
	{ "stale",    order_stale,    false },
	{ "summary",  order_summary,  true  },
	{ "takeover", order_takeover, false },
	{ "try",      order_try,      false },
	{ "widen",    order_widen,    true  },
	/* clang-format on */
};

/* What was tried and refused stays on record (E-38). */
static void
record_attempt(struct engine *engine, const char *verb, const struct caller *caller,
    const struct err *why)
{
	struct fields f = { 0 };
	struct err err = ERR_INIT;

	fields_set(&f, "what", verb);
	fields_put_err(&f, why);
	if (engine_happen(engine, HAP_REFUSED, caller->actor, &f, &err) < 0)
		log_warn("refusal not recorded: %s", err.text);
	fields_clear(&f);
}

static int
carry_out(struct engine *engine, size_t i, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	int64_t before = journal_last(engine->store);
	int rc = orders[i].fn(engine, in, caller, out, err);

	/* The core's own refusals are recorded where they are made. */
	if (rc < 0 && err && err->kind == ERR_REFUSED &&
	    journal_last(engine->store) == before)
		record_attempt(engine, orders[i].verb, caller, err);
	return rc;
}

int
engine_order(struct engine *engine, const char *verb, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	for (size_t i = 0; i < N_ELEMS(orders); i++) {
		if (strcmp(orders[i].verb, verb) != 0)
			continue;
		if (caller->session[0] && !orders[i].for_agents) {
			refuse(err, "G11",
			    "%s may not %s: an agent never acts as a person",
			    caller->actor, verb);
			err_fix(err, "a person runs: divisi %s", verb);
			record_attempt(engine, verb, caller, err);
			return -1;
		}
		return carry_out(engine, i, in, caller, out, err);
	}
	return err_set(err, ERR_NOT_FOUND, "no order is called '%.40s'", verb);
}
