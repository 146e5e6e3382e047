#pragma once

#include "core/happening.h"

/*
 * Which tracker is asked, put into IN: "tracker" (empty: the built-in one), "team" and, with
 * FROM, "id".  FROM is "linear:CIA-12", "github:owner/name#12" or "local:ID"; NULL asks the
 * one that the settings choose.  ERR_USAGE for what names none.
 */
NODISCARD int tracked_put(const char *from, struct fields *in, struct err *err);

/*
 * `divisi plan --from FROM`: writes the plan that these issues are to PATH, which must not
 * be there yet, or to standard output.
 */
NODISCARD int tracked_plan(const char *from, const char *path, struct err *err);
