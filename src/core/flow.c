#include "core/internal.h"

#include <string.h>

/* What follows by itself: launches under the cap, the merge queue, completed batches. */

static bool
is_launchable(const struct core *core, const struct session *s, int64_t now)
{
	return s->state == SESSION_APPROVED && !s->claimed_by[0] && !s->is_external &&
	       core->paused_until <= now;
}

static void
launch_ready(struct core *core, struct batch_run *b, int64_t now, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	size_t live = core_live(core);
	size_t cap = 3;

	if (p)
		cap = (size_t)(strcmp(b->kind, "research") == 0 ? p->research_cap
								: p->cap);
	for (size_t i = 0; i < b->n && live < cap; i++) {
		struct session *s = &core->session[b->session[i]];

		if (!is_launchable(core, s, now))
			continue;
		owe_launch(s, "", "", now, acts);
		live++;
	}
}

static bool
in_list(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n) {
		if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

/* May S merge now?  Everything it must follow in its batch has merged or left. */
static bool
is_its_turn(const struct core *core, const struct batch_run *b, const struct session *s)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct session *o = &core->session[b->session[i]];

		if (o == s || !in_list(s->after, o->phase))
			continue;
		if (!session_is_terminal(o->state) && o->state != SESSION_PARKED)
			return false;
	}
	return true;
}

static void
merge_next(struct core *core, struct batch_run *b, int64_t now, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	struct session *next = NULL;
	struct fields *f;

	for (size_t i = 0; i < core->n_sessions; i++) {
		if (core->session[i].state == SESSION_MERGING)
			return;
	}
	for (size_t i = 0; i < b->n; i++) {
		struct session *s = &core->session[b->session[i]];

		if (s->state != SESSION_MERGEABLE || !is_its_turn(core, b, s))
			continue;
		if (!next || s->merge_position < next->merge_position)
			next = s;
	}
	if (!next || !core_move(next, ON_TURN, now, acts))
		return;
	f = acts_add(acts, "candidate", "merge", "candidate/%s/%d", next->id,
	    ++next->merge_tries);
	fields_set(f, "session", next->id);
	fields_set(f, "plan", next->plan_id);
	fields_set(f, "target", p ? p->target : "");
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

static void
complete_plan(struct core *core, struct plan_run *p, int64_t now, struct acts *acts)
{
	int64_t n_done = 0;
	struct fields *f;

	for (size_t i = 0; i < core->n_sessions; i++)
		n_done += strcmp(core->session[i].plan_id, p->id) == 0 &&
			  core->session[i].state == SESSION_DONE;
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

		if (s->sub_issue[0] == '\0' ||
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
	b->closed_at = now;
	owe_write_back(core, b->plan_id, acts);
	if (p && stands == BATCH_COMPLETE)
		complete_plan(core, p, now, acts);
}

void
flow_advance(struct core *core, int64_t now, struct acts *acts)
{
	for (size_t i = 0; i < core->n_batches; i++)
		advance_batch(core, &core->batch[i], now, acts);
}
