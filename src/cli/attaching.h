#pragma once

#include "base/err.h"

#include <stdbool.h>

/* How a person looks on. */
struct attach_opts {
	long from; /* the first event to show; 0: by TAIL */
	long tail; /* how many of the earlier ones; -1: all */
	bool as_json;
};

/*
 * Shows the transcript of the session NAME, what was earlier first, and follows it until the
 * session is over or the person leaves.  -1 with ERR.
 */
int attach_follow(const char *name, const struct attach_opts *opts, struct err *err);
