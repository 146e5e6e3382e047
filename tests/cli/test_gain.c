/* B-40, R-228: what running in parallel gained, and how good the agents were. */
#include "cli/gain.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* ' stands for ", so that the fixtures can be read. */
static struct json_object *
parse(const char *text)
{
	AUTO_FREE char *copy = xstrdup(text);
	struct json_object *o;

	for (char *at = copy; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	o = json_tokener_parse(copy);
	assert_non_null(o);
	return o;
}

#define ONE(id, agent, state, runs, from, to, mid, cost)                               \
	"{'id':'" id "','agent_shown':'" agent "','state':'" state "','runs':" #runs   \
	",'started_at':" #from ",'ended_at':" #to ",'estimate_cents':{'mid':" #mid "}" \
	",'cost_cents':" #cost "}"

static const char plan_text[] =
    "{'opened_at':1000,'closed_at':101000,'batches':[{'sessions':["
    /* Two beside each other, a pause of 20 s, then one; 10 s of idling at the end. */
    ONE("a", "Claude", "done", 1, 1000, 51000, 100, 150) "," ONE("b", "Claude", "done",
	3, 1000, 31000, 200, 100) "]},{'sessions':[" ONE("c", "Codex", "failed", 2,
	71000, 91000, 0, 10) "," ONE("d", "Codex", "approved", 0, 0, 0, 100, 0) "]}]}";

static void
times_and_rates_come_from_what_happened_b40(void **state)
{
	struct json_object *plan = parse(plan_text);
	struct json_object *status = parse(
	    "{'conflicts':[{'a':{'session':'a'},'b':{'session':''}}]}");
	struct gain g;

	(void)state;
	gain_of(status, plan, 999000, &g);
	assert_int_equal(g.wall, 100000);
	assert_int_equal(g.sequential, 100000);
	assert_int_equal(g.idle, 30000);
	assert_int_equal(g.n_sessions, 4);
	assert_int_equal(g.n_delivered, 2);
	assert_int_equal(g.n_met, 1);
	/* 250 of 300 cents; each was off by a half. */
	assert_int_equal(g.error, -16);
	assert_int_equal(g.spread, 50);
	json_object_put(plan);
	json_object_put(status);
}

static void
an_agent_is_rated_by_its_outcomes_r228(void **state)
{
	static const struct {
		const char *state;
		int runs, quality;
	} rows[] = {
		{ "failed", 1, 0 },
		{ "abandoned", 1, 100 },
		{ "merge-conflict", 1, 200 },
		{ "done", 4, 300 },
		{ "done", 3, 300 },
		{ "done", 2, 400 },
		{ "done", 1, 500 },
		{ "active", 1, -1 },
		{ "in-review", 1, -1 },
	};
	struct gain_agent agent[GAIN_MOST_AGENTS];
	struct json_object *plan = parse(plan_text);

	(void)state;
	assert_int_equal(gain_agents(plan, 999000, agent), 2);
	assert_string_equal(agent[0].name, "Claude");
	assert_int_equal(agent[0].quality, 400);
	assert_int_equal(agent[0].revisions, 2);
	assert_int_equal(agent[0].to_delivery, 40000);
	assert_int_equal(agent[1].n, 2);
	assert_int_equal(agent[1].n_rated, 1);
	assert_int_equal(agent[1].to_delivery, -1);
	json_object_put(plan);
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = xasprintf(
		    "{'batches':[{'sessions':[{'agent_shown':'A','state':'%s','runs':%d}]}]}",
		    rows[i].state, rows[i].runs);

		plan = parse(text);
		assert_int_equal(gain_agents(plan, 0, agent), 1);
		assert_int_equal(agent[0].quality, rows[i].quality);
		json_object_put(plan);
	}
}

static void
what_never_ran_has_no_gain(void **state)
{
	struct json_object *plan = parse("{'opened_at':1000,'batches':[]}");
	struct gain g;

	(void)state;
	gain_of(NULL, plan, 500, &g);
	assert_int_equal(g.wall, 0);
	assert_int_equal(g.sequential, 0);
	assert_int_equal(g.error, -1);
	assert_int_equal(g.spread, -1);
	json_object_put(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_and_rates_come_from_what_happened_b40),
		cmocka_unit_test(an_agent_is_rated_by_its_outcomes_r228),
		cmocka_unit_test(what_never_ran_has_no_gain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
