#pragma once

#include "plan/plan.h"

/*
 * A plan's text with more bullets: BULLETS has one text per phase ("- Writes: `a`\n..."),
 * NULL where nothing comes in.  A phase that is only a row of the table gets a section.
 * A proposal that stood there as a comment beginning with MARK (may be NULL) is taken out.
 * Everything else stays as it was; a plan in canonical form stays in it.
 *
 * Returns the text, which the caller frees, with its length in *N; or NULL when there is
 * nothing to add.
 */
char *plan_edit_bullets(
    const struct plan *plan, const char *const *bullets, const char *mark, size_t *n);
