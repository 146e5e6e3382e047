#pragma once

#include "cli/screen.h"

#include <json-c/json_object.h>

/* What the server's status looks like on a terminal; strangers' text is always escaped. */

/* The dispatch table of BATCH (S-78: columns in order), its totals and its hash. */
void board_table(const struct screen *screen, const struct json_object *plan,
    const struct json_object *batch);

/* Everything: first line what needs a person now, then plan by plan. */
void board_status(const struct screen *screen, const struct json_object *status);

/*
 * One journal row as a line for people, with the names STATUS knows; false when it is not
 * worth one.
 */
bool board_event(const struct screen *screen, struct json_object *status,
    const struct json_object *row);

/* What the detail of ASK says beyond its text, with which it mostly begins; ASK's own. */
const char *board_detail(const struct json_object *ask);

/* "$1.10/$5": what a session cost against its estimate.  The caller frees it. */
char *board_cost(const struct json_object *session);

/* The newest batch of PLAN with STATE (NULL = any), or NULL. */
struct json_object *board_last_batch(const struct json_object *plan, const char *state);
/* The newest plan whose file is PATH (NULL = the newest active one), or NULL. */
struct json_object *board_plan(const struct json_object *status, const char *path);
