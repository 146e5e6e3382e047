#pragma once

#include "agent/agent.h"

/*
 * How agents are told to run our hook before a tool writes, each in its own way and for this
 * launch only: nothing of the user's configuration is changed.  What cannot be told goes
 * without; the fence enforces, the hook only explains.  Private to this room.  Source: the agents' documentation, and runs of the
 * versions in docs/agents.md.
 */

/* Our hook as a line for a shell; NULL when LAUNCH offers none.  The caller frees it. */
char *hooks_command(const struct agent_launch *launch);

/*
 * For Codex the value of an option -c, with the mark of trust without which it would pass
 * our hook over; hooks of the user's stay as trusted as they were.  NULL as above.
 */
char *hooks_codex_option(const struct agent_launch *launch);

/*
 * Arguments into SPEC, or nothing; Copilot's name files below the launch's tmp_dir, and our MCP
 * server, which it takes from nowhere else.
 */
void hooks_add_codex(const struct agent_launch *launch, struct run_spec *spec);
void hooks_add_copilot(const struct agent_launch *launch, struct run_spec *spec);

/*
 * A plugin below the launch's tmp_dir, named in OPENCODE_CONFIG_CONTENT beside the user's; only
 * where its user has run it once, so that it has the packages that it would wait for.
 */
void hooks_add_opencode(const struct agent_launch *launch, struct run_spec *spec);
