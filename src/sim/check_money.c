#include "sim/internal.h"

#include "core/account.h"
#include "core/money.h"

#include <string.h>

#define CLOCK_OFF_MS 5000 /* by which a clock may be wrong and nobody minds */

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

/* Whatever the clock is set to, and however long the machine sleeps. */
static void
check_time(const struct session *s, int64_t now)
{
	struct sim_shadow *sh = sim_shadow_of(s->id);
	int64_t ran = s->ran_ms + (s->clock_at > 0 ? now - s->clock_at : 0);

	if (sim->is_blind || (s->clock_at == 0 && ran == 0))
		return;
	if (sh->n_charged != s->n_runs) {
		sh->n_charged = s->n_runs;
		sh->charged_since = sim->mono - ran;
	}
	if (ran > sim->mono - sh->charged_since + CLOCK_OFF_MS)
		sim_fail("%s is charged for %lld ms, of %lld that passed", s->id,
		    (long long)ran, (long long)(sim->mono - sh->charged_since));
}

/* J-28: no session runs on beyond what it may spend, by its claims or by its time. */
void
sim_check_budget(const struct session *s, int64_t now)
{
	const struct core *core = sim->check.core;
	const struct plan_run *p = core_plan(core, s->plan_id);

	check_time(s, now);
	if (p && strcmp(p->profile, "unlimited") != 0 && s->run_open &&
	    session_is_live(s->state) && s->state != SESSION_EXITING &&
	    s->state != SESSION_CLAIMED && !s->is_interactive && !session_open_ask(s) &&
	    s->state != SESSION_HALTED && !s->waits_for_slot &&
	    money_spent(core, s, now) >= money_ceiling(core, s))
		sim_fail("%s spent %lld of %lld and runs", s->id,
		    (long long)money_spent(core, s, now),
		    (long long)money_ceiling(core, s));
}
