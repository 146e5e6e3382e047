#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The paths that a shell command plainly writes: redirections, and the operands of commands
 * that everybody knows (tee, cp, mv, rm, sed -i, git mv ...).  What is expanded, globbed or
 * substituted is left out: it never claims more than it sees.
 */

/* PATH is as written; DIR is the directory it is relative to, absolute. */
typedef void shell_fn(void *arg, const char *dir, const char *path);

void shell_writes(const char *command, const char *cwd, shell_fn *fn, void *arg);
