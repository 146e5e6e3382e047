#pragma once

#include "cli/json_out.h"
#include "cli/screen.h"
#include "cli/world.h"

/*
 * The plan without batches: who starts when, if each phase starts as soon as it can.  A
 * phase lasts as many units as it has points, or as its estimate has dollars, or one.
 */
void rolling_out_text(const struct world *world, const struct screen *screen);

/* The member `rolling` of the open object. */
void rolling_out_json(struct json_out *json, const struct world *world);
