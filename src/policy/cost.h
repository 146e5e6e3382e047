#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Money and points: SPEC 8.3.  All money in integer cents, -1 unknown. */

/* The threshold of the method's cost clause: more than this asks (S-68, K-6). */
#define COST_THRESHOLD_CENTS 1000

enum cost_profile { COST_BUDGET, COST_UNLIMITED, COST_PAY_PER_USE };

/* The profile called NAME; "standard" is budget; -1 when unknown. */
int cost_profile_of(const char *name);
const char *cost_profile_name(enum cost_profile profile);

/*
 * The smallest of 1 2 3 5 8 13 that is not below the dollars; over $8 is 13, and 0 when
 * CENTS is negative.
 */
int cost_points(long cents);
bool cost_points_ok(int points); /* one of 1 2 3 5 8 13 */

/* "advise split" over $8, "must split or override" over $13, NULL below. */
const char *cost_split_advice(long cents);

enum cost_gate { COST_RUN, COST_RUN_WARN, COST_ASK, COST_CHECKPOINT };

/*
 * What an estimate of CENTS means under PROFILE; exactly the threshold does not trigger
 * (S-68).  An unknown estimate asks under every profile that has a limit.
 */
enum cost_gate cost_gate(enum cost_profile profile, long cents, long threshold_cents);

/* How many times an implementation session of the same size research costs, in percent. */
struct research_factor {
	int low_pct, high_pct;
	size_t n; /* tracks that say so; 0: the method does */
};

/*
 * What is known of it: the middle half of N research tracks, in cents per point, against
 * the median of N_WORK sessions that implemented.  Fewer than RESEARCH_FACTOR_LEAST of either
 * say nothing, and it is 2x-4x.  Both lists are sorted.
 */
#define RESEARCH_FACTOR_LEAST 5
struct research_factor cost_research_factor(
    double *research, size_t n, double *work, size_t n_work);

/*
 * 2x-4x of an implementation session (S-35, K-4): fills low and high from MID.  An
 * unknown MID gives -1 and -1; a huge one saturates.
 */
void cost_research_range(const struct research_factor *factor, long mid_cents,
    long *low_cents, long *high_cents);

/*
 * Points that do not fit the mode (R-21, lint G22): a literal sentence or NULL.
 * POINTS of 0 (not given), swarm and spike are never warned about.
 */
const char *cost_points_mode_warning(int points, int exec_mode);
