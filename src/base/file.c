#include "base/file.h"

#include "base/crash.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

char *
path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return xasprintf("%s%s%s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/", name);
}

bool
file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool
file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *
file_read(const char *path, size_t max_bytes, size_t *n_bytes, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *buf = NULL;
	struct stat st;
	size_t n = 0, cap = 0;

	if (fd < 0) {
		err_sys(err, "%s", path);
		if (err && (errno == ENOENT || errno == ENOTDIR))
			err->kind = ERR_NOT_FOUND;
		return NULL;
	}
	if (fstat(fd, &st) < 0) {
		err_sys(err, "%s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_INPUT, "%s is %s", path,
		    S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
		return NULL;
	}
	if ((unsigned long long)st.st_size > max_bytes)
		goto too_large;
	for (;;) {
		ssize_t got;

		if (cap - n < 2) {
			cap = cap ? cap * 2 : (size_t)st.st_size + 4096;
			buf = xreallocarray(buf, cap, 1);
		}
		got = read(fd, buf + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_sys(err, "%s", path);
			free(buf);
			return NULL;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max_bytes)
			goto too_large;
	}
	buf[n] = '\0';
	if (n_bytes)
		*n_bytes = n;
	return buf;

too_large:
	free(buf);
	err_set(err, ERR_INPUT, "%s is larger than %zu bytes", path, max_bytes);
	return NULL;
}

char *
file_read_tail(const char *path, size_t max_bytes)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_FREE char *buf = xmalloc(max_bytes + 1);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	n = pread(fd, buf, max_bytes,
	    st.st_size > (off_t)max_bytes ? st.st_size - (off_t)max_bytes : 0);
	if (n < 0)
		return NULL;
	buf[n] = '\0';
	return TAKE_PTR(buf);
}

int
file_write_all(int fd, const void *data, size_t n_bytes)
{
	const char *p = data;

	while (n_bytes > 0) {
		ssize_t n = write(fd, p, n_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		n_bytes -= (size_t)n;
	}
	return 0;
}

int
file_sync_parent(const char *path, struct err *err)
{
	AUTO_FREE char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	AUTO_FD int fd = -1;

	if (slash == dir)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || DURABLE("file.sync-dir", fsync(fd)) < 0)
		return err_sys(err, "sync directory of %s", path);
	return 0;
}

#define TEMPORARY ".divisi-"

/* Is NAME that of a temporary: of the file TARGET, or of any when that is NULL? */
static bool
is_temporary(const char *name, const char *target)
{
	const size_t n_tail = strlen(TEMPORARY) + 6, n = strlen(name);

	if (n <= n_tail ||
	    strncmp(name + n - n_tail, TEMPORARY, strlen(TEMPORARY)) != 0)
		return false;
	return !target ||
	       (strlen(target) == n - n_tail && strncmp(name, target, n - n_tail) == 0);
}

/* Removes such temporaries in PARENT whose writers are dead: nobody holds their lock. */
static void
clear_temporaries(const char *parent, const char *target)
{
	DIR *dir = opendir(parent);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *full = path_join(parent, e->d_name);
		AUTO_FD int fd = -1;

		if (!is_temporary(e->d_name, target))
			continue;
		fd = open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			DURABLE("file.clear", unlink(full));
	}
	if (dir)
		closedir(dir);
}

void
file_clear_dead(const char *dir)
{
	clear_temporaries(dir, NULL);
}

static void
clear_temporaries_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *parent = slash ? xstrndup(path, (size_t)(slash - path) + 1)
				       : xstrdup("./");

	clear_temporaries(parent, slash ? slash + 1 : path);
}

/*
 * Makes the file TMP, a template of mkstemp(3), locked as long as its descriptor is open: who
 * dies with it lets the next writer know.  -1 with errno.
 */
static int
make_temporary(char *tmp)
{
	size_t n = strlen(tmp);

	for (int i = 0; i < 100; i++) {
		struct stat st;
		int fd;

		memset(tmp + n - 6, 'X', 6);
		fd = mkostemp(tmp, O_CLOEXEC);
		if (fd < 0)
			return -1;
		/* Another may have taken it for a dead one's before it was locked. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
		    st.st_nlink > 0)
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

/* A device or pipe is written to: to put a file in its place would break it for everybody. */
static int
write_through(const char *path, const void *data, size_t n_bytes, struct err *err)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || file_write_all(fd, data, n_bytes) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

int
file_write_atomic(
    const char *path, const void *data, size_t n_bytes, mode_t mode, struct err *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	const char *target = real ? real : path;
	AUTO_FREE char *tmp = xasprintf("%s" TEMPORARY "XXXXXX", target);
	AUTO_FD int fd = -1;
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_through(path, data, n_bytes, err);
	clear_temporaries_of(target);
	fd = make_temporary(tmp);
	if (fd < 0)
		return err_sys(err, "write %s", path);
	if (stat(target, &st) == 0) {
		mode = st.st_mode & 07777;
		(void)!fchown(fd, st.st_uid, st.st_gid);
	}
	if (file_write_all(fd, data, n_bytes) < 0 || fchmod(fd, mode) < 0 ||
	    DURABLE("file.sync", fsync(fd)) < 0 ||
	    DURABLE("file.rename", rename(tmp, target)) < 0) {
		err_sys(err, "write %s", path);
		DURABLE("file.undo", unlink(tmp));
		return -1;
	}
	return file_sync_parent(target, err);
}

int
file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	AUTO_FREE char *p = xstrdup(path);

	for (char *s = p; *s; s++) {
		if (*s != '/' || s == p)
			continue;
		*s = '\0';
		if (!file_is_dir(p) && DURABLE("file.mkdirs", mkdir(p, mode)) < 0 &&
		    errno != EEXIST)
			return err_sys(err, "make directory %s", p);
		*s = '/';
	}
	if (!file_is_dir(p) && DURABLE("file.mkdir", mkdir(p, mode)) < 0 &&
	    errno != EEXIST)
		return err_sys(err, "make directory %s", p);
	if (!file_is_dir(p)) {
		errno = ENOTDIR;
		return err_sys(err, "make directory %s", p);
	}
	return 0;
}

/* Empties the directory FD refers to; the depth is bounded by the path it may hold. */
static int
empty_dir(int dir_fd, dev_t dev, int depth)
{
	int fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* Some programs write-protect the directories of their caches. */
	(void)!fchmod(dir_fd, 0700);
	while ((e = readdir(dir))) {
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			rc = -1;
			continue;
		}
		if (!S_ISDIR(st.st_mode)) {
			if (DURABLE("tree.unlink", unlinkat(dir_fd, e->d_name, 0)) < 0)
				rc = -1;
			continue;
		}
		if (st.st_dev == dev && depth > 0) {
			int sub = openat(dir_fd, e->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (sub < 0 || empty_dir(sub, dev, depth - 1) < 0)
				rc = -1;
			if (sub >= 0)
				close(sub);
		}
		if (DURABLE("tree.rmdir", unlinkat(dir_fd, e->d_name, AT_REMOVEDIR)) <
		    0)
			rc = -1;
	}
	closedir(dir);
	return rc;
}

int
file_remove_tree(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || empty_dir(fd, st.st_dev, 200) < 0 ||
	    DURABLE("tree.remove", rmdir(path)) < 0)
		return err_sys(err, "remove %s", path);
	return 0;
}

void
file_remove_dead_trees(const char *dir, const char *prefix)
{
	size_t n = strlen(prefix);
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name);
		int pid;

		if (strncmp(e->d_name, prefix, n) == 0 &&
		    sscanf(e->d_name + n, ".%d.", &pid) == 1 && pid > 0 &&
		    kill(pid, 0) < 0 && errno == ESRCH)
			(void)!file_remove_tree(path, NULL);
	}
	if (d)
		closedir(d);
}

char *
file_state_dir(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state && state[0] == '/')
		return xasprintf("%s/divisi", state);
	return xasprintf("%s/.local/state/divisi", home && home[0] == '/' ? home : "");
}

int
file_lock(const char *path, bool wait, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(err, "open lock %s", path);
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			err_set(
			    err, ERR_CONFLICT, "%s is held by another process", path);
		else
			err_sys(err, "lock %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

bool
file_is_local_fs(const char *path)
{
	static const unsigned long remote[] = { 0x6969, 0xFF534D42, 0xFE534D42, 0x517B,
		0x01021997, 0x65735546, 0x0BD00BD0, 0x47504653, 0x00C36400, 0x5346414F,
		0x19830326, 0x01161970, 0x7461636F, 0x73757245 };
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return true;
	for (size_t i = 0; i < N_ELEMS(remote); i++) {
		if (((unsigned long)fs.f_type & 0xFFFFFFFF) == remote[i])
			return false;
	}
	return true;
}
