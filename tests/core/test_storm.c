#include "core/internal.h"
#include "core/reason.h"
#include "core/why.h"
#include "play.h"

/* J-47: who fails in the same way again and again is stopped, and a person is asked. */

static struct play *
one_at_work(void)
{
	struct play *p = play_new();

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "target", "main", "merge", "ask", "#cap", "3", "#threshold", "1000",
	    "#n_phases", "9", "#same_error_limit", "3", "#tries_limit", "5");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	return p;
}

/* TOOL fails with the error that SHA stands for. */
static void
fails(struct play *p, const char *tool, const char *sha)
{
	LINE(p, "1A", HAP_AGENT_TOOL, "tool", tool, "text", "no such rule", "error_sha",
	    sha, "#resumable", "1", NULL);
}

static void
works(struct play *p, const char *tool)
{
	LINE(p, "1A", HAP_AGENT_TOOL, "tool", tool, "#worked", "1", NULL);
}

static void
the_same_error_three_times_stops_and_asks_j47(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");
	struct reason reason;
	struct need need;
	const struct ask *a;

	(void)state;
	fails(p, "make", "e1");
	fails(p, "make", "e1");
	IS(p, "1A", SESSION_ACTIVE);
	fails(p, "make", "e1");
	IS(p, "1A", SESSION_PARKED);
	OWES(p, "interrupt", "1A");
	OWES(p, "tell", "1A");
	OWES(p, "inspect", "1A");
	OWES(p, "issue-comment", "1A");
	assert_int_equal(s->n_failed, 0);
	a = session_open_ask(s);
	assert_non_null(a);
	assert_string_equal(a->kind, "storm");
	assert_non_null(strstr(a->text, "make failed 3 times with the same error"));
	assert_non_null(strstr(a->detail, "no such rule"));
	assert_true(a->number > 0);
	assert_int_equal(core_needs(p->core, &need, 1), 1);
	assert_non_null(strstr(need.command, "divisi approve"));
	session_reason(p->core, s, &reason);
	assert_string_equal(reason.rule, "J-47");
	assert_non_null(strstr(reason.release, "a person's yes"));
	play_free(p);
}

static void
five_tries_stop_whatever_the_errors_are_j47(void **state)
{
	static const char *const errors[] = { "e1", "e2", "e3", "e4", "e5" };
	struct play *p = one_at_work();

	(void)state;
	for (int i = 0; i < 5; i++) {
		IS(p, "1A", SESSION_ACTIVE);
		fails(p, "make", errors[i]);
		/* Others that fail once, and what works, hide nothing. */
		if (i < 4)
			fails(p, errors[i], "x");
	}
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "5 times without once"));
	play_free(p);
}

static void
what_works_or_is_another_task_or_was_talked_about_counts_anew(void **state)
{
	struct play *p = one_at_work();

	(void)state;
	for (int i = 0; i < 6; i++) {
		fails(p, "make", "e1");
		fails(p, "make", "e1");
		if (i % 3 == 0)
			works(p, "make");
		else if (i % 3 == 1)
			LINE(p, "1A", HAP_AGENT_ACTIVITY, "#tasks_done",
			    i == 1 ? "1" : "2", NULL);
		else
			HAPPENS(p, HAP_SAID, "session", play_session(p, "1A")->id,
			    "text", "the rule is in lib");
	}
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
a_line_that_is_read_again_counts_once(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	for (int i = 0; i < 5; i++)
		LINE(p, "1A", HAP_AGENT_TOOL, "tool", "make", "error_sha", "e", "call",
		    "c1", NULL);
	assert_int_equal(s->trouble[0].n, 1);
	LINE(p, "1A", HAP_AGENT_TOOL, "tool", "make", "error_sha", "e", "#offset",
	    "100", NULL);
	for (int i = 0; i < 5; i++)
		LINE(p, "1A", HAP_AGENT_TOOL, "tool", "make", "error_sha", "e",
		    "#offset", "50", NULL);
	assert_int_equal(s->trouble[0].n, 2);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* The question outlives the agent; the yes waits for the end of the old process. */
static void
a_yes_lets_a_new_run_go_on_which_is_told_what_failed(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");
	const struct act *launch;

	(void)state;
	core_set(&s->agent_session, "conversation");
	for (int i = 0; i < 3; i++)
		fails(p, "make", "e1");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow", "text",
	    "use the rule in lib");
	IS(p, "1A", SESSION_PARKED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	launch = play_act(p, "launch", "1A");
	assert_non_null(launch);
	assert_string_equal(act_text(launch, "resume"), "conversation");
	assert_non_null(strstr(act_text(launch, "note"), "no such rule"));
	assert_non_null(strstr(act_text(launch, "note"), "use the rule in lib"));
	assert_int_equal(s->n_troubles, 0);
	play_free(p);
}

static void
the_question_outlives_the_agent_and_a_no_leaves_it_parked(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	for (int i = 0; i < 3; i++)
		fails(p, "make", "e1");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	assert_non_null(session_open_ask(s));
	HAPPENS(p, HAP_ASK_ANSWERED, "session", s->id, "decision", "deny", "text", "");
	IS(p, "1A", SESSION_PARKED);
	assert_null(session_open_ask(s));
	play_clock(p, 1000000);
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

static void
it_may_go_on_in_pair_and_in_nothing_else(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	for (int i = 0; i < 3; i++)
		fails(p, "make", "e1");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	REFUSED(p, ERR_USAGE, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow",
	    "mode", "swarm");
	HAPPENS(
	    p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow", "mode", "pair");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(s->launch, "plan");
	assert_string_equal(s->mode, "pair");
	play_free(p);
}

static void
limits_of_nought_stop_nobody(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 3);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	for (int i = 0; i < 50; i++)
		fails(p, "make", "e1");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* A copy of the conversation is for that run only. */
static void
a_fork_is_said_to_the_launch_it_was_ordered_for_and_no_other(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	core_set(&s->agent_session, "conversation");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "signal", "#signal", "9", NULL);
	HAPPENS(p, HAP_RESUMED, "session", s->id, "#fork", "1", "#resumable", "1");
	assert_int_equal(
	    fields_number(&play_act(p, "launch", "1A")->fields, "fork", 0), 1);
	assert_true(s->run_forks);
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "copy", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "signal", "#signal", "9", NULL);
	HAPPENS(p, HAP_RESUMED, "session", s->id, "#resumable", "1", "override", "G18",
	    "reason", "once more");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "copy");
	assert_int_equal(
	    fields_number(&play_act(p, "launch", "1A")->fields, "fork", 0), 0);
	play_free(p);
}

/* Also one that is resumed, given up or taken by a person in another way. */
static void
a_person_who_acts_otherwise_settles_the_question(void **state)
{
	static const enum hap ways[] = { HAP_RESUMED, HAP_ABANDONED, HAP_CLAIMED };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(ways); i++) {
		struct play *p = one_at_work();
		struct session *s = play_session(p, "1A");

		for (int k = 0; k < 3; k++)
			fails(p, "make", "e1");
		LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
		HAPPENS(p, ways[i], "session", s->id, "reason", "because");
		assert_null(session_open_ask(s));
		assert_int_equal(s->n_troubles, 0);
		play_free(p);
	}
}

/*
 * three identical errors in a row open the circuit; what works closes nothing while it
 * is open, only a person does, and who was quick may be made to show a plan first.
 */
static void
an_open_circuit_is_closed_by_a_person_and_not_by_a_success_r162(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	core_set(&s->mode, "quick");
	fails(p, "make", "e1");
	fails(p, "make", "e1");
	works(p, "make");
	assert_int_equal(s->n_troubles, 0);
	for (int i = 0; i < 3; i++)
		fails(p, "make", "e1");
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(session_open_ask(s)->detail, "--mode pair"));
	works(p, "make");
	assert_int_equal(s->n_troubles, 1);
	IS(p, "1A", SESSION_PARKED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_PARKED);
	HAPPENS(
	    p, HAP_ASK_ANSWERED, "session", s->id, "decision", "allow", "mode", "pair");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(s->mode, "pair");
	assert_non_null(strstr(act_text(play_act(p, "launch", "1A"), "note"), "make"));
	assert_int_equal(s->n_troubles, 0);
	play_free(p);
}

/* the pair is for who was quick; nobody else is told of it. */
static void
who_was_not_quick_is_stopped_without_that_offer_r162(void **state)
{
	struct play *p = one_at_work();
	struct session *s = play_session(p, "1A");

	(void)state;
	for (int i = 0; i < 3; i++)
		fails(p, "make", "e1");
	assert_null(strstr(session_open_ask(s)->detail, "--mode pair"));
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_error_three_times_stops_and_asks_j47),
		cmocka_unit_test(five_tries_stop_whatever_the_errors_are_j47),
		cmocka_unit_test(
		    what_works_or_is_another_task_or_was_talked_about_counts_anew),
		cmocka_unit_test(a_line_that_is_read_again_counts_once),
		cmocka_unit_test(a_yes_lets_a_new_run_go_on_which_is_told_what_failed),
		cmocka_unit_test(
		    the_question_outlives_the_agent_and_a_no_leaves_it_parked),
		cmocka_unit_test(it_may_go_on_in_pair_and_in_nothing_else),
		cmocka_unit_test(limits_of_nought_stop_nobody),
		cmocka_unit_test(
		    a_fork_is_said_to_the_launch_it_was_ordered_for_and_no_other),
		cmocka_unit_test(a_person_who_acts_otherwise_settles_the_question),
		cmocka_unit_test(
		    an_open_circuit_is_closed_by_a_person_and_not_by_a_success_r162),
		cmocka_unit_test(who_was_not_quick_is_stopped_without_that_offer_r162),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
