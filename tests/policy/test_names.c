#include "policy/names.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define assert_made(made, expected)                   \
	do {                                          \
		AUTO_FREE char *made_ = (made);       \
		assert_non_null(made_);               \
		assert_string_equal(made_, expected); \
	} while (0)

static void
assert_refused_g09(const struct err *err)
{
	assert_int_equal(err->kind, ERR_REFUSED);
	assert_string_equal(err->code, "G09");
	assert_true(err->fix[0] != '\0');
}

static void
labels_go_on_after_z(void **state)
{
	static const struct {
		size_t index;
		const char *label;
	} cases[] = { { 0, "S-A" }, { 1, "S-B" }, { 25, "S-Z" }, { 26, "S-AA" },
		{ 51, "S-AZ" }, { 52, "S-BA" }, { 701, "S-ZZ" }, { 702, "S-AAA" } };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		assert_made(session_label(cases[i].index), cases[i].label);
		assert_made(session_letter(cases[i].index), cases[i].label + 2);
	}
	AUTO_FREE char *last = session_label(SIZE_MAX);

	assert_non_null(last);
}

/* 8.7, row "title" (S-49). */
static void
titles_are_batch_number_letter_focus(void **state)
{
	assert_made(sub_issue_title(2, 2, "Merge queue"), "Batch 2C: Merge queue");
	assert_made(sub_issue_title(1, 0, "Session exit skill"),
	    "Batch 1A: Session exit skill");
}

/* 8.7, row 1 and S-24, A-50, A-51. */
static void
branches_are_agent_issue_slug_in_lower_case(void **state)
{
	static const struct {
		const char *agent, *issue, *focus, *branch;
	} cases[] = {
		{ "claude", "CIA-387", "Dispatch rules",
		    "claude/cia-387-dispatch-rules" },
		{ "Factory", "CIA-1", "X", "factory/cia-1-x" },
		{ "cto.new", "DV-12", "Fix it, please!",
		    "cto.new/dv-12-fix-it-please" },
		{ "claude", "CIA-2", "--a//b..c--", "claude/cia-2-a-b-c" },
		{ "claude", "CIA-2", "Café über Straße",
		    "claude/cia-2-cafe-uber-strasse" },
		{ "claude", "CIA-2", "$(rm -rf ~); `x`", "claude/cia-2-rm-rf-x" },
		{ "claude", "CIA-2", "a.lock", "claude/cia-2-a-lock" },
		{ "claude", "#12", "Fix it", "claude/12-fix-it" },
		{ "claude", "acme/app#12", "Fix it", "claude/acme-app-12-fix-it" },
	};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(cases); i++)
		assert_made(
		    branch_name(cases[i].agent, cases[i].issue, cases[i].focus, &err),
		    cases[i].branch);
}

/* 8.7, row 2. */
static void
a_long_focus_is_cut_at_fifty_without_a_trailing_dash(void **state)
{
	char focus[201];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < 200; i++)
		focus[i] = i % 7 == 6 ? '/' : 'x';
	focus[200] = '\0';
	for (size_t shift = 0; shift < 7; shift++) {
		AUTO_FREE char *name = branch_name("a", "A-1", focus + shift, &err);
		const char *slug = name + strlen("a/a-1-");

		assert_true(strlen(slug) <= 50 && strlen(slug) >= 49);
		assert_true(slug[0] != '-' && slug[strlen(slug) - 1] != '-');
		assert_null(strstr(slug, "--"));
		assert_true(strspn(slug, "x-") == strlen(slug));
	}
}

/* 8.7, row 3: "refuse, ask for a focus". */
static void
an_empty_slug_is_refused_and_asks_for_a_focus(void **state)
{
	static const char *const empty[] = { "", "---", "///", "日本", "\x80\xff" };

	for (size_t i = 0; i < N_ELEMS(empty); i++) {
		struct err err = ERR_INIT;

		assert_null(branch_name("claude", "CIA-1", empty[i], &err));
		assert_refused_g09(&err);
		assert_non_null(strstr(err.fix, "focus"));
	}
}

/* J-43: values outside their alphabet are refused, never repaired. */
static void
agents_and_issues_outside_their_alphabet_are_refused(void **state)
{
	static const struct {
		const char *agent, *issue;
	} cases[] = {
		{ "", "CIA-1" },
		{ "-x", "CIA-1" },
		{ ".x", "CIA-1" },
		{ "a/b", "CIA-1" },
		{ "a b", "CIA-1" },
		{ "a..b", "CIA-1" },
		{ "a.", "CIA-1" },
		{ "a.lock", "CIA-1" },
		{ "a\nb", "CIA-1" },
		{ "claude", "" },
		{ "claude", "CIA" },
		{ "claude", "CIA-" },
		{ "claude", "-1" },
		{ "claude", "CIA-1x" },
		{ "claude", "CIA-1/../x" },
		{ "claude", "1-1" },
		{ "claude", "#" },
		{ "claude", "#12x" },
		{ "claude", "a b#12" },
		{ "claude",
		    "CIA-1111111111111111111111111111111111111111111111111111111111111" },
	};

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct err err = ERR_INIT;

		assert_null(branch_name(cases[i].agent, cases[i].issue, "x", &err));
		assert_refused_g09(&err);
	}
}

/* 8.7, rows "existing ref" (S-23). */
static void
branches_that_exist_or_clash_by_prefix_are_refused(void **state)
{
	static const struct {
		const char *existing;
		bool ok;
		const char *fix_word;
	} cases[] = {
		{ "claude/cia-387-dispatch-rules", false, "resume" },
		{ "Claude/CIA-387-dispatch-rules", false, "suffix" },
		{ "claude", false, "rename" },
		{ "CLAUDE", false, "rename" },
		{ "claude/cia-387-dispatch-rules/2", false, "rename" },
		{ "claude/cia-387-dispatch-rules-2", true, NULL },
		{ "claude/cia-387", true, NULL },
		{ "claud", true, NULL },
		{ "main", true, NULL },
		{ "", true, NULL },
	};

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		const char *existing[] = { "main", cases[i].existing };
		struct err err = ERR_INIT;
		int rc = branch_check(
		    "claude/cia-387-dispatch-rules", existing, 2, &err);

		assert_int_equal(rc, cases[i].ok ? 0 : -1);
		if (cases[i].ok)
			continue;
		assert_refused_g09(&err);
		assert_non_null(strstr(err.fix, cases[i].fix_word));
	}
}

/* 8.7, row "plan 2026-11-22, ccc" (S-74). */
static void
plan_files_are_named_date_project_topic(void **state)
{
	assert_made(plan_file_name("2026-11-22", "ccc", "Review gates"),
	    "2026-11-22-ccc-review-gates.md");
	assert_null(plan_file_name("22.11.2026", "ccc", "x"));
	assert_null(plan_file_name("2026-11-22T", "ccc", "x"));
	assert_null(plan_file_name("2026-13-22", "ccc", "x"));
	assert_null(plan_file_name("2026-11-22", "", "x"));
	assert_null(plan_file_name("2026-11-22", "ccc", "///"));
}

/* 8.7, row "plan file composed-crunching-raven.md" (N01, R-29, A-52). */
static void
plan_file_names_are_judged(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{ "2026-11-22-ccc-review-gates.md", true },
		{ "2026-11-22-sdd-x.md", true },
		{ "CIA-387-dispatch-rules.md", true },
		{ "DV-1-x.md", true },
		{ "composed-crunching-raven.md", false },
		{ "2026-11-22.md", false },
		{ "2026-11-22-x.md", false },
		{ "2026-02-30-ccc-x.md", false },
		{ "2026-00-10-ccc-x.md", false },
		{ "2026-11-22-ccc--x.md", false },
		{ "2026-11-22-ccc-x-.md", false },
		{ "2026-11-22-CCC-x.md", false },
		{ "2026-11-22-ccc-x.txt", false },
		{ "CIA-387.md", false },
		{ "cia-387-x.md", false },
		{ "CIA-387-x", false },
		{ "", false },
	};

	for (size_t i = 0; i < N_ELEMS(cases); i++)
		assert_int_equal(plan_file_name_ok(cases[i].name), cases[i].ok);
}

static void
issue_ids_are_capitals_dash_digits(void **state)
{
	assert_true(issue_id_ok("CIA-387"));
	assert_true(issue_id_ok("A2-1"));
	assert_false(issue_id_ok("cia-387"));
	assert_false(issue_id_ok("CiA-387"));
	assert_false(issue_id_ok("2A-1"));
	assert_false(issue_id_ok("CIA-387 "));
	assert_false(issue_id_ok("CIA387"));
	assert_false(issue_id_ok("CIA-"));
	assert_false(issue_id_ok(""));
}

static void
runtime_names_cut_the_title_at_forty_characters_R_30(void **state)
{
	assert_made(
	    runtime_name("CIA-387", "Dispatch rules"), "CIA-387: Dispatch rules");
	assert_made(runtime_name("A-1", "0123456789012345678901234567890123456789X"),
	    "A-1: 0123456789012345678901234567890123456789");
	assert_made(runtime_name("A-1", "012345678901234567890123456789012345678 X"),
	    "A-1: 012345678901234567890123456789012345678");
	/* Forty characters, not forty bytes, and never half a character. */
	assert_made(runtime_name("A-1", "éééééééééééééééééééééééééééééééééééééééééé"),
	    "A-1: éééééééééééééééééééééééééééééééééééééééé");
	AUTO_FREE char *name = runtime_name("A-1", "a\x1b[2J\nb");

	assert_null(strpbrk(name, "\x1b\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_go_on_after_z),
		cmocka_unit_test(titles_are_batch_number_letter_focus),
		cmocka_unit_test(branches_are_agent_issue_slug_in_lower_case),
		cmocka_unit_test(a_long_focus_is_cut_at_fifty_without_a_trailing_dash),
		cmocka_unit_test(an_empty_slug_is_refused_and_asks_for_a_focus),
		cmocka_unit_test(agents_and_issues_outside_their_alphabet_are_refused),
		cmocka_unit_test(branches_that_exist_or_clash_by_prefix_are_refused),
		cmocka_unit_test(plan_files_are_named_date_project_topic),
		cmocka_unit_test(plan_file_names_are_judged),
		cmocka_unit_test(issue_ids_are_capitals_dash_digits),
		cmocka_unit_test(runtime_names_cut_the_title_at_forty_characters_R_30),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
