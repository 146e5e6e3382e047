#include "plan/certificate.h"

#include "../plan/build.h"
#include "base/file.h"
#include "plan/digest.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Two programs that share no code decide the same plans: whatever the planner certifies,
 * divisi-verify accepts.  DIVISI_TEST_ROUNDS plans are made, DIVISI_TEST_SEED replays one.
 */
enum { ROUNDS = 300, MAX_PHASES = 9 };

static uint64_t rng;

static unsigned
dice(unsigned n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (unsigned)(rng >> 33) % n;
}

static const char *
pick(const char *const *words, size_t n)
{
	return words[dice((unsigned)n)];
}

static const char *const tracked[] = { ".github/workflows/ci.yml", "Cargo.lock",
	"README.md", "conf.d/a.conf", "db/migrations/1.sql", "docs/a.md", "docs/b.md",
	"docs/logo.png", "gen/generated/x.c", "lib", "src/api", "src/api.h",
	"src/net/tcp.c", "src/net/udp.c", "src/x.c", "tests/t1.c" };

static const char *const paths[] = { "src/**", "src/*", "src/*.c", "src/net/",
	"src/net", "src/net/tcp.c", "src/x.c", "src/{x,y}.c", "src/[a-y].c",
	"src/[!x].c", "**/*.c", "**/tcp.?", "docs/", "docs/*.md", "docs/a.md",
	"docs/b.md", "docs/logo.png", "README.md", "readme.md", "*.md", "Cargo.lock",
	"*.lock", "gen/**", "gen/Generated/**", ".github/workflows/b.yml", ".github/**",
	"db/migrations/**", "db/migrations/2.sql", "db/migrations/3.sql",
	"db/schema.rb", "lib", "lib/x", "lib/*", "src/api", "src/api/v2.h", "src/api.h",
	"conf.d", "conf.d/b.conf", "a**b", "?", "**", "new/dir/**/x", "new/dir/x",
	"new/{a,b/}**", "\\*.c", "src/[[:alpha:]].c", "x", "x/y", ".", "[", "../up",
	"{a,b", "src/**/", "a/./b", "a//b", "ops/prod/a", "ops/prod/b", "n/a.txt",
	"n/b.txt" };

static const char *const names[] = { "api:p", "api:q", "schema:s", "schema:t",
	"infra:ci", "infra:db-schema", "infra:port:5432", "CI_config", "migrations",
	"lock-file", "db/**", "db/migrations/*.sql", "db/migrations/2*", "steps" };

/* One "key=item+item" of a phase. */
static void
put_list(
    FILE *out, const char *key, const char *const *words, size_t n_words, bool excepts)
{
	unsigned n = 1 + dice(3);

	fprintf(out, " %s=", key);
	for (unsigned i = 0; i < n; i++) {
		const char *word = pick(words, n_words);

		fprintf(out, "%s%s%s", i ? "+" : "",
		    excepts && i > 0 && !dice(4) ? "!" : "", word);
		if (strcmp(key, "renames") == 0)
			fprintf(out, ">%s", pick(paths, N_ELEMS(paths)));
	}
}

static char *
make_text(void)
{
	static const char *const path_keys[] = { "reads", "writes", "writes", "writes",
		"creates", "deletes", "renames", "appends", "consumes", "produces" };
	static const char *const name_keys[] = { "produces", "consumes", "uses",
		"extends", "changes", "removes", "renumbers", "renumbers", "gates",
		"infra" };
	unsigned n = 1 + dice(MAX_PHASES), few = 1 + dice(N_ELEMS(paths));
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (unsigned i = 0; i < n; i++) {
		fprintf(out, "%sP%u", i ? "\n" : "", i);
		for (unsigned k = dice(4); k > 0; k--)
			put_list(out, pick(path_keys, N_ELEMS(path_keys)),
			    paths + dice((unsigned)N_ELEMS(paths) - few + 1), few,
			    true);
		for (unsigned k = dice(8) / 4; k > 0; k--)
			put_list(out, pick(name_keys, N_ELEMS(name_keys)), names,
			    N_ELEMS(names), false);
		for (unsigned k = dice(6) == 0; k > 0; k--)
			fprintf(out, " deps=P%u", dice(n));
		if (dice(12) == 0)
			fputs(" repo=other", out);
		if (dice(12) == 0)
			fputs(" unknown", out);
	}
	fclose(out);
	return text;
}

static int
judge(const char *file)
{
	char *argv[] = { getenv("DIVISI_TEST_VERIFY"), NULL, NULL };
	char *none[] = { NULL };
	posix_spawn_file_actions_t actions;
	AUTO_FREE char *name = xstrdup(file);
	pid_t pid;
	int status;

	argv[1] = name;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, argv, none), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Certifies the plan TEXT in ENV and asks the other program. */
static void
expect_accepted(
    const char *text, const struct verdict_env *env, const char *file, uint64_t seed)
{
	struct plan *plan = build_plan(text);
	struct verdicts *verdicts = verdicts_new(plan, env);
	struct err err = ERR_INIT;
	char *certificate;
	size_t n;
	int status;

	plan_digest(plan);
	certificate = certificate_text(plan, env, verdicts, "a test", &n, &err);
	assert_non_null(certificate);
	assert_int_equal(file_write_atomic(file, certificate, n, 0600, &err), 0);
	status = judge(file);
	if (status != 0)
		fail_msg("seed %llu: divisi-verify says %d of %s\nfor\n%s",
		    (unsigned long long)seed, status, file, text);
	free(certificate);
	verdicts_free(verdicts);
	plan_free(plan);
}

static void
play(uint64_t seed, const char *file)
{
	static const char *const infra[] = { "deploy=ops/prod/**", "broken", "x=[" };
	static const char *const exclusive[] = { "docs/*.md", "src/net/**" };
	static const char *const derived[] = { "*.lock" }, *const united[] = {
		"docs/**"
	};
	static const char *const series[] = { "steps=db/*/*.sql", " steps =[",
		"migrations = db/migrations/**", "none", "schema:s=x/*" };
	static const struct assertion said[] = { { "P0", "P1", "seen it" },
		{ "P3", "P2", "trust me" } };
	struct verdict_env env = { 0 };
	AUTO_FREE char *text = NULL;

	rng = seed * 0x9E3779B97F4A7C15u + 1;
	for (int i = 0; i < 8; i++)
		(void)dice(2);
	if (dice(3)) {
		env.tracked = tracked;
		env.n_tracked = N_ELEMS(tracked);
	}
	env.fold_case = dice(5) == 0;
	env.has_no_branches = dice(6) == 0;
	env.infra_pattern = infra;
	env.n_infra_patterns = dice(2) * N_ELEMS(infra);
	env.exclusive = exclusive;
	env.n_exclusive = dice(3);
	env.derived = derived;
	env.n_derived = dice(2);
	env.united = united;
	env.n_united = dice(2);
	env.series = series;
	env.n_series = dice(2) * N_ELEMS(series);
	env.assertion = said;
	env.n_assertions = dice(2) * N_ELEMS(said);
	text = make_text();
	expect_accepted(text, &env, file, seed);
}

static void
what_the_planner_certifies_is_accepted(void **state)
{
	const char *one = getenv("DIVISI_TEST_SEED"),
		   *more = getenv("DIVISI_TEST_ROUNDS");
	uint64_t n = more ? strtoull(more, NULL, 10) : ROUNDS;

	if (one) {
		play(strtoull(one, NULL, 10), *state);
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		play(seed, *state);
}

static void
a_plan_of_more_phases_than_are_listed_whole_is_accepted(void **state)
{
	struct verdict_env env = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 240; i++)
		fprintf(out, "P%d writes=src/m%d/**+lib/m%d.c reads=src/m%d/*.h%s\n", i,
		    i, i % 200, (i * 7) % 240, i % 31 ? "" : " infra=ci");
	fclose(out);
	expect_accepted(text, &env, *state, 0);
	free(text);
}

/* Patterns too long to be read exactly count as everything below their beginning. */
static void
patterns_without_measure_are_accepted(void **state)
{
	struct verdict_env env = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("P0 writes=src/", out);
	for (int i = 0; i < 3000; i++)
		fputs("*a", out);
	fputs("\nP1 writes=src/b\nP2 writes=lib/b\nP3 writes=", out);
	for (int i = 0; i < 1500; i++)
		fputs("long/", out);
	fclose(out);
	expect_accepted(text, &env, *state, 0);
	free(text);
}

static int
setup(void **state)
{
	char *name = xstrdup("/tmp/divisi-certificate.XXXXXX");
	int fd = mkstemp(name);

	if (fd < 0)
		return -1;
	close(fd);
	*state = name;
	return 0;
}

static int
teardown(void **state)
{
	if (!getenv("DIVISI_TEST_SEED"))
		unlink(*state);
	free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_the_planner_certifies_is_accepted, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_plan_of_more_phases_than_are_listed_whole_is_accepted, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    patterns_without_measure_are_accepted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
