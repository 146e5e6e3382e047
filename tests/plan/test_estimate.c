#include "plan_text.h"

#include "plan/estimate.h"

static void
every_way_to_write_an_estimate_is_read_exactly(void **state)
{
	static const struct {
		const char *text;
		long low, high;
		int points;
	} rows[] = {
		{ "$5", 500, 500, 0 },
		{ "~$5", 500, 500, 0 },
		{ "$3-6", 300, 600, 0 },
		{ "$3-$6", 300, 600, 0 },
		{ "$3..$6", 300, 600, 0 },
		{ "$3–6", 300, 600, 0 },
		{ "$0.40", 40, 40, 0 },
		{ "$0.4", 40, 40, 0 },
		{ "$10.01", 1001, 1001, 0 },
		{ "5pt", -1, -1, 5 },
		{ "5 points", -1, -1, 5 },
		{ "$5, 3pt", 500, 500, 3 },
		{ "3pt, $0.99", 99, 99, 3 },
		{ "TBD", -1, -1, 0 },
		{ "--", -1, -1, 0 },
		{ "", -1, -1, 0 },
		{ "$9999999.99", 999999999, 999999999, 0 },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct estimate got;
		const char *why = estimate_read(rows[i].text, false, &got);

		if (why)
			fail_msg("%s: %s", rows[i].text, why);
		assert_int_equal(got.low_cents, rows[i].low);
		assert_int_equal(got.high_cents, rows[i].high);
		assert_int_equal(got.points, rows[i].points);
	}
}

static void
what_is_no_estimate_is_refused_with_a_reason(void **state)
{
	static const char *const rows[] = { "$", "$x", "$1.005", "$12345678",
		"$99999999999999999999", "$6-3", "$5k", "$1,000", "5", "five", "-$5",
		"5 bananas", "$5, $6", "3pt, 5pt", "0pt", "101pt", "$5 or so" };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct estimate got = { 7, 7, 7 };

		if (!estimate_read(rows[i], false, &got))
			fail_msg("\"%s\" was read", rows[i]);
		assert_int_equal(got.low_cents, 7);
	}
}

static void
a_bare_number_is_points_only_where_the_column_says_so(void **state)
{
	struct estimate got;

	assert_null(estimate_read("3", true, &got));
	assert_int_equal(got.points, 3);
	assert_non_null(estimate_read("3", false, &got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_write_an_estimate_is_read_exactly),
		cmocka_unit_test(what_is_no_estimate_is_refused_with_a_reason),
		cmocka_unit_test(a_bare_number_is_points_only_where_the_column_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
