#pragma once

#include "core/happening.h"
#include "tracker/tracker.h"

/*
 * The readiness scan of TRACKER as JSON at "ready" of OUT; NOW is Unix ms; "start" of IN asks for
 * the one of a session's start.  The plan of issue
 * "id" of IN at "text".  How long the sub-issues of "parents" were silent at "stale".  In the server for the built-in tracker, in a job for others.
 */
NODISCARD int scan_ready(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err);
NODISCARD int scan_stale(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err);
NODISCARD int scan_plan(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err);
