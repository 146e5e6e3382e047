#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "policy/intent.h"

/* words, their intent and their confidence. */
static void
a_comment_means_what_its_words_say(void **state)
{
	static const struct {
		const char *text;
		enum intent want;
		int confidence;
		const char *issue;
	} t[] = {
		{ "@divisi implement CIA-386", INTENT_IMPLEMENT, 100, "CIA-386" },
		{ "Implement cia-386 please", INTENT_IMPLEMENT, 100, "CIA-386" },
		{ "go CIA-386", INTENT_IMPLEMENT, 90, "CIA-386" },
		{ "build this", INTENT_IMPLEMENT, 80, "" },
		{ "dispatch CIA-7 to factory", INTENT_DISPATCH, 100, "CIA-7" },
		{ "dispatch this one to @codex", INTENT_DISPATCH, 100, "" },
		{ "delegate CIA-7", INTENT_DISPATCH, 80, "CIA-7" },
		{ "gate 2 check", INTENT_GATE2, 100, "" },
		{ "mark done", INTENT_CLOSE, 90, "" },
		{ "ship it", INTENT_CLOSE, 80, "" },
		{ "Ship it!", INTENT_CLOSE, 80, "" },
		{ "research CIA-9", INTENT_SPIKE, 90, "CIA-9" },
		{ "spike CIA-9", INTENT_SPIKE, 100, "CIA-9" },
		{ "write spec for CIA-9", INTENT_SPEC_AUTHOR, 100, "CIA-9" },
		{ "review CIA-9", INTENT_REVIEW, 100, "CIA-9" },
		{ "expand CIA-9", INTENT_EXPAND, 100, "CIA-9" },
		{ "@divisi help", INTENT_HELP, 100, "" },
		{ "?", INTENT_HELP, 70, "" },
		/* a question about the status asks for the status */
		{ "what's the status of CIA-3", INTENT_STATUS, 100, "CIA-3" },
		{ "what's the status of this?", INTENT_STATUS, 80, "" },
		{ "thanks, looks good", INTENT_UNKNOWN, 0, "" },
		{ "", INTENT_UNKNOWN, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(t); i++) {
		struct intent_parsed p;

		intent_parse(t[i].text, &p);
		if (p.intent != t[i].want || p.confidence != t[i].confidence)
			fail_msg("'%s' is %s %d", t[i].text, intent_name(p.intent),
			    p.confidence);
		assert_string_equal(p.issue, t[i].issue);
	}
}

/* whole words, no quotations, no code; ambiguous, denied, asked: never a guess. */
static void
what_is_not_clear_is_unknown(void **state)
{
	static const char *const t[] = {
		"implementation CIA-3 is odd",
		"reimplement CIA-3",
		"implement CIA-3x",
		"> implement CIA-3\nno",
		"see `implement CIA-3` above",
		"```\nimplement CIA-3\n```",
		"do not implement CIA-3",
		"don't ship it",
		"never close CIA-3",
		"please wait and do not, as said, mark done",
		"ship it when CI is green",
		"when the tests pass, and only when they pass ship it",
		"should we implement CIA-3?",
		"ship it?",
		"implement CIA-3 and close CIA-4",
		"shipping items",
		"worship it",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(t); i++) {
		struct intent_parsed p;

		intent_parse(t[i], &p);
		if (p.intent != INTENT_UNKNOWN && p.intent != INTENT_HELP)
			fail_msg("'%s' is %s", t[i], intent_name(p.intent));
	}
}

/* Conflicting: the first of the documented order, with a warning, when only one acts. */
static void
reading_beside_acting_is_a_warning(void **state)
{
	struct intent_parsed p;

	(void)state;
	intent_parse("implement CIA-3, and give me the status of CIA-4", &p);
	assert_int_equal(p.intent, INTENT_IMPLEMENT);
	assert_string_not_equal(p.warning, "");
	intent_parse("implement CIA-3 urgent, skip tests, quick", &p);
	assert_int_equal(p.flags, INTENT_URGENT | INTENT_SKIP_TESTS | INTENT_QUICK);
	intent_parse("implement CIA-3 thoroughly", &p);
	assert_int_equal(p.flags, INTENT_THOROUGH);
	intent_parse("dispatch CIA-7 to factory", &p);
	assert_string_equal(p.target, "factory");
}

static void
every_row_of_the_table_is_reached_by_its_own_words(void **state)
{
	(void)state;
	for (size_t i = 0; intent_row(i); i++) {
		const struct intent_row *r = intent_row(i);
		char text[128] = "";
		struct intent_parsed p;
		const char *w = r->words;

		while (*w) {
			size_t n = strcspn(w, " ");

			if (strncmp(w, "id", n) == 0 && n == 2)
				strcat(text, "ABC-12");
			else if (strncmp(w, "agent", n) == 0 && n == 5)
				strcat(text, "factory");
			else if (strncmp(w, "*", n) == 0)
				strcat(text, "this");
			else
				strncat(text, w, n);
			strcat(text, " ");
			w += n + (w[n] == ' ');
		}
		intent_parse(text, &p);
		if (p.intent != r->intent)
			fail_msg("'%s' is %s", text, intent_name(p.intent));
	}
}

/* Text of a stranger of any size and shape is only read. */
static void
endless_text_is_bounded(void **state)
{
	char *text = xmalloc(400001);
	struct intent_parsed p;

	(void)state;
	for (size_t i = 0; i < 400000; i++)
		text[i] = "a`>\n?-.'"[i * 7 % 8];
	text[400000] = '\0';
	intent_parse(text, &p);
	memset(text, 'x', 400000);
	intent_parse(text, &p);
	assert_int_equal(p.intent, INTENT_UNKNOWN);
	memset(text, '`', 400000);
	intent_parse(text, &p);
	assert_int_equal(p.intent, INTENT_UNKNOWN);
	free(text);
}

/* R-219 in the order of A-87: close before implement, a spike before both specs. */
static void
a_delegation_without_words_is_read_off_the_issue(void **state)
{
	static const struct {
		struct intent_state is;
		enum intent want;
		int confidence;
	} t[] = {
		{ { "feature", "draft", "", false, false, false, false, false },
		    INTENT_SPEC_AUTHOR, 80 },
		{ { "feature", "ready", "", false, false, false, false, false },
		    INTENT_REVIEW, 80 },
		{ { "feature", "ready", "", true, false, false, false, false },
		    INTENT_UNKNOWN, 0 },
		{ { "feature", "review", "", true, true, false, false, false },
		    INTENT_GATE2, 80 },
		{ { "feature", "implementing", "tdd", false, false, true, false,
		      false },
		    INTENT_IMPLEMENT, 90 },
		{ { "feature", "implementing", "tdd", false, false, true, true, true },
		    INTENT_CLOSE, 80 },
		{ { "spike", "implementing", "tdd", false, false, true, false, false },
		    INTENT_SPIKE, 80 },
		{ { "chore", "", "", false, false, false, false, false },
		    INTENT_UNKNOWN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(t); i++) {
		int confidence;

		if (intent_infer(&t[i].is, &confidence) != t[i].want)
			fail_msg("row %zu", i);
		assert_int_equal(confidence, t[i].confidence);
	}
}

static void
only_a_name_of_its_own_is_a_mention(void **state)
{
	(void)state;
	assert_true(intent_mentions("hey @Divisi, status", "divisi"));
	assert_false(intent_mentions("mail me@divisi", "divisi"));
	assert_false(intent_mentions("> @divisi ship it", "divisi"));
	assert_false(intent_mentions("`@divisi` is a name", "divisi"));
	assert_false(intent_mentions("@divisi2 go", "divisi"));
}

/* R-222, row by row: a cross is what may be given to that agent. */
static void
r_222_who_may_have_what(void **state)
{
	static const struct {
		const char *agent;
		bool implement, dispatch, spike, review, close;
	} rows[] = {
		{ "claude", true, true, true, true, true },
		{ "factory", true, true, true, false, false },
		{ "cursor", true, false, false, false, false },
		{ "codex", true, false, false, false, false },
		{ "cto.new", true, false, false, false, false },
		{ "amp", true, false, false, false, false },
		{ "warp", true, false, false, false, false },
		{ "oz", true, false, false, false, false },
		{ "Copilot", false, false, false, true, false },
	};
	struct intent_parsed p;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		assert_int_equal(intent_eligible(INTENT_IMPLEMENT, rows[i].agent),
		    rows[i].implement);
		assert_int_equal(
		    intent_eligible(INTENT_DISPATCH, rows[i].agent), rows[i].dispatch);
		assert_int_equal(
		    intent_eligible(INTENT_SPIKE, rows[i].agent), rows[i].spike);
		assert_int_equal(
		    intent_eligible(INTENT_REVIEW, rows[i].agent), rows[i].review);
		assert_int_equal(
		    intent_eligible(INTENT_CLOSE, rows[i].agent), rows[i].close);
	}
	intent_parse("@divisi dispatch CIA-3 to codex", &p);
	assert_int_equal(p.intent, INTENT_DISPATCH);
	intent_parse("@divisi dispatch CIA-3 to copilot", &p);
	assert_int_equal(p.intent, INTENT_UNKNOWN);
	assert_non_null(strstr(p.warning, "R-222"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comment_means_what_its_words_say),
		cmocka_unit_test(what_is_not_clear_is_unknown),
		cmocka_unit_test(r_222_who_may_have_what),
		cmocka_unit_test(reading_beside_acting_is_a_warning),
		cmocka_unit_test(every_row_of_the_table_is_reached_by_its_own_words),
		cmocka_unit_test(endless_text_is_bounded),
		cmocka_unit_test(a_delegation_without_words_is_read_off_the_issue),
		cmocka_unit_test(only_a_name_of_its_own_is_a_mention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
