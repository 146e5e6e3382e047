#pragma once

#include "plan/schedule.h"

/*
 * Risk in schedules of any size: pairs that may collide, by job.  Inside of schedule.c.
 */
struct risks {
	size_t
	    *begin; /* of job i: item[begin[i]] up to item[begin[i + 1]], B ascending */
	struct schedule_risk *item; /* every pair twice, once from each side */
};

void risks_init(struct risks *risks, const struct schedule *schedule);
void risks_clear(struct risks *risks);

/* The risk of jobs A and B in one round; 0 when there is none. */
double risks_between(const struct risks *risks, int a, int b);

/* Of all pairs that share a round. */
double schedule_risk_sum(const struct schedule *schedule);

/* The rounds each job may be in without moving another: LOW up to HIGH. */
void schedule_free_rounds(const struct schedule *schedule, int *low, int *high);

/*
 * For long plans: swaps and moves jobs between rounds as long as that lowers the risk.
 * The number of rounds and the caps are kept; how even the rounds are, too.
 */
void schedule_calm(struct schedule *schedule);
