#include "policy/depth.h"

#include "base/mem.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/panel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* How deep a review goes, by kind of work and by what that touches. */

/* A plan of phases "TITLE|MODE|POINTS|BULLETS". */
static struct plan *
plan_of(const char *const *row)
{
	AUTO_FREE char *text = NULL;
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct plan *plan;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fputs("# Master Plan: T\n\n**Parent issue:** [T-1: t](local:T-1)\n\n"
	      "## Phase Map\n\n| Phase | Issues | Focus |\n|---|---|---|\n",
	    f);
	for (int i = 0; row[i]; i++)
		fprintf(f, "| %dA | T-%d | %.*s |\n", i + 1, i + 2,
		    (int)strcspn(row[i], "|"), row[i]);
	for (int i = 0; row[i]; i++) {
		char title[80], mode[40], points[8], bullets[160] = "";

		assert_true(sscanf(row[i], "%79[^|]|%39[^|]|%7[^|]|%159[^\n]", title,
				mode, points, bullets) >= 3);
		fprintf(f, "\n### %dA: %s\n\n- Mode: %s\n- Estimate: $1, %spt\n- ",
		    i + 1, title, mode, points);
		for (const char *p = bullets; *p; p++)
			fputs(*p == ';' ? "\n-" : (char[]){ *p, '\0' }, f);
		fputs("\n- Tasks:\n  1. Do it\n", f);
	}
	fclose(f);
	plan = plan_parse("", text, n, &lints, &err);
	lint_list_clear(&lints);
	assert_non_null(plan);
	return plan;
}

static void
change_is(const char *row, const char *depth, const char *why)
{
	const char *const rows[] = { row, NULL };
	struct plan *plan = plan_of(rows);
	char said[160];
	enum depth d = depth_of_change(&plan->phase[0], said, sizeof(said));

	if (strcmp(depth_name(d), depth) != 0 || strcmp(said, why) != 0)
		fail_msg("%s: %s, %s", row, depth_name(d), said);
	plan_free(plan);
}

/* R-169, each of its rows. */
static void
a_kind_of_work_has_its_depth(void **state)
{
	(void)state;
	change_is("Add it|quick|5|Writes: `src/a.c`", "full", "it has 5 points");
	change_is("Add it|quick|2|Writes: `src/a.c`", "single", "it is small");
	change_is("Add it|quick|1|Writes: `src/a.c`", "single", "it is small");
	change_is(
	    "Ask it|spike (analysis-only)|8|Reads: `**`", "scope", "it is a spike");
	change_is("Do it|quick|5|Writes: `src/a.c`; Type: bug", "regression",
	    "it mends a bug");
	change_is(
	    "Do it|quick|5|Writes: `src/a.c`; Type: chore", "checks", "it is a chore");
	change_is("Tell it|quick|8|Writes: `docs/a.md`, `README.md`", "accuracy",
	    "it is documentation");
}

/* What nobody said is seen in a title's beginning, or in the files. */
static void
a_title_says_what_it_is(void **state)
{
	(void)state;
	change_is(
	    "fix: the total|quick|2|Writes: `src/a.c`", "regression", "it mends a bug");
	change_is(
	    "Fix the total|quick|2|Writes: `src/a.c`", "regression", "it mends a bug");
	change_is("[bug] the total|quick|2|Writes: `src/a.c`", "regression",
	    "it mends a bug");
	change_is(
	    "chore(deps): newer|quick|2|Writes: `src/a.c`", "checks", "it is a chore");
	change_is("Fixtures for it|quick|2|Writes: `src/a.c`", "single", "it is small");
	change_is("Chores of a day|quick|2|Writes: `src/a.c`", "single", "it is small");
	change_is("Fix the total|quick|2|Writes: `src/a.c`; Type: feature", "single",
	    "it is small");
	change_is("Say it|quick|5|Writes: `a.txt`", "full", "it has 5 points");
}

/* several points of view by points and by what it touches, else one. */
static void
what_it_touches_counts_as_its_points_do(void **state)
{
	(void)state;
	change_is("Add it|quick|8|Writes: `src/a.c`", "full", "it has 8 points");
	change_is("Add it|quick|3|Writes: `src/a.c`", "single", "it is small");
	change_is(
	    "refactor: it|quick|5|Writes: `src/a.c`", "single", "it is a refactoring");
	change_is("refactor: it|quick|8|Writes: `src/a.c`", "full", "it has 8 points");
	change_is("More|quick|5|Writes: `tests/test_a.c`", "single", "it is tests");
	change_is("Fix it|quick|1|Writes: `src/auth/login.c`", "full",
	    "it changes what guards access (auth: src/auth/login.c)");
	change_is("Move it|quick|1|Writes: `db/migrations/1.sql`; Type: chore", "full",
	    "it migrates data (db/migrations/1.sql)");
	change_is("Add it|quick|1|Writes: `src/a.c`; Extends: `api:GET /v1/x`", "full",
	    "it touches the public api:GET /v1/x");
	change_is("Tell of it|quick|1|Writes: `docs/auth.md`", "accuracy",
	    "it is documentation");
	change_is("Tell of it|quick|1|Writes: `docs/auth.md`; Risk: high", "full",
	    "it is Risk: high");
}

static void
plan_is(const char *const *rows, bool is_required, const char *depth)
{
	struct plan *plan = plan_of(rows);
	char why[160];

	assert_string_equal(
	    depth_name(depth_of_plan(plan, is_required, why, sizeof(why))), depth);
	assert_true(why[0] != '\0');
	plan_free(plan);
}

/* Before a dispatch 3 points are enough, and a handoff is looked at in full. */
static void
a_plan_is_as_deep_as_its_phases(void **state)
{
	const char *const small[] = { "A|quick|2|Writes: `src/a.c`",
		"B|quick|1|Writes: `src/b.c`", NULL };
	const char *const three_points[] = { "A|quick|3|Writes: `src/a.c`", NULL };
	const char *const three[] = { "A|quick|1|Writes: `src/a.c`",
		"B|quick|1|Writes: `src/b.c`", "C|quick|1|Writes: `src/c.c`", NULL };
	const char *const bugs[] = { "Fix a|quick|5|Writes: `src/a.c`",
		"Fix b|quick|5|Writes: `src/b.c`", "Fix c|quick|5|Writes: `src/c.c`",
		NULL };
	const char *const mixed[] = { "Fix a|quick|1|Writes: `src/a.c`",
		"Say b|quick|1|Writes: `docs/b.md`", NULL };

	(void)state;
	plan_is(small, false, "single");
	plan_is(small, true, "full");
	plan_is(three_points, false, "full");
	plan_is(three, false, "full");
	plan_is(bugs, false, "regression");
	plan_is(bugs, true, "regression");
	plan_is(mixed, false, "single");
}

/* What a table or a journal says is read back; each depth has a reader that divisi brings. */
static void
a_depth_stands_in_a_text(void **state)
{
	(void)state;
	for (int d = 0; d < DEPTH_N; d++) {
		AUTO_FREE char *text = xasprintf(
		    "%s: because: of it", depth_name((enum depth)d));

		assert_int_equal(depth_of(text), d);
		assert_string_equal(depth_why(text), "because: of it");
		assert_non_null(persona_shipped(depth_persona((enum depth)d)));
		assert_true(persona_is_name(depth_persona((enum depth)d)));
		assert_int_equal(
		    depth_option((enum depth)d), d == DEPTH_FULL ? 'E' : 'D');
	}
	assert_int_equal(depth_of(""), DEPTH_SINGLE);
	assert_int_equal(depth_of("fullest: x"), DEPTH_SINGLE);
	assert_string_equal(depth_why(""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_of_work_has_its_depth),
		cmocka_unit_test(a_title_says_what_it_is),
		cmocka_unit_test(what_it_touches_counts_as_its_points_do),
		cmocka_unit_test(a_plan_is_as_deep_as_its_phases),
		cmocka_unit_test(a_depth_stands_in_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
