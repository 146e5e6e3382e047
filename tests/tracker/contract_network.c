#include "contract.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What goes wrong on the way, and what the outbox is to make of it (J-26, J-27). */
static const struct {
	const char *fault;
	enum tracker_trouble trouble;
	enum err_kind kind;
} faults[] = {
	{ "drop", TRACKER_LATER, ERR_SYSTEM },
	{ "lost", TRACKER_LATER, ERR_SYSTEM },
	{ "truncated", TRACKER_LATER, ERR_SYSTEM },
	{ "500", TRACKER_LATER, ERR_SYSTEM },
	{ "html", TRACKER_LATER, ERR_INPUT },
	{ "deep", TRACKER_LATER, ERR_INPUT },
	{ "huge", TRACKER_LATER, ERR_INPUT },
	{ "bomb", TRACKER_LATER, ERR_INPUT },
	{ "429", TRACKER_LIMITED, ERR_SYSTEM },
	{ "limited", TRACKER_LIMITED, ERR_SYSTEM },
	{ "401", TRACKER_AUTH, ERR_HUMAN },
	{ "redirect", TRACKER_REFUSED, ERR_REFUSED },
};

/* Whatever breaks whichever request of a creation, asking again gives one issue. */
static void
every_fault_is_named_and_survived(void **state)
{
	struct world *w = *state;
	static const char *const labels[] = { "type:chore" };
	char id[TRACKER_ID_SIZE];

	for (size_t i = 0; i < N_ELEMS(faults); i++) {
		for (int skip = 0; skip < 3; skip++) {
			AUTO_FREE char *key = xasprintf("%s/%d", faults[i].fault, skip);
			struct tracker_call call = world_call(w, key);
			struct tracker_draft draft = { .title = "x",
				.labels = { labels, 1 } };
			int64_t before = world_count(w, "issues");
			struct err err = ERR_INIT;

			world_break(w, faults[i].fault, 1, skip);
			if (w->tracker->create(&w->link, &call, &draft, id, &err) < 0) {
				if (w->state.trouble != faults[i].trouble ||
				    err.kind != faults[i].kind)
					fail_msg("%s/%d: %s: %s", faults[i].fault, skip,
					    tracker_trouble_name(w->state.trouble),
					    err.text);
				assert_null(strstr(err.text, TEST_TOKEN));
				assert_null(strstr(err.fix, TEST_TOKEN));
			}
			world_break(w, "", 0, 0);
			assert_int_equal(
			    w->tracker->create(&w->link, &call, &draft, id, &err), 0);
			assert_int_equal(world_count(w, "issues"), before + 1);
		}
	}
}

static void
no_answer_is_waited_for_longer_than_the_limit(void **state)
{
	struct world *w = *state;
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	tracker_close(&w->link);
	w->link.limit_ms = 300;
	assert_int_equal(tracker_open(w->tracker, &w->link, NULL), 0);
	world_break(w, "slow", 1, 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_int_equal(w->state.trouble, TRACKER_LATER);
}

static void
the_time_to_wait_is_the_trackers(void **state)
{
	struct world *w = *state;
	struct tracker_issue issue;

	world_break(w, "429", 1, 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, NULL), -1);
	assert_int_equal(w->state.retry_after_ms, 7000);
	world_break(w, "limited", 1, 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_LIMITED);
	assert_in_range(w->state.retry_after_ms, 1000, 10000);
	assert_int_equal(w->state.requests_left, 0);
	/* By its own clock, however wrong that is. */
	world_break(w, "skewed", 1, 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, NULL), -1);
	assert_in_range(w->state.retry_after_ms, 1000, 10000);
}

/* J-27: the variable is named, its value never, though the server echoes it. */
static void
a_refused_token_names_its_variable_only(void **state)
{
	struct world *w = *state;
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	tracker_close(&w->link);
	assert_int_equal(setenv("TEST_TRACKER_TOKEN", "lin_api_revoked_one", 1), 0);
	assert_int_equal(tracker_open(w->tracker, &w->link, NULL), 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_AUTH);
	assert_int_equal(err.kind, ERR_HUMAN);
	assert_non_null(strstr(err.fix, "TEST_TRACKER_TOKEN"));
	assert_null(strstr(err.text, "revoked"));

	tracker_close(&w->link);
	unsetenv("TEST_TRACKER_TOKEN");
	assert_int_equal(tracker_open(w->tracker, &w->link, NULL), 0);
	assert_int_equal(
	    w->tracker->read(&w->link, world_some_id(w), w->arena, &issue, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_AUTH);
	assert_non_null(strstr(err.text, "TEST_TRACKER_TOKEN"));
}

static void
a_helper_may_hold_the_token(void **state)
{
	static const char *const good[] = { "printf", TEST_TOKEN "\\nrest\\n", NULL };
	static const char *const bad[] = { "printf", "no token\\n", NULL };
	struct world *w = *state;
	struct tracker_who who;
	struct err err = ERR_INIT;

	unsetenv("TEST_TRACKER_TOKEN");
	w->link.token_helper = bad;
	assert_int_equal(w->tracker->probe(&w->link, w->arena, &who, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_AUTH);
	assert_null(strstr(err.text, "no token\n"));
	w->link.token_helper = good;
	assert_int_equal(w->tracker->probe(&w->link, w->arena, &who, &err), 0);
	assert_true(who.user[0] == 'A' || who.user[0] == 'a');
	assert_int_equal(who.lacking.n, 0);
}

/* J-26: what somebody else changed meanwhile is not written over. */
static void
a_write_upon_a_changed_issue_is_a_conflict(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_patch patch = { .body = "another prompt",
		.seen_at = world_read(w, id).updated_at };
	struct tracker_call call = world_call(w, NULL);
	struct err err = ERR_INIT;

	assert_true(patch.seen_at > 0);
	world_break(w, "edit", 1, 0);
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(w->state.trouble, TRACKER_CONFLICT);
	assert_string_equal(world_read(w, id).body, "the prompt");
	patch.seen_at = world_read(w, id).updated_at;
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), 0);
	/* The answer was lost, so it is made again: what is reached is no conflict. */
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), 0);
	assert_string_equal(world_read(w, id).body, "another prompt");
}

static void
a_lost_comment_is_said_once(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);

	for (int skip = 0; skip < 3; skip++) {
		AUTO_FREE char *key = xasprintf("exit/%d", skip);

		world_break(w, "lost", 1, skip);
		(void)world_comment(w, key, id, "exit", "done");
		world_break(w, "", 0, 0);
		assert_int_equal(world_comment(w, key, id, "exit", "done"), 0);
		assert_int_equal(world_count(w, "comments"), skip + 1);
	}
}

/* Registry and checkpoint: one comment each, however often and whatever people do. */
static void
a_kept_comment_is_written_over(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);

	for (int i = 0; i < 3; i++) {
		AUTO_FREE char *text = xasprintf("| %d |", i);

		assert_int_equal(world_comment(w, NULL, id, "registry", text), 0);
		assert_int_equal(world_comment(w, NULL, id, "checkpoint", text), 0);
	}
	assert_int_equal(world_count(w, "comments"), 2);
	world_break(w, "forget", 1, 0);
	assert_int_equal(world_comment(w, NULL, id, "registry", "| new |"), 0);
	assert_int_equal(world_comment(w, NULL, id, "registry", "| newer |"), 0);
	assert_int_equal(world_count(w, "comments"), 1);
}

static void
an_issue_is_found_by_the_key_that_made_it(void **state)
{
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	const char *id = world_make(w, "issue-create/s1", master);
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	assert_int_equal(w->tracker->find(&w->link, "issue-create/s1", master, w->arena,
			     &issue, &err),
	    0);
	assert_string_equal(issue.id, id);
	assert_int_equal(w->tracker->find(&w->link, "issue-create/s2", master, w->arena,
			     &issue, &err),
	    -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* Two divisi on one team. */
static void
two_homes_never_share_a_key(void **state)
{
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	const char *id = world_make(w, "issue-create/s1", master);

	w->link.origin = "home-2";
	assert_string_not_equal(world_make(w, "issue-create/s1", master), id);
}

static void
a_long_list_is_read_page_by_page(void **state)
{
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	struct tracker_list list;

	for (int i = 0; i < 105; i++)
		world_make(w, NULL, master);
	assert_int_equal(
	    w->tracker->children(&w->link, master, 103, w->arena, &list, NULL), 0);
	assert_int_equal(list.n, 103);
	assert_true(list.has_more);
	for (size_t i = 1; i < list.n; i++)
		assert_string_not_equal(list.item[i].id, list.item[i - 1].id);
	assert_int_equal(
	    w->tracker->children(&w->link, master, 200, w->arena, &list, NULL), 0);
	assert_int_equal(list.n, 105);
	assert_false(list.has_more);
}

static void
an_unknown_user_is_not_found(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .assignee = "nobody-here" };
	struct err err = ERR_INIT;

	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
	assert_non_null(strstr(err.text, "nobody-here"));
}

static void
an_unknown_team_is_not_found(void **state)
{
	struct world *w = *state;
	struct tracker_who who;
	struct err err = ERR_INIT;

	w->link.team = "nobody/nothing";
	assert_int_equal(w->tracker->probe(&w->link, w->arena, &who, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
	assert_non_null(strstr(err.text, "nobody/nothing"));
}

static void
a_token_goes_over_https_only(void **state)
{
	struct world *w = *state;
	static const char *const bad[] = { "http://api.example.invalid/graphql",
		"ftp://localhost/", "https://user:pw@example.invalid/", "linear",
		"http://127.0.0.1.example.invalid@evil.invalid/" };
	struct tracker_link link = { 0 };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		link.url = bad[i];
		assert_int_equal(tracker_open(w->tracker, &link, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_null(link.net);
	}
}

/* Whoever answers there speaks no TLS: nothing is sent, least of all the token. */
static void
a_failed_handshake_is_said_and_sends_nothing(void **state)
{
	struct world *w = *state;
	const char *url = getenv("DIVISI_TEST_TRACKER_URL");
	AUTO_FREE char *secure = xasprintf("https%s", url + strlen("http"));
	struct tracker_state seen = { 0 };
	struct tracker_link link = w->link;
	int64_t before = world_count(w, "requests");
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	link.url = secure;
	link.net = NULL;
	link.state = &seen;
	assert_int_equal(tracker_open(w->tracker, &link, NULL), 0);
	assert_int_equal(
	    w->tracker->read(&link, world_some_id(w), w->arena, &issue, &err), -1);
	assert_int_equal(seen.trouble, TRACKER_LATER);
	assert_null(strstr(err.text, TEST_TOKEN));
	assert_int_equal(world_count(w, "requests"), before);
	tracker_close(&link);
}

const struct CMUnitTest contract_network[] = {
	CLAIM(every_fault_is_named_and_survived),
	CLAIM(no_answer_is_waited_for_longer_than_the_limit),
	CLAIM(the_time_to_wait_is_the_trackers),
	CLAIM(a_refused_token_names_its_variable_only),
	CLAIM(a_helper_may_hold_the_token),
	CLAIM(a_write_upon_a_changed_issue_is_a_conflict),
	CLAIM(a_lost_comment_is_said_once),
	CLAIM(a_kept_comment_is_written_over),
	CLAIM(an_issue_is_found_by_the_key_that_made_it),
	CLAIM(two_homes_never_share_a_key),
	CLAIM(a_long_list_is_read_page_by_page),
	CLAIM(an_unknown_user_is_not_found),
	CLAIM(an_unknown_team_is_not_found),
	CLAIM(a_token_goes_over_https_only),
	CLAIM(a_failed_handshake_is_said_and_sends_nothing),
};
const size_t contract_network_n = N_ELEMS(contract_network);
