#include "play.h"

#include "core/feedback.h"

#include <stdio.h>

/* Feedback and intents in the core: SPEC 2.8, 2.21, R-71, R-216 to R-225. */

static struct play *
working(void)
{
	struct play *p = play_new();

	play_open(p, 2);
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	play_start(p, "1B");
	p->actor = "server";
	return p;
}

static struct feedback *
last(struct play *p)
{
	return &p->core->feedback[p->core->n_feedback - 1];
}

#define CAME(p, id, ...)                                                          \
	HAPPENS(p, HAP_FEEDBACK_CAME, "source", "github", "delivery", id, "kind", \
	    "review", "author", "ada", "to", "session", "row", "Review", "how",   \
	    "settle it", "#trusted", "1", "text", "rename it", "#hears", "1",     \
	    __VA_ARGS__)
#define BECAME(p, want_state, want_action)                           \
	do {                                                         \
		assert_string_equal(last(p)->state, (want_state));   \
		assert_string_equal(last(p)->action, (want_action)); \
	} while (0)

static void
a_review_is_said_to_the_living_agent_of_its_branch(void **state)
{
	struct play *p = working();

	(void)state;
	CAME(p, "d1", "branch", play_session(p, "1A")->branch);
	BECAME(p, "acted", "told");
	OWES(p, "say", "1A");
	OWES_NO(p, "say", "1B");
	assert_non_null(
	    strstr(act_text(play_act(p, "say", "1A"), "text"), "> rename it"));
	play_free(p);
}

/* Replayed under its id: nothing happens a second time. */
static void
a_delivery_has_its_effect_once(void **state)
{
	struct play *p = working();

	(void)state;
	CAME(p, "d1", "branch", play_session(p, "1A")->branch);
	REFUSED(p, ERR_CONFLICT, HAP_FEEDBACK_CAME, "source", "github", "delivery",
	    "d1", "kind", "review", "to", "session", "#trusted", "1", "branch",
	    play_session(p, "1A")->branch);
	assert_int_equal(p->core->n_feedback, 1);
	CAME(p, "d2", "branch", play_session(p, "1A")->branch, "comment_id", "c1");
	CAME(p, "d3", "branch", play_session(p, "1A")->branch, "comment_id", "c1");
	BECAME(p, "ignored", "");
	play_free(p);
}

/* GitHub tells of one failure as a job, as its check and as the run that both are of. */
static void
one_failure_of_ci_is_told_once_r_71(void **state)
{
	static const struct {
		const char *commit, *run, *check, *state;
	} table[] = {
		{ "abcdef1", "5", "unit", "acted" },
		{ "abcdef1", "5", "unit", "ignored" }, /* its check */
		{ "abcdef1", "5", "", "ignored" },     /* its run */
		{ "abcdef1", "5", "lint", "acted" },   /* another job of it */
		{ "abcdef1", "6", "unit", "acted" },   /* of another workflow */
		{ "abcdef2", "7", "unit", "acted" },   /* another change */
		{ "abcdef2", "", "unit", "acted" },    /* another program's */
		{ "abcdef2", "", "unit", "ignored" },
		{ "abcdef3", "8", "", "acted" }, /* the run came first */
		{ "abcdef3", "8", "unit", "ignored" },
		{ "", "9", "unit", "acted" }, /* of no change that is known */
		{ "", "9", "unit", "acted" },
		{ "abcdef4", "", "", "acted" },
		{ "abcdef4", "", "", "acted" },
	};
	struct play *p = working();

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		char id[16];

		snprintf(id, sizeof(id), "d%zu", i);
		HAPPENS(p, HAP_FEEDBACK_CAME, "source", "github", "delivery", id,
		    "kind", "ci", "to", "session", "row", "CI", "how", "mend it",
		    "#trusted", "1", "#hears", "1", "text", "red", "branch",
		    play_session(p, "1A")->branch, "commit", table[i].commit, "ci_run",
		    table[i].run, "check", table[i].check);
		if (strcmp(last(p)->state, table[i].state) != 0)
			fail_msg("row %zu is %s: %s", i, last(p)->state, last(p)->why);
		assert_int_equal(
		    play_n_acts(p, "say"), strcmp(table[i].state, "acted") == 0);
	}
	assert_non_null(strstr(core_feedback(p->core, "f2")->why, "f1 tells of"));
	play_free(p);
}

/* What nobody trusted and was ignored does not keep a true failure back. */
static void
a_failure_that_was_ignored_hides_no_other(void **state)
{
	struct play *p = working();

	(void)state;
	for (int trusted = 0; trusted < 2; trusted++) {
		HAPPENS(p, HAP_FEEDBACK_CAME, "source", "generic", "delivery",
		    trusted ? "d2" : "d1", "kind", "ci", "to", "session", "row", "CI",
		    "how", "mend it", "#trusted", trusted ? "1" : "0", "#hears", "1",
		    "text", "red", "branch", play_session(p, "1A")->branch, "commit",
		    "abcdef1", "check", "unit");
		BECAME(p, trusted ? "acted" : "ignored", trusted ? "told" : "");
	}
	play_free(p);
}

static void
a_stranger_has_no_effect(void **state)
{
	struct play *p = working();

	(void)state;
	HAPPENS(p, HAP_FEEDBACK_CAME, "source", "github", "delivery", "d1", "kind",
	    "comment", "author", "mallory", "to", "session", "#trusted", "0", "intent",
	    "close", "text", "@divisi ship it", "issue", play_session(p, "1A")->issue);
	BECAME(p, "ignored", "");
	assert_int_equal(p->acts.n, 0);
	play_free(p);
}

static void
what_matches_none_or_two_is_a_persons(void **state)
{
	struct play *p = working();
	int64_t since = 0;

	(void)state;
	CAME(p, "d1", "branch", "nobody/knows");
	BECAME(p, "escalated", "");
	assert_int_equal(p->acts.n, 0);
	CAME(p, "d2", "branch", play_session(p, "1A")->branch, "issue",
	    play_session(p, "1B")->issue);
	BECAME(p, "escalated", "");
	assert_non_null(strstr(last(p)->why, "match it"));
	assert_int_equal(p->acts.n, 0);
	assert_int_equal(core_feedback_open(p->core, &since), 2);
	/* A person says whose it is. */
	REFUSED(p, ERR_REFUSED, HAP_FEEDBACK_SETTLED, "feedback", "f1", "how", "send",
	    "session", "p1.1.1B");
	p->actor = "human:ada";
	HAPPENS(p, HAP_FEEDBACK_SETTLED, "feedback", "f1", "how", "send", "session",
	    "p1.1.1B");
	OWES(p, "say", "1B");
	HAPPENS(p, HAP_FEEDBACK_SETTLED, "feedback", "f2", "how", "dismiss");
	assert_int_equal(core_feedback_open(p->core, &since), 0);
	REFUSED(p, ERR_CONFLICT, HAP_FEEDBACK_SETTLED, "feedback", "f2", "how", "send",
	    "session", "p1.1.1B");
	play_free(p);
}

/* The work waits for its landing and the agent is gone: asked by default, resumed when set. */
static void
an_ended_session_is_opened_again_when_that_is_set(void **state)
{
	struct play *p = working();

	(void)state;
	play_deliver(p, "1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exit", NULL);
	IS(p, "1A", SESSION_IN_REVIEW);
	CAME(p, "d1", "branch", play_session(p, "1A")->branch, "resume", "ask");
	BECAME(p, "escalated", "");
	OWES_NO(p, "launch", "1A");
	CAME(p, "d2", "branch", play_session(p, "1A")->branch, "resume", "auto");
	BECAME(p, "acted", "resumed");
	OWES(p, "launch", "1A");
	play_free(p);
}

static void
what_a_deployment_said_names_the_session_of_the_next_word(void **state)
{
	struct play *p = working();

	(void)state;
	CAME(p, "d1", "branch", play_session(p, "1A")->branch, "deploy", "a.example");
	CAME(p, "d2", "deploy", "a.example");
	assert_string_equal(last(p)->session, "p1.1.1A");
	CAME(p, "d3", "deploy", "b.example");
	assert_string_equal(last(p)->session, "");
	play_free(p);
}

static void
a_babbler_does_not_flood_an_agent(void **state)
{
	struct play *p = working();
	int told = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		char id[16];

		snprintf(id, sizeof(id), "d%d", i);
		CAME(p, id, "branch", play_session(p, "1A")->branch);
		told += strcmp(last(p)->action, "told") == 0;
	}
	assert_int_equal(told, 30);
	BECAME(p, "escalated", "");
	play_free(p);
}

#define ASKS(p, id, want, ...)                                                      \
	HAPPENS(p, HAP_FEEDBACK_CAME, "source", "linear", "delivery", id, "kind",   \
	    "comment", "author", "ada", "to", "session", "#trusted", "1", "intent", \
	    want, "#confidence", "100", __VA_ARGS__)

/* what acts is put to a person; R-221: once in 30 seconds per issue. */
static void
an_intent_starts_nothing_by_itself(void **state)
{
	struct play *p = working();
	const char *issue = play_session(p, "1A")->issue;

	(void)state;
	ASKS(p, "d1", "close", "issue", issue, "mechanism", "mention");
	BECAME(p, "escalated", "");
	assert_int_equal(p->acts.n, 0);
	ASKS(p, "d2", "close", "issue", issue, "mechanism", "mention");
	BECAME(p, "ignored", "");
	p->now += 31000;
	ASKS(p, "d3", "status", "issue", issue, "mechanism", "mention");
	BECAME(p, "acted", "answered");
	OWES(p, "issue-comment", "1A");
	p->now += 31000;
	ASKS(p, "d4", "unknown", "issue", issue, "mechanism", "mention");
	assert_non_null(strstr(
	    act_text(play_act(p, "issue-comment", "1A"), "text"), "I did not act"));
	play_free(p);
}

/* within a minute a delegation and a mention are one, and the delegation counts. */
static void
a_delegation_wins_over_a_mention(void **state)
{
	struct play *p = working();
	const char *issue = play_session(p, "1A")->issue;

	(void)state;
	ASKS(p, "d1", "implement", "issue", issue, "mechanism", "mention");
	p->now += 40000;
	ASKS(p, "d2", "implement", "issue", issue, "mechanism", "delegate");
	BECAME(p, "escalated", "");
	assert_string_equal(p->core->feedback[0].state, "ignored");
	p->now += 5000;
	ASKS(p, "d3", "implement", "issue", issue, "mechanism", "mention");
	BECAME(p, "ignored", "");
	play_free(p);
}

/* */
static void
several_implement_intents_on_related_issues_are_one_dispatch(void **state)
{
	struct play *p = working();

	(void)state;
	ASKS(p, "d1", "implement", "issue", play_session(p, "1A")->issue);
	assert_string_equal(last(p)->group, "");
	ASKS(p, "d2", "implement", "issue", play_session(p, "1B")->issue);
	assert_string_equal(last(p)->group, "f1");
	assert_non_null(strstr(last(p)->why, "dispatch them together"));
	ASKS(p, "d3", "implement", "issue", "ELSE-9");
	assert_string_equal(last(p)->group, "");
	play_free(p);
}

/* two approaches in all; the second deployment that fails is a person's. */
static void
r_165_the_second_deployment_that_fails_is_a_persons(void **state)
{
	struct play *p = working();
	const char *branch = play_session(p, "1A")->branch;

	(void)state;
	CAME(p, "d1", "kind", "deploy-failed", "branch", branch, "deploy", "a.example");
	BECAME(p, "acted", "told");
	CAME(p, "d2", "kind", "deploy-failed", "branch", branch, "deploy", "a.example");
	BECAME(p, "acted", "told");
	CAME(p, "d3", "kind", "deploy-failed", "branch", branch, "deploy", "b.example");
	BECAME(p, "escalated", "");
	assert_non_null(strstr(last(p)->why, "R-165"));
	CAME(p, "d4", "kind", "deploy-failed", "branch", play_session(p, "1B")->branch,
	    "deploy", "c.example");
	BECAME(p, "acted", "told");
	play_free(p);
}

/* within a loop the agent is told to plan the rest anew instead. */
static void
r_165_in_a_loop_the_rest_is_planned_anew(void **state)
{
	struct play *p = play_new();

	(void)state;
	p->loop_tasks = 3;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	p->actor = "server";
	CAME(p, "d1", "kind", "deploy-failed", "branch", play_session(p, "1A")->branch,
	    "deploy", "a.example");
	assert_null(strstr(act_text(play_act(p, "say", "1A"), "text"), "REPLAN"));
	CAME(p, "d2", "kind", "deploy-failed", "branch", play_session(p, "1A")->branch,
	    "deploy", "b.example");
	BECAME(p, "acted", "told");
	assert_non_null(
	    strstr(act_text(play_act(p, "say", "1A"), "text"), "say REPLAN"));
	play_free(p);
}

/* of a delegation and a mention within a minute one counts, and has both's words. */
static void
a_89_the_mention_is_kept_as_context(void **state)
{
	struct play *p = working();
	const struct feedback *f;

	(void)state;
	CAME(p, "d1", "kind", "comment", "issue", "T-9", "intent", "implement",
	    "mechanism", "mention", "text", "mind the cache");
	CAME(p, "d2", "kind", "delegation", "issue", "T-9", "intent", "implement",
	    "mechanism", "delegate", "text", "");
	f = last(p);
	assert_string_equal(f->state, "escalated");
	assert_string_equal(f->text, "Beside it ada said: mind the cache");
	assert_string_equal(p->core->feedback[0].state, "ignored");
	CAME(p, "d3", "kind", "comment", "issue", "T-9", "intent", "implement",
	    "mechanism", "mention", "text", "and the index");
	BECAME(p, "ignored", "");
	assert_non_null(strstr(p->core->feedback[1].text, "and the index"));
	play_free(p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_review_is_said_to_the_living_agent_of_its_branch),
		cmocka_unit_test(a_delivery_has_its_effect_once),
		cmocka_unit_test(one_failure_of_ci_is_told_once_r_71),
		cmocka_unit_test(a_failure_that_was_ignored_hides_no_other),
		cmocka_unit_test(a_stranger_has_no_effect),
		cmocka_unit_test(what_matches_none_or_two_is_a_persons),
		cmocka_unit_test(an_ended_session_is_opened_again_when_that_is_set),
		cmocka_unit_test(r_165_the_second_deployment_that_fails_is_a_persons),
		cmocka_unit_test(r_165_in_a_loop_the_rest_is_planned_anew),
		cmocka_unit_test(a_89_the_mention_is_kept_as_context),
		cmocka_unit_test(
		    what_a_deployment_said_names_the_session_of_the_next_word),
		cmocka_unit_test(a_babbler_does_not_flood_an_agent),
		cmocka_unit_test(an_intent_starts_nothing_by_itself),
		cmocka_unit_test(a_delegation_wins_over_a_mention),
		cmocka_unit_test(
		    several_implement_intents_on_related_issues_are_one_dispatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
