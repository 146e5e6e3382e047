#include "policy/review.h"

#include "base/mem.h"
#include "plan/lint.h"
#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* SPEC 8.5 and A-58. */
static void
two_thirds_include_and_all_confirm(void **state)
{
	static const int include_at[] = { 0, 0, 2, 2, 3, 4, 4, 5 };

	(void)state;
	for (int n = 1; n <= 7; n++)
		assert_int_equal(consensus_include_at(n), include_at[n]);
	for (int n = 2; n <= 7; n++) {
		struct votes all = { n, n, n, SEVERITY_CRITICAL };
		struct votes one_less = { n, n, n - 1, SEVERITY_CRITICAL };
		struct consensus c = consensus_of(SCALE_THIRDS, &all);

		assert_int_equal(c.severity, SEVERITY_CRITICAL);
		assert_int_equal(c.standing, STANDING_CONFIRMED);
		c = consensus_of(SCALE_THIRDS, &one_less);
		assert_int_equal(c.severity, SEVERITY_IMPORTANT);
		assert_true(c.is_included && c.is_escalated);
	}
}

/* what enters the record, and as what. */
static void
each_scale_says_what_becomes_of_a_finding(void **state)
{
	static const struct {
		enum scale scale;
		struct votes votes;
		enum standing standing;
		enum severity severity;
		bool is_included, is_escalated;
	} cases[] = {
		/* clang-format off */
		{ SCALE_THIRDS, { 1, 1, 1, SEVERITY_CRITICAL },  STANDING_SINGLE,    SEVERITY_CRITICAL,  true,  false },
		{ SCALE_THIRDS, { 1, 1, 0, SEVERITY_CONSIDER },  STANDING_SINGLE,    SEVERITY_CONSIDER,  true,  false },
		{ SCALE_THIRDS, { 3, 2, 2, SEVERITY_CRITICAL },  STANDING_MAJORITY,  SEVERITY_IMPORTANT, true,  true },
		{ SCALE_THIRDS, { 3, 3, 1, SEVERITY_CRITICAL },  STANDING_UNANIMOUS, SEVERITY_IMPORTANT, true,  true },
		{ SCALE_THIRDS, { 3, 2, 0, SEVERITY_IMPORTANT }, STANDING_MAJORITY,  SEVERITY_IMPORTANT, true,  false },
		{ SCALE_THIRDS, { 3, 1, 1, SEVERITY_CRITICAL },  STANDING_MINORITY,  SEVERITY_CONSIDER,  false, true },
		{ SCALE_THIRDS, { 3, 1, 0, SEVERITY_IMPORTANT }, STANDING_MINORITY,  SEVERITY_CONSIDER,  false, false },
		{ SCALE_THIRDS, { 2, 1, 0, SEVERITY_IMPORTANT }, STANDING_MINORITY,  SEVERITY_CONSIDER,  false, false },
		{ SCALE_LEVELS, { 4, 4, 0, SEVERITY_IMPORTANT }, STANDING_UNANIMOUS, SEVERITY_IMPORTANT, true,  false },
		{ SCALE_LEVELS, { 4, 3, 0, SEVERITY_IMPORTANT }, STANDING_MAJORITY,  SEVERITY_IMPORTANT, true,  false },
		{ SCALE_LEVELS, { 4, 2, 0, SEVERITY_CONSIDER },  STANDING_SPLIT,     SEVERITY_CONSIDER,  true,  true },
		{ SCALE_LEVELS, { 4, 2, 2, SEVERITY_CRITICAL },  STANDING_SPLIT,     SEVERITY_IMPORTANT, true,  true },
		{ SCALE_LEVELS, { 4, 1, 0, SEVERITY_IMPORTANT }, STANDING_MINORITY,  SEVERITY_CONSIDER,  false, false },
		{ SCALE_EIGHT,  { 8, 8, 0, SEVERITY_IMPORTANT }, STANDING_UNANIMOUS, SEVERITY_CRITICAL,  true,  false },
		{ SCALE_EIGHT,  { 8, 6, 0, SEVERITY_IMPORTANT }, STANDING_MAJORITY,  SEVERITY_CRITICAL,  true,  false },
		{ SCALE_EIGHT,  { 8, 5, 5, SEVERITY_CRITICAL },  STANDING_MAJORITY,  SEVERITY_IMPORTANT, true,  true },
		{ SCALE_EIGHT,  { 8, 4, 0, SEVERITY_CONSIDER },  STANDING_MAJORITY,  SEVERITY_IMPORTANT, true,  false },
		{ SCALE_EIGHT,  { 8, 3, 0, SEVERITY_CONSIDER },  STANDING_MINORITY,  SEVERITY_CONSIDER,  true,  false },
		{ SCALE_EIGHT,  { 8, 2, 1, SEVERITY_CRITICAL },  STANDING_MINORITY,  SEVERITY_CONSIDER,  true,  true },
		{ SCALE_EIGHT,  { 8, 1, 1, SEVERITY_CRITICAL },  STANDING_MINORITY,  SEVERITY_CONSIDER,  false, true },
		/* clang-format on */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct consensus c = consensus_of(cases[i].scale, &cases[i].votes);

		assert_int_equal(c.standing, cases[i].standing);
		assert_int_equal(c.severity, cases[i].severity);
		assert_int_equal(c.is_included, cases[i].is_included);
		assert_int_equal(c.is_escalated, cases[i].is_escalated);
	}
}

/* Nothing critical is silently dropped, whoever else says what. */
static void
what_anybody_calls_critical_blocks_or_is_escalated(void **state)
{
	(void)state;
	for (int scale = SCALE_THIRDS; scale <= SCALE_EIGHT; scale++) {
		for (int n = 1; n <= 9; n++) {
			for (int agree = 1; agree <= n; agree++) {
				struct votes v = { n, agree, 1, SEVERITY_CRITICAL };
				struct consensus c = consensus_of(
				    (enum scale)scale, &v);

				assert_true(
				    c.is_escalated || c.severity == SEVERITY_CRITICAL);
			}
		}
	}
}

/* */
static void
severities_are_mapped_one_to_one(void **state)
{
	(void)state;
	assert_int_equal(severity_of("P1"), SEVERITY_CRITICAL);
	assert_int_equal(severity_of("p2"), SEVERITY_IMPORTANT);
	assert_int_equal(severity_of("P3"), SEVERITY_CONSIDER);
	assert_int_equal(severity_of("Critical"), SEVERITY_CRITICAL);
	assert_int_equal(severity_of("Suggestion"), SEVERITY_CONSIDER);
	assert_int_equal(severity_of("BLOCKER!!"), -1);
	assert_int_equal(severity_of(""), -1);
}

/* S-47 and A-60: A to H, each with the timings it is allowed at. */
static void
the_options_are_a_to_h(void **state)
{
	static const struct {
		char letter;
		bool pre, in, post;
	} allowed[] = { { 'A', false, false, true }, { 'B', false, false, true },
		{ 'C', false, false, true }, { 'D', true, true, true },
		{ 'E', true, false, true }, { 'F', true, false, true },
		{ 'G', true, false, true }, { 'H', true, false, true } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(allowed); i++) {
		const struct review_option *o = review_option(allowed[i].letter);

		assert_non_null(o);
		assert_ptr_equal(o, review_option_at(i));
		assert_int_equal(!!(o->timings & 1u << TIMING_PRE), allowed[i].pre);
		assert_int_equal(!!(o->timings & 1u << TIMING_IN), allowed[i].in);
		assert_int_equal(!!(o->timings & 1u << TIMING_POST), allowed[i].post);
	}
	assert_null(review_option_at(N_ELEMS(allowed)));
	assert_null(review_option('I'));
	assert_ptr_equal(review_option('e'), review_option('E'));
}

/* S-42, A-61, A-62: required by words only, else advised. */
static void
a_plan_needs_what_it_says_or_its_risk(void **state)
{
	static const struct {
		const char *plan, *phase;
		bool high;
		int points;
		bool required, advised;
	} cases[] = {
		{ "", "", false, 1, false, false },
		{ "none", "none", false, 1, false, false },
		{ "yes", "", false, 1, true, false },
		{ "pre-dispatch", "", false, 1, true, false },
		{ "Gate 2", "", false, 1, true, false },
		{ "E", "", false, 1, true, false },
		{ "post-session", "", false, 1, false, false },
		{ "", "pre-dispatch, option F", false, 1, true, false },
		{ "", "post-session (C)", false, 1, false, false },
		{ "", "C", false, 1, false, false },
		{ "", "", true, 1, true, false },
		{ "", "", false, 5, false, true },
		{ "yes", "", false, 5, true, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct phase phase = { .id = "1A",
			.review = cases[i].phase,
			.points = cases[i].points,
			.is_high_risk = cases[i].high };
		struct plan plan = {
			.needs_review = cases[i].plan, .phase = &phase, .n_phases = 1
		};
		struct review_need need;
		struct err err = ERR_INIT;

		if (strchr(cases[i].phase, '(')) {
			assert_int_equal(review_need_of(&plan, &need, &err), -1);
			assert_int_equal(err.kind, ERR_REFUSED);
			continue;
		}
		assert_int_equal(review_need_of(&plan, &need, &err), 0);
		assert_int_equal(need.is_required, cases[i].required);
		assert_int_equal(need.is_advised, cases[i].advised);
		assert_int_equal(
		    need.why[0] != '\0', cases[i].required || cases[i].advised);
	}
}

/* S-43, S-44, A-61: checkpoint mode implies the risk, unless it is cleared. */
static void
a_phase_says_which_reviews_its_work_needs(void **state)
{
	static const struct {
		const char *review;
		enum exec_mode mode;
		bool low, in, post;
	} cases[] = {
		{ "", EXEC_QUICK, false, false, false },
		{ "", EXEC_CHECKPOINT, false, true, false },
		{ "", EXEC_CHECKPOINT, true, false, false },
		{ "in-session", EXEC_TDD, false, true, false },
		{ "post-session", EXEC_TDD, false, false, true },
		{ "A", EXEC_TDD, false, false, true },
		{ "pre-dispatch", EXEC_TDD, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct phase phase = { .id = "1A",
			.review = cases[i].review,
			.mode = cases[i].mode,
			.is_low_risk = cases[i].low };
		struct phase_review r;
		struct err err = ERR_INIT;

		assert_int_equal(review_of_phase(&phase, &r, &err), 0);
		assert_int_equal(r.in, cases[i].in);
		assert_int_equal(r.post, cases[i].post);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_thirds_include_and_all_confirm),
		cmocka_unit_test(each_scale_says_what_becomes_of_a_finding),
		cmocka_unit_test(what_anybody_calls_critical_blocks_or_is_escalated),
		cmocka_unit_test(severities_are_mapped_one_to_one),
		cmocka_unit_test(the_options_are_a_to_h),
		cmocka_unit_test(a_plan_needs_what_it_says_or_its_risk),
		cmocka_unit_test(a_phase_says_which_reviews_its_work_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
