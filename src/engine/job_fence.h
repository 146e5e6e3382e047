#pragma once

#include "base/rundir.h"
#include "core/happening.h"

/*
 * The fence of a command that runs what an agent wrote: verify, a setup that comes after it,
 * what makes derived files again.  It is held as the agent was (hold/fence.h), and may write
 * the directory it runs in, private temporary files and caches, and what the table names.
 * Our own socket is not among it.  With the fence off it is held all the same: so it is no
 * person for our server, and nothing that it left behind outlives it.
 */
struct job_fence {
	bool is_on;
	const char *hold, *home, *session, *grants; /* lent by the job's input */
};

/* Off when the session's fence is, or when its table says "commands off". */
void job_fence_read(const struct fields *in, struct job_fence *fence);

/*
 * Makes a run directory for COMMAND in DIR, to be held by `divisi-hold --bound`.  The caller
 * frees *RUN_DIR after job_fence_end().  -1 with ERR_NOT_FOUND when DIR is not there, or
 * ERR_SYSTEM.
 */
NODISCARD int job_fence_begin(const struct job_fence *fence, const char *command,
    const char *dir, long timeout_ms, char **run_dir, struct err *err);

/*
 * Reads how the command of RUN_DIR ended and removes what is private to it.  *TAIL, which
 * the caller frees, is the end of what it said, with what the fence refused behind it when
 * it failed.  Returns its status as a shell has it; -1 with ERR_TIMEOUT, ERR_SYSTEM when it
 * could not be started or the holder was killed.
 */
NODISCARD int job_fence_end(const char *run_dir, char **tail, struct err *err);
