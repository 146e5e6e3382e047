#pragma once

#include <stddef.h>

/*
 * How well declarations were kept, by who wrote the plans (CONFLICTS 4: whoever leaks once
 * leaks again).  A planner is the `Planner:` of a plan's header, else who committed it.
 */
struct core;

struct planner_sum {
	const char *name; /* borrowed from the core; "" when nobody knows */
	size_t n_plans;
	size_t n_sessions; /* that wrote something */
	size_t n_strayed;  /* of these, that wrote what was not declared */
	size_t n_files;    /* paths written */
	size_t n_stray;    /* of these, undeclared */
};

/* Fills *SUMS, which the caller frees, in the order of their first plans; how many. */
size_t core_planners(const struct core *core, struct planner_sum **sums);
