#include "cli/cmd.h"

#include "base/mem.h"

/* The verbs that agents call, and what they ask for: divisi-mcp(1).  Behind all others. */
static const struct command commands[] = {
	{
	    .name = "tell",
	    .group = CMD_KEEP,
	    .synopsis =
		"tell started|progress|checkpoint|question|done|failed [TEXT] [--json]",
	    .summary = "what the agent of a session reports about it",
	    .help =
		"For agents only, each for its own session. A checkpoint or a question "
		"waits for a person; the answer comes as a message to the agent.",
	    .options = cmd_tell_options,
	    .run = cmd_tell,
	},
	{
	    .name = "widen",
	    .group = CMD_KEEP,
	    .synopsis = "widen SESSION PATTERN... --reason TEXT [--yes] [--json]",
	    .summary = "let a session write more than its phase declared",
	    .help =
		"Shows who else has some of it, then asks. An agent gives it for its own "
		"session: a person is asked (divisi approve SESSION), the agent is told "
		"the answer, and what was refused stays so. A session that is allowed "
		"what another one has lands behind it. An absolute path outside of its "
		"worktree opens its fence there. Exit status 4: asked, not answered.",
	    .options = cmd_widen_options,
	    .run = cmd_widen,
	},
	{
	    .name = "hook",
	    .group = CMD_KEEP,
	    .synopsis = "hook [--home DIR] < CALL",
	    .summary = "an agent's hook before a tool call: may it write there",
	    .help =
		"Reads the call as Claude Code, Codex, Gemini or Copilot give it to a hook "
		"and answers in their form: nothing when all is well, else what is not its "
		"to write, who has it, and how to ask for it. It explains and the fence "
		"enforces: without a server it lets everything pass. Agents run the program "
		"divisi-hook itself, which starts ten times faster.",
	    .options = cmd_hook_options,
	    .run = cmd_hook,
	},
	{
	    .name = "mcp",
	    .group = CMD_KEEP,
	    .synopsis = "mcp\n"
			"mcp --print-config AGENT",
	    .summary = "a Model Context Protocol server on standard input and output",
	    .help =
		"For agents, and for a person's own assistant: divisi-mcp(1) has its "
		"tools. --print-config prints what claude, codex, copilot, gemini or "
		"opencode needs to use it, and with -hook behind the name (claude-hook) "
		"what it needs to ask before it writes.",
	    .options = cmd_mcp_options,
	    .run = cmd_mcp,
	},
};

const struct command *
cmd_for_agents(size_t i)
{
	return i < N_ELEMS(commands) ? &commands[i] : NULL;
}
