#pragma once

#include "cli/json_out.h"
#include "cli/screen.h"
#include "plan/plan.h"

/* Which reviews the plan needs, timing by timing (SPEC 1.6); one line each. */
void timings_out_text(const struct plan *plan, const struct screen *screen);

/* The member `reviews` of the open object. */
void timings_out_json(struct json_out *json, const struct plan *plan);
