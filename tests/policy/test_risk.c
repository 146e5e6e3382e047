#include "policy/risk.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
paths_have_the_class_a_person_would_give_them(void **state)
{
	static const struct {
		const char *path;
		enum risk_class class;
	} table[] = {
		{ "src/net/tcp.c", RISK_SOURCE },
		{ "CHANGELOG.md", RISK_CHANGELOG },
		{ "activerecord/CHANGELOG.md", RISK_CHANGELOG },
		{ "Documentation/RelNotes/2.54.0.adoc", RISK_CHANGELOG },
		{ "web/package-lock.json", RISK_LOCK },
		{ "Cargo.lock", RISK_LOCK },
		{ "src/api/gen/types.ts", RISK_GENERATED },
		{ ".github/workflows/main.yml", RISK_CI },
		{ "db/migrate/001_users.rb", RISK_SCHEMA },
		{ "t/t3200-branch.sh", RISK_TEST },
		{ "pkg/server/server_test.go", RISK_TEST },
		{ "Makefile", RISK_MANIFEST },
		{ "go.mod", RISK_MANIFEST },
		{ "docs/guide.md", RISK_DOCS },
		{ "config/app.yaml", RISK_SETTINGS },
		{ "src/index.ts", RISK_ENTRY },
		{ "src/commands.go", RISK_ENTRY },
		{ "", RISK_SOURCE },
		{ "/", RISK_SOURCE },
		{ "src/testing.c", RISK_SOURCE },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		enum risk_class got = risk_class_of(table[i].path);

		if (got != table[i].class)
			fail_msg("%s is %s", table[i].path, risk_class_name(got));
	}
}

static double
chance_of(const char *path, double n_bytes, double hot, bool is_odd)
{
	struct risk_file file = { path, n_bytes, hot, 1, is_odd };
	struct risk_model model;

	risk_model_init(&model);
	return risk_of_pair(&model, &file, 1, (struct risk_sizes){ 3, 3, 0, 0 });
}

/* CONFLICTS 2.2, 2.3: what was measured, in order. */
static void
small_files_and_changelogs_collide_more_than_large_and_busy_ones(void **state)
{
	assert_true(
	    chance_of("a.c", 1000, 1, false) > chance_of("a.c", 100000, 1, false));
	assert_true(
	    chance_of("a.c", 9000, 0, false) > chance_of("a.c", 9000, 60, false));
	assert_true(
	    chance_of("CHANGELOG", 9000, 5, false) > chance_of("a.c", 9000, 5, false));
	assert_true(chance_of("a.c", 9000, 5, false) >
		    chance_of("package.json", 9000, 5, false));
	assert_true(chance_of("a.c", 9000, 5, true) > 0.5);
}

static void
more_files_in_common_are_more_risk(void **state)
{
	struct risk_file file[3] = { { "a.c", 8000, 3, 1, false },
		{ "b.c", 8000, 3, 1, false }, { "c.c", 8000, 3, 1, false } };
	struct risk_sizes sizes = { 5, 5, 0, 0 };
	struct risk_model model;

	risk_model_init(&model);
	assert_true(risk_of_pair(&model, file, 0, sizes) <= 0);
	assert_true(risk_of_pair(&model, file, 1, sizes) <
		    risk_of_pair(&model, file, 2, sizes));
	assert_true(risk_of_pair(&model, file, 2, sizes) <
		    risk_of_pair(&model, file, 3, sizes));
}

/* Two who build something new in one place are closer to each other than two who repair. */
static void
phases_that_add_files_collide_more_in_those_they_share(void **state)
{
	struct risk_file file = { "a.c", 8000, 3, 1, false };
	struct risk_model model;
	double repair, one, both;

	risk_model_init(&model);
	repair = risk_of_pair(&model, &file, 1, (struct risk_sizes){ 6, 6, 0, 0 });
	one = risk_of_pair(&model, &file, 1, (struct risk_sizes){ 6, 6, 4, 0 });
	both = risk_of_pair(&model, &file, 1, (struct risk_sizes){ 6, 6, 4, 4 });
	assert_true(repair < one && one < both);
	/* More new files than files, and none at all, are no numbers to divide by. */
	assert_true(
	    risk_of_pair(&model, &file, 1, (struct risk_sizes){ 0, 1, 9, 9 }) < 1);
}

/* A file, its directory, the first two directories, its ending; what is not there is left out. */
static void
a_file_is_in_the_parts_that_its_path_names(void **state)
{
	static const struct {
		const char *path, *parts;
	} rows[] = {
		{ "a/b/c/d.x.c", "a/b/c/d.x.c|a/b/c/|a/b/|*.c|" },
		{ "a/b/d.c", "a/b/d.c|a/b/|*.c|" },
		{ "a/d.c", "a/d.c|a/|*.c|" },
		{ "d.c", "d.c|*.c|" },
		{ "a.b/README", "a.b/README|a.b/|" },
		{ ".profile", ".profile|" },
		{ "end.", "end.|" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct risk_part part[RISK_PLACES_OF_FILE];
		size_t n = risk_parts(rows[i].path, part);
		char text[128] = "";

		for (size_t k = 0; k < n; k++) {
			strcat(text, part[k].is_ending ? "*" : "");
			strncat(text, part[k].text, part[k].n);
			strcat(text, "|");
		}
		assert_string_equal(text, rows[i].parts);
	}
}

/* A pattern over a thousand files does not touch a thousand files. */
static void
files_that_are_not_sure_count_for_less(void **state)
{
	enum { N = 1000 };
	struct risk_file *file = xcalloc(N, sizeof(*file));
	struct risk_sizes sizes = { 4, 4, 0, 0 };
	struct risk_model model;
	double one, many;

	risk_model_init(&model);
	for (size_t i = 0; i < N; i++)
		file[i] = (struct risk_file){ "a.c", 8000, 3, 0.4 / N, false };
	many = risk_of_pair(&model, file, N, sizes);
	file[0].sure = 1;
	one = risk_of_pair(&model, file, 1, sizes);
	assert_true(fabs(many - 0.4 * one) < 1e-3);
	free(file);
}

static void
what_is_not_known_of_a_file_is_taken_as_typical(void **state)
{
	double p = chance_of("a.c", -1, 0, false);

	assert_true(p > 0.05 && p < 0.5);
	assert_true(chance_of("a.c", 1e300, 1e300, false) >= 0);
	assert_true(chance_of("a.c", 0, -5, true) <= 1);
}

static void
a_place_of_a_repository_moves_its_files_alone(void **state)
{
	struct risk_place place[] = { { (char[]){ "src/" }, -1 },
		{ (char[]){ "src/hub.c" }, 2 } };
	struct risk_file hub = { "src/hub.c", 8000, 3, 1, false };
	struct risk_file near = { "src/other.c", 8000, 3, 1, false };
	struct risk_file far = { "lib/hub.c", 8000, 3, 1, false };
	struct risk_model plain, learned;

	risk_model_init(&plain);
	risk_model_init(&learned);
	learned.place = place;
	learned.n_places = 2;
	assert_true(risk_of_file(&learned, &hub) > risk_of_file(&plain, &hub));
	assert_true(risk_of_file(&learned, &near) < risk_of_file(&plain, &near));
	assert_true(
	    fabs(risk_of_file(&learned, &far) - risk_of_file(&plain, &far)) < 1e-12);
}

/* CONFLICTS 5.2: its chance to collide times how sure it is that both touch it. */
static void
what_is_not_declared_counts_by_its_kind_and_by_how_sure_it_is(void **state)
{
	struct risk_model model;
	struct risk_file log = { .path = "CHANGELOG.md", .n_bytes = -1, .sure = 0.5 };
	struct risk_file lock = {
		.path = "package-lock.json", .n_bytes = -1, .sure = 0.5
	};
	struct risk_file both[2];
	double one, two;

	(void)state;
	risk_model_init(&model);
	assert_true(risk_of_hidden(&model, NULL, 0) == 0);
	one = risk_of_hidden(&model, &log, 1);
	assert_true(fabs(one - 0.5 * risk_of_file(&model, &log)) < 1e-9);
	assert_true(one > risk_of_hidden(&model, &lock, 1));
	both[0] = log;
	both[1] = lock;
	two = risk_of_hidden(&model, both, 2);
	assert_true(two > one && two < 1);
	both[0].sure = 0;
	assert_float_equal(
	    risk_of_hidden(&model, both, 2), risk_of_hidden(&model, &lock, 1), 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_not_declared_counts_by_its_kind_and_by_how_sure_it_is),
		cmocka_unit_test(paths_have_the_class_a_person_would_give_them),
		cmocka_unit_test(
		    small_files_and_changelogs_collide_more_than_large_and_busy_ones),
		cmocka_unit_test(more_files_in_common_are_more_risk),
		cmocka_unit_test(
		    phases_that_add_files_collide_more_in_those_they_share),
		cmocka_unit_test(a_file_is_in_the_parts_that_its_path_names),
		cmocka_unit_test(files_that_are_not_sure_count_for_less),
		cmocka_unit_test(what_is_not_known_of_a_file_is_taken_as_typical),
		cmocka_unit_test(a_place_of_a_repository_moves_its_files_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
