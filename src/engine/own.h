#pragma once

#include "engine/engine.h"

/*
 * Orders that an agent may give, for its own session only.  As engine_order(): 0 with OUT
 * filled, or -1 with ERR and nothing changed.
 */

/*
 * "report" of the "kind" started, progress, checkpoint, question, done or failed, with "text",
 * "detail", "done" and "total".
 */
int order_report(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/*
 * "widen": asks a person for "patterns" (one per line) beside what the session declared, for a
 * "reason".  OUT has "ask", and "detail" and "meets": who else has some of it now.
 */
int order_widen(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* Adds to the ANSWER to such a question who has some of it at this moment. */
void own_add_meets(struct engine *engine, struct fields *answer);
