#include "policy/catalogue.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* SPEC 2.22, R-226: the catalogue is data; each agent that is launched or named is in it. */

static void
every_agent_of_a_plan_is_in_the_catalogue(void **state)
{
	const struct agent_kind *kind;

	for (size_t i = 0; (kind = agent_kind_at(i)); i++) {
		/* The same program behind another protocol has the facts of its own. */
		if (strstr(kind->name, "acp"))
			continue;
		if (!kind->constraint || !kind->status)
			fail_msg("%s says nothing of itself", kind->name);
	}
	assert_null(agent_kind_find("nobody"));
	assert_null(agent_kind_find("sentry")); /* in the catalogue, but in no plan */
}

static void
every_agent_has_a_name_of_its_own_and_a_known_status(void **state)
{
	const struct agent_kind *kind, *other;

	for (size_t i = 0; (kind = agent_catalogue_at(i)); i++) {
		for (size_t k = 0; (other = agent_catalogue_at(k)) && k < i; k++)
			assert_string_not_equal(kind->name, other->name);
		assert_true(kind->shown || !kind->adapter);
		if (kind->status && strcmp(kind->status, "adopted") != 0 &&
		    strcmp(kind->status, "conditional") != 0 &&
		    strcmp(kind->status, "demoted") != 0)
			fail_msg("%s: %s", kind->name, kind->status);
		assert_int_equal(kind->oldest != NULL, kind->newest != NULL);
	}
}

static void
versions_are_compared_by_their_numbers(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = { { "2.1.9", "2.1.30", -1 }, { "2.1.330", "2.1.330", 0 },
		{ "3", "2.99.99", 1 }, { "2.1", "2.1.0", 0 }, { "2.1", "2.1.1", -1 },
		{ "2.1.0-beta", "2.1.0", 0 }, { "", "", 0 }, { "-5", "1", -1 },
		{ "99999999999999999999", "1", 1 } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		assert_int_equal(
		    agent_version_compare(rows[i].a, rows[i].b), rows[i].order);
		assert_int_equal(
		    agent_version_compare(rows[i].b, rows[i].a), -rows[i].order);
	}
}

static void
only_a_version_that_was_not_tried_is_noted(void **state)
{
	const struct agent_kind *claude = agent_kind_find("claude");
	AUTO_FREE char *older = agent_version_note(claude, "1.0.0");
	AUTO_FREE char *newer = agent_version_note(claude, "3.0.0");

	assert_non_null(strstr(older, "older"));
	assert_non_null(strstr(newer, "newer"));
	assert_null(agent_version_note(claude, "2.1.330"));
	assert_null(agent_version_note(claude, "2.1.197"));
	assert_null(agent_version_note(claude, ""));
	assert_null(agent_version_note(agent_kind_find("command"), "1.0"));
	assert_null(agent_version_note(NULL, "1.0"));
}

static void
the_limit_of_one_agent_is_anothers_work(void **state)
{
	assert_string_equal(agent_overflow_at(0), "claude"); /* */
	assert_string_equal(agent_overflow_at(1), "cursor");
	assert_null(agent_overflow_at(6));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_agent_of_a_plan_is_in_the_catalogue),
		cmocka_unit_test(every_agent_has_a_name_of_its_own_and_a_known_status),
		cmocka_unit_test(versions_are_compared_by_their_numbers),
		cmocka_unit_test(only_a_version_that_was_not_tried_is_noted),
		cmocka_unit_test(the_limit_of_one_agent_is_anothers_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
