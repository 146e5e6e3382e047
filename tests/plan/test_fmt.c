#include "plan_text.h"

#include "plan_laws.h"

static void
assert_format(const char *text, const char *expected)
{
	struct text_plan t = text_plan(text);
	size_t n;
	AUTO_FREE char *got = plan_format(t.plan, &n);

	assert_string_equal(got, expected);
	assert_int_equal(n, strlen(expected));
	assert_null(laws_of_plans(t.plan));
	text_plan_clear(&t);
}

static void
tables_are_aligned_and_foreign_ones_left_alone(void **state)
{
	assert_format("## Phase Map\n"
		      "|Phase|Issues|Focus|Colour|\n"
		      "|:-|-:|:-:|---|\n"
		      "|1A|[T-2](u:2)|größer|red\n"
		      "| 1B | [T-3](u:3) | `a|b` \\| c ||\n"
		      "\n| a|b |\n|-|-|\n|1|2|\n",
	    "## Phase Map\n"
	    "| Phase | Issues     | Focus      | Colour |\n"
	    "|:------|-----------:|:----------:|--------|\n"
	    "| 1A    | [T-2](u:2) | größer     | red    |\n"
	    "| 1B    | [T-3](u:3) | `a|b` \\| c |        |\n"
	    "\n| a|b |\n|-|-|\n|1|2|\n");
}

static void
sections_get_one_key_per_bullet_in_the_usual_order(void **state)
{
	assert_format(
	    MAP(ROW_1A
		"\n### 1A:  first\n"
		"* Context:\n    * one\n      goes on\n    * two\n"
		"- **Agent:** claude                    Estimate: $5, 3pt          risk: "
		"high\n"
		"- Exec mode: pair   <!-- or tdd -->\n"
		"- writes: src/a.c, `src/b.c` , !gen/**\n"
		"- Renames: a -> b\n"
		"- Colour: red\n"
		"- Issue: [T-2](https://x.test/T-2)\n"),
	    "# Master Plan: T\n\n**Parent issue:** [T-1: T](https://x.test/T-1)\n"
	    "**Date:** 2026-11-22\n\n## Phase Map\n\n"
	    "| Phase | Issues                    | Focus | Batch | Dependencies |\n"
	    "|-------|---------------------------|-------|-------|--------------|\n"
	    "| 1A    | [T-2](https://x.test/T-2) | first | 1     | None         |\n"
	    "\n### 1A:  first\n"
	    "- Mode: pair   <!-- or tdd -->\n"
	    "- Agent: claude\n"
	    "- Estimate: $5, 3pt\n"
	    "- Risk: high\n"
	    "- Writes: `src/a.c`, `src/b.c`, !`gen/**`\n"
	    "- Renames: `a` -> `b`\n"
	    "- Context:\n  - one\n    goes on\n  - two\n"
	    "- Colour: red\n"
	    "- Issue: [T-2](https://x.test/T-2)\n");
}

static void
prose_comments_and_code_stay_byte_for_byte(void **state)
{
	static const char text[] =
	    "# T  \n\nProse  with   blanks \t\n<!-- - Mode: tdd\n-->\n"
	    "```\n|Phase|Issues|Focus|\n|-|-|-|\n- Writes: a\n```\n"
	    "### 1A: x\n\nWords.\n\n- Mode: pair\n\n"
	    "<!-- - Agent: y -->\n- Tasks:\n  1. a\n     ```\n     - Writes: b\n"
	    "     ```\n\n    indented\n";

	assert_format(text, text);
}

static void
line_ends_and_a_missing_last_one_are_kept(void **state)
{
	assert_format("### 1A: x\r\n- Agent: a  Mode: tdd\r\n- Issue: [T-2](u:2)",
	    "### 1A: x\r\n- Issue: [T-2](u:2)\r\n- Mode: tdd\r\n- Agent: a");
	assert_format("### 1A: x\n- Tasks:", "### 1A: x\n- Tasks:");
}

static void
bullets_of_another_depth_keep_their_depth(void **state)
{
	assert_format("### 1A: x\n  - Mode: tdd\n  - Context:\n      - a\n    - b\n"
		      "  - Colour: red\n- Issue: [T-2](u:2)\n",
	    "### 1A: x\n  - Mode: tdd\n  - Context:\n      - a\n    - b\n"
	    "  - Colour: red\n- Issue: [T-2](u:2)\n");
}

/* Shapes on which a formatter would change what the plan says. */
static void
the_laws_hold_for_awkward_plans(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"# T",
		"\xEF\xBB\xBF|Phase|Issues|Focus|\n|-|-|-|\n|1A|[T-2](u:2)|f|",
		"## Phase Map\n|Phase|\n|-|",
		"## Phase Map\n|Phase|Issues|Focus\n|-\n|1A|x|y|z|w|\n||\n|\n",
		"## Phase Map\n|Phase|Focus|\n|-|-|\n|1A|a <!-- | -->|\n",
		"## Phase Map\n|Phase|Focus|\n|-|-|\n|1A|a <!-- |\nx --> \n|1B|b|\n",
		"## Phase Map\n|Phase|Focus|Status\n|-|-|-\n|1A|a|Todo\n1B|b\\",
		"## Phase Map\n  Phase|Focus\n -|-\n1A|it`s\n1B|that`s|x\n",
		"### 1A: x\n- Points: 5\n- Estimate: $5, 3pt\n",
		"### 1A: x\n- Mode: tdd\n- Mode: pair  Agent: a\nlazy\n- Tasks:\nlazy\n",
		"### 1A: x\n- Writes: a (b), `c` d\n- Writes: none\n",
		"### 1A: x\n- Writes: `a <!-- b`, c <!-- d --> e\n  <!-- f\n g -->\n- Reads: h\n",
		"### 1A: x\n- Mode: tdd <!-- open\n- Agent: in comment -->\n- Reads: a\n",
		"### 1A: x\n- Tasks:\n  1. a\n     ```\n     b\n     ```\n```\nc\n```\n- Mode: tdd\n",
		"### 1A: x\n- Status: Todo  Mode: tdd\n- Acceptance:\n  - [ ] a\n  - [x] b\n",
		"### 1A: x\n-\tMode: tdd\n\t- Agent: a\n- Context:\n\t- a\n\t\t- b\n",
		"## Session Registry\n\n## Verification\n### 1A: x\n- Writes: a\n",
		"## Session Registry\n| Session | Issue |\n|-|-|\n| a | b |",
		"## Verification\n### 1A: x\n- Writes: a\n\n## Session Registry",
		"\r",
		"### 1A: x\r\n- Agent: a\r\n- Mode: tdd\r",
		"# T\n### 1A: x\n- Agent: a\n- Mode: tdd\r",
		"# Verification\n",
		"## Session Registry\nSession | Issue |\n|-|-|\n|\n} n | Issu<!--e |\n"
		"|-|-|\n|\n} a | b |",
		"## Session Registry\n|a|b|\n|-|-|\nSession|Issue\n-|-\n1|2\n",
		"### 1A: x\n- Tasks: a\n- Mode: tdd\n  ```\n  - Reads: b\n",
		"### 1A: x\n- Tasks: a\n- Mode: tdd\n  <!--\n  - Reads: b\n",
		"### 1A: x\n- Tasks:\n- Writes: a\n     ```\n     b\n```\nc\n",
		"## Phase Map\n|Phase|Focus|Status\n|-|-|-\n|1A|a/root/1B|\n|-b\\|",
		"# T\n<!-- open\n### 1A: x\n",
		"### 1A: x\n- Writes: a\n~~~\nopen\n",
		"## Session Registry-|\n| a | b |",
		"## Phase Map\n|Phase|Focus|\n|-|-|\n|1A|a|\n  Phase|Focus\n -|-\n1B|b\n",
		"# T\n\n**Parent issue:** [X-1: X](u| Phase | Issues | Focus |\n|-|-|-|-|\n2",
		"#### 1A: x\n- Writes: a\n- Writes:##(u| Phase | Issues | Focus |\n|-|-|-|\n"
		") b\n- Writes: c\n",
	};

	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		struct text_plan t = text_plan(texts[i]);
		const char *broken = laws_of_plans(t.plan);

		if (broken)
			fail_msg("%zu: %s", i, broken);
		text_plan_clear(&t);
	}
}

static void
the_laws_hold_for_every_sample(void **state)
{
	static const char *const names[] = { "review-pipeline", "research-tracks",
		"unknown-footprints", "hostile/bad-mode", "hostile/bare-issue",
		"hostile/braces", "hostile/crlf", "hostile/cycle", "hostile/dangling",
		"hostile/duplicate-id", "hostile/empty", "hostile/escape-path",
		"hostile/no-table", "hostile/option-like", "hostile/shared-issue",
		"hostile/shell-focus", "hostile/stars", "hostile/terminal-escape",
		"hostile/two-issues" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *path = xasprintf(TEST_DATA "/plans/%s.md", names[i]);
		struct lint_list lints = { 0 };
		struct plan *plan = plan_load(path, &lints, NULL);
		const char *broken;

		assert_non_null(plan);
		broken = laws_of_plans(plan);
		if (broken)
			fail_msg("%s: %s", names[i], broken);
		lint_list_clear(&lints);
		plan_free(plan);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_aligned_and_foreign_ones_left_alone),
		cmocka_unit_test(sections_get_one_key_per_bullet_in_the_usual_order),
		cmocka_unit_test(prose_comments_and_code_stay_byte_for_byte),
		cmocka_unit_test(line_ends_and_a_missing_last_one_are_kept),
		cmocka_unit_test(bullets_of_another_depth_keep_their_depth),
		cmocka_unit_test(the_laws_hold_for_awkward_plans),
		cmocka_unit_test(the_laws_hold_for_every_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
