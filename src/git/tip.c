#include "git/tip.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"

#include <string.h>

/* What the worktree has, and what its branch has ("" when it is gone). */
struct sides {
	const char *path, *branch;
	const struct git_worktree *tree;
	const char *elsewhere; /* another worktree that has the branch, or NULL */
	char tip[GIT_OID_SIZE];
};

static void
find_sides(struct sides *sides, const struct git_worktrees *list, const char *canon)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct git_worktree *tree = &list->item[i];

		if (strcmp(tree->path, canon) == 0)
			sides->tree = tree;
		else if (tree->branch && strcmp(tree->branch, sides->branch) == 0)
			sides->elsewhere = tree->path;
	}
}

/* The two have gone different ways, or the worktree stands behind. */
static int
say_apart(const struct sides *sides, bool is_behind, struct err *err)
{
	AUTO_FREE char *where = sides->tree->branch
				    ? xasprintf("on %s", sides->tree->branch)
				    : xstrdup("on no branch (a detached HEAD)");
	AUTO_FREE char *path = text_shell_quote(sides->path);

	err_set(err, ERR_CONFLICT,
	    "its worktree is %s at %.12s, and its branch %s at %.12s %s", where,
	    sides->tree->head, sides->branch, sides->tip,
	    is_behind ? "has more" : "has other commits");
	return err_fix(err,
	    is_behind
		? "if all of it is wanted: git -C %s checkout %s"
		: "bring together what is to land, then: git -C %s checkout -B %s",
	    path, sides->branch);
}

static int
say_elsewhere(const struct sides *sides, struct err *err)
{
	AUTO_FREE char *shown = text_show(sides->elsewhere, true);
	AUTO_FREE char *quoted = text_shell_quote(sides->elsewhere);

	err_set(err, ERR_CONFLICT,
	    "what it committed at %.12s is not on its branch %s, which is checked out in "
	    "%s",
	    sides->tree->head, sides->branch, shown);
	return err_fix(
	    err, "git -C %s merge --ff-only %.12s", quoted, sides->tree->head);
}

static int
settle(struct repo *repo, struct sides *sides, struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", sides->branch);
	const char *head = sides->tree->head;
	int rc = repo_ref(repo->common_dir, ref, sides->tip, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		sides->tip[0] = '\0';
	if (strcmp(sides->tip, head) == 0)
		return 0;
	rc = sides->tip[0] ? repo_is_ancestor(repo, sides->tip, head, err) : 1;
	if (rc < 0)
		return -1;
	if (rc == 0) {
		rc = repo_is_ancestor(repo, head, sides->tip, err);
		return rc < 0 ? -1 : say_apart(sides, rc > 0, err);
	}
	if (sides->elsewhere)
		return say_elsewhere(sides, err);
	/* An empty old value is one that must not be there. */
	return git_change(repo, repo->common_dir,
	    GIT_ARGS("update-ref", "-m", "divisi: what was committed beside it",
		"--create-reflog", "--end-of-options", ref, head, sides->tip),
	    err);
}

int
tip_settle(struct repo *repo, const char *path, const char *branch, struct err *err)
{
	struct sides sides = { .path = path, .branch = branch };
	struct git_worktrees list = { 0 };
	AUTO_FREE char *canon = worktree_canon(path, NULL);
	int rc = -1;

	if (!canon)
		return 0; /* gone, and the directory it was in */
	if (!git_branch_ok(branch))
		return err_set(err, ERR_USAGE, "this is no branch name");
	if (repo_lock(repo, err) < 0)
		return -1;
	if (repo_worktrees(repo, &list, err) == 0) {
		find_sides(&sides, &list, canon);
		rc = 0;
		/* On its branch it has what the branch has; of a torn HEAD git knows nothing. */
		if (sides.tree && !sides.tree->is_missing &&
		    git_oid_ok(sides.tree->head) &&
		    strspn(sides.tree->head, "0") < strlen(sides.tree->head) &&
		    !(sides.tree->branch && strcmp(sides.tree->branch, branch) == 0))
			rc = settle(repo, &sides, err);
	}
	repo_unlock(repo);
	git_worktrees_clear(&list);
	return rc;
}
