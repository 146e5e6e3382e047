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
		cmocka_unit_test(
		    a_step_that_cannot_be_made_fails_the_session_with_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
