/* A job process: its answer, and the commands of a person that it waits for. */
#include "engine/job.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "engine/job_fence.h"
#include "engine/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;

static int
setup(void **state)
{
	char name[] = "/tmp/divisi-job-XXXXXX";

	if (!mkdtemp(name))
		return -1;
	dir = xstrdup(name);
	return 0;
}

static int
teardown(void **state)
{
	int rc = file_remove_tree(dir, NULL);

	free(dir);
	return rc;
}

#define JOB_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static char *
in_dir(const char *name)
{
	AUTO_FREE char *path = path_join(dir, name);

	return file_read(path, 1 << 20, NULL, NULL);
}

static void
await_gone(pid_t pid)
{
	struct proc_id id;

	for (int ms = 0; proc_identify(pid, &id, NULL) == 0 && proc_is_alive(&id);
	     ms++) {
		if (ms > 10000)
			fail_msg("process %d lives on", (int)pid);
		(void)poll(NULL, 0, 1);
	}
}

/* COMMAND in WHERE, held without a fence; the caller frees *TAIL. */
static int
unfenced(const char *command, const char *where, long ms, char **tail, struct err *err)
{
	AUTO_FREE char *home = path_join(dir, "home");
	const struct job_fence off = { .hold = getenv("DIVISI_TEST_HOLD"),
		.home = home,
		.session = "p1.1.1A",
		.grants = "" };

	assert_int_equal(file_mkdirs(home, 0700, NULL), 0);
	return job_shell(command, where, &off, ms, tail, err);
}

/* ---- commands ------------------------------------------------------------------------------ */

static void
a_command_gives_its_status_and_what_it_said(void **state)
{
	static const struct {
		const char *command;
		int status;
		const char *said;
	} table[] = {
		{ "true", 0, "" },
		{ "exit 3", 3, "" },
		{ "echo out; echo err >&2; false", 1, "out\nerr\n" },
		{ "kill -9 $$", 137, "" },
		{ "no-such-program-at-all 2>/dev/null", 127, "" },
		{ "cat", 0, "" }, /* nothing to read, and nobody to ask */
		{ "echo \"$0 $#\"", 0, "/bin/sh 0\n" },
		{ "printf 'two\\nlines'; # and a comment", 0, "two\nlines" },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		AUTO_FREE char *tail = NULL;
		struct err err = ERR_INIT;
		int status = unfenced(table[i].command, dir, 10000, &tail, &err);

		if (status != table[i].status || strcmp(tail, table[i].said) != 0)
			fail_msg("%s: %d and '%s' (%s)", table[i].command, status, tail,
			    err.text);
	}
}

static void
a_command_runs_where_it_is_told(void **state)
{
	AUTO_FREE char *tail = NULL, *want = xasprintf("%s\n", dir);
	struct err err = ERR_INIT;

	assert_int_equal(unfenced("pwd", dir, 10000, &tail, &err), 0);
	assert_string_equal(tail, want);
	assert_int_equal(unfenced("pwd", "/no/such/dir", 10000, &tail, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* The end says why it failed; a flood before it costs nothing. */
static void
of_much_output_the_end_is_kept(void **state)
{
	AUTO_FREE char *tail = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(
	    unfenced("head -c 3000000 /dev/zero | tr '\\0' x; echo THE END; exit 1",
		dir, 10000, &tail, &err),
	    1);
	assert_true(strlen(tail) < 10000);
	assert_string_equal(tail + strlen(tail) - 9, "xTHE END\n");
}

/* A test suite that leaves a server behind is over when it is over. */
static void
what_a_command_leaves_running_does_not_hold_it_up(void **state)
{
	AUTO_FREE char *tail = NULL, *pid = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(
	    unfenced("sleep 300 & echo $! >pid; echo done", dir, 20000, &tail, &err),
	    0);
	assert_string_equal(tail, "done\n");
	pid = in_dir("pid");
	await_gone((pid_t)strtol(pid, NULL, 10));
}

static void
a_command_that_closes_its_output_is_waited_for(void **state)
{
	AUTO_FREE char *tail = NULL, *text = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(
	    unfenced("exec >&- 2>&-; read x <fifo 2>/dev/null; echo late >late; exit 7",
		dir, 10000, &tail, &err),
	    7);
	text = in_dir("late");
	assert_string_equal(text, "late\n");
}

static void
a_command_that_takes_too_long_is_ended_with_all_it_started(void **state)
{
	AUTO_FREE char *tail = NULL, *pid = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(unfenced("(sleep 300; true) & echo $! >pid; exec >&-; wait",
			     dir, 300, &tail, &err),
	    -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	pid = in_dir("pid");
	await_gone((pid_t)strtol(pid, NULL, 10));
}

/* The server is gone and its successor verifies in the same directory: not both at once. */
static void
a_job_that_is_told_to_end_takes_its_command_along(void **state)
{
	AUTO_FREE char *pid = NULL;
	pid_t job = fork();
	int status;

	assert_true(job >= 0);
	if (job == 0) {
		char *tail = NULL;
		struct err err = ERR_INIT;

		_exit(unfenced("sleep 300 & echo $! >part; mv part pid; wait", dir,
		    60000, &tail, &err));
	}
	for (int ms = 0; !(pid = in_dir("pid")); ms++) {
		assert_true(ms < 10000);
		(void)poll(NULL, 0, 1);
	}
	assert_int_equal(kill(job, SIGTERM), 0);
	assert_int_equal(waitpid(job, &status, 0), job);
	await_gone((pid_t)strtol(pid, NULL, 10));
}

/* A server that was started from a git hook must not make verify look elsewhere. */
static void
a_command_sees_the_repository_it_runs_in(void **state)
{
	AUTO_FREE char *tail = NULL;
	struct err err = ERR_INIT;

	setenv("GIT_DIR", "/elsewhere", 1);
	setenv("KEPT", "yes", 1);
	assert_int_equal(
	    unfenced("echo \"${GIT_DIR-none} $KEPT\"", dir, 10000, &tail, &err), 0);
	unsetenv("GIT_DIR");
	unsetenv("KEPT");
	assert_string_equal(tail, "none yes\n");
}

/* ---- behind a fence ------------------------------------------------------------------------- */

/* A fence of a session whose table has GRANTS; its home is in the test's directory. */
static void
fence_make(struct fields *in, struct job_fence *fence, const char *grants)
{
	AUTO_FREE char *home = path_join(dir, "home");

	if (landlock_abi() == 0)
		skip();
	assert_int_equal(file_mkdirs(home, 0700, NULL), 0);
	fields_set(in, "home", home);
	fields_set(in, "hold", getenv("DIVISI_TEST_HOLD"));
	fields_set(in, "session", "p1.1.1A");
	fields_set(in, "fence", "worktree");
	fields_set(in, "grants", grants);
	job_fence_read(in, fence);
}

/* COMMAND in DIR/tree behind the fence of GRANTS; the caller frees *TAIL. */
static int
fenced(const char *grants, const char *command, long ms, char **tail, struct err *err)
{
	AUTO_FREE char *tree = path_join(dir, "tree");
	struct fields in = { 0 };
	struct job_fence fence;
	int status;

	assert_int_equal(file_mkdirs(tree, 0700, NULL), 0);
	fence_make(&in, &fence, grants);
	status = job_shell(command, tree, &fence, ms, tail, err);
	fields_clear(&in);
	return status;
}

static void
a_fenced_command_gives_its_status_and_what_it_said(void **state)
{
	static const struct {
		const char *command;
		int status;
		const char *said;
	} table[] = {
		{ "true", 0, "" },
		{ "exit 3", 3, "" },
		{ "echo out; echo err >&2; false", 1, "out\nerr\n" },
		{ "kill -9 $$", 137, "" },
		{ "cat", 0, "" },
		{ "echo made >here; cat here", 0, "made\n" },
		{ "echo made >$TMPDIR/here; cat $TMPDIR/here", 0, "made\n" },
		{ "mkdir -p $CCACHE_DIR/x && echo $PIP_CACHE_DIR | grep -o home/state",
		    0, "home/state\n" },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		AUTO_FREE char *tail = NULL;
		struct err err = ERR_INIT;
		int status = fenced("", table[i].command, 20000, &tail, &err);

		if (status != table[i].status || strcmp(tail, table[i].said) != 0)
			fail_msg("%s: %d and '%s' (%s)", table[i].command, status,
			    tail ? tail : "", err.text);
	}
}

/* The tests that an agent wrote are run by us: not with our rights (CONTRACTS 8). */
static void
a_fenced_command_changes_nothing_outside(void **state)
{
	AUTO_FREE char *kept = path_join(dir, "kept");
	AUTO_FREE char *victim = xasprintf("kill -9 %d", (int)getpid());
	const char *const tries[] = { "echo x >../kept", "rm ../kept", "mv ../kept x",
		"chmod 777 ../kept", "ln ../kept x && echo x >x", "echo x >../new",
		"mkdir ../home/new", "echo x >../home/sock", "touch ../kept", victim };

	assert_int_equal(file_write_atomic(kept, "kept", 4, 0600, NULL), 0);
	for (size_t i = 0; i < N_ELEMS(tries); i++) {
		AUTO_FREE char *tail = NULL, *text = NULL;
		struct err err = ERR_INIT;

		if (fenced("", tries[i], 20000, &tail, &err) <= 0)
			fail_msg("%s succeeded: %s", tries[i], err.text);
		text = in_dir("kept");
		assert_string_equal(text, "kept");
		assert_null(in_dir("new"));
	}
}

static void
what_the_fence_refused_is_told_with_how_to_allow_it(void **state)
{
	AUTO_FREE char *tail = NULL, *again = NULL;
	AUTO_FREE char *grants = xasprintf("port 1\ncommands-write %s/out", dir);
	AUTO_FREE char *out = path_join(dir, "out");
	struct err err = ERR_INIT;

	assert_int_equal(file_mkdirs(out, 0700, NULL), 0);
	assert_int_equal(fenced("", "mkdir ../out/x", 20000, &tail, &err), 1);
	assert_non_null(strstr(tail, "the fence refused /"));
	assert_non_null(strstr(tail, "divisi.fence.commands.write"));
	assert_int_equal(fenced(grants, "mkdir ../out/x", 20000, &again, &err), 0);
	assert_string_equal(again, "");
}

static void
commands_off_takes_the_fence_away(void **state)
{
	AUTO_FREE char *tail = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(
	    fenced("write /srv\ncommands off", "echo x >../out", 20000, &tail, &err),
	    0);
}

/* A holder whose job was killed still writes its end record. */
static void
await_no_holder(void)
{
	AUTO_FREE char *runs = xasprintf("%s/home/state/p1.1.1A/commands", dir);
	DIR *d = opendir(runs);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		AUTO_FREE char *run = xasprintf("%s/%s/run", runs, e->d_name);

		for (int ms = 0; file_is_dir(run); ms++) {
			AUTO_FD int lock = -1;

			if (rundir_probe(run, &lock, NULL) == RUN_ENDED)
				break;
			assert_true(ms < 20000);
			(void)poll(NULL, 0, 1);
		}
	}
	closedir(d);
}

static void
a_fenced_command_that_takes_too_long_is_ended_with_all_it_started(void **state)
{
	AUTO_FREE char *tail = NULL, *pid = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(
	    fenced("", "setsid sleep 300 & echo $! >pid; wait", 1000, &tail, &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	pid = in_dir("tree/pid");
	await_gone((pid_t)strtol(pid, NULL, 10));
}

/* As it is told to end by a server that ends, and when it is killed. */
static void
a_fenced_command_ends_with_its_job(void **state)
{
	const int signals[] = { SIGTERM, SIGKILL };

	for (size_t i = 0; i < N_ELEMS(signals); i++) {
		AUTO_FREE char *pid = NULL, *path = path_join(dir, "tree/pid");
		pid_t job;
		int status;

		if (landlock_abi() == 0)
			skip();
		(void)unlink(path);
		job = fork();
		assert_true(job >= 0);
		if (job == 0) {
			char *tail = NULL;
			struct err err = ERR_INIT;

			_exit(fenced("",
			    "setsid sleep 300 & echo $! >part; mv part pid; wait",
			    60000, &tail, &err));
		}
		for (int ms = 0; !(pid = in_dir("tree/pid")); ms++) {
			assert_true(ms < 20000);
			(void)poll(NULL, 0, 1);
		}
		assert_int_equal(kill(job, signals[i]), 0);
		assert_int_equal(waitpid(job, &status, 0), job);
		await_gone((pid_t)strtol(pid, NULL, 10));
		await_no_holder();
	}
}

/* ---- the process ----------------------------------------------------------------------------- */

/* What `divisi job KIND` answers to INPUT. */
static int
answer(const char *kind, const char *input, struct fields *out, struct err *err)
{
	AUTO_FREE char *in_path = path_join(dir, "in"),
		       *out_path = path_join(dir, "out");
	AUTO_FREE char *text = NULL;
	int status;
	pid_t pid;

	assert_int_equal(
	    file_write_atomic(in_path, input, strlen(input), 0600, err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!freopen(in_path, "r", stdin) || !freopen(out_path, "w", stdout))
			_exit(99);
		_exit(job_main(kind));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	text = file_read(out_path, 1 << 20, NULL, err);
	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_int_equal(fields_of_json(out, text, err), 0);
	return status;
}

static void
a_job_answers_with_its_error(void **state)
{
	static const struct {
		const char *kind, *input;
		enum err_kind want;
	} table[] = {
		{ "teleport", "{}", ERR_USAGE },
		{ "", "{}", ERR_USAGE },
		{ "inspect", "", ERR_INPUT },
		{ "inspect", "[1]", ERR_INPUT },
		{ "inspect", "{\"top\":", ERR_INPUT },
		{ "land", "{}", ERR_NOT_FOUND },
		{ "diff", "{\"top\":\"/no/such/dir\"}", ERR_NOT_FOUND },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct fields out = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(answer(table[i].kind, table[i].input, &out, &err), 0);
		assert_true(fields_get_err(&out, &err));
		if (err.kind != table[i].want && table[i].want != ERR_NOT_FOUND)
			fail_msg("job %s of %s: %s: %s", table[i].kind, table[i].input,
			    err_kind_name(err.kind), err.text);
		assert_true(err.text[0] != '\0');
		fields_clear(&out);
	}
}

static void
a_job_reads_all_of_a_large_input(void **state)
{
	const size_t n = (size_t)3 << 20;
	AUTO_FREE char *big = xmalloc(n + 1), *input = NULL;
	AUTO_FREE char *home = path_join(dir, "home");
	struct fields out = { 0 };
	struct err err = ERR_INIT;

	memset(big, 'x', n);
	big[n] = '\0';
	assert_int_equal(file_mkdirs(home, 0700, NULL), 0);
	input = xasprintf("{\"big\":\"%s\",\"command\":\"exit 5\",\"path\":\"%s\","
			  "\"home\":\"%s\",\"hold\":\"%s\",\"session\":\"p1.1.1A\"}",
	    big, dir, home, getenv("DIVISI_TEST_HOLD"));
	assert_int_equal(answer("setup", input, &out, &err), 0);
	assert_true(fields_get_err(&out, &err));
	assert_non_null(strstr(err.text, "failed with 5"));
	fields_clear(&out);
}

/* ---- statuses in the plan file ------------------------------------------------------------- */

static const char plan_text[] =
    "# Master Plan: Try it\n\n**Parent issue:** [T-100: Try it](local:T-100)\n"
    "**Date:** 2026-11-22\n\n## Phase Map\n\n"
    "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
    "|-------|--------|-------|-------|--------------|--------|\n"
    "| 1A | [T-11](local:T-11) | Work | 1 | None | Todo |\n\n### 1A: Work\n\n"
    "- Issue: [T-11: Work](local:T-11)\n- Mode: quick\n- Tasks:\n  1. Work\n\n"
    "## Session Registry\n\n"
    "| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
    "|---|---|---|---|---|---|---|\n";

/* Writes STATUS of 1A back into the file PATH; KNOWN is the text that the journal has. */
static void
write_back(const char *path, const char *known, const char *status, bool again,
    struct fields *out, struct err *err)
{
	struct fields in = { 0 };
	char sha[HASH_HEX_SIZE];

	hash_sha256(known, strlen(known), sha);
	fields_set(&in, "plan_path", path);
	fields_set(&in, "plan_text", known);
	fields_set(&in, "plan_sha", sha);
	fields_set_number(&in, "again", again);
	fields_set_number(&in, "n_sessions", status[0] != '\0');
	fields_set(&in, "s0.phase", "1A");
	fields_set(&in, "s0.issue", "T-11");
	fields_set(&in, "s0.session", "1/S-A");
	fields_set(&in, "s0.status", status);
	fields_clear(out);
	*err = (struct err)ERR_INIT;
	(void)job_write_back(&in, out, err);
	fields_clear(&in);
}

/* Whatever hash the job tells, the journal can have the text of. */
static void
statuses_written_before_a_death_are_known_after_it(void **state)
{
	AUTO_FREE char *path = path_join(dir, "plan.md");
	AUTO_FREE char *active = NULL;
	AUTO_FREE char *done = NULL;
	struct fields out = { 0 };
	struct err err;
	char sha[HASH_HEX_SIZE];

	assert_int_equal(
	    file_write_atomic(path, plan_text, strlen(plan_text), 0644, &err), 0);
	write_back(path, plan_text, "Active", false, &out, &err);
	active = in_dir("plan.md");
	assert_non_null(strstr(active, "| Active |"));
	assert_string_equal(fields_text(&out, "plan_text"), active);

	/* Killed before that was told: the same again, and again with more to tell. */
	write_back(path, plan_text, "Active", true, &out, &err);
	hash_sha256(active, strlen(active), sha);
	assert_int_equal(err.kind, ERR_NONE);
	assert_string_equal(fields_text(&out, "sha256"), sha);
	assert_string_equal(fields_text(&out, "plan_text"), active);
	write_back(path, plan_text, "Done", true, &out, &err);
	assert_int_equal(err.kind, ERR_NONE);
	done = in_dir("plan.md");
	assert_non_null(strstr(done, "| Done "));
	assert_string_equal(fields_text(&out, "plan_text"), done);
	fields_clear(&out);
}

static void
a_plan_that_somebody_edits_is_theirs(void **state)
{
	AUTO_FREE char *path = path_join(dir, "plan.md");
	AUTO_FREE char *active = NULL;
	AUTO_FREE char *edited = NULL;
	struct fields out = { 0 };
	struct err err;

	assert_int_equal(
	    file_write_atomic(path, plan_text, strlen(plan_text), 0644, &err), 0);
	write_back(path, plan_text, "Active", false, &out, &err);
	active = in_dir("plan.md");
	edited = xasprintf("%s\nA word more.\n", active);
	assert_int_equal(
	    file_write_atomic(path, edited, strlen(edited), 0644, &err), 0);
	for (int again = 0; again < 2; again++) {
		AUTO_FREE char *now = NULL;

		write_back(path, active, "Done", again, &out, &err);
		assert_int_equal(err.kind, ERR_CONFLICT);
		assert_string_equal(fields_text(&out, "sha256"), "");
		/* With nothing to write there is nothing to complain about, or to take. */
		write_back(path, active, "Active", again, &out, &err);
		assert_int_equal(err.kind, ERR_NONE);
		assert_string_equal(fields_text(&out, "sha256"), "");
		now = in_dir("plan.md");
		assert_string_equal(now, edited);
	}
	fields_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		JOB_TEST(a_command_gives_its_status_and_what_it_said),
		JOB_TEST(a_command_runs_where_it_is_told),
		JOB_TEST(of_much_output_the_end_is_kept),
		JOB_TEST(what_a_command_leaves_running_does_not_hold_it_up),
		JOB_TEST(a_command_that_closes_its_output_is_waited_for),
		JOB_TEST(a_command_that_takes_too_long_is_ended_with_all_it_started),
		JOB_TEST(a_job_that_is_told_to_end_takes_its_command_along),
		JOB_TEST(a_command_sees_the_repository_it_runs_in),
		JOB_TEST(a_fenced_command_gives_its_status_and_what_it_said),
		JOB_TEST(a_fenced_command_changes_nothing_outside),
		JOB_TEST(what_the_fence_refused_is_told_with_how_to_allow_it),
		JOB_TEST(commands_off_takes_the_fence_away),
		JOB_TEST(
		    a_fenced_command_that_takes_too_long_is_ended_with_all_it_started),
		JOB_TEST(a_fenced_command_ends_with_its_job),
		JOB_TEST(a_job_answers_with_its_error),
		JOB_TEST(a_job_reads_all_of_a_large_input),
		JOB_TEST(statuses_written_before_a_death_are_known_after_it),
		JOB_TEST(a_plan_that_somebody_edits_is_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
