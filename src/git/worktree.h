#pragma once

#include "base/err.h"
#include "git/pin.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Worktrees of sessions (SPEC E-10).  Each is locked with `git worktree lock`, reason
 * "divisi session SESSION", and carries a marker in its private git directory
 * (worktrees/X/divisi-session), so that its owner is proven from inside.
 */

/* <XDG state>/divisi/worktrees/<repo>/<name>, the caller frees it.  DESIGN 3. */
char *worktree_default_path(const struct repo *repo, const char *name);

struct worktree_spec {
	const char *session; /* stable id */
	const char *path;    /* absolute */
	const char *branch;  /* made when absent; NULL = detached at base (scratch) */
	const char *base;    /* commit id */
};

/*
 * Makes the worktree, or finishes or finds the one this session has: the same call after
 * any crash ends in the same state.  Hooks do not run.
 *
 * ERR_CONFLICT when something else is at PATH, or BRANCH exists and is not this session's
 * (J-42: the text names its commits, the fix the choices), or a lock file is in the way.
 * Nothing of anybody else's is touched.  S-23, git-worktree(1), git 2.39.
 */
NODISCARD int worktree_add(
    struct repo *repo, const struct worktree_spec *spec, struct err *err);

/*
 * Copies untracked files of the main checkout that match PATTERNS (gitignore reading:
 * without a slash at any depth) into PATH; existing files are never replaced and nothing
 * is written through a symbolic link.  *N_COPIED files.  At most 10,000 files and 1 GiB,
 * else ERR_INPUT.  divisi.worktree.copy, CONTRACTS 3.
 */
NODISCARD int worktree_copy_files(struct repo *repo, const char *path,
    const struct git_list *patterns, size_t *n_copied, struct err *err);

/* What is true of a session's worktree now; everything is empty when it is gone. */
struct worktree_facts {
	bool exists;   /* git knows it and its directory is there */
	bool is_owned; /* the marker inside names the session */
	bool is_ready; /* worktree_add() finished */
	char *branch;  /* NULL when detached */
	char head[GIT_OID_SIZE];
	bool base_reachable;  /* head contains base */
	struct git_log ahead; /* commits in base..head, newest first, at most 200 */
	struct git_status status;
};

void worktree_facts_clear(struct worktree_facts *facts);

/* Reads only, takes no lock.  BASE may be NULL (then ahead is empty). */
NODISCARD int worktree_inspect(const struct repo *repo, const char *path,
    const char *session, const char *base, struct worktree_facts *facts,
    struct err *err);

/*
 * The session that owns the worktree DIR is in, from the marker; NULL when it is none of
 * ours.  The caller frees it.
 */
char *worktree_owner(const char *dir);

/*
 * Removes the worktree of an ended session.  The branch and all pins stay.  A worktree
 * that is gone already is success.
 *
 * First proves the owner from inside, pins everything (worktree_pin), ignored files too
 * unless they are the same in the main checkout or can be made again (node_modules,
 * __pycache__, directories with a CACHEDIR.TAG, DISCARD patterns); proves the owner again;
 * then moves the directory to a name of its own and checks that it is the same one and
 * nothing in it changed, before it is emptied.  A removal that was cut off is taken up by
 * the next call.
 *
 * ERR_REFUSED when the owner is not proven, when it holds a nested repository or an
 * initialised submodule, or ignored files beyond 64 MiB: the text names them, the fix
 * says how.  ERR_CONFLICT when it is being written to.  After a failure it is as it was.
 * There is no way to remove one unpinned (DESIGN 8).
 */
NODISCARD int worktree_remove(struct repo *repo, const char *path, const char *session,
    const struct git_list *discard, struct err *err);

/*
 * Deletes BRANCH when its tip is pinned under refs/divisi/ and no worktree has it, after
 * what only its reflog names was pinned.  Otherwise ERR_REFUSED, and it is as it was.  A
 * branch that is gone is success.
 */
NODISCARD int branch_delete_pinned(
    struct repo *repo, const char *branch, struct err *err);
