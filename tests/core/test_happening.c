#include "play.h"

#include "core/happening.h"

#include <stdio.h>

/* Named values: what the journal keeps of happenings and acts. */

static void
a_field_is_set_read_and_replaced(void **state)
{
	struct fields f = { 0 };

	(void)state;
	assert_string_equal(fields_text(&f, "a"), "");
	assert_int_equal(fields_number(&f, "a", 7), 7);
	fields_set(&f, "a", "one");
	fields_set(&f, "b", NULL);
	fields_set_number(&f, "n", -3);
	assert_string_equal(fields_text(&f, "a"), "one");
	assert_string_equal(fields_text(&f, "b"), "");
	assert_int_equal(fields_number(&f, "n", 7), -3);
	/* A text is no number and a number is no text. */
	assert_int_equal(fields_number(&f, "a", 7), 7);
	assert_string_equal(fields_text(&f, "n"), "");
	fields_set(&f, "a", "two");
	fields_set_number(&f, "b", 5);
	fields_setf(&f, "n", "%d-%s", 4, "x");
	assert_int_equal(f.n, 3);
	assert_string_equal(fields_text(&f, "a"), "two");
	assert_int_equal(fields_number(&f, "b", 0), 5);
	assert_string_equal(fields_text(&f, "n"), "4-x");
	fields_clear(&f);
	assert_int_equal(f.n, 0);
	fields_clear(&f);
}

static void
a_field_may_be_set_to_its_own_text(void **state)
{
	struct fields f = { 0 };

	(void)state;
	fields_set(&f, "a", "the same text");
	fields_set(&f, "a", fields_text(&f, "a"));
	assert_string_equal(fields_text(&f, "a"), "the same text");
	fields_setf(&f, "a", "%s!", fields_text(&f, "a"));
	assert_string_equal(fields_text(&f, "a"), "the same text!");
	fields_clear(&f);
}

static void
numbered_fields_have_their_place_in_the_name(void **state)
{
	struct fields f = { 0 };

	(void)state;
	fields_set(&f, "s0.phase", "1A");
	fields_set(&f, "s12.phase", "1B");
	fields_set_number(&f, "s12.points", 5);
	assert_string_equal(fields_text_at(&f, 0, "phase"), "1A");
	assert_string_equal(fields_text_at(&f, 12, "phase"), "1B");
	assert_string_equal(fields_text_at(&f, 1, "phase"), "");
	assert_int_equal(fields_number_at(&f, 12, "points", 0), 5);
	assert_int_equal(fields_number_at(&f, 0, "points", -1), -1);
	fields_clear(&f);
}

static void
a_copy_owns_what_it_holds(void **state)
{
	struct fields a = { 0 }, b = { 0 };

	(void)state;
	fields_set(&a, "x", "1");
	fields_set_number(&a, "y", 2);
	fields_set(&b, "x", "old");
	fields_copy(&b, &a);
	fields_clear(&a);
	assert_int_equal(b.n, 2);
	assert_string_equal(fields_text(&b, "x"), "1");
	assert_int_equal(fields_number(&b, "y", 0), 2);
	fields_clear(&b);
}

/* JSON holds UTF-8 only, and a row that cannot be read back is lost to the replay. */
static void
bytes_that_are_no_utf8_are_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\xef\xbf\xbd" },
		{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a\xc3", "a\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc0\xaf.", "\xef\xbf\xbd\xef\xbf\xbd." },
	};
	struct fields f = { 0 };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(cases); i++) {
		fields_set(&f, "t", cases[i].in);
		assert_string_equal(fields_text(&f, "t"), cases[i].out);
		fields_setf(&f, "t", "%s", cases[i].in);
		assert_string_equal(fields_text(&f, "t"), cases[i].out);
	}
	fields_clear(&f);
}

static void
acts_and_moves_keep_what_they_are_given(void **state)
{
	struct acts acts = { 0 };
	struct fields *f;

	(void)state;
	for (int i = 0; i < 40; i++) {
		f = acts_add(&acts, "land", "merge", "land/%s/%d", "p1.1.1A", i);
		fields_set_number(f, "i", i);
		acts_movef(&acts, "planned", "filed", "session/%d", i);
	}
	assert_int_equal(acts.n, 40);
	assert_int_equal(acts.n_moves, 40);
	assert_string_equal(acts.item[39].key, "land/p1.1.1A/39");
	assert_string_equal(acts.item[39].order, "merge");
	assert_int_equal(fields_number(&acts.item[39].fields, "i", -1), 39);
	assert_string_equal(acts.move[39].entity, "session/39");
	acts_clear(&acts);
	assert_int_equal(acts.n + acts.n_moves, 0);
	acts_clear(&acts);
}

/* They are the journal's `cause` for ever. */
static void
every_happening_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int k = 0; k < HAP_N; k++) {
		assert_non_null(hap_name((enum hap)k));
		assert_int_equal(hap_of(hap_name((enum hap)k)), k);
	}
	assert_int_equal(hap_of("follows"), -1);
	assert_int_equal(hap_of(""), -1);
}

/* A journal of today must be readable for ever: a word may be added, never changed. */
static void
the_words_of_the_journal_do_not_change(void **state)
{
	static const char words[] =
	    "plan-opened plan-changed plan-asserted plan-aborted batch-planned "
	    "batch-approved batch-declined batch-acknowledged session-filed "
	    "session-prepared act-failed run-started run-ended run-lost agent-accepted "
	    "agent-confirmed agent-activity agent-asked agent-ask-gone agent-estimate "
	    "agent-limit agent-done agent-failed ask-answered inspected merge-asked "
	    "candidate-built candidate-refused landed landing-blocked said held resumed "
	    "parked abandoned claimed written-back overridden clock refused ";
	AUTO_FREE char *copy = xstrdup(words);

	(void)state;
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		if (hap_of(word) < 0)
			fail_msg("journals with \"%s\" cannot be read any more", word);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_is_set_read_and_replaced),
		cmocka_unit_test(a_field_may_be_set_to_its_own_text),
		cmocka_unit_test(numbered_fields_have_their_place_in_the_name),
		cmocka_unit_test(a_copy_owns_what_it_holds),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
		cmocka_unit_test(acts_and_moves_keep_what_they_are_given),
		cmocka_unit_test(every_happening_has_a_word_of_its_own),
		cmocka_unit_test(the_words_of_the_journal_do_not_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
