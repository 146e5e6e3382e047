#include "agent/hooks.h"

#include "agent/wire.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_S 5

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

void
hooks_add_copilot(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *command = hooks_command(launch),
		       *dir = dir_of(launch, "copilot");
	struct json_object *hook, *hooks, *plugin;

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
