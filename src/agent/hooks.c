#include "agent/hooks.h"

#include "agent/wire.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_S           5
#define OPENCODE_PACKAGES "opencode/node_modules/@opencode-ai/plugin"

/* How Codex calls the first hook of its kind that came with its command line. */
#define CODEX_KEY "/<session-flags>/config.toml:pre_tool_use:0:0"

char *
hooks_command(const struct agent_launch *launch)
{
	AUTO_FREE char *program = NULL, *home = NULL;

	if (!launch->hook || !launch->home)
		return NULL;
	program = text_shell_quote(launch->hook);
	home = text_shell_quote(launch->home);
	return xasprintf("%s --home %s", program, home);
}

static struct json_object *
list_of(struct json_object *item)
{
	struct json_object *list = json_object_new_array_ext(1);

	json_object_array_add(list, item);
	return list;
}

static struct json_object *
object_of(const char *name, struct json_object *value)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, name, value);
	return o;
}

/* ---- Codex ---------------------------------------------------------------------------- */

/*
 * What Codex takes the sum of: the hook as it understood it, its members in the order of
 * their names, without a blank.
 */
static void
codex_hash(const char *command, char hex[HASH_HEX_SIZE])
{
	AUTO_FREE char *text = xasprintf(
	    "{\"event_name\":\"pre_tool_use\",\"hooks\":[{\"async\":false,"
	    "\"command\":%s,\"timeout\":%d,\"type\":\"command\"}]}",
	    command, LIMIT_S);

	hash_sha256(text, strlen(text), hex);
}

char *
hooks_codex_option(const struct agent_launch *launch)
{
	AUTO_FREE char *command = hooks_command(launch), *string = NULL;
	char hex[HASH_HEX_SIZE];

	if (!command)
		return NULL;
	/* A string of JSON is one of TOML, too. */
	string = wire_print_take(json_object_new_string(command));
	codex_hash(string, hex);
	return xasprintf("hooks={PreToolUse=[{hooks=[{type=\"command\",command=%s,"
			 "timeout=%d}]}],state={\"" CODEX_KEY
			 "\"={trusted_hash=\"sha256:%s\"}}}",
	    string, LIMIT_S, hex);
}

void
hooks_add_codex(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *option = hooks_codex_option(launch);

	if (!option)
		return;
	run_spec_add_arg(spec, "-c");
	run_spec_add_arg(spec, option);
}

/* ---- files ---------------------------------------------------------------------------- */

/* Writes TEXT to NAME in the launch's own directory DIR below its TMPDIR; false: not so. */
static bool
put_file(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	struct err err = ERR_INIT;

	if (file_mkdirs(dir, 0700, &err) == 0 &&
	    file_write_atomic(path, text, strlen(text), 0600, &err) == 0)
		return true;
	log_warn("an agent goes without its hook: %s", err.text);
	return false;
}

static bool
put_json(const char *dir, const char *name, struct json_object *message)
{
	AUTO_FREE char *text = wire_print_take(message);

	return put_file(dir, name, text);
}

static char *
dir_of(const struct agent_launch *launch, const char *agent)
{
	return launch->tmp_dir ? xasprintf("%s/hook-%s", launch->tmp_dir, agent) : NULL;
}

/* ---- Copilot -------------------------------------------------------------------------- */

/* It takes no server from the protocol, only from its command line. */
static void
add_copilot_server(const struct agent_launch *launch, struct run_spec *spec)
{
	struct json_object *server, *env;
	AUTO_FREE char *text = NULL;

	if (!launch->divisi)
		return;
	server = json_object_new_object();
	env = json_object_new_object();
	wire_add(server, "type", "local");
	wire_add(server, "command", launch->divisi);
	json_object_object_add(server, "args", list_of(json_object_new_string("mcp")));
	json_object_object_add(server, "tools", list_of(json_object_new_string("*")));
	wire_add(env, "DIVISI_SESSION", launch->session);
	json_object_object_add(server, "env", env);
	text = wire_print_take(object_of("mcpServers", object_of("divisi", server)));
	run_spec_add_arg(spec, "--additional-mcp-config");
	run_spec_add_arg(spec, text);
}

void
hooks_add_copilot(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *command = hooks_command(launch),
		       *dir = dir_of(launch, "copilot");
	struct json_object *hook, *hooks, *plugin;

	add_copilot_server(launch, spec);
	if (!command || !dir)
		return;
	hook = json_object_new_object();
	wire_add(hook, "type", "command");
	wire_add(hook, "bash", command);
	json_object_object_add(hook, "timeoutSec", json_object_new_int(LIMIT_S));
	hooks = object_of("hooks", object_of("preToolUse", list_of(hook)));
	json_object_object_add(hooks, "version", json_object_new_int(1));
	plugin = json_object_new_object();
	wire_add(plugin, "name", "divisi-guard");
	wire_add(plugin, "description", "says whose a file is before it is written");
	wire_add(plugin, "version", "1.0.0");
	wire_add(plugin, "hooks", "hooks.json");
	if (!put_json(dir, "hooks.json", hooks)) {
		json_object_put(plugin);
		return;
	}
	if (!put_json(dir, "plugin.json", plugin))
		return;
	run_spec_add_arg(spec, "--plugin-dir");
	run_spec_add_arg(spec, dir);
}

/* ---- OpenCode ------------------------------------------------------------------------- */

/* It calls the hook as Claude Code would, and what is refused fails with the hook's words. */
static const char opencode_plugin[] =
    "import { spawnSync } from 'node:child_process';\n"
    "export const DivisiGuard = async ({ directory }) => ({\n"
    "  'tool.execute.before': async ({ tool }, { args }) => {\n"
    "    const call = { hook_event_name: 'PreToolUse', tool_name: tool,\n"
    "      tool_input: args, cwd: args?.workdir ?? directory };\n"
    "    const { stdout } = spawnSync(%s, ['--home', %s], {\n"
    "      input: JSON.stringify(call), timeout: %d, encoding: 'utf8' });\n"
    "    let said;\n"
    "    try { said = JSON.parse(stdout).hookSpecificOutput; } catch { return; }\n"
    "    if (said?.permissionDecision === 'deny')\n"
    "      throw new Error(said.permissionDecisionReason);\n"
    "  },\n"
    "});\n";

/*
 * With a plugin to load it waits for packages that it installs beside its user's settings, in
 * a place that a fence keeps from it: there is no waiting where they are already.
 */
static bool
has_packages(const struct run_spec *spec)
{
	const char *config = wire_env(spec, "XDG_CONFIG_HOME"),
		   *home = wire_env(spec, "HOME");
	AUTO_FREE char *path = NULL;

	if (config && config[0] == '/')
		path = path_join(config, OPENCODE_PACKAGES);
	else if (home)
		path = path_join(home, ".config/" OPENCODE_PACKAGES);
	return path && file_exists(path);
}

/* Adds the plugin at PATH to the settings that the environment holds, beside the user's. */
static void
name_plugin(struct run_spec *spec, const char *path)
{
	static const char name[] = "OPENCODE_CONFIG_CONTENT";
	const char *told = wire_env(spec, name);
	struct json_object *config = told ? json_tokener_parse(told)
					  : json_object_new_object(),
			   *list;
	AUTO_FREE char *url = xasprintf("file://%s", path), *text = NULL;

	if (!json_object_is_type(config, json_type_object)) {
		log_warn("OpenCode goes without its hook: %s is no JSON", name);
		json_object_put(config);
		return;
	}
	list = wire_get(config, "plugin");
	if (!json_object_is_type(list, json_type_array)) {
		list = json_object_new_array();
		json_object_object_add(config, "plugin", list);
	}
	json_object_array_add(list, json_object_new_string(url));
	text = wire_print_take(config);
	wire_set_env(spec, name, text);
}

void
hooks_add_opencode(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *dir = dir_of(launch, "opencode");
	AUTO_FREE char *program = NULL, *home = NULL, *text = NULL, *path = NULL;

	if (!launch->hook || !launch->home || !dir || !has_packages(spec))
		return;
	/* A string of JSON is one of JavaScript, too. */
	program = wire_print_take(json_object_new_string(launch->hook));
	home = wire_print_take(json_object_new_string(launch->home));
	text = xasprintf(opencode_plugin, program, home, LIMIT_S * 1000);
	path = path_join(dir, "guard.js");
	if (put_file(dir, "guard.js", text))
		name_plugin(spec, path);
}
