#include "base/text.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
spans_are_taken_apart_without_copying(void **state)
{
	struct span rest = span_of("a,,b c,"), field;
	static const char *const fields[] = { "a", "", "b c", "" };

	for (size_t i = 0; i < N_ELEMS(fields); i++) {
		assert_true(span_next(&rest, ',', &field));
		assert_true(span_eq(field, fields[i]));
	}
	assert_false(span_next(&rest, ',', &field));
	rest = span_of("");
	assert_true(span_next(&rest, ',', &field));
	assert_int_equal(field.n, 0);
	assert_false(span_next(&rest, ',', &field));
	rest = span_of(NULL);
	assert_false(span_next(&rest, ',', &field));
}

static void
spans_compare_as_texts_do(void **state)
{
	assert_true(span_eq(span_trim(span_of(" \t a b \r\n")), "a b"));
	assert_true(span_eq(span_trim(span_of(" \t ")), ""));
	assert_true(span_eq_nocase(SPAN_LIT("Depends On"), "depends on"));
	assert_false(span_eq(SPAN_LIT("abc"), "ab"));
	assert_false(span_eq(SPAN_LIT("ab"), "abc"));
	assert_true(span_starts(SPAN_LIT("api:x"), "api:"));
	assert_true(span_starts(SPAN_LIT("x"), ""));
	assert_false(span_starts(SPAN_LIT("ap"), "api:"));
	assert_true(span_eq((struct span){ NULL, 0 }, ""));
}

static void
utf8_is_judged_as_the_standard_does(void **state)
{
	static const struct {
		const char *text;
		long bad;
	} rows[] = {
		{ "", -1 },
		{ "plain", -1 },
		{ "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xB5", -1 },
		{ "\xF4\x8F\xBF\xBF", -1 },
		{ "a\x80", 1 },            /* continuation alone */
		{ "\xC0\xAF", 0 },         /* overlong */
		{ "\xE0\x80\xAF", 0 },     /* overlong */
		{ "\xF0\x80\x80\xAF", 0 }, /* overlong */
		{ "\xED\xA0\x80", 0 },     /* surrogate */
		{ "\xF4\x90\x80\x80", 0 }, /* above 10FFFF */
		{ "\xF8\x88\x80\x80\x80", 0 },
		{ "ab\xE2\x82", 2 }, /* cut off */
		{ "\xC3", 0 },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++)
		assert_int_equal(
		    text_utf8_bad(rows[i].text, strlen(rows[i].text)), rows[i].bad);
}

static void
text_of_strangers_never_steers_the_terminal(void **state)
{
	/* DESIGN 12 */
	static const struct {
		const char *text, *shown;
		bool has_controls;
	} rows[] = {
		{ "plain caf\xC3\xA9", "plain caf\xC3\xA9", false },
		{ "a\tb\nc", "a b c", false },
		{ "\x1B[31mred", "\\x1B[31mred", true },
		{ "a\rb", "a\\x0Db", true },
		{ "\x7F", "\\x7F", true },
		{ "\xC2\x9B"
		  "31m",
		    "\\u{009B}31m", true }, /* C1 CSI */
		{ "\xE2\x80\xAE"
		  "abc",
		    "\\u{202E}abc", true }, /* override */
		{ "\xE2\x81\xA6"
		  "abc",
		    "\\u{2066}abc", true }, /* isolate */
		{ "\xD8\x9C"
		  "abc",
		    "\\u{061C}abc", true }, /* Arabic mark */
		{ "\xEF\xBB\xBF"
		  "abc",
		    "\\u{FEFF}abc", true },
		{ "bad \xFF byte", "bad \\xFF byte", true },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *shown = text_show(rows[i].text, true);

		assert_string_equal(shown, rows[i].shown);
		assert_int_equal(text_has_controls(rows[i].text), rows[i].has_controls);
		assert_int_equal(
		    text_width(rows[i].text), text_width(shown)); /* as it is shown */
	}
}

static void
lines_stay_lines_where_they_may(void **state)
{
	AUTO_FREE char *shown = text_show("a\tb\nc", false);

	assert_string_equal(shown, "a\tb\nc");
}

static void
columns_are_those_of_a_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} rows[] = {
		{ "", 0 }, { "abc", 3 }, { "caf\xC3\xA9", 4 },
		{ "cafe\xCC\x81", 4 },             /* combining accent */
		{ "\xE6\x97\xA5\xE6\x9C\xAC", 4 }, /* two ideographs */
		{ "\xF0\x9F\x8E\xB5", 2 },         /* emoji */
		{ "\xE2\x98\x80\xEF\xB8\x8F", 1 }, /* variation selector */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++)
		assert_int_equal(text_width(rows[i].text), rows[i].width);
}

static void
slugs_follow_the_table(void **state)
{
	/* SPEC 8.7 */
	static const struct {
		const char *text, *slug;
	} rows[] = {
		{ "Dispatch rules", "dispatch-rules" },
		{ "R\xC3\xA9sum\xC3\xA9 / v2.0 \xE2\x80\x94 \xC3\x9C"
		  "berblick",
		    "resume-v2-0-uberblick" },
		{ "--a--b--", "a-b" },
		{ "It's done", "its-done" },
		{ "Stra\xC3\x9F"
		  "e \xC3\x86on \xC5\x93uvre",
		    "strasse-aeon-oeuvre" },
		{ "\xC5\x81\xC3\xB3"
		  "d\xC5\xBA",
		    "lodz" },
		{ "e\xCC\x81t\xC3\xA9", "ete" },
		{ "\xE6\x97\xA5\xE6\x9C\xAC", "" },
		{ "../../etc", "etc" },
		{ "a\xFFz", "a-z" },
		{ "!!!", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *slug = text_slug(rows[i].text, 50);

		assert_string_equal(slug, rows[i].slug);
	}
}

static void
a_long_slug_is_cut_without_a_hyphen_at_its_end(void **state)
{
	AUTO_FREE char *a = text_slug("abc def ghi", 4);
	AUTO_FREE char *b = text_slug("abc def ghi", 5);
	AUTO_FREE char *c = text_slug("abc def ghi", 0);

	assert_string_equal(a, "abc");
	assert_string_equal(b, "abc-d");
	assert_string_equal(c, "");
}

static void
a_shell_reads_back_what_was_quoted(void **state)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "plain/path-1.c", "plain/path-1.c" },
		{ "", "''" },
		{ "two words", "'two words'" },
		{ "it's", "'it'\\''s'" },
		{ "$(rm -rf)", "'$(rm -rf)'" },
		{ "~", "'~'" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *quoted = text_shell_quote(rows[i].text);

		assert_string_equal(quoted, rows[i].quoted);
	}
}

static void
money_and_age_read_well(void **state)
{
	static const struct {
		long cents;
		const char *text;
	} money[] = { { 500, "$5" }, { 40, "$0.40" }, { 1234, "$12.34" }, { 0, "$0" },
		{ 5, "$0.05" }, { -1, "-" } };
	static const struct {
		int64_t ms;
		const char *text;
	} ages[] = { { 0, "0 s" }, { 6999, "6 s" }, { 59999, "59 s" },
		{ 60000, "1 min" }, { 720000, "12 min" }, { 3599999, "59 min" },
		{ 11100000, "3 h 05 min" }, { 86399999, "23 h 59 min" },
		{ 187200000, "2 d 4 h" }, { -5, "0 s" } };

	for (size_t i = 0; i < N_ELEMS(money); i++) {
		AUTO_FREE char *text = text_dollars(money[i].cents);

		assert_string_equal(text, money[i].text);
	}
	for (size_t i = 0; i < N_ELEMS(ages); i++) {
		AUTO_FREE char *text = text_age(ages[i].ms);

		assert_string_equal(text, ages[i].text);
	}
}

static void
times_are_utc(void **state)
{
	char buf[32];

	assert_string_equal(
	    text_time(1764000000999, buf, sizeof(buf)), "2025-11-24T16:00:00Z");
	assert_string_equal(text_time(0, buf, sizeof(buf)), "1970-01-01T00:00:00Z");
	assert_string_equal(text_time(0, buf, 5), "-");
}

static void
a_number_is_taken_up_to_its_limit_or_left(void **state)
{
	static const struct {
		const char *text;
		bool is_taken;
		int number;
		const char *rest;
	} cases[] = {
		{ "80 24", true, 80, " 24" },
		{ "  7x", true, 7, "x" },
		{ "0", true, 0, "" },
		{ "100", true, 100, "" },
		{ "101", false, 0, "101" },
		{ "99999999999999999999", false, 0, "99999999999999999999" },
		{ "-1", false, 0, "-1" },
		{ " x", false, 0, " x" },
		{ "", false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].text;
		int number = 0;

		assert_int_equal(
		    text_take_number(&at, 100, &number), cases[i].is_taken);
		assert_int_equal(number, cases[i].number);
		assert_string_equal(at, cases[i].rest);
	}
}

static void
json_is_modest_when_it_costs_little_and_is_spelt_as_json(void **state)
{
	(void)state;
	assert_true(text_json_is_modest("[1,2,3]", 7, 3));
	assert_false(text_json_is_modest("[1,2,3]", 7, 2));
	assert_true(text_json_is_modest("[\",,,,'\"]", 9, 1));
	assert_true(text_json_is_modest("[\"\\\",,,\"]", 9, 1));
	assert_false(text_json_is_modest("{'a':1}", 7, 10));
	assert_false(text_json_is_modest("[\"\n\"]", 5, 10));
	assert_true(text_json_is_modest("", 0, 0));
}

static void
words_are_joined_with_something_between(void **state)
{
	static const char *const word[] = { "one", "", "two" };
	AUTO_FREE char *all = text_join(word, 3, ", ");
	AUTO_FREE char *none = text_join(word, 0, ", ");

	(void)state;
	assert_string_equal(all, "one, , two");
	assert_string_equal(none, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    json_is_modest_when_it_costs_little_and_is_spelt_as_json),
		cmocka_unit_test(a_number_is_taken_up_to_its_limit_or_left),
		cmocka_unit_test(spans_are_taken_apart_without_copying),
		cmocka_unit_test(spans_compare_as_texts_do),
		cmocka_unit_test(utf8_is_judged_as_the_standard_does),
		cmocka_unit_test(text_of_strangers_never_steers_the_terminal),
		cmocka_unit_test(lines_stay_lines_where_they_may),
		cmocka_unit_test(columns_are_those_of_a_terminal),
		cmocka_unit_test(slugs_follow_the_table),
		cmocka_unit_test(a_long_slug_is_cut_without_a_hyphen_at_its_end),
		cmocka_unit_test(a_shell_reads_back_what_was_quoted),
		cmocka_unit_test(money_and_age_read_well),
		cmocka_unit_test(times_are_utc),
		cmocka_unit_test(words_are_joined_with_something_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
