#include "rehearse/rehearse.h"

#include "../plan/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A plan played on the real scheduler and core, with dice for the rest of the world. */
struct fixture {
	struct plan *plan;
	struct verdicts *verdicts;
	struct batches *batches;
	struct rehearse_guess guess;
	struct rehearse_setting setting;
};

static void
fixture_init(struct fixture *f, const char *text, size_t cap)
{
	struct batch_env env = { .cap = cap };

	*f = (struct fixture){
		.plan = build_plan(text),
		.setting = { .cap = cap, .research_cap = 5, .asks_merge = true },
	};
	for (size_t i = 0; i < f->plan->n_phases; i++)
		f->plan->phase[i].est_mid_cents = 200;
	f->verdicts = verdicts_new(f->plan, NULL);
	f->batches = batches_new(f->plan, f->verdicts, &env);
	rehearse_guess_init(&f->guess);
}

static void
fixture_clear(struct fixture *f)
{
	batches_free(f->batches);
	verdicts_free(f->verdicts);
	plan_free(f->plan);
}

static struct rehearse_case
case_of(const struct fixture *f)
{
	return (struct rehearse_case){ f->plan, f->verdicts, f->batches, &f->guess,
		&f->setting };
}

/* A world in which nothing goes wrong and everybody is quick. */
static void
be_calm(struct rehearse_guess *g)
{
	g->fail_chance = g->limit_chance = g->conflict_chance = g->red_chance = 0;
	g->work_spread = g->cost_spread = g->person_spread = 0;
	g->person_minutes = 1;
	for (int i = 0; i < EXEC_N_MODES; i++)
		g->asks[i] = 0;
}

static const char *const six =
    "A writes=a/** points=3\nB writes=b/** points=3\n"
    "C reads=a/x writes=c/** points=5\nD writes=b/** points=2\n"
    "E writes=e/** points=8\nF writes=f/** deps=C points=1";

static struct rehearse_summary
play(const struct fixture *f, uint64_t seed, size_t n, int64_t budget)
{
	struct rehearse_case what = case_of(f);
	struct rehearse_summary summary;

	rehearse_many(&what, seed, n, budget, &summary);
	return summary;
}

static void
every_phase_gets_done_when_nothing_goes_wrong(void **state)
{
	for (int rolling = 0; rolling < 2; rolling++) {
		struct fixture f;
		struct rehearse_summary s;

		fixture_init(&f, six, 3);
		be_calm(&f.guess);
		f.setting.is_rolling = rolling;
		s = play(&f, 1, 5, 0);
		assert_true(s.complete == 1.0);
		assert_int_equal(s.cost_p50, 1200);
		assert_true(s.conflicts == 0.0);
		fixture_clear(&f);
	}
}

/* CONFLICTS 2.5: who collides with several is mended once when it lands last. */
static void
the_hub_last_mends_fewer_than_plan_order(void **state)
{
	struct rehearse_summary s[REHEARSE_N_ORDERS];

	for (int order = 0; order < REHEARSE_N_ORDERS; order++) {
		struct fixture f;

		fixture_init(&f,
		    "A writes=src/** points=3\nB writes=src/b points=3\n"
		    "C writes=src/c/x points=3\nD writes=src/d/x points=3",
		    4);
		be_calm(&f.guess);
		f.guess.conflict_chance = 0.7;
		f.guess.work_spread = 0.5;
		f.setting.order = (enum rehearse_order)order;
		s[order] = play(&f, 1, 200, 0);
		assert_true(s[order].complete == 1.0);
		fixture_clear(&f);
	}
	assert_true(s[REHEARSE_HUB].conflicts < 0.6 * s[REHEARSE_PLAN].conflicts);
	assert_true(s[REHEARSE_MEASURED].conflicts <= s[REHEARSE_HUB].conflicts + 0.05);
}

/* The world of the default guesses is rough; plans end in it all the same. */
static void
plans_end_in_a_world_with_accidents(void **state)
{
	for (int rolling = 0; rolling < 2; rolling++) {
		struct fixture f;
		struct rehearse_summary s;

		fixture_init(&f, six, 3);
		f.guess.fail_chance = 0.15;
		f.guess.limit_chance = 0.3;
		f.guess.conflict_chance = 0.6;
		f.setting.is_rolling = rolling;
		s = play(&f, 2, 60, 0);
		assert_true(s.complete > 0.5);
		assert_true(s.conflicts > 0);
		assert_true(s.finish_p90 >= s.finish_p50);
		fixture_clear(&f);
	}
}

static void
the_same_seed_gives_the_same_rounds(void **state)
{
	struct fixture f;
	struct rehearse_summary a, b, c;

	fixture_init(&f, six, 3);
	a = play(&f, 7, 40, 900);
	b = play(&f, 7, 40, 900);
	c = play(&f, 8, 40, 900);
	assert_int_equal(a.finish_p50, b.finish_p50);
	assert_int_equal(a.finish_p90, b.finish_p90);
	assert_int_equal(a.cost_p90, b.cost_p90);
	assert_true(a.over_budget == b.over_budget);
	assert_int_not_equal(a.finish_p50, c.finish_p50);
	fixture_clear(&f);
}

/* S-25 and promise 3: never more at work than the cap, never two that must not meet. */
static void
no_round_breaks_the_cap_or_a_sequential_pair(void **state)
{
	for (size_t number = 0; number < 80; number++) {
		struct fixture f;
		struct rehearse_case what;
		struct rehearse_round r;
		size_t cap = 2 + number % 3;

		fixture_init(&f, six, cap);
		f.setting.is_rolling = number % 2;
		what = case_of(&f);
		rehearse_play(&what, 3, number, &r);
		for (size_t i = 0; i < r.n_spans; i++) {
			const struct rehearse_span *a = &r.span[i];
			size_t n_live = 0;

			for (size_t k = 0; k < r.n_spans; k++) {
				const struct rehearse_span *b = &r.span[k];
				const struct pair *pair;

				if (a->what != REHEARSE_WORKS ||
				    b->what != REHEARSE_WORKS || b->from > a->from ||
				    b->to <= a->from)
					continue;
				n_live++;
				pair = verdicts_find(f.verdicts, a->phase, b->phase);
				assert_true(a->phase == b->phase || !pair ||
					    pair->verdict != VERDICT_SEQUENTIAL);
			}
			assert_true(n_live <= cap);
		}
		rehearse_round_clear(&r);
		fixture_clear(&f);
	}
}

static void
rolling_is_never_slower_when_nobody_has_to_be_asked(void **state)
{
	struct fixture f;
	struct rehearse_summary batch, rolling;

	fixture_init(&f, six, 3);
	be_calm(&f.guess);
	f.setting.asks_merge = false;
	f.setting.approves_all = true;
	batch = play(&f, 1, 1, 0);
	f.setting.is_rolling = true;
	rolling = play(&f, 1, 1, 0);
	assert_true(rolling.finish_p50 <= batch.finish_p50);
	fixture_clear(&f);
}

static void
a_person_is_counted_as_often_as_one_is_asked(void **state)
{
	struct fixture f;
	struct rehearse_summary s;

	fixture_init(&f, "A writes=a\nB writes=b", 3);
	be_calm(&f.guess);
	s = play(&f, 1, 1, 0);
	/* One table and two merges. */
	assert_int_equal(s.person_p50, 3);
	f.setting.asks_merge = false;
	s = play(&f, 1, 1, 0);
	assert_int_equal(s.person_p50, 1);
	fixture_clear(&f);
}

static void
the_chance_of_breaking_the_budget_falls_with_the_budget(void **state)
{
	struct fixture f;
	struct rehearse_summary tight, wide;

	fixture_init(&f, six, 3);
	tight = play(&f, 5, 60, 600);
	wide = play(&f, 5, 60, 100000);
	assert_true(tight.over_budget > 0.9);
	assert_true(wide.over_budget == 0.0);
	fixture_clear(&f);
}

/* What stands in a circle is never started and ends nothing else. */
static void
a_circle_is_left_out(void **state)
{
	struct fixture f;
	struct rehearse_case what;
	struct rehearse_round r;

	fixture_init(&f, "A reads=b writes=a\nB reads=a writes=b\nC writes=c", 3);
	what = case_of(&f);
	rehearse_play(&what, 1, 1, &r);
	assert_int_equal(r.n_done, 1);
	rehearse_round_clear(&r);
	fixture_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_phase_gets_done_when_nothing_goes_wrong),
		cmocka_unit_test(the_hub_last_mends_fewer_than_plan_order),
		cmocka_unit_test(plans_end_in_a_world_with_accidents),
		cmocka_unit_test(the_same_seed_gives_the_same_rounds),
		cmocka_unit_test(no_round_breaks_the_cap_or_a_sequential_pair),
		cmocka_unit_test(rolling_is_never_slower_when_nobody_has_to_be_asked),
		cmocka_unit_test(a_person_is_counted_as_often_as_one_is_asked),
		cmocka_unit_test(
		    the_chance_of_breaking_the_budget_falls_with_the_budget),
		cmocka_unit_test(a_circle_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
