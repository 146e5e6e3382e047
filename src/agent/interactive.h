#pragma once

#include "agent/agent.h"

/*
 * How a person goes on in an agent's conversation, on a terminal.  By rank: the COMMAND they
 * configured (divisi.agent.NAME.interactive), the adapter's own way, what is known of the
 * program called NAME.
 */

/* -1 with ERR_CONFLICT, and what mends it, when there is no way. */
NODISCARD int agent_check_interactive(const struct agent *agent, const char *name,
    const char *command, const char *session_id, struct err *err);

/* Adds argv and environment to SPEC, as agent->command() does for a run without a person. */
NODISCARD int agent_interactive(const struct agent *agent, const char *name,
    const char *command, const struct agent_launch *launch, struct run_spec *spec,
    struct err *err);
