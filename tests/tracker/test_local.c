#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "../fakes/tracker_fake.h"
#include "base/file.h"
#include "store/issues.h"
#include "store/journal.h"
#include "tracker/tracker.h"

#include <stdio.h>
#include <string.h>

/* One world per test: an empty tracker, local or fake, and an arena for what is read. */
struct world {
	const struct tracker *tracker;
	struct tracker_link link;
	struct arena *arena;
	char *home;
	int n_keys;
};

static int
setup_local(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->home = xstrdup("/tmp/divisi-tracker.XXXXXX");
	if (!mkdtemp(w->home))
		return -1;
	w->link.store = store_open(w->home, 0, NULL);
	w->tracker = &tracker_local;
	w->arena = arena_new();
	*state = w;
	return w->link.store ? 0 : -1;
}

static int
setup_fake(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	tracker_fake_reset();
	w->tracker = &tracker_fake;
	w->arena = arena_new();
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	store_close(w->link.store);
	if (w->home && file_remove_tree(w->home, NULL) < 0)
		return -1;
	arena_free(w->arena);
	free(w->home);
	free(w);
	return 0;
}

static struct tracker_call
call_of(struct world *w, const char *key)
{
	if (!key)
		key = arena_printf(w->arena, "key/%d", w->n_keys++);
	return (struct tracker_call){ .key = key, .actor = "server", .at = 1000 };
}

static const char *
make(struct world *w, const char *key, const char *parent)
{
	static const char *const labels[] = { "type:chore", "exec:tdd" };
	struct tracker_call call = call_of(w, key);
	struct tracker_draft draft = { .title = "Batch 1A: Gates",
		.body = "the prompt",
		.parent = parent,
		.estimate = 3,
		.labels = { labels, 2 } };
	char *id = arena_alloc(w->arena, TRACKER_ID_SIZE);
	struct err err = ERR_INIT;

	if (w->tracker->create(&w->link, &call, &draft, id, &err) < 0)
		fail_msg("%s", err.text);
	return id;
}

static struct tracker_issue
read_it(struct world *w, const char *id)
{
	struct tracker_issue issue;
	struct err err = ERR_INIT;

	if (w->tracker->read(&w->link, id, w->arena, &issue, &err) < 0)
		fail_msg("%s", err.text);
	return issue;
}

static int
move(struct world *w, const char *key, const char *id, const char *status,
    struct err *err)
{
	struct tracker_call call = call_of(w, key);
	struct tracker_patch patch = { .status = status };

	return w->tracker->update(&w->link, &call, id, &patch, err);
}

/* The local one alone. */

/* parked in the Backlog by a refusal, taken up again by the next approval. */
static void
a_parked_issue_is_taken_up_by_way_of_todo(void **state)
{
	struct world *w = *state;
	const char *id = make(w, NULL, NULL);
	int64_t before;

	assert_int_equal(move(w, NULL, id, "Backlog", NULL), 0);
	before = journal_last(w->link.store);
	assert_int_equal(move(w, "take", id, "In Progress", NULL), 0);
	assert_int_equal(journal_last(w->link.store), before + 2);
	assert_string_equal(read_it(w, id).status, "In Progress");
	assert_int_equal(move(w, NULL, id, "Backlog", NULL), 0);
	assert_int_equal(move(w, "take", id, "In Progress", NULL), 0);
	assert_string_equal(read_it(w, id).status, "Backlog");
}

static void
a_plans_issue_keeps_its_id(void **state)
{
	static const char *const labels[] = { "type:feature" };
	struct world *w = *state;
	struct tracker_call call = call_of(w, NULL);
	struct tracker_draft draft = { .id = "CIA-386",
		.title = "Adversarial review",
		.url = "https://example.org/CIA-386",
		.labels = { labels, 1 } };
	char id[TRACKER_ID_SIZE];

	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, NULL), 0);
	assert_string_equal(id, "CIA-386");
	call = call_of(w, NULL);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, NULL), 0);
	assert_string_equal(read_it(w, "CIA-386").url, "https://example.org/CIA-386");
}

static void
relations_comments_and_files_reach_the_issue(void **state)
{
	struct world *w = *state;
	const char *a = make(w, NULL, NULL), *b = make(w, NULL, NULL);
	struct tracker_call call = call_of(w, "one key for all three");
	AUTO_ISSUES struct issue_set set = { 0 };

	assert_int_equal(w->tracker->relate(&w->link, &call, a, "blocks", b, NULL), 0);
	assert_int_equal(
	    w->tracker->comment(&w->link, &call, a, "parked", "hi", NULL), 0);
	assert_int_equal(
	    w->tracker->attach(&w->link, &call, a, "plan.md", "aa", NULL), 0);
	assert_string_equal(read_it(w, b).blocked_by.word[0], a);
	assert_int_equal(issue_read(w->link.store, a, &set, NULL), 0);
	assert_int_equal(set.item[0].n_comments, 1);
	assert_int_equal(set.item[0].comment[0].kind, ISSUE_NOTE);
	assert_string_equal(set.item[0].attachment[0].sha256, "aa");
}

/* DESIGN 3: exactly once, as the act and its effect are one transaction. */
static void
an_effect_goes_with_its_act(void **state)
{
	struct world *w = *state;
	struct store *store = w->link.store;
	struct journal_row row = { .actor = "server", .entity = "batch/1" };
	struct act_row act = { .key = "issue-file/s1", .kind = "issue-file" };
	struct tracker_list list;
	const char *master = make(w, NULL, NULL);

	assert_int_equal(journal_append(store, &row, 1, &act, 1, NULL), 0);
	assert_int_equal(act_begin(store, act.seq, NULL), 0);
	for (int crash = 1; crash >= 0; crash--) {
		assert_int_equal(store_begin(store, NULL), 0);
		make(w, act.key, master);
		assert_int_equal(act_finish(store, act.seq, "done", "{}", 0, NULL), 0);
		if (crash) {
			store_close(store);
			store = w->link.store = store_open(w->home, 0, NULL);
			assert_non_null(store);
		} else {
			assert_int_equal(store_commit(store, NULL), 0);
		}
	}
	assert_int_equal(
	    w->tracker->children(&w->link, master, 9, w->arena, &list, NULL), 0);
	assert_int_equal(list.n, 1);
	assert_false(list.has_more);
	assert_int_equal(act_finish(store, act.seq, "done", "{}", 0, NULL), -1);
}

/* The fake one alone: what an outbox has to live with. */

static void
a_lost_answer_is_mended_by_asking_again(void **state)
{
	static const char *const labels[] = { "type:chore" };
	struct world *w = *state;
	struct tracker_call call = call_of(w, "k");
	struct tracker_draft draft = { .title = "x", .labels = { labels, 1 } };
	char id[TRACKER_ID_SIZE];
	struct err err = ERR_INIT;

	tracker_fake_break(FAKE_LOST, 2);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	assert_int_equal(err.kind, ERR_TIMEOUT);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), 0);
	assert_int_equal(tracker_fake_issues(), 1);
	assert_int_equal(tracker_fake_calls(), 3);
	tracker_fake_break(FAKE_LOST, 1);
	assert_int_equal(
	    w->tracker->comment(&w->link, &call, id, "exit", "x", &err), -1);
	assert_int_equal(
	    w->tracker->comment(&w->link, &call, id, "exit", "x", &err), 0);
	assert_int_equal(tracker_fake_comments(), 1);
}

static void
what_never_arrived_has_no_effect(void **state)
{
	static const char *const labels[] = { "type:chore" };
	struct world *w = *state;
	struct tracker_call call = call_of(w, "k");
	struct tracker_draft draft = { .title = "x", .labels = { labels, 1 } };
	char id[TRACKER_ID_SIZE];
	struct err err = ERR_INIT;

	tracker_fake_break(FAKE_DOWN, 1);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	tracker_fake_break(FAKE_LIMITED, 1);
	assert_int_equal(w->tracker->create(&w->link, &call, &draft, id, &err), -1);
	assert_int_equal(tracker_fake_issues(), 0);
}

#define LOCAL(fn) cmocka_unit_test_setup_teardown(fn, setup_local, teardown)
#define FAKE(fn)  cmocka_unit_test_setup_teardown(fn, setup_fake, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOCAL(a_parked_issue_is_taken_up_by_way_of_todo),
		LOCAL(a_plans_issue_keeps_its_id),
		LOCAL(relations_comments_and_files_reach_the_issue),
		LOCAL(an_effect_goes_with_its_act),
		FAKE(a_lost_answer_is_mended_by_asking_again),
		FAKE(what_never_arrived_has_no_effect),
	};

	return cmocka_run_group_tests_name("tracker/local", tests, NULL, NULL);
}
