#include "engine/checkout.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTE_BYTES 2000 /* of one section, in an exit report */

static int
open_checkout(const char *path, struct err *err)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return dir >= 0 ? dir : err_sys(err, "%s", path);
}

/* All of FD, or NULL with ERR. */
static char *
read_text(int fd, const char *name, struct err *err)
{
	AUTO_FREE char *buf = xcalloc(PROGRESS_MOST_BYTES + 2, 1);
	size_t n = 0;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0) {
		err_sys(err, "%s", name);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_INPUT, "%s is no file", name);
		return NULL;
	}
	while ((got = read(fd, buf + n, PROGRESS_MOST_BYTES + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0) {
		err_sys(err, "%s", name);
		return NULL;
	}
	if (n > PROGRESS_MOST_BYTES || strlen(buf) != n || text_utf8_bad(buf, n) >= 0) {
		err_set(err, ERR_INPUT,
		    n > PROGRESS_MOST_BYTES ? "%s is too large" : "%s is no text",
		    name);
		return NULL;
	}
	return xstrdup(buf);
}

char *
checkout_read(const char *path, const char *name, struct err *err)
{
	AUTO_FD int dir = open_checkout(path, err);
	AUTO_FD int fd = -1;

	if (dir < 0)
		return NULL;
	/* It may be a pipe: opening that must not wait for a writer. */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return xstrdup("");
	if (fd < 0) {
		err_set(err, errno == ELOOP ? ERR_INPUT : ERR_SYSTEM, "%s: %s", name,
		    errno == ELOOP ? "it is a link" : strerror(errno));
		return NULL;
	}
	return read_text(fd, name, err);
}

int
checkout_write(
    const char *path, const char *name, const char *text, bool aside, struct err *err)
{
	AUTO_FD int dir = open_checkout(path, err);
	AUTO_FREE char *old = xasprintf(".divisi-%s", name + (name[0] == '.'));
	AUTO_FREE char *temp = xasprintf("%s.new", old);
	AUTO_FD int fd = -1;

	if (dir < 0)
		return -1;
	if (DURABLE("checkout.clear", unlinkat(dir, temp, 0)) < 0 && errno != ENOENT)
		return err_sys(err, "%s", temp);
	fd = openat(
	    dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0 ||
	    DURABLE("checkout.sync", fsync(fd)) < 0)
		return err_sys(err, "%s", temp);
	if (aside && DURABLE("checkout.aside", renameat(dir, name, dir, old)) < 0 &&
	    errno != ENOENT)
		return err_sys(err, "%s", old);
	/* A link that stands there is replaced, never followed. */
	if (DURABLE("checkout.rename", renameat(dir, temp, dir, name)) < 0)
		return err_sys(err, "%s", name);
	return DURABLE("checkout.sync_dir", fsync(dir)) == 0 ? 0
							     : err_sys(err, "%s", path);
}

/* "None", "-" and the like say nothing. */
static bool
says_something(const char *text)
{
	static const char *const nothing[] = { "none", "none.", "-", "- none", "n/a",
		"(none)", "(none yet)" };

	for (size_t i = 0; i < N_ELEMS(nothing); i++) {
		if (strcasecmp(text, nothing[i]) == 0)
			return false;
	}
	return text[0] != '\0';
}

void
checkout_tell_notes(const char *path, struct fields *out)
{
	static const struct {
		const char *section, *name;
	} notes[] = {
		{ "Decisions", "decisions" },
		{ "Learnings", "learnings" },
		{ "Blocked / Flagged", "blockers" },
	};
	struct err err = ERR_INIT;
	AUTO_FREE char *text = checkout_read(path, PROGRESS_FILE, &err);

	for (size_t i = 0; text && i < N_ELEMS(notes); i++) {
		AUTO_FREE char *body = progress_section(text, notes[i].section);

		if (strlen(body) > NOTE_BYTES)
			body[NOTE_BYTES] = '\0'; /* fields_set() mends a cut letter */
		if (says_something(body))
			fields_set(out, notes[i].name, body);
	}
}
