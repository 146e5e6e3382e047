#pragma once

#include "core/happening.h"

/*
 * The work of a job process (`divisi job KIND`): everything that waits for git or for a
 * command.  Takes flat fields, gives flat fields; does nothing when the evidence says that
 * it is done.  On failure OUT may hold details beside the error.
 */
typedef int job_fn(const struct fields *in, struct fields *out, struct err *err);

job_fn job_propose; /* plan to dispatch table: preflight, prompts, hash */
job_fn job_state_remove, job_worktree_add, job_worktree_remove, job_setup, job_inspect,
    job_candidate, job_land, job_write_back, job_publish;
job_fn job_radar; /* what the live trees hold, and whether that meets or merges */
job_fn job_union; /* two live trees merged, and the verify command run on that */
job_fn job_mend;  /* what divisi doctor found and a person said yes to */
job_fn job_track; /* one act on a tracker over the network */
job_fn job_scan;  /* issues of a tracker over the network, read for a person */
job_fn job_diff;  /* what a session would merge, for the person who reads it */
job_fn
    job_keep; /* what is committed while sessions work, or left when a tree is gone */
job_fn job_worktree_back; /* one that another program took away is made again */

job_fn job_delegate_look, job_delegate_take; /* work that an agent elsewhere does */
job_fn job_checkpoint; /* the two files of a session's checkout, and a pin of it */

struct repo;
/* Makes REPO ready for worktrees, and the home of IN its keeper where it is not its own. */
int job_prepare_repo(const struct fields *in, struct repo *repo, struct err *err);

/*
 * Where the worktree of SESSION will begin that is about to be made again, in words, when its
 * BRANCH is gone, too; NULL when it is there.  The caller frees it.
 */
char *job_tree_from(const struct repo *repo, const char *session, const char *branch);

/* Copies the untracked files that a session needs, such as .env, to PATH. */
int job_copy_files(
    struct repo *repo, const char *path, struct fields *out, struct err *err);

/* Runs the job KIND with JSON on standard input and the answer on standard output. */
int job_main(const char *kind);

/*
 * Runs COMMAND in DIR with /bin/sh, output tail in *TAIL (freed by the caller).  Only for
 * commands a person configured or approved: verify and setup.  It has a holder, so that all
 * it started ends with it, and FENCE keeps it in.  Returns its exit status; -1 with ERR.
 */
struct job_fence;
int job_shell(const char *command, const char *dir, const struct job_fence *fence,
    long timeout_ms, char **tail, struct err *err);
