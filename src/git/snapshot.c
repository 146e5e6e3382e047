#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/links.h"
#include "git/local.h"
#include "git/pin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_INDEX_BYTES ((size_t)1 << 30)
#define N_TRIES         3

void
pin_clear(struct pin *pin)
{
	free(pin->snapshot_ref);
	git_list_clear(&pin->unpinned);
	*pin = (struct pin){ 0 };
}

/* An index of our own for the worktree PATH. */
struct shadow {
	struct repo *repo;
	const char *path;
	char *file, *env; /* ENV is GIT_INDEX_FILE=FILE */
};

/* One name for all: the repository lock, which every git of ours inherits, guards it. */
static int
shadow_open(struct shadow *shadow, struct repo *repo, const char *path, struct err *err)
{
	/* Git gives a file the person's umask: nobody else gets into the directory. */
	AUTO_FREE char *dir = path_join(repo->home, "pin"), *lock = NULL;

	*shadow = (struct shadow){ .repo = repo, .path = path };
	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	shadow->file = path_join(dir, "pin.index");
	shadow->env = xasprintf("GIT_INDEX_FILE=%s", shadow->file);
	lock = xasprintf("%s.lock", shadow->file);
	DURABLE("snapshot.unlock", unlink(lock));
	DURABLE("snapshot.clear", unlink(shadow->file));
	return 0;
}

static void
shadow_close(struct shadow *shadow)
{
	if (shadow->file)
		DURABLE("snapshot.remove", unlink(shadow->file));
	free(shadow->file);
	free(shadow->env);
}

static int
shadow_run(const struct shadow *shadow, const char *const *argv,
    const struct git_list *input, struct git_out *out, struct err *err)
{
	struct git_call call = { .dir = shadow->path,
		.argv = argv,
		.lock_fd = shadow->repo->lock_fd,
		.env = GIT_ARGS(shadow->env),
		.max_bytes = (size_t)1 << 30 };
	AUTO_FREE char *bytes = NULL;
	size_t n = 0;
	FILE *in = input ? open_memstream(&bytes, &n) : NULL;

	for (size_t i = 0; in && i < input->n; i++)
		fwrite(input->item[i], 1, strlen(input->item[i]) + 1, in);
	if (in)
		fclose(in);
	call.input = bytes;
	call.n_input = n;
	return git_run(&call, out, err);
}

/*
 * Clears the marks that make git look away from a file: assume-unchanged, and
 * skip-worktree where the file is there after all.
 */
static int
shadow_unhide(const struct shadow *shadow, struct err *err)
{
	struct git_list tagged = { 0 }, assumed = { 0 }, skipped = { 0 };
	struct git_out out = { 0 };
	int rc = 0;

	if (shadow_run(shadow, GIT_ARGS("ls-files", "-v", "-z"), NULL, &out, err) < 0)
		return -1;
	git_list_split(&tagged, out.text, out.n);
	git_out_clear(&out);
	for (size_t i = 0; i < tagged.n; i++) {
		const char tag = tagged.item[i][0];
		const char *name = tag ? tagged.item[i] + 2 : "";
		AUTO_FREE char *file = path_join(shadow->path, name);

		if (tag >= 'a' && tag <= 'z')
			git_list_add(&assumed, name);
		if ((tag == 'S' || tag == 's') && file_exists(file))
			git_list_add(&skipped, name);
	}
	if (assumed.n > 0)
		rc = shadow_run(shadow,
		    GIT_ARGS("update-index", "-z", "--no-assume-unchanged", "--stdin"),
		    &assumed, NULL, err);
	if (rc == 0 && skipped.n > 0)
		rc = shadow_run(shadow,
		    GIT_ARGS("update-index", "-z", "--no-skip-worktree", "--stdin"),
		    &skipped, NULL, err);
	git_list_clear(&tagged);
	git_list_clear(&assumed);
	git_list_clear(&skipped);
	return rc;
}

/*
 * Starts from a copy of the worktree's own index, so that only what changed is read.
 *
 * The copy is as old as the index: git takes a file whose time is not before that of the
 * index for possibly changed, and would believe a younger copy that an edit of the same
 * size within the same second did not happen.
 */
static int
shadow_copy(const struct shadow *shadow, const char *git_dir, struct err *err)
{
	AUTO_FREE char *index = path_join(git_dir, "index");
	AUTO_FREE char *bytes = NULL;
	struct stat st;
	size_t n = 0;

	if (lstat(index, &st) < 0)
		return shadow_run(
		    shadow, GIT_ARGS("read-tree", "--empty"), NULL, NULL, err);
	bytes = file_read(index, MAX_INDEX_BYTES, &n, err);
	if (!bytes || file_write_atomic(shadow->file, bytes, n, 0600, err) < 0)
		return -1;
	if (utimensat(AT_FDCWD, shadow->file,
		(const struct timespec[]){ st.st_atim, st.st_mtim }, 0) < 0)
		return err_sys(err, "set the time of %s", shadow->file);
	return shadow_unhide(shadow, err);
}

/* The tree of the index; NULL when it is unmerged, which only the files can tell then. */
static char *
shadow_tree(const struct shadow *shadow, struct err *err)
{
	struct git_out out = { 0 };
	char *tree = NULL;

	if (shadow_run(shadow, GIT_ARGS("write-tree"), NULL, &out, err) == 0)
		tree = xstrndup(out.text, strcspn(out.text, "\n"));
	git_out_clear(&out);
	return tree;
}

static int
shadow_links(const struct shadow *shadow, struct git_list *links, struct err *err)
{
	struct git_out out = { 0 };
	int rc = shadow_run(shadow, GIT_ARGS("ls-files", "-s", "-z"), NULL, &out, err);

	if (rc == 0)
		links_find(&out, links);
	git_out_clear(&out);
	return rc;
}

/* Finds what no commit can hold: nested repositories and initialised submodules. */
static int
find_unpinnable(const struct shadow *shadow, struct git_list *found, struct err *err)
{
	struct git_list links = { 0 };
	struct git_status status = { 0 };

	if (repo_status(shadow->path, NULL, &status, err) < 0)
		return -1;
	for (size_t i = 0; i < status.untracked.n; i++) {
		const char *name = status.untracked.item[i];

		if (name[strlen(name) - 1] == '/')
			git_list_add(found, name);
	}
	git_status_clear(&status);
	if (shadow_links(shadow, &links, err) < 0)
		return -1;
	for (size_t i = 0; i < links.n; i++) {
		const char *name = strchr(links.item[i], '\t') + 1;
		AUTO_FREE char *git = xasprintf("%s/%s/.git", shadow->path, name);

		if (file_exists(git))
			git_list_add(found, name);
	}
	git_list_clear(&links);
	return 0;
}

/* Takes all files that are not ignored into the index; nested repositories stay out. */
static int
shadow_add(
    const struct shadow *shadow, const struct git_list *unpinnable, struct err *err)
{
	struct git_list args = { 0 }, links = { 0 }, out = { 0 }, back = { 0 };
	int rc = shadow_links(shadow, &links, err);

	links_out(&links, &out);
	if (rc == 0 && links.n > 0)
		rc = shadow_run(shadow, (const char *const *)out.item, NULL, NULL, err);
	git_list_clear(&out);
	if (rc < 0) {
		git_list_clear(&links);
		return -1;
	}
	rc = -1;
	git_list_add(&args, "add");
	git_list_add(&args, "-A");
	git_list_add(&args, "--sparse");
	git_list_add(&args, "--");
	git_list_add(&args, ".");
	for (size_t i = 0; i < unpinnable->n; i++) {
		const char *name = unpinnable->item[i];
		size_t n = strlen(name);
		AUTO_FREE char *spec = xasprintf(":(exclude,top,literal)%.*s",
		    (int)(name[n - 1] == '/' ? n - 1 : n), name);

		git_list_add(&args, spec);
	}
	/* A running session may take a file away while it is being read. */
	for (int i = 0; rc < 0 && i < N_TRIES; i++)
		rc = shadow_run(
		    shadow, (const char *const *)args.item, NULL, NULL, err);
	links_back(&links, shadow->path, true, &back);
	if (rc == 0 && back.n > 0)
		rc = shadow_run(
		    shadow, (const char *const *)back.item, NULL, NULL, err);
	git_list_clear(&back);
	git_list_clear(&links);
	git_list_clear(&args);
	return rc;
}

/* Commits the files of the worktree, and what is staged when that is something else. */
static int
take_snapshot(const struct shadow *shadow, const char *git_dir, const char *session,
    struct pin *pin, struct err *err)
{
	struct repo *repo = shadow->repo;
	struct git_list parents = { 0 };
	AUTO_FREE char *head_tree = NULL, *staged = NULL, *tree = NULL;
	AUTO_FREE char *spec = xasprintf("%s^{tree}", pin->head);
	AUTO_FREE char *staged_oid = NULL, *oid = NULL;
	int rc = -1;

	if (shadow_copy(shadow, git_dir, err) < 0 ||
	    find_unpinnable(shadow, &pin->unpinned, err) < 0)
		return -1;
	staged = shadow_tree(shadow, NULL);
	if (shadow_add(shadow, &pin->unpinned, err) < 0)
		return -1;
	tree = shadow_tree(shadow, err);
	if (!tree)
		return -1;
	if (pin->head[0]) {
		head_tree = git_line(
		    repo->common_dir, GIT_ARGS("rev-parse", "--verify", spec), err);
		if (!head_tree)
			return -1;
		git_list_add(&parents, pin->head);
	}
	if (staged && strcmp(staged, tree) != 0 &&
	    (!head_tree || strcmp(staged, head_tree) != 0)) {
		staged_oid = pin_make_commit(
		    repo, staged, &parents, "divisi: staged", err);
		if (!staged_oid)
			goto out;
		git_list_add(&parents, staged_oid);
	}
	rc = 0;
	if (!staged_oid && head_tree && strcmp(tree, head_tree) == 0)
		goto out;
	rc = -1;
	oid = pin_make_commit(repo, tree, &parents, "divisi: snapshot", err);
	if (!oid ||
	    pin_numbered(repo, session, "snapshot", oid, &pin->snapshot_ref, err) < 0)
		goto out;
	snprintf(pin->snapshot, sizeof(pin->snapshot), "%s", oid);
	rc = 0;

out:
	git_list_clear(&parents);
	return rc;
}

/* HEAD of the worktree PATH, and what its reflogs know beside it; *ADMIN is the caller's. */
static int
pin_tip_locked(struct repo *repo, const char *path, const char *session, char **admin,
    char head[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *branch = NULL;
	int there;

	*admin = worktree_admin(repo, path);
	if (!*admin || !worktree_is_linked(path, *admin)) {
		AUTO_FREE char *shown = text_show(path, true);

		return err_set(
		    err, ERR_NOT_FOUND, "%s is no worktree of this repository", shown);
	}
	there = repo_ref(path, "HEAD", head, err);
	if (there < 0 || (there && pin_commit(repo, session, "head", head, err) < 0))
		return -1;
	branch = git_line(
	    path, GIT_ARGS("symbolic-ref", "-q", "--short", "HEAD"), NULL);
	return pin_dropped(repo, *admin, branch, session, err);
}

static int
pin_locked(struct repo *repo, const char *path, const char *session, struct pin *pin,
    struct err *err)
{
	AUTO_FREE char *admin = NULL;
	struct shadow shadow = { 0 };
	int rc;

	if (pin_tip_locked(repo, path, session, &admin, pin->head, err) < 0)
		return -1;
	rc = shadow_open(&shadow, repo, path, err);
	if (rc == 0)
		rc = take_snapshot(&shadow, admin, session, pin, err);
	shadow_close(&shadow);
	return rc;
}

int
worktree_pin(struct repo *repo, const char *path, const char *session, struct pin *pin,
    struct err *err)
{
	AUTO_FREE char *canon = NULL;
	struct pin p = { 0 };
	int rc;

	if (pin_check_session(session, err) < 0)
		return -1;
	canon = worktree_canon(path, err);
	if (!canon || repo_lock(repo, err) < 0)
		return -1;
	rc = pin_locked(repo, canon, session, &p, err);
	repo_unlock(repo);
	if (rc < 0)
		pin_clear(&p);
	else
		*pin = p;
	return rc;
}

int
worktree_pin_tip(
    struct repo *repo, const char *path, const char *session, struct err *err)
{
	AUTO_FREE char *canon = NULL, *admin = NULL;
	char head[GIT_OID_SIZE];
	int rc;

	if (pin_check_session(session, err) < 0)
		return -1;
	canon = worktree_canon(path, err);
	if (!canon || repo_lock(repo, err) < 0)
		return -1;
	rc = pin_tip_locked(repo, canon, session, &admin, head, err);
	repo_unlock(repo);
	return rc;
}

int
pin_files(struct repo *repo, const char *path, const char *session,
    const struct git_list *files, struct err *err)
{
	struct shadow shadow = { 0 };
	struct git_list parents = { 0 };
	AUTO_FREE char *tree = NULL, *oid = NULL, *ref = NULL;
	char head[GIT_OID_SIZE];
	int rc = repo_ref(path, "HEAD", head, err), had = -1;

	if (rc < 0)
		return -1;
	if (rc)
		git_list_add(&parents, head);
	rc = -1;
	if (shadow_open(&shadow, repo, path, err) == 0 &&
	    shadow_run(&shadow, GIT_ARGS("read-tree", "--empty"), NULL, NULL, err) ==
		0 &&
	    shadow_run(&shadow,
		GIT_ARGS("--literal-pathspecs", "add", "-f", "--sparse",
		    "--pathspec-from-file=-", "--pathspec-file-nul"),
		files, NULL, err) == 0)
		tree = shadow_tree(&shadow, err);
	/* What is left of a removal that was cut off is kept already. */
	if (tree)
		had = pin_has_files(repo, session, "ignored", tree, err);
	if (had == 0)
		oid = pin_make_commit(
		    repo, tree, &parents, "divisi: ignored files", err);
	if (had == 1)
		rc = 0;
	else if (oid)
		rc = pin_numbered(repo, session, "ignored", oid, &ref, err);
	shadow_close(&shadow);
	git_list_clear(&parents);
	return rc;
}
