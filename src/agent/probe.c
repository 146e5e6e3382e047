#include "agent/probe.h"

#include "agent/help.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX_BYTES 4096
#define HELP_MAX_BYTES   (256u << 10)
#define HELP_TIMEOUT_MS  20000

/* One question to a program that answers on standard output and exits. */
struct asked {
	const char *path, *word;
	const char *cwd; /* NULL: where we are */
	int timeout_ms;
};

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Copies FOUND into PATH of SIZE when it is a program that fits. */
static bool
take_program(const char *found, char *path, size_t size)
{
	if (strlen(found) >= size || !is_program(found))
		return false;
	memcpy(path, found, strlen(found) + 1);
	return true;
}

static int
find_on_path(const char *program, char *path, size_t size, struct err *err)
{
	const char *dirs = getenv("PATH");
	struct span rest = span_of(dirs ? dirs : ""), dir;

	while (span_next(&rest, ':', &dir)) {
		AUTO_FREE char *found = NULL;

		/* A relative directory would find the worktree's own files. */
		if (dir.n == 0 || dir.p[0] != '/')
			continue;
		found = xasprintf("%.*s/%s", SPAN_FMT(dir), program);
		if (take_program(found, path, size))
			return 0;
	}
	err_set(err, ERR_NOT_FOUND, "%s is not on PATH", program);
	return err_fix(
	    err, "install %s or name its program in the configuration", program);
}

int
probe_find(const char *program, char *path, size_t size, struct err *err)
{
	AUTO_FREE char *cwd = NULL;
	AUTO_FREE char *found = NULL;

	if (!program || program[0] == '\0')
		return err_set(err, ERR_USAGE, "no program is configured");
	if (!strchr(program, '/'))
		return find_on_path(program, path, size, err);
	if (program[0] == '/') {
		found = xstrdup(program);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_sys(err, "current directory");
		found = xasprintf("%s/%s", cwd, program);
	}
	if (!take_program(found, path, size))
		return err_set(err, ERR_NOT_FOUND,
		    "%s is not a program that can be executed", program);
	return 0;
}

/* Starts PATH WORD in CWD, in a session of its own, standard output to OUT_FD. */
static int
spawn_asked(const struct asked *asked, int out_fd, pid_t *pid, struct err *err)
{
	const char *path = asked->path;
	AUTO_FREE char *copy = xstrdup(path);
	AUTO_FREE char *word = xstrdup(asked->word);
	AUTO_FREE char *env_path = xasprintf(
	    "PATH=%s", getenv("PATH") ?: "/usr/bin:/bin");
	AUTO_FREE char *env_home = xasprintf("HOME=%s", getenv("HOME") ?: "/");
	char lang[] = "LANG=C.UTF-8", term[] = "TERM=dumb";
	char no_update[] = "DISABLE_AUTOUPDATER=1";
	char *const argv[] = { copy, word, NULL };
	char *const envp[] = { env_path, env_home, lang, term, no_update, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out_fd, 1);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	if (asked->cwd)
		posix_spawn_file_actions_addchdir_np(&files, asked->cwd);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	rc = DURABLE("agent.probe", posix_spawn(pid, path, &files, &attr, argv, envp));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (rc == 0)
		return 0;
	errno = rc;
	return err_sys(err, "%s", path);
}

/*
 * Reads what fits into BUF (SIZE with the NUL) until end of file and the end of the process
 * behind PID_FD.  Returns false when DEADLINE passed first.
 */
static bool
read_until_end(int fd, int pid_fd, int64_t deadline, char *buf, size_t size)
{
	struct pollfd polled[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = pid_fd, .events = POLLIN } };
	size_t n = 0;

	buf[0] = '\0';
	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		bool has_ended = polled[1].fd < 0 && pid_fd >= 0;
		int64_t left = deadline - clock_mono_ms();
		char rest[512];
		bool is_full = n + 1 >= size;
		ssize_t got;

		if (left <= 0)
			return false;
		/* A grandchild may hold the pipe for ever: after the end, only what is there. */
		if (poll(polled, 2, has_ended ? 0 : (int)left) < 0)
			continue;
		if (polled[1].revents)
			polled[1].fd = -1;
		if (!polled[0].revents) {
			if (has_ended)
				break;
			continue;
		}
		got = is_full ? read(fd, rest, sizeof(rest))
			      : read(fd, buf + n, size - 1 - n);
		if (got <= 0)
			polled[0].fd = -1;
		else if (!is_full)
			n += (size_t)got;
		buf[n] = '\0';
	}
	return true;
}

/* The first word of TEXT that begins with a digit, or an empty span. */
static struct span
version_word(const char *text)
{
	struct span rest = span_of(text), word;

	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '\n' || rest.p[i] == '\t')
			break;
		if ((i > 0 && rest.p[i - 1] != ' ') || rest.p[i] < '0' ||
		    rest.p[i] > '9')
			continue;
		rest = (struct span){ rest.p + i, rest.n - i };
		span_next(&rest, ' ', &word);
		return (struct span){ word.p, strcspn(word.p, " \t\r\n") };
	}
	return (struct span){ text, 0 };
}

/* What the program that is ASKED prints, at most SIZE with the NUL, into OUT. */
static int
ask_program(const struct asked *asked, char *out, size_t size, struct err *err)
{
	int pipe_fds[2], status = 0;
	bool is_ended;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	if (spawn_asked(asked, pipe_fds[1], &pid, err) < 0) {
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		return -1;
	}
	close(pipe_fds[1]);
	AUTO_FD int out_fd = pipe_fds[0];
	AUTO_FD int pid_fd = pidfd_open(pid, 0);

	is_ended = read_until_end(
	    out_fd, pid_fd, clock_mono_ms() + asked->timeout_ms, out, size);
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!is_ended)
		return err_set(err, ERR_TIMEOUT, "%s %s gave no answer in %d s",
		    asked->path, asked->word, asked->timeout_ms / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(
		    err, ERR_SYSTEM, "%s %s failed", asked->path, asked->word);
	return 0;
}

int
probe_version(
    const char *path, int timeout_ms, char *version, size_t size, struct err *err)
{
	struct asked asked = {
		.path = path, .word = "--version", .timeout_ms = timeout_ms
	};
	char out[OUTPUT_MAX_BYTES];
	struct span word;

	if (ask_program(&asked, out, sizeof(out), err) < 0)
		return -1;
	word = version_word(out);
	if (word.n == 0 || word.n >= size || text_utf8_bad(word.p, word.n) >= 0)
		return err_set(err, ERR_INPUT, "%s --version shows no version", path);
	snprintf(version, size, "%.*s", SPAN_FMT(word));
	return 0;
}

char *
agent_help(const char *path, const char *cwd, struct err *err)
{
	struct asked asked = { .path = path,
		.word = "--help",
		.cwd = cwd,
		.timeout_ms = HELP_TIMEOUT_MS };
	AUTO_FREE char *out = xmalloc(HELP_MAX_BYTES);

	if (ask_program(&asked, out, HELP_MAX_BYTES, err) < 0)
		return NULL;
	return TAKE_PTR(out);
}
