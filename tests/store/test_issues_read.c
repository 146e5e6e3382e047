#include "scratch.h"

#include "store/issues.h"

#include <string.h>

static const struct issue_by by = { .actor = "human:ada", .at = 1000, .cause = "test" };

static void
make(struct store *store, const char *title, const char *body, const char *parent)
{
	static const char *const chore[] = { "type:chore" };
	struct issue_draft draft = { .title = title,
		.body = body,
		.parent = parent,
		.label = chore,
		.n_labels = 1 };
	char id[ISSUE_ID_SIZE];

	assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
}

/* DV-1 is the master of DV-2 to DV-12. */
static struct store *
open_family(void **state)
{
	struct store *store = scratch_open(state);

	make(store, "Master", "100% of a_b", NULL);
	for (int i = 2; i <= 12; i++)
		make(store, i % 2 ? "Odd one" : "Even one", "", "DV-1");
	return store;
}

static size_t
count(struct store *store, struct issue_query query)
{
	AUTO_ISSUES struct issue_set set = { 0 };

	query.limit = query.limit ? query.limit : 100;
	assert_int_equal(issue_list(store, &query, &set, NULL), 0);
	return set.n;
}

/* T04, R-204 */
static void
a_list_without_a_limit_is_refused(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_set set = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(issue_list(store, &(struct issue_query){ 0 }, &set, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.code, "T04");
	store_close(store);
}

static void
pages_follow_each_other_in_the_order_of_creation(void **state)
{
	struct store *store = open_family(state);
	struct issue_query query = { .parent = "DV-1", .limit = 4 };
	char seen[200] = "";

	for (bool has_more = true; has_more;) {
		AUTO_ISSUES struct issue_set set = { 0 };

		assert_int_equal(issue_list(store, &query, &set, NULL), 0);
		for (size_t i = 0; i < set.n; i++)
			strcat(strcat(seen, set.item[i].id), " ");
		query.after = set.item[set.n - 1].n;
		has_more = set.has_more;
	}
	assert_string_equal(
	    seen, "DV-2 DV-3 DV-4 DV-5 DV-6 DV-7 DV-8 DV-9 DV-10 DV-11 DV-12 ");
	store_close(store);
}

static void
a_query_narrows_by_each_of_its_fields(void **state)
{
	struct store *store = open_family(state);
	struct issue_change change = { .status = ISSUE_IN_PROGRESS,
		.assignee = "claude" };

	assert_int_equal(issue_update(store, &by, "DV-3", &change, NULL), 0);
	assert_int_equal(
	    issue_comment(store, &by, "DV-4", ISSUE_NOTE, "a Needle here", NULL), 0);
	assert_int_equal(count(store, (struct issue_query){ 0 }), 12);
	assert_int_equal(count(store, (struct issue_query){ .parent = "" }), 1);
	assert_int_equal(count(store, (struct issue_query){ .parent = "DV-1" }), 11);
	assert_int_equal(count(store, (struct issue_query){ .assignee = "claude" }), 1);
	assert_int_equal(count(store, (struct issue_query){ .assignee = "" }), 11);
	assert_int_equal(
	    count(store, (struct issue_query){ .label = "type:chore" }), 12);
	assert_int_equal(count(store, (struct issue_query){ .label = "type:bug" }), 0);
	assert_int_equal(
	    count(store, (struct issue_query){ .status = ISSUE_TODO }), 11);
	assert_int_equal(count(store, (struct issue_query){ .text = "odd" }), 5);
	assert_int_equal(count(store, (struct issue_query){ .text = "needle" }), 1);
	assert_int_equal(count(store, (struct issue_query){ .text = "DV-12" }), 1);
	store_close(store);
}

static void
searched_text_is_taken_literally(void **state)
{
	struct store *store = open_family(state);
	AUTO_FREE char *huge = xmalloc(60001);
	struct issue_query query = { .text = huge, .limit = 1 };
	struct issue_set set = { 0 };
	struct err err = ERR_INIT;

	memset(huge, '%', 60000);
	huge[60000] = '\0';
	assert_int_equal(count(store, (struct issue_query){ .text = "0%" }), 1);
	assert_int_equal(count(store, (struct issue_query){ .text = "%o%" }), 0);
	assert_int_equal(count(store, (struct issue_query){ .text = "a_b" }), 1);
	assert_int_equal(count(store, (struct issue_query){ .text = "O_d" }), 0);
	assert_int_equal(count(store, (struct issue_query){ .text = "'; DROP" }), 0);
	assert_int_equal(issue_list(store, &query, &set, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	store_close(store);
}

static void
an_issue_knows_its_children(void **state)
{
	struct store *store = open_family(state);
	AUTO_ISSUES struct issue_set set = { 0 };

	assert_int_equal(issue_read(store, "DV-1", &set, NULL), 0);
	assert_int_equal(set.item[0].children.n, 11);
	assert_string_equal(set.item[0].children.word[10], "DV-12");
	assert_string_equal(set.item[0].parent, "");
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(a_list_without_a_limit_is_refused),
		SCRATCH_TEST(pages_follow_each_other_in_the_order_of_creation),
		SCRATCH_TEST(a_query_narrows_by_each_of_its_fields),
		SCRATCH_TEST(searched_text_is_taken_literally),
		SCRATCH_TEST(an_issue_knows_its_children),
	};

	return cmocka_run_group_tests_name("store/issues_read", tests, NULL, NULL);
}
