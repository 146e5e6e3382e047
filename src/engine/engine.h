#pragma once

#include "base/err.h"
#include "core/core.h"

#include <event2/event.h>
#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The server's heart: the one process that acts.  It appends what happens to the journal,
 * lets the core decide, and carries out the acts the core owes.  One thread, one loop;
 * everything slow is a job in a process of its own.  How a restart finds its way back is
 * src/engine/README.md.
 */
struct engine;

/* ms since the machine was started: without the time it slept, and with that. */
struct passed {
	int64_t awake, all;
};

struct engine_opts {
	const char *home;     /* the home directory, made when absent */
	const char *top;      /* the main checkout */
	const char *program;  /* our own executable, for jobs */
	const char *holder;   /* the divisi-hold executable */
	const char *hook;     /* the divisi-hook executable, NULL when there is none */
	int64_t (*now)(void); /* Unix ms; NULL = the real clock */
	/* What passed; NULL = the real time, or nothing is known of it when NOW is not. */
	void (*passed)(struct passed *passed);
	const char *boot; /* tells starts of the machine apart; NULL = the real one */
};

/*
 * Opens the home (taking server.lock), replays the journal, adopts living runs and takes
 * up every act that was owed.  NULL with ERR_CONFLICT when another server holds the lock,
 * or the errors of store_open().
 */
struct engine *engine_new(
    struct event_base *base, const struct engine_opts *opts, struct err *err);

/* Stops following runs; agents go on.  NULL is fine. */
void engine_free(struct engine *engine);

/*
 * Records that KIND happened, with FIELDS, by ACTOR ("human:NAME" or "server"), and owes
 * what follows.  -1 with the core's refusal (recorded too) or the journal's failure; then
 * nothing changed.
 */
NODISCARD int engine_happen(struct engine *engine, enum hap kind, const char *actor,
    const struct fields *fields, struct err *err);

/* What a caller of the API may be (CONTRACTS 1, Peers). */
struct caller {
	char actor[96]; /* "human:NAME" or "session:ID" */
	/*
	 * Not empty: below a holder, acts for that session only; "?" for an agent of another
	 * repository, a command of ours, or a process that was gone before it could be
	 * looked at.
	 */
	char session[64];
};

/*
 * Carries out the order VERB ("approve", "dispatch", ...) with IN.  Returns 0 with OUT
 * filled; 1 when it takes time: OUT holds "op", to be asked for with engine_op(); -1 with
 * ERR.  ERR_NOT_FOUND for an unknown verb, ERR_REFUSED for an agent that acts as a human.
 */
int engine_order(struct engine *engine, const char *verb, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err);

/*
 * 0 and OUT filled when operation ID is over, 1 while it runs, -1 with its error.  Only who
 * ordered it may ask; the outcome is told once and kept for the newest OPS_KEPT.
 */
#define OPS_KEPT 64
int engine_op(struct engine *engine, int64_t id, const struct caller *caller,
    struct fields *out, struct err *err);

/* Everything `divisi status` shows.  The caller puts it. */
struct json_object *engine_status(struct engine *engine);

/* The same as CALLER may see it: an agent sees its own session, and what concerns it. */
struct json_object *engine_status_for(
    struct engine *engine, const struct caller *caller);

/*
 * May the tool call of CALLER write the paths of IN?  From memory; guard_ask() says what goes
 * in and out.
 */
void engine_guard(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out);

/* What waits for a person's yes or no, and the rules that they made.  The caller puts it. */
struct json_object *engine_approvals(struct engine *engine);

/* What came from outside, the newest 500, and how much became of what.  The caller puts it. */
struct json_object *engine_feedback(struct engine *engine);

/*
 * The state as the server has it: "seq" of the last row it is made of, its canonical
 * "dump" and the "sha256" of that.  A replay up to SEQ gives the same bytes.
 */
struct json_object *engine_state(struct engine *engine);

/*
 * Why NAME is as it is, from what is on record: a session, phase, batch, plan, run, issue,
 * act, refusal code or number of an event.  NULL with ERR_NOT_FOUND.
 */
struct json_object *engine_why(
    struct engine *engine, const char *name, struct err *err);

/*
 * May CALLER read about NAME?  A person may; an agent about its own session, phase and issue.
 * False with ERR_REFUSED.
 */
bool engine_may_see(struct engine *engine, const struct caller *caller,
    const char *name, struct err *err);

/* Calls FN with each journal row after AFTER as one JSON line. */
NODISCARD int engine_events(struct engine *engine, int64_t after,
    int (*fn)(const char *line, void *arg), void *arg, struct err *err);

/* Calls FN (once per change, from the loop) when the journal grew; NULL to stop. */
void engine_listen(struct engine *engine, void (*fn)(void *arg), void *arg);

/*
 * Who PID is: walks its parents; below a holder it is that session (CONTRACTS 1), and what a
 * killed holder left is known by its mark (base/mark.h).  What we started is no person either.
 */
void engine_identify(
    struct engine *engine, pid_t pid, unsigned uid, struct caller *caller);

/* True while something lives, is owed or under way: a server does not end then. */
bool engine_is_busy(const struct engine *engine);

/* True while a job runs or a client's operation is not over: an end would repeat it. */
bool engine_has_work(const struct engine *engine);

const struct core *engine_core(const struct engine *engine);

/*
 * `divisi issue WHAT` on the built-in tracker, by ACTOR: "text" of OUT is what is to be
 * printed, JSON where IN has "json".  ERR_USAGE for an unknown WHAT.
 */
int engine_issue(struct engine *engine, const char *what, const struct fields *in,
    const char *actor, struct fields *out, struct err *err);
