#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "tracker/tracker.h"

static void
every_tracker_is_found_by_its_own_name(void **state)
{
	static const char *const names[] = { "local", "linear", "github" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		const struct tracker *tracker = tracker_by_name(names[i]);

		assert_non_null(tracker);
		assert_string_equal(tracker->name, names[i]);
	}
	assert_null(tracker_by_name("Local"));
	assert_null(tracker_by_name(""));
}

/* What a newer version wrote must never be taken for "never again". */
static void
a_trouble_nobody_knows_is_tried_again(void **state)
{
	for (int i = 0; i < TRACKER_N_TROUBLES; i++)
		assert_int_equal(tracker_trouble_of(tracker_trouble_name(i)), i);
	assert_int_equal(tracker_trouble_of("eclipse"), TRACKER_LATER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tracker_is_found_by_its_own_name),
		cmocka_unit_test(a_trouble_nobody_knows_is_tried_again),
	};

	return cmocka_run_group_tests_name("tracker/tracker", tests, NULL, NULL);
}
