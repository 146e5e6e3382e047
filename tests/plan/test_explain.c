#include "plan/explain.h"

#include "build.h"
#include "plan/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct verdict_env plain;
static const struct batch_env caps;
static const struct explain_env usual = { &plain, &caps, NULL };

struct fixture {
	struct plan *plan;
	struct verdicts *verdicts;
	struct explanation *e;
};

static char *remedies(const struct fixture *f);

/* With a plan that stands the record is the same, and it stands as before. */
static void
assert_stands(const struct fixture *f, const struct explain_env *env)
{
	struct standing *standing = standing_new(f->plan, env->verdict);
	struct explain_env with = { env->verdict, env->batch, standing };
	struct fixture again = { f->plan, f->verdicts, NULL };
	AUTO_FREE char *wanted = remedies(f), *got = NULL;

	for (int round = 0; round < 2; round++) {
		again.e = explain_pair(f->plan, f->verdicts, &with, 0, 1);
		got = remedies(&again);
		assert_string_equal(got, wanted);
		free(TAKE_PTR(got));
		assert_int_equal(again.e->n_common, f->e->n_common);
		assert_int_equal(again.e->n_names, f->e->n_names);
		for (size_t i = 0; i < f->e->n_remedies; i++)
			assert_int_equal(
			    again.e->remedy[i].n_batches, f->e->remedy[i].n_batches);
		for (size_t i = 0; i < f->e->n_names; i++)
			assert_string_equal(again.e->name[i].name, f->e->name[i].name);
		explanation_free(again.e);
	}
	standing_free(standing);
}

static struct fixture
explain(const char *text, const struct explain_env *env)
{
	struct fixture f = { .plan = build_plan(text) };

	f.verdicts = verdicts_new(f.plan, env->verdict);
	f.e = explain_pair(f.plan, f.verdicts, env, 0, 1);
	assert_stands(&f, env);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	explanation_free(f->e);
	verdicts_free(f->verdicts);
	plan_free(f->plan);
}

/* The remedies in one line: "parallel: edit, edit; branches: edit". */
static char *
remedies(const struct fixture *f)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < f->e->n_remedies; i++) {
		const struct explain_remedy *r = &f->e->remedy[i];

		fprintf(out, "%s%s:", i ? "; " : "", verdict_name(r->becomes));
		for (size_t k = 0; k < r->n_edits; k++) {
			AUTO_FREE char *edit = alteration_text(f->plan, &r->edit[k]);

			fprintf(out, " %s", edit);
		}
	}
	fclose(out);
	return text;
}

/* CONFLICTS 5.5: each kind of verdict says what would make it parallel, for either side. */
static void
every_verdict_says_what_would_make_it_parallel(void **state)
{
	static const struct {
		const char *text, *rule, *wanted;
	} table[] = {
		/* clang-format off */
		{ "A writes=a.c\nB reads=a.c writes=b.c", "S-11",
		  "parallel: take `a.c` out of Writes of A; parallel: take `a.c` out of Reads of B" },
		{ "A reads=b.c\nB writes=b.c", "S-12",
		  "parallel: take `b.c` out of Reads of A; parallel: take `b.c` out of Writes of B" },
		{ "A writes=x/a.c\nB writes=x/a.c", "S-14",
		  "parallel: take `x/a.c` out of Writes of A; parallel: take `x/a.c` out of Writes of B" },
		{ "A deletes=a.c\nB writes=a.c", "S-13",
		  "parallel: take `a.c` out of Deletes of A; parallel: take `a.c` out of Writes of B" },
		{ "A infra=ci writes=a.c\nB writes=.gitlab-ci.yml", "S-16",
		  "parallel: take `ci` out of Infra of A; parallel: take `.gitlab-ci.yml` out of Writes of B" },
		{ "A produces=api:p\nB consumes=api:p", "S-11",
		  "parallel: take `api:p` out of Produces of A; parallel: take `api:p` out of Consumes of B" },
		{ "A writes=a.c\nB writes=b.c deps=A", "S-11",
		  "parallel: drop the dependency of B on A" },
		{ "A writes=a.c\nB writes=b.c", "S-18", "" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct fixture f = explain(table[i].text, &usual);
		AUTO_FREE char *got = remedies(&f);

		assert_string_equal(f.e->rule, table[i].rule);
		assert_string_equal(got, table[i].wanted);
		fixture_free(&f);
	}
}

/* A remedy of several steps names them all, and none that is not needed. */
static void
a_remedy_is_complete(void **state)
{
	struct fixture f = explain(
	    "A writes=a.c+b.c+far.c infra=ci\nB writes=b.c+a.c infra=ci", &usual);

	assert_int_equal(f.e->n_remedies, 2);
	assert_int_equal(f.e->remedy[0].n_edits, 3);
	assert_int_equal(f.e->remedy[0].becomes, VERDICT_PARALLEL);
	assert_int_equal(f.e->remedy[0].n_batches, 1);
	fixture_free(&f);
}

/* Staying out of what the other names is a smaller change than giving up everything. */
static void
an_exception_comes_before_giving_up_a_folder(void **state)
{
	static const char *const tracked[] = { "src/net/tcp.c", "src/x.c" };
	static const struct verdict_env env = { .tracked = tracked, .n_tracked = 2 };
	const struct explain_env with_tree = { &env, &caps, NULL };
	struct fixture f = explain(
	    "A writes=src/**\nB writes=src/net/tcp.c", &with_tree);
	AUTO_FREE char *got = remedies(&f);

	assert_string_equal(got, "parallel: except `!src/net/tcp.c` from Writes of A; "
				 "parallel: take `src/net/tcp.c` out of Writes of B");
	assert_int_equal(f.e->n_common, 1);
	assert_string_equal(f.e->common[0], "src/net/tcp.c");
	fixture_free(&f);
}

static void
what_is_unknown_is_to_be_declared(void **state)
{
	struct fixture f = explain("A writes=a.c\nB", &usual);

	assert_int_equal(f.e->n_remedies, 0);
	assert_non_null(strstr(f.e->advice, "declare what"));
	fixture_free(&f);
}

static void
names_both_claim_are_listed_with_their_modes(void **state)
{
	struct fixture f = explain("A extends=api:q\nB changes=api:q", &usual);

	assert_int_equal(f.e->n_names, 1);
	assert_string_equal(f.e->name[0].name, "api:q");
	assert_string_equal(f.e->name[0].mode_a, "extends");
	assert_string_equal(f.e->name[0].mode_b, "changes");
	assert_string_equal(f.e->name[0].relation, "order");
	fixture_free(&f);
}

/* Every batch before a phase's own has a reason against it. */
static void
a_place_is_explained_batch_by_batch(void **state)
{
	struct fixture f = explain(
	    "A writes=a.c\nB reads=a.c writes=b.c\nC reads=b.c writes=c.c", &usual);
	struct batches *batches = batches_new(f.plan, f.verdicts, &caps);
	size_t n;
	struct explain_step *step = explain_place(&usual, f.verdicts, batches, 2, &n);

	assert_int_equal(n, 2);
	assert_int_equal(step[0].batch, 1);
	assert_int_equal(step[0].blocker, 0);
	assert_int_equal(step[1].blocker, 1);
	assert_string_equal(step[1].reason, "C reads `b.c`, which B writes");
	free(step);
	batches_free(batches);
	fixture_free(&f);
}

/* What-if: lists are replaced, added to, taken from; the plan itself stays as it is. */
static void
an_altered_plan_leaves_the_plan_alone(void **state)
{
	struct plan *plan = build_plan("A writes=a.c deps=B\nB writes=b.c");
	const struct alteration edit[] = {
		{ ALTERATION_CLEAR, 0, TOUCH_WRITES, NULL, NULL, false },
		{ ALTERATION_ADD, 0, TOUCH_WRITES, "new.c", NULL, false },
		{ ALTERATION_ADD, 1, TOUCH_READS, "x", NULL, true },
		{ ALTERATION_DROP, 1, TOUCH_WRITES, "b.c", NULL, false },
		{ ALTERATION_DROP, 0, ALTERATION_DEPENDS, "B", NULL, false },
	};
	struct plan *altered = plan_altered(plan, edit, N_ELEMS(edit));

	assert_int_equal(altered->phase[0].touch[TOUCH_WRITES].n, 1);
	assert_string_equal(
	    altered->phase[0].touch[TOUCH_WRITES].item[0].text, "new.c");
	assert_int_equal(altered->phase[0].depends_on.n, 0);
	assert_true(altered->phase[1].touch[TOUCH_READS].item[0].is_negated);
	assert_int_equal(altered->phase[1].touch[TOUCH_WRITES].n, 0);
	assert_false(altered->phase[1].is_unknown);
	assert_string_equal(plan->phase[0].touch[TOUCH_WRITES].item[0].text, "a.c");
	assert_int_equal(plan->phase[0].depends_on.n, 1);
	assert_int_equal(plan->phase[1].touch[TOUCH_WRITES].n, 1);
	plan_free(altered);
	plan_free(plan);
}

static void
a_phase_left_without_any_list_is_unknown(void **state)
{
	struct plan *plan = build_plan("A writes=a.c\nB writes=b.c");
	const struct alteration edit = { ALTERATION_CLEAR, 0, TOUCH_WRITES, NULL, NULL,
		false };
	struct plan *altered = plan_altered(plan, &edit, 1);

	assert_true(altered->phase[0].is_unknown);
	assert_false(plan->phase[0].is_unknown);
	plan_free(altered);
	plan_free(plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_says_what_would_make_it_parallel),
		cmocka_unit_test(a_remedy_is_complete),
		cmocka_unit_test(an_exception_comes_before_giving_up_a_folder),
		cmocka_unit_test(what_is_unknown_is_to_be_declared),
		cmocka_unit_test(names_both_claim_are_listed_with_their_modes),
		cmocka_unit_test(a_place_is_explained_batch_by_batch),
		cmocka_unit_test(an_altered_plan_leaves_the_plan_alone),
		cmocka_unit_test(a_phase_left_without_any_list_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
