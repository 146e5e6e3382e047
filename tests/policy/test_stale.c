#include "policy/stale.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE (60 * (int64_t)1000)
#define HOUR   (60 * MINUTE)

/* each limit holds to the millisecond, and not one longer. */
static void
r_40_each_context_has_its_limits(void **state)
{
	static const struct {
		const char *label, *status;
		int64_t limit;
	} cases[] = {
		{ "ctx:autonomous", "In Progress", 30 * MINUTE },
		{ "ctx:autonomous", "In Review", 4 * HOUR },
		{ "ctx:interactive", "In Progress", 2 * HOUR },
		{ "ctx:interactive", "In Review", 24 * HOUR },
		{ "ctx:review", "In Progress", 1 * HOUR },
		{ "ctx:review", "In Review", 8 * HOUR },
		{ "ctx:human", "In Progress", 48 * HOUR },
		{ "ctx:human", "In Review", 72 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		const char *labels[] = { "type:chore", cases[i].label };
		struct stale_verdict v = stale_of(
		    cases[i].status, labels, 2, cases[i].limit);

		assert_int_equal(v.state, STALE_NOT);
		assert_int_equal(v.limit_ms, cases[i].limit);
		assert_string_equal(v.context, cases[i].label + 4);
		v = stale_of(cases[i].status, labels, 2, cases[i].limit + 1);
		assert_int_equal(v.state, STALE_OLD);
		v = stale_of(cases[i].status, labels, 2, -HOUR);
		assert_int_equal(v.state, STALE_NOT);
	}
}

/* R-40, X03: no label is a warning, and so are two or one that nobody knows. */
static void
r_40_without_one_context_it_is_said(void **state)
{
	const char *const two[] = { "ctx:human", "ctx:review" };
	const char *const odd[] = { "ctx:whatever" };

	(void)state;
	assert_int_equal(stale_of("In Progress", NULL, 0, 0).state, STALE_NO_CONTEXT);
	assert_int_equal(stale_of("In Review", two, 2, 0).state, STALE_NO_CONTEXT);
	assert_int_equal(stale_of("In Review", odd, 1, 0).state, STALE_NO_CONTEXT);
}

/* What waits or is over has nobody who should have said something. */
static void
r_40_only_what_is_under_way_grows_stale(void **state)
{
	static const char *const status[] = { "Triage", "Backlog", "Todo", "Done",
		"Canceled", "" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(status); i++)
		assert_int_equal(
		    stale_of(status[i], NULL, 0, INT64_MAX).state, STALE_NOT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_40_each_context_has_its_limits),
		cmocka_unit_test(r_40_without_one_context_it_is_said),
		cmocka_unit_test(r_40_only_what_is_under_way_grows_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
