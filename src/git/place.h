#pragma once

#include "git/repo.h"

/*
 * Where divisi keeps what it knows of a directory when git cannot be asked: a surface
 * without it (S-5 to S-8, J-15).
 */

/* Is there no program called git on PATH? */
bool git_is_missing(void);

/*
 * repo_open(), except that without a git REPO gets only what needs none (top, common_dir,
 * home, main_branch) and lacks_git: the checkout above DIR that has a .git, with the home it
 * has with git; else DIR with a home below the person's state directory.  Errors as
 * repo_open(), and ERR_NOT_FOUND when DIR is no directory.
 */
NODISCARD int repo_place(const char *dir, struct repo *repo, struct err *err);
