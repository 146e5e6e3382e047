#pragma once

#include "engine/reviews.h"

/* Reviewers that are sessions: their plan is written, and what they found is collected. */

/*
 * Writes the plan of the reviewers that IN asks for (option, agent, persona, title) and lets
 * that happen; their table is made and approved like any other.  -1 with ERR.
 */
NODISCARD int panel_start(struct engine *engine, const struct fields *in,
    const struct subject *about, const struct caller *caller, struct err *err);

/* The act "review-collect". */
struct task;
void panel_collect(struct task *task);

/* The id of the review whose reviewers work by the plan at PATH, or "". */
const char *panels_review_of(const struct engine *engine, const char *path);

/* How its reviewers stand and what they cost, as members of O. */
void panel_view(
    const struct engine *engine, const struct review *r, struct json_object *o);

/* Of which tier REVIEWERS are: "convergent", "strong-only", "fast-only", or "". */
const char *panel_tier(const char *reviewers);
