#include "rehearse/internal.h"

#include "plan/landing.h"

/* The next table: the batches of the scheduler, or a phase as soon as it is free. */

/* Behind whom PHASE lands, and its place in ORDER, that of its whole batch. */
static char *
after_of(struct stage *s, int phase, const struct batch *batch, const int *order,
    size_t *position)
{
	bool is_measured = s->c->setting->order == REHEARSE_MEASURED;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t k = 0; batch && k < batch->n; k++) {
		const struct pair *pair;

		if (order[k] == phase) {
			*position = k + 1;
			break;
		}
		pair = verdicts_find(s->c->verdicts, phase, order[k]);
		if (!pair || pair->verdict == VERDICT_PARALLEL)
			continue;
		/* What a mode fixes holds; the rest is left to what will be measured. */
		if (is_measured && pair->first != order[k])
			continue;
		fprintf(
		    f, "%s%s", ftell(f) > 0 ? "," : "", s->c->plan->phase[order[k]].id);
	}
	fclose(f);
	return text;
}

/* The order of the setting: the table's, or plan order but for what a mode fixes. */
static int *
order_of(const struct stage *s, const struct batch *batch)
{
	size_t n = batch ? batch->n : 0;
	int *order = xcalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = batch->merge_order[i];
	if (n > 0 && s->c->setting->order == REHEARSE_PLAN) {
		double *p = xcalloc(n * n, sizeof(*p));
		bool *before = xcalloc(n * n, sizeof(*before));
		struct landing landing = { n, p, before, batch->phase };

		for (size_t i = 0; i < n * n; i++) {
			const struct pair *pair = verdicts_find(
			    s->c->verdicts, batch->phase[i / n], batch->phase[i % n]);

			before[i] = i / n != i % n && pair &&
				    pair->first == batch->phase[i / n];
		}
		landing_order(&landing, order);
		for (size_t i = 0; i < n; i++)
			order[i] = batch->phase[order[i]];
		free(p);
		free(before);
	}
	return order;
}

static void
put_session(
    struct stage *s, struct fields *f, size_t i, int phase, const struct batch *batch)
{
	const struct phase *p = &s->c->plan->phase[phase];
	size_t position = i + 1;
	AUTO_FREE int *order = order_of(s, batch);
	AUTO_FREE char *after = after_of(s, phase, batch, order, &position);
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
	s->worker[phase].batch = s->n_batches;
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
