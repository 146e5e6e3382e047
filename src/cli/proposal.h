#pragma once

#include "cli/screen.h"
#include "core/happening.h"

#include <json-c/json_object.h>

/* What the server answers to a dispatch, before any of it is done. */

/*
 * As JSON: {"hash", "plan_hash", "plan", "batch", "checks", "notes", "pairs"}; plan and
 * batch have the shape they have in the status.  The caller puts it.
 */
struct json_object *proposal_json(const struct fields *out);

/* The preflight: what was found, what a person should know, which pairs need an order. */
void proposal_print(const struct screen *screen, const struct json_object *proposal);
