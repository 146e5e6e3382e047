#include "policy/footprint.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const files[] = { "CHANGELOG.md", "README.md", "docs/style.md",
	"lib/store.c", "lib/store.h", "src/api/routes.c", "src/main.c", "src/util.c",
	"tests/test_main.c" };

enum { WORK, LOOK };

/* What a task of one line proposes (A-4, DESIGN 4). */
static const struct {
	const char *text;
	int is_reading;
	const char *bullets;
} rows[] = {
	{ "Fix the crash in src/main.c", WORK, "- Writes: `src/main.c`\n" },
	{ "Fix the crash in src/main.c:12:4.", WORK, "- Writes: `src/main.c`\n" },
	{ "Add a cache to store.c (see docs/style.md)", WORK,
	    "- Reads: `docs/style.md`\n- Writes: `lib/store.c`\n" },
	{ "Create docs/guide.md following docs/style.md", WORK,
	    "- Reads: `docs/style.md`\n- Creates: `docs/guide.md`\n" },
	{ "Add src/retry.c and call it from src/main.c", WORK,
	    "- Writes: `src/main.c`\n- Creates: `src/retry.c`\n" },
	{ "Add tests for src/util.c in tests/test_util.c", WORK,
	    "- Writes: `src/util.c`\n- Creates: `tests/test_util.c`\n" },
	{ "Delete src/util.c", WORK, "- Deletes: `src/util.c`\n" },
	{ "Remove the old file lib/store.h and update README", WORK,
	    "- Writes: `README.md`\n- Deletes: `lib/store.h`\n" },
	{ "Remove dead code in src/util.c", WORK, "- Writes: `src/util.c`\n" },
	{ "Remove parse() from src/util.c", WORK, "- Writes: `src/util.c`\n" },
	{ "Rename src/util.c to src/tools.c", WORK,
	    "- Renames: `src/util.c` -> `src/tools.c`\n" },
	{ "Move src/util.c to lib/", WORK,
	    "- Renames: `src/util.c` -> `lib/util.c`\n" },
	{ "Move parse() from src/main.c to src/util.c", WORK,
	    "- Writes: `src/main.c`, `src/util.c`\n" },
	{ "Rename src/util.c", WORK, "- Writes: `src/util.c`\n" },
	{ "Append an entry to CHANGELOG", WORK, "- Appends: `CHANGELOG.md`\n" },
	{ "Document every route of `src/api/*.c` in `docs`", WORK,
	    "- Writes: `src/api/*.c`, `docs/`\n" },
	{ "Tidy the tests directory", WORK, "- Writes: `tests/`\n" },
	{ "Read docs/style.md and update src/main.c", WORK,
	    "- Reads: `docs/style.md`\n- Writes: `src/main.c`\n" },
	{ "Update src/main.c as described in docs/style.md; then src/main.c again",
	    WORK, "- Reads: `docs/style.md`\n- Writes: `src/main.c`\n" },
	{ "Explain the exit codes in README.md", WORK, "- Writes: `README.md`\n" },
	{ "Compare lib/store.c with src/util.c", LOOK,
	    "- Reads: `lib/store.c`, `src/util.c`\n" },
	{ "Write docs/report.md about lib/", LOOK,
	    "- Reads: `lib/`\n- Creates: `docs/report.md`\n" },
	{ "Fix the typo in src/mian.c", WORK, "" },
	{ "Port it to Node.js and/or Deno, e.g. today", WORK, "" },
	{ "Read ../secret and /etc/passwd, then --force", WORK, "" },
	{ "", WORK, "" },
	{ "`", WORK, "" },
	{ "``` ` `` src/main.c", WORK, "- Writes: `src/main.c`\n" },
};

static void
a_task_proposes_what_it_names(void **state)
{
	struct tree *tree = tree_new(files, N_ELEMS(files));

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct footprint footprint;

		footprint_propose(
		    tree, rows[i].text, rows[i].is_reading == LOOK, &footprint);
		AUTO_FREE char *bullets = footprint_bullets(&footprint);

		if (strcmp(bullets, rows[i].bullets) != 0)
			print_error("\"%s\" gives\n%s", rows[i].text, bullets);
		assert_string_equal(bullets, rows[i].bullets);
		footprint_clear(&footprint);
	}
	tree_free(tree);
}

static void
a_name_that_helps_nobody_is_told(void **state)
{
	static const char *const two[] = { "a/x.c", "b/x.c" };
	struct tree *tree = tree_new(two, N_ELEMS(two));
	struct footprint footprint;

	(void)state;
	footprint_propose(tree, "Fix x.c and src/mian.c", false, &footprint);
	assert_int_equal(footprint.n, 0);
	assert_string_equal(footprint.hint,
	    "x.c could be a/x.c, b/x.c; src/mian.c is not in the repository");
	footprint_clear(&footprint);
	tree_free(tree);
}

/* Promise 3: what is declared must not claim that nothing is written. */
static void
reading_alone_declares_no_work(void **state)
{
	struct tree *tree = tree_new(files, N_ELEMS(files));
	struct footprint footprint;

	(void)state;
	footprint_propose(tree, "Be faster, see docs/style.md", false, &footprint);
	assert_int_equal(footprint.n, 1);
	assert_false(footprint_is_enough(&footprint, false));
	assert_true(footprint_is_enough(&footprint, true));
	footprint_clear(&footprint);
	tree_free(tree);
}

static void
a_flood_of_names_is_bounded(void **state)
{
	struct tree *tree = tree_new(files, N_ELEMS(files));
	struct footprint footprint;
	char text[20000];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(text, sizeof(text), "create");
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " d/f%d.c", i);
	footprint_propose(tree, text, false, &footprint);
	assert_true(footprint.n <= 40);
	footprint_clear(&footprint);
	tree_free(tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_proposes_what_it_names),
		cmocka_unit_test(a_name_that_helps_nobody_is_told),
		cmocka_unit_test(reading_alone_declares_no_work),
		cmocka_unit_test(a_flood_of_names_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
