#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pins: refs under refs/divisi/SESSION/ that keep everything a session made, until the
 * human prunes (DESIGN 2, promise 2).
 *
 *   base         where its branch began (made with the branch: proof that it is ours)
 *   head         its latest commit; head-N an earlier one that is no ancestor of it
 *   snapshot-N   its uncommitted and untracked files, a commit on top of head
 *   reflog-N     commits it made and dropped (reset, amend, rebase), as parents of one
 *   ignored-N    ignored files, made when its worktree is removed
 *   candidate    what was built to be landed
 */
struct pin {
	char head[GIT_OID_SIZE];
	char snapshot[GIT_OID_SIZE]; /* "" when the worktree is clean */
	char *snapshot_ref;          /* NULL when clean */
	struct git_list
	    unpinned; /* nested repositories and other things no commit holds */
};

void pin_clear(struct pin *pin);

/*
 * Pins head, dropped commits, and all dirty, staged and untracked files of the worktree
 * PATH for SESSION.  Works on an index of its own: the session's index and files are only
 * read, and the session may be running.  The same state pinned again makes no new ref.
 *
 * ERR_NOT_FOUND when PATH is no worktree of REPO, ERR_SYSTEM when a file cannot be read
 * or the disk is full; what was pinned before stays pinned.
 */
NODISCARD int worktree_pin(struct repo *repo, const char *path, const char *session,
    struct pin *pin, struct err *err);

/*
 * The same without the files: head and dropped commits only, so that it is cheap enough to
 * be done whenever a running session has committed.
 */
NODISCARD int worktree_pin_tip(
    struct repo *repo, const char *path, const char *session, struct err *err);

/*
 * Sets refs/divisi/SESSION/NAME to commit OID.  An old value that is no ancestor of it is
 * kept under NAME-N.
 */
NODISCARD int pin_commit(struct repo *repo, const char *session, const char *name,
    const char *oid, struct err *err);

/*
 * The highest N of a session pN.*, a plan's, that anything is pinned for in REPO; 0 when none
 * is, or when it cannot be told.
 */
int64_t pin_last_plan(const struct repo *repo);

/* The value of refs/divisi/SESSION/NAME: 1 when there, 0 when not, -1 with ERR. */
int pin_read(const struct repo *repo, const char *session, const char *name,
    char oid[GIT_OID_SIZE], struct err *err);

/*
 * The ref of the newest snapshot of SESSION that was taken on top of commit HEAD; NULL when
 * there is none or git cannot say.  The caller frees it.
 */
char *pin_snapshot_on(const struct repo *repo, const char *session, const char *head);

/*
 * Pins the files of COMMIT, whose parent is HEAD, as a snapshot of SESSION.  They are in the
 * object store OBJECTS, which borrows from REPO's, and are copied from there.  What is
 * pinned as a snapshot on HEAD already makes no new ref.
 */
NODISCARD int pin_borrowed(struct repo *repo, const char *objects, const char *session,
    const char *head, const char *commit, struct err *err);
