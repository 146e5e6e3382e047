#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mark.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The value of NAME in the agent's environment, or NULL. */
static const char *
spec_env(const struct run_spec *spec, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < spec->n_env; i++) {
		if (strncmp(spec->env[i], name, n) == 0 && spec->env[i][n] == '=')
			return spec->env[i] + n + 1;
	}
	return NULL;
}

/*
 * Executes the program along the agent's own PATH; returns only on failure, with errno.
 * execvpe() would do, but it hands a file without a known format to a shell.
 */
static void
exec_program(const struct run_spec *spec)
{
	const char *name = spec->arg[0];
	const char *path = spec_env(spec, "PATH");
	int found = ENOENT;

	if (strchr(name, '/')) {
		execve(name, spec->arg, spec->env);
		return;
	}
	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; at;) {
		const char *colon = strchrnul(at, ':');
		char full[4096];
		int n = snprintf(full, sizeof(full), "%.*s%s%s", (int)(colon - at), at,
		    colon > at ? "/" : "./", name);

		if (n > 0 && (size_t)n < sizeof(full))
			execve(full, spec->arg, spec->env);
		if (errno != ENOENT && errno != ENOTDIR)
			found = errno;
		at = *colon ? colon + 1 : NULL;
	}
	errno = found;
}

/* What the child tells: that the broker may take over, or why it cannot be the agent. */
struct word {
	enum { WORD_LISTENER, WORD_CWD, WORD_FENCE, WORD_EXEC } about;
	int sys_errno;
	int listener;
	char what[24];
};

/* What a child needs to become the agent. */
struct birth {
	const struct run_spec *spec;
	const struct agent *agent;
	int fd[3]; /* its 0, 1 and 2 */
	int go, tell;
	pid_t holder; /* 0 = it cannot be seen from here */
};

static void
reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
give_up(const struct birth *b, struct word word)
{
	word.sys_errno = errno;
	(void)!write(b->tell, &word, sizeof(word));
	_exit(127);
}

/* Goes behind the fence and waits until the broker stands there. */
static void
go_behind(const struct birth *b)
{
	struct word word = { .about = WORD_FENCE };
	const char *what = "";
	char byte;

	if (!b->agent->fence->is_on)
		return;
	errno = fence_enter(b->agent->fence, &word.listener, &what);
	snprintf(word.what, sizeof(word.what), "%s", what);
	if (errno)
		give_up(b, word);
	word.about = WORD_LISTENER;
	if (write(b->tell, &word, sizeof(word)) != (ssize_t)sizeof(word) ||
	    read(b->go, &byte, 1) != 1)
		_exit(127);
}

/* In the child: becomes the agent. */
static _Noreturn void
become_agent(const struct birth *b)
{
	long long limit = b->agent->data_limit_bytes;
	const struct rlimit data = { (rlim_t)limit, (rlim_t)limit };
	char byte;

	setsid();
	if (b->spec->pty_cols > 0)
		ioctl(b->fd[0], TIOCSCTTY, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/*
	 * A holder that died before the line above sends no signal; of one that is outside of
	 * our PID namespace the end of GO tells as much.
	 */
	if ((getppid() != b->holder && b->holder > 0) || read(b->go, &byte, 1) != 1)
		_exit(127);
	reset_signals();
	(void)mark_put(&b->agent->holder);
	if (limit > 0)
		setrlimit(RLIMIT_DATA, &data);
	for (int i = 0; i < 3; i++)
		dup2(b->fd[i], i);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (b->spec->cwd && chdir(b->spec->cwd) < 0)
		give_up(b, (struct word){ .about = WORD_CWD });
	/* Behind the fence the point could not be written down before the broker stands. */
	crash_point("agent.exec");
	go_behind(b);
	exec_program(b->spec);
	give_up(b, (struct word){ .about = WORD_EXEC });
}

static void
close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

/* Puts PID into the cgroup; without one the sweep goes by parents. */
static void
enter_cgroup(struct agent *agent, pid_t pid)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (!cgroup_write(agent->cgroup, "cgroup.procs", text))
		cgroup_drop(agent->cgroup);
}

/*
 * fork(), into the cgroup where there is one: it knows all of its processes, and changes
 * nothing for them.  Else into a PID namespace, where the holder, whose pid HOLDER is, has
 * none.
 */
static pid_t
fork_agent(struct agent *agent, const struct run_spec *spec, pid_t *holder)
{
	pid_t pid = -1;

	if (agent->cgroup[0]) {
		pid = cgroup_fork(agent->cgroup);
	} else if (spec->own_pids) {
		pid = pids_fork(agent);
		*holder = pid == 0 ? 0 : *holder;
	}
	if (pid >= 0)
		return pid;
	pid = fork();
	if (pid > 0 && agent->cgroup[0])
		enter_cgroup(agent, pid);
	return pid;
}

static int
read_word(int tell, struct word *word)
{
	ssize_t n;

	do
		n = read(tell, word, sizeof(*word));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(*word))
		*word = (struct word){ .about = WORD_EXEC, .sys_errno = EIO };
	return 1;
}

/* Lets the child go on and waits until it has become the agent or said why not. */
static int
await_exec(const struct agent *agent, pid_t pid, const struct run_spec *spec,
    const int pipes[2], struct err *err)
{
	struct word word;

	if (write(pipes[0], "g", 1) != 1)
		return err_sys(err, "start %s", spec->arg[0]);
	crash_point("agent.told");
	while (read_word(pipes[1], &word) > 0) {
		if (word.about == WORD_LISTENER &&
		    fence_adopt(agent->fence, pid, word.listener) &&
		    write(pipes[0], "g", 1) == 1)
			continue;
		errno = word.sys_errno;
		if (word.about == WORD_LISTENER)
			return err_set(err, ERR_SYSTEM, "the fence has no broker");
		if (word.about == WORD_FENCE)
			return err_sys(err, "fence: %s", word.what);
		return err_sys(
		    err, "%s", word.about == WORD_CWD ? spec->cwd : spec->arg[0]);
	}
	return 0;
}

/*
 * Fills P with pairs: standard input, output, error; go; tell.  Even ends are read from.
 * On a terminal the three are its ends, and there is no separate error.
 */
static int
make_channels(const struct run_spec *spec, int p[10], struct err *err)
{
	size_t from = 0;

	if (spec->pty_cols > 0) {
		p[2] = terminal_open(spec, &p[0], err);
		if (p[2] < 0)
			return -1;
		p[1] = fcntl(p[2], F_DUPFD_CLOEXEC, 3);
		p[3] = fcntl(p[0], F_DUPFD_CLOEXEC, 3);
		p[5] = fcntl(p[0], F_DUPFD_CLOEXEC, 3);
		if (p[1] < 0 || p[3] < 0 || p[5] < 0)
			return err_sys(err, "terminal");
		from = 6;
	}
	for (size_t i = from; i < 10; i += 2) {
		if (pipe2(p + i, O_CLOEXEC) < 0)
			return err_sys(err, "pipe");
	}
	return 0;
}

int
agent_start(
    struct agent *agent, const char *dir, const struct run_spec *spec, struct err *err)
{
	int p[10] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	pid_t holder = getpid(), pid;
	int rc;

	if (make_channels(spec, p, err) < 0) {
		close_all(p, N_ELEMS(p));
		return -1;
	}
	crash_point("agent.fork");
	pid = fork_agent(agent, spec, &holder);
	if (pid == 0) {
		const struct birth birth = { spec, agent, { p[0], p[3], p[5] }, p[6],
			p[9], holder };

		close(agent->lock_fd);
		close(p[7]); /* else its own end would keep GO open */
		become_agent(&birth);
	}
	if (pid < 0) {
		close_all(p, N_ELEMS(p));
		return err_sys(err, "fork");
	}
	crash_point("agent.forked");
	close_all(p + 9, 1);
	rc = proc_identify(pid, &agent->id, err);
	if (rc == 0)
		rc = rundir_write_agent(dir, &agent->id, err);
	if (rc == 0)
		rc = await_exec(agent, pid, spec, p + 7, err);
	if (rc < 0) {
		pids_end(agent);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close_all(p, N_ELEMS(p));
		return -1;
	}
	agent->pid = pid;
	agent->stdin_fd = p[1];
	agent->out_fd = p[2];
	agent->err_fd = p[4];
	p[1] = p[2] = p[4] = -1;
	close_all(p, N_ELEMS(p));
	fcntl(agent->stdin_fd, F_SETFL, O_NONBLOCK);
	fcntl(agent->out_fd, F_SETFL, O_NONBLOCK);
	if (agent->err_fd >= 0)
		fcntl(agent->err_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

void
agent_signal(struct agent *agent, int sig)
{
	/* Not reaped yet, so neither the pid nor the group can be somebody else's. */
	if (agent->pid > 0)
		kill(-agent->pid, sig);
}

size_t
agent_signal_tree(int sig)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = proc_tree(getpid(), &ids);

	for (size_t i = 0; i < n; i++)
		(void)proc_signal(&ids[i], sig);
	return n;
}

/* Freezing takes a moment; who is told "ok" shall find it done.  cgroups(7). */
static void
await_frozen(const struct agent *agent)
{
	AUTO_FREE char *path = path_join(agent->cgroup, "cgroup.events");

	for (int ms = 0; ms < HOLD_FREEZE_MS; ms++) {
		AUTO_FREE char *text = file_read(path, 4096, NULL, NULL);

		if (!text || strstr(text, "frozen 1"))
			return;
		(void)poll(NULL, 0, 1);
	}
}

void
agent_suspend(struct agent *agent)
{
	agent->is_suspended = true;
	if (agent->cgroup[0] && cgroup_write(agent->cgroup, "cgroup.freeze", "1")) {
		await_frozen(agent);
		return;
	}
	/* Twice: what was forked while the first round looked is stopped by the second. */
	agent_signal_tree(SIGSTOP);
	agent_signal_tree(SIGSTOP);
}

void
agent_continue(struct agent *agent)
{
	agent->is_suspended = false;
	if (agent->cgroup[0] && cgroup_write(agent->cgroup, "cgroup.freeze", "0"))
		return;
	agent_signal_tree(SIGCONT);
}

/*
 * As sub-reaper we are the parent of every orphan below us: who has no child, living or
 * dead, has nothing below.  Spares a look at every process of the machine.
 */
static bool
has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 ||
	       errno != ECHILD;
}

size_t
agent_kill_tree(struct agent *agent)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = has_children() ? proc_tree(getpid(), &ids) : 0;

	/* These die at once, however fast they fork; the rest one by one. */
	if (agent->cgroup[0])
		(void)cgroup_write(agent->cgroup, "cgroup.kill", "1");
	pids_end(agent);
	for (size_t i = 0; i < n; i++)
		(void)proc_signal(&ids[i], SIGKILL);
	return n;
}
