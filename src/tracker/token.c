#include "tracker/token.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOKEN_BYTES 2048
#define HELPER_MS   10000

void
token_free(char *token)
{
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
}

static bool
token_ok(const char *token)
{
	size_t n = strlen(token);

	if (n == 0 || n >= TOKEN_BYTES)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	}
	return true;
}

/* Reads up to the first newline into BUF; false when it takes too long. */
static bool
read_line(int fd, char *buf, size_t size)
{
	int64_t until = clock_mono_ms() + HELPER_MS;
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		ssize_t got;

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return false;
		got = read(fd, buf + n, size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0)
			n += (size_t)got;
		buf[n] = '\0';
		if (got <= 0 || n == size - 1 || memchr(buf, '\n', n)) {
			buf[strcspn(buf, "\r\n")] = '\0';
			return true;
		}
	}
}

static pid_t
start(const char *const *arg, int out, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;
	char **copy;
	size_t n = 0;

	while (arg[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(arg[i]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	errno = posix_spawnp(&pid, copy[0], &actions, &attr, copy, environ);
	if (errno) {
		(void)err_sys(err, "start the token helper %s", copy[0]);
		pid = -1;
	}
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < n; i++)
		free(copy[i]);
	free(copy);
	return pid;
}

static char *
ask_helper(const char *const *arg, struct err *err)
{
	char line[TOKEN_BYTES + 2] = "";
	AUTO_FD int in = -1;
	int ends[2];
	char *token = NULL;
	bool in_time;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		(void)err_sys(err, "make a pipe");
		return NULL;
	}
	in = ends[0];
	pid = start(arg, ends[1], err);
	close(ends[1]);
	if (pid < 0)
		return NULL;
	in_time = read_line(in, line, sizeof(line));
	/* Whatever it still does, we have what we wanted, or waited long enough. */
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (in_time && token_ok(line))
		token = xstrdup(line);
	else
		(void)err_set(err, ERR_HUMAN, "the token helper %s %s", arg[0],
		    in_time ? "printed no token" : "printed nothing in time");
	explicit_bzero(line, sizeof(line));
	return token;
}

char *
token_read(
    const struct tracker_link *link, const char *const *variables, struct err *err)
{
	const char *only[] = { link->token_variable, NULL };
	const char *name = NULL, *value = NULL;

	if (link->token_variable)
		variables = only;
	for (size_t i = 0; variables[i] && !value; i++) {
		name = variables[i];
		value = getenv(name);
		if (value && value[0] == '\0')
			value = NULL;
	}
	if (value && token_ok(value))
		return xstrdup(value);
	if (value) {
		(void)err_set(err, ERR_HUMAN,
		    "what %s holds is no token: it has blanks or controls", name);
		return NULL;
	}
	if (link->token_helper && link->token_helper[0])
		return ask_helper(link->token_helper, err);
	(void)err_set(err, ERR_HUMAN, "there is no token: %s is not set", variables[0]);
	(void)err_fix(err,
	    "set %s where the server is started, or name a program that prints the token",
	    variables[0]);
	return NULL;
}
