#pragma once

#include "engine/internal.h"

/* Sessions whose agents work elsewhere, as the server deals with them (SPEC 2.22). */

/* Adds to IN what track_delegation() wants to know of TASK, which is about S. */
void delegation_gather(
    const struct task *task, const struct session *s, struct fields *in);

/*
 * Tells what came of TASK, with OUT of its work, where that is a happening: 0, or -1 when the
 * journal could not take it and TASK is to be done again.
 */
NODISCARD int delegation_told(struct task *task, const struct fields *out);

/* A look of TASK where the tracker is the built-in one: the remote is a job's. */
void delegation_look_here(struct task *task, const struct fields *in);

/*
 * "delegate": gives a "session" "to" another agent of its table, says that "branch" is its
 * work, or that it is "done"; without those it is looked at now.
 */
int order_delegate(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* Who has S, and what was seen of that; NULL for one whose agent works here. */
struct json_object;
struct json_object *delegation_json(const struct session *s);
