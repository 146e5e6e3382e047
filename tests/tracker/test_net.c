#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "tracker/github.h"
#include "tracker/linear.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* What needs no server, so that it is tested where npm is not to be had, too. */

static void
what_is_no_bounded_json_is_nothing(void **state)
{
	AUTO_FREE char *deep = xcalloc(1, 2001), *wide = xcalloc(1, 2000002);
	static const char *const bad[] = { "", "x", "{", "[1,]", "{'a': 1}", "{} x",
		"{\"a\": \"\xFF\"}", "\"text\"", "12" };
	struct json_object *good = net_parse(" {\"a\": [1, {\"b\": \"c\"}]} \n", 25);

	assert_non_null(good);
	json_object_put(good);
	for (size_t i = 0; i < N_ELEMS(bad); i++)
		assert_null(net_parse(bad[i], strlen(bad[i])));
	memset(deep, '[', 1000);
	memset(deep + 1000, ']', 1000);
	assert_null(net_parse(deep, 2000));
	wide[0] = '[';
	for (size_t i = 1; i < 2000000; i += 2)
		memcpy(wide + i, "1,", 2);
	memcpy(wide + 1999999, "1]", 2);
	assert_null(net_parse(wide, 2000001));
}

static void
a_member_is_found_by_its_path_or_is_empty(void **state)
{
	static const char text[] =
	    "{\"a\": {\"b\": [7, null], \"s\": \"x\", \"t\": true, \"d\": 1e300},"
	    " \"at\": \"2026-01-02T03:04:05.678Z\", \"no\": \"yesterday\"}";
	NET_JSON struct json_object *o = net_parse(text, strlen(text));

	assert_non_null(o);
	assert_string_equal(net_str(o, "a.s"), "x");
	assert_string_equal(net_str(o, "a.b"), "");
	assert_string_equal(net_str(o, "a.s.deeper"), "");
	assert_int_equal(net_len(o, "a.b"), 2);
	assert_int_equal(net_len(o, "a"), 0);
	assert_int_equal(net_int(net_at(o, "a.b", 0), NULL), 7);
	assert_null(net_at(o, "a.b", 2));
	assert_int_equal(net_int(o, "a.d"), 0);
	assert_true(net_bool(o, "a.t"));
	assert_false(net_bool(NULL, "a.t"));
	assert_int_equal(net_time(o, "at"), INT64_C(1767323045678));
	assert_int_equal(net_time(o, "no"), 0);
}

/* The same home and key give the same id; nothing else does. */
static void
an_id_follows_from_home_and_key(void **state)
{
	struct tracker_link one = { .origin = "a" }, other = { .origin = "b" };
	char x[37], y[37];

	net_uuid(&one, "issue", "k", x);
	net_uuid(&one, "issue", "k", y);
	assert_string_equal(x, y);
	net_uuid(&other, "issue", "k", y);
	assert_string_not_equal(x, y);
	net_uuid(&one, "comment", "k", y);
	assert_string_not_equal(x, y);
}

static void
an_error_gets_the_trouble_of_its_kind(void **state)
{
	static const struct {
		enum err_kind kind;
		enum tracker_trouble trouble;
	} cases[] = { { ERR_REFUSED, TRACKER_REFUSED }, { ERR_INPUT, TRACKER_REFUSED },
		{ ERR_NOT_FOUND, TRACKER_MISSING }, { ERR_HUMAN, TRACKER_AUTH },
		{ ERR_CONFLICT, TRACKER_CONFLICT }, { ERR_TIMEOUT, TRACKER_LATER },
		{ ERR_SYSTEM, TRACKER_LATER } };
	struct tracker_state kept = { .trouble = TRACKER_LIMITED };
	struct tracker_link link = { .state = &kept };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct err err = { .kind = cases[i].kind }, own = ERR_INIT;

		assert_ptr_equal(net_begin(&link, &err, &own), &err);
		assert_int_equal(net_end(&link, -1, &err), -1);
		assert_int_equal(kept.trouble, cases[i].trouble);
	}
	kept.trouble = TRACKER_LIMITED;
	assert_int_equal(net_end(&link, -1, &(struct err){ .kind = ERR_SYSTEM }), -1);
	assert_int_equal(kept.trouble, TRACKER_LIMITED);
	assert_int_equal(net_end(&link, 0, NULL), 0);
	assert_int_equal(kept.trouble, TRACKER_FINE);
}

/* T05: what belongs to people is in no text that is ever sent to Linear. */
static void
no_operation_names_what_belongs_to_people(void **state)
{
	static const char *const words[] = { "priority", "dueDate", "cycle" };

	for (int i = 0; i < LINEAR_N_OPS; i++) {
		assert_non_null(linear_text[i].name);
		assert_non_null(strstr(linear_text[i].text, linear_text[i].name));
		for (size_t k = 0; k < N_ELEMS(words); k++)
			assert_null(strstr(linear_text[i].text, words[k]));
	}
}

/* Type and name together: a state called Done that is not completed is no Done. */
static void
a_state_of_linear_is_one_of_ours(void **state)
{
	static const struct {
		const char *name, *type;
		enum issue_status status;
	} cases[] = { { "Done", "completed", ISSUE_DONE },
		{ "Done", "started", ISSUE_IN_PROGRESS },
		{ "Shipped", "completed", ISSUE_DONE },
		{ "in-review", "started", ISSUE_IN_REVIEW },
		{ "Peer Review", "started", ISSUE_IN_REVIEW },
		{ "Review", "unstarted", ISSUE_TODO },
		{ "Duplicate", "canceled", ISSUE_DUPLICATE },
		{ "Won't do", "canceled", ISSUE_CANCELLED },
		{ "Waiting for QA", "started", ISSUE_IN_REVIEW },
		{ "Frozen", "suspended", ISSUE_TRIAGE } };
	static const struct tracker_status_name names[] = { { "In Review",
	    "waiting for qa" } };
	struct tracker_link link = { .status_name = names, .n_status_names = 1 };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		NET_JSON struct json_object *s = linear_var("name", cases[i].name);

		net_add_text(s, "type", cases[i].type);
		assert_int_equal(linear_status_of(&link, s), cases[i].status);
	}
}

static void
a_mark_is_found_at_the_end_only(void **state)
{
	static const char uuid[] = "01234567-89ab-5cde-8f01-23456789abcd";
	char mark[GITHUB_MARK_SIZE], other[GITHUB_MARK_SIZE];
	AUTO_FREE char *text = NULL, *quoted = NULL, *plain = NULL, *same = NULL;

	github_mark(uuid, mark);
	text = xasprintf("a text\n\n%s\r\n", mark);
	quoted = xasprintf("> %s\n\nsomebody's answer", mark);
	assert_true(github_marked(text, mark));
	assert_false(github_marked(quoted, mark));
	plain = github_unmarked(text);
	assert_string_equal(plain, "a text");
	same = github_unmarked(quoted);
	assert_string_equal(same, quoted);
	github_mark("11234567-89ab-5cde-8f01-23456789abcd", other);
	assert_false(github_marked(text, other));
	assert_false(github_marked("", mark));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_bounded_json_is_nothing),
		cmocka_unit_test(a_member_is_found_by_its_path_or_is_empty),
		cmocka_unit_test(an_id_follows_from_home_and_key),
		cmocka_unit_test(an_error_gets_the_trouble_of_its_kind),
		cmocka_unit_test(no_operation_names_what_belongs_to_people),
		cmocka_unit_test(a_state_of_linear_is_one_of_ours),
		cmocka_unit_test(a_mark_is_found_at_the_end_only),
	};

	return cmocka_run_group_tests_name("tracker/net", tests, NULL, NULL);
}
