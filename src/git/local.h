#pragma once

#include "git/repo.h"
#include "git/run.h"
#include "git/worktree.h"

/* What the files of this room share and nobody else needs. */

/* git_run() in DIR under the repository lock, which git inherits. */
NODISCARD int git_change(
    const struct repo *repo, const char *dir, const char *const *argv, struct err *err);

/* PATH with its parent's symbolic links resolved, as git stores it; NULL with ERR. */
char *worktree_canon(const char *path, struct err *err);

/*
 * The private git directory (.git/worktrees/X) of the worktree at the canonical PATH, by
 * what it says of itself; NULL when there is none.  The caller frees it.
 */
char *worktree_admin(const struct repo *repo, const char *path);

/* True when PATH/.git points back to ADMIN: the two belong together. */
bool worktree_is_linked(const char *path, const char *admin);

/*
 * Checks that the canonical PATH is the main checkout or a worktree that belongs to REPO,
 * so that git run there reads no settings of somebody else's making.  ERR_NOT_FOUND.
 */
NODISCARD int worktree_check(
    const struct repo *repo, const char *path, struct err *err);

/* The ownership marker in a private git directory. */
struct marker {
	char *session, *branch, *base; /* BRANCH "" when detached */
	bool is_ready;
};

void marker_clear(struct marker *marker);

/* 1 when ADMIN has a marker, 0 when not, -1 with ERR. */
int marker_read(const char *admin, struct marker *marker, struct err *err);
NODISCARD int marker_write(
    const char *admin, const struct marker *marker, struct err *err);

/* Index of the worktree at the canonical PATH in LIST, or -1. */
long worktree_find(const struct git_worktrees *list, const char *path);

/* ERR_USAGE when SESSION cannot be part of a ref name or is a name of ours. */
NODISCARD int pin_check_session(const char *session, struct err *err);

/*
 * A commit of TREE on PARENTS that no ref has yet; NULL with ERR.  Pins are made for
 * ourselves: they do not fail because git knows no user, and the same state gives the
 * same commit, so the time is that of the first parent.  The caller frees it.
 */
char *pin_make_commit(const struct repo *repo, const char *tree,
    const struct git_list *parents, const char *message, struct err *err);

/*
 * Pins commits that the reflogs of GIT_DIR and of BRANCH (may be NULL) know, or that were
 * stashed on BRANCH, and no pin reaches, under refs/divisi/SESSION/reflog-N.
 */
NODISCARD int pin_dropped(struct repo *repo, const char *git_dir, const char *branch,
    const char *session, struct err *err);

/* 1 when one of refs/divisi/SESSION/KIND-N has all files of TREE as they are there, else 0. */
NODISCARD int pin_has_files(const struct repo *repo, const char *session,
    const char *kind, const char *tree, struct err *err);

/* Makes refs/divisi/SESSION/KIND-N with the next free N; the name goes to *REF. */
NODISCARD int pin_numbered(struct repo *repo, const char *session, const char *kind,
    const char *oid, char **ref, struct err *err);

/*
 * Pins exactly FILES (of the worktree PATH, ignored or not) as a commit on HEAD under
 * refs/divisi/SESSION/ignored-N, unless one of those has them all already.
 */
NODISCARD int pin_files(struct repo *repo, const char *path, const char *session,
    const struct git_list *files, struct err *err);

/*
 * PATTERN in gitignore reading as one or two pathspecs added to SPECS; MAGIC is "glob" or
 * "exclude,glob".
 */
void pathspec_add(struct git_list *specs, const char *magic, const char *pattern);
