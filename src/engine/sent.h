#pragma once

#include "engine/internal.h"

/*
 * What came of a write to a tracker that got through.  The job that did it is not repeated
 * because the journal is full: between its write and a second look somebody may have changed the
 * issue back to what was there before, which nothing would tell from a write that was never made
 * (J-26).  So its answer is kept in the task and recorded when there is room again.  A server
 * that ends in between does the act anew, which its key makes safe.
 */

/* The plan of the act with FIELDS, by its session or its own name; NULL when there is none. */
const struct plan_run *sent_plan(
    const struct engine *engine, const struct fields *fields);

/* Under which name what was last seen of issue ID of TRACKER is kept.  The caller frees it. */
char *sent_seen_key(const char *tracker, const char *id);

/* Keeps a copy of OUT, the job's answer, with TASK. */
void sent_keep(struct task *task, const struct fields *out);

/*
 * Records the answer that is kept: what was adopted, what was seen, and what follows for the
 * session.  -1 when the journal takes nothing now (logged); it is then called again.
 */
NODISCARD int sent_record(struct task *task);
