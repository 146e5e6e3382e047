#include "core/core.h"

#include "core/internal.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

bool
core_move(
    struct session *session, enum session_event event, int64_t now, struct acts *acts)
{
	enum session_state from = session->state;
	char entity[128];

	if (!session_next(&session->state, event))
		return false;
	snprintf(entity, sizeof(entity), "session/%s", session->id);
	acts_move(
	    acts, entity, session_state_name(from), session_state_name(session->state));
	session->since = now;
	if (session_is_terminal(session->state))
		session->ended_at = now;
	return true;
}

void
core_move_batch(
    struct batch_run *batch, enum batch_state to, int64_t now, struct acts *acts)
{
	char entity[128];

	if (batch->state == to)
		return;
	snprintf(entity, sizeof(entity), "batch/%s", batch->id);
	acts_move(acts, entity, batch_state_name(batch->state), batch_state_name(to));
	batch->state = to;
	batch->since = now;
}

struct session *
happening_session(struct core *core, const struct happening *h, struct err *err)
{
	const char *id = fields_text(&h->fields, "session");
	struct session *s = core_session(core, id);

	if (!s)
		err_set(err, ERR_NOT_FOUND, "no session '%.60s'", id);
	return s;
}

static void
read_settings(struct plan_run *p, const struct fields *f)
{
	core_set(&p->title, fields_text(f, "title"));
	core_set(&p->plan_hash, fields_text(f, "plan_hash"));
	core_set(&p->sha256, fields_text(f, "sha256"));
	core_set(&p->master, fields_text(f, "master"));
	core_set(&p->master_title, fields_text(f, "master_title"));
	core_set(&p->master_url, fields_text(f, "master_url"));
	core_set(&p->target, fields_text(f, "target"));
	core_set(&p->verify, fields_text(f, "verify"));
	core_set(&p->merge, fields_text(f, "merge"));
	core_set(&p->landing, fields_text(f, "landing"));
	core_set(&p->publish, fields_text(f, "publish"));
	core_set(&p->phases, fields_text(f, "phases"));
	core_set(&p->profile, fields_text(f, "profile"));
	p->cap = fields_number(f, "cap", 3);
	p->research_cap = fields_number(f, "research_cap", 5);
	p->threshold = fields_number(f, "threshold", 1000);
	p->n_phases = fields_number(f, "n_phases", 0);
}

static int
step_plan_opened(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *path = fields_text(&h->fields, "path");
	struct plan_run *p = core_plan_by_path(core, path);
	char entity[64];

	if (p && strcmp(p->state, "complete") != 0)
		return err_set(err, ERR_CONFLICT, "plan %s is open already", path);
	GROW(core->plan, core->n_plans, core->cap_plans);
	p = &core->plan[core->n_plans++];
	*p = (struct plan_run){ .opened_at = h->at };
	p->id = xasprintf("p%zu", core->n_plans);
	p->path = xstrdup(path);
	read_settings(p, &h->fields);
	core_set(&p->state, "active");
	core_set(&p->trouble, "");
	snprintf(entity, sizeof(entity), "plan/%s", p->id);
	acts_move(acts, entity, "", "active");
	return 0;
}

static int
step_plan_changed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));

	(void)acts;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	read_settings(p, &h->fields);
	return 0;
}

static int
step_plan_asserted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct assertion_run *a;

	(void)acts;
	(void)err;
	GROW(core->assertion, core->n_assertions, core->cap_assertions);
	a = &core->assertion[core->n_assertions++];
	*a = (struct assertion_run){ .plan_path = xstrdup(
					 fields_text(&h->fields, "path")),
		.a = xstrdup(fields_text(&h->fields, "a")),
		.b = xstrdup(fields_text(&h->fields, "b")),
		.reason = xstrdup(fields_text(&h->fields, "reason")),
		.by = xstrdup(h->actor) };
	return 0;
}

static int
step_plan_aborted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	core_set(&p->state, "aborted");
	p->closed_at = h->at;
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0 || session_is_terminal(s->state) ||
		    s->state == SESSION_PARKED)
			continue;
		core_set(&s->reason, "plan aborted");
		if (s->run_open)
			owe_tell(s, "stop", acts);
		if (!core_move(s, ON_PARK, h->at, acts) &&
		    !core_move(s, ON_DECLINED, h->at, acts))
			continue;
		owe_inspect(s, "abort", acts);
	}
	owe_write_back(core, p->id, acts);
	return 0;
}

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
		{ "prompt_sha", offsetof(struct session, prompt_sha) },
		{ "verify", offsetof(struct session, verify) },
		{ "after", offsetof(struct session, after) },
	};
	char **const empty[] = { &s->sub_issue, &s->base, &s->run, &s->agent_session,
		&s->last_text, &s->reason, &s->summary, &s->claimed_by, &s->head,
		&s->pin, &s->candidate, &s->landed, &s->evidence, &s->stray,
		&s->blocked };

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
	s->merge_position = fields_number_at(f, i, "merge", 0);
	s->is_analysis = fields_number_at(f, i, "analysis", 0) != 0;
	s->is_external = fields_number_at(f, i, "external", 0) != 0;
	s->is_sandboxed = fields_number_at(f, i, "sandboxed", 0) != 0;
	s->context_pct = -1;
}

static int
check_predecessor(const struct core *core, const struct plan_run *p, int64_t number,
    bool overridden, struct err *err)
{
	const struct batch_run *last = core_last_batch(core, p->id);

	if (!last || last->number >= number || overridden)
		return 0;
	if (last->state == BATCH_COMPLETE ||
	    (last->state == BATCH_WITH_FAILURES && last->acked))
		return 0;
	err_set(err, ERR_REFUSED, "batch %d is not complete (%s)", last->number,
	    batch_state_name(last->state));
	err->code = "G07";
	err->rule = "S-27";
	return err_fix(
	    err, "divisi status shows what batch %d waits for", last->number);
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
	if (s->path[0] == '\0')
		return;
	f = acts_add(
	    acts, "worktree-add", s->id, "worktree-add/%s/v%d", s->id, b->version);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", p->id);
	fields_set(f, "path", s->path);
	fields_set(f, "branch", s->branch);
	fields_set(f, "base", b->base);
}

/* Adds the session at I of the happening to B, or takes the one an earlier try filed. */
static void
plan_session(struct core *core, struct plan_run *p, struct batch_run *b,
    const struct happening *h, size_t i)
{
	AUTO_FREE char *id = NULL, *sub_issue = NULL;
	struct session *s;

	id = xasprintf(
	    "%s.%d.%s", p->id, b->number, fields_text_at(&h->fields, i, "phase"));
	s = core_session(core, id);
	if (s) {
		sub_issue = xstrdup(s->sub_issue);
		session_clear(s);
	} else {
		GROW(core->session, core->n_sessions, core->cap_sessions);
		s = &core->session[core->n_sessions++];
	}
	*s = (struct session){ .id = xstrdup(id) };
	s->plan_id = xstrdup(p->id);
	s->batch_id = xstrdup(b->id);
	read_session(s, &h->fields, i);
	if (sub_issue)
		core_set(&s->sub_issue, sub_issue);
	core_set(&s->base, b->base);
	s->since = h->at;
	GROW(b->session, b->n, b->cap);
	b->session[b->n++] = (size_t)(s - core->session);
}

static int
step_batch_planned(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));
	int64_t number = fields_number(&h->fields, "number", 0);
	size_t n = (size_t)fields_number(&h->fields, "n_sessions", 0);
	AUTO_FREE char *id = NULL, *entity = NULL;
	struct batch_run *b;

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	if (n == 0 || n > 64)
		return err_set(err, ERR_CONFLICT, "a batch of %zu sessions", n);
	if (check_predecessor(core, p, number,
		fields_number(&h->fields, "override_G07", 0) != 0, err) < 0)
		return -1;
	id = xasprintf("%s/%d", p->id, (int)number);
	b = core_batch(core, id);
	if (b && b->state != BATCH_PLANNED && b->state != BATCH_DECLINED &&
	    b->state != BATCH_FILED && b->state != BATCH_AWAITING)
		return err_set(err, ERR_CONFLICT, "batch %d is %s already", (int)number,
		    batch_state_name(b->state));
	if (!b) {
		GROW(core->batch, core->n_batches, core->cap_batches);
		b = &core->batch[core->n_batches++];
		*b = (struct batch_run){ .id = xstrdup(id), .plan_id = xstrdup(p->id) };
		b->opened_at = h->at;
	}
	b->number = (int)number;
	b->version++;
	b->n = 0;
	core_set(&b->kind, fields_text(&h->fields, "kind"));
	core_set(&b->hash, fields_text(&h->fields, "hash"));
	core_set(&b->base, fields_text(&h->fields, "base"));
	core_set(&b->reason, "");
	core_set(&b->approved_by, "");
	b->state = BATCH_PLANNED;
	b->since = h->at;
	for (size_t i = 0; i < n; i++)
		plan_session(core, p, b, h, i);
	for (size_t i = 0; i < n; i++)
		owe_preparation(p, b, &core->session[b->session[i]], acts);
	entity = xasprintf("batch/%s", b->id);
	acts_move(acts, entity, "", "planned");
	return 0;
}

static int
step_batch_approved(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct batch_run *b = core_batch(core, fields_text(&h->fields, "batch"));
	const char *hash = fields_text(&h->fields, "hash");

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "no such batch");
	if (b->state != BATCH_AWAITING) {
		err_set(err, ERR_REFUSED, "batch %d is %s, not waiting for approval",
		    b->number, batch_state_name(b->state));
		err->code = "G11";
		err->rule = "S-80";
		return -1;
	}
	if (strcmp(hash, b->hash) != 0) {
		err_set(err, ERR_REFUSED,
		    "the approval is for table %.12s, but this is %.12s", hash,
		    b->hash);
		err->code = "G11";
		err->rule = "S-80";
		return err_fix(err, "look at the table again: divisi dispatch PLAN");
	}
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

static int
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
	core_set(&b->reason, fields_text(&h->fields, "reason"));
	core_move_batch(b, BATCH_DECLINED, h->at, acts);
	for (size_t i = 0; i < b->n; i++) {
		struct session *s = &core->session[b->session[i]];
		struct fields *f;

		(void)core_move(s, ON_DECLINED, h->at, acts);
		owe_issue_move(acts, s, "Backlog", b->version);
		owe_comment(
		    acts, s, "gate", b->version, "The dispatch table was declined.");
		if (s->path[0] == '\0')
			continue;
		f = acts_add(acts, "worktree-remove", s->id, "worktree-remove/%s/v%d",
		    s->id, b->version);
		fields_set(f, "session", s->id);
		fields_set(f, "path", s->path);
		fields_set(f, "why", "declined");
	}
	return 0;
}

static int
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

static int
step_written_back(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));

	(void)acts;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	core_set(&p->trouble, fields_text(&h->fields, "trouble"));
	if (fields_text(&h->fields, "sha256")[0])
		core_set(&p->sha256, fields_text(&h->fields, "sha256"));
	return 0;
}

static int
step_nothing(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	(void)core;
	(void)h;
	(void)acts;
	(void)err;
	return 0;
}

/* What time alone changes: launches that nobody confirmed, agents that fell silent. */
static int
step_clock(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];
		AUTO_FREE char *age = NULL;

		if ((s->state == SESSION_UNCONFIRMED ||
			s->state == SESSION_LAUNCHING) &&
		    s->started_at + core->confirm_limit_ms <= h->at) {
			age = text_age(core->confirm_limit_ms);
			free(s->reason);
			s->reason = xasprintf("no 'Session started' after %s", age);
			(void)core_move(s, ON_STALL, h->at, acts);
		} else if (s->state == SESSION_ACTIVE &&
			   s->last_seen + core->silence_limit_ms <= h->at) {
			age = text_age(core->silence_limit_ms);
			free(s->reason);
			s->reason = xasprintf("silent for %s", age);
			(void)core_move(s, ON_STALL, h->at, acts);
		}
	}
	return 0;
}

int64_t
core_next_deadline(const struct core *core)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		int64_t at = INT64_MAX;

		if (s->state == SESSION_UNCONFIRMED || s->state == SESSION_LAUNCHING)
			at = s->started_at + core->confirm_limit_ms;
		else if (s->state == SESSION_ACTIVE)
			at = s->last_seen + core->silence_limit_ms;
		else if (s->state == SESSION_APPROVED && core->paused_until > 0)
			at = core->paused_until;
		if (at < next)
			next = at;
	}
	return next;
}

static step_fn *const steps[HAP_N] = {
	/* clang-format off */
	[HAP_PLAN_OPENED]       = step_plan_opened,
	[HAP_PLAN_CHANGED]      = step_plan_changed,
	[HAP_PLAN_ASSERTED]     = step_plan_asserted,
	[HAP_PLAN_ABORTED]      = step_plan_aborted,
	[HAP_BATCH_PLANNED]     = step_batch_planned,
	[HAP_BATCH_APPROVED]    = step_batch_approved,
	[HAP_BATCH_DECLINED]    = step_batch_declined,
	[HAP_BATCH_ACKED]       = step_batch_acked,
	[HAP_SESSION_FILED]     = step_session_filed,
	[HAP_SESSION_PREPARED]  = step_session_prepared,
	[HAP_ACT_FAILED]        = step_act_failed,
	[HAP_RUN_STARTED]       = step_run_started,
	[HAP_RUN_ENDED]         = step_run_ended,
	[HAP_RUN_LOST]          = step_run_lost,
	[HAP_AGENT_ACCEPTED]    = step_agent_accepted,
	[HAP_AGENT_CONFIRMED]   = step_agent_confirmed,
	[HAP_AGENT_ACTIVITY]    = step_agent_activity,
	[HAP_AGENT_ASKED]       = step_agent_asked,
	[HAP_AGENT_ASK_GONE]    = step_agent_ask_gone,
	[HAP_AGENT_ESTIMATE]    = step_agent_estimate,
	[HAP_AGENT_LIMIT]       = step_agent_limit,
	[HAP_AGENT_DONE]        = step_agent_done,
	[HAP_AGENT_FAILED]      = step_agent_failed,
	[HAP_ASK_ANSWERED]      = step_ask_answered,
	[HAP_INSPECTED]         = step_inspected,
	[HAP_MERGE_ASKED]       = step_merge_asked,
	[HAP_CANDIDATE_BUILT]   = step_candidate_built,
	[HAP_CANDIDATE_REFUSED] = step_candidate_refused,
	[HAP_LANDED]            = step_landed,
	[HAP_LANDING_BLOCKED]   = step_landing_blocked,
	[HAP_SAID]              = step_said,
	[HAP_HELD]              = step_held,
	[HAP_RESUMED]           = step_resumed,
	[HAP_PARKED]            = step_parked,
	[HAP_ABANDONED]         = step_abandoned,
	[HAP_CLAIMED]           = step_claimed,
	[HAP_WRITTEN_BACK]      = step_written_back,
	[HAP_OVERRIDDEN]        = step_nothing,
	[HAP_CLOCK]             = step_clock,
	[HAP_REFUSED]           = step_nothing,
	/* clang-format on */
};

int
core_step(struct core *core, const struct happening *happened, struct acts *acts,
    struct err *err)
{
	assert(happened->kind >= 0 && happened->kind < HAP_N && steps[happened->kind]);
	if (steps[happened->kind](core, happened, acts, err) < 0)
		return -1;
	if (happened->kind != HAP_REFUSED)
		flow_advance(core, happened->at, acts);
	return 0;
}
