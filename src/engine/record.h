#pragma once

#include "core/happening.h"

#include <json-c/json_object.h>

/* Happenings and acts as JSON: what the journal keeps and what jobs exchange. */

/* One flat JSON object as text; numbers stay numbers.  The caller frees it. */
char *fields_to_json(const struct fields *fields);

/*
 * Adds every string, integer and truth value of the object TEXT to FIELDS; other values
 * are an error.  -1 with ERR_INPUT.
 */
NODISCARD int fields_of_json(struct fields *fields, const char *text, struct err *err);

/* A failed job's ERR as fields "error", "code", "rule", "text", "fix", and back. */
void fields_put_err(struct fields *fields, const struct err *err);
bool fields_get_err(const struct fields *fields, struct err *err);

void json_put_cleanup(struct json_object **object);
#define AUTO_JSON __attribute__((cleanup(json_put_cleanup)))
