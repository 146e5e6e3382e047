#include "policy/closure.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct closure_answer
judge(struct closure_facts f)
{
	struct closure_answer a;

	if (!f.claim)
		f.claim = "";
	if (f.reopened_hours == 0)
		f.reopened_hours = -1;
	closure_of(&f, &closure_scale_default, &a);
	assert_true(a.why[0] != '\0');
	/* whatever is blocked says what unblocks it. */
	if (a.closure == CLOSURE_BLOCK)
		assert_true(a.mend[0] != '\0');
	return a;
}

#define UNMEASURED .tests = -1, .coverage = -1, .review = -1

/* R-187, row by row. */
static void
r_187_the_matrix_says_who_closes(void **state)
{
	static const struct {
		struct closure_facts facts;
		enum closure closure;
	} cases[] = {
		/* clang-format off */
		{ { .is_agents = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_AUTO },
		{ { .is_agents = true, .n_merged = 1, .deploy = DEPLOY_NONE, UNMEASURED }, CLOSURE_AUTO },
		{ { .is_agents = true, .n_merged = 1, .deploy = DEPLOY_RED, UNMEASURED }, CLOSURE_BLOCK },
		{ { .is_agents = true, .n_merged = 1, .deploy = DEPLOY_PENDING, UNMEASURED }, CLOSURE_BLOCK },
		{ { .is_agents = true, .n_merged = 2, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .is_agents = true, .is_open = true, UNMEASURED }, CLOSURE_BLOCK },
		{ { .has_person = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_NEVER },
		{ { .is_agents = true, .needs_decision = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .is_agents = true, .is_pair = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .is_agents = true, .is_small = true, .has_all_criteria = true, UNMEASURED }, CLOSURE_AUTO },
		{ { .is_agents = true, .is_small = true, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .is_agents = true, .has_all_criteria = true, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .n_merged = 0, UNMEASURED }, CLOSURE_PROPOSE },
		{ { .is_agents = true, .is_discussed = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED }, CLOSURE_BLOCK },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++)
		assert_int_equal(judge(cases[i].facts).closure, cases[i].closure);
}

/* BLOCK before NEVER before PROPOSE before AUTO. */
static void
r_187_the_stricter_wins(void **state)
{
	struct closure_facts f = {
		.is_agents = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED
	};

	(void)state;
	assert_int_equal(judge(f).closure, CLOSURE_AUTO);
	f.is_pair = true;
	assert_int_equal(judge(f).closure, CLOSURE_PROPOSE);
	f.has_person = true;
	assert_int_equal(judge(f).closure, CLOSURE_NEVER);
	f.is_open = true;
	assert_int_equal(judge(f).closure, CLOSURE_BLOCK);
}

/* the weights, what nobody measured, and quick mode. */
static void
r_188_quality_is_weighed(void **state)
{
	static const struct {
		int tests, coverage, review;
		bool is_quick;
		int quality;
	} cases[] = {
		{ 100, 100, 100, false, 100 },
		{ 100, 0, 0, false, 40 },
		{ 0, 100, 0, false, 30 },
		{ 0, 0, 100, false, 30 },
		{ 100, 100, -1, false, 91 },
		{ 100, -1, -1, false, 87 },
		{ 0, 100, 100, false, 60 },
		{ 0, 100, 100, true, 84 },
		{ 90, 100, 100, true, 96 },
		{ -1, -1, 50, false, 50 },
		{ -1, -1, -1, false, -1 },
		{ -1, -1, -1, true, -1 },
		{ -1, -1, 100, true, 100 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct closure_facts f = { .tests = cases[i].tests,
			.coverage = cases[i].coverage,
			.review = cases[i].review,
			.is_quick = cases[i].is_quick };

		assert_int_equal(
		    closure_quality(&f, &closure_scale_default), cases[i].quality);
	}
}

/* 80 closes by itself, 60 proposes, below it is blocked; a team may set others. */
static void
r_188_quality_bounds_what_may_close(void **state)
{
	static const struct {
		int quality;
		enum closure closure;
	} cases[] = { { 100, CLOSURE_AUTO }, { 80, CLOSURE_AUTO },
		{ 79, CLOSURE_PROPOSE }, { 60, CLOSURE_PROPOSE }, { 59, CLOSURE_BLOCK },
		{ 0, CLOSURE_BLOCK } };
	const struct closure_scale strict = { 40, 30, 30, 101, 100 };
	struct closure_answer a;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct closure_facts f = { .is_agents = true,
			.n_merged = 1,
			.deploy = DEPLOY_GREEN,
			.tests = cases[i].quality,
			.coverage = cases[i].quality,
			.review = cases[i].quality,
			.reopened_hours = -1,
			.claim = "" };

		assert_int_equal(judge(f).closure, cases[i].closure);
		closure_of(&f, &strict, &a);
		assert_int_not_equal(a.closure, CLOSURE_AUTO);
	}
}

/* the outcome takes 0, 5, 15 or 10 off, and nothing from what is too small for it. */
static void
r_192_the_outcome_takes_off_the_quality(void **state)
{
	static const struct {
		enum closure_outcome outcome;
		bool is_small, is_quick;
		int points, quality;
	} cases[] = {
		{ OUTCOME_UNASKED, false, false, 5, 100 },
		{ OUTCOME_MET, false, false, 5, 100 },
		{ OUTCOME_PARTLY, false, false, 5, 95 },
		{ OUTCOME_MISSED, false, false, 5, 85 },
		{ OUTCOME_UNKNOWN, false, false, 5, 90 },
		{ OUTCOME_MISSED, true, false, 5, 100 },
		{ OUTCOME_MISSED, false, true, 2, 100 },
		{ OUTCOME_MISSED, false, true, 3, 85 },
		{ OUTCOME_MISSED, false, false, 2, 85 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct closure_facts f = { .tests = 100,
			.coverage = 100,
			.review = 100,
			.outcome = cases[i].outcome,
			.is_small = cases[i].is_small,
			.is_quick = cases[i].is_quick,
			.points = cases[i].points };

		assert_int_equal(
		    closure_quality(&f, &closure_scale_default), cases[i].quality);
		assert_int_equal(
		    closure_outcome_of(closure_outcome_name(cases[i].outcome)),
		    cases[i].outcome == OUTCOME_UNASKED ? -1 : (int)cases[i].outcome);
	}
	assert_int_equal(closure_outcome_of("splendid"), -1);
}

/* so that what 100 of 100 measure may not close by itself where it missed its end. */
static void
r_192_what_missed_its_end_is_proposed(void **state)
{
	struct closure_facts f = { .is_agents = true,
		.n_merged = 1,
		.deploy = DEPLOY_GREEN,
		.tests = 100,
		.coverage = -1,
		.review = -1,
		.points = 3 };

	(void)state;
	assert_int_equal(judge(f).closure, CLOSURE_AUTO);
	f.outcome = OUTCOME_MISSED;
	assert_int_equal(judge(f).closure, CLOSURE_PROPOSE);
}

/* what was opened again within two days is not closed again before its cause is. */
static void
r_194_what_was_reopened_stays_open(void **state)
{
	struct closure_facts f = {
		.is_agents = true, .n_merged = 1, .deploy = DEPLOY_GREEN, UNMEASURED
	};

	(void)state;
	f.reopened_hours = 1;
	assert_int_equal(judge(f).closure, CLOSURE_BLOCK);
	assert_non_null(strstr(judge(f).why, "R-194"));
	f.reopened_hours = REOPENED_HOURS - 1;
	assert_int_equal(judge(f).closure, CLOSURE_BLOCK);
	f.reopened_hours = REOPENED_HOURS;
	assert_int_equal(judge(f).closure, CLOSURE_AUTO);
}

/* what delivers a text only closes by itself when the text is a result. */
static void
r_195_noise_is_no_delivery(void **state)
{
	struct closure_facts f = { .is_agents = true,
		.is_small = true,
		.has_all_criteria = true,
		UNMEASURED };
	char text[1200] = "";

	(void)state;
	f.claim = "HTTP 429: rate limit";
	assert_int_equal(judge(f).closure, CLOSURE_AUTO);
	f.is_text = true;
	assert_int_equal(judge(f).closure, CLOSURE_PROPOSE);
	assert_non_null(strstr(judge(f).why, "R-195"));
	for (int i = 0; i < 110; i++)
		strcat(text, "measured ");
	f.claim = text;
	assert_int_equal(judge(f).closure, CLOSURE_AUTO);
}

/* Of two things that block, the mend belongs to the one that is named. */
static void
r_191_the_mend_is_of_what_is_named(void **state)
{
	struct closure_answer a = judge((struct closure_facts){
	    .is_agents = true, .is_open = true, .claim = "probably", UNMEASURED });

	(void)state;
	assert_string_equal(a.why, "its change is not merged");
	assert_string_equal(a.mend, "divisi merge");
}

/* whole words of belief make a claim invalid, and nothing else does. */
static void
r_190_belief_is_no_evidence(void **state)
{
	static const struct {
		const char *claim;
		bool is_belief;
	} cases[] = {
		{ "I believe that it is done.", true },
		{ "It should work now", true },
		{ "PROBABLY fine", true },
		{ "I am pretty sure", true },
		{ "Most likely.", true },
		{ "looks like it passes", true },
		{ "Hopefully that is all", true },
		{ "12 tests ran, 12 passed.", false },
		{ "unlikely paths are tested, 3 of 3", false },
		{ "the believer's table has 4 rows", false },
		{ "it should workaround nothing", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct closure_facts f = { .is_agents = true,
			.n_merged = 1,
			.deploy = DEPLOY_GREEN,
			UNMEASURED,
			.claim = cases[i].claim };

		assert_int_equal(
		    closure_belief(cases[i].claim) != NULL, cases[i].is_belief);
		assert_int_equal(judge(f).closure,
		    cases[i].is_belief ? CLOSURE_BLOCK : CLOSURE_AUTO);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_187_the_matrix_says_who_closes),
		cmocka_unit_test(r_187_the_stricter_wins),
		cmocka_unit_test(r_188_quality_is_weighed),
		cmocka_unit_test(r_188_quality_bounds_what_may_close),
		cmocka_unit_test(r_192_the_outcome_takes_off_the_quality),
		cmocka_unit_test(r_192_what_missed_its_end_is_proposed),
		cmocka_unit_test(r_194_what_was_reopened_stays_open),
		cmocka_unit_test(r_195_noise_is_no_delivery),
		cmocka_unit_test(r_191_the_mend_is_of_what_is_named),
		cmocka_unit_test(r_190_belief_is_no_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
