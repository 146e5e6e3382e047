#include "agent/wire.h"

#include "base/mem.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static bool
parses(const char *line)
{
	AUTO_JSON struct json_object *obj = wire_parse(
	    line, strlen(line), WIRE_MAX_BYTES);

	return obj != NULL;
}

static void
only_one_strict_object_is_a_message(void **state)
{
	static const char *const good[] = { "{}", " {\"a\":1} \r", "{\"a\":[1,2,{}]}" };
	static const char *const bad[] = { "", "x", "{", "[]", "1", "null", "{}{}",
		"{} x", "{'a':1}", "{\"a\":1,}", "{\"a\" 1}", "{/* */}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"x", "{\"a\":tru}",
		"{\"a\":\"x\ny\"}" };

	for (size_t i = 0; i < N_ELEMS(good); i++)
		assert_true(parses(good[i]));
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		if (parses(bad[i]))
			fail_msg("taken for a message: %s", bad[i]);
	}
}

static void
depth_and_size_are_bounded(void **state)
{
	AUTO_FREE char *deep = xcalloc(1, 200001);
	AUTO_FREE char *wide = xcalloc(1, 3 * WIRE_MAX_VALUES + 16);
	size_t n = 0;

	memset(deep, '[', 200000);
	memcpy(deep, "{\"a\":", 5);
	assert_false(parses(deep));
	n = (size_t)sprintf(wide, "{\"a\":[");
	for (size_t i = 0; i < WIRE_MAX_VALUES; i++, n += 3)
		memcpy(wide + n, "[],", 3);
	memcpy(wide + n, "[]]}", 5);
	assert_false(parses(wide));
	assert_null(wire_parse("{\"a\":1}", 7, 6));
}

static void
dollars_become_cents_without_binary_fractions(void **state)
{
	static const struct {
		const char *dollars;
		long cents;
	} rows[] = {
		/* clang-format off */
		{ "0",                       0 },
		{ "0.0",                     0 },
		{ "1",                     100 },
		{ "0.1",                    10 },
		{ "0.30000000000000004",    30 },
		{ "0.025279999999999997",    3 },
		{ "6.003400000000001",     601 },
		{ "0.29",                   29 },
		{ "1.15",                  115 },
		{ "0.010001",                2 },
		{ "0.0100001",               1 },
		{ "0.000001",                1 },
		{ "0.0000001",               0 },
		{ "1e-3",                    1 },
		{ "2.5E1",                2500 },
		{ "12e+2",              120000 },
		{ "9999999999.99", 999999999999 },
		{ "10000000000",            -1 },
		{ "1e400",                  -1 },
		{ "1e-400",                  0 },
		{ "-0.5",                   -1 },
		{ "NaN",                    -1 },
		{ "\"0.29\"",               29 },
		{ "\"\"",                   -1 },
		{ "\".\"",                  -1 },
		{ "\"1.2.3\"",              -1 },
		{ "\"1e\"",                 -1 },
		{ "\"1 dollar\"",           -1 },
		{ "true",                   -1 },
		{ "[1]",                    -1 },
		{ "null",                   -1 },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *line = xasprintf("{\"v\":%s}", rows[i].dollars);
		AUTO_JSON struct json_object *obj = wire_parse(line, strlen(line), 999);
		long cents = wire_cents(wire_get(obj, "v"));

		if (cents != rows[i].cents)
			fail_msg("%s gives %ld cents, not %ld", rows[i].dollars, cents,
			    rows[i].cents);
	}
}

static void
counts_that_lie_are_unknown(void **state)
{
	static const char line[] =
	    "{\"a\":7,\"b\":-1,\"c\":\"7\",\"d\":1e300,\"e\":41.9,\"f\":NaN}";
	AUTO_JSON struct json_object *obj = wire_parse(line, sizeof(line) - 1, 999);

	assert_non_null(obj);
	assert_int_equal(wire_count(obj, "a", -1), 7);
	assert_int_equal(wire_count(obj, "b", -1), -1);
	assert_int_equal(wire_count(obj, "c", -1), -1);
	assert_int_equal(wire_count(obj, "d", -1), -1);
	assert_int_equal(wire_count(obj, "e", -1), 41);
	assert_int_equal(wire_count(obj, "f", -1), -1);
	assert_int_equal(wire_count(obj, "none", 5), 5);
}

static void
nothing_hides_behind_a_nul(void **state)
{
	static const char line[] = "{\"a\":\"git status\\u0000; rm -rf ~\"}";
	AUTO_JSON struct json_object *obj = wire_parse(line, sizeof(line) - 1, 999);
	AUTO_FREE char *text = wire_text(wire_get(obj, "a"), 100);
	AUTO_FREE char *one = wire_line(wire_get(obj, "a"));

	assert_string_equal(text, "git status\xEF\xBF\xBD; rm -rf ~");
	assert_string_equal(one, text);
}

static void
long_text_is_cut_between_characters_and_says_so(void **state)
{
	AUTO_JSON struct json_object *value = json_object_new_string("ab\xC3\xA9zz");
	AUTO_FREE char *text = wire_text(value, 3);
	AUTO_FREE char *bytes = xcalloc(1, 401);
	AUTO_FREE char *one = NULL;

	assert_string_equal(text, "ab\n[cut: 4 more bytes]");
	for (int i = 0; i < 200; i++)
		memcpy(bytes + 2 * i, "\xC3\xA9", 2);
	bytes[0] = 'x'; /* no longer UTF-8 at the front */
	one = wire_line_of(bytes, 400);
	assert_true(strlen(one) <= WIRE_MAX_LINE + 3);
	free(one);
	memmove(
	    bytes, "y\xC3\xA9", 3); /* odd offset: the cut falls inside a character */
	bytes[3] = 'z';
	one = wire_line_of(bytes, 400);
	assert_true(strlen(one) <= WIRE_MAX_LINE + 3);
	assert_string_equal(one + strlen(one) - 3, "\xE2\x80\xA6");
	assert_int_equal(text_utf8_bad(one, strlen(one)), -1);
}

static void
one_line_has_no_line_ends_and_no_foreign_bytes(void **state)
{
	static const char bytes[] = "  a\r\n\tb \xff\x1b[31m\n";
	AUTO_FREE char *one = wire_line_of(bytes, sizeof(bytes) - 1);

	assert_string_equal(one, "a b ? [31m");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_strict_object_is_a_message),
		cmocka_unit_test(depth_and_size_are_bounded),
		cmocka_unit_test(dollars_become_cents_without_binary_fractions),
		cmocka_unit_test(counts_that_lie_are_unknown),
		cmocka_unit_test(nothing_hides_behind_a_nul),
		cmocka_unit_test(long_text_is_cut_between_characters_and_says_so),
		cmocka_unit_test(one_line_has_no_line_ends_and_no_foreign_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
