#include "stage.h"

#include "base/mem.h"
#include "core/internal.h"

/* What a person orders, before it happens. */

#define HOUR ((int64_t)60 * 60 * 1000)

/* Orders 1A on, with FLAG when it is not NULL. */
static int
resume(struct stage *st, const char *flag, struct err *err)
{
	struct caller person = { .actor = "human:ada" };
	struct fields in = { 0 }, out = { 0 };
	int rc;

	*err = (struct err)ERR_INIT;
	fields_set(&in, "session", "1A");
	if (flag)
		fields_set_number(&in, flag, 1);
	rc = engine_order(st->engine, "resume", &in, &person, &out, err);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* 1A stalled; its agent had a conversation that can be taken up again. */
static void
stall_one(struct stage *st)
{
	struct session *s;

	stage_plan(st, "1A", "exit 1");
	stage_approve(st);
	STAGE_UNTIL(st, strcmp(stage_state(st, "1A"), "stalled") == 0);
	s = stage_session(st, "1A");
	core_set(&s->adapter, "claude");
	core_set(&s->agent_session, "5e55-1011");
}

/* */
static void
what_lay_for_a_day_goes_on_as_a_person_says(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *row = NULL;
	struct err err;

	stall_one(st);
	stage_now += 30 * HOUR;
	assert_int_equal(resume(st, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.rule, "R-160");
	assert_non_null(strstr(err.text, "1 d 6 h ago"));
	assert_non_null(strstr(err.fix, " --same goes on"));
	assert_non_null(strstr(err.fix, "--fresh"));
	assert_int_equal(stage_n_rows(st, "resumed"), 0);
	if (resume(st, "same", &err) < 0)
		fail_msg("%s", err.text);
	row = stage_row(st, "resumed");
	assert_non_null(strstr(row, "\"resumable\":1"));
}

static void
a_fresh_conversation_takes_nothing_up(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *row = NULL;
	struct err err;

	stall_one(st);
	if (resume(st, "fresh", &err) < 0)
		fail_msg("%s", err.text);
	row = stage_row(st, "resumed");
	assert_non_null(strstr(row, "\"resumable\":0"));
	assert_string_equal(stage_session(st, "1A")->run_resume, "");
}

static void
within_a_day_nobody_is_asked(void **state)
{
	struct stage *st = *state;
	struct err err;

	stall_one(st);
	stage_now += 23 * HOUR;
	if (resume(st, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(stage_session(st, "1A")->run_resume, "5e55-1011");
}

static void
fresh_and_the_same_are_not_both(void **state)
{
	struct caller person = { .actor = "human:ada" };
	struct stage *st = *state;
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;

	stall_one(st);
	fields_set(&in, "session", "1A");
	fields_set_number(&in, "fresh", 1);
	fields_set_number(&in, "same", 1);
	assert_int_equal(
	    engine_order(st->engine, "resume", &in, &person, &out, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	fields_clear(&in);
	fields_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(what_lay_for_a_day_goes_on_as_a_person_says),
		STAGE_TEST(a_fresh_conversation_takes_nothing_up),
		STAGE_TEST(within_a_day_nobody_is_asked),
		STAGE_TEST(fresh_and_the_same_are_not_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
