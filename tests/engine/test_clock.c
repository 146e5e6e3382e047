#include "engine/internal.h"
#include "fault_vfs.h"
#include "stage.h"

#include <string.h>

/*
 * The wall clock against what passed: what somebody set it by, what the machine slept and
 * what it was off is told once, and is nobody's time.
 */

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS  (24 * HOUR_MS)

/* Any happening will do. */
#define SOMETHING_HAPPENS(st)                                                   \
	HAPPENS((st), HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", \
	    "reason", "so")

static void
set_the_clock(int64_t by)
{
	stage_now += by;
	stage_skew += by;
}

/* 1A runs, and nothing is heard of it. */
static struct session *
running(struct stage *st)
{
	stage_plan(st, "1A", "sleep 100");
	stage_approve(st);
	STAGE_UNTIL(st, stage_n_rows(st, "run-started") == 1);
	assert_true(stage_session(st, "1A")->clock_at > 0);
	return stage_session(st, "1A");
}

static void
told_once(struct stage *st, const char *data)
{
	AUTO_FREE char *row = stage_row(st, "clock-set");

	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	assert_non_null(row);
	if (!strstr(row, data))
		fail_msg("%s is not in %s", data, row);
	stage_matches_journal(st);
}

static void
a_clock_set_ahead_by_a_day_ends_no_limit_and_costs_nothing(void **state)
{
	struct stage *st = *state;
	struct session *s = running(st);
	int64_t ran = stage_now - s->clock_at;

	set_the_clock(DAY_MS);
	SOMETHING_HAPPENS(st);
	told_once(st, "{\"by\":86400000,\"kind\":\"set\"}");
	assert_int_equal(stage_now - s->clock_at, ran);
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_now += CORE_CONFIRM_LIMIT_MS - 1;
	SOMETHING_HAPPENS(st);
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_now += 1;
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
}

static void
a_clock_set_ahead_while_no_server_ran_is_noticed_at_the_start_and_once(void **state)
{
	struct stage *st = *state;
	int64_t ran = stage_now - running(st)->clock_at;

	stage_stop(st);
	set_the_clock(DAY_MS);
	stage_start(st);
	told_once(st, "{\"by\":86400000,\"kind\":\"set\"}");
	assert_int_equal(stage_now - stage_session(st, "1A")->clock_at, ran);
	stage_restart(st);
	told_once(st, "86400000");
}

/* Agents work while no server runs, and that is charged. */
static void
an_hour_without_a_server_is_an_hour(void **state)
{
	struct stage *st = *state;
	int64_t began = running(st)->clock_at;

	stage_stop(st);
	stage_now += HOUR_MS;
	stage_start(st);
	assert_int_equal(stage_n_rows(st, "clock-set"), 0);
	assert_int_equal(stage_session(st, "1A")->clock_at, began);
}

/* An hour passed, and the clock is back by two: both count. */
static void
a_clock_set_back_is_measured_by_what_passed(void **state)
{
	struct stage *st = *state;
	int64_t ran = stage_now - running(st)->clock_at;

	stage_stop(st);
	stage_now += HOUR_MS;
	set_the_clock(-2 * HOUR_MS);
	stage_start(st);
	told_once(st, "{\"by\":-7200000,\"kind\":\"set\"}");
	assert_int_equal(stage_now - stage_session(st, "1A")->clock_at, ran + HOUR_MS);
}

static void
a_night_that_the_machine_slept_is_told_as_that(void **state)
{
	struct stage *st = *state;
	struct session *s = running(st);
	int64_t ran = stage_now - s->clock_at;

	stage_now += 8 * HOUR_MS;
	stage_slept += 8 * HOUR_MS;
	SOMETHING_HAPPENS(st);
	told_once(st, "{\"by\":28800000,\"kind\":\"slept\"}");
	assert_int_equal(stage_now - s->clock_at, ran);
	assert_string_equal(stage_state(st, "1A"), "launching");
	stage_restart(st);
	told_once(st, "slept");
}

static void
a_machine_that_was_off_charges_nobody_for_it(void **state)
{
	struct stage *st = *state;
	int64_t began = running(st)->clock_at, ran = st->engine->last_at - began;

	stage_stop(st);
	stage_boot = "boot-2";
	stage_now += 60 * HOUR_MS;
	stage_skew = stage_now - 1000; /* what passed is counted anew */
	stage_start(st);
	told_once(st, "{\"by\":216000000,\"kind\":\"off\"}");
	assert_int_equal(stage_now - stage_session(st, "1A")->clock_at, ran);
	stage_restart(st);
	told_once(st, "off");
}

static void
an_agent_that_ended_while_no_server_ran_is_charged_until_then(void **state)
{
	struct stage *st = *state;
	struct session *s = running(st);
	AUTO_FREE char *name = xstrdup(s->run), *dir = run_dir(st->engine, name);
	int64_t began = s->clock_at;
	struct run_end end = { .reason = "exited" };
	struct err err = ERR_INIT;

	stage_stop(st);
	end.started_at = began;
	end.ended_at = began + 60000;
	assert_int_equal(rundir_write_end(dir, &end, &err), 0);
	stage_now += 8 * HOUR_MS;
	stage_start(st);
	told_once(st, "\"kind\":\"ended\"");
	assert_in_range(stage_session(st, "1A")->ran_ms, 60000, 60000);
}

/* A correction of seconds is what clocks do all day; a second one adds up. */
static void
what_a_clock_is_corrected_by_is_told_when_it_adds_up(void **state)
{
	struct stage *st = *state;

	running(st);
	set_the_clock(3000);
	SOMETHING_HAPPENS(st);
	stage_restart(st);
	assert_int_equal(stage_n_rows(st, "clock-set"), 0);
	set_the_clock(3000);
	SOMETHING_HAPPENS(st);
	told_once(st, "{\"by\":6000,\"kind\":\"set\"}");
}

/* Otherwise the first happening with room again would be charged with the day. */
static void
nothing_happens_before_a_set_clock_is_in_the_journal(void **state)
{
	struct stage *st = *state;
	bool was_written = false;

	running(st);
	set_the_clock(DAY_MS);
	for (int after = 1; !was_written && after < 60; after++) {
		int rows = stage_n_rows(st, NULL);

		fault_arm(FAULT_FULL, after);
		was_written = stage_happen(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a",
				  "1A", "b", "1B", "reason", "so", NULL) == 0;
		fault_arm(FAULT_NEVER, 0);
		if (!was_written && stage_n_rows(st, "clock-set") == 0)
			assert_int_equal(stage_n_rows(st, NULL), rows);
		stage_matches_journal(st);
	}
	assert_true(was_written);
	told_once(st, "86400000");
	stage_restart(st);
	told_once(st, "86400000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(a_clock_set_ahead_by_a_day_ends_no_limit_and_costs_nothing),
		STAGE_TEST(
		    a_clock_set_ahead_while_no_server_ran_is_noticed_at_the_start_and_once),
		STAGE_TEST(an_hour_without_a_server_is_an_hour),
		STAGE_TEST(a_clock_set_back_is_measured_by_what_passed),
		STAGE_TEST(
		    an_agent_that_ended_while_no_server_ran_is_charged_until_then),
		STAGE_TEST(a_night_that_the_machine_slept_is_told_as_that),
		STAGE_TEST(a_machine_that_was_off_charges_nobody_for_it),
		STAGE_TEST(what_a_clock_is_corrected_by_is_told_when_it_adds_up),
		STAGE_TEST(nothing_happens_before_a_set_clock_is_in_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
