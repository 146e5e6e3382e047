#include "engine/job.h"

#include "base/mem.h"
#include "engine/record.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOB_INPUT_BYTES (256u * 1024 * 1024)
#define TAIL_BYTES      4096

static const struct {
	const char *kind;
	job_fn *fn;
} jobs[] = {
	{ "propose", job_propose },
	{ "worktree-add", job_worktree_add },
	{ "worktree-remove", job_worktree_remove },
	{ "setup", job_setup },
	{ "inspect", job_inspect },
	{ "candidate", job_candidate },
	{ "land", job_land },
	{ "write-back", job_write_back },
	{ "publish", job_publish },
	{ "diff", job_diff },
};

static char *
read_input(void)
{
	char *buf = NULL;
	size_t n = 0, cap = 0;

	for (;;) {
		ssize_t got;

		if (cap - n < 65536) {
			cap = cap ? cap * 2 : 1 << 18;
			buf = xreallocarray(buf, cap, 1);
		}
		got = read(0, buf + n, cap - n - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || n + (size_t)got > JOB_INPUT_BYTES)
			break;
		n += (size_t)got;
	}
	buf[n] = '\0';
	return buf;
}

int
job_main(const char *kind)
{
	AUTO_FREE char *input = NULL, *output = NULL;
	struct fields in = { 0 }, out = { 0 };
	struct err err = ERR_INIT;
	int rc;

	/* A job does not outlive the server: the next one looks at the evidence and goes on. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	input = read_input();
	rc = fields_of_json(&in, input, &err);
	if (rc == 0) {
		rc = err_set(&err, ERR_USAGE, "no job is called '%.40s'", kind);
		for (size_t i = 0; i < N_ELEMS(jobs); i++) {
			if (strcmp(jobs[i].kind, kind) != 0)
				continue;
			err = (struct err)ERR_INIT;
			rc = jobs[i].fn(&in, &out, &err);
		}
	}
	if (rc < 0)
		fields_put_err(&out, &err);
	output = fields_to_json(&out);
	puts(output);
	fields_clear(&in);
	fields_clear(&out);
	return fflush(stdout) == 0 ? 0 : ERR_SYSTEM;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Keeps the last TAIL_BYTES of what FD says until it closes or DEADLINE passes. */
static bool
read_tail(int fd, int64_t deadline, char *tail)
{
	size_t n = 0;

	for (;;) {
		char buf[4096];
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t got;
		size_t keep;

		if (left <= 0)
			return false;
		if (poll(&p, 1, left > 60000 ? 60000 : (int)left) <= 0)
			continue;
		got = read(fd, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		keep = n + (size_t)got > TAIL_BYTES ? TAIL_BYTES - (size_t)got : n;
		memmove(tail, tail + n - keep, keep);
		memcpy(tail + keep, buf, (size_t)got);
		n = keep + (size_t)got;
		tail[n] = '\0';
	}
}

int
job_shell(
    const char *command, const char *dir, long timeout_ms, char **tail, struct err *err)
{
	AUTO_FREE char *text = xstrdup(command);
	char sh[] = "/bin/sh", flag[] = "-c";
	char *argv[] = { sh, flag, text, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char *kept = xcalloc(1, TAIL_BYTES + 1);
	int fds[2], status = 0, rc;
	pid_t pid;

	if (pipe(fds) < 0) {
		free(kept);
		return err_sys(err, "run %s", command);
	}
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&files, fds[1], 1);
	posix_spawn_file_actions_adddup2(&files, fds[1], 2);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawn_file_actions_addchdir_np(&files, dir);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(&pid, sh, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	close(fds[1]);
	if (rc != 0) {
		close(fds[0]);
		free(kept);
		errno = rc;
		return err_sys(err, "run %s in %s", command, dir);
	}
	if (!read_tail(fds[0], now_ms() + timeout_ms, kept)) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		close(fds[0]);
		free(kept);
		return err_set(err, ERR_TIMEOUT, "'%s' did not end within %ld s",
		    command, timeout_ms / 1000);
	}
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*tail = kept;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
