#pragma once

#include "policy/catalogue.h"

/* Launch modes and who may run what: SPEC 1.5, 2.2, 8.4. */
enum launch_mode { LAUNCH_BYPASS, LAUNCH_PLAN, LAUNCH_ASK, LAUNCH_N };

/* "Bypass permissions", "Plan mode", "Ask permissions": literal tokens of the method. */
const char *launch_mode_name(enum launch_mode mode);
const char *launch_mode_word(enum launch_mode mode); /* "bypass" "plan" "ask" */
int launch_mode_of(struct span name);                /* either form; -1 when unknown */

/*
 * The launch mode of a phase by the matrix of SPEC 8.4.  *WARNING receives a literal
 * sentence or NULL.  EXEC_NONE counts as quick.  Checkpoint mode keeps the coordinator's
 * checkpoints under every launch mode; that is not this function's answer.
 */
enum launch_mode launch_mode_for(enum exec_mode mode, bool is_analysis_only,
    bool changes_product_code, const char **warning);

/* "spike (analysis-only)" or "pair": S-41.  The caller frees it. */
char *mode_label(const struct phase *phase);

/* True when the phase declares what it makes, and that is documents only. */
bool mode_makes_documents(const struct phase *phase);

/* The same for a whole phase: a spike changes product code when it makes more. */
enum launch_mode launch_mode_of_phase(const struct phase *phase, const char **warning);

/*
 * May AGENT run a phase in MODE?  0 yes; 1 yes with a warning; -1 refused G15.
 * *WHY receives a literal sentence for 1 and -1, else NULL.  EXEC_NONE counts as quick; a
 * NULL agent is a person who picks the issue up (S-54) and may run anything.
 */
int agent_eligible(
    const struct agent_kind *agent, enum exec_mode mode, const char **why);

/*
 * The Worktree column (S-79, A-27, CONTRACTS 3): "n/a" for an agent dispatched by the
 * tracker, "no" for a lone session that only reads, otherwise "yes".  AGENT may be NULL.
 */
const char *launch_worktree(
    const struct phase *phase, const struct agent_kind *agent, bool is_parallel);
