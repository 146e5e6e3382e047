/* What ends a wait is said in words, for whatever has a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/mem.h"
#include "engine/release.h"

#include <string.h>

static void
a_batch_names_those_it_waits_for(void **state)
{
	char id[] = "p1", batch_id[] = "p1/1", active[] = "active", done[] = "complete";
	char label[3][4] = { "S-A", "S-B", "S-C" };
	struct session session[] = {
		{ .label = label[0], .plan_id = id, .state = SESSION_DONE },
		{ .label = label[1], .plan_id = id, .state = SESSION_ACTIVE },
		{ .label = label[2], .plan_id = id, .state = SESSION_PARKED },
	};
	size_t positions[] = { 0, 1, 2 };
	struct batch_run batch = { .id = batch_id,
		.plan_id = id,
		.number = 1,
		.state = BATCH_RUNNING,
		.session = positions,
		.n = 3 };
	struct plan_run plan = { .id = id, .state = active, .n_phases = 4 };
	struct core core = {
		.session = session, .n_sessions = 3, .batch = &batch, .n_batches = 1
	};
	const struct batch_run *last = NULL;
	AUTO_FREE char *running = release_batch(&core, &batch);
	AUTO_FREE char *plan_waits = release_plan(&core, &plan, &last);

	assert_string_equal(running, "done or given up: S-B, S-C");
	assert_string_equal(plan_waits, "batch 1 is complete");
	assert_ptr_equal(last, &batch);

	session[1].state = SESSION_DONE;
	session[2].state = SESSION_ABANDONED;
	batch.state = BATCH_WITH_FAILURES;
	AUTO_FREE char *failed = release_batch(&core, &batch);

	assert_string_equal(failed, "a person's word on what failed");
	batch.acked = true;
	AUTO_FREE char *settled = release_batch(&core, &batch);
	AUTO_FREE char *next = release_plan(&core, &plan, &last);

	assert_string_equal(settled, "");
	assert_string_equal(next, "all its phases are done, 2 of 4 by now");
	assert_null(last);
	plan.state = done;
	AUTO_FREE char *over = release_plan(&core, &plan, &last);

	assert_string_equal(over, "");
}

static void
a_tag_is_known_and_a_name_is_none(void **state)
{
	static const char *const names[] = { "S-A", "DV-1", "T-11", "S-", "J-22x",
		"p1/1", "", "S-1234567" };
	AUTO_FREE char *with = release_rule("S-27"), *without = release_rule("J-22");

	assert_non_null(with);
	assert_non_null(strstr(with, "G07"));
	assert_non_null(without);
	assert_non_null(strstr(without, "nothing is refused by it"));
	for (size_t i = 0; i < N_ELEMS(names); i++)
		assert_null(release_rule(names[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_names_those_it_waits_for),
		cmocka_unit_test(a_tag_is_known_and_a_name_is_none),
	};

	return cmocka_run_group_tests_name("engine/release", tests, NULL, NULL);
}
