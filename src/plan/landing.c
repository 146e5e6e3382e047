#include "plan/landing.h"

#include "base/mem.h"

#include <stdint.h>

static double
chance(const struct landing *l, int a, int b)
{
	return l->p[(size_t)a * l->n + (size_t)b];
}

static bool
is_before(const struct landing *l, int a, int b)
{
	return l->before && l->before[(size_t)a * l->n + (size_t)b];
}

double
landing_resolutions(const struct landing *landing, const int *order)
{
	double sum = 0;

	for (size_t i = 1; i < landing->n; i++) {
		double clean = 1;

		for (size_t k = 0; k < i; k++)
			clean *= 1 - chance(landing, order[k], order[i]);
		sum += 1 - clean;
	}
	return sum;
}

/* The best order of every set of branches that may have landed so far. */
struct best {
	const struct landing *l;
	double *cost; /* per set; negative = no order is allowed */
	int *last;    /* who lands last in it */
};

/* What it costs to land BRANCH right after SET; negative when that is not allowed. */
static double
step(const struct landing *l, uint32_t set, int branch)
{
	double clean = 1;

	for (int a = 0; a < (int)l->n; a++) {
		if (set >> a & 1)
			clean *= 1 - chance(l, a, branch);
		if ((set >> a & 1) ? is_before(l, branch, a)
				   : a != branch && is_before(l, a, branch))
			return -1;
	}
	return 1 - clean;
}

static void
best_of_set(struct best *best, uint32_t set)
{
	/* Sums of the same numbers in another order are the same sum. */
	const double same = 1e-9;
	const struct landing *l = best->l;

	best->cost[set] = -1;
	for (int b = 0; b < (int)l->n; b++) {
		uint32_t rest = set & ~((uint32_t)1 << b);
		double by, cost;

		if (rest == set || best->cost[rest] < 0)
			continue;
		by = step(l, rest, b);
		if (by < 0)
			continue;
		cost = best->cost[rest] + by;
		if (best->cost[set] < 0 || cost < best->cost[set] - same ||
		    (cost <= best->cost[set] + same &&
			l->rank[b] > l->rank[best->last[set]])) {
			best->cost[set] = cost;
			best->last[set] = b;
		}
	}
}

/* Returns false when the orders that must hold contradict each other. */
static bool
order_exactly(const struct landing *l, int *order)
{
	uint32_t all = ((uint32_t)1 << l->n) - 1, left = all;
	struct best best = { .l = l };
	bool is_found;

	best.cost = xcalloc((size_t)all + 1, sizeof(*best.cost));
	best.last = xcalloc((size_t)all + 1, sizeof(*best.last));
	for (uint32_t set = 1; set <= all; set++)
		best_of_set(&best, set);
	is_found = best.cost[all] >= 0;
	for (size_t i = l->n; is_found && i-- > 0;) {
		order[i] = best.last[left];
		left &= ~((uint32_t)1 << order[i]);
	}
	free(best.cost);
	free(best.last);
	return is_found;
}

/* Expected collisions of BRANCH with those that have not landed: what it costs to wait. */
static double
load(const struct landing *l, const bool *has_landed, int branch)
{
	double sum = 0;

	for (int b = 0; b < (int)l->n; b++) {
		if (!has_landed[b] && b != branch)
			sum += chance(l, b, branch);
	}
	return sum;
}

static bool
must_wait(const struct landing *l, const bool *has_landed, int branch)
{
	for (int b = 0; b < (int)l->n; b++) {
		if (!has_landed[b] && b != branch && is_before(l, b, branch))
			return true;
	}
	return false;
}

static void
order_greedily(const struct landing *l, int *order)
{
	bool *has_landed = xcalloc(l->n, sizeof(*has_landed));

	for (size_t i = 0; i < l->n; i++) {
		double best_load = 0;
		bool best_waits = false;
		int best = -1;

		for (int b = 0; b < (int)l->n; b++) {
			bool waits = !has_landed[b] && must_wait(l, has_landed, b);
			double mine = has_landed[b] ? 0 : load(l, has_landed, b);

			if (has_landed[b])
				continue;
			if (best < 0 || (best_waits && !waits) ||
			    (best_waits == waits &&
				(mine < best_load ||
				    (mine <= best_load &&
					l->rank[b] < l->rank[best])))) {
				best = b;
				best_load = mine;
				best_waits = waits;
			}
		}
		has_landed[best] = true;
		order[i] = best;
	}
	free(has_landed);
}

void
landing_order(const struct landing *landing, int *order)
{
	if (landing->n > LANDING_MAX_EXACT || !order_exactly(landing, order))
		order_greedily(landing, order);
}
