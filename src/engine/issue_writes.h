#pragma once

#include "engine/engine.h"
#include "store/issues.h"

#include <stdio.h>

/* The writes of `divisi issue`, for issues.c. */

/*
 * Makes the write WHAT by ACTOR and prints to F what came of it.  ERR_USAGE when there is
 * no such write, else the errors of store/issues.h; then nothing changed.
 */
NODISCARD int issue_write(struct engine *engine, const char *what,
    const struct fields *in, const char *actor, FILE *f, struct err *err);

/* *STATUS is the one that NAME of IN says, ISSUE_ANY without one; ERR_USAGE. */
NODISCARD int issue_status_wish(const struct fields *in, const char *name,
    enum issue_status *status, struct err *err);
