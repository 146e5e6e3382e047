#include "contract.h"

#include "base/mem.h"
#include "tracker/ready.h"

#include <stdio.h>
#include <string.h>

extern const char *contract_tracker;
const char *contract_tracker = "local";

/* Skips the test unless the tracker has CAPABILITY: what it lacks, it does not fake. */
static void
need(const struct world *w, unsigned capability)
{
	if (!(w->tracker->capabilities & capability))
		skip();
}

/* S-49 to S-54, A-20 */
static void
an_issue_is_read_as_it_was_filed(void **state)
{
	struct world *w = *state;
	struct tracker_issue issue = world_read(w, world_make(w, NULL, NULL));

	assert_string_equal(issue.title, "Batch 1A: Gates");
	assert_string_equal(issue.body, "the prompt");
	assert_int_equal(issue.version, 1);
	assert_string_equal(issue.status, "Todo");
	if (w->tracker->capabilities & TRACKER_ESTIMATES)
		assert_int_equal(issue.estimate, 3);
	assert_string_equal(issue.assignee, "");
	assert_string_equal(issue.delegate, "");
	assert_int_equal(issue.labels.n, 2);
	assert_true(world_has(issue.labels, "type:chore"));
	assert_true(world_has(issue.labels, "exec:tdd"));
}

/* Sixty kilobytes, HTML, other scripts, quoted words that mean something to a tracker. */
static void
a_text_comes_back_whole(void **state)
{
	static const char *const labels[] = { "type:chore" };
	static const char part[] =
	    "<details><b>\xF0\x9F\x9A\x80 \xE6\x97\xA5\xE6\x9C\xAC</b>&amp;</details>\n"
	    "> Closes #1, says @factory\n\"quoted\" \\ `\\n` $x {{y}} %s\n";
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	struct tracker_draft draft = { .title = "\xE2\x80\x9Cx\xE2\x80\x9D & <y>",
		.labels = { labels, 1 } };
	char *body = arena_alloc(w->arena, 61000);
	char id[TRACKER_ID_SIZE];
	struct err err = ERR_INIT;

	while (strlen(body) < 60000)
		strcat(body, part);
	body[strlen(body) - 1] = '\0';
	draft.body = body;
	if (w->tracker->create(&w->link, &call, &draft, id, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(world_read(w, id).body, body);
	assert_string_equal(world_read(w, id).title, draft.title);
}

static void
the_same_key_never_makes_a_second_issue(void **state)
{
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	const char *id = world_make(w, "issue-file/s1", master);
	struct tracker_list list;

	assert_string_equal(world_make(w, "issue-file/s1", master), id);
	assert_string_not_equal(world_make(w, "issue-file/s2", master), id);
	assert_int_equal(
	    w->tracker->children(&w->link, master, 10, w->arena, &list, NULL), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.item[0].id, id);
	assert_string_equal(list.item[0].parent, master);
}

static void
a_repeated_update_does_not_undo_what_came_after(void **state)
{
	struct world *w = *state;
	const char *id;

	need(w, TRACKER_KEYED_UPDATES);
	id = world_make(w, NULL, NULL);
	assert_int_equal(world_move(w, "m1", id, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, "m2", id, "In Review", NULL), 0);
	assert_int_equal(world_move(w, "m1", id, "In Progress", NULL), 0);
	assert_string_equal(world_read(w, id).status, "In Review");
	assert_int_equal(world_move(w, "m3", id, "In Review", NULL), 0);
}

static void
a_status_that_is_reached_is_success(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);

	for (int i = 0; i < 2; i++)
		assert_int_equal(world_move(w, NULL, id, "In Progress", NULL), 0);
	assert_string_equal(world_read(w, id).status, "In Progress");
	assert_int_equal(world_move(w, NULL, id, "Backlog", NULL), 0);
	assert_string_equal(world_read(w, id).status, "Backlog");
}

/* E-17 */
static void
a_move_that_does_not_exist_is_refused(void **state)
{
	struct world *w = *state;
	const char *id;
	struct err err = ERR_INIT;

	need(w, TRACKER_LABELS); /* the fake one knows no rules */
	id = world_make(w, NULL, NULL);
	assert_int_equal(world_move(w, NULL, id, "Done", &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.fix, "In Progress"));
	assert_int_equal(world_move(w, NULL, id, "Nearly", &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(world_read(w, id).status, "Todo");
}

static void
a_patch_changes_what_it_names_only(void **state)
{
	struct world *w = *state;
	const char *id = world_make(w, NULL, NULL);
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .title = "Batch 1A: Other gates" };

	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	call = world_call(w, NULL);
	patch = (struct tracker_patch){ .body = "a new prompt" };
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	assert_string_equal(world_read(w, id).title, "Batch 1A: Other gates");
	assert_string_equal(world_read(w, id).status, "Todo");
	assert_string_equal(world_read(w, id).body, "a new prompt");
	if (w->tracker->capabilities & TRACKER_ESTIMATES)
		assert_int_equal(world_read(w, id).estimate, 3);
	if (w->tracker->capabilities & TRACKER_VERSIONS)
		assert_int_equal(world_read(w, id).version, 2);
}

/* a label of a group takes the place of the one there; the others stay. */
static void
labels_are_merged_and_never_replaced(void **state)
{
	static const char *const add[] = { "exec:pair", "risk:high" };
	static const char *const remove[] = { "risk:high" };
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .add = { add, 2 } };
	struct tracker_issue issue;
	const char *id;

	need(w, TRACKER_LABELS);
	id = world_make(w, NULL, NULL);
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	issue = world_read(w, id);
	assert_int_equal(issue.labels.n, 3);
	assert_true(world_has(issue.labels, "type:chore"));
	assert_true(world_has(issue.labels, "exec:pair"));
	call = world_call(w, NULL);
	patch = (struct tracker_patch){ .remove = { remove, 1 } };
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, NULL), 0);
	assert_int_equal(world_read(w, id).labels.n, 2);
	assert_false(world_has(world_read(w, id).labels, "risk:high"));
}

/* */
static void
a_relation_is_seen_from_both_ends_and_made_once(void **state)
{
	struct world *w = *state;
	struct tracker_call call;
	const char *a, *b;

	need(w, TRACKER_RELATIONS);
	a = world_make(w, NULL, NULL);
	b = world_make(w, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		call = world_call(w, NULL);
		assert_int_equal(
		    w->tracker->relate(&w->link, &call, a, "blocked-by", b, NULL), 0);
	}
	assert_int_equal(world_read(w, a).blocked_by.n, 1);
	assert_true(world_has(world_read(w, a).blocked_by, b));
	assert_true(world_has(world_read(w, b).blocks, a));
	call = world_call(w, NULL);
	assert_int_equal(w->tracker->relate(&w->link, &call, a, "loves", b, NULL), -1);
}

/* what is ready is found from what was done, and only among what has cleared. */
static void
what_was_done_leads_to_what_is_ready(void **state)
{
	struct world *w = *state;
	const char *done, *free_now, *stuck, *open;
	struct tracker_call call;
	struct ready ready;

	need(w, TRACKER_RELATIONS);
	if (!w->tracker->done)
		skip();
	done = world_make(w, NULL, NULL);
	free_now = world_make(w, NULL, NULL);
	stuck = world_make(w, NULL, NULL);
	open = world_make(w, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		const char *by = i == 2 ? open : done;

		call = world_call(w, NULL);
		assert_int_equal(w->tracker->relate(&w->link, &call,
				     i == 0 ? free_now : stuck, "blocked-by", by, NULL),
		    0);
	}
	assert_int_equal(world_move(w, NULL, done, "In Progress", NULL), 0);
	assert_int_equal(world_move(w, NULL, done, "Done", NULL), 0);
	assert_int_equal(
	    ready_scan(w->tracker, &w->link, &ready_network, w->arena, &ready, NULL),
	    0);
	assert_int_equal(ready.n, 1);
	assert_string_equal(ready.item[0].issue.id, free_now);
	assert_string_equal(ready.item[0].cleared, done);
	assert_string_equal(ready.item[0].action, "Assign to agent");
	assert_int_equal(ready.n_blocked, 1);
	assert_int_equal(ready.n_calls, 4);
	assert_int_equal(ready.n_unscanned, 0);
	free(ready.item);
}

static void
a_list_wants_a_limit_and_keeps_to_it(void **state)
{
	struct world *w = *state;
	const char *master = world_make(w, NULL, NULL);
	struct tracker_list list;
	struct err err = ERR_INIT;

	for (int i = 0; i < 5; i++)
		world_make(w, NULL, master);
	assert_int_equal(
	    w->tracker->children(&w->link, master, 3, w->arena, &list, NULL), 0);
	assert_int_equal(list.n, 3);
	assert_true(list.has_more);
	assert_int_equal(
	    w->tracker->children(&w->link, master, 0, w->arena, &list, &err), -1);
	assert_string_equal(err.code, "T04");
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	assert_int_equal(
	    w->tracker->read(&w->link, "XX-9", w->arena, &issue, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(world_move(w, NULL, "XX-9", "Done", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(
	    w->tracker->comment(&w->link, &call, "XX-9", "note", "x", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* T01, T03 */
static void
a_text_against_the_rules_is_refused(void **state)
{
	struct world *w = *state;
	struct tracker_call call = world_call(w, NULL);
	struct tracker_patch patch = { .body = "read back\\nescaped" };
	struct err err = ERR_INIT;
	const char *id;

	need(w, TRACKER_LABELS); /* the fake one knows no rules */
	id = world_make(w, NULL, NULL);
	assert_int_equal(w->tracker->update(&w->link, &call, id, &patch, &err), -1);
	assert_string_equal(err.code, "T03");
	assert_int_equal(w->tracker->comment(&w->link, &call, id, "mention",
			     "@claude and @factory, see this", &err),
	    -1);
	assert_string_equal(err.code, "T01");
	assert_string_equal(world_read(w, id).body, "the prompt");
}

static const struct CMUnitTest common[] = {
	CLAIM(an_issue_is_read_as_it_was_filed),
	CLAIM(a_text_comes_back_whole),
	CLAIM(the_same_key_never_makes_a_second_issue),
	CLAIM(a_repeated_update_does_not_undo_what_came_after),
	CLAIM(a_status_that_is_reached_is_success),
	CLAIM(a_move_that_does_not_exist_is_refused),
	CLAIM(a_patch_changes_what_it_names_only),
	CLAIM(labels_are_merged_and_never_replaced),
	CLAIM(a_relation_is_seen_from_both_ends_and_made_once),
	CLAIM(what_was_done_leads_to_what_is_ready),
	CLAIM(a_list_wants_a_limit_and_keeps_to_it),
	CLAIM(what_is_not_there_is_not_found),
	CLAIM(a_text_against_the_rules_is_refused),
};

/* cmocka's macro wants to see the array. */
static int
run(const char *name, const struct CMUnitTest *tests, size_t n)
{
	return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

int
main(int argc, char **argv)
{
	const struct tracker *tracker;
	int failed;

	if (argc > 1)
		contract_tracker = argv[1];
	failed = run("contract", common, N_ELEMS(common));
	tracker = tracker_by_name(contract_tracker);
	if (tracker && tracker->capabilities & TRACKER_NETWORK)
		failed += run("network", contract_network, contract_network_n);
	if (strcmp(contract_tracker, "linear") == 0)
		failed += run("linear", contract_linear, contract_linear_n);
	if (strcmp(contract_tracker, "github") == 0)
		failed += run("github", contract_github, contract_github_n);
	return failed > 100 ? 100 : failed;
}
