#include "plan/decide.h"

#include <string.h>

struct known_id {
	const char *id;
	int phase;
	bool is_issue; /* an issue's id names its phase where no phase has the id */
};

static int
compare_ids(const void *pa, const void *pb)
{
	const struct known_id *a = pa, *b = pb;
	int by = strcmp(a->id, b->id);

	if (by == 0)
		by = (int)a->is_issue - (int)b->is_issue;
	return by ? by : a->phase - b->phase;
}

static int
find_id(const struct known_id *known, size_t n, const char *id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(known[mid].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && strcmp(known[low].id, id) == 0 ? known[low].phase : -1;
}

/* Every id a dependency may name, sorted; N of them, the caller frees. */
static struct known_id *
known_ids(const struct plan *plan, size_t *n)
{
	size_t n_ids = plan->n_phases, at = 0;
	struct known_id *known;

	for (size_t i = 0; i < plan->n_phases; i++)
		n_ids += plan->phase[i].n_issues;
	known = xcalloc(n_ids, sizeof(*known));
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		known[at++] = (struct known_id){ phase->id, (int)i, false };
		for (size_t k = 0; k < phase->n_issues; k++)
			known[at++] = (struct known_id){ phase->issue[k].id, (int)i,
				true };
	}
	if (n_ids > 0)
		qsort(known, n_ids, sizeof(*known), compare_ids);
	*n = n_ids;
	return known;
}

/* The edges of "Depends on"; what names nobody was linted and is left out. */
static bool
read_declared(struct decision *d)
{
	const struct plan *plan = d->plan;
	size_t n;
	struct known_id *known = known_ids(plan, &n);

	graph_init(&d->declared, plan->n_phases);
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct text_list *list = &plan->phase[i].depends_on;

		for (size_t k = 0; k < list->n; k++) {
			int from = find_id(known, n, list->item[k].text);

			if (from >= 0)
				graph_add(&d->declared, from, (int)i);
		}
	}
	free(known);
	graph_seal(&d->declared);
	return graph_close(&d->declared);
}

/*
 * The graph of what must be ordered: declared dependencies and data.  Somebody who wrote
 * down an order has decided what a read against it means (it reads the old state), so such
 * a read is no edge; only reads that no declaration orders can make a cycle.
 */
bool
order_read(struct decision *d)
{
	if (!read_declared(d))
		return false;
	graph_init(&d->hard, d->plan->n_phases);
	for (size_t e = 0; e < d->declared.n_edges; e++)
		graph_add(&d->hard, d->declared.edge[e].from, d->declared.edge[e].to);
	/* Where nothing is read and no name is made or used, no row has any data. */
	bool has_data = d->meets.n_data > 0 || d->resources.n_data > 0;

	for (int a = 0; has_data && a < (int)d->plan->n_phases; a++) {
		row_fill(d, a, true);
		for (size_t i = 0; i < d->n_touched; i++) {
			int b = d->touched[i];

			if (cell_has_data(&d->cell[b], true) &&
			    !graph_reaches(&d->declared, b, a))
				graph_add(&d->hard, a, b);
			if (cell_has_data(&d->cell[b], false) &&
			    !graph_reaches(&d->declared, a, b))
				graph_add(&d->hard, b, a);
		}
	}
	graph_seal(&d->hard);
	return graph_close(&d->hard);
}

/*
 * Pairs that may run in either order go in plan order, as long as the hard edges allow it
 * for all of them together.  Where a dependency on a later phase makes that a circle, the
 * pairs inside the circle take the order of the hard edges.
 */
void
order_exclusions(struct decision *d)
{
	struct verdicts *v = d->verdicts;
	struct graph all;
	bool goes_back = false;
	int *rank;

	for (size_t e = 0; e < d->hard.n_edges; e++)
		goes_back = goes_back || d->hard.edge[e].from > d->hard.edge[e].to;
	if (!goes_back)
		return;
	graph_init(&all, d->plan->n_phases);
	for (size_t e = 0; e < d->hard.n_edges; e++)
		graph_add(&all, d->hard.edge[e].from, d->hard.edge[e].to);
	for (size_t i = 0; i < v->n_pairs; i++) {
		if (v->pair[i].verdict == VERDICT_SEQUENTIAL && v->pair[i].first >= 0)
			graph_add(&all, v->pair[i].first,
			    v->pair[i].a + v->pair[i].b - v->pair[i].first);
	}
	graph_seal(&all);
	rank = xcalloc(d->plan->n_phases, sizeof(*rank));
	graph_rank(&d->hard, rank);
	for (size_t i = 0; i < v->n_pairs; i++) {
		struct pair *p = &v->pair[i];

		if (p->verdict == VERDICT_SEQUENTIAL && p->first >= 0 &&
		    p->question > 1 && all.component[p->a] == all.component[p->b])
			p->first = rank[p->a] < rank[p->b] ? p->a : p->b;
	}
	free(rank);
	graph_clear(&all);
}

/* The item that makes FROM come before TO (J-35). */
static const char *
cycle_cause(struct decision *d, int from, int to)
{
	int a = from < to ? from : to, b = from < to ? to : from;

	if (graph_has(&d->declared, from, to))
		return say_declared(d, from, to);
	row_fill(d, a, true);
	return say_data(d, &d->cell[b], from, to);
}

static void
cycle_add(struct decision *d, int *phase, size_t n, size_t *cap)
{
	struct verdicts *v = d->verdicts;
	struct cycle cycle = { .n = n };

	cycle.phase = arena_alloc(d->arena, n * sizeof(*cycle.phase));
	cycle.cause = arena_alloc(d->arena, n * sizeof(*cycle.cause));
	memcpy(cycle.phase, phase, n * sizeof(*phase));
	for (size_t i = 0; i < n; i++)
		cycle.cause[i] = cycle_cause(d, phase[i], phase[(i + 1) % n]);
	GROW(v->cycle, v->n_cycles, *cap);
	v->cycle[v->n_cycles++] = cycle;
}

/* Enough cycles that every phase stuck in one is named, up to a screenful. */
void
order_cycles(struct decision *d)
{
	size_t n = d->plan->n_phases, cap = 0;
	bool *is_shown = xcalloc(n, sizeof(*is_shown));
	int *cycle = xcalloc(n, sizeof(*cycle));

	for (size_t i = 0; i < n && d->verdicts->n_cycles < 50; i++) {
		size_t length;

		if (is_shown[i] || !graph_reaches(&d->hard, (int)i, (int)i))
			continue;
		length = graph_cycle(&d->hard, (int)i, cycle);
		for (size_t k = 0; k < length; k++)
			is_shown[cycle[k]] = true;
		cycle_add(d, cycle, length, &cap);
	}
	free(is_shown);
	free(cycle);
}
