#pragma once

#include "plan/plan.h"
#include "policy/risk.h"

/*
 * Which files each phase of a plan may change: tracked ones its patterns match, and new
 * ones it names.  A pattern over many files will touch a few of them; how sure each one
 * is follows from their number.
 */
struct reach;

/* TRACKED: N sorted paths, borrowed, as is PLAN.  The caller frees the result. */
struct reach *reach_new(
    const struct plan *plan, const char *const *tracked, size_t n, bool fold_case);
void reach_free(struct reach *reach);

/*
 * The files that phases A and B may both change, with `sure` and `is_odd` filled in; the
 * rest is for the caller.  Returns their number; *FILE is the caller's to free, the paths
 * are not.
 */
size_t reach_common(struct reach *reach, int a, int b, struct risk_file **file);

/* How many files A and B will change in all, as far as their patterns tell. */
struct risk_sizes reach_sizes(const struct reach *reach, int a, int b);
