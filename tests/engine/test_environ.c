/* What of our environment an agent gets: the list of CONTRACTS 3 and nothing else. */
#include "engine/environ.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const agent_env[] = { "ACME_KEY", "ACME_HOME", NULL };
static const struct agent agent = { .name = "acme", .env = agent_env };

/* The environment an agent gets when ours is ENV and the person allows MORE. */
static struct run_spec
given(const char *const *env, const char *more)
{
	static char none[] = "";
	char id[] = "p1.1.1A", phase[] = "1A", issue[] = "CIA-7",
	     branch[] = "claude/cia-7";
	AUTO_FREE char *words = xstrdup(more);
	struct session s = { .id = id,
		.output = none,
		.phase = phase,
		.issue = issue,
		.branch = branch,
		.env_more = words };
	char **before = environ;
	struct run_spec spec = { 0 };

	environ = (char **)(uintptr_t)env;
	environ_add(&spec, &agent, &s, "/run/tmp");
	environ = before;
	return spec;
}

/* The value NAME has, NULL when it is not there; twice is never right. */
static const char *
value(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);
	const char *found = NULL;

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) != 0 || spec->env[i][n] != '=')
			continue;
		if (found)
			fail_msg("%s is set twice", name);
		found = spec->env[i] + n + 1;
	}
	return found;
}

static void
only_the_listed_variables_are_passed(void **state)
{
	static const struct {
		const char *entry;
		bool is_passed;
	} table[] = {
		/* clang-format off */
		{ "HOME=/home/ada", true },      { "PATH=/bin", true },
		{ "USER=ada", true },            { "LOGNAME=ada", true },
		{ "SHELL=/bin/sh", true },       { "LANG=C.UTF-8", true },
		{ "LC_TIME=de_DE", true },       { "LC_ALL=C", true },
		{ "TERM=xterm", true },          { "TZ=UTC", true },
		{ "XDG_CONFIG_HOME=/c", true },  { "XDG_RUNTIME_DIR=/r", true },
		{ "SSH_AUTH_SOCK=/s", true },    { "http_proxy=p", true },
		{ "HTTPS_PROXY=p", true },       { "no_proxy=h", true },
		{ "ALL_PROXY=p", true },         { "GIT_AUTHOR_NAME=Ada", true },
		{ "GIT_SSH_COMMAND=ssh", true }, { "ACME_KEY=k", true },
		{ "ACME_HOME=/a", true },
		{ "AWS_SECRET_ACCESS_KEY=s", false }, { "GITHUB_TOKEN=t", false },
		{ "LD_PRELOAD=x.so", false },    { "PWD=/", false },
		{ "OLDPWD=/", false },           { "ACME_KEY2=k", false },
		{ "ACME=k", false },             { "HOMES=x", false },
		{ "LCX=x", false },              { "DIVISI_RUN_DIR=/other", false },
		{ "EDITOR=vi", false },          { "_=x", false },
		/* clang-format on */
	};
	const char *env[N_ELEMS(table) + 1] = { NULL };
	struct run_spec spec;

	for (size_t i = 0; i < N_ELEMS(table); i++)
		env[i] = table[i].entry;
	spec = given(env, "");
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		const char *eq = strchr(table[i].entry, '=');
		AUTO_FREE char *name = xstrndup(
		    table[i].entry, (size_t)(eq - table[i].entry));
		const char *got = value(&spec, name);

		if (!got != !table[i].is_passed)
			fail_msg("%s is %s", name, got ? "passed" : "not passed");
		if (got)
			assert_string_equal(got, eq + 1);
	}
	run_spec_clear(&spec);
}

/* All of `git rev-parse --local-env-vars`, and what a hook leaves behind. */
static void
a_session_is_never_pointed_at_another_repository(void **state)
{
	static const char *const env[] = { "GIT_DIR=/x", "GIT_WORK_TREE=/x",
		"GIT_INDEX_FILE=/x", "GIT_OBJECT_DIRECTORY=/x", "GIT_COMMON_DIR=/x",
		"GIT_NAMESPACE=x", "GIT_PREFIX=x", "GIT_CONFIG=/x",
		"GIT_CONFIG_PARAMETERS='a.b=c'", "GIT_ALTERNATE_OBJECT_DIRECTORIES=/x",
		"GIT_IMPLICIT_WORK_TREE=0", "GIT_GRAFT_FILE=/x",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_REPLACE_REF_BASE=x",
		"GIT_SHALLOW_FILE=/x", "GIT_QUARANTINE_PATH=/x",
		"GIT_INTERNAL_SUPER_PREFIX=x", "GIT_REFLOG_ACTION=x", NULL };
	struct run_spec spec = given(env, "GIT_DIR GIT_INDEX_FILE");

	for (size_t i = 0; env[i]; i++) {
		AUTO_FREE char *name = xstrndup(env[i], strcspn(env[i], "="));

		if (value(&spec, name))
			fail_msg("%s is passed", name);
	}
	run_spec_clear(&spec);
}

/* Promise 2: commits reach the disk, and no gc runs below a living session. */
static void
git_is_told_to_keep_what_divisi_holds_on_to(void **state)
{
	static const char *const env[] = { "GIT_CONFIG_KEY_1=a.b",
		"GIT_CONFIG_VALUE_1=c", NULL };
	struct run_spec spec = given(env, "");

	assert_string_equal(value(&spec, "GIT_CONFIG_COUNT"), "3");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_0"), "gc.auto");
	assert_string_equal(value(&spec, "GIT_CONFIG_VALUE_0"), "0");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_1"), "core.fsync");
	assert_string_equal(value(&spec, "GIT_CONFIG_VALUE_1"), "committed");
	run_spec_clear(&spec);
}

/* Git reads them in order, so that the last one wins. */
static void
settings_of_the_users_environment_come_before_ours(void **state)
{
	static const char *const env[] = { "GIT_CONFIG_COUNT=3",
		"GIT_CONFIG_KEY_0=gc.auto", "GIT_CONFIG_VALUE_0=9",
		"GIT_CONFIG_KEY_1=half.there", "GIT_CONFIG_KEY_2=safe.directory",
		"GIT_CONFIG_VALUE_2=/x", "GIT_CONFIG_KEY_3=not.counted",
		"GIT_CONFIG_VALUE_3=c", NULL };
	struct run_spec spec = given(env, "");

	assert_string_equal(value(&spec, "GIT_CONFIG_COUNT"), "5");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_0"), "gc.auto");
	assert_string_equal(value(&spec, "GIT_CONFIG_VALUE_0"), "9");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_1"), "safe.directory");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_2"), "gc.auto");
	assert_string_equal(value(&spec, "GIT_CONFIG_VALUE_2"), "0");
	assert_string_equal(value(&spec, "GIT_CONFIG_KEY_3"), "core.fsync");
	run_spec_clear(&spec);
}

/* A verify or setup command gets all of ours, but no other repository. */
static void
commands_get_our_environment_and_no_other_repository(void **state)
{
	static const char *const ours[] = { "GIT_DIR=/x", "SECRET=kept",
		"GIT_INDEX_FILE=/x", "DIVISI_X=kept", "GIT_CONFIG_COUNT=0", NULL };
	char **before = environ;
	char **env;

	environ = (char **)(uintptr_t)ours;
	env = environ_for_commands();
	environ = before;
	assert_string_equal(env[0], "SECRET=kept");
	assert_string_equal(env[1], "DIVISI_X=kept");
	assert_string_equal(env[2], "GIT_CONFIG_COUNT=0");
	assert_null(env[3]);
	free(env);
}

static void
a_session_knows_who_it_is(void **state)
{
	static const char *const env[] = { "DIVISI_SESSION=other", "TMPDIR=/mine",
		NULL };
	struct run_spec spec = given(env, "DIVISI_SESSION");

	assert_string_equal(value(&spec, "DIVISI_SESSION"), "p1.1.1A");
	assert_string_equal(value(&spec, "DIVISI_PHASE"), "1A");
	assert_string_equal(value(&spec, "DIVISI_ISSUE"), "CIA-7");
	assert_string_equal(value(&spec, "DIVISI_BRANCH"), "claude/cia-7");
	assert_string_equal(value(&spec, "TMPDIR"), "/run/tmp");
	run_spec_clear(&spec);
}

static void
a_person_may_name_more_of_them(void **state)
{
	static const char *const env[] = { "ONE=1", "TWO=2", "ONE_TWO=12", "TW=0",
		"WO=0", "THREE=3", NULL };
	struct run_spec spec = given(env, "ONE  THREE TWO");

	assert_string_equal(value(&spec, "ONE"), "1");
	assert_string_equal(value(&spec, "TWO"), "2");
	assert_string_equal(value(&spec, "THREE"), "3");
	assert_null(value(&spec, "ONE_TWO"));
	assert_null(value(&spec, "TW"));
	assert_null(value(&spec, "WO"));
	run_spec_clear(&spec);
}

/* execve() takes anything; what has no name is nothing that could be passed on. */
static void
odd_entries_are_left_out(void **state)
{
	static const char *const env[] = { "=nameless", "NOEQUALS", "", "TERM=", NULL };
	const char *const mores[] = { "", "X", "NOEQUALS X" };

	for (size_t i = 0; i < N_ELEMS(mores); i++) {
		struct run_spec spec = given(env, mores[i]);

		assert_null(value(&spec, ""));
		assert_null(value(&spec, "NOEQUALS"));
		assert_string_equal(value(&spec, "TERM"), "");
		run_spec_clear(&spec);
	}
}

static void
arguments_are_one_a_line(void **state)
{
	char **args = environ_args("--model\nthe big one\n\n--x");

	assert_string_equal(args[0], "--model");
	assert_string_equal(args[1], "the big one");
	assert_string_equal(args[2], "");
	assert_string_equal(args[3], "--x");
	assert_null(args[4]);
	environ_free_args(args);
	assert_null(environ_args(""));
	environ_free_args(NULL);
}

/* an agent with a loop of its own has the files and the limits of ours. */
static void
r_161_a_loop_has_its_files_and_limits(void **state)
{
	static const char *const none[] = { NULL };
	char empty[] = "", id[] = "p1.1.1A", path[] = "/w/1A";
	struct session s = { .id = id,
		.output = empty,
		.phase = empty,
		.issue = empty,
		.branch = empty,
		.env_more = empty,
		.path = path,
		.loop = { .tasks = 3, .max_tries = 4, .max_turns = 40 } };
	char **before = environ;
	struct run_spec spec = { 0 };

	(void)state;
	environ = (char **)(uintptr_t)none;
	environ_add(&spec, &agent, &s, "/run/tmp");
	environ = before;
	assert_string_equal(value(&spec, "SDD_STATE_FILE"), "/w/1A/.ccc-state.json");
	assert_string_equal(
	    value(&spec, "SDD_PROGRESS_FILE"), "/w/1A/.ccc-progress.md");
	assert_string_equal(value(&spec, "SDD_MAX_TASK_ITER"), "4");
	assert_string_equal(value(&spec, "SDD_MAX_GLOBAL_ITER"), "40");
	run_spec_clear(&spec);
	spec = given(none, "");
	assert_null(value(&spec, "SDD_STATE_FILE"));
	run_spec_clear(&spec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_161_a_loop_has_its_files_and_limits),
		cmocka_unit_test(only_the_listed_variables_are_passed),
		cmocka_unit_test(a_session_is_never_pointed_at_another_repository),
		cmocka_unit_test(git_is_told_to_keep_what_divisi_holds_on_to),
		cmocka_unit_test(settings_of_the_users_environment_come_before_ours),
		cmocka_unit_test(commands_get_our_environment_and_no_other_repository),
		cmocka_unit_test(a_session_knows_who_it_is),
		cmocka_unit_test(a_person_may_name_more_of_them),
		cmocka_unit_test(odd_entries_are_left_out),
		cmocka_unit_test(arguments_are_one_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
