#pragma once

#include "base/err.h"

#include <stdbool.h>

/* How a person looks on. */
struct attach_opts {
	long from; /* the first event to show; 0: by TAIL */
	long tail; /* how many of the earlier ones; -1: all */
	bool as_json;
	bool takes; /* of a terminal: who types here, whoever did before */
};

/*
 * Shows the transcript of the session NAME, what was earlier first, and follows it until the
 * session is over or the person leaves.  -1 with ERR.
 */
/* The terminal of the session ID, of the server of HOME, until it is over or left. */
int attach_terminal(const char *home, const char *id, bool takes, struct err *err);

int attach_follow(const char *name, const struct attach_opts *opts, struct err *err);
