#pragma once

#include "git/repo.h"

/* Branches that somebody else makes at a remote: an agent that works elsewhere (2.22). */

struct outside_branch {
	char *name; /* short */
	char oid[GIT_OID_SIZE];
};

struct outside_branches {
	struct outside_branch *item;
	size_t n, cap;
};

void outside_branches_clear(struct outside_branches *list);

/*
 * The branches that REMOTE has now, as it tells them; 100,000 at most.  Nothing is fetched.
 * ERR_NOT_FOUND for an unknown remote, ERR_TIMEOUT after a minute, ERR_SYSTEM.
 */
NODISCARD int outside_list(const struct repo *repo, const char *remote,
    struct outside_branches *list, struct err *err);

/*
 * Which of LIST is the work on one of the ISSUES (N of them, NULL and "" count not): EXPECTED
 * itself, else the only one whose name begins with PREFIX ("" anyhow) and has the issue in it
 * as a word, whatever its case.  "#12" and "owner/name#12" are found as 12, with a PREFIX
 * only.  NULL when there is none, or several; N_FOUND (may be NULL) says how many.
 */
const struct outside_branch *outside_find(const struct outside_branches *list,
    const char *expected, const char *prefix, const char *const *issues, size_t n,
    size_t *n_found);

/*
 * Fetches BRANCH of REMOTE, pins it as the head of SESSION, and gives the local branch of its
 * name that commit, where there is none or an older one that nobody has checked out.  A local
 * one that has it and more stays: that work is the session's as well.
 *
 * OID is what the local branch has then.  ERR_NOT_FOUND when REMOTE has no such branch,
 * ERR_CONFLICT when the local branch is other work, or is checked out and behind: then it is
 * pinned all the same.
 */
NODISCARD int outside_fetch(struct repo *repo, const char *remote, const char *branch,
    const char *session, char oid[GIT_OID_SIZE], struct err *err);

/* What BRANCH, at OID, has that TARGET has not. */
struct outside_facts {
	char base[GIT_OID_SIZE]; /* where they part */
	size_t n_commits;
	struct git_list changed; /* paths, sorted */
};

void outside_facts_clear(struct outside_facts *facts);
/* ERR_CONFLICT when they have no history in common. */
NODISCARD int outside_inspect(const struct repo *repo, const char *target,
    const char *oid, struct outside_facts *facts, struct err *err);
