#include "agent/agent.h"

#include "agent/claude.h"
#include "agent/hooks.h"
#include "agent/probe.h"
#include "agent/wire.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/*
 * Claude Code, headless: JSON lines both ways, with the control protocol for questions.
 * Source: its --help and recorded runs of 2.1.330; see claude_stream.c for what it prints.
 */

#define VERSION_TIMEOUT_MS 20000
#define NAME_MAX_BYTES     200u

/* Ten retries of the client take three minutes, during which it looks alive (RUNS 1.4). */
#define DEFAULT_RETRIES "2"

#define TURNS_OPTION "--max-turns"

static const struct {
	const char *launch_as, *permission_mode;
} permission_modes[] = {
	{ "bypass", "bypassPermissions" },
	{ "plan", "plan" },
	{ "ask", "default" },
};

/* NULL when LAUNCH_AS has no switch: then it is refused, never run weaker or stronger. */
static const char *
permission_mode(const char *launch_as)
{
	for (size_t i = 0; launch_as && i < N_ELEMS(permission_modes); i++) {
		if (strcmp(permission_modes[i].launch_as, launch_as) == 0)
			return permission_modes[i].permission_mode;
	}
	return NULL;
}

/* An id that went through the agent's output must not become an option. */
static bool
is_session_id(const char *id)
{
	static const char letters[] = "0123456789abcdefABCDEF-";

	return id[0] != '-' && strlen(id) == 36 && strspn(id, letters) == 36;
}

static int
refuse_root(struct err *err)
{
	err_set(err, ERR_REFUSED,
	    "Claude Code does not bypass permissions for root outside a sandbox");
	return err_fix(err,
	    "run divisi as a normal user, or, where the machine itself is the sandbox: "
	    "git config divisi.sandbox external");
}

static void
add_session(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *name = NULL;
	size_t n;

	if (launch->resume_id) {
		run_spec_add_arg(spec, "--resume");
		run_spec_add_arg(spec, launch->resume_id);
	}
	if (launch->resume_id && launch->forks)
		run_spec_add_arg(spec, "--fork-session");
	if (!launch->resume_id || launch->forks) {
		run_spec_add_arg(spec, "--session-id");
		run_spec_add_arg(spec, launch->session_uuid);
	}
	if (!launch->name)
		return;
	n = strnlen(launch->name, NAME_MAX_BYTES);
	AUTO_FREE char *line = wire_line_of(launch->name, n);

	/* One word, since the title may begin with a hyphen. */
	name = xasprintf("--name=%s", line);
	run_spec_add_arg(spec, name);
}

static bool
has_option(const struct agent_launch *launch, const char *name)
{
	for (size_t i = 0; launch->extra && launch->extra[i]; i++) {
		size_t n = strlen(name);

		if (strncmp(launch->extra[i], name, n) == 0 &&
		    (launch->extra[i][n] == '\0' || launch->extra[i][n] == '='))
			return true;
	}
	return false;
}

static struct json_object *
list_of(struct json_object *item)
{
	struct json_object *list = json_object_new_array_ext(1);

	json_object_array_add(list, item);
	return list;
}

/* NAME with VALUE as its only member, taken. */
static struct json_object *
object_of(const char *name, struct json_object *value)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, name, value);
	return o;
}

/*
 * Our tools are allowed without asking, since none of them decides anything; and before a tool
 * writes, our hook is asked.
 */
static char *
own_settings(const struct agent_launch *launch)
{
	struct json_object *settings = object_of("permissions",
	    object_of("allow", list_of(json_object_new_string("mcp__divisi"))));
	AUTO_FREE char *command = hooks_command(launch);
	struct json_object *hook, *matcher;

	if (!command)
		return wire_print_take(settings);
	hook = json_object_new_object();
	wire_add(hook, "type", "command");
	wire_add(hook, "command", command);
	json_object_object_add(hook, "timeout", json_object_new_int(5));
	matcher = object_of("hooks", list_of(hook));
	wire_add(matcher, "matcher", "Write|Edit|MultiEdit|NotebookEdit|Bash");
	json_object_object_add(
	    settings, "hooks", object_of("PreToolUse", list_of(matcher)));
	return wire_print_take(settings);
}

/* Where a person gave settings of their own, or servers, these stand alone. */
static void
add_ours(const struct agent_launch *launch, struct run_spec *spec)
{
	AUTO_FREE char *settings = NULL, *servers = NULL;
	struct json_object *server;

	if (!launch->divisi)
		return;
	if (!has_option(launch, "--settings")) {
		settings = own_settings(launch);
		run_spec_add_arg(spec, "--settings");
		run_spec_add_arg(spec, settings);
	}
	if (!has_option(launch, "--mcp-config")) {
		server = json_object_new_object();
		wire_add(server, "command", launch->divisi);
		json_object_object_add(
		    server, "args", list_of(json_object_new_string("mcp")));
		AUTO_FREE char *text = wire_print_take(
		    object_of("mcpServers", object_of("divisi", server)));

		/* One word: the option takes any number of them. */
		servers = xasprintf("--mcp-config=%s", text);
		run_spec_add_arg(spec, servers);
	}
}

static void
add_env(const struct agent_launch *launch, struct run_spec *spec)
{
	if (!wire_has_env(spec, "CLAUDE_CODE_MAX_RETRIES"))
		wire_set_env(spec, "CLAUDE_CODE_MAX_RETRIES", DEFAULT_RETRIES);
	/* A backstop: sessions are ended well before. */
	wire_set_env(spec, "CLAUDE_AUTOCOMPACT_PCT_OVERRIDE", "80");
	if (launch->tmp_dir)
		wire_set_env(spec, "TMPDIR", launch->tmp_dir);
	if (launch->is_root && launch->is_sandboxed)
		wire_set_env(spec, "IS_SANDBOX", "1");
}

static int
claude_command(
    const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	static const char *const fixed[] = { "-p", "--input-format", "stream-json",
		"--output-format", "stream-json", "--verbose",
		"--permission-prompt-tool", "stdio", "--permission-mode" };
	const char *mode = permission_mode(launch->launch_as);

	assert(launch->resume_id || launch->session_uuid);
	if (!mode)
		return err_set(err, ERR_USAGE, "Claude Code has no launch mode \"%s\"",
		    launch->launch_as ? launch->launch_as : "");
	if (launch->is_root && !launch->is_sandboxed &&
	    strcmp(mode, "bypassPermissions") == 0)
		return refuse_root(err);
	if (!is_session_id(
		launch->resume_id ? launch->resume_id : launch->session_uuid))
		return err_set(err, ERR_INPUT, "not a session id of Claude Code: %.60s",
		    launch->resume_id ? launch->resume_id : launch->session_uuid);

	run_spec_add_arg(spec, launch->program ? launch->program : "claude");
	for (size_t i = 0; i < N_ELEMS(fixed); i++)
		run_spec_add_arg(spec, fixed[i]);
	run_spec_add_arg(spec, mode);
	add_session(launch, spec);
	if (launch->budget_cents > 0) {
		AUTO_FREE char *dollars = xasprintf("%ld.%02ld",
		    launch->budget_cents / 100, launch->budget_cents % 100);

		run_spec_add_arg(spec, "--max-budget-usd");
		run_spec_add_arg(spec, dollars);
	}
	add_ours(launch, spec);
	for (size_t i = 0; launch->extra && launch->extra[i]; i++)
		run_spec_add_arg(spec, launch->extra[i]);
	add_env(launch, spec);
	return 0;
}

/* The person is there to be asked, so that nothing is bypassed, whatever was approved. */
static int
claude_interactive(
    const struct agent_launch *launch, struct run_spec *spec, struct err *err)
{
	bool plans = launch->launch_as && strcmp(launch->launch_as, "plan") == 0;

	if (!is_session_id(launch->resume_id))
		return err_set(err, ERR_INPUT, "not a session id of Claude Code: %.60s",
		    launch->resume_id);
	run_spec_add_arg(spec, launch->program ? launch->program : "claude");
	run_spec_add_arg(spec, "--resume");
	run_spec_add_arg(spec, launch->resume_id);
	run_spec_add_arg(spec, "--permission-mode");
	run_spec_add_arg(spec, plans ? "plan" : "default");
	for (size_t i = 0; launch->extra && launch->extra[i]; i++) {
		/* There is no such option where a person takes the turns. */
		if (strcmp(launch->extra[i], TURNS_OPTION) == 0 && launch->extra[i + 1])
			i++;
		else
			run_spec_add_arg(spec, launch->extra[i]);
	}
	add_env(launch, spec);
	return 0;
}

static char *
control_line(const char *request_id, const char *subtype)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *request = json_object_new_object();

	wire_add(msg, "type", "control_request");
	wire_add(msg, "request_id", request_id);
	wire_add(request, "subtype", subtype);
	json_object_object_add(msg, "request", request);
	return wire_print_take(msg);
}

static char *
claude_say(const struct agent_talk *talk, const char *key, const char *text)
{
	struct json_object *msg = json_object_new_object();
	struct json_object *message = json_object_new_object();
	struct json_object *content = json_object_new_array_ext(1);
	struct json_object *block = json_object_new_object();

	wire_add(block, "type", "text");
	wire_add(block, "text", text);
	json_object_array_add(content, block);
	wire_add(message, "role", "user");
	json_object_object_add(message, "content", content);
	wire_add(msg, "type", "user");
	wire_add(msg, "session_id", "");
	json_object_object_add(msg, "parent_tool_use_id", NULL);
	json_object_object_add(msg, "message", message);
	return wire_print_take(msg);
}

static char *
claude_interrupt(const struct agent_talk *talk, const char *key)
{
	return control_line(key, "interrupt");
}

static void
claude_open(const struct agent_launch *launch, struct agent_input *input)
{
	char *key = xasprintf("%s:initialize", launch->prompt_key);

	agent_input_take(input, key, control_line(key, "initialize"));
	if (launch->prompt)
		agent_input_take(input, xstrdup(launch->prompt_key),
		    claude_say(NULL, launch->prompt_key, launch->prompt));
}

/* Where the login is kept.  Only ever asked whether it is there. */
static bool
has_credentials_file(void)
{
	const char *config = getenv("CLAUDE_CONFIG_DIR"), *home = getenv("HOME");
	AUTO_FREE char *path = NULL;

	if (config && *config)
		path = path_join(config, ".credentials.json");
	else if (home && *home)
		path = path_join(home, ".claude/.credentials.json");
	return path && file_exists(path);
}

static int
claude_login(void)
{
	static const char *const names[] = { "ANTHROPIC_API_KEY",
		"ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN",
		"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return 1;
	}
	return has_credentials_file() ? 1 : 0;
}

static int
claude_probe(const char *program, struct agent_probe *probe, struct err *err)
{
	struct agent_probe found = { 0 };
	struct err why = ERR_INIT;

	if (probe_find(program && *program ? program : "claude", found.program,
		sizeof(found.program), err) < 0)
		return -1;
	found.login = claude_login();
	if (!found.login)
		snprintf(found.note, sizeof(found.note),
		    "not logged in: run `claude` once and log in, or set ANTHROPIC_API_KEY");
	if (probe_version(found.program, VERSION_TIMEOUT_MS, found.version,
		sizeof(found.version), &why) < 0)
		snprintf(found.note, sizeof(found.note), "%.*s",
		    (int)sizeof(found.note) - 1, why.text);
	*probe = found;
	return 0;
}

/*
 * Named one by one: with CLAUDE_* a server started from inside a Claude session would hand
 * that session's own variables to its agents.
 */
static const char *const claude_env[] = {
	/* clang-format off */
	"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL",
	"ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS",
	"ANTHROPIC_DEFAULT_HAIKU_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL",
	"ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL",
	"ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_VERTEX_PROJECT_ID",
	"AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_REGION",
	"BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_OUTPUT_LENGTH", "BASH_MAX_TIMEOUT_MS",
	"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
	"CLAUDE_CODE_MAX_RETRIES", "CLAUDE_CODE_OAUTH_TOKEN",
	"CLAUDE_CODE_SKIP_BEDROCK_AUTH", "CLAUDE_CODE_SKIP_VERTEX_AUTH",
	"CLAUDE_CODE_SUBAGENT_MODEL", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX",
	"CLAUDE_CONFIG_DIR", "CLOUD_ML_REGION", "DISABLE_AUTOUPDATER",
	"DISABLE_ERROR_REPORTING", "DISABLE_TELEMETRY", "GOOGLE_APPLICATION_CREDENTIALS",
	"MAX_MCP_OUTPUT_TOKENS", "MAX_THINKING_TOKENS", "MCP_TIMEOUT", "MCP_TOOL_TIMEOUT",
	"NODE_EXTRA_CA_CERTS", NULL,
	/* clang-format on */
};

const struct agent agent_claude = {
	.name = "claude",
	.command = claude_command,
	.interactive = claude_interactive,
	.open = claude_open,
	.parse = claude_parse,
	.answer = claude_answer,
	.say = claude_say,
	.interrupt = claude_interrupt,
	/* no .stop: it ends with its input */
	.probe = claude_probe,
	.login = claude_login,
	.env = claude_env,
	.turns_option = TURNS_OPTION,
	.can_resume = true,
	.can_fork = true,
	.keeps_id = true,
	.has_own_confirm = true,
};
