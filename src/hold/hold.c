#include "hold/hold.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum stage { RUNNING, DRAINING, SWEEPING, OVER };
/* How an end is brought about, in this order; each step gets the time of the grace. */
enum stop { STOP_NONE, STOP_ASK, STOP_INTERRUPT, STOP_TERMINATE, STOP_KILL };

struct hold {
	char *dir;
	struct run_spec spec;
	struct agent agent;
	struct limits limits;
	struct rest rest;
	struct fence fence;
	struct terminal terminal;
	bool is_on_terminal; /* ordered; else as the spec says */
	struct output out;
	struct input in;
	struct run_end end;
	enum stage stage;
	ms_t stage_end_at; /* when DRAINING or SWEEPING is given up */
	enum stop stop;
	ms_t stop_at;      /* when the next step of stopping is due */
	ms_t wall_end_at;  /* 0 = no limit, or suspended */
	ms_t wall_left_ms; /* while suspended */
	bool is_given_up;  /* told to stop: a full disk is not waited for */
	bool is_bound; /* ends at once when it is told to, and with who started it */
	int signal_fd;
};

static void
resume(struct hold *h, ms_t now)
{
	if (!h->agent.is_suspended)
		return;
	agent_continue(&h->agent);
	limits_begin(&h->limits, now);
	if (h->wall_left_ms > 0)
		h->wall_end_at = now + h->wall_left_ms;
	h->wall_left_ms = 0;
}

/* A night spent suspended does not count against the limit of the wall clock. */
static void
suspend(struct hold *h, ms_t now)
{
	if (h->agent.is_suspended || h->stage != RUNNING || h->stop != STOP_NONE)
		return;
	if (h->wall_end_at > 0)
		h->wall_left_ms = h->wall_end_at > now ? h->wall_end_at - now : 1;
	h->wall_end_at = 0;
	h->limits.look_at = 0;
	agent_suspend(&h->agent);
}

/* The first reason to end the agent is the one that is told. */
static void
set_reason(struct hold *h, const char *reason)
{
	if (h->stage == RUNNING && !h->end.reason[0])
		snprintf(h->end.reason, sizeof(h->end.reason), "%s", reason);
}

static void
stop_now(struct hold *h, const char *reason, ms_t now)
{
	set_reason(h, reason);
	h->stop = STOP_KILL;
	h->stop_at = now;
}

static void
interrupt(struct hold *h, ms_t now)
{
	h->stop = STOP_INTERRUPT;
	h->stop_at = now + h->spec.grace_ms;
	h->end.interrupted_at = hold_wall_clock();
	/* A program on a terminal knows what it means when that hangs up. */
	agent_signal(&h->agent, h->spec.pty_cols > 0 ? SIGHUP : SIGINT);
}

/* Asks where the agent understands it, and goes on with signals when that does not help. */
static void
stop_gently(struct hold *h, const char *reason, ms_t now)
{
	set_reason(h, reason);
	if (h->stop != STOP_NONE)
		return;
	resume(h, now);
	if (!h->spec.ask || h->in.is_eof) {
		interrupt(h, now);
		return;
	}
	h->stop = STOP_ASK;
	h->stop_at = now + h->spec.grace_ms;
	h->end.asked_at = hold_wall_clock();
	input_say_last(&h->in, "hold.stop", h->spec.ask);
	input_feed(&h->in, &h->agent.stdin_fd);
}

static void
obey(struct hold *h, enum hold_order order, ms_t now)
{
	switch (order) {
	case HOLD_ORDER_NONE: break;
	case HOLD_ORDER_INTERRUPT: agent_signal(&h->agent, SIGINT); break;
	case HOLD_ORDER_SUSPEND: suspend(h, now); break;
	case HOLD_ORDER_CONTINUE: resume(h, now); break;
	case HOLD_ORDER_WIDEN: fence_widen(&h->fence, h->dir); break;
	case HOLD_ORDER_SWEEP:
		rest_end(&h->rest, &h->agent, now + h->spec.grace_ms);
		break;
	case HOLD_ORDER_STOP:
		h->is_given_up = true;
		stop_gently(h, "stopped", now);
		break;
	case HOLD_ORDER_KILL:
		h->is_given_up = true;
		stop_now(h, "stopped", now);
		break;
	}
}

static void
note_exit(struct hold *h, int status)
{
	bool is_signal = WIFSIGNALED(status);

	if (is_signal && WTERMSIG(status) == SIGKILL &&
	    limits_memory_ran_out(&h->limits))
		set_reason(h, "memory-limit");
	set_reason(h, is_signal ? "signaled" : "exited");
	h->end.status = is_signal ? -1 : WEXITSTATUS(status);
	h->end.signal = is_signal ? WTERMSIG(status) : 0;
	h->end.ended_at = hold_wall_clock();
	h->agent.pid = 0;
	h->in.is_eof = true;
	h->stage = DRAINING;
	h->stage_end_at = hold_now() + HOLD_DRAIN_MS;
	h->wall_end_at = 0;
	h->stop_at = 0;
	h->limits.look_at = 0;
}

/* As sub-reaper we get every orphan below us; they are told apart by their pid. */
static void
reap(struct hold *h)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == h->agent.pid)
			note_exit(h, status);
		else if (pid == h->agent.init)
			h->agent.init = 0;
	}
}

static void
take_signals(struct hold *h, ms_t now)
{
	struct signalfd_siginfo info;

	while (read(h->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
			h->is_given_up = true;
			if (h->is_bound)
				stop_now(h, "stopped", now);
			else
				stop_gently(h, "stopped", now);
		}
	}
	reap(h);
}

/* The next step of an end that was ordered, when its time has come. */
static void
press_on(struct hold *h, ms_t now)
{
	if (h->stage != RUNNING || h->stop == STOP_NONE || now < h->stop_at)
		return;
	switch (h->stop) {
	case STOP_ASK: interrupt(h, now); break;
	case STOP_INTERRUPT:
		h->stop = STOP_TERMINATE;
		h->stop_at = now + h->spec.grace_ms;
		h->end.terminated_at = hold_wall_clock();
		agent_signal(&h->agent, SIGTERM);
		/* What has left the group, too: a server it started may want to clean up. */
		(void)agent_signal_tree(SIGTERM);
		break;
	case STOP_TERMINATE:
	case STOP_KILL:
		h->stop = STOP_KILL;
		h->stop_at = now + 200;
		if (h->end.killed_at == 0)
			h->end.killed_at = hold_wall_clock();
		(void)agent_kill_tree(&h->agent);
		break;
	case STOP_NONE: break;
	}
}

static void
sweep(struct hold *h, ms_t now)
{
	size_t n = agent_kill_tree(&h->agent);
	size_t n_theirs = n > 0 && h->agent.init > 0 ? n - 1 : n;

	if ((int)n_theirs > h->end.n_swept)
		h->end.n_swept = (int)n_theirs;
	if (n_theirs > 0 && h->end.killed_at == 0)
		h->end.killed_at = hold_wall_clock();
	if (n > 0 && now < h->stage_end_at)
		return;
	if (n > 0)
		snprintf(h->end.text, sizeof(h->end.text),
		    "%zu processes could not be killed", n);
	h->stage = OVER;
}

static void
note_output(struct hold *h)
{
	size_t n = strlen(h->end.text);

	if (h->out.was_full)
		snprintf(h->end.text + n, sizeof(h->end.text) - n,
		    "%sout-of-space: the output could not be written for a while",
		    n > 0 ? "; " : "");
	n = strlen(h->end.text);
	if (h->out.n_lost > 0)
		snprintf(h->end.text + n, sizeof(h->end.text) - n,
		    "%s%lld bytes of output were dropped", n > 0 ? "; " : "",
		    h->out.n_lost);
}

/* Nothing more is read, or will be: the disk is full and nobody wants to wait for it. */
static bool
is_drained(const struct hold *h, ms_t now)
{
	return (!h->out.is_open && !h->out.is_err_open) || now >= h->stage_end_at ||
	       (h->is_given_up && h->out.n_pending > 0);
}

static void
look(struct hold *h, ms_t now)
{
	const char *met = limits_look(&h->limits, now);

	if (met && h->stop != STOP_KILL)
		stop_now(h, met, now);
}

/* The limits that nobody but we keep: of output, of the wall clock, of what is watched. */
static void
keep_limits(struct hold *h, ms_t now)
{
	if (h->stage != RUNNING)
		return;
	if (h->out.is_flood && h->stop != STOP_KILL)
		stop_now(h, "flood", now);
	if (h->wall_end_at > 0 && now >= h->wall_end_at) {
		h->wall_end_at = 0;
		stop_gently(h, "wall-limit", now);
	}
	if (h->limits.look_at > 0 && now >= h->limits.look_at)
		look(h, now);
}

/* Moves from stage to stage.  True when all is done but the end record. */
static bool
advance(struct hold *h, ms_t now)
{
	keep_limits(h, now);
	press_on(h, now);
	rest_press_on(&h->rest, now);
	if (h->out.retry_at > 0 && now >= h->out.retry_at)
		(void)output_flush(&h->out, now);
	if (h->terminal.redraw_at > 0 && now >= h->terminal.redraw_at)
		terminal_redrawn(&h->terminal, now);
	if (h->stage == DRAINING && is_drained(h, now)) {
		h->stage = SWEEPING;
		h->stage_end_at = now + HOLD_SWEEP_MS;
	}
	if (h->stage == SWEEPING)
		sweep(h, now);
	if (h->stage != OVER)
		return false;
	while (output_copy(&h->out, h->agent.out_fd, now) ||
	       output_copy_err(&h->out, h->agent.err_fd))
		;
	return h->out.n_pending == 0 || h->is_given_up;
}

static ms_t
sooner(ms_t a, ms_t b)
{
	return b > 0 && (a == 0 || b < a) ? b : a;
}

/* How long the loop may sleep; -1 = until something happens. */
static int
time_left(const struct hold *h, ms_t now)
{
	ms_t at = sooner(h->wall_end_at, h->stop_at);

	at = sooner(at, h->out.retry_at);
	at = sooner(sooner(at, h->limits.look_at), h->rest.kill_at);
	at = sooner(at, h->terminal.redraw_at);
	if (h->stage == DRAINING)
		at = sooner(at, h->stage_end_at);
	if (h->stage == SWEEPING)
		at = sooner(at, now + 10);
	if (at == 0)
		return -1;
	if (at <= now)
		return 0;
	return at - now > 60000 ? 60000 : (int)(at - now);
}

enum { P_SIGNAL, P_LISTEN, P_STDIN, P_OUT, P_ERR, P_FENCE, P_CLIENT };

/* Behind the clients stand the sockets that the fence connects. */
#define P_DIAL (P_CLIENT + HOLD_N_CLIENTS)
#define N_POLL (P_DIAL + FENCE_N_WAITING)

static nfds_t
set_poll(const struct hold *h, struct pollfd p[N_POLL])
{
	bool wants_out = h->out.is_open && h->out.n_pending == 0 && h->stage < SWEEPING;
	bool wants_in = !h->in.is_closed && h->in.n_queue > 0;

	p[P_SIGNAL] = (struct pollfd){ .fd = h->signal_fd, .events = POLLIN };
	p[P_LISTEN] = (struct pollfd){ .fd = h->in.listen_fd, .events = POLLIN };
	p[P_STDIN] = (struct pollfd){ .fd = wants_in ? h->agent.stdin_fd : -1,
		.events = POLLOUT };
	p[P_OUT] = (struct pollfd){ .fd = wants_out ? h->agent.out_fd : -1,
		.events = POLLIN };
	p[P_ERR] = (struct pollfd){ .fd = h->out.is_err_open ? h->agent.err_fd : -1,
		.events = POLLIN };
	p[P_FENCE] = (struct pollfd){ .fd = h->fence.notify_fd, .events = POLLIN };
	for (size_t i = 0; i < HOLD_N_CLIENTS; i++)
		p[P_CLIENT + i] = (struct pollfd){
			.fd = h->in.client[i].fd,
			.events = (short)(POLLIN |
					  (input_wants_show(&h->in, i) ? POLLOUT : 0))
		};
	return P_DIAL + dial_poll(&h->fence, p + P_DIAL);
}

/* What a ping is answered with; it may ask since when nothing was done, so look now. */
static void
tell_status(struct hold *h, char *buf, size_t size, ms_t now)
{
	size_t n;

	if (h->limits.look_at > 0)
		look(h, now);
	snprintf(buf, size, "%s pid=%d%s",
	    h->stage != RUNNING     ? "ending"
	    : h->agent.is_suspended ? "suspended"
				    : "running",
	    (int)h->agent.id.pid, h->out.retry_at > 0 ? " out-of-space" : "");
	n = strlen(buf);
	if (h->limits.look_ms > 0)
		snprintf(buf + n, size - n, " idle_ms=%lld cpu_ms=%lld",
		    now - h->limits.work_at, h->limits.cpu_ms);
	n = strlen(buf);
	if (h->in.terminal)
		snprintf(buf + n, size - n, " tty=%dx%d viewers=%zu", h->terminal.cols,
		    h->terminal.rows, input_n_viewers(&h->in));
}

static void
serve_clients(struct hold *h, const struct pollfd p[N_POLL], ms_t now)
{
	char status[160] = "";

	for (size_t i = 0; i < HOLD_N_CLIENTS; i++) {
		if ((p[P_CLIENT + i].revents & ~POLLOUT) && !status[0])
			tell_status(h, status, sizeof(status), now);
	}
	for (size_t i = 0; i < HOLD_N_CLIENTS; i++) {
		if (p[P_CLIENT + i].revents & POLLOUT)
			input_show(&h->in, i);
		if (p[P_CLIENT + i].revents & ~POLLOUT)
			obey(h, input_serve(&h->in, i, status, now), now);
	}
	if (p[P_LISTEN].revents)
		input_accept(&h->in, now);
}

static void
run_loop(struct hold *h)
{
	struct pollfd p[N_POLL];
	ms_t now = hold_now();

	while (!advance(h, now)) {
		nfds_t n = set_poll(h, p);

		if (poll(p, n, time_left(h, now)) < 0)
			continue;
		now = hold_now();
		if (p[P_FENCE].revents)
			fence_serve(&h->fence);
		if (n > P_DIAL)
			dial_go_on(&h->fence);
		if (p[P_OUT].revents && output_copy(&h->out, h->agent.out_fd, now))
			h->limits.work_at = now;
		if (p[P_ERR].revents && output_copy_err(&h->out, h->agent.err_fd))
			h->limits.work_at = now;
		serve_clients(h, p, now);
		/* Also without POLLOUT: a new frame or an `eof` may have come. */
		input_feed(&h->in, &h->agent.stdin_fd);
		if (p[P_SIGNAL].revents)
			take_signals(h, now);
	}
}

/* Everything that has to be there before the point of no return, and that point. */
static int
begin(struct hold *h, struct err *err)
{
	struct run_begun begun = { 0 };

	h->terminal.fd = -1;
	if (h->is_on_terminal && h->spec.pty_cols == 0) {
		h->spec.pty_cols = 80;
		h->spec.pty_rows = 24;
	}
	if (h->spec.pty_cols > 0)
		h->out.terminal = h->in.terminal = &h->terminal;
	if (rundir_reserve_end(h->dir, err) < 0 ||
	    output_open(&h->out, h->dir, err) < 0 ||
	    input_open(&h->in, h->dir, err) < 0 ||
	    proc_identify(getpid(), &begun.holder, err) < 0)
		return -1;
	h->agent.holder = begun.holder;
	(void)gethostname(begun.host, sizeof(begun.host) - 1);
	if (!h->spec.watch_only)
		cgroup_make(h->agent.cgroup, sizeof(h->agent.cgroup),
		    h->spec.run ? h->spec.run : "run");
	limits_set(&h->limits, &h->spec, h->agent.cgroup);
	/*
	 * Between two looks one process could take the whole machine.  Twice the limit,
	 * since programs reserve more than they use.
	 */
	h->agent.data_limit_bytes = 2 * h->limits.memory_bytes;
	memcpy(begun.cgroup, h->agent.cgroup, sizeof(begun.cgroup));
	memcpy(begun.limits, h->limits.means, sizeof(begun.limits));
	fence_tell(&h->fence, begun.fence, sizeof(begun.fence));
	if (rundir_write_begun(h->dir, &begun, err) < 0) {
		cgroup_drop(h->agent.cgroup);
		return -1;
	}
	return 0;
}

/* Writes the end record, however long the disk takes to have room for it. */
static int
finish(struct hold *h, struct err *err)
{
	input_close(&h->in, h->dir);
	output_close(&h->out);
	limits_tell(&h->limits, &h->end);
	cgroup_drop(h->agent.cgroup);
	note_output(h);
	h->end.out_bytes = h->out.n_bytes;
	h->end.err_bytes = h->out.err_bytes;
	h->end.n_refused = h->fence.n_refused;
	fence_tell(&h->fence, h->end.fence, sizeof(h->end.fence));
	fence_close(&h->fence);
	while (rundir_write_end(h->dir, &h->end, err) < 0) {
		if (err->sys_errno == ENOENT || err->sys_errno == ENOTDIR)
			return -1;
		hold_pause(HOLD_RETRY_MS);
	}
	return 0;
}

static int
hold_run(struct hold *h, const char *dir, struct err *err)
{
	struct err why = ERR_INIT;
	bool is_readable;
	int status;

	h->dir = realpath(dir, NULL);
	if (!h->dir) {
		(void)err_sys(err, "%s", dir);
		return err_exit_status(ERR_NOT_FOUND);
	}
	if (hold_clean_up(&h->signal_fd, err) < 0)
		return err_exit_status(err->kind);
	status = hold_take_lock(h->dir, &h->agent.lock_fd, err);
	if (status)
		return status;
	h->fence.notify_fd = -1;
	h->agent.fence = &h->fence;
	is_readable = rundir_read_spec(h->dir, &h->spec, &why) == 0 &&
		      fence_open(&h->fence, &h->spec, h->dir, &why) == 0;
	if (begin(h, err) < 0)
		return err_exit_status(err->kind);
	/* The directory too, since names of runs are unique in one home only. */
	run_spec_add_env(&h->spec, "DIVISI_RUN", h->spec.run ? h->spec.run : "");
	run_spec_add_env(&h->spec, "DIVISI_RUN_DIR", h->dir);
	if (h->spec.grace_ms == 0)
		h->spec.grace_ms = HOLD_GRACE_MS;
	h->out.limit_bytes = h->spec.out_limit_bytes;
	h->end.started_at = hold_wall_clock();
	if (is_readable && agent_start(&h->agent, h->dir, &h->spec, &why) == 0) {
		if (h->in.terminal)
			h->terminal.fd = h->agent.out_fd;
		output_begin(&h->out, &h->spec);
		h->limits.n_ours = h->agent.init > 0;
		h->fence.has_own_pids = h->agent.init > 0;
		snprintf(h->end.tree, sizeof(h->end.tree), "%s",
		    h->agent.init > 0    ? "namespace"
		    : h->agent.cgroup[0] ? "cgroup"
					 : "sweep");
		limits_begin(&h->limits, hold_now());
		if (h->spec.wall_limit_ms > 0)
			h->wall_end_at = hold_now() + h->spec.wall_limit_ms;
		run_loop(h);
	} else {
		snprintf(h->end.reason, sizeof(h->end.reason), "not-started");
		snprintf(h->end.text, sizeof(h->end.text), "%.*s",
		    (int)sizeof(h->end.text) - 1, why.text);
		h->end.status = -1;
		h->end.ended_at = hold_wall_clock();
	}
	if (finish(h, err) < 0)
		return err_exit_status(err->kind);
	return 0;
}

/* Who started us told us who that is: gone before the signal was ordered, it sends none. */
static bool
bind_to(struct hold *h, const char *parent)
{
	h->is_bound = true;
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 &&
	       getppid() == (pid_t)strtol(parent, NULL, 10);
}

int
main(int argc, char **argv)
{
	static struct hold hold;
	struct err err = ERR_INIT;
	bool is_detached = false;
	int status, at = 1;

	for (; at + 1 < argc; at++) {
		if (strcmp(argv[at], "--detach") == 0)
			is_detached = true;
		else if (strcmp(argv[at], "--bound") == 0 && at + 2 < argc) {
			if (!bind_to(&hold, argv[++at]))
				return err_exit_status(ERR_SYSTEM);
		} else if (strcmp(argv[at], "--pty") == 0)
			hold.is_on_terminal = true;
		else
			break;
	}
	if (at + 1 != argc) {
		dprintf(
		    2, "usage: divisi-hold [--detach] [--bound PID] [--pty] RUN_DIR\n");
		return err_exit_status(ERR_USAGE);
	}
	if (is_detached) {
		pid_t pid;

		crash_point("hold.detach");
		pid = fork();
		if (pid != 0)
			_exit(pid < 0 ? err_exit_status(ERR_SYSTEM) : 0);
	}
	status = hold_run(&hold, argv[argc - 1], &err);
	if (status)
		dprintf(2, "divisi-hold: %s\n", err.text);
	return status;
}
