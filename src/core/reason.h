#pragma once

#include "core/core.h"

/*
 * The facts behind session_why(): by which rule something waits, for whom, on what
 * evidence.  Texts are "" where there is nothing to name.
 */
struct reason {
	const char *rule, *code; /* literals: "S-25", "G05" */
	char other[160];         /* who has to do something, or is in the way */
	char witness[320];       /* what proves it */
	char release[320];       /* what would let it go on */
};

void session_reason(
    const struct core *core, const struct session *s, struct reason *reason);
