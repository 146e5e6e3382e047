#pragma once

#include "core/core.h"

/*
 * What a plan's research came to (S-31 to S-33, A-79, A-80): the last assessment of its
 * tracks.  The arithmetic is policy/research.c's; here is what was recorded of it.
 */
struct research {
	char *path;    /* the plan's */
	char *verdict; /* "sufficient" or "insufficient"; there is no third (S-33) */
	char *text;    /* what it rests on, or the gaps, one per line */
	char *reason;  /* why a person took it for sufficient all the same; "" else */
	char *by;
	int64_t at, rounds; /* the second: follow-up rounds that were written for it */
};

/* The assessment of the plan at PATH, or NULL. */
const struct research *core_research(const struct core *core, const char *path);
bool research_is_sufficient(const struct research *r); /* R may be NULL */
void research_clear(struct research *r);
