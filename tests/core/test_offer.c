#include "core/review.h"
#include "core/why.h"
#include "play.h"

/* Reviews that a session needs are offered, and told to who waits (S-43, S-44, A-60, A-61). */

/* 1A at work, which needs the reviews of WORDS. */
static struct play *
working(const char *words)
{
	struct play *p = play_new();
	struct session *s;

	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	s = play_session(p, "1A");
	free(s->review);
	s->review = xstrdup(words);
	return p;
}

static void
check_in(struct play *p, const char *ask)
{
	p->now += 1000;
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", ask, "kind", "checkpoint", "text",
	    "good?", NULL);
}

/* The server asks for reviewers of TIMING, by option D. */
static int
start(struct play *p, const char *timing)
{
	const char *actor = p->actor;
	int rc;

	p->actor = "server";
	rc = HAPPEN(p, HAP_REVIEW_STARTED, "path", "/p.md", "session", "p1.1.1A",
	    "timing", timing, "option", "D", "plan_hash", "", "head",
	    play_session(p, "1A")->head, "run", "/r.md", "reviewers", "generic",
	    "#rounds", "1");
	p->actor = actor;
	return rc;
}

/* Their table stands and waits. */
static void
propose(struct play *p)
{
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/r.md", "title", "Review", "plan_hash",
	    "rh", "sha256", "rs", "target", "main", "merge", "auto", "master", "T-2",
	    "reviews", "v1", "#cap", "3", "#research_cap", "5", "#threshold", "1000",
	    "#n_phases", "1");
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p2", "#number", "1", "kind", "research",
	    "hash", "hash0002", "#n_sessions", "1", "s0.phase", "1R", "s0.label", "S-A",
	    "s0.issue", "RV-1", "s0.agent", "Claude Code", "s0.adapter", "claude",
	    "s0.sub_issue", "RV-2");
	p->core->batch[1].state = BATCH_AWAITING;
}

static void
record(struct play *p, const char *timing)
{
	p->now += 1000;
	HAPPENS(p, HAP_REVIEW_RECORDED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    timing, "option", "D", "reviewers", "ada", "head",
	    play_session(p, "1A")->head, "run", "/r.md", "#round", "1", "#n_reviewers",
	    "1", "#n", "1", "s0.id", "C1", "s0.severity", "critical", "s0.claimed",
	    "critical", "s0.standing", "single", "s0.decision", "", "s0.text", "one",
	    "s0.reviewers", "ada");
}

static void
says(struct play *p, const char *words, const char *command)
{
	char why[320], cmd[320];

	session_why(p->core, play_session(p, "1A"), why, sizeof(why), cmd, sizeof(cmd));
	if (!strstr(why, words))
		fail_msg("'%s' is not in: %s", words, why);
	if (strcmp(cmd, command) != 0)
		fail_msg("not '%s': %s", command, cmd);
}

/* S-43: each checkpoint is paired with a review, which the server asks for by itself, once. */
static void
s_43_each_risky_checkpoint_has_option_d_offered(void **state)
{
	struct play *p = working("in,offer");

	(void)state;
	assert_int_equal(start(p, "in"), -1); /* not before */
	assert_int_equal(p->err.kind, ERR_REFUSED);
	check_in(p, "a");
	OWES(p, "review-start", "1A");
	assert_string_equal(
	    act_text(play_act(p, "review-start", "1A"), "timing"), "in");
	says(p, "its reviewers are being prepared", "divisi review S-A --checkpoint");
	assert_int_equal(start(p, "in"), 0);
	OWES_NO(p, "review-start", "1A");
	assert_int_equal(start(p, "in"), -1);
	propose(p);
	OWES_NO(p, "review-start", "1A");
	says(p, "wait for your approval of table hash0002",
	    "divisi approve --hash hash0002");
	record(p, "in");
	says(p, "C1 is undecided in review v1", "divisi findings v1");
	HAPPENS(p, HAP_FINDINGS_DECIDED, "review", "v1", "#n", "1", "s0.id", "C1",
	    "s0.decision", "override", "s0.response", "fine");
	OWES_NO(p, "review-start", "1A");
	says(p, "waits at a checkpoint: good?",
	    "divisi approve S-A   or: divisi decline S-A --reason TEXT");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	check_in(p, "b");
	OWES(p, "review-start", "1A");
	play_free(p);
}

/* S-44, A-60: as soon as the change is there; whoever reads it and says yes has reviewed it. */
static void
s_44_the_review_of_a_change_is_offered_and_does_not_keep_a_reader_back(void **state)
{
	struct play *p = working("post,offer");

	(void)state;
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_int_equal(start(p, "post"), 0);
	propose(p);
	says(p, "its work waits for its review: its reviewers (option D) wait",
	    "divisi approve --hash hash0002   or, having read it: divisi merge S-A");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_MERGING);
	/* The table that nobody needs any more is taken back. */
	assert_int_equal(p->core->batch[1].state, BATCH_DECLINED);
	assert_string_equal(p->core->plan[1].state, "aborted");
	assert_string_equal(p->core->review[0].run, "");
	play_free(p);
}

/* What is at work or was found, a person decides on first: no merge past it. */
static void
reviewers_that_were_approved_hold_the_merge(void **state)
{
	struct play *p = working("post,offer");

	(void)state;
	play_deliver(p, "1A");
	assert_int_equal(start(p, "post"), 0);
	propose(p);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p2/1", "hash", "hash0002");
	says(p, "are at work", "divisi review S-A");
	REFUSED(p, ERR_REFUSED, HAP_MERGE_ASKED, "session", "p1.1.1A");
	record(p, "post");
	REFUSED(p, ERR_REFUSED, HAP_MERGE_ASKED, "session", "p1.1.1A");
	play_free(p);
}

static void
what_is_waived_or_denied_is_taken_back(void **state)
{
	struct play *p = working("in,offer");

	(void)state;
	check_in(p, "a");
	assert_int_equal(start(p, "in"), 0);
	propose(p);
	HAPPENS(p, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "p1.1.1A", "timing",
	    "in", "reason", "a typo");
	assert_string_equal(p->core->plan[1].state, "aborted");
	says(p, "waits at a checkpoint: good?",
	    "divisi approve S-A   or: divisi decline S-A --reason TEXT");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "deny");
	check_in(p, "b");
	OWES(p, "review-start", "1A");
	assert_int_equal(start(p, "in"), 0);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "deny");
	assert_string_equal(p->core->review[0].run, "");
	play_free(p);
}

static void
with_the_setting_off_it_is_said_and_not_offered(void **state)
{
	struct play *p = working("in");

	(void)state;
	check_in(p, "a");
	OWES_NO(p, "review-start", "1A");
	says(p, "it needs a review (option D: the checkpoint has a high risk)",
	    "divisi review S-A --checkpoint");
	play_free(p);
}

static void
what_cannot_be_prepared_is_said_once(void **state)
{
	struct play *p = working("in,offer");

	(void)state;
	check_in(p, "a");
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "review-start", "run",
	    "", "text", "no agent is called 'x'");
	OWES_NO(p, "review-start", "1A");
	says(p, "its reviewers could not be prepared: no agent is called 'x'",
	    "divisi review S-A --checkpoint");
	play_free(p);
}

/* S-42: a plan that needs one is told as what waits, not only when somebody dispatches it. */
static void
s_42_gate_2_is_something_that_waits_for_a_person(void **state)
{
	struct play *p = play_new();
	struct need need[4];

	(void)state;
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "sha256", "sh", "target", "main", "merge", "auto", "master", "T-1",
	    "review", "required", "review_why", "phase 1A is Risk: high", "#cap", "3",
	    "#research_cap", "5", "#threshold", "1000", "#n_phases", "2");
	assert_int_equal(core_needs(p->core, need, 4), 1);
	assert_string_equal(need[0].what, "Gate 2 waits for a review before its "
					  "dispatch: phase 1A is Risk: high");
	assert_string_equal(need[0].command, "divisi review /p.md");
	HAPPENS(p, HAP_REVIEW_WAIVED, "path", "/p.md", "session", "", "timing", "pre",
	    "reason", "a typo");
	assert_int_equal(core_needs(p->core, need, 4), 0);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s_43_each_risky_checkpoint_has_option_d_offered),
		cmocka_unit_test(
		    s_44_the_review_of_a_change_is_offered_and_does_not_keep_a_reader_back),
		cmocka_unit_test(reviewers_that_were_approved_hold_the_merge),
		cmocka_unit_test(what_is_waived_or_denied_is_taken_back),
		cmocka_unit_test(with_the_setting_off_it_is_said_and_not_offered),
		cmocka_unit_test(what_cannot_be_prepared_is_said_once),
		cmocka_unit_test(s_42_gate_2_is_something_that_waits_for_a_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
