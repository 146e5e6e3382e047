#pragma once

#include "core/happening.h"
#include "tracker/tracker.h"

/*
 * One act of the tracker, whichever it is, from flat fields: in the server for the built-in
 * one, in `divisi job track` for one over the network.  What each kind takes is gathered by
 * tracking.c; all of them "act", "key" and "at".
 */
struct track_work {
	const struct tracker *tracker;
	const struct tracker_link *link;
	const struct fields *in;
	int64_t seen_at;     /* of the issue the act is about; 0 = never seen */
	const char *account; /* to whom it is assigned over the network; NULL: nobody */
	char *sub_key;
};

/*
 * Does it; OUT gets "sub_issue" when it filed one.  Safe to be done again, in whole or in
 * part, with the same key.  -1 with ERR; what was written until then stays written and is
 * found again.
 */
NODISCARD int track_work(struct track_work *work, struct fields *out, struct err *err);
