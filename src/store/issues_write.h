#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "store/issues.h"

#include <json-c/json.h>

/* What the files that write issues share. */

/*
 * Begins a write of the kind OP.  1 when it is to be made: the transaction is then open
 * until issues_write_end().  0 when BY's key says that it was made before; ID of
 * ISSUE_ID_SIZE, unless NULL, is then its issue.  -1.
 */
NODISCARD int issues_write_begin(struct store *store, const char *op,
    const struct issue_by *by, char *id, struct err *err);

/* Ends it: remembers the key when RET is 0 and commits, else undoes it.  0 or -1. */
NODISCARD int issues_write_end(struct store *store, const char *op,
    const struct issue_by *by, const char *id, int ret, struct err *err);

/* Appends the event of a write to ID: MOVE are two statuses, DATA is released. */
NODISCARD int issues_append_event(struct store *store, const struct issue_by *by,
    const char *id, const char *const move[2], json_object *data, struct err *err);

/* 1 when ID is an issue, 0 when not, -1.  must_find turns 0 into ERR_NOT_FOUND. */
NODISCARD int issues_find(struct store *store, const char *id, struct err *err);
NODISCARD int issues_must_find(struct store *store, const char *id, struct err *err);

/* The labels of ID, sorted; the words live in ARENA, the array is the caller's. */
NODISCARD int issues_read_labels(struct store *store, const char *id,
    struct arena *arena, struct issue_words *labels, struct err *err);

/* TEXT, or OTHERWISE when it is NULL or empty. */
const char *issues_text_or(const char *text, const char *otherwise);

/* Adds KEY unless TEXT is NULL. */
void issues_put_text(json_object *object, const char *key, const char *text);
json_object *issues_json_words(const struct issue_words *words);
