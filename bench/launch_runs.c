/*
 * Starts N short programs, at most P at a time, and waits for all of them:
 *
 *   launch_runs spawn N P PROGRAM             the least a launcher can do: posix_spawn
 *   launch_runs synced N P PROGRAM DIR        the same with one small file made durable each
 *   launch_runs hold N P PROGRAM DIR HOLDER   as divisi does it: a run directory, a holder,
 *                                             an end record
 *   launch_runs idle DIR HOLDER               holders of sleeping agents: the memory of each
 *
 * Holders become our children (sub-reaper), so that what they cost is counted with us.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "exec/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_IDLE 10

static int
fail(const char *what, const struct err *err)
{
	fprintf(stderr, "launch_runs: %s: %s\n", what, err->text);
	return 1;
}

static int
start_spawn(const char *program)
{
	char *arg[] = { xstrdup(program), NULL }, *env[] = { NULL };
	pid_t pid;
	int rc = posix_spawn(&pid, program, NULL, NULL, arg, env);

	free(arg[0]);
	return rc ? -1 : 0;
}

static int
start_synced(const char *program, const char *dir, int i)
{
	AUTO_FREE char *path = xasprintf("%s/file-%d", dir, i);
	AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || file_write_all(fd, path, strlen(path)) < 0 || fdatasync(fd) < 0)
		return -1;
	return start_spawn(program);
}

static char *
run_dir_of(const char *dir, int i)
{
	return xasprintf("%s/runs/r%d", dir, i);
}

static int
start_hold(const char *program, const char *dir, int i, const char *holder)
{
	AUTO_FREE char *run = run_dir_of(dir, i);
	struct run_spec spec = { .run = xasprintf("r%d", i), .cwd = xstrdup("/") };
	struct err err = ERR_INIT;
	int rc;

	run_spec_add_arg(&spec, program);
	run_spec_add_env(&spec, "PATH", "/usr/bin:/bin");
	rc = rundir_write_spec(run, &spec, &err);
	if (rc == 0)
		rc = executor_local.start(run, holder, &err);
	run_spec_clear(&spec);
	return rc < 0 ? -fail(run, &err) : 0;
}

static int
check_ends(const char *dir, int n)
{
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *run = run_dir_of(dir, i);
		struct run_end end;
		struct err err = ERR_INIT;

		if (rundir_read_end(run, &end, &err) < 0)
			return fail(run, &err);
		if (strcmp(end.reason, "exited") != 0 || end.status != 0) {
			fprintf(stderr, "launch_runs: %s: %s\n", run, end.reason);
			return 1;
		}
	}
	return 0;
}

static bool
reap_one(void)
{
	pid_t pid;

	do
		pid = wait(NULL);
	while (pid < 0 && errno == EINTR);
	return pid > 0;
}

/* The sum of what the holder of RUN keeps for itself, in kB; -1 when it cannot be told. */
static long
private_kb(pid_t pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/smaps_rollup", (int)pid);
	AUTO_FREE char *text = file_read(path, 1 << 16, NULL, NULL);
	long sum = 0;

	if (!text)
		return -1;
	for (char *at = text; (at = strstr(at, "\nPrivate_"));) {
		char *colon = strchr(++at, ':');

		sum += strncmp(at, "Private_Hugetlb", 15) == 0 || !colon
			   ? 0
			   : strtol(colon + 1, NULL, 10);
	}
	return sum;
}

/* Starts a holder of a sleeping agent and waits until that runs; its pid, or 0. */
static pid_t
start_idle(const char *run, const char *holder)
{
	AUTO_FREE char *out = path_join(run, "out.ndjson");
	struct run_spec spec = { .run = xstrdup("idle"), .cwd = xstrdup("/") };
	struct run_begun begun = { 0 };
	struct err err = ERR_INIT;
	int rc;

	run_spec_add_arg(&spec, "/bin/sh");
	run_spec_add_arg(&spec, "-c");
	run_spec_add_arg(&spec, "echo; exec sleep 1000");
	rc = rundir_write_spec(run, &spec, &err);
	run_spec_clear(&spec);
	if (rc == 0)
		rc = executor_local.start(run, holder, &err);
	for (int i = 0; rc == 0 && i < 1000; i++) {
		AUTO_FREE char *said = file_read(out, 64, NULL, NULL);

		if (said && *said && rundir_read_begun(run, &begun, NULL) == 0 &&
		    begun.agent.pid > 0)
			return begun.holder.pid;
		(void)usleep(10000);
	}
	(void)fail(run, &err);
	return 0;
}

/* Several, since what they share is private to the first one as long as it is alone. */
static int
idle(const char *dir, const char *holder)
{
	pid_t pid[N_IDLE];
	long sum = 0;

	for (int i = 0; i < N_IDLE; i++) {
		AUTO_FREE char *run = run_dir_of(dir, i);

		pid[i] = start_idle(run, holder);
		if (pid[i] == 0)
			return 1;
	}
	for (int i = 0; i < N_IDLE; i++)
		sum += private_kb(pid[i]);
	printf("private_kb %ld\n", sum / N_IDLE);
	for (int i = 0; i < N_IDLE; i++) {
		AUTO_FREE char *run = run_dir_of(dir, i);
		struct err err = ERR_INIT;

		if (run_tell(run, RUN_ORDER_KILL, &err) < 0)
			return fail(run, &err);
	}
	for (int i = 0; i < N_IDLE; i++)
		reap_one();
	return 0;
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	bool is_synced = strcmp(word, "synced") == 0,
	     is_hold = strcmp(word, "hold") == 0;
	int n = argc > 3 ? atoi(argv[2]) : 0, p = argc > 3 ? atoi(argv[3]) : 1,
	    live = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (strcmp(word, "idle") == 0 && argc == 4)
		return idle(argv[2], argv[3]);
	if (argc != 5 + is_synced + 2 * is_hold)
		return 2;
	for (int i = 0; i < n; i++) {
		int rc = is_hold     ? start_hold(argv[4], argv[5], i, argv[6])
			 : is_synced ? start_synced(argv[4], argv[5], i)
				     : start_spawn(argv[4]);

		if (rc < 0)
			return 1;
		if (++live == p)
			live -= reap_one();
	}
	while (live > 0)
		live -= reap_one();
	return is_hold ? check_ends(argv[5], n) : 0;
}
