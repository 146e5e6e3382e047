#include "hold/hold.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/*
 * A pseudo-terminal, its record and who looks at it.
 *
 * term.cast is asciicast v2: a header, then one JSON array per line, [seconds, "o", text]
 * for output and [seconds, "r", "COLSxROWS"] for a new size.  What is typed is not recorded,
 * since it may be a password.  Who looks gets the bytes as they are, the last ones first.
 */

static void
set_size(int fd, int cols, int rows)
{
	const struct winsize size = { .ws_col = (unsigned short)cols,
		.ws_row = (unsigned short)rows };

	(void)ioctl(fd, TIOCSWINSZ, &size);
}

static int
bounded(long cells)
{
	return cells < 1 ? 1 : cells > HOLD_TERM_CELLS ? HOLD_TERM_CELLS : (int)cells;
}

int
terminal_open(const struct run_spec *spec, int *peer, struct err *err)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	*peer = -1;
	if (fd >= 0 && unlockpt(fd) == 0)
		/* Not by its name: /dev/pts may be another one where the agent lives. */
		*peer = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*peer < 0) {
		(void)err_sys(err, "make a terminal");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	set_size(fd, bounded(spec->pty_cols), bounded(spec->pty_rows));
	return fd;
}

/* P as the inside of a JSON string; all of it is UTF-8.  What does not fit is left out. */
static size_t
put_text(char *buf, size_t size, const char *p, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 7 < size; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\') {
			buf[at++] = '\\';
			buf[at++] = (char)c;
		} else if (c < 0x20 || c == 0x7F) {
			at += (size_t)snprintf(buf + at, size - at, "\\u%04x", c);
		} else {
			buf[at++] = (char)c;
		}
	}
	return at;
}

size_t
terminal_head(struct terminal *t, const struct run_spec *spec, char *buf, size_t size)
{
	const char *name = spec->run && text_utf8_bad(spec->run, strlen(spec->run)) < 0
			       ? spec->run
			       : "";
	size_t n;

	t->cols = bounded(spec->pty_cols);
	t->rows = bounded(spec->pty_rows);
	t->begun_at = hold_now();
	n = (size_t)snprintf(buf, size,
	    "{\"version\":2,\"width\":%d,\"height\":%d,\"timestamp\":%lld,\"title\":\"",
	    t->cols, t->rows, hold_wall_clock() / 1000);
	n += put_text(buf + n, 512, name, strlen(name));
	n += (size_t)snprintf(buf + n, size - n, "\"}\n");
	return n;
}

/* Do the N bytes at P, which are too few, begin a character? */
static bool
is_begun(const char *p, size_t n)
{
	unsigned char lead = (unsigned char)p[0];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

	if (lead < 0xC2 || lead > 0xF4 || n >= want)
		return false;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)p[i] & 0xC0) != 0x80)
			return false;
	}
	return true;
}

/* The bytes as text: what is no UTF-8 becomes U+FFFD, a begun character is kept for later. */
static size_t
put_output(struct terminal *t, char *buf, size_t size, const char *p, size_t n)
{
	size_t at = 0;

	while (n > 0) {
		long bad = text_utf8_bad(p, n);
		size_t good = bad < 0 ? n : (size_t)bad;

		at += put_text(buf + at, size - at, p, good);
		p += good;
		n -= good;
		if (n == 0)
			break;
		if (is_begun(p, n)) {
			memcpy(t->part, p, n);
			t->n_part = n;
			break;
		}
		at += put_text(buf + at, size - at, "\xEF\xBF\xBD", 3);
		p++;
		n--;
	}
	return at;
}

static void
keep(struct terminal *t, const char *p, size_t n)
{
	if (!t->ring)
		t->ring = xmalloc(HOLD_RING_BYTES);
	for (size_t i = 0; i < n; i++)
		t->ring[(t->n_ever + i) % HOLD_RING_BYTES] = p[i];
	t->n_ever += n;
}

size_t
terminal_take(struct terminal *t, const char *p, size_t n, char *buf, ms_t now)
{
	char whole[sizeof(t->part) + HOLD_CHUNK_BYTES];
	const size_t size = HOLD_PIPE_BYTES;
	ms_t passed = now - t->begun_at;
	size_t at = 0;

	keep(t, p, n);
	memcpy(whole, t->part, t->n_part);
	memcpy(whole + t->n_part, p, n);
	n += t->n_part;
	t->n_part = 0;
	if (t->is_resized)
		at += (size_t)snprintf(buf, size, "[%lld.%03lld,\"r\",\"%dx%d\"]\n",
		    passed / 1000, passed % 1000, t->cols, t->rows);
	t->is_resized = false;
	at += (size_t)snprintf(
	    buf + at, size - at, "[%lld.%03lld,\"o\",\"", passed / 1000, passed % 1000);
	at += put_output(t, buf + at, size - at - 4, whole, n);
	at += (size_t)snprintf(buf + at, size - at, "\"]\n");
	return at;
}

void
terminal_resize(struct terminal *t, int cols, int rows, ms_t now)
{
	cols = bounded(cols);
	rows = bounded(rows);
	if (t->fd < 0)
		return;
	if (cols != t->cols || rows != t->rows) {
		t->cols = cols;
		t->rows = rows;
		t->is_resized = true;
		t->redraw_at = 0;
		set_size(t->fd, cols, rows);
	} else if (t->redraw_at == 0 && rows > 1) {
		/* Programs draw anew when the size changes, and only then. */
		set_size(t->fd, cols, rows - 1);
		t->redraw_at = now + HOLD_REDRAW_MS;
	}
}

void
terminal_redrawn(struct terminal *t, ms_t now)
{
	(void)now;
	t->redraw_at = 0;
	if (t->fd >= 0)
		set_size(t->fd, t->cols, t->rows);
}

bool
terminal_show(const struct terminal *t, int fd, unsigned long long *seen)
{
	if (t->n_ever > HOLD_RING_BYTES && *seen < t->n_ever - HOLD_RING_BYTES)
		*seen = t->n_ever - HOLD_RING_BYTES;
	while (*seen < t->n_ever) {
		size_t from = (size_t)(*seen % HOLD_RING_BYTES);
		size_t n = (size_t)(t->n_ever - *seen);
		ssize_t sent;

		if (n > HOLD_RING_BYTES - from)
			n = HOLD_RING_BYTES - from;
		sent = send(fd, t->ring + from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN;
		*seen += (unsigned long long)sent;
	}
	return true;
}
