#include "core/internal.h"

#include "core/money.h"
#include "policy/refusal.h"

#include <string.h>

/*
 * A person works on a session (J-16): in its worktree by hand, or in its agent's own
 * conversation on a terminal, and then gives it back to the agent or reports it done.
 *
 * Never two for one session: whoever worked before is told to end, and what comes next waits
 * in `next` until the end of that run is told, whichever way:
 *
 *   terminal   the agent's conversation, on a terminal
 *   resume     the agent goes on in its conversation; "anew" where it cannot
 *   done       the checklist of the exit, as after an agent's "done"
 */

static bool
is_next(const struct session *s, const char *what)
{
	return strcmp(s->next, what) == 0;
}

static int
check_claimer(const struct session *s, const struct happening *h, struct err *err)
{
	if (s->claimed_by[0] == '\0' || strcmp(s->claimed_by, h->actor) == 0)
		return 0;
	err_set(err, ERR_CONFLICT, "%s is claimed by %s", s->id, s->claimed_by);
	return err_fix(err, "they run: divisi handback %s; or: divisi park %s",
	    s->label, s->label);
}

/* The person is who works on S from now on. */
static void
take(struct core *core, struct session *s, const struct happening *h, const char *how,
    struct acts *acts)
{
	const struct batch_run *b = core_batch(core, s->batch_id);
	AUTO_FREE char *text = NULL;

	(void)core_move(s, ON_CLAIM, h->at, acts);
	core_set(&s->claimed_by, h->actor);
	core_set(&s->reason, "");
	core_set(&s->blocked, "");
	s->is_held = false;
	s->reported = false;
	s->was_reviewed = false; /* what they make now was seen by nobody */
	s->last_seen = h->at;
	session_close_asks(s, false);
	storm_forget(s);
	if (s->base[0] == '\0' && b)
		core_set(&s->base, b->base);
	if (s->is_tree_gone || (!s->has_tree && s->path[0]))
		owe_tree(s, acts);
	s->has_tree = s->has_tree || s->path[0];
	text = xasprintf("%s %s. Branch `%s`.", h->actor, how, s->branch);
	owe_issue_move(acts, s, "In Progress", -++s->n_keys);
	owe_comment(acts, s, "claimed", ++s->n_keys, text);
	owe_write_back(core, s->plan_id, acts);
}

/* A worktree for hands, not only for agents. */
static void
owe_setup(struct session *s, struct acts *acts)
{
	struct fields *f;

	if (s->setup[0] == '\0' || s->is_set_up)
		return;
	f = acts_add(acts, "setup", s->id, "setup/%s/claim/%d", s->id, ++s->n_keys);
	fields_set(f, "session", s->id);
	fields_set(f, "command", s->setup);
}

int
step_claimed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s || check_claimer(s, h, err) < 0)
		return -1;
	if (s->run_open ||
	    (s->state != SESSION_APPROVED && s->state != SESSION_PARKED &&
		s->state != SESSION_FAILED && s->state != SESSION_STALLED)) {
		err_set(err, ERR_CONFLICT,
		    "%s is %s%s: only one that no agent works on can be claimed", s->id,
		    session_state_name(s->state),
		    s->run_open ? " and its agent lives" : "");
		return err_fix(err, "divisi takeover %s", s->label);
	}
	if (human_check_launch(core, s, h, "claim", err) < 0)
		return -1;
	take(core, s, h, "works on it by hand", acts);
	owe_setup(s, acts);
	return 0;
}

void
session_unclaim(struct session *s)
{
	core_set(&s->claimed_by, "");
	core_set(&s->next, "");
	core_set(&s->next_note, "");
}

/* ---- what comes next ----------------------------------------------------------------------- */

/* The words for an agent that is given its session back. */
static char *
back_note(const struct session *s, const char *changes)
{
	return xasprintf("%s worked on your session and gives it back to you%s%s. %s%s",
	    s->claimed_by, s->next_note[0] ? ": " : "", s->next_note,
	    changes[0] ? "Since you were interrupted this changed:\n" : "", changes);
}

/* What was billed since the order may be more than is left. */
static void
give_back(struct core *core, struct session *s, const char *changes, int64_t now,
    struct acts *acts)
{
	AUTO_FREE char *note = back_note(s, changes);
	char why[256];

	if (!money_fits(
		core, s, money_next_ceiling(core, s, now), now, why, sizeof(why))) {
		(void)!session_leave(core, s, ON_PARK, why, now, acts);
		return;
	}
	money_go_on(core, s, now);
	owe_launch(s, is_next(s, "resume") ? s->agent_session : "", note, now, acts);
}

/* Nobody works on S: what was waited for comes now. */
static void
go_on(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	if (is_next(s, "terminal")) {
		core_set(&s->next, "");
		owe_inspect(s, "taken", acts);
		owe_terminal(s, now, acts);
	} else if (is_next(s, "done")) {
		session_reported(s, now, acts);
	} else if (s->path[0]) {
		owe_inspect(s, "given-back", acts); /* what they changed is told */
	} else {
		give_back(core, s, "", now, acts);
	}
}

void
claim_run_over(struct core *core, struct session *s, const char *why, bool is_dead,
    int64_t now, struct acts *acts)
{
	if (s->next[0] && is_dead) {
		go_on(core, s, now, acts);
		return;
	}
	core_set(&s->next, "");
	core_set(&s->reason, why);
	owe_inspect(s, "claimed", acts);
}

bool
claim_inspected(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const char *why = fields_text(&h->fields, "why");

	if (strcmp(why, "taken") == 0)
		core_set(&s->taken_pin, s->pin);
	if (s->state != SESSION_CLAIMED)
		return false;
	if (strcmp(why, "given-back") == 0 && !s->run_open &&
	    (is_next(s, "resume") || is_next(s, "anew")))
		give_back(core, s, fields_text(&h->fields, "changes"), h->at, acts);
	return true;
}

bool
claim_act_failed(struct core *core, struct session *s, const char *kind,
    const char *text, int64_t now, struct acts *acts)
{
	if (s->state != SESSION_CLAIMED)
		return false;
	core_set(&s->reason, text);
	/* Nothing starts in a worktree that was not set up, for a person's terminal either. */
	if (strcmp(kind, "launch") == 0 ||
	    (strcmp(kind, "setup") == 0 && s->run_open)) {
		/* Should its holder have come up after all, it is not left behind. */
		owe_tell(s, "kill", acts);
		s->run_open = false;
		if (s->next[0])
			go_on(core, s, now, acts);
	} else if (strcmp(kind, "inspect") == 0 && !s->run_open &&
		   (is_next(s, "resume") || is_next(s, "anew"))) {
		give_back(core, s, "", now, acts);
	}
	return true;
}

/* ---- a terminal ------------------------------------------------------------------------------ */

static bool
can_be_taken(const struct session *s)
{
	switch (s->state) {
	case SESSION_UNCONFIRMED:
	case SESSION_ACTIVE:
	case SESSION_CHECKPOINT:
	case SESSION_HALTED:
	case SESSION_STALLED:
	case SESSION_EXITING:
	case SESSION_IN_REVIEW:
	case SESSION_MERGE_CONFLICT:
	case SESSION_PARKED:
	case SESSION_FAILED:
	case SESSION_CLAIMED: return true;
	default: return false;
	}
}

static int
check_takeover(const struct core *core, const struct session *s,
    const struct happening *h, struct err *err)
{
	if (check_claimer(s, h, err) < 0)
		return -1;
	if (!can_be_taken(s)) {
		err_set(err, ERR_CONFLICT, "%s is %s: nothing to take over", s->id,
		    session_state_name(s->state));
		return s->state == SESSION_APPROVED
			   ? err_fix(err, "divisi claim %s", s->label)
			   : -1;
	}
	if (s->is_external) {
		err_set(err, ERR_CONFLICT, "%s is not launched here", s->agent_shown);
		return err_fix(err, "divisi claim %s", s->label);
	}
	if (s->state == SESSION_CLAIMED && s->run_open &&
	    (s->is_interactive || s->next[0])) {
		err_set(err, ERR_CONFLICT, "%s has its terminal already", s->id);
		return err_fix(err, "divisi attach %s", s->label);
	}
	return human_check_launch(core, s, h, "takeover", err);
}

int
step_taken_over(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s || check_takeover(core, s, h, err) < 0)
		return -1;
	if (s->state != SESSION_CLAIMED)
		take(core, s, h, "took it over, on a terminal", acts);
	core_set(&s->reason, "");
	core_set(&s->terminal, fields_text(&h->fields, "terminal"));
	core_set(&s->terminal_command, fields_text(&h->fields, "command"));
	core_set(&s->next, "terminal");
	owe_stop(s, acts);
	if (!s->run_open)
		go_on(core, s, h->at, acts);
	return 0;
}

int
step_handed_back(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *how = fields_text(&h->fields, "how");
	bool is_done = strcmp(how, "done") == 0;

	if (!s || check_claimer(s, h, err) < 0)
		return -1;
	if (!is_done && strcmp(how, "resume") != 0)
		return err_set(err, ERR_USAGE,
		    "it is handed back to resume or done, not '%.20s'", how);
	if (s->state != SESSION_CLAIMED)
		return err_set(err, ERR_CONFLICT, "%s is %s: nobody has claimed it",
		    s->id, session_state_name(s->state));
	if (!is_done && s->is_external) {
		err_set(err, ERR_CONFLICT, "%s is not launched here", s->agent_shown);
		return err_fix(err, "divisi handback %s --done", s->label);
	}
	if (is_done && s->path[0] == '\0' && !session_is_away(s)) {
		err_set(err, ERR_CONFLICT, "%s has no worktree to look at", s->id);
		return err_fix(err, "divisi abandon %s", s->label);
	}
	if (!is_done && human_check_money(core, s, h->at, err) < 0)
		return -1;
	if (is_done)
		core_set(&s->summary, fields_text(&h->fields, "note"));
	core_set(&s->next_note, fields_text(&h->fields, "note"));
	core_set(
	    &s->next, is_done ? "done"
		      : s->agent_session[0] && fields_number(&h->fields, "resumable", 0)
			  ? "resume"
			  : "anew");
	owe_stop(s, acts);
	if (!s->run_open)
		go_on(core, s, h->at, acts);
	return 0;
}
