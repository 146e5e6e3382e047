#include "play.h"

#include "core/planner.h"

/* Undeclared writes are counted by who wrote the plan (CONFLICTS 4, B-20). */

static void
open_plan(struct play *p, const char *path, const char *planner)
{
	HAPPENS(p, HAP_PLAN_OPENED, "path", path, "plan_hash", "h", "#cap", "3",
	    "#n_phases", "9", "planner", planner, "target", "main");
}

static void
strays_count_for_who_wrote_the_plan(void **state)
{
	struct play *p = play_new();
	struct planner_sum *sums;

	(void)state;
	play_open(p, 9);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "3", "planner", "Ada",
	    "#n_phases", "9");
	play_batch(p, 1, "1A 1B 1C");
	play_start(p, "1A");
	play_start(p, "1B");
	play_start(p, "1C");
	p->actor = "server";
	HAPPENS(p, HAP_STRAYED, "session", "p1.1.1A", "stray", "x.c\ny.c\n");
	HAPPENS(p, HAP_STRAYED, "session", "p1.1.1B", "stray", "z.c");
	p->actor = "human:ada";
	open_plan(p, "/q.md", "Ben");
	open_plan(p, "/r.md", "Ada");
	assert_int_equal(core_planners(p->core, &sums), 2);
	assert_string_equal(sums[0].name, "Ada");
	assert_int_equal(sums[0].n_plans, 2);
	assert_int_equal(sums[0].n_sessions, 2);
	assert_int_equal(sums[0].n_strayed, 2);
	assert_int_equal(sums[0].n_stray, 3);
	assert_int_equal(sums[0].n_files, 3);
	assert_string_equal(sums[1].name, "Ben");
	assert_int_equal(sums[1].n_stray, 0);
	free(sums);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strays_count_for_who_wrote_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
