/*
 * What agents write becomes happenings: once, in order, and whatever breaks in between.
 * The test plays the holder, so that it decides what the files of a run say and when.
 */
#include "stage.h"

#include "agent/agent.h"
#include "base/rundir.h"
#include "fault_vfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int out_fd = -1, lock_fd = -1;

static int
setup(void **state)
{
	struct stage *st;

	if (stage_setup(state) < 0)
		return -1;
	st = *state;
	free(st->holder);
	st->holder = stage_path(st, "holder");
	stage_write(st, "holder", "#!/bin/sh\nexit 0\n");
	stage_restart(st);
	return 0;
}

static void
drop_fds(void)
{
	if (out_fd >= 0)
		close(out_fd);
	if (lock_fd >= 0)
		close(lock_fd);
	out_fd = lock_fd = -1;
}

static int
teardown(void **state)
{
	drop_fds();
	return stage_teardown(state);
}

#define RUN_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static char *
file_of(struct stage *st, const char *name)
{
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");

	return path_join(dir, name);
}

/* Session 1A launched, its run begun by us. */
static void
begin(struct stage *st)
{
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");
	AUTO_FREE char *out = file_of(st, "out.ndjson"), *lock = file_of(st, "lock");
	struct run_begun begun = { 0 };
	struct err err = ERR_INIT;

	stage_plan(st, "1A", "true");
	stage_approve(st);
	STAGE_UNTIL(st, follower_find(st->engine, "p1.1.1A.r1"));
	lock_fd = file_lock(lock, false, &err);
	assert_true(lock_fd >= 0);
	if (rundir_write_begun(dir, &begun, &err) < 0)
		fail_msg("%s", err.text);
	out_fd = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(out_fd >= 0);
}

static void
say_bytes(const void *data, size_t n)
{
	assert_int_equal(file_write_all(out_fd, data, n), 0);
}

static void
say(const char *text)
{
	say_bytes(text, strlen(text));
}

static int64_t
n_said(void)
{
	struct stat at;

	assert_int_equal(fstat(out_fd, &at), 0);
	return at.st_size;
}

static void
end(struct stage *st, const char *reason, int status)
{
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");
	struct run_end record = { .status = status };
	struct err err = ERR_INIT;

	snprintf(record.reason, sizeof(record.reason), "%s", reason);
	if (rundir_write_end(dir, &record, &err) < 0)
		fail_msg("%s", err.text);
	drop_fds();
}

static int64_t
offset(struct stage *st)
{
	return stage_session(st, "1A")->offset;
}

#define STARTED "{\"type\":\"started\"}\n"
#define DONE    "{\"type\":\"done\",\"summary\":\"made it\"}\n"

static void
lines_become_happenings_and_the_offset_is_journalled(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	assert_int_equal(offset(st), n_said());
	say("{\"type\":\"say\",\"text\":\"he");
	for (int i = 0; i < 20; i++)
		stage_turn(st, i, "twenty turns");
	assert_int_equal(stage_n_rows(st, "agent-activity"), 0);
	say("llo\"}\n");
	STAGE_UNTIL(st, stage_n_rows(st, "agent-activity") == 1);
	assert_string_equal(stage_session(st, "1A")->last_text, "hello");
	assert_int_equal(offset(st), n_said());
	stage_matches_journal(st);
}

/*
 * CONTRACTS 2: the offset is in the transaction of the events made of it.  Where a line
 * makes two, the first must not say that the line is read.
 */
static void
a_crash_between_two_events_of_a_line_loses_neither(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *first = NULL, *last = NULL, *want = NULL;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	first = stage_row(st, "agent-accepted");
	last = stage_row(st, "agent-confirmed");
	want = xasprintf("\"offset\":%lld", (long long)n_said());
	assert_non_null(strstr(first, "\"offset\":0"));
	assert_non_null(strstr(last, want));
}

static void
a_restart_reads_on_where_the_journal_is(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED "{\"type\":\"say\",\"text\":\"one\"}\n");
	STAGE_UNTIL(st, offset(st) == n_said());
	stage_restart(st);
	say("{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"question\",\"text\":\"may I?\"}\n");
	STAGE_UNTIL(st, stage_n_rows(st, "agent-asked") == 1);
	stage_restart(st);
	say("{\"type\":\"say\",\"text\":\"two\"}\n");
	STAGE_UNTIL(st, offset(st) == n_said());
	assert_int_equal(stage_n_rows(st, "agent-accepted"), 1);
	assert_int_equal(stage_n_rows(st, "agent-confirmed"), 1);
	assert_int_equal(stage_n_rows(st, "agent-asked"), 1);
	assert_int_equal(stage_n_rows(st, "agent-activity"), 2);
	assert_int_equal(stage_session(st, "1A")->n_asks, 1);
	stage_matches_journal(st);
}

/* CONTRACTS 2: a line above 16 MiB is told by its size, and what follows is read. */
static void
a_line_too_long_is_told_and_passed_over(void **state)
{
	struct stage *st = *state;
	const size_t n = (size_t)17 << 20;
	AUTO_FREE char *line = xmalloc(n);

	memset(line, 'x', n);
	begin(st);
	say("{\"type\":\"started\"}\n{\"type\":\"say\",\"text\":\"");
	say_bytes(line, n);
	say("\"}\n" DONE);
	STAGE_UNTIL(st, stage_n_rows(st, "agent-done") == 1);
	assert_string_equal(
	    stage_session(st, "1A")->last_text, "a line of 17825816 bytes was cut");
	assert_int_equal(offset(st), n_said());
	stage_matches_journal(st);
}

/* A stranger's program writes anything; the journal stays valid and nobody falls over. */
static void
rubbish_is_only_noted(void **state)
{
	static const char rubbish[] =
	    "\0\x01\xff\xfe{\n}\n[]\nnull\n\"x\"\n{\"type\":7}\n"
	    "{\"type\":\"ask\"}\n{\"type\":\"say\"}\n\n\r\n"
	    "{\"type\":\"say\",\"text\":\"\xc3\x28\"}\n"
	    "{\"type\":\"say\",\"text\":\"a\\u0000b\"}\n"
	    "{\"type\":\"usage\",\"cost_usd\":1e300}\n"
	    "{\"type\":\"usage\",\"input_tokens\":-5}\n"
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n";
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	say_bytes(rubbish, sizeof(rubbish) - 1);
	say(DONE);
	STAGE_UNTIL(st, stage_n_rows(st, "agent-done") == 1);
	assert_int_equal(offset(st), n_said());
	assert_int_equal(stage_session(st, "1A")->n_asks, 0);
	stage_matches_journal(st);
}

/* A chatty agent does not flood the journal: a burst is one row with the latest of it. */
static void
a_burst_is_one_row(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	for (int i = 0; i < 500; i++) {
		AUTO_FREE char *line = xasprintf(
		    "{\"type\":\"say\",\"text\":\"word %d\"}\n"
		    "{\"type\":\"usage\",\"cost_usd\":%d.5,\"context_pct\":%d}\n",
		    i, i, i % 101);

		say(line);
	}
	STAGE_UNTIL(st, offset(st) == n_said());
	assert_int_equal(stage_n_rows(st, "agent-activity"), 1);
	assert_string_equal(stage_session(st, "1A")->last_text, "word 499");
	assert_int_equal(stage_session(st, "1A")->cost, 49950);
	assert_int_equal(stage_session(st, "1A")->context_pct, 499 % 101);
}

/* What came before a question is told before it. */
static void
the_order_of_lines_is_kept(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *said = NULL, *asked = NULL;

	begin(st);
	say(STARTED
	    "{\"type\":\"say\",\"text\":\"before\"}\n"
	    "{\"type\":\"ask\",\"id\":\"1\",\"kind\":\"question\",\"text\":\"?\"}\n");
	STAGE_UNTIL(st, offset(st) == n_said());
	said = stage_row(st, "agent-activity");
	assert_non_null(strstr(said, "before"));
	assert_string_equal(stage_state(st, "1A"), "checkpoint");
	assert_string_equal(stage_session(st, "1A")->last_text, "before");
}

static void
long_words_are_cut_between_characters(void **state)
{
	struct stage *st = *state;
	const size_t n = (size_t)200 * 1024;
	AUTO_FREE char *text = xmalloc(n + 1), *line = NULL, *done = NULL;
	const struct session *s;

	for (size_t i = 0; i + 1 < n; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[n] = '\0';
	line = xasprintf("{\"type\":\"say\",\"text\":\"x%s\"}\n", text);
	done = xasprintf("{\"type\":\"done\",\"summary\":\"x%s\"}\n", text);
	begin(st);
	say(STARTED);
	say(line);
	say(done);
	STAGE_UNTIL(st, stage_n_rows(st, "agent-done") == 1);
	s = stage_session(st, "1A");
	assert_int_equal(strlen(s->last_text), 399);
	assert_true(strlen(s->summary) <= 64 * 1024);
	assert_int_equal(text_utf8_bad(s->last_text, strlen(s->last_text)), -1);
	assert_int_equal(text_utf8_bad(s->summary, strlen(s->summary)), -1);
}

/* "Any program": one that exits 0 after it started has reported its end. */
static void
the_end_is_told_after_the_last_line(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED "{\"type\":\"say\",\"text\":\"no newline at the end\"}");
	end(st, "exited", 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-ended") == 1);
	assert_string_equal(
	    stage_session(st, "1A")->last_text, "no newline at the end");
	assert_string_equal(stage_state(st, "1A"), "exiting");
	assert_null(follower_find(st->engine, "p1.1.1A.r1"));
	stage_matches_journal(st);
}

static void
an_end_without_a_report_stalls(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	end(st, "exited", 3);
	STAGE_UNTIL(st, stage_n_rows(st, "run-ended") == 1);
	assert_string_equal(stage_state(st, "1A"), "stalled");
	assert_non_null(strstr(stage_session(st, "1A")->reason, "exit 3"));
}

static void
a_damaged_end_is_an_end(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = file_of(st, "end.json");
	struct err err = ERR_INIT;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	assert_int_equal(file_write_atomic(path, "{]", 2, 0600, &err), 0);
	stage_settle(st);
	assert_int_equal(stage_n_rows(st, "run-ended"), 0); /* its holder lives */
	drop_fds();
	assert_int_equal(file_write_atomic(path, "{]", 2, 0600, &err), 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-ended") == 1);
	assert_string_equal(stage_state(st, "1A"), "stalled");
}

/* CONTRACTS 2: begun, the lock free, no end: the holder was killed.  Nobody restarts it. */
static void
a_lost_run_is_told_once_and_never_started_again(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *end_path = file_of(st, "end.json");

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_stop(st);
	drop_fds();
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_string_equal(stage_state(st, "1A"), "stalled");
	stage_restart(st);
	stage_settle(st);
	assert_int_equal(stage_n_rows(st, "run-lost"), 1);
	assert_int_equal(stage_session(st, "1A")->n_runs, 1);
	assert_false(file_exists(end_path));
}

static void
what_happened_while_no_server_ran_is_found(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_stop(st);
	say(DONE);
	drop_fds();
	stage_start(st);
	stage_stop(st);
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_int_equal(stage_n_rows(st, "agent-done"), 1);
	stage_matches_journal(st);
}

/* The disk is full while the agent speaks: nothing of it is lost, nothing told twice. */
static void
a_full_disk_loses_no_line(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_settle(st);
	fault_arm(FAULT_FULL, 1);
	say("{\"type\":\"say\",\"text\":\"first\"}\n"
	    "{\"type\":\"ask\",\"id\":\"q\",\"kind\":\"question\",\"text\":\"may I?\"}\n");
	STAGE_UNTIL(st, fault_count() > 0);
	say("{\"type\":\"say\",\"text\":\"last\"}\n");
	for (int i = 0; i < 50; i++)
		stage_turn(st, i, "fifty turns");
	assert_int_equal(stage_n_rows(st, "agent-asked"), 0);
	fault_arm(FAULT_NEVER, 0);
	STAGE_UNTIL(st, offset(st) == n_said());
	assert_int_equal(stage_n_rows(st, "agent-asked"), 1);
	assert_int_equal(stage_n_rows(st, "agent-activity"), 2);
	assert_int_equal(stage_session(st, "1A")->n_asks, 1);
	assert_string_equal(stage_session(st, "1A")->last_text, "last");
	stage_matches_journal(st);
}

/* PERFORMANCE 4: what comes in one turn is made durable once. */
static void
what_comes_in_one_turn_is_one_transaction(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_settle(st);
	fault_arm(FAULT_SYNC, 1000000); /* counts */
	for (int i = 0; i < 20; i++) {
		/* The loop does not turn meanwhile. */
		AUTO_FREE char *line = xasprintf(
		    "{\"type\":\"ask\",\"id\":\"q%d\",\"kind\":\"question\","
		    "\"text\":\"?\"}\n",
		    i);

		say(line);
	}
	STAGE_UNTIL(st, stage_n_rows(st, "agent-asked") == 20);
	/* Each on its own: five or more writes and a sync, twenty times. */
	assert_true(fault_count() < 60);
	fault_arm(FAULT_NEVER, 0);
	stage_matches_journal(st);
}

/* Whichever write of the turn fails: all of it is told again, none of it twice. */
static void
a_turn_that_is_not_written_did_not_happen(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_settle(st);
	for (int i = 1; i <= 6; i++) {
		AUTO_FREE char *lines = xasprintf(
		    "{\"type\":\"ask\",\"id\":\"a%d\",\"kind\":\"question\","
		    "\"text\":\"?\"}\n{\"type\":\"estimate\",\"cost_usd\":0.01}\n"
		    "{\"type\":\"ask\",\"id\":\"b%d\",\"kind\":\"question\","
		    "\"text\":\"?\"}\n",
		    i, i);

		fault_arm(FAULT_FULL, i);
		say(lines);
		for (int k = 0; k < 30; k++)
			stage_turn(st, k, "thirty turns");
		fault_arm(FAULT_NEVER, 0);
		STAGE_UNTIL(st, stage_n_rows(st, "agent-asked") == 2 * i);
		assert_int_equal(stage_session(st, "1A")->n_asks, (size_t)(2 * i));
		stage_settle(st);
		stage_matches_journal(st);
	}
}

static void
a_full_disk_loses_no_end(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED DONE);
	STAGE_UNTIL(st, stage_n_rows(st, "agent-done") == 1);
	stage_settle(st);
	fault_arm(FAULT_FULL, 1);
	end(st, "exited", 0);
	STAGE_UNTIL(st, fault_count() > 0);
	assert_int_equal(stage_n_rows(st, "run-ended"), 0);
	assert_true(stage_session(st, "1A")->run_open);
	fault_arm(FAULT_NEVER, 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-ended") == 1);
	assert_false(stage_session(st, "1A")->run_open);
	assert_null(follower_find(st->engine, "p1.1.1A.r1"));
	stage_matches_journal(st);
}

/* Until the journal knows that 1A's run was started. */
static void
begin_active(struct stage *st)
{
	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	/* No holder of ours answers: the act is ended for it. */
	if (strcmp(stage_act(st, "launch/p1.1.1A.r1"), "done") != 0) {
		struct task *t;

		TAILQ_FOREACH (t, &st->engine->tasks, link) {
			if (strcmp(t->kind, "launch") == 0)
				break;
		}
		assert_non_null(t);
		task_end(t, "done", NULL, 0);
	}
}

static void
a_full_disk_loses_no_worktree_that_was_taken(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = NULL;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	stage_settle(st);
	path = xstrdup(stage_session(st, "1A")->path);
	fault_arm(FAULT_FULL, 1);
	assert_int_equal(rmdir(path), 0);
	STAGE_UNTIL(st, fault_count() > 0);
	assert_int_equal(stage_n_rows(st, "tree-gone"), 0);
	fault_arm(FAULT_NEVER, 0);
	STAGE_UNTIL(st, stage_n_rows(st, "tree-gone") == 1);
	stage_matches_journal(st);
}

/* Somebody cleans up below us: it is said, and nothing is started for it. */
static void
a_run_directory_that_vanishes_is_a_run_that_is_lost(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");

	begin_active(st);
	assert_int_equal(file_remove_tree(dir, NULL), 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_string_equal(stage_state(st, "1A"), "stalled");
	assert_non_null(
	    strstr(stage_session(st, "1A")->reason, "run directory is gone"));
	assert_false(stage_session(st, "1A")->run_open);
	stage_restart(st);
	stage_settle(st);
	assert_int_equal(stage_n_rows(st, "run-lost"), 1);
	assert_false(file_exists(dir));
	stage_matches_journal(st);
}

/* "Runs directory deleted" while no server ran: what the journal had begun is not begun again. */
static void
runs_that_were_removed_while_no_server_ran_are_lost(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *runs = path_join(st->home, "runs");

	begin_active(st);
	stage_stop(st);
	drop_fds();
	assert_int_equal(file_remove_tree(runs, NULL), 0);
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_string_equal(stage_state(st, "1A"), "stalled");
	assert_int_equal(stage_session(st, "1A")->n_runs, 1);
	stage_matches_journal(st);
}

/* Only `begun` was removed: the run looks as if it could start, and must not. */
static void
a_run_whose_begun_was_removed_is_lost_and_void(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");
	AUTO_FREE char *begun = file_of(st, "begun");
	struct run_end end_record;
	struct err err;

	begin_active(st);
	stage_stop(st);
	drop_fds();
	assert_int_equal(unlink(begun), 0);
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_int_equal(rundir_read_end(dir, &end_record, &err), 0);
	assert_string_equal(end_record.reason, "not-started");
}

/* Only `spec` was removed: what `begun` and the lock say still counts. */
static void
a_run_without_its_spec_is_judged_by_begun_and_lock(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *spec = file_of(st, "spec");

	begin_active(st);
	stage_stop(st);
	assert_int_equal(unlink(spec), 0);
	stage_start(st);
	stage_settle(st);
	assert_int_equal(stage_n_rows(st, "run-lost"), 0);
	assert_string_equal(stage_state(st, "1A"), "active");
	stage_stop(st);
	drop_fds();
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
}

/* CONTRACTS 1: a boot id that is not this machine's proves every process of the run dead. */
static void
a_machine_that_was_restarted_is_named_as_the_reason(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *begun = file_of(st, "begun"), *text = NULL;
	char holder[96];
	struct proc_id self;
	size_t n;

	begin_active(st);
	stage_stop(st);
	drop_fds();
	/* The pid is ours, as a stranger's may be who got it after the restart. */
	assert_int_equal(proc_identify(getpid(), &self, NULL), 0);
	snprintf(self.boot_id, sizeof(self.boot_id), "%s",
	    "00000000-0000-4000-8000-000000000000");
	proc_print(&self, holder, sizeof(holder));
	text = xasprintf("holder=%s%ccgroup=/divisi-x%chost=h%c", holder, 0, 0, 0);
	n = strlen("holder=") + strlen(holder) + 1 + strlen("cgroup=/divisi-x") + 1 +
	    strlen("host=h") + 1;
	assert_int_equal(file_write_atomic(begun, text, n, 0600, NULL), 0);
	stage_start(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	assert_non_null(
	    strstr(stage_session(st, "1A")->reason, "the machine was restarted"));
	stage_matches_journal(st);
}

/* Promise 1: while anything may live of an earlier run, no later one is launched. */
/* The server died between the spec and the temporary directory that it names. */
static void
a_launch_done_again_makes_the_temporary_directory(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *tmp = file_of(st, "tmp");

	stage_plan(st, "1A", "true");
	stage_approve(st);
	STAGE_UNTIL(st, follower_find(st->engine, "p1.1.1A.r1"));
	assert_int_equal(rmdir(tmp), 0);
	stage_restart(st);
	STAGE_UNTIL(st, access(tmp, X_OK) == 0);
}

static void
nothing_is_launched_beside_an_earlier_run(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *begun = file_of(st, "begun"), *lock = file_of(st, "lock");
	AUTO_FREE char *second = run_dir(st->engine, "p1.1.1A.r2");
	struct err err;

	begin_active(st);
	drop_fds();
	assert_int_equal(unlink(begun), 0);
	stage_restart(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-lost") == 1);
	/* Its holder comes up after all: as slow as only a test can make it. */
	assert_int_equal(unlink(lock), 0);
	AUTO_FREE char *end_path = file_of(st, "end.json");
	assert_int_equal(unlink(end_path), 0);
	lock_fd = file_lock(lock, false, &err);
	assert_true(lock_fd >= 0);
	HAPPENS(st, HAP_RESUMED, "session", "p1.1.1A", "note", "go on");
	stage_settle(st);
	assert_false(file_exists(second));
	stage_now += 60000;
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "failed") == 0);
	assert_non_null(
	    strstr(stage_session(st, "1A")->reason, "p1.1.1A.r1 still lives"));
	assert_false(file_exists(second));
	drop_fds();
	/* Gone at last: what had not begun is given up, and the next run starts. */
	HAPPENS(st, HAP_RESUMED, "session", "p1.1.1A", "note", "go on", "override",
	    "G18", "reason", "it never ran");
	STAGE_UNTIL(st, follower_find(st->engine, "p1.1.1A.r3"));
	assert_true(file_exists(end_path));
}

/* A late line of a run that a person ended changes nothing. */
static void
late_words_of_a_run_that_is_over_are_history(void **state)
{
	struct stage *st = *state;

	begin(st);
	say(STARTED);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	HAPPENS(st, HAP_ABANDONED, "session", "p1.1.1A", "reason", "enough");
	say(DONE);
	end(st, "stopped", 0);
	STAGE_UNTIL(st, !follower_find(st->engine, "p1.1.1A.r1"));
	assert_string_equal(stage_state(st, "1A"), "abandoned");
	stage_matches_journal(st);
}

/* What has no happening of its own is activity: only people open plans. */
static void
whatever_an_agent_says_opens_no_plan(void **state)
{
	(void)state;
	for (int kind = 0; kind < AGENT_N_EVENTS; kind++) {
		if (event_meaning(kind) == HAP_PLAN_OPENED)
			fail_msg("event %d of an agent opens a plan", kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_TEST(lines_become_happenings_and_the_offset_is_journalled),
		RUN_TEST(a_crash_between_two_events_of_a_line_loses_neither),
		RUN_TEST(a_restart_reads_on_where_the_journal_is),
		RUN_TEST(a_line_too_long_is_told_and_passed_over),
		RUN_TEST(rubbish_is_only_noted),
		RUN_TEST(a_burst_is_one_row),
		RUN_TEST(the_order_of_lines_is_kept),
		RUN_TEST(long_words_are_cut_between_characters),
		RUN_TEST(the_end_is_told_after_the_last_line),
		RUN_TEST(an_end_without_a_report_stalls),
		RUN_TEST(a_damaged_end_is_an_end),
		RUN_TEST(a_lost_run_is_told_once_and_never_started_again),
		RUN_TEST(what_happened_while_no_server_ran_is_found),
		RUN_TEST(a_full_disk_loses_no_line),
		RUN_TEST(what_comes_in_one_turn_is_one_transaction),
		RUN_TEST(a_turn_that_is_not_written_did_not_happen),
		RUN_TEST(a_full_disk_loses_no_end),
		RUN_TEST(a_full_disk_loses_no_worktree_that_was_taken),
		RUN_TEST(a_run_directory_that_vanishes_is_a_run_that_is_lost),
		RUN_TEST(runs_that_were_removed_while_no_server_ran_are_lost),
		RUN_TEST(a_run_whose_begun_was_removed_is_lost_and_void),
		RUN_TEST(a_run_without_its_spec_is_judged_by_begun_and_lock),
		RUN_TEST(a_machine_that_was_restarted_is_named_as_the_reason),
		RUN_TEST(a_launch_done_again_makes_the_temporary_directory),
		RUN_TEST(nothing_is_launched_beside_an_earlier_run),
		RUN_TEST(late_words_of_a_run_that_is_over_are_history),
		cmocka_unit_test(whatever_an_agent_says_opens_no_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
