#pragma once

#include "cli/screen.h"

#include <json-c/json_object.h>
#include <stdint.h>

/* What a status says besides what needs somebody now. */

/* How the clock went by BY ms, as an event of KIND tells it.  The caller frees it. */
char *notes_clock(int64_t by, const char *kind);

/* A clock that was set within a day; worktrees of landed work that are there yet, and why. */
void notes_print(const struct screen *screen, const struct json_object *status);
