#include "play.h"

/* The merge queue: one at a time, in the order that was approved. */

static struct play *
delivered(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "9", "merge", "ask",
	    "target", "main", "#n_phases", "9");
	play_batch(p, 1, phases);
	return p;
}

static void
deliver(struct play *p, const char *phase)
{
	play_start(p, phase);
	play_deliver(p, phase);
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, phase)->id);
}

static void
only_one_session_merges_at_a_time(void **state)
{
	struct play *p = delivered("1A 1B");

	(void)state;
	deliver(p, "1B");
	IS(p, "1B", SESSION_MERGING);
	OWES(p, "candidate", "1B");
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGEABLE);
	play_land(p, "1B");
	IS(p, "1B", SESSION_DONE);
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* the order of the edges; who has no edge need not wait. */
static void
a_session_merges_after_those_it_must_follow(void **state)
{
	struct play *p = delivered("1A 1B>1A 1C");

	(void)state;
	deliver(p, "1B");
	IS(p, "1B", SESSION_MERGEABLE);
	deliver(p, "1C");
	IS(p, "1C", SESSION_MERGING);
	play_land(p, "1C");
	IS(p, "1B", SESSION_MERGEABLE);
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGING);
	play_land(p, "1A");
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

static void
an_edge_names_a_whole_phase(void **state)
{
	struct play *p = delivered("1A 11A 1B>11A");

	(void)state;
	deliver(p, "11A");
	play_land(p, "11A");
	/* "1A" is no part of "11A". */
	deliver(p, "1B");
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

static void
who_left_is_not_waited_for(void **state)
{
	struct play *p = delivered("1A 1B 1C>1A,1B");

	(void)state;
	deliver(p, "1C");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	IS(p, "1C", SESSION_MERGEABLE);
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1B");
	IS(p, "1C", SESSION_MERGING);
	play_free(p);
}

/* E-7: later entries wait. */
static void
a_conflict_waits_for_a_person_and_holds_up_its_followers_only(void **state)
{
	struct play *p = delivered("1A 1B>1A 1C");

	(void)state;
	deliver(p, "1A");
	deliver(p, "1B");
	deliver(p, "1C");
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "a.c: both changed line 3",
	    "detail", "<<<", NULL);
	IS(p, "1A", SESSION_MERGE_CONFLICT);
	OWES(p, "issue-comment", "1A");
	IS(p, "1C", SESSION_MERGING);
	IS(p, "1B", SESSION_MERGEABLE);
	play_land(p, "1C");
	IS(p, "1B", SESSION_MERGEABLE);
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGING);
	assert_string_equal(play_act(p, "candidate", "1A")->key, "candidate/p1.1.1A/2");
	play_land(p, "1A");
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

/*
 * The radar's conflicts are told in comments of the same kind: a number that both count for
 * themselves would be a key given twice, and the journal keeps a key once.
 */
static void
the_comment_of_a_conflict_has_a_number_of_the_session(void **state)
{
	struct play *p = delivered("1A");
	AUTO_FREE char *key = NULL;
	int before;

	(void)state;
	deliver(p, "1A");
	before = play_session(p, "1A")->n_keys;
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "a.c: both changed line 3",
	    "detail", "<<<", NULL);
	key = xasprintf("issue-comment/p1.1.1A/conflict/%d", before + 1);
	assert_string_equal(play_act(p, "issue-comment", "1A")->key, key);
	play_free(p);
}

static void
a_red_verification_is_a_conflict(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	deliver(p, "1A");
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "make check failed (exit 2)",
	    "detail", "1 of 40 tests", NULL);
	IS(p, "1A", SESSION_MERGE_CONFLICT);
	assert_string_equal(play_session(p, "1A")->evidence, "1 of 40 tests");
	OWES_NO(p, "land", NULL);
	play_free(p);
}

/* CONTRACTS 7 */
static void
a_blocked_landing_waits_and_is_built_anew(void **state)
{
	struct play *p = delivered("1A 1B");

	(void)state;
	deliver(p, "1A");
	deliver(p, "1B");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", "onto", "m0", NULL);
	LINE(p, "1A", HAP_LANDING_BLOCKED, "text", "README.md is changed", "command",
	    "git merge --ff-only refs/divisi/landed/p1", NULL);
	IS(p, "1A", SESSION_MERGING);
	IS(p, "1B", SESSION_MERGEABLE);
	assert_string_equal(play_session(p, "1A")->blocked, "README.md is changed");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	assert_string_equal(play_act(p, "candidate", "1A")->key, "candidate/p1.1.1A/2");
	assert_string_equal(play_session(p, "1A")->blocked, "");
	play_land(p, "1A");
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

/* Nobody else could merge until then: a person may take it out of the queue. */
static void
a_blocked_landing_can_be_given_up(void **state)
{
	struct play *p = delivered("1A 1B");

	(void)state;
	deliver(p, "1A");
	deliver(p, "1B");
	REFUSED(p, ERR_CONFLICT, HAP_PARKED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_ABANDONED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_LANDING_BLOCKED, "text", "dirty", NULL);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_PARKED);
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

/*
 * Found by the simulation: one that merged while its plan was aborted stayed open, and what its
 * agent wrote last was pinned nowhere (J-48, promise 2).
 */
static void
what_merged_while_its_plan_was_aborted_is_parked_and_pinned(void **state)
{
	static const enum hap ends[] = { HAP_CANDIDATE_REFUSED, HAP_LANDING_BLOCKED };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		struct play *p = delivered("1A");
		struct session *s = play_session(p, "1A");

		deliver(p, "1A");
		HAPPENS(p, HAP_PLAN_ABORTED, "plan", "p1");
		IS(p, "1A", SESSION_MERGING);
		LINE(p, "1A", ends[i], "text", "it does not build", NULL);
		IS(p, "1A", SESSION_PARKED);
		assert_string_equal(s->reason, "plan aborted; it does not build");
		assert_string_equal(
		    act_text(play_act(p, "inspect", "1A"), "why"), "abort");
		REFUSED(p, ERR_CONFLICT, HAP_MERGE_ASKED, "session", s->id);
		play_free(p);
	}
}

static void
a_target_that_moved_is_built_on_again(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	deliver(p, "1A");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", NULL);
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "main moved", NULL);
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGING);
	play_land(p, "1A");
	IS(p, "1A", SESSION_DONE);
	play_free(p);
}

/* Issue 6, 8: what another repository's session does is done from and on its branch there. */
static void
a_session_of_another_repository_begins_and_lands_there(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "merge", "ask", "target", "main",
	    "publish", "branch");
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p1", "#number", "1", "hash", "hash0001",
	    "base", "b0", "#n_sessions", "2", "s0.phase", "1A", "s0.path", "/w/a",
	    "s0.label", "S-A", "s1.phase", "1B", "s1.path", "/w/b", "s1.label", "S-B",
	    "s1.repo", "/other", "s1.target", "trunk", "s1.base", "o0");
	assert_string_equal(
	    fields_text(&play_act(p, "worktree-add", "1A")->fields, "base"), "b0");
	assert_string_equal(
	    fields_text(&play_act(p, "worktree-add", "1B")->fields, "base"), "o0");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1B", "sub_issue", "DV-2");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path", "/w/a", "base",
	    "b0");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1B", "path", "/w/b", "base",
	    "o0");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	deliver(p, "1B");
	assert_string_equal(
	    fields_text(&play_act(p, "candidate", "1B")->fields, "target"), "trunk");
	LINE(p, "1B", HAP_CANDIDATE_BUILT, "candidate", "c1", "onto", "o0", NULL);
	assert_string_equal(
	    fields_text(&play_act(p, "land", "1B")->fields, "target"), "trunk");
	HAPPENS(p, HAP_LANDED, "session", "p1.1.1B", "commit", "c1");
	IS(p, "1B", SESSION_DONE);
	deliver(p, "1A");
	assert_string_equal(
	    fields_text(&play_act(p, "candidate", "1A")->fields, "target"), "main");
	play_free(p);
}

static void
a_merge_job_that_breaks_is_shown_and_frees_the_queue(void **state)
{
	static const char *const acts[] = { "candidate", "land" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(acts); i++) {
		struct play *p = delivered("1A 1B");

		deliver(p, "1A");
		deliver(p, "1B");
		HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", acts[i], "text",
		    "disk full");
		IS(p, "1A", SESSION_MERGE_CONFLICT);
		assert_string_equal(play_session(p, "1A")->reason, "disk full");
		IS(p, "1B", SESSION_MERGING);
		play_free(p);
	}
}

/* Done twice after a crash, the job tells twice; the key of the landing is one. */
static void
a_candidate_told_twice_lands_once(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	deliver(p, "1A");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_CANDIDATE_BUILT, "session", "p1.1.1A", "candidate",
	    "c2");
	LINE(p, "1A", HAP_LANDED, "commit", "c1", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_LANDED, "session", "p1.1.1A", "commit", "c1");
	REFUSED(
	    p, ERR_CONFLICT, HAP_LANDING_BLOCKED, "session", "p1.1.1A", "text", "x");
	REFUSED(p, ERR_CONFLICT, HAP_CANDIDATE_REFUSED, "session", "p1.1.1A");
	assert_string_equal(play_session(p, "1A")->landed, "c1");
	play_free(p);
}

/* Promise 7, E-7: merged, verified, told; the worktree goes. */
static void
a_landing_is_evidence(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	deliver(p, "1A");
	play_land(p, "1A");
	IS(p, "1A", SESSION_DONE);
	assert_string_equal(
	    act_text(play_act(p, "issue-move", "1A"), "status"), "Done");
	assert_non_null(
	    strstr(act_text(play_act(p, "issue-comment", "1A"), "text"), "green"));
	OWES(p, "worktree-remove", "1A");
	OWES(p, "write-back", NULL);
	play_free(p);
}

/* Gate 3: the approved table said "merge: auto". */
static void
an_automatic_merge_needs_no_review(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 9);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "merge", "auto", "#n_phases", "9");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* Gate 3 is about what was seen, not about the session. */
static void
what_a_new_run_makes_is_reviewed_anew(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	deliver(p, "1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "conflict", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "note", "mend the conflict");
	play_start(p, "1A");
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_false(play_session(p, "1A")->was_reviewed);
	play_free(p);
}

static void
nothing_to_merge_is_said(void **state)
{
	struct play *p = delivered("1A");

	(void)state;
	REFUSED(p, ERR_NOT_FOUND, HAP_MERGE_ASKED, "plan", "p1");
	REFUSED(p, ERR_NOT_FOUND, HAP_MERGE_ASKED, "session", "p1.1.1A");
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_session_merges_at_a_time),
		cmocka_unit_test(a_session_merges_after_those_it_must_follow),
		cmocka_unit_test(an_edge_names_a_whole_phase),
		cmocka_unit_test(who_left_is_not_waited_for),
		cmocka_unit_test(
		    a_conflict_waits_for_a_person_and_holds_up_its_followers_only),
		cmocka_unit_test(the_comment_of_a_conflict_has_a_number_of_the_session),
		cmocka_unit_test(a_red_verification_is_a_conflict),
		cmocka_unit_test(a_blocked_landing_waits_and_is_built_anew),
		cmocka_unit_test(a_blocked_landing_can_be_given_up),
		cmocka_unit_test(
		    what_merged_while_its_plan_was_aborted_is_parked_and_pinned),
		cmocka_unit_test(a_target_that_moved_is_built_on_again),
		cmocka_unit_test(
		    a_session_of_another_repository_begins_and_lands_there),
		cmocka_unit_test(a_merge_job_that_breaks_is_shown_and_frees_the_queue),
		cmocka_unit_test(a_candidate_told_twice_lands_once),
		cmocka_unit_test(a_landing_is_evidence),
		cmocka_unit_test(an_automatic_merge_needs_no_review),
		cmocka_unit_test(what_a_new_run_makes_is_reviewed_anew),
		cmocka_unit_test(nothing_to_merge_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
