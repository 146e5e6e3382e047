#include "scratch.h"

#include "store/issues_check.h"

#include <string.h>
#include <time.h>

/* T03, R-199 */
static void
a_written_newline_is_refused_outside_of_code(void **state)
{
	static const struct {
		const char *text;
		bool is_legal;
	} table[] = {
		{ "", true },
		{ "two\nlines", true },
		{ "one\\ntwo", false },
		{ "one\\\\ntwo", false },
		{ "a \\t tab", true },
		{ "ends in \\", true },
		{ "print `\"a\\n\"` here", true },
		{ "print ``a`\\n`` here", true },
		{ "an open ` quote \\n", false },
		{ "`a` \\n `b`", false },
		{ "```c\nputs(\"\\n\");\n```\n", true },
		{ "- code:\n  ~~~\n  \\n\n  ~~~\n", true },
		{ "```\nx\n```\n\\n", false },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct err err = ERR_INIT;

		if ((issues_check_body(table[i].text, &err) == 0) != table[i].is_legal)
			fail_msg("row %zu: %s", i, err.text);
		if (!table[i].is_legal)
			assert_string_equal(err.code, "T03");
	}
}

/* Nothing from outside may take more than linear time. */
static void
a_megabyte_of_backquotes_is_read_at_once(void **state)
{
	static const char *const runs[] = { "`", "` ``", "` `` ``` ```` `````" };
	AUTO_FREE char *text = xmalloc(ISSUE_BODY_MAX_BYTES + 1);
	clock_t begin = clock();

	for (size_t r = 0; r < N_ELEMS(runs); r++) {
		size_t n = strlen(runs[r]);

		for (size_t i = 0; i < ISSUE_BODY_MAX_BYTES; i++)
			text[i] = runs[r][i % n];
		text[ISSUE_BODY_MAX_BYTES] = '\0';
		assert_int_equal(issues_check_body(text, NULL), 0);
	}
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 5);
}

static void
labels_merge_whatever_their_order(void **state)
{
	static const char *const have[] = { "type:bug", "zeta", "needs:a" };
	static const char *const add[] = { "needs:b", "type:chore", "alpha" };
	static const char *const remove[] = { "zeta", "absent" };
	static const char *const expected[] = { "alpha", "needs:a", "needs:b",
		"type:chore" };
	struct issues_label_change first = { .add = have, .n_add = 3 };
	struct issues_label_change then = {
		.add = add, .n_add = 3, .remove = remove, .n_remove = 2
	};
	struct issue_words labels = { 0 };

	assert_int_equal(issues_merge_labels(&labels, &first, NULL), 1);
	assert_int_equal(issues_merge_labels(&labels, &first, NULL), 0);
	assert_int_equal(issues_merge_labels(&labels, &then, NULL), 1);
	assert_int_equal(labels.n, N_ELEMS(expected));
	for (size_t i = 0; i < labels.n; i++)
		assert_string_equal(labels.word[i], expected[i]);
	free(labels.word);
}

static void
estimates_are_fibonacci(void **state)
{
	static const int good[] = { 0, 1, 2, 3, 5, 8, 13 };

	for (int n = -2, g = 0; n < 30; n++) {
		bool is_good = g < (int)N_ELEMS(good) && good[g] == n;

		assert_int_equal(issues_check_estimate(n, NULL), is_good ? 0 : -1);
		g += is_good;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_written_newline_is_refused_outside_of_code),
		cmocka_unit_test(a_megabyte_of_backquotes_is_read_at_once),
		cmocka_unit_test(labels_merge_whatever_their_order),
		cmocka_unit_test(estimates_are_fibonacci),
	};

	return cmocka_run_group_tests_name("store/issues_check", tests, NULL, NULL);
}
