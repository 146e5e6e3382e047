#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/worktree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 10000
#define MAX_BYTES ((unsigned long long)1 << 30)

/* Ours by name and excluded, so one that a crash left may be replaced. */
#define TEMPORARY ".divisi-copy"

void
pathspec_add(struct git_list *specs, const char *magic, const char *pattern)
{
	const char *p = pattern[0] == '/' ? pattern + 1 : pattern;
	size_t n = strlen(p);
	bool is_dir = n > 0 && p[n - 1] == '/';
	AUTO_FREE char *body = xstrndup(p, is_dir ? n - 1 : n);
	const char *lead = p == pattern && !strchr(body, '/') ? "**/" : "";
	AUTO_FREE char *below = xasprintf(":(top,%s)%s%s/**", magic, lead, body);
	AUTO_FREE char *itself = xasprintf(":(top,%s)%s%s", magic, lead, body);

	if (body[0] == '\0')
		return;
	git_list_add(specs, below);
	if (!is_dir)
		git_list_add(specs, itself);
}

static int
list_untracked(const struct repo *repo, const struct git_list *patterns,
    struct git_list *files, struct err *err)
{
	struct git_list args = { 0 };
	struct git_call call = { .dir = repo->top };
	struct git_out out = { 0 };
	int rc = 0;

	git_list_add(&args, "ls-files");
	git_list_add(&args, "-z");
	git_list_add(&args, "--others");
	git_list_add(&args, "--");
	for (size_t i = 0; i < patterns->n; i++)
		pathspec_add(&args, "glob", patterns->item[i]);
	call.argv = (const char *const *)args.item;
	/* Without a pathspec it would be every file. */
	if (args.n > 4)
		rc = git_run(&call, &out, err);
	git_list_clear(&args);
	if (rc == 0)
		git_list_split(files, out.text, out.n);
	git_out_clear(&out);
	return rc;
}

/*
 * Opens the directory that is to hold NAME below ROOT, making what is missing, never
 * through a symbolic link.  *LAST is the last part of NAME.  -1 with errno.
 */
static int
open_parent(int root, const char *name, const char **last)
{
	int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	for (; fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		AUTO_FREE char *part = xstrndup(name, (size_t)(slash - name));
		int sub;

		if (DURABLE("copy.mkdir", mkdirat(fd, part, 0777)) < 0 &&
		    errno != EEXIST)
			sub = -1;
		else
			sub = openat(
			    fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = sub;
	}
	*last = name;
	return fd;
}

static int
copy_bytes(int from, int to)
{
	char buf[1 << 16];
	ssize_t n;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write_all(to, buf, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

/* Makes DIR/TEMPORARY the same as the file SOURCE. */
static int
copy_temporary(const char *source, const struct stat *st, int dir)
{
	AUTO_FD int from = -1;
	AUTO_FD int to = -1;

	if (S_ISLNK(st->st_mode)) {
		char target[4096];
		ssize_t n = readlink(source, target, sizeof(target) - 1);

		if (n < 0)
			return -1;
		target[n] = '\0';
		return DURABLE("copy.link", symlinkat(target, dir, TEMPORARY));
	}
	from = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	to = from < 0 ? -1
		      : openat(dir, TEMPORARY,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0 || copy_bytes(from, to) < 0)
		return -1;
	return fchmod(to, st->st_mode & 0777);
}

/* 1 when copied, 0 when something is there already, -1 with errno. */
static int
copy_one(const char *source, const struct stat *st, int root, const char *name)
{
	const char *last;
	AUTO_FD int dir = open_parent(root, name, &last);
	struct stat there;
	int rc;

	if (dir < 0)
		return -1;
	if (fstatat(dir, last, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		/* Empty is what a machine without power left of it; nobody has worked here. */
		if (!S_ISREG(there.st_mode) || there.st_size > 0 || st->st_size == 0)
			return 0;
		DURABLE("copy.torn", unlinkat(dir, last, 0));
	}
	DURABLE("copy.clear", unlinkat(dir, TEMPORARY, 0));
	rc = copy_temporary(source, st, dir);
	/* Whole or not at all, and never over what came meanwhile. */
	if (rc == 0)
		rc = DURABLE("copy.rename",
		    renameat2(dir, TEMPORARY, dir, last, RENAME_NOREPLACE));
	if (rc < 0) {
		int saved = errno;

		DURABLE("copy.undo", unlinkat(dir, TEMPORARY, 0));
		errno = saved;
		return saved == EEXIST ? 0 : -1;
	}
	return 1;
}

static int
copy_all(const struct repo *repo, const struct git_list *files, int root,
    size_t *n_copied, struct err *err)
{
	unsigned long long bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < files->n; i++) {
		AUTO_FREE char *source = path_join(repo->top, files->item[i]);
		struct stat st;
		int rc = lstat(source, &st);

		/* A nested repository, a socket, or a file that went away. */
		if (rc < 0 || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
			continue;
		bytes += (unsigned long long)st.st_size;
		if (n >= MAX_FILES || bytes > MAX_BYTES) {
			err_set(err, ERR_INPUT,
			    "divisi.worktree.copy matches more than %d files or 1 GiB",
			    MAX_FILES);
			return err_fix(err, "name fewer files, or make them with "
					    "divisi.worktree.setup");
		}
		rc = copy_one(source, &st, root, files->item[i]);
		if (rc < 0) {
			AUTO_FREE char *shown = text_show(files->item[i], true);

			return err_sys(err, "copy %s into the worktree", shown);
		}
		n += rc > 0;
	}
	*n_copied = n;
	return 0;
}

int
worktree_copy_files(struct repo *repo, const char *path,
    const struct git_list *patterns, size_t *n_copied, struct err *err)
{
	AUTO_FD int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct git_list files = { 0 };
	int rc;

	if (root < 0)
		return err_sys(err, "%s", path);
	rc = list_untracked(repo, patterns, &files, err);
	if (rc == 0)
		rc = copy_all(repo, &files, root, n_copied, err);
	/* All at once: one by one they would take as long as installing what they are. */
	if (rc == 0 && files.n > 0 && DURABLE("copy.sync", syncfs(root)) < 0)
		rc = err_sys(err, "sync %s", path);
	git_list_clear(&files);
	return rc;
}
