#include "cli/json_out.h"

#include "base/mem.h"
#include "plan/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* What WRITE writes, read back by a parser that takes nothing but JSON. */
static json_object *
read_back(void (*write)(struct json_out *json))
{
	struct json_tokener *tok = json_tokener_new();
	struct json_out json;
	json_object *object;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	json_out_init(&json, out);
	write(&json);
	fclose(out);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tok, text, -1);
	assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
	json_tokener_free(tok);
	free(text);
	return object;
}

static const char every_byte[] =
    "\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
    "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f !\"#$/09<>AZ[\\]az{}~\x7f \xc3\xa4 \xe2\x86\x92";

static void
write_strings(struct json_out *json)
{
	json_out_open(json, NULL, '{');
	json_out_str(json, "every", every_byte);
	json_out_str(json, "quo\"te", "");
	json_out_str(json, "none", NULL);
	json_out_str(json, "bad", "a\xff z");
	json_out_int(json, "low", -9223372036854775807LL - 1);
	json_out_close(json, '}');
}

static void
any_string_is_read_back_as_it_was(void **state)
{
	json_object *got = read_back(write_strings), *none = got;

	(void)state;
	assert_string_equal(
	    json_object_get_string(json_object_object_get(got, "every")), every_byte);
	assert_string_equal(
	    json_object_get_string(json_object_object_get(got, "quo\"te")), "");
	assert_true(json_object_object_get_ex(got, "none", &none));
	assert_null(none);
	assert_string_equal(json_object_get_string(json_object_object_get(got, "bad")),
	    "a\xef\xbf\xbd z");
	assert_true(
	    json_object_get_int64(json_object_object_get(got, "low")) == INT64_MIN);
	json_object_put(got);
}

static void
write_nested(struct json_out *json)
{
	json_out_open(json, NULL, '[');
	json_out_open(json, NULL, '[');
	json_out_close(json, ']');
	json_out_open(json, NULL, '{');
	json_out_open(json, "in", '[');
	json_out_value(json, NULL, NULL);
	json_out_int(json, NULL, 7);
	json_out_open(json, NULL, '{');
	json_out_close(json, '}');
	json_out_close(json, ']');
	json_out_value(json, "tree", json_object_new_boolean(true));
	json_out_close(json, '}');
	json_out_close(json, ']');
}

static void
values_nest_to_any_depth(void **state)
{
	json_object *got = read_back(write_nested);

	(void)state;
	assert_string_equal(json_object_to_json_string_ext(got, JSON_C_TO_STRING_PLAIN),
	    "[[],{\"in\":[null,7,{}],\"tree\":true}]");
	json_object_put(got);
}

static const char plan_text[] =
    "# Master Plan: x\n\n## Phase Map\n\n"
    "| Phase | Issues | Focus | Dependencies | Writes |\n|---|---|---|---|---|\n"
    "| 1A | [X-1](local:X-1) | one | None | `src/a.c` |\n"
    "| 1B | [X-2](local:X-2) | two | 1A | `src/b.c` |\n"
    "| 1C | [X-3](local:X-3) | three | None | `docs/c.md` |\n";

static bool spares;

static void
write_pairs(struct json_out *json)
{
	struct lint_list lints = { 0 };
	struct plan *plan = plan_parse(
	    "x.md", plan_text, strlen(plan_text), &lints, NULL);
	struct verdicts *verdicts = verdicts_new(plan, NULL);

	json_out_open(json, NULL, '{');
	json_out_pairs(json, "pairs", plan, verdicts, spares);
	json_out_close(json, '}');
	verdicts_free(verdicts);
	lint_list_clear(&lints);
	plan_free(plan);
}

static const char *
member(json_object *array, size_t i, const char *name)
{
	return json_object_get_string(
	    json_object_object_get(json_object_array_get_idx(array, i), name));
}

/* CONTRACTS 5: what an element of `pairs` holds. */
static void
a_pair_says_who_goes_first_and_why(void **state)
{
	json_object *got, *pairs;

	(void)state;
	spares = false;
	got = read_back(write_pairs);
	pairs = json_object_object_get(got, "pairs");
	assert_int_equal(json_object_array_length(pairs), 3);
	assert_string_equal(member(pairs, 0, "a"), "1A");
	assert_string_equal(member(pairs, 0, "b"), "1B");
	assert_string_equal(member(pairs, 0, "verdict"), "sequential");
	assert_string_equal(member(pairs, 0, "first"), "1A");
	assert_string_equal(member(pairs, 0, "question"), "1");
	assert_string_equal(member(pairs, 0, "kind"), "declared");
	assert_string_equal(member(pairs, 0, "reason"), "1B depends on 1A");
	assert_null(member(pairs, 0, "witness"));
	assert_string_equal(member(pairs, 1, "verdict"), "parallel");
	assert_null(member(pairs, 1, "question"));
	json_object_put(got);
}

static void
parallel_pairs_can_be_left_out(void **state)
{
	json_object *got;

	(void)state;
	spares = true;
	got = read_back(write_pairs);
	assert_int_equal(
	    json_object_array_length(json_object_object_get(got, "pairs")), 1);
	json_object_put(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_string_is_read_back_as_it_was),
		cmocka_unit_test(values_nest_to_any_depth),
		cmocka_unit_test(a_pair_says_who_goes_first_and_why),
		cmocka_unit_test(parallel_pairs_can_be_left_out),
	};

	return cmocka_run_group_tests_name("cli/json_out", tests, NULL, NULL);
}
