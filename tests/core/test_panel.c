#include "core/review.h"
#include "core/why.h"
#include "play.h"

/* Reviewers that are sessions: asked for, at work, collected once a round. */

/* A review of another plan, whose reviewers work by the plan of the stage. */
static void
ask(struct play *p, int rounds)
{
	char n[2] = { (char)('0' + rounds), '\0' };

	HAPPENS(p, HAP_REVIEW_STARTED, "path", "/s.md", "session", "", "timing", "pre",
	    "option", rounds > 1 ? "F" : "E", "plan_hash", "ph", "head", "", "run",
	    "/p.md", "reviewers", "a, b", "#rounds", n);
}

static int
record(struct play *p, const char *round)
{
	return HAPPEN(p, HAP_REVIEW_RECORDED, "path", "/s.md", "session", "", "timing",
	    "pre", "option", "E", "plan_hash", "ph", "head", "", "reviewers", "a, b",
	    "#n_reviewers", "2", "recommendation", "APPROVE", "#n", "0", "run", "/p.md",
	    "#round", round, "missing", "c: parked");
}

static bool
needs(struct play *p, const char *words)
{
	struct need need[8];
	size_t n = core_needs(p->core, need, 8);

	for (size_t i = 0; i < n && i < 8; i++) {
		if (strstr(need[i].what, words))
			return true;
	}
	return false;
}

static enum panel_state
panel(struct play *p)
{
	return review_panel(p->core, core_review(p->core, "v1"));
}

/* Who never answers is waited for until they are out of it; then the others count. */
static void
findings_are_collected_when_all_are_over(void **state)
{
	struct play *p = play_new();

	(void)state;
	ask(p, 1);
	assert_int_equal(panel(p), PANEL_ASKED);
	assert_true(needs(p, "not dispatched"));
	play_open(p, 2);
	play_batch(p, 1, "1A 1B");
	assert_int_equal(panel(p), PANEL_AT_WORK);
	assert_false(needs(p, "not dispatched"));
	play_start(p, "1A");
	play_start(p, "1B");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "");
	OWES_NO(p, "review-collect", NULL);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1B", "reason", "no answer");
	OWES_NO(p, "review-collect", NULL);
	LINE(p, "1B", HAP_RUN_ENDED, "reason", "exited", NULL);
	OWES(p, "review-collect", NULL);
	assert_int_equal(panel(p), PANEL_OVER);
	play_clock(p, 1000);
	OWES_NO(p, "review-collect", NULL);
	assert_int_equal(record(p, "1"), 0);
	assert_int_equal(panel(p), PANEL_NONE);
	assert_string_equal(core_review(p->core, "v1")->missing, "c: parked");
	/* An act that is done again after a crash tells it again, and that is harmless. */
	assert_int_equal(record(p, "1"), -1);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	play_free(p);
}

/* Between its rounds a debate keeps the gate shut and says who has to go on. */
static void
a_debate_is_over_after_its_second_round(void **state)
{
	struct play *p = play_new();
	char why[160];

	(void)state;
	ask(p, 2);
	play_open(p, 4);
	play_batch(p, 1, "1A 1B");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1B", "reason", "");
	OWES(p, "review-collect", NULL);
	assert_int_equal(record(p, "2"), -1);
	assert_int_equal(record(p, "1"), 0);
	assert_int_equal(panel(p), PANEL_ASKED);
	assert_true(needs(p, "round 2"));
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	assert_false(review_gate(core_review(p->core, "v1"), why, sizeof(why)));
	assert_non_null(strstr(why, "under way"));
	assert_int_equal(record(p, "2"), 0);
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	assert_true(review_gate(core_review(p->core, "v1"), why, sizeof(why)));
	play_free(p);
}

/* Only a person spends money on reviewers, and nobody asks for them twice. */
static void
reviewers_are_asked_for_by_a_person_once(void **state)
{
	struct play *p = play_new();

	(void)state;
	p->actor = "session:p1.1.1A";
	REFUSED(p, ERR_REFUSED, HAP_REVIEW_STARTED, "path", "/s.md", "session", "",
	    "timing", "pre", "run", "/p.md");
	p->actor = "human:ada";
	ask(p, 1);
	ask(p, 1); /* nothing was dispatched: asked for anew */
	play_open(p, 1);
	play_batch(p, 1, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_REVIEW_STARTED, "path", "/s.md", "session", "",
	    "timing", "pre", "run", "/p.md");
	play_free(p);
}

/* Nobody answered: the gate says so, and others can be asked. */
static void
reviewers_that_give_nothing_are_said(void **state)
{
	struct play *p = play_new();
	char why[160];

	(void)state;
	ask(p, 1);
	play_open(p, 1);
	play_batch(p, 1, "1A");
	HAPPENS(p, HAP_REVIEW_FAILED, "review", "v1", "run", "/p.md", "#round", "1",
	    "text", "a: parked");
	assert_false(review_gate(core_review(p->core, "v1"), why, sizeof(why)));
	assert_non_null(strstr(why, "a: parked"));
	assert_int_equal(panel(p), PANEL_NONE);
	play_free(p);
}

/* the request is one comment on the issue, and one answer is taken, of that request. */
static void
r_176_what_is_asked_elsewhere_is_answered_once(void **state)
{
	struct play *p = play_new();
	const struct review *r;
	char why[160];

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_REVIEW_STARTED, "path", "/p.md", "session",
	    "p1.1.1A", "timing", "post", "option", "A", "run", "v1/asked.1", "#rounds",
	    "1", "issue", "T-ELSE", "text", "look");
	HAPPENS(p, HAP_REVIEW_STARTED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "post", "option", "A", "run", "v1/asked.1", "#rounds", "1", "issue",
	    play_session(p, "1A")->sub_issue, "text", "look");
	assert_string_equal(
	    act_text(play_act(p, "issue-comment", NULL), "text"), "look");
	assert_true(needs(p, "waits for an answer"));
	r = core_review(p->core, "v1");
	assert_int_equal(r->asked_at, p->now);
	assert_false(review_gate(r, why, sizeof(why)));
	assert_non_null(strstr(why, "has not answered"));
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "post", "option", "A", "reviewers", "ci", "#n_reviewers", "1",
	    "recommendation", "APPROVE", "#n", "0", "run", "v1/asked.1", "#round", "1");
	assert_string_equal(r->asked_on, "");
	assert_int_equal(panel(p), PANEL_NONE);
	assert_false(needs(p, "waits for an answer"));
	REFUSED(p, ERR_CONFLICT, HAP_REVIEW_RECORDED, "path", "/p.md", "session",
	    "p1.1.1A", "timing", "post", "option", "A", "reviewers", "ci", "#n", "0",
	    "run", "v1/asked.1", "#round", "1");
	play_free(p);
}

/* What comes in by hand, or a waiver, ends the wait too: no later answer has an effect. */
static void
a_waiver_or_a_record_by_hand_ends_the_wait(void **state)
{
	static const enum hap ends[] = { HAP_REVIEW_WAIVED, HAP_REVIEW_RECORDED };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(ends); i++) {
		struct play *p = play_new();

		play_open(p, 1);
		play_batch(p, 1, "1A");
		play_start(p, "1A");
		play_deliver(p, "1A");
		HAPPENS(p, HAP_REVIEW_STARTED, "path", "/p.md", "session", "p1.1.1A",
		    "timing", "post", "option", "H", "run", "v1/asked.1", "#rounds",
		    "1", "issue", play_session(p, "1A")->sub_issue, "text", "look");
		HAPPENS(p, ends[i], "path", "/p.md", "session", "p1.1.1A", "timing",
		    "post", "reason", "a typo", "#n", "0");
		assert_string_equal(core_review(p->core, "v1")->asked_on, "");
		assert_int_equal(panel(p), PANEL_NONE);
		play_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_are_collected_when_all_are_over),
		cmocka_unit_test(a_debate_is_over_after_its_second_round),
		cmocka_unit_test(reviewers_are_asked_for_by_a_person_once),
		cmocka_unit_test(reviewers_that_give_nothing_are_said),
		cmocka_unit_test(r_176_what_is_asked_elsewhere_is_answered_once),
		cmocka_unit_test(a_waiver_or_a_record_by_hand_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
