#include "policy/prompt.h"

#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct text_item context[] = {
	{ .text = "Findings are kept in memory today." },
	{ .text = "One row per finding." },
	{ .text = "SQLite is linked,\nand tested with UTF-8." },
};
static struct text_item tasks[] = { { .text = "Write failing tests." },
	{ .text = "Implement the store." } };
static struct text_item acceptance[] = { { .text = "a finding survives a restart" } };
static struct touch_item reads[] = { { .text = "docs/review.md" } };
static struct touch_item writes[] = { { .text = "src/{a,b}/**" },
	{ .text = "src/a/x", .is_negated = true } };
static struct touch_item renames[] = { { .text = "a.c", .to = "b.c" } };
static struct issue_ref work = { .id = "REV-101",
	.title = "Finding store",
	.url = "https://linear.app/acme/issue/REV-101" };

struct fixture {
	struct plan plan;
	struct phase phase;
	struct prompt_facts facts;
	struct lint_list lints;
};

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->phase = (struct phase){ .id = "1A",
		.focus = "Finding store",
		.issue = &work,
		.n_issues = 1,
		.mode = EXEC_TDD,
		.verify = "make check",
		.deliverable = "The store keeps findings",
		.context = { context, 3, 3 },
		.tasks = { tasks, 2, 2 },
		.acceptance = { acceptance, 1, 1 } };
	f->phase.touch[TOUCH_READS] = (struct touch_list){ reads, 1, 1 };
	f->phase.touch[TOUCH_WRITES] = (struct touch_list){ writes, 2, 2 };
	f->phase.touch[TOUCH_RENAMES] = (struct touch_list){ renames, 1, 1 };
	f->plan = (struct plan){ .arena = arena_new(),
		.path = "plan.md",
		.title = "Master Plan: Review pipeline",
		.master = { .id = "REV-100",
		    .title = "Review pipeline",
		    .url = "https://linear.app/acme/issue/REV-100" },
		.phase = &f->phase,
		.n_phases = 1 };
	f->facts = (struct prompt_facts){ .plan = &f->plan,
		.phase = &f->phase,
		.launch_as = LAUNCH_BYPASS,
		.worktree = "yes",
		.repo_label = "review",
		.repo_path = "~/src/review",
		.branch = "claude/rev-101-finding-store" };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	free(f->lints.item);
	arena_free(f->plan.arena);
	free(f);
	return 0;
}

static size_t
count(const struct fixture *f, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < f->lints.n; i++)
		n += strcmp(f->lints.item[i].code, code) == 0;
	return n;
}

/* The rendered prompt with the first FROM replaced by TO. */
static char *
rendered_with(const struct fixture *f, const char *from, const char *to)
{
	AUTO_FREE char *text = prompt_render(&f->facts);
	char *at = strstr(text, from);

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* Lints TEXT; asserts that CODE is found, and nothing else but what ALSO allows. */
static void
assert_only(struct fixture *f, const char *text, const char *code, const char *also)
{
	f->lints.n = 0;
	prompt_lint(text, &f->facts, &f->plan, &f->lints);
	if (*code && count(f, code) == 0)
		fail_msg("no %s in:\n%s", code, text);
	for (size_t i = 0; i < f->lints.n; i++) {
		const struct lint *lint = &f->lints.item[i];

		if (strcmp(lint->code, code) != 0 && !strstr(also, lint->code))
			fail_msg("%s %s in:\n%s", lint->code, lint->message, text);
	}
}

static void
assert_found(struct fixture *f, const char *from, const char *to, const char *code)
{
	AUTO_FREE char *text = rendered_with(f, from, to);

	assert_only(f, text, code, "");
}

static void
assert_clean(struct fixture *f, const char *from, const char *to)
{
	AUTO_FREE char *text = rendered_with(f, from, to);

	assert_only(f, text, "", "");
}

/* METHOD section 4, word for word. */
static void
a_prompt_is_the_methods_template(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_string_equal(text,
	    "Implement on [REV-101: Finding store]"
	    "(https://linear.app/acme/issue/REV-101)\n"
	    "(Phase 1A: Finding store) from master plan [REV-100: Review pipeline]"
	    "(https://linear.app/acme/issue/REV-100).\n"
	    "review: ~/src/review\n"
	    "Launch from: ~/src/review (required — repo-specific sessions must launch "
	    "from the repo directory)\n"
	    "\n"
	    "Context:\n"
	    "- Findings are kept in memory today.\n"
	    "- One row per finding.\n"
	    "- SQLite is linked,\n"
	    "  and tested with UTF-8.\n"
	    "\n"
	    "Execution mode: tdd | Launch as: Bypass permissions | Worktree: yes\n"
	    "\n"
	    "Tasks:\n"
	    "1. Write failing tests.\n"
	    "2. Implement the store.\n"
	    "\n"
	    "Deliverable: The store keeps findings. Update [REV-101]"
	    "(https://linear.app/acme/issue/REV-101) with results.\n"
	    "\n"
	    "Acceptance Criteria:\n"
	    "- [ ] a finding survives a restart\n"
	    "\n"
	    "Constraints:\n"
	    "- Branch: `claude/rev-101-finding-store` (commit your work there)\n"
	    "- Reads: `docs/review.md`\n"
	    "- Writes: `src/{a,b}/**`, not `src/a/x`\n"
	    "- Renames: `a.c` -> `b.c`\n"
	    "- Do not modify: anything that is not listed here; if you must, stop and "
	    "say so first.\n"
	    "- Test command: `make check`\n"
	    "\n"
	    "Estimate cost before execution. If >$10 and cost profile is not unlimited, "
	    "checkpoint.\n"
	    "Reply with 'Session started' before beginning work.\n"
	    "Update Linear issue status to Done/In Review. divisi does this when you "
	    "report the end; call no tracker.\n");
	assert_only(f, text, "", "");
}

static void
conditional_bullets_do_not_count_A_24(void **state)
{
	struct fixture *f = *state;

	f->facts.resume_url = "https://x.test/s/1";
	f->facts.resume_text = "session 1";
	f->facts.limits = "at most $4";
	f->facts.rdr_url = "https://x.test/c/(2)";
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_non_null(
	    strstr(text, "- Prior session: [session 1](https://x.test/s/1)\n"));
	assert_non_null(strstr(text, "- Cost/resource constraints: at most $4\n"));
	assert_non_null(strstr(text, "- Review findings to address: "
				     "[review decisions](https://x.test/c/%282%29)\n"));
	assert_only(f, text, "", "");
}

static void
the_authors_update_sentence_is_not_said_twice(void **state)
{
	struct fixture *f = *state;

	f->phase.deliverable = "Done. Update [REV-101](https://x.test/1) with results.";
	AUTO_FREE char *text = prompt_render(&f->facts);
	const char *at = strstr(text, "Update [REV-101](");

	assert_non_null(at);
	assert_null(strstr(at + 1, "Update [REV-101]("));
	assert_only(f, text, "", "");
}

static void
titles_come_from_the_registry_when_the_phase_has_only_an_id(void **state)
{
	struct fixture *f = *state;
	struct issue_ref bare = { .id = "REV-101", .title = "", .url = "" };

	f->phase.issue = &bare;
	f->plan.registry = &work;
	f->plan.n_registry = 1;
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_only(f, text, "", "");
	assert_non_null(strstr(text, "[REV-101: Finding store](https://linear.app"));
}

static void
nothing_is_invented_for_an_empty_phase(void **state)
{
	struct fixture *f = *state;

	f->phase = (struct phase){ .id = "1A",
		.focus = "",
		.verify = "",
		.deliverable = "",
		.is_unknown = true };
	f->plan.master = (struct issue_ref){ "", "", "", false, { 0, 0 } };
	f->plan.title = "";
	f->facts.repo_label = f->facts.repo_path = f->facts.worktree = NULL;
	AUTO_FREE char *text = prompt_render(&f->facts);
	static const char *const fields[] = { "{ISSUE_ID}", "{TITLE}", "{PHASE_NAME}",
		"{MASTER_ISSUE}", "{MASTER_TITLE}", "{PLUGIN_REPO_OR_PROJECT}",
		"{REPO_PATH}", "{3-5 bullet points with essential context}", "{yes|no}",
		"{Numbered task list}", "{What \"done\" looks like}" };

	for (size_t i = 0; i < N_ELEMS(fields); i++)
		assert_non_null(strstr(text, fields[i]));
	assert_only(f, text, "P01", "P03 P04 P06 P07 P08");
}

static void
items_cannot_begin_a_section_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct text_item evil[] = { { .text = "a\r\nTasks:\n1. rm" }, { .text = "b" },
		{ .text = "c" } };

	f->phase.context = (struct text_list){ evil, 3, 3 };
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_null(strstr(text, "\n1. rm"));
	assert_only(f, text, "", "");
}

static void
links_survive_brackets_and_blanks(void **state)
{
	struct fixture *f = *state;
	struct issue_ref odd = {
		.id = "REV-101", .title = "a [b] c\\d", .url = "https://x.test/a b(c)"
	};

	f->phase.issue = &odd;
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_non_null(
	    strstr(text, "[REV-101: a \\[b\\] c\\\\d](https://x.test/a%20b%28c%29)"));
	assert_only(f, text, "", "");
}

static void
issues_of_other_trackers_are_issues_too(void **state)
{
	struct fixture *f = *state;
	struct issue_ref github = {
		.id = "acme/app#12", .title = "Store", .url = "https://x.test/12"
	};

	f->phase.issue = &github;
	AUTO_FREE char *text = prompt_render(&f->facts);

	assert_only(f, text, "", "");
}

static void
verbs_follow_the_phase_S_57(void **state)
{
	struct fixture *f = *state;
	struct touch_item docs[] = { { .text = "docs/a.txt" },
		{ .text = "README.md" } };

	assert_string_equal(prompt_verb(&f->phase), "Implement");
	f->phase.touch[TOUCH_RENAMES].n = 0;
	f->phase.touch[TOUCH_WRITES] = (struct touch_list){ docs, 2, 2 };
	assert_string_equal(prompt_verb(&f->phase), "Write");
	f->phase.focus = "Fix the store";
	assert_string_equal(prompt_verb(&f->phase), "Fix");
	f->phase.is_analysis_only = true;
	assert_string_equal(prompt_verb(&f->phase), "Investigate");
}

static void
P01_names_what_is_not_filled(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "One row per", "One row {Cost limits if any}", "P01");
	assert_found(f, "One row", "{link to RDR comment, if applicable}", "P01");
	assert_found(f, "Finding store](https", "{TITLE}](https", "P01");
	assert_found(f, "Implement on ", "", "P01");
	assert_found(f, "REV-101: Finding store]", "REV-101]", "P01");
	assert_found(f, "(Phase 1A: Finding store)", "()", "P01");
	assert_found(f, "review: ~", "~", "P01");
	assert_string_equal(f->lints.item[0].rule, "S-55");
	/* Braces that are content. */
	assert_clean(f, "One row", "One `{row}` of {a,b} and ${HOME} {\"x\":1}");
}

static void
P02_finds_issues_without_links(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "One row", "See REV-99. One row", "P02");
	assert_found(f, "One row", "One row (REV-7)", "P02");
	assert_found(f, "[REV-101](https://linear.app/acme/issue/REV-101)",
	    "[REV-101](url)", "P02");
	assert_found(f, "[REV-101](https://linear.app/acme/issue/REV-101)",
	    "[REV-101]()", "P02");
	assert_clean(f, "One row",
	    "UTF-8, SHA-256, docs/REV-9-x.md, `REV-9`, https://x.test/REV-9, REV-9-x");
	assert_clean(f, "One row", "[REV-9](https://x.test/REV-9)");
}

static void
P03_wants_three_to_five_bullets(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "- One row per finding.\n", "", "P03");
	assert_found(f, "- One row", "- d\n- e\n- f\n- One row", "P03");
	assert_clean(f, "- One row", "- d\n- e\n- One row");
	assert_found(f, "- One row", "- Cost/resource constraints: one row", "P03");
}

static void
P04_wants_the_repository_as_launch_path(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "Launch from: ~/src/review (", "Launch from: (", "P04");
	assert_found(f, "Launch from: ", "Start: ", "P04");
	assert_found(f, "Launch from: ~/src/review", "Launch from: ~/src/other", "P04");
	assert_clean(f, "Launch from: ", "**Launch from:** ");
}

static void
P05_wants_the_computed_launch_mode(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "Bypass permissions", "Plan mode", "P05");
	assert_found(f, "Launch as: Bypass permissions | ", "", "P05");
	f->facts.launch_as = LAUNCH_PLAN;
	assert_clean(f, "Execution mode: tdd", "**Exec mode:** tdd");
}

static void
P05_judges_by_the_mode_when_only_the_text_is_known(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *wrong = rendered_with(f, "mode: tdd", "mode: pair");
	AUTO_FREE char *right = rendered_with(
	    f, "mode: tdd", "mode: pair (analysis-only)");

	prompt_lint(wrong, NULL, &f->plan, &f->lints);
	assert_int_equal(f->lints.n, 1);
	assert_int_equal(count(f, "P05"), 1);
	assert_int_equal(f->lints.item[0].at.line, 12);
	f->lints.n = 0;
	prompt_lint(right, NULL, &f->plan, &f->lints);
	assert_int_equal(f->lints.n, 0);
}

static void
P06_knows_its_three_sets(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "mode: tdd", "mode: waterfall", "P06");
	assert_found(f, "Bypass permissions", "YOLO", "P06");
	assert_found(f, "Worktree: yes", "Worktree: maybe", "P06");
	assert_found(f, "Worktree: yes", "Worktree: no", "P06");
	assert_found(f, " | Worktree: yes", "", "P06");
	f->facts.worktree = "n/a";
	assert_clean(f, "mode: tdd", "mode: tdd (analysis-only)");
}

static void
P07_wants_tasks_numbered_from_one(void **state)
{
	struct fixture *f = *state;

	assert_found(
	    f, "1. Write failing tests.\n2. Implement the store.\n", "", "P07");
	assert_found(f, "2. Implement", "3. Implement", "P07");
	assert_found(f, "1. Write", "0. Write", "P07");
	assert_found(f, "1. Write", "99999999999999999999. Write", "P07");
	assert_clean(f, "2. Implement", "2) a\n   more\n\n3. Implement");
}

static void
P08_wants_a_deliverable_with_its_update(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "The store keeps findings. ", "", "P08");
	assert_found(f, "Deliverable:", "Result:", "P08");
	assert_found(f, "Update [REV-101]", "See [REV-101]", "P08");
	assert_found(f, "Update [REV-101]", "Update [REV-100]", "P08");
	assert_clean(f, "The store keeps findings.", "The store\n  keeps findings,");
}

static void
P09_P10_P11_want_the_clauses(void **state)
{
	struct fixture *f = *state;

	assert_found(f, prompt_cost_clause, "", "P09");
	assert_found(f, ">$10", ">$99", "P09");
	assert_found(f, prompt_confirm_clause, "", "P10");
	assert_found(f, prompt_exit_clause, "", "P11");
	assert_non_null(strstr(prompt_confirm_clause, prompt_confirm_words));
}

static void
P12_wants_the_prior_session_only_when_resumed(void **state)
{
	struct fixture *f = *state;

	f->facts.resume_url = "https://x.test/s/1";
	assert_found(
	    f, "- Prior session: [prior session](https://x.test/s/1)\n", "", "P12");
	assert_clean(f, "One row", "One row");
	f->facts.resume_url = NULL;
	assert_found(
	    f, "- One row", "- Prior session: [s](https://x.test)\n- One row", "P12");
	assert_found(f, "- One row", "- Prior session: S-A\n- One row", "P12");
	assert_clean(f, "- One row", "- Prior session: none\n- One row");
}

static void
P13_wants_the_link_to_open_findings(void **state)
{
	struct fixture *f = *state;

	f->facts.rdr_url = "https://x.test/rdr";
	assert_found(f,
	    "- Review findings to address: [review decisions](https://x.test/rdr)\n",
	    "", "P13");
	assert_found(f, "(https://x.test/rdr)", "(https://x.test/other)", "P13");
	assert_clean(f, "One row", "One row");
	f->facts.rdr_url = NULL;
	assert_found(f, "- One row",
	    "- Review findings to address: see there\n- One row", "P13");
	assert_clean(f, "- One row", "- Review findings to address: none\n- One row");
}

static void
P14_wants_everything_inline_for_outside_agents_S_85(void **state)
{
	struct fixture *f = *state;
	struct touch_item skill[] = { { .text = "skills/x/SKILL.md" } };

	f->facts.is_external = true;
	f->facts.worktree = "n/a";
	/* Context, Acceptance Criteria, Constraints, References. */
	AUTO_FREE char *text = prompt_render(&f->facts);
	static const char *const sections[] = { "\nContext:\n",
		"\nAcceptance Criteria:\n", "\nConstraints:\n",
		"\nReferences:\n- Master plan: [REV-100: " };

	for (size_t i = 0; i < N_ELEMS(sections); i++)
		assert_non_null(strstr(text, sections[i]));
	assert_only(f, text, "", "");
	assert_found(f, "- [ ] a finding survives a restart\n", "", "P14");
	assert_found(f, "Constraints:", "Also:", "P14");
	assert_found(f, "- Test command: `make check`\n", "", "P14");
	assert_found(f, "One row", "Follow CLAUDE.md. One row", "P14");
	assert_found(f, "One row", "Read SKILL.md. One row", "P14");
	/* A phase that edits such a file has to name it. */
	f->phase.touch[TOUCH_READS] = (struct touch_list){ skill, 1, 1 };
	assert_clean(f, "One row", "Mend SKILL.md. One row");
	f->facts.is_external = false;
	assert_clean(f, "One row", "Follow CLAUDE.md. One row");
}

static void
P15_finds_reliance_on_memory_S_20(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "One row", "As discussed, one row", "P15");
	assert_found(f, "One row", "Ask the other session. One row", "P15");
	assert_int_equal(f->lints.item[0].at.line, 8);
	assert_clean(f, "One row", "Sessions are listed. One row");
}

static void
P16_warns_of_homes_and_secrets(void **state)
{
	struct fixture *f = *state;

	assert_found(f, "One row", "In /home/eve/x. One row", "P16");
	assert_found(f, "One row", "In /Users/eve/x. One row", "P16");
	assert_found(f, "One row", "Key sk-abcdef0123456789. One row", "P16");
	assert_found(f, "One row", "Bearer abcdef0123456789. One row", "P16");
	assert_int_equal(f->lints.item[0].level, 'W');
	assert_null(strstr(f->lints.item[0].message, "abcdef"));
	assert_clean(
	    f, "One row", "src/home/x, ~/home/x, task-abcdefghijk, sk-x. One row");
}

static void
a_flood_of_faults_is_cut_per_code(void **state)
{
	struct fixture *f = *state;
	char *flood = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&flood, &n);

	for (int i = 0; i < 5000; i++)
		fputs("REV-1 {X} [\\[", out);
	fclose(out);
	AUTO_FREE char *text = rendered_with(f, "One row", flood);

	free(flood);
	prompt_lint(text, &f->facts, &f->plan, &f->lints);
	assert_int_equal(count(f, "P01"), 20);
	assert_int_equal(count(f, "P02"), 20);
}

static void
any_bytes_are_linted_without_harm(void **state)
{
	struct fixture *f = *state;
	static const char *const odd[] = { "", "\n", "\n\n\n", "[", "[](", "[]()", "{",
		"}", "`", "Tasks:", "Tasks:\n1.", "Context:\n-", "- ",
		"Launch as:", "|||", "Deliverable:\n ", "**", "A-1", "(", ":",
		"\r\n\r\n" };

	for (size_t i = 0; i < N_ELEMS(odd); i++) {
		f->lints.n = 0;
		prompt_lint(odd[i], NULL, &f->plan, &f->lints);
		assert_true(f->lints.n > 5);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_prompt_is_the_methods_template),
		T(conditional_bullets_do_not_count_A_24),
		T(the_authors_update_sentence_is_not_said_twice),
		T(titles_come_from_the_registry_when_the_phase_has_only_an_id),
		T(nothing_is_invented_for_an_empty_phase),
		T(items_cannot_begin_a_section_of_their_own),
		T(links_survive_brackets_and_blanks),
		T(issues_of_other_trackers_are_issues_too),
		T(verbs_follow_the_phase_S_57),
		T(P01_names_what_is_not_filled),
		T(P02_finds_issues_without_links),
		T(P03_wants_three_to_five_bullets),
		T(P04_wants_the_repository_as_launch_path),
		T(P05_wants_the_computed_launch_mode),
		T(P05_judges_by_the_mode_when_only_the_text_is_known),
		T(P06_knows_its_three_sets),
		T(P07_wants_tasks_numbered_from_one),
		T(P08_wants_a_deliverable_with_its_update),
		T(P09_P10_P11_want_the_clauses),
		T(P12_wants_the_prior_session_only_when_resumed),
		T(P13_wants_the_link_to_open_findings),
		T(P14_wants_everything_inline_for_outside_agents_S_85),
		T(P15_finds_reliance_on_memory_S_20),
		T(P16_warns_of_homes_and_secrets),
		T(a_flood_of_faults_is_cut_per_code),
		T(any_bytes_are_linted_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
