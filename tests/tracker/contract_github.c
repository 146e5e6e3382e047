#include "contract.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Open and closed are all that GitHub knows; the steps between are labels of ours. */
static void
a_status_is_a_state_and_a_label(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	NET_JSON struct json_object *told = NULL, *over = NULL;

	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	told = world_tell(w);
	assert_int_equal(net_len(told, "labels"), 3);
	assert_string_equal(
	    json_object_get_string(net_at(told, "labels", 2)), "status:in-progress");
	assert_int_equal(world_read(w, id).labels.n, 2);
	/* What people label meanwhile stays (R-198). */
	world_break(w, "label", 1, 0);
	assert_int_equal(world_move(w, NULL, id, "In Review", NULL), 0);
	assert_true(world_has(world_read(w, id).labels, "theirs"));
	assert_string_equal(world_read(w, id).status, "In Review");
	assert_int_equal(world_move(w, NULL, id, "Done", NULL), 0);
	over = world_tell(w);
	assert_int_equal(net_len(over, "labels"), 3);
	assert_string_equal(
	    json_object_get_string(net_at(over, "states", 0)), "completed");
	assert_int_equal(world_move(w, NULL, id, "Cancelled", NULL), 0);
	assert_string_equal(world_read(w, id).status, "Cancelled");
}

/* One who dies between making an issue and putting it below its parent leaves no second. */
static void
every_loss_on_the_way_leaves_one_child(void **state)
{
	static const char *const labels[] = { "type:chore" };
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);

	for (int skip = 0; skip < 5; skip++) {
		AUTO_FREE char *key = xasprintf("lost/%d", skip);
		struct tracker_call call = world_call(w, key);
		struct tracker_draft draft = {
			.title = "x", .parent = master, .labels = { labels, 1 }
		};
		char id[TRACKER_ID_SIZE];

		world_break(w, "lost", 1, skip);
		(void)w->tracker->create(&w->link, &call, &draft, id, NULL);
		world_break(w, "", 0, 0);
		assert_int_equal(
		    w->tracker->create(&w->link, &call, &draft, id, NULL), 0);
		assert_string_equal(world_read(w, id).parent, master);
		assert_int_equal(world_count(w, "issues"), skip + 2);
		assert_int_equal(world_count(w, "children"), skip + 1);
	}
}

static void
an_issue_may_be_named_in_every_usual_way(void **state)
{
	static const char *const good[] = { "1", "#1", "acme/gates#1",
		"https://github.com/acme/gates/issues/1" };
	static const char *const bad[] = { "", "#", "CIA-1", "#1x", "../../user#1",
		"a/b/c#1", "acme/gates#", "#99999999999999", "acme/../x#1" };
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(good); i++)
		assert_string_equal(world_read(w, good[i]).id, id);
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		assert_int_equal(
		    w->tracker->read(&w->link, bad[i], w->arena, &issue, &err), -1);
		assert_int_equal(err.kind, ERR_NOT_FOUND);
	}
}

static void
a_text_too_long_for_github_is_refused_here(void **state)
{
	static const char *const labels[] = { "type:chore" };
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	char *body = arena_alloc(w->arena, 70001);
	struct tracker_draft draft = {
		.title = "x", .body = body, .labels = { labels, 1 }
	};
	char id[TRACKER_ID_SIZE];
	struct err err = ERR_INIT;
	long before = w->state.n_requests;

	memset(body, 'x', 70000);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	assert_int_equal(w->state.trouble, TRACKER_REFUSED);
	assert_int_equal(w->state.n_requests, before);
}

static void
a_coding_agent_is_assigned_beside_a_person(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .assignee = "me", .delegate = "copilot" };

	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	assert_string_equal(world_read(w, id).assignee, "ada");
	assert_string_equal(world_read(w, id).delegate, "copilot-swe-agent[bot]");
	patch = (struct tracker_patch){ .assignee = "grace" };
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	assert_string_equal(world_read(w, id).assignee, "grace");
	assert_string_equal(world_read(w, id).delegate, "copilot-swe-agent[bot]");
	assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, NULL, id, "Done", NULL), 0);
	assert_string_equal(world_read(w, id).assignee, "grace");
	assert_string_equal(world_read(w, id).delegate, "");
}

/* GitHub has no such relation; naming leaves a trace on both sides, and only once. */
static void
related_issues_name_each_other_once(void **state)
{
	struct world *w = *state;
	const char *a = world_make(w, NULL, NULL), *b = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);

	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    w->tracker->relate(&w->link, &call, a, "related", b, NULL), 0);
	assert_int_equal(world_count(w, "comments"), 1);
}

/* What names nothing there is refused before anything is sent, and changes nothing. */
static void
bad_words_are_refused_before_they_are_sent(void **state)
{
	static const char *const long_label[] = {
		"area:0123456789012345678901234567890123456789012345678901234567890"
	};
	static const char *const ours[] = { "status:in-progress" };
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	const struct {
		struct tracker_patch patch;
		enum tracker_trouble trouble;
	} bad[] = {
		{ { .status = "Doing" }, TRACKER_REFUSED },
		{ { .add = { long_label, 1 } }, TRACKER_REFUSED },
		{ { .add = { ours, 1 } }, TRACKER_REFUSED },
		{ { .assignee = "nobody-there" }, TRACKER_MISSING },
		{ { .delegate = "no-such-agent[bot]" }, TRACKER_REFUSED },
	};

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct tracker_call call = world_call(w, NULL);
		struct err err = ERR_INIT;
		int64_t at = world_read(w, id).updated_at;

		assert_int_equal(
		    w->tracker->update(&w->link, &call, id, &bad[i].patch, &err), -1);
		assert_int_equal(w->state.trouble, bad[i].trouble);
		assert_string_not_equal(err.text, "");
		assert_null(strstr(err.text, TEST_TOKEN));
		assert_int_equal(world_read(w, id).updated_at, at);
	}
}

static struct tracker_pull
open_pull(struct world *w, const char *closes)
{
	struct tracker_pull_draft draft = { .head = "claude/batch-1a",
		.base = "main",
		.title = "Batch 1A: Gates",
		.body = "> Fixes #77 and closes: #78\nresolved #79",
		.closes = closes };
	struct tracker_call call = world_call(w, NULL);
	struct tracker_pull pull;
	struct err err = ERR_INIT;

	if (w->tracker->pull_open(&w->link, &call, &draft, w->arena, &pull, &err) < 0)
		fail_msg("%s", err.text);
	return pull;
}

static void
a_pull_request_closes_its_own_issue_only(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	long number = open_pull(w, id).number;
	NET_JSON struct json_object *told = world_tell(w);
	const char *body = json_object_get_string(net_at(told, "pulls", 0));

	assert_int_equal(open_pull(w, id).number, number);
	assert_int_equal(world_count(w, "pulls"), 1);
	assert_non_null(strstr(body, "\nCloses #1\n"));
	assert_null(strstr(body, "Fixes #77"));
	assert_null(strstr(body, "closes: #78"));
	assert_null(strstr(body, "resolved #79"));
}

static struct tracker_pull
read_pull(struct world *w, const char *id, const char *meanwhile)
{
	struct tracker_pulls pulls;
	struct err err = ERR_INIT;

	world_break(w, meanwhile, 1, 0);
	if (w->tracker->pulls(&w->link, id, 5, w->arena, &pulls, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(pulls.n, 1);
	return pulls.item[0];
}

static void
checks_and_reviews_are_read(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	const char *other = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_pull pull;

	open_pull(w, id);
	/* A mention is no pull request of the issue. */
	assert_int_equal(
	    w->tracker->relate(&w->link, &call, other, "related", id, NULL), 0);
	pull = read_pull(w, id, "forget");
	assert_string_equal(pull.state, "open");
	assert_string_equal(pull.checks, "none");
	assert_string_equal(pull.review, "none");
	assert_string_equal(pull.head, "claude/batch-1a");
	assert_string_equal(read_pull(w, id, "checks-run").checks, "pending");
	assert_string_equal(read_pull(w, id, "checks-pass").checks, "passed");
	assert_string_equal(read_pull(w, id, "ask-changes").review, "changes");
	assert_string_equal(read_pull(w, id, "say-something").review, "changes");
	assert_string_equal(read_pull(w, id, "approve").review, "approved");
	assert_string_equal(read_pull(w, id, "checks-fail").checks, "failed");
	assert_string_equal(read_pull(w, id, "merge").state, "merged");
}

/* Once said, once closed; what is merged or closed is left as it is. */
static void
a_pull_request_is_closed_once_with_words(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	long number = open_pull(w, id).number;
	struct tracker_call call = world_call(w, "close/1");
	struct tracker_pull pull;

	assert_int_equal(
	    w->tracker->pull_read(&w->link, number, w->arena, &pull, NULL), 0);
	assert_string_equal(pull.state, "open");
	/* The answer to the comment is lost: the next call finds it there. */
	world_break(w, "lost", 1, 2);
	assert_int_equal(w->tracker->pull_close(&w->link, &call, number,
			     "Landed as 1234.", w->arena, &pull, NULL),
	    -1);
	world_break(w, "", 0, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(w->tracker->pull_close(&w->link, &call, number,
				     "Landed as 1234.", w->arena, &pull, NULL),
		    0);
	assert_string_equal(pull.state, "closed");
	assert_int_equal(world_count(w, "comments"), 1);
	assert_int_equal(
	    w->tracker->pull_read(&w->link, 77, w->arena, &pull, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
}

/* Where the target is protected: at that commit, once, whatever is lost on the way. */
static void
a_pull_request_is_merged_at_the_tested_commit_only(void **state)
{
	struct world *w = *state;
	struct tracker_pull pull = open_pull(w, world_make(w, NULL, NULL));
	struct tracker_pull_merge how = { "1234", "squash", "Batch 1A", "" };
	long number = pull.number;
	AUTO_FREE char *head = xstrdup(pull.head_commit);

	assert_string_equal(pull.merge_commit, "");
	assert_int_equal(
	    w->tracker->pull_merge(&w->link, number, &how, w->arena, &pull, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_CONFLICT);
	how.head = head;
	/* The answer to the merge is lost: the next call finds it merged. */
	world_break(w, "lost", 1, 1);
	assert_int_equal(
	    w->tracker->pull_merge(&w->link, number, &how, w->arena, &pull, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_LATER);
	world_break(w, "", 0, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w->tracker->pull_merge(
				     &w->link, number, &how, w->arena, &pull, NULL),
		    0);
		assert_string_equal(pull.state, "merged");
		assert_int_equal(strlen(pull.merge_commit), 40);
	}
	assert_int_equal(
	    w->tracker->pull_merge(&w->link, 77, &how, w->arena, &pull, NULL), -1);
	assert_int_equal(w->state.trouble, TRACKER_MISSING);
}

/* R-46: what GitHub counts is told; updates of a project are not faked. */
static void
a_milestone_is_read_and_no_project_is_told(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_place place;

	assert_int_equal(w->tracker->place(&w->link, id, w->arena, &place, NULL), 0);
	assert_string_equal(place.milestone, "");
	world_break(w, "milestone", 1, 0);
	assert_int_equal(w->tracker->place(&w->link, id, w->arena, &place, NULL), 0);
	assert_string_equal(place.milestone, "Beta");
	assert_string_equal(place.due, "2026-12-01");
	assert_int_equal(place.n_open, 3);
	assert_int_equal(place.n_done, 5);
	assert_string_equal(place.project_id, "");
	assert_null(w->tracker->project_update);
	assert_false(w->tracker->capabilities & TRACKER_PROJECT_UPDATES);
}

const struct CMUnitTest contract_github[] = {
	CLAIM(a_milestone_is_read_and_no_project_is_told),
	CLAIM(a_status_is_a_state_and_a_label),
	CLAIM(every_loss_on_the_way_leaves_one_child),
	CLAIM(an_issue_may_be_named_in_every_usual_way),
	CLAIM(a_text_too_long_for_github_is_refused_here),
	CLAIM(a_coding_agent_is_assigned_beside_a_person),
	CLAIM(related_issues_name_each_other_once),
	CLAIM(bad_words_are_refused_before_they_are_sent),
	CLAIM(a_pull_request_closes_its_own_issue_only),
	CLAIM(checks_and_reviews_are_read),
	CLAIM(a_pull_request_is_closed_once_with_words),
	CLAIM(a_pull_request_is_merged_at_the_tested_commit_only),
};
const size_t contract_github_n = N_ELEMS(contract_github);
