#include "core/internal.h"
#include "core/money.h"
#include "core/why.h"
#include "play.h"

/* Agents that end because the budget they were started with is used up: J-28, DESIGN 7. */

static struct play *
one_at_work(const char *profile, const char *plan_cap)
{
	struct play *p = play_new();

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "target", "main", "merge", "ask", "#cap", "3", "#threshold", "1000",
	    "#n_phases", "9", "profile", profile, "#plan_cap", plan_cap);
	play_batch(p, 1, "1A");
	play_session(p, "1A")->budget = 1000;
	play_start(p, "1A");
	return p;
}

static void
spends(struct play *p, const char *cents)
{
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#cost", cents, NULL);
}

static void
ends_for_its_budget(struct play *p)
{
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "Reached maximum budget",
	    "#out_of_budget", "1", "#resumable", "1", NULL);
}

static void
who_spent_it_all_is_parked_and_has_not_failed_j28(void **state)
{
	struct play *p = one_at_work("budget", "0");
	struct session *s = play_session(p, "1A");
	struct need need;

	(void)state;
	spends(p, "1003");
	ends_for_its_budget(p);
	IS(p, "1A", SESSION_PARKED);
	assert_int_equal(s->n_failed, 0);
	assert_null(session_open_ask(s));
	assert_non_null(strstr(s->reason, "$10.03 of the $10"));
	assert_int_equal(core_needs(p->core, &need, 1), 1);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	play_clock(p, 1000000);
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

static void
a_person_who_resumes_it_lets_it_spend_as_much_again(void **state)
{
	struct play *p = one_at_work("budget", "0");
	struct session *s = play_session(p, "1A");

	(void)state;
	assert_int_equal(money_of_run(p->core, s), 1000);
	spends(p, "1003");
	ends_for_its_budget(p);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", s->id, "#resumable", "1");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_int_equal(money_ceiling(p->core, s), 2003);
	assert_int_equal(money_of_run(p->core, s), 1000);
	play_start(p, "1A");
	assert_null(session_open_ask(s));
	spends(p, "999");
	IS(p, "1A", SESSION_ACTIVE);
	spends(p, "1000");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
not_beyond_the_cap_of_its_plan(void **state)
{
	struct play *p = one_at_work("budget", "1500");

	(void)state;
	spends(p, "1003");
	ends_for_its_budget(p);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", "3000");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	play_free(p);
}

/* The process has its old budget; what a person allowed meanwhile goes to a new one. */
static void
who_was_allowed_more_goes_on_by_itself_in_the_same_conversation(void **state)
{
	struct play *p = one_at_work("budget", "0");
	struct session *s = play_session(p, "1A");
	struct need need;

	(void)state;
	spends(p, "1000");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow");
	spends(p, "1100");
	ends_for_its_budget(p);
	IS(p, "1A", SESSION_PARKED);
	assert_int_equal(core_needs(p->core, &need, 1), 0);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "uuid");
	assert_int_equal(money_of_run(p->core, s), 900);
	play_free(p);
}

static void
who_is_ended_so_again_and_again_waits_for_a_person(void **state)
{
	struct play *p = one_at_work("budget", "0");
	int n = 0;

	(void)state;
	/* Its own count is another than what it says. */
	while (play_session(p, "1A")->state == SESSION_ACTIVE && n++ < 100) {
		ends_for_its_budget(p);
		LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
		if (play_session(p, "1A")->state == SESSION_LAUNCHING)
			play_start(p, "1A");
	}
	assert_in_range(n, 2, 20);
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

static void
under_unlimited_no_budget_is_given_j28(void **state)
{
	struct play *p = one_at_work("unlimited", "0");

	(void)state;
	assert_int_equal(money_of_run(p->core, play_session(p, "1A")), 0);
	play_free(p);
}

/* A held process is suspended: it could not end for its closed input. */
static void
who_was_held_in_the_same_breath_is_let_go_to_end(void **state)
{
	struct play *p = one_at_work("budget", "0");
	size_t n_continue = 0;

	(void)state;
	spends(p, "1003");
	IS(p, "1A", SESSION_CHECKPOINT);
	ends_for_its_budget(p);
	for (size_t i = 0; i < p->acts.n; i++)
		n_continue += strcmp(act_text(&p->acts.item[i], "order"), "continue") ==
			      0;
	assert_int_equal(n_continue, 1);
	play_free(p);
}

static void
what_is_done_already_is_not_undone_by_it(void **state)
{
	struct play *p = one_at_work("budget", "0");

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "made it", NULL);
	play_inspect(p, "1A", 1);
	ends_for_its_budget(p);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

/* One whose tool fails again and again, stopped for it, with CENTS spent; its process is gone. */
static struct play *
one_stopped_for_a_storm(const char *plan_cap, const char *cents)
{
	struct play *p = one_at_work("budget", plan_cap);

	core_plan(p->core, "p1")->same_error_limit = 3;
	spends(p, cents);
	for (int i = 0; i < 3; i++)
		LINE(p, "1A", HAP_AGENT_TOOL, "tool", "make", "text", "no such rule",
		    "error_sha", "e1", "#resumable", "1", NULL);
	IS(p, "1A", SESSION_PARKED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	return p;
}

/* Found by the simulation: it was started, and held again at once for what it had spent. */
static void
who_may_go_on_after_a_storm_and_has_spent_all_waits_for_money_j28(void **state)
{
	struct play *p = one_stopped_for_a_storm("0", "999");
	struct session *s = play_session(p, "1A");
	struct need need;

	(void)state;
	s->cost = 1003; /* what its end told */
	HAPPENS(p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow");
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(s->reason, "$10.03 of the $10"));
	assert_int_equal(core_needs(p->core, &need, 1), 1);
	play_clock(p, 1000000);
	IS(p, "1A", SESSION_PARKED);
	HAPPENS(p, HAP_RESUMED, "session", s->id, "#resumable", "1");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_non_null(
	    strstr(act_text(play_act(p, "launch", "1A"), "note"), "no such rule"));
	play_free(p);
}

static void
who_may_go_on_after_a_storm_goes_on_when_a_cap_has_room_again_j28(void **state)
{
	struct play *p = one_stopped_for_a_storm("1500", "900");
	struct session *s = play_session(p, "1A");
	struct need need;

	(void)state;
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", "950");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow");
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(s->reason, "the cap of its plan"));
	assert_int_equal(core_needs(p->core, &need, 1), 1);
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", "3000");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_non_null(
	    strstr(act_text(play_act(p, "launch", "1A"), "note"), "no such rule"));
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_spent_it_all_is_parked_and_has_not_failed_j28),
		cmocka_unit_test(a_person_who_resumes_it_lets_it_spend_as_much_again),
		cmocka_unit_test(not_beyond_the_cap_of_its_plan),
		cmocka_unit_test(
		    who_was_allowed_more_goes_on_by_itself_in_the_same_conversation),
		cmocka_unit_test(who_is_ended_so_again_and_again_waits_for_a_person),
		cmocka_unit_test(under_unlimited_no_budget_is_given_j28),
		cmocka_unit_test(who_was_held_in_the_same_breath_is_let_go_to_end),
		cmocka_unit_test(what_is_done_already_is_not_undone_by_it),
		cmocka_unit_test(
		    who_may_go_on_after_a_storm_and_has_spent_all_waits_for_money_j28),
		cmocka_unit_test(
		    who_may_go_on_after_a_storm_goes_on_when_a_cap_has_room_again_j28),
	};

	return cmocka_run_group_tests_name("core/budget", tests, NULL, NULL);
}
