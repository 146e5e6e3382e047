#include "agent/state.h"

#include "agent/wire.h"
#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is known of one agent's state.  Paths are below HOME. */
struct known {
	const char *adapter; /* or the name of its program */
	const char *also[2]; /* the same program, spoken with in another way */
	/* Agents that can be told where: the variable, and where it is otherwise. */
	const char *variable, *home;
	const char *below;         /* the variable names what this is below, or NULL */
	const char *const *linked; /* names in it that are the user's and only read */
	const char *own_file;  /* it names this file there, and the rest is shared */
	const char *login;     /* the one that is renewed now and then */
	const char *copied;    /* a file that is copied, so that it may be written */
	bool is_copied_inside; /* of that directory, not of HOME */
	bool is_copied_anew;   /* each time: what it makes of it is not kept */
	const char
	    *records; /* a directory by working directory, shared with the user */
	/* What they may write where it is, others most of all; directories end in a slash. */
	const char *const *written;
	const char *const *made; /* directories that only have to be there */
	/* Several at once would fight about its state, or it is told something in there. */
	bool is_own_always;
};

static const char *const claude_linked[] = { "settings.json", "settings.local.json",
	"CLAUDE.md", "agents", "commands", "skills", "plugins", "hooks",
	"output-styles", "rules", "workflows", "keybindings.json", "statusline.sh",
	NULL };
static const char *const codex_linked[] = { "config.toml", "AGENTS.md",
	"AGENTS.override.md", "prompts", "skills", "rules", "agents", "hooks.json",
	"requirements.toml", ".env", NULL };
static const char *const gemini_linked[] = { "GEMINI.md", ".env", "commands",
	"extensions", "skills", "agents", "policies", "trustedFolders.json",
	"google_accounts.json", "gemini-credentials.json", "mcp-oauth-tokens.json",
	"installation_id", "user_id", NULL };
static const char *const opencode_written[] = { ".local/share/opencode/",
	".local/state/opencode/", ".cache/opencode/", NULL };
static const char *const opencode_made[] = { ".config/opencode/", NULL };
static const char *const copilot_linked[] = { "settings.json", "mcp-config.json",
	"lsp-config.json", "copilot-instructions.md", "agents", "skills", "hooks",
	"installed-plugins", NULL };

/* Where it unpacks itself; what it keeps is in its own directory. */
static const char *const copilot_written[] = { ".cache/copilot/",
	".cache/github-copilot/", NULL };

static const struct known agents[] = {
	{ .adapter = "claude",
	    .also = { "claude-acp" },
	    .variable = "CLAUDE_CONFIG_DIR",
	    .home = ".claude",
	    .linked = claude_linked,
	    .login = ".credentials.json",
	    .copied = ".claude.json",
	    .records = "projects" },
	{ .adapter = "codex",
	    .also = { "codex-acp", "codex-exec" },
	    .variable = "CODEX_HOME",
	    .home = ".codex",
	    .linked = codex_linked,
	    .login = "auth.json",
	    .is_own_always = true },
	{ .adapter = "gemini",
	    .variable = "GEMINI_CLI_HOME",
	    .home = ".gemini",
	    .below = ".gemini",
	    .linked = gemini_linked,
	    .login = "oauth_creds.json",
	    .copied = "settings.json", /* to which our hook is added */
	    .is_copied_inside = true,
	    .is_copied_anew = true,
	    .is_own_always = true },
	{ .adapter = "opencode",
	    .variable = "OPENCODE_DB",
	    .own_file = "opencode.db",
	    .written = opencode_written,
	    .made = opencode_made,
	    .is_own_always = true },
	{ .adapter = "copilot",
	    .variable = "COPILOT_HOME",
	    .home = ".copilot",
	    .linked = copilot_linked,
	    .written = copilot_written,
	    .copied = "config.json",
	    .is_copied_inside = true },
};

static bool
is_named(const struct known *k, const char *name)
{
	for (size_t i = 0; i < N_ELEMS(k->also); i++) {
		if (k->also[i] && strcmp(k->also[i], name) == 0)
			return true;
	}
	return strcmp(k->adapter, name) == 0;
}

static const struct known *
find_known(const char *adapter, const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	for (size_t i = 0; i < N_ELEMS(agents); i++) {
		if (is_named(&agents[i], adapter) || is_named(&agents[i], name))
			return &agents[i];
	}
	return NULL;
}

static const char *
env_of(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=' &&
		    spec->env[i][n + 1])
			return spec->env[i] + n + 1;
	}
	return NULL;
}

/* DIR/NAME leads to REAL, unless something is there; what it leads to need not exist. */
static void
link_to(const char *dir, const char *name, const char *real)
{
	AUTO_FREE char *path = path_join(dir, name);

	(void)!DURABLE("agent.state-link", symlink(real, path));
}

static void
copy_to(const char *dir, const char *name, const char *from, bool is_anew)
{
	AUTO_FREE char *to = path_join(dir, name);
	AUTO_FREE char *text = NULL;
	size_t n = 0;

	if (!is_anew && file_exists(to))
		return;
	text = file_read(from, (size_t)64 << 20, &n, NULL);
	/* Where the user has none any more, an empty one is in the place of the last. */
	if (!text && is_anew && file_exists(to)) {
		text = xstrdup("{}");
		n = strlen(text);
	}
	if (text)
		(void)!file_write_atomic(to, text, n, 0600, NULL);
}

/* The name that Claude Code gives to the records of a working directory. */
static char *
name_of_records(const char *cwd)
{
	char *name = xstrdup(cwd);

	for (char *s = name; *s; s++) {
		if (!isalnum((unsigned char)*s))
			*s = '-';
	}
	return name;
}

/*
 * The records of this working directory are the user's, too: so a session can be taken up
 * by hand.  No other's.
 */
static int
share_records(const char *real, const char *dir, const char *records, const char *cwd,
    struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *canon = realpath(cwd, NULL);
	AUTO_FREE char *name = name_of_records(canon ? canon : cwd);
	AUTO_FREE char *all = path_join(real, records);
	AUTO_FREE char *ours = path_join(all, name);

	if (file_mkdirs(ours, 0700, err) < 0)
		return -1;
	link_to(dir, records, all);
	run_spec_add_grant(spec, "write", ours);
	return 0;
}

static int
make_own(const struct known *k, const char *home, const char *dir, const char *cwd,
    struct run_spec *spec, struct err *err)
{
	const char *told = env_of(spec, k->variable);
	AUTO_FREE char *real = !told      ? path_join(home, k->home)
			       : k->below ? path_join(told, k->below)
					  : xstrdup(told);
	AUTO_FREE char *own = k->below ? path_join(dir, k->below) : xstrdup(dir);

	if (file_mkdirs(own, 0700, err) < 0)
		return -1;
	for (size_t i = 0; k->linked && k->linked[i]; i++) {
		AUTO_FREE char *to = path_join(real, k->linked[i]);

		if (file_exists(to))
			link_to(own, k->linked[i], to);
	}
	if (k->login) {
		AUTO_FREE char *to = path_join(real, k->login);

		if (file_exists(to)) {
			link_to(own, k->login, to);
			run_spec_add_grant(spec, "file", to);
		}
	}
	if (k->copied) {
		AUTO_FREE char *from = path_join(
		    told || k->is_copied_inside ? real : home, k->copied);

		copy_to(own, k->copied, from, k->is_copied_anew);
	}
	if (k->records && share_records(real, own, k->records, cwd, spec, err) < 0)
		return -1;
	run_spec_add_grant(spec, "write", dir);
	run_spec_add_env(spec, k->variable, dir);
	return 0;
}

/* All that is its own is one file; what it leads to from there is shared. */
static int
make_own_file(
    const struct known *k, const char *dir, struct run_spec *spec, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, k->own_file);

	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	run_spec_add_grant(spec, "write", dir);
	run_spec_add_env(spec, k->variable, path);
	return 0;
}

/* PATH below HOME, or where the variables of the XDG base directories say. */
static char *
place_of(const struct run_spec *spec, const char *home, const char *path)
{
	static const struct {
		const char *below, *variable;
	} bases[] = { { ".local/share/", "XDG_DATA_HOME" },
		{ ".local/state/", "XDG_STATE_HOME" }, { ".cache/", "XDG_CACHE_HOME" },
		{ ".config/", "XDG_CONFIG_HOME" } };

	for (size_t i = 0; i < N_ELEMS(bases); i++) {
		size_t n = strlen(bases[i].below);
		const char *dir = env_of(spec, bases[i].variable);

		if (strncmp(path, bases[i].below, n) == 0 && dir && dir[0] == '/')
			return path_join(dir, path + n);
	}
	return path_join(home, path);
}

bool
agent_state_is_own(const char *adapter, const char *program)
{
	const struct known *k = find_known(adapter, program);

	return k && k->is_own_always;
}

bool
agent_state_is_private(const char *adapter, const char *program)
{
	const struct known *k = find_known(adapter, program);

	return k && k->variable && !k->own_file;
}

int
agent_state_add(const char *adapter, const char *program, const char *dir,
    const char *cwd, struct run_spec *spec, struct err *err)
{
	const struct known *k = find_known(adapter, program);
	const char *home = env_of(spec, "HOME");

	if (!k || !home)
		return 0;
	if (k->own_file ? make_own_file(k, dir, spec, err) < 0
			: k->variable && make_own(k, home, dir, cwd, spec, err) < 0)
		return -1;
	for (size_t i = 0; k->made && k->made[i]; i++) {
		AUTO_FREE char *path = place_of(spec, home, k->made[i]);

		if (file_mkdirs(path, 0700, err) < 0)
			return -1;
	}
	for (size_t i = 0; k->written && k->written[i]; i++) {
		AUTO_FREE char *path = place_of(spec, home, k->written[i]);
		size_t n = strlen(path);
		bool is_dir = path[n - 1] == '/';

		if (is_dir)
			path[n - 1] = '\0';
		if (is_dir && file_mkdirs(path, 0700, err) < 0)
			return -1;
		/* Files are written anew under a name beside them, and put in their place. */
		run_spec_add_grant(spec, is_dir ? "write" : "edit", path);
	}
	return 0;
}
