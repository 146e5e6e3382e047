#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a program keeps the protocol of divisi-agent(7), claim by claim. */
struct agent_claim {
	const char *name; /* "stop" */
	bool holds;
	char text[300]; /* what was expected, and what was seen when it does not hold */
	const char *mend; /* "" when it holds */
};

#define AGENT_CLAIMS_MAX 20

struct agent_claims {
	struct agent_claim claim[AGENT_CLAIMS_MAX];
	size_t n;
};

struct agent_claims_ask {
	const char *scratch, *holder;
	const char *const *argv; /* absolute program first, NULL-terminated */
	long limit_ms;
	/* Called for each claim as soon as it is decided. */
	void (*tell)(const struct agent_claim *claim, void *arg);
	void *arg;
};

/*
 * Starts the program several times under the holder, in scratch repositories, and fills
 * CLAIMS.  Waits, at most some LIMIT_MS a start.  -1 with ERR when that could not be done;
 * what the program does wrong is in CLAIMS.
 */
NODISCARD int agent_claims_try(
    const struct agent_claims_ask *ask, struct agent_claims *claims, struct err *err);
