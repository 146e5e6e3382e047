#include "sys/follow.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (64 * 1024)

/*
 * buf[at..n) is read and not delivered, buf[at..scanned) is known to hold no newline.
 * A line that grows too long is cut: from then on buf[0..FOLLOW_CUT_BYTES) is its
 * beginning, what follows is counted in cut_bytes and forgotten.
 */
struct follow {
	char *path;
	int fd;
	uint64_t offset;  /* where the next line to deliver starts */
	uint64_t read_at; /* where the next byte to read is */
	char *buf;
	size_t at, scanned, n, cap;
	bool is_cut;
	uint64_t cut_bytes;
};

struct follow *
follow_open(const char *path, uint64_t offset)
{
	struct follow *follow = xcalloc(1, sizeof(*follow));

	follow->path = xstrdup(path);
	follow->fd = -1;
	follow->offset = follow->read_at = offset;
	return follow;
}

void
follow_close(struct follow *follow)
{
	if (!follow)
		return;
	if (follow->fd >= 0)
		close(follow->fd);
	free(follow->buf);
	free(follow->path);
	free(follow);
}

uint64_t
follow_behind(const struct follow *follow)
{
	struct stat st;

	if (stat(follow->path, &st) < 0 || (uint64_t)st.st_size < follow->offset)
		return 0;
	return (uint64_t)st.st_size - follow->offset;
}

/* Hands out buf[at..end) as a line of N_BYTES; SKIP is 1 when a newline follows it. */
static int
deliver(struct follow *f, size_t from, size_t end, uint64_t n_bytes, int skip,
    struct follow_line *line)
{
	f->buf[end] = '\0';
	f->offset += n_bytes + (uint64_t)skip;
	*line = (struct follow_line){
		.p = f->buf + from,
		.n = end - from,
		.is_cut = f->is_cut,
		.n_bytes = n_bytes,
		.next_offset = f->offset,
	};
	f->is_cut = false;
	f->cut_bytes = 0;
	return 1;
}

/* A thousand quiet agents need no buffer each. */
static void
give_back(struct follow *f)
{
	if (f->n > 0)
		return;
	free(f->buf);
	f->buf = NULL;
	f->cap = 0;
}

/* Moves what is left to the front and makes room for one chunk. */
static void
make_room(struct follow *f)
{
	if (f->at > 0) {
		memmove(f->buf, f->buf + f->at, f->n - f->at);
		f->n -= f->at;
		f->scanned -= f->at;
		f->at = 0;
	}
	if (f->cap > 4 * CHUNK_BYTES)
		give_back(f);
	if (f->cap < f->n + CHUNK_BYTES + 2) {
		f->cap = 2 * f->n + CHUNK_BYTES + 2;
		f->buf = xreallocarray(f->buf, f->cap, 1);
	}
}

/* Reads one chunk to buf[n].  Returns its length, 0 at the end of the file, or -1. */
static ssize_t
read_chunk(struct follow *f, struct err *err)
{
	struct stat st;
	ssize_t got;

	if (f->fd < 0)
		f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 && errno == ENOENT)
		return 0;
	if (f->fd < 0)
		return err_sys(err, "%s", f->path);
	do
		got = pread(f->fd, f->buf + f->n, CHUNK_BYTES, (off_t)f->read_at);
	while (got < 0 && errno == EINTR);
	if (got < 0 || fstat(f->fd, &st) < 0)
		return err_sys(err, "%s", f->path);
	if ((uint64_t)st.st_size < f->read_at)
		return err_set(err, ERR_INPUT,
		    "%s has become shorter than what was read of it", f->path);
	f->read_at += (uint64_t)got;
	return got;
}

/* The line in buf has no end in sight: keeps its beginning only. */
static void
begin_cut(struct follow *f)
{
	memmove(f->buf, f->buf + f->at, FOLLOW_CUT_BYTES);
	f->cut_bytes = f->n - f->at;
	f->is_cut = true;
	f->at = 0;
	f->n = f->scanned = FOLLOW_CUT_BYTES + 1; /* one byte for the NUL */
	f->cap = f->n + CHUNK_BYTES + 2;
	f->buf = xreallocarray(f->buf, f->cap, 1);
}

/* The rest of a cut line; as follow_next(). */
static int
next_of_cut(struct follow *f, bool is_ended, struct follow_line *line, struct err *err)
{
	for (;;) {
		ssize_t got = read_chunk(f, err);
		char *newline;

		if (got < 0)
			return -1;
		if (got == 0 && !is_ended)
			return 0;
		if (got == 0) {
			f->n = f->at = f->scanned = 0;
			return deliver(f, 0, FOLLOW_CUT_BYTES, f->cut_bytes, 0, line);
		}
		newline = memchr(f->buf + f->n, '\n', (size_t)got);
		if (newline) {
			f->at = f->scanned = (size_t)(newline - f->buf) + 1;
			f->cut_bytes += f->at - 1 - f->n;
			f->n += (size_t)got;
			return deliver(f, 0, FOLLOW_CUT_BYTES, f->cut_bytes, 1, line);
		}
		f->cut_bytes += (uint64_t)got;
	}
}

int
follow_next(
    struct follow *follow, bool is_ended, struct follow_line *line, struct err *err)
{
	struct follow *f = follow;

	while (!f->is_cut) {
		size_t from = f->at;
		char *newline = f->n > f->scanned ? memchr(f->buf + f->scanned, '\n',
							f->n - f->scanned)
						  : NULL;
		ssize_t got;

		if (newline) {
			size_t end = (size_t)(newline - f->buf);

			f->at = f->scanned = end + 1;
			return deliver(f, from, end, end - from, 1, line);
		}
		f->scanned = f->n;
		if (f->n - f->at > FOLLOW_LINE_BYTES) {
			begin_cut(f);
			break;
		}
		make_room(f);
		got = read_chunk(f, err);
		if (got < 0)
			return -1;
		if (got == 0 && is_ended && f->n > 0) {
			size_t end = f->n;

			f->n = f->at = f->scanned = 0;
			return deliver(f, 0, end, end, 0, line);
		}
		if (got == 0) {
			give_back(f);
			return 0;
		}
		f->n += (size_t)got;
	}
	return next_of_cut(f, is_ended, line, err);
}
