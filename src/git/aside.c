#include "git/aside.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING      ".divisi-removing-"
#define MAX_ASIDE   9
#define MAX_DEPTH   200
#define MAX_MOUNTS  ((size_t)16 << 20)
#define FNV_PRIME   1099511628211U
#define FNV_INITIAL 14695981039346656037U

void
aside_clear(struct aside *aside)
{
	free(aside->path);
	free(aside->name);
	*aside = (struct aside){ 0 };
}

static char *
name_of(const char *path, int n)
{
	return xasprintf("%s" ENDING "%d", path, n);
}

int
aside_take_back(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return 0;
	for (int n = 1; n <= MAX_ASIDE; n++) {
		AUTO_FREE char *name = name_of(path, n);

		if (lstat(name, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		if (DURABLE("aside.back", renameat2(AT_FDCWD, name, AT_FDCWD, path,
					      RENAME_NOREPLACE)) < 0)
			return err_sys(err, "move %s back", name);
		return 1;
	}
	return 0;
}

static void
mix(uint64_t *stamp, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		*stamp = (*stamp ^ p[i]) * FNV_PRIME;
}

static int stamp_dir(int fd, int depth, uint64_t *stamp);

/* What would be another number if NAME in FD were written, replaced or renamed. */
static int
stamp_entry(int fd, const char *name, int depth, uint64_t *sum)
{
	uint64_t stamp = FNV_INITIAL;
	struct stat st;
	int sub, rc;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	mix(&stamp, name, strlen(name));
	mix(&stamp, &st.st_ino, sizeof(st.st_ino));
	mix(&stamp, &st.st_size, sizeof(st.st_size));
	mix(&stamp, &st.st_mtim, sizeof(st.st_mtim));
	mix(&stamp, &st.st_ctim, sizeof(st.st_ctim));
	if (S_ISDIR(st.st_mode)) {
		sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		rc = sub < 0 ? -1 : stamp_dir(sub, depth + 1, &stamp);
		if (rc < 0)
			return -1;
	}
	/* The order in which a directory is read means nothing. */
	*sum += stamp;
	return 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as MAX_DEPTH */
static int
stamp_dir(int fd, int depth, uint64_t *stamp)
{
	DIR *dir = depth > MAX_DEPTH ? NULL : fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		close(fd);
		errno = depth > MAX_DEPTH ? ELOOP : errno;
		return -1;
	}
	while (rc == 0 && (errno = 0, e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = stamp_entry(dirfd(dir), e->d_name, depth, stamp);
	}
	if (rc == 0 && errno != 0)
		rc = -1;
	closedir(dir);
	return rc;
}

/* True when MOUNT, as the kernel writes it with octal escapes, is PATH or below it. */
static bool
is_at_or_below(struct span mount, const char *path)
{
	size_t i = 0, n = strlen(path);

	for (size_t k = 0; k < mount.n && i < n; i++) {
		char c = mount.p[k];

		if (c == '\\' && k + 3 < mount.n) {
			c = (char)((mount.p[k + 1] - '0') * 64 +
				   (mount.p[k + 2] - '0') * 8 + (mount.p[k + 3] - '0'));
			k += 3;
		}
		k++;
		if (c != path[i])
			return false;
		if (i + 1 == n)
			return k == mount.n || mount.p[k] == '/';
	}
	return false;
}

/* Removing would go on in what is mounted there. */
static int
check_mounts(const char *path, struct err *err)
{
	AUTO_FREE char *shown = text_show(path, true), *text = NULL;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	struct span rest, line, field = { 0 };
	size_t n = 0, size = 0;

	text = xmalloc(1);
	while (f && n < MAX_MOUNTS) {
		size = n + 65536;
		text = xreallocarray(text, size + 1, 1);
		size = fread(text + n, 1, 65536, f);
		n += size;
		if (size == 0)
			break;
	}
	if (f)
		fclose(f);
	rest = (struct span){ text, n };
	while (span_next(&rest, '\n', &line)) {
		/* "36 35 98:0 /root MOUNT-POINT ..." */
		for (int i = 0; i < 5 && span_next(&line, ' ', &field); i++)
			;
		if (!is_at_or_below(field, path))
			continue;
		err_set(err, ERR_REFUSED,
		    "%s is not removed: something is mounted in it (%.*s)", shown,
		    SPAN_FMT(field));
		return err_fix(err, "umount it first");
	}
	return 0;
}

/* Which directory PATH is, and the stamp of everything in it. */
static int
look_at(const char *path, struct stat *st, uint64_t *stamp, struct err *err)
{
	AUTO_FREE char *shown = text_show(path, true);
	int fd;

	if (lstat(path, st) < 0)
		return err_sys(err, "%s", shown);
	if (!S_ISDIR(st->st_mode)) {
		err_set(err, ERR_REFUSED, "%s is not removed: it is %s", shown,
		    S_ISLNK(st->st_mode) ? "a symbolic link" : "no directory");
		return err_fix(err, "look at it; divisi made a directory there");
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	*stamp = 0;
	if (fd < 0 || fstat(fd, st) < 0 || stamp_dir(fd, 0, stamp) < 0)
		return err_sys(err, "read all of %s", shown);
	return 0;
}

int
aside_look(struct aside *aside, const char *path, struct err *err)
{
	struct stat st;
	uint64_t stamp = 0;

	if (check_mounts(path, err) < 0 || look_at(path, &st, &stamp, err) < 0)
		return -1;
	aside_clear(aside);
	*aside = (struct aside){ .path = xstrdup(path),
		.dev = st.st_dev,
		.ino = st.st_ino,
		.stamp = stamp };
	return 0;
}

static int
move_back(struct aside *aside, struct err *err)
{
	AUTO_FREE char *name = TAKE_PTR(aside->name);

	if (DURABLE("aside.return", renameat2(AT_FDCWD, name, AT_FDCWD, aside->path,
					RENAME_NOREPLACE)) == 0)
		return 0;
	/* Something else is there now: it stays where it is, and is told. */
	return err_sys(err, "move %s back to %s", name, aside->path);
}

int
aside_move(struct aside *aside, struct err *err)
{
	struct err why = ERR_INIT;
	struct stat st;
	uint64_t stamp = 0;
	int rc = -1;

	for (int n = 1; rc < 0 && n <= MAX_ASIDE; n++) {
		free(aside->name);
		aside->name = name_of(aside->path, n);
		rc = DURABLE("aside.move", renameat2(AT_FDCWD, aside->path, AT_FDCWD,
					       aside->name, RENAME_NOREPLACE));
		if (rc < 0 && errno != EEXIST)
			break;
	}
	if (rc < 0) {
		err_sys(err, "take %s away", aside->path);
		free(TAKE_PTR(aside->name));
		return -1;
	}
	if (check_mounts(aside->name, &why) == 0 &&
	    look_at(aside->name, &st, &stamp, &why) == 0 && st.st_dev == aside->dev &&
	    st.st_ino == aside->ino && stamp == aside->stamp)
		return 0;
	if (move_back(aside, err) < 0)
		return -1;
	err_set(err, ERR_CONFLICT, "%s is being written to", aside->path);
	return err_fix(err, "end what still works there, then try again");
}

int
aside_remove(struct aside *aside, struct err *err)
{
	struct err none = ERR_INIT;

	if (file_remove_tree(aside->name, err) == 0) {
		free(TAKE_PTR(aside->name));
		return 0;
	}
	(void)move_back(aside, &none);
	return -1;
}
