/* Acts on a tracker over the network: E-18, J-26, J-27, with a clock that is told. */
#include "stage.h"

#include "engine/outbox.h"

#define TRACK  "track"
#define OUTAGE "{\"error\":\"system\",\"text\":\"down\",\"trouble\":\"later\"}"
#define LIMITED                                                            \
	"{\"error\":\"system\",\"text\":\"slow\",\"trouble\":\"limited\"," \
	"\"retry_after_ms\":100000}"
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(an_outage_keeps_all_waiting_and_is_drained_in_order),
		STAGE_TEST(the_pause_that_a_tracker_asks_for_is_kept),
		STAGE_TEST(what_is_refused_waits_for_a_person_over_a_restart),
		STAGE_TEST(an_agent_neither_retries_nor_drops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
