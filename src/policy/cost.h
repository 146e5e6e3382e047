#pragma once

#include <stdbool.h>

/* Money and points: SPEC 8.3.  All money in integer cents. */
enum cost_profile { COST_BUDGET, COST_UNLIMITED, COST_PAY_PER_USE };

int cost_profile_of(
    const char *name); /* "standard" is budget; -1 when unknown */
const char *cost_profile_name(enum cost_profile profile);

/* Smallest of 1 2 3 5 8 13 that is not below the dollars; over $8 is 13. */
int cost_points(long cents);
/* "advise split" over $8, "must split or override" over $13, NULL below. */
const char *cost_split_advice(long cents);

enum cost_gate { COST_RUN, COST_RUN_WARN, COST_ASK, COST_CHECKPOINT };
/* What an estimate of CENTS means under PROFILE; exactly $10.00 does not trigger (S-68). */
enum cost_gate cost_gate(enum cost_profile profile, long cents, long threshold_cents);

/* 2x-4x of an implementation session (S-35, K-4): fills low and high from MID. */
void cost_research_range(long mid_cents, long *low_cents, long *high_cents);

/* Points that do not fit the mode, a literal sentence or NULL. */
const char *cost_points_mode_warning(int points, int exec_mode);
