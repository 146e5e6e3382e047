#pragma once

#include "core/core.h"

/*
 * What ends a wait, in words, for `divisi why`.  The caller frees what is returned; "" when
 * nothing is waited for.
 */
char *release_batch(const struct core *core, const struct batch_run *b);

/* LAST receives the batch that P waits for, NULL when the next one is to be dispatched. */
char *release_plan(
    const struct core *core, const struct plan_run *p, const struct batch_run **last);

/*
 * What TAG ("J-22"), a rule of the method as our texts name them, is refused as; NULL when
 * it is no such tag.
 */
char *release_rule(const char *tag);
