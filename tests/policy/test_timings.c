#include "policy/timings.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A phase that touches one thing. */
static struct phase
touching(enum touch touch, const char *text, struct touch_item *item)
{
	struct phase phase = { .id = "1A", .review = "" };

	*item = (struct touch_item){ .text = text };
	phase.touch[touch] = (struct touch_list){ .item = item, .n = 1 };
	return phase;
}

/* auth, data migration, a breaking API, infrastructure; and what only looks alike. */
static void
a_61_what_a_phase_touches_makes_it_risky(void **state)
{
	static const struct {
		enum touch touch;
		const char *text, *why; /* NULL: no risk */
	} cases[] = {
		{ TOUCH_WRITES, "src/auth/login.c", "access" },
		{ TOUCH_CREATES, "lib/OAuth.rb", "access" },
		{ TOUCH_DELETES, "config/secrets.yml", "access" },
		{ TOUCH_APPENDS, "src/password_reset.py", "access" },
		{ TOUCH_RENAMES, "acl/list.c", "access" },
		{ TOUCH_READS, "src/auth/login.c", NULL },
		{ TOUCH_WRITES, "src/author.c", NULL },
		{ TOUCH_WRITES, "docs/authors.md", NULL },
		{ TOUCH_WRITES, "src/secretary.c", NULL },
		{ TOUCH_CREATES, "db/migrations/0007.sql", "migrates data" },
		{ TOUCH_RENUMBERS, "schema:users", "migrates data" },
		{ TOUCH_CHANGES, "schema:users", "migrates data" },
		{ TOUCH_EXTENDS, "schema:users", NULL },
		{ TOUCH_CHANGES, "api:search", "breaks api:search" },
		{ TOUCH_REMOVES, "api:search", "breaks api:search" },
		{ TOUCH_EXTENDS, "api:search", NULL },
		{ TOUCH_PRODUCES, "api:search", NULL },
		{ TOUCH_CONSUMES, "api:auth", NULL },
		{ TOUCH_INFRA, "ci", "infrastructure" },
		{ TOUCH_CHANGES, "infra:ci", "infrastructure" },
		{ TOUCH_USES, "infra:ci", NULL },
		{ TOUCH_WRITES, "", NULL },
		{ TOUCH_WRITES, "////", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct touch_item item;
		struct phase phase = touching(cases[i].touch, cases[i].text, &item);
		char why[160] = "";

		assert_int_equal(
		    phase_is_risky(&phase, why, sizeof(why)), cases[i].why != NULL);
		if (cases[i].why)
			assert_non_null(strstr(why, cases[i].why));
		item.is_negated = true;
		assert_false(phase_is_risky(&phase, why, sizeof(why)));
	}
}

/* a flag makes the risk, and only "Risk: low" clears what is touched. */
static void
a_61_the_flag_says_more_than_the_paths(void **state)
{
	struct touch_item item;
	struct phase phase = touching(TOUCH_WRITES, "src/auth/a.c", &item);
	struct phase_review review;
	struct err err = ERR_INIT;
	char why[160];

	(void)state;
	phase.mode = EXEC_TDD;
	assert_int_equal(review_of_phase(&phase, &review, &err), 0);
	assert_true(review.in);
	phase.is_low_risk = true;
	assert_false(phase_is_risky(&phase, why, sizeof(why)));
	assert_int_equal(review_of_phase(&phase, &review, &err), 0);
	assert_false(review.in);
	phase = (struct phase){ .id = "1A", .review = "", .is_high_risk = true };
	assert_true(phase_is_risky(&phase, why, sizeof(why)));
	assert_int_equal(review_of_phase(&phase, &review, &err), 0);
	assert_true(review.in);
}

/* five points, three systems, security, three that depend on it. */
static void
a_62_a_complex_phase_is_said_to_be(void **state)
{
	static const struct {
		int points;
		size_t dependents, systems;
		const char *path;
		bool is_complex;
	} cases[] = {
		{ 4, 2, 2, "src/a.c", false },
		{ 5, 0, 0, "src/a.c", true },
		{ 1, 3, 0, "src/a.c", true },
		{ 1, 0, 3, "src/a.c", true },
		{ 1, 0, 0, "src/auth/a.c", true },
		{ 0, 0, 0, "src/a.c", false },
	};
	static const char *const systems[] = { "src/a.c", "web/b.js", "ops/c.yml" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct touch_item item[4] = { { .text = cases[i].path } };
		struct phase phase = {
			.id = "1A", .review = "", .points = cases[i].points
		};
		char why[160] = "";

		for (size_t k = 0; k < cases[i].systems; k++)
			item[1 + k].text = systems[k];
		phase.touch[TOUCH_WRITES] = (struct touch_list){ .item = item,
			.n = 1 + cases[i].systems };
		assert_int_equal(
		    phase_is_complex(&phase, cases[i].dependents, why, sizeof(why)),
		    cases[i].is_complex);
		assert_int_equal(why[0] != '\0', cases[i].is_complex);
	}
}

/* S-42 to S-45, A-60: what a plan is told that it needs, timing by timing. */
static void
a_60_the_timings_of_a_plan_are_computed(void **state)
{
	struct phase phase[10] = { { .id = "1A", .review = "" } };
	struct plan plan = { .needs_review = "", .phase = phase, .n_phases = 1 };
	struct timing_need need[TIMING_N];
	struct err err = ERR_INIT;
	size_t n = 0;

	(void)state;
	assert_int_equal(timings_of(&plan, need, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(need[0].timing, TIMING_POST);
	assert_non_null(strstr(need[0].why, "divisi merge"));
	phase[0].is_analysis_only = true;
	assert_int_equal(timings_of(&plan, need, &n, &err), 0);
	assert_int_equal(n, 0);

	phase[0] = (struct phase){ .id = "1A", .review = "", .points = 8 };
	phase[1] = (struct phase){
		.id = "1B", .review = "post-session", .mode = EXEC_CHECKPOINT
	};
	plan.n_phases = 2;
	assert_int_equal(timings_of(&plan, need, &n, &err), 0);
	assert_int_equal(n, TIMING_N);
	assert_int_equal(need[0].timing, TIMING_PRE);
	assert_false(need[0].is_required);
	assert_non_null(strstr(need[0].why, "8 points"));
	assert_int_equal(need[1].timing, TIMING_IN);
	assert_string_equal(need[1].phases, "1B");
	assert_string_equal(need[1].option, "D");
	assert_int_equal(need[2].timing, TIMING_POST);
	assert_string_equal(need[2].phases, "1B");
	assert_int_equal(need[3].timing, TIMING_CROSS);

	phase[0].is_high_risk = true;
	assert_int_equal(timings_of(&plan, need, &n, &err), 0);
	assert_true(need[0].is_required);
	assert_string_equal(need[1].phases, "1A, 1B");

	for (size_t i = 0; i < N_ELEMS(phase); i++)
		phase[i] = (struct phase){
			.id = "1A", .review = "", .mode = EXEC_CHECKPOINT
		};
	plan.n_phases = N_ELEMS(phase);
	assert_int_equal(timings_of(&plan, need, &n, &err), 0);
	assert_non_null(strstr(need[0].phases, " and 2 more"));

	phase[3].review = "whenever";
	assert_int_equal(timings_of(&plan, need, &n, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_61_what_a_phase_touches_makes_it_risky),
		cmocka_unit_test(a_61_the_flag_says_more_than_the_paths),
		cmocka_unit_test(a_62_a_complex_phase_is_said_to_be),
		cmocka_unit_test(a_60_the_timings_of_a_plan_are_computed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
