#include "plan/landing.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N_MOST = 20 };

static const int by_position[N_MOST] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16, 17, 18, 19 };

static void
join(double *p, size_t n, size_t a, size_t b, double chance)
{
	p[a * n + b] = p[b * n + a] = chance;
}

/* CONFLICTS 2.5: whoever collides with everybody resolves once, at the end. */
static void
the_hub_lands_last(void **state)
{
	double p[16] = { 0 };
	struct landing l = { 4, p, NULL, by_position };
	int order[4];

	join(p, 4, 0, 1, 0.5);
	join(p, 4, 0, 2, 0.5);
	join(p, 4, 0, 3, 0.5);
	landing_order(&l, order);
	assert_int_equal(order[3], 0);
	assert_true(fabs(landing_resolutions(&l, order) - 0.875) < 1e-9);
}

static void
the_rank_decides_where_nothing_collides(void **state)
{
	static const int rank[3] = { 2, 0, 1 };
	double p[9] = { 0 };
	struct landing l = { 3, p, NULL, rank };
	int order[3];

	landing_order(&l, order);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 0);
}

static void
orders_that_must_hold_come_before_risk(void **state)
{
	double p[9] = { 0 };
	bool before[9] = { false };
	struct landing l = { 3, p, before, by_position };
	int order[3];

	join(p, 3, 0, 1, 0.9);
	join(p, 3, 0, 2, 0.9);
	before[0 * 3 + 1] = true; /* the hub must land before 1 */
	landing_order(&l, order);
	assert_int_equal(order[0], 0);
	assert_int_equal(order[1], 1);
	before[0 * 3 + 1] = false;
	landing_order(&l, order);
	assert_int_equal(order[2], 0);
}

static void
orders_that_contradict_each_other_still_give_an_order(void **state)
{
	double p[9] = { 0 };
	bool before[9] = { false };
	struct landing l = { 3, p, before, by_position };
	int order[3], seen = 0;

	before[0 * 3 + 1] = before[1 * 3 + 0] = true;
	landing_order(&l, order);
	for (int i = 0; i < 3; i++)
		seen |= 1 << order[i];
	assert_int_equal(seen, 7);
}

/* The fewest expected resolutions of all orders of the branches in LEFT. */
static double
fewest(const struct landing *l, int *order, size_t n_set, unsigned left)
{
	double best = INFINITY;

	if (left == 0)
		return landing_resolutions(l, order);
	for (int b = 0; b < (int)l->n; b++) {
		if (!(left >> b & 1))
			continue;
		order[n_set] = b;
		best = fmin(best, fewest(l, order, n_set + 1, left & ~(1u << b)));
	}
	return best;
}

/* G11: 1.00 of the optimum up to twelve branches. */
static void
no_order_is_better_by_brute_force(void **state)
{
	uint32_t seed = 99;

	for (int round = 0; round < 40; round++) {
		size_t n = 2 + (size_t)round % 5;
		double p[36] = { 0 };
		struct landing l = { n, p, NULL, by_position };
		int order[6], scratch[6];

		for (size_t a = 0; a < n; a++) {
			for (size_t b = 0; b < a; b++) {
				seed = seed * 1664525 + 1013904223;
				if (seed >> 30)
					join(p, n, a, b,
					    (double)(seed >> 8 & 1023) / 1023);
			}
		}
		landing_order(&l, order);
		assert_true(landing_resolutions(&l, order) <=
			    fewest(&l, scratch, 0, (1u << n) - 1) + 1e-9);
	}
}

static void
many_branches_go_least_loaded_first(void **state)
{
	enum { N = N_MOST };
	double p[N * N] = { 0 };
	struct landing l = { N, p, NULL, by_position };
	int order[N];

	for (size_t b = 1; b < N; b++)
		join(p, N, 0, b, 0.3);
	landing_order(&l, order);
	/* The hub and the last leaf weigh the same: the rank decides. */
	assert_true(order[N - 1] == 0 || order[N - 2] == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hub_lands_last),
		cmocka_unit_test(the_rank_decides_where_nothing_collides),
		cmocka_unit_test(orders_that_must_hold_come_before_risk),
		cmocka_unit_test(orders_that_contradict_each_other_still_give_an_order),
		cmocka_unit_test(no_order_is_better_by_brute_force),
		cmocka_unit_test(many_branches_go_least_loaded_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
