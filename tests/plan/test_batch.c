#include "plan/batch.h"

#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
	struct plan *plan;
	struct verdicts *verdicts;
	struct batches *batches;
};

static struct fixture
arrange(const char *text, const struct batch_env *env)
{
	struct fixture f = { .plan = build_plan(text) };

	f.verdicts = verdicts_new(f.plan, NULL);
	f.batches = batches_new(f.plan, f.verdicts, env);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	batches_free(f->batches);
	verdicts_free(f->verdicts);
	plan_free(f->plan);
}

/* "A B C | r: D E": the batches, research marked. */
static char *
show(const struct fixture *f)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < f->batches->n; i++) {
		const struct batch *b = &f->batches->batch[i];

		assert_int_equal(b->number, (int)i + 1);
		fprintf(out, "%s%s", i ? " | " : "", b->is_research ? "r: " : "");
		for (size_t k = 0; k < b->n; k++)
			fprintf(
			    out, "%s%s", k ? " " : "", f->plan->phase[b->phase[k]].id);
	}
	fclose(out);
	return text;
}

static void
expect(const char *text, const char *wanted)
{
	struct fixture f = arrange(text, NULL);
	AUTO_FREE char *got = show(&f);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s\n  wanted %s\n  got    %s", text, wanted, got);
	assert_true(f.batches->is_exact);
	assert_int_equal(f.batches->lower_bound, f.batches->n);
	assert_true(*f.batches->bound_reason);
	for (size_t i = 0; i < f.plan->n_phases; i++)
		assert_true(*f.batches->why[i]);
	fixture_free(&f);
}

/* A plan of N_WORK and N_RESEARCH phases that have nothing to do with each other. */
static char *
independent(size_t n_work, size_t n_research)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < n_work; i++)
		fprintf(out, "W%zu writes=w%zu/**\n", i, i);
	for (size_t i = 0; i < n_research; i++)
		fprintf(
		    out, "R%zu research reads=docs/** writes=notes/r%zu.md\n", i, i);
	fclose(out);
	return text;
}

static void
expect_sizes(size_t n_work, size_t n_research, const char *wanted)
{
	AUTO_FREE char *text = independent(n_work, n_research);
	struct fixture f = arrange(text, NULL);
	char got[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < f.batches->n; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%zu", i ? "+" : "",
		    f.batches->batch[i].n);
	if (strcmp(got, wanted) != 0)
		fail_msg("%zu work, %zu research: wanted %s, got %s", n_work,
		    n_research, wanted, got);
	assert_true(f.batches->is_exact);
	fixture_free(&f);
}

/* SPEC 8.2, both columns, S-26. */
static void
the_table_of_batch_sizes_holds(void **state)
{
	static const struct {
		size_t n;
		const char *work, *research;
	} table[] = {
		/* clang-format off */
		{ 1,  "1",       "1"     },
		{ 2,  "2",       "2"     },
		{ 3,  "3",       "3"     },
		{ 4,  "2+2",     "4"     },
		{ 5,  "3+2",     "5"     },
		{ 6,  "3+3",     "3+3"   },
		{ 7,  "3+2+2",   "4+3"   },
		{ 8,  "3+3+2",   "4+4"   },
		{ 9,  "3+3+3",   "5+4"   },
		{ 10, "3+3+2+2", "5+5"   },
		{ 11, "3+3+3+2", "4+4+3" },
		{ 12, "3+3+3+3", "4+4+4" },
		/* Past the exhaustive search. */
		{ 16, "3+3+3+3+2+2",     "4+4+4+4" },
		{ 22, "3+3+3+3+3+3+2+2", "5+5+4+4+4" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		expect_sizes(table[i].n, 0, table[i].work);
		expect_sizes(0, table[i].n, table[i].research);
	}
}

/* S-29: one implementation session brings the cap back to three. */
static void
a_mixed_set_has_the_cap_of_implementation(void **state)
{
	expect_sizes(1, 4, "3+2");
	expect_sizes(1, 5, "3+3");
	expect("W1 writes=a/**\nR1 research writes=n/1\nW2 writes=b/**\nR2 research "
	       "writes=n/2",
	    "W1 W2 | r: R1 R2");
	expect("W1 writes=a/**\nW2 writes=b/**\nR1 research writes=n/1.md\nR2 research "
	       "writes=n/2.md\nR3 research writes=n/3.md\nR4 research writes=n/4.md\n"
	       "R5 research writes=n/5.md",
	    "r: R1 R2 R3 R4 R5 | W1 W2");
}

/* S-29: tracks that write one file, or write at large, are no research set. */
static void
research_that_shares_an_output_is_no_research_set(void **state)
{
	expect("R1 research writes=n/a.md\nR2 research writes=n/a.md\n"
	       "R3 research writes=n/b.md\nR4 research writes=n/c.md",
	    "R1 R2 | r: R3 R4");
	expect("R1 research writes=n/a.md appends=LOG.md\nR2 research writes=n/b.md",
	    "R1 R2");
	expect("R1 writes=n/a.md\nR2 research writes=n/b.md", "R1 R2");
}

static void
what_must_be_ordered_is_in_different_batches_and_in_order(void **state)
{
	expect("A writes=a/**\nB reads=a/x writes=b/**\nC writes=c/**", "A C | B");
	expect("A writes=a/** infra=ci\nB writes=b/** infra=ci\nC writes=c/** infra=ci",
	    "A | B | C");
	expect("A\nB\nC", "A | B | C");
	expect("A writes=a deps=B\nB writes=b\nC writes=c deps=A", "B | A | C");
	expect(
	    "A writes=a/**\nB writes=b/**\nC writes=c/** deps=A\nD writes=d/** deps=A\n"
	    "E writes=e/** deps=A",
	    "A B | C D E");
	/* The synthesis reads every note. */
	expect("R1 research reads=docs/** writes=notes/r1.md\n"
	       "R2 research reads=docs/** writes=notes/r2.md\n"
	       "R3 research reads=docs/** writes=notes/r3.md\n"
	       "R4 research reads=docs/** writes=notes/r4.md\n"
	       "R5 research reads=docs/** writes=notes/r5.md\n"
	       "S research reads=notes/*.md writes=decisions/s.md",
	    "r: R1 R2 R3 R4 R5 | r: S");
}

/* one batch of one only where nothing else is possible. */
static void
no_phase_runs_alone_when_it_need_not(void **state)
{
	expect("A writes=a/**\nB writes=b/**\nC writes=c/**\nD writes=d/** deps=A",
	    "A B | C D");
	expect(
	    "A writes=a/**\nB writes=b/** deps=A\nC writes=c/**\nD writes=d/** deps=A\n"
	    "E writes=e/**",
	    "A C E | B D");
}

/* CONTRACTS 4 */
static void
wishes_break_ties_and_nothing_else(void **state)
{
	expect("A writes=a/** wish=2\nB writes=b/** wish=1\nC writes=c/** wish=2\n"
	       "D writes=d/** wish=1",
	    "B D | A C");
	expect("A writes=a/** wish=1\nB reads=a/** writes=b/** wish=1", "A | B");
	expect("A writes=a/** wish=1\nB writes=b/** wish=1\nC writes=c/** wish=1\n"
	       "D writes=d/** wish=1",
	    "A B | C D");
	expect("A writes=a/** wish=1\nB writes=b/** wish=2\nC writes=c/** wish=2\n"
	       "D writes=d/** wish=1\nE writes=e/** wish=2",
	    "A D | B C E");
}

static void
cycles_and_what_waits_for_them_are_left_out_with_a_reason(void **state)
{
	struct fixture f = arrange(
	    "A writes=a deps=B\nB writes=b deps=A\nC writes=c deps=B\n"
	    "D writes=d\nE writes=e deps=E",
	    NULL);
	AUTO_FREE char *got = show(&f);

	assert_string_equal(got, "D");
	assert_int_equal(f.batches->n_unplaced, 4);
	assert_non_null(strstr(f.batches->why[0], "in a cycle"));
	assert_string_equal(f.batches->why[2], "B can never start: C depends on B");
	assert_string_equal(f.batches->why[4], "it waits for itself");
	assert_null(batches_of(f.batches, 0));
	assert_int_equal(batches_of(f.batches, 3)->number, 1);
	fixture_free(&f);
}

static void
done_phases_count_as_finished(void **state)
{
	static const bool is_done[] = { true, false, false };
	struct batch_env env = { .is_done = is_done };
	struct fixture f = arrange(
	    "A writes=a/**\nB reads=a/** writes=b/**\nC writes=c/**", &env);
	AUTO_FREE char *got = show(&f);

	assert_string_equal(got, "B C");
	fixture_free(&f);
}

static void
caps_come_from_the_environment(void **state)
{
	struct batch_env env = { .cap = 2, .research_cap = 3 };
	AUTO_FREE char *text = independent(4, 0);
	struct fixture f = arrange(text, &env);

	assert_int_equal(f.batches->n, 2);
	fixture_free(&f);
	env.cap = 1;
	f = arrange(text, &env);
	assert_int_equal(f.batches->n, 4);
	fixture_free(&f);
}

static void
the_bound_and_the_critical_path_are_explained(void **state)
{
	struct fixture f = arrange("A writes=a/**\nB writes=b/** deps=A\nC writes=c/** "
				   "deps=B\nD writes=d/**",
	    NULL);

	assert_int_equal(f.batches->n_critical, 3);
	assert_int_equal(f.batches->critical_path[0], 0);
	assert_int_equal(f.batches->critical_path[2], 2);
	assert_int_equal(f.batches->lower_bound, 3);
	assert_string_equal(
	    f.batches->bound_reason, "3 phases have to wait for one another");
	assert_string_equal(f.batches->why[0], "waits for nothing");
	assert_string_equal(f.batches->why[1], "waits for A: B depends on A");
	fixture_free(&f);
	f = arrange("", NULL);
	assert_int_equal(f.batches->n, 0);
	assert_string_equal(f.batches->bound_reason, "nothing is left to dispatch");
	fixture_free(&f);
}

static void
expect_merges(const char *text, const char *wanted)
{
	struct fixture f = arrange(text, NULL);
	const struct batch *b = &f.batches->batch[0];
	char got[64] = "";

	assert_int_equal(f.batches->n, 1);
	for (size_t i = 0; i < b->n; i++)
		strcat(got, f.plan->phase[b->merge_order[i]].id);
	assert_string_equal(got, wanted);
	fixture_free(&f);
}

/* CONFLICTS 5.4, R-36 */
static void
merges_go_by_fixed_orders_then_overlap_then_plan_order(void **state)
{
	expect_merges("A writes=a/**\nB writes=b/**\nC writes=c/**", "ABC");
	/* A overlaps both others: the hub lands last. */
	expect_merges("A writes=src/**\nB writes=src/b.c\nC writes=src/c/x.c", "BCA");
	/* The gate lands first. */
	expect_merges("A uses=infra:ci\nB writes=b/**\nC gates=infra:ci", "BCA");
	/* Small before large where two overlap. */
	expect_merges("A writes=x.c points=5\nB writes=x.c points=1", "BA");
}

/* CONFLICTS 2.5: what was merged on trial counts more than any chance. */
static void
what_did_not_merge_on_trial_decides_who_lands_last(void **state)
{
	const struct batch_met met[] = { { 0, 1 }, { 2, 0 } };
	const struct batch_env env = { .met = met, .n_met = 2 };
	struct fixture f = arrange(
	    "A writes=a/x\nB writes=b/x points=5\nC writes=b/x points=5", &env);
	const struct batch *b = &f.batches->batch[0];

	assert_int_equal(b->n, 3);
	assert_int_equal(b->merge_order[2], 0);
	fixture_free(&f);
	f = arrange("A writes=a/x\nB writes=b/x points=5\nC writes=b/x points=5", NULL);
	assert_int_equal(f.batches->batch[0].merge_order[0], 0);
	fixture_free(&f);
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* A random plan of N phases: dependencies backwards, exclusions, research, overlaps. */
static char *
random_plan(size_t n, uint32_t *seed)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++) {
		bool is_research = next_random(seed) % 3 == 0;

		fprintf(out, "P%zu %s writes=%c/%zu.md+s/%u", i,
		    is_research ? "research" : "", is_research ? 'n' : 'w', i,
		    next_random(seed) % 12);
		if (!is_research && next_random(seed) % 5 == 0)
			fprintf(out, " infra=i%u", next_random(seed) % 2);
		if (i > 0 && next_random(seed) % 3 == 0)
			fprintf(out, " deps=P%u", next_random(seed) % (unsigned)i);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

/* Whatever the plan: every phase once, caps kept, sequential pairs apart and in order. */
static void
check_legal(const struct fixture *f)
{
	int *round = xcalloc(f->plan->n_phases, sizeof(*round));
	size_t n_placed = 0;

	for (size_t i = 0; i < f->batches->n; i++) {
		const struct batch *b = &f->batches->batch[i];
		bool is_research = true;

		assert_true(b->n > 0);
		for (size_t k = 0; k < b->n; k++) {
			assert_int_equal(round[b->phase[k]], 0);
			round[b->phase[k]] = (int)i + 1;
			n_placed++;
			is_research = is_research &&
				      phase_is_research(&f->plan->phase[b->phase[k]]);
			for (size_t m = 0; m < k; m++) {
				const struct pair *p = verdicts_find(
				    f->verdicts, b->phase[m], b->phase[k]);

				is_research = is_research &&
					      (!p || p->verdict == VERDICT_PARALLEL ||
						  p->kind == PAIR_DIRECTORY);
			}
		}
		assert_true(b->n <= 3 || (is_research && b->n <= 5));
		assert_int_equal(b->is_research, is_research);
	}
	assert_int_equal(n_placed, f->plan->n_phases);
	for (size_t i = 0; i < f->verdicts->n_pairs; i++) {
		const struct pair *p = &f->verdicts->pair[i];

		if (p->verdict == VERDICT_SEQUENTIAL)
			assert_true(round[p->first] < round[p->a + p->b - p->first]);
	}
	assert_true(f->batches->n >= f->batches->lower_bound);
	free(round);
}

/* The fewest batches by trying every assignment of phases to rounds, in plan order. */
struct brute {
	const struct fixture *f;
	int round[8];
	size_t n;
};

static bool
brute_round_is_legal(const struct brute *b, int round)
{
	size_t n = 0;
	bool is_research = true;

	for (size_t i = 0; i < b->n; i++) {
		if (b->round[i] != round)
			continue;
		n++;
		is_research = is_research && phase_is_research(&b->f->plan->phase[i]);
		for (size_t k = 0; k < i; k++) {
			const struct pair *p = verdicts_find(
			    b->f->verdicts, (int)k, (int)i);

			if (b->round[k] == round)
				is_research = is_research &&
					      (p->verdict == VERDICT_PARALLEL ||
						  p->kind == PAIR_DIRECTORY);
		}
	}
	return n <= 3 || (is_research && n <= 5);
}

static bool
brute_fits(struct brute *b, size_t at, int n_rounds)
{
	if (at == b->n) {
		for (size_t i = 0; i < b->f->verdicts->n_pairs; i++) {
			const struct pair *p = &b->f->verdicts->pair[i];

			if (p->verdict == VERDICT_SEQUENTIAL &&
			    b->round[p->first] >= b->round[p->a + p->b - p->first])
				return false;
		}
		for (int r = 0; r < n_rounds; r++) {
			if (!brute_round_is_legal(b, r))
				return false;
		}
		return true;
	}
	for (b->round[at] = 0; b->round[at] < n_rounds; b->round[at]++) {
		if (brute_fits(b, at + 1, n_rounds))
			return true;
	}
	return false;
}

static void
small_plans_need_no_batch_less_by_brute_force(void **state)
{
	uint32_t seed = 7;

	for (int i = 0; i < 300; i++) {
		AUTO_FREE char *text = random_plan(2 + next_random(&seed) % 6, &seed);
		struct fixture f = arrange(text, NULL);
		struct brute b = { .f = &f, .n = f.plan->n_phases };

		check_legal(&f);
		if (f.batches->n > 1 && brute_fits(&b, 0, (int)f.batches->n - 1))
			fail_msg(
			    "%zu batches are too many for\n%s", f.batches->n, text);
		fixture_free(&f);
	}
}

static void
plans_of_any_size_get_legal_batches(void **state)
{
	uint32_t seed = 11;

	for (int i = 0; i < 120; i++) {
		AUTO_FREE char *text = random_plan(8 + next_random(&seed) % 60, &seed);
		struct fixture f = arrange(text, NULL);

		check_legal(&f);
		fixture_free(&f);
	}
}

static void
a_thousand_independent_phases_are_even(void **state)
{
	AUTO_FREE char *text = independent(1000, 0);
	struct fixture f = arrange(text, NULL);

	assert_int_equal(f.batches->n, 334);
	for (size_t i = 0; i < f.batches->n; i++)
		assert_true(f.batches->batch[i].n >= 2);
	check_legal(&f);
	fixture_free(&f);
}

static void
a_plan_too_large_to_decide_dispatches_nothing(void **state)
{
	char *text = xcalloc(1, 2100 * 8), *at = text;
	struct fixture f;

	for (int i = 0; i < 2100; i++)
		at += sprintf(at, "P%d\n", i);
	f = arrange(text, NULL);
	assert_int_equal(f.batches->n, 0);
	assert_int_equal(f.batches->n_unplaced, 2100);
	fixture_free(&f);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_batch_sizes_holds),
		cmocka_unit_test(a_mixed_set_has_the_cap_of_implementation),
		cmocka_unit_test(research_that_shares_an_output_is_no_research_set),
		cmocka_unit_test(
		    what_must_be_ordered_is_in_different_batches_and_in_order),
		cmocka_unit_test(no_phase_runs_alone_when_it_need_not),
		cmocka_unit_test(wishes_break_ties_and_nothing_else),
		cmocka_unit_test(
		    cycles_and_what_waits_for_them_are_left_out_with_a_reason),
		cmocka_unit_test(done_phases_count_as_finished),
		cmocka_unit_test(caps_come_from_the_environment),
		cmocka_unit_test(the_bound_and_the_critical_path_are_explained),
		cmocka_unit_test(what_did_not_merge_on_trial_decides_who_lands_last),
		cmocka_unit_test(
		    merges_go_by_fixed_orders_then_overlap_then_plan_order),
		cmocka_unit_test(small_plans_need_no_batch_less_by_brute_force),
		cmocka_unit_test(plans_of_any_size_get_legal_batches),
		cmocka_unit_test(a_thousand_independent_phases_are_even),
		cmocka_unit_test(a_plan_too_large_to_decide_dispatches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
