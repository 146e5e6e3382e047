#pragma once

#include "cli/dispatching.h"

/*
 * Batch after batch until the plan is complete, asking before each.  APPROVE_ALL says yes
 * to each table of the plan as it was at the start, and stops at the first red, stray or
 * over-budget batch (CONTRACTS 6).  HASH (may be NULL) approves one table.
 *
 * 0 when the plan is complete or a person declined; -1 with ERR_HUMAN when a person has to
 * do something that cannot be asked here.
 */
int run_plan(
    struct dispatching *d, bool approve_all, const char *hash, struct err *err);
