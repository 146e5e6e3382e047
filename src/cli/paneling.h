#pragma once

#include "core/happening.h"

/* `divisi review` with reviewers of our own. */

/*
 * Has reviewers look at the subject of IN ("path" or "session", "timing", "option", "agent",
 * "persona"), or follows those that do: their tables are shown and asked about, or with
 * APPROVE_ALL approved.  Prints what came of it.  -1 with ERR, as run_plan().
 */
NODISCARD int paneling_run(
    struct fields *in, bool approve_all, bool as_json, struct err *err);

/* Prints options and personas, or with NAME the text of that one. */
NODISCARD int paneling_print(const char *name, struct err *err);
