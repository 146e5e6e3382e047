/*
 * A disk that loses what was never synced, to be loaded in front of the C library:
 *
 *	LD_PRELOAD=libpowercut.so POWERCUT_ROOT=DIR POWERCUT_STATE=DIR [POWERCUT_STRICT=DIR]
 *
 * Below POWERCUT_ROOT nothing is held back: programs see what they wrote.  But each sync
 * copies what it makes last to POWERCUT_STATE, from which tests/crash/disk.py builds the
 * tree that a machine without power would find:
 *
 * - a file has the bytes of its own last fsync(2), and none when it never had one;
 * - what a directory lists is as it was when anything was last synced: a journalling file
 *   system (ext4, xfs) commits names in order, and git relies on it, for it syncs files and
 *   never directories;
 * - below POWERCUT_STRICT even that is not granted: a name lasts when its own directory is
 *   synced, as fsync(2) promises and no more;
 * - a rename over an existing file takes the bytes along (ext4's auto_da_alloc).
 *
 * Nothing is synced in truth.  Files are told apart by inode and time of birth.  When the file
 * `halt` is in POWERCUT_STATE the power is gone: who syncs waits for ever.
 *
 * With POWERCUT_AHEAD=SECONDS the machine's clock is ahead by so much.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *root, *state, *strict;
static long ahead_s;

__attribute__((constructor)) static void
begin(void)
{
	root = getenv("POWERCUT_ROOT");
	state = getenv("POWERCUT_STATE");
	strict = getenv("POWERCUT_STRICT");
	ahead_s = atol(getenv("POWERCUT_AHEAD") ? getenv("POWERCUT_AHEAD") : "0");
	if (!root || !state || !*root || !*state)
		root = state = NULL;
}

static bool
is_below(const char *path, const char *top)
{
	size_t n = top ? strlen(top) : 0;

	return n > 0 && strncmp(path, top, n) == 0 &&
	       (path[n] == '/' || path[n] == '\0');
}

/* The path behind FD when it is below the root. */
static bool
path_of(int fd, char path[PATH_MAX])
{
	char link[40];
	ssize_t n;

	if (!root)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return is_below(path, root);
}

/* Takes the lock of the state; the caller closes it.  Waits for ever without power. */
static int
take_state(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/lock", state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	snprintf(path, sizeof(path), "%s/halt", state);
	if (access(path, F_OK) == 0) {
		close(fd);
		for (;;)
			pause();
	}
	return fd;
}

struct key {
	char text[80];
	mode_t mode;
};

static bool
key_at(int dir, const char *name, int flags, struct key *key)
{
	struct statx st;

	if (statx(dir, name, flags | AT_SYMLINK_NOFOLLOW,
		STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return false;
	snprintf(key->text, sizeof(key->text), "%llu-%lld-%u",
	    (unsigned long long)st.stx_ino, (long long)st.stx_btime.tv_sec,
	    st.stx_btime.tv_nsec);
	key->mode = st.stx_mode;
	return true;
}

/* Copies the file behind FD to the state. */
static void
save_data(int fd)
{
	char from[40], to[PATH_MAX], buf[1 << 16];
	struct key key;
	int in, out;
	ssize_t n;

	if (!key_at(fd, "", AT_EMPTY_PATH, &key) || !S_ISREG(key.mode))
		return;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	snprintf(to, sizeof(to), "%s/data/%s", state, key.text);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof(buf))) > 0) {
		if (write(out, buf, (size_t)n) != n)
			break;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
}

/* Lists the directory behind FD, which is taken: "D KEY", then "TYPE MODE KEY NAME". */
static void
save_dir(int fd, const char *path, FILE *out, bool goes_down)
{
	struct key own, key;
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (!dir || !key_at(dirfd(dir), "", AT_EMPTY_PATH, &own))
		return;
	fprintf(out, "D %s\n", own.text);
	while ((e = readdir(dir))) {
		char target[PATH_MAX] = "";
		ssize_t n;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    !key_at(dirfd(dir), e->d_name, 0, &key))
			continue;
		n = S_ISLNK(key.mode)
			? readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1)
			: 0;
		target[n > 0 ? n : 0] = '\0';
		fprintf(out, "%c %o %s %s%s%s\n",
		    S_ISDIR(key.mode)   ? 'd'
		    : S_ISLNK(key.mode) ? 'l'
		    : S_ISREG(key.mode) ? 'f'
					: 's',
		    key.mode & 07777, key.text, e->d_name, n > 0 ? "\t" : "", target);
	}
	rewinddir(dir);
	while (goes_down && (e = readdir(dir))) {
		char below[PATH_MAX];
		int sub;

		if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(below, sizeof(below), "%.2000s/%s", path, e->d_name);
		if (is_below(below, strict))
			continue;
		sub = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0)
			save_dir(sub, below, out, true);
	}
	closedir(dir);
}

/* Writes a listing to the state under NAME. */
static void
save_listing(const char *path, const char *name, bool goes_down)
{
	char to[PATH_MAX], made[PATH_MAX];
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FILE *out;

	snprintf(to, sizeof(to), "%s/%s", state, name);
	snprintf(made, sizeof(made), "%s/new", state);
	out = fd < 0 ? NULL : fopen(made, "we");
	if (!out) {
		if (fd >= 0)
			close(fd);
		return;
	}
	save_dir(fd, path, out, goes_down);
	fclose(out);
	(void)syscall(SYS_rename, made, to);
}

static int
make_last(int fd)
{
	char path[PATH_MAX], name[PATH_MAX];
	int saved = errno, lock;
	struct key key;

	if (!path_of(fd, path))
		return 0;
	lock = take_state();
	save_data(fd);
	if (key_at(fd, "", AT_EMPTY_PATH, &key) && S_ISDIR(key.mode) &&
	    is_below(path, strict)) {
		snprintf(name, sizeof(name), "dirs/%s", key.text);
		save_listing(path, name, false);
	}
	save_listing(root, "tree", true);
	close(lock);
	errno = saved;
	return 0;
}

int
fsync(int fd)
{
	return make_last(fd);
}

int
fdatasync(int fd)
{
	return make_last(fd);
}

/* Everything below the directory PATH, as syncfs(2) would. */
static void
save_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	struct key key;

	if (dir && is_below(path, strict) &&
	    key_at(dirfd(dir), "", AT_EMPTY_PATH, &key)) {
		char name[PATH_MAX];

		snprintf(name, sizeof(name), "dirs/%s", key.text);
		save_listing(path, name, false);
	}
	while (dir && (e = readdir(dir))) {
		char below[PATH_MAX];
		int fd;

		snprintf(below, sizeof(below), "%.2000s/%s", path, e->d_name);
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0) {
			save_all(below);
		} else if (e->d_type == DT_REG) {
			fd = open(below, O_RDONLY | O_CLOEXEC);
			if (fd >= 0) {
				save_data(fd);
				close(fd);
			}
		}
	}
	if (dir)
		closedir(dir);
}

int
syncfs(int fd)
{
	char path[PATH_MAX];
	int lock;

	if (!path_of(fd, path))
		return 0;
	lock = take_state();
	save_all(root);
	save_listing(root, "tree", true);
	close(lock);
	return 0;
}

void
sync(void)
{
	int fd = root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)syncfs(fd);
		close(fd);
	}
}

/* Takes the bytes of FROM along when it is about to replace TO. */
static void
before_rename(int from_dir, const char *from, int to_dir, const char *to)
{
	char path[PATH_MAX];
	struct stat st;
	int saved = errno, fd = -1, lock;

	if (root && fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		fd = openat(from_dir, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && path_of(fd, path) && !is_below(path, strict)) {
		lock = take_state();
		save_data(fd);
		close(lock);
	}
	if (fd >= 0)
		close(fd);
	errno = saved;
}

int
rename(const char *from, const char *to)
{
	before_rename(AT_FDCWD, from, AT_FDCWD, to);
	return (int)syscall(SYS_rename, from, to);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	before_rename(from_dir, from, to_dir, to);
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

/* ---- the clock ----------------------------------------------------------------------------- */

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc == 0 && clock == CLOCK_REALTIME)
		ts->tv_sec += ahead_s;
	return rc;
}
