#pragma once

#include "git/repo.h"
#include "git/run.h"

/*
 * Submodules, and why they are taken out of an index before `git add`.
 *
 * For each of them git looks whether it was changed, by running itself in there, with the
 * settings that are in there.  In a worktree that an agent writes these are the agent's: a
 * filter of its making would run as us, outside of its fence, and no setting of ours keeps
 * git from it (.gitmodules wins over diff.ignoreSubmodules).  What an index does not name
 * is not looked into; a repository that is found below is added by its commit alone.
 */

/*
 * The submodules of an index, from what `git ls-files -s -z` printed, each as "OID\tPATH".
 */
void links_find(const struct git_out *staged, struct git_list *links);

/* The argument vector that takes them out of the index. */
void links_out(const struct git_list *links, struct git_list *args);

/*
 * The one that puts back those that are still there in the worktree DIR and that `git add`
 * has not added by itself: not checked out, or with IS_EXCLUDED all that have a repository.
 * Empty when there is none.
 */
void links_back(const struct git_list *links, const char *dir, bool is_excluded,
    struct git_list *args);

/*
 * The links that the tree of TO has and that of FROM has not, for which its .gitmodules has
 * no path: repositories that somebody began inside of the worktree and that were added by
 * their commit alone.  Whoever has TO has none of their files.  -1 with ERR when git fails;
 * PATHS is the caller's to clear then, too.
 */
NODISCARD int links_bare(const struct repo *repo, const char *from, const char *to,
    struct git_list *paths, struct err *err);
