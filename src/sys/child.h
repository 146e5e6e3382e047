#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct event_base;

/*
 * A short-lived program the server starts and waits for: git, a verify command, a probe.
 * Agents are never started this way (exec/ and the holder do that).
 *
 * A child runs in a session of its own with a clean signal mask and no descriptor but 0,
 * 1 and 2.  It is over when it has exited AND its output is read to the end; a grandchild
 * that keeps the output open is given CHILD_DRAIN_MS after the exit.  Then what is left of
 * the child's session is killed, and a daemon that made a session of its own is let go.
 * There is no shell anywhere: ARG is what execve gets.
 */
struct child;

#define CHILD_OUT_BYTES  (16 * 1024 * 1024) /* standard output kept unless told */
#define CHILD_TAIL_BYTES 8192               /* of standard error the end is kept */
#define CHILD_DRAIN_MS   2000

/* What to start.  All of it is copied or used up before child_start() returns. */
struct child_opts {
	char *const *arg;  /* NULL-terminated; arg[0] is looked up on our PATH */
	char *const *env;  /* NULL-terminated NAME=VALUE; NULL = our own environment */
	const char *cwd;   /* NULL = ours */
	const char *input; /* fed to standard input, which is then closed */
	size_t n_input;    /* 0 = standard input is /dev/null */
	size_t max_out_bytes; /* 0 = CHILD_OUT_BYTES; more is read and dropped */
	long timeout_ms;      /* 0 = none; then the whole tree is killed */
	bool join_err;        /* standard error goes where standard output goes */
};

/* How it ended; lent for the length of the callback. */
struct child_end {
	int status; /* exit status, -1 when a signal ended it */
	int signal; /* the signal, else 0 */
	bool timed_out;
	bool was_killed;         /* by child_kill() */
	const char *out;         /* standard output, NUL-terminated, may hold NULs */
	size_t n_out;            /* bytes in OUT */
	unsigned long long size; /* bytes it wrote; above n_out when OUT is cut */
	const char *err_tail;    /* the last CHILD_TAIL_BYTES of standard error */
};

/*
 * Called once from the loop, never from inside child_start().  CHILD may be freed in it;
 * otherwise it is freed by child_free() later.
 */
typedef void child_done_fn(struct child *child, const struct child_end *end, void *arg);

/*
 * Starts a program.  Returns the child, which the caller frees; or NULL with
 * ERR_NOT_FOUND when there is no such program or directory, ERR_SYSTEM.  A program that
 * cannot be executed is told here, not by the callback.
 */
struct child *child_start(struct event_base *base, const struct child_opts *opts,
    child_done_fn *done, void *arg, struct err *err);

/* Kills the whole tree; DONE is still called.  Harmless when it is over. */
void child_kill(struct child *child);

/* Kills what still runs and forgets it; DONE is not called any more.  NULL is fine. */
void child_free(struct child *child);

pid_t child_pid(const struct child *child);

/* "exit status 3", "killed by signal 9 (Killed)", "timed out": into BUF, for messages. */
const char *child_end_text(const struct child_end *end, char *buf, size_t size);
