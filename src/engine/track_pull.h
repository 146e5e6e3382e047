#pragma once

#include "engine/track_work.h"

/* Is the act KIND one about a pull request?  These look at no issue first. */
bool track_is_pull(const char *kind);

/*
 * "pull-open" pushes the session's branch and opens its pull request, or finds the open one;
 * "pull-look" reads it; "pull-close" closes it.  OUT gets number, url, state, checks, review
 * and opened.  Safe to be done again.  ERR_CONFLICT when the remote's branch is not behind
 * ours: nothing is forced.
 */
NODISCARD int track_pull(struct track_work *work, struct fields *out, struct err *err);
