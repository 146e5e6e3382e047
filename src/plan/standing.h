#pragma once

#include "plan/verdict.h"

/*
 * A plan that stays decided while what its phases declare changes.  One that declares
 * something else is compared with what it may meet, and no other two are decided again
 * unless the order between them hangs on it.  The verdicts are at any time those that
 * verdicts_new() gives for the plan as it is now, to the letter.
 */
struct standing;

/*
 * Decides PLAN, whose texts have to live as long, as ENV has.  The caller frees it with
 * standing_free().
 */
struct standing *standing_new(const struct plan *plan, const struct verdict_env *env);
void standing_free(struct standing *standing);

/* The verdicts of the plan as it is now; they live until the next change. */
struct verdicts *standing_verdicts(const struct standing *standing);

/*
 * A copy of them without the cycles, whose texts live as long as STANDING, whatever changes.
 * The caller frees it with standing_past_free().
 */
struct verdicts *standing_past(struct standing *standing);
void standing_past_free(struct verdicts *past);

/*
 * PLAN is the plan as it is now; only the N phases at the positions CHANGED differ from what
 * it was.  What cannot be told apart from a change of everything (dependencies, links,
 * counted things, a plan near its limits) is decided as a whole; returns how many were not.
 */
size_t standing_change(
    struct standing *standing, const struct plan *plan, const int *changed, size_t n);
