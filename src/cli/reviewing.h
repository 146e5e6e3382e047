#pragma once

#include "cli/dispatching.h"

/*
 * Takes the person through what needs them now: questions of agents, diffs to merge.
 * 1 when something was decided, 0 when there was nothing to ask (or nobody to ask), -1.
 */
int review_needs(struct dispatching *d, struct json_object *status, struct err *err);

/* The table of reviewers that NEED, of a session, waits for, and its *PLAN; NULL.  Borrowed. */
struct json_object *review_offered(struct json_object *status,
    const struct json_object *need, struct json_object **plan);

/*
 * Orders each landing of PLAN that was blocked once more: the person may have cleared its
 * way, or taken the result with the command that was printed.
 */
int review_retry_blocked(
    struct dispatching *d, const struct json_object *plan, struct err *err);

/* Prints what SESSION would merge; the whole diff or only its summary. */
int review_print_diff(
    struct client *client, const char *session, bool whole, struct err *err);
