#include "plan/verdict.h"

#include "base/mem.h"
#include "plan/decide.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Pairs of uses that are walked before a plan counts as too large: seconds, not minutes. */
#define MAX_HITS 400000000u

const char *
decision_unknown(const struct decision *d, int position)
{
	const struct phase *phase = &d->plan->phase[position];
	size_t n_declared = 0;

	for (int t = 0; t < TOUCH_N; t++) {
		for (size_t k = 0; k < phase->touch[t].n; k++)
			n_declared += !phase->touch[t].item[k].is_inferred;
	}
	if (phase->is_unknown || n_declared == 0)
		return arena_printf(
		    d->arena, "%s does not say what it touches", phase->id);
	if (!d->meets.bad[position])
		return NULL;
	return arena_printf(d->arena, "%s %s", phase->id, d->meets.bad[position]);
}

/* Room for all pairs there can be: what is not used is never touched, and given back. */
static void
pairs_reserve(struct verdicts *v)
{
	v->cap_pairs = v->n_total < VERDICT_MAX_PAIRS ? v->n_total : VERDICT_MAX_PAIRS;
	v->pair = xreallocarray(NULL, v->cap_pairs, sizeof(*v->pair));
}

static void
pair_keep(struct verdicts *v, const struct pair *pair)
{
	if (v->n_pairs >= VERDICT_MAX_PAIRS)
		v->is_too_large = true;
	if (v->is_too_large || (!v->keeps_all && pair->verdict == VERDICT_PARALLEL))
		return;
	if (!v->pair)
		pairs_reserve(v);
	GROW(v->pair, v->n_pairs, v->cap_pairs);
	v->pair[v->n_pairs++] = *pair;
}

/* Spares most of a large table. */
bool
decision_is_open(const struct decision *d, const struct cell *cell, int a, int b)
{
	return d->verdicts->keeps_all || cell->is_touched || d->unknown[a] ||
	       d->unknown[b] || graph_reaches(&d->hard, a, b) ||
	       (graph_has_successors(&d->hard, b) && graph_reaches(&d->hard, b, a));
}

static void
decide_pair(struct decision *d, int a, int b)
{
	struct pair pair;

	if (!decision_is_open(d, &d->cell[b], a, b))
		return;
	pair = decision_pair(d, &d->cell[b], a, b);
	pair_keep(d->verdicts, &pair);
}

/*
 * The phases that may be worth deciding with any other, ascending: those of which nothing
 * is known, and those that come before something.
 */
static int *
find_wide(const struct decision *d, size_t *n_wide)
{
	int n = (int)d->plan->n_phases;
	int *wide = xcalloc((size_t)n + 1, sizeof(*wide));

	for (int i = 0; i < n; i++) {
		if (d->unknown[i] || graph_has_successors(&d->hard, i))
			wide[(*n_wide)++] = i;
	}
	wide[*n_wide] = n;
	return wide;
}

/* Row A where A itself is not wide: what it touches and the wide ones behind it, in order. */
static void
decide_row(struct decision *d, int a, const int *wide)
{
	int n = (int)d->plan->n_phases;
	size_t t = 0;

	for (;;) {
		int touched = t < d->n_touched ? d->touched[t] : n;
		int b = touched < *wide ? touched : *wide;

		if (b == n)
			return;
		t += b == touched;
		wide += b == *wide;
		decide_pair(d, a, b);
	}
}

static void
decide_rows(struct decision *d)
{
	int n = (int)d->plan->n_phases;
	size_t n_wide = 0, w = 0;
	int *wide = find_wide(d, &n_wide);

	for (int a = 0; a < n && !d->verdicts->is_too_large; a++) {
		bool is_wide = wide[w] == a;

		w += is_wide;
		row_fill(d, a, false);
		if (!is_wide && !d->verdicts->keeps_all) {
			decide_row(d, a, wide + w);
			continue;
		}
		for (int b = a + 1; b < n; b++)
			decide_pair(d, a, b);
	}
	free(wide);
}

bool
decision_init(struct decision *d, struct verdicts *v, const struct plan *plan,
    const struct verdict_env *env, bool stands)
{
	size_t n = plan->n_phases;

	*d = (struct decision){
		.plan = plan, .env = env, .verdicts = v, .arena = v->arena
	};
	meets_init(&d->meets, plan, env, d->arena);
	resources_init(&d->resources, &d->meets, d->arena, stands);
	if (d->meets.is_too_large || d->meets.n_hits + d->resources.n_hits > MAX_HITS)
		return false;
	d->cell = xcalloc(n, sizeof(*d->cell));
	d->rare = xcalloc(n, sizeof(*d->rare));
	for (size_t i = 0; i < n; i++)
		d->cell[i].rare = &d->rare[i];
	d->touched = xcalloc(n, sizeof(*d->touched));
	d->touched_bit = xcalloc(n / 64 + 1, sizeof(*d->touched_bit));
	d->unknown = arena_alloc(d->arena, n * sizeof(*d->unknown));
	for (size_t i = 0; i < n; i++)
		d->unknown[i] = decision_unknown(d, (int)i);
	return order_read(d);
}

bool
decision_is_near_limits(const struct decision *d)
{
	bool may_grow = d->meets.n_data + d->resources.n_data + d->hard.n_edges > 0;

	return (may_grow && graph_may_be_too_large(d->plan->n_phases)) ||
	       meets_is_near_limits(&d->meets) ||
	       d->meets.n_hits + d->resources.n_hits > MAX_HITS / 2;
}

void
decision_clear(struct decision *d)
{
	free(d->cell);
	free(d->rare);
	free(d->touched);
	free(d->touched_bit);
	graph_clear(&d->declared);
	graph_clear(&d->hard);
	resources_clear(&d->resources);
	meets_clear(&d->meets);
}

void
decision_all(struct decision *d)
{
	decide_rows(d);
	order_exclusions(d);
	order_cycles(d);
}

struct verdicts *
verdicts_empty(const struct plan *plan)
{
	static const struct grounds too_large = {
		.reason = "the plan is too large for its pairs to be decided"
	};
	struct verdicts *v = xcalloc(1, sizeof(*v));

	v->arena = arena_new();
	v->n_phases = plan->n_phases;
	v->n_total = plan->n_phases < 2 ? 0 : plan->n_phases * (plan->n_phases - 1) / 2;
	v->keeps_all = plan->n_phases <= VERDICT_KEEP_ALL;
	v->is_too_large = plan->n_phases > VERDICT_MAX_PHASES;
	v->undecided = (struct pair){ .a = -1,
		.risk = -1,
		.b = -1,
		.verdict = VERDICT_SEQUENTIAL,
		.literal = VERDICT_SEQUENTIAL,
		.first = -1,
		.question = 3,
		.kind = PAIR_UNKNOWN,
		.grounds = &too_large };
	return v;
}

struct verdicts *
verdicts_new(const struct plan *plan, const struct verdict_env *env)
{
	static const struct verdict_env no_env;
	struct verdicts *v = verdicts_empty(plan);
	struct decision d;

	if (v->is_too_large)
		return v;
	if (decision_init(&d, v, plan, env ? env : &no_env, false))
		decision_all(&d);
	else
		v->is_too_large = true;
	decision_clear(&d);
	if (v->is_too_large)
		v->n_pairs = 0;
	if (v->pair) {
		v->cap_pairs = v->n_pairs;
		v->pair = xreallocarray(v->pair, v->n_pairs, sizeof(*v->pair));
	}
	return v;
}

void
verdicts_free(struct verdicts *verdicts)
{
	if (!verdicts)
		return;
	arena_free(verdicts->arena);
	free(verdicts->pair);
	free(verdicts->cycle);
	free(verdicts);
}

const struct pair *
verdicts_find(const struct verdicts *verdicts, int i, int j)
{
	int a = i < j ? i : j, b = i < j ? j : i;
	size_t low = 0, high = verdicts->n_pairs;

	assert(i >= 0 && j >= 0);
	if (verdicts->is_too_large)
		return &verdicts->undecided;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct pair *at = &verdicts->pair[mid];

		if (at->a < a || (at->a == a && at->b < b))
			low = mid + 1;
		else
			high = mid;
	}
	return low < verdicts->n_pairs && verdicts->pair[low].a == a &&
		       verdicts->pair[low].b == b
		   ? &verdicts->pair[low]
		   : NULL;
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "parallel", "parallel-branches",
		"sequential" };

	assert((size_t)verdict < N_ELEMS(names));
	return names[verdict];
}

const char *
pair_kind_name(enum pair_kind kind)
{
	static const char *const names[PAIR_N_KINDS] = { "none", "raw", "war", "waw",
		"append", "delete", "rename", "directory", "api", "schema", "infra",
		"resource", "declared", "closure", "unknown", "cycle" };

	assert(kind >= 0 && kind < PAIR_N_KINDS);
	return names[kind];
}
