#pragma once

#include "cli/screen.h"

#include <json-c/json_object.h>
#include <stdint.h>

/*
 * What running PLAN in parallel gained, from what happened (B-40): times and rates of the
 * whole, and per agent how good its work was.  Times in ms, rates in percent; -1
 * where there is nothing to tell it by.
 */
struct gain {
	int64_t wall, sequential; /* as it was, and its sessions one after the other */
	int64_t idle;             /* of the wall time, in which no agent ran */
	size_t n_sessions, n_delivered,
	    n_met;             /* the last: in a conflict with another */
	int64_t error, spread; /* of the estimates: all together, and each on its own */
};

/* 0 nothing came of it; 1 left; 2 its merge failed; 3, 4 it took several tries; 5 at once. */
#define GAIN_BEST 5

struct gain_agent {
	const char *name; /* as shown */
	size_t n, n_rated;
	int64_t quality; /* mean of 0 to 5, in hundredths */
	int64_t revisions;
	int64_t to_delivery; /* mean ms from its start */
};

#define GAIN_MOST_AGENTS 16

void gain_of(const struct json_object *status, const struct json_object *plan,
    int64_t now, struct gain *gain);

/* The agents of PLAN, at most GAIN_MOST_AGENTS; returns how many. */
size_t gain_agents(const struct json_object *plan, int64_t now,
    struct gain_agent agent[GAIN_MOST_AGENTS]);

void gain_print(const struct screen *screen, const struct json_object *status,
    const struct json_object *plan, int64_t now);
/* The same as JSON.  The caller puts it. */
struct json_object *gain_json(
    const struct json_object *status, const struct json_object *plan, int64_t now);
