#pragma once

#include "agent/agent.h"
#include "exec/exec.h"

/* The only place that names every adapter (HOUSE 5.2). */
const struct agent *adapter_agent(const char *name); /* NULL when unknown */
const struct executor *adapter_executor(const char *name);
