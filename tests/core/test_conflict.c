#include "play.h"

/* Sessions that meet while they work: S-45, A-14, E-30, J-24. */

static struct play *
working(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	play_start(p, "1A");
	play_start(p, "1B");
	return p;
}

static int
meet(struct play *p, const char *kind, const char *files)
{
	int rc;

	p->actor = "server";
	rc = HAPPEN(p, HAP_MET, "kind", kind, "a", "p1.1.1A", "b", "p1.1.1B", "files",
	    files, "text", "<<<<<<<");
	p->actor = "human:ada";
	return rc;
}
#define MEET(p, kind, files) assert_int_equal(meet((p), (kind), (files)), 0)

/* S-45 a, b */
static void
exactly_the_two_that_met_are_halted_and_flagged(void **state)
{
	struct play *p = working("1A 1B 1C");

	(void)state;
	play_start(p, "1C");
	MEET(p, "file", "a.c\n");
	IS(p, "1A", SESSION_HALTED);
	IS(p, "1B", SESSION_HALTED);
	IS(p, "1C", SESSION_ACTIVE);
	OWES(p, "issue-comment", "1A");
	OWES(p, "issue-comment", "1B");
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "suspend");
	OWES_NO(p, "tell", "1C");
	play_free(p);
}

/* S-45 c */
static void
only_a_ruling_of_a_person_frees_them(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "race", "a.c\n");
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "M04");
	REFUSED(p, ERR_CONFLICT, HAP_CONFLICT_GONE, "conflict", "c1");
	p->actor = "session:p1.1.1A";
	REFUSED(p, ERR_REFUSED, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	p->actor = "human:ada";
	play_clock(p, CORE_SILENCE_LIMIT_MS * 2);
	IS(p, "1A", SESSION_HALTED);
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	IS(p, "1A", SESSION_ACTIVE);
	IS(p, "1B", SESSION_ACTIVE);
	assert_string_equal(act_text(play_act(p, "tell", "1B"), "order"), "continue");
	REFUSED(p, ERR_CONFLICT, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	play_free(p);
}

/* J-24: order them. */
static void
an_order_makes_the_other_land_behind_and_tells_it(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "race", "a.c\n");
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "order", "about", "p1.1.1B");
	assert_non_null(strstr(act_text(play_act(p, "say", "1A"), "text"), "S-B"));
	OWES_NO(p, "say", "1B");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGEABLE);
	play_deliver(p, "1B");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1B");
	IS(p, "1B", SESSION_MERGING);
	play_land(p, "1B");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

static void
an_order_against_the_approved_one_is_refused(void **state)
{
	struct play *p = working("1A 1B>1A 1C>1B");

	(void)state;
	play_start(p, "1C");
	p->actor = "server";
	HAPPENS(
	    p, HAP_MET, "kind", "file", "a", "p1.1.1A", "b", "p1.1.1C", "files", "x\n");
	p->actor = "human:ada";
	REFUSED(p, ERR_CONFLICT, HAP_RULED, "conflict", "c1", "ruling", "order",
	    "about", "p1.1.1C");
	assert_non_null(strstr(p->err.fix, "--order S-A"));
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "order", "about", "p1.1.1A");
	play_free(p);
}

/* J-24: one yields. */
static void
who_yields_is_parked_with_its_work_pinned_and_the_other_goes_on(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "file", "a.c\n");
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "yield", "about", "p1.1.1B",
	    "reason", "1A is nearer");
	IS(p, "1B", SESSION_PARKED);
	OWES(p, "inspect", "1B");
	assert_string_equal(
	    play_session(p, "1B")->reason, "yields in c1: 1A is nearer");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* J-24: re-scope. */
static void
who_is_rescoped_is_told_and_may_meet_again(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "race", "a.c\n");
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "rescope", "about", "p1.1.1A",
	    "text", "leave a.c alone");
	assert_non_null(
	    strstr(act_text(play_act(p, "say", "1A"), "text"), "leave a.c alone"));
	IS(p, "1A", SESSION_ACTIVE);
	MEET(p, "race", "a.c\n");
	IS(p, "1A", SESSION_HALTED);
	play_free(p);
}

static void
what_was_ruled_is_not_raised_again_but_more_files_are(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "race", "a.c\nb.c\n");
	assert_int_equal(meet(p, "race", "b.c\n"), -1);
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	assert_int_equal(meet(p, "race", "a.c\n"), -1);
	IS(p, "1A", SESSION_ACTIVE);
	MEET(p, "race", "a.c\nc.c\n");
	IS(p, "1A", SESSION_HALTED);
	/* A path both may write that does not merge is another matter; not the reverse. */
	MEET(p, "file", "d.c\n");
	assert_int_equal(p->core->n_conflicts, 3);
	HAPPENS(p, HAP_RULED, "conflict", "c3", "ruling", "go-on");
	assert_int_equal(meet(p, "race", "d.c\n"), -1);
	play_free(p);
}

/* an agent at its question is halted when that was answered. */
static void
a_session_at_a_checkpoint_is_halted_behind_its_answer(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q1", "kind", "question", "text", "?",
	    NULL);
	MEET(p, "file", "a.c\n");
	IS(p, "1A", SESSION_CHECKPOINT);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "ask", "q1", "decision",
	    "allow");
	IS(p, "1A", SESSION_HALTED);
	play_free(p);
}

static void
a_hold_of_a_person_outlives_the_ruling(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "file", "a.c\n");
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	IS(p, "1A", SESSION_HALTED);
	IS(p, "1B", SESSION_ACTIVE);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
with_the_other_gone_the_conflict_is_gone(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "file", "a.c\n");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1B");
	assert_string_equal(p->core->conflict[0].state, "gone");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
a_plan_may_want_to_be_told_only(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "radar", "tell", "#cap", "3",
	    "#n_phases", "9");
	MEET(p, "file", "a.c\n");
	IS(p, "1A", SESSION_ACTIVE);
	OWES(p, "issue-comment", "1A");
	HAPPENS(p, HAP_CONFLICT_GONE, "conflict", "c1");
	assert_string_equal(p->core->conflict[0].state, "gone");
	play_free(p);
}

/* What may come is told before it is there; nobody is halted for it. */
static void
an_anticipated_meeting_halts_nobody(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "anticipated", "a.c\n");
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(p->core->conflict[0].policy, "tell");
	play_free(p);
}

static void
nothing_lands_before_the_ruling(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	play_deliver(p, "1A");
	MEET(p, "race", "a.c\n");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGEABLE);
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* the approved order stands; who is first in it lands. */
static void
the_first_of_an_approved_order_lands_all_the_same(void **state)
{
	struct play *p = working("1A 1B>1A");

	(void)state;
	play_deliver(p, "1A");
	MEET(p, "file", "a.c\n");
	IS(p, "1B", SESSION_HALTED);
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGING);
	play_land(p, "1A");
	assert_string_equal(p->core->conflict[0].state, "gone");
	IS(p, "1B", SESSION_ACTIVE);
	play_free(p);
}

/* It asked while it was halted, or before: nobody would see the question otherwise. */
static void
who_is_freed_and_asks_is_at_a_checkpoint(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	MEET(p, "file", "a.c\n");
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q1", "kind", "question", "text", "?",
	    NULL);
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	IS(p, "1A", SESSION_CHECKPOINT);
	IS(p, "1B", SESSION_ACTIVE);
	play_free(p);
}

/* A key that two acts share would lose one of them without a word. */
static void
a_meeting_and_a_merge_that_fails_are_two_comments(void **state)
{
	struct play *p = working("1A 1B");
	AUTO_FREE char *first = NULL;

	(void)state;
	MEET(p, "file", "a.c\n");
	first = xstrdup(play_act(p, "issue-comment", "1A")->key);
	HAPPENS(p, HAP_RULED, "conflict", "c1", "ruling", "go-on");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "a.c", NULL);
	assert_string_not_equal(play_act(p, "issue-comment", "1A")->key, first);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_two_that_met_are_halted_and_flagged),
		cmocka_unit_test(only_a_ruling_of_a_person_frees_them),
		cmocka_unit_test(an_order_makes_the_other_land_behind_and_tells_it),
		cmocka_unit_test(an_order_against_the_approved_one_is_refused),
		cmocka_unit_test(
		    who_yields_is_parked_with_its_work_pinned_and_the_other_goes_on),
		cmocka_unit_test(who_is_rescoped_is_told_and_may_meet_again),
		cmocka_unit_test(what_was_ruled_is_not_raised_again_but_more_files_are),
		cmocka_unit_test(a_session_at_a_checkpoint_is_halted_behind_its_answer),
		cmocka_unit_test(a_hold_of_a_person_outlives_the_ruling),
		cmocka_unit_test(with_the_other_gone_the_conflict_is_gone),
		cmocka_unit_test(a_plan_may_want_to_be_told_only),
		cmocka_unit_test(an_anticipated_meeting_halts_nobody),
		cmocka_unit_test(nothing_lands_before_the_ruling),
		cmocka_unit_test(who_is_freed_and_asks_is_at_a_checkpoint),
		cmocka_unit_test(a_meeting_and_a_merge_that_fails_are_two_comments),
		cmocka_unit_test(the_first_of_an_approved_order_lands_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
