#include "plan_text.h"

#include "plan_laws.h"

#include "base/file.h"

static void
assert_written(const char *text, const struct plan_update *update, const char *expected)
{
	struct text_plan t = text_plan(text);
	size_t n;
	AUTO_FREE char *got = plan_write_back(t.plan, update, &n);

	assert_string_equal(got, expected);
	assert_int_equal(n, strlen(expected));
	assert_null(laws_of_rewriting(t.plan, got, n, false));
	text_plan_clear(&t);
}

static void
only_the_status_cells_of_the_update_change(void **state)
{
	static const struct plan_status status[] = { { "1B", "T-3", "Active" },
		{ "9Z", "", "Done" }, { "1A", "T-2", "" } };
	static const struct plan_update update = { .status = status, .n_status = 3 };

	assert_written("## Issue Registry\n|  ID | Status  |  Title |\n|-|-|-|\n"
		       "| [T-2](u:2) | Todo | a  |\n| [T-3](u:3) | Todo    | b |\n"
		       "## Phase Map\n| Phase | Issues | Focus | Status |\n|-|-|-|-|\n"
		       "| 1A | [T-2](u:2) | a |  |\n| 1B |[T-3](u:3)| b |  |\n",
	    &update,
	    "## Issue Registry\n|  ID | Status  |  Title |\n|-|-|-|\n"
	    "| [T-2](u:2) | Todo | a  |\n| [T-3](u:3) | Active  | b |\n"
	    "## Phase Map\n| Phase | Issues | Focus | Status |\n|-|-|-|-|\n"
	    "| 1A | [T-2](u:2) | a |  |\n| 1B |[T-3](u:3)| b | Active |\n");
}

static void
a_missing_status_column_is_added(void **state)
{
	static const struct plan_status status[] = { { "1A", "", "Done" } };
	static const struct plan_update update = { .status = status, .n_status = 1 };

	assert_written("## Phase Map\n| Phase | Focus |\n|-------|-------|\n"
		       "| 1A    | a     |\n| 1B |\n| 1C | c | extra |\n",
	    &update,
	    "## Phase Map\n| Phase | Focus | Status |\n|-------|-------|--------|\n"
	    "| 1A    | a     | Done   |\n| 1B |  |        |\n"
	    "| 1C | c |        | extra |\n");
}

static const struct registry_row fox = { "brave-fox", "[T-2](u:2)", "1A", "claude",
	"wt/a", "claude/t-2", "Active", { 0 } };

#define FOX                                                                                 \
	"| Session Name | Issue      | Phase | Agent  | Worktree | Branch     | Status |\n" \
	"|--------------|------------|-------|--------|----------|------------|--------|\n" \
	"| brave-fox    | [T-2](u:2) | 1A    | claude | wt/a     | claude/t-2 | Active |\n"

static void
the_session_registry_is_replaced_or_created_in_its_place(void **state)
{
	static const struct plan_update update = { .row = &fox, .n_rows = 1 };

	assert_written("# T\n## Session Registry\n\n| Session Name | Issue |\n|-|-|\n"
		       "| old | x |\n\nafter\n",
	    &update, "# T\n## Session Registry\n\n" FOX "\nafter\n");
	assert_written("# T\n\n## Verification\n\n- [ ] x\n", &update,
	    "# T\n\n## Session Registry\n\n" FOX "\n## Verification\n\n- [ ] x\n");
	assert_written("# T\n", &update, "# T\n\n## Session Registry\n\n" FOX);
	assert_written("# T", &update, "# T\n\n## Session Registry\n\n" FOX);
}

static void
acceptance_boxes_of_one_phase_are_ticked(void **state)
{
	static const struct plan_update update = { .tick_phase_acceptance = "1A" };

	assert_written("### 1A: x\n- Acceptance:\n  - [ ] a\n  - [x] b\n  - c\n"
		       "### 1B: y\n- Acceptance:\n  - [ ] d\n",
	    &update,
	    "### 1A: x\n- Acceptance:\n  - [x] a\n  - [x] b\n  - c\n"
	    "### 1B: y\n- Acceptance:\n  - [ ] d\n");
}

static void
an_empty_update_changes_no_byte(void **state)
{
	static const struct plan_update update = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *text = file_read(
	    TEST_DATA "/plans/review-pipeline.md", PLAN_MAX_BYTES, NULL, &err);

	assert_non_null(text);
	assert_written(text, &update, text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_status_cells_of_the_update_change),
		cmocka_unit_test(a_missing_status_column_is_added),
		cmocka_unit_test(
		    the_session_registry_is_replaced_or_created_in_its_place),
		cmocka_unit_test(acceptance_boxes_of_one_phase_are_ticked),
		cmocka_unit_test(an_empty_update_changes_no_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
