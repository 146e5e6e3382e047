#include "policy/delivery.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* TIMES lines of FIVE words each, END below them. */
static struct delivery
judge(int times, const char *five, const char *end)
{
	struct delivery d;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (int i = 0; i < times; i++)
		fprintf(f, "%s\n", five);
	fputs(end, f);
	fclose(f);
	delivery_judge(text, &d);
	free(text);
	assert_int_equal(d.is_result, d.why[0] == '\0');
	return d;
}

#define FIVE "each store keeps its rows"

/* R-195, row by row; A-90 for what only looks like a limit. */
static void
r_195_a_report_is_a_result_by_its_words(void **state)
{
	static const struct {
		int times;
		const char *five, *end;
		bool is_result;
	} cases[] = {
		{ 20, FIVE, "", true },
		{ 19, FIVE, "and four more words", false },
		{ 19, FIVE, "and five more words here", true },
		{ 0, FIVE, "", false },
		{ 25, "a b c 1 2 3 4 5 6 7 8 9", "", false }, /* no words */
		{ 30, FIVE, "the server answered HTTP 429", false },
		{ 30, FIVE, "RESOURCE_EXHAUSTED", false },
		{ 30, FIVE, "we hit the Rate Limit", false },
		{ 30, FIVE, "quota", false },
		{ 40, FIVE, "the server answered HTTP 429", true },
		{ 30, FIVE, "it belongs to ISSUE-429", true },
		{ 30, FIVE, "see error #429", true },
		{ 30, FIVE, "429 files were read", true },
		{ 30, FIVE, "quotation marks", true },
		{ 30, "the build failed with an error", "", false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct delivery d = judge(cases[i].times, cases[i].five, cases[i].end);

		if (d.is_result != cases[i].is_result)
			fail_msg("case %zu: '%s'", i, d.why);
	}
}

/* half of the lines are too many, one less is not. */
static void
r_195_half_errors_are_none(void **state)
{
	char *text = NULL;
	size_t n = 0;
	struct delivery d;

	(void)state;
	for (int n_wrong = 29; n_wrong <= 30; n_wrong++) {
		FILE *f = open_memstream(&text, &n);

		for (int i = 0; i < 60; i++)
			fprintf(f, "%s\n",
			    i < n_wrong ? "this step failed once more" : FIVE);
		fclose(f);
		delivery_judge(text, &d);
		free(text);
		assert_int_equal(d.n_lines, 60);
		assert_int_equal(d.n_wrong, n_wrong);
		assert_int_equal(d.is_result, n_wrong < 30);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_195_a_report_is_a_result_by_its_words),
		cmocka_unit_test(r_195_half_errors_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
