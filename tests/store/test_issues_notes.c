#include "scratch.h"

#include "store/issues.h"

#include <string.h>

static const struct issue_by by = { .actor = "human:ada", .at = 1000, .cause = "test" };

/* A store with DV-1 to DV-3. */
static struct store *
open_three(void **state)
{
	static const char *const chore[] = { "type:chore" };
	struct store *store = scratch_open(state);
	struct issue_draft draft = { .title = "x", .label = chore, .n_labels = 1 };
	char id[ISSUE_ID_SIZE];

	for (int i = 0; i < 3; i++)
		assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
	return store;
}

static struct issue_set
read_it(struct store *store, const char *id)
{
	struct issue_set set = { 0 };

	assert_int_equal(issue_read(store, id, &set, NULL), 0);
	return set;
}

static void
comments_are_kept_in_order_and_once_per_key(void **state)
{
	struct store *store = open_three(state);
	struct issue_by keyed = { .key = "c1", .actor = "session:s1", .at = 5 };
	AUTO_ISSUES struct issue_set set = { 0 };

	assert_int_equal(
	    issue_comment(store, &keyed, "DV-1", ISSUE_START, "one", NULL), 0);
	assert_int_equal(
	    issue_comment(store, &keyed, "DV-1", ISSUE_START, "one", NULL), 0);
	assert_int_equal(issue_comment(store, &by, "DV-1", ISSUE_NOTE, "two", NULL), 0);
	set = read_it(store, "DV-1");
	assert_int_equal(set.item[0].n_comments, 2);
	assert_string_equal(set.item[0].comment[0].body, "one");
	assert_string_equal(set.item[0].comment[0].author, "session:s1");
	assert_int_equal(set.item[0].comment[0].kind, ISSUE_START);
	assert_string_equal(set.item[0].comment[1].body, "two");
	store_close(store);
}

/* E-19; R-52: one checkpoint comment, written over. */
static void
an_issue_has_one_checkpoint_and_one_registry(void **state)
{
	struct store *store = open_three(state);
	struct issue_by later = { .actor = "server", .at = 2000 };
	AUTO_ISSUES struct issue_set set = { 0 };

	assert_int_equal(
	    issue_comment(store, &by, "DV-1", ISSUE_CHECKPOINT, "a", NULL), 0);
	assert_int_equal(
	    issue_comment(store, &by, "DV-1", ISSUE_REGISTRY, "r", NULL), 0);
	assert_int_equal(
	    issue_comment(store, &by, "DV-2", ISSUE_CHECKPOINT, "o", NULL), 0);
	assert_int_equal(
	    issue_comment(store, &later, "DV-1", ISSUE_CHECKPOINT, "b", NULL), 0);
	set = read_it(store, "DV-1");
	assert_int_equal(set.item[0].n_comments, 2);
	assert_string_equal(set.item[0].comment[0].body, "b");
	assert_int_equal(set.item[0].comment[0].at, 1000);
	assert_int_equal(set.item[0].comment[0].edited_at, 2000);
	store_close(store);
}

/* T01, R-77 */
static void
a_comment_mentions_one_app_at_most(void **state)
{
	static const struct {
		const char *text;
		bool is_legal;
	} table[] = {
		{ "@claude please look", true },
		{ "@claude, and again @Claude.", true },
		{ "@claude and @ada", true },
		{ "x@claude.ai wrote to y@cursor.com about @codex", true },
		{ "@claude @cursor", false },
		{ "(@cto.new) then @factory.", false },
		{ "", false },
		{ "\xff", false },
	};
	struct store *store = open_three(state);

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct err err = ERR_INIT;
		int ret = issue_comment(
		    store, &by, "DV-1", ISSUE_MENTION, table[i].text, &err);

		if (ret != (table[i].is_legal ? 0 : -1))
			fail_msg("%s: %d", table[i].text, ret);
		if (ret < 0 && err.kind == ERR_REFUSED)
			assert_string_equal(err.code, "T01");
	}
	store_close(store);
}

static void
a_relation_shows_from_both_ends(void **state)
{
	struct store *store = open_three(state);
	AUTO_ISSUES struct issue_set one = { 0 }, two = { 0 };

	assert_int_equal(issue_relate(store, &by, "DV-1", "blocks", "DV-2", NULL), 0);
	assert_int_equal(
	    issue_relate(store, &by, "DV-2", "blocked-by", "DV-1", NULL), 0);
	assert_int_equal(issue_relate(store, &by, "DV-2", "related", "DV-1", NULL), 0);
	assert_int_equal(issue_relate(store, &by, "DV-1", "related", "DV-2", NULL), 0);
	one = read_it(store, "DV-1");
	two = read_it(store, "DV-2");
	assert_int_equal(one.item[0].blocks.n, 1);
	assert_string_equal(one.item[0].blocks.word[0], "DV-2");
	assert_int_equal(one.item[0].related.n, 1);
	assert_int_equal(two.item[0].blocked_by.n, 1);
	assert_string_equal(two.item[0].blocked_by.word[0], "DV-1");
	assert_int_equal(two.item[0].related.n, 1);
	assert_int_equal(two.item[0].blocks.n, 0);
	store_close(store);
}

static void
an_added_relation_leaves_the_others_alone(void **state)
{
	struct store *store = open_three(state);
	AUTO_ISSUES struct issue_set set = { 0 };

	assert_int_equal(issue_relate(store, &by, "DV-1", "blocks", "DV-2", NULL), 0);
	assert_int_equal(issue_relate(store, &by, "DV-1", "blocks", "DV-3", NULL), 0);
	assert_int_equal(
	    issue_unrelate(store, &by, "DV-2", "blocked-by", "DV-1", NULL), 0);
	assert_int_equal(
	    issue_unrelate(store, &by, "DV-2", "blocked-by", "DV-1", NULL), 0);
	set = read_it(store, "DV-1");
	assert_int_equal(set.item[0].blocks.n, 1);
	assert_string_equal(set.item[0].blocks.word[0], "DV-3");
	store_close(store);
}

/* */
static void
blocks_never_close_a_circle(void **state)
{
	struct store *store = open_three(state);
	struct err err = ERR_INIT;

	assert_int_equal(issue_relate(store, &by, "DV-1", "blocks", "DV-2", NULL), 0);
	assert_int_equal(issue_relate(store, &by, "DV-2", "blocks", "DV-3", NULL), 0);
	assert_int_equal(issue_relate(store, &by, "DV-3", "blocks", "DV-1", &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(
	    issue_relate(store, &by, "DV-1", "blocked-by", "DV-2", &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(issue_relate(store, &by, "DV-1", "blocks", "DV-1", &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(issue_relate(store, &by, "DV-1", "eats", "DV-2", &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_int_equal(issue_relate(store, &by, "DV-1", "related", "DV-9", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	store_close(store);
}

/* E-21, R-1 */
static void
the_same_attachment_is_kept_once(void **state)
{
	struct store *store = open_three(state);
	struct issue_attachment file = {
		.url = "plan.md", .sha256 = "aa", .title = "Plan"
	};
	AUTO_ISSUES struct issue_set set = { 0 };

	for (int i = 0; i < 2; i++)
		assert_int_equal(issue_attach(store, &by, "DV-1", &file, NULL), 0);
	file = (struct issue_attachment){ .url = "plan.md", .sha256 = "bb" };
	assert_int_equal(issue_attach(store, &by, "DV-1", &file, NULL), 0);
	set = read_it(store, "DV-1");
	assert_int_equal(set.item[0].n_attachments, 2);
	assert_string_equal(set.item[0].attachment[0].sha256, "aa");
	assert_string_equal(set.item[0].attachment[0].title, "Plan");
	file.url = "";
	assert_int_equal(issue_attach(store, &by, "DV-1", &file, NULL), -1);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(comments_are_kept_in_order_and_once_per_key),
		SCRATCH_TEST(an_issue_has_one_checkpoint_and_one_registry),
		SCRATCH_TEST(a_comment_mentions_one_app_at_most),
		SCRATCH_TEST(a_relation_shows_from_both_ends),
		SCRATCH_TEST(an_added_relation_leaves_the_others_alone),
		SCRATCH_TEST(blocks_never_close_a_circle),
		SCRATCH_TEST(the_same_attachment_is_kept_once),
	};

	return cmocka_run_group_tests_name("store/issues_notes", tests, NULL, NULL);
}
