#include "policy/advise.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* S-88, A-56: facts and what they recommend. */
static const struct {
	struct advise_facts facts;
	const char *recommend;
} cases[] = {
	/* Same repository, no file conflicts: Teams preferred. */
	{ { .n_subtasks = 3,
	      .one_session = true,
	      .one_repo = true,
	      .can_share_tree = true },
	    "teams" },
	/* One session, one repository, but no shared tree. */
	{ { .n_subtasks = 3, .one_session = true, .one_repo = true }, "dispatch" },
	/* Not one session, and nothing spans branches, repositories or CI. */
	{ { .n_subtasks = 3, .one_repo = true }, "teams" },
	/* Research fan-out; dispatch only when each track needs its own context. */
	{ { .n_subtasks = 4,
	      .one_session = true,
	      .one_repo = true,
	      .is_research = true },
	    "teams" },
	{ { .n_subtasks = 4,
	      .one_session = true,
	      .one_repo = true,
	      .is_research = true,
	      .needs_own_context = true },
	    "dispatch" },
	/* Several issues: Teams only if a single branch can hold them all. */
	{ { .n_subtasks = 1, .one_repo = true, .several_issues = true }, "dispatch" },
	{ { .n_subtasks = 2,
	      .one_session = true,
	      .one_repo = true,
	      .can_share_tree = true,
	      .several_issues = true,
	      .one_branch_holds_all = true },
	    "teams" },
	/* Each unit must have green CI; different repositories; a branch per unit. */
	{ { .n_subtasks = 3, .one_repo = true, .needs_ci_per_unit = true },
	    "dispatch" },
	{ { .n_subtasks = 3 }, "dispatch" },
	{ { .n_subtasks = 3, .one_repo = true, .needs_own_branch = true }, "dispatch" },
	/* Branches, CI and repositories decide regardless of the count. */
	{ { .n_subtasks = 9, .one_repo = true, .needs_own_branch = true }, "dispatch" },
	/* Five or more in one session are a swarm, four are not (S-88). */
	{ { .n_subtasks = 5,
	      .one_session = true,
	      .one_repo = true,
	      .can_share_tree = true },
	    "swarm" },
	{ { .n_subtasks = 4,
	      .one_session = true,
	      .one_repo = true,
	      .can_share_tree = true },
	    "teams" },
	/* Both may coexist. */
	{ { .n_subtasks = 3,
	      .one_repo = true,
	      .can_share_tree = true,
	      .needs_ci_per_unit = true },
	    "both" },
	{ { .n_subtasks = 1,
	      .one_repo = true,
	      .can_share_tree = true,
	      .needs_ci_per_unit = true },
	    "dispatch" },
};

static void
advice_follows_the_teams_guide_R_95(void **state)
{
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct advice advice = { 0 };

		advise(&cases[i].facts, &advice);
		assert_string_equal(advice.recommend, cases[i].recommend);
		assert_true(advice.reason[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advice_follows_the_teams_guide_R_95),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
