#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>

/* Landing and publishing: CONTRACTS 7. */

struct land_spec {
	const char *plan;         /* a word for refs/divisi/landed/PLAN */
	const char *target;       /* branch */
	const char *commit;       /* the tested commit, on top of EXPECTED_OLD */
	const char *expected_old; /* commit id the target had when it was tested */
	bool is_again; /* a try before this one may have been cut off in the middle */
};

struct landing {
	bool was_there; /* the target contained the commit already */
	char *checkout; /* where it was merged, NULL when no worktree has it */
	struct git_list blockers;  /* files in the way, on ERR_CONFLICT */
	struct git_list new_dirty; /* changed by landing (a post-merge hook); warn */
	bool is_moved; /* ERR_CONFLICT because the target is elsewhere by now */
	char *command; /* takes the result by hand, on ERR_CONFLICT by files */
};

void landing_clear(struct landing *landing);

/*
 * Lands the tested commit: `git merge --ff-only` in the checkout that has the target (with
 * the user's hooks), or a compare-and-swap of the ref when none has.  Never forces, never
 * stashes, never overwrites an ignored or untracked file; an unrelated dirty file is no
 * obstacle.  Again after a crash: a target that contains the commit is success; with
 * is_again the files that the last try left half written in the checkout are put right, and
 * what landed is on the disk when it returns.
 *
 * ERR_CONFLICT: is_moved, build and test again; or blockers, with the result left at
 * refs/divisi/landed/PLAN and the fix being the one command that takes it; or the target
 * is in two checkouts or being rebased.  LANDING is set on ERR_CONFLICT too.
 */
NODISCARD int merge_land(struct repo *repo, const struct land_spec *spec,
    struct landing *landing, struct err *err);

/*
 * Pushes BRANCH to the same name on REMOTE, never forced, nothing else with it; the user's
 * pre-push hook runs.  ERR_NOT_FOUND for an unknown remote, ERR_CONFLICT when the remote
 * has moved, ERR_TIMEOUT after 5 minutes, ERR_SYSTEM otherwise.
 */
NODISCARD int repo_push(
    struct repo *repo, const char *remote, const char *branch, struct err *err);

/*
 * Fetches what REMOTE has for BRANCH as the remote-tracking branch of it; OID receives the
 * commit.  ERR_NOT_FOUND when there is no such branch, ERR_TIMEOUT, ERR_SYSTEM.
 */
NODISCARD int repo_fetch(struct repo *repo, const char *remote, const char *branch,
    char oid[GIT_OID_SIZE], struct err *err);

/* The remote to publish to: the branch's own, else origin, else the only one; NULL: none. */
char *repo_default_remote(const struct repo *repo, const char *branch);

struct git_identity {
	const char *name, *email;
};

struct artefacts_spec {
	const char *path;             /* the worktree */
	const struct git_list *files; /* relative to it, taken literally */
	const char *message;
	const struct git_identity
	    *identity; /* author and committer; NULL: the user's */
};

/*
 * Commits exactly those files (new or changed) on the worktree's branch; whatever else is
 * dirty stays so.  OID receives the commit, or head when the files hold nothing new.
 * ERR_NOT_FOUND when one is missing, ERR_REFUSED when one leaves the worktree.
 */
NODISCARD int commit_artefacts(struct repo *repo, const struct artefacts_spec *spec,
    char oid[GIT_OID_SIZE], struct err *err);
