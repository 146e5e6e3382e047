#include "plan_text.h"

#include "plan/key.h"

static void
column_names_are_read_in_any_case_number_and_decoration(void **state)
{
	static const struct {
		const char *name;
		enum plan_key key;
	} rows[] = { { "Issues", KEY_ISSUE }, { "ISSUE", KEY_ISSUE },
		{ "**Issue**", KEY_ISSUE }, { "Dependencies", KEY_DEPENDS },
		{ "Depends On", KEY_DEPENDS }, { "depends-on", KEY_DEPENDS },
		{ "Est. Cost", KEY_ESTIMATE }, { "Exec  Mode", KEY_MODE },
		{ "Writes", KEY_TOUCH + TOUCH_WRITES },
		{ "`Reads`", KEY_TOUCH + TOUCH_READS }, { "Colour", KEY_NONE },
		{ "", KEY_NONE },
		{ "a very long column name that nobody has ever used", KEY_NONE } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (plan_key_of(span_of(rows[i].name)) != rows[i].key)
			fail_msg("%s", rows[i].name);
	}
}

static void
every_section_key_reads_back_as_written(void **state)
{
	for (int key = KEY_NONE + 1; key < KEY_N; key++) {
		if (!plan_key_in_section((enum plan_key)key))
			continue;
		assert_int_equal(
		    plan_key_of(span_of(plan_key_name((enum plan_key)key))), key);
	}
}

static void
one_slip_is_recognised_and_two_are_not(void **state)
{
	static const struct {
		const char *name;
		enum plan_key key;
	} rows[] = { { "Wirtes", KEY_TOUCH + TOUCH_WRITES },
		{ "Writess", KEY_TOUCH + TOUCH_WRITES }, { "Verfy", KEY_VERIFY },
		{ "Deliverables ", KEY_DELIVERABLE }, { "Wirtse", KEY_NONE },
		{ "Mod", KEY_NONE }, { "Note", KEY_NONE }, { "Colour", KEY_NONE } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (plan_key_near(span_of(rows[i].name)) != rows[i].key)
			fail_msg("%s", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    column_names_are_read_in_any_case_number_and_decoration),
		cmocka_unit_test(every_section_key_reads_back_as_written),
		cmocka_unit_test(one_slip_is_recognised_and_two_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
