#pragma once

#include "base/err.h"

#include <json-c/json_object.h>
#include <stddef.h>

/*
 * Writes to FILE, which must not exist, a plan whose phases are the agreed findings of the
 * reviews in STATUS that are not mended yet: of the one called ABOUT, or with "" of all.  One
 * phase each, its issue the finding's sub-issue; AGENT works on them.  N receives how many.
 * -1 with ERR_NOT_FOUND when there is none, ERR_CONFLICT when FILE is there. .
 */
NODISCARD int finding_plan_write(struct json_object *status, const char *about,
    const char *file, const char *agent, size_t *n, struct err *err);
