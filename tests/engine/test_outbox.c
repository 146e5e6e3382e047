/* Acts on a tracker over the network: E-18, J-26, J-27, with a clock that is told. */
#include "stage.h"

#include "engine/outbox.h"
#include "fault_vfs.h"

#define TRACK  "track"
#define OUTAGE "{\"error\":\"system\",\"text\":\"down\",\"trouble\":\"later\"}"
#define LIMITED                                                            \
	"{\"error\":\"system\",\"text\":\"slow\",\"trouble\":\"limited\"," \
	"\"retry_after_ms\":100000}"
#define CONFLICT                                                                \
	"{\"error\":\"conflict\",\"text\":\"theirs\",\"trouble\":\"conflict\"," \
	"\"conflict\":\"somebody wrote\"}"
#define REFUSED "{\"error\":\"refused\",\"text\":\"never\",\"trouble\":\"refused\"}"

/* A plan whose tracker is elsewhere, and an act of it. */
static void
begin(struct stage *st)
{
	HAPPENS(st, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "sha256", "",
	    "target", "main", "master", "CIA-1", "tracker", "command");
}

static void
owe(struct stage *st, const char *kind, const char *key)
{
	stage_owe(st, kind, "tracker", key, "{\"plan\":\"p1\"}");
}

static void
later(struct stage *st, int64_t ms)
{
	stage_now += ms;
	tasks_pump_soon(st->engine);
	stage_settle(st);
}

static void
an_outage_keeps_all_waiting_and_is_drained_in_order(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *input = NULL;

	begin(st);
	stage_answer(st, TRACK, OUTAGE, 8);
	owe(st, "registry", "k1");
	owe(st, "plan-close", "k2");
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	for (int i = 0; i < 12; i++)
		later(st, 10 * 60 * 1000);
	assert_int_equal(stage_n_jobs(st, TRACK), 13);
	assert_string_equal(stage_act(st, "k1"), "owed");
	stage_answer(st, TRACK, "{}", 0);
	later(st, 10 * 60 * 1000);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
	assert_int_equal(stage_n_jobs(st, TRACK), 15);
	input = stage_input(st, TRACK);
	assert_non_null(strstr(input, "plan-close"));
}

static void
the_pause_that_a_tracker_asks_for_is_kept(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, LIMITED, 8);
	owe(st, "registry", "k1");
	stage_settle(st);
	later(st, 99000);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	later(st, 2000);
	assert_int_equal(stage_n_jobs(st, TRACK), 2);
}

/* an update of a project that is refused is told and over; nothing waits behind it. */
static void
a_refused_project_update_blocks_nothing(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, REFUSED, 8);
	stage_owe(st, "project-update", "project", "k1", "{\"plan\":\"p1\"}");
	stage_settle(st);
	stage_answer(st, TRACK, "{}", 0);
	owe(st, "registry", "k2");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
	assert_string_equal(st->engine->core->plan[0].untold, "never");
}

/* what it alone does not get through keeps it alone waiting, over a restart too. */
static void
a_project_update_that_fails_pauses_no_other(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, OUTAGE, 8);
	stage_owe(st, "project-update", "project", "k1", "{\"plan\":\"p1\"}");
	stage_settle(st);
	stage_restart(st);
	stage_answer(st, TRACK, "{}", 0);
	owe(st, "registry", "k2");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_string_equal(stage_act(st, "k2"), "done");
	later(st, 10 * 60 * 1000);
	assert_string_equal(stage_act(st, "k1"), "done");
}

static void
what_is_refused_waits_for_a_person_over_a_restart(void **state)
{
	struct stage *st = *state;
	struct caller ada = { .actor = "human:ada" };
	struct fields in = { 0 }, out = { 0 };

	begin(st);
	stage_answer(st, TRACK, REFUSED, 8);
	owe(st, "registry", "k1");
	owe(st, "plan-close", "k2");
	stage_settle(st);
	stage_restart(st);
	later(st, 24LL * 60 * 60 * 1000);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	assert_string_equal(stage_act(st, "k2"), "owed");
	stage_answer(st, TRACK, "{}", 0);
	fields_set(&in, "what", "retry");
	fields_set(&in, "id", "all");
	assert_int_equal(engine_order(st->engine, "outbox", &in, &ada, &out, NULL), 0);
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
	fields_clear(&in);
	fields_clear(&out);
}

static int
order(struct stage *st, const char *what, const char *id, const char *reason)
{
	struct caller ada = { .actor = "human:ada" };
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	int rc;

	fields_set(&in, "what", what);
	fields_set(&in, "id", id);
	fields_set(&in, "reason", reason);
	rc = engine_order(st->engine, "outbox", &in, &ada, &out, &err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* The number of the only write that waits, as `divisi outbox` tells it; the caller frees. */
static char *
number_of(const struct stage *st, const char *key)
{
	return xasprintf("%lld", (long long)stage_act_number(st, key, "seq"));
}

/* A write on top of what somebody changed there is asked for once, not by each server. */
static void
a_retry_is_not_forgotten_by_a_server_that_dies_sending(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, CONFLICT, 8);
	owe(st, "registry", "k1");
	stage_settle(st);
	AUTO_FREE char *number = number_of(st, "k1");
	assert_int_equal(order(st, "retry", number, ""), 0);
	stage_restart(st);
	stage_answer(st, TRACK, "{}", 0);
	stage_settle(st);
	AUTO_FREE char *input = stage_input(st, TRACK);
	assert_non_null(strstr(input, "\"accept\":1"));
	assert_string_equal(stage_act(st, "k1"), "done");
}

static void
an_agent_neither_retries_nor_drops(void **state)
{
	struct stage *st = *state;
	struct caller agent = { .actor = "session:p1.1.1A", .session = "p1.1.1A" };
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;

	begin(st);
	fields_set(&in, "what", "retry");
	fields_set(&in, "id", "all");
	assert_int_equal(
	    engine_order(st->engine, "outbox", &in, &agent, &out, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	fields_clear(&in);
	fields_clear(&out);
}

/* E-18: "no call" is meant for all, for whoever comes new and for the next server too. */
static void
no_call_is_made_before_the_tracker_wants_one(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, LIMITED, 8);
	owe(st, "registry", "k1");
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	stage_plan(st, "1A", "true"); /* its first filing is told at once */
	stage_settle(st);
	assert_string_equal(stage_act(st, "issue-file/p1.1.1A/v1"), "failed");
	assert_int_equal(order(st, "retry", "all", ""), 0);
	stage_settle(st);
	stage_restart(st);
	HAPPENS(st, HAP_PLAN_OPENED, "path", "/q.md", "title", "Another", "sha256", "",
	    "target", "main", "master", "CIA-9", "tracker", "command");
	stage_owe(st, "registry", "tracker", "k2", "{\"plan\":\"p2\"}");
	stage_now += 90000;
	tasks_pump_soon(st->engine);
	for (int i = 0; i < 10; i++)
		stage_turn(st, i, "a pause that ends");
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	assert_string_equal(stage_act(st, "k2"), "owed");
	assert_int_equal(stage_act_number(st, "k2", "tries"), 0);
	stage_answer(st, TRACK, "{}", 0);
	later(st, 20000);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_string_equal(stage_act(st, "k2"), "done");
}

/* A year back, and nothing would be sent for a year. */
static void
a_pause_goes_back_with_the_clock(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, OUTAGE, 8);
	owe(st, "registry", "k1");
	stage_settle(st);
	stage_now -= 365LL * 24 * 60 * 60 * 1000;
	stage_answer(st, TRACK, "{}", 0);
	later(st, 1000);
	later(st, 60000);
	assert_string_equal(stage_act(st, "k1"), "done");
}

/* The answer is what is heard first after the clock was set back, and its pause is kept. */
static void
a_pause_asked_for_after_the_clock_was_set_back_is_kept(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, LIMITED, 8);
	stage_block(st, TRACK);
	owe(st, "registry", "k1");
	STAGE_UNTIL(st, stage_n_jobs(st, TRACK) == 1);
	stage_now -= 24LL * 60 * 60 * 1000;
	stage_unblock(st, TRACK);
	STAGE_UNTIL(st, strcmp(stage_act(st, "k1"), "owed") == 0);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	later(st, 99000);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	later(st, 2000);
	assert_int_equal(stage_n_jobs(st, TRACK), 2);
}

/* The same while no server runs, and once more after it was noticed. */
static void
a_pause_outlives_servers_and_the_clock_that_is_set_back(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, LIMITED, 8);
	owe(st, "registry", "k1");
	stage_settle(st);
	stage_stop(st);
	stage_now -= 24LL * 60 * 60 * 1000;
	stage_start(st);
	assert_int_equal(stage_n_rows(st, "clock-set"), 1);
	later(st, 40000);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	stage_restart(st);
	later(st, 59000);
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
	later(st, 60000);
	assert_int_equal(stage_n_jobs(st, TRACK), 2);
}

/* A table waits for its filings: who gives one up is told so by the table. */
static void
a_filing_that_is_given_up_is_told_to_its_table(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *id = NULL;
	struct batch_run *b;

	begin(st);
	stage_answer(st, TRACK, OUTAGE, 8);
	stage_plan(st, "1A", "true");
	stage_settle(st);
	id = number_of(st, "issue-file/p1.1.1A/v1");
	assert_int_equal(order(st, "drop", id, "no tracker any more"), 0);
	assert_string_equal(stage_act(st, "issue-file/p1.1.1A/v1"), "dead");
	b = core_batch(st->engine->core, "p1/1");
	assert_non_null(strstr(b->reason, "no tracker any more"));
	stage_matches_journal(st);
}

/* Where no issue was ever filed there is nothing to write to, and nobody is asked about. */
static void
nothing_is_written_of_an_issue_that_was_given_up(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, REFUSED, 8);
	stage_plan(st, "1A", "true");
	stage_settle(st);
	assert_string_equal(stage_act(st, "issue-file/p1.1.1A/v1"), "failed");
	stage_owe(st, "issue-assign", "tracker", "k1", "{\"session\":\"p1.1.1A\"}");
	stage_settle(st);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
}

/* What waits for a person does so in the journal, or it is tried once more. */
static void
a_stop_that_the_full_disk_swallowed_is_found_again(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, REFUSED, 8);
	stage_block(st, TRACK);
	owe(st, "registry", "k1");
	STAGE_UNTIL(st, stage_n_jobs(st, TRACK) == 1);
	fault_arm(FAULT_FULL, 1);
	stage_unblock(st, TRACK);
	STAGE_UNTIL(st, fault_count() > 0);
	fault_arm(FAULT_NEVER, 0);
	later(st, 60000);
	assert_string_equal(stage_act(st, "k1"), "owed");
	assert_int_equal(stage_n_jobs(st, TRACK), 2);
	later(st, 60000);
	assert_int_equal(stage_n_jobs(st, TRACK), 2);
}

/*
 * J-26: done once more, it would look again, and find an issue that was moved back meanwhile to
 * be as it was before a write that nobody knows of.
 */
static void
a_write_that_got_through_is_not_made_again_because_the_disk_is_full_j26(void **state)
{
	struct stage *st = *state;

	begin(st);
	stage_answer(st, TRACK, "{\"seen\":\"{}\",\"seen_id\":\"CIA-1\"}", 0);
	stage_block(st, TRACK);
	owe(st, "registry", "k1");
	STAGE_UNTIL(st, stage_n_jobs(st, TRACK) == 1);
	fault_arm(FAULT_FULL, 1);
	stage_unblock(st, TRACK);
	STAGE_UNTIL(st, fault_count() > 0);
	for (int i = 0; i < 3; i++)
		later(st, 60000);
	assert_string_not_equal(stage_act(st, "k1"), "done");
	fault_arm(FAULT_NEVER, 0);
	later(st, 60000);
	assert_string_equal(stage_act(st, "k1"), "done");
	assert_int_equal(stage_n_jobs(st, TRACK), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(an_outage_keeps_all_waiting_and_is_drained_in_order),
		STAGE_TEST(the_pause_that_a_tracker_asks_for_is_kept),
		STAGE_TEST(a_refused_project_update_blocks_nothing),
		STAGE_TEST(a_project_update_that_fails_pauses_no_other),
		STAGE_TEST(what_is_refused_waits_for_a_person_over_a_restart),
		STAGE_TEST(a_retry_is_not_forgotten_by_a_server_that_dies_sending),
		STAGE_TEST(an_agent_neither_retries_nor_drops),
		STAGE_TEST(no_call_is_made_before_the_tracker_wants_one),
		STAGE_TEST(a_pause_goes_back_with_the_clock),
		STAGE_TEST(a_pause_asked_for_after_the_clock_was_set_back_is_kept),
		STAGE_TEST(a_pause_outlives_servers_and_the_clock_that_is_set_back),
		STAGE_TEST(a_filing_that_is_given_up_is_told_to_its_table),
		STAGE_TEST(nothing_is_written_of_an_issue_that_was_given_up),
		STAGE_TEST(a_stop_that_the_full_disk_swallowed_is_found_again),
		STAGE_TEST(
		    a_write_that_got_through_is_not_made_again_because_the_disk_is_full_j26),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
