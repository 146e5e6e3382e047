#include "scratch.h"

#include "base/text.h"
#include "store/issue_text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *labels[] = { "exec:pair", "type:chore" };
static const char *children[] = { "DV-8" };
static struct issue_comment_row comments[] = {
	{ .n = 1,
	    .author = "session:s1",
	    .body = "hello\nthere\033[2J\n",
	    .kind = ISSUE_START },
};
static struct issue_attachment files[] = {
	{ .url = "plan.md", .sha256 = "aabbccddeeff00112233", .title = "Plan" },
};

static struct issue
sample(void)
{
	return (struct issue){ .id = "DV-7",
		.uuid = "u",
		.url = "",
		.title = "Batch 1A: Review \033[31mgates",
		.body = "First\n\n\tthird \x07\n",
		.version = 2,
		.status = ISSUE_IN_PROGRESS,
		.estimate = 5,
		.project = "",
		.parent = "CIA-300",
		.assignee = "claude",
		.delegate = "",
		.owner_session = "",
		.labels = { .word = labels, .n = 2 },
		.children = { .word = children, .n = 1 },
		.comment = comments,
		.n_comments = 1,
		.attachment = files,
		.n_attachments = 1 };
}

static char *
printed(void (*print)(FILE *out, const struct issue *issue))
{
	struct issue issue = sample();
	char *buf = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&buf, &n);

	print(f, &issue);
	fclose(f);
	return buf;
}

static void
an_issue_is_shown_in_full(void **state)
{
	AUTO_FREE char *text = printed(issue_print_text);

	assert_string_equal(text, "DV-7  Batch 1A: Review \\x1B[31mgates\n"
				  "status      In Progress\n"
				  "labels      exec:pair, type:chore\n"
				  "estimate    5\n"
				  "assignee    claude\n"
				  "parent      CIA-300\n"
				  "changed     1970-01-01T00:00:00Z\n"
				  "sub-issues  DV-8\n"
				  "attached    plan.md  sha256 aabbccddeeff\n"
				  "\n"
				  "First\n"
				  "\n"
				  "\tthird \\x07\n"
				  "\n"
				  "-- 1970-01-01T00:00:00Z  session:s1  start\n"
				  "   hello\n"
				  "   there\\x1B[2J\n");
}

static void
markdown_holds_the_same(void **state)
{
	AUTO_FREE char *text = printed(issue_print_markdown);

	assert_non_null(strstr(text, "## DV-7: Batch 1A"));
	assert_non_null(strstr(text, "- Status: In Progress\n- Labels: exec:pair"));
	assert_non_null(strstr(text, "\nFirst\n\n"));
	assert_non_null(strstr(text, "### start by session:s1"));
	assert_null(strchr(text, '\033'));
}

static void
json_keeps_every_byte(void **state)
{
	struct issue issue = sample();
	AUTO_FREE char *text = issue_to_json(&issue);
	json_object *object = json_tokener_parse(text), *field;

	assert_non_null(object);
	assert_null(strchr(text, '\n'));
	assert_true(json_object_object_get_ex(object, "body", &field));
	assert_string_equal(json_object_get_string(field), issue.body);
	assert_true(json_object_object_get_ex(object, "relations", &field));
	assert_true(json_object_object_get_ex(field, "blocked_by", &field));
	assert_int_equal(json_object_array_length(field), 0);
	json_object_put(object);
}

/* Strangers' titles: control characters, wide characters, any length. */
static void
a_table_fits_its_width(void **state)
{
	static const char *const titles[] = { "short",
		"a title that is far too long for any terminal of eighty columns, really so",
		"\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9"
		"\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9"
		"\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9\xe5\xae\x9a\xe7\xbe\xa9",
		"\033]0;pwned\007 clear \033[2J" };
	struct issue issues[4];
	struct issue_set set = { .item = issues, .n = 4 };

	for (size_t i = 0; i < 4; i++) {
		issues[i] = sample();
		issues[i].title = titles[i];
	}
	for (size_t width = 10; width < 130; width += 7) {
		AUTO_FREE char *buf = NULL;
		size_t n = 0, n_lines = 0;
		FILE *f = open_memstream(&buf, &n);
		struct span rest, line;

		issue_print_table(f, &set, width);
		fclose(f);
		assert_null(strchr(buf, '\033'));
		for (rest = span_of(buf); span_next(&rest, '\n', &line) && line.n;) {
			AUTO_FREE char *copy = xstrndup(line.p, line.n);

			n_lines++;
			assert_true(text_width(copy) <= (width < 40 ? 40 : width));
		}
		assert_int_equal(n_lines, 5);
	}
}

static void
an_export_holds_every_issue_once(void **state)
{
	static const char *const chore[] = { "type:chore" };
	struct store *store = scratch_open(state);
	struct issue_by by = { .actor = "human:ada", .at = 1 };
	struct issue_draft draft = { .title = "x", .label = chore, .n_labels = 1 };
	AUTO_FREE char *buf = NULL;
	char id[ISSUE_ID_SIZE];
	json_object *array;
	size_t n = 0;
	FILE *f;

	assert_int_equal(store_begin(store, NULL), 0);
	for (int i = 0; i < 450; i++)
		assert_int_equal(issue_create(store, &by, &draft, id, NULL), 1);
	assert_int_equal(store_commit(store, NULL), 0);
	f = open_memstream(&buf, &n);
	assert_int_equal(issue_export(store, NULL, ISSUE_JSON, f, NULL), 0);
	fclose(f);
	array = json_tokener_parse(buf);
	assert_int_equal(json_object_array_length(array), 450);
	json_object_put(array);
	free(buf);
	f = open_memstream(&buf, &n);
	assert_int_equal(issue_export(store, "DV-450", ISSUE_MARKDOWN, f, NULL), 0);
	assert_int_equal(issue_export(store, "DV-451", ISSUE_MARKDOWN, f, NULL), -1);
	fclose(f);
	assert_int_equal(strncmp(buf, "## DV-450: x\n", 13), 0);
	store_close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_issue_is_shown_in_full),
		cmocka_unit_test(markdown_holds_the_same),
		cmocka_unit_test(json_keeps_every_byte),
		cmocka_unit_test(a_table_fits_its_width),
		SCRATCH_TEST(an_export_holds_every_issue_once),
	};

	return cmocka_run_group_tests_name("store/issue_text", tests, NULL, NULL);
}
