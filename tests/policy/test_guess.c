#include "policy/guess.h"

#include "../plan/build.h"
#include "plan/parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const tracked[] = { "docs/a.md", "src/a.c", "src/a.h", "src/b.c",
	"src/c.c" };
/* History knows one that is gone. */
static const char *const known[] = { "old.c", "src/a.c", "src/a.h", "src/b.c" };

/* a.c and a.h in 5 of 7, b.c with a.c in 3, old.c always. */
static struct cochange *
history_of_a(void)
{
	struct cochange *c = cochange_new(N_ELEMS(known));

	for (int i = 0; i < 7; i++) {
		int files[4] = { 0, 1, 2, 3 };
		size_t n = i < 5 ? (i < 3 ? 4 : 3) : 2;

		cochange_add(c, files, n);
	}
	cochange_seal(c);
	return c;
}

static struct guess_history
env_of(const struct cochange *cochange)
{
	return (struct guess_history){ known, N_ELEMS(known), cochange, tracked,
		N_ELEMS(tracked) };
}

static void
partners_come_surest_first_and_need_support(void **state)
{
	struct cochange *c = history_of_a();
	struct partner p[4];

	assert_int_equal(cochange_partners(c, 1, 0.1, p, 4), 3);
	assert_int_equal(p[0].path, 0);
	assert_int_equal(p[1].path, 2);
	assert_int_equal(p[1].n_both, 5);
	assert_int_equal(p[1].n_of, 7);
	assert_int_equal(cochange_partners(c, 1, 0.9, p, 4), 1);
	/* The same question again gives the same answer. */
	assert_int_equal(cochange_partners(c, 1, 0.1, p, 1), 1);
	assert_int_equal(p[0].path, 0);
	assert_int_equal(cochange_partners(c, 1, 0.1, p, 0), 0);
	cochange_free(c);
	c = cochange_new(2);
	cochange_add(c, (const int[]){ 0, 1 }, 2);
	cochange_seal(c);
	assert_int_equal(cochange_partners(c, 0, 0, p, 4), 0);
	cochange_free(c);
	/* No history at all. */
	c = cochange_new(0);
	cochange_seal(c);
	cochange_free(c);
}

static void
what_a_phase_forgot_is_what_history_changes_with_it(void **state)
{
	struct cochange *c = history_of_a();
	struct guess_history h = env_of(c);
	struct plan *plan = build_plan("1A writes=src/a.c\n1B writes=src/a.c+src/a.h\n"
				       "1C writes=src/\n1D research reads=src/a.c\n"
				       "1E repo=other writes=src/a.c");
	struct forgotten f[4];

	assert_int_equal(guesses_forgotten(&h, &plan->phase[0], NULL, 0.3, f, 4), 2);
	/* old.c is gone; a.h is surer than b.c. */
	assert_string_equal(f[0].path, "src/a.h");
	assert_string_equal(f[0].with, "src/a.c");
	assert_string_equal(f[1].path, "src/b.c");
	assert_int_equal(guesses_forgotten(&h, &plan->phase[1], NULL, 0.5, f, 4), 1);
	assert_string_equal(f[0].path, "src/b.c");
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(
		    guesses_forgotten(&h, &plan->phase[i], NULL, 0.1, f, 4), 0);
	plan_free(plan);
	cochange_free(c);
}

/* Issue 4, item 6: a word, never an order. */
static void
the_lint_is_a_warning_with_its_numbers(void **state)
{
	struct cochange *c = history_of_a();
	struct guess_history h = env_of(c);
	struct plan *plan = build_plan("1A writes=src/a.c\n1B writes=src/c.c");
	struct lint_list lints = { 0 };

	guesses_lint(plan, &h, &lints);
	assert_int_equal(lints.n, 1);
	assert_string_equal(lints.item[0].code, "L22");
	assert_int_equal(lints.item[0].level, 'W');
	assert_non_null(strstr(lints.item[0].message,
	    "src/a.h changes with src/a.c in 71 % of landings (5 of 7)"));
	lint_list_clear(&lints);
	plan_free(plan);
	cochange_free(c);
}

static void
names_of_functions_and_types_are_told_from_words(void **state)
{
	struct phase phase = { .focus = "Make parsePlan faster and keep store_open(), "
					"run() and `Widget` in src/a_b.c as they are",
		.deliverable = "" };
	static const char *const want[] = { "parsePlan", "store_open", "Widget" };
	struct text_list symbols;

	guesses_symbols(&phase, &symbols);
	assert_int_equal(symbols.n, N_ELEMS(want));
	for (size_t i = 0; i < N_ELEMS(want); i++)
		assert_string_equal(symbols.item[i].text, want[i]);
	guesses_symbols_clear(&symbols);
}

static void
paths_of_the_text_are_guessed_with_their_evidence(void **state)
{
	struct phase phase = { .focus = "Fix src/a.c and add src/new.c",
		.deliverable = "" };
	struct tree *tree = tree_new(tracked, N_ELEMS(tracked));
	struct guesses guesses = { 0 };
	AUTO_FREE char *all = NULL, *sure = NULL;

	guesses_from_text(tree, &phase, &guesses);
	guesses_sort(&guesses);
	all = guesses_bullets(&guesses, 0);
	sure = guesses_bullets(&guesses, 0.8);
	assert_string_equal(all, "- Writes: `src/a.c`\n- Creates: `src/new.c`\n");
	assert_string_equal(sure, "- Writes: `src/a.c`\n");
	assert_non_null(strstr(guesses.item[0].evidence, "named in the text"));
	guesses_clear(&guesses);
	tree_free(tree);
}

static void
the_surer_guess_on_a_path_stays(void **state)
{
	struct guesses guesses = { 0 };
	char path[] = "src/a.c", one[] = "one", two[] = "two";

	guesses_add(&guesses,
	    &(struct guess){ TOUCH_READS, GUESS_SYMBOL, path, NULL, one, 0.3 });
	guesses_add(
	    &guesses, &(struct guess){ TOUCH_WRITES, GUESS_RUN, path, NULL, two, 0.7 });
	guesses_add(&guesses,
	    &(struct guess){ TOUCH_WRITES, GUESS_HISTORY, path, NULL, one, 0.5 });
	assert_int_equal(guesses.n, 1);
	assert_string_equal(guesses.item[0].evidence, "two");
	assert_int_equal(guesses.item[0].touch, TOUCH_WRITES);
	guesses_clear(&guesses);
}

static void
patterns_name_odd_paths_alone(void **state)
{
	AUTO_FREE char *odd = guess_pattern("app/[id]/*.ts");

	assert_string_equal(odd, "app/\\[id\\]/\\*.ts");
	assert_null(guess_pattern("a`b"));
	assert_null(guess_pattern("a\nb"));
	assert_null(guess_pattern("a\377"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partners_come_surest_first_and_need_support),
		cmocka_unit_test(what_a_phase_forgot_is_what_history_changes_with_it),
		cmocka_unit_test(the_lint_is_a_warning_with_its_numbers),
		cmocka_unit_test(names_of_functions_and_types_are_told_from_words),
		cmocka_unit_test(paths_of_the_text_are_guessed_with_their_evidence),
		cmocka_unit_test(the_surer_guess_on_a_path_stays),
		cmocka_unit_test(patterns_name_odd_paths_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
