#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>

/* Trial merges and candidates: in memory, with git's own merge (merge-tree, git >= 2.38). */

struct merge_conflict {
	char *path;
	char *
	    text; /* the hunks with both sides and markers, or what git says; bounded */
};

struct merge_trial {
	bool is_clean;
	char tree[GIT_OID_SIZE]; /* the merged tree, with markers where it conflicts */
	struct merge_conflict *conflict;
	size_t n, cap;
};

void merge_trial_clear(struct merge_trial *trial);

/* Merges commits A and B without touching any checkout or ref. */
NODISCARD int merge_trial(const struct repo *repo, const char *a, const char *b,
    struct merge_trial *trial, struct err *err);

/* All conflicts as one text for a person: path, then its hunks.  The caller frees it. */
char *merge_trial_show(const struct merge_trial *trial);

enum merge_method { MERGE_SQUASH, MERGE_REBASE, MERGE_COMMIT };

/* "squash" "rebase" "merge" */
const char *merge_method_name(enum merge_method method);
bool merge_method_parse(const char *word, enum merge_method *method);

/*
 * "ISSUE: focus", "Closes ISSUE", "Divisi-Session: SESSION"; BODY may be NULL.
 * Control characters become blanks.  The caller frees it.
 */
char *merge_message(
    const char *issue, const char *focus, const char *body, const char *session);

struct settle_rules;
struct candidate_spec {
	const char *session;
	const char *target; /* commit id the candidate is built on */
	const char *tip;    /* commit id of the session's work */
	enum merge_method method;
	const char *message; /* of a squash or a merge; a rebase keeps its own */
	const struct settle_rules *settle; /* conflicts that need nobody; or NULL */
};

struct candidate {
	char oid[GIT_OID_SIZE];
	bool is_empty; /* everything is in the target already: oid is the target */
	enum merge_method method; /* squash when the history to rebase holds merges */
	struct merge_trial trial; /* what conflicted */
	char conflict_at[GIT_OID_SIZE]; /* the commit whose rebase conflicted, or "" */
};

void candidate_clear(struct candidate *candidate);

/*
 * Builds the commit that would land, and pins it at refs/divisi/SESSION/candidate.  No
 * checkout is touched and nothing lands.  The author is that of the tip, the committer
 * the user, the time the later of tip and target: unless it is signed (commit.gpgSign),
 * the same input gives the same commit.  A squash with several authors names the others
 * as co-authors.  R-57.
 *
 * Conflicts that SETTLE knows are settled (a rebase becomes a squash then).
 * ERR_CONFLICT when it does not merge: CANDIDATE then holds the trial with both sides (the
 * only output that is set on failure); ERR_REFUSED when git knows no identity.
 */
NODISCARD int candidate_build(struct repo *repo, const struct candidate_spec *spec,
    struct candidate *candidate, struct err *err);

/*
 * A scratch worktree NAME at PATH, detached at commit OID, for the verify command: made or
 * reused.  What a former run left untracked or changed there is pinned, then cleaned away;
 * ignored files (build products) stay.  ERR_CONFLICT when PATH is not this scratch.
 * worktree_remove(repo, path, name, ...) removes it.
 */
NODISCARD int scratch_prepare(struct repo *repo, const char *path, const char *name,
    const char *oid, struct err *err);

/*
 * CANDIDATE once more with FILES as they lie in SCRATCH, a worktree on it, which then stands
 * on the new one.  Pinned like the first.
 */
NODISCARD int candidate_amend(struct repo *repo, const char *session,
    const char *scratch, const struct git_list *files, struct candidate *candidate,
    struct err *err);

struct changed_path {
	char status; /* A M D R T */
	char *path;
	char *from; /* the old path of a rename, else NULL */
};

struct changed_paths {
	struct changed_path *item;
	size_t n, cap;
};

void changed_paths_clear(struct changed_paths *paths);

/* What differs from commit BASE to COMMIT, renames found, sorted by path. */
NODISCARD int merge_changed_paths(const struct repo *repo, const char *base,
    const char *commit, struct changed_paths *paths, struct err *err);
