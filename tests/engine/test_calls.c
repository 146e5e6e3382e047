/* Talking to holders: the loop never waits for one, and silent runs are looked into. */
#include "stage.h"

#include "base/rundir.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SAYS                              \
	"echo '{\"type\":\"started\"}'; " \
	"echo '{\"type\":\"say\",\"text\":\"Session started\"}'; "
#define LIMIT_MS 1000

/* A plan whose agents may be silent for LIMIT_MS, and as long stalled; 1A is active. */
static void
active(struct stage *st, const char *script)
{
	HAPPENS(st, HAP_PLAN_OPENED, "path", "/p.md", "target", "main", "merge", "ask",
	    "landing", "squash", "master", "CIA-1", "master_title", "Master", "#cap",
	    "3", "#n_phases", "9", "#silence_ms", "1000", "#stuck_ms", "1000", "sha256",
	    "5555555555555555555555555555555555555555555555555555555555555555");
	stage_plan(st, "1A", script);
	stage_approve(st);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "active") == 0);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	stage_settle(st);
}

/* Until the holder of the run has seen it compute so much, or do nothing so long. */
static void
await_pulse(struct stage *st, long long cpu_ms, long long idle_ms)
{
	AUTO_FREE char *dir = run_dir(st->engine, "p1.1.1A.r1");
	struct run_pulse pulse = { 0 };
	struct err err;

	for (int i = 0; i < 3000; i++) {
		if (run_pulse(dir, &pulse, &err) == 0 && pulse.cpu_ms >= cpu_ms &&
		    pulse.idle_ms >= idle_ms)
			return;
		(void)poll(NULL, 0, 10);
	}
	fail_msg("cpu %lld idle %lld", pulse.cpu_ms, pulse.idle_ms);
}

/* DESIGN 8: bytes and processor time, never silence alone. */
static void
a_silent_agent_that_computes_is_not_stalled(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *row = NULL;

	active(st, SAYS "while :; do :; done");
	await_pulse(st, 600, 0);
	stage_now += LIMIT_MS;
	STAGE_UNTIL(st, stage_n_rows(st, "run-pulse") == 1);
	row = stage_row(st, "run-pulse");
	assert_non_null(strstr(row, "\"cpu_ms\""));
	assert_string_equal(stage_state(st, "1A"), "active");
	assert_int_equal(stage_n_rows(st, "clock"), 0);
	stage_matches_journal(st);
}

/* And ended in order: asked in its own protocol first (the holder's own tests: the rest). */
static void
a_stuck_agent_is_stalled_and_then_ended(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *dir = NULL;
	struct run_end end;
	struct err err;

	active(st, SAYS "exec cat >/dev/null");
	dir = run_dir(st->engine, "p1.1.1A.r1");
	await_pulse(st, 0, LIMIT_MS + 100);
	stage_now += LIMIT_MS;
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
	assert_non_null(
	    strstr(stage_session(st, "1A")->reason, "its processes do nothing"));
	stage_now += LIMIT_MS;
	STAGE_UNTIL(st, stage_n_rows(st, "run-ended") == 1);
	assert_string_equal(stage_state(st, "1A"), "parked");
	assert_non_null(strstr(stage_session(st, "1A")->reason, "stuck"));
	assert_int_equal(rundir_read_end(dir, &end, &err), 0);
	assert_string_equal(end.reason, "stopped");
	assert_true(end.asked_at > 0);
	stage_settle(st);
	stage_matches_journal(st);
}

static void
a_holder_that_hangs_holds_up_nobody_else(void **state)
{
	struct stage *st = *state;
	struct run_begun begun;
	AUTO_FREE char *dir = NULL;
	struct timespec from, to;
	struct err err;

	active(st, SAYS "exec cat >/dev/null");
	dir = run_dir(st->engine, "p1.1.1A.r1");
	assert_int_equal(rundir_read_begun(dir, &begun, &err), 0);
	assert_true(proc_signal(&begun.holder, SIGSTOP));
	clock_gettime(CLOCK_MONOTONIC, &from);
	HAPPENS(st, HAP_SAID, "session", "p1.1.1A", "text", "hello");
	stage_owe(st, "inspect", "other", "inspect/other", "{}");
	STAGE_UNTIL(st, strcmp(stage_act(st, "inspect/other"), "owed") != 0 &&
			    strcmp(stage_act(st, "inspect/other"), "begun") != 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec < RUN_CALL_LIMIT_MS / 1000);
	assert_string_equal(stage_act(st, "say/p1.1.1A.r1/1"), "begun");
	/* Told once it goes on, once. */
	assert_true(proc_signal(&begun.holder, SIGCONT));
	STAGE_UNTIL(st, strcmp(stage_act(st, "say/p1.1.1A.r1/1"), "done") == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_silent_agent_that_computes_is_not_stalled),
		STAGE_TEST(a_stuck_agent_is_stalled_and_then_ended),
		STAGE_TEST(a_holder_that_hangs_holds_up_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
