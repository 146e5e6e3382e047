#include "play.h"

/* How a conversation with an agent comes about (agent/agent.h: AGENT_STEP, AGENT_TURN). */

static struct play *
launched(void)
{
	struct play *p = play_new();

	play_open(p, 1);
	play_batch(p, 1, "1A");
	IS(p, "1A", SESSION_LAUNCHING);
	return p;
}

static void
a_step_is_owed_under_its_runs_and_its_own_name(void **state)
{
	struct play *p = launched();
	const struct act *act;

	(void)state;
	LINE(p, "1A", HAP_AGENT_STEPPED, "step", "session", "raw", "{}", NULL);
	act = play_act(p, "step", "1A");
	assert_non_null(act);
	assert_string_equal(act->key, "step/p1.1.1A.r1/session");
	assert_string_equal(act->order, "p1.1.1A");
	assert_string_equal(act_text(act, "raw"), "{}");
	assert_string_equal(act_text(act, "run"), "p1.1.1A.r1");
	play_free(p);
}

/* The journal drops a key that it has: whatever is repeated has to have the same. */
static void
a_repeated_step_has_the_same_key(void **state)
{
	struct play *p = launched();

	(void)state;
	LINE(p, "1A", HAP_AGENT_STEPPED, "step", "prompt", "raw", "a", NULL);
	LINE(p, "1A", HAP_AGENT_STEPPED, "step", "prompt", "raw", "b", NULL);
	assert_string_equal(play_act(p, "step", "1A")->key, "step/p1.1.1A.r1/prompt");
	play_free(p);
}

static void
a_step_of_a_run_that_is_told_to_go_owes_nothing(void **state)
{
	struct play *p = launched();

	(void)state;
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "lunch");
	LINE(p, "1A", HAP_AGENT_STEPPED, "step", "prompt", NULL);
	OWES_NO(p, "step", "1A");
	play_free(p);
}

static void
a_turn_is_known_until_it_is_over(void **state)
{
	struct play *p = launched();

	(void)state;
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_STEPPED, "turn", "t1", NULL);
	OWES_NO(p, "step", "1A");
	assert_string_equal(play_session(p, "1A")->agent_turn, "t1");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	assert_string_equal(play_session(p, "1A")->agent_turn, "");
	play_free(p);
}

/* CONTRACTS 2: a lost run goes on in a new one, with the conversation that is known. */
static void
a_resumed_run_keeps_what_it_resumes_and_what_is_said_about_it(void **state)
{
	struct play *p = launched();

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "thread-1", NULL);
	LINE(p, "1A", HAP_AGENT_STEPPED, "turn", "t1", NULL);
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	assert_string_equal(play_session(p, "1A")->run_resume, "thread-1");
	assert_string_equal(play_session(p, "1A")->agent_session, "thread-1");
	assert_string_equal(play_session(p, "1A")->agent_turn, "");
	LINE(p, "1A", HAP_AGENT_STEPPED, "step", "session", NULL);
	assert_string_equal(act_text(play_act(p, "step", "1A"), "resume"), "thread-1");
	assert_non_null(
	    strstr(act_text(play_act(p, "step", "1A"), "note"), "process was lost"));
	play_free(p);
}

/* What is said to a new conversation must not go to the old one. */
static void
a_new_conversation_forgets_the_old_ones_id(void **state)
{
	struct play *p = launched();

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "thread-1", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#status", "1", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "#resumable", "0");
	assert_string_equal(play_session(p, "1A")->agent_session, "");
	play_free(p);
}

static void
a_step_that_cannot_be_made_fails_the_session_with_its_words(void **state)
{
	struct play *p = launched();

	(void)state;
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "step", "run",
	    "p1.1.1A.r1", "text", "it has no plan mode");
	IS(p, "1A", SESSION_FAILED);
	assert_string_equal(play_session(p, "1A")->reason, "it has no plan mode");
	OWES(p, "tell", "1A");
	play_free(p);
}

static struct play *
planning(void)
{
	struct play *p = launched();
	struct session *s = play_session(p, "1A");

	free(s->launch);
	s->launch = xstrdup("plan");
	play_start(p, "1A");
	return p;
}

/* S-37: the approach is settled with a person first, code follows. */
static void
a_turn_under_plan_presents_the_plan_and_waits(void **state)
{
	struct play *p = planning();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "1. this 2. that", "#plans", "1", NULL);
	IS(p, "1A", SESSION_CHECKPOINT);
	OWES_NO(p, "inspect", "1A");
	assert_string_equal(session_open_ask(play_session(p, "1A"))->kind, "plan");
	assert_string_equal(
	    session_open_ask(play_session(p, "1A"))->detail, "1. this 2. that");
	play_free(p);
}

static void
an_approved_plan_is_told_and_its_end_is_an_end(void **state)
{
	struct play *p = planning();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "plan", "#plans", "1", NULL);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "ask", "", "decision",
	    "allow", "text", "soon");
	assert_string_equal(
	    act_text(play_act(p, "step", "1A"), "step"), "plan-allowed");
	assert_string_equal(act_text(play_act(p, "step", "1A"), "raw"), "soon");
	OWES_NO(p, "answer", "1A");
	IS(p, "1A", SESSION_ACTIVE);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", "#plans", "1", NULL);
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
a_declined_plan_is_asked_for_again_under_another_key(void **state)
{
	struct play *p = planning();
	AUTO_FREE char *first = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		LINE(p, "1A", HAP_AGENT_DONE, "text", "plan", "#plans", "1", NULL);
		IS(p, "1A", SESSION_CHECKPOINT);
		HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "ask", "",
		    "decision", "deny", "text", "smaller");
		assert_string_equal(
		    act_text(play_act(p, "step", "1A"), "step"), "plan-declined");
		if (first)
			assert_string_not_equal(play_act(p, "step", "1A")->key, first);
		free(first);
		first = xstrdup(play_act(p, "step", "1A")->key);
	}
	play_free(p);
}

/* RUNS 1.6: Codex in its own sandbox cannot commit; what is left then is a person's. */
static void
what_an_agent_cannot_commit_is_committed_for_it_once(void **state)
{
	struct play *p = launched();

	(void)state;
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "exit", "#dirty", "1",
	    "missing", "1 file", "#ours", "1");
	assert_int_equal(
	    fields_number(&play_act(p, "inspect", "1A")->fields, "commit_rest", 0), 1);
	IS(p, "1A", SESSION_EXITING);
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "exit", "#dirty", "1",
	    "missing", "1 file", "#ours", "1");
	OWES_NO(p, "inspect", "1A");
	assert_string_equal(session_open_ask(play_session(p, "1A"))->kind, "exit");
	play_free(p);
}

/* ---- words amid a turn ----------------------------------------------------------------- */

/* An agent whose turn is ended by words, in its first turn. */
static struct play *
hearing_late(void)
{
	struct play *p = launched();

	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "c-1", "#late", "1", NULL);
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_ACTIVE);
	return p;
}

static void
words_amid_a_turn_wait_for_its_end_and_come_one_by_one(void **state)
{
	struct play *p = hearing_late();

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "blue", "key", "k1");
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "round");
	OWES_NO(p, "say", "1A");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	OWES_NO(p, "inspect", "1A");
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"), "blue");
	assert_string_equal(play_act(p, "say", "1A")->key, "say/p1.1.1A/key/k1");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"), "round");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	OWES_NO(p, "say", "1A");
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
words_that_wait_are_kept_once_by_their_key(void **state)
{
	struct play *p = hearing_late();

	(void)state;
	for (int i = 0; i < 2; i++)
		HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "blue", "key", "k1");
	assert_int_equal(play_session(p, "1A")->n_words, 1);
	assert_true(session_keeps_words(play_session(p, "1A"), "k1"));
	assert_false(session_keeps_words(play_session(p, "1A"), "k2"));
	play_free(p);
}

static void
the_sixty_fifth_message_that_would_wait_is_refused(void **state)
{
	struct play *p = hearing_late();

	(void)state;
	for (int i = 0; i < 64; i++)
		HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "again");
	REFUSED(p, ERR_CONFLICT, HAP_SAID, "session", "p1.1.1A", "text", "again");
	play_free(p);
}

/* Who is interrupted hears at once what waited for the turn that is over by that. */
static void
an_interrupt_lets_the_words_through(void **state)
{
	struct play *p = hearing_late();

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "blue");
	HAPPENS(p, HAP_INTERRUPTED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "its turn was cancelled", NULL);
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"), "blue");
	assert_true(session_is_live(play_state(p, "1A")));
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "blue it is", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* What was not heard in one run is told in the next, after its first turn. */
static void
words_outlive_the_run_that_did_not_hear_them(void **state)
{
	struct play *p = hearing_late();

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "blue");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "c-1", "#late", "1", NULL);
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"), "blue");
	assert_string_equal(act_text(play_act(p, "say", "1A"), "run"), "p1.1.1A.r2");
	play_free(p);
}

/* Nobody knows yet that it hears late but who speaks to it. */
static void
words_before_its_agent_is_up_wait_for_its_first_turn(void **state)
{
	struct play *p = launched();

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "blue", "#late", "1");
	OWES_NO(p, "say", "1A");
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_owed_under_its_runs_and_its_own_name),
		cmocka_unit_test(a_repeated_step_has_the_same_key),
		cmocka_unit_test(a_step_of_a_run_that_is_told_to_go_owes_nothing),
		cmocka_unit_test(a_turn_is_known_until_it_is_over),
		cmocka_unit_test(
		    a_resumed_run_keeps_what_it_resumes_and_what_is_said_about_it),
		cmocka_unit_test(a_new_conversation_forgets_the_old_ones_id),
		cmocka_unit_test(a_turn_under_plan_presents_the_plan_and_waits),
		cmocka_unit_test(an_approved_plan_is_told_and_its_end_is_an_end),
		cmocka_unit_test(a_declined_plan_is_asked_for_again_under_another_key),
		cmocka_unit_test(
		    words_amid_a_turn_wait_for_its_end_and_come_one_by_one),
		cmocka_unit_test(words_that_wait_are_kept_once_by_their_key),
		cmocka_unit_test(the_sixty_fifth_message_that_would_wait_is_refused),
		cmocka_unit_test(an_interrupt_lets_the_words_through),
		cmocka_unit_test(words_outlive_the_run_that_did_not_hear_them),
		cmocka_unit_test(words_before_its_agent_is_up_wait_for_its_first_turn),
		cmocka_unit_test(what_an_agent_cannot_commit_is_committed_for_it_once),
		cmocka_unit_test(
		    a_step_that_cannot_be_made_fails_the_session_with_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
