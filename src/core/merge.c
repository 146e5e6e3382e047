#include "core/internal.h"
#include "core/review.h"
#include "policy/refusal.h"

#include <string.h>

/* The merge queue: one session at a time, in the order that was approved. */

/* Everything S must follow in its batch has merged or left. */
static const struct session *
elder_of(const struct core *core, const struct batch_run *b, const struct session *s)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct session *o = &core->session[b->session[i]];

		if (o != s && session_follows(s, o) && !session_is_terminal(o->state) &&
		    o->state != SESSION_PARKED)
			return o;
	}
	return NULL;
}

const struct session *
merge_waits_behind(const struct core *core, const struct session *s)
{
	const struct batch_run *b = core_batch(core, s->batch_id);

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o != s && o->state == SESSION_MERGING)
			return o;
	}
	if (b && elder_of(core, b, s))
		return elder_of(core, b, s);
	return b ? hub_waits_behind(core, b, s) : NULL;
}

static void
owe_candidate(struct core *core, struct session *s, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	struct fields *f;

	core_set(&s->candidate, "");
	core_set(&s->blocked, "");
	core_set(&s->reason, "");
	f = acts_add(
	    acts, "candidate", "merge", "candidate/%s/%d", s->id, ++s->merge_tries);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "target", s->target[0] ? s->target : p ? p->target : "");
}

void
merge_next(struct core *core, struct batch_run *b, int64_t now, struct acts *acts)
{
	struct session *next = NULL;

	for (size_t i = 0; i < core->n_sessions; i++) {
		if (core->session[i].state == SESSION_MERGING)
			return;
	}
	for (size_t i = 0; i < b->n; i++) {
		struct session *s = &core->session[b->session[i]];

		if (s->state != SESSION_MERGEABLE || elder_of(core, b, s) ||
		    conflict_before_landing(core, s) || pull_holds(core, s) ||
		    hub_waits_behind(core, b, s))
			continue;
		if (!next || s->merge_position < next->merge_position)
			next = s;
	}
	if (next && core_move(next, ON_TURN, now, acts))
		owe_candidate(core, next, acts);
}

void
merge_give_up(struct session *s, int64_t now, struct acts *acts)
{
	if (s->state == SESSION_MERGING && s->blocked[0])
		(void)core_move(s, ON_CONFLICT, now, acts);
}

static bool
is_of_aborted(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && strcmp(p->state, "aborted") == 0;
}

/* S could not be merged, and its plan was aborted meanwhile: it ends as the others did. */
static void
end_aborted(const struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	AUTO_FREE char *why = NULL;

	if (!is_of_aborted(core, s))
		return;
	merge_give_up(s, now, acts);
	if (!core_move(s, ON_PARK, now, acts))
		return;
	why = xasprintf("plan aborted; %s", s->blocked[0] ? s->blocked : s->reason);
	core_set(&s->reason, why);
	owe_inspect(s, "abort", acts);
}

static int
not_merging(const struct session *s, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "%s is %s, not merging", s->id,
	    session_state_name(s->state));
}

int
step_candidate_built(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct plan_run *p;
	struct fields *f;

	if (!s)
		return -1;
	if (s->state != SESSION_MERGING)
		return not_merging(s, err);
	if (s->candidate[0])
		return err_set(
		    err, ERR_CONFLICT, "%s has a candidate that lands", s->id);
	p = core_plan(core, s->plan_id);
	if (p && strcmp(p->state, "aborted") == 0) {
		/* Built, but not wanted any more: nothing lands after an abort (J-48). */
		core_set(&s->reason, "plan aborted");
		(void)core_move(s, ON_CONFLICT, h->at, acts);
		(void)core_move(s, ON_PARK, h->at, acts);
		owe_inspect(s, "parked", acts); /* as of everybody who is left */
		return 0;
	}
	core_set(&s->candidate, fields_text(&h->fields, "candidate"));
	core_set(&s->evidence, fields_text(&h->fields, "evidence"));
	f = acts_add(acts, "land", "merge", "land/%s/%d", s->id, s->merge_tries);
	fields_set(f, "session", s->id);
	fields_set(f, "plan", s->plan_id);
	fields_set(f, "candidate", s->candidate);
	fields_set(f, "onto", fields_text(&h->fields, "onto"));
	fields_set(f, "target", s->target[0] ? s->target : p ? p->target : "");
	pull_lands(core, s, f);
	return 0;
}

int
step_candidate_refused(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (!core_move(s, ON_CONFLICT, h->at, acts))
		return not_merging(s, err);
	core_set(&s->reason, fields_text(&h->fields, "text"));
	core_set(&s->evidence, fields_text(&h->fields, "detail"));
	core_set(&s->blocked, "");
	owe_comment(acts, s, "conflict", ++s->n_keys, s->reason);
	end_aborted(core, s, h->at, acts);
	return 0;
}

int
step_landed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	struct fields *f;

	if (!s)
		return -1;
	if (!core_move(s, ON_MERGED, h->at, acts))
		return not_merging(s, err);
	core_set(&s->landed, fields_text(&h->fields, "commit"));
	core_set(&s->blocked, "");
	owe_closing(s, acts);
	owe_issue_move(acts, s, "Done", s->n_keys);
	owe_project_update(core, s, "Done", h->at, acts);
	if (!session_is_away(s)) {
		f = acts_add(
		    acts, "worktree-remove", s->id, "worktree-remove/%s/done", s->id);
		fields_set(f, "session", s->id);
		fields_set(f, "path", s->path);
		fields_set(f, "why", "merged");
	}
	owe_publish(core, s, acts);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

int
step_landing_blocked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (s->state != SESSION_MERGING)
		return not_merging(s, err);
	core_set(&s->blocked, fields_text(&h->fields, "text"));
	core_set(&s->reason, fields_text(&h->fields, "command"));
	end_aborted(core, s, h->at, acts);
	return 0;
}

static int
refuse_merge(const struct session *s, const char *why, struct err *err)
{
	refuse(err, "M01", "%s is not reviewed to its end: %s", s->label, why);
	return err_fix(err, "divisi findings %s, then divisi findings decide %s TEXT",
	    s->label, s->label);
}

/* The merge gate: a person read the diff and said yes (CONTRACTS 7), or says "try again". */
int
step_merge_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *only = fields_text(&h->fields, "session");
	const char *plan = fields_text(&h->fields, "plan");
	const struct session *refused = NULL, *over = NULL;
	char why[160] = "";
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		if ((only[0] && strcmp(s->id, only) != 0) ||
		    (plan[0] && strcmp(s->plan_id, plan) != 0))
			continue;
		if (is_of_aborted(core, s)) {
			over = s;
			continue;
		}
		if (s->state == SESSION_IN_REVIEW &&
		    !session_gate3(core, s, true, why, sizeof(why))) {
			refused = s;
		} else if (s->state == SESSION_IN_REVIEW) {
			s->was_reviewed = true;
			n += core_move(s, ON_REVIEWED, h->at, acts);
			(void)pull_asked(core, s, h);
		} else if (s->state == SESSION_MERGEABLE) {
			n += pull_asked(core, s, h);
		} else if (s->state == SESSION_MERGE_CONFLICT) {
			n += core_move(s, ON_RETRY, h->at, acts);
			pull_owe_open(core, s, acts);
		} else if (s->state == SESSION_MERGING && s->blocked[0]) {
			owe_candidate(core, s, acts);
			n++;
		}
	}
	if (n == 0 && refused)
		return refuse_merge(refused, why, err);
	if (n == 0 && over && only[0]) {
		err_set(err, ERR_CONFLICT, "the plan of %s is aborted", over->label);
		return err_fix(err, "git merge %s", over->branch);
	}
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "nothing waits to be merged");
	return 0;
}
