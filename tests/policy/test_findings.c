#include "policy/findings.h"

#include "base/mem.h"
#include "finding_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct report
says(const char *reviewer, enum severity severity, const char *text)
{
	return (struct report){ reviewer, severity, text, "", "", "", "", "", "" };
}

#define LEAK  "The session token is written to the log without being masked"
#define LEAK2 "Session tokens are written to the logs without masking"

static void
one_finding_of_three_reviewers_is_one_row(void **state)
{
	const struct report r[] = { says("ada", SEVERITY_CRITICAL, LEAK),
		says("bob", SEVERITY_CRITICAL, LEAK2),
		says("cyd", SEVERITY_CRITICAL, LEAK),
		says("cyd", SEVERITY_CONSIDER, "Name the retry limit in the manual") };
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    findings_merge(&rows, r, N_ELEMS(r), SCALE_LEVELS, 3, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.item[0].id, "C1");
	assert_string_equal(rows.item[0].reviewers, "ada, bob, cyd");
	assert_int_equal(rows.item[0].standing, STANDING_CONFIRMED);
	assert_string_equal(rows.item[1].id, "N1");
	assert_int_equal(rows.item[1].standing, STANDING_MINORITY);
	findings_clear(&rows);
}

/* Bad input: the same said again, under other words and louder, counts once. */
static void
a_reviewer_counts_once_however_often_and_loudly(void **state)
{
	const struct report r[] = { says("ada", SEVERITY_CONSIDER, LEAK),
		says("ada", SEVERITY_CRITICAL, LEAK2),
		says("ada", SEVERITY_CRITICAL, LEAK) };
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
	    findings_merge(&rows, r, N_ELEMS(r), SCALE_THIRDS, 3, &err), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.item[0].n_agree, 1);
	assert_int_equal(rows.item[0].n_critical, 1);
	assert_int_equal(rows.item[0].severity, SEVERITY_CONSIDER);
	assert_true(rows.item[0].is_escalated); /* and it is put to a person */
	findings_clear(&rows);
}

/* ids are stable over reviews of the same thing, and so are decisions. */
static void
a_second_review_keeps_ids_and_decisions(void **state)
{
	const struct report first[] = { says("ada", SEVERITY_IMPORTANT, LEAK) };
	const struct report again[] = { says("bob", SEVERITY_CRITICAL,
					    "The lock is not taken before the write"),
		says("bob", SEVERITY_IMPORTANT, LEAK2) };
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(findings_merge(&rows, first, 1, SCALE_THIRDS, 1, &err), 0);
	rows.item[0].decision = DECISION_AGREED;
	assert_int_equal(findings_merge(&rows, again, 2, SCALE_THIRDS, 1, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.item[0].id, "I1");
	assert_int_equal(rows.item[0].decision, DECISION_AGREED);
	assert_string_equal(rows.item[1].id, "C1");
	assert_int_equal(rows.item[1].decision, DECISION_NONE);
	findings_clear(&rows);
}

static void
a_row_that_turns_out_worse_is_decided_anew(void **state)
{
	const struct report first[] = { says("ada", SEVERITY_CONSIDER, LEAK) };
	const struct report again[] = { says("ada", SEVERITY_CRITICAL, LEAK) };
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(findings_merge(&rows, first, 1, SCALE_THIRDS, 1, &err), 0);
	rows.item[0].decision = DECISION_REJECTED;
	assert_int_equal(findings_merge(&rows, again, 1, SCALE_THIRDS, 1, &err), 0);
	assert_string_equal(rows.item[0].id, "N1");
	assert_int_equal(rows.item[0].decision, DECISION_NONE);
	assert_true(finding_blocks(&rows.item[0], false));
	findings_clear(&rows);
}

static void
where_the_rule_is_unsure_a_person_joins(void **state)
{
	struct report r[] = { says("ada", SEVERITY_IMPORTANT,
				  "Session token appears in the log file"),
		says("bob", SEVERITY_IMPORTANT,
		    "Log output of login holds a session secret") };
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	r[0].where = r[1].where = "src/login.c";
	assert_int_equal(findings_merge(&rows, r, 2, SCALE_THIRDS, 3, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.item[1].maybe, rows.item[0].id);
	assert_int_equal(
	    findings_join(&rows, rows.item[0].id, rows.item[1].id, SCALE_THIRDS, &err),
	    0);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.item[0].reviewers, "ada, bob");
	assert_int_equal(rows.item[0].severity, SEVERITY_IMPORTANT);
	assert_int_equal(rows.item[0].standing, STANDING_MAJORITY);
	assert_int_equal(findings_join(&rows, "N1", "N1", SCALE_THIRDS, &err), -1);
	findings_clear(&rows);
}

static void
more_rows_than_a_person_can_decide_are_refused_whole(void **state)
{
	static char texts[FINDINGS_MAX + 1][64];
	static struct report r[FINDINGS_MAX + 1];
	struct findings rows = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(r); i++) {
		snprintf(texts[i], sizeof(texts[i]), "wordy%zux thing%zux here%zux", i,
		    i, i);
		r[i] = says("ada", SEVERITY_CONSIDER, texts[i]);
	}
	assert_int_equal(
	    findings_merge(&rows, r, N_ELEMS(r), SCALE_THIRDS, 1, &err), -1);
	assert_int_equal(rows.n, 0);
	assert_int_equal(
	    findings_merge(&rows, r, FINDINGS_MAX, SCALE_THIRDS, 1, &err), 0);
	assert_int_equal(rows.n, FINDINGS_MAX);
	findings_clear(&rows);
}

/* what blocks Gate 2. */
static void
only_what_is_open_and_weighs_blocks(void **state)
{
	struct findings rows = { 0 };

	(void)state;
	rows_of(&rows, "C1 I1 N1 N2");
	rows.item[3].is_escalated = true;
	assert_true(finding_blocks(&rows.item[0], false));
	assert_true(finding_blocks(&rows.item[1], false));
	assert_false(finding_blocks(&rows.item[2], false));
	assert_true(finding_blocks(&rows.item[2], true));
	assert_true(finding_blocks(&rows.item[3], false));
	for (int d = DECISION_AGREED; d < DECISION_N; d++) {
		rows.item[0].decision = (enum decision)d;
		assert_int_equal(
		    finding_blocks(&rows.item[0], false), d == DECISION_ESCALATED);
	}
	findings_clear(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_finding_of_three_reviewers_is_one_row),
		cmocka_unit_test(a_reviewer_counts_once_however_often_and_loudly),
		cmocka_unit_test(a_second_review_keeps_ids_and_decisions),
		cmocka_unit_test(a_row_that_turns_out_worse_is_decided_anew),
		cmocka_unit_test(where_the_rule_is_unsure_a_person_joins),
		cmocka_unit_test(more_rows_than_a_person_can_decide_are_refused_whole),
		cmocka_unit_test(only_what_is_open_and_weighs_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
