#include "cli/screen.h"

#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char *const header[] = { "Session", "Focus", "Branch" };

/* What sheet_print() writes for one row on a screen of WIDTH (0: a pipe). */
static char *
printed(int width, const char *focus, const char *note)
{
	char *text = NULL;
	size_t size = 0;
	struct screen screen = { .out = open_memstream(&text, &size),
		.width = width,
		.is_terminal = width > 0 };
	const char *cells[] = { "S-A", focus, "claude/x-1-y" };
	struct sheet sheet;

	sheet_init(&sheet, header, 3);
	sheet.n_narrow = 2;
	sheet_add(&sheet, cells, note);
	sheet_print(&sheet, &screen);
	sheet_clear(&sheet);
	fclose(screen.out);
	return text;
}

static void
a_pipe_gets_a_whole_markdown_table(void **state)
{
	AUTO_FREE char *text = printed(0, "Merge | queue", "not shown");

	assert_string_equal(text, "| Session | Focus         | Branch       |\n"
				  "|---------|---------------|--------------|\n"
				  "| S-A     | Merge \\| queue | claude/x-1-y |\n");
}

static void
a_narrow_terminal_gets_the_first_columns_and_notes(void **state)
{
	AUTO_FREE char *text = printed(30,
	    "A focus that is longer than the terminal is wide", "branch claude/x-1-y");
	struct span rest = span_of(text), line;

	assert_non_null(strstr(text, "branch claude/x-1-y"));
	assert_null(strstr(text, "|"));
	assert_non_null(strstr(text, "…"));
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		assert_true(text_width(one) <= 30);
	}
}

static void
cells_cannot_steer_the_terminal(void **state)
{
	AUTO_FREE char *text = printed(0, "a\x1b[2Jb\nc", NULL);

	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "a\\x1B[2Jb c"));
}

static void
cutting_never_breaks_a_character(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *cut;
	} cases[] = { { "short", 9, "short" }, { "exactly", 7, "exactly" },
		{ "too long", 5, "too …" }, { "ééééé", 3, "éé…" },
		{ "日本語", 4, "日…" }, { "", 3, "" } };

	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		AUTO_FREE char *cut = screen_cut(cases[i].text, cases[i].width);

		assert_string_equal(cut, cases[i].cut);
	}
	char *huge = xmalloc(1000001);

	memset(huge, 'x', 1000000);
	huge[1000000] = '\0';
	AUTO_FREE char *cut = screen_cut(huge, 10);

	free(huge);
	assert_int_equal(text_width(cut), 10);
}

static void
lines_are_broken_at_blanks_and_indented(void **state)
{
	char *text = NULL;
	size_t size = 0;
	struct screen screen = { .out = open_memstream(&text, &size), .width = 20 };

	screen_wrap(&screen, 4, 0, "one two three four five six");
	screen.width = 0;
	screen_wrap(&screen, 4, 0, "one two  three four five six");
	fclose(screen.out);
	assert_string_equal(
	    text, "one two three four\n    five six\none two three four five six\n");
	free(text);
}

static void
a_pipe_has_neither_colours_nor_width(void **state)
{
	struct screen screen;
	AUTO_FILE FILE *file = tmpfile();

	screen_init(&screen, file);
	assert_false(screen.is_terminal);
	assert_int_equal(screen.width, 0);
	assert_string_equal(screen_style(&screen, STYLE_BAD), "");
}

/* At 80 columns a long line is broken; one that fits, and one for a pipe, stand as they are. */
static void
a_line_that_does_not_fit_is_broken(void **state)
{
	static const struct {
		int width;
		const char *text, *want;
	} cases[] = {
		{ 0, "  event 21  12:00  approved", "  event 21  12:00  approved\n" },
		{ 40, "  event 21  12:00  approved", "  event 21  12:00  approved\n" },
		{ 20, "  event 21  12:00  approved",
		    "  event 21 12:00\n    approved\n" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		char *text = NULL;
		size_t size = 0;
		struct screen screen = { .out = open_memstream(&text, &size),
			.width = cases[i].width,
			.is_terminal = cases[i].width > 0 };

		screen_line(&screen, 4, cases[i].text);
		fclose(screen.out);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_gets_a_whole_markdown_table),
		cmocka_unit_test(a_narrow_terminal_gets_the_first_columns_and_notes),
		cmocka_unit_test(cells_cannot_steer_the_terminal),
		cmocka_unit_test(cutting_never_breaks_a_character),
		cmocka_unit_test(a_line_that_does_not_fit_is_broken),
		cmocka_unit_test(lines_are_broken_at_blanks_and_indented),
		cmocka_unit_test(a_pipe_has_neither_colours_nor_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
