#pragma once

#include "cli/dispatching.h"

/*
 * Takes the person through what needs them now: questions of agents, diffs to merge.
 * 1 when something was decided, 0 when there was nothing to ask (or nobody to ask), -1.
 */
int review_needs(struct dispatching *d, struct json_object *status, struct err *err);

/* Prints what SESSION would merge; the whole diff or only its summary. */
int review_print_diff(
    struct client *client, const char *session, bool whole, struct err *err);
