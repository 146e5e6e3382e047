#include "hook/scan.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Everything that was told, as "path=text;"; "!" after what was cut. */
struct told {
	FILE *f;
	char *text;
	size_t n;
};

static void
on_string(void *arg, const char *path, const char *text, bool is_whole)
{
	struct told *told = arg;

	fprintf(told->f, "%s=%s%s;", path, strlen(text) > 200 ? "long" : text,
	    is_whole ? "" : "!");
}

/* What is told of BYTES when they come in pieces of STEP; "" and *OVER false when broken. */
static char *
tell(const char *bytes, size_t n, size_t step, bool *over)
{
	struct told told = { 0 };
	struct scan scan;
	bool is_sound = true;

	told.f = open_memstream(&told.text, &told.n);
	scan_init(&scan, on_string, &told);
	for (size_t i = 0; i < n && is_sound; i += step)
		is_sound = scan_feed(&scan, bytes + i, n - i < step ? n - i : step);
	*over = is_sound && scan_is_over(&scan);
	scan_clear(&scan);
	fclose(told.f);
	return told.text;
}

static const char call[] =
    "{\"hook_event_name\":\"PreToolUse\",\"n\":-1.5e3,\"none\":null,\"is\":true,"
    "\"tool_name\":\"Write\",\"tool_input\":{\"file_path\":\"/a/\\u00e9\\n\\\"b\\\\\","
    "\"edits\":[{\"old\":\"x\"},[\"y\"]],\"command\":[\"bash\",\"-lc\",\"ls\"]},"
    "\"x\":{\"y\":{\"z\":\"deep\"}}, \"cwd\" : \"/\\ud83d\\ude00\" }";
static const char call_told[] =
    "hook_event_name=PreToolUse;tool_name=Write;tool_input.file_path=/a/\303\251\n\"b\\;"
    "tool_input.command=bash;tool_input.command=-lc;tool_input.command=ls;"
    "cwd=/\360\237\230\200;";

static void
strings_are_told_with_the_names_that_lead_to_them(void **state)
{
	bool over;
	AUTO_FREE char *told = tell(call, sizeof(call) - 1, sizeof(call), &over);

	(void)state;
	assert_string_equal(told, call_told);
	assert_true(over);
}

static void
pieces_of_any_size_tell_the_same(void **state)
{
	(void)state;
	for (size_t step = 1; step < sizeof(call); step++) {
		bool over;
		AUTO_FREE char *told = tell(call, sizeof(call) - 1, step, &over);

		assert_string_equal(told, call_told);
		assert_true(over);
	}
}

static void
a_call_cut_at_any_byte_is_not_over(void **state)
{
	(void)state;
	for (size_t n = 0; n + 1 < sizeof(call); n++) {
		bool over;
		AUTO_FREE char *told = tell(call, n, sizeof(call), &over);

		assert_false(over);
		assert_int_equal(strncmp(told, call_told, strlen(told)), 0);
	}
}

static void
what_is_no_json_is_said_to_be_none(void **state)
{
	static const char *const rows[] = { "", "{", "}", "[}", "{]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{,}", "[,]", "{\"a\":\"\\x\"}",
		"{\"a\":\"\\u00g0\"}", "{\"a\":\"\n\"}", "{'a':1}", "{\"a\":1}{",
		"{\"a\":1} x", "[1 2]", "hello", "{\"a\" \"b\"}", "{1:2}" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		bool over;
		AUTO_FREE char *told = tell(rows[i], strlen(rows[i]), 3, &over);

		if (over)
			fail_msg("taken for JSON: %s", rows[i]);
	}
}

static void
half_a_pair_of_code_units_is_shown_as_such(void **state)
{
	static const char text[] =
	    "{\"a\":\"\\ud83d.\",\"b\":\"\\ude00\",\"c\":\"\\ud83d\\ud83d\\ude00\","
	    "\"d\":\"\\ud83d\"}";
	bool over;
	AUTO_FREE char *told = tell(text, sizeof(text) - 1, 5, &over);

	(void)state;
	assert_string_equal(told, "a=\357\277\275.;b=\357\277\275;c=\357\277\275"
				  "\360\237\230\200;d=\357\277\275;");
	assert_true(over);
}

static void
a_nul_is_told_as_not_whole(void **state)
{
	static const char text[] = "{\"a\":\"x\\u0000y\"}";
	bool over;
	AUTO_FREE char *told = tell(text, sizeof(text) - 1, 64, &over);

	(void)state;
	assert_string_equal(told, "a=x!;");
}

/* A file of 64 MB goes by in pieces, and what comes behind it is told. */
static void
sixty_four_megabytes_go_by(void **state)
{
	static const char head[] = "{\"tool_input\":{\"content\":\"";
	static const char tail[] = "\",\"file_path\":\"/a\"}}";
	enum { PIECE = 1 << 16, PIECES = 1024 };
	AUTO_FREE char *piece = xcalloc(1, PIECE);
	struct told told = { 0 };
	struct scan scan;

	(void)state;
	memset(piece, 'x', PIECE);
	told.f = open_memstream(&told.text, &told.n);
	scan_init(&scan, on_string, &told);
	assert_true(scan_feed(&scan, head, sizeof(head) - 1));
	for (int i = 0; i < PIECES; i++)
		assert_true(scan_feed(&scan, piece, PIECE));
	assert_true(scan_feed(&scan, tail, sizeof(tail) - 1));
	assert_true(scan_is_over(&scan));
	scan_clear(&scan);
	fclose(told.f);
	assert_string_equal(
	    told.text, "tool_input.content=long!;tool_input.file_path=/a;");
	free(told.text);
}

static void
nesting_is_bounded(void **state)
{
	char deep[2 * SCAN_DEPTH + 3];
	bool over;

	(void)state;
	for (size_t n = SCAN_DEPTH - 1; n <= SCAN_DEPTH + 1; n++) {
		AUTO_FREE char *told = NULL;

		memset(deep, '[', n);
		memset(deep + n, ']', n);
		told = tell(deep, 2 * n, sizeof(deep), &over);
		assert_int_equal(over, n <= SCAN_DEPTH);
	}
}

static void
a_name_that_is_too_long_is_nobodys(void **state)
{
	char text[1024];
	bool over;
	AUTO_FREE char *told = NULL;

	(void)state;
	memset(text, 'k', sizeof(text));
	memcpy(text, "{\"", 2);
	snprintf(text + 900, 100, "\":\"v\",\"b\":\"w\"}");
	told = tell(text, strlen(text), 7, &over);
	assert_true(over);
	assert_string_equal(told, "=v;b=w;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_told_with_the_names_that_lead_to_them),
		cmocka_unit_test(pieces_of_any_size_tell_the_same),
		cmocka_unit_test(a_call_cut_at_any_byte_is_not_over),
		cmocka_unit_test(what_is_no_json_is_said_to_be_none),
		cmocka_unit_test(half_a_pair_of_code_units_is_shown_as_such),
		cmocka_unit_test(a_nul_is_told_as_not_whole),
		cmocka_unit_test(sixty_four_megabytes_go_by),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(a_name_that_is_too_long_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
