#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Writes TEXT to a control file; false when there is no such file or it is refused. */
static bool
write_control(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && file_write_all(fd, text, strlen(text)) == 0;
}

/* Where the cgroup v2 tree is mounted: mountinfo, fields 5 and behind " - "; proc(5). */
static bool
find_cgroup_mount(char *buf, size_t size)
{
	AUTO_FILE FILE *f = fopen("/proc/self/mountinfo", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		const char *type = strstr(line, " - cgroup2 ");
		int from = 0, to = 0;

		if (!type)
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %n%*s%n", &from, &to) != 0 ||
		    to <= from || (size_t)(to - from) >= size)
			continue;
		snprintf(buf, size, "%.*s", to - from, line + from);
		return true;
	}
	return false;
}

/* Our own cgroup below that mount: the line "0::/path"; cgroups(7). */
static bool
find_own_cgroup(char *buf, size_t size)
{
	AUTO_FILE FILE *f = fopen("/proc/self/cgroup", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(buf, size, "%.*s", (int)size - 1, line + 3);
		return true;
	}
	return false;
}

void
agent_make_cgroup(struct agent *agent, const char *run)
{
	char mount[200], own[200], name[80];
	size_t n = 0;
	int len;

	agent->cgroup[0] = '\0';
	if (!find_cgroup_mount(mount, sizeof(mount)) ||
	    !find_own_cgroup(own, sizeof(own)))
		return;
	for (const char *s = run; *s && n + 1 < sizeof(name); s++)
		name[n++] = (char)(isalnum((unsigned char)*s) || *s == '-' ? *s : '_');
	name[n] = '\0';
	len = snprintf(agent->cgroup, sizeof(agent->cgroup), "%s%s/divisi-%s-%d", mount,
	    strcmp(own, "/") == 0 ? "" : own, name, (int)getpid());
	if (len < 0 || (size_t)len >= sizeof(agent->cgroup) ||
	    DURABLE("hold.cgroup-make", mkdir(agent->cgroup, 0755)) < 0)
		agent->cgroup[0] = '\0';
}

void
agent_drop_cgroup(struct agent *agent)
{
	if (agent->cgroup[0])
		DURABLE("hold.cgroup-remove", rmdir(agent->cgroup));
	agent->cgroup[0] = '\0';
}

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

/* What the child tells when it cannot become the agent. */
struct exec_failure {
	int sys_errno;
	bool is_cwd;
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

/* In the child: becomes the agent.  FD are its 0, 1 and 2, GO says when, TELL why not. */
static _Noreturn void
become_agent(
    const struct run_spec *spec, const int fd[3], int go, int tell, pid_t holder)
{
	struct exec_failure why = { 0 };
	char byte;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A holder that died before the line above sends no signal. */
	if (getppid() != holder || read(go, &byte, 1) != 1)
		_exit(127);
	reset_signals();
	for (int i = 0; i < 3; i++)
		dup2(fd[i], i);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (spec->cwd && chdir(spec->cwd) < 0)
		why.is_cwd = true;
	else {
		crash_point("agent.exec");
		exec_program(spec);
	}
	why.sys_errno = errno;
	(void)!write(tell, &why, sizeof(why));
	_exit(127);
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
	if (agent->cgroup[0] && !write_control(agent->cgroup, "cgroup.procs", text))
		agent_drop_cgroup(agent);
}

/* Lets the child go on and waits until it has become the agent or said why not. */
static int
await_exec(const struct run_spec *spec, int go, int tell, struct err *err)
{
	struct exec_failure why;
	ssize_t n;

	if (write(go, "g", 1) != 1)
		return err_sys(err, "start %s", spec->arg[0]);
	crash_point("agent.told");
	do
		n = read(tell, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	errno = n == (ssize_t)sizeof(why) ? why.sys_errno : EIO;
	return err_sys(err, "%s", why.is_cwd ? spec->cwd : spec->arg[0]);
}

int
agent_start(
    struct agent *agent, const char *dir, const struct run_spec *spec, struct err *err)
{
	/* Pairs: standard input, output, error; go; tell.  Even ends are read from. */
	int p[10] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	pid_t holder = getpid(), pid;
	int rc;

	for (size_t i = 0; i < N_ELEMS(p); i += 2) {
		if (pipe2(p + i, O_CLOEXEC) < 0) {
			close_all(p, N_ELEMS(p));
			return err_sys(err, "pipe");
		}
	}
	crash_point("agent.fork");
	pid = fork();
	if (pid == 0) {
		const int fd[3] = { p[0], p[3], p[5] };

		close(agent->lock_fd);
		close(p[7]); /* else its own end would keep GO open */
		become_agent(spec, fd, p[6], p[9], holder);
	}
	if (pid < 0) {
		close_all(p, N_ELEMS(p));
		return err_sys(err, "fork");
	}
	crash_point("agent.forked");
	close_all(p + 9, 1);
	enter_cgroup(agent, pid);
	rc = proc_identify(pid, &agent->id, err);
	if (rc == 0)
		rc = rundir_write_agent(dir, &agent->id, err);
	if (rc == 0)
		rc = await_exec(spec, p[7], p[8], err);
	if (rc < 0) {
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

static size_t
signal_tree(int sig)
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
	if (agent->cgroup[0] && write_control(agent->cgroup, "cgroup.freeze", "1")) {
		await_frozen(agent);
		return;
	}
	/* Twice: what was forked while the first round looked is stopped by the second. */
	signal_tree(SIGSTOP);
	signal_tree(SIGSTOP);
}

void
agent_continue(struct agent *agent)
{
	agent->is_suspended = false;
	if (agent->cgroup[0] && write_control(agent->cgroup, "cgroup.freeze", "0"))
		return;
	signal_tree(SIGCONT);
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

	/* The cgroup dies at once, however fast it forks; the rest one by one. */
	if (agent->cgroup[0])
		(void)write_control(agent->cgroup, "cgroup.kill", "1");
	for (size_t i = 0; i < n; i++)
		(void)proc_signal(&ids[i], SIGKILL);
	return n;
}
