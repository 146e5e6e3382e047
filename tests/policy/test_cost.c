#include "policy/cost.h"

#include "base/mem.h"
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <string.h>

/* SPEC 8.3, every row: estimate, points, split advice and the three profiles. */
static const struct {
	long cents;
	int points;
	const char *split;
	enum cost_gate unlimited, budget, pay_per_use;
} rows[] = {
	{ 40, 1, NULL, COST_RUN, COST_RUN, COST_ASK },
	{ 200, 2, NULL, COST_RUN, COST_RUN, COST_ASK },
	{ 400, 5, NULL, COST_RUN, COST_RUN, COST_ASK },
	{ 800, 8, NULL, COST_RUN, COST_RUN, COST_ASK },
	{ 801, 13, "advise split", COST_RUN, COST_RUN, COST_ASK },
	{ 1000, 13, "advise split", COST_RUN, COST_RUN, COST_ASK },
	{ 1001, 13, "advise split", COST_RUN, COST_CHECKPOINT, COST_CHECKPOINT },
	{ 1400, 13, "must split or override", COST_RUN_WARN, COST_CHECKPOINT,
	    COST_CHECKPOINT },
};

static void
estimates_become_points_and_gates_8_3(void **state)
{
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		long cents = rows[i].cents;
		const char *split = cost_split_advice(cents);

		assert_int_equal(cost_points(cents), rows[i].points);
		if (rows[i].split)
			assert_string_equal(split, rows[i].split);
		else
			assert_null(split);
		assert_int_equal(
		    cost_gate(COST_UNLIMITED, cents, 1000), rows[i].unlimited);
		assert_int_equal(cost_gate(COST_BUDGET, cents, 1000), rows[i].budget);
		assert_int_equal(
		    cost_gate(COST_PAY_PER_USE, cents, 1000), rows[i].pay_per_use);
	}
}

static void
points_change_exactly_at_the_dollar_A_30(void **state)
{
	static const struct {
		long cents;
		int points;
	} edges[] = { { 0, 1 }, { 100, 1 }, { 101, 2 }, { 201, 3 }, { 300, 3 },
		{ 301, 5 }, { 500, 5 }, { 501, 8 }, { 1300, 13 }, { LONG_MAX, 13 } };

	for (size_t i = 0; i < N_ELEMS(edges); i++)
		assert_int_equal(cost_points(edges[i].cents), edges[i].points);
	assert_int_equal(cost_points(-1), 0);
	assert_string_equal(cost_split_advice(1300), "advise split");
}

static void
an_unknown_estimate_asks_under_a_limit_A_31(void **state)
{
	assert_int_equal(cost_gate(COST_BUDGET, -1, 1000), COST_ASK);
	assert_int_equal(cost_gate(COST_PAY_PER_USE, -1, 1000), COST_ASK);
	assert_int_equal(cost_gate(COST_UNLIMITED, -1, 1000), COST_RUN);
}

static void
the_threshold_is_the_callers(void **state)
{
	assert_int_equal(cost_gate(COST_BUDGET, 500, 500), COST_RUN);
	assert_int_equal(cost_gate(COST_BUDGET, 501, 500), COST_CHECKPOINT);
}

static void
profiles_have_names_and_standard_is_budget_A_33(void **state)
{
	for (int i = COST_BUDGET; i <= COST_PAY_PER_USE; i++)
		assert_int_equal(cost_profile_of(cost_profile_name(i)), i);
	assert_int_equal(cost_profile_of("standard"), COST_BUDGET);
	assert_int_equal(cost_profile_of(" Unlimited "), COST_UNLIMITED);
	assert_int_equal(cost_profile_of("free"), -1);
	assert_int_equal(cost_profile_of(""), -1);
}

static void
research_costs_two_to_four_times_S_35(void **state)
{
	long low, high;

	cost_research_range(NULL, 250, &low, &high);
	assert_int_equal(low, 500);
	assert_int_equal(high, 1000);
	cost_research_range(NULL, -1, &low, &high);
	assert_int_equal(low, -1);
	assert_int_equal(high, -1);
	cost_research_range(NULL, LONG_MAX / 3, &low, &high);
	assert_int_equal(low, LONG_MAX / 3 * 2);
	assert_true(high == LONG_MAX);
}

/* cents per point of tracks against those of implementation; too few say nothing. */
static void
research_is_calibrated_from_history_A_84(void **state)
{
	static const struct {
		double research[8], work[8];
		size_t n, n_work;
		int low, high;
		size_t by;
	} table[] = {
		{ { 0 }, { 0 }, 0, 0, 200, 400, 0 },
		{ { 9, 9, 9, 9 }, { 1, 1, 1, 1, 1 }, 4, 5, 200, 400, 0 },
		{ { 9, 9, 9, 9, 9 }, { 1, 1, 1, 1 }, 5, 4, 200, 400, 0 },
		{ { 50, 10, 20, 40, 30 }, { 12, 8, 10, 9, 11 }, 5, 5, 200, 400, 5 },
		{ { 15, 15, 15, 15, 15 }, { 10, 10, 10, 10, 10 }, 5, 5, 150, 150, 5 },
		{ { 1, 1, 1, 1, 1 }, { 10, 10, 10, 10, 10 }, 5, 5, 100, 100, 5 },
		{ { 1e6, 1e6, 1e6, 1e6, 1e6 }, { 1, 1, 1, 1, 1 }, 5, 5, 1000, 1000, 5 },
		{ { 5, 5, 5, 5, 5 }, { 0, 0, 0, 0, 0 }, 5, 5, 200, 400, 0 },
	};
	long low, high;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		double research[8], work[8];
		struct research_factor f;

		memcpy(research, table[i].research, sizeof(research));
		memcpy(work, table[i].work, sizeof(work));
		f = cost_research_factor(research, table[i].n, work, table[i].n_work);
		if (f.low_pct != table[i].low || f.high_pct != table[i].high ||
		    f.n != table[i].by)
			fail_msg(
			    "row %zu: %d..%d by %zu", i, f.low_pct, f.high_pct, f.n);
	}
	cost_research_range(&(struct research_factor){ 150, 300, 5 }, 200, &low, &high);
	assert_int_equal(low, 300);
	assert_int_equal(high, 600);
}

/* which points warn in which mode. */
static void
points_that_do_not_fit_the_mode_warn_G22(void **state)
{
	static const struct {
		int points;
		enum exec_mode mode;
		bool warns;
	} cases[] = {
		{ 1, EXEC_QUICK, false },
		{ 2, EXEC_QUICK, false },
		{ 2, EXEC_PAIR, true },
		{ 3, EXEC_TDD, false },
		{ 3, EXEC_QUICK, true },
		{ 5, EXEC_TDD, false },
		{ 5, EXEC_PAIR, false },
		{ 5, EXEC_QUICK, true },
		{ 8, EXEC_PAIR, false },
		{ 8, EXEC_CHECKPOINT, false },
		{ 8, EXEC_TDD, true },
		{ 13, EXEC_CHECKPOINT, true },
		{ 4, EXEC_TDD, true },
		{ 0, EXEC_PAIR, false },
		{ 2, EXEC_SPIKE, false },
		{ 8, EXEC_SWARM, false },
		{ 8, EXEC_NONE, false },
	};

	for (size_t i = 0; i < N_ELEMS(cases); i++)
		assert_int_equal(
		    cost_points_mode_warning(cases[i].points, cases[i].mode) != NULL,
		    cases[i].warns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimates_become_points_and_gates_8_3),
		cmocka_unit_test(points_change_exactly_at_the_dollar_A_30),
		cmocka_unit_test(an_unknown_estimate_asks_under_a_limit_A_31),
		cmocka_unit_test(the_threshold_is_the_callers),
		cmocka_unit_test(profiles_have_names_and_standard_is_budget_A_33),
		cmocka_unit_test(research_costs_two_to_four_times_S_35),
		cmocka_unit_test(research_is_calibrated_from_history_A_84),
		cmocka_unit_test(points_that_do_not_fit_the_mode_warn_G22),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
