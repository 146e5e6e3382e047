#include "engine/job.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/worktree.h"

#include <stdlib.h>
#include <string.h>

/* A worktree that another program took away is made again. */

/* Puts the files as they were pinned last into a worktree that has only what is committed. */
static int
restore_files(
    struct repo *repo, const struct fields *in, struct fields *out, struct err *err)
{
	const char *path = fields_text(in, "path"),
		   *session = fields_text(in, "session");
	struct worktree_facts facts = { 0 };
	AUTO_FREE char *snapshot = NULL, *source = NULL;
	int rc = worktree_inspect(repo, path, session, NULL, &facts, err);

	if (rc == 0)
		snapshot = pin_snapshot_on(repo, session, facts.head);
	/* Whoever works in it already has what is newer. */
	if (snapshot && facts.status.dirty.n == 0 && facts.status.untracked.n == 0) {
		struct git_call call = { .dir = path };

		source = xasprintf("--source=%s", snapshot);
		call.argv = GIT_ARGS("restore", source, "--worktree", "--", ".");
		rc = git_run(&call, NULL, err);
		fields_set(out, "snapshot", snapshot);
	}
	worktree_facts_clear(&facts);
	return rc;
}

char *
job_tree_from(const struct repo *repo, const char *session, const char *branch)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", branch);
	char oid[GIT_OID_SIZE], base[GIT_OID_SIZE];
	struct err err = ERR_INIT;

	if (!branch[0] || repo_ref(repo->common_dir, ref, oid, &err) != 0)
		return NULL;
	if (pin_read(repo, session, "base", base, &err) > 0 &&
	    pin_read(repo, session, "head", oid, &err) > 0 &&
	    repo_is_ancestor(repo, base, oid, &err) > 0)
		return xasprintf("its branch %s was gone, too, and begins again at "
				 "%.12s, which was pinned",
		    branch, oid);
	return xasprintf("its branch %s was gone, too, and no commit on its base was "
			 "pinned: it begins where it began",
	    branch);
}

int
job_worktree_back(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct worktree_spec spec = { .session = fields_text(in, "session"),
		.path = fields_text(in, "path"),
		.branch = fields_text(in, "branch"),
		.base = fields_text(in, "base") };
	AUTO_FREE char *from = NULL;
	int rc;

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	rc = job_prepare_repo(in, &repo, err);
	from = job_tree_from(&repo, spec.session, spec.branch);
	if (rc == 0)
		rc = worktree_add(&repo, &spec, err);
	if (rc == 0 && from)
		fields_set(out, "text", from);
	if (rc < 0 && strstr(err->text, "already checked out"))
		err_fix(err,
		    "git worktree list shows where; take it away or move it to %s",
		    spec.path);
	if (rc == 0)
		rc = job_copy_files(&repo, spec.path, out, err);
	if (rc == 0)
		rc = restore_files(&repo, in, out, err);
	fields_set(out, "path", spec.path);
	repo_close(&repo);
	return rc;
}
