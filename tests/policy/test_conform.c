#include "policy/conform.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* what was written against the words of what was asked for. */

static void
a_write_conforms_at_half_of_the_words_r_164(void **state)
{
	static const struct {
		const char *criterion, *added;
		int pct;
	} rows[] = {
		{ "The token is masked in every log", "mask_token(log);", 100 },
		{ "The token is masked in every log", "token = 1;", 33 },
		{ "The parser refuses bytes past the end", "static int parseEnd(void)",
		    40 },
		{ "Tests cover the parser", "a test of the parser", 66 },
		{ "It is done", "it is done", 0 }, /* nothing that says anything */
		{ "", "x", 0 }, { "retry limit", "", 0 },
		{ "retry retry retry limit", "retry", 50 },
		{ "Configuration is validated", "config_validate()", 100 },
		{ "log", "blog logo", 0 }, /* whole words */
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		int pct = conform_overlap(rows[i].criterion, rows[i].added);

		if (pct != rows[i].pct)
			fail_msg("row %zu: %d and not %d", i, pct, rows[i].pct);
	}
}

static const char diff[] = "diff --git a/src/log.c b/src/log.c\n"
			   "index 1..2 100644\n--- a/src/log.c\n+++ b/src/log.c\n"
			   "@@ -1 +1,2 @@\n-old token\n+mask(token);\n"
			   "++++ b/not/a/header\n"
			   "diff --git a/ui.css b/ui.css\nnew file mode 100644\n"
			   "--- /dev/null\n+++ b/ui.css\n@@ -0,0 +1 @@\n+color: red;\n"
			   "diff --git a/gen.txt b/gen.txt\n--- a/gen.txt\n"
			   "+++ b/gen.txt\n@@ -1 +1 @@\n+/* ccc:suppress */\n"
			   "diff --git a/token_log.md b/token_log.md\n"
			   "deleted file mode 100644\n--- a/token_log.md\n"
			   "+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";

static void
each_file_is_compared_with_each_criterion(void **state)
{
	static const char *const criteria[] = { "The token is masked in the log",
		"The parser has a test" };
	struct conform c = { 0 };
	int covered[2] = { -1, -1 };

	(void)state;
	conform_read(&c, diff);
	assert_int_equal(c.n, 4);
	conform_judge(&c, criteria, 2, covered);
	assert_string_equal(c.write[0].path, "src/log.c");
	assert_int_equal(c.write[0].pct, 100);
	assert_null(strstr(c.write[0].added, "old"));
	assert_string_equal(c.write[1].path, "ui.css");
	assert_true(conform_drifts(&c.write[1]));
	assert_false(conform_drifts(&c.write[2])); /* it says so */
	assert_string_equal(c.write[3].path, "token_log.md");
	assert_int_equal(c.write[3].pct, 66);
	assert_int_equal(c.n_drift, 1);
	assert_int_equal(covered[0], 100);
	assert_int_equal(covered[1], 0);
	conform_clear(&c);
}

/* A diff that was cut, or is none, is read as far as it goes. */
static void
any_prefix_of_a_diff_is_read(void **state)
{
	static const char *const criteria[] = { "The token is masked in the log" };

	(void)state;
	for (size_t n = 0; n < sizeof(diff); n++) {
		struct conform c = { 0 };
		char *part = xstrndup(diff, n);

		conform_read(&c, part);
		conform_judge(&c, criteria, 1, NULL);
		assert_true(c.n <= 4);
		conform_clear(&c);
		free(part);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_conforms_at_half_of_the_words_r_164),
		cmocka_unit_test(each_file_is_compared_with_each_criterion),
		cmocka_unit_test(any_prefix_of_a_diff_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
