#pragma once

#include "policy/review.h"

/*
 * Which of the four timings of SPEC 1.6 a plan needs, computed from what it says and from what
 * its phases touch (SPEC 2.18, A-60 to A-62).  Pure.
 */

/* Is what PHASE changes a high risk?  Then WHY of N bytes says by what. */
bool phase_is_risky(const struct phase *phase, char *why, size_t n);

/*
 * Is PHASE complex enough for a review before anything is launched?  N_DEPENDENTS wait
 * for it.  Then WHY of N bytes says by what.
 */
bool phase_is_complex(
    const struct phase *phase, size_t n_dependents, char *why, size_t n);

struct timing_need {
	enum timing timing;
	bool is_required;   /* else only advised */
	const char *option; /* "D to H" ...: which options serve; a literal */
	char phases[160];   /* "1A, 1B and 7 more"; "" = the whole plan */
	char why[160];
};

/*
 * What PLAN needs, in the order of the timings, into NEED of TIMING_N; *N_NEEDS receives how
 * many.  -1 with ERR_REFUSED for a value of "Review:" that means nothing.
 */
NODISCARD int timings_of(const struct plan *plan, struct timing_need *need,
    size_t *n_needs, struct err *err);
