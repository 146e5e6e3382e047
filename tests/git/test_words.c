#include "sandbox.h"

#include "base/mem.h"
#include "git/words.h"

#include <string.h>

static struct repo repo;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	return sandbox_teardown(state);
}

static struct word_hits
find(const char *word)
{
	struct err err = ERR_INIT;
	struct word_hits hits;

	assert_ok(words_find(&repo, &word, 1, &hits, &err), &err);
	return hits;
}

static void
definitions_are_told_from_uses(void **state)
{
	static const struct {
		const char *line;
		bool is_definition;
	} table[] = {
		{ "static int parse_it(void) {", true },
		{ "parse_it(const char *s)", true },
		{ "def parse_it(self):", true },
		{ "export function parse_it() {", true },
		{ "#define parse_it 3", true },
		{ "struct parse_it {", true },
		{ "\treturn parse_it(s);", false },
		{ "x = parse_it(s)", false },
		{ "int parse_it(void);", false },
		{ "my_parse_it(3)", false },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct word_hits hits;

		sh("cd repo && cat >f.c <<'END'\n%s\nEND\ngit add f.c", table[i].line);
		hits = find("parse_it");
		if ((hits.n > 0 && hits.item[0].is_definition) !=
		    table[i].is_definition)
			fail_msg("%s", table[i].line);
		words_clear(&hits);
	}
}

static void
every_file_is_told_once_with_its_lines(void **state)
{
	struct word_hits hits;

	sh("cd repo && printf 'use(my_word);\\nmy_word\\n' >'odd name' && "
	   "printf 'my_word\\n' >dir/z && git add .");
	hits = find("my_word");
	assert_int_equal(hits.n, 2);
	assert_string_equal(hits.item[0].path, "dir/z");
	assert_string_equal(hits.item[1].path, "odd name");
	assert_int_equal(hits.item[1].n_lines, 2);
	words_clear(&hits);
	hits = find("nobody_says_this");
	assert_int_equal(hits.n, 0);
	words_clear(&hits);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(definitions_are_told_from_uses),
		CASE(every_file_is_told_once_with_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
