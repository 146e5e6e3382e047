#include "radar/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_look_is_followed_by_a_pause_of_a_hundred_times_its_cost(void **state)
{
	assert_int_equal(radar_pause_ms(60, false, 0), 6000);
	assert_int_equal(radar_pause_ms(5, false, 0), 2000);
	assert_int_equal(radar_pause_ms(5000, false, 0), 120000);
}

/* What strays is seen within ten seconds in a large repository, too (DESIGN 8). */
static void
what_the_first_look_cost_does_not_delay_the_second(void **state)
{
	assert_int_equal(radar_pause_ms(175, true, 0), 2000);
	assert_int_equal(radar_pause_ms(60000, true, 0), 2000);
}

static void
the_pauses_grow_while_nothing_changes_up_to_two_minutes(void **state)
{
	assert_int_equal(radar_pause_ms(0, false, 1), 8000);
	assert_int_equal(radar_pause_ms(0, false, 2), 32000);
	assert_int_equal(radar_pause_ms(0, false, 3), 120000);
	assert_int_equal(radar_pause_ms(0, false, 1000000), 120000);
	assert_int_equal(radar_pause_ms(100, false, 1), 40000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_look_is_followed_by_a_pause_of_a_hundred_times_its_cost),
		cmocka_unit_test(what_the_first_look_cost_does_not_delay_the_second),
		cmocka_unit_test(
		    the_pauses_grow_while_nothing_changes_up_to_two_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
