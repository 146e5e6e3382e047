#include "core/internal.h"
#include "core/review.h"
#include "core/why.h"
#include "play.h"

/* Reviews in the core: gates, decisions, and the work that follows (S-42 to S-44, R-180). */

static void
open_with(struct play *p, const char *review)
{
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "sha256", "sh", "target", "main", "merge", "auto", "master", "T-1",
	    "review", review, "review_why", "phase 1A is Risk: high", "#cap", "3",
	    "#research_cap", "5", "#threshold", "1000", "#n_phases", "2");
}

static void
open_risky(struct play *p)
{
	open_with(p, "required");
}

/* One critical and one important finding of the plan. */
static void
record(struct play *p)
{
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "", "timing", "pre",
	    "option", "E", "reviewers", "ada, bob", "#n_reviewers", "2",
	    "recommendation", "REVISE", "#n", "2", "s0.id", "C1", "s0.severity",
	    "critical", "s0.claimed", "critical", "s0.standing", "critical-confirmed",
	    "s0.decision", "", "s0.text", "one", "s0.reviewers", "ada, bob", "s1.id",
	    "I1", "s1.severity", "important", "s1.claimed", "important", "s1.standing",
	    "majority", "s1.decision", "", "s1.text", "two", "s1.reviewers", "ada");
}

static void
decide(struct play *p, const char *id, const char *decision)
{
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "1", "s0.id", id,
	    "s0.decision", decision, "s0.response", "T-9");
}

/* S-42: no session, in any batch, and the refusal names the gate. */
static void
nothing_launches_before_gate_2(void **state)
{
	struct play *p = play_new();

	(void)state;
	open_risky(p);
	play_plan(p, 1, "1A 1B", "hash0001");
	play_prepare(p, 1);
	REFUSED(
	    p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	assert_string_equal(p->err.code, "G12");
	assert_non_null(strstr(p->err.text, "nobody has reviewed it"));
	record(p);
	REFUSED(
	    p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	assert_non_null(strstr(p->err.text, "C1, I1 are undecided"));
	decide(p, "I1", "agreed");
	REFUSED(
	    p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	decide(p, "C1", "deferred");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	OWES(p, "launch", "1A");
	play_free(p);
}

/* A review that comes while sessions wait for a slot keeps these from launching, too. */
static void
a_gate_that_shuts_again_stops_what_is_approved(void **state)
{
	struct play *p = play_new();

	(void)state;
	open_risky(p);
	HAPPENS(p, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "", "timing", "pre",
	    "reason", "a typo");
	play_plan(p, 1, "1A 1B 1C 1D", "hash0001");
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	IS(p, "1D", SESSION_APPROVED);
	record(p);
	play_start(p, "1A");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "");
	IS(p, "1A", SESSION_PARKED);
	IS(p, "1D", SESSION_APPROVED);
	play_free(p);
}

/* by configuration Gate 2 passes itself, but not over what reviewers found. */
static void
a_63_a_setting_passes_gate_2_where_nobody_found_anything(void **state)
{
	struct play *p = play_new();
	char why[160];

	(void)state;
	open_with(p, "auto");
	play_plan(p, 1, "1A", "hash0001");
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "hash0001");
	OWES(p, "launch", "1A");
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "", "timing", "pre",
	    "reviewers", "ada", "#n_reviewers", "1", "recommendation", "RETHINK", "#n",
	    "0");
	assert_false(core_gate2(p->core, &p->core->plan[0], why, sizeof(why)));
	record(p);
	assert_false(core_gate2(p->core, &p->core->plan[0], why, sizeof(why)));
	assert_non_null(strstr(why, "C1, I1"));
	decide(p, "C1", "deferred");
	decide(p, "I1", "agreed");
	assert_true(core_gate2(p->core, &p->core->plan[0], why, sizeof(why)));
	play_free(p);
}

static void
only_people_decide_and_waive(void **state)
{
	struct play *p = play_new();

	(void)state;
	open_risky(p);
	record(p);
	p->actor = "session:p1.1.1A";
	REFUSED(p, ERR_REFUSED, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	REFUSED(p, ERR_REFUSED, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "",
	    "timing", "pre", "reason", "ship it");
	p->actor = "human:ada";
	REFUSED(p, ERR_USAGE, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "",
	    "timing", "pre", "reason", "");
	REFUSED(p, ERR_INPUT, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "1", "s0.id",
	    "C9", "s0.decision", "agreed");
	play_free(p);
}

/* no findings is not yet a yes; RETHINK is not overruled by deciding (J-29). */
static void
a_person_says_yes_even_where_nothing_was_found(void **state)
{
	struct play *p = play_new();
	char why[160];

	(void)state;
	open_risky(p);
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "", "timing", "pre",
	    "reviewers", "ada", "#n_reviewers", "1", "#n", "0");
	assert_false(review_gate(&p->core->review[0], why, sizeof(why)));
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	assert_true(review_gate(&p->core->review[0], why, sizeof(why)));
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "", "timing", "pre",
	    "reviewers", "ada", "#n_reviewers", "1", "recommendation", "RETHINK", "#n",
	    "0");
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	assert_false(review_gate(&p->core->review[0], why, sizeof(why)));
	assert_non_null(strstr(why, "RETHINK"));
	play_free(p);
}

/* agreed findings become sub-issues once, and are done with their session. */
static void
agreed_findings_are_filed_once_when_all_is_decided(void **state)
{
	struct play *p = play_new();

	(void)state;
	open_risky(p);
	record(p);
	OWES(p, "rdr", NULL);
	decide(p, "C1", "agreed");
	OWES_NO(p, "finding-file", NULL);
	decide(p, "I1", "deferred");
	assert_int_equal(play_n_acts(p, "finding-file"), 1);
	assert_string_equal(
	    act_text(play_act(p, "finding-file", NULL), "finding"), "C1");
	HAPPENS(
	    p, HAP_FINDING_FILED, "review", "v1", "id", "C1", "sub_issue", "CIA-1A");
	OWES(p, "rdr", NULL);
	assert_int_equal(play_n_acts(p, "finding-file"), 0);
	REFUSED(p, ERR_CONFLICT, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "1",
	    "s0.id", "C1", "s0.decision", "rejected", "s0.response", "no");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	play_land(p, "1A");
	assert_string_equal(
	    findings_find(&p->core->review[0].rows, "C1")->state, "resolved");
	play_free(p);
}

/* a small one is told to who is mentioned, once; a larger one waits for a session. */
static void
r_76_small_findings_are_given_by_a_mention(void **state)
{
	struct play *p = play_new();
	struct findings *rows;
	const struct act *act;

	(void)state;
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "sha256", "sh", "target", "main", "merge", "auto", "master", "T-1",
	    "review", "required", "mention", "factory", "#cap", "3", "#research_cap",
	    "5", "#threshold", "1000", "#n_phases", "2");
	record(p);
	rows = &p->core->review[0].rows;
	core_set(&rows->item[0].effort, "small");
	core_set(&rows->item[1].effort, "medium");
	core_set(&rows->item[0].text, "one @mallory");
	decide(p, "C1", "agreed");
	decide(p, "I1", "agreed");
	HAPPENS(p, HAP_FINDING_FILED, "review", "v1", "id", "C1", "sub_issue", "T-9");
	act = play_act(p, "issue-comment", NULL);
	assert_non_null(act);
	assert_string_equal(act_text(act, "issue"), "T-9");
	assert_non_null(strstr(act_text(act, "text"), "@factory, please mend this."));
	assert_null(strstr(act_text(act, "text"), "@mallory"));
	assert_string_equal(rows->item[0].state, "mentioned");
	HAPPENS(p, HAP_FINDING_FILED, "review", "v1", "id", "I1", "sub_issue", "T-10");
	assert_null(play_act(p, "issue-comment", NULL));
	assert_string_equal(rows->item[1].state, "filed");
	play_free(p);
}

/* S-44: a person who reads the diff is a review; what reviewers found is decided first. */
static void
a_change_with_open_findings_does_not_merge(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "post", "reviewers", "ada", "#n_reviewers", "1", "#n", "1", "s0.id", "C1",
	    "s0.severity", "critical", "s0.claimed", "critical", "s0.standing",
	    "single", "s0.decision", "", "s0.text", "one", "s0.reviewers", "ada");
	REFUSED(p, ERR_REFUSED, HAP_MERGE_ASKED, "session", "p1.1.1A");
	assert_string_equal(p->err.code, "M01");
	decide(p, "C1", "override");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* S-43: a checkpoint with high risk needs a record that is newer than it. */
static void
a_risky_checkpoint_needs_its_review(void **state)
{
	struct play *p = play_new();
	struct session *s;

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	s = play_session(p, "1A");
	free(s->review);
	s->review = xstrdup("in");
	HAPPENS(p, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "in", "reason", "of the one before");
	p->now += 1000;
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "a", "kind", "checkpoint", "text",
	    "good?", NULL);
	REFUSED(p, ERR_REFUSED, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision",
	    "allow");
	assert_string_equal(p->err.rule, "S-43");
	p->now += 1000;
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "in", "option", "D", "reviewers", "ada", "#n_reviewers", "1", "#n", "0");
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "0");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_launches_before_gate_2),
		cmocka_unit_test(a_gate_that_shuts_again_stops_what_is_approved),
		cmocka_unit_test(
		    a_63_a_setting_passes_gate_2_where_nobody_found_anything),
		cmocka_unit_test(only_people_decide_and_waive),
		cmocka_unit_test(a_person_says_yes_even_where_nothing_was_found),
		cmocka_unit_test(agreed_findings_are_filed_once_when_all_is_decided),
		cmocka_unit_test(r_76_small_findings_are_given_by_a_mention),
		cmocka_unit_test(a_change_with_open_findings_does_not_merge),
		cmocka_unit_test(a_risky_checkpoint_needs_its_review),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
