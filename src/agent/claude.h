#pragma once

#include "agent/agent.h"

/*
 * What Claude Code prints (`--output-format stream-json`) as events, and the answers to
 * what it asks.  Private to this room.  Source: recorded runs of 2.1.197 and 2.1.330.
 */
void claude_parse(const char *line, size_t n, agent_event_fn *fn, void *arg);

struct json_object;

/* "Bash: git commit -m ...": the tool and the one member of INPUT that says most. */
char *claude_tool_line(const char *tool, struct json_object *input);

/*
 * What TOOL would do with INPUT, whole and in the same words each time, for rules: "Bash: npm
 * test", "Write: /repo/a.c".  NULL for a tool or a member of INPUT that is not known.
 */
char *claude_action(const char *tool, struct json_object *input);

/*
 * Fills EVENT with what one call to the model used, which each line of its answer says
 * again; false when MESSAGE does not tell.  Its texts are MESSAGE's.
 */
bool claude_call(struct json_object *message, struct agent_event *event);

/*
 * The control_response to the ask in RAW; see struct agent.  Beside "allow" and "deny" it
 * knows "allow-session": also what Claude offers to allow for the rest of the session, and
 * for a plan, to edit files without asking.  NULL when RAW is no request of Claude's.
 */
char *claude_answer(const char *key, const char *ask_id, const char *raw,
    const char *decision, const char *text);
