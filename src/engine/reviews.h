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
};

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
