#pragma once

#include "base/err.h"
#include "git/merge.h"

/*
 * What a machine without power leaves of the files git writes.  git syncs its objects and
 * refs (core.fsync), but neither the files of a worktree nor what says that there is one;
 * these come back empty.  And what a git that was killed leaves: its lock.
 */

/*
 * Removes the locks of the worktree PATH (index, HEAD, its branch) when nobody can hold them:
 * no process works there.  Before an agent is started where another was killed, perhaps in the middle of
 * a commit; every git of it would fail.
 */
void torn_unlock(const char *path);

/*
 * Removes the lock of REF that a git of ours left; true when there is none any more.  Only of
 * a ref that nobody else writes: below refs/divisi, or a branch that is not there yet.  The
 * caller holds the repository lock, which every git of ours that writes such a ref inherits.
 */
bool torn_unlock_ref(const struct repo *repo, const char *ref);

/* Makes all of the worktree PATH and of its private git directory ADMIN last. */
NODISCARD int torn_sync_worktree(const char *path, const char *admin, struct err *err);

/*
 * Locks the worktree PATH with REASON, which outlasts a loss of power: git syncs no lock, and
 * one whose reason is lost would be taken for somebody else's.
 */
NODISCARD int torn_lock_worktree(
    struct repo *repo, const char *path, const char *reason, struct err *err);

/* Makes the files of CHANGED in the checkout DIR last, as well as can be. */
void torn_sync_files(const char *dir, const struct changed_paths *changed);

/*
 * Makes PATHS of the worktree DIR, which nobody committed, last, as well as can be: they are
 * what a person is asked about and may be committed as they are then.
 */
void torn_sync_loose(const char *dir, const struct git_list *paths);

/*
 * Makes commit OID, and all that it adds to what is pinned of SESSION, last, as well as can be:
 * git as a person has it does not sync what a commit is made of.  Called before a pin of it.
 */
void torn_sync_commit(const struct repo *repo, const char *session, const char *oid);

/*
 * Clears away a worktree at PATH that was being made when the power went: no file but an
 * empty .git in it, and private git directories of its name that point nowhere.  Leaves all
 * else as it is, so nobody's work can be in what it removes.
 */
NODISCARD int torn_clear_worktree(
    const struct repo *repo, const char *path, struct err *err);

/*
 * Puts those of CHANGED back that a landing of COMMIT which was cut off left in the checkout
 * DIR: what is empty and should not be and, unless the branch has COMMIT already
 * (IS_LANDED), what is as COMMIT has it.  The branch is right, and git has all of it.
 */
NODISCARD int torn_mend_checkout(const char *dir, const struct changed_paths *changed,
    const char *commit, bool is_landed, struct err *err);
