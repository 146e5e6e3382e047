#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A PID namespace for the agent; pid_namespaces(7), user_namespaces(7).
 *
 *   holder
 *   |- helper   makes the namespaces, forks the two below as the holder's children, ends
 *   |- init     the first process in there: orphans become its own, and when it dies the
 *   |           kernel kills all the others at once, however they fork
 *   `- agent    the second: a child of the holder as it would be without all this
 *
 * The init dies with the holder, so nothing the agent ever started outlives either of them.
 */

/* What the helper tells, twice: INIT alone when that is ready, then both. */
struct word {
	pid_t init, agent;
};

/* Ends of pipes: what the helper tells, that init is ready, and what init dies with. */
struct ways {
	int tell[2], ready[2], life[2];
};

static void
close_ways(struct ways *ways)
{
	int *fd = &ways->tell[0];

	for (size_t i = 0; i < sizeof(*ways) / sizeof(*fd); i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

/* As fork(), but the child is one of our own parent. */
static pid_t
fork_sibling(void)
{
	return (pid_t)syscall(
	    SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

static bool
write_file(const char *path, const char *text)
{
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && file_write_all(fd, text, strlen(text)) == 0;
}

/* In there we are who we were, and nobody else is anybody. */
static bool
map_user(uid_t uid, gid_t gid)
{
	char users[48], groups[48];

	snprintf(users, sizeof(users), "%u %u 1", uid, uid);
	snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", users) &&
	       write_file("/proc/self/gid_map", groups);
}

static bool
make_namespaces(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWPID | CLONE_NEWNS) == 0)
		return true;
	/* Only a user namespace of our own gives somebody without rights the others. */
	return errno == EPERM &&
	       unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) == 0 &&
	       map_user(uid, gid);
}

/* Programs look themselves up in /proc, which must speak of the same numbers. */
static bool
mount_proc(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
	       mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ==
		   0;
}

static _Noreturn void
be_init(int ready, int life)
{
	sigset_t all;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "divisi-init");
	/* Ignored, it has the kernel reap the orphans that come to us. */
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	dup2(ready, 0);
	dup2(life, 1);
	close_range(2, ~0U, 0);
	if (!mount_proc() || write(0, "r", 1) != 1)
		_exit(1);
	close(0);
	/* Until the holder closes its end, which it does by dying, too. */
	while (read(1, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* In the helper.  Returns as the agent only. */
static void
help(const struct agent *agent, struct ways *ways)
{
	struct word word = { 0 };
	char byte;

	close(agent->lock_fd);
	close(ways->tell[0]);
	close(ways->life[1]);
	if (!make_namespaces())
		_exit(1);
	word.init = fork_sibling();
	if (word.init == 0)
		be_init(ways->ready[1], ways->life[0]);
	close(ways->ready[1]);
	ways->ready[1] = -1;
	if (word.init < 0 || read(ways->ready[0], &byte, 1) != 1 ||
	    write(ways->tell[1], &word, sizeof(word)) != (ssize_t)sizeof(word))
		_exit(1);
	word.agent = fork_sibling();
	if (word.agent == 0) {
		ways->tell[0] = ways->life[1] = -1;
		close_ways(ways);
		return;
	}
	(void)!write(ways->tell[1], &word, sizeof(word));
	_exit(0);
}

static bool
await_word(int fd, struct word *word)
{
	ssize_t n;

	do
		n = read(fd, word, sizeof(*word));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*word);
}

pid_t
pids_fork(struct agent *agent)
{
	struct ways ways = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct word word = { 0 };
	pid_t helper = -1;

	crash_point("pids.fork");
	if (pipe2(ways.tell, O_CLOEXEC) == 0 && pipe2(ways.ready, O_CLOEXEC) == 0 &&
	    pipe2(ways.life, O_CLOEXEC) == 0)
		helper = fork();
	if (helper == 0) {
		help(agent, &ways);
		return 0;
	}
	if (helper > 0) {
		close(ways.tell[1]);
		ways.tell[1] = -1;
		crash_point("pids.forked");
		/* Without the second word the agent was not made, or dies with its init. */
		if (await_word(ways.tell[0], &word))
			(void)await_word(ways.tell[0], &word);
		while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (word.agent > 0) {
		agent->init = word.init;
		agent->life_fd = ways.life[1];
		ways.life[1] = -1;
	}
	close_ways(&ways);
	if (word.init > 0 && word.agent <= 0) {
		kill(word.init, SIGKILL);
		waitpid(word.init, NULL, 0);
	}
	return word.agent > 0 ? word.agent : -1;
}

void
pids_end(struct agent *agent)
{
	if (agent->init > 0)
		kill(agent->init, SIGKILL);
	if (agent->life_fd > 0)
		close(agent->life_fd);
	agent->life_fd = 0;
}
