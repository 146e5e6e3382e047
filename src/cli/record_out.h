#pragma once

#include "cli/json_out.h"
#include "cli/screen.h"
#include "cli/world.h"

/*
 * What a verdict's record says beyond the verdict (CONFLICTS 5.5): what history changes
 * together across the two phases, and with which weights the chances were computed.
 * Nothing of it decides anything.
 */

/*
 * Members `co_change` (of phases A and B), `risk_undeclared` (what follows from it) and
 * `model_version` of the open object.  The same repository, plan and weights give the same
 * bytes.
 */
void record_out_json(struct json_out *json, struct world *world, int a, int b);

/* The same for a person; nothing when history knows nothing. */
void record_out_text(struct world *world, int a, int b, const struct screen *screen);

/*
 * "shipped/HASH" or "learned/HASH": the first twelve digits of the SHA-256 of the weights,
 * whenever they were learned.  The caller frees it.
 */
char *record_out_version(const struct world *world);
