#pragma once

#include "base/err.h"

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>

/* Who works on what. */
struct finding_wish {
	const char *agent;       /* NULL: as configured */
	const char *small_agent; /* of trivial and small ones; NULL: the same */
	bool takes_mentioned;    /* those, too, that somebody was told of */
};

/*
 * Writes to FILE, which must not exist, a plan whose phases are the agreed findings of the
 * reviews in STATUS that are not mended yet: of the one called ABOUT, or with "" of all.  One
 * phase each, its issue the finding's sub-issue, as WISH says.  Of three and more the small ones are a batch of
 * their own.  N receives how many.
 * -1 with ERR_NOT_FOUND when there is none, ERR_CONFLICT when FILE is there. .
 */
NODISCARD int finding_plan_write(struct json_object *status, const char *about,
    const char *file, const struct finding_wish *wish, size_t *n, struct err *err);
