#pragma once

#include "engine/engine.h"

#include <json-c/json.h>

/* The tables with which a session or a plan ends, and each session's report. */

/* Is S the last session of its phase?  One that was tried again is shown as it was last. */
bool summary_is_last(const struct core *core, const struct session *s);

/*
 * What came of the project's update, whether to keep the plan in its tracker (IS_DEGRADED as
 * project_promotion() has it), the Issues and Documents tables of plan P in Markdown, an empty
 * cell a dash, its milestones, and how full the contexts were.  The caller frees it.
 */
char *summary_text(struct engine *engine, const struct plan_run *p, bool is_degraded);

/* What is kept of S's checkpoints: adds members to O. */
void summary_add_checkpoint(struct json_object *o, const struct session *s);

/* The orders of these names. */
int order_summary(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
int order_checkpoint(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);
