#pragma once

#include "agent/agent.h"

/*
 * What Claude Code prints (`--output-format stream-json`) as events, and the answers to
 * what it asks.  Private to this room.  Source: recorded runs of 2.1.197 and 2.1.330.
 */
void claude_parse(const char *line, size_t n, agent_event_fn *fn, void *arg);

/*
 * The control_response to the ask in RAW; see struct agent.  Beside "allow" and "deny" it
 * knows "allow-session": also what Claude offers to allow for the rest of the session, and
 * for a plan, to edit files without asking.  NULL when RAW is no request of Claude's.
 */
char *claude_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text);
