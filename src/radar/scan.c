#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/links.h"
#include "radar/internal.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_STATE_BYTES ((size_t)256 << 20)
#define MAX_INDEX_BYTES ((size_t)1 << 30)
#define LOCK_TRIES      100
#define LOCK_WAIT       (100L * 1000 * 1000)

/* Our object store reads the repository's through this file, and writes nothing there. */
static int
write_alternates(const struct radar *radar, struct err *err)
{
	AUTO_FREE char *info = path_join(radar->dir, "objects/info");
	AUTO_FREE char *path = path_join(info, "alternates");
	AUTO_FREE char *text = xasprintf("%s/objects\n", radar->repo.common_dir);
	AUTO_FREE char *old = file_read(path, 65536, NULL, NULL);

	if (old && strcmp(old, text) == 0)
		return 0;
	if (file_mkdirs(info, 0700, err) < 0)
		return -1;
	return file_write_atomic(path, text, strlen(text), 0600, err);
}

struct radar *
radar_open(const struct repo *repo, const char *dir, struct err *err)
{
	struct radar *radar = xcalloc(1, sizeof(*radar));
	AUTO_FREE char *lock = path_join(dir, "lock");

	radar->lock_fd = -1;
	radar->dir = xstrdup(dir);
	radar->repo = *repo;
	/* Nobody waits for us, so we take no lock of the repository's and hold none. */
	radar->repo.lock_fd = 0;
	radar->objects = xasprintf("GIT_OBJECT_DIRECTORY=%s/objects", dir);
	radar->env[0] = radar->objects;
	radar->repo.env = radar->env;
	if (file_mkdirs(dir, 0700, err) == 0) {
		radar->lock_fd = file_lock(lock, false, err);
		if (radar->lock_fd >= 0 && write_alternates(radar, err) == 0)
			return radar;
	}
	radar_close(radar);
	return NULL;
}

struct radar *
radar_open_soon(const struct repo *repo, const char *dir, struct err *err)
{
	const struct timespec pause = { .tv_nsec = LOCK_WAIT };

	for (int i = 0;; i++) {
		struct radar *radar = radar_open(repo, dir, err);

		if (radar || i == LOCK_TRIES || (err && err->kind != ERR_CONFLICT))
			return radar;
		nanosleep(&pause, NULL);
	}
}

void
radar_close(struct radar *radar)
{
	if (!radar)
		return;
	if (radar->lock_fd >= 0)
		close(radar->lock_fd);
	free(radar->dir);
	free(radar->objects);
	free(radar);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level == 0 ||
	    (ftw->level == 1 && strcmp(path + ftw->base, "lock") == 0))
		return 0;
	return DURABLE("radar.forget", remove(path));
}

int
radar_forget(struct radar *radar, struct err *err)
{
	/* All of it is ours and can be made again: copies of what the trees hold. */
	if (nftw(radar->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return err_sys(err, "%s", radar->dir);
	return write_alternates(radar, err);
}

void
radar_tree_clear(struct radar_tree *tree)
{
	git_list_clear(&tree->touched);
	*tree = (struct radar_tree){ .session = tree->session, .path = tree->path };
}

int
radar_git(const struct radar *radar, const struct radar_call *c, struct git_out *out,
    struct err *err)
{
	/* What is in our store can be made again: nothing here waits for the disk. */
	AUTO_FREE const char **argv = NULL;
	struct git_call call = { .dir = c->dir ? c->dir : radar->repo.common_dir,
		.input = c->input,
		.n_input = c->n_input || !c->input ? c->n_input : strlen(c->input),
		.env = GIT_ARGS(radar->objects, c->index),
		.max_bytes = MAX_STATE_BYTES };
	size_t n = 0;

	while (c->argv[n])
		n++;
	argv = xcalloc(n + 3, sizeof(*argv));
	argv[0] = "-c";
	argv[1] = "core.fsync=none";
	memcpy(&argv[2], c->argv, n * sizeof(*argv));
	call.argv = argv;
	return git_run(&call, out, err);
}

static int
git_word(const struct radar *radar, const struct radar_call *c, char *word, size_t size,
    struct err *err)
{
	struct git_out out = { 0 };
	size_t n;

	if (radar_git(radar, c, &out, err) < 0)
		return -1;
	n = strcspn(out.text, "\n");
	if (n >= size)
		n = size - 1;
	memcpy(word, out.text, n);
	word[n] = '\0';
	git_out_clear(&out);
	return git_oid_ok(word) ? 0 : err_set(err, ERR_SYSTEM, "git gave no id");
}

/* Begins with the session's own index, so that only what changed is read. */
static int
begin_index(const char *path, const char *index, struct err *err)
{
	AUTO_FREE char *lock = xasprintf("%s.lock", index);
	AUTO_FREE char *own = NULL, *bytes = NULL;
	struct stat st;
	size_t n = 0;

	(void)DURABLE("radar.unlock",
	    unlink(lock)); /* of a radar that was killed: we hold its lock now */
	if (file_exists(index))
		return 0;
	own = git_line(path,
	    GIT_ARGS("rev-parse", "--path-format=absolute", "--git-path", "index"),
	    err);
	if (!own)
		return -1;
	if (lstat(own, &st) < 0)
		return 0;
	bytes = file_read(own, MAX_INDEX_BYTES, &n, err);
	if (!bytes || file_write_atomic(index, bytes, n, 0600, err) < 0)
		return -1;
	/* A younger copy hides edits of the same size in the second of the index. */
	return utimensat(AT_FDCWD, index,
		   (const struct timespec[]){ st.st_atim, st.st_mtim }, 0) < 0
		   ? err_sys(err, "set the time of %s", index)
		   : 0;
}

/* What the scan before saw: three ids, the target, then the touched paths. */
struct seen {
	struct git_list record;
};

enum { SEEN_HEAD, SEEN_TREE, SEEN_COMMIT, SEEN_TARGET, SEEN_BASE, SEEN_N };

static void
read_seen(const char *path, struct seen *seen)
{
	size_t n = 0;
	AUTO_FREE char *bytes = file_read(path, MAX_STATE_BYTES, &n, NULL);

	if (bytes)
		git_list_split(&seen->record, bytes, n);
	if (seen->record.n < SEEN_N)
		git_list_clear(&seen->record);
}

static const char *
seen_at(const struct seen *seen, size_t i)
{
	return i < seen->record.n ? seen->record.item[i] : "";
}

static int
write_seen(const char *path, const char *const ids[SEEN_N],
    const struct git_list *touched, struct err *err)
{
	AUTO_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int rc;

	for (size_t i = 0; i < SEEN_N; i++)
		fwrite(ids[i], 1, strlen(ids[i]) + 1, f);
	for (size_t i = 0; i < touched->n; i++)
		fwrite(touched->item[i], 1, strlen(touched->item[i]) + 1, f);
	if (fclose(f) != 0)
		return err_set(err, ERR_SYSTEM, "out of memory");
	rc = file_write_atomic(path, text, n, 0600, err);
	return rc;
}

char *
radar_objects(const struct radar *radar)
{
	return path_join(radar->dir, "objects");
}

int
radar_last(const struct radar *radar, const char *session, int64_t since,
    struct radar_tree *tree)
{
	AUTO_FREE char *state = xasprintf("%s/%s.seen", radar->dir, session);
	struct seen seen = { 0 };
	struct stat st;
	int found;

	if (!git_word_ok(session) || stat(state, &st) < 0 ||
	    (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 < since)
		return 0;
	read_seen(state, &seen);
	found = git_oid_ok(seen_at(&seen, SEEN_HEAD)) &&
		git_oid_ok(seen_at(&seen, SEEN_COMMIT));
	if (found) {
		snprintf(
		    tree->head, sizeof(tree->head), "%s", seen_at(&seen, SEEN_HEAD));
		snprintf(tree->commit, sizeof(tree->commit), "%s",
		    seen_at(&seen, SEEN_COMMIT));
	}
	git_list_clear(&seen.record);
	return found;
}

/* Is the file as it was?  git writes an index anew, under a new name, or not at all. */
static bool
is_same_file(const struct stat *before, const char *path)
{
	struct stat now;

	return stat(path, &now) == 0 && before->st_ino == now.st_ino &&
	       before->st_size == now.st_size &&
	       before->st_mtim.tv_sec == now.st_mtim.tv_sec &&
	       before->st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

/* git must not look into what an agent has put there (git/links.h). */
static int
take_links_out(const struct radar *radar, const struct radar_tree *t, const char *index,
    struct git_list *links, struct err *err)
{
	struct radar_call call = {
		.dir = t->path, .index = index, .argv = GIT_ARGS("ls-files", "-s", "-z")
	};
	struct git_list args = { 0 };
	struct git_out out = { 0 };
	int rc = radar_git(radar, &call, &out, err);

	if (rc == 0)
		links_find(&out, links);
	git_out_clear(&out);
	if (rc < 0 || links->n == 0)
		return rc;
	links_out(links, &args);
	call.argv = (const char *const *)args.item;
	rc = radar_git(radar, &call, NULL, err);
	git_list_clear(&args);
	return rc;
}

static int
put_links_back(const struct radar *radar, const struct radar_tree *t, const char *index,
    const struct git_list *links, struct err *err)
{
	struct git_list args = { 0 };
	struct radar_call call = { .dir = t->path, .index = index };
	int rc = 0;

	links_back(links, t->path, false, &args);
	call.argv = (const char *const *)args.item;
	if (args.n > 0)
		rc = radar_git(radar, &call, NULL, err);
	git_list_clear(&args);
	return rc;
}

/*
 * Takes every file that is not ignored into INDEX and writes it as TREE; KNOWN (may be "")
 * is the tree that INDEX was written as before.
 */
static int
take_tree(const struct radar *radar, const struct radar_tree *t, const char *index,
    const char *known, char tree[GIT_OID_SIZE], struct err *err)
{
	const char *file = strchr(index, '=') + 1;
	struct stat before = { 0 };
	const struct radar_call all = { .dir = t->path,
		.index = index,
		.argv = GIT_ARGS("-c", "core.untrackedCache=true", "-c",
		    "advice.addEmbeddedRepo=false", "add", "-A", "--sparse",
		    "--ignore-errors", "--", ".") };
	const struct radar_call tracked = { .dir = t->path,
		.index = index,
		.argv = GIT_ARGS(
		    "add", "-u", "--sparse", "--ignore-errors", "--", ".") };
	const struct radar_call write = {
		.dir = t->path, .index = index, .argv = GIT_ARGS("write-tree")
	};
	struct err first = ERR_INIT;
	struct git_list links = { 0 };
	int rc;

	(void)!stat(file, &before);
	if (take_links_out(radar, t, index, &links, err) < 0)
		return -1;
	/* A repository inside, without a commit, cannot be added: the rest still can. */
	rc = radar_git(radar, &all, NULL, &first);
	if (rc < 0)
		rc = radar_git(radar, &tracked, NULL, err);
	if (rc == 0)
		rc = put_links_back(radar, t, index, &links, err);
	git_list_clear(&links);
	if (rc < 0)
		return -1;
	if (known[0] && is_same_file(&before, file)) {
		snprintf(tree, GIT_OID_SIZE, "%s", known);
		return 0;
	}
	return git_word(radar, &write, tree, GIT_OID_SIZE, err);
}

/* A commit of TREE on HEAD; HEAD itself when that is its tree. */
static int
make_commit(const struct radar *radar, struct radar_tree *t, const char *tree,
    const char *head_tree, struct err *err)
{
	const struct radar_call call = { .dir = t->path,
		.argv = GIT_ARGS("-c", "user.name=divisi", "-c",
		    "user.email=divisi@localhost", "-c", "commit.gpgSign=false",
		    "commit-tree", "-p", t->head, "-m", "divisi radar", tree) };

	if (strcmp(tree, head_tree) == 0) {
		memcpy(t->commit, t->head, sizeof(t->commit));
		return 0;
	}
	return git_word(radar, &call, t->commit, sizeof(t->commit), err);
}

int
radar_changed(struct radar *radar, const char *base, const char *target,
    struct git_list *touched, struct err *err)
{
	const struct radar_call call = { .argv = GIT_ARGS("diff-tree", "-r", "-z",
					     "--name-only", "--no-renames",
					     "--no-ext-diff", base, target) };
	struct git_out out = { 0 };

	if (strcmp(base, target) == 0)
		return 0;
	if (radar_git(radar, &call, &out, err) < 0)
		return -1;
	git_list_split(touched, out.text, out.n);
	git_out_clear(&out);
	git_list_sort(touched);
	return 0;
}

/* HEAD and its tree, as they are in the session's checkout. */
static int
read_head(const struct radar *radar, struct radar_tree *t, char head_tree[GIT_OID_SIZE],
    struct err *err)
{
	const struct radar_call call = { .dir = t->path,
		.argv = GIT_ARGS("rev-parse", "HEAD", "HEAD^{tree}") };
	struct git_out out = { 0 };
	int n;

	if (radar_git(radar, &call, &out, err) < 0)
		return -1;
	n = sscanf(out.text, "%64s %64s", t->head, head_tree);
	git_out_clear(&out);
	return n == 2 ? 0 : err_set(err, ERR_SYSTEM, "%s has no commit", t->path);
}

int
radar_scan(
    struct radar *radar, const char *target, struct radar_tree *tree, struct err *err)
{
	AUTO_FREE char *file = xasprintf("%s/%s.index", radar->dir, tree->session);
	AUTO_FREE char *state = xasprintf("%s/%s.seen", radar->dir, tree->session);
	AUTO_FREE char *index = xasprintf("GIT_INDEX_FILE=%s", file);
	char id[GIT_OID_SIZE], head_tree[GIT_OID_SIZE];
	const struct radar_call part = { .argv = GIT_ARGS(
					     "merge-base", tree->head, target) };
	const char *const ids[SEEN_N] = { tree->head, id, tree->commit, target,
		tree->base };
	struct seen seen = { 0 };
	bool had_index;
	int rc = -1;

	radar_tree_clear(tree);
	if (!git_word_ok(tree->session))
		return err_set(err, ERR_USAGE, "'%.60s' is no session", tree->session);
	read_seen(state, &seen);
	had_index = file_exists(file);
	if (begin_index(tree->path, file, err) < 0 ||
	    read_head(radar, tree, head_tree, err) < 0)
		goto out;
	rc = take_tree(radar, tree, index, seen_at(&seen, SEEN_TREE), id, err);
	if (rc < 0 && had_index) {
		/* It may name what a gc has taken from the repository: all is read anew. */
		(void)DURABLE("radar.anew", unlink(file));
		rc = begin_index(tree->path, file, err);
		if (rc == 0)
			rc = take_tree(radar, tree, index, "", id, err);
	}
	if (rc < 0)
		goto out;
	rc = -1;
	if (strcmp(seen_at(&seen, SEEN_HEAD), tree->head) == 0 &&
	    strcmp(seen_at(&seen, SEEN_TREE), id) == 0 &&
	    strcmp(seen_at(&seen, SEEN_TARGET), target) == 0) {
		snprintf(tree->commit, sizeof(tree->commit), "%s",
		    seen_at(&seen, SEEN_COMMIT));
		snprintf(
		    tree->base, sizeof(tree->base), "%s", seen_at(&seen, SEEN_BASE));
		for (size_t i = SEEN_N; i < seen.record.n; i++)
			git_list_add(&tree->touched, seen.record.item[i]);
		rc = 0;
		goto out;
	}
	tree->is_new = true;
	if (make_commit(radar, tree, id, head_tree, err) == 0 &&
	    git_word(radar, &part, tree->base, sizeof(tree->base), err) == 0 &&
	    radar_changed(radar, tree->base, tree->commit, &tree->touched, err) == 0)
		rc = write_seen(state, ids, &tree->touched, err);
out:
	git_list_clear(&seen.record);
	if (rc < 0)
		radar_tree_clear(tree);
	return rc;
}
