#include "policy/price.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_model_costs_what_its_longest_name_says(void **state)
{
	(void)state;
	assert_int_equal(price_of("claude-sonnet-4-5-20250929").output, 1500);
	assert_int_equal(price_of("claude-opus-4-5-20251101").output, 2500);
	assert_int_equal(price_of("claude-opus-4-1").output, 7500);
	/* As Claude Code 2.1.330 reckons: 4800 and 36000 tokens of it were 0.74 $. */
	assert_int_equal(price_of("claude-opus-5-5").output, 2000);
	assert_int_equal(price_of("gpt-5-mini-x").input, 25);
	assert_int_equal(price_of("gpt-5-codex").input, 125);
}

/* Who hides behind a name is charged the most. */
static void
an_unknown_model_costs_the_most_of_all(void **state)
{
	static const char *const known[] = { "claude-opus", "gpt-5-pro", "gemini-3-pro",
		"claude-haiku" };
	const char *const unknown[] = { NULL, "", "mystery", "Claude-opus" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(unknown); i++) {
		struct price p = price_of(unknown[i]);

		for (size_t k = 0; k < N_ELEMS(known); k++) {
			assert_true(p.input >= price_of(known[k]).input);
			assert_true(p.cached >= price_of(known[k]).cached);
			assert_true(p.output >= price_of(known[k]).output);
		}
	}
}

static void
tokens_are_counted_without_fractions_and_rounded_up(void **state)
{
	struct price p = { 300, 30, 1500, 0 };

	(void)state;
	assert_int_equal(price_millicents(&p, 1000000, 0, 0), 300000);
	assert_int_equal(price_millicents(&p, 0, 1000000, 1000000), 1530000);
	assert_int_equal(price_millicents(&p, 1, 0, 0), 1);
	assert_int_equal(price_millicents(&p, -5, -5, -5), 0);
	assert_true(price_millicents(&p, INT64_MAX, INT64_MAX, INT64_MAX) > 0);
}

static void
a_price_is_read_or_refused(void **state)
{
	static const char *const bad[] = { "", "3", "3/4", "3/4/5/6", "a/b/c", "-1/2/3",
		"1//2", "1.2.3/4/5", "99999999999999999999/1/1", "3/4/" };
	struct err err = ERR_INIT;
	struct price p;

	(void)state;
	assert_int_equal(price_read("3/0.30/15", &p, &err), 0);
	assert_int_equal(p.input, 300);
	assert_int_equal(p.cached, 30);
	assert_int_equal(p.output, 1500);
	assert_int_equal(price_read(" 0.1251 / 0 / .5 ", &p, &err), 0);
	assert_int_equal(p.input, 13);
	assert_int_equal(p.cached, 0);
	assert_int_equal(p.output, 50);
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		err = (struct err)ERR_INIT;
		if (price_read(bad[i], &p, &err) != -1)
			fail_msg("'%s' is a price", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_costs_what_its_longest_name_says),
		cmocka_unit_test(an_unknown_model_costs_the_most_of_all),
		cmocka_unit_test(tokens_are_counted_without_fractions_and_rounded_up),
		cmocka_unit_test(a_price_is_read_or_refused),
	};

	return cmocka_run_group_tests_name("policy/price", tests, NULL, NULL);
}
