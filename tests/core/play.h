#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/core.h"

/*
 * A stage for the core: happenings go in by name, what came out of the last one is kept.
 * Every refused happening is checked to have changed nothing and owed nothing.
 */
struct play {
	struct core *core;
	struct acts acts; /* of the last happening */
	struct err err;   /* of the last happening */
	int64_t now;
	const char *actor; /* "human:ada" unless set */
	int loop_tasks;    /* of each session that is planned; 0: none loops */
	bool loop_is_fresh;
	const char *output; /* of each session that is planned; NULL: none */
};

struct play *play_new(void);
void play_free(struct play *p);

/*
 * Lets KIND happen; the fields are pairs of texts up to NULL, and a name that starts with
 * '#' has a number for its value.  Returns what core_step() returned.
 */
int play_happen(struct play *p, enum hap kind, ...) __attribute__((sentinel));
#define HAPPEN(p, kind, ...)  play_happen((p), (kind), __VA_ARGS__, NULL)
#define HAPPENS(p, kind, ...) assert_int_equal(HAPPEN(p, kind, __VA_ARGS__), 0)
/* It is refused, with this kind of error. */
#define REFUSED(p, error, hap, ...)                                \
	do {                                                       \
		assert_int_equal(HAPPEN(p, hap, __VA_ARGS__), -1); \
		assert_int_equal((p)->err.kind, (error));          \
	} while (0)

void play_clock(struct play *p, int64_t ms); /* time goes on and the clock ticks */

/* The plan "/p.md" of N_PHASES: cap 3, research cap 5, threshold $10, merge: ask. */
void play_open(struct play *p, int n_phases);
/* A batch of PHASES ("1A 1B>1A 1C": 1B merges after 1A) with HASH; one is planned, filed
 * and prepared, the other is approved too. */
void play_plan(struct play *p, int number, const char *phases, const char *hash);
void play_prepare(struct play *p, int number);
void play_batch(struct play *p, int number, const char *phases);
/* Sessions are named by their phase in the newest batch that has it. */
struct session *play_session(struct play *p, const char *phase);
enum session_state play_state(struct play *p, const char *phase);
enum batch_state play_batch_state(struct play *p, int number);
/* One line of the agent, or one fact about its current run. */
int play_line(struct play *p, const char *phase, enum hap kind, ...)
    __attribute__((sentinel));
#define LINE(p, phase, kind, ...) \
	assert_int_equal(play_line((p), (phase), (kind), __VA_ARGS__), 0)
void play_start(struct play *p, const char *phase); /* accepted and confirmed */
void play_inspect(struct play *p, const char *phase, int n_commits);
void play_deliver(struct play *p, const char *phase); /* done, with one commit */
void play_land(struct play *p, const char *phase);    /* its candidate, then landed */

/* An act of KIND (about SESSION's phase, unless NULL) that the last happening owed. */
const struct act *play_act(const struct play *p, const char *kind, const char *phase);
size_t play_n_acts(const struct play *p, const char *kind);
const char *act_text(const struct act *act, const char *name);
#define OWES(p, kind, phase)    assert_non_null(play_act((p), (kind), (phase)))
#define OWES_NO(p, kind, phase) assert_null(play_act((p), (kind), (phase)))
#define IS(p, phase, want)   \
	assert_string_equal( \
	    session_state_name(play_state((p), (phase))), session_state_name(want))
