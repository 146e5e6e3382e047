#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * In what order branches land that were worked on at the same time, so that as few as
 * possible meet a conflict: whoever collides with many others, the hub, comes last
 * (CONFLICTS 2.5, 5.4).  With P of 0 and 1 this is the smallest vertex cover.
 */
struct landing {
	size_t n;
	const double *p;    /* n * n, symmetric: chance that two of them conflict */
	const bool *before; /* n * n: [a * n + b] when A must land before B; or NULL */
	const int *rank;    /* per branch: who goes first where nothing else decides */
};

#define LANDING_MAX_EXACT 12

/*
 * Fills ORDER (room for n), first to land first: the fewest expected resolutions up to
 * LANDING_MAX_EXACT branches, least loaded first beyond.  Orders in BEFORE that contradict
 * each other are kept as far as possible.
 */
void landing_order(const struct landing *landing, int *order);

/* How many branches of ORDER are expected to conflict with one that landed before. */
double landing_resolutions(const struct landing *landing, const int *order);
