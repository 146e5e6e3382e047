#include "play.h"

#include "core/why.h"

/* A person works on a session: by hand, on a terminal, and back (J-16, DESIGN 7). */

static struct play *
active(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	play_start(p, "1A");
	return p;
}

#define TAKE(p)                                                                     \
	HAPPENS(p, HAP_TAKEN_OVER, "session", "p1.1.1A", "terminal", "xterm 80 24", \
	    "command", "by-hand")
#define ENDED(p, why) LINE(p, "1A", HAP_RUN_ENDED, "reason", (why), NULL)

/* Taken over, its agent has ended and the terminal is open. */
static struct play *
on_terminal(void)
{
	struct play *p = active("1A");

	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "conv-1", NULL);
	TAKE(p);
	ENDED(p, "stopped");
	return p;
}

static void
a_claim_makes_it_a_persons_and_takes_a_slot(void **state)
{
	struct play *p = active("1A 1B 1C 1D");

	(void)state;
	REFUSED(p, ERR_CONFLICT, HAP_CLAIMED, "session", "p1.1.1A");
	assert_string_equal(p->err.fix, "divisi takeover S-A");
	REFUSED(p, ERR_REFUSED, HAP_CLAIMED, "session", "p1.1.1D");
	assert_string_equal(p->err.code, "G05");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A");
	OWES(p, "launch", "1D");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1D");
	REFUSED(p, ERR_CONFLICT, HAP_CLAIMED, "session", "p1.1.1D"); /* it still ends */
	LINE(p, "1D", HAP_RUN_ENDED, "reason", "stopped", NULL);
	HAPPENS(p, HAP_CLAIMED, "session", "p1.1.1D");
	IS(p, "1D", SESSION_CLAIMED);
	assert_int_equal(core_live(p->core), 3);
	p->actor = "human:bob";
	REFUSED(p, ERR_CONFLICT, HAP_CLAIMED, "session", "p1.1.1D");
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1D");
	REFUSED(p, ERR_CONFLICT, HAP_HANDED_BACK, "session", "p1.1.1D", "how", "done");
	REFUSED(p, ERR_CONFLICT, HAP_TAKEN_OVER, "session", "p1.1.1D");
	/* Who is in the way of others may be parked by them, and is nobody's then. */
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1D");
	assert_string_equal(play_session(p, "1D")->claimed_by, "");
	play_free(p);
}

static void
what_was_done_by_hand_is_inspected_reviewed_and_merged(void **state)
{
	struct play *p = active("1A");

	(void)state;
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	ENDED(p, "stopped");
	HAPPENS(p, HAP_CLAIMED, "session", "p1.1.1A");
	HAPPENS(
	    p, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "done", "note", "mine");
	IS(p, "1A", SESSION_EXITING);
	assert_string_equal(act_text(play_act(p, "inspect", "1A"), "why"), "exit");
	OWES_NO(p, "launch", NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "head", "h1", "pin", "h1",
	    "#commits", "1", "#files", "1", NULL);
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_string_equal(play_session(p, "1A")->summary, "mine");
	play_free(p);
}

/* Promise 1: the agent is told to end, and nothing starts before its end is told. */
static void
a_takeover_waits_for_the_end_of_the_agent(void **state)
{
	struct play *p = active("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "conv-1", NULL);
	TAKE(p);
	IS(p, "1A", SESSION_CLAIMED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	OWES_NO(p, "launch", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_TAKEN_OVER, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_SAID, "session", "p1.1.1A", "text", "hello");
	/* Its last words are heard and change nothing. */
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q", "kind", "permission", NULL);
	assert_null(session_open_ask(play_session(p, "1A")));
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "interrupted", NULL);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	IS(p, "1A", SESSION_CLAIMED);
	ENDED(p, "stopped");
	OWES(p, "launch", "1A");
	assert_string_equal(
	    act_text(play_act(p, "launch", "1A"), "terminal"), "xterm 80 24");
	assert_string_equal(
	    act_text(play_act(p, "launch", "1A"), "command"), "by-hand");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "conv-1");
	assert_string_equal(act_text(play_act(p, "inspect", "1A"), "why"), "taken");
	assert_true(play_session(p, "1A")->is_interactive);
	assert_int_equal(core_live(p->core), 1);
	play_free(p);
}

static void
what_is_not_proven_dead_gets_no_terminal_beside_it(void **state)
{
	struct play *p = active("1A");

	(void)state;
	TAKE(p);
	LINE(p, "1A", HAP_RUN_LOST, "#alive", "1", "text", "pid 7 does not die", NULL);
	OWES_NO(p, "launch", NULL);
	IS(p, "1A", SESSION_CLAIMED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "pid 7"));
	/* The person may try again, and whatever is launched proves it once more. */
	TAKE(p);
	OWES(p, "launch", "1A");
	play_free(p);
}

static void
handed_back_its_agent_is_told_what_changed(void **state)
{
	struct play *p = on_terminal();
	const char *note;

	(void)state;
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "taken", "pin", "pin-1");
	HAPPENS(p, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "resume", "note",
	    "mind the gap", "#resumable", "1");
	IS(p, "1A", SESSION_CLAIMED);
	OWES_NO(p, "launch", NULL);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	ENDED(p, "exited");
	OWES_NO(p, "launch", NULL);
	assert_string_equal(
	    act_text(play_act(p, "inspect", "1A"), "why"), "given-back");
	assert_string_equal(act_text(play_act(p, "inspect", "1A"), "since"), "pin-1");
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "given-back", "pin",
	    "pin-2", "changes", "a.c | 2 +-");
	IS(p, "1A", SESSION_LAUNCHING);
	note = act_text(play_act(p, "launch", "1A"), "note");
	assert_non_null(strstr(note, "mind the gap"));
	assert_non_null(strstr(note, "a.c | 2 +-"));
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "conv-1");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "terminal"), "");
	assert_string_equal(play_session(p, "1A")->claimed_by, "");
	assert_false(play_session(p, "1A")->is_interactive);
	play_free(p);
}

/* Whatever is not known of the changes: the session does not hang on it. */
static void
an_inspection_that_fails_holds_nobody_up(void **state)
{
	struct play *p = on_terminal();

	(void)state;
	ENDED(p, "exited");
	IS(p, "1A", SESSION_CLAIMED);
	HAPPENS(p, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "resume");
	HAPPENS(
	    p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "inspect", "text", "no");
	IS(p, "1A", SESSION_LAUNCHING);
	/* Its agent cannot go on in a conversation: a new one. */
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "");
	play_free(p);
}

static void
a_terminal_that_ends_leaves_the_session_with_its_person(void **state)
{
	struct play *p = on_terminal();
	char why[256], command[256];

	(void)state;
	ENDED(p, "exited");
	IS(p, "1A", SESSION_CLAIMED);
	assert_string_equal(act_text(play_act(p, "inspect", "1A"), "why"), "claimed");
	session_why(
	    p->core, play_session(p, "1A"), why, sizeof(why), command, sizeof(command));
	assert_non_null(strstr(why, "human:ada"));
	assert_non_null(strstr(command, "divisi handback S-A"));
	TAKE(p);
	OWES(p, "launch", "1A");
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "launch", "run",
	    "p1.1.1A.r3", "text", "no terminal");
	IS(p, "1A", SESSION_CLAIMED);
	assert_string_equal(play_session(p, "1A")->reason, "no terminal");
	assert_false(play_session(p, "1A")->run_open);
	play_free(p);
}

static void
only_who_has_it_hands_it_back_and_only_once(void **state)
{
	struct play *p = on_terminal();

	(void)state;
	REFUSED(p, ERR_USAGE, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "whatever");
	p->actor = "human:bob";
	REFUSED(p, ERR_CONFLICT, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "done");
	p->actor = "human:ada";
	HAPPENS(p, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "done");
	ENDED(p, "exited");
	IS(p, "1A", SESSION_EXITING);
	REFUSED(p, ERR_CONFLICT, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "done");
	play_free(p);
}

static void
time_alone_does_nothing_to_a_session_that_a_person_has(void **state)
{
	struct play *p = on_terminal();

	(void)state;
	assert_int_equal(core_next_deadline(p->core), INT64_MAX);
	play_clock(p, 100LL * 24 * 60 * 60 * 1000);
	IS(p, "1A", SESSION_CLAIMED);
	play_free(p);
}

#define PLAN_CAP(p, cents) \
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", (cents))

/* Promise 5: what a person gives back is paid from what is left, too. */
static void
nothing_is_given_back_beyond_a_cap(void **state)
{
	struct play *p = on_terminal();

	(void)state;
	PLAN_CAP(p, "1");
	REFUSED(
	    p, ERR_CONFLICT, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "resume");
	IS(p, "1A", SESSION_CLAIMED);
	PLAN_CAP(p, "100000");
	HAPPENS(p, HAP_HANDED_BACK, "session", "p1.1.1A", "how", "resume");
	/* A late bill: no order of a person launches beyond it. */
	PLAN_CAP(p, "1");
	ENDED(p, "stopped");
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "given-back");
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "cap"));
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_makes_it_a_persons_and_takes_a_slot),
		cmocka_unit_test(
		    what_was_done_by_hand_is_inspected_reviewed_and_merged),
		cmocka_unit_test(a_takeover_waits_for_the_end_of_the_agent),
		cmocka_unit_test(nothing_is_given_back_beyond_a_cap),
		cmocka_unit_test(what_is_not_proven_dead_gets_no_terminal_beside_it),
		cmocka_unit_test(handed_back_its_agent_is_told_what_changed),
		cmocka_unit_test(an_inspection_that_fails_holds_nobody_up),
		cmocka_unit_test(
		    a_terminal_that_ends_leaves_the_session_with_its_person),
		cmocka_unit_test(only_who_has_it_hands_it_back_and_only_once),
		cmocka_unit_test(
		    time_alone_does_nothing_to_a_session_that_a_person_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
