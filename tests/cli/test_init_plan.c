#include "cli/init_plan.h"

#include "plan/lint.h"
#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct task_lines
lines_of(const char *text)
{
	struct task_lines lines;
	struct err err = ERR_INIT;

	if (task_lines_read("t", text, strlen(text), &lines, &err) < 0)
		fail_msg("%s", err.text);
	return lines;
}

static const struct plan_facts facts = {
	.title = "Release",
	.date = "2026-11-22",
	.main_branch = "trunk",
	.layout = "Repository x has 3 files.",
	.agent = "claude",
	.prefix = "LOC",
	.first_issue = 7,
	.has_verify = true,
};

static void
every_field_of_a_phase_is_filled(void **state)
{
	struct task_lines lines = lines_of(
	    "[tdd] Fix a; fix b $3\n"
	    "[analysis] Compare after: 1 agent: codex done: yes\n");
	struct proposal proposal[2] = { { .state = PROPOSAL_ACCEPTED },
		{ .is_reading = true } };

	(void)state;
	footprint_add(&proposal[0].footprint, TOUCH_WRITES, "a.c", NULL, "is there");
	footprint_add(&proposal[1].footprint, TOUCH_READS, "b.c", NULL, "is there");

	AUTO_FREE char *text = init_plan_text(&facts, &lines, proposal);
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	AUTO_PLAN struct plan *plan = plan_parse(
	    "2026-11-22-x-release.md", text, strlen(text), &lints, &err);

	assert_non_null(plan);
	plan_lint(plan, NULL, &lints);
	for (size_t i = 0; i < lints.n; i++)
		assert_string_equal(lints.item[i].code, "L21");
	assert_int_equal(plan->n_phases, 2);
	assert_string_equal(plan->master.id, "LOC-7");

	const struct phase *a = &plan->phase[0], *b = &plan->phase[1];

	assert_string_equal(a->id, "1A");
	assert_string_equal(a->issue[0].id, "LOC-8");
	assert_string_equal(a->issue[0].url, "local:LOC-8");
	assert_string_equal(a->agent, "claude");
	assert_int_equal(a->mode, EXEC_TDD);
	assert_int_equal(a->est_mid_cents, 300);
	assert_int_equal(a->tasks.n, 4);
	assert_true(a->context.n >= 3 && a->context.n <= 5);
	assert_string_equal(a->touch[TOUCH_WRITES].item[0].text, "a.c");
	assert_true(b->is_analysis_only);
	assert_string_equal(b->agent, "codex");
	assert_int_equal(b->est_mid_cents, 200);
	assert_string_equal(b->depends_on.item[0].text, "1A");
	assert_string_equal(b->acceptance.item[0].text, "yes");
	/* Nobody accepted it: a comment declares nothing. */
	assert_true(b->is_unknown);
	assert_non_null(strstr(text, init_proposal_mark));
	lint_list_clear(&lints);
	footprint_clear(&proposal[0].footprint);
	footprint_clear(&proposal[1].footprint);
	task_lines_clear(&lines);
}

/* A promise about what is written must not come from what is read (promise 3). */
static void
reads_alone_are_not_even_proposed(void **state)
{
	struct task_lines lines = lines_of("Be faster, see a.c\n");
	struct proposal proposal = { 0 };

	(void)state;
	footprint_add(&proposal.footprint, TOUCH_READS, "a.c", NULL, "is there");

	AUTO_FREE char *text = init_plan_text(&facts, &lines, &proposal);

	assert_null(strstr(text, "- Reads:"));
	footprint_clear(&proposal.footprint);
	task_lines_clear(&lines);
}

static void
the_prefix_is_one_that_no_task_speaks_of(void **state)
{
	static const struct {
		const char *text, *prefix;
	} rows[] = {
		{ "Fix a\n", "LOC" },
		{ "Fix LOC and LOC-x\n", "LOC" },
		{ "Fix LOC-1\n", "TASK" },
		{ "Fix a\nFix LOC-1, TASK-2 done: STEP-3 works\n", "WORK" },
		{ "LOC-1 TASK-1 STEP-1 WORK-1 PART-1\n", "LOC5" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct task_lines lines = lines_of(rows[i].text);
		AUTO_FREE char *prefix = init_issue_prefix(&lines);

		assert_string_equal(prefix, rows[i].prefix);
		task_lines_clear(&lines);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_phase_is_filled),
		cmocka_unit_test(reads_alone_are_not_even_proposed),
		cmocka_unit_test(the_prefix_is_one_that_no_task_speaks_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
