#pragma once

#include "git/surface.h"

#include <stdbool.h>

/*
 * A dispatch on a surface without worktrees and branches (S-6 to S-8, J-15): the sub-issues of the next batch are
 * filed with their whole prompts, unassigned, and assigning them is how they are launched
 * .  What is filed already is found by its title and never filed again.
 */

/*
 * Does that for the plan at PATH; DRY files nothing.  Returns 0, 1 when every batch is done,
 * or -1 with ERR; what was filed until then stays and is found by the next time.
 */
NODISCARD int degraded_dispatch(
    const char *path, bool dry, bool as_json, struct err *err);

/* Says on standard error what cannot be had on SURFACE, why, and what serves instead. */
void degraded_say(const struct surface *surface);
