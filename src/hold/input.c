/*
 * The holder's end of in.sock.  A request is one line, answered by one line:
 *
 *   frame KEY LENGTH   and then LENGTH bytes: one line for the agent, no newline in it
 *   eof interrupt stop kill suspend continue
 *   sweep              what the agent started in sessions of its own ends, it does not
 *   widen              the fence grants what the file `widened` of the run says, too
 *   ping               ok running|suspended|ending pid=N [out-of-space] idle_ms=N cpu_ms=N
 *                      and for a terminal tty=COLSxROWS viewers=N
 *   attach COLS ROWS [view|take]
 *                      ok write|view COLS ROWS, and then everything the terminal shows, the
 *                      last of it first.  Of those attached one writes: who came first or
 *                      took it over, or typed when nobody had it.  From then on
 *   keys LENGTH        and LENGTH bytes, which are typed
 *   size COLS ROWS     the window of the one who writes
 *
 *   ok [TEXT]     done; for a frame: logged and on the disk
 *   seen          a frame with this key was taken before; nothing is done
 *   full          the agent does not read: nothing is taken, try later
 *   closed        the agent takes no more input
 *   bad TEXT      the request makes no sense
 *   failed TEXT   the system said no; nothing is taken
 *
 * A key is 1 to 200 of the characters A-Z a-z 0-9 . _ : / @ + - and so needs no escape in
 * in.ndjson.  The frame stands in that log as it came, so it has to be a JSON object; the
 * holder looks no further than its first byte.
 */
#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Listens at DIR/in.sock, by way of the directory's descriptor since a socket path holds
 * 107 bytes.  It gets its name when it listens: who sees it can connect.
 */
static int
listen_in(const char *dir, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FD int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mode_t old_umask;
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (dir_fd < 0 || fd < 0) {
		(void)err_sys(err, "socket in %s", dir);
		goto fail;
	}
	snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/in.new", dir_fd);
	DURABLE("hold.sock-clear", unlink(addr.sun_path));
	old_umask = umask(0177);
	rc = DURABLE(
	    "hold.sock-make", bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	umask(old_umask);
	if (rc < 0 || listen(fd, HOLD_N_CLIENTS) < 0 ||
	    DURABLE("hold.sock-place", renameat(dir_fd, "in.new", dir_fd, "in.sock")) <
		0) {
		(void)err_sys(err, "bind %s/in.sock", dir);
		goto fail;
	}
	return fd;

fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

int
input_open(struct input *in, const char *dir, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, "in.ndjson");

	for (size_t i = 0; i < HOLD_N_CLIENTS; i++)
		in->client[i].fd = -1;
	in->listen_fd = -1;
	in->log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (in->log_fd < 0)
		return err_sys(err, "open %s", path);
	in->listen_fd = listen_in(dir, err);
	return in->listen_fd < 0 ? -1 : 0;
}

static void
drop_client(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->frame);
	*c = (struct client){ .fd = -1 };
}

void
input_close(struct input *in, const char *dir)
{
	AUTO_FREE char *path = path_join(dir, "in.sock");

	DURABLE("hold.sock-remove", unlink(path));
	if (in->listen_fd >= 0)
		close(in->listen_fd);
	if (in->log_fd >= 0)
		close(in->log_fd);
	in->listen_fd = in->log_fd = -1;
	for (size_t i = 0; i < HOLD_N_CLIENTS; i++) {
		input_show(in, i);
		drop_client(&in->client[i]);
	}
	free(in->queue);
	free(in->key_text);
	in->queue = in->key_text = NULL;
}

/* Is PID, which lives, below us?  -1 when one on the way up is gone: look again. */
static int
is_below_us(pid_t pid)
{
	for (int depth = 0; pid > 1 && depth < 1000; depth++) {
		struct proc_id id;
		pid_t parent = proc_parent(pid);

		if (pid == getpid())
			return 1;
		if (parent == 0 && proc_identify(pid, &id, NULL) < 0)
			return -1;
		pid = parent;
	}
	return 0;
}

/*
 * Another user has no say, and neither has what runs below us: else an agent could answer
 * its own questions.  Orphans of the agent are our children, so parents tell.  Of a caller
 * that is gone already nobody can tell whose child it was, so it is not heard.
 */
static bool
is_welcome(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);
	struct proc_id caller;
	int below = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return false;
	if (peer.uid != 0 && peer.uid != getuid())
		return false;
	if (proc_identify(peer.pid, &caller, NULL) < 0 || !proc_is_alive(&caller))
		return false;
	for (int i = 0; i < 100 && below < 0; i++)
		below = is_below_us(peer.pid);
	return below == 0 && proc_is_alive(&caller);
}

void
input_accept(struct input *in, ms_t now)
{
	struct client *free_one = &in->client[0];
	int fd = accept4(in->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (!is_welcome(fd)) {
		close(fd);
		return;
	}
	/* When all are taken the one that was silent longest makes room, viewers last. */
	for (size_t i = 0; i < HOLD_N_CLIENTS && free_one->fd >= 0; i++) {
		struct client *c = &in->client[i];

		if (c->fd < 0 || c->is_viewer < free_one->is_viewer ||
		    (c->is_viewer == free_one->is_viewer &&
			c->heard_at < free_one->heard_at))
			free_one = c;
	}
	drop_client(free_one);
	free_one->fd = fd;
	free_one->heard_at = now;
}

static bool
has_key(const struct input *in, const char *key)
{
	for (size_t at = 0; at < in->n_key_text; at += strlen(in->key_text + at) + 1) {
		if (strcmp(in->key_text + at, key) == 0)
			return true;
	}
	return false;
}

static void
add_key(struct input *in, const char *key)
{
	size_t n = strlen(key) + 1;

	if (in->n_key_text + n > in->cap_key_text) {
		in->cap_key_text = 2 * in->cap_key_text + n;
		in->key_text = xreallocarray(in->key_text, in->cap_key_text, 1);
	}
	memcpy(in->key_text + in->n_key_text, key, n);
	in->n_key_text += n;
}

/* Appends the frame to in.ndjson and waits for the disk; all of it or nothing. */
static int
log_frame(struct input *in, const char *key, const char *frame, size_t n)
{
	AUTO_FREE char *head = xasprintf("{\"key\":\"%s\",\"line\":", key);
	struct stat st;
	int saved;

	if (fstat(in->log_fd, &st) < 0)
		return -1;
	if (file_write_all(in->log_fd, head, strlen(head)) == 0 &&
	    file_write_all(in->log_fd, frame, n) == 0 &&
	    file_write_all(in->log_fd, "}\n", 2) == 0 &&
	    DURABLE("input.sync", fdatasync(in->log_fd)) == 0)
		return 0;
	saved = errno;
	(void)!DURABLE("input.undo", ftruncate(in->log_fd, st.st_size));
	errno = saved;
	return -1;
}

static void
enqueue(struct input *in, const char *p, size_t n)
{
	if (in->queue_at > 0) {
		memmove(in->queue, in->queue + in->queue_at, in->n_queue);
		in->queue_at = 0;
	}
	if (in->n_queue + n + 1 > in->cap_queue) {
		in->cap_queue = in->n_queue + n + 1;
		in->queue = xreallocarray(in->queue, in->cap_queue, 1);
	}
	memcpy(in->queue + in->n_queue, p, n);
	in->queue[in->n_queue + n] = '\n';
	in->n_queue += n + 1;
}

/* ---- terminals ------------------------------------------------------------------------- */

static struct client *
writer_of(struct input *in)
{
	for (size_t i = 0; i < HOLD_N_CLIENTS; i++) {
		if (in->client[i].fd >= 0 && in->client[i].is_writer)
			return &in->client[i];
	}
	return NULL;
}

size_t
input_n_viewers(const struct input *in)
{
	size_t n = 0;

	for (size_t i = 0; i < HOLD_N_CLIENTS; i++)
		n += in->client[i].fd >= 0 && in->client[i].is_viewer;
	return n;
}

bool
input_wants_show(const struct input *in, size_t index)
{
	const struct client *c = &in->client[index];

	return c->fd >= 0 && c->is_viewer && c->seen < in->terminal->n_ever;
}

void
input_show(struct input *in, size_t index)
{
	struct client *c = &in->client[index];

	if (input_wants_show(in, index) &&
	    !terminal_show(in->terminal, c->fd, &c->seen))
		drop_client(c);
}

static void PRINTF(2, 3) reply(struct client *c, const char *fmt, ...);

static bool
take_size(const char **at, int *cols, int *rows)
{
	return text_take_number(at, PTY_SIDE_MAX, cols) &&
	       text_take_number(at, PTY_SIDE_MAX, rows) && *cols > 0 && *rows > 0;
}

static void
attach(struct input *in, struct client *c, const char *args, ms_t now)
{
	int cols, rows;
	struct client *writer = writer_of(in);
	bool wants;

	if (!in->terminal || in->terminal->fd < 0) {
		reply(c, "bad it has no terminal");
		return;
	}
	if (!take_size(&args, &cols, &rows)) {
		reply(c, "bad size");
		return;
	}
	wants = strcmp(args, " view") != 0;
	if (strcmp(args, " take") == 0 && writer) {
		writer->is_writer = false;
		writer = NULL;
	}
	c->is_viewer = true;
	c->is_writer = wants && !writer;
	if (c->is_writer)
		terminal_resize(in->terminal, cols, rows, now);
	reply(c, "ok %s %d %d", c->is_writer ? "write" : "view", in->terminal->cols,
	    in->terminal->rows);
}

/* A request of one who is attached already; anything else is none. */
static bool
take_viewer_request(struct input *in, struct client *c, ms_t now)
{
	bool is_size = strncmp(c->line, "size ", 5) == 0;
	bool is_keys = strncmp(c->line, "keys ", 5) == 0;
	const char *at = c->line + 5;
	int cols, rows, n;

	if (is_size && take_size(&at, &cols, &rows)) {
		if (c->is_writer)
			terminal_resize(in->terminal, cols, rows, now);
		return true;
	}
	if (!is_keys || !text_take_number(&at, HOLD_KEY_BYTES, &n) || n == 0)
		return false;
	c->want = (size_t)n;
	c->frame = xmalloc(c->want);
	return true;
}

static void
take_keys(struct input *in, struct client *c)
{
	if (!writer_of(in))
		c->is_writer = true;
	if (c->is_writer && in->n_queue + c->want + 1 <= HOLD_QUEUE_BYTES) {
		enqueue(in, c->frame, c->want);
		in->n_queue--; /* no newline */
	}
	free(c->frame);
	c->frame = NULL;
	c->want = c->n_frame = 0;
}

/* ---- requests ---------------------------------------------------------------------------- */

void
input_feed(struct input *in, int *fd)
{
	if (in->is_closed || *fd < 0)
		return;
	while (in->n_queue > 0) {
		ssize_t n = write(*fd, in->queue + in->queue_at, in->n_queue);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			in->is_eof = true; /* the agent has closed its end */
			break;
		}
		in->queue_at += (size_t)n;
		in->n_queue -= (size_t)n;
	}
	free(in->queue);
	in->queue = NULL;
	in->queue_at = in->n_queue = in->cap_queue = 0;
	if (in->is_eof) {
		close(*fd);
		*fd = -1;
		in->is_closed = true;
	}
}

void
input_say_last(struct input *in, const char *key, const char *line)
{
	if (!in->is_eof && !has_key(in, key) &&
	    in->n_queue + strlen(line) + 1 <= HOLD_QUEUE_BYTES) {
		/* What cannot be logged is said all the same: nobody sends it again. */
		(void)log_frame(in, key, line, strlen(line));
		add_key(in, key);
		enqueue(in, line, strlen(line));
	}
	in->is_eof = true;
}

static void PRINTF(2, 3) reply(struct client *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->reply, sizeof(c->reply) - 1, fmt, ap);
	va_end(ap);
	c->n_reply = n < 0                              ? 0
		     : (size_t)n < sizeof(c->reply) - 1 ? (size_t)n
							: sizeof(c->reply) - 2;
	c->reply[c->n_reply++] = '\n';
}

static void
take_frame(struct input *in, struct client *c)
{
	if (has_key(in, c->key))
		reply(c, "seen");
	else if (in->is_eof || in->terminal)
		reply(c, "closed");
	else if (in->n_queue + c->want + 1 > HOLD_QUEUE_BYTES)
		reply(c, "full");
	else if (c->want == 0 || c->frame[0] != '{' ||
		 memchr(c->frame, '\n', c->want) || memchr(c->frame, '\0', c->want))
		reply(c, "bad a frame is one line with a JSON object");
	else if (log_frame(in, c->key, c->frame, c->want) < 0)
		reply(c, "failed in.ndjson: %s", strerror(errno));
	else {
		add_key(in, c->key);
		enqueue(in, c->frame, c->want);
		reply(c, "ok");
	}
	free(c->frame);
	c->frame = NULL;
	c->want = c->n_frame = 0;
	c->key[0] = '\0';
}

static void
begin_frame(struct client *c, const char *args)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._:/@+-";
	size_t n_key = strspn(args, allowed);
	char *end;
	unsigned long want;

	if (n_key == 0 || n_key >= sizeof(c->key) || args[n_key] != ' ' ||
	    args[n_key + 1] < '0' || args[n_key + 1] > '9') {
		reply(c, "bad frame");
		return;
	}
	errno = 0;
	want = strtoul(args + n_key + 1, &end, 10);
	if (*end || errno || want == 0 || want > HOLD_FRAME_BYTES) {
		reply(c, "bad frame length");
		return;
	}
	memcpy(c->key, args, n_key);
	c->key[n_key] = '\0';
	c->want = want;
	c->frame = xmalloc(want);
}

/* Takes the request line of C, which is whole. */
static enum hold_order
take_request(struct input *in, struct client *c, const char *status, ms_t now)
{
	static const struct {
		const char *word;
		enum hold_order order;
	} orders[] = {
		{ "interrupt", HOLD_ORDER_INTERRUPT },
		{ "stop", HOLD_ORDER_STOP },
		{ "kill", HOLD_ORDER_KILL },
		{ "suspend", HOLD_ORDER_SUSPEND },
		{ "continue", HOLD_ORDER_CONTINUE },
		{ "widen", HOLD_ORDER_WIDEN },
		{ "sweep", HOLD_ORDER_SWEEP },
	};

	if (strncmp(c->line, "frame ", 6) == 0) {
		begin_frame(c, c->line + 6);
		return HOLD_ORDER_NONE;
	}
	if (strcmp(c->line, "ping") == 0) {
		reply(c, "ok %s queued=%zu", status, in->n_queue);
		return HOLD_ORDER_NONE;
	}
	if (strncmp(c->line, "attach ", 7) == 0) {
		attach(in, c, c->line + 7, now);
		return HOLD_ORDER_NONE;
	}
	if (strcmp(c->line, "eof") == 0) {
		in->is_eof = !in->terminal; /* that one is hung up, or left */
		reply(c, "ok");
		return HOLD_ORDER_NONE;
	}
	for (size_t i = 0; i < N_ELEMS(orders); i++) {
		if (strcmp(c->line, orders[i].word) == 0) {
			reply(c, "ok");
			return orders[i].order;
		}
	}
	reply(c, "bad request");
	return HOLD_ORDER_NONE;
}

/* Reads on; false when the caller has gone or says too much. */
static bool
read_frame(struct client *c)
{
	ssize_t n = read(c->fd, c->frame + c->n_frame, c->want - c->n_frame);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->n_frame += (size_t)n;
	return n > 0;
}

/* Byte by byte is well enough for lines of twenty bytes, and never reads beyond one. */
static bool
read_line(struct client *c, bool *is_whole)
{
	char byte;
	ssize_t n;

	*is_whole = false;
	while ((n = read(c->fd, &byte, 1)) == 1) {
		if (byte == '\n') {
			c->line[c->n_line] = '\0';
			c->n_line = 0;
			*is_whole = true;
			return true;
		}
		if (c->n_line + 1 >= sizeof(c->line))
			return false;
		c->line[c->n_line++] = byte;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* A reply is smaller than any socket buffer; who lets them pile up is dropped. */
static bool
send_reply(struct client *c)
{
	ssize_t n;

	if (c->n_reply == 0)
		return true;
	n = send(c->fd, c->reply, c->n_reply, MSG_NOSIGNAL);
	if (n != (ssize_t)c->n_reply)
		return false;
	c->n_reply = 0;
	return true;
}

enum hold_order
input_serve(struct input *in, size_t index, const char *status, ms_t now)
{
	struct client *c = &in->client[index];
	enum hold_order order = HOLD_ORDER_NONE;
	bool is_whole = false, is_good;

	c->heard_at = now;
	if (c->want > 0) {
		is_good = read_frame(c);
		if (is_good && c->n_frame == c->want && c->is_viewer)
			take_keys(in, c);
		else if (is_good && c->n_frame == c->want)
			take_frame(in, c);
	} else {
		is_good = read_line(c, &is_whole);
		if (is_whole && c->is_viewer)
			is_good = take_viewer_request(in, c, now);
		else if (is_whole)
			order = take_request(in, c, status, now);
	}
	if (!is_good || !send_reply(c))
		drop_client(c);
	return order;
}
