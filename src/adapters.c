#include "adapters.h"

#include <stddef.h>
#include <string.h>

static const struct agent *const agents[] = { &agent_claude, &agent_command,
	&agent_codex, &agent_codex_exec, &agent_acp, &agent_gemini, &agent_opencode,
	&agent_copilot, &agent_claude_acp, &agent_codex_acp };
static const struct executor *const executors[] = { &executor_local };

const struct agent *
adapter_agent(const char *name)
{
	for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++) {
		if (strcmp(agents[i]->name, name) == 0)
			return agents[i];
	}
	return NULL;
}

const struct executor *
adapter_executor(const char *name)
{
	for (size_t i = 0; i < sizeof(executors) / sizeof(executors[0]); i++) {
		if (strcmp(executors[i]->name, name) == 0)
			return executors[i];
	}
	return NULL;
}
