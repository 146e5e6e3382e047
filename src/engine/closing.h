#pragma once

#include "engine/engine.h"

/*
 * The closing checklist of plan P as JSON: an array of {"item", "holds", "fact"}.  The
 * caller owns it.
 */
struct json_object *closing_json(struct engine *engine, const struct plan_run *p);
