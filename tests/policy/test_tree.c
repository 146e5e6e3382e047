#include "policy/tree.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Sorted as git gives them. */
static const char *const files[] = { ".github/workflows/ci.yml", "CHANGELOG.md",
	"Makefile", "README.md", "app/[id]/page.tsx", "docs/api/index.md",
	"docs/index.md", "docs/style.md", "lib/store.c", "lib/store.h",
	"src/api/routes.c", "src/api/routes.h", "src/main.c", "tests/test_main.c" };

static const struct {
	const char *claim, *word;
	unsigned flags;
	enum tree_kind kind;
	const char *path;
} rows[] = {
	{ "an exact path", "src/main.c", 0, TREE_FILE, "src/main.c" },
	{ "a dot and a slash in front", "./src//main.c", 0, TREE_FILE, "src/main.c" },
	{ "a file name that only one file has", "store.c", 0, TREE_FILE,
	    "lib/store.c" },
	{ "the end of a path", "api/routes.h", 0, TREE_FILE, "src/api/routes.h" },
	{ "a file without an ending", "Makefile", 0, TREE_FILE, "Makefile" },
	{ "README without its ending", "README", 0, TREE_FILE, "README.md" },
	{ "a directory with a slash", "docs/", 0, TREE_DIR, "docs/" },
	{ "a directory of two parts", "src/api", 0, TREE_DIR, "src/api/" },
	{ "an ordinary word is no directory", "tests", 0, TREE_NOTHING, NULL },
	{ "but one in backquotes is", "tests", TREE_QUOTED, TREE_DIR, "tests/" },
	{ "a pattern", "src/**/*.c", 0, TREE_PATTERN, "src/**/*.c" },
	{ "a pattern that matches nothing", "src/*.rs", 0, TREE_NOTHING, NULL },
	{ "stars that stress a word", "**main**", 0, TREE_NOTHING, NULL },
	{ "a pattern in backquotes", "*.md", TREE_QUOTED, TREE_PATTERN, "*.md" },
	{ "everything is nothing in particular", "**", TREE_QUOTED, TREE_NOTHING,
	    NULL },
	{ "two files of one name", "index.md", 0, TREE_AMBIGUOUS,
	    "docs/api/index.md, docs/index.md" },
	{ "a name with brackets is no class", "app/[id]/page.tsx", 0, TREE_FILE,
	    "app/\\[id\\]/page.tsx" },
	{ "a path that is not there", "docs/new.md", 0, TREE_ABSENT, "docs/new.md" },
	{ "a directory that is not there", "src/new/", 0, TREE_ABSENT, "src/new/" },
	{ "a product is no file", "Node.js", 0, TREE_NOTHING, NULL },
	{ "an abbreviation is no file", "e.g", 0, TREE_NOTHING, NULL },
	{ "two words with a slash", "and/or", 0, TREE_NOTHING, NULL },
	{ "an address", "https://example.org/src/main.c", 0, TREE_NOTHING, NULL },
	{ "a path that leaves (S-13)", "../src/main.c", 0, TREE_NOTHING, NULL },
	{ "a path that leaves inside", "src/../../x.c", 0, TREE_NOTHING, NULL },
	{ "an absolute path", "/etc/passwd", 0, TREE_NOTHING, NULL },
	{ "a home", "~/x.md", 0, TREE_NOTHING, NULL },
	{ "an option", "--file=x.c", 0, TREE_NOTHING, NULL },
	{ "git's own directory", ".git/config", 0, TREE_NOTHING, NULL },
	{ "a control character", "src/\033[31m.c", TREE_QUOTED, TREE_NOTHING, NULL },
	{ "the end of a comment", "src/-->.c", TREE_QUOTED, TREE_NOTHING, NULL },
	{ "nothing", "", 0, TREE_NOTHING, NULL },
	{ "a slash", "/", 0, TREE_NOTHING, NULL },
	{ "a dot", ".", 0, TREE_NOTHING, NULL },
	{ "unbalanced braces", "src/{a,b", 0, TREE_NOTHING, NULL },
};

static void
every_word_means_what_the_repository_says(void **state)
{
	struct tree *tree = tree_new(files, N_ELEMS(files));

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct tree_hit hit = tree_find(tree, rows[i].word, rows[i].flags);

		if (hit.kind != rows[i].kind)
			print_error("%s: kind %d\n", rows[i].claim, (int)hit.kind);
		assert_int_equal(hit.kind, rows[i].kind);
		if (rows[i].path)
			assert_string_equal(hit.path, rows[i].path);
		else
			assert_null(hit.path);
		tree_hit_clear(&hit);
	}
	tree_free(tree);
}

static void
a_repository_without_files_has_no_paths(void **state)
{
	struct tree *tree = tree_new(NULL, 0);
	struct tree_hit hit = tree_find(tree, "src/main.c", 0);

	(void)state;
	assert_int_equal(hit.kind, TREE_ABSENT);
	tree_hit_clear(&hit);
	hit = tree_find(tree, "**", 0);
	assert_int_equal(hit.kind, TREE_NOTHING);
	tree_hit_clear(&hit);
	tree_free(tree);
}

static void
a_long_word_is_no_path(void **state)
{
	struct tree *tree = tree_new(files, N_ELEMS(files));
	char word[4096];

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	memcpy(word + sizeof(word) - 4, ".md", 4);

	struct tree_hit hit = tree_find(tree, word, 0);

	assert_int_equal(hit.kind, TREE_NOTHING);
	tree_hit_clear(&hit);
	tree_free(tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_means_what_the_repository_says),
		cmocka_unit_test(a_repository_without_files_has_no_paths),
		cmocka_unit_test(a_long_word_is_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
