/* What a fenced agent gets of its user's state: links, copies, grants. */
#include "agent/state.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The user's home is home/ in it, the agent's own directory own/, where it works work/. */
static char dir[PATH_MAX];

static int
make_dir(void **state)
{
	char name[] = "/tmp/divisi-state-XXXXXX";

	if (!mkdtemp(name) || !realpath(name, dir))
		return -1;
	return 0;
}

static int
remove_dir(void **state)
{
	return file_remove_tree(dir, NULL);
}

/* PATH in the test's directory, in one of eight static buffers. */
static const char *
at(const char *path)
{
	static char ring[8][PATH_MAX + 64];
	static unsigned next;
	char *buf = ring[next++ % 8];

	snprintf(buf, sizeof(ring[0]), "%s/%s", dir, path);
	return buf;
}

static void
put(const char *path, const char *text)
{
	AUTO_FREE char *parent = xstrdup(at(path));

	*strrchr(parent, '/') = '\0';
	assert_int_equal(file_mkdirs(parent, 0700, NULL), 0);
	assert_int_equal(
	    file_write_atomic(at(path), text, strlen(text), 0600, NULL), 0);
}

static void
holds(const char *path, const char *want)
{
	AUTO_FREE char *text = file_read(at(path), 1000, NULL, NULL);

	if (!text || strcmp(text, want) != 0)
		fail_msg(
		    "%s holds '%s', not '%s'", path, text ? text : "nothing", want);
}

/* Where the link PATH leads to; "" when it is none. */
static const char *
target_of(const char *path)
{
	static char to[PATH_MAX];
	ssize_t n = readlink(at(path), to, sizeof(to) - 1);

	to[n > 0 ? n : 0] = '\0';
	return to;
}

static void
grants(const struct run_spec *spec, const char *kind, const char *path)
{
	AUTO_FREE char *want = xasprintf("%s %s", kind, path);

	for (size_t i = 0; i < spec->n_grants; i++) {
		if (strcmp(spec->grant[i], want) == 0)
			return;
	}
	fail_msg("'%s' is not granted", want);
}

static const char *
env_of(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);
	const char *value = "";

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=')
			value = spec->env[i] + n + 1;
	}
	return value;
}

/* A spec with HOME, to which what ADAPTER needs was added. */
static struct run_spec
added(const char *adapter, const char *program)
{
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(file_mkdirs(at("work"), 0700, NULL), 0);
	run_spec_add_env(&spec, "HOME", at("home"));
	if (agent_state_add(adapter, program, at("own"), at("work"), &spec, &err) < 0)
		fail_msg("%s", err.text);
	return spec;
}

static void
settings_are_links_that_nothing_grants(void **state)
{
	struct run_spec spec;

	put("home/.claude/settings.json", "{}");
	put("home/.claude/history.jsonl", "private");
	spec = added("claude", "claude");
	assert_string_equal(
	    target_of("own/settings.json"), at("home/.claude/settings.json"));
	assert_false(file_exists(at("own/history.jsonl")));
	assert_string_equal(target_of("own/CLAUDE.md"), ""); /* the user has none */
	for (size_t i = 0; i < spec.n_grants; i++)
		assert_null(strstr(spec.grant[i], "settings.json"));
	run_spec_clear(&spec);
}

static void
its_own_directory_is_named_and_may_be_written(void **state)
{
	struct run_spec spec = added("codex", "codex");
	struct stat st;

	assert_int_equal(stat(at("own"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_string_equal(env_of(&spec, "CODEX_HOME"), at("own"));
	grants(&spec, "write", at("own"));
	assert_int_equal(spec.n_grants, 1);
	run_spec_clear(&spec);
}

/* It is renewed now and then, and a copy would leave the user with the old one. */
static void
a_login_is_a_link_to_one_file_that_may_be_written(void **state)
{
	struct run_spec spec;

	put("home/.codex/auth.json", "{}");
	spec = added("codex", "codex");
	assert_string_equal(target_of("own/auth.json"), at("home/.codex/auth.json"));
	grants(&spec, "file", at("home/.codex/auth.json"));
	assert_int_equal(spec.n_grants, 2);
	run_spec_clear(&spec);
}

static void
what_it_writes_itself_is_copied_once(void **state)
{
	struct run_spec spec;

	put("home/.claude.json", "first");
	spec = added("claude", "claude");
	run_spec_clear(&spec);
	holds("own/.claude.json", "first");
	put("own/.claude.json", "its own");
	put("home/.claude.json", "second");
	spec = added("claude", "claude");
	run_spec_clear(&spec);
	holds("own/.claude.json", "its own");
	holds("home/.claude.json", "second");
}

static void
a_copy_may_come_from_inside_its_directory(void **state)
{
	struct run_spec spec;

	put("home/.copilot/config.json", "inside");
	put("home/config.json", "another's");
	spec = added("copilot", "copilot");
	holds("own/config.json", "inside");
	assert_string_equal(env_of(&spec, "COPILOT_HOME"), at("own"));
	run_spec_clear(&spec);
}

static void
records_of_where_it_works_are_the_users_too(void **state)
{
	struct run_spec spec = added("claude", "claude");
	AUTO_FREE char *name = xstrdup(at("work"));
	AUTO_FREE char *ours = NULL;

	for (char *s = name; *s; s++)
		if (*s == '/' || *s == '.')
			*s = '-';
	ours = xasprintf("%s/%s", at("home/.claude/projects"), name);
	assert_string_equal(target_of("own/projects"), at("home/.claude/projects"));
	assert_true(file_exists(ours));
	grants(&spec, "write", ours);
	assert_int_equal(spec.n_grants, 2); /* that and its own; no other's records */
	run_spec_clear(&spec);
}

/* A user may have told the agent another place already. */
static void
the_users_variable_says_where_the_real_one_is(void **state)
{
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	put("else/settings.json", "{}");
	put("else/.claude.json", "there");
	put("home/.claude/CLAUDE.md", "not this");
	put("home/.claude.json", "not that");
	assert_int_equal(file_mkdirs(at("work"), 0700, NULL), 0);
	run_spec_add_env(&spec, "HOME", at("home"));
	run_spec_add_env(&spec, "CLAUDE_CONFIG_DIR", at("else"));
	assert_int_equal(
	    agent_state_add("claude", "claude", at("own"), at("work"), &spec, &err), 0);
	assert_string_equal(target_of("own/settings.json"), at("else/settings.json"));
	assert_string_equal(target_of("own/CLAUDE.md"), "");
	holds("own/.claude.json", "there");
	assert_string_equal(env_of(&spec, "CLAUDE_CONFIG_DIR"), at("own"));
	run_spec_clear(&spec);
}

static void
who_cannot_be_told_may_write_its_records_where_they_are(void **state)
{
	struct run_spec spec = added("opencode", "opencode");

	assert_true(file_exists(at("home/.local/share/opencode")));
	grants(&spec, "write", at("home/.local/share/opencode"));
	for (size_t i = 0; i < spec.n_grants; i++)
		assert_null(strstr(spec.grant[i], ".config"));
	/* Its database only is its own: at their first start several would lock each other out. */
	assert_string_equal(env_of(&spec, "OPENCODE_DB"), at("own/opencode.db"));
	grants(&spec, "write", at("own"));
	assert_true(agent_state_is_own("opencode", "opencode"));
	run_spec_clear(&spec);
}

/* Its variable names the place of its directory, and what is put into its settings is ours. */
static void
gemini_has_a_copy_of_its_users_settings_each_time(void **state)
{
	struct run_spec spec;

	put("home/.gemini/settings.json", "{}");
	put("home/.gemini/oauth_creds.json", "{}");
	put("home/.gemini/GEMINI.md", "be kind");
	spec = added("gemini", "gemini");
	assert_string_equal(env_of(&spec, "GEMINI_CLI_HOME"), at("own"));
	holds("own/.gemini/settings.json", "{}");
	assert_string_equal(target_of("own/.gemini/settings.json"), "");
	assert_string_equal(
	    target_of("own/.gemini/GEMINI.md"), at("home/.gemini/GEMINI.md"));
	grants(&spec, "file", at("home/.gemini/oauth_creds.json"));
	grants(&spec, "write", at("own"));
	assert_int_equal(spec.n_grants, 2);
	run_spec_clear(&spec);

	put("own/.gemini/settings.json", "its own");
	put("home/.gemini/settings.json", "{ }");
	spec = added("gemini", "gemini");
	run_spec_clear(&spec);
	holds("own/.gemini/settings.json", "{ }");

	put("else/.gemini/settings.json", "else");
	spec = (struct run_spec){ 0 };
	run_spec_add_env(&spec, "HOME", at("home"));
	run_spec_add_env(&spec, "GEMINI_CLI_HOME", at("else"));
	assert_int_equal(
	    agent_state_add("gemini", "gemini", at("own"), at("work"), &spec, NULL), 0);
	holds("own/.gemini/settings.json", "else");
	run_spec_clear(&spec);
}

/* The base directories may be elsewhere, and only an absolute one counts. */
static void
records_follow_the_xdg_directories(void **state)
{
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	run_spec_add_env(&spec, "HOME", at("home"));
	run_spec_add_env(&spec, "XDG_DATA_HOME", at("data"));
	run_spec_add_env(&spec, "XDG_CACHE_HOME", "relative");
	assert_int_equal(
	    agent_state_add("opencode", "opencode", at("own"), at("work"), &spec, &err),
	    0);
	grants(&spec, "write", at("data/opencode"));
	grants(&spec, "write", at("home/.cache/opencode"));
	assert_true(
	    file_exists(at("home/.config/opencode"))); /* only has to be there */
	assert_int_equal(spec.n_grants, 4);
	run_spec_clear(&spec);
}

static void
a_program_is_known_by_its_name_under_any_adapter(void **state)
{
	struct run_spec spec = added("acp", "/opt/bin/copilot");

	assert_string_equal(env_of(&spec, "COPILOT_HOME"), at("own"));
	run_spec_clear(&spec);
	assert_true(agent_state_is_own("acp", "/opt/bin/codex"));
	assert_true(agent_state_is_own("codex-acp", "npx"));
	assert_false(agent_state_is_own("claude", "claude"));
	assert_false(agent_state_is_own("command", "/bin/sh"));
	/* Only then does a PID namespace confuse nobody. */
	assert_true(agent_state_is_private("claude", "claude"));
	assert_true(agent_state_is_private("codex-acp", "npx"));
	assert_true(agent_state_is_private("copilot", "copilot"));
	assert_true(agent_state_is_private("gemini", "gemini"));
	assert_false(agent_state_is_private("opencode", "opencode"));
	assert_false(agent_state_is_private("command", "/bin/sh"));
}

static void
who_nobody_knows_gets_nothing(void **state)
{
	struct run_spec spec = added("command", "/bin/codex-like");

	assert_int_equal(spec.n_grants, 0);
	assert_int_equal(spec.n_env, 1);
	assert_false(file_exists(at("own")));
	run_spec_clear(&spec);
}

static void
without_a_home_nothing_is_made(void **state)
{
	static const char *const homes[] = { NULL, "" };

	for (size_t i = 0; i < N_ELEMS(homes); i++) {
		struct run_spec spec = { 0 };
		struct err err = ERR_INIT;

		if (homes[i])
			run_spec_add_env(&spec, "HOME", homes[i]);
		assert_int_equal(agent_state_add("claude", "claude", at("own"),
				     at("work"), &spec, &err),
		    0);
		assert_int_equal(spec.n_grants, 0);
		assert_string_equal(env_of(&spec, "CLAUDE_CONFIG_DIR"), "");
		assert_false(file_exists(at("own")));
		run_spec_clear(&spec);
	}
}

static void
a_directory_that_cannot_be_made_is_an_error(void **state)
{
	struct run_spec spec = { 0 };
	struct err err = ERR_INIT;

	put("own", "a file");
	run_spec_add_env(&spec, "HOME", at("home"));
	assert_int_equal(
	    agent_state_add("codex", "codex", at("own"), at("work"), &spec, &err), -1);
	assert_true(err.text[0] != '\0');
	assert_int_equal(spec.n_grants, 0);
	run_spec_clear(&spec);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		CASE(settings_are_links_that_nothing_grants),
		CASE(its_own_directory_is_named_and_may_be_written),
		CASE(a_login_is_a_link_to_one_file_that_may_be_written),
		CASE(what_it_writes_itself_is_copied_once),
		CASE(a_copy_may_come_from_inside_its_directory),
		CASE(records_of_where_it_works_are_the_users_too),
		CASE(the_users_variable_says_where_the_real_one_is),
		CASE(who_cannot_be_told_may_write_its_records_where_they_are),
		CASE(gemini_has_a_copy_of_its_users_settings_each_time),
		CASE(records_follow_the_xdg_directories),
		CASE(a_program_is_known_by_its_name_under_any_adapter),
		CASE(who_nobody_knows_gets_nothing),
		CASE(without_a_home_nothing_is_made),
		CASE(a_directory_that_cannot_be_made_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
