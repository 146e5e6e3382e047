#include "policy/research.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* coverage, convergence and contradiction, by arithmetic. */

static const struct research_limits limits = { 3, 66, true };

/*
 * One question; TRACKS has a word each: the answer ('-' none), the confidence (h m l), the
 * round, and 'f' behind it when the track failed: "ah1" "bh1f".  A source of its own each.
 */
static void
make(struct research_set *set, const char *tracks, bool is_empirical)
{
	static char name[RESEARCH_MOST_TRACKS][8], source[RESEARCH_MOST_TRACKS][32];
	static const char *const answers[] = { "alpha", "beta", "gamma" };
	char *copy = strdup(tracks);

	*set = (struct research_set){ 0 };
	set->question[set->n_questions++] = (struct research_question){ "Q1", "?",
		false };
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) {
		size_t t = set->n_tracks++;
		struct research_piece piece = { .track = t,
			.answer = w[0] >= 'a' ? answers[w[0] - 'a'] : "",
			.confidence = w[1] == 'h' ? 2 : w[1] == 'm',
			.is_empirical = is_empirical };

		snprintf(name[t], sizeof(name[t]), "1%c", (char)('A' + (int)t));
		snprintf(source[t], sizeof(source[t]), "https://example.org/%zu", t);
		piece.source = source[t];
		set->track[t] = (struct research_track){ name[t], w[2] - '0', true,
			w[3] != 'f', 1 };
		assert_true(research_add(set, &piece));
	}
	free(copy);
}

static void
three_sums_decide_a79(void **state)
{
	static const struct {
		const char *tracks;
		bool is_empirical, is_enough;
		const char *gap; /* part of what is said; NULL nothing */
	} rows[] = {
		{ "ah1 ah1 ah1", true, true, NULL },
		{ "ah1 ah1", true, false, "coverage: 2 of 3 independent sources" },
		{ "al1 al1 al1", true, false,
		    "no source of high or medium confidence" },
		{ "al1 al1 am1", true, true, NULL },
		{ "ah1 ah1 ah1", false, false, "no empirical source" },
		/* A track that failed answers nothing. */
		{ "ah1 ah1 ah1f", true, false, "2 of 3 independent sources" },
		{ "ah1f ah1f ah1f", true, false, "no track answers it" },
		/* Two thirds agree; a sure one against them is a contradiction all the same. */
		{ "ah1 ah1 bh1", true, false, "contradiction: 1C against \"alpha\"" },
		{ "ah1 ah1 bl1", true, true, NULL },
		{ "ah1 bh1 gh1", true, false, "convergence: 1 of 3 tracks agree" },
		{ "ah1 bh1 bh1", true, false, "contradiction: 1A against \"beta\"" },
		/* Who says nothing is neither for nor against. */
		{ "ah1 ah1 -h1", true, true, NULL },
		{ "-h1 -h1 -h1", true, false, "convergence: 0 of 0" },
		/* A later track settles it, when most of all agree then. */
		{ "ah1 ah1 ah1 bh1 ah2", true, true, NULL },
		{ "ah1 bh1 bh2", true, true, NULL },
		{ "ah1 bh1 ah1 bh2", true, false, "convergence: 2 of 4" },
		/* And one that is against it opens it again. */
		{ "ah1 ah1 ah1 ah1 bh2", true, false, "contradiction: 1E" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct research_set set;
		char *gaps = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&gaps, &n);
		unsigned follows;
		bool is_enough;
		char tracks[64];

		/* 'g' stands for the third answer. */
		snprintf(tracks, sizeof(tracks), "%s", rows[i].tracks);
		for (char *p = tracks; *p; p++)
			*p = (char)(*p == 'g' ? 'c' : *p);
		make(&set, tracks, rows[i].is_empirical);
		is_enough = research_judge(&set, &limits, f, &follows);
		fclose(f);
		if (is_enough != rows[i].is_enough || (follows == 0) != is_enough ||
		    (rows[i].gap ? !strstr(gaps, rows[i].gap) : n > 0))
			fail_msg("row %zu (%s): %s", i, rows[i].tracks, gaps);
		free(gaps);
		research_set_clear(&set);
	}
}

static void
one_source_named_twice_is_one(void **state)
{
	static const char *const sources[] = { "https://www.example.org/a/?x=1",
		"http://example.org/a", "HTTPS://EXAMPLE.ORG/A#b" };
	struct research_set set;
	struct research_axis axis;

	(void)state;
	make(&set, "ah1 ah1 ah1", true);
	for (size_t i = 0; i < 3; i++)
		set.piece[i].source = sources[i];
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 1);
	set.piece[1].source = "10.1000/xyz";
	set.piece[2].source = "https://doi.org/10.1000/XYZ";
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 2);
	research_set_clear(&set);
}

/* Bad input: tracks that cite each other's issues or the plan's have no source by that. */
static void
what_cites_the_plans_own_issues_has_no_source(void **state)
{
	struct issue_ref issue[2] = { { .id = "T-1", .url = "https://example.org/T-1" },
		{ .id = "T-2", .url = "https://example.org/T-2" } };
	struct phase phase[2] = { { .id = "1A", .issue = &issue[0], .n_issues = 1 },
		{ .id = "1B", .issue = &issue[1], .n_issues = 1 } };
	struct plan plan = { .phase = phase,
		.n_phases = 2,
		.master = { .id = "T-0", .url = "https://example.org/T-0" } };
	static const char *const sources[] = { "https://www.example.org/T-2/#comment-1",
		"https://example.org/T-1?tab=evidence", "https://example.org/T-0" };
	struct research_set set;
	struct research_axis axis;

	(void)state;
	make(&set, "ah1 ah1 ah1", true);
	set.plan = &plan;
	for (size_t i = 0; i < 3; i++)
		set.piece[i].source = sources[i];
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 0);
	assert_false(axis.is_covered);
	set.piece[0].source = "https://example.org/T-20";
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 1);
	research_set_clear(&set);
}

/* Bad input: a circle by way of a file that a phase of the same plan writes. */
static void
what_cites_what_the_plan_writes_has_no_source(void **state)
{
	char notes[] = "notes/1A.md", out[] = "out/";
	struct touch_item item[2] = { { .text = notes }, { .text = out } };
	struct phase phase[2] = { { .id = "1A" }, { .id = "1B" } };
	struct plan plan = { .phase = phase, .n_phases = 2 };
	struct research_set set;
	struct research_axis axis;

	(void)state;
	phase[0].touch[TOUCH_CREATES] = (struct touch_list){ .item = &item[0], .n = 1 };
	phase[1].touch[TOUCH_WRITES] = (struct touch_list){ .item = &item[1], .n = 1 };
	make(&set, "ah1 ah1 ah1", true);
	set.plan = &plan;
	set.piece[0].source = "file:notes/1A.md";
	set.piece[1].source = "file:notes/1A.md:12";
	set.piece[2].source = "file:out/table.csv";
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 0);
	assert_false(axis.is_covered);
	set.piece[0].source = "file:notes/1A.md.old";
	set.piece[1].source = "https://example.org/notes/1A.md";
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_sources, 2);
	research_set_clear(&set);
}

static void
a_side_question_keeps_nothing_shut(void **state)
{
	struct research_set set;
	unsigned follows;
	char *gaps = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&gaps, &n);

	(void)state;
	make(&set, "ah1 ah1 ah1", true);
	set.question[set.n_questions++] = (struct research_question){ "Q2", "?", true };
	assert_true(research_judge(&set, &limits, f, &follows));
	fclose(f);
	assert_non_null(strstr(gaps, "Q2 (side): coverage: no track answers it"));
	assert_int_equal(follows, 0);
	free(gaps);
	research_set_clear(&set);
}

static void
a_question_is_found_by_its_name(void **state)
{
	struct research_set set;

	(void)state;
	make(&set, "ah1", true);
	assert_int_equal(research_question_of(&set, "Q1"), 0);
	assert_int_equal(research_question_of(&set, "Q1: which store"), 0);
	assert_int_equal(research_question_of(&set, "Q1 (side): x"), 0);
	assert_int_equal(research_question_of(&set, "Q12"), -1);
	assert_int_equal(research_question_of(&set, "Q"), -1);
	assert_int_equal(research_question_of(&set, "Q1x"), -1);
	assert_int_equal(research_question_of(&set, ""), -1);
	research_set_clear(&set);
}

static void
no_question_is_never_enough(void **state)
{
	struct research_set set = { 0 };
	unsigned follows;
	char *gaps = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&gaps, &n);

	(void)state;
	assert_false(research_judge(&set, &limits, f, &follows));
	fclose(f);
	assert_non_null(strstr(gaps, "no track asks a question"));
	free(gaps);
}

/* what leads nowhere is named, and neither answers nor is a source. */
static void
dead_sources_count_for_nothing_and_are_named_r124(void **state)
{
	struct research_set set;
	struct research_axis axis;
	unsigned follows = 0;
	char *gaps = NULL;
	size_t n = 0;
	FILE *f;

	(void)state;
	make(&set, "ah1 ah1 ah1", true);
	set.piece[1].source = "file:no\nsuch.md";
	set.piece[1].dead = "the repository has no such file";
	f = open_memstream(&gaps, &n);
	assert_false(research_judge(&set, &limits, f, &follows));
	fclose(f);
	assert_non_null(strstr(gaps, "Q1: coverage: 2 of 3 independent sources\n"));
	assert_non_null(strstr(gaps, " of 1B counts for nothing: the repository has no "
				     "such file\n"));
	assert_null(strstr(gaps, "no\nsuch"));
	research_axis_of(&set, 0, &limits, &axis);
	assert_int_equal(axis.n_answered, 2);
	assert_int_equal(axis.n_say, 2);
	free(gaps);
	for (int i = 0; i < 100; i++) {
		struct research_piece again = set.piece[1];

		assert_true(research_add(&set, &again));
	}
	gaps = NULL;
	f = open_memstream(&gaps, &n);
	(void)research_judge(&set, &limits, f, &follows);
	fclose(f);
	assert_non_null(strstr(gaps, "and 81 sources more lead nowhere\n"));
	free(gaps);
	research_set_clear(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_sums_decide_a79),
		cmocka_unit_test(dead_sources_count_for_nothing_and_are_named_r124),
		cmocka_unit_test(one_source_named_twice_is_one),
		cmocka_unit_test(what_cites_the_plans_own_issues_has_no_source),
		cmocka_unit_test(what_cites_what_the_plan_writes_has_no_source),
		cmocka_unit_test(a_side_question_keeps_nothing_shut),
		cmocka_unit_test(a_question_is_found_by_its_name),
		cmocka_unit_test(no_question_is_never_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
