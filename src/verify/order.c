#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/* Who comes before whom: edges, who reaches whom through them, an order of all. */
void
verify_edge(struct verify_graph *g, int from, int to)
{
	g->edge = verify_grow(g->edge, g->n_edges, &g->cap_edges, sizeof(*g->edge));
	g->edge[g->n_edges][0] = from;
	g->edge[g->n_edges++][1] = to;
}

static int
by_ends(const void *pa, const void *pb)
{
	const int *a = pa, *b = pb;

	return a[0] != b[0] ? (a[0] > b[0]) - (a[0] < b[0])
			    : (a[1] > b[1]) - (a[1] < b[1]);
}

static uint64_t *
row_of(const struct verify_graph *g, int from)
{
	return g->reach + (size_t)from * g->words;
}

static void
set_bit(uint64_t *row, int at)
{
	row[at >> 6] |= UINT64_C(1) << (at & 63);
}

static bool
get_bit(const uint64_t *row, int at)
{
	return row[at >> 6] >> (at & 63) & 1;
}

/* Finds all that FROM reaches; rows below FROM are finished and taken over whole. */
static bool
fill_row(
    struct verify *v, struct verify_graph *g, const size_t *begin, int from, int *stack)
{
	uint64_t *row = row_of(g, from);
	size_t n = 0;

	stack[n++] = from;
	while (n > 0) {
		int at = stack[--n];

		for (size_t e = begin[at]; e < begin[at + 1]; e++) {
			int to = g->edge[e][1];

			if (get_bit(row, to))
				continue;
			set_bit(row, to);
			if (to > from) {
				stack[n++] = to;
				continue;
			}
			if (!verify_spend(v, (double)g->words))
				return false;
			for (size_t w = 0; w < g->words; w++)
				row[w] |= row_of(g, to)[w];
		}
		if (!verify_spend(v, (double)(begin[at + 1] - begin[at])))
			return false;
	}
	return true;
}

bool
verify_close(struct verify *v, struct verify_graph *g)
{
	size_t *begin = verify_alloc(g->n + 2, sizeof(*begin)), n = 0;
	int *stack = verify_alloc(g->n + 1, sizeof(*stack));
	bool is_good = true;

	if (g->n_edges > 0)
		qsort(g->edge, g->n_edges, sizeof(*g->edge), by_ends);
	for (size_t e = 0; e < g->n_edges; e++) {
		if (n == 0 || by_ends(g->edge[n - 1], g->edge[e]) != 0)
			memmove(g->edge[n++], g->edge[e], sizeof(*g->edge));
	}
	g->n_edges = n;
	for (size_t e = 0; e < g->n_edges; e++)
		begin[g->edge[e][0] + 1]++;
	for (size_t i = 0; i < g->n; i++)
		begin[i + 1] += begin[i];
	g->words = g->n / 64 + 1;
	free(g->reach);
	g->reach = verify_alloc((g->n + 1) * g->words, sizeof(*g->reach));
	for (size_t i = 0; i < g->n && is_good; i++)
		is_good = fill_row(v, g, begin, (int)i, stack);
	free(begin);
	free(stack);
	return is_good;
}

bool
verify_reaches(const struct verify_graph *g, int from, int to)
{
	return get_bit(row_of(g, from), to);
}

bool
verify_has_edge(const struct verify_graph *g, int from, int to)
{
	int wanted[2] = { from, to };

	return g->n_edges > 0 &&
	       bsearch(wanted, g->edge, g->n_edges, sizeof(*g->edge), by_ends);
}

/* The first edge that leaves FROM, or a later phase. */
static size_t
first_edge(const struct verify_graph *g, int from)
{
	size_t low = 0, high = g->n_edges;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (g->edge[mid][0] < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
verify_ranks(const struct verify_graph *g, int *rank)
{
	size_t *waits = verify_alloc(g->n + 1, sizeof(*waits));
	uint64_t *ready = verify_alloc(g->words + 1, sizeof(*ready));
	int next = 0;

	for (size_t i = 0; i < g->n; i++)
		rank[i] = -1;
	for (size_t e = 0; e < g->n_edges; e++)
		waits[g->edge[e][1]]++;
	for (size_t i = 0; i < g->n; i++) {
		if (waits[i] == 0)
			set_bit(ready, (int)i);
	}
	for (size_t w = 0; w < g->words;) {
		int at;

		if (!ready[w]) {
			w++;
			continue;
		}
		at = (int)(w * 64) + __builtin_ctzll(ready[w]);
		ready[w] &= ready[w] - 1;
		rank[at] = next++;
		for (size_t e = first_edge(g, at);
		     e < g->n_edges && g->edge[e][0] == at; e++) {
			size_t to = (size_t)g->edge[e][1];

			if (--waits[to] > 0)
				continue;
			set_bit(ready, (int)to);
			w = to >> 6 < w ? to >> 6 : w;
		}
	}
	for (size_t i = 0; i < g->n; i++)
		rank[i] = rank[i] < 0 ? next++ : rank[i];
	free(waits);
	free(ready);
}
