#pragma once

#include "base/err.h"

/*
 * Removes what the agent of SESSION keeps behind its fence, HOME/state/SESSION (its own
 * configuration directory, its caches), without following links: its conversation and its
 * login are the user's and stay.  Removing what is gone is success.
 *
 * -1 with ERR_CONFLICT and nothing removed while a run of the session lives, ERR_INPUT for
 * what is no name of a session, ERR_SYSTEM when a part could not be removed: the rest may be
 * gone, and it can be done again.
 * Source: CONTRACTS 8.
 */
NODISCARD int state_dir_remove(const char *home, const char *session, struct err *err);
