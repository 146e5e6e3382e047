#include "engine/job.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/worktree.h"

#include <stdlib.h>
#include <string.h>

/* A worktree that another program took away is made again. */

/* The newest snapshot of SESSION that was taken on top of HEAD; NULL when there is none. */
static char *
newest_snapshot(const struct repo *repo, const char *session, const char *head)
{
	AUTO_FREE char *refs = xasprintf("refs/divisi/%s/snapshot-*", session);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS(
		    "for-each-ref", "--format=%(refname) %(parent)", refs) };
	struct git_out out = { 0 };
	struct span rest, line, name, parent;
	char *best = NULL;
	long last = 0;

	if (git_run(&call, &out, NULL) < 0)
		return NULL;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *ref = NULL;
		long n;

		if (!span_next(&line, ' ', &name) || !span_next(&line, ' ', &parent) ||
		    !span_eq(parent, head))
			continue;
		ref = xstrndup(name.p, name.n);
		n = strtol(strrchr(ref, '-') + 1, NULL, 10);
		if (n > last) {
			last = n;
			free(best);
			best = TAKE_PTR(ref);
		}
	}
	git_out_clear(&out);
	return best;
}

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
		snapshot = newest_snapshot(repo, session, facts.head);
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

int
job_worktree_back(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct worktree_spec spec = { .session = fields_text(in, "session"),
		.path = fields_text(in, "path"),
		.branch = fields_text(in, "branch"),
		.base = fields_text(in, "base") };
	int rc;

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	rc = job_prepare_repo(in, &repo, err);
	if (rc == 0)
		rc = worktree_add(&repo, &spec, err);
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
