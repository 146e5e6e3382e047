#include "cli/init_tasks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A line as it is read; the task stands alone, or behind "Alpha" and "Beta". */
static const struct {
	const char *line;
	const char *text, *focus;
	enum exec_mode mode;
	bool is_analysis;
	const char *estimate, *agent, *done;
	size_t n_after;
} rows[] = {
	{ "Fix the build", "Fix the build", "Fix the build", EXEC_NONE, false, NULL,
	    NULL, NULL, 0 },
	{ "  - [ ] Fix the build  ", "Fix the build", "Fix the build", EXEC_NONE, false,
	    NULL, NULL, NULL, 0 },
	{ "3. Fix the build", "Fix the build", "Fix the build", EXEC_NONE, false, NULL,
	    NULL, NULL, 0 },
	{ "[tdd] Add a cache", "Add a cache", "Add a cache", EXEC_TDD, false, NULL,
	    NULL, NULL, 0 },
	{ "[spike (analysis-only)] Compare", "Compare", "Compare", EXEC_SPIKE, true,
	    NULL, NULL, NULL, 0 },
	{ "[analysis] Compare", "Compare", "Compare", EXEC_SPIKE, true, NULL, NULL,
	    NULL, 0 },
	{ "[link](x) stays text", "[link](x) stays text", "link(x) stays text",
	    EXEC_NONE, false, NULL, NULL, NULL, 0 },
	{ "$5 Add a cache", "Add a cache", "Add a cache", EXEC_NONE, false, "$5", NULL,
	    NULL, 0 },
	{ "Add a cache $3-6", "Add a cache", "Add a cache", EXEC_NONE, false, "$3-6",
	    NULL, NULL, 0 },
	{ "Mend the $5 rounding", "Mend the $5 rounding", "Mend the $5 rounding",
	    EXEC_NONE, false, NULL, NULL, NULL, 0 },
	{ "Add a cache after: 1A", "Add a cache", "Add a cache", EXEC_NONE, false, NULL,
	    NULL, NULL, 1 },
	{ "Add a cache after: 1, #2 and 1b agent: codex $0.50", "Add a cache",
	    "Add a cache", EXEC_NONE, false, "$0.50", "codex", NULL, 2 },
	{ "Add a cache agent: claude after:2 done: a test shows it", "Add a cache",
	    "Add a cache", EXEC_NONE, false, NULL, "claude", "a test shows it", 1 },
	{ "Keep the hereafter: a word", "Keep the hereafter: a word",
	    "Keep the hereafter: a word", EXEC_NONE, false, NULL, NULL, NULL, 0 },
	{ "Say `after: 1` in the manual", "Say `after: 1` in the manual",
	    "Say after: 1 in the manual", EXEC_NONE, false, NULL, NULL, NULL, 0 },
	{ "Use {name} and ${HOME} and {a,b}", "Use `{name}` and ${HOME} and {a,b}",
	    "Use name and $HOME and a,b", EXEC_NONE, false, NULL, NULL, NULL, 0 },
	{ "Don`t stop", "Don't stop", "Don't stop", EXEC_NONE, false, NULL, NULL, NULL,
	    0 },
	{ "Read `a` and b`c", "Read `a` and b'c", "Read a and b'c", EXEC_NONE, false,
	    NULL, NULL, NULL, 0 },
	{ "First this. Then that", "First this. Then that", "First this", EXEC_NONE,
	    false, NULL, NULL, NULL, 0 },
	{ "A very long task that goes on and on without any end in sight at all, alas",
	    "A very long task that goes on and on without any end in sight at all, alas",
	    "A very long task that goes on and on without any end in", EXEC_NONE, false,
	    NULL, NULL, NULL, 0 },
	{ "日本語を直す", "日本語を直す", "Task 3 日本語を直す", EXEC_NONE, false, NULL,
	    NULL, NULL, 0 },
	{ "--force a | b; rm -rf ../x $(id)", "--force a | b; rm -rf ../x $(id)",
	    "--force a b", EXEC_NONE, false, NULL, NULL, NULL, 0 },
};

static void
assert_same(const char *a, const char *b)
{
	if (b)
		assert_string_equal(a ? a : "(none)", b);
	else
		assert_null(a);
}

static void
a_line_is_a_task_with_its_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = xasprintf("Alpha\nBeta\n%s\n", rows[i].line);
		struct task_lines lines;
		struct err err = ERR_INIT;

		if (task_lines_read("t", text, strlen(text), &lines, &err) < 0)
			fail_msg("%s: %s", rows[i].line, err.text);
		assert_int_equal(lines.n, 3);

		const struct task_line *task = &lines.item[2];

		assert_same(task->text, rows[i].text);
		assert_same(task->focus, rows[i].focus);
		assert_same(task->estimate, rows[i].estimate);
		assert_same(task->agent, rows[i].agent);
		assert_same(task->done, rows[i].done);
		assert_int_equal(task->mode, rows[i].mode);
		assert_int_equal(task->is_analysis, rows[i].is_analysis);
		assert_int_equal(task->n_after, rows[i].n_after);
		assert_string_equal(task->id, "1C");
		assert_int_equal(task->line, 3);
		task_lines_clear(&lines);
	}
}

/* The third line is wrong, and the message says so. */
static const struct {
	const char *line, *message;
} wrong[] = {
	{ "a\033[31mb", "t:3: the line holds control characters" },
	{ "a\xff", "t:3: the line is not UTF-8 text" },
	{ "a <!-- b", "t:3: the line begins an HTML comment" },
	{ "[fast] Go", "t:3: \"fast\" is no mode" },
	{ "#12 Go", "t:3: a line that begins with an issue's number is no comment" },
	{ "$5", NULL },
	{ "after: 1", "t:3: the line holds no task" },
	{ "[tdd]", "t:3: the line holds no task" },
	{ "- ", NULL },
	{ "Go after: 3", "t:3: after: \"3\" is no task above this one" },
	{ "Go after: 9Z", "t:3: after: \"9Z\" is no task above this one" },
	{ "Go after: 0", "t:3: after: \"0\" is no task above this one" },
	{ "Go after: 99999999999999999999",
	    "t:3: after: \"99999999999999999999\" is no task above this one" },
	{ "Go after:", "t:3: the line ends in an empty attribute" },
	{ "Go agent: ../x", "t:3: \"../x\" cannot be an agent" },
	{ "Go agent: --x", "t:3: \"--x\" cannot be an agent" },
	{ "Go agent: a b", "t:3: \"b\" stands behind the attributes" },
	{ "$1 Go $2", "t:3: the line has two estimates" },
	{ "Go done:", "t:3: done: is empty" },
};

static void
a_wrong_line_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(wrong); i++) {
		AUTO_FREE char *text = xasprintf("Alpha\nBeta\n%s\n", wrong[i].line);
		struct task_lines lines = { 0 };
		struct err err = ERR_INIT;
		int rc = task_lines_read("t", text, strlen(text), &lines, &err);

		if (!wrong[i].message) {
			assert_int_equal(rc, 0);
			task_lines_clear(&lines);
			continue;
		}
		assert_int_equal(rc, -1);
		assert_string_equal(err.text, wrong[i].message);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_true(err.fix[0] != '\0');
		assert_null(lines.item);
	}
}

static void
blank_lines_and_comments_are_no_tasks(void **state)
{
	static const char text[] =
	    "\xEF\xBB\xBF# plan\r\n\r\n  # more\n## head\nA task\r\n";
	struct task_lines lines;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(task_lines_read("t", text, sizeof(text) - 1, &lines, &err), 0);
	assert_int_equal(lines.n, 1);
	assert_string_equal(lines.item[0].text, "A task");
	assert_string_equal(lines.item[0].id, "1A");
	assert_int_equal(lines.item[0].line, 5);
	task_lines_clear(&lines);
}

static void
no_task_is_said(void **state)
{
	struct task_lines lines = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(task_lines_read("t", "", 0, &lines, &err), -1);
	assert_string_equal(err.text, "t holds no task");
	assert_int_equal(task_lines_read("t", "\0", 1, &lines, &err), -1);
}

static void
twenty_six_tasks_are_not_the_end(void **state)
{
	char text[400] = "";
	struct task_lines lines;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 28; i++)
		strcat(text, "A task\n");
	assert_int_equal(task_lines_read("t", text, strlen(text), &lines, &err), 0);
	assert_string_equal(lines.item[25].id, "1Z");
	assert_string_equal(lines.item[26].id, "1AA");
	task_lines_clear(&lines);
}

static void
too_many_tasks_are_refused(void **state)
{
	size_t n = 2 * (TASK_LINES_MAX + 1);
	AUTO_FREE char *text = xmalloc(n + 1);
	struct task_lines lines = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < n; i += 2)
		memcpy(text + i, "a\n", 2);
	assert_int_equal(task_lines_read("t", text, n, &lines, &err), -1);
	assert_string_equal(err.text, "t:10001: there are more than 10000 tasks");
	assert_int_equal(task_lines_read("t", text, n - 2, &lines, &err), 0);
	task_lines_clear(&lines);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_task_with_its_attributes),
		cmocka_unit_test(a_wrong_line_is_named),
		cmocka_unit_test(blank_lines_and_comments_are_no_tasks),
		cmocka_unit_test(no_task_is_said),
		cmocka_unit_test(twenty_six_tasks_are_not_the_end),
		cmocka_unit_test(too_many_tasks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
