#include "policy/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* SPEC 2.17: the loop of a session, by its tables. */

static void
a_signal_is_a_line_to_the_letter_r151(void **state)
{
	static const struct {
		const char *text;
		unsigned signals;
		int64_t left;
	} rows[] = {
		{ "TASK_COMPLETE", LOOP_COMPLETE, 0 },
		{ "It is done.\n\n  TASK_COMPLETE \r\n", LOOP_COMPLETE, 0 },
		{ "I will say TASK_COMPLETE when it is done", 0, 0 },
		{ "task_complete", 0, 0 },
		{ "Task_Complete", 0, 0 },
		{ "TASK_COMPLETE.", 0, 0 },
		{ "TASK_COMPLETED", 0, 0 },
		{ "- TASK_COMPLETE", 0, 0 },
		{ "```\nTASK_COMPLETE\n```\nnot yet", 0, 0 },
		{ "```\ncode\n```\nTASK_COMPLETE", LOOP_COMPLETE, 0 },
		{ "REPLAN", LOOP_REPLAN, 0 },
		{ "REPLAN\nTASK_COMPLETE", LOOP_REPLAN | LOOP_COMPLETE, 0 },
		{ "TASKS 3", 0, 3 },
		{ "TASKS 3 of them", 0, 0 },
		{ "TASKS 0", 0, 0 },
		{ "TASKS 1001", 0, 0 },
		{ "TASKS 99999999999999999999999", 0, 0 },
		{ "TASKS -1", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		int64_t left = 0;

		if (loop_signals(rows[i].text, &left) != rows[i].signals ||
		    left != rows[i].left)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
}

static void
pair_and_swarm_do_not_loop_r153(void **state)
{
	(void)state;
	for (int mode = 0; mode < EXEC_N_MODES; mode++)
		assert_int_equal(loop_mode((enum exec_mode)mode),
		    mode != EXEC_PAIR && mode != EXEC_SWARM);
}

/* Each turn of one session after the other, letters for what it said. */
static void
the_turns_count_as_the_method_has_them_r154_r156_r157(void **state)
{
	static const struct {
		const char *name;
		int tasks, max_turns, max_replans;
		const char
		    *turns; /* c proven, u unproven, r replan, b both, - nothing */
		const char *next; /* A dvances E nds R etries P lans B locked C apped */
		int done, tries, replans;
	} rows[] = {
		{ "each task once", 3, 50, 2, "ccc", "AAE", 3, 1, 0 },
		{ "one task", 1, 50, 2, "c", "E", 1, 1, 0 },
		{ "the fifth attempt is a person's", 2, 50, 2, "----", "RRRB", 0, 5,
		    0 },
		{ "what nothing shows is no end", 2, 50, 2, "u-uu", "RRRB", 0, 5, 0 },
		{ "advance starts anew", 2, 50, 2, "--c---c", "RRARRRE", 2, 1, 0 },
		{ "the cap of all", 9, 3, 2, "c-c", "ARC", 2, 1, 0 },
		{ "the cap amid a task", 9, 2, 2, "c-", "AC", 1, 1, 0 },
		{ "the last task ends at the cap, too", 2, 2, 2, "cc", "AE", 2, 1, 0 },
		{ "replan goes first", 3, 50, 2, "b", "P", 0, 1, 1 },
		{ "a third replan is not heard", 4, 50, 2, "rrr", "PPR", 0, 2, 2 },
		{ "nor one for the last task", 2, 50, 2, "cr", "AR", 1, 2, 0 },
		{ "nor any when there may be none", 3, 50, 0, "rb", "RA", 1, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct loop l = { .tasks = rows[i].tasks,
			.tries = 1,
			.max_tries = 5,
			.max_turns = rows[i].max_turns,
			.max_replans = rows[i].max_replans };

		for (size_t k = 0; rows[i].turns[k]; k++) {
			char c = rows[i].turns[k];
			unsigned signals = c == '-'   ? 0
					   : c == 'r' ? LOOP_REPLAN
					   : c == 'b' ? LOOP_REPLAN | LOOP_COMPLETE
						      : LOOP_COMPLETE;
			enum loop_next next = loop_turn(&l, signals, 0, c != 'u');

			if ("AERPBC"[next] != rows[i].next[k])
				fail_msg("%s: turn %zu is %c", rows[i].name, k + 1,
				    "AERPBC"[next]);
		}
		if (l.done != rows[i].done || l.tries != rows[i].tries ||
		    l.replans != rows[i].replans)
			fail_msg("%s: %d %d %d", rows[i].name, (int)l.done,
			    (int)l.tries, (int)l.replans);
	}
}

static void
a_new_plan_says_how_many_remain_r157(void **state)
{
	struct loop l = { .tasks = 5,
		.done = 2,
		.tries = 1,
		.max_tries = 5,
		.max_turns = 50,
		.max_replans = 2 };

	(void)state;
	assert_int_equal(loop_turn(&l, LOOP_REPLAN, 0, true), LOOP_REPLANS);
	assert_int_equal(loop_turn(&l, LOOP_COMPLETE, 2, true), LOOP_ADVANCES);
	assert_int_equal(l.tasks, 4);
	assert_int_equal(loop_turn(&l, LOOP_COMPLETE, 0, true), LOOP_ENDS);
}

static void
a_crash_is_a_try_and_the_last_one_ends_r156(void **state)
{
	struct loop l = { .tasks = 2, .tries = 1, .max_tries = 3 }, none = { 0 };

	(void)state;
	assert_true(loop_crashed(&l));
	assert_false(loop_crashed(&l));
	assert_false(loop_crashed(&l));
	assert_int_equal(l.tries, 3);
	assert_true(loop_crashed(&none));
}

static void
each_attempt_is_told_what_it_is_r156(void **state)
{
	static const char *const said[] = { NULL, NULL, "a different approach",
		"Two approaches have not", "the last attempt" };
	struct loop l = { .tasks = 3, .done = 1, .max_tries = 5 };

	(void)state;
	for (l.tries = 2; l.tries < 5; l.tries++) {
		char *text = loop_words(&l, LOOP_RETRIES, "");

		assert_non_null(strstr(text, "Task 2 of 3 is not done"));
		assert_non_null(strstr(text, said[l.tries]));
		free(text);
	}
	char *text = loop_words(&l, LOOP_ADVANCES, "");

	assert_non_null(strstr(text, "Go on with task 2, and with that one only"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_is_a_line_to_the_letter_r151),
		cmocka_unit_test(pair_and_swarm_do_not_loop_r153),
		cmocka_unit_test(the_turns_count_as_the_method_has_them_r154_r156_r157),
		cmocka_unit_test(a_new_plan_says_how_many_remain_r157),
		cmocka_unit_test(a_crash_is_a_try_and_the_last_one_ends_r156),
		cmocka_unit_test(each_attempt_is_told_what_it_is_r156),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
