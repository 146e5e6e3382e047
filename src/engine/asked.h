#pragma once

#include "engine/reviews.h"
#include "policy/review.h"

/*
 * Reviews of options A, B, C and H: the request goes out as a comment on the issue of what is
 * reviewed, and the first answer of a trusted author there becomes the record. .
 */

/*
 * Has the reviewers of option O asked.  One that waits for the same of the same state is not
 * asked again.  -1 with ERR: what is reviewed has no issue yet, or its reviewers are at work.
 */
NODISCARD int asked_start(struct engine *engine, const struct review_option *o,
    const struct fields *in, const struct subject *about, const struct caller *caller,
    struct err *err);

/* What a trusted author said, and where. */
struct remark {
	const char *text, *author, *issue; /* ISSUE may be "" */
	const struct session *session;     /* that it is about, or NULL */
};

/* Can feedback of KIND be an answer?  What machines report and remarks on lines cannot. */
bool asked_takes(const char *kind);

/*
 * Lets the record happen when SAID answers a review that waits for it; F then gets that
 * "review", and "trouble" when it answers and cannot be taken.  -1 with ERR only when the
 * journal could not take it.
 */
NODISCARD int asked_collect(struct engine *engine, const struct remark *said,
    const char *actor, struct fields *f, struct err *err);

/*
 * The comment of the order IN ("id", "body") of a person in the built-in tracker stands: is it
 * an answer?  What came of it is added to the text of OUT.  The comment stays in any case.
 */
void asked_commented(struct engine *engine, const struct fields *in, const char *actor,
    struct fields *out);
