#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "policy/feedback.h"

/* one row per source. */
static void
each_source_goes_where_the_table_says(void **state)
{
	static const struct {
		const char *source, *kind, *author, *row;
		enum feedback_to to;
	} t[] = {
		{ "vercel", "preview", "", "Vercel Bot", FEEDBACK_SESSION },
		{ "vercel", "deploy-failed", "", "Vercel Bot", FEEDBACK_SESSION },
		{ "github", "pr-comment", "vercel[bot]", "Vercel Bot",
		    FEEDBACK_SESSION },
		{ "vercel", "comment", "ada", "Vercel Comments", FEEDBACK_V0 },
		{ "github", "review-comment", "Copilot", "GitHub Copilot",
		    FEEDBACK_SESSION },
		{ "github", "review", "copilot-pull-request-reviewer[bot]",
		    "GitHub Copilot", FEEDBACK_SESSION },
		{ "sentry", "alert", "", "Sentry", FEEDBACK_NEW_ISSUE },
		{ "github", "pr-comment", "linear[bot]", "Linear Bot", FEEDBACK_AUTO },
		{ "linear", "link", "", "Link", FEEDBACK_AUTO },
		{ "github", "quick-fix", "cursor[bot]", "Cursor", FEEDBACK_AUTO },
		{ "github", "pr", "cursor[bot]", "Cursor", FEEDBACK_HUMAN },
		{ "github", "pr", "cto-new[bot]", "cto.new", FEEDBACK_HUMAN },
		{ "github", "review", "chatgpt-codex-connector[bot]", "Codex",
		    FEEDBACK_SESSION },
		{ "github", "pr", "factory-droid[bot]", "Factory", FEEDBACK_HUMAN },
		{ "github", "pr", "ampcode[bot]", "Amp", FEEDBACK_HUMAN },
		{ "github", "review", "ada", "Review", FEEDBACK_SESSION },
		{ "generic", "ci", "", "Checks", FEEDBACK_SESSION },
		{ "linear", "comment", "ada", "Comment", FEEDBACK_SESSION },
		{ "generic", "alert", "", "Alert", FEEDBACK_NEW_ISSUE },
		{ "github", "pr", "ada", "Anything else", FEEDBACK_HUMAN },
		{ "nobody", "nothing", "", "Anything else", FEEDBACK_HUMAN },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(t); i++) {
		const struct feedback_row *r = feedback_route(
		    t[i].source, t[i].kind, t[i].author);

		if (strcmp(r->name, t[i].row) != 0 || r->to != t[i].to)
			fail_msg("%s %s %s: %s", t[i].source, t[i].kind, t[i].author,
			    r->name);
	}
	assert_string_equal(feedback_route("vercel", "comment", "x")->label,
	    "source:vercel-comments"); /* */
}

static void
a_team_may_add_rows_of_its_own(void **state)
{
	struct err err = ERR_INIT;
	enum feedback_to to = FEEDBACK_AUTO;

	(void)state;
	assert_int_equal(feedback_own_row("github review rabbit* human", "github",
			     "review", "rabbit[bot]", &to, &err),
	    1);
	assert_int_equal(to, FEEDBACK_HUMAN);
	assert_int_equal(feedback_own_row("github review rabbit* human", "github",
			     "review", "ada", &to, &err),
	    0);
	assert_int_equal(
	    feedback_own_row("github review", "github", "review", "ada", &to, &err),
	    -1);
	assert_int_equal(
	    feedback_own_row("* * * nowhere", "a", "b", "c", &to, &err), -1);
}

/* Only trusted authors steer an agent; nobody is one by his own word. */
static void
strangers_are_not_trusted(void **state)
{
	static const char *const list[] = { "linear:ada@acme.example", "bob",
		"github:@member", "sentry:*" };

	(void)state;
	assert_true(feedback_is_trusted(NULL, 0, "github", "ada", "member"));
	assert_true(feedback_is_trusted(NULL, 0, "github", "ada", "owner"));
	assert_false(feedback_is_trusted(NULL, 0, "github", "ada", "contributor"));
	assert_false(feedback_is_trusted(NULL, 0, "github", "ada", "none"));
	assert_false(feedback_is_trusted(NULL, 0, "linear", "ada", ""));
	assert_false(feedback_is_trusted(NULL, 0, "github", "@member", "none"));
	assert_true(feedback_is_trusted(NULL, 0, "github", "vercel[bot]", "none"));
	assert_false(feedback_is_trusted(NULL, 0, "generic", "vercel[bot]", "none"));
	assert_false(feedback_is_trusted(NULL, 0, "github", "vercelbot", "none"));
	assert_true(feedback_is_trusted(list, 4, "linear", "Ada@acme.example", ""));
	assert_false(feedback_is_trusted(list, 4, "github", "ada@acme.example", ""));
	assert_true(feedback_is_trusted(list, 4, "github", "bob", "none"));
	assert_true(feedback_is_trusted(list, 4, "sentry", "x", ""));
	assert_false(feedback_is_trusted(list, 4, "sentry", "", ""));
	assert_false(feedback_is_trusted(list, 4, "github", "vercel[bot]", "none"));
}

/* */
static void
the_words_of_codex_are_severities(void **state)
{
	(void)state;
	assert_string_equal(feedback_severity("**P1** use after free"), "Critical");
	assert_string_equal(feedback_severity("[P2] then P1"), "Important");
	assert_string_equal(feedback_severity("Suggestion: rename"), "Consider");
	assert_string_equal(feedback_severity("HTTP1 P10 xP2"), "");
}

static void
of_a_log_that_is_told_which_matters(void **state)
{
	FILE *f;
	char *log = NULL, *out;
	size_t n = 0;

	(void)state;
	f = open_memstream(&log, &n);
	for (int i = 0; i < 5000; i++)
		fprintf(
		    f, "2026-01-02T03:04:05.1234567Z compiling file %d, 0 errors\n", i);
	fputs("\033[31mstore.c:12: error: expected ';'\033[0m\n", f);
	for (int i = 0; i < 5000; i++)
		fprintf(f, "linking %d\n", i);
	fputs("Process completed with exit code 2.\n", f);
	fclose(f);
	out = feedback_excerpt(log, 1500);
	assert_true(strlen(out) <= 1500);
	assert_non_null(strstr(out, "store.c:12: error: expected ';'\n"));
	assert_non_null(strstr(out, "compiling file 4999"));
	assert_non_null(strstr(out, "exit code 2"));
	assert_null(strstr(out, "\033"));
	assert_null(strstr(out, "2026-01-02"));
	free(out);
	out = feedback_excerpt("short", 1500);
	assert_string_equal(out, "short");
	free(out);
	free(log);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_source_goes_where_the_table_says),
		cmocka_unit_test(a_team_may_add_rows_of_its_own),
		cmocka_unit_test(strangers_are_not_trusted),
		cmocka_unit_test(the_words_of_codex_are_severities),
		cmocka_unit_test(of_a_log_that_is_told_which_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
