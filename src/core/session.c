#include "core/internal.h"

#include <stdio.h>
#include <string.h>

#define MOST_NUMBER   MONEY_MOST
#define MAX_LOST_RUNS 3 /* then a person looks why its holder keeps dying */

/*
 * What agents, holders and jobs report about one session.  Every agent happening names its
 * run; one of a run that is no longer the current one is history and changes nothing but
 * is never an error (a late line of a killed agent is normal).
 */
struct session *
session_current(struct core *core, const struct happening *h, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (s &&
	    (!s->run_open || strcmp(s->run, fields_text(&h->fields, "run")) != 0)) {
		err_set(err, ERR_CONFLICT, "run %.60s of %s is over",
		    fields_text(&h->fields, "run"), s->id);
		return NULL;
	}
	return s;
}

/* A silent session that speaks works again (E-7: stalled -> active). */
static void
revive(struct session *s, int64_t now, struct acts *acts)
{
	if (s->state == SESSION_STALLED && s->confirmed && !s->awaits_words &&
	    core_move(s, ON_ACTIVITY, now, acts))
		core_set(&s->reason, "");
}

void
session_heard(struct session *s, const struct happening *h, struct acts *acts)
{
	int64_t offset = fields_number(&h->fields, "offset", -1);

	if (offset >= 0 && offset <= s->offset)
		return; /* read again after a restart: no sign of life */
	if (offset > s->offset)
		s->offset = offset;
	s->last_seen = h->at;
	s->is_idle = false;
	if (h->kind != HAP_AGENT_DONE && h->kind != HAP_AGENT_FAILED)
		revive(s, h->at, acts);
	else
		core_set(&s->agent_turn, "");
}

/* A number that a stranger's program said, as far as anybody can believe it. */
int64_t
happening_claim(const struct happening *h, const char *name, int64_t fallback)
{
	int64_t n = fields_number(&h->fields, name, fallback);

	return n > MOST_NUMBER ? MOST_NUMBER : n;
}

void
session_fail(struct core *core, struct session *s, const char *reason, int64_t now,
    struct acts *acts)
{
	if (!core_move(s, ON_FAIL, now, acts))
		return;
	if (reason != s->reason)
		core_set(&s->reason, reason);
	session_close_asks(s, false);
	owe_write_back(core, s->plan_id, acts);
}

void
session_reported(struct session *s, int64_t now, struct acts *acts)
{
	if (!core_move(s, ON_REPORTED, now, acts))
		return;
	core_set(&s->reason, "");
	s->reported = false;
	owe_inspect(s, "exit", acts);
}

/* Is the table of S still being prepared, and is this an answer to it? */
static bool
is_awaited(const struct core *core, const struct session *s, const struct happening *h)
{
	const struct batch_run *b = core_batch(core, s->batch_id);

	return b && batch_has(core, b, s) &&
	       (b->state == BATCH_PLANNED || b->state == BATCH_FILED) &&
	       fields_number(&h->fields, "version", b->version) == b->version;
}

int
step_session_filed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	core_set(&s->sub_issue, fields_text(&h->fields, "sub_issue"));
	if (!is_awaited(core, s, h))
		return 0;
	(void)core_move(s, ON_FILED, h->at, acts);
	if (s->has_tree)
		(void)core_move(s, ON_PREPARED, h->at, acts);
	return 0;
}

int
step_session_prepared(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);

	if (!s)
		return -1;
	if (!is_awaited(core, s, h))
		return err_set(err, ERR_CONFLICT, "%s is %s: nothing is prepared",
		    s->id, session_state_name(s->state));
	core_set(&s->path, fields_text(&h->fields, "path"));
	core_set(&s->base, fields_text(&h->fields, "base"));
	s->has_tree = true;
	(void)core_move(s, ON_PREPARED, h->at, acts);
	return 0;
}

/* Its last run never was; what those before it left is pinned all the same (promise 2). */
static void
pin_earlier_runs(struct session *s, struct acts *acts)
{
	if (s->n_runs > 1)
		owe_inspect(s, "failed", acts);
}

/* Why its table cannot be prepared, with what mends it. */
static void
set_unprepared(struct batch_run *b, const struct happening *h)
{
	const char *fix = fields_text(&h->fields, "fix");

	free(b->reason);
	b->reason = xasprintf(
	    "%s%s%s", fields_text(&h->fields, "text"), fix[0] ? "; fix: " : "", fix);
}

/* An act that cannot be done: where something waits for it, that says so. */
int
step_act_failed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *kind = fields_text(&h->fields, "act");
	const char *text = fields_text(&h->fields, "text");
	const char *run = fields_text(&h->fields, "run");
	struct batch_run *b;

	if (!s)
		return -1;
	b = core_batch(core, s->batch_id);
	if (run[0] && strcmp(run, s->run) != 0)
		return err_set(
		    err, ERR_CONFLICT, "run %.60s of %s is over", run, s->id);
	if (claim_act_failed(core, s, kind, text, h->at, acts) ||
	    delegate_act_failed(core, s, kind, text, h->at, acts))
		return 0;
	/* A server that died over the launch learns first what became of the run. */
	if (strcmp(kind, "launch") == 0 && !s->run_open)
		return 0;
	if (strcmp(kind, "launch") == 0 || strcmp(kind, "setup") == 0 ||
	    (strcmp(kind, "worktree-back") == 0 && session_is_live(s->state))) {
		/* Should its holder have come up after all, it is not left behind. */
		owe_tell(s, "kill", acts);
		s->run_open = false;
		session_fail(core, s, text, h->at, acts);
		pin_earlier_runs(s, acts);
	} else if (strcmp(kind, "step") == 0) {
		talk_broke(core, s, text, h->at, acts);
	} else if (strcmp(kind, "worktree-add") == 0 ||
		   strcmp(kind, "issue-file") == 0) {
		if (b && is_awaited(core, s, h))
			set_unprepared(b, h);
	} else if (strcmp(kind, "review-start") == 0) {
		offer_failed(s, text);
	} else if (strcmp(kind, "worktree-back") == 0) {
		core_set(&s->reason, text);
	} else if (strcmp(kind, "inspect") == 0 && s->state == SESSION_EXITING) {
		core_set(&s->reason, text);
	} else if (strcmp(kind, "candidate") == 0 || strcmp(kind, "land") == 0) {
		if (core_move(s, ON_CONFLICT, h->at, acts))
			core_set(&s->reason, text);
	} else if (strcmp(kind, "say") == 0) {
		/* Who was not told began no turn with it. */
		(void)talk_turn_ends(s, h->at, acts);
	} else if (strcmp(kind, "answer") == 0 && s->state == SESSION_ACTIVE) {
		(void)core_move(s, ON_STALL, h->at, acts);
		free(s->reason);
		s->reason = xasprintf("your answer does not reach it: %s", text);
	}
	return 0;
}

/* The process is gone without having said that it is done: J-22. */
static void
process_gone(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const char *how = fields_text(&h->fields, "reason");
	const char *text = fields_text(&h->fields, "text");
	int64_t status = fields_number(&h->fields, "status", 0);
	int64_t sig = fields_number(&h->fields, "signal", 0);

	if (account_parks(core, s, h->at, acts))
		return;
	free(s->reason);
	if (strcmp(how, "not-started") == 0) {
		s->reason = xasprintf("the agent could not be started: %s",
		    text[0] ? text : "its holder does not say why");
		session_fail(core, s, s->reason, h->at, acts);
		pin_earlier_runs(s, acts);
		return;
	}
	if (strcmp(how, "wall-limit") == 0) {
		s->reason = xstrdup("it ran as long as divisi.wall-limit allows");
		(void)core_move(s, ON_PARK, h->at, acts);
		owe_inspect(s, "parked", acts);
		owe_comment(acts, s, "parked", ++s->n_keys, s->reason);
		owe_write_back(core, s->plan_id, acts);
		return;
	}
	if (strcmp(how, "flood") == 0)
		s->reason = xstrdup("it wrote more than divisi.output-limit allows");
	else if (strcmp(how, "memory-limit") == 0)
		s->reason = xstrdup(
		    "it took more memory than divisi.memory-limit allows");
	else if (strcmp(how, "process-limit") == 0)
		s->reason = xstrdup(
		    "it had more processes than divisi.process-limit allows");
	else if (sig)
		s->reason = xasprintf(
		    "the agent's process was killed (signal %d)", (int)sig);
	else
		s->reason = xasprintf(
		    "the agent's process ended (%s, exit %d) without reporting its end",
		    how, (int)status);
	(void)core_move(s, ON_STALL, h->at, acts);
	owe_inspect(s, "stalled", acts);
}

/*
 * E-7: the checklist was incomplete, and nobody is left to complete it.  What the agent
 * made since it was looked at counts, and is pinned whatever comes of it (promise 2).
 */
static void
look_a_last_time(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	if (s->path[0] == '\0') {
		session_fail(core, s, s->reason, now, acts);
		return;
	}
	core_set(&s->reason, "");
	owe_inspect(s, "exit", acts);
}

/*
 * The process of S is gone, whichever way.  True when that settles it: its end was
 * reported before, or nobody waits for it any more.
 */
static bool
outlived(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	s->run_open = false;
	s->last_seen = h->at;
	session_close_asks(s, true);
	if (s->state == SESSION_EXITING) {
		if (s->reason[0] && !session_open_ask(s))
			look_a_last_time(core, s, h->at, acts);
		return true;
	}
	if (session_is_live(s->state))
		return false;
	/*
	 * Stopped by us, or with nobody left who will land it: what it wrote to the last is
	 * pinned too.  Otherwise whoever removes its worktree does that.
	 */
	if (s->state == SESSION_PARKED || s->state == SESSION_FAILED ||
	    s->state == SESSION_ABANDONED || strcmp(p->state, "aborted") == 0)
		owe_inspect(s, "ended", acts);
	return true;
}

/* A terminal that a person left says nothing; one that never opened says why. */
static const char *
end_words(const struct session *s, const struct happening *h)
{
	const char *text = fields_text(&h->fields, "text");

	if (strcmp(fields_text(&h->fields, "reason"), "not-started") == 0)
		return text[0] ? text : "its terminal could not be opened";
	return s->is_interactive ? "" : "its agent has ended";
}

int
step_run_ended(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	bool clean = fields_number(&h->fields, "clean", 0) != 0;

	if (!s)
		return -1;
	if (s->state == SESSION_CLAIMED) {
		s->run_open = false;
		claim_run_over(core, s, end_words(s, h), true, h->at, acts);
		return 0;
	}
	if (outlived(core, s, h, acts) || health_takes_over(core, s, h->at, acts))
		return 0;
	if (clean && s->confirmed &&
	    (s->state == SESSION_ACTIVE || s->state == SESSION_STALLED))
		session_reported(s, h->at, acts);
	else
		process_gone(core, s, h, acts);
	return 0;
}

/* May a lost run go on by itself?  Not past a person's hold or question (CONTRACTS 2). */
static bool
goes_on(const struct session *s, const struct happening *h, bool was_held)
{
	return fields_number(&h->fields, "resumable", 0) && s->agent_session[0] &&
	       !was_held && s->n_runs < MAX_LOST_RUNS &&
	       (s->state == SESSION_LAUNCHING || s->state == SESSION_UNCONFIRMED ||
		   s->state == SESSION_ACTIVE || s->state == SESSION_CHECKPOINT);
}

/*
 * What became of a run that told no end: "how" is killed, restart (of the machine) or
 * vanished (its directory).  "alive" says that its processes are not proven dead.
 */
static char *
lost_reason(const struct happening *h)
{
	const char *how = fields_text(&h->fields, "how");
	const char *what = strcmp(how, "restart") == 0 ? "the machine was restarted"
			   : strcmp(how, "vanished") == 0
			       ? "its run directory is gone, and what it said last"
			       : "its holder was killed";

	if (fields_number(&h->fields, "alive", 0))
		return xasprintf("%s; what it started may still live: %s", what,
		    fields_text(&h->fields, "text"));
	return xasprintf("%s; nothing of it lives any more", what);
}

int
step_run_lost(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	bool again;

	if (!s)
		return -1;
	if (s->state == SESSION_CLAIMED) {
		AUTO_FREE char *why = lost_reason(h);

		s->run_open = false;
		claim_run_over(
		    core, s, why, !fields_number(&h->fields, "alive", 0), h->at, acts);
		return 0;
	}
	again = goes_on(s, h, session_is_held(s)) && loop_crashed(&s->loop);
	if (outlived(core, s, h, acts) || health_takes_over(core, s, h->at, acts))
		return 0;
	free(s->reason);
	s->reason = lost_reason(h);
	s->is_lost = true;
	(void)core_move(s, ON_STALL, h->at, acts);
	if (again)
		owe_launch(s, s->agent_session,
		    "the process was lost; go on where you were", h->at, acts);
	else
		owe_inspect(s, "stalled", acts);
	return 0;
}

int
step_agent_done(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	bool is_new;

	if (!s)
		return -1;
	is_new = fields_number(&h->fields, "offset", -1) < 0 ||
		 fields_number(&h->fields, "offset", 0) > s->offset;
	session_heard(s, h, acts);
	s->is_interrupted = s->awaits_words = false; /* done before it heard of it */
	if (is_new && talk_turn_ends(s, h->at, acts))
		return 0; /* it goes on with what was said meanwhile */
	if (!session_is_live(s->state) || s->state == SESSION_CLAIMED ||
	    health_turn_ends(s, acts))
		return 0;
	core_set(&s->summary, fields_text(&h->fields, "text"));
	if (is_new)
		loop_hear(s, h);
	if ((fields_number(&h->fields, "plans", 0) && talk_plan(s, h->at)) ||
	    (fields_number(&h->fields, "stops", 0) && talk_go_on(s, acts)))
		return 0;
	if (s->state == SESSION_HALTED) {
		s->reported = true; /* looked at when the person lets it go on */
		return 0;
	}
	if (s->state == SESSION_EXITING) {
		/* It was told what is missing, and says that it is there now. */
		if (s->reason[0] && !session_open_ask(s)) {
			core_set(&s->reason, "");
			owe_inspect(s, "exit", acts);
		}
		return 0;
	}
	/* It reads its input no more: what it asked is moot, and so is a hold for its cost. */
	if (session_is_held(s))
		owe_tell(s, "continue", acts);
	session_close_asks(s, false);
	(void)core_move(s, ON_ACCEPTED, h->at, acts);
	(void)core_move(s, ON_ANSWERED, h->at, acts);
	session_reported(s, h->at, acts);
	return 0;
}

int
step_agent_failed(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	if (!s)
		return -1;
	session_heard(s, h, acts);
	/* Ended by us in its turn, for its context: a fresh run takes over when it is gone. */
	if (s->splits && s->run_open && session_is_live(s->state))
		return 0;
	if (s->is_interrupted) {
		s->is_interrupted = false;
		session_close_asks(s, false);
		(void)core_move(s, ON_ANSWERED, h->at, acts);
		if (core_move(s, ON_STALL, h->at, acts)) {
			free(s->reason);
			s->reason = xasprintf("a person interrupted it, and it waits: "
					      "divisi say %s TEXT lets it go on",
			    s->label);
			/* Codex leaves the command running that it was interrupted in. */
			owe_tell(s, "sweep", acts);
			s->awaits_words = true;
			(void)talk_turn_ends(s, h->at, acts);
			return 0;
		}
	}
	if (budget_parks(core, s, h, acts) || account_parks(core, s, h->at, acts) ||
	    !core_move(s, ON_FAIL, h->at, acts))
		return 0;
	core_set(&s->reason, fields_text(&h->fields, "text"));
	session_close_asks(s, false);
	owe_tell(s, "stop", acts);
	owe_inspect(s, "failed", acts);
	owe_comment(acts, s, "exit", ++s->n_keys, s->reason);
	owe_write_back(core, s->plan_id, acts);
	return 0;
}
