#include "plan_text.h"

#include "plan/source.h"

static void
lines_are_classified_with_fences_and_comments(void **state)
{
	static const char text[] =
	    "# T\n\nprose\n```c\n# no\n```\n<!-- a -->\nx <!-- b\nc\n"
	    "d --> e\n#hash\n    # code\n~~~\nopen";
	static const enum line_kind kinds[] = { LINE_HEADING, LINE_BLANK, LINE_TEXT,
		LINE_CODE, LINE_CODE, LINE_CODE, LINE_COMMENT, LINE_TEXT, LINE_COMMENT,
		LINE_COMMENT, LINE_TEXT, LINE_TEXT, LINE_CODE, LINE_CODE };
	struct source *source = source_new(text, strlen(text));

	assert_int_equal(source->n_lines, N_ELEMS(kinds));
	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		if (source->line[i].kind != kinds[i])
			fail_msg("line %zu", i + 1);
	}
	assert_int_equal(source->open_fence, 13);
	assert_int_equal(source->open_comment, 0);
	source_free(source);
}

static void
places_count_lines_and_bytes_from_one(void **state)
{
	static const char text[] = "a\r\nbcd\n\ne";
	struct source *source = source_new(text, strlen(text));
	struct place at = source_place(source, source->clean + 5);

	assert_int_equal(at.line, 2);
	assert_int_equal(at.column, 3);
	assert_int_equal(source_eol(source, 0).n, 2);
	assert_int_equal(source_eol(source, 1).n, 1);
	assert_int_equal(source_eol(source, 3).n, 0);
	assert_int_equal(source_raw(source, 0).n, 1);
	source_free(source);
}

static void
code_spans_close_with_as_many_marks_as_they_open(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} rows[] = { { "`a`", 3 }, { "``a`b``c", 7 }, { "`a", 0 }, { "``a`", 0 },
		{ "a`b`", 0 }, { "", 0 }, { "`````````a`````````", 0 } };

	for (size_t i = 0; i < N_ELEMS(rows); i++)
		assert_int_equal(source_code_span(span_of(rows[i].text)), rows[i].n);
}

static void
indent_counts_a_tab_to_the_next_stop(void **state)
{
	assert_int_equal(source_indent(span_of("  x")), 2);
	assert_int_equal(source_indent(span_of("\tx")), 4);
	assert_int_equal(source_indent(span_of(" \tx")), 4);
	assert_int_equal(source_indent(span_of("x")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_classified_with_fences_and_comments),
		cmocka_unit_test(places_count_lines_and_bytes_from_one),
		cmocka_unit_test(code_spans_close_with_as_many_marks_as_they_open),
		cmocka_unit_test(indent_counts_a_tab_to_the_next_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
