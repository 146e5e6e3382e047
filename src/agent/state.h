#pragma once

#include "base/err.h"
#include "base/rundir.h"

#include <stdbool.h>

/*
 * Where agents keep what they know between runs, and what of it a fenced one may write.
 *
 * An agent that could write its user's whole configuration would leave its fence through
 * it: a hook or a server named there is started in the user's next session.  So agents that
 * can be told another directory get one of their own, in which the user's settings and
 * login are links to the real ones; of others, only the places that keep records are open.
 */

/*
 * Adds to SPEC what PROGRAM, spoken to as ADAPTER, needs of its own state: grants, and the
 * variable that names DIR, its own directory, which is made.  CWD is where it works.  An
 * agent that nobody knows gets nothing.  -1 with ERR when DIR cannot be made.
 */
NODISCARD int agent_state_add(const char *adapter, const char *program, const char *dir,
    const char *cwd, struct run_spec *spec, struct err *err);

/* Is it given a directory of its own where it has no fence, too? */
bool agent_state_is_own(const char *adapter, const char *program);

/*
 * Does agent_state_add() give it a directory of its own, so that nobody else looks up in
 * there who of several agents still lives, by numbers that mean something only to it?
 */
bool agent_state_is_private(const char *adapter, const char *program);
