#include "plan_text.h"

#include "plan/lint.h"
#include "plan/verdict.h"

#include "base/file.h"

#include <time.h>

static struct text_plan
linted(const char *text)
{
	struct text_plan t = text_plan(text);

	plan_lint(t.plan, NULL, &t.lints);
	return t;
}

static size_t
n_stops(const struct lint_list *lints, enum lint_verb verb)
{
	size_t n = 0;

	for (size_t i = 0; i < lints->n; i++)
		n += lint_stops(&lints->item[i], verb);
	return n;
}

/* What `divisi check` exits with as far as plan and lint decide it. */
static int
exit_of_check(const char *name)
{
	AUTO_FREE char *path = xasprintf(TEST_DATA "/plans/%s", name);
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct plan *plan = plan_load(path, &lints, &err);
	int status;

	if (!plan)
		return err_exit_status(err.kind);
	plan_lint(plan, NULL, &lints);
	status = n_stops(&lints, LINT_CHECK) > 0 ? 1 : 0;
	lint_list_clear(&lints);
	plan_free(plan);
	return status;
}

static void
every_hostile_plan_ends_as_expected(void **state)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *table = file_read(
	    TEST_DATA "/plans/hostile/expect.tsv", 1 << 20, NULL, &err);
	struct span rest = span_of(table), row;
	int n = 0;

	assert_non_null(table);
	while (span_next(&rest, '\n', &row)) {
		AUTO_FREE char *name = NULL;
		struct span file;
		int expected;

		if (row.n == 0 || row.p[0] == '#')
			continue;
		assert_true(span_next(&row, '\t', &file));
		expected = row.p[0] - '0';
		name = xasprintf("hostile/%.*s", SPAN_FMT(file));
		if (exit_of_check(name) != expected)
			fail_msg("%s: not %d", name, expected);
		n++;
	}
	assert_int_equal(n, 18);
}

static void
plans_without_an_expected_refusal_pass_check_and_plan(void **state)
{
	static const char *const names[] = { "review-pipeline.md", "research-tracks.md",
		"unknown-footprints.md" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *path = xasprintf(TEST_DATA "/plans/%s", names[i]);
		struct lint_list lints = { 0 };
		struct plan *plan = plan_load(path, &lints, NULL);

		assert_non_null(plan);
		plan_lint(plan, NULL, &lints);
		assert_int_equal(n_stops(&lints, LINT_CHECK), 0);
		assert_int_equal(n_stops(&lints, LINT_PLAN), 0);
		lint_list_clear(&lints);
		plan_free(plan);
	}
}

static void
the_review_pipeline_may_be_dispatched(void **state)
{
	struct lint_list lints = { 0 };
	struct plan *plan = plan_load(
	    TEST_DATA "/plans/review-pipeline.md", &lints, NULL);

	plan_lint(plan, NULL, &lints);
	for (size_t i = 0; i < lints.n; i++) {
		if (lint_stops(&lints.item[i], LINT_DISPATCH))
			fail_msg("%s: %s", lints.item[i].code, lints.item[i].message);
	}
	lint_list_clear(&lints);
	plan_free(plan);
}

/* CONTRACTS 4: lints stop only the verb they endanger. */
static void
each_code_stops_the_verbs_it_endangers(void **state)
{
	static const struct {
		const char *code;
		char level;
		bool check, plan, prompt, dispatch;
	} rows[] = {
		{ "L02", 'E', true, true, true, true },
		{ "L09", 'W', false, false, false, false },
		{ "G02", 'E', true, true, true, true },
		{ "G08", 'E', true, true, true, true },
		{ "G15", 'E', false, false, false, true },
		{ "G15", 'W', false, false, false, false },
		{ "G22", 'W', false, false, false, false },
		{ "P02", 'E', false, false, true, true },
		{ "P03", 'E', false, false, true, true },
		{ "P16", 'W', false, false, false, false },
		{ "N01", 'E', false, false, false, false },
		{ "N02", 'W', false, false, false, false },
		{ "N03", 'E', false, false, true, true },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct lint lint = { .code = rows[i].code, .level = rows[i].level };

		assert_int_equal(lint_stops(&lint, LINT_CHECK), rows[i].check);
		assert_int_equal(lint_stops(&lint, LINT_PLAN), rows[i].plan);
		assert_int_equal(lint_stops(&lint, LINT_PROMPT), rows[i].prompt);
		assert_int_equal(lint_stops(&lint, LINT_DISPATCH), rows[i].dispatch);
		assert_int_equal(
		    lint_level(&lint, LINT_CHECK), rows[i].check ? 'E' : 'W');
	}
}

/* One plan per code: the words that must be in it, and where it points. */
static void
each_fault_is_named_with_its_place_and_mend(void **state)
{
	static const struct {
		const char *text, *code, *words;
		unsigned line, column;
	} rows[] = {
		{ "# T\n", "L01", "no phases", 1, 1 },
		{ MAP(ROW_1A ROW_1A), "L02", "line 10, column 1", 11, 1 },
		{ MAP("| 1A | [T-2](u:2) | a | 1 | 9Z |\n"), "L03", "\"9Z\"", 10, 29 },
		{ MAP("| --force | [T-2](u:2) | a | 1 | |\n"), "L04", "\"--force\"", 10,
		    1 },
		{ MAP("| | [T-2](u:2) | a | 1 | |\n"), "L04", "\"\"", 10, 1 },
		{ MAP("| 1A | [--x](u:2) | a | 1 | |\n"), "L04", "\"--x\"", 10, 8 },
		{ MAP("| 1A | [../x](u:2) | a | 1 | |\n"), "L04", "\"../x\"", 10, 8 },
		{ MAP(ROW_1A "### 1A: x\n- Mode: yolo\n"), "L05", "\"yolo\"", 12, 9 },
		{ MAP(ROW_1A "### 1A: x\n- Writes: `../x`\n"), "L06", "\"../x\"", 12,
		    12 },
		{ MAP(ROW_1A "### 1A: x\n- Reads: `/etc/passwd`\n"), "L06", "absolute",
		    12, 11 },
		{ MAP(ROW_1A "### 1A: x\n- Renames: `a` -> `../b`\n"), "L06", "../b",
		    12, 13 },
		{ MAP("| 1A | [T-2](u:2) | a\x1b[2J | 1 | |\n"), "L07", "a\\x1B[2J", 10,
		    1 },
		{ MAP(ROW_1A "### 1A: x\n- Estimate: $1.005\n"), "L08", "$1.005", 12,
		    13 },
		{ MAP(ROW_1A "### 1A: x\n- Renames: `a`\n"), "L11", "only one path", 12,
		    13 },
		{ MAP(ROW_1A "### 1A: x\n- Mode: tdd\n- Mode: pair\n"), "L12",
		    "\"Mode\"", 13, 3 },
		{ MAP(ROW_1A "### 1B: x\n- Mode: tdd\n"), "L14", "1B", 11, 5 },
		{ MAP(ROW_1A "\n```\n### 1A: x\n"), "L15", "never closed", 12, 1 },
		{ MAP(ROW_1A "\n<!-- x\n"), "L15", "never closed", 12, 1 },
		{ MAP(ROW_1A "### 1A: x\n- Writes: `a`, !`b`\n"), "L16", "\"!b\"", 12,
		    18 },
		{ MAP(ROW_1A "### 1A: x\n- Risk: terrible\n"), "L17", "terrible", 12,
		    9 },
		{ MAP(ROW_1A "### 1A: x\n- Produces: x.o\n"), "L20", "x.o", 12, 13 },
		{ MAP(ROW_1A), "L21", "nothing of what it touches", 10, 1 },
		{ MAP("| 1A | | a | 1 | |\n"), "G08", "names no issue", 10, 1 },
		{ MAP("| 1A | [T-2](u:2), [T-3](u:3) | a | 1 | |\n"), "G08", "2 issues",
		    10, 20 },
		{ MAP(ROW_1A "| 1B | [T-2](u:2) | a | 1 | |\n"), "G08",
		    "owned by phase 1B and, in line 10, by phase 1A", 11, 8 },
		{ MAP("| 1A | [T-2](u:2) | a | 1 | 1A |\n"), "G02", "1A -> 1A", 10, 1 },
		{ MAP("| 1A | [T-2](u:2) | a | 1 | 1C |\n"
		      "| 1B | [T-3](u:3) | b | 1 | 1A |\n"
		      "| 1C | [T-4](u:4) | c | 1 | 1B |\n"),
		    "G02", "1A -> 1C -> 1B -> 1A", 10, 1 },
		{ MAP("| 1A | T-2 | a | 1 | |\n"), "P02", "T-2", 10, 8 },
		{ MAP("| 1A | [T-2](url) | a | 1 | |\n"), "P02", "leads nowhere", 10,
		    8 },
		{ MAP(ROW_1A "### 1A: x\n- Context:\n  - see T-9 first\n"), "P02",
		    "T-9", 13, 5 },
		{ MAP(ROW_1A "### 1A: x\n- Context:\n  - {Focus} of it\n"), "P01",
		    "{Focus}", 13, 5 },
		{ MAP(ROW_1A "### 1A: x\n- Context:\n  - a\n  - b\n"), "P03",
		    "2 context bullets", 13, 5 },
		{ MAP(ROW_1A "### 1A: x\n"), "P07", "no tasks", 11, 5 },
		{ MAP(ROW_1A "### 1A: x\n"), "P08", "no deliverable", 11, 5 },
		{ MAP(ROW_1A "### 1A: x\n- Tasks:\n  1. Do it as discussed.\n"), "P15",
		    "as discussed", 13, 6 },
		{ MAP(ROW_1A "### 1A: x\n- Tasks:\n  1. Read /home/me/x.\n"), "P16",
		    "home directory", 13, 6 },
		{ MAP(ROW_1A), "N01", "plan.md", 1, 1 },
		{ MAP(ROW_1A ROW_1B), "N03", "Issue Registry", 1, 1 },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct text_plan t = linted(rows[i].text);
		bool is_found = false;

		for (size_t k = 0; k < t.lints.n; k++) {
			const struct lint *lint = &t.lints.item[k];

			if (strcmp(lint->code, rows[i].code) != 0)
				continue;
			if (strstr(lint->message, rows[i].words) &&
			    lint->at.line == rows[i].line &&
			    lint->at.column == rows[i].column && lint->fix[0])
				is_found = true;
			else
				print_message("%s %u:%u %s\n", lint->code,
				    lint->at.line, lint->at.column, lint->message);
		}
		if (!is_found)
			fail_msg("%s: %s", rows[i].code, rows[i].words);
		text_plan_clear(&t);
	}
}

/* A cycle through what phases read and write is seen with verdicts only. */
static void
cycles_of_the_verdicts_are_printed_with_their_causes(void **state)
{
	struct text_plan t = text_plan(
	    MAP(ROW_1A ROW_1B "### 1A: x\n- Reads: `b`\n"
			      "- Writes: `a`\n### 1B: y\n"
			      "- Reads: `a`\n- Writes: `b`\n"));
	struct verdict_env env = { 0 };
	struct verdicts *verdicts = verdicts_new(t.plan, &env);

	plan_lint(t.plan, NULL, &t.lints);
	assert_null(lint_with(&t.lints, "G02"));
	plan_lint(t.plan, verdicts, &t.lints);
	assert_non_null(strstr(the_lint(&t.lints, "G02").message, "1A -> ("));
	verdicts_free(verdicts);
	text_plan_clear(&t);
}

/* Bad input: a plan past the limits is not silently a plan of which nothing runs. */
static void
a_plan_too_large_to_be_decided_says_the_limit(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct text_plan t;
	struct verdicts *verdicts;

	fputs(MAP(""), f);
	/* Nobody knows what they touch: two million pairs and more. */
	for (int i = 0; i < 2100; i++)
		fprintf(f, "| %dA | [T-%d](u:%d) | a | 1 | None |\n", i + 1, i, i);
	fclose(f);
	t = text_plan(text);
	verdicts = verdicts_new(t.plan, NULL);
	plan_lint(t.plan, verdicts, &t.lints);
	assert_int_equal(the_lint(&t.lints, "L23").level, 'E');
	assert_non_null(
	    strstr(the_lint(&t.lints, "L23").message, "at most 2000000 pairs"));
	verdicts_free(verdicts);
	text_plan_clear(&t);
	free(text);
}

static void
what_is_right_is_not_reported(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{ MAP(ROW_1A "### 1A: x\n- Context:\n  - UTF-8 and SHA-256 stay\n"
			     "  - `T-9` and [T-9](u:9)\n  - see u/T-9\n"),
		    "P02" },
		{ MAP(ROW_1A "### 1A: x\n- Deliverable: Done. Update "
			     "[T-2](local:T-2) and [T-2](https://x.test/T-2).\n"),
		    "P02" },
		{ MAP(ROW_1A
		      "### 1A: x\n- Tasks:\n  1. Use `{x}`, ${HOME} and {a,b}.\n"),
		    "P01" },
		{ MAP(ROW_1A
		      "### 1A: x\n- Context:\n  - a\n  - b\n  - c\n  - d\n  - e\n"
		      "  - Review findings to address: [x](u:1)\n"),
		    "P03" },
		{ MAP(ROW_1A "### 1A: x\n- Writes: none\n"), "L21" },
		{ MAP(ROW_1A "### 1A: x\n- Writes: `-rf`\n"), "L06" },
		{ MAP(ROW_1A), "N03" },
		{ MAP(ROW_1A), "L03" },
		{ MAP("| 1A | [#1](https://a.test/1) | a | | |\n"
		      "| 1B | [#1](https://b.test/1) | b | | |\n"),
		    "G08" },
		{ MAP(ROW_1A "### 1A: x\n- Mode: spike (analysis-only)\n"), "L05" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct text_plan t = linted(rows[i].text);
		const struct lint *lint = lint_with(&t.lints, rows[i].code);

		if (lint)
			fail_msg("%s: %s", rows[i].code, lint->message);
		text_plan_clear(&t);
	}
}

/* S-74, A-52, 8.7: the method's own style, and the one that starts with an issue. */
static void
plan_file_names_are_judged(void **state)
{
	static const struct {
		const char *path;
		bool is_right;
	} rows[] = { { "2026-11-22-ccc-review-gates.md", true },
		{ "plans/2026-11-22-ccc-review.md", true },
		{ "CIA-12-review-gates.md", true }, { "2026-11-22-review.md", false },
		{ "composed-crunching-raven.md", false }, { "plan.md", false },
		{ "2026-11-22-ccc-review-gates.txt", false }, { "", true } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct lint_list lints = { 0 };
		struct plan *plan = plan_parse(rows[i].path, "# T\n", 4, &lints, NULL);

		plan_lint(plan, NULL, &lints);
		if ((lint_with(&lints, "N01") == NULL) != rows[i].is_right)
			fail_msg("%s", rows[i].path);
		lint_list_clear(&lints);
		plan_free(plan);
	}
}

static void
lints_are_sorted_and_never_doubled(void **state)
{
	struct text_plan t = linted(MAP(ROW_1B ROW_1A "### 1A: x\n- Mode: yolo\n"
						      "### 1B: y\n- Writes: `/x`\n"));
	size_t n = t.lints.n;

	plan_lint(t.plan, NULL, &t.lints);
	assert_int_equal(t.lints.n, n);
	for (size_t i = 1; i < n; i++)
		assert_true(t.lints.item[i - 1].at.line <= t.lints.item[i].at.line);
	text_plan_clear(&t);
}

static void
messages_never_steer_the_terminal_and_never_end(void **state)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *wide = xmalloc(100001);
	struct text_plan t;

	memset(wide, 'x', 100000);
	wide[100000] = '\0';
	text = xasprintf(MAP("| 1A | [T-2](u:2) | a | 1 | %s\x1b\u202e |\n"), wide);
	t = linted(text);
	for (size_t i = 0; i < t.lints.n; i++) {
		assert_false(text_has_controls(t.lints.item[i].message));
		assert_true(strlen(t.lints.item[i].message) < 3000);
	}
	assert_non_null(lint_with(&t.lints, "L07"));
	text_plan_clear(&t);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A chain as long as a plan may be, closed at its end, and ten patterns each. */
static void
large_plans_are_linted_in_linear_time(void **state)
{
	enum { N = 20000 };
	char *text = NULL;
	size_t n_bytes = 0;
	FILE *out = open_memstream(&text, &n_bytes);
	double start;
	struct text_plan t;

	fputs("## Phase Map\n|Phase|Issues|Focus|Dependencies|Writes|\n|-|-|-|-|-|\n",
	    out);
	for (int i = 0; i < N; i++) {
		fprintf(out, "|p%d|[X-%d](local:x)|f|p%d|", i, i, (i + 1) % N);
		for (int k = 0; k < 10; k++)
			fprintf(out, "`s/%d/%d/**`%s", i, k, k < 9 ? "," : "|\n");
	}
	fclose(out);
	start = seconds();
	t = linted(text);
	assert_int_equal(n_lints_with(&t.lints, "G02"), 1);
	if (seconds() - start > 10)
		fail_msg("%g s", seconds() - start);
	text_plan_clear(&t);
	free(text);
}

static void
the_codes_of_this_room_are_listed_once_and_in_order(void **state)
{
	for (size_t i = 1; lint_code_at(i); i++)
		assert_true(
		    strcmp(lint_code_at(i - 1)->code, lint_code_at(i)->code) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hostile_plan_ends_as_expected),
		cmocka_unit_test(plans_without_an_expected_refusal_pass_check_and_plan),
		cmocka_unit_test(the_review_pipeline_may_be_dispatched),
		cmocka_unit_test(each_code_stops_the_verbs_it_endangers),
		cmocka_unit_test(each_fault_is_named_with_its_place_and_mend),
		cmocka_unit_test(cycles_of_the_verdicts_are_printed_with_their_causes),
		cmocka_unit_test(a_plan_too_large_to_be_decided_says_the_limit),
		cmocka_unit_test(what_is_right_is_not_reported),
		cmocka_unit_test(plan_file_names_are_judged),
		cmocka_unit_test(lints_are_sorted_and_never_doubled),
		cmocka_unit_test(messages_never_steer_the_terminal_and_never_end),
		cmocka_unit_test(large_plans_are_linted_in_linear_time),
		cmocka_unit_test(the_codes_of_this_room_are_listed_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
