/* What an agent may order for its own session, and what it sees: CONTRACTS 1, Peers. */
#include "stage.h"

#include <stdio.h>

static const struct caller agent = { .actor = "session:p1.1.1A", .session = "p1.1.1A" };
static const struct caller person = { .actor = "human:ada" };

static int
order(struct stage *st, const char *verb, const struct caller *caller,
    struct fields *out, const char *name, const char *value, const char *name2,
    const char *value2)
{
	struct fields in = { 0 };
	int rc;

	stage_err = (struct err)ERR_INIT;
	if (name)
		fields_set(&in, name, value);
	if (name2)
		fields_set(&in, name2, value2);
	rc = engine_order(st->engine, verb, &in, caller, out, &stage_err);
	fields_clear(&in);
	return rc;
}
#define REPORT(st, kind, text) \
	order((st), "report", &agent, &out, "kind", (kind), "text", (text))

/* An agent that only sleeps: everything it says comes through orders. */
static void
begin(struct stage *st)
{
	stage_plan(st, "1A 1B", "exec sleep 60");
	stage_approve(st);
	STAGE_UNTIL(st, stage_session(st, "1A")->run_open);
}

static void
what_it_reports_is_what_its_stream_would_say(void **state)
{
	struct stage *st = *state;
	struct fields out = { 0 };
	const struct session *s;

	begin(st);
	assert_int_equal(REPORT(st, "started", ""), 0);
	assert_string_equal(stage_state(st, "1A"), "active");
	assert_int_equal(REPORT(st, "progress", "half of it"), 0);
	s = stage_session(st, "1A");
	assert_string_equal(s->last_text, "half of it");
	assert_int_equal(REPORT(st, "progress", "a bit more"), 0);
	assert_string_equal(s->last_text, "half of it"); /* one a second is kept */
	assert_int_equal(REPORT(st, "question", "tabs or blanks?"), 0);
	assert_string_equal(stage_state(st, "1A"), "checkpoint");
	assert_int_equal(REPORT(st, "done", "it is done"), 0);
	assert_string_equal(stage_state(st, "1A"), "exiting");
	assert_string_equal(stage_session(st, "1A")->summary, "it is done");
	fields_clear(&out);
	stage_matches_journal(st);
}

static void
nobody_speaks_for_another(void **state)
{
	struct stage *st = *state;
	struct caller other = { .actor = "session:?", .session = "?" };
	struct fields out = { 0 };

	begin(st);
	assert_int_equal(
	    order(st, "report", &agent, &out, "kind", "done", "session", "p1.1.1B"),
	    -1);
	assert_int_equal(stage_err.kind, ERR_REFUSED);
	assert_int_equal(
	    order(st, "report", &person, &out, "kind", "done", "session", "1A"), -1);
	assert_int_equal(stage_err.kind, ERR_REFUSED);
	assert_int_equal(
	    order(st, "report", &other, &out, "kind", "done", NULL, NULL), -1);
	assert_int_equal(stage_err.kind, ERR_REFUSED);
	assert_int_equal(REPORT(st, "approved", ""), -1);
	assert_int_equal(stage_err.kind, ERR_USAGE);
	assert_int_equal(
	    order(st, "answer", &agent, &out, "session", "1A", "decision", "allow"),
	    -1);
	assert_int_equal(stage_err.kind, ERR_REFUSED);
	assert_string_equal(stage_state(st, "1A"), "launching");
	fields_clear(&out);
}

static void
more_paths_are_patterns_of_its_own_tree(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *absolute = NULL;
	static const char *const bad[] = { "", "\n\n", "/etc/passwd", "../x", "a{b",
		"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17" };
	struct fields out = { 0 };

	begin(st);
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		assert_int_equal(
		    order(st, "widen", &agent, &out, "patterns", bad[i], "reason", "r"),
		    -1);
	}
	assert_int_equal(
	    order(st, "widen", &agent, &out, "patterns", "a", NULL, NULL), -1);
	assert_int_equal(stage_err.kind, ERR_USAGE);
	absolute = xasprintf("%s/lib/x.c", stage_session(st, "1A")->path);
	assert_int_equal(
	    order(st, "widen", &agent, &out, "patterns", absolute, "reason", "because"),
	    0);
	assert_string_equal(stage_session(st, "1A")->ask[0].raw, "lib/x.c\n");
	assert_string_equal(fields_text(&out, "ask"), "widen-1");
	fields_clear(&out);
	stage_matches_journal(st);
}

static void
an_agent_sees_itself_and_what_concerns_it(void **state)
{
	struct stage *st = *state;
	AUTO_JSON struct json_object *all = NULL, *own = NULL;
	const char *text;

	begin(st);
	all = engine_status_for(st->engine, &person);
	text = json_object_to_json_string(all);
	assert_non_null(strstr(text, "p1.1.1B"));
	own = engine_status_for(st->engine, &agent);
	text = json_object_to_json_string(own);
	assert_non_null(strstr(text, "p1.1.1A"));
	assert_null(strstr(text, "p1.1.1B"));
	assert_true(engine_may_see(st->engine, &agent, "1A", &stage_err));
	assert_false(engine_may_see(st->engine, &agent, "1B", &stage_err));
	assert_false(engine_may_see(st->engine, &agent, "17", &stage_err));
	assert_true(engine_may_see(st->engine, &person, "1B", &stage_err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(what_it_reports_is_what_its_stream_would_say),
		STAGE_TEST(nobody_speaks_for_another),
		STAGE_TEST(more_paths_are_patterns_of_its_own_tree),
		STAGE_TEST(an_agent_sees_itself_and_what_concerns_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
