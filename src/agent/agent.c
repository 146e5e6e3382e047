#include "agent/agent.h"

#include "base/mem.h"

#include <assert.h>

static const char *const event_names[AGENT_N_EVENTS] = {
	/* clang-format off */
	[AGENT_NOTE]      = "note",
	[AGENT_ACCEPTED]  = "accepted",
	[AGENT_CONFIRMED] = "confirmed",
	[AGENT_SAY]       = "say",
	[AGENT_PROGRESS]  = "progress",
	[AGENT_TOOL]        = "tool",
	[AGENT_TOOL_FAILED] = "tool-failed",
	[AGENT_TOOL_WORKED] = "tool-worked",
	[AGENT_ASK]       = "ask",
	[AGENT_ASK_GONE]  = "ask-gone",
	[AGENT_USAGE]     = "usage",
	[AGENT_RETRY]     = "retry",
	[AGENT_ESTIMATE]  = "estimate",
	[AGENT_LIMIT]     = "limit",
	[AGENT_DONE]      = "done",
	[AGENT_FAILED]    = "failed",
	[AGENT_STEP]      = "step",
	[AGENT_TURN]      = "turn",
	/* clang-format on */
};

static const char *const ask_names[ASK_N] = {
	/* clang-format off */
	[ASK_PERMISSION] = "permission",
	[ASK_PLAN]       = "plan",
	[ASK_QUESTION]   = "question",
	[ASK_CHECKPOINT] = "checkpoint",
	[ASK_COST]       = "cost",
	/* clang-format on */
};

const char *
agent_event_name(enum agent_event_kind kind)
{
	assert(kind >= 0 && kind < AGENT_N_EVENTS);
	return event_names[kind];
}

const char *
agent_ask_name(enum agent_ask ask)
{
	assert(ask >= 0 && ask < ASK_N);
	return ask_names[ask];
}

void
agent_input_take(struct agent_input *input, char *key, char *line)
{
	assert(input->n < N_ELEMS(input->item));
	input->item[input->n].key = key;
	input->item[input->n].line = line;
	input->n++;
}

void
agent_input_clear(struct agent_input *input)
{
	for (size_t i = 0; i < input->n; i++) {
		free(input->item[i].key);
		free(input->item[i].line);
	}
	*input = (struct agent_input){ 0 };
}
