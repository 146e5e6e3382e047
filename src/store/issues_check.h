#pragma once

#include "base/err.h"
#include "store/issues.h"

/* The rules an issue must keep, as pure functions for issues.c. */

/* One line of 1 to 1024 bytes without control characters; else ERR_INPUT. */
NODISCARD int issues_check_title(const char *title, struct err *err);

/*
 * At most ISSUE_BODY_MAX_BYTES of UTF-8; ERR_REFUSED T03 for a backslash and n written out,
 * which is what is left of a text that was read from a tracker and escaped again.
 * Between backquotes it is code and stands.
 */
NODISCARD int issues_check_body(const char *body, struct err *err);

/* As a body without T03, not empty, with at most one app mentioned: T01. */
NODISCARD int issues_check_comment(const char *body, struct err *err);

NODISCARD int issues_check_estimate(int estimate, struct err *err);

/* 0 when the move exists or is none; else ERR_REFUSED that names those that do. */
NODISCARD int issues_check_move(
    const char *id, enum issue_status from, enum issue_status to, struct err *err);

/*
 * Read-merge-write of labels: removes REMOVE from LABELS, adds ADD, keeps the rest,
 * sorted.  An added label of a single-valued group replaces that group's.  1 when LABELS
 * changed, 0 when not; -1 with ERR_REFUSED when the result has not exactly one type:* or
 * ADD holds two of one group (R-205, E-20), ERR_INPUT for a malformed label.  LABELS
 * borrows the words and is the caller's to free; after a failure its content is undefined.
 */
struct issues_label_change {
	const char *const *add, *const *remove;
	size_t n_add, n_remove;
};
NODISCARD int issues_merge_labels(struct issue_words *labels,
    const struct issues_label_change *change, struct err *err);
