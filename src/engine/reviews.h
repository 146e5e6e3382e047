#pragma once

#include "core/review.h"
#include "engine/engine.h"

#include <json-c/json_object.h>

/* Reviews: what comes in becomes rows, and what a person says about them decisions. */

/* A review that was made, and of what. */
struct review_made {
	const char *path;              /* of the plan */
	const struct session *session; /* NULL: the plan itself */
	const char *timing, *option, *plan_hash, *head;
	/* Of reviewers of ours: their plan, the round, and who of them gave nothing. */
	const char *run, *missing;
	int round;
};

/* What a review is about, by the name that a person used. */
struct subject {
	char *path;                    /* the caller frees it */
	const struct session *session; /* NULL: the plan */
	const char *timing;
};

/* The subject that IN names, by "session" or "path", and "timing".  -1 with ERR. */
NODISCARD int review_subject(struct engine *engine, const struct fields *in,
    struct subject *to, struct err *err);
/* Is option LETTER ("" is any) for TIMING?  -1 with ERR. */
NODISCARD int review_check_option(
    const char *letter, const char *timing, struct err *err);

/*
 * Joins REPORTS with what is known of the same subject and lets that happen as ACTOR.  -1 with
 * ERR and nothing changed.
 */
struct reports;
NODISCARD int reviews_record(struct engine *engine, const struct review_made *made,
    const struct reports *reports, const char *actor, struct err *err);

/* The orders "review" and "findings". */
int order_review(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_findings(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* The decision record of R as Markdown, as the tracker gets it.  The caller frees it. */
char *review_text(const struct engine *engine, const struct review *r);

/* All of them for the status.  The caller puts it. */
struct json_object *reviews_json(const struct engine *engine);
