#pragma once

#include "git/repo.h"

/*
 * What a session committed is what its branch has: that is reviewed, published and landed.
 * But an agent may commit beside it: on a detached HEAD (a rebase or a bisect does that), or
 * on a branch of its own.  So the branch is looked after before anything is made of it.
 *
 * Moves BRANCH forward to what the worktree PATH has checked out, where that only adds
 * commits, and makes it again where it is gone.  Nothing else is changed: neither HEAD nor a
 * file.  A worktree that is gone has nothing to add.
 *
 * ERR_CONFLICT, with the commands that help: the branch has commits that the worktree has not
 * checked out (who reviewed the one would land the other), or another worktree has the branch.
 * ERR_SYSTEM as git says.  The branch is as it was then.
 */
NODISCARD int tip_settle(
    struct repo *repo, const char *path, const char *branch, struct err *err);
