#include "core/internal.h"
#include "core/money.h"
#include "core/review.h"

#include "policy/refusal.h"

#include <string.h>

/* What a person orders about one session. */

#define WORDS_MOST 64 /* messages that wait for the end of a turn */

/* A key that every holder takes, and no act of ours has: ours end in a number alone. */
static bool
is_key(const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return strlen(key) <= 64 && key[strspn(key, letters)] == '\0';
}

int
step_said(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *key = fields_text(&h->fields, "key");

	if (!s)
		return -1;
	if (!is_key(key))
		return err_set(err, ERR_USAGE,
		    "a key is at most 64 of A-Z a-z 0-9 . _ -, not '%.80s'", key);
	if (s->state == SESSION_CLAIMED) {
		err_set(err, ERR_CONFLICT, "%s has claimed %s and works on it",
		    s->claimed_by, s->id);
		return err_fix(err, "divisi attach %s; they run: divisi handback %s",
		    s->label, s->label);
	}
	if (session_is_away(s) && session_is_live(s->state))
		return delegate_say(s, fields_text(&h->fields, "text"), acts, err);
	if (!s->run_open || !session_is_live(s->state)) {
		err_set(err, ERR_CONFLICT, "%s has no living agent to talk to (%s)",
		    s->id, session_state_name(s->state));
		return err_fix(err, "divisi resume %s", s->label);
	}
	if (session_keeps_words(s, key))
		return 0;
	if (s->n_words >= WORDS_MOST) {
		err_set(err, ERR_CONFLICT,
		    "%zu messages to %s wait for its turn to end", s->n_words, s->id);
		return err_fix(err, "divisi interrupt %s", s->label);
	}
	/* Before its agent is up nobody else knows that it hears between its turns only. */
	if (fields_number(&h->fields, "late", 0))
		s->hears_late = true;
	talk_say(s, key, fields_text(&h->fields, "text"), acts);
	storm_forget(s); /* it has something new to go by */
	s->awaits_words = false;
	if (s->state == SESSION_EXITING) {
		session_close_asks(s, false);
		core_set(&s->reason, "");
		(void)core_move(s, ON_ACTIVITY, h->at, acts);
		s->last_seen = h->at;
	}
	return 0;
}

int
step_interrupted(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	struct fields *f;

	if (!s)
		return -1;
	/* One that fell silent in its turn may be waited for by words. */
	if (!s->run_open ||
	    (s->state != SESSION_ACTIVE && s->state != SESSION_CHECKPOINT &&
		!(s->state == SESSION_STALLED && s->hears_late && s->in_turn))) {
		err_set(err, ERR_CONFLICT,
		    "%s does nothing that can be interrupted (%s)", s->id,
		    session_state_name(s->state));
		return err_fix(err, "divisi why %s", s->label);
	}
	s->is_interrupted = true;
	f = acts_add(acts, "interrupt", s->id, "interrupt/%s/%d", s->run, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "run", s->run);
	return 0;
}

int
step_held(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (s->state == SESSION_HALTED && !s->is_held) {
		/* A conflict halts it already: it stays so when that one is ruled. */
		s->is_held = true;
		return 0;
	}
	if (!core_move(s, ON_HALT, h->at, acts))
		return err_set(err, ERR_CONFLICT,
		    "%s is %s: only an active session can be held", s->id,
		    session_state_name(s->state));
	s->is_held = true;
	core_set(&s->reason, fields_text(&h->fields, "reason"));
	owe_tell(s, "suspend", acts);
	return 0;
}

/* Approaches that failed on the issue of S, whichever session made them. */
static int
n_failed(const struct core *core, const struct session *s)
{
	int n = s->state == SESSION_STALLED && !s->is_lost;

	for (size_t i = 0; i < core->n_sessions; i++) {
		if (strcmp(core->session[i].issue, s->issue) == 0)
			n += core->session[i].n_failed;
	}
	return n;
}

/* Has a later batch of the plan of S begun?  Its table did not reckon with S. */
static bool
is_overtaken(const struct core *core, const struct session *s)
{
	const struct batch_run *mine = core_batch(core, s->batch_id);

	for (size_t i = 0; i < core->n_batches && mine; i++) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, s->plan_id) == 0 && b->number > mine->number &&
		    (b->state == BATCH_APPROVED || b->state == BATCH_RUNNING ||
			b->state == BATCH_DRAINING))
			return true;
	}
	return false;
}

static bool
is_overridden(const struct happening *h, const char *code)
{
	return strstr(fields_text(&h->fields, "override"), code) != NULL;
}

/* What it may still spend is reserved anew. */
int
human_check_money(
    const struct core *core, const struct session *s, int64_t now, struct err *err)
{
	char why[256];

	if (money_fits(
		core, s, money_next_ceiling(core, s, now), now, why, sizeof(why)))
		return 0;
	err_set(err, ERR_CONFLICT, "%s cannot go on: %s", s->label, why);
	return err_fix(err, "divisi cost shows all; divisi cost --plan-cap DOLLARS");
}

int
human_check_launch(const struct core *core, const struct session *s,
    const struct happening *h, const char *verb, struct err *err)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	const struct batch_run *b = core_batch(core, s->batch_id);
	const struct session *o;
	const char *code;

	if (is_overridden(h, "G") && fields_text(&h->fields, "reason")[0] == '\0')
		return err_set(err, ERR_USAGE, "an override needs a reason");
	if (!p || !b || strcmp(p->state, "active") != 0)
		return err_set(err, ERR_CONFLICT, "the plan of %s is %s", s->id,
		    p ? p->state : "gone");
	if (review_check_gate2(core, p->id, err) < 0)
		return -1;
	o = batch_other_of(core, p, s->phase, s->batch_id);
	if (o)
		return refuse(err, "G10", "phase %s is %s in another batch (%s)",
		    s->phase, session_state_name(o->state), o->id);
	if (human_check_money(core, s, h->at, err) < 0)
		return -1;
	if (session_is_live(s->state))
		return 0; /* it holds its slot */
	code = "G05";
	if (core_live(core) >= batch_cap(core, b) && !is_overridden(h, code)) {
		refuse(err, code,
		    "%zu sessions are live, the cap is %zu: human coordination overhead",
		    core_live(core), batch_cap(core, b));
		return err_fix(err,
		    "wait until one ends; or: divisi %s %s --override G05 --reason TEXT",
		    verb, s->label);
	}
	code = "G03";
	if (is_overtaken(core, s) && !is_overridden(h, code)) {
		refuse(err, code, "a later batch runs, whose table was made without %s",
		    s->id);
		return err_fix(err,
		    "wait until it is complete; or: divisi %s %s --override G03 --reason TEXT",
		    verb, s->label);
	}
	return 0;
}

/* May the agent of S be launched again?  Not one that is not ours, and not for ever. */
int
human_check_relaunch(const struct core *core, const struct session *s,
    const struct happening *h, struct err *err)
{
	if (s->is_external && !session_is_away(s)) {
		err_set(err, ERR_CONFLICT,
		    "%s is not launched here: its issue %s waits for it",
		    s->agent_shown, s->sub_issue);
		return err_fix(err, "divisi claim %s, or abandon it", s->label);
	}
	if (n_failed(core, s) >= 2 && !is_overridden(h, "G18")) {
		refuse(err, "G18", "two approaches failed already on the issue of %s",
		    s->id);
		return err_fix(
		    err, "divisi resume %s --override G18 --reason TEXT", s->label);
	}
	return human_check_launch(core, s, h, "resume", err);
}

void
session_go_on(struct session *s, int64_t now, struct acts *acts)
{
	s->is_held = false;
	(void)core_move(s, ON_RULED, now, acts);
	core_set(&s->reason, "");
	s->last_seen = now;
	if (s->reported)
		session_close_asks(s, false); /* nothing is asked or spent any more */
	if (!session_is_held(s))
		owe_tell(s, "continue", acts);
	if (s->reported)
		session_reported(s, now, acts);
}

int
step_resumed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	bool can_resume = fields_number(&h->fields, "resumable", 0) != 0;
	const char *note = fields_text(&h->fields, "note");
	AUTO_FREE char *own = NULL;

	if (!s)
		return -1;
	if (s->state == SESSION_CLAIMED) {
		err_set(err, ERR_CONFLICT, "%s has it", s->claimed_by);
		return err_fix(err, "divisi handback %s", s->label);
	}
	if (s->state == SESSION_HALTED) {
		const struct conflict *c = session_conflict(core, s);

		if (!c) {
			session_go_on(s, h->at, acts);
			return 0;
		}
		if (s->is_held) {
			s->is_held =
			    false; /* the person's own hold is over, not this */
			return 0;
		}
		refuse(err, "M04", "%s waits for your ruling on %s", s->label, c->id);
		return err_fix(err, "divisi conflicts %s", c->id);
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
	if (s->state != SESSION_STALLED && s->state != SESSION_PARKED &&
	    s->state != SESSION_FAILED && s->state != SESSION_EXITING &&
	    s->state != SESSION_MERGE_CONFLICT && s->state != SESSION_IN_REVIEW)
		return err_set(err, ERR_CONFLICT, "%s is %s: nothing to resume", s->id,
		    session_state_name(s->state));
	if (human_check_relaunch(core, s, h, err) < 0)
		return -1;
	s->n_failed += s->state == SESSION_STALLED && !s->is_lost;
	money_go_on(core, s, h->at);
	s->n_repairs = 0;
	loop_resumed(s);
	own = s->n_troubles == 0 ? loop_note(s) : NULL;
	if (!own)
		own = storm_note(s);
	s->forks_next = fields_number(&h->fields, "fork", 0) != 0;
	if (session_is_away(s)) {
		(void)delegate_start(s, h->at, acts);
		return 0;
	}
	owe_launch(
	    s, can_resume ? s->agent_session : "", note[0] ? note : own, h->at, acts);
	return 0;
}

bool
session_leave(struct core *core, struct session *s, enum session_event event,
    const char *reason, int64_t now, struct acts *acts)
{
	bool abandoned = event == ON_ABANDON;
	AUTO_FREE char *text = NULL;

	merge_give_up(s, now, acts);
	if (!core_move(s, event, now, acts))
		return false;
	s->is_held = s->waits_for_account = s->renews = s->is_out_of_budget = false;
	storm_forget(s);
	core_set(&s->reason, reason);
	session_close_asks(s, false);
	owe_stop(s, acts);
	owe_inspect(s, abandoned ? "abandoned" : "parked", acts);
	text = xasprintf("%s: %s. Branch `%s` is kept; everything is pinned in git.",
	    abandoned ? "Abandoned" : "Parked",
	    s->reason[0] ? s->reason : "no reason given", s->branch);
	owe_comment(acts, s, abandoned ? "closing" : "parked", ++s->n_keys, text);
	if (abandoned) {
		owe_issue_move(acts, s, "Cancelled", s->n_keys);
		owe_project_update(core, s, "Cancelled", now, acts);
	}
	owe_write_back(core, s->plan_id, acts);
	return true;
}

int
session_cannot_leave(const struct session *s, enum session_event event, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "%s is %s and cannot be %s", s->id,
	    session_state_name(s->state), event == ON_ABANDON ? "abandoned" : "parked");
}

static int
leave(struct core *core, const struct happening *h, struct acts *acts, struct err *err,
    enum session_event event)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	return session_leave(
		   core, s, event, fields_text(&h->fields, "reason"), h->at, acts)
		   ? 0
		   : session_cannot_leave(s, event, err);
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
