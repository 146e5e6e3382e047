#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/checkout.h"
#include "engine/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* .ccc-state.json and .ccc-progress.md: the agent's words stay, ours are facts (S-91). */

static char dir[128];
static struct fields facts;

static int
setup(void **state)
{
	static const char *const rows[][2] = { { "issue", "T-1" },
		{ "issue_title", "Queue" }, { "issue_url", "https://x.example/T-1" },
		{ "focus", "A queue" }, { "phase", "1A" }, { "mode", "tdd" },
		{ "session", "p1.1.1A" }, { "why", "asked" }, { "state", "active" },
		{ "branch", "claude/t-1-a-queue" }, { "remaining", "second\nthird\n" },
		{ "completed", "- 1. first (commit abc1234, 3 min)\n" },
		{ "plan_path", "/p.md" }, { "phase_word", "execution" },
		{ "at", "2026-11-22T10:00:00Z" } };

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/divisi-progress.XXXXXX");
	for (size_t i = 0; i < N_ELEMS(rows); i++)
		fields_set(&facts, rows[i][0], rows[i][1]);
	fields_set_number(&facts, "index", 1);
	fields_set_number(&facts, "total", 3);
	return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	fields_clear(&facts);
	facts = (struct fields){ 0 };
	return file_remove_tree(dir, NULL);
}

#define HAS(text, part)                                                 \
	do {                                                            \
		if (!strstr((text), (part)))                            \
			fail_msg("'%s' is not in\n%s", (part), (text)); \
	} while (0)

/* */
static void
a_new_progress_file_has_all_sections(void **state)
{
	static const char *const in_order[] = { "# Progress: T-1",
		"\n## Goal\n\nA queue",
		"\n## Linear Issue\n\n[T-1: Queue](https://x.example/T-1)",
		"\n## Completed Tasks\n\n- 1. first (commit abc1234, 3 min)",
		"\n## Learnings\n", "\n## Current Task\n",
		"\n## Blocked / Flagged\n\nNone", "\n## Checkpoint\n",
		"- Session: p1.1.1A", "- Mode: tdd", "  - second",
		"Continuation prompt:", "Current task: 2 of 3",
		"Next action: second." };
	AUTO_FREE char *text = progress_text("", &facts);
	const char *at = text;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(in_order); i++) {
		HAS(at, in_order[i]);
		at = strstr(at, in_order[i]);
	}
}

static void
what_the_agent_wrote_stays_and_lists_only_grow(void **state)
{
	static const char old[] =
	    "# Mine\n\n## Completed Tasks\n- mine (commit abc1234, 9 min)\n"
	    "## Learnings\n- 10:00 the cache lies\n```\n## no heading\n```\n"
	    "## Own\nkept\n## Checkpoint\nold words\n";
	AUTO_FREE char *text = progress_text(old, &facts), *again = NULL;
	AUTO_FREE char *own = progress_section(text, "own");

	(void)state;
	HAS(text, "# Mine\n");
	HAS(text, "- mine (commit abc1234, 9 min)");
	assert_null(strstr(text, "1. first")); /* the same commit, in its words */
	HAS(text, "- 10:00 the cache lies\n```\n## no heading\n```");
	assert_null(strstr(text, "old words"));
	assert_string_equal(own, "kept");
	fields_set(&facts, "completed",
	    "- 1. first (commit abc1234, 3 min)\n- 2. next (commit def5678, 1 min)\n");
	again = progress_text(text, &facts);
	HAS(again, "- mine (commit abc1234, 9 min)\n- 2. next (commit def5678, 1 min)");
}

static void
the_same_facts_give_the_same_file(void **state)
{
	AUTO_FREE char *once = progress_text("", &facts);
	AUTO_FREE char *twice = progress_text(once, &facts);

	(void)state;
	assert_string_equal(once, twice);
}

/* every field, and those that the agent's loop counts are its own. */
static void
a_state_file_has_every_field(void **state)
{
	static const char *const fields[] = { "\"linearIssue\":\"T-1\"",
		"\"phase\":\"execution\"", "\"taskIndex\":1", "\"totalTasks\":3",
		"\"taskIteration\":1", "\"maxTaskIterations\":5",
		"\"globalIteration\":0", "\"maxGlobalIterations\":50",
		"\"executionMode\":\"tdd\"", "\"gatesPassed\":[",
		"\"awaitingGate\":null", "\"specPath\":\"/p.md\"", "\"replanCount\":0",
		"\"createdAt\":\"2026-11-22T10:00:00Z\"", "\"lastUpdatedAt\":" };
	bool damaged = true;
	AUTO_FREE char *text = progress_state("", &facts, &damaged);

	(void)state;
	assert_false(damaged);
	for (size_t i = 0; i < N_ELEMS(fields); i++)
		HAS(text, fields[i]);
}

static void
the_agents_counters_and_members_stay(void **state)
{
	static const char old[] =
	    "{\"taskIndex\":2,\"totalTasks\":7,\"taskIteration\":4,\"phase\":\"replan\","
	    "\"gatesPassed\":[1,2],\"activeTaskFiles\":[\"a\"],\"awaitingGate\":2}";
	bool damaged = true;
	AUTO_FREE char *text = progress_state(old, &facts, &damaged), *end = NULL;

	(void)state;
	assert_false(damaged);
	HAS(text, "\"taskIndex\":2");
	HAS(text, "\"taskIteration\":4");
	HAS(text, "\"phase\":\"replan\"");
	HAS(text, "\"activeTaskFiles\"");
	HAS(text, "\"awaitingGate\":2");
	assert_int_equal(progress_state_number(text, "totalTasks", 0), 7);
	/* At the end it is ours to say where it stands: R-155. */
	fields_set(&facts, "phase_word", "verification");
	fields_set_number(&facts, "forces", 1);
	fields_set_number(&facts, "gate", 3);
	end = progress_state(old, &facts, &damaged);
	HAS(end, "\"phase\":\"verification\"");
	HAS(end, "\"awaitingGate\":3");
}

/* Torn, hostile or absurd: never taken for a state, never a crash. */
static void
what_is_no_state_is_damaged(void **state)
{
	static const char *const bad[] = { "{\"taskIndex\":1", "[]", "7", "nonsense",
		"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{}}}}}}}}}",
		"{\"a\":1}{\"b\":2}" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		bool damaged = false;
		AUTO_FREE char *text = progress_state(bad[i], &facts, &damaged);

		if (!damaged)
			fail_msg("'%s' is taken for a state", bad[i]);
		HAS(text, "\"taskIndex\":1");
		assert_int_equal(progress_state_number(bad[i], "taskIndex", -1), -1);
	}
}

/* The agent decides what stands at that name: nothing outside is read or written. */
static void
links_and_pipes_are_neither_read_nor_written_through(void **state)
{
	AUTO_FREE char *name = path_join(dir, PROGRESS_FILE);
	AUTO_FREE char *outside = path_join(dir, "outside"), *text = NULL, *old = NULL;
	struct err err = ERR_INIT;
	struct stat st;

	(void)state;
	assert_int_equal(file_write_atomic(outside, "secret", 6, 0600, &err), 0);
	assert_int_equal(symlink(outside, name), 0);
	assert_null(checkout_read(dir, PROGRESS_FILE, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(checkout_write(dir, PROGRESS_FILE, "ours\n", true, &err), 0);
	text = file_read(outside, 100, NULL, &err);
	assert_string_equal(text, "secret");
	assert_int_equal(lstat(name, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(name), 0);
	assert_int_equal(mkfifo(name, 0600), 0);
	assert_null(checkout_read(dir, PROGRESS_FILE, &err));
	assert_int_equal(checkout_write(dir, PROGRESS_FILE, "again\n", false, &err), 0);
	old = checkout_read(dir, PROGRESS_FILE, &err);
	assert_string_equal(old, "again\n");
}

static void
a_file_that_is_too_large_or_no_text_is_kept_aside(void **state)
{
	AUTO_FREE char *name = path_join(dir, PROGRESS_STATE_FILE);
	AUTO_FREE char *aside = path_join(dir, ".divisi-ccc-state.json");
	AUTO_FREE char *big = xcalloc(PROGRESS_MOST_BYTES + 2, 1), *kept = NULL;
	struct err err = ERR_INIT;

	(void)state;
	memset(big, 'x', PROGRESS_MOST_BYTES + 1);
	assert_int_equal(
	    file_write_atomic(name, big, PROGRESS_MOST_BYTES + 1, 0600, &err), 0);
	assert_null(checkout_read(dir, PROGRESS_STATE_FILE, &err));
	assert_int_equal(file_write_atomic(name, "a\0b", 3, 0600, &err), 0);
	assert_null(checkout_read(dir, PROGRESS_STATE_FILE, &err));
	assert_int_equal(
	    checkout_write(dir, PROGRESS_STATE_FILE, "{}\n", true, &err), 0);
	kept = file_read(aside, 100, NULL, &err);
	assert_non_null(kept);
	assert_string_equal(kept, "a");
}

/* what an agent noted as "None" is no decision and no blocker. */
static void
only_notes_that_say_something_are_told(void **state)
{
	static const char text[] =
	    "## Decisions\n\nkept the format\n\n## Blocked / Flagged\n"
	    "\nNone\n\n## Learnings\n\n(none yet)\n";
	struct fields out = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(checkout_write(dir, PROGRESS_FILE, text, false, &err), 0);
	checkout_tell_notes(dir, &out);
	assert_string_equal(fields_text(&out, "decisions"), "kept the format");
	assert_int_equal(out.n, 1);
	fields_clear(&out);
}

/*
 * the agent's progress file goes before git, git before the criteria and lists of
 * tasks: words of its own stay, what only git knows is added, and its count of the tasks
 * gives way to the one that commits have shown.
 */
static void
where_sources_disagree_the_progress_file_and_then_git_win_r158(void **state)
{
	static const char file[] =
	    "# Mine\n\n## Completed Tasks\n\n- 1. told my way (commit abc1234, 9 min)\n"
	    "- 2. git has lost it (commit 0123abc, 1 min)\n\n"
	    "## Current Task\n\nthe hard part\n";
	static const char counted[] =
	    "{\"taskIndex\":3,\"totalTasks\":9,\"taskIteration\":1,\"replanCount\":0}";
	bool damaged = true;
	AUTO_FREE char *text = NULL, *own = NULL, *done = NULL, *doing = NULL;

	(void)state;
	fields_set(&facts, "completed",
	    "- 1. first (commit abc1234, 3 min)\n- 3. by git (commit def5678, 1 min)\n");
	fields_set(&facts, "doing", "what the list of tasks says");
	text = progress_text(file, &facts);
	done = progress_section(text, "Completed Tasks");
	assert_string_equal(done, "- 1. told my way (commit abc1234, 9 min)\n"
				  "- 2. git has lost it (commit 0123abc, 1 min)\n"
				  "- 3. by git (commit def5678, 1 min)");
	doing = progress_section(text, "Current Task");
	assert_string_equal(doing, "the hard part");
	fields_set_number(&facts, "loop_tasks", 3);
	fields_set_number(&facts, "loop_done", 1);
	fields_set_number(&facts, "loop_tries", 2);
	fields_set_number(&facts, "loop_replans", 1);
	own = progress_state(counted, &facts, &damaged);
	assert_int_equal(progress_state_number(own, "taskIndex", -1), 1);
	assert_int_equal(progress_state_number(own, "totalTasks", -1), 3);
	assert_int_equal(progress_state_number(own, "taskIteration", -1), 2);
	assert_int_equal(progress_state_number(own, "replanCount", -1), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_new_progress_file_has_all_sections),
		T(what_the_agent_wrote_stays_and_lists_only_grow),
		T(the_same_facts_give_the_same_file),
		T(a_state_file_has_every_field),
		T(the_agents_counters_and_members_stay),
		T(what_is_no_state_is_damaged),
		T(links_and_pipes_are_neither_read_nor_written_through),
		T(a_file_that_is_too_large_or_no_text_is_kept_aside),
		T(only_notes_that_say_something_are_told),
		T(where_sources_disagree_the_progress_file_and_then_git_win_r158),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
