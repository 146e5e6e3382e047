/*
 * Our end of a holder's in.sock.  The protocol stands in hold/input.c: one request line,
 * for a frame its bytes, and one line in answer.
 */
#include "exec/exec.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SEND_LIMIT_MS 5000
#define ANSWER_BYTES  256

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until FD is ready for EVENTS; -1 with ETIMEDOUT at END_AT. */
static int
await_ready(int fd, short events, long long end_at)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		long long left = end_at - now_ms();
		int rc;

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		rc = poll(&p, 1, (int)left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return -1;
	}
}

/* A connection to DIR/in.sock by way of the directory, for a path of any length. */
static int
connect_to(const char *dir, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FD int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir_fd < 0)
		return err_set(err, ERR_NOT_FOUND, "%s: %s", dir, strerror(errno));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/in.sock", dir_fd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	/* EAGAIN: its queue of callers is full, which only a stopped holder lets happen. */
	if (errno == EAGAIN)
		(void)err_set(err, ERR_TIMEOUT, "the holder of %s is busy", dir);
	else if (errno == ENOENT || errno == ECONNREFUSED)
		(void)err_set(err, ERR_NOT_FOUND, "no holder answers in %s", dir);
	else
		(void)err_sys(err, "connect to the holder of %s", dir);
	close(fd);
	return -1;
}

static int
send_all(int fd, const char *p, size_t n, long long end_at)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent >= 0) {
			p += sent;
			n -= (size_t)sent;
		} else if (errno != EAGAIN && errno != EINTR) {
			return -1;
		} else if (await_ready(fd, POLLOUT, end_at) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Reads the answer's one line, without its newline; an end before it is ECONNRESET. */
static int
read_answer(int fd, char *buf, size_t size, long long end_at)
{
	size_t n = 0;

	while (n + 1 < size) {
		ssize_t got = recv(fd, buf + n, size - 1 - n, 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (await_ready(fd, POLLIN, end_at) < 0)
				return -1;
			continue;
		}
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
		if (buf[n - 1] == '\n') {
			buf[n - 1] = '\0';
			return 0;
		}
	}
	errno = ECONNRESET;
	return -1;
}

/* One request with BODY (may be NULL) and its answer. */
static int
ask_holder(const char *dir, const char *request, const char *body, size_t n_body,
    char answer[ANSWER_BYTES], struct err *err)
{
	long long end_at = now_ms() + SEND_LIMIT_MS;
	AUTO_FD int fd = connect_to(dir, err);

	if (fd < 0)
		return -1;
	if (send_all(fd, request, strlen(request), end_at) == 0 &&
	    send_all(fd, body, n_body, end_at) == 0 &&
	    read_answer(fd, answer, ANSWER_BYTES, end_at) == 0)
		return 0;
	if (errno == ETIMEDOUT)
		return err_set(
		    err, ERR_TIMEOUT, "the holder of %s did not answer in time", dir);
	if (errno == ECONNRESET || errno == EPIPE)
		return err_set(
		    err, ERR_NOT_FOUND, "the holder of %s is gone or refuses us", dir);
	return err_sys(err, "talk to the holder of %s", dir);
}

int
run_send(const char *run_dir, const char *key, const char *line, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._:/@+-";
	AUTO_FREE char *request = xasprintf("frame %s %zu\n", key, strlen(line));
	size_t n_key = strspn(key, allowed);
	char answer[ANSWER_BYTES];

	if (n_key == 0 || n_key > 200 || key[n_key])
		return err_set(err, ERR_INPUT, "not the key of a frame: %.40s", key);
	if (ask_holder(run_dir, request, line, strlen(line), answer, err) < 0)
		return -1;
	if (strcmp(answer, "ok") == 0)
		return 0;
	if (strcmp(answer, "seen") == 0)
		return 1;
	if (strcmp(answer, "full") == 0)
		return err_set(err, ERR_CONFLICT,
		    "%s: the agent does not read its input", run_dir);
	if (strcmp(answer, "closed") == 0)
		return err_set(
		    err, ERR_CONFLICT, "%s: the agent takes no more input", run_dir);
	return err_set(err, strncmp(answer, "bad", 3) == 0 ? ERR_INPUT : ERR_SYSTEM,
	    "%s: the holder says: %s", run_dir, answer);
}

int
run_tell(const char *run_dir, enum run_order order, struct err *err)
{
	static const char *const words[] = {
		[RUN_ORDER_EOF] = "eof\n",
		[RUN_ORDER_INTERRUPT] = "interrupt\n",
		[RUN_ORDER_STOP] = "stop\n",
		[RUN_ORDER_KILL] = "kill\n",
		[RUN_ORDER_SUSPEND] = "suspend\n",
		[RUN_ORDER_CONTINUE] = "continue\n",
	};
	char answer[ANSWER_BYTES];

	if (ask_holder(run_dir, words[order], NULL, 0, answer, err) < 0)
		return -1;
	if (strcmp(answer, "ok") == 0)
		return 0;
	return err_set(err, ERR_SYSTEM, "%s: the holder says: %s", run_dir, answer);
}
