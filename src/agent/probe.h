#pragma once

#include "base/err.h"

#include <stddef.h>

/* Looking at an agent's program before it is trusted with work.  Private to this room. */

/*
 * Writes the absolute path of PROGRAM into PATH: itself when it holds a slash, else the
 * first executable file of that name in an absolute directory of $PATH.  ERR_NOT_FOUND when
 * there is none or it cannot be executed; ERR_USAGE when PROGRAM is NULL or empty.
 */
NODISCARD int probe_find(const char *program, char *path, size_t size, struct err *err);

/*
 * Runs PATH --version with nothing of the caller's environment but PATH and HOME, no input,
 * and TIMEOUT_MS to answer, and writes the first word of its output that begins with a
 * digit into VERSION.  The process and its session are gone when this returns.
 * ERR_TIMEOUT, ERR_SYSTEM when it cannot be started or fails, ERR_INPUT without a version.
 */
NODISCARD int probe_version(
    const char *path, int timeout_ms, char *version, size_t size, struct err *err);
