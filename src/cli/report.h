#pragma once

#include "cli/screen.h"

#include <json-c/json_object.h>

/*
 * The closing report of PLAN (J-11): each session with time, cost and estimate, totals in
 * all and per agent, what was gained and how good the agents were, the verification checklist from facts, and what is left to do.
 */
void report_print(const struct screen *screen, const struct json_object *status,
    const struct json_object *plan, int64_t now);
