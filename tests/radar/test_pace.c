#include "radar/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t
pause_of(int64_t cpu_ms, int n_still, int64_t credit_ms)
{
	const struct radar_pace pace = { cpu_ms, false, n_still, credit_ms };

	return radar_pause_ms(&pace);
}

static void
a_look_is_followed_by_a_pause_of_a_hundred_times_its_cost(void **state)
{
	assert_int_equal(pause_of(60, 0, 0), 6000);
	assert_int_equal(pause_of(5, 0, 0), 2000);
	assert_int_equal(pause_of(5000, 0, 0), 120000);
}

/* What strays is seen within ten seconds in a large repository, too (DESIGN 8). */
static void
what_the_first_look_cost_does_not_delay_the_second(void **state)
{
	const struct radar_pace cheap = { 175, true, 0, 0 },
				dear = { 60000, true, 0, 0 };

	assert_int_equal(radar_pause_ms(&cheap), 2000);
	assert_int_equal(radar_pause_ms(&dear), 2000);
}

static void
dear_looks_come_within_ten_seconds_as_long_as_there_is_credit(void **state)
{
	assert_int_equal(pause_of(200, 0, 1), 7000);
	assert_int_equal(pause_of(200, 0, 0), 20000);
	/* At no time more than a tenth of a core. */
	assert_int_equal(pause_of(2000, 0, 1), 20000);
	/* Who wrote without a word is seen as soon, for two minutes. */
	assert_int_equal(pause_of(200, 1, 1), 8000);
	assert_int_equal(pause_of(200, 16, 1), 80000);
}

/* An hour in which every look finds something, of 250 ms each. */
static void
the_credit_keeps_the_average_at_a_hundredth(void **state)
{
	int64_t spent = 0, now = 0;

	for (; now < 3600000; spent += 250)
		now += pause_of(250, 0, radar_credit_ms(spent, now));
	assert_in_range(spent, now / 100, now / 100 + 5000 + 250);
}

static void
what_nobody_speaks_of_is_seen_within_ten_seconds_for_two_minutes(void **state)
{
	int64_t waited = 0;
	int n_still = 1;

	for (; pause_of(20, n_still, 0) <= 8000; n_still++)
		waited += pause_of(20, n_still, 0);
	assert_in_range(waited, 115000, 125000);
	assert_int_equal(pause_of(20, n_still, 0), 32000);
	assert_int_equal(pause_of(20, n_still + 1, 0), 120000);
	assert_int_equal(pause_of(0, 1000000, 0), 120000);
	assert_int_equal(pause_of(100, 1, 0), 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_look_is_followed_by_a_pause_of_a_hundred_times_its_cost),
		cmocka_unit_test(what_the_first_look_cost_does_not_delay_the_second),
		cmocka_unit_test(
		    dear_looks_come_within_ten_seconds_as_long_as_there_is_credit),
		cmocka_unit_test(the_credit_keeps_the_average_at_a_hundredth),
		cmocka_unit_test(
		    what_nobody_speaks_of_is_seen_within_ten_seconds_for_two_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
