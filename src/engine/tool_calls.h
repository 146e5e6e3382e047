#pragma once

#include "agent/agent.h"
#include "core/happening.h"

/*
 * Tools of an agent that fail (J-47).  Some agents say how a call ended under its id only,
 * lines after they said what is called: the latest calls of a run are kept for that.  After a
 * restart of the server those that were under way are unknown, and not counted.
 */
#define TOOL_CALLS_MAX 16

struct tool_calls {
	struct tool_call {
		char *id, *words;
	} item[TOOL_CALLS_MAX];
	size_t next; /* the place of the oldest */
};

/* Keeps E, an AGENT_TOOL. */
void tool_calls_add(struct tool_calls *calls, const struct agent_event *e);
/*
 * Puts what E says, an end of a call, into F: "tool", "call", "worked" or the error's "text"
 * and "error_sha".  False, with F as it was, when nobody knows what was called.
 */
bool tool_calls_tell(
    const struct tool_calls *calls, const struct agent_event *e, struct fields *f);
void tool_calls_clear(struct tool_calls *calls);
