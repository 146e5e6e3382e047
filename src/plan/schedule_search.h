#pragma once

#include "plan/schedule.h"

/* What is wrong with a schedule, most important first, in one number that adds up. */
typedef unsigned __int128 schedule_cost_t;

/*
 * How much is wrong with the rounds of SCHEDULE, as one number that compares like the
 * list in schedule.h.  For at most SCHEDULE_MAX_POLISHED jobs.
 */
schedule_cost_t schedule_cost(const struct schedule *schedule);

/* Fills in the cheapest schedule of all; at most SCHEDULE_MAX_EXACT jobs. */
void schedule_search_best(struct schedule *schedule);

/*
 * Looks for a schedule with the fewest rounds; at most SCHEDULE_MAX_COUNT jobs.  Returns
 * false, with the schedule as it was, when that would take too long.
 */
bool schedule_search_count(struct schedule *schedule);
