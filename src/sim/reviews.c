#include "sim/internal.h"

#include "core/review.h"

#include <string.h>

/* Nobody reviews anything here: who is diligent says why not, and then answers. */
bool
sim_review_tend(const struct session *s)
{
	const struct ask *a = session_open_ask(s);
	const struct review *r = core_review_of(
	    engine_core(sim->engine), "", s->id, "in");
	struct fields f = { 0 };

	if (!a || strcmp(a->kind, "checkpoint") != 0 || !strstr(s->review, "in") ||
	    (r && r->at >= a->at))
		return false;
	if (!sim->is_calm && sim_dice(2))
		return false; /* they try without, and are refused */
	fields_set(&f, "session", s->id);
	fields_set(&f, "timing", "in");
	fields_set(&f, "what", "waive");
	fields_set(&f, "reason", "I have read it");
	(void)sim_order("review", &f);
	return true;
}

/* What a person says about two sessions that met (S-45); false when none do. */
bool
sim_rule(void)
{
	static const char *const rulings[] = { "go-on", "order", "yield", "rescope" };
	const struct core *core = engine_core(sim->engine);
	struct fields f = { 0 };

	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];

		if (strcmp(c->state, "open") != 0)
			continue;
		fields_set(&f, "conflict", c->id);
		fields_set(&f, "ruling", rulings[sim->is_calm ? 0 : sim_dice(4)]);
		fields_set(&f, "about", sim_dice(2) ? c->a : c->b);
		fields_set(&f, "reason", "because");
		(void)sim_order("rule", &f);
		return true;
	}
	return false;
}
