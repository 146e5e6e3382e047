#pragma once

#include "base/err.h"

/*
 * What PATH --help prints, cut at 256 KiB, with nothing of the caller's environment but
 * PATH and HOME, in the directory CWD, within 20 s.  The process and its session are gone
 * when this returns.  The caller frees it; NULL with ERR_TIMEOUT, or ERR_SYSTEM when it
 * cannot be started or fails.
 */
char *agent_help(const char *path, const char *cwd, struct err *err);
