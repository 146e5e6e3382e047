#include "core/internal.h"
#include "core/review.h"

#include "policy/refusal.h"

#include <stddef.h>
#include <string.h>

/* A batch until its sessions run: planned, filed, prepared, approved or declined. */

static void
read_session(struct session *s, const struct fields *f, size_t i)
{
	static const struct {
		const char *name;
		size_t at;
	} texts[] = {
		{ "phase", offsetof(struct session, phase) },
		{ "label", offsetof(struct session, label) },
		{ "issue", offsetof(struct session, issue) },
		{ "issue_title", offsetof(struct session, issue_title) },
		{ "issue_url", offsetof(struct session, issue_url) },
		{ "focus", offsetof(struct session, focus) },
		{ "title", offsetof(struct session, title) },
		{ "mode", offsetof(struct session, mode) },
		{ "launch", offsetof(struct session, launch) },
		{ "agent", offsetof(struct session, agent) },
		{ "agent_shown", offsetof(struct session, agent_shown) },
		{ "adapter", offsetof(struct session, adapter) },
		{ "program", offsetof(struct session, program) },
		{ "branch", offsetof(struct session, branch) },
		{ "worktree", offsetof(struct session, worktree) },
		{ "path", offsetof(struct session, path) },
		{ "args", offsetof(struct session, args) },
		{ "env_more", offsetof(struct session, env_more) },
		{ "identity", offsetof(struct session, identity) },
		{ "setup", offsetof(struct session, setup) },
		{ "prompt_sha", offsetof(struct session, prompt_sha) },
		{ "verify", offsetof(struct session, verify) },
		{ "rules", offsetof(struct session, rules) },
		{ "fence", offsetof(struct session, fence) },
		{ "grants", offsetof(struct session, grants) },
		{ "after", offsetof(struct session, after) },
		{ "needs", offsetof(struct session, needs) },
		{ "output", offsetof(struct session, output) },
		{ "review", offsetof(struct session, review) },
		{ "depth", offsetof(struct session, depth) },
		{ "repo", offsetof(struct session, repo) },
		{ "target", offsetof(struct session, target) },
		{ "routes", offsetof(struct session, away.routes) },
	};
	char **const empty[] = { &s->sub_issue, &s->base, &s->run, &s->agent_session,
		&s->agent_turn, &s->run_resume, &s->run_note, &s->last_text, &s->reason,
		&s->offered, &s->summary, &s->claimed_by, &s->next, &s->next_note,
		&s->terminal, &s->terminal_command, &s->taken_pin, &s->head, &s->pin,
		&s->candidate, &s->landed, &s->evidence, &s->stray, &s->widened,
		&s->fenced, &s->blocked, &s->call, &s->pull_url, &s->pull_state,
		&s->pull_checks, &s->pull_review, &s->output_path, &s->output_sha,
		&s->progress, &s->state_text, &s->go_on_text, &s->checkpoint, &s->model,
		&s->decisions, &s->blockers, &s->away.to, &s->away.signal,
		&s->away.state, &s->away.branch, &s->away.head, &s->away.taken,
		&s->away.trouble };

	for (size_t k = 0; k < N_ELEMS(texts); k++)
		*(char **)(void *)((char *)s + texts[k].at) = xstrdup(
		    fields_text_at(f, i, texts[k].name));
	for (size_t k = 0; k < N_ELEMS(empty); k++)
		*empty[k] = xstrdup("");
	s->est_low = fields_number_at(f, i, "est_low", -1);
	s->est_mid = fields_number_at(f, i, "est_mid", -1);
	s->est_high = fields_number_at(f, i, "est_high", -1);
	s->points = fields_number_at(f, i, "points", 0);
	s->budget = fields_number_at(f, i, "budget", 0);
	core_set(&s->price, fields_text_at(f, i, "price"));
	core_set(&s->account, fields_text_at(f, i, "account")[0]
				  ? fields_text_at(f, i, "account")
				  : s->agent);
	s->merge_position = fields_number_at(f, i, "merge", 0);
	s->is_analysis = fields_number_at(f, i, "analysis", 0) != 0;
	s->is_external = fields_number_at(f, i, "external", 0) != 0;
	s->is_sandboxed = fields_number_at(f, i, "sandboxed", 0) != 0;
	s->away.reroutes = fields_number_at(f, i, "reroutes", 0) != 0;
	s->context_pct = -1;
	loop_read(s, f, i);
}

static int
check_predecessor(
    const struct core *core, const struct plan_run *p, int64_t number, struct err *err)
{
	const struct batch_run *open = core_open_before(core, p->id, number);

	if (!open)
		return 0;
	if (open->state == BATCH_WITH_FAILURES) {
		refuse(err, "G17",
		    "batch %d ended with failures that nobody acknowledged",
		    open->number);
		return err_fix(err, "divisi approve %s", open->id);
	}
	refuse(err, "G07", "batch %d is not complete (%s)", open->number,
	    batch_state_name(open->state));
	return err_fix(
	    err, "divisi status shows what batch %d waits for", open->number);
}

/* Files the acts that make a planned batch ready for approval: METHOD 6, S-76. */
static void
owe_preparation(const struct plan_run *p, const struct batch_run *b, struct session *s,
    struct acts *acts)
{
	struct fields *f;

	f = acts_add(
	    acts, "issue-file", "tracker", "issue-file/%s/v%d", s->id, b->version);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", p->id);
	fields_set_number(f, "version", b->version);
	if (b->queues)
		fields_set_number(f, "queue", 1);
	if (s->path[0] == '\0')
		return;
	f = acts_add(
	    acts, "worktree-add", s->id, "worktree-add/%s/v%d", s->id, b->version);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", p->id);
	fields_set(f, "path", s->path);
	fields_set(f, "branch", s->branch);
	fields_set(f, "base", s->base);
	fields_set_number(f, "version", b->version);
}

/* Takes back what was prepared for S: nothing of it may start, its issue is kept. */
static void
withdraw(struct session *s, const struct batch_run *b, const char *why, int64_t now,
    struct acts *acts)
{
	struct fields *f;

	(void)core_move(s, ON_DECLINED, now, acts);
	s->has_tree = false;
	owe_issue_move(acts, s, "Backlog", b->version);
	owe_comment(acts, s, "gate", b->version, why);
	if (s->path[0] == '\0')
		return;
	f = acts_add(acts, "worktree-remove", s->id, "worktree-remove/%s/v%d", s->id,
	    b->version);
	fields_set(f, "session", s->id);
	fields_set(f, "path", s->path);
	fields_set(f, "why", "declined");
}

void
batch_decline(struct core *core, struct batch_run *b, const char *why, int64_t now,
    struct acts *acts)
{
	core_set(&b->reason, why);
	core_move_batch(b, BATCH_DECLINED, now, acts);
	for (size_t i = 0; i < b->n; i++)
		withdraw(&core->session[b->session[i]], b,
		    "The dispatch table was declined.", now, acts);
}

bool
batch_has(const struct core *core, const struct batch_run *b, const struct session *s)
{
	for (size_t i = 0; i < b->n; i++) {
		if (&core->session[b->session[i]] == s)
			return true;
	}
	return false;
}

/* Adds the session at I of the happening to B, or takes the one an earlier try filed. */
static void
plan_session(struct core *core, struct plan_run *p, struct batch_run *b,
    const struct happening *h, size_t i)
{
	AUTO_FREE char *id = NULL, *sub_issue = NULL;
	struct session *s;
	int n_keys = 0;

	id = xasprintf(
	    "%s.%d.%s", p->id, b->number, fields_text_at(&h->fields, i, "phase"));
	s = core_session(core, id);
	if (s) {
		sub_issue = xstrdup(s->sub_issue);
		n_keys = s->n_keys; /* a key that was given is never given again */
		session_clear(s);
	} else {
		GROW(core->session, core->n_sessions, core->cap_sessions);
		s = &core->session[core->n_sessions++];
	}
	*s = (struct session){ .id = xstrdup(id), .n_keys = n_keys };
	s->plan_id = xstrdup(p->id);
	s->batch_id = xstrdup(b->id);
	read_session(s, &h->fields, i);
	if (sub_issue)
		core_set(&s->sub_issue, sub_issue);
	core_set(
	    &s->base, s->repo[0] ? fields_text_at(&h->fields, i, "base") : b->base);
	s->since = h->at;
	GROW(b->session, b->n, b->cap);
	b->session[b->n++] = (size_t)(s - core->session);
}

const struct session *
batch_other_of(const struct core *core, const struct plan_run *p, const char *phase,
    const char *batch_id)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];
		const struct batch_run *b = core_batch(core, o->batch_id);

		if (strcmp(o->plan_id, p->id) == 0 && strcmp(o->phase, phase) == 0 &&
		    strcmp(o->batch_id, batch_id) != 0 && b && batch_has(core, b, o) &&
		    b->state != BATCH_DECLINED && o->state != SESSION_FAILED &&
		    o->state != SESSION_ABANDONED)
			return o;
	}
	return NULL;
}

/* S-83: a phase is worked on once, and once it is done it is done. */
static int
check_phases(const struct core *core, const struct plan_run *p, const char *batch_id,
    const struct happening *h, struct err *err)
{
	size_t n = (size_t)fields_number(&h->fields, "n_sessions", 0);

	for (size_t i = 0; i < n; i++) {
		const char *phase = fields_text_at(&h->fields, i, "phase");
		const struct session *o = batch_other_of(core, p, phase, batch_id);

		if (o)
			return refuse(err, "G10",
			    "phase %s is %s in another batch (%s)", phase,
			    session_state_name(o->state), o->id);
	}
	return 0;
}

int
step_batch_planned(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));
	int64_t number = fields_number(&h->fields, "number", 0);
	size_t n = (size_t)fields_number(&h->fields, "n_sessions", 0);
	AUTO_FREE char *id = NULL;
	AUTO_FREE size_t *old = NULL;
	size_t n_old = 0;
	struct batch_run *b;

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	if (strcmp(p->state, "active") != 0)
		return err_set(err, ERR_CONFLICT, "plan %s is %s", p->id, p->state);
	if (n == 0 || n > 64)
		return err_set(err, ERR_CONFLICT, "a batch of %zu sessions", n);
	if (!fields_number(&h->fields, "override_G07", 0) &&
	    check_predecessor(core, p, number, err) < 0)
		return -1;
	id = xasprintf("%s/%d", p->id, (int)number);
	b = core_batch(core, id);
	if (b && b->state != BATCH_PLANNED && b->state != BATCH_DECLINED &&
	    b->state != BATCH_FILED && b->state != BATCH_AWAITING)
		return err_set(err, ERR_CONFLICT, "batch %d is %s already", (int)number,
		    batch_state_name(b->state));
	if (check_phases(core, p, id, h, err) < 0)
		return -1;
	if (!b) {
		GROW(core->batch, core->n_batches, core->cap_batches);
		b = &core->batch[core->n_batches++];
		*b = (struct batch_run){ .id = xstrdup(id), .plan_id = xstrdup(p->id) };
		b->opened_at = h->at;
	}
	if (b->state != BATCH_DECLINED) {
		old = b->session;
		n_old = b->n;
		b->session = NULL;
		b->cap = 0;
	}
	b->number = (int)number;
	b->version++;
	b->overtakes = fields_number(&h->fields, "override_G07", 0) != 0;
	b->queues = fields_number(&h->fields, "queue", 0) != 0;
	b->n = 0;
	core_set(&b->kind, fields_text(&h->fields, "kind"));
	core_set(&b->hash, fields_text(&h->fields, "hash"));
	core_set(&b->base, fields_text(&h->fields, "base"));
	core_set(&b->plan_hash, fields_text(&h->fields, "plan_hash"));
	core_set(&b->reason, "");
	core_set(&b->approved_by, "");
	free(b->overrides);
	b->overrides = fields_text(&h->fields, "override")[0]
			   ? xasprintf("%s: %s", fields_text(&h->fields, "override"),
				 fields_text(&h->fields, "override_reason"))
			   : xstrdup("");
	b->state = BATCH_PLANNED;
	b->since = h->at;
	for (size_t i = 0; i < n; i++)
		plan_session(core, p, b, h, i);
	for (size_t i = 0; i < n_old; i++) {
		struct session *s = &core->session[old[i]];

		if (!batch_has(core, b, s))
			withdraw(s, b, "The dispatch table was made anew without it.",
			    h->at, acts);
	}
	for (size_t i = 0; i < n; i++)
		owe_preparation(p, b, &core->session[b->session[i]], acts);
	acts_movef(acts, "", "planned", "batch/%s", b->id);
	return 0;
}

int
step_batch_approved(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct batch_run *b = core_batch(core, fields_text(&h->fields, "batch"));
	const char *hash = fields_text(&h->fields, "hash");
	const struct plan_run *p;

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "no such batch");
	if (b->state != BATCH_AWAITING)
		return refuse(err, "G11", "batch %d is %s, not waiting for approval",
		    b->number, batch_state_name(b->state));
	if (strcmp(hash, b->hash) != 0) {
		refuse(err, "G11", "the approval is for table %.12s, but this is %.12s",
		    hash, b->hash);
		return err_fix(err, "look at the table again: divisi dispatch PLAN");
	}
	if (review_check_gate2(core, b->plan_id, err) < 0)
		return -1;
	/* A session of an earlier batch may have been taken up again since it was planned. */
	p = core_plan(core, b->plan_id);
	if (p && !b->overtakes && check_predecessor(core, p, b->number, err) < 0)
		return -1;
	core_set(&b->approved_by, h->actor);
	core_move_batch(b, BATCH_APPROVED, h->at, acts);
	for (size_t i = 0; i < b->n; i++) {
		struct session *s = &core->session[b->session[i]];
		struct fields *f;

		(void)core_move(s, ON_APPROVED, h->at, acts);
		f = acts_add(acts, "issue-assign", "tracker", "issue-assign/%s/v%d",
		    s->id, b->version);
		fields_set(f, "session", s->id);
		fields_set(f, "assignee", s->agent);
	}
	return 0;
}

int
step_batch_declined(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct batch_run *b = core_batch(core, fields_text(&h->fields, "batch"));

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "no such batch");
	if (b->state != BATCH_AWAITING && b->state != BATCH_PLANNED &&
	    b->state != BATCH_FILED)
		return err_set(err, ERR_CONFLICT, "batch %d is %s: nothing to decline",
		    b->number, batch_state_name(b->state));
	batch_decline(core, b, fields_text(&h->fields, "reason"), h->at, acts);
	return 0;
}

int
step_batch_acked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct batch_run *b = core_batch(core, fields_text(&h->fields, "batch"));

	(void)acts;
	if (!b)
		return err_set(err, ERR_NOT_FOUND, "no such batch");
	if (b->state != BATCH_WITH_FAILURES)
		return err_set(err, ERR_CONFLICT,
		    "batch %d is %s: no failure to acknowledge", b->number,
		    batch_state_name(b->state));
	b->acked = true;
	core_set(&b->reason, fields_text(&h->fields, "reason"));
	return 0;
}
