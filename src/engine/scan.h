#pragma once

#include "engine/internal.h"

/* What is read of issues for a person: `divisi ready`, `divisi stale`
 * and `divisi plan --from`. */

/*
 * The orders: "tracker" "" is the built-in one, answered at once; another is a job's, and
 * what "ready" found there is kept for half an hour unless "force".
 */
int order_ready(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_stale(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_plan_from(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
