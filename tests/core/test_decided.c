#include "core/internal.h"
#include "core/review.h"
#include "play.h"

/* The log of decisions, and what it says when the same is proposed again. */

static void
record(struct play *p, const char *session, const char *timing, const char *text)
{
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", session, "timing",
	    timing, "option", "", "reviewers", "ada", "#n_reviewers", "1",
	    "recommendation", "REVISE", "#n", "1", "s0.id", "I1", "s0.severity",
	    "important", "s0.claimed", "important", "s0.standing", "single",
	    "s0.decision", "", "s0.text", text, "s0.reviewers", "ada");
}

static void
decide(struct play *p, const char *review, const char *decision, const char *reason)
{
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", review, "#n", "1", "s0.id", "I1",
	    "s0.decision", decision, "s0.response", reason);
}

/* round, proposal, decision, and the reason to the letter; nothing is written over. */
static void
r_178_each_decision_stays_in_the_log(void **state)
{
	struct play *p = play_new();
	const struct review *r;

	(void)state;
	play_open(p, 1);
	record(p, "", "pre", "The cache is never emptied");
	decide(p, "v1", "agreed", "");
	decide(p, "v1", "rejected", "it IS; see \"store.c\"");
	record(p, "", "pre", "The cache is never emptied");
	decide(p, "v1", "override", "later");
	r = core_review(p->core, "v1");
	assert_int_equal(r->n_log, 3);
	assert_string_equal(r->log[0].decision, "agreed");
	assert_int_equal(r->log[0].round, 1);
	assert_string_equal(r->log[1].decision, "rejected");
	assert_string_equal(r->log[1].reason, "it IS; see \"store.c\"");
	assert_string_equal(r->log[1].proposal, "The cache is never emptied");
	assert_string_equal(r->log[1].by, "human:ada");
	assert_int_equal(r->log[2].round, 2);
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	assert_string_equal(r->log[3].decision, "accepted");
	HAPPENS(p, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "", "timing", "pre",
	    "reason", "a typo");
	assert_string_equal(core_review(p->core, "v1")->log[4].decision, "waived");
	assert_string_equal(core_review(p->core, "v1")->log[4].reason, "a typo");
	play_free(p);
}

/* what was turned down is told when another review of the plan proposes it again. */
static void
r_178_what_is_proposed_again_says_who_turned_it_down(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	record(p, "", "pre", "The cache is never emptied");
	decide(p, "v1", "rejected", "it is, at night");
	record(p, "p1.1.1A", "post", "Nobody empties what the store keeps for readers");
	assert_string_equal(core_review(p->core, "v2")->rows.item[0].before, "");
	record(p, "p1.1.1A", "in", "The cache is never emptied");
	assert_string_equal(core_review(p->core, "v3")->rows.item[0].before,
	    "rejected as I1 of v1: it is, at night");
	/* It decides nothing by itself. */
	assert_int_equal(
	    core_review(p->core, "v3")->rows.item[0].decision, DECISION_NONE);
	play_free(p);
}

/* What was agreed is no refusal, and a stranger to the plan has no say. */
static void
only_what_was_turned_down_is_told(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	record(p, "", "pre", "The cache is never emptied");
	decide(p, "v1", "agreed", "");
	record(p, "p1.1.1A", "post", "The cache is never emptied");
	assert_string_equal(core_review(p->core, "v2")->rows.item[0].before, "");
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_178_each_decision_stays_in_the_log),
		cmocka_unit_test(r_178_what_is_proposed_again_says_who_turned_it_down),
		cmocka_unit_test(only_what_was_turned_down_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
