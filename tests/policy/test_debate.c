#include "policy/debate.h"

#include "finding_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The second round of a debate: who holds what, and what a person has to see. */

static const char *const texts[] = { "The token is written to the log",
	"Nothing removes old files from the cache" };

static void
first_round(struct findings *rows)
{
	const struct report all[] = {
		{ .reviewer = "a",
		    .severity = SEVERITY_CRITICAL,
		    .text = texts[0],
		    .where = "",
		    .advice = "",
		    .effort = "",
		    .spec = "",
		    .same_as = "",
		    .stance = "" },
		{ .reviewer = "b",
		    .severity = SEVERITY_IMPORTANT,
		    .text = texts[1],
		    .where = "",
		    .advice = "",
		    .effort = "",
		    .spec = "",
		    .same_as = "",
		    .stance = "" },
	};
	struct err err = ERR_INIT;

	assert_int_equal(
	    findings_merge(rows, all, N_ELEMS(all), SCALE_LEVELS, 4, &err), 0);
	assert_int_equal(rows->n, 2);
}

static struct report
answer(const char *reviewer, const char *id, const char *stance, enum severity severity)
{
	return (struct report){ .reviewer = reviewer,
		.severity = severity,
		.text = "because",
		.where = "",
		.advice = "",
		.effort = "",
		.spec = "",
		.same_as = id,
		.stance = stance };
}

/* Alone in the first round, held by all in the second: unanimous, and critical confirmed. */
static void
agreement_makes_it_unanimous(void **state)
{
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	first_round(&rows);
	assert_int_equal(rows.item[0].standing, STANDING_MINORITY);
	const struct report said[] = {
		answer("b", rows.item[0].id, "AGREE", SEVERITY_CRITICAL),
		answer("c", rows.item[0].id, "COMPLEMENT", SEVERITY_CRITICAL),
		answer("d", rows.item[0].id, "PRIORITY", SEVERITY_CRITICAL),
	};

	assert_int_equal(
	    debate_merge(&rows, said, N_ELEMS(said), SCALE_LEVELS, 4, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.item[0].standing, STANDING_CONFIRMED);
	assert_int_equal(rows.item[0].severity, SEVERITY_CRITICAL);
	assert_string_equal(rows.item[0].text, texts[0]);
	assert_string_equal(rows.item[1].reviewers, "b");
	findings_clear(&rows);
}

/* Two of four: a split, which a person decides. */
static void
a_split_is_a_persons(void **state)
{
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	first_round(&rows);
	const struct report said[] = {
		answer("a", rows.item[1].id, "agree", SEVERITY_IMPORTANT),
		answer("c", rows.item[1].id, "CONTRADICT", SEVERITY_CONSIDER),
		answer("d", rows.item[1].id, "SCOPE", SEVERITY_CONSIDER),
	};

	assert_int_equal(
	    debate_merge(&rows, said, N_ELEMS(said), SCALE_LEVELS, 4, &err), 0);
	assert_int_equal(rows.item[1].standing, STANDING_SPLIT);
	assert_true(rows.item[1].is_escalated);
	findings_clear(&rows);
}

/* two that escalate put it to a person, whatever comes of the votes. */
static void
two_escalations_reach_a_person(void **state)
{
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	first_round(&rows);
	const struct report said[] = {
		answer("a", rows.item[1].id, "ESCALATE", SEVERITY_IMPORTANT),
		answer("c", rows.item[1].id, "ESCALATE", SEVERITY_IMPORTANT),
		answer("d", rows.item[1].id, "AGREE", SEVERITY_IMPORTANT),
	};

	assert_int_equal(
	    debate_merge(&rows, said, N_ELEMS(said), SCALE_LEVELS, 4, &err), 0);
	assert_int_equal(rows.item[1].standing, STANDING_UNANIMOUS);
	assert_true(rows.item[1].is_escalated);
	findings_clear(&rows);
}

/* Taken back by who found it, and held by nobody: a note, never dropped. */
static void
what_is_taken_back_stays_a_note(void **state)
{
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	first_round(&rows);
	const struct report said[] = {
		answer("a", rows.item[0].id, "CONTRADICT", SEVERITY_CONSIDER),
		answer("e", "C99", "AGREE", SEVERITY_IMPORTANT),
	};

	assert_int_equal(
	    debate_merge(&rows, said, N_ELEMS(said), SCALE_LEVELS, 4, &err), 0);
	assert_string_equal(rows.item[0].reviewers, "a");
	assert_int_equal(rows.item[0].severity, SEVERITY_CONSIDER);
	assert_int_equal(rows.item[0].standing, STANDING_MINORITY);
	assert_int_equal(rows.n, 3); /* an answer to nothing is a finding of its own */
	findings_clear(&rows);
}

static void
stances_are_words(void **state)
{
	(void)state;
	for (int i = 0; i < STANCE_N; i++)
		assert_int_equal(stance_of(stance_name((enum stance)i)), i);
	assert_int_equal(stance_of("maybe"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agreement_makes_it_unanimous),
		cmocka_unit_test(a_split_is_a_persons),
		cmocka_unit_test(two_escalations_reach_a_person),
		cmocka_unit_test(what_is_taken_back_stays_a_note),
		cmocka_unit_test(stances_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
