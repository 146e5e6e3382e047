#pragma once

#include "engine/internal.h"

/*
 * What the project of a plan is told when a session ends, and what a plan's end
 * suggests.  Best effort: nothing ever waits for any of it.
 */

/* Is TASK such an update?  One that is refused is told and over; one that fails holds no other. */
bool project_is_update(const struct task *task);

/* Adds to IN what track_project() wants to know of TASK, an update about P. */
void project_gather(
    const struct task *task, const struct plan_run *p, struct fields *in);

/* Tells what came of TASK: 0 also for another act, -1 when the journal takes nothing now. */
NODISCARD int project_told(struct task *task, const struct fields *out);

/* The same for one that was given up because of ERR; TASK ends. */
void project_give_up(struct task *task, const struct err *err);

/*
 * One line: what came of the last update of P, or that it waits, or that there was nothing
 * to tell.  The caller frees it.
 */
char *project_line(const struct engine *engine, const struct plan_run *p);

/*
 * Why P, which hangs on an issue, should be kept in its tracker, and how; NULL
 * when it is there, or need not be.  IS_DEGRADED: on a surface where nobody is asked to.  The
 * caller frees it.
 */
char *project_promotion(
    const struct engine *engine, const struct plan_run *p, bool is_degraded);
