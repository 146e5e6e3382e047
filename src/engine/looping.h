#pragma once

#include "git/config.h"
#include "plan/plan.h"
#include "policy/loop.h"

/*
 * Does a session of PHASE work its tasks one by one (divisi.loop, R-153)?  L receives its
 * limits, and no tasks when it does not.  -1 with ERR_INPUT when a setting makes no sense.
 */
NODISCARD int looping_read(const struct config *config, const struct phase *phase,
    struct loop *l, struct err *err);

/* The same where a bad setting is told elsewhere: then it does not. */
bool looping_is_on(const struct config *config, const struct phase *phase);
