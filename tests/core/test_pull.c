#include "play.h"

#include "core/why.h"

/* Pull requests of sessions (divisi.publish = pr; M01): what holds a landing, and for how long. */

static struct play *
pulled(const char *merge)
{
	struct play *p = play_new();

	play_open(p, 1);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "3", "merge", merge,
	    "target", "main", "#n_phases", "1", "publish", "pr");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	return p;
}

static void
see(struct play *p, const char *state, const char *checks, const char *review)
{
	HAPPENS(p, HAP_PULL_SEEN, "session", "p1.1.1A", "#number", "7", "url", "u",
	    "state", state, "checks", checks, "review", review, "#opened", "1");
}

static void
nothing_lands_before_its_pull_request_is_open(void **state)
{
	struct play *p = pulled("auto");

	(void)state;
	IS(p, "1A", SESSION_MERGEABLE);
	assert_non_null(pull_holds(p->core, play_session(p, "1A")));
	see(p, "open", "none", "none");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

static void
what_was_delivered_owes_a_pull_request(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "3", "merge", "ask",
	    "target", "main", "#n_phases", "1", "publish", "branch");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	OWES_NO(p, "pull-open", "1A");
	assert_null(pull_holds(p->core, play_session(p, "1A")));
	play_free(p);
	p = pulled("ask");
	OWES(p, "pull-open", "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
checks_and_reviews_hold_a_landing(void **state)
{
	static const struct {
		const char *state, *checks, *review;
		bool holds, needs;
	} table[] = {
		{ "open", "none", "none", false, false },
		{ "open", "passed", "approved", false, false },
		{ "draft", "passed", "none", false, false },
		{ "open", "pending", "none", true, false },
		{ "open", "failed", "approved", true, true },
		{ "open", "passed", "changes", true, true },
		{ "open", "passed", "required", true, false },
		{ "closed", "passed", "approved", true, true },
		{ "merged", "passed", "approved", true, true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = pulled("ask");
		char why[512], command[512];

		see(p, table[i].state, table[i].checks, table[i].review);
		HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
		IS(p, "1A", table[i].holds ? SESSION_MERGEABLE : SESSION_MERGING);
		session_why(p->core, play_session(p, "1A"), why, sizeof(why), command,
		    sizeof(command));
		assert_int_equal(strstr(command, "M01") != NULL, table[i].needs);
		play_free(p);
	}
}

/* First soon, then ever more rarely, and at once when a person asks. */
static void
it_is_looked_at_until_it_lands(void **state)
{
	struct play *p = pulled("auto");
	struct session *s = play_session(p, "1A");
	int64_t first, second;

	(void)state;
	see(p, "open", "pending", "none");
	first = s->pull_at - p->now;
	assert_true(first > 0 && first <= 2000);
	play_clock(p, first);
	OWES(p, "pull-look", "1A");
	see(p, "open", "pending", "none");
	second = s->pull_at - p->now;
	assert_int_equal(second, 2 * first);
	HAPPENS(p, HAP_MERGE_ASKED, "session", s->id);
	play_clock(p, 1);
	OWES(p, "pull-look", "1A");
	see(p, "open", "passed", "none");
	IS(p, "1A", SESSION_MERGING);
	play_clock(p, 60000);
	OWES_NO(p, "pull-look", "1A");
	play_free(p);
}

static void
a_person_may_go_against_it(void **state)
{
	struct play *p = pulled("auto");

	(void)state;
	see(p, "open", "failed", "none");
	IS(p, "1A", SESSION_MERGEABLE);
	HAPPENS(
	    p, HAP_MERGE_ASKED, "session", "p1.1.1A", "override", "M01", "reason", "x");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

static void
it_is_closed_when_its_work_was_published_or_given_up(void **state)
{
	struct play *p = pulled("auto");

	(void)state;
	see(p, "open", "passed", "none");
	play_land(p, "1A");
	OWES(p, "publish", NULL);
	OWES_NO(p, "pull-close", "1A");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "trouble", "refused");
	OWES_NO(p, "pull-close", "1A");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "remote", "origin", "commit", "c");
	OWES(p, "pull-close", "1A");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "remote", "origin", "commit", "c");
	OWES_NO(p, "pull-close", "1A");
	play_free(p);
	p = pulled("ask");
	see(p, "open", "passed", "none");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "no use");
	assert_non_null(
	    strstr(act_text(play_act(p, "pull-close", "1A"), "text"), "no use"));
	play_free(p);
}

/* `Repo:`: a push in one repository is none of what landed in another. */
static void
what_was_published_is_of_one_repository(void **state)
{
	struct play *p = pulled("auto");

	(void)state;
	see(p, "open", "passed", "none");
	play_land(p, "1A");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "repo", "/lib", "trouble", "refused");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "remote", "origin", "commit", "c");
	OWES(p, "pull-close", "1A");
	assert_string_equal(p->core->plan[0].unpublished, "refused");
	assert_string_equal(p->core->plan[0].unpublished_in, "/lib");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "repo", "/lib", "remote", "origin",
	    "commit", "d");
	assert_string_equal(p->core->plan[0].unpublished, "");
	play_free(p);
	p = pulled("auto");
	see(p, "open", "passed", "none");
	play_land(p, "1A");
	HAPPENS(p, HAP_PUBLISHED, "plan", "p1", "repo", "/lib", "remote", "origin",
	    "commit", "d");
	OWES_NO(p, "pull-close", "1A");
	play_free(p);
}

/* A protected target: nobody pushes, and who merged it there first did what was wanted. */
static void
with_forge_the_pull_request_is_what_lands(void **state)
{
	static const char *const states[] = { "open", "merged" };

	for (size_t i = 0; i < N_ELEMS(states); i++) {
		struct play *p = pulled("ask");

		HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "3", "merge", "ask",
		    "target", "main", "#n_phases", "1", "publish", "forge");
		see(p, states[i], "passed", "none");
		HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1A");
		IS(p, "1A", SESSION_MERGING);
		LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", "onto", "m0",
		    NULL);
		OWES(p, "land", "1A");
		assert_int_equal(
		    fields_number(&play_act(p, "land", "1A")->fields, "number", 0), 7);
		play_free(p);
	}
}

static void
with_pr_it_is_landed_here(void **state)
{
	struct play *p = pulled("auto");

	see(p, "open", "passed", "none");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", "onto", "m0", NULL);
	assert_int_equal(
	    fields_number(&play_act(p, "land", "1A")->fields, "number", 0), 0);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_lands_before_its_pull_request_is_open),
		cmocka_unit_test(what_was_delivered_owes_a_pull_request),
		cmocka_unit_test(checks_and_reviews_hold_a_landing),
		cmocka_unit_test(it_is_looked_at_until_it_lands),
		cmocka_unit_test(a_person_may_go_against_it),
		cmocka_unit_test(it_is_closed_when_its_work_was_published_or_given_up),
		cmocka_unit_test(what_was_published_is_of_one_repository),
		cmocka_unit_test(with_forge_the_pull_request_is_what_lands),
		cmocka_unit_test(with_pr_it_is_landed_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
