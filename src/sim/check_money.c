#include "sim/internal.h"

#include "core/account.h"
#include "core/money.h"

#include <string.h>

/*
 * Promise 5: what is launched fits under the caps, with all that is reserved beside it; and a
 * paused account launches nothing.
 */
void
sim_check_money(const struct happening *h, const struct acts *acts)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < acts->n; i++) {
		const struct session *s;
		const struct plan_run *p;
		const struct batch_run *b;
		struct money_sum all, some, paid;

		if (strcmp(acts->item[i].kind, "launch") != 0)
			continue;
		s = core_session(core, fields_text(&acts->item[i].fields, "session"));
		p = s ? core_plan(core, s->plan_id) : NULL;
		b = s ? core_batch(core, s->batch_id) : NULL;
		if (!p || !b)
			continue;
		all = money_of_plan(core, p, h->at);
		some = money_of_batch(core, b, h->at);
		paid = money_of_account(core, s->account, h->at);
		/*
		 * A run that was lost goes on within what is reserved for it; and a person
		 * at a terminal sees what it costs.
		 */
		if (!s->is_interactive && h->kind != HAP_RUN_LOST &&
		    h->kind != HAP_CAP_SET &&
		    ((all.cap > 0 && all.spent + all.reserved > all.cap) ||
			(some.cap > 0 && some.spent + some.reserved > some.cap) ||
			(paid.cap > 0 && paid.spent + paid.reserved > paid.cap)))
			sim_fail("%s was launched beyond a cap: %lld + %lld of %lld, "
				 "batch %lld + %lld of %lld",
			    s->id, (long long)all.spent, (long long)all.reserved,
			    (long long)all.cap, (long long)some.spent,
			    (long long)some.reserved, (long long)some.cap);
		/* What is not the first is owed at once; the engine starts it after the pause. */
		if (session_paused_until(core, s) > h->at && s->n_runs == 1 &&
		    h->kind != HAP_RESUMED)
			sim_fail("%s was launched on a paused account", s->id);
	}
}

/* J-28: no session runs on beyond what it may spend, by its claims or by its time. */
void
sim_check_budget(const struct session *s, int64_t now)
{
	const struct core *core = sim->check.core;
	const struct plan_run *p = core_plan(core, s->plan_id);

	if (p && strcmp(p->profile, "unlimited") != 0 && s->run_open &&
	    session_is_live(s->state) && s->state != SESSION_EXITING &&
	    s->state != SESSION_CLAIMED && !s->is_interactive && !session_open_ask(s) &&
	    s->state != SESSION_HALTED && !s->waits_for_slot &&
	    money_spent(core, s, now) >= money_ceiling(core, s))
		sim_fail("%s spent %lld of %lld and runs", s->id,
		    (long long)money_spent(core, s, now),
		    (long long)money_ceiling(core, s));
}
