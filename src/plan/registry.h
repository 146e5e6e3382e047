#pragma once

#include "plan/plan.h"
#include "plan/source.h"
#include "plan/table.h"

/*
 * Reads the Issue and Session Registries, fills what the phases leave open (title, mode,
 * points, status), sorts the phases by id and turns dependencies into phase ids: an issue
 * of the plan means the phase that owns it.
 */
void plan_read_registries(struct plan *plan, const struct source *source,
    const struct tables *tables, struct lint_list *lints);
