#include "mcp/mcp.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Lines in, lines out, and the verbs that are run in between. */

#define PIECE        ((size_t)65536)
#define OUTPUT_BYTES ((size_t)16 << 20) /* of a verb; more is not read */

/* ---- verbs ------------------------------------------------------------------------------- */

/* Reads what comes from FD until it ends or the time is over; false then. */
static bool
read_output(int fd, int64_t deadline, char **text)
{
	size_t n = 0, cap = PIECE;
	char *buf = xcalloc(1, cap + 1);
	bool is_over = false;

	while (!is_over) {
		struct pollfd one = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_mono_ms();
		ssize_t got;

		if (left <= 0 || poll(&one, 1, (int)left) == 0)
			break;
		if (n == cap) {
			cap *= 2;
			buf = xreallocarray(buf, cap + 1, 1);
		}
		got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		is_over = got <= 0 || n >= OUTPUT_BYTES;
		n += got > 0 ? (size_t)got : 0;
	}
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	*text = buf;
	return is_over;
}

static pid_t
start(const char *program, char *const *words, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	pid_t pid = -1;
	int rc;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	/* Standard output is for messages: what a verb complains about goes to our log. */
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	rc = DURABLE(
	    "mcp.verb", posix_spawn(&pid, program, &files, &attr, words, environ));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	errno = rc;
	return rc == 0 ? pid : -1;
}

int
mcp_run(void *arg, char *const *argv, char **text)
{
	const char *program = arg;
	size_t n = 0;
	char **words;
	int ends[2], status = 0;
	bool is_over;
	pid_t pid;

	while (argv[n])
		n++;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*text = xasprintf("no pipe: %s", strerror(errno));
		return -1;
	}
	words = xcalloc(n + 2, sizeof(*words));
	words[0] = xstrdup("divisi");
	memcpy(words + 1, argv, n * sizeof(*words));
	pid = start(program, words, ends[1]);
	free(words[0]);
	free(words);
	close(ends[1]);
	if (pid < 0) {
		*text = xasprintf("%s: %s", program, strerror(errno));
		close(ends[0]);
		return -1;
	}
	is_over = read_output(ends[0], clock_mono_ms() + MCP_RUN_MS, text);
	close(ends[0]);
	if (!is_over)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (is_over && WIFEXITED(status))
		return WEXITSTATUS(status);
	free(*text);
	*text = xasprintf(
	    "divisi %s did not end within %d s\n  fix: try it in a terminal", argv[0],
	    MCP_RUN_MS / 1000);
	return -1;
}

/* ---- lines --------------------------------------------------------------------------------- */

static bool
write_line(int fd, const char *line)
{
	AUTO_FREE char *text = xasprintf("%s\n", line);
	const char *at = text;
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

/* What is read of the line that is not over yet. */
struct partial {
	char *text;
	size_t n, cap;
	bool is_skipped; /* longer than a message may be: its rest is not kept */
};

static void
keep(struct partial *p, const char *bytes, size_t n)
{
	if (p->is_skipped || p->n + n > MCP_LINE_BYTES) {
		p->is_skipped = true;
		p->n = 0;
		return;
	}
	while (p->n + n > p->cap) {
		p->cap = p->cap ? p->cap * 2 : PIECE;
		p->text = xreallocarray(p->text, p->cap, 1);
	}
	memcpy(p->text + p->n, bytes, n);
	p->n += n;
}

/* The line is over: answers it.  False when nobody listens any more. */
static bool
take_line(struct mcp *mcp, struct partial *p, int out)
{
	static const char too_long[] =
	    "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
	    "\"the message is longer than 16 MiB\"}}";
	AUTO_FREE char *answer = p->is_skipped ? xstrdup(too_long)
				 : p->n > 0    ? mcp_answer(mcp, p->text, p->n)
					       : NULL;

	p->n = 0;
	p->is_skipped = false;
	/* A large message must not stay in memory for ever. */
	if (p->cap > 16 * PIECE) {
		free(p->text);
		p->text = NULL;
		p->cap = 0;
	}
	return !answer || write_line(out, answer);
}

static bool
take_bytes(struct mcp *mcp, struct partial *p, const char *bytes, size_t n, int out)
{
	while (n > 0) {
		const char *end = memchr(bytes, '\n', n);
		size_t part = end ? (size_t)(end - bytes) : n;

		keep(p, bytes, part);
		if (!end)
			return true;
		if (!take_line(mcp, p, out))
			return false;
		bytes += part + 1;
		n -= part + 1;
	}
	return true;
}

int
mcp_serve(struct mcp *mcp, int in, int out)
{
	AUTO_FREE char *buf = xcalloc(1, PIECE);
	struct partial p = { 0 };
	bool is_heard = true;

	signal(SIGPIPE, SIG_IGN);
	while (is_heard) {
		ssize_t n = read(in, buf, PIECE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		is_heard = take_bytes(mcp, &p, buf, (size_t)n, out);
	}
	/* What was cut off by the end is no message. */
	free(p.text);
	return is_heard ? 0 : -1;
}
