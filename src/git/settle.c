#include "git/settle.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "git/retree.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)4 << 20)

enum { OURS, BASE, THEIRS, N_SIDES };

/* The three versions of one path, and where `git merge-file` finds them. */
struct sides {
	struct tree_files file; /* OURS, BASE, THEIRS */
	char *name[N_SIDES];
};

static void
sides_clear(struct sides *sides)
{
	tree_files_clear(&sides->file);
	for (int i = 0; i < N_SIDES; i++) {
		if (sides->name[i])
			DURABLE("settle.remove", unlink(sides->name[i]));
		free(sides->name[i]);
	}
}

static int
sides_write(struct repo *repo, struct sides *sides, struct err *err)
{
	static const char *const names[] = { "ours", "base", "theirs" };

	for (int i = 0; i < N_SIDES; i++) {
		const char *oid = sides->file.item[i].oid;
		AUTO_FREE char *text = NULL;
		size_t n = 0;

		if (oid[0])
			text = tree_blob(repo, oid, MAX_BYTES, &n, err);
		if (oid[0] && !text)
			return -1;
		sides->name[i] = xasprintf("%s/landing.%s", repo->home, names[i]);
		if (file_write_atomic(sides->name[i], text ? text : "", n, 0600, err) <
		    0)
			return -1;
	}
	return 0;
}

/* The lines of both sides as one blob in OID. */
static int
unite(struct repo *repo, struct sides *sides, char oid[GIT_OID_SIZE], struct err *err)
{
	struct git_call call = { .dir = repo->top, .max_bytes = 3 * MAX_BYTES };
	struct git_out out = { 0 };
	int rc;

	if (sides_write(repo, sides, err) < 0)
		return -1;
	call.argv = GIT_ARGS("merge-file", "-q", "-p", "--union", sides->name[OURS],
	    sides->name[BASE], sides->name[THEIRS]);
	if (git_run(&call, &out, err) < 0)
		return -1;
	rc = tree_blob_put(repo, out.text, out.n, oid, err);
	git_out_clear(&out);
	return rc;
}

static int
settle_one(struct repo *repo, const char *const commit[N_SIDES], const char *path,
    enum settling how, struct tree_files *settled, struct err *err)
{
	struct sides sides = { 0 };
	char oid[GIT_OID_SIZE];
	int rc = 0;

	for (int i = 0; rc == 0 && i < N_SIDES; i++)
		rc = tree_files_find(repo, commit[i], path, &sides.file, err);
	if (rc < 0) {
		sides_clear(&sides);
		return -1;
	}
	/* Taken away on one side, there are no lines to unite: a person decides. */
	if (how == SETTLE_UNION &&
	    (!sides.file.item[OURS].oid[0] || !sides.file.item[THEIRS].oid[0])) {
		sides_clear(&sides);
		return 0;
	}
	snprintf(oid, sizeof(oid), "%s", sides.file.item[OURS].oid);
	if (how == SETTLE_UNION)
		rc = unite(repo, &sides, oid, err);
	if (rc == 0)
		tree_files_add(settled, path, sides.file.item[OURS].mode, oid);
	sides_clear(&sides);
	return rc < 0 ? -1 : 1;
}

int
settle_trial(struct repo *repo, const char *target, const char *tip,
    const struct settle_rules *rules, struct merge_trial *trial, struct err *err)
{
	AUTO_FREE char *base = NULL;
	struct tree_files settled = { 0 };
	int rc = 1;

	for (size_t i = 0; i < trial->n; i++) {
		if (rules->how(trial->conflict[i].path, rules->arg) == SETTLE_NOT)
			return 0;
	}
	base = git_line(repo->common_dir, GIT_ARGS("merge-base", target, tip), err);
	if (!base)
		return -1;
	for (size_t i = 0; rc == 1 && i < trial->n; i++) {
		const char *path = trial->conflict[i].path;

		rc = settle_one(repo, (const char *const[]){ target, base, tip }, path,
		    rules->how(path, rules->arg), &settled, err);
	}
	if (rc == 1 && tree_rewrite(repo, trial->tree, &settled, trial->tree, err) < 0)
		rc = -1;
	if (rc == 1)
		trial->is_clean = true;
	tree_files_clear(&settled);
	return rc;
}
