/*
 * Our end of a holder's in.sock.  The protocol stands in hold/input.c: one request line,
 * for a frame its bytes, and one line in answer.
 */
#include "exec/exec.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_BYTES 256
#define BUSY_MS      20 /* between two tries when the holder's queue of callers is full */

struct run_call {
	char *dir;
	int fd;        /* -1 until there is a connection */
	char *request; /* with the frame's bytes */
	size_t n_request, n_sent;
	char answer[ANSWER_BYTES];
	size_t n_answer;
	bool is_frame;
	int64_t end_at;
};

/*
 * Connects to DIR/in.sock by way of the directory, for a path of any length.  0 when the
 * holder's queue is full, which only one that is stopped lets happen for long.
 */
static int
connect_call(struct run_call *call, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FD int dir_fd = open(call->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir_fd < 0)
		return err_set(
		    err, ERR_NOT_FOUND, "%s: %s", call->dir, strerror(errno));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/in.sock", dir_fd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0) {
		call->fd = fd;
		return 0;
	}
	if (errno == ENOENT || errno == ECONNREFUSED)
		(void)err_set(err, ERR_NOT_FOUND, "no holder answers in %s", call->dir);
	else if (errno != EAGAIN)
		(void)err_sys(err, "connect to the holder of %s", call->dir);
	else {
		close(fd);
		return 0;
	}
	close(fd);
	return -1;
}

/* Takes over REQUEST, of N bytes. */
static struct run_call *
call_new(const char *dir, char *request, size_t n, struct err *err)
{
	struct run_call *call = xcalloc(1, sizeof(*call));

	*call = (struct run_call){ .dir = xstrdup(dir),
		.fd = -1,
		.request = request,
		.n_request = n,
		.end_at = clock_mono_ms() + RUN_CALL_LIMIT_MS };
	if (connect_call(call, err) == 0)
		return call;
	run_call_free(call);
	return NULL;
}

void
run_call_free(struct run_call *call)
{
	if (!call)
		return;
	if (call->fd >= 0)
		close(call->fd);
	free(call->dir);
	free(call->request);
	free(call);
}

struct run_call *
run_call_send(const char *run_dir, const char *key, const char *line, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._:/@+-";
	size_t n_key = strspn(key, allowed);
	struct run_call *call;
	char *request;

	if (n_key == 0 || n_key > 200 || key[n_key]) {
		(void)err_set(err, ERR_INPUT, "not the key of a frame: %.40s", key);
		return NULL;
	}
	request = xasprintf("frame %s %zu\n%s", key, strlen(line), line);
	call = call_new(run_dir, request, strlen(request), err);
	if (call)
		call->is_frame = true;
	return call;
}

struct run_call *
run_call_tell(const char *run_dir, enum run_order order, struct err *err)
{
	static const char *const words[] = {
		[RUN_ORDER_EOF] = "eof\n",
		[RUN_ORDER_INTERRUPT] = "interrupt\n",
		[RUN_ORDER_STOP] = "stop\n",
		[RUN_ORDER_KILL] = "kill\n",
		[RUN_ORDER_SUSPEND] = "suspend\n",
		[RUN_ORDER_CONTINUE] = "continue\n",
		[RUN_ORDER_WIDEN] = "widen\n",
		[RUN_ORDER_SWEEP] = "sweep\n",
	};

	return call_new(run_dir, xstrdup(words[order]), strlen(words[order]), err);
}

struct run_call *
run_call_pulse(const char *run_dir, struct err *err)
{
	return call_new(run_dir, xstrdup("ping\n"), 5, err);
}

int
run_call_fd(const struct run_call *call)
{
	return call->fd;
}

short
run_call_events(const struct run_call *call)
{
	return call->n_sent < call->n_request ? POLLOUT : POLLIN;
}

int
run_call_left_ms(const struct run_call *call)
{
	int64_t left = call->end_at - clock_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* Sends and receives what can be now: 1 when the answer is there, 0 not yet, -1 errno. */
static int
exchange(struct run_call *call)
{
	ssize_t n;

	while (call->n_sent < call->n_request) {
		n = send(call->fd, call->request + call->n_sent,
		    call->n_request - call->n_sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		call->n_sent += (size_t)n;
	}
	while (call->n_answer + 1 < sizeof(call->answer)) {
		n = recv(call->fd, call->answer + call->n_answer,
		    sizeof(call->answer) - 1 - call->n_answer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		if (n == 0)
			break;
		call->n_answer += (size_t)n;
		if (call->answer[call->n_answer - 1] == '\n') {
			call->answer[call->n_answer - 1] = '\0';
			return 1;
		}
	}
	errno = ECONNRESET; /* an end before the answer's */
	return -1;
}

static int
judge(const struct run_call *call, struct err *err)
{
	const char *answer = call->answer;

	if (strcmp(answer, "ok") == 0 || strncmp(answer, "ok ", 3) == 0)
		return 1;
	if (call->is_frame && strcmp(answer, "seen") == 0)
		return 2;
	if (call->is_frame && strcmp(answer, "full") == 0)
		return err_set(err, ERR_CONFLICT,
		    "%s: the agent does not read its input", call->dir);
	if (call->is_frame && strcmp(answer, "closed") == 0)
		return err_set(
		    err, ERR_CONFLICT, "%s: the agent takes no more input", call->dir);
	return err_set(err,
	    call->is_frame && strncmp(answer, "bad", 3) == 0 ? ERR_INPUT : ERR_SYSTEM,
	    "%s: the holder says: %s", call->dir, answer);
}

int
run_call_step(struct run_call *call, struct err *err)
{
	int rc = 0;

	if (call->fd < 0 && connect_call(call, err) < 0)
		return -1;
	if (call->fd >= 0)
		rc = exchange(call);
	if (rc > 0)
		return judge(call, err);
	if (rc < 0 && (errno == ECONNRESET || errno == EPIPE))
		return err_set(err, ERR_NOT_FOUND,
		    "the holder of %s is gone or refuses us", call->dir);
	if (rc < 0)
		return err_sys(err, "talk to the holder of %s", call->dir);
	if (clock_mono_ms() >= call->end_at)
		return err_set(err, ERR_TIMEOUT,
		    "the holder of %s did not answer in time", call->dir);
	return 0;
}

static long long
number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

struct run_pulse
run_call_answer(const struct run_call *call)
{
	return (struct run_pulse){
		.idle_ms = number_behind(call->answer, " idle_ms="),
		.cpu_ms = number_behind(call->answer, " cpu_ms="),
		.is_suspended = strncmp(call->answer, "ok suspended", 12) == 0,
	};
}

/* Waits for the end of CALL: as run_call_step(), never 0. */
static int
await(struct run_call *call, struct err *err)
{
	int rc;

	while ((rc = run_call_step(call, err)) == 0) {
		struct pollfd p = { .fd = call->fd, .events = run_call_events(call) };

		(void)poll(&p, 1, call->fd < 0 ? BUSY_MS : run_call_left_ms(call));
	}
	return rc;
}

int
run_send(const char *run_dir, const char *key, const char *line, struct err *err)
{
	struct run_call *call = run_call_send(run_dir, key, line, err);
	int rc = call ? await(call, err) : -1;

	run_call_free(call);
	return rc < 0 ? -1 : rc - 1;
}

int
run_tell(const char *run_dir, enum run_order order, struct err *err)
{
	struct run_call *call = run_call_tell(run_dir, order, err);
	int rc = call ? await(call, err) : -1;

	run_call_free(call);
	return rc < 0 ? -1 : 0;
}

int
run_pulse(const char *run_dir, struct run_pulse *pulse, struct err *err)
{
	struct run_call *call = run_call_pulse(run_dir, err);
	int rc = call ? await(call, err) : -1;

	if (rc > 0)
		*pulse = run_call_answer(call);
	run_call_free(call);
	return rc < 0 ? -1 : 0;
}

/* ---- terminals ---------------------------------------------------------------------------- */

/* One line of FD, byte by byte: what comes behind it is the terminal's. */
static int
read_answer(struct run_call *call, struct err *err)
{
	while (call->n_answer + 1 < sizeof(call->answer)) {
		struct pollfd p = { .fd = call->fd, .events = POLLIN };
		char byte;
		ssize_t n;

		if (poll(&p, 1, run_call_left_ms(call)) == 0)
			return err_set(err, ERR_TIMEOUT,
			    "the holder of %s did not answer in time", call->dir);
		n = read(call->fd, &byte, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n != 1)
			break;
		if (byte == '\n') {
			call->answer[call->n_answer] = '\0';
			return 0;
		}
		call->answer[call->n_answer++] = byte;
	}
	return err_set(
	    err, ERR_NOT_FOUND, "the holder of %s is gone or refuses us", call->dir);
}

/* The answer "ok write|view COLS ROWS". */
static bool
read_attached(const char *answer, int *cols, int *rows, bool *is_writer)
{
	bool can_write = strncmp(answer, "ok write", 8) == 0;
	const char *at = answer + (can_write ? 8 : 7);

	if (!can_write && strncmp(answer, "ok view", 7) != 0)
		return false;
	*is_writer = can_write;
	return text_take_number(&at, PTY_SIDE_MAX, cols) &&
	       text_take_number(&at, PTY_SIDE_MAX, rows);
}

int
run_attach(const char *run_dir, enum run_attach_as as, int *cols, int *rows,
    bool *is_writer, struct err *err)
{
	static const char *const words[] = { "", " view", " take" };
	char *line = xasprintf("attach %d %d%s\n", *cols, *rows, words[as]);
	struct run_call *call = call_new(run_dir, line, strlen(line), err);
	int fd = -1;

	if (!call)
		return -1;
	if (call->fd < 0)
		err_set(err, ERR_TIMEOUT, "the holder of %s is busy", run_dir);
	else if (send(call->fd, line, call->n_request, MSG_NOSIGNAL) !=
		 (ssize_t)call->n_request)
		err_sys(err, "talk to the holder of %s", run_dir);
	else if (read_answer(call, err) == 0 &&
		 !read_attached(call->answer, cols, rows, is_writer))
		err_set(err, ERR_CONFLICT, "%s: %s", run_dir, call->answer);
	else if (call->n_answer > 0) {
		fd = call->fd;
		call->fd = -1;
		(void)fcntl(fd, F_SETFL, 0);
	}
	run_call_free(call);
	return fd;
}

static int
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return -1;
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

int
run_attach_type(int fd, const char *keys, size_t n)
{
	const size_t most = 4096; /* of one request: hold/hold.h */

	while (n > 0) {
		size_t part = n < most ? n : most;
		char head[32];
		int len = snprintf(head, sizeof(head), "keys %zu\n", part);

		if (send_all(fd, head, (size_t)len) < 0 || send_all(fd, keys, part) < 0)
			return -1;
		keys += part;
		n -= part;
	}
	return 0;
}

int
run_attach_size(int fd, int cols, int rows)
{
	char line[40];
	int len = snprintf(line, sizeof(line), "size %d %d\n", cols, rows);

	return send_all(fd, line, (size_t)len);
}
