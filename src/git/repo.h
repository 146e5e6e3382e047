#pragma once

#include "base/err.h"
#include "git/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A repository and its main checkout.  All paths are absolute, all strings are owned. */
struct repo {
	char *top;         /* the main checkout, also when opened from a worktree */
	char *common_dir;  /* the git directory all worktrees share */
	char *home;        /* common_dir/divisi (CONTRACTS 1); may not exist yet */
	char *main_branch; /* never NULL; may not exist yet in an empty repository */
	char *head_branch; /* what the main checkout is on; NULL when detached */
	char *opened_from; /* the worktree DIR was in, when that is not top; or NULL */
	char head[GIT_OID_SIZE]; /* of the main checkout, "" when there is no commit */
	bool is_empty;           /* no commit yet */
	bool is_shallow;
	bool lacks_git;   /* only repo_place() makes such a one */
	bool ignore_case; /* core.ignoreCase */
	int lock_fd;      /* the repository lock while a function here holds it */
	int lock_depth;
	const char *const
	    *env; /* more NAME=VALUE for trial merges, borrowed; or NULL */
};

/*
 * Opens the repository that holds DIR, from its main checkout or any worktree.
 *
 * Fails with ERR_NOT_FOUND (no repository, fix: git init), ERR_REFUSED (bare; owned by
 * somebody else), ERR_SYSTEM (no git, git too old).  Empty, shallow, detached and
 * not-on-main repositories open, so that plans can be read there; whether sessions may
 * start is repo_check_ready().  J-41.
 *
 * Main branch: divisi.main, origin/HEAD, init.defaultBranch, main, master, current: the
 * first that names an existing branch.
 */
NODISCARD int repo_open(const char *dir, struct repo *repo, struct err *err);

/*
 * The same for who only asks what is tracked, of what kind it is and how it is set: with a
 * git too old for merges in memory as well.
 */
NODISCARD int repo_open_to_read(const char *dir, struct repo *repo, struct err *err);
void repo_close(struct repo *repo);

/*
 * May worktree sessions start here?  0; or -1 with ERR_REFUSED and the exact command that
 * mends it: no commit yet, main checkout detached, G14 when it is not on main, a
 * merge or rebase under way there.  Reads the state anew.
 */
NODISCARD int repo_check_ready(struct repo *repo, struct err *err);

/* A word to the person about a state that is allowed (shallow); NULL when none. */
const char *repo_warning(const struct repo *repo);

/*
 * Makes HOME (0700) and puts our files and .ccc-state.json, .ccc-progress.md into the
 * common info/exclude.  Again is harmless; lines that are there are kept.  CONTRACTS 1.
 */
NODISCARD int repo_prepare(struct repo *repo, struct err *err);

/*
 * The repository lock, HOME/git.lock: taken by every function of this room that changes
 * something, and inherited by the git it runs, so that a git that survives us keeps it.
 * Nests.  Waits up to 60 s, then ERR_TIMEOUT naming the file.  A caller may hold it
 * around several calls.
 */
NODISCARD int repo_lock(struct repo *repo, struct err *err);
void repo_unlock(struct repo *repo);

/* Tracked paths of the main checkout, sorted bytewise; relative to top. */
NODISCARD int repo_ls_files(
    const struct repo *repo, struct git_list *files, struct err *err);

/* What is tracked in the main checkout, paths relative to top. */
struct git_tree {
	struct git_list files; /* all of it, sorted bytewise */
	struct git_link {
		char *path,
		    *to; /* a symbolic link, where it leads below top; or NULL */
	} * link;
	size_t n_links;
	struct git_list submodules;
};

/*
 * A link that leads out of top is none here.  One that is not checked out and whose object
 * is missing has TO NULL: nobody knows.
 */
void git_tree_clear(struct git_tree *tree);
NODISCARD int repo_tree(
    const struct repo *repo, struct git_tree *tree, struct err *err);

/*
 * Short names of local branches and of those of every remote without the remote's name
 * (S-23: a branch must be free in both), sorted, once each.
 */
NODISCARD int repo_branches(
    const struct repo *repo, struct git_list *names, struct err *err);

/*
 * The value of REF, a whole ref name ("refs/heads/main"): 1 when it is there, 0 when not,
 * -1 with ERR.  DIR is any directory of the repository.
 */
int repo_ref(const char *dir, const char *ref, char oid[GIT_OID_SIZE], struct err *err);

/* The commit REV stands for (a branch, a ref, an id); ERR_NOT_FOUND when there is none. */
NODISCARD int repo_resolve(
    const struct repo *repo, const char *rev, char oid[GIT_OID_SIZE], struct err *err);

/* 1 when OLD is an ancestor of (or is) NEW, 0 when not, -1 with ERR. */
int repo_is_ancestor(
    const struct repo *repo, const char *old, const char *new, struct err *err);

struct git_commit {
	char oid[GIT_OID_SIZE];
	int64_t at; /* committer time, Unix ms */
	char *subject;
};

struct git_log {
	struct git_commit *item;
	size_t n, cap;
	bool is_truncated; /* there are more */
};

void git_log_clear(struct git_log *log);

/* Adds at most MAX commits of `git log ARGV`; used by this room's files. */
NODISCARD int repo_log(const char *dir, const char *const *argv, size_t max,
    struct git_log *log, struct err *err);

/*
 * Who added PATH, by the commit that did; while it is not committed, `user.name`; "" when
 * neither is known.  The caller frees *AUTHOR.
 */
NODISCARD int repo_author_of(
    const struct repo *repo, const char *path, char **author, struct err *err);

/*
 * Prior work: commits on any ref whose message names ISSUE as a word (R-4, J-42), newest
 * first, at most 50.
 */
NODISCARD int repo_prior_work(
    const struct repo *repo, const char *issue, struct git_log *log, struct err *err);

/* What is uncommitted in one checkout; paths relative to it, each list sorted. */
struct git_status {
	struct git_list dirty;      /* tracked: changed, staged, deleted, conflicted */
	struct git_list untracked;  /* not ignored; a nested repository ends in "/" */
	struct git_list conflicted; /* unmerged; they are in dirty too */
	bool is_busy; /* a merge, rebase, cherry-pick, revert or bisect is under way */
};

void git_status_clear(struct git_status *status);

/*
 * Takes no lock in the checkout DIR and changes nothing there.  EXEMPT (may be NULL) is a
 * path relative to DIR that counts as clean: the plan file (CONTRACTS 4).
 */
NODISCARD int repo_status(
    const char *dir, const char *exempt, struct git_status *status, struct err *err);

/* One worktree as git knows it. */
struct git_worktree {
	char *path, *branch; /* short name; NULL when detached */
	char *lock_reason;   /* NULL when not locked, "" when no reason was given */
	char head[GIT_OID_SIZE];
	bool is_missing; /* its directory is not there */
};

struct git_worktrees {
	struct git_worktree *item;
	size_t n, cap;
};

void git_worktrees_clear(struct git_worktrees *list);

/* All worktrees, the main one first. */
NODISCARD int repo_worktrees(
    const struct repo *repo, struct git_worktrees *list, struct err *err);
