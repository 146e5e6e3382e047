#include "stage.h"

#include "base/mem.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Names that a journal which is gone gave before: its runs are nobody's here. */

/* A run of the name that 1A will have, by a table called TABLE. */
static char *
leave_run(struct stage *st, const char *table)
{
	char *dir = run_dir(st->engine, "p1.1.1A.r1");
	struct run_spec spec = { .run = xstrdup("p1.1.1A.r1"),
		.table = xstrdup(table) };
	struct err err;

	run_spec_add_arg(&spec, "true");
	if (rundir_write_spec(dir, &spec, &err) < 0)
		fail_msg("%s", err.text);
	run_spec_clear(&spec);
	return dir;
}

/* Its holder lives, and is whoever this is. */
static pid_t
hold(const char *dir)
{
	struct run_begun begun = { .host = "here" };
	struct err err;
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	assert_int_equal(proc_identify(pid, &begun.holder, &err), 0);
	if (rundir_write_begun(dir, &begun, &err) < 0)
		fail_msg("%s", err.text);
	return pid;
}

/* Nobody has ended it. */
static void
still_lives(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_run_of_another_table_is_neither_followed_nor_started(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *dir = leave_run(st, "of-a-journal-that-is-gone");
	pid_t pid = hold(dir);

	stage_plan(st, "1A", "true");
	stage_approve(st);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "failed") == 0);
	assert_non_null(strstr(stage_session(st, "1A")->reason, "of another table"));
	assert_null(follower_find(st->engine, "p1.1.1A.r1"));
	assert_int_equal(stage_n_rows(st, "run-started"), 0);
	stage_matches_journal(st);
	/* Not even by who lets the session go on, in a run of its own. */
	HAPPENS(st, HAP_RESUMED, "session", "p1.1.1A");
	stage_settle(st);
	still_lives(pid);
}

static void
no_worktree_goes_from_under_an_agent_that_lives(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *dir = leave_run(st, "of-a-journal-that-is-gone");
	pid_t pid = hold(dir);

	stage_plan(st, "1A", "true");
	stage_settle(st);
	HAPPENS(st, HAP_BATCH_DECLINED, "batch", "p1/1", "reason", "no");
	STAGE_UNTIL(
	    st, strcmp(stage_act(st, "worktree-remove/p1.1.1A/v1"), "failed") == 0);
	assert_int_equal(stage_n_jobs(st, "worktree-remove"), 0);
	AUTO_FREE char *row = stage_row(st, "act-failed");
	assert_non_null(strstr(row, "p1.1.1A.r1 lives"));
	still_lives(pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_run_of_another_table_is_neither_followed_nor_started),
		STAGE_TEST(no_worktree_goes_from_under_an_agent_that_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
