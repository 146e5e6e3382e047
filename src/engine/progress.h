#pragma once

#include "core/happening.h"

/*
 * The two files that the method keeps in a session's checkout (S-91, R-149, R-150, R-53):
 * .ccc-state.json and .ccc-progress.md.  What stands there is the agent's; what is added are
 * facts.  Only texts here: job_checkpoint.c reads and writes the files.
 */
#define PROGRESS_FILE       ".ccc-progress.md"
#define PROGRESS_STATE_FILE ".ccc-state.json"
#define PROGRESS_MOST_BYTES (32u * 1024) /* a larger one is nobody's progress */

/*
 * The body of the section "## NAME" of TEXT without blank lines around it, "" when it has
 * none.  The caller frees it.
 */
char *progress_section(const char *text, const char *name);

/*
 * .ccc-progress.md made of OLD ("" when there is none) and FACTS: "issue", "issue_title",
 * "issue_url", "focus", "mode", "session", "at", "why", "state", "branch", "doing",
 * "phase", "remaining", "completed" (lines of "- ..."), "files", "index", "total".  Sections that OLD
 * has stay, Completed Tasks and Learnings only grow, and one called Checkpoint is ours.  The
 * caller frees it.
 */
char *progress_text(const char *old, const struct fields *facts);

/* What a session that goes on is told (R-52 step 4), from the same.  The caller frees it. */
char *progress_continuation(const struct fields *facts);

/*
 * .ccc-state.json made of OLD and FACTS, further "plan_path", "phase_word" (wins over OLD's
 * when "forces" is not 0), "gate" (0 = null).  An agent's own members and counters stay.
 * *WAS_DAMAGED tells that OLD is not empty and no such object; then nothing of it is used.
 * The caller frees it.
 */
char *progress_state(const char *old, const struct fields *facts, bool *was_damaged);

/* The number that the state TEXT has for NAME, or FALLBACK. */
int64_t progress_state_number(const char *text, const char *name, int64_t fallback);
