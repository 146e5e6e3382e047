#include "play.h"

#include "core/lives.h"

/*
 * SPEC E-7, row by row ("any live" spelled out), and the rows that are ours, each with its
 * reason.  Everything else is refused; the test walks every state and event.
 */
struct row {
	enum session_state from;
	enum session_event on;
	enum session_state to;
};

static const struct row table[] = {
	/* clang-format off */
	{ SESSION_PLANNED, ON_FILED, SESSION_FILED },
	{ SESSION_FILED, ON_PREPARED, SESSION_PREPARED },
	{ SESSION_FILED, ON_APPROVED, SESSION_APPROVED },
	{ SESSION_PREPARED, ON_APPROVED, SESSION_APPROVED },
	{ SESSION_APPROVED, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_LAUNCHING, ON_ACCEPTED, SESSION_UNCONFIRMED },
	{ SESSION_UNCONFIRMED, ON_CONFIRMED, SESSION_ACTIVE },
	{ SESSION_ACTIVE, ON_ASKED, SESSION_CHECKPOINT },
	{ SESSION_CHECKPOINT, ON_ANSWERED, SESSION_ACTIVE },
	{ SESSION_ACTIVE, ON_HALT, SESSION_HALTED },
	{ SESSION_HALTED, ON_RULED, SESSION_ACTIVE },
	{ SESSION_ACTIVE, ON_STALL, SESSION_STALLED },
	{ SESSION_STALLED, ON_ACTIVITY, SESSION_ACTIVE },
	{ SESSION_ACTIVE, ON_REPORTED, SESSION_EXITING },
	{ SESSION_EXITING, ON_DELIVERED, SESSION_IN_REVIEW },
	{ SESSION_EXITING, ON_EVIDENCED, SESSION_DONE },
	{ SESSION_EXITING, ON_FAIL, SESSION_FAILED },
	{ SESSION_IN_REVIEW, ON_REVIEWED, SESSION_MERGEABLE },
	{ SESSION_MERGEABLE, ON_TURN, SESSION_MERGING },
	{ SESSION_MERGING, ON_MERGED, SESSION_DONE },
	{ SESSION_MERGING, ON_CONFLICT, SESSION_MERGE_CONFLICT },
	{ SESSION_MERGE_CONFLICT, ON_RETRY, SESSION_MERGEABLE },
	{ SESSION_MERGE_CONFLICT, ON_ABANDON, SESSION_ABANDONED },
	{ SESSION_PARKED, ON_LAUNCH, SESSION_LAUNCHING },

	/* A table that is declined: nothing of it may start (E-5). */
	{ SESSION_FILED, ON_DECLINED, SESSION_PLANNED },
	{ SESSION_PREPARED, ON_DECLINED, SESSION_PLANNED },
	/* The timeout of A-35 is an alert: the person relaunches, nothing does so by itself. */
	{ SESSION_LAUNCHING, ON_STALL, SESSION_STALLED },
	{ SESSION_UNCONFIRMED, ON_STALL, SESSION_STALLED },
	/* Dead or silent while somebody else was waited for. */
	{ SESSION_CHECKPOINT, ON_STALL, SESSION_STALLED },
	{ SESSION_HALTED, ON_STALL, SESSION_STALLED },
	/* "any program": it may report its end without the words, or after a silence. */
	{ SESSION_UNCONFIRMED, ON_REPORTED, SESSION_EXITING },
	{ SESSION_STALLED, ON_REPORTED, SESSION_EXITING },
	/* J-36: a person says more to one that ended incompletely. */
	{ SESSION_EXITING, ON_ACTIVITY, SESSION_ACTIVE },
	/* A new run of the same session: the same issue, branch and worktree. */
	{ SESSION_STALLED, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_EXITING, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_IN_REVIEW, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_MERGE_CONFLICT, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_FAILED, ON_LAUNCH, SESSION_LAUNCHING },
	/* It gives up, or could not be started. */
	{ SESSION_LAUNCHING, ON_FAIL, SESSION_FAILED },
	{ SESSION_UNCONFIRMED, ON_FAIL, SESSION_FAILED },
	{ SESSION_ACTIVE, ON_FAIL, SESSION_FAILED },
	{ SESSION_CHECKPOINT, ON_FAIL, SESSION_FAILED },
	{ SESSION_HALTED, ON_FAIL, SESSION_FAILED },
	{ SESSION_STALLED, ON_FAIL, SESSION_FAILED },
	/* A person's word that ends one which is not live. */
	{ SESSION_APPROVED, ON_PARK, SESSION_PARKED },
	{ SESSION_APPROVED, ON_ABANDON, SESSION_ABANDONED },
	{ SESSION_IN_REVIEW, ON_PARK, SESSION_PARKED },
	{ SESSION_IN_REVIEW, ON_ABANDON, SESSION_ABANDONED },
	{ SESSION_MERGEABLE, ON_PARK, SESSION_PARKED },
	{ SESSION_MERGEABLE, ON_ABANDON, SESSION_ABANDONED },
	{ SESSION_MERGE_CONFLICT, ON_PARK, SESSION_PARKED },
	{ SESSION_PARKED, ON_ABANDON, SESSION_ABANDONED },
	{ SESSION_FAILED, ON_ABANDON, SESSION_ABANDONED },
	/* A person works on it (J-16), and hands it back or says that it is done. */
	{ SESSION_APPROVED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_UNCONFIRMED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_ACTIVE, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_CHECKPOINT, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_HALTED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_STALLED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_EXITING, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_IN_REVIEW, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_MERGE_CONFLICT, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_PARKED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_FAILED, ON_CLAIM, SESSION_CLAIMED },
	{ SESSION_CLAIMED, ON_LAUNCH, SESSION_LAUNCHING },
	{ SESSION_CLAIMED, ON_REPORTED, SESSION_EXITING },
	/* clang-format on */
};

static const enum session_state live[] = { SESSION_LAUNCHING, SESSION_UNCONFIRMED,
	SESSION_ACTIVE, SESSION_CHECKPOINT, SESSION_HALTED, SESSION_STALLED,
	SESSION_EXITING, SESSION_CLAIMED };

static bool
is_live_here(enum session_state state)
{
	for (size_t i = 0; i < N_ELEMS(live); i++) {
		if (live[i] == state)
			return true;
	}
	return false;
}

/* Where EVENT leads from STATE, or -1. */
static int
expected(enum session_state state, enum session_event event)
{
	if (is_live_here(state) && event == ON_PARK)
		return SESSION_PARKED;
	if (is_live_here(state) && event == ON_ABANDON)
		return SESSION_ABANDONED;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		if (table[i].from == state && table[i].on == event)
			return (int)table[i].to;
	}
	return -1;
}

/* E-7 */
static void
every_event_in_every_state_does_what_the_table_says(void **state)
{
	(void)state;
	for (int s = 0; s < SESSION_N_STATES; s++) {
		for (int e = 0; e < SESSION_N_EVENTS; e++) {
			enum session_state at = (enum session_state)s;
			int want = expected(at, (enum session_event)e);
			bool moved = session_next(&at, (enum session_event)e);

			if (moved != (want >= 0) || (int)at != (moved ? want : s))
				fail_msg("%s on %s: %s",
				    session_state_name((enum session_state)s),
				    session_event_name((enum session_event)e),
				    moved ? session_state_name(at) : "refused");
		}
	}
}

static void
a_done_or_abandoned_session_never_moves(void **state)
{
	(void)state;
	for (int e = 0; e < SESSION_N_EVENTS; e++) {
		enum session_state done = SESSION_DONE, gone = SESSION_ABANDONED;

		assert_false(session_next(&done, (enum session_event)e));
		assert_false(session_next(&gone, (enum session_event)e));
	}
}

/* E-7: exactly these seven hold a slot of the cap. */
static void
the_live_states_are_those_of_the_manual(void **state)
{
	(void)state;
	for (int s = 0; s < SESSION_N_STATES; s++)
		assert_int_equal(session_is_live((enum session_state)s),
		    is_live_here((enum session_state)s));
}

static void
only_done_failed_and_abandoned_are_terminal(void **state)
{
	(void)state;
	for (int s = 0; s < SESSION_N_STATES; s++)
		assert_int_equal(session_is_terminal((enum session_state)s),
		    s == SESSION_DONE || s == SESSION_FAILED || s == SESSION_ABANDONED);
}

/* Nobody is stuck: from every state a road leads to a terminal one. */
static void
every_state_can_end(void **state)
{
	bool ends[SESSION_N_STATES] = { false };
	bool grew = true;

	(void)state;
	for (int s = 0; s < SESSION_N_STATES; s++)
		ends[s] = session_is_terminal((enum session_state)s);
	while (grew) {
		grew = false;
		for (int s = 0; s < SESSION_N_STATES; s++) {
			for (int e = 0; e < SESSION_N_EVENTS && !ends[s]; e++) {
				enum session_state at = (enum session_state)s;

				if (session_next(&at, (enum session_event)e) &&
				    ends[at])
					ends[s] = grew = true;
			}
		}
	}
	for (int s = 0; s < SESSION_N_STATES; s++)
		assert_true(ends[s]);
}

/* E-7: Active = live, Done = done, Failed = failed or abandoned. */
static void
registry_words_follow_the_states(void **state)
{
	(void)state;
	for (int s = 0; s < SESSION_N_STATES; s++) {
		enum session_state at = (enum session_state)s;
		const char *word = session_registry_word(at);

		assert_int_equal(session_is_live(at), strcmp(word, "Active") == 0);
		assert_int_equal(at == SESSION_DONE, strcmp(word, "Done") == 0);
		assert_int_equal(at == SESSION_FAILED || at == SESSION_ABANDONED,
		    strcmp(word, "Failed") == 0);
	}
}

/* Words are kept in the journal for ever: no two states share one. */
static void
every_state_and_event_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < SESSION_N_STATES; a++) {
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    session_state_name((enum session_state)a),
			    session_state_name((enum session_state)b));
	}
	for (int a = 0; a < SESSION_N_EVENTS; a++) {
		assert_non_null(session_event_name((enum session_event)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    session_event_name((enum session_event)a),
			    session_event_name((enum session_event)b));
	}
	for (int a = 0; a < BATCH_N_STATES; a++) {
		assert_non_null(batch_state_name((enum batch_state)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(batch_state_name((enum batch_state)a),
			    batch_state_name((enum batch_state)b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_does_what_the_table_says),
		cmocka_unit_test(a_done_or_abandoned_session_never_moves),
		cmocka_unit_test(the_live_states_are_those_of_the_manual),
		cmocka_unit_test(only_done_failed_and_abandoned_are_terminal),
		cmocka_unit_test(every_state_can_end),
		cmocka_unit_test(registry_words_follow_the_states),
		cmocka_unit_test(every_state_and_event_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
