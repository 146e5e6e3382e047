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
	 */
	int (*sweep)(const char *run_dir, struct err *err);
	/*
	 * Does a process live that carries the mark of RUN_DIR?  The directory itself may
	 * be gone.
	 */
	bool (*is_marked)(const char *run_dir);
};

extern const struct executor executor_local;

/*
 * Sends one input frame (one line without newline) under KEY to the agent of a live run,
 * through the holder's socket.  Returns 1 when the holder had seen KEY already, 0 when it
 * was taken now (logged and fsynced before this returns), -1 with ERR_NOT_FOUND when no
 * holder answers, ERR_TIMEOUT after 5 s, ERR_CONFLICT when the agent takes no input (any
 * more, or right now because it has left 64 MB unread), ERR_INPUT when LINE is no JSON
 * object on one line or KEY not 1 to 200 of A-Z a-z 0-9 . _ : / @ + -, ERR_SYSTEM.
 * After ERR_TIMEOUT the frame may have been taken: send it again under the same KEY.
 */
int run_send(const char *run_dir, const char *key, const char *line, struct err *err);

/* What else a holder can be told; each is idempotent. */
enum run_order {
	RUN_ORDER_EOF,
	RUN_ORDER_INTERRUPT,
	RUN_ORDER_STOP,
	RUN_ORDER_KILL,
	RUN_ORDER_SUSPEND,
	RUN_ORDER_CONTINUE
};
NODISCARD int run_tell(const char *run_dir, enum run_order order, struct err *err);
