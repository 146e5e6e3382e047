#include "plan/schedule.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* N jobs with orders and risks in them; a risk never stands beside an order. */
static struct schedule
random_schedule(size_t n, uint32_t seed, bool has_risks)
{
	struct schedule s = { .n = n, .cap = 3, .research_cap = 5 };
	size_t cap = 0;

	s.is_research = xcalloc(n, sizeof(*s.is_research));
	s.wish = xcalloc(n, sizeof(*s.wish));
	graph_init(&s.before, n);
	graph_init(&s.shares, n);
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			uint32_t dice = next_random(&seed) % 12;
			float p = (float)(next_random(&seed) % 1000) / 1000.0f;

			if (dice == 0) {
				graph_add(&s.before, (int)k, (int)i);
			} else if (dice < 4 && has_risks) {
				GROW(s.risk, s.n_risks, cap);
				s.risk[s.n_risks++] = (struct schedule_risk){ (int)k,
					(int)i, p };
			}
		}
	}
	graph_seal(&s.before);
	graph_seal(&s.shares);
	return s;
}

static void
check_legal(const struct schedule *s)
{
	size_t *size = xcalloc(s->n_rounds, sizeof(*size));

	for (size_t i = 0; i < s->n; i++) {
		assert_in_range(s->round[i], 0, s->n_rounds - 1);
		size[s->round[i]]++;
	}
	for (size_t r = 0; r < s->n_rounds; r++)
		assert_in_range(size[r], 1, s->cap);
	for (size_t e = 0; e < s->before.n_edges; e++)
		assert_true(
		    s->round[s->before.edge[e].from] < s->round[s->before.edge[e].to]);
	free(size);
}

/* Issue 4, item 5: by default never more batches than without knowing any risk. */
static void
risk_alone_never_costs_a_round(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 7, 9, 12, 14, 16, 20, 25, 40, 41,
		60, 120 };

	for (size_t k = 0; k < N_ELEMS(sizes); k++) {
		for (uint32_t seed = 1; seed <= (sizes[k] < 12 ? 30 : 4); seed++) {
			struct schedule without = random_schedule(
			    sizes[k], seed, false);
			struct schedule with = random_schedule(sizes[k], seed, true);

			schedule_solve(&without);
			schedule_solve(&with);
			check_legal(&with);
			assert_int_equal(with.n_rounds, without.n_rounds);
			assert_int_equal(with.n_least, without.n_least);
			schedule_clear(&without);
			schedule_clear(&with);
		}
	}
}

static double
cost_of(const struct schedule *s, const int *round, size_t n_rounds)
{
	double sum = (double)n_rounds;

	for (size_t i = 0; i < s->n_risks; i++) {
		if (round[s->risk[i].a] == round[s->risk[i].b])
			sum += s->conflict_cost * (double)s->risk[i].p;
	}
	return sum;
}

/* The cheapest legal schedule of at most six jobs, by trying all. */
static double
cheapest(const struct schedule *s)
{
	double best = INFINITY;
	unsigned n_all = 1;

	for (size_t i = 0; i < s->n; i++)
		n_all *= (unsigned)s->n;
	for (unsigned pick = 0; pick < n_all; pick++) {
		int round[6], highest = 0;
		size_t size[6] = { 0 }, n_used = 0;
		bool is_legal = true;

		for (size_t i = 0, left = pick; i < s->n; i++, left /= s->n) {
			round[i] = (int)(left % s->n);
			highest = round[i] > highest ? round[i] : highest;
			n_used += size[round[i]]++ == 0;
			is_legal = is_legal && size[round[i]] <= s->cap;
		}
		for (size_t e = 0; e < s->before.n_edges; e++)
			is_legal = is_legal && round[s->before.edge[e].from] <
						   round[s->before.edge[e].to];
		if (is_legal && n_used == (size_t)highest + 1)
			best = fmin(best, cost_of(s, round, n_used));
	}
	return best;
}

/* CONFLICTS 5.2: rounds + r * sum of p. */
static void
small_schedules_cost_least_by_brute_force(void **state)
{
	static const double prices[] = { 0.3, 1, 2.5 };

	for (uint32_t seed = 1; seed <= 24; seed++) {
		struct schedule s = random_schedule(2 + seed % 5, seed, true);

		s.conflict_cost = prices[seed % N_ELEMS(prices)];
		schedule_solve(&s);
		check_legal(&s);
		assert_true(
		    fabs(cost_of(&s, s.round, s.n_rounds) - cheapest(&s)) < 1e-3);
		schedule_clear(&s);
	}
}

/* Two jobs that surely collide, one that goes with both. */
static struct schedule
pair_and_one(double price)
{
	struct schedule s = random_schedule(3, 1, false);

	graph_clear(&s.before);
	graph_init(&s.before, 3);
	graph_seal(&s.before);
	s.risk = xcalloc(1, sizeof(*s.risk));
	s.risk[s.n_risks++] = (struct schedule_risk){ 0, 1, 0.9f };
	s.conflict_cost = price;
	schedule_solve(&s);
	return s;
}

static void
only_a_price_of_conflicts_buys_a_round(void **state)
{
	struct schedule ties = pair_and_one(0), cheap = pair_and_one(1),
			dear = pair_and_one(3);

	assert_int_equal(ties.n_rounds, 1);
	assert_int_equal(cheap.n_rounds, 1);
	assert_int_equal(dear.n_rounds, 2);
	assert_int_equal(dear.n_least, 1);
	assert_true(dear.risk_sum <= 0);
	assert_true(fabs(ties.risk_sum - 0.9) < 1e-6);
	schedule_clear(&ties);
	schedule_clear(&cheap);
	schedule_clear(&dear);
}

static void
equally_short_schedules_are_told_apart_by_risk(void **state)
{
	struct schedule s = random_schedule(4, 1, false);

	graph_clear(&s.before);
	graph_init(&s.before, 4);
	graph_seal(&s.before);
	s.risk = xcalloc(1, sizeof(*s.risk));
	s.risk[s.n_risks++] = (struct schedule_risk){ 0, 1, 0.4f };
	schedule_solve(&s);
	assert_int_equal(s.n_rounds, 2);
	assert_int_not_equal(s.round[0], s.round[1]);
	schedule_clear(&s);
}

/* Beyond the exhaustive search: greedy with swaps. */
static void
long_schedules_are_calmer_for_knowing_the_risk(void **state)
{
	static const size_t sizes[] = { 30, 90, 300 };

	for (size_t k = 0; k < N_ELEMS(sizes); k++) {
		struct schedule blind = random_schedule(sizes[k], 7, false);
		struct schedule calm = random_schedule(sizes[k], 7, true);
		struct schedule dear = random_schedule(sizes[k], 7, true);

		dear.conflict_cost = 3;
		schedule_solve(&blind);
		schedule_solve(&calm);
		schedule_solve(&dear);
		check_legal(&dear);
		assert_true(calm.risk_sum < 0.5 * (cost_of(&calm, blind.round, 0) +
						      (double)calm.n_risks * 0.5 * 3 /
							  (double)calm.n_rounds));
		assert_true((double)dear.n_rounds + 3 * dear.risk_sum <=
			    (double)calm.n_rounds + 3 * calm.risk_sum + 1e-6);
		schedule_clear(&blind);
		schedule_clear(&calm);
		schedule_clear(&dear);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(risk_alone_never_costs_a_round),
		cmocka_unit_test(small_schedules_cost_least_by_brute_force),
		cmocka_unit_test(only_a_price_of_conflicts_buys_a_round),
		cmocka_unit_test(equally_short_schedules_are_told_apart_by_risk),
		cmocka_unit_test(long_schedules_are_calmer_for_knowing_the_risk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
