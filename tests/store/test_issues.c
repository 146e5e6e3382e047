#include "scratch.h"

#include "store/db.h"
#include "store/issues.h"

#include <stdio.h>
#include <string.h>

static const struct issue_by by = { .actor = "human:ada", .at = 1000, .cause = "test" };
static const char *const chore[] = { "type:chore", "exec:pair" };

static struct issue_draft
draft_of(const char *title)
{
	return (struct issue_draft){
		.title = title, .body = "text", .label = chore, .n_labels = 2
	};
}

static char made[ISSUE_ID_SIZE];

static const char *
make(struct store *store, const char *title)
{
	struct issue_draft draft = draft_of(title);
	struct err err = ERR_INIT;

	if (issue_create(store, &by, &draft, made, &err) != 1)
		fail_msg("%s", err.text);
	return made;
}

static struct issue_set
read_it(struct store *store, const char *id)
{
	struct issue_set set = { 0 };

	assert_int_equal(issue_read(store, id, &set, NULL), 0);
	return set;
}

static const char *
joined(const struct issue_words *words)
{
	static char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < words->n; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%s ", words->word[i]);
	return text;
}

static int
count_events(const struct journal_row *row, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int
n_events(struct store *store)
{
	int n = 0;

	assert_int_equal(journal_replay(store, 0, count_events, &n, NULL), 0);
	return n;
}

/* CONTRACTS 9 */
static void
our_issues_are_numbered_and_the_plans_keep_their_ids(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_draft master = draft_of("Master plan");
	char id[ISSUE_ID_SIZE];

	assert_string_equal(make(store, "one"), "DV-1");
	master.id = "CIA-386";
	assert_int_equal(issue_create(store, &by, &master, id, NULL), 1);
	assert_string_equal(id, "CIA-386");
	assert_int_equal(issue_create(store, &by, &master, id, NULL), 0);
	master.id = "DV-7";
	assert_int_equal(issue_create(store, &by, &master, id, NULL), 1);
	assert_string_equal(make(store, "two"), "DV-8");
	store_close(store);
}

static void
a_key_makes_one_issue_however_often_it_is_tried(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_by keyed = { .key = "issue-file/s1", .actor = "server", .at = 1 };
	struct issue_draft draft = draft_of("once");
	char first[ISSUE_ID_SIZE], again[ISSUE_ID_SIZE];
	struct err err = ERR_INIT;

	assert_int_equal(issue_create(store, &keyed, &draft, first, NULL), 1);
	store_close(store);
	store = scratch_open(state);
	draft.title = "other words by now";
	assert_int_equal(issue_create(store, &keyed, &draft, again, NULL), 0);
	assert_string_equal(first, again);
	draft.id = "CIA-1";
	assert_int_equal(issue_create(store, &keyed, &draft, again, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(n_events(store), 1);
	store_close(store);
}

/* DESIGN 3: the act is done and the issue made in one transaction. */
static void
an_issue_goes_with_the_transaction_it_is_made_in(void **state)
{
	struct store *store = scratch_open(state);
	struct journal_row row = { .actor = "server", .entity = "batch/1" };
	struct act_row act = { .key = "issue-file/s1", .kind = "issue-file" };
	struct issue_by keyed = { .key = act.key, .actor = "server", .at = 1 };
	struct issue_draft draft = draft_of("once");
	char id[ISSUE_ID_SIZE];

	assert_int_equal(journal_append(store, &row, 1, &act, 1, NULL), 0);
	assert_int_equal(act_begin(store, act.seq, NULL), 0);
	assert_int_equal(store_begin(store, NULL), 0);
	assert_int_equal(issue_create(store, &keyed, &draft, id, NULL), 1);
	assert_int_equal(act_finish(store, act.seq, "done", "{}", 0, NULL), 0);
	store_rollback(store);
	assert_int_equal(n_events(store), 1);

	assert_int_equal(store_begin(store, NULL), 0);
	assert_int_equal(issue_create(store, &keyed, &draft, id, NULL), 1);
	assert_int_equal(act_finish(store, act.seq, "done", "{}", 0, NULL), 0);
	assert_int_equal(store_commit(store, NULL), 0);
	assert_string_equal(id, "DV-1");
	store_close(store);
}

static void
every_malformed_draft_is_refused(void **state)
{
	static const char *const two_types[] = { "type:bug", "type:chore" };
	static const char *const strange_type[] = { "type:epic" };
	static const char *const no_type[] = { "exec:pair" };
	static const char *const comma[] = { "type:bug", "a,b" };
	AUTO_FREE char *long_title = xmalloc(1026);
	AUTO_FREE char *long_body = xmalloc(ISSUE_BODY_MAX_BYTES + 2);
	const struct {
		struct issue_draft draft;
		enum err_kind kind;
		const char *code;
	} table[] = {
		{ { .title = "", .label = chore, .n_labels = 1 }, ERR_INPUT, NULL },
		{ { .title = "a\nb", .label = chore, .n_labels = 1 }, ERR_INPUT, NULL },
		{ { .title = "\033[2J", .label = chore, .n_labels = 1 }, ERR_INPUT,
		    NULL },
		{ { .title = "\xff", .label = chore, .n_labels = 1 }, ERR_INPUT, NULL },
		{ { .title = long_title, .label = chore, .n_labels = 1 }, ERR_INPUT,
		    NULL },
		{ { .title = "a", .body = long_body, .label = chore, .n_labels = 1 },
		    ERR_REFUSED, NULL },
		{ { .title = "a", .body = "x\\ny", .label = chore, .n_labels = 1 },
		    ERR_REFUSED, "T03" },
		{ { .title = "a", .body = "\xc3(", .label = chore, .n_labels = 1 },
		    ERR_INPUT, NULL },
		{ { .title = "a", .label = two_types, .n_labels = 2 }, ERR_REFUSED,
		    NULL },
		{ { .title = "a", .label = strange_type, .n_labels = 1 }, ERR_REFUSED,
		    NULL },
		{ { .title = "a", .label = no_type, .n_labels = 1 }, ERR_REFUSED,
		    NULL },
		{ { .title = "a", .label = comma, .n_labels = 2 }, ERR_INPUT, NULL },
		{ { .title = "a" }, ERR_REFUSED, NULL },
		{ { .title = "a", .estimate = 4, .label = chore, .n_labels = 1 },
		    ERR_INPUT, NULL },
		{ { .id = "cia-1", .title = "a", .label = chore, .n_labels = 1 },
		    ERR_INPUT, NULL },
		{ { .id = "../x", .title = "a", .label = chore, .n_labels = 1 },
		    ERR_INPUT, NULL },
		{ { .parent = "DV-9", .title = "a", .label = chore, .n_labels = 1 },
		    ERR_NOT_FOUND, NULL },
	};
	struct store *store = scratch_open(state);

	memset(long_title, 'x', 1025);
	long_title[1025] = '\0';
	memset(long_body, 'x', ISSUE_BODY_MAX_BYTES + 1);
	long_body[ISSUE_BODY_MAX_BYTES + 1] = '\0';
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct err err = ERR_INIT;
		char id[ISSUE_ID_SIZE] = "untouched";

		if (issue_create(store, &by, &table[i].draft, id, &err) != -1 ||
		    err.kind != table[i].kind)
			fail_msg("row %zu: %s", i, err.text);
		if (table[i].code)
			assert_string_equal(err.code, table[i].code);
		assert_string_equal(id, "untouched");
	}
	assert_int_equal(n_events(store), 0);
	store_close(store);
}

/* S-54, A-20 */
static void
a_new_issue_belongs_to_nobody_and_waits(void **state)
{
	struct store *store = scratch_open(state);
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "new");
	set = read_it(store, "DV-1");
	assert_string_equal(set.item[0].assignee, "");
	assert_string_equal(set.item[0].delegate, "");
	assert_int_equal(set.item[0].status, ISSUE_TODO);
	assert_int_equal(set.item[0].version, 1);
	assert_string_equal(joined(&set.item[0].labels), "exec:pair type:chore ");
	store_close(store);
}

/* E-17, every pair of statuses */
static void
an_issue_moves_only_as_the_method_says(void **state)
{
	struct store *store = scratch_open(state);

	for (int from = ISSUE_TRIAGE; from < ISSUE_N_STATUSES; from++) {
		for (int to = ISSUE_TRIAGE; to < ISSUE_N_STATUSES; to++) {
			struct issue_draft draft = draft_of("x");
			struct issue_change change = {
				.status = (enum issue_status)to
			};
			bool is_legal = from == to ||
					issue_status_may(
					    (enum issue_status)from, change.status);
			const struct issue_by server = { .actor = "server",
				.at = 1000 };
			char id[ISSUE_ID_SIZE];
			struct err err = ERR_INIT;

			draft.status = (enum issue_status)from;
			assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
			assert_int_equal(
			    issue_update(store, &server, id, &change, &err),
			    is_legal ? 0 : -1);
			if (!is_legal) {
				AUTO_ISSUES struct issue_set set = read_it(store, id);

				assert_int_equal(err.kind, ERR_REFUSED);
				assert_non_null(strstr(err.fix, "Cancelled")
						    ? strstr(err.fix, "Cancelled")
						    : strstr(err.fix, "Duplicate"));
				assert_int_equal(set.item[0].status, from);
			}
		}
	}
	store_close(store);
}

/* what was done is opened again by a person, and by no program. */
static void
r_194_only_a_person_opens_what_was_done(void **state)
{
	struct store *store = scratch_open(state);
	const struct issue_by server = { .actor = "server", .at = 1000 };
	struct issue_draft draft = draft_of("x");
	struct issue_change again = { .status = ISSUE_IN_PROGRESS };
	char id[ISSUE_ID_SIZE];
	struct err err = ERR_INIT;

	draft.status = ISSUE_DONE;
	assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
	assert_int_equal(issue_update(store, &server, id, &again, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(issue_update(store, &by, id, &again, &err), 0);
	{
		AUTO_ISSUES struct issue_set set = read_it(store, id);

		assert_int_equal(set.item[0].status, ISSUE_IN_PROGRESS);
	}
	store_close(store);
}

static void
a_change_keeps_what_it_does_not_name(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_change change = { .assignee = "claude", .estimate = 5 };
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "x");
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	change = (struct issue_change){ .status = ISSUE_IN_PROGRESS };
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(set.item[0].assignee, "claude");
	assert_int_equal(set.item[0].estimate, 5);
	assert_string_equal(set.item[0].body, "text");
	assert_int_equal(set.item[0].version, 1);
	issue_set_clear(&set);
	change = (struct issue_change){ .assignee = "", .estimate = -1 };
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(set.item[0].assignee, "");
	assert_int_equal(set.item[0].estimate, 0);
	assert_int_equal(set.item[0].status, ISSUE_IN_PROGRESS);
	store_close(store);
}

static void
a_text_is_replaced_only_at_the_version_that_was_read(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_change change = { .body = "second", .if_version = 1 };
	struct err err = ERR_INIT;
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "x");
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	change.body = "third";
	assert_int_equal(issue_update(store, &by, "DV-1", &change, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	change = (struct issue_change){ .body = "second" };
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(set.item[0].body, "second");
	assert_int_equal(set.item[0].version, 2);
	store_close(store);
}

/* the outbox may try a move again after a person has moved on. */
static void
a_keyed_change_happens_once(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_by keyed = { .key = "move/1", .actor = "server", .at = 1 };
	struct issue_change start = { .status = ISSUE_IN_PROGRESS };
	struct issue_change review = { .status = ISSUE_IN_REVIEW };
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "x");
	assert_int_equal(issue_update(store, &keyed, "DV-1", &start, NULL), 0);
	assert_int_equal(issue_update(store, &by, "DV-1", &review, NULL), 0);
	assert_int_equal(issue_update(store, &keyed, "DV-1", &start, NULL), 0);
	set = read_it(store, "DV-1");
	assert_int_equal(set.item[0].status, ISSUE_IN_REVIEW);
	store_close(store);
}

/* E-20 */
static void
labels_are_merged_and_groups_hold_one(void **state)
{
	static const char *const add[] = { "exec:tdd", "ctx:autonomous", "team/web" };
	static const char *const remove[] = { "team/web" };
	static const char *const untype[] = { "type:chore" };
	static const char *const bug[] = { "type:bug" };
	struct store *store = scratch_open(state);
	struct issue_change change = { .add = add, .n_add = 3 };
	struct err err = ERR_INIT;
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "x");
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(joined(&set.item[0].labels),
	    "ctx:autonomous exec:tdd team/web type:chore ");
	issue_set_clear(&set);
	change = (struct issue_change){ .remove = untype, .n_remove = 1 };
	assert_int_equal(issue_update(store, &by, "DV-1", &change, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.rule, "R-205");
	change = (struct issue_change){
		.remove = remove, .n_remove = 1, .add = bug, .n_add = 1
	};
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(
	    joined(&set.item[0].labels), "ctx:autonomous exec:tdd type:bug ");
	store_close(store);
}

/* */
static void
an_ended_issue_loses_its_delegate_and_ctx_label(void **state)
{
	static const char *const ctx[] = { "ctx:autonomous" };
	struct store *store = scratch_open(state);
	struct issue_change change = {
		.delegate = "claude", .assignee = "ada", .add = ctx, .n_add = 1
	};
	AUTO_ISSUES struct issue_set set = { 0 };

	make(store, "x");
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	change = (struct issue_change){ .status = ISSUE_CANCELLED };
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	set = read_it(store, "DV-1");
	assert_string_equal(set.item[0].delegate, "");
	assert_string_equal(set.item[0].assignee, "ada");
	assert_string_equal(joined(&set.item[0].labels), "exec:pair type:chore ");
	store_close(store);
}

static void
a_change_of_nothing_leaves_no_event(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_change change = {
		.status = ISSUE_TODO, .body = "text", .add = chore, .n_add = 2
	};

	make(store, "x");
	assert_int_equal(issue_update(store, &by, "DV-1", &change, NULL), 0);
	assert_int_equal(n_events(store), 1);
	store_close(store);
}

static void
what_is_not_there_is_not_found(void **state)
{
	struct store *store = scratch_open(state);
	struct issue_attachment file = { .url = "x" };
	struct issue_change change = { .estimate = 1 };
	struct issue_set set = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(issue_update(store, &by, "DV-1", &change, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(issue_comment(store, &by, "DV-1", ISSUE_NOTE, "x", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(issue_attach(store, &by, "DV-1", &file, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(issue_read(store, "DV-1", &set, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	store_close(store);
}

/* House 5.9: words in SQL come from the one table of names. */
static void
every_name_passes_the_check_lists(void **state)
{
	struct store *store = scratch_open(state);

	for (int s = ISSUE_TRIAGE; s < ISSUE_N_STATUSES; s++) {
		struct issue_draft draft = draft_of("x");
		char id[ISSUE_ID_SIZE];

		draft.status = (enum issue_status)s;
		assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
		assert_int_equal(issue_status_of(issue_status_name(draft.status)), s);
	}
	for (int k = 0; k < ISSUE_N_COMMENT_KINDS; k++) {
		enum issue_comment_kind kind = (enum issue_comment_kind)k;

		assert_int_equal(issue_comment(store, &by, "DV-1", kind, "x", NULL), 0);
		assert_int_equal(
		    issue_comment_kind_of(issue_comment_kind_name(kind)), k);
	}
	assert_int_equal(issue_status_of("in-progress"), ISSUE_IN_PROGRESS);
	assert_int_equal(issue_status_of("IN_REVIEW"), ISSUE_IN_REVIEW);
	assert_int_equal(issue_status_of("canceled"), ISSUE_CANCELLED);
	assert_int_equal(issue_status_of("nope"), ISSUE_ANY);
	assert_int_equal(issue_comment_kind_of("parked"), ISSUE_NOTE);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(our_issues_are_numbered_and_the_plans_keep_their_ids),
		SCRATCH_TEST(a_key_makes_one_issue_however_often_it_is_tried),
		SCRATCH_TEST(an_issue_goes_with_the_transaction_it_is_made_in),
		SCRATCH_TEST(every_malformed_draft_is_refused),
		SCRATCH_TEST(a_new_issue_belongs_to_nobody_and_waits),
		SCRATCH_TEST(r_194_only_a_person_opens_what_was_done),
		SCRATCH_TEST(an_issue_moves_only_as_the_method_says),
		SCRATCH_TEST(a_change_keeps_what_it_does_not_name),
		SCRATCH_TEST(a_text_is_replaced_only_at_the_version_that_was_read),
		SCRATCH_TEST(a_keyed_change_happens_once),
		SCRATCH_TEST(labels_are_merged_and_groups_hold_one),
		SCRATCH_TEST(an_ended_issue_loses_its_delegate_and_ctx_label),
		SCRATCH_TEST(a_change_of_nothing_leaves_no_event),
		SCRATCH_TEST(what_is_not_there_is_not_found),
		SCRATCH_TEST(every_name_passes_the_check_lists),
	};

	return cmocka_run_group_tests_name("store/issues", tests, NULL, NULL);
}
