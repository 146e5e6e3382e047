#include "plan_text.h"

#include "plan/section.h"

static void
headings_that_may_open_a_phase_are_taken_apart(void **state)
{
	static const struct {
		const char *line, *id, *focus;
	} rows[] = { { "### 1A: Focus", "1A", "Focus" }, { "## 1A", "1A", "" },
		{ "### Phase 1A: A: b", "1A", "A: b" },
		{ "### 1A - Focus", "1A", "Focus" },
		{ "### 1A — Focus ###", "1A", "Focus" }, { "### --x: y", "--x", "y" },
		{ "# 1A: title", NULL, NULL }, { "### some words", NULL, NULL },
		{ "text", NULL, NULL } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct source *source = source_new(rows[i].line, strlen(rows[i].line));
		struct span id, focus;
		bool is_heading = section_heading(source, 0, &id, &focus);

		if (is_heading != (rows[i].id != NULL))
			fail_msg("%s", rows[i].line);
		if (is_heading) {
			assert_true(span_eq(id, rows[i].id));
			assert_true(span_eq(focus, rows[i].focus));
		}
		source_free(source);
	}
}

static void
a_bullet_ends_where_its_indented_lines_end(void **state)
{
	static const char text[] =
	    "- a\n  b\n\n  - c\n\n- d\nlazy\n\ntext\n* e\n  ```\nx\n"
	    "  ```\n+ f\n1. no\n";
	static const struct {
		size_t line, end;
	} want[] = { { 0, 4 }, { 5, 7 }, { 9, 13 }, { 13, 14 } };
	struct source *source = source_new(text, strlen(text));
	struct bullet bullet;
	size_t line = 0, n = 0;

	while (bullet_next(source, source->n_lines, &line, &bullet)) {
		assert_true(n < N_ELEMS(want));
		assert_int_equal(bullet.line, want[n].line);
		assert_int_equal(bullet.end, want[n].end);
		n++;
	}
	assert_int_equal(n, N_ELEMS(want));
	source_free(source);
}

static void
segments_part_at_two_blanks_and_a_known_key(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *value[3];
	} rows[] = {
		{ "Mode: tdd", 1, { "tdd" } },
		{ "Mode: tdd  Agent: a", 2, { "tdd", "a" } },
		{ "Mode: tdd Agent: a", 1, { "tdd Agent: a" } },
		{ "Mode: tdd  Colour: a", 1, { "tdd  Colour: a" } },
		{ "Mode:   Agent: a\tRisk: high", 2, { "", "a\tRisk: high" } },
		{ "Verify: `x  Mode: tdd`  **Risk:** low", 2,
		    { "`x  Mode: tdd`", "low" } },
		{ "Colour: red", 0, { NULL } },
		{ "Session: s", 0, { NULL } },
		{ "", 0, { NULL } },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct span rest = span_of(rows[i].text);
		struct segment segment;
		size_t n = 0;

		while (segment_next(&rest, &segment)) {
			assert_true(n < rows[i].n);
			if (!span_eq(segment.value, rows[i].value[n]))
				fail_msg(
				    "%s: %.*s", rows[i].text, SPAN_FMT(segment.value));
			n++;
		}
		assert_int_equal(n, rows[i].n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_that_may_open_a_phase_are_taken_apart),
		cmocka_unit_test(a_bullet_ends_where_its_indented_lines_end),
		cmocka_unit_test(segments_part_at_two_blanks_and_a_known_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
