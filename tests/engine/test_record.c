#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/record.h"
#include "policy/refusal.h"

/* Happenings and acts as JSON: the journal's data, and what jobs exchange. */

static void
comes_back(const struct fields *f)
{
	struct fields back = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *json = fields_to_json(f);
	AUTO_FREE char *again = NULL;

	assert_int_equal(fields_of_json(&back, json, &err), 0);
	assert_int_equal(back.n, f->n);
	for (size_t i = 0; i < f->n; i++) {
		const struct field *a = &f->item[i], *b = &back.item[i];

		assert_string_equal(a->name, b->name);
		assert_int_equal(!a->text, !b->text);
		if (a->text)
			assert_string_equal(a->text, b->text);
		else
			assert_true(a->number == b->number);
	}
	again = fields_to_json(&back);
	assert_string_equal(json, again);
	fields_clear(&back);
}

/* Promise 8: what is written is what is read, in the same order. */
static void
every_field_comes_back_as_it_was(void **state)
{
	static const char *const texts[] = { "", "plain", "a \"quote\" and a \\",
		"tab\there\nline", "\x01\x1f\x7f", "/slash/",
		"caf\xc3\xa9 \xe2\x82\xac", "\xf0\x9f\x98\x80", "{\"follows\":true}",
		"12", "null", "%s%n" };
	static const int64_t numbers[] = { 0, -1, 1, INT64_MAX, INT64_MIN,
		1700000000000 };
	struct fields f = { 0 };
	char name[16];

	(void)state;
	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		fields_set(&f, name, texts[i]);
	}
	for (size_t i = 0; i < N_ELEMS(numbers); i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		fields_set_number(&f, name, numbers[i]);
	}
	comes_back(&f);
	fields_clear(&f);
	comes_back(&f);
}

/* A row that cannot be read back would be lost to the replay. */
static void
no_bytes_make_a_row_that_cannot_be_read(void **state)
{
	struct fields f = { 0 };
	char text[257];

	(void)state;
	for (int i = 1; i < 256; i++)
		text[i - 1] = (char)i;
	text[255] = '\0';
	fields_set(&f, "every byte", text);
	comes_back(&f);
	for (int i = 1; i < 256; i++) {
		char one[3] = { (char)i, (char)(i * 7 % 256), '\0' };

		fields_set(&f, "t", one);
		comes_back(&f);
	}
	fields_clear(&f);
}

static void
a_long_text_comes_back(void **state)
{
	struct fields f = { 0 };
	char *text = xcalloc(1, (1 << 20) + 1);

	(void)state;
	memset(text, '\n', 1 << 20);
	fields_set(&f, "plan_text", text);
	comes_back(&f);
	fields_clear(&f);
	free(text);
}

static void
truth_and_nothing_are_understood(void **state)
{
	struct fields f = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    fields_of_json(&f, "{\"a\":true,\"b\":false,\"c\":null}", &err), 0);
	assert_int_equal(f.n, 2);
	assert_int_equal(fields_number(&f, "a", 7), 1);
	assert_int_equal(fields_number(&f, "b", 7), 0);
	fields_clear(&f);
}

/* Prices are cents and lists are numbered fields: nothing else is in the journal. */
static void
what_is_no_flat_object_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "{", "[]", "1", "\"a\"", "null",
		"{\"a\":1.5}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":1} x", "{\"a\":1,}",
		"{\"a\":\"\xff\"}", "{\"a\":nan}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct fields f = { 0 };
		struct err err = ERR_INIT;

		if (fields_of_json(&f, bad[i], &err) == 0)
			fail_msg("%s is understood", bad[i]);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_true(err.text[0] != '\0');
		fields_clear(&f);
	}
}

static void
the_last_of_two_fields_of_one_name_counts(void **state)
{
	struct fields f = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(fields_of_json(&f, "{\"a\":1,\"a\":\"x\"}", &err), 0);
	assert_int_equal(f.n, 1);
	assert_string_equal(fields_text(&f, "a"), "x");
	fields_clear(&f);
}

static void
an_error_crosses_from_a_job_with_its_rule(void **state)
{
	struct fields f = { 0 };
	struct err in = ERR_INIT, out = ERR_INIT;

	(void)state;
	refuse(&in, "G11", "no table has the hash %s", "abc");
	err_fix(&in, "divisi dispatch PLAN");
	fields_put_err(&f, &in);
	comes_back(&f);
	assert_true(fields_get_err(&f, &out));
	assert_int_equal(out.kind, ERR_REFUSED);
	assert_string_equal(out.text, in.text);
	assert_string_equal(out.fix, "divisi dispatch PLAN");
	assert_string_equal(out.code, "G11");
	assert_string_equal(out.rule, "S-80");
	fields_clear(&f);
}

static void
every_kind_of_error_crosses(void **state)
{
	(void)state;
	for (int k = 1; k < ERR_N_KINDS; k++) {
		struct fields f = { 0 };
		struct err in = ERR_INIT, out = ERR_INIT;

		err_set(&in, (enum err_kind)k, "what %d%%", k);
		fields_put_err(&f, &in);
		assert_true(fields_get_err(&f, &out));
		assert_int_equal(out.kind, k);
		assert_string_equal(out.text, in.text);
		assert_string_equal(out.fix, "");
		assert_null(out.code);
		fields_clear(&f);
	}
}

static void
an_answer_without_error_is_none(void **state)
{
	struct fields f = { 0 };
	struct err out = ERR_INIT;

	(void)state;
	fields_set(&f, "text", "fine");
	assert_false(fields_get_err(&f, &out));
	assert_int_equal(out.kind, ERR_NONE);
	fields_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back_as_it_was),
		cmocka_unit_test(no_bytes_make_a_row_that_cannot_be_read),
		cmocka_unit_test(a_long_text_comes_back),
		cmocka_unit_test(truth_and_nothing_are_understood),
		cmocka_unit_test(what_is_no_flat_object_is_refused),
		cmocka_unit_test(the_last_of_two_fields_of_one_name_counts),
		cmocka_unit_test(an_error_crosses_from_a_job_with_its_rule),
		cmocka_unit_test(every_kind_of_error_crosses),
		cmocka_unit_test(an_answer_without_error_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
