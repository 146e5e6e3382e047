#include "plan_text.h"

#include "plan/table.h"

static void
pipes_split_unless_escaped_or_in_a_code_span(void **state)
{
	static const struct {
		const char *row;
		size_t n_wanted, n;
		const char *cell[4];
	} rows[] = {
		{ "| a | b |", 0, 2, { "a", "b" } },
		{ "a | b", 0, 2, { "a", "b" } },
		{ "|a|b|c|", 0, 3, { "a", "b", "c" } },
		{ "| a \\| b | c |", 0, 2, { "a \\| b", "c" } },
		{ "| `a|b` | c |", 0, 2, { "`a|b`", "c" } },
		{ "| ``a`|b`` | c |", 0, 2, { "``a`|b``", "c" } },
		{ "| it`s | that`s |", 2, 2, { "it`s", "that`s" } },
		{ "|  | |", 0, 2, { "", "" } },
		{ "|", 0, 0, { NULL } },
		{ "\t| a\t|\tb |", 0, 2, { "a", "b" } },
	};
	struct cells cells = { 0 };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		cells_split(&cells, span_of(rows[i].row), rows[i].n_wanted);
		if (cells.n != rows[i].n)
			fail_msg("%s: %zu cells", rows[i].row, cells.n);
		for (size_t c = 0; c < cells.n; c++)
			assert_true(span_eq(cells.item[c], rows[i].cell[c]));
	}
	cells_clear(&cells);
}

static void
only_tables_of_the_plan_format_are_recognised(void **state)
{
	static const char text[] =
	    "## Notes\n\n| Phase | Colour |\n|---|:-:|\n| 1A | red |\n"
	    "\n## Phase map\n| ID | Focus |\n|--|--|\n| 1A | x |\n"
	    "| 1B | y |\nprose\n## Key Files\n| File | Purpose |\n"
	    "|--|--|\n```\n| a | b |\n|--|--|\n```\n";
	struct source *source = source_new(text, strlen(text));
	struct tables tables = { 0 };

	tables_find(source, &tables);
	assert_int_equal(tables.n, 3);
	assert_int_equal(tables.item[0].kind, TABLE_OTHER);
	assert_int_equal(tables.item[1].kind, TABLE_PHASES);
	assert_int_equal(tables.item[1].end - tables.item[1].head, 4);
	assert_int_equal(tables.item[2].kind, TABLE_FILES);
	tables_clear(&tables);
	source_free(source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipes_split_unless_escaped_or_in_a_code_span),
		cmocka_unit_test(only_tables_of_the_plan_format_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
