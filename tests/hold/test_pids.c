/*
 * The agent's own PID namespace, with real processes (issue "Every agent, for real", item 7).
 * Registered twice: as who builds, and as somebody without rights.  Where the kernel gives
 * neither such a namespace, the holder goes on without, which is tested as well.
 */
#include "run_util.h"

#include "base/file.h"
#include "base/mem.h"

#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534

/* A tool that leaves everything: its session, its parents, its standard streams. */
#define DETACHED                                                                \
	"setsid sh -c 'sh -c \"exec sleep 1000\" & echo $! > tool' >/dev/null " \
	"2>&1 </dev/null & wait; while [ ! -s tool ]; do :; done; "

static struct run_box *
box_in_namespace(const char *script)
{
	struct run_box *box = box_new(script);

	box->spec.watch_only = 1;
	box->spec.own_pids = 1;
	return box;
}

/* Does the kernel let us have one at all? */
static bool
is_possible(void)
{
	static int is = -1;
	struct run_box *box;

	if (is < 0) {
		box = box_in_namespace("exit 0");
		box_start(box);
		is = strcmp(box_end(box).tree, "namespace") == 0;
		box_free(box);
	}
	return is;
}

static struct run_box *
box_or_skip(const char *script)
{
	if (!is_possible())
		skip();
	return box_in_namespace(script);
}

static void
the_end_is_told_as_without_one(void **state)
{
	struct run_box *box = box_or_skip("echo said; echo err >&2; exit 7");
	AUTO_FREE char *out = NULL, *errors = NULL;
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "exited");
	assert_int_equal(end.status, 7);
	assert_int_equal(end.n_swept, 0);
	assert_int_equal(end.killed_at, 0);
	out = box_run_file(box, "out.ndjson");
	errors = box_run_file(box, "err.log");
	assert_string_equal(out, "said\n");
	assert_string_equal(errors, "err\n");
	box_free(box);
}

static void
a_detached_tool_dies_with_the_agent(void **state)
{
	struct run_box *box = box_or_skip(DETACHED);
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_int_equal(end.n_swept, 1);
	box_free(box);
}

/* The process below ID (outer numbers) whose command line has TEXT. */
static struct proc_id
find_below(pid_t top, const char *text)
{
	for (int i = 0; i < 20000; i++) {
		AUTO_FREE struct proc_id *ids = NULL;
		size_t n = proc_tree(top, &ids);

		for (size_t k = 0; k < n; k++) {
			char path[40], line[256] = "";
			FILE *f;

			snprintf(
			    path, sizeof(path), "/proc/%d/cmdline", (int)ids[k].pid);
			f = fopen(path, "re");
			if (f && fread(line, 1, sizeof(line) - 1, f) > 0 &&
			    strncmp(line, text, strlen(text)) == 0) {
				fclose(f);
				return ids[k];
			}
			if (f)
				fclose(f);
		}
		(void)usleep(1000);
	}
	fail_msg("no process %s below %d", text, (int)top);
	return (struct proc_id){ 0 };
}

static void
a_killed_holder_takes_a_detached_tool_with_it(void **state)
{
	/* Without a namespace only the agent itself would die at this moment. */
	struct run_box *box = box_or_skip(DETACHED "exec cat");
	struct proc_id tool;

	box_start(box);
	box_await_socket(box);
	tool = find_below(box->holder, "sleep");
	assert_int_equal(kill(box->holder, SIGKILL), 0);
	assert_int_equal(waitpid(box->holder, NULL, 0), box->holder);
	box->holder = 0;
	box_await_gone(&tool);
	box_free(box);
}

static void
what_forks_faster_than_anybody_looks_is_ended_at_once(void **state)
{
	/* Each child starts the next one in a session of its own and ends. */
	struct run_box *box = box_or_skip(
	    "cat > hop <<'E'\nsetsid sh ./hop >/dev/null 2>&1 </dev/null &\nE\n"
	    "sh ./hop; exit 0");
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "exited");
	assert_string_equal(end.text, "");
	box_free(box);
}

static void
its_proc_shows_its_own_processes_and_no_others(void **state)
{
	struct run_box *box = box_or_skip(
	    "cd /proc; [ -d \"$$\" ] && read name < $$/comm && "
	    "echo \"$name $$\"; cd /proc && for p in [0-9]*; do "
	    "read -r name < $p/comm && echo \"$name\"; done");
	AUTO_FREE char *out = NULL;

	box_start(box);
	assert_int_equal(box_end(box).status, 0);
	out = box_run_file(box, "out.ndjson");
	assert_string_equal(out, "sh 2\ndivisi-init\nsh\n");
	box_free(box);
}

static void
an_agent_that_ignores_signals_is_killed_in_there_too(void **state)
{
	struct run_box *box = box_or_skip(
	    "trap '' INT TERM; " DETACHED "while :; do sleep 1; done");
	struct run_end end;

	box_start(box);
	box_await_socket(box);
	(void)find_below(box->holder, "sleep");
	box_tell(box, RUN_ORDER_STOP);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.signal, SIGKILL);
	box_free(box);
}

static void
behind_the_fence_it_may_kill_its_own_and_nobody_else(void **state)
{
	struct run_box *box = box_or_skip(
	    "sleep 1000 & kill -0 $! && kill $! && echo own; "
	    "kill -9 $OTHER 2>/dev/null || echo nobody; kill -9 1; echo alive; "
	    "echo x > ../outside 2>/dev/null || echo kept; : > inside && echo works");
	AUTO_FREE char *other = xasprintf("%d", (int)getpid());
	AUTO_FREE char *out = NULL;

	box->spec.fence = xstrdup("worktree");
	run_spec_add_grant(&box->spec, "write", box->top);
	run_spec_add_grant(&box->spec, "keep", box->dir);
	run_spec_add_env(&box->spec, "OTHER", other);
	box_start(box);
	(void)box_end(box);
	out = box_run_file(box, "out.ndjson");
	assert_string_equal(out, "own\nnobody\nalive\nkept\nworks\n");
	box_free(box);
}

static void
a_run_without_the_wish_gets_none(void **state)
{
	struct run_box *box = box_new("echo $$");
	struct run_end end;

	box->spec.watch_only = 1;
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.tree, "sweep");
	box_free(box);
}

#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_end_is_told_as_without_one),
		TEST(a_detached_tool_dies_with_the_agent),
		TEST(a_killed_holder_takes_a_detached_tool_with_it),
		TEST(what_forks_faster_than_anybody_looks_is_ended_at_once),
		TEST(its_proc_shows_its_own_processes_and_no_others),
		TEST(an_agent_that_ignores_signals_is_killed_in_there_too),
		TEST(behind_the_fence_it_may_kill_its_own_and_nobody_else),
		TEST(a_run_without_the_wish_gets_none),
	};

	if (getenv("DIVISI_TEST_NOBODY") && geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		return 77;
	if (access(getenv("DIVISI_TEST_HOLD"), X_OK) < 0)
		return 77; /* built where only root may look */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
