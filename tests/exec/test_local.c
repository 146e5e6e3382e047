/* Starting holders that nobody waits for, and proving lost runs dead: CONTRACTS 1, 2. */
#include "base/file.h"
#include "base/mem.h"
#include "exec/exec.h"
#include "run_util.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *
holder_program(void)
{
	return getenv("DIVISI_TEST_HOLD");
}

static void
start(const struct run_box *box)
{
	struct err err = ERR_INIT;

	if (rundir_write_spec(box->dir, &box->spec, &err) < 0 ||
	    executor_local.start(box->dir, holder_program(), &err) < 0)
		fail_msg("%s", err.text);
}

static void
a_started_run_goes_to_its_end_without_us(void **state)
{
	struct run_box *box = box_new("echo hello");
	AUTO_FREE char *end_path = path_join(box->dir, "end.json");
	struct run_end end;
	struct err err;

	start(box);
	box_await_file(end_path);
	assert_int_equal(rundir_read_end(box->dir, &end, &err), 0);
	assert_string_equal(end.reason, "exited");
	assert_int_equal(end.out_bytes, 6);
	/* Detached: it is no child of ours, so there is nothing to reap. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	box_free(box);
}

static void
starting_twice_is_harmless(void **state)
{
	struct run_box *box = box_new("echo started >> starts; cat >/dev/null");
	AUTO_FREE char *starts = path_join(box->top, "starts");
	AUTO_FREE char *end_path = path_join(box->dir, "end.json");
	AUTO_FREE char *text = NULL;
	struct err err;

	start(box);
	assert_int_equal(executor_local.start(box->dir, holder_program(), &err), 0);
	box_await_text(starts, "started");
	assert_int_equal(run_tell(box->dir, RUN_ORDER_EOF, &err), 0);
	box_await_file(end_path);
	text = box_file(box, "starts");
	assert_string_equal(text, "started\n");
	box_free(box);
}

static void
a_holder_that_is_not_there_is_told(void **state)
{
	struct run_box *box = box_new("true");
	struct err err;

	assert_int_equal(executor_local.start(box->dir, holder_program(), &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	assert_int_equal(executor_local.start(box->dir, "/no/such/holder", &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	box_free(box);
}

/* kill -9 of the holder, seen dead. */
static void
kill_holder(const struct run_box *box)
{
	struct run_begun begun;
	struct err err;

	assert_int_equal(rundir_read_begun(box->dir, &begun, &err), 0);
	assert_true(proc_signal(&begun.holder, SIGKILL));
	box_await_gone(&begun.holder);
}

static void
what_a_killed_holder_leaves_is_found_and_killed(void **state)
{
	/* One in a session of its own, and one below it that threw its marks away. */
	struct run_box *box = box_new(
	    "setsid sh -c 'echo $$ > a; env -i setsid sh -c \"echo \\$\\$ > b;"
	    " exec sleep 1000\" & exec sleep 1000' & echo $$ > pid; exec cat");
	struct proc_id agent, a, b;
	int lock_fd;
	struct err err;

	start(box);
	agent = box_process(box, "pid");
	a = box_process(box, "a");
	b = box_process(box, "b");
	kill_holder(box);
	box_await_gone(&agent);
	assert_int_equal(rundir_probe(box->dir, &lock_fd, NULL), RUN_LOST);
	if (executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(proc_is_alive(&a));
	assert_false(proc_is_alive(&b));
	assert_int_equal(executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
	close(lock_fd);
	box_free(box);
}

/* In its own session, without environment and parents, as a daemon is: its mark is left. */
static void
a_sweep_finds_what_was_detached_and_cleaned(void **state)
{
	struct run_box *box = box_new(
	    "(env -i setsid /bin/sh -c '(echo $PPID >/dev/null; "
	    "exec /bin/sh -c \"echo \\$\\$ > d; mv d pid; "
	    "exec sleep 1000\") &' &); exec cat");
	struct proc_id daemon;
	struct err err;
	int lock_fd;

	start(box);
	daemon = box_process(box, "pid");
	kill_holder(box);
	assert_int_equal(rundir_probe(box->dir, &lock_fd, NULL), RUN_LOST);
	if (executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(proc_is_alive(&daemon));
	close(lock_fd);
	box_free(box);
}

static void
a_sweep_leaves_other_runs_alone(void **state)
{
	/* The same run name in another home: only the directory tells them apart. */
	struct run_box *lost = box_new("echo $$ > pid; exec cat");
	struct run_box *other = box_new("echo $$ > pid; exec cat");
	struct proc_id agent;
	int lock_fd;
	struct err err;

	start(lost);
	start(other);
	box_process(lost, "pid");
	agent = box_process(other, "pid");
	kill_holder(lost);
	assert_int_equal(rundir_probe(lost->dir, &lock_fd, NULL), RUN_LOST);
	assert_int_equal(executor_local.sweep(lost->dir, EXEC_SWEEP_MS, &err), 0);
	close(lock_fd);
	assert_true(proc_is_alive(&agent));
	kill_holder(other);
	box_free(lost);
	box_free(other);
}

/* CONTRACTS 1: pid, start time and boot id together; one of them alone means nobody. */
static void
who_got_a_pid_later_is_never_swept(void **state)
{
	struct run_box *box = box_new("true");
	struct run_begun begun = { 0 };
	pid_t stranger = fork();
	AUTO_FREE char *path = path_join(box->dir, "begun");
	struct err err;

	if (stranger == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	assert_int_equal(proc_identify(stranger, &begun.holder, &err), 0);
	begun.holder.start_ticks--;
	assert_int_equal(rundir_write_begun(box->dir, &begun, &err), 0);
	assert_int_equal(rundir_write_agent(box->dir, &begun.holder, &err), 0);
	assert_int_equal(executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
	begun.holder.start_ticks++;
	memset(begun.holder.boot_id, '0', 8);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rundir_write_begun(box->dir, &begun, &err), 0);
	assert_int_equal(rundir_write_agent(box->dir, &begun.holder, &err), 0);
	assert_int_equal(executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
	assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
	assert_int_equal(kill(stranger, SIGKILL), 0);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
	box_free(box);
}

static void
a_run_whose_directory_is_gone_is_swept_by_its_mark(void **state)
{
	struct run_box *box = box_new("echo $$ > pid; exec cat");
	struct proc_id agent;
	struct err err;

	start(box);
	agent = box_process(box, "pid");
	assert_int_equal(file_remove_tree(box->dir, NULL), 0);
	assert_true(executor_local.is_marked(box->dir));
	if (executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(proc_is_alive(&agent));
	assert_false(executor_local.is_marked(box->dir));
	box_free(box);
}

static void
a_begun_that_was_cut_short_can_be_swept(void **state)
{
	struct run_box *box = box_new("true");
	AUTO_FREE char *path = path_join(box->dir, "begun");
	struct proc_id begun = { .pid = 1 };
	int lock_fd;
	struct err err;

	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	assert_int_equal(file_write_atomic(path, "", 0, 0600, &err), 0);
	assert_int_equal(rundir_probe(box->dir, &lock_fd, &begun), RUN_LOST);
	assert_int_equal(begun.pid, 0);
	assert_int_equal(executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
	close(lock_fd);
	box_free(box);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)
	const struct CMUnitTest tests[] = {
		TEST(a_started_run_goes_to_its_end_without_us),
		TEST(starting_twice_is_harmless),
		TEST(a_holder_that_is_not_there_is_told),
		TEST(what_a_killed_holder_leaves_is_found_and_killed),
		TEST(a_sweep_finds_what_was_detached_and_cleaned),
		TEST(a_sweep_leaves_other_runs_alone),
		TEST(who_got_a_pid_later_is_never_swept),
		TEST(a_run_whose_directory_is_gone_is_swept_by_its_mark),
		TEST(a_begun_that_was_cut_short_can_be_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
