#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "engine/said.h"

/* S-70: the words count wherever the agent's stream cuts them. */
static void
a_confirmation_is_found_wherever_it_is_cut(void **state)
{
	static const char whole[] = "Hello. Session started, I begin.";

	(void)state;
	for (size_t cut = 0; cut <= strlen(whole); cut++) {
		struct said said = { 0 };
		char head[64] = "";
		int n = 0;

		memcpy(head, whole, cut);
		n += said_add(&said, head, 7);
		n += said_add(&said, whole + cut, 9);
		assert_int_equal(n, 1);
		assert_string_equal(said.text, whole);
		assert_int_equal(said.from, cut > 0 ? 7 : 9);
	}
}

static void
a_confirmation_in_single_letters_is_told_once(void **state)
{
	static const char whole[] = "Session started. Session";
	struct said said = { 0 };
	int n = 0;

	(void)state;
	for (size_t i = 0; i < strlen(whole); i++) {
		char part[2] = { whole[i], '\0' };

		n += said_add(&said, part, i);
	}
	assert_int_equal(n, 1);
}

static void
words_of_two_messages_are_no_confirmation(void **state)
{
	struct said said = { 0 };

	(void)state;
	assert_false(said_add(&said, "Session", 1));
	said_end(&said);
	assert_false(said_add(&said, " started", 2));
	assert_string_equal(said.text, " started");
	assert_int_equal(said.from, 2);
}

/* The end of a flood is kept, in whole characters. */
static void
a_message_without_end_stays_bounded_and_well_formed(void **state)
{
	struct said said = { 0 };
	char *huge = malloc(3 * 40001);

	(void)state;
	for (int i = 0; i < 40000; i++)
		memcpy(huge + 3 * (size_t)i, "\xE2\x82\xAC", 3);
	huge[120000] = '\0';
	for (int i = 0; i < 5000; i++) {
		(void)said_add(&said, "a\xE2\x82\xAC\xC3\xA9", 1);
		assert_true(said.n <= SAID_BYTES);
		assert_true(text_utf8_bad(said.text, said.n) < 0);
	}
	assert_true(said.n > SAID_BYTES / 4);
	(void)said_add(&said, huge, 1);
	assert_true(said.n <= SAID_BYTES && said.n > SAID_BYTES - 4);
	assert_true(text_utf8_bad(said.text, said.n) < 0);
	free(huge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_confirmation_is_found_wherever_it_is_cut),
		cmocka_unit_test(a_confirmation_in_single_letters_is_told_once),
		cmocka_unit_test(words_of_two_messages_are_no_confirmation),
		cmocka_unit_test(a_message_without_end_stays_bounded_and_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
