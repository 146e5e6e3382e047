#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
open_log(const char *dir, const char *name, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		(void)err_sys(err, "open %s", path);
	return fd;
}

int
output_open(struct output *out, const char *dir, struct err *err)
{
	out->is_open = true;
	out->is_err_open = !out->terminal;
	out->fd = open_log(dir, out->terminal ? "term.cast" : "out.ndjson", err);
	out->err_fd = out->fd < 0 ? -1 : open_log(dir, "err.log", err);
	return out->err_fd < 0 ? -1 : 0;
}

void
output_begin(struct output *out, const struct run_spec *spec)
{
	if (!out->terminal)
		return;
	out->n_pending = terminal_head(
	    out->terminal, spec, out->pending, sizeof(out->pending));
	(void)output_flush(out, hold_now());
}

bool
output_flush(struct output *out, ms_t now)
{
	while (out->n_pending > 0) {
		ssize_t n = write(
		    out->fd, out->pending + out->pending_at, out->n_pending);

		if (n < 0 && errno == EINTR)
			continue;
		/*
		 * Whatever keeps the disk from taking it may pass (space is made, a
		 * quota is raised), so the agent is held back rather than a byte lost.
		 */
		if (n <= 0) {
			out->was_full = true;
			out->retry_at = now + HOLD_RETRY_MS;
			return false;
		}
		out->pending_at += (size_t)n;
		out->n_pending -= (size_t)n;
		out->n_bytes += n;
	}
	out->retry_at = 0;
	out->pending_at = 0;
	return true;
}

bool
output_copy(struct output *out, int fd, ms_t now)
{
	char chunk[HOLD_CHUNK_BYTES];
	ssize_t n;

	if (!out->is_open || !output_flush(out, now))
		return false;
	n = out->terminal ? read(fd, chunk, sizeof(chunk))
			  : read(fd, out->pending, sizeof(out->pending));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		out->is_open = false;
		return false;
	}
	if (out->terminal)
		n = (ssize_t)terminal_take(
		    out->terminal, chunk, (size_t)n, out->pending, now);
	out->n_pending = (size_t)n;
	if (out->limit_bytes > 0 && out->n_bytes + n > out->limit_bytes) {
		out->is_flood = true;
		out->n_pending = (size_t)(out->limit_bytes - out->n_bytes);
		out->n_lost += n - (ssize_t)out->n_pending;
	}
	(void)output_flush(out, now);
	return true;
}

/* Keeps the last HOLD_ERR_TAIL_BYTES of what goes beyond the head. */
static void
keep_tail(struct output *out, const char *p, size_t n)
{
	if (!out->tail)
		out->tail = xmalloc(HOLD_ERR_TAIL_BYTES);
	for (size_t i = 0; i < n; i++) {
		long long at = out->err_bytes + (long long)i - HOLD_ERR_HEAD_BYTES;

		out->tail[at % HOLD_ERR_TAIL_BYTES] = p[i];
	}
}

bool
output_copy_err(struct output *out, int fd)
{
	char buf[8192];
	size_t n_head = 0;
	ssize_t n;

	if (!out->is_err_open)
		return false;
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		out->is_err_open = false;
		return false;
	}
	if (out->err_bytes < HOLD_ERR_HEAD_BYTES) {
		n_head = (size_t)(HOLD_ERR_HEAD_BYTES - out->err_bytes);
		n_head = n_head < (size_t)n ? n_head : (size_t)n;
		/* Standard error is for people: on a full disk it is let go. */
		(void)!file_write_all(out->err_fd, buf, n_head);
		out->err_bytes += (long long)n_head;
	}
	if ((size_t)n > n_head) {
		keep_tail(out, buf + n_head, (size_t)n - n_head);
		out->err_bytes += n - (ssize_t)n_head;
	}
	return true;
}

static void
write_tail(struct output *out)
{
	long long beyond = out->err_bytes - HOLD_ERR_HEAD_BYTES;
	size_t n = HOLD_ERR_TAIL_BYTES, from = 0;
	char mark[80];
	int len;

	if (beyond <= HOLD_ERR_TAIL_BYTES) {
		n = (size_t)beyond;
	} else {
		from = (size_t)(beyond % HOLD_ERR_TAIL_BYTES);
		len = snprintf(mark, sizeof(mark), "\n[divisi: %lld bytes left out]\n",
		    beyond - HOLD_ERR_TAIL_BYTES);
		(void)!file_write_all(out->err_fd, mark, (size_t)len);
	}
	(void)!file_write_all(out->err_fd, out->tail + from, n - from);
	(void)!file_write_all(out->err_fd, out->tail, from);
}

void
output_close(struct output *out)
{
	out->n_lost += (long long)out->n_pending;
	out->n_pending = 0;
	if (out->tail)
		write_tail(out);
	free(out->tail);
	out->tail = NULL;
	if (out->n_bytes > 0)
		(void)DURABLE("output.sync", fdatasync(out->fd));
	close(out->fd);
	close(out->err_fd);
}
