/* Short-lived programs on the loop: HOUSE 5.7, 8 trap 3. */
#include "sys/child.h"

#include "base/mem.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

/* What a callback saw; the loop ends with it. */
struct seen {
	struct event_base *base;
	struct child_end end;
	char *out, *err_tail;
	int n_calls;
	bool frees; /* free the child inside the callback */
};

static void
on_done(struct child *child, const struct child_end *end, void *arg)
{
	struct seen *seen = arg;

	if (seen->frees)
		child_free(child);
	seen->n_calls++;
	seen->end = *end;
	seen->out = xmalloc(end->n_out + 1);
	memcpy(seen->out, end->out, end->n_out + 1);
	seen->err_tail = xstrdup(end->err_tail);
	event_base_loopbreak(seen->base);
}

static void
on_too_late(int fd, short what, void *arg)
{
	fail_msg("the child does not end");
}

static void
seen_open(struct seen *seen)
{
	static const struct timeval limit = { 10, 0 };

	*seen = (struct seen){ .base = event_base_new() };
	event_base_once(seen->base, -1, EV_TIMEOUT, on_too_late, NULL, &limit);
}

static void
seen_close(struct seen *seen)
{
	free(seen->out);
	free(seen->err_tail);
	event_base_free(seen->base);
}

/* Runs `sh -c SCRIPT` with OPTS (its arg is set here) to its end. */
static void
run_script(struct seen *seen, const char *script, struct child_opts opts)
{
	AUTO_FREE char *text = xstrdup(script);
	char sh[] = "sh", c[] = "-c";
	char *arg[] = { sh, c, text, NULL };
	struct err err = ERR_INIT;
	struct child *child;

	opts.arg = arg;
	child = child_start(seen->base, &opts, on_done, seen, &err);
	if (!child)
		fail_msg("%s", err.text);
	assert_int_equal(seen->n_calls, 0);
	event_base_dispatch(seen->base);
	if (!seen->frees)
		child_free(child);
	assert_int_equal(seen->n_calls, 1);
}

static void
output_status_and_errors_are_collected(void **state)
{
	struct seen seen;
	char text[40];

	seen_open(&seen);
	run_script(&seen, "echo one; echo two >&2; exit 7", (struct child_opts){ 0 });
	assert_int_equal(seen.end.status, 7);
	assert_int_equal(seen.end.signal, 0);
	assert_string_equal(seen.out, "one\n");
	assert_string_equal(seen.err_tail, "two\n");
	assert_string_equal(
	    child_end_text(&seen.end, text, sizeof(text)), "exit status 7");
	seen_close(&seen);
}

static void
a_child_may_be_freed_in_its_callback(void **state)
{
	struct seen seen;

	seen_open(&seen);
	seen.frees = true;
	run_script(&seen, "echo one", (struct child_opts){ 0 });
	assert_string_equal(seen.out, "one\n");
	seen_close(&seen);
}

static void
a_signal_is_told_as_a_signal(void **state)
{
	struct seen seen;

	seen_open(&seen);
	run_script(&seen, "kill -TERM $$", (struct child_opts){ 0 });
	assert_int_equal(seen.end.status, -1);
	assert_int_equal(seen.end.signal, SIGTERM);
	seen_close(&seen);
}

static void
input_larger_than_a_pipe_arrives_and_ends(void **state)
{
	size_t n = 1024 * 1024;
	AUTO_FREE char *input = xmalloc(n);
	struct seen seen;

	memset(input, 'x', n);
	seen_open(&seen);
	run_script(&seen, "cat", (struct child_opts){ .input = input, .n_input = n });
	assert_int_equal(seen.end.n_out, n);
	assert_memory_equal(seen.out, input, n);
	seen_close(&seen);
}

static void
input_nobody_reads_does_no_harm(void **state)
{
	size_t n = 1024 * 1024;
	AUTO_FREE char *input = xcalloc(1, n);
	struct seen seen;

	seen_open(&seen);
	run_script(
	    &seen, "exit 0", (struct child_opts){ .input = input, .n_input = n });
	assert_int_equal(seen.end.status, 0);
	seen_close(&seen);
}

static void
output_beyond_the_maximum_is_read_and_counted(void **state)
{
	struct seen seen;

	seen_open(&seen);
	run_script(&seen, "yes 0123456789 | head -c 1000000",
	    (struct child_opts){ .max_out_bytes = 1000 });
	assert_int_equal(seen.end.n_out, 1000);
	assert_int_equal(seen.end.size, 1000000);
	assert_int_equal(strlen(seen.out), 1000);
	seen_close(&seen);
}

static void
of_standard_error_the_end_is_kept(void **state)
{
	struct seen seen;

	seen_open(&seen);
	run_script(&seen, "yes 0123456789 | head -c 100000 >&2; echo last >&2",
	    (struct child_opts){ 0 });
	assert_int_equal(strlen(seen.err_tail), CHILD_TAIL_BYTES);
	assert_string_equal(seen.err_tail + CHILD_TAIL_BYTES - 5, "last\n");
	seen_close(&seen);
}

static void
both_outputs_can_be_joined(void **state)
{
	struct seen seen;

	seen_open(&seen);
	run_script(&seen, "echo one; echo two >&2; echo three",
	    (struct child_opts){ .join_err = true });
	assert_string_equal(seen.out, "one\ntwo\nthree\n");
	assert_string_equal(seen.err_tail, "");
	seen_close(&seen);
}

static void
a_time_limit_kills_the_whole_tree(void **state)
{
	struct proc_id id;
	struct seen seen;

	/* The grandchild has a session of its own and keeps the output open. */
	seen_open(&seen);
	run_script(&seen,
	    "trap '' TERM INT; setsid sh -c 'echo $$; exec sleep 1000' & wait",
	    (struct child_opts){ .timeout_ms = 200 });
	assert_true(seen.end.timed_out);
	assert_int_equal(seen.end.signal, SIGKILL);
	/* A killed process may take a moment to be gone; it must not take long. */
	if (proc_identify((pid_t)strtol(seen.out, NULL, 10), &id, NULL) == 0) {
		for (int i = 0; i < 1000 && proc_is_alive(&id); i++)
			poll(NULL, 0, 5);
		assert_false(proc_is_alive(&id));
	}
	seen_close(&seen);
}

static void
a_grandchild_with_the_pipe_open_cannot_hold_the_end_up(void **state)
{
	struct seen seen;

	seen_open(&seen);
	run_script(&seen, "echo one; sleep 1000 & exit 4", (struct child_opts){ 0 });
	assert_int_equal(seen.end.status, 4);
	assert_false(seen.end.timed_out);
	assert_string_equal(seen.out, "one\n");
	seen_close(&seen);
}

static void
what_a_grandchild_writes_after_the_exit_is_kept(void **state)
{
	struct seen seen;
	char go[] = "/tmp/divisi-child-XXXXXX";

	assert_non_null(mkdtemp(go));
	seen_open(&seen);
	run_script(&seen,
	    "(while kill -0 $$ 2>/dev/null && [ \"$(cut -d' ' -f3 "
	    "/proc/$$/stat)\" != Z ]; do :; done; echo late) & exit 0",
	    (struct child_opts){ .cwd = go });
	assert_string_equal(seen.out, "late\n");
	seen_close(&seen);
	rmdir(go);
}

static void
a_program_or_directory_that_is_not_there_is_told_at_once(void **state)
{
	char name[] = "no-such-program", true_[] = "true";
	char *none[] = { name, NULL }, *good[] = { true_, NULL };
	struct child_opts opts = { .arg = none };
	struct seen seen;
	struct err err;

	seen_open(&seen);
	assert_null(child_start(seen.base, &opts, on_done, &seen, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_string_equal(
	    err.text, "start no-such-program: No such file or directory");
	opts = (struct child_opts){ .arg = good, .cwd = "/no/such/place" };
	assert_null(child_start(seen.base, &opts, on_done, &seen, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(seen.n_calls, 0);
	seen_close(&seen);
}

static void
a_text_file_is_not_handed_to_a_shell(void **state)
{
	char path[] = "/tmp/divisi-child-XXXXXX";
	char *arg[] = { path, NULL };
	struct child_opts opts = { .arg = arg };
	int fd = mkstemp(path);
	struct seen seen;
	struct err err;

	assert_int_equal(write(fd, "echo x\n", 7), 7);
	fchmod(fd, 0755);
	close(fd);
	seen_open(&seen);
	assert_null(child_start(seen.base, &opts, on_done, &seen, &err));
	assert_int_equal(err.sys_errno, ENOEXEC);
	unlink(path);
	seen_close(&seen);
}

static void
a_killed_child_still_reports_once(void **state)
{
	char name[] = "sleep", time[] = "1000";
	char *arg[] = { name, time, NULL };
	struct child_opts opts = { .arg = arg };
	struct child *child;
	struct seen seen;
	struct err err;

	seen_open(&seen);
	child = child_start(seen.base, &opts, on_done, &seen, &err);
	assert_non_null(child);
	child_kill(child);
	event_base_dispatch(seen.base);
	assert_int_equal(seen.n_calls, 1);
	assert_true(seen.end.was_killed);
	child_kill(child);
	child_free(child);
	seen_close(&seen);
}

static void
a_freed_child_is_dead_and_silent(void **state)
{
	char name[] = "sleep", time[] = "1000";
	char *arg[] = { name, time, NULL };
	struct child_opts opts = { .arg = arg };
	struct child *child;
	struct proc_id id;
	struct seen seen;
	struct err err;

	seen_open(&seen);
	child = child_start(seen.base, &opts, on_done, &seen, &err);
	assert_non_null(child);
	assert_int_equal(proc_identify(child_pid(child), &id, &err), 0);
	child_free(child);
	assert_false(proc_is_alive(&id));
	event_base_loop(seen.base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.n_calls, 0);
	child_free(NULL);
	seen_close(&seen);
}

static void
a_child_starts_clean_and_where_it_should(void **state)
{
	char entry[] = "ONLY=this", path[] = "PATH=/usr/bin:/bin";
	char *env[] = { entry, path, NULL };
	struct seen seen;
	int leak = open("/", O_RDONLY); /* not close-on-exec, on purpose */

	seen_open(&seen);
	run_script(&seen, "pwd; echo $ONLY; ls /proc/self/fd | wc -l",
	    (struct child_opts){ .env = env, .cwd = "/usr" });
	assert_string_equal(seen.out, "/usr\nthis\n4\n");
	close(leak);
	seen_close(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_status_and_errors_are_collected),
		cmocka_unit_test(a_child_may_be_freed_in_its_callback),
		cmocka_unit_test(a_signal_is_told_as_a_signal),
		cmocka_unit_test(input_larger_than_a_pipe_arrives_and_ends),
		cmocka_unit_test(input_nobody_reads_does_no_harm),
		cmocka_unit_test(output_beyond_the_maximum_is_read_and_counted),
		cmocka_unit_test(of_standard_error_the_end_is_kept),
		cmocka_unit_test(both_outputs_can_be_joined),
		cmocka_unit_test(a_time_limit_kills_the_whole_tree),
		cmocka_unit_test(
		    a_grandchild_with_the_pipe_open_cannot_hold_the_end_up),
		cmocka_unit_test(what_a_grandchild_writes_after_the_exit_is_kept),
		cmocka_unit_test(
		    a_program_or_directory_that_is_not_there_is_told_at_once),
		cmocka_unit_test(a_text_file_is_not_handed_to_a_shell),
		cmocka_unit_test(a_killed_child_still_reports_once),
		cmocka_unit_test(a_freed_child_is_dead_and_silent),
		cmocka_unit_test(a_child_starts_clean_and_where_it_should),
	};

	/* A directory we may not search would make EACCES of a program not found. */
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
