#pragma once

#include "core/happening.h"

/*
 * The method's two files in a session's worktree, whose content and kind its agent decides:
 * read without following links, bounded; written beside and renamed over.
 */

/*
 * What the checkout PATH's NAME holds, as text; "" when there is none.  ERR_INPUT when it is
 * no regular file, larger than PROGRESS_MOST_BYTES or no UTF-8 text, ERR_SYSTEM; then NULL.
 * The caller frees it.
 */
char *checkout_read(const char *path, const char *name, struct err *err);

/*
 * Replaces NAME in the checkout PATH by TEXT, all or nothing.  With ASIDE what was there is
 * kept as .divisi-NAME.  ERR_SYSTEM; then NAME is as it was.
 */
NODISCARD int checkout_write(
    const char *path, const char *name, const char *text, bool aside, struct err *err);

/*
 * Adds to OUT what the agent of PATH noted for its exit report: "decisions",
 * "learnings" and "blockers", each only when it says something.
 */
void checkout_tell_notes(const char *path, struct fields *out);
