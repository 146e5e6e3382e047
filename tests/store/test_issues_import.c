#include "scratch.h"

#include "store/issues.h"
#include "store/issues_import.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const struct issue_by by = { .actor = "human:ada", .at = 1000, .cause = "test" };

static int
bring(struct store *store, const char *json, struct issue_import_result *got,
    struct err *err)
{
	return issue_import(store, &by, json, ISSUE_JSON, got, err);
}

/* Each is refused as a whole, and nothing of it is there afterwards. */
static void
what_breaks_a_rule_is_refused_whole(void **state)
{
	static const struct {
		const char *json;
		enum err_kind kind;
	} bad[] = {
		{ "7", ERR_INPUT },
		{ "[7]", ERR_INPUT },
		{ "[{", ERR_INPUT },
		{ "[{\"id\":\"x\",\"title\":\"t\",\"status\":\"Todo\"}]", ERR_INPUT },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Lost\"}]", ERR_INPUT },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Todo\"}]",
		    ERR_REFUSED },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Todo\","
		  "\"labels\":[\"type:bug\"],\"estimate\":4}]",
		    ERR_INPUT },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Todo\","
		  "\"labels\":[\"type:bug\"],\"parent\":\"A-1\"}]",
		    ERR_INPUT },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Todo\","
		  "\"labels\":[\"type:bug\"],\"parent\":\"A-2\"},"
		  "{\"id\":\"A-2\",\"title\":\"t\",\"status\":\"Todo\","
		  "\"labels\":[\"type:bug\"],\"parent\":\"A-1\"}]",
		    ERR_INPUT },
		{ "[{\"id\":\"A-1\",\"title\":\"t\",\"status\":\"Todo\","
		  "\"labels\":[\"type:bug\"],\"relations\":{\"blocks\":[\"A-9\"]}}]",
		    ERR_NOT_FOUND },
	};
	struct store *store = scratch_open(state);

	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct issue_import_result got = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(bring(store, bad[i].json, &got, &err), -1);
		assert_int_equal(err.kind, bad[i].kind);
		assert_int_equal(issue_status_now(store, "A-1"), ISSUE_ANY);
	}
	store_close(store);
}

/* What looks like our marks, and ends in odd ways, comes back as it was. */
static void
any_text_survives_markdown(void **state)
{
	static const char *const texts[] = { "x", "x\n", "\n\nx\n\n", "## DV-9: no",
		"<!-- divisi:end -->", "\\<!-- divisi:end -->\n\\\\<!-- divisi:x",
		"- Status: Done\n### note by me, now", "a\\b \\ c", "" };
	static const char *const chore[] = { "type:chore" };
	struct store *store = scratch_open(state);

	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		AUTO_ISSUES struct issue_set set = { 0 };
		struct issue_draft draft = {
			.title = "a: b", .body = texts[i], .label = chore, .n_labels = 1
		};
		AUTO_FREE char *text = NULL;
		json_object *list, *body = NULL;
		char id[ISSUE_ID_SIZE];
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);

		assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
		assert_int_equal(issue_read(store, id, &set, NULL), 0);
		issue_print_markdown(f, &set.item[0]);
		fclose(f);
		list = issues_of_markdown(text, NULL);
		assert_non_null(list);
		assert_int_equal(json_object_array_length(list), 1);
		json_object_object_get_ex(
		    json_object_array_get_idx(list, 0), "body", &body);
		assert_string_equal(body ? json_object_get_string(body) : "", texts[i]);
		json_object_put(list);
	}
	store_close(store);
}

static void
a_text_without_end_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(issues_of_markdown("## A-1: x\n\n<!-- divisi:text -->\nx\n", &err));
	assert_int_equal(err.kind, ERR_INPUT);
}

static void
words_are_found_wherever_they_begin_one(void **state)
{
	static const struct {
		const char *words;
		size_t n;
	} asked[] = { { "gate", 2 }, { "GATE", 2 }, { "ate", 0 }, { "gate review", 1 },
		{ "NOT gate", 0 }, { "gate)", 2 }, { "zebra", 1 } };
	static const char *const chore[] = { "type:chore" };
	static const char *const titles[] = { "Review gates", "Something else",
		"Gate" };
	struct store *store = scratch_open(state);
	char id[ISSUE_ID_SIZE];

	for (size_t i = 0; i < N_ELEMS(titles); i++) {
		struct issue_draft draft = {
			.title = titles[i], .label = chore, .n_labels = 1
		};

		assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
	}
	assert_int_equal(
	    issue_comment(store, &by, "DV-2", ISSUE_NOTE, "a zebra", NULL), 0);
	for (size_t i = 0; i < N_ELEMS(asked); i++) {
		AUTO_ISSUES struct issue_set set = { 0 };

		assert_int_equal(
		    issue_search(store, asked[i].words, 10, &set, NULL), 0);
		assert_int_equal(set.n, asked[i].n);
	}
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(what_breaks_a_rule_is_refused_whole),
		SCRATCH_TEST(any_text_survives_markdown),
		cmocka_unit_test(a_text_without_end_is_refused),
		SCRATCH_TEST(words_are_found_wherever_they_begin_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
