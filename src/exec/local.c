#include "exec/exec.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_PAUSE_MS 10
#define PROCS_BYTES    (4 * 1024 * 1024) /* of cgroup.procs: every pid there can be */

static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int rc = 0;

	sigemptyset(&none);
	sigfillset(&all);
	rc |= posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc |= posix_spawnattr_setsigmask(attr, &none);
	rc |= posix_spawnattr_setsigdefault(attr, &all);
	for (int fd = 0; fd < 3; fd++)
		rc |= posix_spawn_file_actions_addopen(
		    actions, fd, "/dev/null", O_RDWR, 0);
	rc |= posix_spawn_file_actions_addclosefrom_np(actions, 3);
	rc |= posix_spawn_file_actions_addchdir_np(actions, "/");
	return rc ? ENOMEM : 0;
}

static int
local_start(const char *run_dir, const char *holder_program, struct err *err)
{
	AUTO_FREE char *dir = realpath(run_dir, NULL);
	AUTO_FREE char *program = xstrdup(holder_program);
	char word[] = "divisi-hold", detach[] = "--detach";
	char *arg[] = { word, detach, dir, NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc, status;
	pid_t pid;

	if (!dir) {
		(void)err_sys(err, "%s", run_dir);
		if (err && errno == ENOENT)
			err->kind = ERR_NOT_FOUND;
		return -1;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	rc = prepare(&actions, &attr);
	if (rc == 0)
		rc = DURABLE("exec.start",
		    posix_spawn(&pid, program, &actions, &attr, arg, CRASH_ENV(env)));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (rc) {
		errno = rc;
		return err_sys(err, "start %s", program);
	}
	/*
	 * With --detach it only forks: the holder itself is nobody's child, so that it
	 * needs no reaping and does not notice when we end.
	 */
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, "start %s", program);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_SYSTEM, "%s could not start", program);
	return 0;
}

/* We and those above us are never swept: who asks may itself run below an agent. */
static bool
is_above_us(pid_t pid)
{
	pid_t at = getpid();

	for (int depth = 0; at > 0 && depth < 1000; depth++) {
		if (at == pid)
			return true;
		at = proc_parent(at);
	}
	return false;
}

/* Kills the processes of IDS that are not ours; returns how many there were. */
static size_t
kill_all(const struct proc_id *ids, size_t n)
{
	size_t n_found = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_above_us(ids[i].pid))
			continue;
		n_found++;
		(void)proc_signal(&ids[i], SIGKILL);
	}
	return n_found;
}

/* ID and everything below it. */
static size_t
kill_below(const struct proc_id *id)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n;

	if (!proc_is_alive(id))
		return 0;
	n = proc_tree(id->pid, &ids);
	return kill_all(ids, n) + kill_all(id, 1);
}

/* What carries MARK, with what it started in a clean environment. */
static size_t
kill_marked(const char *mark)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = proc_marked(mark, &ids), n_found = 0;

	for (size_t i = 0; i < n; i++)
		n_found += is_above_us(ids[i].pid) ? 0 : kill_below(&ids[i]);
	return n_found;
}

/* What HOLDER marked, however it was detached and cleaned. */
static size_t
kill_held(const struct proc_id *holder)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = 0, n_found = 0;

	if (holder->pid > 0 && proc_is_of_this_boot(holder))
		n = proc_held(holder, &ids);
	for (size_t i = 0; i < n; i++)
		n_found += is_above_us(ids[i].pid) ? 0 : kill_below(&ids[i]);
	return n_found;
}

/* What is left in the cgroup; 0 when it is empty or gone. */
static size_t
kill_cgroup(const char *cgroup)
{
	AUTO_FREE char *kill_path = path_join(cgroup, "cgroup.kill");
	AUTO_FREE char *procs_path = path_join(cgroup, "cgroup.procs");
	AUTO_FREE char *procs = NULL;
	AUTO_FD int fd = -1;
	bool is_ours = false;
	size_t n_found = 0;
	pid_t pid;

	/* Named in a file, so it had better be one that a holder makes. */
	if (!strstr(cgroup, "/divisi-"))
		return 0;
	procs = file_read(procs_path, PROCS_BYTES, NULL, NULL);
	for (char *at = procs; at && (pid = (pid_t)strtol(at, &at, 10)) > 0;) {
		struct proc_id id;

		if (is_above_us(pid))
			is_ours = true;
		else if (proc_identify(pid, &id, NULL) == 0 && proc_is_alive(&id))
			n_found += kill_all(&id, 1);
	}
	/* All at once, however fast they fork. */
	fd = n_found > 0 && !is_ours ? open(kill_path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd >= 0)
		(void)!file_write_all(fd, "1", 1);
	return n_found;
}

/*
 * A process id means nothing on another machine: a run directory that several share can be
 * judged only where the run was.
 */
static int
check_host(const char *dir, const struct run_begun *begun, struct err *err)
{
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1);
	if (file_is_local_fs(dir) || strcmp(host, begun->host) == 0)
		return 0;
	(void)err_set(err, ERR_HUMAN,
	    "%s was held on %s: what is left there cannot be seen from %s", dir,
	    begun->host, host);
	return err_fix(err, "run `divisi status` on %s", begun->host);
}

/* The mark of RUN_DIR as its holder wrote it, also when the directory is gone. */
static char *
mark_of(const char *run_dir)
{
	AUTO_FREE char *above = xstrdup(run_dir);
	size_t n = strlen(above);
	char *real = realpath(above, NULL), *mark;

	/* The nearest directory above that is there, and the rest as it is written. */
	while (!real && n > 0) {
		while (n > 0 && above[n - 1] != '/')
			n--;
		while (n > 0 && above[n - 1] == '/')
			n--;
		above[n] = '\0';
		real = realpath(n > 0 ? above : "/", NULL);
	}
	mark = xasprintf("DIVISI_RUN_DIR=%s%s", real ? real : "", run_dir + n);
	free(real);
	return mark;
}

static bool
local_is_marked(const char *run_dir)
{
	AUTO_FREE char *mark = mark_of(run_dir);
	AUTO_FREE struct proc_id *ids = NULL;

	return proc_marked(mark, &ids) > 0;
}

static int
local_sweep(const char *run_dir, long limit_ms, struct err *err)
{
	AUTO_FREE char *mark = mark_of(run_dir);
	AUTO_FREE char *dir = realpath(run_dir, NULL);
	struct run_begun begun = { 0 };
	struct timespec start, now;
	size_t n;

	if (!dir && errno != ENOENT)
		return err_sys(err, "%s", run_dir);
	if (!dir)
		dir = xstrdup(run_dir);
	/* A `begun` that was cut short came before any agent, but the mark is asked. */
	if (rundir_read_begun(dir, &begun, NULL) == 0 &&
	    check_host(dir, &begun, err) < 0)
		return -1;
	/* Another run may have a cgroup of that name now: the old one went with the machine. */
	if (!proc_is_of_this_boot(&begun.holder))
		begun.cgroup[0] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		n = kill_cgroup(begun.cgroup) + kill_below(&begun.holder) +
		    kill_below(&begun.agent) + kill_marked(mark) +
		    kill_held(&begun.holder);
		if (n == 0) {
			if (strstr(begun.cgroup, "/divisi-"))
				(void)DURABLE(
				    "exec.cgroup-remove", rmdir(begun.cgroup));
			return 0;
		}
		(void)poll(NULL, 0, SWEEP_PAUSE_MS);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 +
		     (now.tv_nsec - start.tv_nsec) / 1000000 <
		 limit_ms);
	return err_set(
	    err, ERR_TIMEOUT, "%zu processes of %s could not be killed", n, dir);
}

const struct executor executor_local = {
	.name = "local",
	.start = local_start,
	.sweep = local_sweep,
	.is_marked = local_is_marked,
};
