/* What an interrupted turn left running is ended, and its agent is not (issue 5, item 10). */
#include "run_util.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* `setsid -f` leaves a command as agents do: in a session of its own, and orphaned. */
static const char with_helper[] =
    "setsid -f sh -c 'echo $$ > command; exec sleep 1000'\n"
    "setsid -f sh -c 'sleep 1000 & echo $! > child; wait'\n"
    "sleep 1000 & echo $! > helper\n"
    "echo $$ > pid; read x";
static const char with_stubborn[] =
    "setsid -f sh -c 'trap \"\" TERM; echo $$ > stubborn; while :; do sleep 1000; done'\n"
    "read x\n"
    "setsid -f sh -c 'echo $$ > later; exec sleep 1000'\n"
    "read x";
static const char in_namespace[] =
    "setsid -f sh -c 'trap \"\" TERM; echo $$ > stubborn; while :; do sleep 1000; done'\n"
    "while [ ! -s stubborn ]; do sleep 0.02; done; tool=$(cat stubborn)\n"
    "while kill -0 $tool 2>/dev/null; do sleep 0.02; done\n"
    "echo yes > alone";

static void
commands_end_and_the_agent_with_its_helper_lives(void **state)
{
	struct run_box *box = box_new(with_helper);
	struct proc_id agent, helper, command, child;

	(void)state;
	box->spec.grace_ms = 60000;
	box_start(box);
	agent = box_process(box, "pid");
	helper = box_process(box, "helper");
	command = box_process(box, "command");
	child = box_process(box, "child");
	box_tell(box, RUN_ORDER_SWEEP);
	box_await_gone(&command);
	box_await_gone(&child);
	assert_true(proc_is_alive(&agent));
	assert_true(proc_is_alive(&helper));
	box_tell(box, RUN_ORDER_SWEEP); /* nothing is left: nothing is done */
	assert_true(proc_is_alive(&helper));
	box_tell(box, RUN_ORDER_EOF);
	assert_string_equal(box_end(box).reason, "exited");
	box_free(box);
}

static void
who_ignores_the_word_is_killed_and_not_what_came_later(void **state)
{
	struct run_box *box = box_new(with_stubborn);
	struct proc_id stubborn, later;
	struct err err;

	(void)state;
	box->spec.grace_ms = 500;
	box_start(box);
	stubborn = box_process(box, "stubborn");
	box_tell(box, RUN_ORDER_SWEEP);
	assert_int_equal(box_send(box, "k", "{}", &err), 0);
	later = box_process(box, "later");
	box_await_gone(&stubborn);
	assert_true(proc_is_alive(&later));
	box_tell(box, RUN_ORDER_EOF);
	assert_string_equal(box_end(box).reason, "exited");
	assert_false(proc_is_alive(&later));
	box_free(box);
}

/* Where it has a PID namespace, the first process in there is in a session of its own, too. */
static void
a_namespace_outlives_the_commands_in_it(void **state)
{
	struct run_box *box = box_new(in_namespace);
	AUTO_FREE char *stubborn = path_join(box->top, "stubborn");
	AUTO_FREE char *alone = path_join(box->top, "alone");

	(void)state;
	box->spec.grace_ms = 50;
	box->spec.watch_only = 1;
	box->spec.own_pids = 1;
	box_start(box);
	box_await_text(stubborn, "\n");
	box_tell(box, RUN_ORDER_SWEEP);
	box_await_text(alone, "yes");
	assert_string_equal(box_end(box).reason, "exited");
	box_free(box);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)
	const struct CMUnitTest tests[] = {
		TEST(commands_end_and_the_agent_with_its_helper_lives),
		TEST(who_ignores_the_word_is_killed_and_not_what_came_later),
		TEST(a_namespace_outlives_the_commands_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
