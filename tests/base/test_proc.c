/* Process identity: CONTRACTS 1. */
#include "base/proc.h"

#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that waits to be killed; NAME is what ps shows.  It is running on return. */
static pid_t
start_child(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void
a_process_is_known_until_it_ends(void **state)
{
	pid_t pid = start_child("plain");
	struct proc_id id, other;
	struct err err;
	siginfo_t info;

	assert_int_equal(proc_identify(pid, &id, &err), 0);
	assert_int_equal(id.pid, pid);
	assert_true(proc_is_alive(&id));
	other = id;
	other.start_ticks++;
	assert_false(proc_is_alive(&other));
	other = id;
	other.boot_id[0] ^= 1;
	assert_false(proc_is_alive(&other));
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(proc_is_alive(&id)); /* a zombie */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(proc_is_alive(&id));
	assert_int_equal(proc_identify(pid, &id, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
a_name_full_of_traps_is_read_well(void **state)
{
	pid_t pid = start_child("a) R 1 (b ");
	struct proc_id id;

	assert_int_equal(proc_parent(pid), getpid());
	assert_int_equal(proc_identify(pid, &id, NULL), 0);
	assert_true(proc_is_alive(&id));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(proc_parent(pid), 0);
}

static void
an_identity_survives_its_text(void **state)
{
	struct proc_id id, got;
	char text[96];

	assert_int_equal(proc_identify(getpid(), &id, NULL), 0);
	proc_print(&id, text, sizeof(text));
	assert_true(proc_parse(text, &got));
	assert_memory_equal(&id, &got, sizeof(id));
	assert_true(proc_is_alive(&got));
}

static void
malformed_identities_are_refused(void **state)
{
	static const char *const bad[] = { "", "1", "1:2", "1:2:", ":2:b", "0:2:b",
		"-1:2:b", " 1:2:b", "1: 2:b", "1:-2:b", "1:2:b c", "1:2:b:d", "x:2:b",
		"1:2:0123456789012345678901234567890123456789" };
	struct proc_id id;

	for (size_t i = 0; i < N_ELEMS(bad); i++)
		assert_false(proc_parse(bad[i], &id));
}

static bool
has_pid(const struct proc_id *ids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i].pid == pid)
			return proc_is_alive(&ids[i]);
	}
	return false;
}

static void
a_tree_holds_what_is_below_and_nothing_else(void **state)
{
	AUTO_FREE struct proc_id *ids = NULL;
	AUTO_FREE struct proc_id *none = NULL;
	pid_t other = start_child("other");
	int up[2];
	pid_t child, grandchild;
	size_t n;

	assert_int_equal(pipe(up), 0);
	child = fork();
	if (child == 0) {
		grandchild = start_child("below");
		(void)!write(up[1], &grandchild, sizeof(grandchild));
		for (;;)
			pause();
	}
	assert_int_equal(read(up[0], &grandchild, sizeof(grandchild)), sizeof(pid_t));
	n = proc_tree(child, &ids);
	assert_int_equal(n, 1);
	assert_true(has_pid(ids, n, grandchild));
	free(ids);
	n = proc_tree(getpid(), &ids);
	assert_int_equal(n, 3);
	assert_true(has_pid(ids, n, child) && has_pid(ids, n, other));
	assert_int_equal(proc_tree(grandchild, &none), 0);
	assert_null(none);
	kill(grandchild, SIGKILL);
	kill(child, SIGKILL);
	kill(other, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(up[0]);
	close(up[1]);
}

static void
what_is_below_is_counted_with_its_memory_and_time(void **state)
{
	int ready[2], rest[2];
	struct proc_usage usage;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready) | pipe(rest), 0);
	assert_int_equal(proc_usage_below(getpid()).n, 0);
	child = fork();
	if (child == 0) {
		if (fork() == 0) {
			size_t n = 30 << 20;
			char *block = malloc(n);

			/* Until it has surely used more than one tick. */
			while (clock() < CLOCKS_PER_SEC / 20)
				for (size_t i = 0; block && i < n; i += 512)
					((volatile char *)block)[i]++;
			(void)!write(ready[1], "r", 1);
		}
		close(rest[1]);
		(void)!read(rest[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	usage = proc_usage_below(getpid());
	assert_int_equal(usage.n, 2);
	assert_true(usage.memory_bytes >= 30 << 20);
	assert_true(usage.memory_bytes < 300 << 20);
	assert_true(usage.cpu_ms >= 20);
	close(rest[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
	close(rest[0]);
}

static void
a_signal_reaches_that_very_process_only(void **state)
{
	pid_t pid = start_child("target");
	struct proc_id id, reused;
	int status;

	assert_int_equal(proc_identify(pid, &id, NULL), 0);
	reused = id;
	reused.start_ticks--;
	assert_false(proc_signal(&reused, SIGKILL));
	assert_true(proc_is_alive(&id));
	assert_true(proc_signal(&id, SIGTERM));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_false(proc_signal(&id, SIGTERM));
	reused.pid = 0;
	assert_false(proc_signal(&reused, SIGTERM));
}

/* `cat` with an environment of MARK behind PAD bytes, waiting for our end of a pipe. */
static pid_t
start_marked(const char *mark, size_t pad, int *fd)
{
	AUTO_FREE char *filler = xmalloc(pad + 3);
	char cat[] = "cat";
	char *arg[] = { cat, NULL };
	AUTO_FREE char *entry = xstrdup(mark);
	char *env[] = { filler, entry, NULL };
	int in[2], out[2];
	char byte = 0;
	pid_t pid;

	memcpy(filler, "P=", 2);
	memset(filler + 2, 'x', pad);
	filler[pad + 2] = '\0';
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		execve("/bin/cat", arg, env);
		_exit(127);
	}
	/* It echoes, so it is executed and its environment is the new one. */
	assert_int_equal(write(in[1], "x", 1), 1);
	assert_int_equal(read(out[0], &byte, 1), 1);
	close(in[0]);
	close(out[0]);
	close(out[1]);
	*fd = in[1];
	return pid;
}

static void
a_mark_is_matched_whole_wherever_it_stands(void **state)
{
	static const struct {
		const char *env;
		size_t pad;
		bool is_found;
	} rows[] = {
		{ "DIVISI_TEST_MARK=/a", 0, true },
		/* Across the boundary of every buffer. */
		{ "DIVISI_TEST_MARK=/a", 4085, true },
		{ "DIVISI_TEST_MARK=/a", 100000, true },
		{ "DIVISI_TEST_MARK=/ab", 0, false },
		{ "DIVISI_TEST_MARK=/", 0, false },
		{ "XDIVISI_TEST_MARK=/a", 0, false },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE struct proc_id *ids = NULL;
		int fd = -1;
		pid_t pid = start_marked(rows[i].env, rows[i].pad, &fd);
		size_t n = proc_marked("DIVISI_TEST_MARK=/a", &ids);

		assert_int_equal(has_pid(ids, n, pid), rows[i].is_found);
		close(fd);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void
a_process_has_the_name_the_kernel_knows(void **state)
{
	char name[16] = "";

	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_true(proc_is_named(getpid(), name));
	assert_false(proc_is_named(getpid(), "somebody"));
	assert_false(proc_is_named(0, name));
	assert_int_equal(prctl(PR_SET_NAME, "a name that is cut short"), 0);
	assert_true(proc_is_named(getpid(), "a name that is cut short"));
	assert_int_equal(prctl(PR_SET_NAME, name), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_known_until_it_ends),
		cmocka_unit_test(a_name_full_of_traps_is_read_well),
		cmocka_unit_test(an_identity_survives_its_text),
		cmocka_unit_test(malformed_identities_are_refused),
		cmocka_unit_test(a_tree_holds_what_is_below_and_nothing_else),
		cmocka_unit_test(what_is_below_is_counted_with_its_memory_and_time),
		cmocka_unit_test(a_signal_reaches_that_very_process_only),
		cmocka_unit_test(a_mark_is_matched_whole_wherever_it_stands),
		cmocka_unit_test(a_process_has_the_name_the_kernel_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
