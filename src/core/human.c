#include "core/internal.h"

#include <string.h>

/* What a person says about one session: approvals and orders. */

/* What follows when divisi's own question is answered (kinds "cost" and "exit"). */
static void
answered_own(struct core *core, struct session *s, const struct ask *a, int64_t now,
    struct acts *acts)
{
	bool allowed = strcmp(a->decision, "allow") == 0;

	if (strcmp(a->kind, "cost") == 0) {
		owe_tell(s, allowed ? "continue" : "stop", acts);
		if (!allowed) {
			core_set(&s->reason, "its estimate was declined");
			(void)core_move(s, ON_PARK, now, acts);
			owe_inspect(s, "parked", acts);
		}
		return;
	}
	if (allowed) {
		owe_inspect(s, "exit", acts);
		fields_set_number(&acts->item[acts->n - 1].fields, "commit_rest", 1);
		return;
	}
	core_set(
	    &s->reason, a->answer[0] ? a->answer : "its uncommitted rest was declined");
	(void)core_move(s, ON_FAIL, now, acts);
	owe_tell(s, "stop", acts);
	owe_inspect(s, "failed", acts);
	owe_write_back(core, s->plan_id, acts);
}

int
step_ask_answered(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *id = fields_text(&h->fields, "ask");
	const char *decision = fields_text(&h->fields, "decision");
	struct ask *a = NULL;
	struct fields *f;

	if (!s)
		return -1;
	for (size_t i = 0; i < s->n_asks && !a; i++) {
		if (s->ask[i].decision[0] == '\0' &&
		    (!id[0] || strcmp(s->ask[i].id, id) == 0))
			a = &s->ask[i];
	}
	if (!a)
		return err_set(err, ERR_NOT_FOUND, "%s asks nothing now", s->id);
	if (strcmp(decision, "allow") != 0 && strcmp(decision, "deny") != 0)
		return err_set(err, ERR_USAGE,
		    "a decision is allow or deny, not '%.20s'", decision);
	core_set(&a->decision, decision);
	core_set(&a->answer, fields_text(&h->fields, "text"));
	core_set(&a->by, h->actor);
	a->answered_at = h->at;
	if (a->run[0] == '\0') {
		answered_own(core, s, a, h->at, acts);
	} else {
		if (strcmp(a->kind, "plan") == 0 && strcmp(decision, "allow") == 0)
			s->plan_approved = true;
		f = acts_add(acts, "answer", s->id, "answer/%s/%s/%d", a->run, a->id,
		    ++s->n_keys);
		fields_set(f, "session", s->id);
		fields_set(f, "run", a->run);
		fields_set(f, "ask", a->id);
		fields_set(f, "raw", a->raw);
		fields_set(f, "decision", decision);
		fields_set(f, "text", a->answer);
	}
	if (s->state == SESSION_CHECKPOINT && !session_open_ask(s)) {
		(void)core_move(s, ON_ANSWERED, h->at, acts);
		s->last_seen = h->at;
	}
	return 0;
}

/* The merge gate: a person read the diff and said yes (CONTRACTS 7), or says "try again". */
int
step_merge_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *only = fields_text(&h->fields, "session");
	const char *plan = fields_text(&h->fields, "plan");
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		if ((only[0] && strcmp(s->id, only) != 0) ||
		    (plan[0] && strcmp(s->plan_id, plan) != 0))
			continue;
		if (s->state == SESSION_IN_REVIEW) {
			s->was_reviewed = true;
			n += core_move(s, ON_REVIEWED, h->at, acts);
		} else if (s->state == SESSION_MERGE_CONFLICT) {
			n += core_move(s, ON_RETRY, h->at, acts);
		} else if (s->state == SESSION_MERGING && s->blocked[0]) {
			struct fields *f;
			const struct plan_run *p = core_plan(core, s->plan_id);

			core_set(&s->blocked, "");
			f = acts_add(acts, "candidate", "merge", "candidate/%s/%d",
			    s->id, ++s->merge_tries);
			fields_set(f, "session", s->id);
			fields_set(f, "plan", s->plan_id);
			fields_set(f, "target", p ? p->target : "");
			n++;
		}
	}
	if (n == 0)
		return err_set(err, ERR_NOT_FOUND, "nothing waits to be merged");
	return 0;
}

int
step_said(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	struct fields *f;

	if (!s)
		return -1;
	if (!s->run_open || !session_is_live(s->state)) {
		err_set(err, ERR_CONFLICT, "%s has no living agent to talk to (%s)",
		    s->id, session_state_name(s->state));
		return err_fix(err, "divisi resume %s", s->label);
	}
	f = acts_add(acts, "say", s->id, "say/%s/%d", s->run, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	fields_set(f, "text", fields_text(&h->fields, "text"));
	if (s->state == SESSION_EXITING) {
		for (size_t i = 0; i < s->n_asks; i++) {
			if (s->ask[i].decision[0] == '\0')
				core_set(&s->ask[i].decision, "gone");
		}
		(void)core_move(s, ON_ACTIVITY, h->at, acts);
		s->last_seen = h->at;
	}
	return 0;
}

int
step_held(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (!core_move(s, ON_HALT, h->at, acts))
		return err_set(err, ERR_CONFLICT,
		    "%s is %s: only an active session can be held", s->id,
		    session_state_name(s->state));
	core_set(&s->reason, fields_text(&h->fields, "reason"));
	owe_tell(s, "suspend", acts);
	return 0;
}

int
step_resumed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	bool can_resume = fields_number(&h->fields, "resumable", 0) != 0;
	const char *note = fields_text(&h->fields, "note");

	if (!s)
		return -1;
	if (s->state == SESSION_HALTED) {
		(void)core_move(s, ON_RULED, h->at, acts);
		core_set(&s->reason, "");
		s->last_seen = h->at;
		owe_tell(s, "continue", acts);
		return 0;
	}
	if (s->run_open && s->state != SESSION_STALLED)
		return err_set(err, ERR_CONFLICT,
		    "%s is %s and its agent lives: nothing to resume", s->id,
		    session_state_name(s->state));
	if (s->run_open) {
		err_set(
		    err, ERR_CONFLICT, "%s is silent but its agent still lives", s->id);
		return err_fix(err, "divisi say %s \"...\", or divisi park %s first",
		    s->label, s->label);
	}
	if (s->n_runs >= 3 && !fields_number(&h->fields, "override_G18", 0)) {
		err_set(err, ERR_REFUSED, "%s was tried %d times already", s->id,
		    s->n_runs);
		err->code = "G18";
		err->rule = "R-24";
		return err_fix(
		    err, "divisi resume %s --override G18 --reason TEXT", s->label);
	}
	if (s->state != SESSION_STALLED && s->state != SESSION_PARKED &&
	    s->state != SESSION_FAILED && s->state != SESSION_EXITING &&
	    s->state != SESSION_MERGE_CONFLICT && s->state != SESSION_IN_REVIEW)
		return err_set(err, ERR_CONFLICT, "%s is %s: nothing to resume", s->id,
		    session_state_name(s->state));
	owe_launch(s, can_resume ? s->agent_session : "",
	    note[0] ? note : "go on with your task where you left it", h->at, acts);
	return 0;
}

static int
leave(struct core *core, const struct happening *h, struct acts *acts, struct err *err,
    enum session_event event)
{
	struct session *s = happening_session(core, h, err);
	bool abandoned = event == ON_ABANDON;
	AUTO_FREE char *text = NULL;

	if (!s)
		return -1;
	if (!core_move(s, event, h->at, acts))
		return err_set(err, ERR_CONFLICT, "%s is %s and cannot be %s", s->id,
		    session_state_name(s->state), abandoned ? "abandoned" : "parked");
	core_set(&s->reason, fields_text(&h->fields, "reason"));
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0')
			core_set(&s->ask[i].decision, "gone");
	}
	if (s->run_open)
		owe_tell(s, "stop", acts);
	owe_inspect(s, abandoned ? "abandoned" : "parked", acts);
	text = xasprintf("%s: %s. Branch `%s` is kept; everything is pinned in git.",
	    abandoned ? "Abandoned" : "Parked",
	    s->reason[0] ? s->reason : "no reason given", s->branch);
	owe_comment(acts, s, abandoned ? "closing" : "parked", ++s->n_keys, text);
	if (abandoned)
		owe_issue_move(acts, s, "Cancelled", s->n_keys);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}

int
step_parked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	return leave(core, h, acts, err, ON_PARK);
}

int
step_abandoned(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	return leave(core, h, acts, err, ON_ABANDON);
}

/* J-16: a person takes an approved session that no agent was launched for. */
int
step_claimed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	(void)acts;
	if (!s)
		return -1;
	if (s->claimed_by[0])
		return err_set(
		    err, ERR_CONFLICT, "%s is claimed by %s", s->id, s->claimed_by);
	if (s->state != SESSION_APPROVED && s->state != SESSION_PARKED)
		return err_set(err, ERR_CONFLICT,
		    "%s is %s: only an unassigned one can be claimed", s->id,
		    session_state_name(s->state));
	core_set(&s->claimed_by, h->actor);
	return 0;
}
