#include "git/torn.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"
#include "git/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beyond that many files one sync of everything is cheaper. */
#define MANY_FILES 500
/* Nobody commits more than that between two looks of ours. */
#define MOST_COMMITS "--max-count=1000"

int
torn_sync_worktree(const char *path, const char *admin, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int admin_fd = open(admin, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st, admin_st;

	if (fd < 0 || fstat(fd, &st) < 0 ||
	    DURABLE("torn.sync-worktree", syncfs(fd)) < 0)
		return err_sys(err, "sync %s", path);
	if (admin_fd < 0 || fstat(admin_fd, &admin_st) < 0 ||
	    (admin_st.st_dev != st.st_dev &&
		DURABLE("torn.sync-admin", syncfs(admin_fd)) < 0))
		return err_sys(err, "sync %s", admin);
	return 0;
}

int
torn_lock_worktree(
    struct repo *repo, const char *path, const char *reason, struct err *err)
{
	AUTO_FREE char *admin = worktree_admin(repo, path);

	if (git_change(repo, repo->common_dir,
		GIT_ARGS("worktree", "lock", "--reason", reason, "--", path), err) < 0)
		return -1;
	return admin ? torn_sync_worktree(path, admin, err) : 0;
}

static void
sync_path(int top, const char *dir, const char *name)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_FD int fd = openat(
	    top, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	/* What was deleted is no file; its directory still tells that. */
	if (fd >= 0)
		(void)DURABLE("torn.sync-file", fsync(fd));
	(void)!file_sync_parent(path, NULL);
}

void
torn_sync_files(const char *dir, const struct changed_paths *changed)
{
	AUTO_FD int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top >= 0 && changed->n > MANY_FILES) {
		(void)DURABLE("torn.sync-all", syncfs(top));
		return;
	}
	for (size_t i = 0; top >= 0 && i < changed->n; i++)
		sync_path(top, dir, changed->item[i].path);
}

void
torn_sync_loose(const char *dir, const struct git_list *paths)
{
	AUTO_FD int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top >= 0 && paths->n > MANY_FILES) {
		(void)DURABLE("torn.sync-loose", syncfs(top));
		return;
	}
	for (size_t i = 0; top >= 0 && i < paths->n; i++)
		sync_path(top, dir, paths->item[i]);
}

/* The objects that OID adds to what is pinned of SESSION, one per line; NULL when unknown. */
static char *
new_objects(const struct repo *repo, const char *session, const char *oid)
{
	AUTO_FREE char *pinned = xasprintf("--glob=refs/divisi/%s/*", session);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("rev-list", "--objects", "--no-object-names",
		    MOST_COMMITS, oid, "--not", pinned),
		.truncate = true };
	struct git_out out = { 0 };

	if (git_run(&call, &out, NULL) < 0)
		return NULL;
	return out.text;
}

void
torn_sync_commit(const struct repo *repo, const char *session, const char *oid)
{
	AUTO_FREE char *objects = path_join(repo->common_dir, "objects");
	AUTO_FREE char *all = new_objects(repo, session, oid);
	AUTO_FD int top = open(objects, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct span rest = span_of(all ? all : ""), line;
	int n = 0;

	while (top >= 0 && span_next(&rest, '\n', &line) && line.n > 2) {
		AUTO_FREE char *path = xasprintf(
		    "%s/%.2s/%.*s", objects, line.p, (int)line.n - 2, line.p + 2);
		AUTO_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		/* What is in a pack was synced by whoever packed it. */
		if (fd < 0)
			continue;
		if (++n > MANY_FILES) {
			(void)DURABLE("torn.sync-objects", syncfs(top));
			return;
		}
		(void)DURABLE("torn.sync-object", fsync(fd));
		(void)!file_sync_parent(path, NULL);
	}
}

/* The lock of the branch that the private git directory ADMIN has checked out, or NULL. */
static char *
branch_lock(const char *admin)
{
	AUTO_FREE char *path = path_join(admin, "HEAD");
	AUTO_FREE char *text = file_read(path, 1 << 16, NULL, NULL);

	if (!text || strncmp(text, "ref: refs/heads/", 16) != 0 || strstr(text, ".."))
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return xasprintf("%s/../../%s.lock", admin, text + 5);
}

void
torn_unlock(const char *path)
{
	static const char *const names[] = { "index.lock", "HEAD.lock",
		"ORIG_HEAD.lock" };
	AUTO_FREE char *file = path_join(path, ".git");
	AUTO_FREE char *text = file_read(file, 1 << 16, NULL, NULL);
	struct git_list locks = { 0 };
	AUTO_FREE char *branch = NULL;

	if (!text || strncmp(text, "gitdir: /", 9) != 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *lock = path_join(text + 8, names[i]);

		if (file_exists(lock))
			git_list_add(&locks, lock);
	}
	branch = branch_lock(text + 8);
	if (branch && file_exists(branch))
		git_list_add(&locks, branch);
	/* What we look with ourselves takes none of them (GIT_OPTIONAL_LOCKS, private indexes). */
	if (locks.n > 0 && !proc_works_in(path, getpid())) {
		for (size_t i = 0; i < locks.n; i++)
			DURABLE("torn.unlock", unlink(locks.item[i]));
	}
	git_list_clear(&locks);
}

bool
torn_unlock_ref(const struct repo *repo, const char *ref)
{
	AUTO_FREE char *lock = xasprintf("%s/%s.lock", repo->common_dir, ref);
	char oid[GIT_OID_SIZE];

	if (strncmp(ref, "refs/divisi/", 12) != 0 &&
	    (strncmp(ref, "refs/heads/", 11) != 0 ||
		repo_ref(repo->common_dir, ref, oid, NULL) != 0))
		return false;
	return DURABLE("torn.unlock-ref", unlink(lock)) == 0;
}

static bool
is_empty_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Does the directory PATH hold an empty .git and nothing else? */
static bool
is_torn(const char *path)
{
	AUTO_FREE char *git = path_join(path, ".git");
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return n == 1 && is_empty_file(git);
}

/* Is NAME what git calls the private directory of a worktree BASE: that, or BASE1, ...? */
static bool
is_named_for(const char *name, const char *base)
{
	size_t n = strlen(base);

	return strncmp(name, base, n) == 0 &&
	       strspn(name + n, "0123456789") == strlen(name + n);
}

int
torn_clear_worktree(const struct repo *repo, const char *path, struct err *err)
{
	AUTO_FREE char *all = path_join(repo->common_dir, "worktrees");
	AUTO_FREE char *git = path_join(path, ".git");
	const char *base = strrchr(path, '/') + 1;
	DIR *dir;
	struct dirent *e;
	int rc = 0;

	if (file_exists(path) && !is_torn(path))
		return 0;
	dir = opendir(all);
	while (dir && rc == 0 && (e = readdir(dir))) {
		AUTO_FREE char *admin = path_join(all, e->d_name);
		AUTO_FREE char *link = path_join(admin, "gitdir");

		if (is_named_for(e->d_name, base) && is_empty_file(link))
			rc = file_remove_tree(admin, err);
	}
	if (dir)
		closedir(dir);
	if (rc == 0 && file_exists(path) &&
	    (DURABLE("torn.drop-link", unlink(git)) < 0 ||
		DURABLE("torn.drop-dir", rmdir(path)) < 0))
		rc = err_sys(err, "remove %s", path);
	return rc;
}

/* Of PATHS, those that are in the checkout DIR otherwise than in COMMIT. */
static int
find_other(const char *dir, const char *commit, const struct git_list *paths,
    struct git_list *other, struct err *err)
{
	struct git_list args = { 0 };
	struct git_call call = { .dir = dir };
	struct git_out out = { 0 };
	int rc;

	git_list_add(&args, "--literal-pathspecs");
	git_list_add(&args, "diff");
	git_list_add(&args, "--name-only");
	git_list_add(&args, "--no-renames");
	git_list_add(&args, "--ignore-submodules=dirty");
	git_list_add(&args, "-z");
	git_list_add(&args, commit);
	git_list_add(&args, "--");
	for (size_t i = 0; i < paths->n; i++)
		git_list_add(&args, paths->item[i]);
	call.argv = (const char *const *)args.item;
	rc = git_run(&call, &out, err);
	if (rc == 0)
		git_list_split(other, out.text, out.n);
	git_out_clear(&out);
	git_list_clear(&args);
	git_list_sort(other);
	return rc;
}

/* Puts PATHS in DIR, in its index, too, back to what its branch has. */
static int
put_back(const char *dir, const struct git_list *paths, struct err *err)
{
	struct git_list args = { 0 };
	struct git_call call = { .dir = dir };
	int rc;

	git_list_add(&args, "--literal-pathspecs");
	git_list_add(&args, "restore");
	git_list_add(&args, "--source=HEAD");
	git_list_add(&args, "--staged");
	git_list_add(&args, "--worktree");
	git_list_add(&args, "--");
	for (size_t i = 0; i < paths->n; i++)
		git_list_add(&args, paths->item[i]);
	call.argv = (const char *const *)args.item;
	rc = git_run(&call, NULL, err);
	git_list_clear(&args);
	return rc;
}

int
torn_mend_checkout(const char *dir, const struct changed_paths *changed,
    const char *commit, bool is_landed, struct err *err)
{
	struct git_list paths = { 0 }, dirty = { 0 }, other = { 0 }, torn = { 0 };
	int rc = 0;

	/* A person takes so many in hand; the arguments of one git are bounded. */
	if (changed->n == 0 || changed->n > MANY_FILES)
		return 0;
	for (size_t i = 0; i < changed->n; i++) {
		git_list_add(&paths, changed->item[i].path);
		if (changed->item[i].from)
			git_list_add(&paths, changed->item[i].from);
	}
	if (find_other(dir, "HEAD", &paths, &dirty, err) < 0 ||
	    (!is_landed && find_other(dir, commit, &paths, &other, err) < 0))
		rc = -1;
	for (size_t i = 0; rc == 0 && i < dirty.n; i++) {
		AUTO_FREE char *path = path_join(dir, dirty.item[i]);

		if (is_empty_file(path) ||
		    (!is_landed && !git_list_has(&other, dirty.item[i])))
			git_list_add(&torn, dirty.item[i]);
	}
	if (rc == 0 && torn.n > 0)
		rc = put_back(dir, &torn, err);
	git_list_clear(&paths);
	git_list_clear(&dirty);
	git_list_clear(&other);
	git_list_clear(&torn);
	return rc;
}
