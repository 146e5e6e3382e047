#pragma once

#include "tracker/tracker.h"

/*
 * The readiness scan: from what was done lately to what that has cleared.  It
 * only reads.  Sub-issues that a tracker does not list at the top are not seen by it.
 */
struct ready_item {
	struct tracker_issue issue;
	const char *cleared; /* the ids that blocked it, by comma */
	const char *action;  /* "Move to Todo", "Assign to agent", "Ready to go" */
};

struct ready {
	struct ready_item *item;
	size_t n, cap;
	size_t n_blocked; /* looked at, and something of theirs is not done */
	size_t n_calls, n_unscanned;
	char trouble[512]; /* why it stopped before its end, "" when it did not */
};

/* How many issues each pass looks at: listed as done, opened of them, opened behind them. */
struct ready_limits {
	int n_done, n_open, n_behind;
	bool own_project; /* only what is in the link's project, by its name */
};
extern const struct ready_limits ready_network; /* 20 calls: 1 + 10 + 9 */
extern const struct ready_limits ready_start;   /* 10 calls: 1 + 5 + 4 */
extern const struct ready_limits ready_local;   /* it costs nothing */

/*
 * Scans; the texts of READY are in ARENA, its list is the caller's to free.  -1 with ERR when
 * the first call fails or the tracker cannot be scanned; when a later one fails, what was
 * found until then, and trouble.
 */
NODISCARD int ready_scan(const struct tracker *tracker, const struct tracker_link *link,
    const struct ready_limits *limits, struct arena *arena, struct ready *ready,
    struct err *err);
