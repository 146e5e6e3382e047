#include "hold/fence.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

/*
 * Calls that the broker makes in place of the agent, on objects it holds: between its look
 * and its act nothing can be put in their place.
 */

#define VALUE_BYTES (64 * 1024) /* the kernel's own limit for an attribute */

int
doing_open(
    const struct target *target, const struct place *place, int flags, mode_t mode)
{
	struct seccomp_notif_addfd add = { .id = target->notif->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.newfd_flags = (unsigned)flags & O_CLOEXEC };
	bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	/* By the path that was judged: a link put into it meanwhile is no way. */
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
		.mode = makes ? mode & 0777 : 0,
		.resolve = RESOLVE_NO_SYMLINKS };
	mode_t before = umask(target_umask(target));
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, place->path, &how, sizeof(how));
	int rc = fd < 0 ? -errno : 0;

	umask(before);
	if (fd < 0)
		return rc;
	add.srcfd = (unsigned)fd;
	/* This answers the call, too. */
	rc = ioctl(target->notify_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
	close(fd);
	return rc < 0 && rc != -ENOENT ? -EACCES : 1;
}

static int
status(int rc)
{
	return rc < 0 ? -errno : 0;
}

static int
set_times(const struct target *target, const char *path)
{
	const unsigned long long *arg = target->notif->data.args;
	const char *name = target->call->name;
	bool is_nano = strcmp(name, "utimensat") == 0;
	unsigned long long from = is_nano || strcmp(name, "futimesat") == 0 ? arg[2]
									    : arg[1];
	struct timespec times[2];
	struct timeval elder[2];
	struct utimbuf eldest = { 0 };

	if (from == 0)
		return status(utimensat(AT_FDCWD, path, NULL, 0));
	if (is_nano) {
		if (!target_read(target, from, times, sizeof(times)))
			return -EFAULT;
	} else if (strcmp(name, "utime") == 0) {
		if (!target_read(target, from, &eldest, sizeof(eldest)))
			return -EFAULT;
		times[0] = (struct timespec){ .tv_sec = eldest.actime };
		times[1] = (struct timespec){ .tv_sec = eldest.modtime };
	} else {
		if (!target_read(target, from, elder, sizeof(elder)))
			return -EFAULT;
		for (int i = 0; i < 2; i++)
			times[i] = (struct timespec){ elder[i].tv_sec,
				elder[i].tv_usec * 1000 };
	}
	return status(utimensat(AT_FDCWD, path, times, 0));
}

static int
set_attribute(const struct target *target, const char *path)
{
	const unsigned long long *arg = target->notif->data.args;
	AUTO_FREE char *value = NULL;
	char name[256];

	if (!target_read_text(target, arg[1], name, sizeof(name)))
		return -EFAULT;
	if (strstr(target->call->name, "remove"))
		return status(removexattr(path, name));
	if (arg[3] > VALUE_BYTES)
		return -E2BIG;
	value = xmalloc(arg[3] + 1);
	if (!target_read(target, arg[2], value, arg[3]))
		return -EFAULT;
	return status(setxattr(path, name, value, arg[3], (int)arg[4]));
}

static int
set_mode(const char *path, const struct stat *st, mode_t mode)
{
	/* Such a file would act as us for everybody, outside of any fence. */
	if (S_ISREG(st->st_mode) && (mode & (S_ISUID | S_ISGID)))
		return -EPERM;
	return status(fchmodat(AT_FDCWD, path, mode & 07777, 0));
}

int
doing_meta(const struct target *target, const struct place *place)
{
	const unsigned long long *arg = target->notif->data.args;
	const char *name = target->call->name;
	bool is_at = target->call->dir != NO_ARG;
	unsigned long long second = is_at ? arg[2] : arg[1],
			   third = is_at ? arg[3] : arg[2];
	char path[40];
	struct stat st;

	if (place->fd < 0)
		return -ENOENT;
	if (fstat(place->fd, &st) < 0)
		return -errno;
	/* Through our own descriptor, as a magic link: it leads to this very object. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->fd);
	if (strstr(name, "chown"))
		return status(fchownat(
		    place->fd, "", (uid_t)second, (gid_t)third, AT_EMPTY_PATH));
	/* A symbolic link has no mode and no attributes of a user; its time is no matter. */
	if (S_ISLNK(st.st_mode))
		return strstr(name, "utim") ? 0 : -EOPNOTSUPP;
	if (strstr(name, "chmod"))
		return set_mode(path, &st, (mode_t)second);
	if (strstr(name, "xattr"))
		return set_attribute(target, path);
	return set_times(target, path);
}

/* truncate(), through our own descriptor: it leads to the object that was judged. */
static int
cut(const struct target *target, const struct place *place)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->fd);
	return status(truncate(path, (off_t)target->notif->data.args[1]));
}

/* A directory; where ALL is allowed a pipe, an empty file or a symbolic link, too. */
static int
make(const struct target *target, const struct place *place, bool all)
{
	const unsigned long long *arg = target->notif->data.args;
	mode_t mode = (mode_t)arg[target->call->path + 1], type = mode & S_IFMT;
	char to[4096];

	if (strncmp(target->call->name, "mkdir", 5) == 0)
		return status(mkdirat(place->dir_fd, place->name, mode & 01777));
	if (!all)
		return -EACCES;
	if (target->call->kind == CALL_SYMLINK)
		return target_read_text(target, arg[0], to, sizeof(to))
			   ? status(symlinkat(to, place->dir_fd, place->name))
			   : -EFAULT;
	if (type != S_IFIFO && type != S_IFREG && type != 0)
		return -EPERM;
	return status(mknodat(place->dir_fd, place->name, type | (mode & 0777), 0));
}

int
doing_path(const struct target *target, const struct place *place, bool all)
{
	const char *name = target->call->name;
	bool is_dir = strcmp(name, "rmdir") == 0 ||
		      (strcmp(name, "unlinkat") == 0 &&
			  target->notif->data.args[2] != 0);
	mode_t before;
	int rc;

	if (target->call->kind == CALL_CUT)
		return cut(target, place);
	if (place->dir_fd < 0)
		return -EACCES;
	if (target->call->kind == CALL_REMOVE)
		return status(
		    unlinkat(place->dir_fd, place->name, is_dir ? AT_REMOVEDIR : 0));
	before = umask(target_umask(target));
	rc = make(target, place, all);
	umask(before);
	return rc;
}

int
doing_move(const struct place *from, const struct place *to, bool is_object)
{
	int rc;

	if (from->dir_fd < 0 || to->dir_fd < 0)
		return -EACCES;
	if (!is_object)
		return status(renameat(from->dir_fd, from->name, to->dir_fd, to->name));
	/* An object is named by what it holds: the one that is there is the same. */
	rc = status(renameat2(
	    from->dir_fd, from->name, to->dir_fd, to->name, RENAME_NOREPLACE));
	if (rc != -EEXIST)
		return rc;
	return status(unlinkat(from->dir_fd, from->name, 0));
}

int
doing_link(const struct place *from, const struct place *to)
{
	if (from->dir_fd < 0 || to->dir_fd < 0)
		return -EACCES;
	return status(linkat(from->dir_fd, from->name, to->dir_fd, to->name, 0));
}
