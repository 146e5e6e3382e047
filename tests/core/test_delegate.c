#include "play.h"

#include "core/why.h"

/* Sessions whose agents work elsewhere (SPEC 2.22, J-14, J-38, J-39). */

#define ROUTES                                             \
	"factory\tFactory\tFactory\t\tfactory/\t1800000\n" \
	"amp\tAmp\t\tamp\t\t600000\n"                      \
	"cto.new\tcto.new\tcto.new\t\t\t1800000\n"

static struct play *
planned(const char *reroutes)
{
	struct play *p = play_new();

	play_open(p, 1);
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p1", "#number", "1", "hash", "h", "base",
	    "b0", "#n_sessions", "1", "s0.phase", "1A", "s0.label", "S-A", "s0.issue",
	    "CIA-1A", "s0.mode", "quick", "s0.launch", "bypass", "s0.agent", "factory",
	    "s0.agent_shown", "Factory", "s0.branch", "factory/cia-1a-focus",
	    "#s0.external", "1", "#s0.reroutes", reroutes, "s0.routes", ROUTES);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	return p;
}

static struct play *
approved(const char *reroutes)
{
	struct play *p = planned(reroutes);

	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	return p;
}

/* The tracker has it with Factory. */
static struct play *
given(const char *reroutes)
{
	struct play *p = approved(reroutes);

	HAPPENS(p, HAP_DELEGATED, "session", "p1.1.1A", "to", "Factory");
	return p;
}

#define SEEN(p, ...) HAPPENS(p, HAP_DELEGATE_SEEN, "session", "p1.1.1A", __VA_ARGS__)

static void
inspected(struct play *p, const char *commits, const char *stray)
{
	HAPPENS(p, HAP_INSPECTED, "session", "p1.1.1A", "why", "exit", "head", "c1",
	    "pin", "c1", "branch", "factory/CIA-1A-x", "#commits", commits, "#files",
	    commits, "stray", stray);
}

static struct play *
in_review(void)
{
	struct play *p = given("0");

	SEEN(p, "branch", "factory/CIA-1A-x", "head", "c1", "#number", "7",
	    "pull_state", "open", "checks", "none", "review", "none", "url", "u");
	inspected(p, "1", "");
	return p;
}

/* nobody hears of it before a person said yes. */
static void
nothing_is_given_away_before_the_approval(void **state)
{
	struct play *p = planned("0");

	(void)state;
	OWES_NO(p, "delegate", "1A");
	IS(p, "1A", SESSION_FILED);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	OWES(p, "delegate", "1A");
	OWES_NO(p, "launch", "1A");
	OWES_NO(p, "worktree-add", "1A");
	assert_string_equal(act_text(play_act(p, "delegate", "1A"), "to"), "Factory");
	IS(p, "1A", SESSION_LAUNCHING);
	play_free(p);
}

/* each of these shows that it has it, and nothing else does. */
static void
it_is_picked_up_when_something_shows_it(void **state)
{
	static const struct {
		const char *name, *value;
		enum session_state state;
	} table[] = {
		{ "status", "Todo", SESSION_UNCONFIRMED },
		{ "state", "pending", SESSION_UNCONFIRMED },
		{ "trouble", "no answer", SESSION_UNCONFIRMED },
		{ "status", "In Progress", SESSION_ACTIVE },
		{ "state", "active", SESSION_ACTIVE },
		{ "state", "waiting", SESSION_ACTIVE },
		{ "branch", "factory/CIA-1A-x", SESSION_ACTIVE },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = given("0");

		IS(p, "1A", SESSION_UNCONFIRMED);
		SEEN(p, table[i].name, table[i].value);
		IS(p, "1A", table[i].state);
		if (table[i].state == SESSION_ACTIVE)
			OWES(p, "issue-move", "1A");
		else
			OWES_NO(p, "issue-move", "1A");
		play_free(p);
	}
}

/* First soon, then ever more rarely, until something is new. */
static void
it_is_looked_at_with_growing_pauses(void **state)
{
	struct play *p = given("0");
	struct session *s = play_session(p, "1A");
	int64_t first = s->away.look_at - p->now, second;

	(void)state;
	assert_true(first > 0 && first <= 2000);
	assert_int_equal(core_next_deadline(p->core), s->away.look_at);
	play_clock(p, first);
	OWES(p, "delegate-look", "1A");
	play_clock(p, 1);
	OWES_NO(p, "delegate-look", "1A");
	SEEN(p, "status", "Todo");
	second = s->away.look_at - p->now;
	assert_int_equal(second, 2 * first);
	for (int i = 0; i < 20; i++)
		SEEN(p, "status", "Todo");
	assert_int_equal(s->away.look_at - p->now, 60000);
	SEEN(p, "state", "active");
	assert_int_equal(s->away.look_at - p->now, first);
	play_free(p);
}

/* K-21, J-38: half an hour, to the millisecond; and who is next in order is named. */
static void
nobody_picks_it_up_and_the_next_is_named(void **state)
{
	struct play *p = given("0");
	struct session *s = play_session(p, "1A");
	char why[512], command[512];

	(void)state;
	play_clock(p, s->away.asked_at + 1800000 - 1 - p->now);
	IS(p, "1A", SESSION_UNCONFIRMED);
	play_clock(p, 1);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "delegate", "1A");
	session_why(p->core, s, why, sizeof(why), command, sizeof(command));
	assert_non_null(strstr(why, "did not pick it up within 30 min"));
	assert_non_null(strstr(command, "divisi delegate S-A --to amp"));
	/* Late is not never. */
	SEEN(p, "branch", "factory/CIA-1A-x");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* in the order of the table, and never with two at once. */
static void
a_stall_goes_to_the_next_by_itself_where_that_is_approved(void **state)
{
	struct play *p = given("1");
	struct session *s = play_session(p, "1A");

	(void)state;
	play_clock(p, 1800001);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(s->agent, "amp");
	assert_int_equal(play_n_acts(p, "undelegate"), 1);
	assert_int_equal(play_n_acts(p, "delegate"), 1);
	assert_true(play_act(p, "undelegate", "1A") < play_act(p, "delegate", "1A"));
	assert_string_equal(act_text(play_act(p, "delegate", "1A"), "mention"), "amp");
	/* What the first one's tracker says late is not about the second. */
	REFUSED(p, ERR_CONFLICT, HAP_DELEGATED, "session", "p1.1.1A", "to", "Factory");
	HAPPENS(p, HAP_DELEGATED, "session", "p1.1.1A", "to", "amp");
	play_clock(p, 600001);
	assert_string_equal(s->agent, "cto.new");
	HAPPENS(p, HAP_DELEGATED, "session", "p1.1.1A", "to", "cto.new");
	play_clock(p, 1800001);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "delegate", "1A");
	play_free(p);
}

/* A person gives it on: to whom they approved only (promise 4). */
static void
a_person_gives_it_to_another_of_the_table(void **state)
{
	struct play *p = given("0");

	(void)state;
	REFUSED(p, ERR_REFUSED, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "to", "warp");
	assert_string_equal(p->err.code, "G15");
	HAPPENS(p, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "to", "cto.new");
	OWES(p, "undelegate", "1A");
	OWES(p, "delegate", "1A");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(play_session(p, "1A")->agent_shown, "cto.new");
	play_free(p);
}

/* Whichever way it says so, what is on its branch is fetched and looked at. */
static void
its_end_is_seen_and_its_branch_is_taken(void **state)
{
	static const struct {
		const char *name, *value;
		bool is_end;
	} table[] = {
		{ "state", "complete", true },
		{ "status", "In Review", true },
		{ "status", "Done", true },
		{ "pull_state", "open", true },
		{ "pull_state", "merged", true },
		{ "pull_state", "draft", false },
		{ "state", "active", false },
		{ "status", "In Progress", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = given("0");

		SEEN(p, "branch", "factory/CIA-1A-x", "head", "c1", table[i].name,
		    table[i].value, "#number",
		    strcmp(table[i].name, "pull_state") == 0 ? "7" : "0");
		IS(p, "1A", table[i].is_end ? SESSION_EXITING : SESSION_ACTIVE);
		if (table[i].is_end)
			assert_string_equal(
			    act_text(play_act(p, "delegate-take", "1A"), "outside"),
			    "factory/CIA-1A-x");
		else
			OWES_NO(p, "delegate-take", "1A");
		play_free(p);
	}
}

/* the real branch is on record, what it wrote beside is told, and a person reviews. */
static void
what_was_taken_waits_for_review_like_any_other(void **state)
{
	struct play *p = given("0");
	struct session *s = play_session(p, "1A");

	(void)state;
	SEEN(p, "branch", "factory/CIA-1A-x", "head", "c1", "state", "complete");
	inspected(p, "1", "secret.txt\n");
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_string_equal(s->branch, "factory/CIA-1A-x");
	assert_string_equal(s->stray, "secret.txt\n");
	HAPPENS(p, HAP_MERGE_ASKED, "session", s->id);
	OWES(p, "candidate", "1A");
	HAPPENS(
	    p, HAP_CANDIDATE_BUILT, "session", s->id, "candidate", "k", "onto", "b0");
	HAPPENS(p, HAP_LANDED, "session", s->id, "commit", "k");
	IS(p, "1A", SESSION_DONE);
	/* accepted, so nobody has it any more; and there is no worktree. */
	OWES(p, "undelegate", "1A");
	OWES_NO(p, "worktree-remove", "1A");
	play_free(p);
}

static void
an_empty_branch_is_no_delivery(void **state)
{
	struct play *p = given("0");

	(void)state;
	SEEN(p, "branch", "factory/CIA-1A-x", "head", "c1", "state", "complete");
	inspected(p, "0", "");
	IS(p, "1A", SESSION_FAILED);
	OWES(p, "undelegate", "1A");
	play_free(p);
}

/* Its own pull request holds the landing, whatever we publish (M01). */
static void
its_pull_request_holds_the_landing(void **state)
{
	struct play *p = in_review();
	struct session *s = play_session(p, "1A");

	(void)state;
	OWES_NO(p, "pull-open", "1A");
	OWES(p, "pull-look", "1A");
	HAPPENS(p, HAP_PULL_SEEN, "session", s->id, "#number", "7", "url", "u", "state",
	    "open", "checks", "failed", "review", "none");
	HAPPENS(p, HAP_MERGE_ASKED, "session", s->id);
	IS(p, "1A", SESSION_MERGEABLE);
	assert_non_null(pull_holds(p->core, s));
	play_free(p);
}

/* What it pushes after the delivery was reviewed by nobody. */
static void
new_commits_are_taken_again(void **state)
{
	struct play *p = in_review();

	(void)state;
	SEEN(p, "branch", "factory/CIA-1A-x", "head", "c1", "#number", "7",
	    "pull_state", "open");
	OWES_NO(p, "delegate-take", "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	SEEN(p, "branch", "factory/CIA-1A-x", "head", "c2", "#number", "7",
	    "pull_state", "open");
	OWES(p, "delegate-take", "1A");
	IS(p, "1A", SESSION_EXITING);
	play_free(p);
}

/* It says it is done, and there is nothing: a person names the branch. */
static void
a_branch_that_is_not_found_is_named_by_a_person(void **state)
{
	struct play *p = given("0");
	struct session *s = play_session(p, "1A");
	char why[512], command[512];

	(void)state;
	SEEN(p, "state", "complete");
	IS(p, "1A", SESSION_STALLED);
	session_why(p->core, s, why, sizeof(why), command, sizeof(command));
	assert_non_null(strstr(why, "no branch of it is at the remote"));
	REFUSED(
	    p, ERR_NOT_FOUND, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "#done", "1");
	HAPPENS(p, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "branch", "odd/name",
	    "#done", "1");
	assert_string_equal(
	    act_text(play_act(p, "delegate-take", "1A"), "outside"), "odd/name");
	IS(p, "1A", SESSION_EXITING);
	/* The remote refuses: it is told, and can be tried again. */
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "delegate-take", "text",
	    "no such branch");
	session_why(p->core, s, why, sizeof(why), command, sizeof(command));
	assert_non_null(strstr(why, "no such branch"));
	HAPPENS(p, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "#done", "1");
	OWES(p, "delegate-take", "1A");
	play_free(p);
}

/* J-39: somebody gave it to another there. */
static void
a_second_agent_in_the_tracker_is_told(void **state)
{
	struct play *p = given("0");

	(void)state;
	SEEN(p, "other", "Cursor");
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "Cursor"));
	play_free(p);
}

/* held, parked or given up, nobody has it; let go on, the same agent has it again. */
static void
who_stops_it_takes_it_back(void **state)
{
	struct play *p = given("0");

	(void)state;
	SEEN(p, "state", "active");
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A", "reason", "wait");
	OWES(p, "undelegate", "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES(p, "delegate", "1A");
	IS(p, "1A", SESSION_ACTIVE);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "later");
	OWES(p, "undelegate", "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES(p, "delegate", "1A");
	IS(p, "1A", SESSION_LAUNCHING);
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "enough");
	OWES(p, "undelegate", "1A");
	play_free(p);
}

/* R-77, T01: one app in one comment. */
static void
words_for_it_are_a_comment_that_names_it_alone(void **state)
{
	struct play *p = given("0");
	const struct act *said;

	(void)state;
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "mind a@b.example, ada");
	said = play_act(p, "issue-comment", "1A");
	assert_string_equal(act_text(said, "text"), "mind a@b.example, ada");
	HAPPENS(p, HAP_DELEGATE_ASKED, "session", "p1.1.1A", "to", "amp");
	HAPPENS(p, HAP_DELEGATED, "session", "p1.1.1A", "to", "amp");
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "make haste");
	said = play_act(p, "issue-comment", "1A");
	assert_string_equal(act_text(said, "text"), "@amp make haste");
	REFUSED(p, ERR_REFUSED, HAP_SAID, "session", "p1.1.1A", "text", "ask @cursor");
	assert_string_equal(p->err.code, "T01");
	play_free(p);
}

/* The tracker refuses it: the session has failed, with the tracker's words. */
static void
a_delegation_that_is_refused_fails_the_session(void **state)
{
	struct play *p = approved("0");

	(void)state;
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "delegate", "text",
	    "there is no active agent called Factory");
	IS(p, "1A", SESSION_FAILED);
	OWES_NO(p, "undelegate", "1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES(p, "delegate", "1A");
	play_free(p);
}

/* What is measured from a moment goes back with the clock. */
static void
a_clock_set_back_takes_the_limits_along(void **state)
{
	struct play *p = given("0");
	struct session *s = play_session(p, "1A");
	int64_t left = session_pickup_until(s) - p->now;

	(void)state;
	HAPPENS(p, HAP_CLOCK_SET, "#by", "-1000000");
	p->now -= 1000000;
	assert_int_equal(session_pickup_until(s) - p->now, left - 1);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_given_away_before_the_approval),
		cmocka_unit_test(it_is_picked_up_when_something_shows_it),
		cmocka_unit_test(it_is_looked_at_with_growing_pauses),
		cmocka_unit_test(nobody_picks_it_up_and_the_next_is_named),
		cmocka_unit_test(
		    a_stall_goes_to_the_next_by_itself_where_that_is_approved),
		cmocka_unit_test(a_person_gives_it_to_another_of_the_table),
		cmocka_unit_test(its_end_is_seen_and_its_branch_is_taken),
		cmocka_unit_test(what_was_taken_waits_for_review_like_any_other),
		cmocka_unit_test(an_empty_branch_is_no_delivery),
		cmocka_unit_test(its_pull_request_holds_the_landing),
		cmocka_unit_test(new_commits_are_taken_again),
		cmocka_unit_test(a_branch_that_is_not_found_is_named_by_a_person),
		cmocka_unit_test(a_second_agent_in_the_tracker_is_told),
		cmocka_unit_test(who_stops_it_takes_it_back),
		cmocka_unit_test(words_for_it_are_a_comment_that_names_it_alone),
		cmocka_unit_test(a_delegation_that_is_refused_fails_the_session),
		cmocka_unit_test(a_clock_set_back_takes_the_limits_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
