#pragma once

#include "engine/internal.h"

/* Feedback from outside: taken in, shown, settled (core/feedback.h). */

/*
 * The order "feedback": WHAT "take" N deliveries (s0.source ...), each once and all of them
 * in one transaction; "send" or "dismiss" one that waits.
 */
int order_feedback(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* Yes or no to the entry "f1" of the inbox. */
int feedback_answer(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* What waits for a person, for the inbox: at most 100, the oldest first. */
void feedback_add_items(const struct core *core, struct json_object *items);
