#include "cli/args.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct option_doc options[] = {
	OPTION_JSON,
	{ "reason", "TEXT", "why", 0 },
	{ "write", NULL, "write", 'w' },
	OPTION_END,
};

enum { JSON, REASON, WRITE };

#define ARGV(...) ((char *[]){ (char[]){ "verb" }, __VA_ARGS__, NULL })
#define W(s)      ((char[]){ s })

static void
options_and_words_come_in_any_order(void **state)
{
	char **argv = ARGV(W("a"), W("--json"), W("--reason"), W("x y"), W("b"),
	    W("-w"), W("--reason=--z"), W("-"), W(""));
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, options, 10, argv);
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_string_equal(args.value, "a");
	assert_int_equal(args_next(&args, &err), JSON);
	assert_null(args.value);
	assert_int_equal(args_next(&args, &err), REASON);
	assert_string_equal(args.value, "x y");
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_int_equal(args_next(&args, &err), WRITE);
	assert_int_equal(args_next(&args, &err), REASON);
	assert_string_equal(args.value, "--z");
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_string_equal(args.value, "-");
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_string_equal(args.value, "");
	assert_int_equal(args_next(&args, &err), ARGS_END);
	assert_int_equal(args_next(&args, &err), ARGS_END);
}

static void
after_two_dashes_everything_is_a_word(void **state)
{
	char **argv = ARGV(W("--"), W("--json"), W("--"));
	struct err err = ERR_INIT;
	struct args args;

	args_init(&args, options, 4, argv);
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_string_equal(args.value, "--json");
	assert_int_equal(args_next(&args, &err), ARGS_WORD);
	assert_string_equal(args.value, "--");
	assert_int_equal(args_next(&args, &err), ARGS_END);
}

static void
what_cannot_be_understood_is_said_with_a_mend(void **state)
{
	static const struct {
		const char *word, *fix;
	} cases[] = { { "--jsno", "--json" },
		{ "--nothing-like-it", "divisi help verb" },
		{ "-x", "divisi help verb" }, { "--json=1", "" }, { "--reason", "" } };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		AUTO_FREE char *word = xstrdup(cases[i].word);
		char **argv = ARGV(word);
		struct err err = ERR_INIT;
		struct args args;

		args_init(&args, options, 2, argv);
		assert_int_equal(args_next(&args, &err), ARGS_BAD);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.fix, cases[i].fix));
	}
}

static void
a_simple_verb_takes_what_it_names_and_no_more(void **state)
{
	bool flags[3];
	const char *words[2];
	struct args_simple want = { "verb A [B]", flags, words, 1, 2 };
	static const struct {
		int argc;
		int rc;
	} cases[] = { { 1, -1 }, { 2, 0 }, { 3, 0 }, { 4, -1 } };
	char **argv = ARGV(W("a"), W("b"), W("c"));

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		struct err err = ERR_INIT;
		struct args args;

		args_init(&args, options, cases[i].argc, argv);
		assert_int_equal(args_simple(&args, &want, &err), cases[i].rc);
		if (cases[i].rc == 0) {
			assert_string_equal(words[0], "a");
			assert_int_equal(words[1] != NULL, cases[i].argc == 3);
		} else {
			assert_int_equal(err.kind, ERR_USAGE);
			assert_non_null(strstr(err.fix, "verb A [B]"));
		}
	}
}

static void
distance_counts_edits(void **state)
{
	assert_int_equal(args_distance("plan", "plan"), 0);
	assert_int_equal(args_distance("plna", "plan"), 2);
	assert_int_equal(args_distance("chek", "check"), 1);
	assert_int_equal(args_distance("", "plan"), 4);
	assert_int_equal(args_distance("plan", ""), 4);
	assert_int_equal(args_distance("abcdefghijklmnopqrstuvwxyz0123456789", "x"), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_come_in_any_order),
		cmocka_unit_test(after_two_dashes_everything_is_a_word),
		cmocka_unit_test(what_cannot_be_understood_is_said_with_a_mend),
		cmocka_unit_test(a_simple_verb_takes_what_it_names_and_no_more),
		cmocka_unit_test(distance_counts_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
