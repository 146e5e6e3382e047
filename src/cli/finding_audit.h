#pragma once

#include "base/err.h"

#include <json-c/json_object.h>
#include <stdbool.h>

/* The audit copy of the decision record; the main one is the tracker's comment. */

/*
 * Writes the record of ONE, or those of all REVIEWS when that is NULL, as
 * REVIEW-GATE-FINDINGS.md in docs/reviews of the checkout around the working directory, where
 * that is a folder, else at its top.  It is not committed; its path is printed, maybe AS_JSON.  -1 with ERR, also
 * when a file of somebody else stands there.
 */
NODISCARD int finding_audit_write(struct json_object *reviews, struct json_object *one,
    bool as_json, struct err *err);
