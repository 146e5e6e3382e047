#include "git/local.h"
#include "git/pin.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PACK_BYTES ((size_t)1 << 30)

/* Snapshots of sessions that nobody can look at any more. */

char *
pin_snapshot_on(const struct repo *repo, const char *session, const char *head)
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

/* Copies what TREE has and commit HEAD has not from ENV's object store, under the lock. */
static int
copy_objects(struct repo *repo, const char *env, const char *head, const char *tree,
    struct err *err)
{
	AUTO_FREE char *revs = xasprintf("%s\n^%s\n", tree, head);
	struct git_call pack = { .dir = repo->common_dir,
		.argv = GIT_ARGS("pack-objects", "--revs", "--stdout", "-q"),
		.env = GIT_ARGS(env),
		.input = revs,
		.n_input = strlen(revs),
		.max_bytes = MAX_PACK_BYTES };
	struct git_call unpack = { .dir = repo->common_dir,
		.argv = GIT_ARGS("unpack-objects", "-q"),
		.lock_fd = repo->lock_fd };
	struct git_out out = { 0 };
	int rc = git_run(&pack, &out, err);

	unpack.input = out.text;
	unpack.n_input = out.n;
	if (rc == 0)
		rc = git_run(&unpack, NULL, err);
	git_out_clear(&out);
	return rc;
}

/* As worktree_pin() would have made it: of the same state it is the same commit. */
static int
pin_tree(struct repo *repo, const char *session, const char *head, const char *tree,
    struct err *err)
{
	struct git_list parents = { 0 };
	AUTO_FREE char *oid = NULL, *ref = NULL;

	git_list_add(&parents, head);
	oid = pin_make_commit(repo, tree, &parents, "divisi: snapshot", err);
	git_list_clear(&parents);
	return oid ? pin_numbered(repo, session, "snapshot", oid, &ref, err) : -1;
}

int
pin_borrowed(struct repo *repo, const char *objects, const char *session,
    const char *head, const char *commit, struct err *err)
{
	AUTO_FREE char *env = xasprintf("GIT_OBJECT_DIRECTORY=%s", objects);
	AUTO_FREE char *spec = xasprintf("%s^{tree}", commit);
	struct git_call ask = { .dir = repo->common_dir,
		.argv = GIT_ARGS("rev-parse", "--verify", spec),
		.env = GIT_ARGS(env) };
	struct git_out tree = { 0 };
	int rc;

	if (pin_check_session(session, err) < 0)
		return -1;
	if (!git_oid_ok(head) || !git_oid_ok(commit))
		return err_set(err, ERR_USAGE, "this is no commit to pin");
	if (git_run(&ask, &tree, err) < 0)
		return -1;
	tree.text[strcspn(tree.text, "\n")] = '\0';
	rc = repo_lock(repo, err);
	if (rc == 0) {
		rc = copy_objects(repo, env, head, tree.text, err);
		if (rc == 0)
			rc = pin_tree(repo, session, head, tree.text, err);
		repo_unlock(repo);
	}
	git_out_clear(&tree);
	return rc;
}
