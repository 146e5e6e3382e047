#pragma once

#include "base/err.h"
#include "base/proc.h"
#include "base/rundir.h"

/*
 * Where a run's holder is started (DESIGN 10).  Executors hold no state: the run directory
 * is the state, so a new server finds everything again.
 */
struct executor {
	const char *name;
	/*
	 * Starts a holder for RUN_DIR (spec is there) in a session of its own, detached from
	 * us.  Returns 0 as soon as the holder process exists: whether the agent started is
	 * told by the run directory.  Starting twice is harmless (the lock decides).
	 */
	int (*start)(const char *run_dir, const char *holder_program, struct err *err);
	/*
	 * Proves the whole process tree of a lost run dead, killing what is left (cgroup,
	 * identities in `begun` and `agent`, everything with the environment mark
	 * DIVISI_RUN_DIR=<run directory>).  We and our ancestors are never killed.  0 when
	 * none is alive; -1 with ERR_TIMEOUT when some would not die, ERR_HUMAN when the run
	 * was on another machine.  The caller holds the lock (RUN_LOST); or the directory is
	 * gone, and the mark is all there is to go by.
	 *
	 * Waits up to LIMIT_MS for them to be gone: who has a loop gives a little of it
	 * and sweeps again later, since what was killed may take its time.
	 */
	int (*sweep)(const char *run_dir, long limit_ms, struct err *err);
	/*
	 * Does a process live that carries the mark of RUN_DIR?  The directory itself may
	 * be gone.
	 */
	bool (*is_marked)(const char *run_dir);
};

/* How long to sweep in a turn of a loop, and in a process that does nothing else. */
#define EXEC_SWEEP_TURN_MS 50
#define EXEC_SWEEP_MS      10000

extern const struct executor executor_local;

/*
 * Talking to the holder of a live run, through its socket.  A call is one request and its
 * answer and never waits: who has a loop gives it turns, the functions below it wait.
 */
#define RUN_CALL_LIMIT_MS 5000 /* after that a call ends with ERR_TIMEOUT */

/* What else a holder can be told; each is idempotent. */
enum run_order {
	RUN_ORDER_EOF,
	RUN_ORDER_INTERRUPT,
	RUN_ORDER_STOP,
	RUN_ORDER_KILL,
	RUN_ORDER_SUSPEND,
	RUN_ORDER_CONTINUE,
	RUN_ORDER_WIDEN, /* what the file `widened` of the run grants */
	RUN_ORDER_SWEEP  /* ends what an interrupted turn left, not the agent */
};

/* What a run does, as its holder sees it. */
struct run_pulse {
	long long idle_ms; /* since it last wrote something or computed; -1 unknown */
	long long cpu_ms;  /* of the whole tree since its start; -1 unknown */
	bool is_suspended;
};

struct run_call;

/*
 * Begins to send one input frame (one line without newline) under KEY.  NULL with
 * ERR_INPUT when KEY is not 1 to 200 of A-Z a-z 0-9 . _ : / @ + -, ERR_NOT_FOUND when no
 * holder answers, ERR_SYSTEM.  run_call_free() ends it at any time; whether the holder
 * took a frame is then not known.
 */
struct run_call *run_call_send(
    const char *run_dir, const char *key, const char *line, struct err *err);
struct run_call *run_call_tell(
    const char *run_dir, enum run_order order, struct err *err);
struct run_call *run_call_pulse(const char *run_dir, struct err *err);
void run_call_free(struct run_call *call); /* NULL is fine */

/*
 * Goes on as far as it can without waiting.  2 when it is over and the holder had seen the
 * frame's key before, 1 when it is over, 0 when it is not: again when its descriptor is
 * ready, or soon when that is -1; -1 with ERR as run_send() says.
 */
int run_call_step(struct run_call *call, struct err *err);
int run_call_fd(const struct run_call *call);
short run_call_events(const struct run_call *call); /* POLLIN or POLLOUT */
/* How long it may still take. */
int run_call_left_ms(const struct run_call *call);
/* The answer of run_call_pulse(), once it is over. */
struct run_pulse run_call_answer(const struct run_call *call);

/*
 * Sends one input frame and waits.  Returns 1 when the holder had seen KEY already, 0 when
 * it was taken now (logged and fsynced before this returns), -1 with ERR_NOT_FOUND when no
 * holder answers, ERR_TIMEOUT after 5 s, ERR_CONFLICT when the agent takes no input (any
 * more, or right now because it has left 64 MB unread), ERR_INPUT when LINE is no JSON
 * object on one line or KEY no key, ERR_SYSTEM.
 * After ERR_TIMEOUT the frame may have been taken: send it again under the same KEY.
 */
int run_send(const char *run_dir, const char *key, const char *line, struct err *err);
NODISCARD int run_tell(const char *run_dir, enum run_order order, struct err *err);
NODISCARD int run_pulse(const char *run_dir, struct run_pulse *pulse, struct err *err);

/*
 * The terminal of a live run, when its agent sits on one.  Any number may look, one of them
 * types; it outlives whoever looks, and the server.
 */
enum run_attach_as {
	RUN_ATTACH_WRITE, /* who types when nobody else does */
	RUN_ATTACH_VIEW,
	RUN_ATTACH_TAKE, /* who types, whoever did before */
};

/*
 * Attaches with a window of *COLS x *ROWS, which become those of the terminal.  Returns a
 * blocking descriptor that gives what the terminal shows, the last of it first, and ends with
 * the run; -1 with ERR_NOT_FOUND when no holder answers, ERR_CONFLICT when there is no
 * terminal, ERR_TIMEOUT, ERR_SYSTEM.
 */
int run_attach(const char *run_dir, enum run_attach_as as, int *cols, int *rows,
    bool *is_writer, struct err *err);

/* Types N bytes, or says how large the window is now.  -1 when the run is over. */
NODISCARD int run_attach_type(int fd, const char *keys, size_t n);
NODISCARD int run_attach_size(int fd, int cols, int rows);
