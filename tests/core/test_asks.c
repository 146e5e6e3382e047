#include "play.h"

#include <stdio.h>

/* What an agent or a rule asks, and what a person or a rule answers. */

static struct play *
active(const char *launch)
{
	struct play *p = play_new();
	struct session *s;

	play_open(p, 9);
	play_batch(p, 1, "1A");
	s = play_session(p, "1A");
	free(s->launch);
	s->launch = xstrdup(launch);
	play_start(p, "1A");
	return p;
}

static void
asks(struct play *p, const char *id, const char *kind)
{
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", id, "kind", kind, "text", "may I?", "raw",
	    "{}", NULL);
}

static int
answer(struct play *p, const char *id, const char *decision)
{
	return HAPPEN(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "ask", id, "decision",
	    decision, "text", "go");
}

static void
an_ask_holds_the_session_until_it_is_answered(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	IS(p, "1A", SESSION_CHECKPOINT);
	REFUSED(p, ERR_USAGE, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision",
	    "perhaps");
	assert_int_equal(answer(p, "q1", "allow"), 0);
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "ask"), "q1");
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "decision"), "allow");
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "raw"), "{}");
	assert_string_equal(play_session(p, "1A")->ask[0].by, "human:ada");
	play_free(p);
}

static void
a_flood_of_questions_ends_the_session_and_says_so(void **state)
{
	struct play *p = active("ask");
	char id[16];

	(void)state;
	for (int i = 0; i < 80; i++) {
		snprintf(id, sizeof(id), "q%d", i);
		asks(p, id, "permission");
	}
	IS(p, "1A", SESSION_FAILED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "floods"));
	assert_true(play_session(p, "1A")->n_asks <= 64);
	play_free(p);
}

static void
an_ask_is_answered_once(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	assert_int_equal(answer(p, "q1", "allow"), 0);
	assert_int_equal(answer(p, "q1", "deny"), -1);
	assert_int_equal(p->err.kind, ERR_NOT_FOUND);
	assert_string_equal(play_session(p, "1A")->ask[0].decision, "allow");
	play_free(p);
}

/* The output is read again from the last offset when the server comes back. */
/* The holder takes keys of plain letters only; the agent's id is a stranger's text. */
static void
the_key_of_an_answer_holds_nothing_of_the_agent_s(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "../ my \"id\" $(rm) \xc3\xa9", "permission");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	assert_int_equal(
	    strspn(play_act(p, "answer", "1A")->key,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@+-"),
	    strlen(play_act(p, "answer", "1A")->key));
	play_free(p);
}

static void
an_ask_read_again_is_not_a_new_one(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	asks(p, "q1", "permission");
	assert_int_equal(play_session(p, "1A")->n_asks, 1);
	assert_int_equal(answer(p, "q1", "allow"), 0);
	asks(p, "q1", "permission");
	assert_int_equal(play_session(p, "1A")->n_asks, 1);
	assert_int_equal(p->acts.n, 0);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
the_same_id_in_another_run_is_another_ask(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	play_start(p, "1A");
	asks(p, "q1", "permission");
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(play_session(p, "1A")->n_asks, 2);
	play_free(p);
}

static void
several_asks_are_answered_one_by_one(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	asks(p, "q2", "question");
	assert_int_equal(answer(p, "q2", "allow"), 0);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(answer(p, "", "deny"), 0);
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "ask"), "q1");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
an_ask_that_the_agent_takes_back_is_gone(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	LINE(p, "1A", HAP_AGENT_ASK_GONE, "ask", "q1", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	assert_int_equal(answer(p, "q1", "allow"), -1);
	play_free(p);
}

static void
asks_are_gone_with_their_run(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "signaled", "#signal", "9", NULL);
	IS(p, "1A", SESSION_STALLED);
	assert_null(session_open_ask(play_session(p, "1A")));
	assert_int_equal(answer(p, "q1", "allow"), -1);
	play_free(p);
}

/* The wait is a person's: it is no silence of the agent. */
static void
nothing_stalls_while_a_person_is_asked(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	play_clock(p, CORE_SILENCE_LIMIT_MS * 3);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(answer(p, "q1", "allow"), 0);
	play_clock(p, CORE_SILENCE_LIMIT_MS - 10);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
an_ask_before_the_first_words_waits_for_them(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_ACCEPTED, NULL);
	asks(p, "q1", "permission");
	IS(p, "1A", SESSION_UNCONFIRMED);
	assert_non_null(session_open_ask(play_session(p, "1A")));
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(answer(p, "q1", "allow"), 0);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
an_ask_after_the_delivery_is_nobody_s(void **state)
{
	struct play *p = active("ask");

	(void)state;
	play_deliver(p, "1A");
	asks(p, "q1", "permission");
	assert_null(session_open_ask(play_session(p, "1A")));
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

/* S-37: in pair mode the approach is settled first, code follows. */
static void
an_approved_plan_allows_the_permissions_after_it(void **state)
{
	struct play *p = active("plan");

	(void)state;
	asks(p, "q1", "permission");
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(answer(p, "q1", "deny"), 0);
	asks(p, "q2", "plan");
	assert_int_equal(answer(p, "q2", "allow"), 0);
	asks(p, "q3", "permission");
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "decision"), "allow");
	assert_non_null(strstr(play_session(p, "1A")->ask[2].by, "rule"));
	/* Other questions still are a person's. */
	asks(p, "q4", "question");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
in_ask_mode_every_permission_is_asked(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "plan");
	assert_int_equal(answer(p, "q1", "allow"), 0);
	asks(p, "q2", "permission");
	IS(p, "1A", SESSION_CHECKPOINT);
	OWES_NO(p, "answer", NULL);
	play_free(p);
}

static void
a_declined_plan_allows_nothing(void **state)
{
	struct play *p = active("plan");

	(void)state;
	asks(p, "q1", "plan");
	assert_int_equal(answer(p, "q1", "deny"), 0);
	asks(p, "q2", "permission");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
estimates(struct play *p, const char *cents)
{
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", cents, NULL);
}

/* S-69: "If >$10": exactly $10 is not above it. */
static void
an_estimate_above_the_threshold_holds(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	estimates(p, "1000");
	IS(p, "1A", SESSION_ACTIVE);
	assert_int_equal(p->acts.n, 0);
	estimates(p, "1001");
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "suspend");
	assert_int_equal(answer(p, "", "allow"), 0);
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	play_free(p);
}

/* what the approved table said already needs no second approval. */
static void
an_estimate_within_what_was_approved_does_not_hold(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	play_session(p, "1A")->est_mid = 3000;
	estimates(p, "3000");
	IS(p, "1A", SESSION_ACTIVE);
	estimates(p, "3001");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
an_unlimited_profile_is_never_held(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "profile", "unlimited");
	estimates(p, "99999");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
an_allowed_estimate_is_allowed_until_it_grows(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	estimates(p, "2000");
	assert_int_equal(answer(p, "", "allow"), 0);
	estimates(p, "2000");
	estimates(p, "1500");
	IS(p, "1A", SESSION_ACTIVE);
	estimates(p, "2001");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
a_person_answers_the_newest_estimate(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	estimates(p, "1200");
	estimates(p, "5000");
	assert_int_equal(play_session(p, "1A")->n_asks, 1);
	assert_non_null(strstr(play_session(p, "1A")->ask[0].text, "$50"));
	assert_int_equal(answer(p, "", "allow"), 0);
	assert_int_equal(play_session(p, "1A")->allowed, 5000);
	play_free(p);
}

/* E-7: checkpoint -> parked when the person declines. */
static void
a_declined_estimate_parks(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	estimates(p, "1200");
	assert_int_equal(answer(p, "", "deny"), 0);
	IS(p, "1A", SESSION_PARKED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
an_estimate_before_the_first_words_suspends_too(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_ACCEPTED, NULL);
	estimates(p, "1200");
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "suspend");
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
being_done_ends_a_hold_for_cost(void **state)
{
	struct play *p = active("bypass");

	(void)state;
	estimates(p, "1200");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "too late", NULL);
	IS(p, "1A", SESSION_EXITING);
	/* Suspended, it could not even read that its input ends. */
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	assert_null(session_open_ask(play_session(p, "1A")));
	play_free(p);
}

static void
an_answer_that_cannot_be_told_is_shown(void **state)
{
	struct play *p = active("ask");

	(void)state;
	asks(p, "q1", "permission");
	assert_int_equal(answer(p, "q1", "allow"), 0);
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "answer", "run",
	    "p1.1.1A.r1", "text", "its holder does not listen");
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "holder"));
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ask_holds_the_session_until_it_is_answered),
		cmocka_unit_test(a_flood_of_questions_ends_the_session_and_says_so),
		cmocka_unit_test(an_ask_is_answered_once),
		cmocka_unit_test(the_key_of_an_answer_holds_nothing_of_the_agent_s),
		cmocka_unit_test(an_ask_read_again_is_not_a_new_one),
		cmocka_unit_test(the_same_id_in_another_run_is_another_ask),
		cmocka_unit_test(several_asks_are_answered_one_by_one),
		cmocka_unit_test(an_ask_that_the_agent_takes_back_is_gone),
		cmocka_unit_test(asks_are_gone_with_their_run),
		cmocka_unit_test(nothing_stalls_while_a_person_is_asked),
		cmocka_unit_test(an_ask_before_the_first_words_waits_for_them),
		cmocka_unit_test(an_ask_after_the_delivery_is_nobody_s),
		cmocka_unit_test(an_approved_plan_allows_the_permissions_after_it),
		cmocka_unit_test(in_ask_mode_every_permission_is_asked),
		cmocka_unit_test(a_declined_plan_allows_nothing),
		cmocka_unit_test(an_estimate_above_the_threshold_holds),
		cmocka_unit_test(an_estimate_within_what_was_approved_does_not_hold),
		cmocka_unit_test(an_unlimited_profile_is_never_held),
		cmocka_unit_test(an_allowed_estimate_is_allowed_until_it_grows),
		cmocka_unit_test(a_person_answers_the_newest_estimate),
		cmocka_unit_test(a_declined_estimate_parks),
		cmocka_unit_test(an_estimate_before_the_first_words_suspends_too),
		cmocka_unit_test(being_done_ends_a_hold_for_cost),
		cmocka_unit_test(an_answer_that_cannot_be_told_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
