#include "rehearse/internal.h"

/* The next table: the batches of the scheduler, or a phase as soon as it is free. */
static void
put_session(
    struct stage *s, struct fields *f, size_t i, int phase, const struct batch *batch)
{
	const struct phase *p = &s->c->plan->phase[phase];
	AUTO_FREE char *after = xstrdup("");
	size_t position = i + 1;

	for (size_t k = 0; batch && k < batch->n; k++) {
		int other = batch->merge_order[k];
		const struct pair *pair;
		char *more;

		if (other == phase) {
			position = k + 1;
			break;
		}
		pair = verdicts_find(s->c->verdicts, phase, other);
		if (!pair || pair->verdict == VERDICT_PARALLEL)
			continue;
		more = xasprintf(
		    "%s%s%s", after, *after ? "," : "", s->c->plan->phase[other].id);
		free(after);
		after = more;
	}
	const struct {
		const char *name, *text;
	} texts[] = { { "phase", p->id }, { "issue", p->id }, { "mode", "quick" },
		{ "launch", "bypass" }, { "agent", "command" },
		{ "adapter", "command" }, { "worktree", "yes" }, { "path", "/w" },
		{ "after", after } };

	for (size_t k = 0; k < N_ELEMS(texts); k++) {
		AUTO_FREE char *key = xasprintf("s%zu.%s", i, texts[k].name);

		fields_set(f, key, texts[k].text);
	}
	AUTO_FREE char *merge = xasprintf("s%zu.merge", i);
	AUTO_FREE char *analysis = xasprintf("s%zu.analysis", i);

	fields_set_number(f, merge, (int64_t)position);
	fields_set_number(f, analysis, p->is_analysis_only);
	s->worker[phase].is_planned = true;
	s->worker[phase].since = s->now;
}

/* Plans N phases as the next table, past the rule that the last must be complete. */
static void
plan_table(struct stage *s, const int *phase, size_t n, const struct batch *batch)
{
	struct fields f = { 0 };

	fields_set(&f, "plan", "p1");
	fields_set_number(&f, "number", ++s->n_batches);
	fields_set(
	    &f, "kind", batch && batch->is_research ? "research" : "implementation");
	fields_set(&f, "hash", "h");
	fields_set(&f, "base", "b");
	fields_set_number(&f, "n_sessions", (int64_t)n);
	fields_set_number(&f, "override_G07", 1);
	for (size_t i = 0; i < n; i++)
		put_session(s, &f, i, phase[i], batch);
	(void)stage_happen(s, HAP_BATCH_PLANNED, -1, &f);
}

/* Is everything that PHASE has to follow, or must not meet, out of its way? */
static bool
is_free(const struct stage *s, int phase)
{
	for (int other = 0; other < (int)s->c->plan->n_phases; other++) {
		const struct pair *pair;
		const struct worker *w = &s->worker[other];

		if (other == phase || w->is_done)
			continue;
		pair = verdicts_find(s->c->verdicts, phase, other);
		if (!pair || pair->verdict != VERDICT_SEQUENTIAL)
			continue;
		if (pair->first != phase || (w->is_planned && !w->is_done))
			return false;
	}
	return true;
}

/* Rolling: the phase that most others wait for goes first. */
static void
plan_rolling(struct stage *s)
{
	for (;;) {
		int best = -1;
		size_t n_open = 0;

		for (int i = 0; i < (int)s->c->plan->n_phases; i++) {
			const struct worker *w = &s->worker[i];

			n_open += w->is_planned && !w->is_done && !w->is_lost &&
				  w->what != REHEARSE_LANDS;
			if (w->is_planned || !batches_of(s->c->batches, i) ||
			    !is_free(s, i))
				continue;
			if (best < 0 || s->chain[i] > s->chain[best])
				best = i;
		}
		if (best < 0 || n_open >= s->c->setting->cap)
			return;
		plan_table(s, &best, 1, NULL);
	}
}

void
stage_plan(struct stage *s)
{
	const struct batches *batches = s->c->batches;
	const struct batch_run *last;

	if (s->c->setting->is_rolling) {
		plan_rolling(s);
		return;
	}
	last = core_last_batch(s->core, "p1");
	if ((size_t)s->n_batches < batches->n &&
	    (!last || last->state == BATCH_COMPLETE ||
		(last->state == BATCH_WITH_FAILURES && last->acked))) {
		const struct batch *batch = &batches->batch[s->n_batches];

		plan_table(s, batch->phase, batch->n, batch);
	}
}
