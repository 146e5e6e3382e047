#pragma once

#include "base/err.h"
#include "core/happening.h"

/*
 * Tells the agent of SESSION a TEXT, once: the message has a key of its own, so that it may
 * be sent again when the server went away before it answered.  Waits for the holder's word.
 *
 * Returns 1 when the agent's holder has it; 0 when it is on record and goes to it as soon as
 * the holder answers; 2 when it goes to it at the end of its turn, amid which it cannot be
 * told anything; -1 with ERR.  OUT gets "label", "act" and "state".
 */
int saying_tell(
    const char *session, const char *text, struct fields *out, struct err *err);

/* What to print of SAYING_TELL's answer 0 to 2. */
const char *saying_words(int told);
