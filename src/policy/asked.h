#pragma once

#include "base/text.h"
#include "policy/review.h"

#include <stdio.h>

/*
 * A review that comes from elsewhere (options A, B, C and H): the request as it stands on the
 * issue, and whether what somebody wrote there is its answer.  Pure. .
 */
struct review_request {
	const char *id;    /* of the review, v1 */
	char option;       /* 'H' */
	bool is_change;    /* of a session; else of a plan */
	const char *what;  /* that is reviewed, in a line */
	const char *where; /* how to see it, in a line; "" */
	const char *pull;  /* the pull request of it; "" */
};

void review_request_print(FILE *out, const struct review_request *request);

/* What a comment says as an answer.  Its spans are of the comment. */
struct review_answer {
	struct span json;           /* findings; n is 0 without */
	const char *recommendation; /* else the plain word, and */
	struct span rest;           /* what follows it */
};

/*
 * Is TEXT an answer?  Findings in JSON, alone or in a fence, or a first line that is nothing
 * but a recommendation for what was reviewed.  Anything else is none, a quotation of the
 * request and the request itself among it: nothing is guessed.
 */
bool review_answer_parse(
    const char *text, bool is_change, struct review_answer *answer);
