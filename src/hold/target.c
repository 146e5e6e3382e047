#include "hold/fence.h"

#include "base/mem.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * What a stopped process meant: its memory, its descriptors, where its paths lead.
 *
 * Its other threads may change all of that while we look.  So whatever is decided is decided
 * about an object that we hold, never about the name it was found by.
 */

#define PAGE_BYTES 4096
#define MAX_LINKS  8 /* symbolic links that lead to nothing, one behind the other */

bool
target_is_there(const struct target *target)
{
	unsigned long long id = target->notif->id;

	return ioctl(target->notify_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

bool
target_is_ours(const struct target *target)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", target->notif->pid);
	return stat(path, &st) == 0 && st.st_uid == geteuid();
}

bool
target_has(pid_t pid)
{
	pid_t us = getpid();

	/* Orphans below us become our children, so that the way up never misses us. */
	for (int i = 0; pid > 1 && i < 10000; i++) {
		pid = proc_parent(pid);
		if (pid == us)
			return true;
	}
	return false;
}

/* The number behind KEY in /proc/PID/status; FALLBACK when it is not there. */
static unsigned
status_number(const struct target *target, const char *key, int base, unsigned fallback)
{
	char path[40], line[256];
	size_t n = strlen(key);

	snprintf(path, sizeof(path), "/proc/%u/status", target->notif->pid);
	AUTO_FILE FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, n) == 0)
			return (unsigned)strtoul(line + n, NULL, base);
	}
	return fallback;
}

mode_t
target_umask(const struct target *target)
{
	return (mode_t)status_number(target, "Umask:", 8, 022);
}

bool
target_read(
    const struct target *target, unsigned long long address, void *buf, size_t n)
{
	struct iovec to = { buf, n };
	struct iovec from = { (void *)(uintptr_t)address, n }; // NOLINT: its address

	return n == 0 || process_vm_readv((pid_t)target->notif->pid, &to, 1, &from, 1,
			     0) == (ssize_t)n;
}

bool
target_read_text(
    const struct target *target, unsigned long long address, char *buf, size_t size)
{
	size_t n = 0;

	/* Page by page: the text may end right before one that is not there. */
	while (n < size) {
		size_t part = PAGE_BYTES - (size_t)((address + n) % PAGE_BYTES);

		if (part > size - n)
			part = size - n;
		if (!target_read(target, address + n, buf + n, part))
			return false;
		if (memchr(buf + n, '\0', part))
			return true;
		n += part;
	}
	return false;
}

int
target_fd(const struct target *target, int fd)
{
	AUTO_FD int pid_fd = pidfd_open((pid_t)target->notif->pid, 0);
	int copy;

	/* A pidfd stands for a whole process; what is stopped may be a thread of it. */
	if (pid_fd < 0)
		pid_fd = pidfd_open((pid_t)status_number(target, "Tgid:", 10, 0), 0);
	copy = pid_fd < 0 ? -1 : pidfd_getfd(pid_fd, fd, 0);
	if (copy >= 0)
		(void)fcntl(copy, F_SETFD, FD_CLOEXEC);
	return copy;
}

pid_t
target_pid_of(int fd)
{
	char path[48], line[128];
	AUTO_FILE FILE *f = NULL;
	long pid = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Pid:", 4) == 0)
			pid = strtol(line + 4, NULL, 10);
	}
	return pid > 0 ? (pid_t)pid : 0;
}

void
place_clear(struct place *place)
{
	if (place->dir_fd >= 0)
		close(place->dir_fd);
	if (place->fd >= 0)
		close(place->fd);
	place->dir_fd = place->fd = -1;
}

/* The canonical path of what FD holds; false when it is nowhere in the file system. */
static bool
path_of(int fd, char *buf, size_t size)
{
	char link[40];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return buf[0] == '/' && strncmp(buf, "/memfd:", 7) != 0;
}

const char *
target_path(const struct target *target, const char *path, char *buf, size_t size)
{
	static const struct {
		const char *from, *to;
	} ways[] = { { "/proc/self/", "" }, { "/proc/thread-self/", "" },
		{ "/dev/fd/", "fd/" }, { "/dev/stdin", "fd/0" },
		{ "/dev/stdout", "fd/1" }, { "/dev/stderr", "fd/2" } };

	for (size_t i = 0; i < N_ELEMS(ways); i++) {
		size_t n = strlen(ways[i].from);
		int len;

		if (strncmp(path, ways[i].from, n) != 0)
			continue;
		len = snprintf(buf, size, "/proc/%u/%s%s", target->notif->pid,
		    ways[i].to, path + n);
		return len > 0 && (size_t)len < size ? buf : path;
	}
	if (target->has_own_pids && strncmp(path, "/proc/", 6) == 0) {
		int len = snprintf(
		    buf, size, "/proc/%u/root%s", target->notif->pid, path);

		return len > 0 && (size_t)len < size ? buf : path;
	}
	return path;
}

/* The directory that relative paths of this call begin at. */
static int
open_base(const struct target *target, int dir_arg)
{
	int dir = dir_arg == NO_ARG ? AT_FDCWD : (int)target->notif->data.args[dir_arg];
	char path[64];

	if (dir == AT_FDCWD)
		snprintf(path, sizeof(path), "/proc/%u/cwd", target->notif->pid);
	else
		snprintf(path, sizeof(path), "/proc/%u/fd/%d", target->notif->pid, dir);
	return open(path, O_PATH | O_CLOEXEC);
}

/* Splits PATH at its last slash; false when it ends in no name. */
static bool
split(char *path, const char **dir, const char **name)
{
	size_t n = strlen(path);
	char *slash;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	slash = strrchr(path, '/');
	*dir = !slash ? "." : slash == path ? "/" : path;
	*name = slash ? slash + 1 : path;
	if (slash && slash != path)
		*slash = '\0';
	return **name && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0;
}

/* The directory DIR is not there: says so, and where it would be. */
static void
find_lost(int base, char *dir, struct place *place)
{
	const char *above, *name;
	AUTO_FD int fd = -1;

	if (!split(dir, &above, &name))
		return;
	fd = openat(base, above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	place->is_lost = fd >= 0 && path_of(fd, place->path, sizeof(place->path));
}

/* Fills in where PATH is that has no object yet, or whose last link is not followed. */
static bool
resolve_name(int base, char *path, struct place *place)
{
	const char *dir, *name;
	size_t n;

	if (!split(path, &dir, &name) || strlen(name) >= sizeof(place->name))
		return false;
	place->dir_fd = openat(base, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->dir_fd < 0 && errno == ENOENT && dir == path)
		find_lost(base, path, place);
	if (place->dir_fd < 0 ||
	    !path_of(place->dir_fd, place->path, sizeof(place->path) - 300))
		return false;
	snprintf(place->name, sizeof(place->name), "%s", name);
	n = strlen(place->path);
	snprintf(place->path + n, sizeof(place->path) - n, "%s%s",
	    place->path[n - 1] == '/' ? "" : "/", name);
	return true;
}

/* Where a symbolic link at PLACE points, as a path that its directory is the base of. */
static bool
read_link(const struct place *place, char *buf, size_t size)
{
	ssize_t n = readlinkat(place->dir_fd, place->name, buf, size - 1);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static bool
resolve_from(int base, char *path, size_t size, bool follows, struct place *place)
{
	/* A slash at the end is followed, whatever the call says of links. */
	bool has_slash = path[0] && path[strlen(path) - 1] == '/';

	if (follows || has_slash) {
		place->fd = openat(base, path, O_PATH | O_CLOEXEC);
		if (place->fd >= 0) {
			place->is_nameless = !path_of(
			    place->fd, place->path, sizeof(place->path));
			return true;
		}
	}
	for (int i = 0; i < MAX_LINKS; i++) {
		AUTO_FD int before = place->dir_fd;
		char to[PAGE_BYTES];

		place->dir_fd = -1;
		if (!resolve_name(before >= 0 ? before : base, path, place))
			return false;
		place->fd = openat(
		    place->dir_fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (!follows || place->fd < 0 || !read_link(place, to, sizeof(to)))
			return true;
		/* A link to nothing: what it names is what would be made. */
		close(place->fd);
		place->fd = -1;
		snprintf(path, size, "%s", to);
	}
	return false;
}

/*
 * Shared memory has a name below /dev/shm, where it would be everybody's: of what is changed
 * there, the agent has its own.  Reading goes where it always does.
 */
static void
use_own_memory(const struct target *target, struct place *place)
{
	static const char dir[] = "/dev/shm/";
	struct place own = { .dir_fd = -1, .fd = -1, .is_memory = true };
	const char *name = place->path + sizeof(dir) - 1;
	size_t n;

	if (target->memory_fd < 0 || strncmp(place->path, dir, sizeof(dir) - 1) != 0 ||
	    strchr(name, '/') || strlen(name) >= sizeof(own.name) ||
	    !path_of(target->memory_fd, own.path, sizeof(own.path) - 300))
		return;
	own.dir_fd = fcntl(target->memory_fd, F_DUPFD_CLOEXEC, 0);
	if (own.dir_fd < 0)
		return;
	memcpy(own.name, name, strlen(name) + 1);
	n = strlen(own.path);
	snprintf(own.path + n, sizeof(own.path) - n, "/%s", name);
	own.fd = openat(own.dir_fd, own.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	place_clear(place);
	*place = own;
}

bool
target_resolve(const struct target *target, int dir_arg, int path_arg, bool follows,
    struct place *place)
{
	char said[PAGE_BYTES], put_right[PAGE_BYTES + 64], path[PAGE_BYTES + 64];
	AUTO_FD int base = -1;

	*place = (struct place){ .dir_fd = -1, .fd = -1 };
	if (!target_read_text(
		target, target->notif->data.args[path_arg], said, sizeof(said)))
		return false;
	base = open_base(target, dir_arg);
	if (base < 0 || !target_is_there(target))
		return false;
	snprintf(path, sizeof(path), "%s",
	    target_path(target, said, put_right, sizeof(put_right)));
	if (path[0] && resolve_from(base, path, sizeof(path), follows, place)) {
		use_own_memory(target, place);
		return true;
	}
	place_clear(place);
	return false;
}

bool
target_resolve_fd(const struct target *target, int fd, struct place *place)
{
	*place = (struct place){ .dir_fd = -1, .fd = target_fd(target, fd) };
	if (place->fd < 0 || !target_is_there(target)) {
		place_clear(place);
		return false;
	}
	place->is_nameless = !path_of(place->fd, place->path, sizeof(place->path));
	return true;
}
