/* The limits of a run and the order in which it is ended: issue 3.6, DESIGN 8. */
#include "base/file.h"
#include "base/mem.h"
#include "exec/exec.h"
#include "hold/hold.h"
#include "run_util.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1024L * 1024)

/* ---- what is seen, with a clock of ours ------------------------------------------- */

static struct limits
limits_at(ms_t now, long memory, long processes)
{
	struct run_spec spec = { .memory_limit_bytes = memory,
		.process_limit = processes,
		.look_ms = 60000 };
	struct limits limits = { 0 };

	limits_set(&limits, &spec, "");
	limits_begin(&limits, now);
	return limits;
}

static void
who_computes_works_and_who_waits_does_not(void **state)
{
	static const struct {
		long long cpu_ms;
		bool works;
	} table[] = {
		{ 0, false },    /* sleeps */
		{ 500, false },  /* a timer now and then: under 1 % of a minute */
		{ 600, true },   /* 1 % */
		{ 59000, true }, /* thinks hard and says nothing */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct limits limits = limits_at(1000, 0, 0);
		struct proc_usage usage = { .n = 1, .cpu_ms = table[i].cpu_ms };

		assert_null(limits_judge(&limits, &usage, 61000));
		assert_int_equal(limits.work_at, table[i].works ? 61000 : 1000);
	}
}

static void
a_little_work_now_and_then_does_not_add_up_to_thinking(void **state)
{
	struct limits limits = limits_at(0, 0, 0);

	for (ms_t now = 60000; now <= 1800000; now += 60000) {
		struct proc_usage usage = { .n = 1, .cpu_ms = now / 500 };

		assert_null(limits_judge(&limits, &usage, now));
	}
	assert_int_equal(limits.work_at, 0);
	assert_int_equal(limits.cpu_ms, 3600);
}

static void
a_process_that_ended_is_work(void **state)
{
	struct limits limits = limits_at(0, 0, 0);
	struct proc_usage usage = { .n = 2, .cpu_ms = 5000 };

	(void)limits_judge(&limits, &usage, 60000);
	usage = (struct proc_usage){ .n = 1, .cpu_ms = 20 };
	(void)limits_judge(&limits, &usage, 120000);
	assert_int_equal(limits.work_at, 120000);
	assert_int_equal(limits.cpu_ms, 5000);
}

static void
the_limit_itself_is_allowed(void **state)
{
	struct limits limits = limits_at(0, 100 * MIB, 5);
	struct proc_usage usage = { .n = 5, .memory_bytes = 100 * MIB };

	assert_null(limits_judge(&limits, &usage, 1000));
	usage.n = 6;
	assert_string_equal(limits_judge(&limits, &usage, 2000), "process-limit");
	usage.memory_bytes++;
	assert_string_equal(limits_judge(&limits, &usage, 3000), "memory-limit");
	assert_int_equal(limits.processes_peak, 6);
	assert_int_equal(limits.memory_peak, 100 * MIB + 1);
}

static void
what_sleeps_is_looked_at_seldom(void **state)
{
	struct limits limits = limits_at(0, 100 * MIB, 0);
	struct proc_usage usage = { .n = 1, .cpu_ms = 500 };

	(void)limits_judge(&limits, &usage, 1000);
	assert_int_equal(limits.look_at, 1000 + HOLD_LOOK_MS);
	(void)limits_judge(&limits, &usage, 2000);
	assert_int_equal(limits.look_at, 2000 + HOLD_LOOK_IDLE_MS);
}

static void
without_limits_nothing_wakes_the_holder(void **state)
{
	struct run_spec spec = { 0 };
	struct limits limits = { 0 };

	limits_set(&limits, &spec, "");
	limits_begin(&limits, 1000);
	assert_int_equal(limits.look_at, 0);
	assert_string_equal(limits.means, "");
}

/* ---- with real agents -------------------------------------------------------------- */

static void
an_agent_that_takes_too_much_memory_is_ended_and_it_is_said(void **state)
{
	/* Its child takes it, and keeps it. */
	struct run_box *box = box_new(
	    "perl -e 'push @a, \"x\" x (1 << 20) for 1..60; sleep 1000'");
	struct run_begun begun;
	struct run_end end;
	struct err err;

	box->spec.memory_limit_bytes = 40 * MIB;
	box->spec.watch_only = 1;
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "memory-limit");
	assert_string_equal(end.limits, "memory=watch");
	assert_true(end.memory_peak > 40 * MIB);
	assert_true(end.killed_at > 0 && end.asked_at == 0 && end.interrupted_at == 0);
	assert_int_equal(rundir_read_begun(box->dir, &begun, &err), 0);
	assert_string_equal(begun.limits, "memory=watch");
	assert_string_equal(begun.cgroup, "");
	box_free(box);
}

static void
one_process_cannot_take_the_machine_between_two_looks(void **state)
{
	/* RLIMIT_DATA: twice the limit, of each process. */
	struct run_box *box = box_new("exec grep 'Max data size' /proc/self/limits");
	AUTO_FREE char *out = NULL;

	box->spec.memory_limit_bytes = 40 * MIB;
	box->spec.watch_only = 1;
	box_start(box);
	box_end(box);
	out = box_run_file(box, "out.ndjson");
	assert_non_null(strstr(out, " 83886080 "));
	box_free(box);
}

static void
an_agent_with_too_many_processes_is_ended_with_all_of_them(void **state)
{
	struct run_box *box = box_new(
	    "for i in 1 2 3 4 5 6 7 8; do setsid sleep 1000 & done; echo $! > pid; wait");
	struct run_end end;

	box->spec.process_limit = 6;
	box->spec.watch_only = 1;
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "process-limit");
	assert_string_equal(end.limits, "processes=watch");
	assert_true(end.processes_peak > 6);
	box_await_death(box, "pid");
	box_free(box);
}

static void
who_keeps_a_limit_is_told_wherever_it_is(void **state)
{
	/* With a cgroup of version 2 and its controllers the kernel, else the holder. */
	struct run_box *box = box_new("true");
	struct run_end end;

	box->spec.memory_limit_bytes = 1024 * MIB;
	box->spec.process_limit = 1000;
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "exited");
	assert_true(
	    strstr(end.limits, "memory=cgroup") || strstr(end.limits, "memory=watch"));
	assert_true(strstr(end.limits, "processes=cgroup") ||
		    strstr(end.limits, "processes=watch"));
	box_free(box);
}

static void
an_agent_that_begins_is_in_its_cgroup(void **state)
{
	struct run_box *box = box_new("exec cat /proc/self/cgroup");
	AUTO_FREE char *out = NULL;
	struct run_begun begun;
	struct err err;

	box_start(box);
	box_end(box);
	out = box_run_file(box, "out.ndjson");
	assert_int_equal(rundir_read_begun(box->dir, &begun, &err), 0);
	/* None may be made here: then there is no name of one. */
	if (begun.cgroup[0])
		assert_non_null(strstr(out, strrchr(begun.cgroup, '/')));
	else
		assert_null(strstr(out, "/divisi-"));
	box_free(box);
}

static void
the_end_is_asked_for_before_any_signal(void **state)
{
	struct run_box *box = box_new("trap 'echo signal' INT TERM; echo $$ > pid; "
				      "read line; echo \"got $line\"; cat");
	AUTO_FREE char *out = NULL;
	AUTO_FREE char *logged = NULL;
	struct run_end end;

	box->spec.grace_ms = 60000;
	box->spec.ask = xstrdup("{\"type\":\"stop\"}");
	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	end = box_end(box);
	out = box_run_file(box, "out.ndjson");
	logged = box_run_file(box, "in.ndjson");
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.status, 0);
	assert_string_equal(out, "got {\"type\":\"stop\"}\n");
	assert_string_equal(
	    logged, "{\"key\":\"hold.stop\",\"line\":{\"type\":\"stop\"}}\n");
	assert_true(end.asked_at > 0);
	assert_int_equal(end.interrupted_at, 0);
	box_free(box);
}

static void
each_step_of_an_end_is_taken_in_order_and_recorded(void **state)
{
	/* One that listens to nothing, with a child in a session of its own. */
	struct run_box *box = box_new(
	    "trap '' INT TERM; setsid sh -c 'trap \"\" TERM; "
	    "echo $$ > grand; exec tail -f /dev/null' & "
	    "while [ ! -s grand ]; do :; done; echo $$ > pid; "
	    "exec tail -f /dev/null");
	struct run_end end;

	box->spec.grace_ms = 20;
	box->spec.ask = xstrdup("{}");
	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.signal, SIGKILL);
	/* The grace is counted by another clock than the record: a little less will do. */
	assert_true(end.started_at <= end.asked_at);
	assert_true(end.asked_at + 15 <= end.interrupted_at);
	assert_true(end.interrupted_at + 15 <= end.terminated_at);
	assert_true(end.terminated_at + 15 <= end.killed_at);
	assert_true(end.killed_at <= end.ended_at);
	box_await_death(box, "grand");
	box_free(box);
}

static void
who_left_the_group_is_terminated_before_it_is_killed(void **state)
{
	/* Double fork, own session, reparented to the holder. */
	struct run_box *box = box_new(
	    "trap '' INT TERM; (setsid perl -e '$SIG{TERM} = sub { open F, \">\", \"told\"; "
	    "print F \"TERM\\n\"; close F; exit }; open F, \">\", \"grand\"; "
	    "print F \"$$\\n\"; close F; sleep 1 while 1' &); "
	    "while [ ! -s grand ]; do :; done; echo $$ > pid; exec tail -f /dev/null");
	AUTO_FREE char *told = path_join(box->top, "told");
	struct err err;

	box->spec.grace_ms = 500;
	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	box_await_text(told, "TERM");
	assert_int_equal(
	    run_tell(box->dir, RUN_ORDER_KILL, &err) == 0 || err.kind == ERR_NOT_FOUND,
	    1);
	assert_string_equal(box_end(box).reason, "stopped");
	box_free(box);
}

static void
a_ping_tells_a_stuck_agent_from_a_thinking_one(void **state)
{
	static const struct {
		const char *script;
		bool works;
	} table[] = {
		{ "echo $$ > pid; exec tail -f /dev/null", false },
		{ "echo $$ > pid; while :; do :; done", true },
		/* Not it but its grandchild, in a session of its own: a compiler. */
		{ "setsid sh -c 'echo $$ > pid; while :; do :; done' & wait", true },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct run_box *box = box_new(table[i].script);
		struct run_pulse pulse = { 0 };
		struct err err = ERR_INIT;
		bool is_told = false;

		box->spec.look_ms = 1000000;
		box->spec.watch_only = i % 2;
		box_start(box);
		box_process(box, "pid");
		for (int n = 0; n < 1000 && !is_told; n++) {
			if (run_pulse(box->dir, &pulse, &err) < 0)
				assert_int_equal(err.kind, ERR_TIMEOUT);
			is_told = table[i].works ? pulse.cpu_ms > 700
						 : pulse.idle_ms > 1200;
			(void)poll(NULL, 0, 20);
		}
		assert_true(is_told);
		if (table[i].works)
			assert_true(pulse.idle_ms < 60000);
		else
			assert_true(pulse.cpu_ms < 500);
		box_tell(box, RUN_ORDER_KILL);
		assert_true(box_end(box).cpu_ms >= pulse.cpu_ms / 2);
		box_free(box);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_computes_works_and_who_waits_does_not),
		cmocka_unit_test(
		    a_little_work_now_and_then_does_not_add_up_to_thinking),
		cmocka_unit_test(a_process_that_ended_is_work),
		cmocka_unit_test(the_limit_itself_is_allowed),
		cmocka_unit_test(what_sleeps_is_looked_at_seldom),
		cmocka_unit_test(without_limits_nothing_wakes_the_holder),
		TEST(an_agent_that_takes_too_much_memory_is_ended_and_it_is_said),
		TEST(one_process_cannot_take_the_machine_between_two_looks),
		TEST(an_agent_with_too_many_processes_is_ended_with_all_of_them),
		TEST(who_keeps_a_limit_is_told_wherever_it_is),
		TEST(an_agent_that_begins_is_in_its_cgroup),
		TEST(the_end_is_asked_for_before_any_signal),
		TEST(each_step_of_an_end_is_taken_in_order_and_recorded),
		TEST(who_left_the_group_is_terminated_before_it_is_killed),
		TEST(a_ping_tells_a_stuck_agent_from_a_thinking_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
