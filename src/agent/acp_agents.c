#include "agent/acp.h"

#include "agent/gemini.h"
#include "agent/hooks.h"
#include "agent/probe.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* What is known of each agent that speaks the protocol (RUNS 1.1 to 1.8, and our tests). */

#define VERSION_TIMEOUT_MS 20000

static const char *const gemini_env[] = { "GEMINI_API_KEY", "GEMINI_MODEL",
	"GEMINI_CLI_HOME", "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS",
	"GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GEMINI_BASE_URL",
	"GOOGLE_GENAI_USE_VERTEXAI", "NODE_EXTRA_CA_CERTS", NULL };
static const char *const gemini_keys[] = { "GEMINI_API_KEY", "GOOGLE_API_KEY",
	"GOOGLE_APPLICATION_CREDENTIALS", NULL };
static const char *const opencode_env[] = { "OPENCODE_CONFIG",
	"OPENCODE_CONFIG_CONTENT", "OPENCODE_CONFIG_DIR", "OPENCODE_DISABLE_AUTOUPDATE",
	"OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_MODELS_URL", "OPENCODE_PERMISSION",
	"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY",
	"GROQ_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY", "DEEPSEEK_API_KEY", NULL };
static const char *const copilot_env[] = { "COPILOT_GITHUB_TOKEN", "COPILOT_HOME",
	"COPILOT_MODEL", "COPILOT_OFFLINE", "COPILOT_PROVIDER_API_KEY",
	"COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_TYPE", "GH_TOKEN",
	"GITHUB_TOKEN", "NODE_EXTRA_CA_CERTS", NULL };
static const char *const copilot_keys[] = { "COPILOT_GITHUB_TOKEN", "GH_TOKEN",
	"GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY", NULL };
static const char *const claude_env[] = { "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN",
	"ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL", "CLAUDE_CODE_EXECUTABLE",
	"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_MAX_RETRIES",
	"CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR", "DISABLE_AUTOUPDATER",
	"DISABLE_TELEMETRY", "NODE_EXTRA_CA_CERTS", NULL };
static const char *const claude_keys[] = { "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN",
	"CLAUDE_CODE_OAUTH_TOKEN", NULL };
static const char *const codex_env[] = { "CODEX_API_KEY", "CODEX_HOME",
	"OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORGANIZATION", "OPENAI_PROJECT",
	"SSL_CERT_FILE", NULL };
static const char *const codex_keys[] = { "CODEX_API_KEY", "OPENAI_API_KEY", NULL };

static const struct acp_kind kinds[] = {
	/* The first is any agent: its modes are guessed by the names that are common. */
	{
	    .name = "acp",
	    .bypass = { "bypassPermissions", "yolo", "full-access", "allow_all=on" },
	    .plan = { "plan", "read-only", "architect" },
	    .ask = { "default", "ask", "manual" },
	    .work = "default",
	},
	{
	    .name = "gemini",
	    .program = "gemini",
	    /* Otherwise it keeps to itself what became of a command. */
	    .args = { "--acp", "--debug" },
	    .bypass = { "yolo" },
	    .plan = { "plan" },
	    .ask = { "default" },
	    .work = "default",
	    .set = { "GEMINI_CLI_NO_RELAUNCH=true", "GEMINI_CLI_TRUST_WORKSPACE=true" },
	    .add_hook = gemini_prepare,
	    .env = gemini_env,
	    .keys = gemini_keys,
	    .login_file = ".gemini/oauth_creds.json",
	    .login_help = "run `gemini` once and log in, or set GEMINI_API_KEY",
	},
	{
	    .name = "opencode",
	    .program = "opencode",
	    .args = { "acp" },
	    .bypass = { "build" },
	    .plan = { "plan" },
	    .ask = { "build" },
	    /* By its own default it asks for nothing. */
	    .set_bypass = "OPENCODE_PERMISSION={\"edit\":\"allow\",\"bash\":\"allow\"}",
	    .set_ask = "OPENCODE_PERMISSION={\"edit\":\"ask\",\"bash\":\"ask\"}",
	    .plan_leaks = "it runs commands, and commits",
	    .add_hook = hooks_add_opencode,
	    .env = opencode_env,
	    /* no .keys: it has providers of its own that need none */
	},
	{
	    .name = "copilot",
	    .program = "copilot",
	    .args = { "--acp" },
	    .bypass = { "allow_all=on" },
	    .plan = { "https://agentclientprotocol.com/protocol/session-modes#plan" },
	    .ask = { "allow_all=off" },
	    .plan_leaks = "it runs commands, and commits",
	    .add_hook = hooks_add_copilot,
	    .env = copilot_env,
	    .keys = copilot_keys,
	    .login_file = ".copilot/config.json",
	    .login_help = "run `copilot login`, or set COPILOT_GITHUB_TOKEN",
	},
	{
	    .name = "claude-acp",
	    .program = "claude-agent-acp",
	    .bypass = { "bypassPermissions" },
	    .plan = { "plan" },
	    .ask = { "default" },
	    .work = "default",
	    .env = claude_env,
	    .keys = claude_keys,
	    .login_file = ".claude/.credentials.json",
	    .login_help = "run `claude` once and log in, or set ANTHROPIC_API_KEY",
	},
	{
	    /* Both adapters of that name: their modes are called differently. */
	    .name = "codex-acp",
	    .program = "codex-acp",
	    .bypass = { "agent-full-access", "full-access" },
	    .unfenced = { "workspace-write", "auto" },
	    .plan = { "read-only" },
	    /*
	     * None of its modes asks before a command: each has "on-request" for its policy,
	     * under which the model decides what is asked.  The policy that asks is a setting.
	     */
	    .args_ask = { "-c", "approval_policy=untrusted", "-c",
		"sandbox_mode=danger-full-access" },
	    .args_ask_unfenced = { "-c", "approval_policy=untrusted", "-c",
		"sandbox_mode=workspace-write" },
	    .add_hook = hooks_add_codex,
	    .env = codex_env,
	    .keys = codex_keys,
	    .login_file = ".codex/auth.json",
	    .login_help = "run `codex login`, or set CODEX_API_KEY",
	},
};

const struct acp_kind *
acp_kind_of(const char *adapter)
{
	for (size_t i = 0; adapter && i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i].name, adapter) == 0)
			return &kinds[i];
	}
	return &kinds[0];
}

static bool
has_key(const struct acp_kind *kind)
{
	for (size_t i = 0; kind->keys && kind->keys[i]; i++) {
		const char *value = getenv(kind->keys[i]);

		if (value && *value)
			return true;
	}
	return false;
}

/* Where the login is kept is only ever asked whether it is there. */
static int
login_of(const struct acp_kind *kind)
{
	const char *home = getenv("HOME");
	AUTO_FREE char *path = home && kind->login_file
				   ? path_join(home, kind->login_file)
				   : NULL;

	if (has_key(kind) || (path && file_exists(path)))
		return 1;
	/* Settings may name another way in, which only the agent knows. */
	return -1;
}

static int
probe_kind(const struct acp_kind *kind, const char *program, struct agent_probe *probe,
    struct err *err)
{
	struct agent_probe found = { 0 };
	struct err why = ERR_INIT;

	if (probe_find(program && *program ? program : kind->program, found.program,
		sizeof(found.program), err) < 0)
		return -1;
	found.login = login_of(kind);
	if (found.login < 0 && kind->login_help)
		snprintf(found.note, sizeof(found.note),
		    "no login was found: %s, unless it has another", kind->login_help);
	/* A program that we do not know might take --version for its task. */
	if (kind != &kinds[0] && probe_version(found.program, VERSION_TIMEOUT_MS,
				     found.version, sizeof(found.version), &why) < 0)
		snprintf(found.note, sizeof(found.note), "%.*s",
		    (int)sizeof(found.note) - 1, why.text);
	*probe = found;
	return 0;
}

/* What the engine has to do for them. */
enum { SANDBOX = 1, STOPS = 2, NO_GIT_CONFIG = 4, LATE = 8 };

/* One struct agent per row: what differs is in the row. */
#define ACP_AGENT(ident, word, variables, traits, reader)                    \
	static int ident##_probe(                                            \
	    const char *program, struct agent_probe *probe, struct err *err) \
	{                                                                    \
		return probe_kind(acp_kind_of(word), program, probe, err);   \
	}                                                                    \
	const struct agent agent_##ident = { .name = (word),                 \
		.command = acp_command,                                      \
		.open = acp_open,                                            \
		.step = acp_step,                                            \
		.parse = (reader),                                           \
		.answer = acp_answer,                                        \
		.say = acp_say,                                              \
		.interrupt = acp_interrupt,                                  \
		.probe = ident##_probe,                                      \
		.env = (variables),                                          \
		.can_resume = true,                                          \
		.has_own_confirm = true,                                     \
		.plans_by_turn = true,                                       \
		.cannot_commit = ((traits)&SANDBOX) != 0,                    \
		.stops_at_no = ((traits)&STOPS) != 0,                        \
		.hides_git_config = ((traits)&NO_GIT_CONFIG) != 0,           \
		.turn_word = "\"session/prompt\"",                           \
		.hears_late = ((traits)&LATE) != 0,                          \
		.outlives_input = true }

/* What a second prompt does to a turn the protocol leaves open, and Gemini cancels it. */
ACP_AGENT(acp, "acp", NULL, LATE, acp_parse);
ACP_AGENT(gemini, "gemini", gemini_env, NO_GIT_CONFIG | LATE, acp_parse);
ACP_AGENT(opencode, "opencode", opencode_env, STOPS, acp_parse_opencode);
ACP_AGENT(copilot, "copilot", copilot_env, STOPS, copilot_parse);
ACP_AGENT(claude_acp, "claude-acp", claude_env, 0, acp_parse);
ACP_AGENT(codex_acp, "codex-acp", codex_env, SANDBOX, acp_parse);
