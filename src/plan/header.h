#pragma once

#include "plan/plan.h"
#include "plan/source.h"

/*
 * Fills PLAN's title, parent issue, date, session, supersedes and review wish from what
 * stands above the first section, and notes a Verification section.
 */
void plan_read_header(struct plan *plan, const struct source *source);
