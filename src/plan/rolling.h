#pragma once

#include "plan/graph.h"
#include "plan/schedule.h"

/*
 * Schedules without barriers: each job starts as soon as what it waits for is done, nobody
 * it may not run beside is running, and one of CAP slots is free (DESIGN 6).
 */
struct rolling {
	size_t n;
	const double *duration; /* per job, not negative; any unit */
	const struct graph
	    *before; /* sealed, without cycles: FROM ends before TO starts */
	const struct graph
	    *apart; /* sealed, both ways: never at the same time; or NULL */
	size_t cap;
	const struct schedule_risk *risk; /* pairs that may collide when they overlap */
	size_t n_risks;
	double
	    conflict_cost; /* of one collision, in mean durations; 0: risk breaks ties */
	size_t
	    patience; /* pairs of jobs looked at before it is good enough; 0 = half a million */

	double *start;   /* the answer, per job */
	double length;   /* when the last one ends */
	double bound;    /* no schedule is shorter */
	double risk_sum; /* of the pairs that overlap */
};

/*
 * Fills in the answer: list scheduling by the longest chain of work behind a job, then
 * better orders are looked for, the same ones every time, for a few milliseconds.
 */
void rolling_solve(struct rolling *rolling);
void rolling_clear(struct rolling *rolling);
