#pragma once

#include "base/err.h"
#include "base/rundir.h"

/*
 * What an agent may write of a repository so that it can commit in its worktree, and no
 * more (CONTRACTS 8, tried): its private git directory, new objects, its own branch and
 * that branch's log.  Reads files and makes directories; runs no git, so that the server
 * may call it.
 *
 * Adds the grants for the worktree PATH on BRANCH of the repository with COMMON_DIR to
 * SPEC.  With IS_READ_ONLY there are none, but the worktree is still proven to be one.
 * ERR_NOT_FOUND when PATH is a directory but no worktree of that repository (any more): then
 * nothing is to be started in it, for its .git could lead anywhere.
 */
NODISCARD int bounds_add(const char *common_dir, const char *path, const char *branch,
    bool is_read_only, struct run_spec *spec, struct err *err);
