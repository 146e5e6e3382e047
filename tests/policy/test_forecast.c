#include "policy/forecast.h"

#include "../plan/build.h"
#include "plan/alter.h"
#include "plan/standing.h"
#include "policy/reach.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const tracked[] = { "CHANGELOG.md", "README.md", "lib/a.c",
	"lib/b.c", "lib/c.c", "lib/d.c", "lib/deep/e.c", "lib/deep/f.c", "src/main.c" };

static double
small(void *arg, const char *path)
{
	return strcmp(path, arg) == 0 ? 100 : 60000;
}

static double
busy(void *arg, const char *path)
{
	return 3;
}

static struct risk_model model;
static char small_file[] = "lib/b.c";

static struct forecast_env
env_of(void)
{
	risk_model_init(&model);
	return (struct forecast_env){ .tracked = tracked,
		.n_tracked = N_ELEMS(tracked),
		.model = &model,
		.n_bytes = small,
		.hot = busy,
		.arg = small_file };
}

/* The risk of the one pair of a plan of two phases, in percent; -1 for none. */
static int
risk_of(const char *text)
{
	struct forecast_env env = env_of();
	struct verdict_env venv = { .tracked = tracked, .n_tracked = N_ELEMS(tracked) };
	struct plan *plan = build_plan(text);
	struct verdicts *v = verdicts_new(plan, &venv);
	int risk;

	assert_int_equal(v->n_pairs, 1);
	forecast_risks(plan, v, &env);
	risk = v->pair[0].risk < 0 ? -1 : (int)lround(100 * (double)v->pair[0].risk);
	verdicts_free(v);
	plan_free(plan);
	return risk;
}

static void
what_shares_no_file_has_no_chance_of_a_conflict(void **state)
{
	assert_int_equal(risk_of("A writes=lib/a.c\nB writes=src/main.c"), -1);
	/* Different files of one directory: 0 of 2,118 conflicts (CONFLICTS 2). */
	assert_int_equal(risk_of("A writes=lib/a.c\nB writes=lib/b.c"), 0);
	assert_int_equal(risk_of("A produces=api:x\nB produces=api:x"), -1);
}

static void
a_shared_file_has_the_chance_of_its_kind(void **state)
{
	int large = risk_of("A writes=lib/a.c\nB writes=lib/a.c");
	int little = risk_of("A writes=lib/b.c\nB writes=lib/b.c");

	assert_in_range(large, 5, 20);
	assert_true(little > 2 * large);
	/* Both make it: the same lines, for certain. */
	assert_true(risk_of("A creates=lib/new.c\nB creates=lib/new.c") > 60);
}

static void
a_wide_pattern_is_less_than_a_name(void **state)
{
	int named = risk_of("A writes=lib/b.c\nB writes=lib/b.c");
	int half = risk_of("A writes=lib/**\nB writes=lib/b.c");
	int wide = risk_of("A writes=lib/**\nB writes=lib/**");

	assert_true(half < named && half > 0);
	assert_true(wide < half && wide > 0);
	assert_int_equal(risk_of("A writes=new/**\nB writes=new/**"), 2);
	assert_int_equal(risk_of("A writes=new/\nB writes=new/"), 2);
}

static void
negated_paths_and_other_repositories_do_not_count(void **state)
{
	assert_int_equal(
	    risk_of("A writes=lib/**+!lib/b.c\nB writes=lib/b.c+lib/deep/x.c"), 0 + 2);
	assert_int_equal(
	    risk_of("A repo=other writes=lib/a.c\nB repo=other writes=lib/a.c"), 2);
}

/* CONFLICTS 5.2: derived files leave the chance and get a merge action. */
static void
what_is_made_again_or_united_has_no_chance(void **state)
{
	static const char *const derived[] = { "lib/b.c" }, *const united[] = {
		"*.md"
	};
	const struct verdict_env world = { .tracked = tracked,
		.n_tracked = N_ELEMS(tracked),
		.derived = derived,
		.n_derived = 1,
		.united = united,
		.n_united = 1 };
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{ "A writes=lib/b.c+README.md\nB writes=lib/b.c+README.md", 0 },
		{ "A writes=lib/b.c+lib/a.c\nB writes=lib/b.c+lib/a.c", 1 },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct forecast_env env = env_of();
		struct plan *plan = build_plan(rows[i].text);
		struct verdicts *v = verdicts_new(plan, &world);
		struct forecast f;

		env.world = &world;
		forecast_risks(plan, v, &env);
		forecast_pair(plan, 0, 1, &env, &f);
		assert_int_equal(v->n_pairs, 1);
		assert_int_equal(f.n, rows[i].n);
		assert_true(rows[i].n == 0 ? v->pair[0].risk <= 0 && f.risk <= 0
					   : v->pair[0].risk > 0 && f.risk > 0);
		forecast_clear(&f);
		verdicts_free(v);
		plan_free(plan);
	}
}

static void
the_likeliest_file_comes_first_and_its_absence_is_priced(void **state)
{
	struct forecast_env env = env_of();
	struct plan *plan = build_plan(
	    "A writes=lib/a.c+lib/b.c\nB writes=lib/b.c+lib/a.c+src/main.c");
	struct forecast f;

	forecast_pair(plan, 0, 1, &env, &f);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.file[0].file.path, "lib/b.c");
	assert_true(f.without < f.risk);
	forecast_clear(&f);
	plan_free(plan);
}

static void
case_is_folded_where_the_disk_folds_it(void **state)
{
	struct plan *plan = build_plan("A writes=readme.md\nB writes=README.md");
	struct risk_file *file;
	struct reach *reach = reach_new(plan, tracked, N_ELEMS(tracked), true);

	assert_int_equal(reach_common(reach, 0, 1, &file), 1);
	free(file);
	reach_free(reach);
	reach = reach_new(plan, tracked, N_ELEMS(tracked), false);
	assert_int_equal(reach_common(reach, 0, 1, &file), 0);
	free(file);
	reach_free(reach);
	plan_free(plan);
}

/* Only the pairs of what was changed are asked about again, and all have what they had. */
static void
a_changed_phase_has_its_risks_anew(void **state)
{
	static const int changed[] = { 1 };
	struct forecast_env env = env_of();
	struct verdict_env venv = { .tracked = tracked, .n_tracked = N_ELEMS(tracked) };
	struct plan *plan = build_plan(
	    "A writes=lib/a.c+lib/b.c\nB writes=src/main.c\n"
	    "C writes=lib/b.c\nD writes=lib/*\nE writes=new.c");
	const struct alteration edit[] = {
		{ ALTERATION_ADD, 1, TOUCH_WRITES, "lib/b.c", NULL, false },
		{ ALTERATION_ADD, 1, TOUCH_WRITES, "new.c", NULL, false },
	};
	struct plan *altered = plan_altered(plan, edit, N_ELEMS(edit));
	struct standing *standing = standing_new(plan, &venv);
	struct verdicts *v, *anew = verdicts_new(altered, &venv);
	size_t n_risks = 0;

	forecast_risks(plan, standing_verdicts(standing), &env);
	assert_int_equal(standing_change(standing, altered, changed, 1), 1);
	v = standing_verdicts(standing);
	forecast_again(altered, v, &env, changed, 1);
	forecast_risks(altered, anew, &env);
	assert_int_equal(v->n_pairs, anew->n_pairs);
	for (size_t i = 0; i < v->n_pairs; i++) {
		assert_true(v->pair[i].risk == anew->pair[i].risk);
		n_risks += v->pair[i].risk > 0;
	}
	assert_true(n_risks > 4);
	verdicts_free(anew);
	standing_free(standing);
	plan_free(altered);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shares_no_file_has_no_chance_of_a_conflict),
		cmocka_unit_test(a_shared_file_has_the_chance_of_its_kind),
		cmocka_unit_test(a_wide_pattern_is_less_than_a_name),
		cmocka_unit_test(negated_paths_and_other_repositories_do_not_count),
		cmocka_unit_test(
		    the_likeliest_file_comes_first_and_its_absence_is_priced),
		cmocka_unit_test(what_is_made_again_or_united_has_no_chance),
		cmocka_unit_test(case_is_folded_where_the_disk_folds_it),
		cmocka_unit_test(a_changed_phase_has_its_risks_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
