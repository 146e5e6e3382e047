#include "engine/internal.h"

#include "base/crash.h"
#include "core/research.h"
#include "core/review.h"
#include "engine/panels.h"
#include "policy/cost.h"
#include "policy/refusal.h"
#include "store/issues.h"

#include <string.h>

/* `dispatch`: what the proposing job must know, and what becomes of its proposal. */

static int
next_number(const struct engine *engine, const struct plan_run *p, bool overridden,
    int64_t *number, struct err *err)
{
	const struct batch_run *last = p ? core_last_batch(engine->core, p->id) : NULL;
	const struct batch_run *open;

	*number = 1;
	if (!last)
		return 0;
	*number = last->number;
	if (last->state != BATCH_PLANNED && last->state != BATCH_FILED &&
	    last->state != BATCH_AWAITING && last->state != BATCH_DECLINED)
		*number = last->number + 1;
	open = core_open_before(engine->core, p->id, *number);
	if (!open || overridden)
		return 0;
	if (open->state == BATCH_WITH_FAILURES) {
		refuse(err, "G17",
		    "batch %d ended with failures that nobody acknowledged",
		    open->number);
		return err_fix(
		    err, "look at divisi status, then: divisi approve %s", open->id);
	}
	refuse(err, "G07", "batch %d is not complete (%s)", open->number,
	    batch_state_name(open->state));
	return err_fix(err,
	    "divisi status shows what it waits for; or --override G07 --reason TEXT");
}

/* The phases that are finished, and those that a session has in hand (G07 overridden). */
static void
add_done(const struct engine *engine, const struct plan_run *p, struct fields *in)
{
	AUTO_FREE char *done = NULL, *busy = NULL;
	size_t n_done = 0, n_busy = 0;
	FILE *finished = open_memstream(&done, &n_done);
	FILE *in_hand = open_memstream(&busy, &n_busy);

	for (size_t i = 0; p && i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];

		if (strcmp(s->plan_id, p->id) != 0)
			continue;
		if (s->state == SESSION_DONE || s->state == SESSION_ABANDONED)
			fprintf(finished, "%s,", s->phase);
		else if (s->state >= SESSION_APPROVED && s->state != SESSION_FAILED)
			fprintf(in_hand, "%s,", s->phase);
	}
	fclose(finished);
	fclose(in_hand);
	fields_set(in, "done", done);
	fields_set(in, "busy", busy);
}

/*
 * The phases that other batches tried, once for each: their branches have those names.  An
 * aborted plan that is opened anew is another one, in the same file.
 */
static void
add_tried(const struct engine *engine, const struct plan_run *now, int64_t number,
    struct fields *in)
{
	const char *path = fields_text(in, "plan");
	AUTO_FREE char *tried = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&tried, &n);

	for (size_t i = 0; i < engine->core->n_sessions; i++) {
		const struct session *s = &engine->core->session[i];
		const struct plan_run *p = core_plan(engine->core, s->plan_id);
		const struct batch_run *b = core_batch(engine->core, s->batch_id);

		if (p && b && strcmp(p->path, path) == 0 &&
		    (p != now || b->number != number))
			fprintf(f, "%s,", s->phase);
	}
	fclose(f);
	fields_set(in, "tried", tried);
}

/*
 * Pairs of phases whose branches git could not merge when both were at work, in this plan
 * or an earlier try of it: that is known, and counts more than any chance.
 */
static void
add_met(const struct engine *engine, struct fields *in)
{
	const struct core *core = engine->core;
	AUTO_FREE char *met = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&met, &n);

	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];
		const struct session *a = core_session(core, c->a);
		const struct session *b = core_session(core, c->b);
		const struct plan_run *p = a ? core_plan(core, a->plan_id) : NULL;

		if (p && b && strcmp(c->kind, "file") == 0 &&
		    strcmp(a->plan_id, b->plan_id) == 0 &&
		    strcmp(p->path, fields_text(in, "plan")) == 0)
			fprintf(f, "%s,%s\n", a->phase, b->phase);
	}
	fclose(f);
	fields_set(in, "met", met);
}

static void
add_gate(const struct engine *engine, const char *path, struct fields *in)
{
	char why[160];
	bool passed = review_gate(
	    core_review_of(engine->core, path, "", "pre"), why, sizeof(why));

	if (passed)
		fields_set(in, "gate2", "passed");
	else
		fields_setf(in, "gate2", "not passed: %s", why);
}

/* What tracks of this repository cost, against sessions that implemented. */
static void
add_history(const struct engine *engine, struct fields *in)
{
	const struct core *core = engine->core;
	double *research = xcalloc(core->n_sessions + 1, sizeof(*research));
	double *work = xcalloc(core->n_sessions + 1, sizeof(*work));
	size_t n = 0, n_work = 0;
	struct research_factor factor;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (s->state != SESSION_DONE || s->points <= 0 || s->cost <= 0)
			continue;
		if (!s->is_analysis)
			work[n_work++] = (double)s->cost / (double)s->points;
		else if (strcmp(s->output, "evidence") == 0)
			research[n++] = (double)s->cost / (double)s->points;
	}
	factor = cost_research_factor(research, n, work, n_work);
	fields_set_number(in, "research_low_pct", factor.low_pct);
	fields_set_number(in, "research_high_pct", factor.high_pct);
	fields_set_number(in, "research_n", (int64_t)factor.n);
	free(research);
	free(work);
}

/* The plan as the tracker has it, and how many sessions live: for the preflight's words. */
static void
add_facts(struct engine *engine, const struct plan_run *p, struct fields *in)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	struct err err = ERR_INIT;

	fields_set_number(in, "live", (int64_t)core_live(engine->core));
	if (!p || p->master[0] == '\0' ||
	    issue_read(engine->store, p->master, &set, &err) < 0)
		return;
	for (size_t i = 0; i < set.item[0].n_attachments; i++) {
		const struct issue_attachment *a = &set.item[0].attachment[i];

		if (strcmp(a->url, p->path) == 0)
			fields_set(in, "attached", a->sha256);
	}
}

static void
add_assertions(const struct engine *engine, const char *path, struct fields *in)
{
	size_t n = 0;
	char key[64];

	for (size_t i = 0; i < engine->core->n_assertions; i++) {
		const struct assertion_run *a = &engine->core->assertion[i];

		if (strcmp(a->plan_path, path) != 0)
			continue;
		snprintf(key, sizeof(key), "s%zu.a", n);
		fields_set(in, key, a->a);
		snprintf(key, sizeof(key), "s%zu.b", n);
		fields_set(in, key, a->b);
		snprintf(key, sizeof(key), "s%zu.reason", n);
		fields_set(in, key, a->reason);
		n++;
	}
	fields_set_number(in, "n_assertions", (int64_t)n);
}

/* Prompts and the plan's text go beside the journal, by hash. */
static int
keep_texts(struct engine *engine, const struct fields *out, struct err *err)
{
	size_t n = (size_t)fields_number(out, "n_sessions", 0);
	const char *text = fields_text(out, "plan_text");

	if (DURABLE("blob.plan", blob_put(engine->store, fields_text(out, "sha256"),
				     text, strlen(text), err)) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *prompt = fields_text_at(out, i, "prompt");

		if (DURABLE("blob.prompt",
			blob_put(engine->store, fields_text_at(out, i, "prompt_sha"),
			    prompt, strlen(prompt), err)) < 0)
			return -1;
	}
	return 0;
}

static bool
is_bulky(const char *name)
{
	size_t n = strlen(name);

	return strcmp(name, "plan_text") == 0 || strncmp(name, "note", 4) == 0 ||
	       strncmp(name, "pair", 4) == 0 || strncmp(name, "check", 5) == 0 ||
	       (n > 7 && strcmp(name + n - 7, ".prompt") == 0);
}

static int
record_overrides(struct op *op, struct err *err)
{
	struct fields f = { 0 };
	int rc;

	if (fields_text(&op->in, "override")[0] == '\0')
		return 0;
	fields_set(&f, "rules", fields_text(&op->in, "override"));
	fields_set(&f, "reason", fields_text(&op->in, "reason"));
	rc = engine_happen(op->engine, HAP_OVERRIDDEN, op->actor, &f, err);
	fields_clear(&f);
	return rc;
}

/*
 * What is done and which batch comes next was taken from the plan as it ran then; aborted and
 * opened anew in the same file it is another one, in which nothing is done.
 */
static int
check_still_runs(const struct op *op, const struct plan_run *p, struct err *err)
{
	const char *of = fields_text(&op->in, "of");

	if (of[0] == '\0' || (p && strcmp(p->id, of) == 0))
		return 0;
	err_set(err, ERR_CONFLICT, "plan %s ended while this table was made", of);
	return err_fix(err, "divisi dispatch PLAN");
}

/*
 * The plan file that the proposal read may have been written by ourselves meanwhile, with
 * statuses of sessions that ended: what we wrote last counts, or every later status would find
 * the file changed by somebody else.
 */
static bool
was_written_meanwhile(
    const struct op *op, const struct plan_run *p, const struct fields *out)
{
	AUTO_FREE char *known = NULL;

	if (!p || strcmp(p->sha256, fields_text(&op->in, "known_sha")) == 0)
		return false;
	known = blob_get(op->engine->store, fields_text(out, "sha256"), NULL, NULL);
	return known != NULL;
}

/* The proposal becomes a planned batch: plan and batch are journalled, acts are owed. */
static int
adopt_proposal(struct op *op, const struct fields *out, struct err *err)
{
	struct engine *engine = op->engine;
	const struct plan_run *p = core_plan_by_path(
	    engine->core, fields_text(out, "path"));
	const struct batch_run *last;
	struct fields f = { 0 };
	enum hap kind = HAP_PLAN_OPENED;
	/* Before the text that was read is kept: only what we wrote is there by now. */
	bool is_older = was_written_meanwhile(op, p, out);
	int rc;

	if (check_still_runs(op, p, err) < 0 || keep_texts(engine, out, err) < 0 ||
	    record_overrides(op, err) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		if (is_bulky(out->item[i].name) ||
		    (strcmp(out->item[i].name, "taken") == 0 &&
			out->item[i].number < core_next_plan(engine->core)))
			continue;
		if (out->item[i].text)
			fields_set(&f, out->item[i].name, out->item[i].text);
		else
			fields_set_number(&f, out->item[i].name, out->item[i].number);
	}
	if (p && strcmp(p->state, "active") == 0) {
		kind = HAP_PLAN_CHANGED;
		fields_set(&f, "plan", p->id);
		if (is_older)
			fields_set(&f, "sha256", p->sha256);
	}
	rc = engine_happen(engine, kind, op->actor, &f, err);
	p = core_plan_by_path(engine->core, fields_text(out, "path"));
	/* The plan is open, so that its review has an issue to stand on; nothing is filed. */
	if (rc == 0 && p && review_check_gate2(engine->core, p->id, err) < 0)
		rc = -1;
	if (rc == 0 && p) {
		fields_set(&f, "plan", p->id);
		fields_set(&f, "override", fields_text(&op->in, "override"));
		fields_set(&f, "override_reason", fields_text(&op->in, "reason"));
		fields_set_number(&f, "override_G07",
		    strstr(fields_text(&op->in, "override"), "G07") != NULL);
		last = core_last_batch(engine->core, p->id);
		fields_set(&op->out, "plan", p->id);
		fields_setf(&op->out, "batch", "%s/%d", p->id,
		    (int)fields_number(out, "number", 1));
		/* The very table that waits already is shown again, not filed again. */
		if (!last || last->state != BATCH_AWAITING ||
		    strcmp(last->hash, fields_text(out, "hash")) != 0)
			rc = engine_happen(
			    engine, HAP_BATCH_PLANNED, op->actor, &f, err);
	}
	fields_clear(&f);
	return rc;
}

/*
 * Nothing is left to propose, yet a table of the plan waits, made before its phases were done,
 * given up or taken out: it can be neither approved (G11) nor made anew, only declined.
 */
static void
name_left_table(struct op *op)
{
	const struct core *core = op->engine->core;
	const struct plan_run *p = core_plan_by_path(
	    core, fields_text(&op->in, "plan"));
	const struct batch_run *b = p ? core_last_batch(core, p->id) : NULL;

	if (op->err.kind != ERR_NOT_FOUND || !b || b->state != BATCH_AWAITING)
		return;
	(void)err_fix(&op->err,
	    "the table of batch %d was made before and still waits: divisi decline --hash %.12s",
	    b->number, b->hash);
}

static void
on_proposal(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct op *op = arg;

	fields_copy(&op->out, out);
	op->err = *err;
	op->failed = failed;
	op->is_over = true;
	if (failed) {
		struct fields f = { 0 };

		name_left_table(op);
		fields_set(&f, "what", "dispatch");
		fields_put_err(&f, &op->err);
		if (engine_note(op->engine, HAP_REFUSED, &f) < 0)
			log_warn("a refused dispatch is not recorded");
		fields_clear(&f);
		return;
	}
	if (fields_number(&op->in, "dry_run", 0))
		return;
	op->err = (struct err)ERR_INIT;
	op->failed = adopt_proposal(op, out, &op->err) < 0;
}

/* The plan at PATH as it runs now; NULL when it was not opened, or is complete. */
static const struct plan_run *
running_plan(const struct engine *engine, const char *path)
{
	const struct plan_run *p = core_plan_by_path(engine->core, path);

	return p && strcmp(p->state, "complete") != 0 ? p : NULL;
}

/* Starts the job that makes the next table by IN; OF receives which run of the plan it is of. */
static struct job *
start_proposal(struct engine *engine, const struct fields *in, struct fields *of,
    job_done_fn *done, void *arg, struct err *err)
{
	const char *path = fields_text(in, "plan");
	const struct plan_run *p = running_plan(engine, path);
	bool overridden = strstr(fields_text(in, "override"), "G07") != NULL;
	struct fields job = { 0 };
	struct job *started;
	int64_t number;

	if (next_number(engine, p, overridden, &number, err) < 0)
		return NULL;
	fields_copy(&job, in);
	fields_set(&job, "top", engine->top); /* whatever the caller says */
	fields_set_number(&job, "next_number", number);
	add_done(engine, p, &job);
	add_tried(engine, p, number, &job);
	add_gate(engine, path, &job);
	fields_set_number(&job, "researched",
	    research_is_sufficient(core_research(engine->core, path)));
	fields_set(&job, "reviews", panels_review_of(engine, path));
	add_met(engine, &job);
	add_facts(engine, p, &job);
	add_assertions(engine, path, &job);
	add_history(engine, &job);
	fields_set(of, "of", p ? p->id : "");
	fields_set(of, "known_sha", p ? p->sha256 : "");
	started = job_start(engine, "propose", &job, done, arg, err);
	fields_clear(&job);
	return started;
}

int
order_dispatch(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	struct op *op;

	if (fields_text(in, "plan")[0] != '/')
		return err_set(err, ERR_USAGE, "the plan must be an absolute path");
	if (refusal_check_overrides(fields_text(in, "override"),
		fields_text(in, "reason"), REFUSAL_DISPATCH_OVERRIDES, err) < 0)
		return -1;
	op = op_new(engine, caller, in, out);
	op->job = start_proposal(engine, in, &op->in, on_proposal, op, err);
	if (!op->job) {
		op_forget(op);
		return -1;
	}
	return 1;
}

static void
on_task_proposal(
    void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct task *task = arg;
	struct op op = { .engine = task->engine };

	snprintf(op.actor, sizeof(op.actor), "server");
	fields_copy(&op.in, &task->fields);
	/* Nobody is asked any more, or others are. */
	if (panels_review_of(op.engine, fields_text(&op.in, "plan"))[0] == '\0') {
		fields_clear(&op.in);
		task_end(task, "done", "{}", 0);
		return;
	}
	on_proposal(&op, out, err, failed);
	if (op.failed)
		task_fail(task, &op.err);
	else
		task_end(task, "done", "{}", 0);
	fields_clear(&op.in);
	fields_clear(&op.out);
}

void
dispatch_by_task(struct task *task, const char *path)
{
	struct err err = ERR_INIT;
	struct fields in = { 0 };

	fields_set(&in, "plan", path);
	fields_set(&task->fields, "plan", path);
	task->job = start_proposal(
	    task->engine, &in, &task->fields, on_task_proposal, task, &err);
	fields_clear(&in);
	if (!task->job)
		task_fail(task, &err);
}
