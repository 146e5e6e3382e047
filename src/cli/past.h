#pragma once

#include "rehearse/rehearse.h"

#include <stdio.h>

struct json_object;

/*
 * What sessions of this repository took and cost, against what was estimated: so that
 * `divisi simulate` speaks from its own past (DESIGN 6).
 */
#define PAST_ENOUGH 5 /* sessions before their past counts */

struct past {
	size_t n_sessions; /* done, with an estimate and a measured time or cost */
	size_t n_works, n_costs;
	double work_log, work_square; /* sums of log(actual / estimated), and squares */
	double cost_log, cost_square;
};

/*
 * Reads the journal in HOME, by playing it again.  HOME may be NULL; a journal that cannot
 * be read is no history.
 */
void past_read(struct past *past, const char *home);

/*
 * Prints how well each planner's declarations were kept, by the journal in HOME; nothing
 * when nobody has dispatched here.  The other one gives them as an array.
 */
void past_print_planners(const char *home, FILE *out);
struct json_object *past_planners_json(const char *home);

/* Moves GUESS to what PAST says, when that is enough. */
void past_apply(const struct past *past, struct rehearse_guess *guess);
