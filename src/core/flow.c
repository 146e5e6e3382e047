#include "core/account.h"
#include "core/internal.h"
#include "core/money.h"
#include "core/review.h"

#include <string.h>

/*
 * What follows by itself: questions that hold or free a session, launches under the cap,
 * the merge queue, completed batches and plans.
 */

/* A session that asks is at a checkpoint, and one that asks nothing is not. */
static void
settle_asks(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	const struct ask *open = session_open_ask(s);
	size_t n_new = 0;

	for (size_t i = s->n_asks; i > 0 && s->ask[i - 1].number == 0; i--)
		n_new++;
	for (size_t i = s->n_asks - n_new; i < s->n_asks; i++)
		s->ask[i].number = ++core->n_asks;

	if (s->state == SESSION_ACTIVE && open) {
		(void)core_move(s, ON_ASKED, now, acts);
	} else if (s->state == SESSION_CHECKPOINT && !open) {
		(void)core_move(s, ON_ANSWERED, now, acts);
		s->last_seen = now; /* its silence was ours */
	}
}

static bool
is_launchable(const struct core *core, const struct session *s, int64_t now)
{
	char why[256];

	return s->state == SESSION_APPROVED && !s->is_external &&
	       !session_paused_until(core, s) &&
	       money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why));
}

/* One that its tracker dispatches has its slot like the others (J-21). */
static bool
delegate_ready(const struct session *s)
{
	return s->state == SESSION_APPROVED && session_is_away(s);
}

size_t
batch_cap(const struct core *core, const struct batch_run *b)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	int64_t cap = 3;

	if (p)
		cap = strcmp(b->kind, "research") == 0 ? p->research_cap : p->cap;
	return cap > 0 ? (size_t)cap : 0;
}

static void
launch_ready(struct core *core, struct batch_run *b, int64_t now, struct acts *acts)
{
	size_t live = core_live(core), cap = batch_cap(core, b);
	const struct plan_run *p = core_plan(core, b->plan_id);
	char why[160];

	if (p && !core_gate2(core, p, why, sizeof(why)))
		return; /* S-42: none, in any batch */
	for (size_t i = 0; i < b->n && live < cap; i++) {
		struct session *s = &core->session[b->session[i]];
		AUTO_FREE char *note = NULL;

		if (budget_keeps(core, s, now, acts))
			continue;
		if (account_resumes(core, s, now))
			owe_launch(s, s->can_resume ? s->agent_session : "",
			    "your account met a limit, which is over; go on where you were",
			    now, acts);
		else if (budget_resumes(core, s, now))
			owe_launch(s, s->can_resume ? s->agent_session : "",
			    s->n_troubles > 0
				? (note = storm_note(s))
				: "you may spend more now; go on where you were",
			    now, acts);
		else if (storm_resumes(core, s, now))
			owe_launch(s, s->can_resume ? s->agent_session : "",
			    note = storm_note(s), now, acts);
		else if (is_launchable(core, s, now))
			owe_launch(s, "", "", now, acts);
		else if (!delegate_ready(s) || !delegate_start(s, now, acts))
			continue;
		live++;
	}
}

/* Where the batch stands, read off its sessions. */
static enum batch_state
batch_stands(const struct core *core, const struct batch_run *b)
{
	size_t terminal = 0, failed = 0, live = 0, waiting = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct session *s = &core->session[b->session[i]];

		terminal += session_is_terminal(s->state);
		failed += s->state == SESSION_FAILED || s->state == SESSION_ABANDONED;
		live += session_is_live(s->state);
		waiting += s->state == SESSION_APPROVED;
	}
	if (terminal == b->n)
		return failed ? BATCH_WITH_FAILURES : BATCH_COMPLETE;
	if (live > 0 || waiting > 0)
		return live + terminal > 0 || waiting < b->n ? BATCH_RUNNING
							     : BATCH_APPROVED;
	return BATCH_DRAINING;
}

/* A phase may have been tried in two batches: it counts once. */
static bool
is_first_done(const struct core *core, const struct session *s)
{
	if (s->state != SESSION_DONE)
		return false;
	for (const struct session *o = core->session; o < s; o++) {
		if (o->state == SESSION_DONE && strcmp(o->plan_id, s->plan_id) == 0 &&
		    strcmp(o->phase, s->phase) == 0)
			return false;
	}
	return true;
}

static void
complete_plan(struct core *core, struct plan_run *p, int64_t now, struct acts *acts)
{
	int64_t n_done = 0;
	struct fields *f;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		n_done += strcmp(s->plan_id, p->id) == 0 && is_first_done(core, s);
	}
	if (n_done < p->n_phases || strcmp(p->state, "active") != 0)
		return;
	core_set(&p->state, "complete");
	p->closed_at = now;
	f = acts_add(acts, "plan-close", "tracker", "plan-close/%s", p->id);
	fields_set(f, "plan", p->id);
	owe_write_back(core, p->id, acts);
}

static bool
all_prepared(const struct core *core, const struct batch_run *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct session *s = &core->session[b->session[i]];

		/* One that is queued is filed as far as the launch goes (J-26). */
		if ((s->sub_issue[0] == '\0' &&
			!(b->queues && s->state != SESSION_PLANNED)) ||
		    (s->state != SESSION_PREPARED &&
			!(s->state == SESSION_FILED && s->is_external)))
			return false;
	}
	return b->n > 0;
}

static void
advance_batch(struct core *core, struct batch_run *b, int64_t now, struct acts *acts)
{
	struct plan_run *p = core_plan(core, b->plan_id);
	enum batch_state stands;

	switch (b->state) {
	case BATCH_PLANNED:
	case BATCH_FILED:
		if (all_prepared(core, b))
			core_move_batch(b, BATCH_AWAITING, now, acts);
		return;
	case BATCH_AWAITING:
	case BATCH_DECLINED:
	case BATCH_COMPLETE:
	case BATCH_N_STATES: return;
	case BATCH_APPROVED:
	case BATCH_RUNNING:
	case BATCH_DRAINING:
	case BATCH_WITH_FAILURES: break;
	}
	if (p && strcmp(p->state, "aborted") == 0)
		return;
	launch_ready(core, b, now, acts);
	merge_next(core, b, now, acts);
	stands = batch_stands(core, b);
	if (stands == b->state)
		return;
	core_move_batch(b, stands, now, acts);
	if (stands != BATCH_COMPLETE && stands != BATCH_WITH_FAILURES)
		return;
	b->acked = false; /* these failures were seen by nobody yet */
	b->closed_at = now;
	owe_write_back(core, b->plan_id, acts);
	if (p)
		complete_plan(core, p, now, acts);
}

static void
settle_all(struct core *core, int64_t now, struct acts *acts)
{
	for (size_t i = 0; i < core->n_sessions; i++)
		settle_asks(core, &core->session[i], now, acts);
}

/*
 * What the agent of S kept behind its fence serves its next run.  Once there can be none, and
 * nothing of the last one is left, it goes.
 */
static void
sweep_state(struct session *s, struct acts *acts)
{
	struct fields *f;

	if (s->is_swept || s->run_open || (s->n_runs == 0 && s->candidate[0] == '\0') ||
	    (s->state != SESSION_DONE && s->state != SESSION_ABANDONED))
		return;
	s->is_swept = true;
	f = acts_add(acts, "state-remove", s->id, "state-remove/%s", s->id);
	fields_set(f, "session", s->id);
}

void
flow_advance(struct core *core, int64_t now, struct acts *acts)
{
	core->seen_at = now;
	flow_accounts(core, now);
	settle_all(core, now, acts);
	flow_conflicts(core, now, acts);
	for (size_t i = 0; i < core->n_sessions; i++)
		flow_money(core, &core->session[i], now, acts);
	settle_all(core, now, acts); /* who was let go on may have asked meanwhile */
	for (size_t i = 0; i < core->n_batches; i++)
		advance_batch(core, &core->batch[i], now, acts);
	for (size_t i = 0; i < core->n_sessions; i++)
		sweep_state(&core->session[i], acts);
	for (size_t i = 0; i < core->n_sessions; i++)
		delegate_sweep(&core->session[i], acts);
	for (size_t i = 0; i < core->n_sessions; i++)
		pull_sweep(&core->session[i], acts);
	flow_offers(core, now, acts);
	flow_reviews(core, acts);
}
