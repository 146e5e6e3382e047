#include "cli/cmd.h"

#include "base/crash.h"
#include "base/mem.h"
#include "cli/programs.h"
#include "mcp/mcp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What agents call: the guard hook and the MCP server. */

const struct option_doc cmd_hook_options[] = {
	{ "home", "DIR", "the home of the repository, instead of looking for it", 0 },
	OPTION_END,
};

int
cmd_hook(int argc, char **argv)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *program = program_hook(&err);
	char option[] = "--home";
	char *words[] = { program, NULL, NULL, NULL };
	struct args args;
	int at;

	args_init(&args, cmd_hook_options, argc, argv);
	while ((at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return cmd_fail(&err, false);
		if (at == ARGS_WORD) {
			err_set(&err, ERR_USAGE,
			    "hook takes no word: the tool call comes on standard input");
			return cmd_fail(&err, false);
		}
		words[1] = option;
		words[2] = (char *)(uintptr_t)args.value;
	}
	if (!program)
		return cmd_fail(&err, false);
	crash_point("hook.exec");
	execv(program, words);
	err_sys(&err, "%s", program);
	return cmd_fail(&err, false);
}

const struct option_doc cmd_mcp_options[] = {
	{ "print-config", "AGENT",
	    "print what claude, codex, gemini, ... needs, and end", 0 },
	OPTION_END,
};

/* What a person pastes, with the program in the place of each %s. */
static const struct {
	const char *agent, *where, *text;
} configs[] = {
	{ "claude", ".mcp.json, or: claude mcp add divisi -- divisi mcp",
	    "{\"mcpServers\":{\"divisi\":{\"command\":\"%s\",\"args\":[\"mcp\"]}}}" },
	{ "claude-hook", "hooks in .claude/settings.json",
	    "{\"hooks\":{\"PreToolUse\":[{\"matcher\":\"Write|Edit|MultiEdit|NotebookEdit|"
	    "Bash\",\"hooks\":[{\"type\":\"command\",\"command\":\"%s hook\",\"timeout\":5}]}"
	    "]}}" },
	{ "codex", "~/.codex/config.toml",
	    "[mcp_servers.divisi]\ncommand = \"%s\"\nargs = [\"mcp\"]" },
	{ "codex-hook", "~/.codex/config.toml",
	    "[[hooks.PreToolUse]]\n[[hooks.PreToolUse.hooks]]\ntype = \"command\"\n"
	    "command = \"%s hook\"" },
	{ "copilot",
	    "copilot --additional-mcp-config @FILE, or ~/.copilot/mcp-config.json",
	    "{\"mcpServers\":{\"divisi\":{\"type\":\"local\",\"command\":\"%s\",\"args\":"
	    "[\"mcp\"],\"tools\":[\"*\"]}}}" },
	{ "copilot-hook", ".github/hooks/divisi.json",
	    "{\"version\":1,\"hooks\":{\"preToolUse\":[{\"type\":\"command\",\"bash\":\"%s "
	    "hook\",\"timeoutSec\":5}]}}" },
	{ "gemini", "~/.gemini/settings.json",
	    "{\"mcpServers\":{\"divisi\":{\"command\":\"%s\",\"args\":[\"mcp\"]}}}" },
	{ "gemini-hook", "~/.gemini/settings.json",
	    "{\"hooks\":{\"BeforeTool\":[{\"matcher\":\"write_file|replace|"
	    "run_shell_command\",\"hooks\":[{\"type\":\"command\",\"command\":\"%s hook\"}]}"
	    "]}}" },
	{ "opencode", "opencode.json",
	    "{\"mcp\":{\"divisi\":{\"type\":\"local\",\"command\":[\"%s\",\"mcp\"],"
	    "\"enabled\":true}}}" },
};

/* The configuration of AGENT; where it goes is said on standard error. */
static int
print_config(const char *agent, const char *program, struct err *err)
{
	for (size_t i = 0; i < N_ELEMS(configs); i++) {
		const char *at = strstr(configs[i].text, "%s");

		if (strcmp(configs[i].agent, agent) != 0)
			continue;
		fprintf(stderr, "goes to %s\n", configs[i].where);
		printf("%.*s%s%s\n", (int)(at - configs[i].text), configs[i].text,
		    program, at + 2);
		return 0;
	}
	err_set(err, ERR_NOT_FOUND, "no configuration is known for '%.40s'", agent);
	return err_fix(err,
	    "one of: claude codex copilot gemini opencode, and with -hook "
	    "the first four");
}

int
cmd_mcp(int argc, char **argv)
{
	const char *session = getenv("DIVISI_SESSION"), *agent = NULL;
	struct mcp mcp = { .version = DIVISI_VERSION, .run = mcp_run };
	struct err err = ERR_INIT;
	AUTO_FREE char *program = program_self(&err);
	struct args args;
	int at;

	args_init(&args, cmd_mcp_options, argc, argv);
	while ((at = args_next(&args, &err)) != ARGS_END) {
		if (at == ARGS_WORD)
			err_set(
			    &err, ERR_USAGE, "mcp takes no word: '%.60s'", args.value);
		if (at < 0)
			return cmd_fail(&err, false);
		agent = args.value;
	}
	if (!program || (agent && print_config(agent, program, &err) < 0))
		return cmd_fail(&err, false);
	if (agent)
		return 0;
	/* The server knows who we are by itself; this only says what to ask it for. */
	mcp.session = session ? session : "";
	mcp.arg = program;
	return mcp_serve(&mcp, STDIN_FILENO, STDOUT_FILENO) < 0
		   ? err_exit_status(ERR_SYSTEM)
		   : 0;
}
