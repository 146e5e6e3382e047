#pragma once

#include "engine/engine.h"

/*
 * `research`: records what the research of the plan at "path" came to ("verdict", "text",
 * "reason", "follows").  -1 with ERR while a track is under way (S-31), or for another word
 * than the two verdicts.
 */
int order_research(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/* What was recorded of the plan at PATH as JSON, or NULL when nothing was.  The caller puts it. */
struct json_object *research_json(const struct core *core, const char *path);
