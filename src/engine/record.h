#pragma once

#include "core/happening.h"
#include "store/journal.h"

#include <json-c/json_object.h>

/* Happenings and acts as JSON: what the journal keeps and what jobs exchange. */

/* One flat JSON object as text; numbers stay numbers.  The caller frees it. */
char *fields_to_json(const struct fields *fields);

/*
 * Adds every string, integer and truth value of the object TEXT to FIELDS; other values
 * are an error.  -1 with ERR_INPUT.
 */
NODISCARD int fields_of_json(struct fields *fields, const char *text, struct err *err);

/*
 * The rows that the journal gets when H happened and ACTS followed: the first carries the
 * happening itself and is what a replay reads, the others say what moved because of it.
 */
struct record_rows {
	char *entity, *data; /* of the first row */
	struct journal_row *row;
	size_t n;
};

/* The rows borrow the texts of H and ACTS. */
void record_make(
    struct record_rows *record, const struct happening *h, const struct acts *acts);
void record_clear(struct record_rows *record);

/* Is ROW one of the others: nothing of its own happened? */
bool record_follows(const struct journal_row *row);

/* A failed job's ERR as fields "error", "code", "rule", "text", "fix", and back. */
void fields_put_err(struct fields *fields, const struct err *err);
bool fields_get_err(const struct fields *fields, struct err *err);

void json_put_cleanup(struct json_object **object);
#define AUTO_JSON __attribute__((cleanup(json_put_cleanup)))
