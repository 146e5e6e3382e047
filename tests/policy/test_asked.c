#include "policy/asked.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Requests of reviews from elsewhere, and what answers them. */

static char *
request(char option, bool is_change)
{
	const struct review_request r = { .id = "v1",
		.option = option,
		.is_change = is_change,
		.what = "What @claude made\n# of it",
		.where = "",
		.pull = "" };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	review_request_print(f, &r);
	fclose(f);
	return text;
}

static void
r_176_a_request_says_how_to_answer_and_calls_nobody(void **state)
{
	AUTO_FREE char *change = request('A', true), *plan = request('H', false);

	(void)state;
	assert_non_null(strstr(change, "Review request v1, option A (CI agent)"));
	assert_non_null(strstr(change, "APPROVE, REQUEST CHANGES or BLOCK alone"));
	assert_non_null(strstr(plan, "APPROVE, REVISE or RETHINK alone"));
	assert_null(strstr(change, "@claude"));
	assert_null(strstr(change, "\n# of it"));
}

static void
r_176_only_findings_or_a_plain_word_is_an_answer(void **state)
{
	static const struct {
		const char *text;
		bool is_change;
		const char *json, *word, *rest; /* JSON and WORD NULL: no answer */
	} cases[] = {
		{ "APPROVE", true, NULL, "APPROVE", "" },
		{ " REQUEST CHANGES \r\n\nIt leaks.\n", true, NULL, "REQUEST CHANGES",
		    "It leaks." },
		{ "BLOCK\nno", true, NULL, "BLOCK", "no" },
		{ "REVISE\nno", false, NULL, "REVISE", "no" },
		{ "REVISE", true, NULL, NULL, NULL },
		{ "REQUEST CHANGES", false, NULL, NULL, NULL },
		{ "approve", true, NULL, NULL, NULL },
		{ "APPROVE it", true, NULL, NULL, NULL },
		{ "ship it\nAPPROVE", true, NULL, NULL, NULL },
		{ "> APPROVE", true, NULL, NULL, NULL },
		{ "", true, NULL, NULL, NULL },
		{ " {\"findings\":[]} ", true, "{\"findings\":[]}", NULL, NULL },
		{ "Here:\n```json\n[{\"findings\":[]}]\n```\nbye", true,
		    "[{\"findings\":[]}]", NULL, NULL },
		{ "```\nmake\n```\n```\n{\"findings\":[]}\n```", true,
		    "{\"findings\":[]}", NULL, NULL },
		{ "```json\n{\"findings\":[]}", true, NULL, NULL, NULL },
		{ "{\"a\":1}", true, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct review_answer a;
		bool is = review_answer_parse(cases[i].text, cases[i].is_change, &a);

		assert_int_equal(is, cases[i].json || cases[i].word);
		if (cases[i].json)
			assert_true(span_eq(a.json, cases[i].json));
		if (!cases[i].word)
			continue;
		assert_int_equal(a.json.n, 0);
		assert_string_equal(a.recommendation, cases[i].word);
		assert_int_equal(a.rest.n, strlen(cases[i].rest));
		if (a.rest.n > 0)
			assert_memory_equal(a.rest.p, cases[i].rest, a.rest.n);
	}
}

static void
r_176_the_request_handed_back_is_no_answer(void **state)
{
	AUTO_FREE char *text = request('C', true);
	AUTO_FREE char *quoted = xasprintf("APPROVE\n\n> %s", text);
	struct review_answer a;

	(void)state;
	assert_false(review_answer_parse(text, true, &a));
	assert_false(review_answer_parse(quoted, true, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_176_a_request_says_how_to_answer_and_calls_nobody),
		cmocka_unit_test(r_176_only_findings_or_a_plain_word_is_an_answer),
		cmocka_unit_test(r_176_the_request_handed_back_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
