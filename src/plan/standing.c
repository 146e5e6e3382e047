#include "plan/standing.h"

#include "base/mem.h"
#include "plan/decide.h"

#include <string.h>

/* Texts of verdicts that are none any more: past so many phases all is decided anew. */
#define MAX_CHANGES 2000

struct standing {
	const struct plan *plan;
	const struct verdict_env *env;
	struct verdicts *verdicts;
	struct decision d;
	bool is_made; /* D is, and can be changed */
	size_t n_changes;
	struct arena **past; /* of earlier verdicts that somebody looks at */
	size_t n_past, cap_past;
	bool keeps_past;
};

/* ---- all of it ------------------------------------------------------------------------------ */

static void
decide_whole(struct standing *s)
{
	if (s->verdicts) {
		struct verdicts *old = s->verdicts;

		decision_clear(&s->d);
		if (s->keeps_past) {
			GROW(s->past, s->n_past, s->cap_past);
			s->past[s->n_past++] = TAKE_PTR(old->arena);
		}
		verdicts_free(old);
	}
	s->d = (struct decision){ 0 };
	s->n_changes = 0;
	s->verdicts = verdicts_empty(s->plan);
	s->is_made = !s->verdicts->is_too_large;
	if (s->is_made && decision_init(&s->d, s->verdicts, s->plan, s->env, true))
		decision_all(&s->d);
	else
		s->verdicts->is_too_large = true;
	if (s->verdicts->is_too_large)
		s->verdicts->n_pairs = 0;
	s->is_made = !s->verdicts->is_too_large;
}

struct standing *
standing_new(const struct plan *plan, const struct verdict_env *env)
{
	static const struct verdict_env no_env;
	struct standing *s = xcalloc(1, sizeof(*s));

	s->plan = plan;
	s->env = env ? env : &no_env;
	decide_whole(s);
	return s;
}

void
standing_free(struct standing *standing)
{
	if (!standing)
		return;
	decision_clear(&standing->d);
	verdicts_free(standing->verdicts);
	for (size_t i = 0; i < standing->n_past; i++)
		arena_free(standing->past[i]);
	free(standing->past);
	free(standing);
}

struct verdicts *
standing_verdicts(const struct standing *standing)
{
	return standing->verdicts;
}

const struct decision *
standing_decision(const struct standing *standing)
{
	return standing->is_made ? &standing->d : NULL;
}

struct verdicts *
standing_past(struct standing *standing)
{
	struct verdicts *past = xcalloc(1, sizeof(*past));

	*past = *standing->verdicts;
	past->arena = NULL;
	past->cycle = NULL;
	past->n_cycles = 0;
	past->cap_pairs = past->n_pairs;
	past->pair = xcalloc(past->n_pairs + 1, sizeof(*past->pair));
	if (past->n_pairs > 0)
		memcpy(past->pair, standing->verdicts->pair,
		    past->n_pairs * sizeof(*past->pair));
	standing->keeps_past = true;
	return past;
}

void
standing_past_free(struct verdicts *past)
{
	if (!past)
		return;
	free(past->pair);
	free(past);
}

/* ---- the order ----------------------------------------------------------------------------- */

static void
add_edge(struct graph *g, int from, int to)
{
	if (from != to)
		graph_add(g, from, to);
}

/* The edges of PHASE as the cells around it and its declared dependencies give them. */
static void
edges_around(struct decision *d, int phase, struct graph *edges)
{
	for (size_t e = 0; e < d->declared.n_edges; e++) {
		const struct graph_edge *edge = &d->declared.edge[e];

		if (edge->from == phase || edge->to == phase)
			graph_add(edges, edge->from, edge->to);
	}
	for (size_t i = 0; i < d->n_touched; i++) {
		int other = d->touched[i];
		int a = other < phase ? other : phase, b = a == other ? phase : other;

		if (cell_has_data(&d->cell[other], true) &&
		    !graph_reaches(&d->declared, b, a))
			add_edge(edges, a, b);
		if (cell_has_data(&d->cell[other], false) &&
		    !graph_reaches(&d->declared, a, b))
			add_edge(edges, b, a);
	}
	graph_seal(edges);
}

/* Puts the edges AROUND in the place of those of PHASE; false when they are the same. */
static bool
change_order(struct decision *d, int phase, const struct graph *around)
{
	struct graph hard;
	size_t n = 0;
	bool is_same = true;

	for (size_t e = 0; e < d->hard.n_edges; e++) {
		const struct graph_edge *edge = &d->hard.edge[e];

		if (edge->from != phase && edge->to != phase)
			continue;
		is_same = is_same && graph_has(around, edge->from, edge->to);
		n++;
	}
	if (is_same && n == around->n_edges)
		return false;
	graph_init(&hard, d->hard.n);
	for (size_t e = 0; e < d->hard.n_edges; e++) {
		const struct graph_edge *edge = &d->hard.edge[e];

		if (edge->from != phase && edge->to != phase)
			graph_add(&hard, edge->from, edge->to);
	}
	for (size_t e = 0; e < around->n_edges; e++)
		graph_add(&hard, around->edge[e].from, around->edge[e].to);
	graph_seal(&hard);
	(void)graph_close(&hard); /* so near its limit all is decided anew */
	graph_clear(&d->hard);
	d->hard = hard;
	return true;
}

/* Who comes before PHASE, and behind it; the two halves of pairs whose order goes through it. */
struct through {
	bool *is_before, *is_behind;
};

static void
note_through(const struct decision *d, int phase, struct through *t)
{
	for (int i = 0; i < (int)d->plan->n_phases; i++) {
		t->is_before[i] = t->is_before[i] || graph_reaches(&d->hard, i, phase);
		t->is_behind[i] = t->is_behind[i] || graph_reaches(&d->hard, phase, i);
	}
}

static bool
goes_back(const struct graph *g)
{
	for (size_t e = 0; e < g->n_edges; e++) {
		if (g->edge[e].from > g->edge[e].to)
			return true;
	}
	return false;
}

/* ---- the pairs -------------------------------------------------------------------------------- */

struct fresh {
	struct pair *pair; /* what is decided now, in any order */
	size_t n, cap;
	struct spot {
		int a, b;
	} * gone; /* pairs that are decided again, whatever became of them */
	size_t n_gone, cap_gone;
};

static void
decide_again(struct decision *d, const struct cell *cell, int a, int b, struct fresh *f)
{
	GROW(f->gone, f->n_gone, f->cap_gone);
	f->gone[f->n_gone++] = (struct spot){ a, b };
	if (!decision_is_open(d, cell, a, b))
		return;
	GROW(f->pair, f->n, f->cap);
	f->pair[f->n] = decision_pair(d, cell, a, b);
	if (d->verdicts->keeps_all || f->pair[f->n].verdict != VERDICT_PARALLEL)
		f->n++;
}

/* Every pair of PHASE; the cells around it are filled. */
static void
decide_around(struct decision *d, int phase, struct fresh *f)
{
	for (int other = 0; other < (int)d->plan->n_phases; other++) {
		if (other < phase)
			decide_again(d, &d->cell[other], other, phase, f);
		if (other > phase)
			decide_again(d, &d->cell[other], phase, other, f);
	}
}

/* The other pairs whose order went, or goes, through PHASE. */
static void
decide_through(struct decision *d, int phase, const struct through *t, struct fresh *f)
{
	int n = (int)d->plan->n_phases;

	for (int a = 0; a < n; a++) {
		bool is_filled = false;

		if (a == phase || !(t->is_before[a] || t->is_behind[a]))
			continue;
		for (int b = a + 1; b < n; b++) {
			if (b == phase || !((t->is_before[a] && t->is_behind[b]) ||
					      (t->is_behind[a] && t->is_before[b])))
				continue;
			if (!is_filled)
				row_fill(d, a, false);
			is_filled = true;
			decide_again(d, &d->cell[b], a, b, f);
		}
	}
}

static int
compare_spots(const void *pa, const void *pb)
{
	const struct spot *a = pa, *b = pb;

	return a->a != b->a ? (a->a > b->a) - (a->a < b->a)
			    : (a->b > b->b) - (a->b < b->b);
}

static int
compare_fresh(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;

	return compare_spots(
	    &(struct spot){ a->a, a->b }, &(struct spot){ b->a, b->b });
}

/* The first pair of V from LOW on that does not stand before PLACE, looked for near LOW. */
static size_t
pair_from(const struct verdicts *v, size_t low, struct spot place)
{
	size_t step = 1, high;

#define IS_BEFORE(i) \
	(compare_spots(&(struct spot){ v->pair[i].a, v->pair[i].b }, &place) < 0)
	while (low + step < v->n_pairs && IS_BEFORE(low + step)) {
		low += step;
		step *= 2;
	}
	high = low + step < v->n_pairs ? low + step : v->n_pairs;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (IS_BEFORE(mid))
			low = mid + 1;
		else
			high = mid;
	}
#undef IS_BEFORE
	return low;
}

/* Closes the N_HOLES of V, ascending. */
static void
close_holes(struct verdicts *v, const size_t *hole, size_t n_holes)
{
	size_t to = n_holes > 0 ? hole[0] : v->n_pairs;

	for (size_t i = 0; i < n_holes; i++) {
		size_t from = hole[i] + 1;
		size_t end = i + 1 < n_holes ? hole[i + 1] : v->n_pairs;

		memmove(v->pair + to, v->pair + from, (end - from) * sizeof(*v->pair));
		to += end - from;
	}
	v->n_pairs = to;
}

/* Puts the N pairs at PAIR, in order, among those of V. */
static void
insert_pairs(struct verdicts *v, const struct pair *pair, size_t n)
{
	size_t end = v->n_pairs, at = 0;
	size_t *to = xcalloc(n + 1, sizeof(*to));

	if (end + n > v->cap_pairs) {
		v->cap_pairs = end + n + n / 8;
		v->pair = xreallocarray(v->pair, v->cap_pairs, sizeof(*v->pair));
	}
	for (size_t i = 0; i < n; i++)
		to[i] = at = pair_from(v, at, (struct spot){ pair[i].a, pair[i].b });
	for (size_t i = n; i-- > 0; end = to[i]) {
		memmove(v->pair + to[i] + i + 1, v->pair + to[i],
		    (end - to[i]) * sizeof(*v->pair));
		v->pair[to[i] + i] = pair[i];
	}
	v->n_pairs += n;
	free(to);
}

/* Puts the fresh pairs in the place of those that are gone; moves as little as it can. */
static void
take_fresh(struct verdicts *v, struct fresh *f)
{
	size_t *hole = xcalloc(f->n_gone + 1, sizeof(*hole));
	size_t n_holes = 0, n_new = 0, at = 0, next = 0;

	qsort(f->gone, f->n_gone, sizeof(*f->gone), compare_spots);
	if (f->n > 0)
		qsort(f->pair, f->n, sizeof(*f->pair), compare_fresh);
	/* What is fresh was gone before. */
	for (size_t i = 0; i < f->n_gone; i++) {
		const struct spot *spot = &f->gone[i];
		bool is_there, is_fresh = next < f->n && f->pair[next].a == spot->a &&
					  f->pair[next].b == spot->b;

		at = pair_from(v, at, *spot);
		is_there = at < v->n_pairs && v->pair[at].a == spot->a &&
			   v->pair[at].b == spot->b;
		if (is_there && is_fresh)
			v->pair[at] = f->pair[next];
		else if (is_there)
			hole[n_holes++] = at;
		else if (is_fresh)
			f->pair[n_new++] = f->pair[next];
		next += is_fresh;
	}
	close_holes(v, hole, n_holes);
	if (n_new > 0)
		insert_pairs(v, f->pair, n_new);
	free(hole);
}

/* Exclusions go in plan order again, then in that of the rings they are in now. */
static void
settle_exclusions(struct decision *d)
{
	struct verdicts *v = d->verdicts;

	for (size_t i = 0; i < v->n_pairs; i++) {
		if (v->pair[i].verdict == VERDICT_SEQUENTIAL && v->pair[i].question > 1)
			v->pair[i].first = v->pair[i].a;
	}
	order_exclusions(d);
}

/* ---- one phase --------------------------------------------------------------------------------- */

static bool
same_dependencies(const struct phase *a, const struct phase *b)
{
	bool is_same = a->depends_on.n == b->depends_on.n &&
		       strcmp(a->id, b->id) == 0 && a->n_issues == b->n_issues &&
		       strcmp(a->repo ? a->repo : "", b->repo ? b->repo : "") == 0;

	for (size_t i = 0; i < a->depends_on.n && is_same; i++)
		is_same = strcmp(a->depends_on.item[i].text,
			      b->depends_on.item[i].text) == 0;
	for (size_t i = 0; i < a->n_issues && is_same; i++)
		is_same = strcmp(a->issue[i].id, b->issue[i].id) == 0;
	return is_same;
}

/* Takes the new lists of PHASE over into what meets; false when all must be decided. */
static bool
change_lists(struct decision *d, const struct plan *plan, int phase)
{
	struct meets one;
	struct resources own;
	bool is_local = meets_change(&d->meets, plan, phase, &one);

	if (is_local) {
		resources_init(&own, &one, d->arena, true);
		resources_change(&d->resources, phase, &own, d->arena);
		resources_clear(&own);
	}
	meets_drop(&one);
	d->plan = plan;
	d->unknown[phase] = decision_unknown(d, phase);
	return is_local && !decision_is_near_limits(d);
}

/* Decides again what hangs on PHASE; true when that changed an order. */
static bool
decide_changed(struct decision *d, int phase)
{
	size_t n = d->plan->n_phases;
	struct through t = { xcalloc(n, sizeof(bool)), xcalloc(n, sizeof(bool)) };
	struct fresh f = { 0 };
	struct graph around;
	bool is_reordered;

	graph_init(&around, n);
	row_fill_around(d, phase);
	edges_around(d, phase, &around);
	note_through(d, phase, &t);
	is_reordered = change_order(d, phase, &around);
	graph_clear(&around);
	decide_around(d, phase, &f);
	if (is_reordered) {
		note_through(d, phase, &t);
		decide_through(d, phase, &t, &f);
	}
	take_fresh(d->verdicts, &f);
	free(f.pair);
	free(f.gone);
	free(t.is_before);
	free(t.is_behind);
	return is_reordered;
}

/* The phases one after the other; then what takes the whole order. */
static void
decide_each(struct decision *d, const int *changed, size_t n)
{
	struct verdicts *v = d->verdicts;
	bool went_back = goes_back(&d->hard), is_reordered = false;

	for (size_t i = 0; i < n; i++)
		is_reordered = decide_changed(d, changed[i]) || is_reordered;
	if (went_back || goes_back(&d->hard))
		settle_exclusions(d);
	if (!is_reordered && v->n_cycles == 0)
		return;
	free(v->cycle);
	v->cycle = NULL;
	v->n_cycles = 0;
	order_cycles(d);
}

size_t
standing_change(
    struct standing *standing, const struct plan *plan, const int *changed, size_t n)
{
	struct standing *s = standing;
	bool is_local = s->is_made && plan->n_phases == s->plan->n_phases &&
			s->env->n_counted == 0 && s->n_changes + n <= MAX_CHANGES;

	for (size_t i = 0; i < n && is_local; i++)
		is_local = same_dependencies(
		    &s->plan->phase[changed[i]], &plan->phase[changed[i]]);
	/* Every list first: what is decided then is decided on the plan as it is now. */
	for (size_t i = 0; i < n && is_local; i++)
		is_local = change_lists(&s->d, plan, changed[i]);
	s->plan = plan;
	if (!is_local) {
		decide_whole(s);
		return 0;
	}
	decide_each(&s->d, changed, n);
	s->n_changes += n;
	if (s->verdicts->n_pairs < VERDICT_MAX_PAIRS)
		return n;
	decide_whole(s);
	return 0;
}
