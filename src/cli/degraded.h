#pragma once

#include "base/err.h"

#include <stdbool.h>

/*
 * A dispatch where there is no git (S-6 to S-8, J-15): the sub-issues of the next batch are
 * filed with their whole prompts, unassigned, and assigning them is how they are launched
 * .  What is filed already is found by its title and never filed again.
 */

/*
 * Does that for the plan at PATH; DRY files nothing.  Returns 0, 1 when every batch is done,
 * or -1 with ERR; what was filed until then stays and is found by the next time.
 */
NODISCARD int degraded_dispatch(
    const char *path, bool dry, bool as_json, struct err *err);

/* Says on standard error what cannot be had without git, and what serves instead. */
void degraded_say(void);
