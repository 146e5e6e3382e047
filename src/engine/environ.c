#include "engine/environ.h"
#include "base/file.h"
#include "engine/output.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const passed[] = { "HOME", "PATH", "USER", "LOGNAME", "SHELL",
	"LANG", "LANGUAGE", "TERM", "TZ", "SSH_AUTH_SOCK", "http_proxy", "https_proxy",
	"no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy" };
static const char *const prefixes[] = { "LC_", "XDG_", "GIT_" };

/* These would point git at another repository: a hook or an alias leaves them behind. */
static const char *const elsewhere[] = { "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR",
	"GIT_NAMESPACE", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
	"GIT_SHALLOW_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE",
	"GIT_QUARANTINE_PATH", "GIT_INTERNAL_SUPER_PREFIX", "GIT_REFLOG_ACTION",
	"GIT_CONFIG", "GIT_CONFIG_PARAMETERS" };

/* These are made anew for each session. */
static const char *const made_anew[] = { "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_",
	"GIT_CONFIG_VALUE_", "DIVISI_" };

#define MAX_SETTINGS 100 /* of the user's, as GIT_CONFIG_COUNT counts them */

static bool
is_in(const char *const *list, size_t n, const char *name, size_t n_name)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(list[i]) == n_name && strncmp(list[i], name, n_name) == 0)
			return true;
	}
	return false;
}

static bool
has_prefix(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(name, list[i], strlen(list[i])) == 0)
			return true;
	}
	return false;
}

/* Is NAME one of the blank-separated WORDS? */
static bool
is_word(const char *words, const char *name, size_t n)
{
	struct span rest = span_of(words), word;

	while (span_next(&rest, ' ', &word)) {
		if (word.n == n && memcmp(word.p, name, n) == 0)
			return true;
	}
	return false;
}

char **
environ_for_commands(void)
{
	char **env = NULL;
	size_t n = 0, cap = 0;

	for (char **e = environ; *e; e++) {
		if (is_in(elsewhere, N_ELEMS(elsewhere), *e, strcspn(*e, "=")))
			continue;
		GROW(env, n, cap);
		env[n++] = *e;
	}
	GROW(env, n, cap);
	env[n] = NULL;
	return env;
}

static bool
is_passed(const struct agent *agent, const char *more, const char *name, size_t n)
{
	if (n == 0 || is_in(elsewhere, N_ELEMS(elsewhere), name, n) ||
	    has_prefix(made_anew, N_ELEMS(made_anew), name))
		return false;
	if (is_in(passed, N_ELEMS(passed), name, n) ||
	    has_prefix(prefixes, N_ELEMS(prefixes), name))
		return true;
	for (size_t i = 0; agent->env && agent->env[i]; i++) {
		if (strcmp(agent->env[i], name) == 0)
			return true;
	}
	return is_word(more, name, n);
}

static bool
has_env(const struct run_spec *spec, const char *name, size_t n)
{
	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=')
			return true;
	}
	return false;
}

static void
add_setting(struct run_spec *spec, long i, const char *key, const char *value)
{
	AUTO_FREE char *key_name = xasprintf("GIT_CONFIG_KEY_%ld", i);
	AUTO_FREE char *value_name = xasprintf("GIT_CONFIG_VALUE_%ld", i);

	run_spec_add_env(spec, key_name, key);
	run_spec_add_env(spec, value_name, value);
}

/* The user's settings, and behind them ours, which win. */
static void
add_settings(struct run_spec *spec, const char *identity)
{
	const char *count = getenv("GIT_CONFIG_COUNT");
	long n = count ? strtol(count, NULL, 10) : 0, kept = 0;
	AUTO_FREE char *total = NULL;

	for (long i = 0; i < n && i < MAX_SETTINGS; i++) {
		AUTO_FREE char *key_name = xasprintf("GIT_CONFIG_KEY_%ld", i);
		AUTO_FREE char *value_name = xasprintf("GIT_CONFIG_VALUE_%ld", i);
		const char *key = getenv(key_name), *value = getenv(value_name);

		if (key && value)
			add_setting(spec, kept++, key, value);
	}
	/* What divisi holds on to must survive: no background gc, commits reach the disk. */
	add_setting(spec, kept++, "gc.auto", "0");
	add_setting(spec, kept++, "core.fsync", "committed");
	add_setting(spec, kept++, "maintenance.auto", "false");
	if (identity && identity[0]) {
		AUTO_FREE char *name = xstrndup(identity, strcspn(identity, "\n"));

		add_setting(spec, kept++, "user.name", name);
		add_setting(spec, kept++, "user.email",
		    identity + strlen(name) + (identity[strlen(name)] == '\n'));
	}
	total = xasprintf("%ld", kept);
	run_spec_add_env(spec, "GIT_CONFIG_COUNT", total);
}

/* What a session's own loop would go by: the same files and the same limits. */
static void
add_loop(struct run_spec *spec, const struct session *s)
{
	AUTO_FREE char *state = path_join(s->path, ".ccc-state.json");
	AUTO_FREE char *progress = path_join(s->path, ".ccc-progress.md");
	AUTO_FREE char *tries = xasprintf("%lld", (long long)s->loop.max_tries);
	AUTO_FREE char *turns = xasprintf("%lld", (long long)s->loop.max_turns);

	run_spec_add_env(spec, "SDD_STATE_FILE", state);
	run_spec_add_env(spec, "SDD_PROGRESS_FILE", progress);
	run_spec_add_env(spec, "SDD_MAX_TASK_ITER", tries);
	run_spec_add_env(spec, "SDD_MAX_GLOBAL_ITER", turns);
}

void
environ_add(struct run_spec *spec, const struct agent *agent, const struct session *s,
    const char *tmp_dir)
{
	for (char **e = environ; *e; e++) {
		const char *eq = strchr(*e, '=');
		AUTO_FREE char *name = NULL;

		if (!eq || has_env(spec, *e, (size_t)(eq - *e)))
			continue;
		name = xstrndup(*e, (size_t)(eq - *e));
		if (!is_passed(agent, s->env_more, name, strlen(name)))
			continue;
		run_spec_add_env(spec, name, eq + 1);
	}
	if (!has_env(spec, "TMPDIR", 6))
		run_spec_add_env(spec, "TMPDIR", tmp_dir);
	run_spec_add_env(spec, "DIVISI_SESSION", s->id);
	run_spec_add_env(spec, "DIVISI_PHASE", s->phase);
	run_spec_add_env(spec, "DIVISI_ISSUE", s->issue);
	run_spec_add_env(spec, "DIVISI_BRANCH", s->branch);
	if (s->output[0]) {
		AUTO_FREE char *path = path_join(tmp_dir, OUTPUT_FILE);

		run_spec_add_env(spec, "DIVISI_OUTPUT", path);
	}
	if (s->loop.tasks > 0)
		add_loop(spec, s);
	add_settings(spec, s->identity);
}

char **
environ_args(const char *text)
{
	struct span rest = span_of(text), line;
	size_t n = 0, cap = 0;
	char **args = NULL;

	if (text[0] == '\0')
		return NULL;
	while (span_next(&rest, '\n', &line)) {
		GROW(args, n, cap);
		args[n++] = xstrndup(line.p, line.n);
	}
	GROW(args, n, cap);
	args[n] = NULL;
	return args;
}

void
environ_free_args(char **args)
{
	for (size_t i = 0; args && args[i]; i++)
		free(args[i]);
	free(args);
}
