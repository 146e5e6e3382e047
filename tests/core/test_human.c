#include "play.h"

/* What a person orders about one session. */

static struct play *
active(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	play_start(p, "1A");
	return p;
}

static void
kill_run(struct play *p, const char *phase)
{
	LINE(p, phase, HAP_RUN_ENDED, "reason", "exited", "#status", "1", NULL);
}

static void
words_reach_a_living_agent_only(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "look at b.c");
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"), "look at b.c");
	assert_string_equal(act_text(play_act(p, "say", "1A"), "run"), "p1.1.1A.r1");
	kill_run(p, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_SAID, "session", "p1.1.1A", "text", "hello?");
	assert_non_null(strstr(p->err.fix, "resume"));
	play_free(p);
}

/* The sender's key is the act's, so that a message sent twice is owed once. */
static void
a_message_with_a_key_is_one_act_of_that_key(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "now", "key", "a1.b-2_c");
	assert_string_equal(play_act(p, "say", "1A")->key, "say/p1.1.1A/key/a1.b-2_c");
	REFUSED(
	    p, ERR_USAGE, HAP_SAID, "session", "p1.1.1A", "text", "now", "key", "a/b");
	REFUSED(p, ERR_USAGE, HAP_SAID, "session", "p1.1.1A", "text", "now", "key",
	    "a b\n");
	play_free(p);
}

/* J-36: more is said to one that ended incompletely. */
static void
words_to_an_ending_session_let_it_work_again(void **state)
{
	struct play *p = active("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "missing", "dirty", "#dirty", "1",
	    NULL);
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "commit it");
	IS(p, "1A", SESSION_ACTIVE);
	assert_null(session_open_ask(play_session(p, "1A")));
	assert_string_equal(play_session(p, "1A")->reason, "");
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
a_hold_suspends_and_a_resume_lets_go_on(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A", "reason", "wait");
	IS(p, "1A", SESSION_HALTED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "suspend");
	REFUSED(p, ERR_CONFLICT, HAP_HELD, "session", "p1.1.1A");
	play_clock(p, CORE_SILENCE_LIMIT_MS * 2);
	IS(p, "1A", SESSION_HALTED);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

static void
an_ask_under_a_hold_is_asked_after_it(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q1", "kind", "question", NULL);
	IS(p, "1A", SESSION_HALTED);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
a_hold_and_a_hold_for_cost_are_lifted_one_by_one(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", "5000", NULL);
	OWES_NO(p, "tell", NULL); /* it is suspended already */
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_CHECKPOINT);
	OWES_NO(p, "tell", NULL);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);

	p = active("1A");
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", "5000", NULL);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	OWES_NO(p, "tell", NULL);
	IS(p, "1A", SESSION_HALTED);
	play_free(p);
}

/* Found by the simulation. */
static void
done_held_and_costly_at_once_does_not_stay_suspended(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", "5000", NULL);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "made it", NULL);
	IS(p, "1A", SESSION_HALTED);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_EXITING);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
a_resume_never_starts_beside_a_living_agent(void **state)
{
	struct play *p = active("1A");

	(void)state;
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	play_clock(p, CORE_SILENCE_LIMIT_MS);
	IS(p, "1A", SESSION_STALLED);
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	/* Told to stop is not stopped. */
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	kill_run(p, "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_LAUNCHING);
	play_free(p);
}

/* S-36, E-7: parked -> launching with a link to what was before. */
static void
a_resumed_session_keeps_its_issue_branch_and_conversation(void **state)
{
	struct play *p = active("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#cost", "70", NULL);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "lunch");
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	OWES(p, "inspect", "1A");
	OWES(p, "issue-comment", "1A");
	OWES_NO(p, "issue-move", "1A"); /* the issue stays In Progress */
	kill_run(p, "1A");
	OWES(p, "inspect", "1A");
	HAPPENS(
	    p, HAP_RESUMED, "session", "p1.1.1A", "#resumable", "1", "note", "go on");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "uuid");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "note"), "go on");
	assert_string_equal(play_session(p, "1A")->sub_issue, "DV-1A");
	assert_int_equal(play_session(p, "1A")->cost_before, 70);
	assert_int_equal(play_session(p, "1A")->cost, 0);
	play_free(p);
}

/* at most two failed approaches per issue, then a person approves the third. */
static void
a_third_approach_needs_an_override(void **state)
{
	struct play *p = active("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	kill_run(p, "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no again", NULL);
	kill_run(p, "1A");
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "G18");
	assert_string_equal(p->err.rule, "R-24");
	REFUSED(p, ERR_USAGE, HAP_RESUMED, "session", "p1.1.1A", "override", "G18");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "override", "G18", "reason",
	    "another library");
	play_free(p);
}

static void
a_parked_session_has_not_failed(void **state)
{
	struct play *p = active("1A");

	(void)state;
	for (int i = 0; i < 4; i++) {
		HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
		kill_run(p, "1A");
		HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	}
	play_free(p);
}

static void
a_dead_process_that_is_resumed_was_a_failed_approach(void **state)
{
	struct play *p = active("1A");

	(void)state;
	kill_run(p, "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	play_start(p, "1A");
	kill_run(p, "1A");
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "G18");
	play_free(p);
}

/* R-24 counts approaches: a machine that went down twice has tried nothing. */
static void
a_run_that_was_lost_was_no_approach(void **state)
{
	struct play *p = active("1A");

	(void)state;
	for (int i = 0; i < 4; i++) {
		HAPPENS(p, HAP_RUN_LOST, "session", "p1.1.1A", "run",
		    play_session(p, "1A")->run);
		assert_int_equal(play_session(p, "1A")->state, SESSION_STALLED);
		HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
		play_start(p, "1A");
	}
	assert_int_equal(play_session(p, "1A")->n_failed, 0);
	play_free(p);
}

/* S-25: a fourth launch is refused; the override exists and is on record. */
static void
a_resume_keeps_to_the_cap(void **state)
{
	struct play *p = active("1A 1B 1C 1D");

	(void)state;
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	kill_run(p, "1A");
	IS(p, "1D", SESSION_LAUNCHING);
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "G05");
	assert_non_null(strstr(p->err.text, "human coordination overhead"));
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "override", "G05", "reason",
	    "two of them only wait");
	assert_int_equal(core_live(p->core), 4);
	play_free(p);
}

static void
a_stalled_session_holds_its_slot_and_may_go_on(void **state)
{
	struct play *p = active("1A 1B 1C");

	(void)state;
	kill_run(p, "1A");
	assert_int_equal(core_live(p->core), 3);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	assert_int_equal(core_live(p->core), 3);
	play_free(p);
}

/* Promise 3: the table of the later batch was made without it. */
static void
a_resume_does_not_collide_with_a_later_batch(void **state)
{
	struct play *p = active("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	kill_run(p, "1A");
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	play_batch(p, 2, "2A");
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "G03");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "override", "G03", "reason",
	    "other files");
	play_free(p);
}

/* S-83: one agent per issue. */
static void
a_phase_is_not_worked_on_twice(void **state)
{
	struct play *p = active("1A 1B");

	(void)state;
	REFUSED(p, ERR_REFUSED, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "1", "s0.phase", "1A", "#override_G07", "1");
	assert_string_equal(p->err.code, "G10");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	kill_run(p, "1A");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1B");
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	play_batch(p, 2, "1A");
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "G10");
	play_free(p);
}

static void
only_what_stands_still_can_be_resumed(void **state)
{
	struct play *p = active("1A 1B 1C 1D");

	(void)state;
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1D"); /* approved */
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A");
	kill_run(p, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	play_free(p);
}

/* E-7: any live -> abandoned: the issue is cancelled, nothing is deleted. */
static void
an_abandoned_session_is_over_and_kept(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "obsolete");
	IS(p, "1A", SESSION_ABANDONED);
	assert_string_equal(
	    act_text(play_act(p, "issue-move", "1A"), "status"), "Cancelled");
	OWES(p, "inspect", "1A");
	OWES_NO(p, "worktree-remove", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_ABANDONED, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_PARKED, "session", "p1.1.1A");
	assert_int_equal(play_batch_state(p, 1), BATCH_WITH_FAILURES);
	play_free(p);
}

static void
what_is_not_approved_cannot_be_left(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	REFUSED(p, ERR_CONFLICT, HAP_PARKED, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_ABANDONED, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_CLAIMED, "session", "p1.1.1A");
	play_free(p);
}

/* J-14; found by the simulation. */
static void
an_external_session_is_never_launched_here(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p1", "#number", "1", "hash", "h",
	    "#n_sessions", "1", "s0.phase", "1A", "s0.label", "S-A", "s0.agent_shown",
	    "Factory", "#s0.external", "1");
	OWES_NO(p, "worktree-add", NULL);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	OWES(p, "issue-assign", "1A");
	OWES_NO(p, "launch", NULL);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	HAPPENS(p, HAP_CLAIMED, "session", "p1.1.1A");
	play_free(p);
}

static void
an_interrupted_turn_waits_for_words_and_has_not_failed(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 9);
	play_batch(p, 1, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_INTERRUPTED, "session", "p1.1.1A");
	play_start(p, "1A");
	HAPPENS(p, HAP_INTERRUPTED, "session", "p1.1.1A");
	assert_non_null(play_act(p, "interrupt", "1A"));
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "aborted_streaming", NULL);
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "divisi say"));
	/* Its agent lives on, what it ran does not. */
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "sweep");
	/* That the command died is no news of work. */
	LINE(p, "1A", HAP_AGENT_TOOL, "tool", "make", "text", "killed", "error_sha",
	    "e", NULL);
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "divisi say"));
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "go on");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "I go on", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	/* The next failure is its own. */
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "I give up", NULL);
	IS(p, "1A", SESSION_FAILED);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_interrupted_turn_waits_for_words_and_has_not_failed),
		cmocka_unit_test(words_reach_a_living_agent_only),
		cmocka_unit_test(a_message_with_a_key_is_one_act_of_that_key),
		cmocka_unit_test(words_to_an_ending_session_let_it_work_again),
		cmocka_unit_test(a_hold_suspends_and_a_resume_lets_go_on),
		cmocka_unit_test(an_ask_under_a_hold_is_asked_after_it),
		cmocka_unit_test(a_hold_and_a_hold_for_cost_are_lifted_one_by_one),
		cmocka_unit_test(done_held_and_costly_at_once_does_not_stay_suspended),
		cmocka_unit_test(a_resume_never_starts_beside_a_living_agent),
		cmocka_unit_test(
		    a_resumed_session_keeps_its_issue_branch_and_conversation),
		cmocka_unit_test(a_third_approach_needs_an_override),
		cmocka_unit_test(a_parked_session_has_not_failed),
		cmocka_unit_test(a_dead_process_that_is_resumed_was_a_failed_approach),
		cmocka_unit_test(a_run_that_was_lost_was_no_approach),
		cmocka_unit_test(a_resume_keeps_to_the_cap),
		cmocka_unit_test(a_stalled_session_holds_its_slot_and_may_go_on),
		cmocka_unit_test(a_resume_does_not_collide_with_a_later_batch),
		cmocka_unit_test(a_phase_is_not_worked_on_twice),
		cmocka_unit_test(only_what_stands_still_can_be_resumed),
		cmocka_unit_test(an_abandoned_session_is_over_and_kept),
		cmocka_unit_test(what_is_not_approved_cannot_be_left),
		cmocka_unit_test(an_external_session_is_never_launched_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
