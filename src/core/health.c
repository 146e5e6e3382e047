#include "core/internal.h"

#include "core/money.h"

#include <string.h>

/*
 * How it goes with an agent beside its silence (watchdog.c): calls to its model that fail
 * again and again, and a context that fills up.
 *
 * The ladder of A-92, in percent of the context: at 30, 56 and 67 what the session has is
 * kept; 50 is shown; at 60 the agent is told to commit and to write its handoff; at 70 it is
 * ended, and a fresh run of the same session, with the same issue, branch and slot, takes
 * over from the handoff (J-40, R-130 to R-136).  Only at 60 is the agent told anything: a
 * message amid its turn costs a turn of its own.
 */
#define WRAP_UP_BEFORE 10 /* percent below the stop */
#define SPLITS_MOST    3  /* then a person looks why it does not get done */

/*
 * The rungs at which what the session has is kept, in percent below the stop: at 30, 56 and
 * 67 of 70.  The first is an audit of what is worth keeping, and for the files alone; each is
 * climbed once in a run.
 */
static const struct {
	int before;
	unsigned steps;
	const char *why;
} rungs[] = {
	{ 40, 0, "audit of the context" },
	{ 14, CHECKPOINT_COMMENT, "handoff: the context fills up" },
	{ 3, CHECKPOINT_COMMENT, "everything persisted before the split" },
};

static const char wrap_up_text[] =
    "Your context is nearly used up. Commit what works now. Then write the file "
    ".ccc-progress.md in your directory: what is completed, what is in progress, what "
    "remains, the files you changed, decisions, open questions, and the next steps; it is "
    "not committed. Then end your turn: a fresh session goes on from that file.";

static void
count_retries(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	int64_t n = happening_claim(h, "retries", 0);

	if (fields_number(&h->fields, "progressed", 0))
		s->n_retries = 0;
	if (n > 0 && n < 100000)
		s->n_retries += (int)n;
	if (!p || p->retry_limit <= 0 || s->n_retries < p->retry_limit ||
	    s->state == SESSION_EXITING || !core_move(s, ON_PARK, h->at, acts))
		return;
	free(s->reason);
	s->reason = xasprintf(
	    "its model failed %d times in a row (divisi.retry-limit): %s", s->n_retries,
	    s->last_text[0] ? s->last_text : "it does not say why");
	s->n_retries = 0;
	session_close_asks(s, false);
	owe_stop(s, acts);
	owe_inspect(s, "parked", acts);
	owe_comment(acts, s, "parked", ++s->n_keys, s->reason);
	owe_write_back(core, s->plan_id, acts);
}

static bool
can_split(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && p->context_stop > 0 && s->run_open && s->confirmed &&
	       !s->is_analysis && s->n_splits < SPLITS_MOST &&
	       (s->state == SESSION_ACTIVE || s->state == SESSION_CHECKPOINT);
}

static void
climb(struct core *core, struct session *s, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	if (!can_split(core, s))
		return;
	for (size_t i = 0; i < N_ELEMS(rungs); i++) {
		int at = (int)p->context_stop - rungs[i].before;

		if (at <= s->rung || s->context_pct < at)
			continue;
		s->rung = at;
		/* Who climbs several at once is kept once, for the highest of them. */
		if (i + 1 == N_ELEMS(rungs) ||
		    s->context_pct < (int)p->context_stop - rungs[i + 1].before)
			owe_checkpoint(s, rungs[i].why, rungs[i].steps, acts);
	}
	if (s->context_pct >= p->context_stop - WRAP_UP_BEFORE && !s->wraps_up) {
		s->wraps_up = true;
		talk_say(s, "", wrap_up_text, acts);
	}
	if (s->context_pct >= p->context_stop && !s->splits) {
		s->splits = true;
		owe_stop(s, acts);
	}
}

void
health_look(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	count_retries(core, s, h, acts);
	climb(core, s, acts);
}

bool
health_turn_ends(struct session *s, struct acts *acts)
{
	if (!s->wraps_up || s->splits || s->state == SESSION_EXITING ||
	    s->state == SESSION_HALTED)
		return s->splits && s->run_open;
	s->splits = true;
	owe_stop(s, acts);
	return true;
}

bool
health_takes_over(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	bool splits = s->splits && session_is_live(s->state) && !session_is_held(s) &&
		      s->state != SESSION_EXITING;
	bool is_loop = loop_takes_over(s);
	AUTO_FREE char *next = is_loop ? loop_note(s) : NULL;
	char why[256];

	s->splits = s->wraps_up = false;
	if (!splits ||
	    !money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why)) ||
	    !core_move(s, ON_STALL, now, acts))
		return false;
	s->n_splits += !is_loop;
	s->context_pct = 0;
	owe_inspect(s, "split", acts);
	owe_launch(s, "",
	    next
		? next
		: "The session before you, on the same branch and issue, had used up its context. "
		  "Its handoff is in .ccc-progress.md, if it wrote one: read that first, then go on "
		  "where it stopped",
	    now, acts);
	return true;
}
