#include "policy/dispatch.h"

#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct issue_ref issue[] = { { .id = "REV-1" }, { .id = "REV-2" },
	{ .id = "REV-3" }, { .id = "REV-4" } };
static struct touch_item source[] = { { .text = "src/a.c" } };
static struct touch_item notes[] = { { .text = "notes/rev-3.txt" } };

static void
make_phases(struct phase phase[4])
{
	static const char *const focus[] = { "Finding store", "Decide", "Compare",
		"///" };

	for (int i = 0; i < 4; i++)
		phase[i] = (struct phase){ .id = "1A",
			.focus = focus[i],
			.issue = &issue[i],
			.n_issues = 1,
			.mode = EXEC_TDD,
			.agent = "",
			.est_low_cents = 300,
			.est_mid_cents = 300,
			.est_high_cents = 300 };
	phase[0].agent = "Claude Code";
	phase[0].points = 5;
	phase[1].agent = "factory";
	phase[2].mode = EXEC_SPIKE;
	phase[2].is_analysis_only = true;
	phase[3].mode = EXEC_NONE;
	phase[3].est_low_cents = phase[3].est_mid_cents = phase[3].est_high_cents = -1;
}

static struct dispatch_rows *
make_rows(struct phase phase[4], const struct dispatch_env *env)
{
	static int first[] = { 0, 1 }, order[] = { 1, 0 }, second[] = { 2 },
		   last[] = { 3 };
	static struct batch batch[] = {
		{ .number = 1, .phase = first, .n = 2, .merge_order = order },
		{ .number = 2,
		    .phase = second,
		    .n = 1,
		    .merge_order = second,
		    .is_research = true },
		{ .number = 3, .phase = last, .n = 1, .merge_order = last },
	};
	struct plan plan = { .phase = phase, .n_phases = 4 };
	struct batches batches = { .batch = batch, .n = 3 };

	return dispatch_rows_new(&plan, &batches, env);
}

static void
a_row_says_what_a_person_approves_S_78(void **state)
{
	struct phase phase[4];
	struct dispatch_env env = { .agent = "claude", .default_mode = EXEC_PAIR };

	make_phases(phase);
	struct dispatch_rows *rows = make_rows(phase, &env);
	const struct dispatch_row *a = dispatch_row_of(rows, 0);
	const struct dispatch_row *b = dispatch_row_of(rows, 1);
	const struct dispatch_row *c = dispatch_row_of(rows, 2);
	const struct dispatch_row *d = dispatch_row_of(rows, 3);

	assert_int_equal(rows->n, 4);
	assert_null(dispatch_row_of(rows, 4));
	assert_string_equal(a->label, "S-A");
	assert_string_equal(b->label, "S-B");
	assert_string_equal(c->label, "S-A");
	assert_string_equal(a->issue, "REV-1");
	assert_string_equal(a->agent->name, "claude");
	assert_string_equal(a->branch, "claude/rev-1-finding-store");
	assert_string_equal(b->branch, "factory/rev-2-decide");
	/* S-79: parallel, external, alone and reading only. */
	assert_string_equal(a->worktree, "yes");
	assert_string_equal(b->worktree, "n/a");
	assert_string_equal(c->worktree, "no");
	/* A lone session that changes code is isolated all the same (CONTRACTS 3). */
	assert_string_equal(d->worktree, "yes");
	assert_int_equal(a->merge, 2);
	assert_int_equal(b->merge, 1);
	/* Declared points win, the others follow the estimate. */
	assert_int_equal(a->points, 5);
	assert_int_equal(b->points, 3);
	assert_int_equal(d->points, 0);
	assert_string_equal(c->mode, "spike (analysis-only)");
	assert_int_equal(c->launch_as, LAUNCH_BYPASS);
	assert_string_equal(d->mode, "pair");
	assert_int_equal(d->launch_as, LAUNCH_PLAN);
	assert_string_equal(d->agent_name, "claude");
	assert_null(d->branch);
	dispatch_rows_free(rows);
}

static void
nobody_chosen_stays_nobody_S_54(void **state)
{
	struct phase phase[4];
	struct dispatch_env env = { 0 };

	make_phases(phase);
	phase[1].agent = "Hal";
	struct dispatch_rows *rows = make_rows(phase, &env);
	const struct dispatch_row *nobody = dispatch_row_of(rows, 2);
	const struct dispatch_row *unknown = dispatch_row_of(rows, 1);

	assert_null(nobody->agent);
	assert_string_equal(nobody->agent_name, "");
	assert_null(nobody->branch);
	assert_null(unknown->agent);
	assert_string_equal(unknown->agent_name, "Hal");
	assert_string_equal(unknown->branch, "hal/rev-2-decide");
	dispatch_rows_free(rows);
	dispatch_rows_free(NULL);
}

static void
research_is_a_range_unless_the_author_gave_one_S_35(void **state)
{
	struct phase phase[4];
	struct dispatch_env env = { 0 };
	static const struct {
		long low, mid, high;
		const char *cell;
	} cases[] = { { 200, 200, 200, "~$4-$8" }, { 100, 200, 300, "~$1-$3" },
		{ -1, -1, -1, "-" } };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		make_phases(phase);
		phase[2].est_low_cents = cases[i].low;
		phase[2].est_mid_cents = cases[i].mid;
		phase[2].est_high_cents = cases[i].high;
		struct dispatch_rows *rows = make_rows(phase, &env);
		AUTO_FREE char *plain = dispatch_cost(dispatch_row_of(rows, 0));
		AUTO_FREE char *range = dispatch_cost(dispatch_row_of(rows, 2));

		assert_string_equal(plain, "~$3");
		assert_string_equal(range, cases[i].cell);
		assert_true(dispatch_row_of(rows, 2)->low_cents <=
				dispatch_row_of(rows, 2)->mid_cents &&
			    dispatch_row_of(rows, 2)->mid_cents <=
				dispatch_row_of(rows, 2)->high_cents);
		dispatch_rows_free(rows);
	}
}

static size_t
count(const struct lint_list *lints, const char *code, char level)
{
	size_t n = 0;

	for (size_t i = 0; i < lints->n; i++)
		n += strcmp(lints->item[i].code, code) == 0 &&
		     lints->item[i].level == level;
	return n;
}

static void
agents_points_and_branches_are_linted(void **state)
{
	struct phase phase[4];
	struct dispatch_env env = { 0 };
	struct plan plan = { .arena = arena_new(), .phase = phase, .n_phases = 4 };
	struct lint_list lints = { 0 };

	make_phases(phase);
	phase[0].points = 3;
	struct dispatch_rows *rows = make_rows(phase, &env);

	dispatch_lint(rows, &plan, &lints);
	assert_int_equal(lints.n, 0);
	dispatch_rows_free(rows);

	phase[0].points = 8;       /* 8 points in tdd, and $3 are 3 */
	phase[1].mode = EXEC_PAIR; /* on Factory: a warning */
	phase[2].agent = "cursor"; /* no spikes there */
	phase[3].agent = "claude"; /* "///" names no branch */
	rows = make_rows(phase, &env);
	dispatch_lint(rows, &plan, &lints);
	assert_int_equal(count(&lints, "G22", 'W'), 2);
	assert_int_equal(count(&lints, "G15", 'W'), 1);
	assert_int_equal(count(&lints, "G15", 'E'), 1);
	assert_int_equal(count(&lints, "G09", 'W'), 1);
	assert_int_equal(lints.n, 5);
	dispatch_rows_free(rows);
	lint_list_clear(&lints);
	arena_free(plan.arena);
}

/* documents keep a spike a spike, product code makes it Plan mode with a warning. */
static void
a_spike_is_judged_by_what_it_makes_A_45(void **state)
{
	struct phase phase = { .mode = EXEC_SPIKE };
	const char *warning;

	assert_int_equal(launch_mode_of_phase(&phase, &warning), LAUNCH_BYPASS);
	phase.touch[TOUCH_WRITES] = (struct touch_list){ notes, 1, 1 };
	assert_int_equal(launch_mode_of_phase(&phase, &warning), LAUNCH_BYPASS);
	assert_null(warning);
	phase.touch[TOUCH_CREATES] = (struct touch_list){ source, 1, 1 };
	assert_int_equal(launch_mode_of_phase(&phase, &warning), LAUNCH_PLAN);
	assert_non_null(warning);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_says_what_a_person_approves_S_78),
		cmocka_unit_test(nobody_chosen_stays_nobody_S_54),
		cmocka_unit_test(research_is_a_range_unless_the_author_gave_one_S_35),
		cmocka_unit_test(agents_points_and_branches_are_linted),
		cmocka_unit_test(a_spike_is_judged_by_what_it_makes_A_45),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
