#pragma once

#include "agent/agent.h"

/*
 * What Gemini is told in its own directory (agent/state.h) before LAUNCH; where SPEC gives it
 * none, nothing is written.  Its settings, a copy of its user's, say how often it calls its
 * model in vain: otherwise that is ten times in four silent minutes.  And the records of its
 * conversations are put where a resumed one does not overwrite them, without the line that
 * empties one which was stopped (seen with 0.61.0).
 *
 * No hook is among them: spoken to in the protocol, 0.61.0 runs none before a tool.  Private to
 * this room.
 */
void gemini_prepare(const struct agent_launch *launch, struct run_spec *spec);
