/*
 * One line of an agent's output, for every adapter: any bytes are an event or nothing.
 * Exercises src/agent/.
 */
#include "agent/agent.h"

#include "base/mem.h"

#include <stdint.h>

static void
on_event(const struct agent_event *event, void *arg)
{
	if (event->kind >= AGENT_N_EVENTS || !agent_event_name(event->kind))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *line = xstrndup((const char *)data, size);

	agent_command.parse((const char *)data, size, on_event, NULL);
	free(agent_command.answer("key", line, line, "allow", line));
	agent_claude.parse((const char *)data, size, on_event, NULL);
	free(agent_claude.answer("key", line, line, "deny", line));
	return 0;
}
