#pragma once

#include "base/proc.h"
#include "base/rundir.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * divisi-hold RUN_DIR: owns one agent process, once (CONTRACTS 2).
 *
 * One thread, one poll loop, libc only.  Its stages, each entered once and in order:
 *
 *   RUNNING  the agent lives                          until it is reaped
 *   DRAINING what it wrote is read to the end         until end of file or DRAIN_MS
 *   SWEEPING everything below the holder is killed    until nothing is left or SWEEP_MS
 *   OVER     the rest of the pipe is copied, the end record written
 *
 * Exit status: 0 the run was held to its end, 3 it had begun or ended before, 6 another
 * holder has it, 2 usage, 8 it could not even begin.
 */

#define HOLD_DRAIN_MS   2000
#define HOLD_SWEEP_MS   10000
#define HOLD_LOCK_MS    5000
#define HOLD_GRACE_MS   5000
#define HOLD_RETRY_MS   1000
#define HOLD_FREEZE_MS  500
#define HOLD_N_CLIENTS  16
#define HOLD_PIPE_BYTES 65536

/* What the agent may leave unread, and the largest single frame. */
#define HOLD_QUEUE_BYTES (64 * 1024 * 1024)
#define HOLD_FRAME_BYTES (16 * 1024 * 1024)

/* Of err.log the beginning and the end are kept. */
#define HOLD_ERR_HEAD_BYTES (1024 * 1024)
#define HOLD_ERR_TAIL_BYTES (64 * 1024)

typedef long long ms_t;

/* Milliseconds: since boot for deadlines, of the wall clock for records. */
ms_t hold_now(void);
ms_t hold_wall_clock(void);

/* The agent: hold/agent.c */
struct agent {
	struct proc_id id;
	int lock_fd; /* the run's lock; what is forked lets go of it first of all */
	pid_t pid;   /* 0 before the start and after the end */
	int stdin_fd, out_fd, err_fd;
	char cgroup[512]; /* empty when none could be made */
	bool is_suspended;
};

/*
 * Makes a cgroup for RUN below our own where that is allowed; agent->cgroup stays empty
 * where it is not.
 */
void agent_make_cgroup(struct agent *agent, const char *run);

/*
 * Starts the program of SPEC.  Before it is executed `agent` is written in DIR, so there
 * is no moment at which it runs and is not recorded.  -1 when it cannot be executed;
 * then there is no process.
 */
int agent_start(
    struct agent *agent, const char *dir, const struct run_spec *spec, struct err *err);

/* Sends SIG to the agent's process group, as a terminal would. */
void agent_signal(struct agent *agent, int sig);

/* Freezes or thaws the agent with everything below it. */
void agent_suspend(struct agent *agent);
void agent_continue(struct agent *agent);

/* Kills everything below the holder.  Returns how many were alive. */
size_t agent_kill_tree(struct agent *agent);

/* Removes the cgroup, which must be empty. */
void agent_drop_cgroup(struct agent *agent);

/* Output: hold/output.c */
struct output {
	int fd; /* out.ndjson */
	int err_fd;
	long long n_bytes, err_bytes;
	long long limit_bytes; /* 0 = none */
	bool is_open, is_err_open;
	bool is_flood;
	size_t n_pending; /* read from the agent, not yet in the file */
	size_t pending_at;
	ms_t retry_at; /* 0 unless the disk is full */
	long long n_lost;
	bool was_full;
	char *tail; /* ring of the last bytes of standard error, or NULL */
	char pending[HOLD_PIPE_BYTES];
};

int output_open(struct output *out, const char *dir, struct err *err);

/*
 * Copies what FD has to give right now; at its end is_open becomes false.  Returns false
 * when nothing could be read: no more is there, or the disk is full (n_pending).
 */
bool output_copy(struct output *out, int fd, ms_t now);
bool output_copy_err(struct output *out, int fd);

/* Tries again to write what did not fit on the disk.  True when nothing is pending. */
bool output_flush(struct output *out, ms_t now);

/* Gives up what is pending, completes err.log, makes both files durable. */
void output_close(struct output *out);

/* Input: hold/input.c.  The protocol is described there and in exec/send.c. */
struct client {
	int fd; /* -1 = free */
	ms_t heard_at;
	char line[300]; /* a request line, as far as it has come */
	size_t n_line;
	char key[201]; /* of the frame being read */
	char *frame;
	size_t n_frame, want;
	char reply[200]; /* not yet sent */
	size_t n_reply;
};

struct input {
	int listen_fd, log_fd;
	char *key_text; /* every key taken, NUL-terminated, one after the other */
	size_t n_key_text, cap_key_text;
	char *queue; /* for the agent's standard input */
	size_t queue_at, n_queue, cap_queue;
	bool is_eof;    /* no more frames are taken */
	bool is_closed; /* the agent's standard input is closed */
	struct client client[HOLD_N_CLIENTS];
};

/* What a request asks for besides input. */
enum hold_order {
	HOLD_ORDER_NONE,
	HOLD_ORDER_INTERRUPT,
	HOLD_ORDER_STOP,
	HOLD_ORDER_KILL,
	HOLD_ORDER_SUSPEND,
	HOLD_ORDER_CONTINUE,
};

int input_open(struct input *in, const char *dir, struct err *err);
void input_close(struct input *in, const char *dir);

/* Takes a new caller in. */
void input_accept(struct input *in, ms_t now);

/*
 * Reads from and answers client INDEX, one request at most per call.  Returns the order it
 * gives.  STATUS is what a ping is answered with.
 */
enum hold_order input_serve(
    struct input *in, size_t index, const char *status, ms_t now);

/* Writes from the queue to the agent's standard input, closing *FD when that is over. */
void input_feed(struct input *in, int *fd);
