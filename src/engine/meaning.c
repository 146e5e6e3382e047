#include "engine/internal.h"

#include "agent/agent.h"

int
event_meaning(int kind)
{
	static const int haps[AGENT_N_EVENTS] = {
		[AGENT_NOTE] = -1,
		[AGENT_ACCEPTED] = HAP_AGENT_ACCEPTED,
		[AGENT_CONFIRMED] = HAP_AGENT_CONFIRMED,
		[AGENT_SAY] = -1,
		[AGENT_PROGRESS] = -1,
		[AGENT_ASK] = HAP_AGENT_ASKED,
		[AGENT_ASK_GONE] = HAP_AGENT_ASK_GONE,
		[AGENT_USAGE] = -1,
		[AGENT_RETRY] = -1,
		[AGENT_ESTIMATE] = HAP_AGENT_ESTIMATE,
		[AGENT_LIMIT] = HAP_AGENT_LIMIT,
		[AGENT_DONE] = HAP_AGENT_DONE,
		[AGENT_FAILED] = HAP_AGENT_FAILED,
		[AGENT_STEP] = HAP_AGENT_STEPPED,
		[AGENT_TURN] = HAP_AGENT_STEPPED,
	};

	return haps[kind];
}
