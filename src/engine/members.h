#pragma once

#include "base/err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Members of the JSON objects that the API answers with.  NAME must not be there yet; TEXT
 * is copied, and NULL is "".
 */
void member_text(struct json_object *o, const char *name, const char *text);
void member_textf(struct json_object *o, const char *name, const char *fmt, ...)
    PRINTF(3, 4);
void member_number(struct json_object *o, const char *name, int64_t number);
void member_bool(struct json_object *o, const char *name, bool value);

/* The row of the journal as divisi-events(5) has it.  The caller puts it. */
struct journal_row;
struct json_object *member_event(const struct journal_row *row);
