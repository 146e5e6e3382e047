#include "sys/child.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#define READ_BYTES 65536

/*
 * Two things have to happen, in either order: the exit is seen (exit_event is NULL then)
 * and both pipes are at their end (their events are NULL).  The process is not reaped
 * before that, so its pid and its process group stay ours to kill.
 */
struct child {
	struct event_base *base;
	child_done_fn *done;
	void *arg;
	pid_t pid;
	int pid_fd, out_fd, err_fd;
	struct event *exit_event, *out_event, *err_event;
	struct event *timer; /* the time limit, and after the exit the drain limit */
	bool is_over, is_timed_out, is_killed;
	char *out;
	size_t n_out, cap_out, max_out;
	unsigned long long size;
	char tail[CHILD_TAIL_BYTES]; /* ring */
	size_t n_tail;               /* bytes ever put into it */
};

static void
drop_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void
drop_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Kills what is below the child, however many sessions it made, then its own group. */
static void
kill_tree(struct child *child)
{
	AUTO_FREE struct proc_id *ids = NULL;
	size_t n = proc_tree(child->pid, &ids);

	kill(-child->pid, SIGKILL);
	for (size_t i = 0; i < n; i++)
		(void)proc_signal(&ids[i], SIGKILL);
}

/* Stops watching and gives back everything but the struct and its output. */
static void
let_go(struct child *child)
{
	siginfo_t info;

	drop_event(&child->exit_event);
	drop_event(&child->out_event);
	drop_event(&child->err_event);
	drop_event(&child->timer);
	drop_fd(&child->out_fd);
	drop_fd(&child->err_fd);
	if (child->pid_fd >= 0) {
		while (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED) < 0 &&
		       errno == EINTR)
			;
		drop_fd(&child->pid_fd);
	}
	child->is_over = true;
}

/* The ring as a string the caller frees. */
static char *
tail_text(const struct child *child)
{
	size_t n = child->n_tail < CHILD_TAIL_BYTES ? child->n_tail : CHILD_TAIL_BYTES;
	size_t from = child->n_tail - n;
	char *text = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = child->tail[(from + i) % CHILD_TAIL_BYTES];
	text[n] = '\0';
	return text;
}

/* Tells the end.  CHILD may be freed in there, so nothing of it is touched afterwards. */
static void
finish(struct child *child)
{
	AUTO_FREE char *tail = tail_text(child);
	AUTO_FREE char *out = TAKE_PTR(child->out);
	siginfo_t info = { 0 };
	struct child_end end = {
		.timed_out = child->is_timed_out,
		.was_killed = child->is_killed,
		.out = out ? out : "",
		.n_out = child->n_out,
		.size = child->size,
		.err_tail = tail,
	};

	waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT);
	if (info.si_code == CLD_EXITED) {
		end.status = info.si_status;
	} else {
		end.status = -1;
		end.signal = info.si_status;
	}
	let_go(child);
	child->done(child, &end, child->arg);
}

static void
finish_when_over(struct child *child)
{
	if (!child->exit_event && !child->out_event && !child->err_event)
		finish(child);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct child *child = arg;

	if (child->exit_event) {
		child->is_timed_out = true;
		kill_tree(child);
		return;
	}
	kill_tree(child);
	finish(child);
}

static void
on_exit_event(int fd, short what, void *arg)
{
	static const struct timeval drain = { CHILD_DRAIN_MS / 1000,
		CHILD_DRAIN_MS % 1000 * 1000 };
	struct child *child = arg;

	drop_event(&child->exit_event);
	event_del(child->timer);
	event_add(child->timer, &drain);
	finish_when_over(child);
}

/* Makes room for N more bytes and the NUL, up to the maximum; returns how many fit. */
static size_t
make_room(struct child *child, size_t n)
{
	size_t room = child->max_out - child->n_out;

	n = n < room ? n : room;
	if (child->n_out + n + 1 > child->cap_out) {
		size_t cap = child->cap_out ? child->cap_out * 2 : 4096;

		if (cap < child->n_out + n + 1)
			cap = child->n_out + n + 1;
		child->out = xreallocarray(child->out, cap, 1);
		child->cap_out = cap;
	}
	return n;
}

static void
keep_out(struct child *child, const char *p, size_t n)
{
	size_t n_kept = make_room(child, n);

	memcpy(child->out + child->n_out, p, n_kept);
	child->n_out += n_kept;
	child->out[child->n_out] = '\0';
	child->size += n;
}

static void
on_output(int fd, short what, void *arg)
{
	struct child *child = arg;
	bool is_out = fd == child->out_fd;
	char buf[READ_BYTES];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_event(is_out ? &child->out_event : &child->err_event);
		finish_when_over(child);
		return;
	}
	if (is_out) {
		keep_out(child, buf, (size_t)n);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		child->tail[child->n_tail++ % CHILD_TAIL_BYTES] = buf[i];
}

/*
 * A file in memory with the input: it needs no one to feed it, cannot block and raises no
 * SIGPIPE.
 */
static int
open_input(const struct child_opts *opts)
{
	int fd;

	if (opts->n_input == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd >= 0 && (file_write_all(fd, opts->input, opts->n_input) < 0 ||
			   lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr,
    const struct child_opts *opts, const int fd[3])
{
	sigset_t none, all;
	int rc = 0;

	sigemptyset(&none);
	sigfillset(&all);
	rc |= posix_spawnattr_setflags(
	    attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc |= posix_spawnattr_setsigmask(attr, &none);
	rc |= posix_spawnattr_setsigdefault(attr, &all);
	for (int i = 0; i < 3; i++)
		rc |= posix_spawn_file_actions_adddup2(actions, fd[i], i);
	rc |= posix_spawn_file_actions_addclosefrom_np(actions, 3);
	if (opts->cwd)
		rc |= posix_spawn_file_actions_addchdir_np(actions, opts->cwd);
	return rc ? ENOMEM : 0;
}

/* Starts the program with FD as its 0, 1 and 2.  0 or -1 with ERR. */
static int
spawn(pid_t *pid, const struct child_opts *opts, const int fd[3], struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc;

	if (opts->cwd && !file_is_dir(opts->cwd))
		return err_set(err, ERR_NOT_FOUND, "no directory %s", opts->cwd);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	rc = prepare(&actions, &attr, opts, fd);
	if (rc == 0)
		rc = DURABLE(
		    "child.start", posix_spawnp(pid, opts->arg[0], &actions, &attr,
				       opts->arg, opts->env ? opts->env : environ));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (rc == 0)
		return 0;
	errno = rc;
	(void)err_sys(err, "start %s", opts->arg[0]);
	if (err && rc == ENOENT)
		err->kind = ERR_NOT_FOUND;
	return -1;
}

static struct event *
watch_fd(struct child *child, int fd, event_callback_fn fn)
{
	struct event *event = event_new(
	    child->base, fd, EV_READ | EV_PERSIST, fn, child);

	if (event && event_add(event, NULL) < 0)
		drop_event(&event);
	return event;
}

/* From here on the loop looks after it. */
static int
watch_all(struct child *child, long timeout_ms, struct err *err)
{
	struct timeval limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd >= 0)
		child->exit_event = watch_fd(child, child->pid_fd, on_exit_event);
	child->out_event = watch_fd(child, child->out_fd, on_output);
	if (child->err_fd >= 0)
		child->err_event = watch_fd(child, child->err_fd, on_output);
	child->timer = event_new(child->base, -1, 0, on_timer, child);
	if (!child->exit_event || !child->out_event || !child->timer ||
	    (child->err_fd >= 0 && !child->err_event) ||
	    (timeout_ms > 0 && event_add(child->timer, &limit) < 0))
		return err_sys(err, "watch process %d", (int)child->pid);
	return 0;
}

static int
start(struct child *child, const struct child_opts *opts, struct err *err)
{
	AUTO_FD int in = open_input(opts);
	AUTO_FD int out_write = -1;
	AUTO_FD int err_write = -1;
	int out[2], errs[2], fd[3];

	if (in < 0)
		return err_sys(err, "input of %s", opts->arg[0]);
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	child->out_fd = out[0];
	out_write = out[1];
	if (!opts->join_err) {
		if (pipe2(errs, O_CLOEXEC) < 0)
			return err_sys(err, "pipe");
		child->err_fd = errs[0];
		err_write = errs[1];
		fcntl(child->err_fd, F_SETFL, O_NONBLOCK);
	}
	fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
	fd[0] = in;
	fd[1] = out_write;
	fd[2] = opts->join_err ? out_write : err_write;
	return spawn(&child->pid, opts, fd, err);
}

struct child *
child_start(struct event_base *base, const struct child_opts *opts, child_done_fn *done,
    void *arg, struct err *err)
{
	struct child *child = xcalloc(1, sizeof(*child));

	child->base = base;
	child->done = done;
	child->arg = arg;
	child->pid_fd = child->out_fd = child->err_fd = -1;
	child->max_out = opts->max_out_bytes ? opts->max_out_bytes : CHILD_OUT_BYTES;
	if (start(child, opts, err) < 0) {
		child->is_over = true;
		let_go(child);
		free(child);
		return NULL;
	}
	if (watch_all(child, opts->timeout_ms, err) < 0) {
		kill_tree(child);
		if (child->pid_fd < 0)
			waitpid(child->pid, NULL, 0);
		let_go(child);
		free(child);
		return NULL;
	}
	return child;
}

void
child_kill(struct child *child)
{
	if (child->is_over)
		return;
	child->is_killed = true;
	kill_tree(child);
}

void
child_free(struct child *child)
{
	if (!child)
		return;
	if (!child->is_over) {
		kill_tree(child);
		let_go(child);
	}
	free(child->out);
	free(child);
}

pid_t
child_pid(const struct child *child)
{
	return child->pid;
}

const char *
child_end_text(const struct child_end *end, char *buf, size_t size)
{
	if (end->timed_out)
		snprintf(buf, size, "timed out");
	else if (end->signal)
		snprintf(buf, size, "killed by signal %d (%s)", end->signal,
		    strsignal(end->signal));
	else
		snprintf(buf, size, "exit status %d", end->status);
	return buf;
}
