#include "plan/verdict.h"

#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
	struct plan *plan;
	struct verdicts *verdicts;
};

static struct fixture
decide(const char *text, const struct verdict_env *env)
{
	struct fixture f = { .plan = build_plan(text) };

	f.verdicts = verdicts_new(f.plan, env);
	return f;
}

static void
fixture_free(struct fixture *f)
{
	verdicts_free(f->verdicts);
	plan_free(f->plan);
}

static const struct pair *
find(const struct fixture *f, const char *a, const char *b)
{
	return verdicts_find(
	    f->verdicts, plan_index(f->plan, a), plan_index(f->plan, b));
}

/* "verdict literal question kind first witness" of the pair A, B. */
static const char *
show(const struct fixture *f, const struct pair *p)
{
	static char buf[256];

	if (!p)
		return "not kept";
	snprintf(buf, sizeof(buf), "%s/%s %d %s %s %s", verdict_name(p->verdict),
	    verdict_name(p->literal), p->question, pair_kind_name(p->kind),
	    p->first < 0 ? "-" : f->plan->phase[p->first].id,
	    p->grounds->witness ? p->grounds->witness : "-");
	return buf;
}

static void
expect(const char *text, const struct verdict_env *env, const char *wanted)
{
	struct fixture f = decide(text, env);
	const struct pair *p = verdicts_find(f.verdicts, 0, 1);

	if (strcmp(show(&f, p), wanted) != 0)
		fail_msg("%s\n  wanted %s\n  got    %s\n  %s", text, wanted,
		    show(&f, p), p ? p->grounds->reason : "");
	assert_true(*p->grounds->reason);
	assert_int_equal(p->grounds->n_trace, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(p->grounds->trace[i].question, i + 1);
		assert_true(
		    *p->grounds->trace[i].answer && *p->grounds->trace[i].evidence);
	}
	fixture_free(&f);
}

/* SPEC 8.1, row by row: what A and B say, and the final answer beside the literal one. */
static void
the_truth_table_of_the_method_holds(void **state)
{
	static const struct verdict_env degraded = { .has_no_branches = true };
	static const struct {
		const char *row, *text, *wanted;
		const struct verdict_env *env;
	} table[] = {
		/* clang-format off */
		{ "1", "A writes=a.c\nB reads=a.c writes=b.c",
		  "sequential/sequential 1 raw A a.c", NULL },
		{ "1 with overlap and infra", "A writes=a.c infra=ci\nB reads=a.c writes=a.c infra=ci",
		  "sequential/sequential 1 raw A a.c", NULL },
		{ "2", "A reads=b.c writes=a.c\nB writes=b.c",
		  "sequential/parallel 1 war B b.c", NULL },
		{ "3", "A reads=b.c writes=a.c\nB reads=a.c writes=b.c",
		  "sequential/sequential 1 cycle - -", NULL },
		{ "4", "A writes=src/**\nB writes=src/x.c",
		  "parallel-branches/parallel-branches 2 waw - src/x.c", NULL },
		{ "5", "A writes=src/** infra=ci\nB writes=src/x.c infra=ci",
		  "sequential/parallel-branches 3 infra A infra:ci", NULL },
		{ "6", "A writes=logo.png\nB writes=logo.png",
		  "sequential/sequential 2 waw A logo.png", NULL },
		{ "6 with infra", "A writes=logo.png infra=ci\nB writes=logo.png infra=ci",
		  "sequential/sequential 2 waw A logo.png", NULL },
		{ "7", "A writes=a/** infra=ci\nB writes=b/** infra=ci",
		  "sequential/sequential 3 infra A infra:ci", NULL },
		{ "8", "A writes=a/**\nB writes=b/**",
		  "parallel/parallel 0 none - -", NULL },
		{ "8, one side only", "A writes=a/** infra=ci\nB writes=b/**",
		  "parallel/parallel 0 none - -", NULL },
		{ "9", "A\nB writes=b/**",
		  "sequential/sequential 3 unknown A -", NULL },
		{ "10", "A writes=src/**\nB writes=src/x.c",
		  "sequential/sequential 2 waw A src/x.c", &degraded },
		{ "10, directory", "A writes=n/a.md\nB writes=n/b.md",
		  "sequential/sequential 2 directory A -", &degraded },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		expect(table[i].text, table[i].env, table[i].wanted);
}

/* S-11, S-12: all kinds of data, both directions. */
static void
data_orders_the_pair_by_who_makes_it(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = {
		/* clang-format off */
		{ "A creates=x.h\nB reads=x.h",           "sequential/sequential 1 raw A x.h" },
		{ "A appends=x.md\nB reads=*.md",         "sequential/sequential 1 raw A x.md" },
		{ "A renames=a.c>b.c\nB reads=b.c",       "sequential/sequential 1 raw A b.c" },
		{ "A produces=api:p\nB consumes=api:p",   "sequential/sequential 1 api A api:p" },
		{ "A consumes=api:p\nB produces=api:p",   "sequential/parallel 1 api B api:p" },
		{ "A produces=schema:s\nB consumes=schema:s", "sequential/sequential 1 schema A schema:s" },
		{ "A produces=docs/p.md\nB consumes=docs/p.md", "sequential/sequential 1 raw A docs/p.md" },
		{ "A consumes=api:p\nB changes=api:p",    "sequential/parallel 1 api B api:p" },
		{ "A consumes=api:p\nB removes=api:p",    "sequential/sequential 1 api A api:p" },
		{ "A produces=api:p\nB uses=api:p",       "sequential/sequential 1 api A api:p" },
		{ "A infra=ci\nB consumes=infra:ci",      "sequential/sequential 1 infra A infra:ci" },
		{ "A writes=a.c deps=B\nB writes=b.c",    "sequential/sequential 1 declared B -" },
		{ "A writes=a.c\nB writes=b.c deps=A",    "sequential/sequential 1 declared A -" },
		{ "A deps=B\nB",                          "sequential/sequential 1 declared B -" },
		{ "A reads=a/**\nB reads=a/**",           "parallel/parallel 0 none - -" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		expect(table[i].text, NULL, table[i].wanted);
}

static void
a_declared_order_decides_what_a_read_against_it_means(void **state)
{
	struct fixture f;
	const struct pair *p;

	expect("A reads=x.c writes=a.c\nB writes=x.c deps=A", NULL,
	    "sequential/sequential 1 declared A -");
	expect("A reads=b.c writes=a.c\nB reads=a.c writes=b.c deps=A", NULL,
	    "sequential/sequential 1 raw A a.c");
	f = decide("A reads=x.c writes=a.c\nB writes=x.c deps=A", NULL);
	p = find(&f, "A", "B");
	assert_non_null(strstr(p->grounds->reason, "A reads `x.c`, which B writes"));
	assert_int_equal(f.verdicts->n_cycles, 0);
	fixture_free(&f);
}

/* Question 2 and A-3. */
static void
what_both_touch_decides_whether_branches_help(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = {
		/* clang-format off */
		{ "A appends=LOG.md\nB appends=LOG.md",   "parallel-branches/parallel-branches 2 append - LOG.md" },
		{ "A appends=LOG.md\nB writes=LOG.md",    "parallel-branches/parallel-branches 2 waw - LOG.md" },
		{ "A deletes=old/**\nB writes=old/a.c",   "sequential/sequential 2 delete A old/a.c" },
		{ "A writes=old/a.c\nB deletes=old/",     "sequential/sequential 2 delete A old/a.c" },
		{ "A reads=old/a.c\nB deletes=old/",      "sequential/sequential 2 delete A old/a.c" },
		{ "A deletes=a.c\nB deletes=a.c",         "sequential/sequential 2 delete A a.c" },
		{ "A renames=a/>b/\nB writes=a/x.c",      "sequential/sequential 2 rename A a/x.c" },
		{ "A renames=a/>b/\nB writes=b/x.c",      "sequential/sequential 2 rename A b/x.c" },
		{ "A writes=n/a.md\nB writes=n/b.md",     "parallel-branches/parallel-branches 2 directory - -" },
		{ "A writes=n/a*.md\nB creates=n/b.md",   "parallel-branches/parallel-branches 2 directory - -" },
		{ "A writes=a.md\nB writes=b.md",         "parallel/parallel 0 none - -" },
		{ "A writes=src/a/**\nB writes=src/b/**", "parallel/parallel 0 none - -" },
		{ "A reads=n/a.md\nB writes=n/b.md",      "parallel/parallel 0 none - -" },
		{ "A writes=conf.d\nB writes=conf.d/x",   "parallel-branches/parallel-branches 2 waw - conf.d/x" },
		{ "A writes=yarn.lock\nB writes=*.lock",  "sequential/sequential 2 waw A yarn.lock" },
		{ "A writes=gen/Generated/**\nB writes=gen/**", "sequential/sequential 2 waw A gen/Generated/x" },
		{ "A writes=docs/go.sum\nB writes=docs/cargo.sum", "parallel-branches/parallel-branches 2 directory - -" },
		{ "A writes=web/**\nB writes=web/a.png",  "sequential/sequential 2 waw A web/a.png" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		expect(table[i].text, NULL, table[i].wanted);
}

/* Question 3: S-16, S-17, A-6. */
static void
infrastructure_is_declared_or_seen_in_the_paths(void **state)
{
	static const char *const own[] = { "deploy=ops/prod/**" };
	static const struct verdict_env env = { .infra_pattern = own,
		.n_infra_patterns = 1 };
	static const struct {
		const char *text, *wanted;
	} table[] = {
		/* clang-format off */
		{ "A writes=.github/workflows/a.yml\nB writes=.github/workflows/b.yml",
		  "sequential/parallel-branches 3 infra A infra:ci" },
		{ "A infra=CI_config\nB writes=.gitlab-ci.yml",
		  "sequential/sequential 3 infra A infra:ci" },
		{ "A writes=db/migrations/**\nB writes=app/db/schema.rb",
		  "sequential/sequential 3 infra A infra:db-schema" },
		{ "A writes=ops/prod/a/**\nB writes=ops/prod/b/**",
		  "sequential/sequential 3 infra A infra:deploy" },
		{ "A infra=port:5432\nB infra=port:5432",
		  "sequential/sequential 3 resource A infra:port:5432" },
		{ "A infra=port:5432\nB infra=port:5433",
		  "parallel/parallel 0 none - -" },
		{ "A infra=db-schema\nB produces=schema:users",
		  "sequential/sequential 3 infra A infra:db-schema" },
		{ "A produces=schema:a\nB produces=schema:b",
		  "parallel/parallel 0 none - -" },
		{ "A infra=ci\nB uses=infra:ci",
		  "parallel-branches/parallel-branches 2 infra A infra:ci" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		expect(table[i].text, &env, table[i].wanted);
}

/* CONFLICTS 5.1: every cell of the table, both ways round. */
static void
the_mode_table_holds_in_both_directions(void **state)
{
	static const char *const modes[] = { "uses", "extends", "changes", "removes",
		"renumbers", "gates" };
	/* = parallel, < row lands first, > column does, ~ any order, # sequential */
	static const char *const table[] = { "==><=>", "=~><=>", "<<##=>", ">>##=>",
		"======", "<<<<=#" };

	for (int r = 0; r < 6; r++) {
		for (int c = 0; c < 6; c++) {
			AUTO_FREE char *text = xasprintf(
			    "A %s=api:x\nB %s=api:x", modes[r], modes[c]);
			static const char marks[] = "=<>~#";
			static const char *const wanted[] = {
				"parallel/parallel 0 none - -",
				"parallel-branches/parallel-branches 2 api A api:x",
				"parallel-branches/parallel-branches 2 api B api:x",
				"parallel-branches/parallel-branches 2 api - api:x",
				"sequential/sequential 2 api A api:x",
			};

			expect(text, NULL, wanted[strchr(marks, table[r][c]) - marks]);
		}
	}
}

static void
phases_that_only_number_migrations_run_together(void **state)
{
	expect("A renumbers=schema:m writes=db/migrations/*_a.sql\n"
	       "B renumbers=schema:m writes=db/migrations/*_b.sql",
	    NULL, "parallel-branches/parallel-branches 2 directory - -");
	expect("A renumbers=db-schema writes=db/migrations/*_a.sql\n"
	       "B renumbers=db-schema writes=db/migrations/*_b.sql",
	    NULL, "parallel-branches/parallel-branches 2 directory - -");
	expect("A renumbers=db-schema changes=schema:a writes=db/migrations/*_a.sql\n"
	       "B renumbers=db-schema extends=schema:b writes=db/migrations/*_b.sql",
	    NULL, "parallel-branches/parallel-branches 2 directory - -");
	expect("A changes=schema:a writes=db/migrations/*_a.sql\n"
	       "B extends=schema:b writes=db/migrations/*_b.sql",
	    NULL, "sequential/parallel-branches 3 infra A infra:db-schema");
	/* Who changes the schema, or numbers nothing, does collide. */
	expect("A renumbers=db-schema writes=db/migrations/*_a.sql\n"
	       "B writes=db/migrations/*_b.sql",
	    NULL, "sequential/parallel-branches 3 infra A infra:db-schema");
	expect("A renumbers=db-schema writes=db/migrations/*_a.sql\n"
	       "B infra=db-schema renumbers=db-schema",
	    NULL, "sequential/sequential 3 infra A infra:db-schema");
}

/* DESIGN 5: of what there are several, so many may run and no more. */
static void
counted_things_are_given_out_in_turn(void **state)
{
	static const char *const counted[] = { "gpu=2", "ci = 3" };
	static const struct verdict_env env = { .counted = counted, .n_counted = 2 };
	struct fixture f = decide(
	    "A infra=gpu\nB infra=gpu\nC uses=infra:gpu\nD infra=gpu+lamp\nE infra=lamp",
	    &env);

	assert_int_equal(find(&f, "A", "B")->verdict, VERDICT_PARALLEL);
	assert_string_equal(show(&f, find(&f, "A", "C")),
	    "sequential/sequential 3 resource A infra:gpu:1");
	assert_string_equal(show(&f, find(&f, "B", "D")),
	    "sequential/sequential 3 resource B infra:gpu:2");
	assert_int_equal(find(&f, "C", "D")->verdict, VERDICT_PARALLEL);
	assert_string_equal(
	    show(&f, find(&f, "D", "E")), "sequential/sequential 3 infra D infra:lamp");
	fixture_free(&f);
	/* Paths give it away too, so of CI there is one whatever is said. */
	expect("A infra=ci\nB writes=.gitlab-ci.yml", &env,
	    "sequential/sequential 3 infra A infra:ci");
}

/* CONFLICTS 5.2: what has a merge action takes no place in the queue. */
static void
what_is_made_again_or_united_does_not_exclude(void **state)
{
	static const char *const derived[] = { "*.lock" }, *const united[] = {
		"*.snap"
	};
	static const char *const exclusive[] = { "own.lock" };
	static const struct verdict_env env = { .derived = derived,
		.n_derived = 1,
		.united = united,
		.n_united = 1,
		.exclusive = exclusive,
		.n_exclusive = 1 };

	expect("A writes=Cargo.lock\nB writes=Cargo.lock", &env,
	    "parallel-branches/parallel-branches 2 waw - Cargo.lock");
	expect("A writes=a.snap\nB appends=a.snap", &env,
	    "parallel-branches/parallel-branches 2 waw - a.snap");
	expect("A writes=own.lock\nB writes=own.lock", &env,
	    "sequential/sequential 2 waw A own.lock");
	expect("A writes=Cargo.lock\nB reads=Cargo.lock", &env,
	    "sequential/sequential 1 raw A Cargo.lock");
	expect("A writes=Cargo.lock\nB deletes=Cargo.lock", &env,
	    "sequential/sequential 2 delete A Cargo.lock");
}

/* The numbers of one series say nothing about the migrations of another. */
static void
numbers_of_another_series_excuse_nothing(void **state)
{
	expect("A renumbers=infra:tests writes=db/migrations/1_a.sql\n"
	       "B renumbers=infra:tests writes=db/migrations/1_b.sql",
	    NULL, "sequential/parallel-branches 3 infra A infra:db-schema");
}

/* A series given as a pattern, or by divisi.series, excuses what its patterns match. */
static void
a_series_of_a_pattern_numbers_migrations(void **state)
{
	static const char *const series[] = { "steps = db/migrations/*.sql", "broken",
		"steps=db/migrations/*.py", "schema:far=far/*.sql" };
	static const struct verdict_env env = { .series = series,
		.n_series = N_ELEMS(series) };
	static const struct {
		const char *text, *wanted;
	} table[] = {
		/* clang-format off */
		{ "A renumbers=db/migrations/*.sql writes=db/migrations/*_a.sql\n"
		  "B renumbers=db/migrations/*.sql writes=db/migrations/*_b.sql",
		  "parallel-branches/parallel-branches 2 directory - -" },
		{ "A renumbers=db/** writes=db/migrations/1_a.sql+src/a.c\n"
		  "B renumbers=db/** writes=db/migrations/1_b.sql",
		  "parallel-branches/parallel-branches 2 directory - -" },
		{ "A renumbers=db/**/*.sql changes=schema:a writes=db/migrations/*_a.sql\n"
		  "B renumbers=db/**/*.sql extends=schema:b writes=db/migrations/*_b.sql",
		  "parallel-branches/parallel-branches 2 directory - -" },
		{ "A renumbers=steps writes=db/migrations/1_a.sql\n"
		  "B renumbers=steps writes=db/migrations/1_b.py",
		  "parallel-branches/parallel-branches 2 directory - -" },
		/* One of several paths has no number. */
		{ "A renumbers=db/*/*.sql writes=db/migrations/1_a.sql+x/migrations/1.sql\n"
		  "B renumbers=db/*/*.sql writes=db/migrations/1_b.sql",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		{ "A renumbers=db/migrations/*.sql writes=db/migrations/*_a.sql\n"
		  "B renumbers=db/migrations/*.sql writes=db/migrations/*_b.*",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		/* Numbers of two series may be equal, whatever their patterns match. */
		{ "A renumbers=db/migrations/*_a.sql writes=db/migrations/1_a.sql\n"
		  "B renumbers=db/migrations/*_b.sql writes=db/migrations/1_b.sql",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		{ "A renumbers=db/migrations/T_*.sql writes=db/migrations/T_1a.sql\n"
		  "B renumbers=db/migrations/t-*.sql writes=db/migrations/t-1b.sql",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		/* A name of migrations whose numbers are given elsewhere, or nowhere. */
		{ "A renumbers=schema:far writes=db/migrations/1_a.sql\n"
		  "B renumbers=schema:far writes=db/migrations/1_b.sql",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		{ "A renumbers=unheard-of writes=db/migrations/1_a.sql\n"
		  "B renumbers=unheard-of writes=db/migrations/1_b.sql",
		  "sequential/parallel-branches 3 infra A infra:db-schema" },
		/* One file for both, and what the other reads, are no matter of numbers. */
		{ "A renumbers=db/** writes=db/migrations/1.sql\n"
		  "B renumbers=db/** deletes=db/migrations/1.sql",
		  "sequential/sequential 2 delete A db/migrations/1.sql" },
		{ "A renumbers=db/** writes=db/migrations/1.sql\n"
		  "B renumbers=db/** reads=db/migrations/1.sql",
		  "sequential/sequential 1 raw A db/migrations/1.sql" },
		/* clang-format on */
	};

	for (size_t i = 0; i < N_ELEMS(table); i++)
		expect(table[i].text, &env, table[i].wanted);
}

/* A-2 */
static void
a_third_phase_makes_a_pair_sequential(void **state)
{
	struct fixture f = decide("A writes=a\nB writes=b\nC reads=a writes=c deps=_\n"
				  "D writes=d deps=C\nE writes=e",
	    NULL);

	assert_string_equal(
	    show(&f, find(&f, "A", "D")), "sequential/parallel 1 closure A -");
	assert_string_equal(find(&f, "A", "D")->grounds->reason,
	    "A comes before C, which comes before D");
	assert_string_equal(
	    show(&f, find(&f, "D", "E")), "parallel/parallel 0 none - -");
	fixture_free(&f);
}

/* E-4, J-35: the cycle as a path with the item causing each edge. */
static void
a_cycle_names_the_cause_of_each_edge(void **state)
{
	struct fixture f = decide(
	    "A reads=c writes=a\nB reads=a writes=b\nC writes=c deps=B\nD writes=d",
	    NULL);
	const struct cycle *c = f.verdicts->cycle;

	assert_int_equal(f.verdicts->n_cycles, 1);
	assert_int_equal(c->n, 3);
	assert_int_equal(c->phase[0], 0);
	assert_int_equal(c->phase[1], 1);
	assert_int_equal(c->phase[2], 2);
	assert_string_equal(c->cause[0], "B reads `a`, which A writes");
	assert_string_equal(c->cause[1], "C depends on B");
	assert_string_equal(c->cause[2], "A reads `c`, which C writes");
	assert_string_equal(
	    show(&f, find(&f, "A", "C")), "sequential/parallel 1 cycle - -");
	fixture_free(&f);
}

static void
a_phase_that_waits_for_itself_is_a_cycle(void **state)
{
	struct fixture f = decide("A writes=a deps=A\nB writes=b", NULL);

	assert_int_equal(f.verdicts->n_cycles, 1);
	assert_int_equal(f.verdicts->cycle[0].n, 1);
	assert_string_equal(f.verdicts->cycle[0].cause[0], "A depends on A");
	fixture_free(&f);
}

/* A-4 */
static void
an_assertion_settles_an_unknown_pair_and_nothing_else(void **state)
{
	static const struct assertion said[] = { { "B", "A", "asked both authors" } };
	static const struct verdict_env env = { .assertion = said, .n_assertions = 1 };
	struct fixture f;

	expect("A\nB writes=b.c", &env, "parallel/parallel 0 none - -");
	expect("A writes=b.c\nB reads=b.c", &env, "sequential/sequential 1 raw A b.c");
	expect("A\nB deps=A", &env, "sequential/sequential 1 declared A -");
	f = decide("A\nB\nC", &env);
	assert_non_null(
	    strstr(find(&f, "A", "B")->grounds->reason, "asked both authors"));
	assert_string_equal(
	    show(&f, find(&f, "A", "C")), "sequential/sequential 3 unknown A -");
	assert_string_equal(find(&f, "A", "C")->grounds->trace[0].answer, "unknown");
	fixture_free(&f);
}

static void
a_pattern_that_does_not_compile_makes_its_phase_unknown(void **state)
{
	expect("A writes=/etc/passwd\nB writes=b.c", NULL,
	    "sequential/sequential 3 unknown A -");
}

static void
other_repositories_share_no_paths(void **state)
{
	expect("A writes=src/**\nB writes=src/** repo=web", NULL,
	    "parallel/parallel 0 none - -");
	expect("A writes=.gitlab-ci.yml\nB infra=ci repo=web", NULL,
	    "parallel/parallel 0 none - -");
	expect("A\nB writes=src/** repo=web", NULL, "parallel/parallel 0 none - -");
	expect("A produces=api:x\nB consumes=api:x repo=web", NULL,
	    "sequential/sequential 1 api A api:x");
}

static void
the_tree_gives_real_witnesses_and_kinds(void **state)
{
	static const char *const tracked[] = { "LICENSE", "gen/a.c", "lib/api/one.c",
		"lib/api/two.c", "lib/logo.png", "lib/zeta.c" };
	static const struct verdict_env env = { .tracked = tracked,
		.n_tracked = N_ELEMS(tracked) };

	expect("A writes=lib/api\nB writes=lib/**/*.c", &env,
	    "parallel-branches/parallel-branches 2 waw - lib/api/one.c");
	/* One picture among mergeable files does not forbid branches ... */
	expect("A writes=lib/**\nB writes=lib/*", &env,
	    "parallel-branches/parallel-branches 2 waw - lib/logo.png");
	/* ... and nothing but pictures does. */
	expect("A writes=lib/*g\nB writes=lib/l*", &env,
	    "sequential/sequential 2 waw A lib/logo.png");
	/* A tracked file is no directory. */
	expect(
	    "A writes=LICENSE\nB writes=**/*.c", &env, "parallel/parallel 0 none - -");
	expect("A writes=LICENSE\nB writes=**/*.c", NULL,
	    "parallel-branches/parallel-branches 2 waw - LICENSE/.c");
}

/* CONTRACTS 4: negated paths are subtracted on tracked paths. */
static void
negation_takes_tracked_paths_away(void **state)
{
	static const char *const tracked[] = { "gen/a.c", "src/a.c", "src/gen/b.c" };
	static const struct verdict_env env = { .tracked = tracked,
		.n_tracked = N_ELEMS(tracked) };

	expect("A writes=src/**+!src/gen/**\nB writes=src/gen/**", &env,
	    "parallel/parallel 0 none - -");
	expect("A writes=src/**+!src/a.c\nB writes=src/**", &env,
	    "parallel-branches/parallel-branches 2 waw - src/gen/b.c");
}

/* ... and what may still come counts: both may add a file that nobody negates. */
static void
negation_of_all_that_exists_leaves_what_may_come(void **state)
{
	static const char *const tracked[] = { "src/a.c" };
	static const struct verdict_env env = { .tracked = tracked, .n_tracked = 1 };

	expect("A writes=src/**+!src/a.c\nB writes=src/**", &env,
	    "parallel-branches/parallel-branches 2 waw - src/x");
	expect("A writes=src/*.c+!src/*.c\nB writes=src/**", &env,
	    "parallel/parallel 0 none - -");
}

/* CONFLICTS 3.4, 5.2: symbolic links, submodules, file against directory. */
static void
other_names_of_a_file_are_that_file(void **state)
{
	static const char *const tracked[] = { "Makefile", "current", "lib/sub",
		"real/v1/a.c", "real/v1/b.c" };
	static const struct tracked_link links[] = { { "current", "real/v1" } };
	static const char *const submodules[] = { "lib/sub" };
	static const struct verdict_env env = { .tracked = tracked,
		.n_tracked = N_ELEMS(tracked),
		.link = links,
		.n_links = 1,
		.submodule = submodules,
		.n_submodules = 1 };

	expect("A writes=current/a.c\nB writes=real/v1/a.c", &env,
	    "parallel-branches/parallel-branches 2 waw - real/v1/a.c");
	expect("A writes=current/*.c\nB reads=real/v1/b.c writes=z", &env,
	    "sequential/sequential 1 raw A real/v1/b.c");
	expect("A writes=*/a.c\nB writes=real/v1/a.c", &env,
	    "parallel-branches/parallel-branches 2 waw - real/v1/a.c");
	expect("A writes=current/a.c\nB writes=docs/b.md", &env,
	    "parallel/parallel 0 none - -");
	/* Whatever both change in a submodule, both move the commit it is at. */
	expect("A writes=lib/sub/a.c\nB writes=lib/sub/b.c", &env,
	    "sequential/sequential 2 waw A lib/sub");
	expect("A writes=lib/sub\nB writes=lib/**", &env,
	    "sequential/sequential 2 waw A lib/sub");
	expect("A writes=lib/sub/a.c\nB writes=lib/other.c", &env,
	    "parallel/parallel 0 none - -");
	/* A file of the tree is no directory beside it. */
	expect("A writes=Makefile\nB creates=Makefile/part", &env,
	    "sequential/sequential 2 waw A Makefile");
	expect("A appends=Makefile\nB appends=Makefile/part", &env,
	    "sequential/sequential 2 waw A Makefile");
	expect(
	    "A writes=Makefile\nB writes=**/*.c", &env, "parallel/parallel 0 none - -");
}

static void
a_renamed_directory_takes_what_is_below_it_along(void **state)
{
	static const char *const tracked[] = { "old/a.c" };
	static const struct verdict_env env = { .tracked = tracked, .n_tracked = 1 };

	/* The other side's new file in `old` would move too. */
	expect("A renames=old>new.d\nB creates=old/b.c", &env,
	    "sequential/sequential 2 rename A old/b.c");
	expect("A renames=old>new.d\nB creates=**/c.h", &env,
	    "sequential/sequential 2 rename A old/c.h");
	expect("A renames=old>new.d\nB creates=new.d/c.h", &env,
	    "sequential/sequential 2 rename A new.d/c.h");
	expect("A renames=a/>b.d\nB creates=b.d*/c.h", NULL,
	    "sequential/sequential 2 rename A b.d/c.h");
}

static void
folding_knows_what_is_tracked_in_any_case(void **state)
{
	static const char *const tracked[] = { "Conf.d/A.c", "na\314\210me.c" };
	static const struct verdict_env env = {
		.tracked = tracked, .n_tracked = 2, .fold_case = true
	};
	static const struct verdict_env exact = { .tracked = tracked, .n_tracked = 2 };

	/* `conf.d` is the tracked directory `Conf.d`, and so covers what is below. */
	expect("A writes=conf.d\nB writes=**/a.C", &env,
	    "parallel-branches/parallel-branches 2 waw - Conf.d/A.c");
	expect("A writes=n\303\244me.c\nB writes=*.c", &exact,
	    "parallel-branches/parallel-branches 2 waw - na\314\210me.c");
}

static void
many_patterns_of_one_prefix_are_looked_up_and_none_is_missed(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct fixture f;

	for (int i = 0; i < 150; i++)
		fprintf(out, "%sP%d writes=lib/**/n%d_*.h+src/**/m%d.c", i ? "\n" : "",
		    i, i % 140, i);
	fputs("\nQ writes=lib/**/n139*\nR writes=**/m7*\nS writes=lib/**/n?5_x.h", out);
	fclose(out);
	f = decide(text, NULL);
	for (int i = 0; i < 150; i++) {
		for (int j = i + 1; j < 150; j++) {
			const struct pair *p = verdicts_find(f.verdicts, i, j);

			assert_int_equal(p->kind == PAIR_WAW, i % 140 == j % 140);
		}
		assert_int_equal(
		    verdicts_find(f.verdicts, i, 150)->kind == PAIR_WAW, i == 139);
		assert_int_equal(verdicts_find(f.verdicts, i, 151)->kind == PAIR_WAW,
		    i == 7 || (i >= 70 && i < 80));
		assert_int_equal(verdicts_find(f.verdicts, i, 152)->kind == PAIR_WAW,
		    i % 140 % 10 == 5 && i % 140 / 10 % 10 > 0 && i % 140 < 100);
	}
	fixture_free(&f);
	free(text);
}

static void
pairs_without_an_order_keep_plan_order_unless_a_dependency_forbids_it(void **state)
{
	/* C goes before A by declaration; plan order for A-B and B-C would close a ring. */
	struct fixture f = decide(
	    "A infra=x deps=C\nB infra=x+y\nC infra=y\nD infra=y", NULL);

	assert_string_equal(
	    show(&f, find(&f, "A", "C")), "sequential/sequential 1 declared C -");
	assert_int_equal(find(&f, "A", "B")->first, 1);
	assert_int_equal(find(&f, "B", "C")->first, 1);
	assert_int_equal(find(&f, "C", "D")->first, 2);
	fixture_free(&f);
}

static void
folding_file_systems_see_one_file_in_two_spellings(void **state)
{
	static const struct verdict_env env = { .fold_case = true };

	expect("A writes=README.md\nB writes=readme.md", &env,
	    "parallel-branches/parallel-branches 2 waw - readme.md");
	expect("A writes=README.md\nB writes=readme.md", NULL,
	    "parallel/parallel 0 none - -");
}

static void
issues_can_stand_for_their_phases_in_depends_on(void **state)
{
	struct plan *plan = build_plan("A writes=a\nB writes=b deps=REV-1");
	struct issue_ref ref = { .id = "REV-1" };
	struct verdicts *v;

	plan->phase[0].issue = &ref;
	plan->phase[0].n_issues = 1;
	v = verdicts_new(plan, NULL);
	assert_int_equal(verdicts_find(v, 0, 1)->kind, PAIR_DECLARED);
	verdicts_free(v);
	plan_free(plan);
}

/* Every phase N of TEXT's plan as printf makes it from N. */
static char *
many(size_t n, const char *fmt)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++) {
		for (const char *p = fmt; *p; p++) {
			if (*p == '#')
				fprintf(out, "%zu", i);
			else
				fputc(*p, out);
		}
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static void
large_plans_keep_only_what_is_not_parallel(void **state)
{
	AUTO_FREE char *text = many(1000,
	    "P# writes=src/m#/**+tests/m#/**+docs/#.md+a/#/x+b/#/y+c/#/z "
	    "reads=lib/a+lib/b+lib/c+lib/#");
	struct fixture f = decide(text, NULL);

	assert_int_equal(f.verdicts->n_total, 499500);
	assert_false(f.verdicts->is_too_large);
	/* All write different files of docs/. */
	assert_int_equal(f.verdicts->n_pairs, 499500);
	fixture_free(&f);
}

/* Found by the bench: pairs that their last names settle counted as compared. */
static void
three_thousand_phases_below_one_directory_are_decided(void **state)
{
	AUTO_FREE char *text = many(3000, "P# writes=lib/**/n#_*.h+lib/**/m#_*.h");
	struct fixture f = decide(text, NULL);

	assert_false(f.verdicts->is_too_large);
	assert_int_equal(f.verdicts->n_pairs, 0);
	fixture_free(&f);
}

static void
a_plan_past_the_limits_is_all_sequential(void **state)
{
	AUTO_FREE char *text = many(2100, "P#");
	struct fixture f = decide(text, NULL);

	assert_true(f.verdicts->is_too_large);
	assert_int_equal(f.verdicts->n_pairs, 0);
	assert_int_equal(verdicts_find(f.verdicts, 5, 9)->verdict, VERDICT_SEQUENTIAL);
	fixture_free(&f);
}

static void
a_pattern_that_everybody_shares_ends_in_a_verdict_and_not_in_the_heap(void **state)
{
	AUTO_FREE char *text = many(16000, "P# writes=a/** appends=a/**");
	struct fixture f = decide(text, NULL);

	assert_true(f.verdicts->is_too_large);
	fixture_free(&f);
}

static void
hostile_patterns_cost_no_exponential_time(void **state)
{
	char stars[4001], text[9000];

	for (size_t i = 0; i < 4000; i++)
		stars[i] = i % 2 ? 'a' : '*';
	stars[4000] = '\0';
	snprintf(text, sizeof(text), "A writes=%s\nB writes=%s", stars, stars + 1);
	expect(text, NULL, "parallel-branches/parallel-branches 2 waw - a");
}

static void
an_empty_plan_has_no_pairs(void **state)
{
	struct fixture f = decide("", NULL);

	assert_int_equal(f.verdicts->n_pairs, 0);
	assert_int_equal(f.verdicts->n_total, 0);
	fixture_free(&f);
}

/* Bad input: a missing object never makes two sides of a link parallel. */
static void
who_goes_through_a_link_that_nobody_knows_is_unknown(void **state)
{
	static const struct tracked_link link[] = { { "old", NULL } };
	const struct verdict_env env = { .link = link, .n_links = 1 };

	expect("A writes=src/a.c\nB writes=old/a.c", &env,
	    "sequential/sequential 3 unknown A -");
	expect("A writes=src/a.c\nB writes=**/b.c", &env,
	    "sequential/sequential 3 unknown A -");
	expect("A writes=src/a.c\nB writes=older/a.c", &env,
	    "parallel/parallel 0 none - -");
}

/* Both move the one commit of the submodule, though only one of them names it. */
static void
a_link_into_a_submodule_is_the_submodule(void **state)
{
	static const struct tracked_link link[] = { { "old", "lib/src" } };
	static const char *const tracked[] = { "lib", "old" }, *const submodule[] = {
		"lib"
	};
	static const struct verdict_env env = { .tracked = tracked,
		.n_tracked = 2,
		.link = link,
		.n_links = 1,
		.submodule = submodule,
		.n_submodules = 1 };

	expect("A writes=old/a.c\nB writes=lib/b.c", &env,
	    "sequential/sequential 2 waw A lib");
	expect("A writes=old/a.c\nB writes=old/b.c", &env,
	    "sequential/sequential 2 waw A lib");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_table_of_the_method_holds),
		cmocka_unit_test(data_orders_the_pair_by_who_makes_it),
		cmocka_unit_test(a_declared_order_decides_what_a_read_against_it_means),
		cmocka_unit_test(what_both_touch_decides_whether_branches_help),
		cmocka_unit_test(infrastructure_is_declared_or_seen_in_the_paths),
		cmocka_unit_test(the_mode_table_holds_in_both_directions),
		cmocka_unit_test(phases_that_only_number_migrations_run_together),
		cmocka_unit_test(counted_things_are_given_out_in_turn),
		cmocka_unit_test(what_is_made_again_or_united_does_not_exclude),
		cmocka_unit_test(numbers_of_another_series_excuse_nothing),
		cmocka_unit_test(a_series_of_a_pattern_numbers_migrations),
		cmocka_unit_test(a_third_phase_makes_a_pair_sequential),
		cmocka_unit_test(a_cycle_names_the_cause_of_each_edge),
		cmocka_unit_test(a_phase_that_waits_for_itself_is_a_cycle),
		cmocka_unit_test(an_assertion_settles_an_unknown_pair_and_nothing_else),
		cmocka_unit_test(
		    a_pattern_that_does_not_compile_makes_its_phase_unknown),
		cmocka_unit_test(other_repositories_share_no_paths),
		cmocka_unit_test(the_tree_gives_real_witnesses_and_kinds),
		cmocka_unit_test(negation_takes_tracked_paths_away),
		cmocka_unit_test(negation_of_all_that_exists_leaves_what_may_come),
		cmocka_unit_test(other_names_of_a_file_are_that_file),
		cmocka_unit_test(a_renamed_directory_takes_what_is_below_it_along),
		cmocka_unit_test(folding_knows_what_is_tracked_in_any_case),
		cmocka_unit_test(
		    many_patterns_of_one_prefix_are_looked_up_and_none_is_missed),
		cmocka_unit_test(
		    pairs_without_an_order_keep_plan_order_unless_a_dependency_forbids_it),
		cmocka_unit_test(folding_file_systems_see_one_file_in_two_spellings),
		cmocka_unit_test(issues_can_stand_for_their_phases_in_depends_on),
		cmocka_unit_test(large_plans_keep_only_what_is_not_parallel),
		cmocka_unit_test(three_thousand_phases_below_one_directory_are_decided),
		cmocka_unit_test(a_plan_past_the_limits_is_all_sequential),
		cmocka_unit_test(
		    a_pattern_that_everybody_shares_ends_in_a_verdict_and_not_in_the_heap),
		cmocka_unit_test(hostile_patterns_cost_no_exponential_time),
		cmocka_unit_test(an_empty_plan_has_no_pairs),
		cmocka_unit_test(who_goes_through_a_link_that_nobody_knows_is_unknown),
		cmocka_unit_test(a_link_into_a_submodule_is_the_submodule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
