#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "engine/internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * An engine with a real journal in a directory of its own, a clock that only moves when
 * told, and a small script in the place of `divisi job`.  Each test gets one as its state.
 */
struct stage {
	char *dir; /* of the test; the home is home/ in it, the checkout top/ */
	char *home, *top, *program, *holder;
	struct event_base *base;
	struct engine *engine;
	int n_heard; /* how often engine_listen() was told */
};

int stage_setup(void **state);
int stage_teardown(void **state);
#define STAGE_TEST(fn) cmocka_unit_test_setup_teardown(fn, stage_setup, stage_teardown)

extern int64_t stage_now; /* Unix ms, what the engine takes for the time */
/* What of stage_now did not pass, and what passed while the machine slept: ms. */
extern int64_t stage_skew, stage_slept;
extern const char *stage_boot; /* which start of the machine it is */

/* Ends the server process and starts the next one on the same home. */
void stage_stop(struct stage *st);
void stage_start(struct stage *st);
void stage_restart(struct stage *st);

/* Lets the loop turn until DONE says so; fails after ten seconds. */
#define STAGE_UNTIL(st, condition)                           \
	do {                                                 \
		for (int turn_ = 0; !(condition); turn_++)   \
			stage_turn((st), turn_, #condition); \
	} while (0)
void stage_turn(struct stage *st, int turn, const char *what);
/* Until nothing more can be done now: only what waits for a time or a job is left. */
void stage_settle(struct stage *st);

/*
 * What the job KIND answers from now on: JSON on standard output, and its exit status.
 * Without, it answers {} and 0 (worktree-add: what it was asked for).  After stage_block() it does nothing until
 * stage_unblock().
 */
void stage_answer(struct stage *st, const char *kind, const char *json, int status);
void stage_block(struct stage *st, const char *kind);
void stage_unblock(struct stage *st, const char *kind);
/* How many jobs of KIND were started, and the last input of one; the caller frees it. */
int stage_n_jobs(const struct stage *st, const char *kind);
char *stage_input(const struct stage *st, const char *kind);

/* A file in the test's directory; what is read is freed by the caller. */
char *stage_path(const struct stage *st, const char *name);
void stage_write(const struct stage *st, const char *name, const char *text);
char *stage_read(const struct stage *st, const char *name);

/* Lets KIND happen by a person; pairs of texts up to NULL, '#name' has a number. */
int stage_happen(struct stage *st, enum hap kind, ...) __attribute__((sentinel));
#define HAPPENS(st, kind, ...)                                         \
	do {                                                           \
		if (stage_happen((st), (kind), __VA_ARGS__, NULL) < 0) \
			fail_msg("%s", stage_err.text);                \
	} while (0)
extern struct err stage_err; /* of the last stage_happen() */

/*
 * A plan with the phases in WORDS ("1A 1B"), its first batch planned.  Agents are the
 * command agent running /bin/sh -c SCRIPT; SCRIPT is one line.
 */
void stage_plan(struct stage *st, const char *words, const char *script);
/* Filed and prepared by its acts, and approved. */
void stage_approve(struct stage *st);
struct session *stage_session(const struct stage *st, const char *phase);
const char *stage_state(const struct stage *st, const char *phase);

/* An act as only its key tells; to be run like one the core owes. */
void stage_owe(struct stage *st, const char *kind, const char *order, const char *key,
    const char *data);
/* "done", "owed" ...: the state of the act KEY in the journal; its tries and time. */
const char *stage_act(const struct stage *st, const char *key);
int64_t stage_act_number(const struct stage *st, const char *key, const char *column);

/* How many rows of the journal have CAUSE (NULL: any), and the data of the last one. */
int stage_n_rows(const struct stage *st, const char *cause);
char *stage_row(const struct stage *st, const char *cause);

/* Fails unless the state in memory is what the journal gives when it is replayed. */
void stage_matches_journal(const struct stage *st);
