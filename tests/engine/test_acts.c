/* The queue of owed acts: order, retries, crashes and a full disk. */
#include "stage.h"

#include "fault_vfs.h"

#include <sqlite3.h>
#include <unistd.h>

#define REMOVE "worktree-remove" /* a job whose success is told to nobody */

static void
an_act_is_done_once_and_leaves_the_queue(void **state)
{
	struct stage *st = *state;

	stage_owe(st, REMOVE, "a", "k1", "{}");
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_true(engine_is_busy(st->engine));
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
	assert_false(engine_is_busy(st->engine));
	stage_restart(st);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
}

static void
acts_of_one_order_run_one_after_the_other(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *input = NULL;

	stage_block(st, REMOVE);
	stage_owe(st, REMOVE, "a", "k1", "{\"n\":1}");
	stage_owe(st, REMOVE, "a", "k2", "{\"n\":2}");
	stage_settle(st);
	STAGE_UNTIL(st, stage_n_jobs(st, REMOVE) == 1);
	assert_string_equal(stage_act(st, "k1"), "begun");
	assert_string_equal(stage_act(st, "k2"), "owed");
	stage_unblock(st, REMOVE);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k2"), "done");
	input = stage_input(st, REMOVE);
	assert_non_null(strstr(input, "\"n\":2"));
}

static void
acts_of_different_orders_run_side_by_side(void **state)
{
	struct stage *st = *state;

	stage_block(st, REMOVE);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_owe(st, REMOVE, "b", "k2", "{}");
	stage_owe(st, "issue-file", "tracker", "k3", "{\"session\":\"none\"}");
	stage_settle(st);
	STAGE_UNTIL(st, stage_n_jobs(st, REMOVE) == 2);
	assert_string_equal(stage_act(st, "k1"), "begun");
	assert_string_equal(stage_act(st, "k2"), "begun");
	assert_string_equal(stage_act(st, "k3"), "failed");
}

/* An older act that waits for its next try holds back the younger ones of its order. */
static void
a_waiting_act_keeps_its_place(void **state)
{
	struct stage *st = *state;

	stage_answer(st, REMOVE, "{\"error\":\"system\",\"text\":\"no\"}", 8);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_owe(st, REMOVE, "a", "k2", "{}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_string_equal(stage_act(st, "k2"), "owed");
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
	stage_answer(st, REMOVE, "{}", 0);
	stage_now += 60000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
	assert_int_equal(stage_n_jobs(st, REMOVE), 3);
}

/* Trouble of the machine is tried again, later each time; then it is a failure. */
static void
a_job_that_breaks_is_tried_four_times_with_growing_pauses(void **state)
{
	struct stage *st = *state;
	int64_t pause = 0;

	stage_answer(st, REMOVE, "{\"error\":\"system\",\"text\":\"no\"}", 8);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	for (int tries = 1; tries <= 3; tries++) {
		int64_t next;

		stage_settle(st);
		assert_int_equal(stage_n_jobs(st, REMOVE), tries);
		assert_string_equal(stage_act(st, "k1"), "owed");
		assert_int_equal(stage_act_number(st, "k1", "tries"), tries);
		next = stage_act_number(st, "k1", "next_at");
		assert_true(next - stage_now > pause);
		pause = next - stage_now;
		stage_now = next - 1;
		tasks_pump_soon(st->engine);
		event_base_loop(st->base, EVLOOP_NONBLOCK);
		assert_int_equal(stage_n_jobs(st, REMOVE), tries);
		stage_now = next;
		tasks_pump_soon(st->engine);
	}
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, REMOVE), 4);
	assert_string_equal(stage_act(st, "k1"), "failed");
}

/* Nor is an act that was tried under a clock a year ahead put off for that year. */
static void
a_clock_set_back_delays_no_act(void **state)
{
	struct stage *st = *state;

	HAPPENS(st, HAP_PLAN_ASSERTED, "path", "/p.md", "a", "1A", "b", "1B", "reason",
	    "so");
	stage_answer(st, REMOVE, "{\"error\":\"system\",\"text\":\"no\"}", 8);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_owe(st, REMOVE, "b", "k2", "{}");
	stage_settle(st);
	stage_now -= 365LL * 24 * 60 * 60 * 1000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	stage_now += 60000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, REMOVE), 4);
	stage_stop(st);
	stage_now -= 365LL * 24 * 60 * 60 * 1000;
	stage_start(st);
	stage_now += 60000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, REMOVE), 6);
}

/* The pause is the journal's, so a restart does not shorten it. */
static void
a_pause_outlives_a_restart(void **state)
{
	struct stage *st = *state;

	stage_answer(st, REMOVE, "{\"error\":\"system\",\"text\":\"no\"}", 8);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_settle(st);
	stage_restart(st);
	event_base_loop(st->base, EVLOOP_NONBLOCK);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
	stage_now = stage_act_number(st, "k1", "next_at");
	stage_answer(st, REMOVE, "{}", 0);
	tasks_pump_soon(st->engine);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
}

/* What a rule or a person has to settle is not tried again. */
static void
a_refusal_is_final_at_once(void **state)
{
	struct stage *st = *state;

	stage_answer(st, REMOVE, "{\"error\":\"refused\",\"text\":\"no\"}", 3);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "failed");
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
}

/* Promise 8: what had begun when the server died is taken up again. */
static void
an_act_begun_before_a_crash_is_taken_up_again(void **state)
{
	struct stage *st = *state;

	stage_block(st, REMOVE);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_owe(st, REMOVE, "a", "k2", "{}");
	stage_settle(st);
	STAGE_UNTIL(st, stage_n_jobs(st, REMOVE) == 1);
	stage_stop(st); /* its job is killed with it */
	assert_string_equal(stage_act(st, "k1"), "begun");
	stage_unblock(st, REMOVE);
	stage_start(st);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
	assert_int_equal(stage_n_jobs(st, REMOVE), 3);
}

/* A journal of a newer divisi may owe what this one cannot do: said, not spun on. */
static void
an_unknown_kind_of_act_fails_and_stops_nobody(void **state)
{
	struct stage *st = *state;

	stage_owe(st, "teleport", "a", "k1", "{}");
	stage_owe(st, REMOVE, "a", "k2", "{}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "failed");
	assert_string_equal(stage_act(st, "k2"), "done");
}

static void
an_act_that_is_not_understood_is_left_for_who_does(void **state)
{
	struct stage *st = *state;

	stage_owe(st, REMOVE, "a", "k1", "{\"deep\":{\"er\":1}}");
	stage_owe(st, REMOVE, "a", "k2", "[]");
	stage_owe(st, REMOVE, "a", "k3", "{}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_string_equal(stage_act(st, "k2"), "owed");
	assert_string_equal(stage_act(st, "k3"), "done");
	stage_restart(st);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_int_equal(stage_n_jobs(st, REMOVE), 1);
}

/* With the disk full nothing can begin; the server waits, it does not burn the processor. */
static void
a_full_disk_delays_an_act_and_does_not_spin(void **state)
{
	struct stage *st = *state;

	stage_owe(st, REMOVE, "a", "k1", "{}");
	fault_arm(FAULT_FULL, 1);
	event_base_loop(st->base, EVLOOP_NONBLOCK);
	assert_true(fault_count() < 20);
	assert_int_equal(stage_n_jobs(st, REMOVE), 0);
	fault_arm(FAULT_NEVER, 0);
	stage_now += 60000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
}

/* Its outcome could not be written: the journal says begun, so it is done again. */
static void
an_outcome_that_cannot_be_written_is_not_lost(void **state)
{
	struct stage *st = *state;

	stage_block(st, REMOVE);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_settle(st);
	STAGE_UNTIL(st, stage_n_jobs(st, REMOVE) == 1);
	fault_arm(FAULT_FULL, 1);
	stage_unblock(st, REMOVE);
	STAGE_UNTIL(st, fault_count() > 0);
	fault_arm(FAULT_NEVER, 0);
	stage_now += 60000;
	tasks_pump_soon(st->engine);
	stage_settle(st);
	if (strcmp(stage_act(st, "k1"), "done") != 0) {
		stage_restart(st);
		stage_settle(st);
	}
	assert_string_equal(stage_act(st, "k1"), "done");
}

static void
a_job_that_cannot_be_started_is_a_failure(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = stage_path(st, "job");

	assert_int_equal(unlink(path), 0);
	stage_owe(st, REMOVE, "a", "k1", "{}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "failed");
}

/* A hundred acts of one order: each starts when the one before is over. */
static void
a_long_queue_is_worked_off(void **state)
{
	struct stage *st = *state;

	assert_int_equal(store_begin(st->engine->store, NULL), 0);
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *key = xasprintf("k%d", i);

		stage_owe(
		    st, "issue-file", i % 2 ? "a" : "b", key, "{\"session\":\"none\"}");
	}
	assert_int_equal(store_commit(st->engine->store, NULL), 0);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k0"), "failed");
	assert_string_equal(stage_act(st, "k99"), "failed");
	assert_false(engine_is_busy(st->engine));
}

/* Beside the engine, in its database. */
static void
do_sql(const struct stage *st, const char *sql)
{
	AUTO_FREE char *path = path_join(st->home, "journal.db");
	sqlite3 *db = NULL;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* E-18: a comment was given up after four failures of the disk, with a line in the log. */
static void
what_the_built_in_tracker_cannot_take_now_is_owed_until_it_does(void **state)
{
	struct stage *st = *state;

	stage_plan(st, "1A", "true");
	stage_settle(st);
	do_sql(st, "ALTER TABLE comment RENAME TO away");
	stage_owe(st, "issue-comment", "tracker", "k1",
	    "{\"session\":\"p1.1.1A\",\"kind\":\"note\",\"text\":\"seen\"}");
	for (int i = 0; i < 20; i++) {
		stage_settle(st);
		assert_string_equal(stage_act(st, "k1"), "owed");
		stage_now = stage_act_number(st, "k1", "next_at");
		tasks_pump_soon(st->engine);
	}
	do_sql(st, "ALTER TABLE away RENAME TO comment");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(an_act_is_done_once_and_leaves_the_queue),
		STAGE_TEST(acts_of_one_order_run_one_after_the_other),
		STAGE_TEST(acts_of_different_orders_run_side_by_side),
		STAGE_TEST(a_waiting_act_keeps_its_place),
		STAGE_TEST(a_job_that_breaks_is_tried_four_times_with_growing_pauses),
		STAGE_TEST(a_clock_set_back_delays_no_act),
		STAGE_TEST(a_pause_outlives_a_restart),
		STAGE_TEST(a_refusal_is_final_at_once),
		STAGE_TEST(an_act_begun_before_a_crash_is_taken_up_again),
		STAGE_TEST(an_unknown_kind_of_act_fails_and_stops_nobody),
		STAGE_TEST(an_act_that_is_not_understood_is_left_for_who_does),
		STAGE_TEST(a_full_disk_delays_an_act_and_does_not_spin),
		STAGE_TEST(an_outcome_that_cannot_be_written_is_not_lost),
		STAGE_TEST(a_job_that_cannot_be_started_is_a_failure),
		STAGE_TEST(a_long_queue_is_worked_off),
		STAGE_TEST(
		    what_the_built_in_tracker_cannot_take_now_is_owed_until_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
