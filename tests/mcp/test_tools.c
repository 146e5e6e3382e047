#include "mcp/tools.h"

#include "base/mem.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each tool is a verb, and no verb is reached in any other way. */

static char ran[4096];
static char *prints;
static int status;

static int
run(void *arg, char *const *argv, char **text)
{
	(void)arg;
	ran[0] = '\0';
	for (size_t i = 0; argv[i]; i++) {
		size_t n = strlen(ran);

		snprintf(ran + n, sizeof(ran) - n, "%s[%s]", n ? " " : "", argv[i]);
	}
	*text = xstrdup(prints ? prints : "{}");
	return status;
}

/* The result of a call as text, and whether it is an error. */
static char *
call(const char *session, const char *name, const char *arguments, bool *is_error)
{
	struct mcp mcp = { .version = "1", .session = session, .run = run };
	struct json_object *in = json_tokener_parse(arguments);
	struct json_object *out = tools_call(&mcp, name, in), *flag;
	char *text;

	assert_non_null(out);
	assert_true(json_object_object_get_ex(out, "isError", &flag));
	*is_error = json_object_get_boolean(flag);
	text = xstrdup(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
	json_object_put(out);
	json_object_put(in);
	return text;
}

static void
calls_become_verbs(void **state)
{
	static const struct {
		const char *name, *arguments, *line;
	} rows[] = {
		{ "check_plan", "{\"plan\":\"a b.md\"}",
		    "[check] [--json] [--] [a b.md]" },
		{ "plan", "{\"plan\":\"--graph\"}", "[plan] [--json] [--] [--graph]" },
		{ "verdict", "{\"b\":\"1B\",\"a\":\"1A\",\"plan\":\"p\"}",
		    "[verdict] [--json] [--] [p] [1A] [1B]" },
		{ "why_not", "{\"plan\":\"p\",\"a\":\"1A\",\"b\":\"1B\"}",
		    "[why-not] [--json] [--] [p] [1A] [1B]" },
		{ "why", "{\"name\":\"G07\"}", "[why] [--json] [--] [G07]" },
		{ "status", "{}", "[status] [--json] [--]" },
		{ "report",
		    "{\"state\":\"progress\",\"text\":\"-x\",\"done\":3,\"total\":7}",
		    "[tell] [--json] [--done=3] [--total=7] [--] [progress] [-x]" },
		{ "ask_question", "{\"text\":\"which?\",\"detail\":\"a or b\"}",
		    "[tell] [--json] [--detail=a or b] [--] [question] [which?]" },
		{ "request_widening", "{\"patterns\":[\"a\",\"-b\"],\"reason\":\"r\"}",
		    "[widen] [--json] [--reason=r] [--] [p1.1.1A] [a] [-b]" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool is_error;
		AUTO_FREE char *text = call(
		    "p1.1.1A", rows[i].name, rows[i].arguments, &is_error);

		assert_false(is_error);
		assert_string_equal(ran, rows[i].line);
	}
}

static void
what_a_tool_does_not_take_is_said_with_the_mend(void **state)
{
	static const struct {
		const char *name, *arguments, *says;
	} rows[] = {
		{ "check_plan", "{}", "fix: give it a string" },
		{ "check_plan", "{\"plan\":7}", "'plan' of check_plan" },
		{ "check_plan", "{\"plan\":\"a\\u0000b\"}", "'plan' of check_plan" },
		{ "check_plan", "{\"plan\":\"p\",\"override\":\"G07\"}",
		    "no argument" },
		{ "report", "{\"state\":\"approved\"}", "one of: started" },
		{ "report", "{\"state\":\"progress\",\"done\":-1}", "whole number" },
		{ "request_widening", "{\"patterns\":[],\"reason\":\"r\"}", "list" },
		{ "request_widening", "{\"patterns\":[1],\"reason\":\"r\"}", "list" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool is_error;
		AUTO_FREE char *text = NULL;

		ran[0] = '\0';
		text = call("p1.1.1A", rows[i].name, rows[i].arguments, &is_error);
		assert_true(is_error);
		assert_string_equal(ran, "");
		if (!strstr(text, rows[i].says))
			fail_msg("%s: %s", rows[i].arguments, text);
	}
}

/* Outside of a session there is nobody to report about. */
static void
what_is_for_agents_is_refused_to_others(void **state)
{
	static const char *const rows[][2] = { { "report", "{\"state\":\"done\"}" },
		{ "ask_question", "{\"text\":\"x\"}" },
		{ "request_widening", "{\"patterns\":[\"a\"],\"reason\":\"r\"}" },
		{ "read_session", "{}" } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool is_error;
		AUTO_FREE char *text = NULL;

		ran[0] = '\0';
		text = call("", rows[i][0], rows[i][1], &is_error);
		assert_true(is_error);
		assert_string_equal(ran, "");
	}
}

/* A decision belongs to a person: nothing here leads to one (CONTRACTS 1, G11). */
static void
no_tool_approves_anything(void **state)
{
	static const char *const verbs[] = { "approve", "answer", "decline", "merge",
		"dispatch", "run", "rule", "abort", "abandon", "resume", "assert",
		"claim" };
	struct json_object *list = tools_list();
	struct mcp mcp = { .version = "1", .session = "p1.1.1A", .run = run };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(verbs); i++)
		assert_null(tools_call(&mcp, verbs[i], NULL));
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *name;

		assert_true(json_object_object_get_ex(
		    json_object_array_get_idx(list, i), "name", &name));
		for (size_t k = 0; k < N_ELEMS(verbs); k++)
			assert_null(strstr(json_object_get_string(name), verbs[k]));
	}
	json_object_put(list);
}

static void
the_list_is_sorted_and_always_the_same(void **state)
{
	struct json_object *one = tools_list(), *two = tools_list();
	const char *before = "";

	(void)state;
	assert_string_equal(
	    json_object_to_json_string(one), json_object_to_json_string(two));
	for (size_t i = 0; i < json_object_array_length(one); i++) {
		struct json_object *o = json_object_array_get_idx(one, i), *name,
				   *schema;

		assert_true(json_object_object_get_ex(o, "name", &name));
		assert_true(strcmp(before, json_object_get_string(name)) < 0);
		before = json_object_get_string(name);
		assert_true(json_object_object_get_ex(o, "inputSchema", &schema));
		assert_true(json_object_object_get_ex(schema, "required", NULL));
	}
	json_object_put(one);
	json_object_put(two);
}

static void
the_exit_status_says_what_is_an_error(void **state)
{
	static const struct {
		int status;
		const char *prints;
		bool is_error;
	} rows[] = { { 0, "{}", false }, { 1, "{}", false }, { 4, "{}", false },
		{ 2, "{}", true }, { 3, "{\"error\":{}}", true }, { 5, "x", true },
		{ -1, "x", true }, { 1, "{\"error\":{}}", true } };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool is_error;
		AUTO_FREE char *text = NULL;

		status = rows[i].status;
		prints = xstrdup(rows[i].prints);
		text = call("", "status", "{}", &is_error);
		assert_int_equal(is_error, rows[i].is_error);
		free(prints);
	}
	prints = NULL;
	status = 0;
}

static void
a_session_reads_itself_only(void **state)
{
	bool is_error;
	AUTO_FREE char *text = NULL, *other = NULL;

	(void)state;
	prints = xstrdup("{\"plans\":[{\"batches\":[{\"sessions\":[{\"id\":\"p1.1.1A\","
			 "\"state\":\"active\"}]}]}]}");
	text = call("p1.1.1A", "read_session", "{}", &is_error);
	assert_false(is_error);
	assert_non_null(strstr(text, "\"structuredContent\":{\"id\":\"p1.1.1A\""));
	other = call("p1.1.1B", "read_session", "{}", &is_error);
	assert_true(is_error);
	assert_null(strstr(other, "active"));
	free(prints);
	prints = NULL;
}

/* What is longer than a model reads is cut between two characters, and says so. */
static void
a_long_answer_is_cut(void **state)
{
	bool is_error;
	AUTO_FREE char *text = NULL;
	size_t n = 4 * MCP_TEXT_BYTES;

	(void)state;
	prints = xcalloc(1, n + 8);
	for (size_t i = 0; i + 2 < n; i += 2)
		memcpy(prints + i + 1, "\303\251", 2);
	prints[0] = '"';
	strcat(prints + n - 3, "\"");
	text = call("", "status", "{}", &is_error);
	assert_true(strlen(text) < MCP_TEXT_BYTES + 1000);
	assert_non_null(strstr(text, "cut after"));
	assert_null(strstr(text, "structuredContent"));
	free(prints);
	prints = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_become_verbs),
		cmocka_unit_test(what_a_tool_does_not_take_is_said_with_the_mend),
		cmocka_unit_test(what_is_for_agents_is_refused_to_others),
		cmocka_unit_test(no_tool_approves_anything),
		cmocka_unit_test(the_list_is_sorted_and_always_the_same),
		cmocka_unit_test(the_exit_status_says_what_is_an_error),
		cmocka_unit_test(a_session_reads_itself_only),
		cmocka_unit_test(a_long_answer_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
