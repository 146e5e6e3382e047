#include "core/core.h"

#include "core/feedback.h"
#include "core/internal.h"
#include "core/review.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool
core_move(
    struct session *session, enum session_event event, int64_t now, struct acts *acts)
{
	enum session_state from = session->state;

	if (!session_next(&session->state, event))
		return false;
	if (from == SESSION_CLAIMED)
		session_unclaim(session);
	acts_movef(acts, session_state_name(from), session_state_name(session->state),
	    "session/%s", session->id);
	session->since = now;
	session->n_failed += session->state == SESSION_FAILED;
	if (session_is_terminal(session->state))
		session->ended_at = now;
	return true;
}

void
core_move_batch(
    struct batch_run *batch, enum batch_state to, int64_t now, struct acts *acts)
{
	if (batch->state == to)
		return;
	acts_movef(acts, batch_state_name(batch->state), batch_state_name(to),
	    "batch/%s", batch->id);
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
	/* What is filed in one tracker is not looked for in another. */
	if (!p->tracker)
		core_set(&p->tracker, fields_text(f, "tracker"));
	core_set(&p->phases, fields_text(f, "phases"));
	core_set(&p->profile, fields_text(f, "profile"));
	core_set(&p->radar, fields_text(f, "radar"));
	core_set(&p->planner, fields_text(f, "planner"));
	core_set(&p->review, fields_text(f, "review"));
	core_set(&p->review_why, fields_text(f, "review_why"));
	core_set(&p->mention, fields_text(f, "mention"));
	core_set(&p->reviews, fields_text(f, "reviews"));
	core_set(&p->guard, fields_text(f, "guard"));
	p->cap = fields_number(f, "cap", 3);
	p->research_cap = fields_number(f, "research_cap", 5);
	p->threshold = fields_number(f, "threshold", 1000);
	p->n_phases = fields_number(f, "n_phases", 0);
	p->confirm_ms = fields_number(f, "confirm_ms", 0);
	p->silence_ms = fields_number(f, "silence_ms", 0);
	p->wall_ms = fields_number(f, "wall_ms", 0);
	p->out_bytes = fields_number(f, "out_bytes", 0);
	p->memory_bytes = fields_number(f, "memory_bytes", 0);
	p->processes = fields_number(f, "processes", 0);
	p->stuck_ms = fields_number(f, "stuck_ms", 0);
	p->ask_ms = fields_number(f, "ask_ms", 0);
	p->retry_limit = fields_number(f, "retry_limit", 0);
	p->same_error_limit = fields_number(f, "same_error_limit", 0);
	p->tries_limit = fields_number(f, "tries_limit", 0);
	p->context_warn = fields_number(f, "context_warn", 0);
	p->context_stop = fields_number(f, "context_stop", 0);
	p->cost_rate = fields_number(f, "cost_rate", 0);
	p->cost_floor = fields_number(f, "cost_floor", 0);
	if (!p->caps_set) {
		p->plan_cap = fields_number(f, "plan_cap", 0);
		p->batch_cap = fields_number(f, "batch_cap", 0);
	}
	p->publish_unset = fields_number(f, "publish_unset", 0) != 0;
}

static int
step_plan_opened(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *path = fields_text(&h->fields, "path");
	struct plan_run *p = core_plan_by_path(core, path);
	int64_t number = core_next_plan(core),
		taken = fields_number(&h->fields, "taken", 0);

	if (p && strcmp(p->state, "complete") != 0)
		return err_set(err, ERR_CONFLICT, "plan %s is open already", path);
	/* Sessions of a journal that is gone keep their names: runs, pins, worktrees have them. */
	if (taken >= number)
		number = taken + 1;
	GROW(core->plan, core->n_plans, core->cap_plans);
	p = &core->plan[core->n_plans++];
	*p = (struct plan_run){ .opened_at = h->at };
	p->id = xasprintf("p%lld", (long long)number);
	p->path = xstrdup(path);
	read_settings(p, &h->fields);
	core_set(&p->state, "active");
	core_set(&p->trouble, "");
	core_set(&p->published, "");
	core_set(&p->unpublished, "");
	core_set(&p->unpublished_in, "");
	core_set(&p->told, "");
	core_set(&p->untold, "");
	core_set(&p->milestones, "");
	acts_movef(acts, "", "active", "plan/%s", p->id);
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

int
step_plan_aborted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	if (strcmp(p->state, "active") != 0)
		return err_set(
		    err, ERR_CONFLICT, "plan %s is %s already", p->id, p->state);
	core_set(&p->state, "aborted");
	p->closed_at = h->at;
	acts_movef(acts, "active", "aborted", "plan/%s", p->id);
	for (size_t i = 0; i < core->n_batches; i++) {
		struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, p->id) == 0 &&
		    (b->state == BATCH_PLANNED || b->state == BATCH_FILED ||
			b->state == BATCH_AWAITING))
			batch_decline(core, b, "plan aborted", h->at, acts);
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0)
			continue;
		merge_give_up(s, h->at, acts);
		if (s->state == SESSION_PARKED)
			session_close_asks(s, false);
		if (!core_move(s, ON_PARK, h->at, acts))
			continue;
		core_set(&s->reason, "plan aborted");
		session_close_asks(s, false);
		owe_stop(s, acts);
		owe_inspect(s, "abort", acts);
	}
	owe_write_back(core, p->id, acts);
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
step_published(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));
	const char *trouble = fields_text(&h->fields, "trouble");
	const char *repo = fields_text(&h->fields, "repo");

	(void)acts;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	if (trouble[0]) {
		core_set(&p->unpublished, trouble);
		core_set(&p->unpublished_in, repo);
		return 0;
	}
	/* What was refused in one repository is not mended by a push in another. */
	if (strcmp(p->unpublished_in, repo) == 0) {
		core_set(&p->unpublished, "");
		core_set(&p->unpublished_in, "");
	}
	free(p->published);
	p->published = xasprintf("%s %s", fields_text(&h->fields, "remote"),
	    fields_text(&h->fields, "commit"));
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		s->is_published |= s->landed[0] && strcmp(s->plan_id, p->id) == 0 &&
				   strcmp(s->repo, repo) == 0;
	}
	return 0;
}

static int
step_project_told(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));

	(void)acts;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	core_set(&p->told, fields_text(&h->fields, "posted"));
	core_set(&p->untold, fields_text(&h->fields, "untold"));
	core_set(&p->milestones, fields_text(&h->fields, "milestones"));
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
	[HAP_SET_UP]            = step_set_up,
	[HAP_RUN_WAITS]         = step_run_waits,
	[HAP_RUN_STARTED]       = step_run_started,
	[HAP_RUN_PULSE]         = step_run_pulse,
	[HAP_RUN_ENDED]         = step_run_ended,
	[HAP_RUN_LOST]          = step_run_lost,
	[HAP_AGENT_ACCEPTED]    = step_agent_accepted,
	[HAP_AGENT_CONFIRMED]   = step_agent_confirmed,
	[HAP_AGENT_ACTIVITY]    = step_agent_activity,
	[HAP_AGENT_ASKED]       = step_agent_asked,
	[HAP_AGENT_ASK_GONE]    = step_agent_ask_gone,
	[HAP_AGENT_ESTIMATE]    = step_agent_estimate,
	[HAP_AGENT_TOOL]        = step_agent_tool,
	[HAP_AGENT_LIMIT]       = step_agent_limit,
	[HAP_AGENT_DONE]        = step_agent_done,
	[HAP_AGENT_FAILED]      = step_agent_failed,
	[HAP_AGENT_STEPPED]     = step_agent_stepped,
	[HAP_ASK_ANSWERED]      = step_ask_answered,
	[HAP_ALLOWANCE_ENDED]   = step_allowance_ended,
	[HAP_ACCOUNT_PAUSED]    = step_account_paused,
	[HAP_CAP_SET]           = step_cap_set,
	[HAP_INSPECTED]         = step_inspected,
	[HAP_MERGE_ASKED]       = step_merge_asked,
	[HAP_CANDIDATE_BUILT]   = step_candidate_built,
	[HAP_CANDIDATE_REFUSED] = step_candidate_refused,
	[HAP_LANDED]            = step_landed,
	[HAP_LANDING_BLOCKED]   = step_landing_blocked,
	[HAP_SAID]              = step_said,
	[HAP_HELD]              = step_held,
	[HAP_INTERRUPTED]       = step_interrupted,
	[HAP_RESUMED]           = step_resumed,
	[HAP_PARKED]            = step_parked,
	[HAP_ABANDONED]         = step_abandoned,
	[HAP_CLAIMED]           = step_claimed,
	[HAP_TAKEN_OVER]        = step_taken_over,
	[HAP_HANDED_BACK]       = step_handed_back,
	[HAP_WRITTEN_BACK]      = step_written_back,
	[HAP_PUBLISHED]         = step_published,
	[HAP_PROJECT_TOLD]      = step_project_told,
	[HAP_PULL_SEEN]         = step_pull_seen,
	[HAP_OVERRIDDEN]        = step_nothing,
	[HAP_FENCED]            = step_fenced,
	[HAP_STRAYED]           = step_strayed,
	[HAP_MET]               = step_met,
	[HAP_CONFLICT_GONE]     = step_conflict_gone,
	[HAP_RULED]             = step_ruled,
	[HAP_REVIEW_RECORDED]   = step_review_recorded,
	[HAP_FINDINGS_DECIDED]  = step_findings_decided,
	[HAP_REVIEW_STARTED]    = step_review_started,
	[HAP_REVIEW_FAILED]     = step_review_failed,
	[HAP_REVIEW_WAIVED]     = step_review_waived,
	[HAP_FINDINGS_JOINED]   = step_findings_joined,
	[HAP_FINDING_FILED]     = step_finding_filed,
	[HAP_FINDING_DONE]      = step_finding_done,
	[HAP_FEEDBACK_CAME]     = step_feedback_came,
	[HAP_FEEDBACK_SETTLED]  = step_feedback_settled,
	[HAP_RESEARCH_ASSESSED] = step_research_assessed,
	[HAP_GUARDED]           = step_guarded,
	[HAP_WIDEN_ASKED]       = step_widen_asked,
	[HAP_TREE_GONE]         = step_tree_gone,
	[HAP_TREE_BACK]         = step_tree_back,
	[HAP_CHECKPOINT_ASKED]  = step_checkpoint_asked,
	[HAP_CHECKPOINTED]      = step_checkpointed,
	[HAP_DELEGATED]         = step_delegated,
	[HAP_DELEGATE_SEEN]     = step_delegate_seen,
	[HAP_DELEGATE_ASKED]    = step_delegate_asked,
	[HAP_CLOCK]             = step_clock,
	[HAP_CLOCK_SET]         = step_clock_set,
	[HAP_MEND_ASKED]        = step_nothing,
	[HAP_MENDED]            = step_nothing,
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
