#pragma once

#include "policy/findings.h"

/*
 * The second round of a debate (option F, R-173): each reviewer answers what all of them found.
 * Who found a thing and does not take it back, and who agrees, holds it; what comes of that is
 * the scale's to say (8.5).  Pure.
 */
enum stance {
	STANCE_NONE,
	STANCE_AGREE,
	STANCE_COMPLEMENT,
	STANCE_CONTRADICT,
	STANCE_PRIORITY, /* it is so, and this is how bad */
	STANCE_SCOPE,    /* it does not belong here */
	STANCE_ESCALATE, /* a person must decide */
	STANCE_N,
};

const char *stance_name(enum stance stance); /* "" "AGREE" ... */
int stance_of(const char *word);             /* in any case; -1 for any other word */

/*
 * ROWS as ANSWERS of N reviewers leave them.  What two of them or more escalate is put to a
 * person, and what nobody holds any more stays as a note of who found it.  A row keeps its id
 * and a decision as findings_merge() says; -1 with its error.
 */
NODISCARD int debate_merge(struct findings *rows, const struct report *answer,
    size_t n_answers, enum scale scale, int n, struct err *err);
