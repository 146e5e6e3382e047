#include "core/account.h"
#include "core/internal.h"
#include "core/money.h"

#include <string.h>

/*
 * Agents with a budget flag of their own are given what their session may spend (DESIGN 7) and
 * end by themselves when it is gone.  That is no failed approach (J-28): who may spend more by
 * now goes on in a new run with a new budget, and all others wait for a person.
 */

static bool
has_room(const struct core *core, const struct session *s, int64_t now)
{
	return !money_is_limited(core, s) ||
	       money_spent(core, s, now) < money_ceiling(core, s);
}

static void
put_reason(const struct core *core, struct session *s, int64_t now)
{
	AUTO_FREE char *is = text_dollars((long)money_spent(core, s, now));
	AUTO_FREE char *may = text_dollars((long)money_ceiling(core, s));
	AUTO_FREE char *next = text_dollars((long)money_next_ceiling(core, s, now));

	free(s->reason);
	if (s->renews)
		s->reason = xasprintf(
		    "its agent used up the budget it was started with; it "
		    "may spend up to %s and goes on by itself",
		    may);
	else
		s->reason = xasprintf(
		    "its budget is used up: it spent %s of the %s it may "
		    "spend; going on lets it spend up to %s",
		    is, may, next);
}

bool
budget_parks(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	bool was_held = session_is_held(s);

	if (!fields_number(&h->fields, "out_of_budget", 0) ||
	    !session_is_live(s->state) || s->state == SESSION_EXITING ||
	    s->state == SESSION_CLAIMED || !core_move(s, ON_PARK, h->at, acts))
		return false;
	s->can_resume = fields_number(&h->fields, "resumable", 0) != 0;
	s->is_out_of_budget = true;
	s->renews = has_room(core, s, h->at) && s->n_limited < ACCOUNT_RESUMES_MOST;
	s->n_limited += s->renews;
	s->is_held = false;
	put_reason(core, s, h->at);
	session_close_asks(s, false);
	if (was_held)
		owe_tell(s, "continue", acts); /* a suspended process does not end */
	owe_stop(s, acts);
	owe_inspect(s, "parked", acts);
	owe_comment(acts, s, "parked", ++s->n_keys, s->reason);
	owe_write_back(core, s->plan_id, acts);
	return true;
}

bool
budget_keeps(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	char why[256];

	if ((!s->is_released && !s->waits_for_account) || s->state != SESSION_PARKED ||
	    s->run_open || s->is_tree_gone || session_paused_until(core, s))
		return false;
	if (has_room(core, s, now) &&
	    money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why)))
		return false;
	s->is_out_of_budget = true;
	s->renews = has_room(core, s, now);
	s->is_released = s->waits_for_account = false;
	if (s->renews) {
		free(s->reason);
		s->reason = xasprintf(
		    "it goes on by itself once there is money: %s", why);
	} else {
		put_reason(core, s, now);
	}
	owe_comment(acts, s, "parked", ++s->n_keys, s->reason);
	owe_write_back(core, s->plan_id, acts);
	return true;
}

bool
budget_waits(const struct core *core, const struct session *s)
{
	int64_t ceiling = money_ceiling(core, s);
	char why[256];

	return s->is_out_of_budget && s->state == SESSION_PARKED &&
	       (!s->renews ||
		   !money_fits(core, s, ceiling, core->seen_at, why, sizeof(why)));
}

bool
budget_resumes(const struct core *core, const struct session *s, int64_t now)
{
	char why[256];

	return s->renews && s->state == SESSION_PARKED && !s->run_open &&
	       !s->is_tree_gone && !session_paused_until(core, s) &&
	       has_room(core, s, now) &&
	       money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why));
}
