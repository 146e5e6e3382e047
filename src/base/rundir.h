#pragma once

#include "base/err.h"
#include "base/proc.h"

#include <stdbool.h>
#include <stddef.h>

/* More columns or rows no terminal has. */
#define PTY_SIDE_MAX 99999

/*
 * A run directory: one process life of a session, and the reason why an agent is started
 * at most once (CONTRACTS 2).
 *
 *   spec      NUL-terminated key=value records; complete and fsynced before the start
 *   lock      flock held by the holder for its life
 *   begun     made once (O_EXCL) and fsynced under the lock, before the agent is started
 *   agent     the agent's identity, once it is started
 *   out.ndjson err.log   the agent's output, appended
 *   widened   grants that came after the start, for the holder when it is told
 *   fence.log what the fence refused, one JSON object per line
 *   term.cast            instead of them, for an agent on a terminal: asciicast v2
 *   in.sock in.ndjson    input to the agent; every accepted frame is logged first
 *   end.json  the one end record (temporary file, fsync, rename, fsync of the directory)
 */
struct run_spec {
	char *
	    *arg; /* program and arguments, NULL-terminated, n_args without the NULL */
	size_t n_args, cap_args;
	char **env; /* NAME=VALUE, the whole environment of the agent */
	size_t n_env, cap_env;
	char *run, *session; /* names, for messages and cgroups */
	char *
	    table; /* hash of the approved table it was launched by, NULL when unknown */
	char *cwd;
	long wall_limit_ms;   /* 0 = none */
	long out_limit_bytes; /* 0 = none; the holder ends an agent that floods */
	long grace_ms;        /* between ask, interrupt, terminate and kill; 0 = 5000 */
	/* Of the agent with everything below it; 0 = none. */
	long memory_limit_bytes, process_limit;
	long look_ms;    /* how often its processor time is looked at; 0 = never */
	long watch_only; /* not 0: no cgroup is made, everything is watched */
	long own_pids; /* not 0: a PID namespace of its own, where no cgroup is made */
	long pty_cols, pty_rows; /* the terminal it sits on; 0 = it has pipes */
	char *ask; /* the line that asks it to end; NULL: the first step is a signal */
	/* What the agent may change: "off" or NULL everything, else what GRANT names. */
	char *fence;
	/*
	 * "KIND VALUE", in the words of hold/fence.h: "write /a/b" is /a/b with everything
	 * below it.
	 */
	char **grant;
	size_t n_grants, cap_grants;
};

/*
 * Writes SPEC into DIR, which is created with its parents; it appears whole or not at all.
 * The spec's bytes are durable when it returns 0; where they are becomes so with `begun`,
 * before the agent is started: a machine that dies in between comes back with a run that
 * never was.  ERR_CONFLICT when a run is in DIR already, ERR_INPUT when SPEC has no
 * program or run, ERR_SYSTEM.
 */
NODISCARD int rundir_write_spec(
    const char *dir, const struct run_spec *spec, struct err *err);

/*
 * Removes from the directory RUNS what a rundir_write_spec() that was cut off has left: no
 * run ever was in it.  Only while nobody writes one, as before a server does anything.
 */
void rundir_clear_unplaced(const char *runs);

/* Reads DIR/spec; unknown keys are ignored.  On success run_spec_clear() frees it. */
NODISCARD int rundir_read_spec(const char *dir, struct run_spec *spec, struct err *err);
void run_spec_clear(struct run_spec *spec);
void run_spec_add_arg(struct run_spec *spec, const char *arg);
void run_spec_add_env(struct run_spec *spec, const char *name, const char *value);
void run_spec_add_grant(struct run_spec *spec, const char *kind, const char *value);

enum run_state {
	RUN_ABSENT, /* neither spec nor begun: never made, or removed by somebody */
	RUN_READY,  /* spec, no begun: may be started */
	/* A holder holds the lock or lives, or died this very moment, or nobody may look. */
	RUN_LIVE,
	RUN_ENDED, /* end.json is there; damaged, it counts once nobody lives */
	RUN_LOST,  /* begun, lock free, no end record: the holder was killed */
};

/*
 * What DIR says.  For RUN_LOST the probe has taken the lock and keeps it in *LOCK_FD (else
 * -1), which voids the run: no holder can ever start it again.  BEGUN (may be NULL)
 * receives the identity written in `begun`, pid 0 when there is none.
 */
enum run_state rundir_probe(const char *dir, int *lock_fd, struct proc_id *begun);
const char *run_state_name(enum run_state state);

/*
 * Gives up the run in DIR before it begins: under its lock, an end record "not-started" with
 * TEXT is written, so that a holder that comes late starts nothing.  A run that ended or was
 * lost is void already.  0; -1 with ERR_CONFLICT when a holder has it, ERR_SYSTEM.
 */
NODISCARD int rundir_void(const char *dir, const char *text, struct err *err);

struct run_end {
	/*
	 * "exited" "signaled" "not-started" "stopped", or the limit that was met:
	 * "wall-limit" "flood" "memory-limit" "process-limit".
	 */
	char reason[32];
	int status, signal;
	long long started_at, ended_at; /* Unix ms */
	long long out_bytes, err_bytes;
	int n_swept; /* descendants that had to be killed after the agent's end */
	/* When each step of an end that was ordered was taken, Unix ms; 0 = never. */
	long long asked_at, interrupted_at, terminated_at, killed_at;
	/* Of the whole tree, as far as anybody looked; 0 = unknown. */
	long long cpu_ms, memory_peak, processes_peak;
	char
	    limits[64]; /* what keeps them: "memory=cgroup processes=watch", or empty */
	char tree[16];  /* what knew all it started: "cgroup" "namespace" "sweep", "" */
	char text[256]; /* why it could not be started, else empty */
	/* As in struct run_begun; and how often the fence refused something. */
	char fence[128];
	long long n_refused;
};

/* Reads DIR/end.json (one flat object that only the holder writes). */
NODISCARD int rundir_read_end(const char *dir, struct run_end *end, struct err *err);

/*
 * The holder's side.  rundir_reserve_end() sets disk space aside, so that the end can be
 * told on a full disk; rundir_write_end() is durable when it returns 0.
 */
NODISCARD int rundir_reserve_end(const char *dir, struct err *err);
NODISCARD int rundir_write_end(
    const char *dir, const struct run_end *end, struct err *err);

/* What `begun`, and `agent` beside it, say about who runs here. */
struct run_begun {
	struct proc_id holder;
	struct proc_id agent; /* pid 0 when the agent was not started */
	char cgroup[512];     /* absolute path of the agent's cgroup, or empty */
	char limits[64];      /* as in struct run_end */
	char
	    fence[128]; /* what keeps the agent in, in words; empty when nothing does */
	char host[65];
};

/*
 * Writes `begun`, once and for ever: ERR_CONFLICT when it is there.  Durable when it
 * returns 0, together with every other name made in DIR before, and DIR's own.
 */
NODISCARD int rundir_write_begun(
    const char *dir, const struct run_begun *begun, struct err *err);

/*
 * Writes `agent`.  Not durable: it is for those who survive the holder, and nobody who is
 * named in it survives the machine.
 */
NODISCARD int rundir_write_agent(
    const char *dir, const struct proc_id *agent, struct err *err);

/* -1 with ERR_NOT_FOUND when nothing has begun, ERR_INPUT, ERR_SYSTEM. */
NODISCARD int rundir_read_begun(
    const char *dir, struct run_begun *begun, struct err *err);
