#pragma once

#include "base/proc.h"
#include "base/rundir.h"
#include "hold/fence.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * divisi-hold [--pty] RUN_DIR: owns one agent process, once (CONTRACTS 2); with pty_cols in
 * its spec, or --pty, on a terminal of its own that people come to and leave.  With --bound
 * PID it is a command's holder: it ends, and all below it, with its parent PID.
 *
 * One thread, one poll loop, libc only.  Its stages, each entered once and in order:
 *
 *   RUNNING  the agent lives                          until it is reaped
 *   DRAINING what it wrote is read to the end         until end of file or DRAIN_MS
 *   SWEEPING everything below the holder is killed    until nothing is left or SWEEP_MS
 *   OVER     the rest of the pipe is copied, the end record written
 *
 * An end that is ordered, by somebody or by a limit, goes on step by step while the agent
 * lives: ask (where the spec has words for it), interrupt, terminate, kill.
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
#define HOLD_REST_MS    200
#define HOLD_N_CLIENTS  32
#define HOLD_PIPE_BYTES 65536

/* How often limits are looked at that no cgroup keeps: while the tree works, and else. */
#define HOLD_LOOK_MS      1000
#define HOLD_LOOK_IDLE_MS 5000

/* Share of one processor that counts as work, over at least this long. */
#define HOLD_WORK_PERCENT 1
#define HOLD_LOOK_MIN_MS  500

/* What the agent may leave unread, and the largest single frame. */
#define HOLD_QUEUE_BYTES (64 * 1024 * 1024)
#define HOLD_FRAME_BYTES (16 * 1024 * 1024)

/* Of a terminal: what one who comes later is shown, and how long a redraw takes. */
#define HOLD_RING_BYTES  (256 * 1024)
#define HOLD_REDRAW_MS   100
#define HOLD_KEY_BYTES   4096
#define HOLD_TERM_CELLS  1000 /* columns or rows of the largest */
#define HOLD_CHUNK_BYTES 8192 /* six times as much in the record still fits a pipe's */

/* Of err.log the beginning and the end are kept. */
#define HOLD_ERR_HEAD_BYTES (1024 * 1024)
#define HOLD_ERR_TAIL_BYTES (64 * 1024)

typedef long long ms_t;

/* Milliseconds: since boot for deadlines, of the wall clock for records. */
ms_t hold_now(void);
ms_t hold_wall_clock(void);

void hold_pause(int ms); /* sleeps: before and after the run only */

/* Before the run: hold/start.c */

/*
 * The descriptors, signals and directory of a holder, whoever started it.  SIGNAL_FD
 * becomes readable when a child ended or the holder is told to stop.
 */
int hold_clean_up(int *signal_fd, struct err *err);

/*
 * Takes the run's lock for life.  An exit status, 0 when it is ours; not when the run has
 * begun or ended already.
 */
int hold_take_lock(const char *dir, int *fd, struct err *err);

/* The agent: hold/agent.c */
struct agent {
	struct proc_id id;
	struct proc_id holder; /* we, whose mark it gets */
	int lock_fd; /* the run's lock; what is forked lets go of it first of all */
	pid_t pid;   /* 0 before the start and after the end */
	int stdin_fd, out_fd, err_fd;
	char cgroup[512];           /* empty when none could be made */
	long long data_limit_bytes; /* RLIMIT_DATA of each of its processes; 0 = none */
	struct fence *fence;        /* what it is started behind */
	pid_t init;  /* of its own PID namespace; 0 = it has none, or that is over */
	int life_fd; /* which ends that namespace when it closes; 0 = none */
	bool is_suspended;
};

/*
 * Starts the program of SPEC.  Before it is executed `agent` is written in DIR, so there
 * is no moment at which it runs and is not recorded.  -1 when it cannot be executed;
 * then there is no process.
 */
int agent_start(
    struct agent *agent, const char *dir, const struct run_spec *spec, struct err *err);

/* Sends SIG to the agent's process group, as a terminal would. */
void agent_signal(struct agent *agent, int sig);

/* Sends SIG to everything below the holder; returns how many there were. */
size_t agent_signal_tree(int sig);

/* Freezes or thaws the agent with everything below it. */
void agent_suspend(struct agent *agent);
void agent_continue(struct agent *agent);

/* Kills everything below the holder.  Returns how many were alive. */
size_t agent_kill_tree(struct agent *agent);

/* What an interrupted turn left running: hold/rest.c */
struct rest {
	pid_t *session; /* those that are ended: what is begun later is not in them */
	size_t n, cap;
	ms_t kill_at; /* 0 = nothing is left */
};

/*
 * Ends what the agent started in sessions of its own, as it does with commands, and leaves
 * the agent alone: SIGTERM now, SIGKILL at KILL_AT.
 */
void rest_end(struct rest *rest, const struct agent *agent, ms_t kill_at);
void rest_press_on(struct rest *rest, ms_t now);

/* The agent's PID namespace: hold/pids.c */

/*
 * fork() into a PID namespace of its own, whose numbers its /proc shows.  Its first process,
 * agent->init, is a child of ours as the new one is.  Returns as fork() does; -1 where no
 * such namespace may be made, and then nothing is left of it.
 */
pid_t pids_fork(struct agent *agent);

/* Ends the namespace, and whatever lives in it, at once.  init is still to be reaped. */
void pids_end(struct agent *agent);

/* The agent's cgroup: hold/cgroup.c */

/*
 * Makes a cgroup for RUN, below our own where that is allowed, with what controllers for
 * memory and processes may be had; CGROUP becomes its path, or empty where it is not.
 */
void cgroup_make(char *cgroup, size_t size, const char *run);

/*
 * fork() with the child in CGROUP from its first instruction on, which spares the kernel the
 * move of a process.  Returns as fork() does; -1 also where that cannot be done (Linux 5.7).
 */
pid_t cgroup_fork(const char *cgroup);

/* Removes the cgroup, which must be empty, and forgets its path. */
void cgroup_drop(char *cgroup);

/* Writes TEXT to a control file; false when there is none or it is refused. */
bool cgroup_write(const char *dir, const char *name, const char *text);

/* The number behind KEY (or of the whole file when it is ""), -1 when there is none. */
long long cgroup_read(const char *dir, const char *name, const char *key);

/* Limits of the whole tree: hold/limits.c */
struct limits {
	const char *cgroup;     /* "" = none */
	long long memory_bytes; /* what has to be watched; 0 = nothing */
	long long processes;
	size_t n_ours; /* processes below us that are no part of the agent */
	long look_ms;
	ms_t look_at;   /* when the next look is due; 0 = never */
	ms_t looked_at; /* since when processor time is counted up */
	long long cpu_before_ms;
	ms_t work_at; /* when it last worked: wrote something or computed */
	long long cpu_ms, memory_peak, processes_peak;
	char means[64]; /* as in struct run_end */
};

/* Gives the limits of SPEC to CGROUP, which is kept, as far as it takes them. */
void limits_set(struct limits *limits, const struct run_spec *spec, const char *cgroup);

/* The agent starts, or goes on after it was suspended. */
void limits_begin(struct limits *limits, ms_t now);

/* Looks at the tree.  The name of a limit that was met, or NULL. */
const char *limits_look(struct limits *limits, ms_t now);

/* What limits_look() makes of what it sees; a test has the numbers from elsewhere. */
const char *limits_judge(
    struct limits *limits, const struct proc_usage *usage, ms_t now);

/* Did the kernel end a process of the cgroup for its memory? */
bool limits_memory_ran_out(const struct limits *limits);

/* Puts what was used into END.  Before the cgroup is removed. */
void limits_tell(struct limits *limits, struct run_end *end);

/* The terminal of an agent that has one: hold/terminal.c */
struct terminal {
	int fd; /* our end, the agent's output; -1 = none */
	int cols, rows;
	ms_t begun_at;
	ms_t redraw_at;  /* when the size is put right again; 0 = it is right */
	bool is_resized; /* the record does not say so yet */
	char *ring;      /* the last of its output, as it came */
	unsigned long long n_ever; /* bytes that went into the ring */
	char part[4];              /* a character whose rest has not come yet */
	size_t n_part;
};

/* A pair of ends for SPEC's terminal, both closed on exec; theirs in *PEER. */
int terminal_open(const struct run_spec *spec, int *peer, struct err *err);

/* The first line of term.cast, into BUF; its length. */
size_t terminal_head(
    struct terminal *t, const struct run_spec *spec, char *buf, size_t size);

/*
 * Takes N bytes of output, at most HOLD_CHUNK_BYTES, and writes what the record says of
 * them into BUF (HOLD_PIPE_BYTES); returns how much that is.
 */
size_t terminal_take(struct terminal *t, const char *p, size_t n, char *buf, ms_t now);

/* The agent's window is COLS x ROWS from now on; the same as before makes it redraw. */
void terminal_resize(struct terminal *t, int cols, int rows, ms_t now);
void terminal_redrawn(struct terminal *t, ms_t now); /* when redraw_at has come */

/*
 * Sends FD what it has not seen, from *SEEN on, as far as it takes it.  Who is too far
 * behind misses what the ring has lost.  False when it has gone.
 */
bool terminal_show(const struct terminal *t, int fd, unsigned long long *seen);

/* Output: hold/output.c */
struct output {
	struct terminal *terminal; /* NULL = it comes by pipes */
	int fd;                    /* out.ndjson */
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

/* Opens out.ndjson and err.log, or term.cast when there is a terminal. */
int output_open(struct output *out, const char *dir, struct err *err);

/* Writes the beginning of term.cast. */
void output_begin(struct output *out, const struct run_spec *spec);

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
	bool is_viewer;          /* it gets what the terminal shows, and no replies */
	bool is_writer;          /* and its keys are the agent's */
	unsigned long long seen; /* of the terminal's bytes */
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
	struct terminal *terminal; /* NULL = the agent has none */
};

/* What a request asks for besides input. */
enum hold_order {
	HOLD_ORDER_NONE,
	HOLD_ORDER_INTERRUPT,
	HOLD_ORDER_STOP,
	HOLD_ORDER_KILL,
	HOLD_ORDER_SUSPEND,
	HOLD_ORDER_CONTINUE,
	HOLD_ORDER_WIDEN,
	HOLD_ORDER_SWEEP,
};

int input_open(struct input *in, const char *dir, struct err *err);
void input_close(struct input *in, const char *dir);

/* Shows client INDEX, a viewer, what is new; does it wait for that? */
void input_show(struct input *in, size_t index);
bool input_wants_show(const struct input *in, size_t index);
size_t input_n_viewers(const struct input *in);

/* Takes a new caller in. */
void input_accept(struct input *in, ms_t now);

/*
 * Reads from and answers client INDEX, one request at most per call.  Returns the order it
 * gives.  STATUS is what a ping is answered with.
 */
enum hold_order input_serve(
    struct input *in, size_t index, const char *status, ms_t now);

/*
 * The holder's own words to the agent, its last ones: logged like a frame under KEY, and
 * the input closes behind them.
 */
void input_say_last(struct input *in, const char *key, const char *line);

/* Writes from the queue to the agent's standard input, closing *FD when that is over. */
void input_feed(struct input *in, int *fd);
