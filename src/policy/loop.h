#pragma once

#include "plan/plan.h"

#include <stdint.h>

/*
 * The loop that works a session's tasks one by one (SPEC 2.17): what its agent says on a line
 * of its own, what is believed of it, and what it is told next.  Pure: core/loop.c moves.
 */
#define LOOP_COMPLETE 1u /* "TASK_COMPLETE" */
#define LOOP_REPLAN   2u /* "REPLAN" */

struct loop {
	int64_t tasks;   /* in all; 0: this session has no loop */
	int64_t done;    /* of them, from the first on */
	int64_t tries;   /* of the task under way, 1 = the first */
	int64_t turns;   /* of all tasks */
	int64_t replans; /* granted so far */
	int64_t max_tries, max_turns, max_replans; /* of the approved table */
	int64_t is_fresh; /* each task in a conversation of its own */
};

enum loop_next {
	LOOP_ADVANCES, /* to the next task */
	LOOP_ENDS,     /* the last one is done: the exit checklist follows */
	LOOP_RETRIES,  /* the same task again */
	LOOP_REPLANS,  /* the rest is to be planned anew */
	LOOP_BLOCKED,  /* one task took too many tries: a person */
	LOOP_CAPPED,   /* all of them together did: a person */
};

/* Does MODE loop?  Pair and swarm do not. */
bool loop_mode(enum exec_mode mode);

/*
 * The signals that TEXT has on lines of their own, to the letter; what stands in a
 * block of code is quoted, not said.  *LEFT receives the number of "TASKS n", the plan made
 * anew, or stays.
 */
unsigned loop_signals(const char *text, int64_t *left);

/*
 * A turn of L ended with SIGNALS; LEFT is what a replanned rest has (0: not said), IS_PROVEN
 * that a commit shows the task.  Counts, and says what follows.
 */
enum loop_next loop_turn(
    struct loop *l, unsigned signals, int64_t left, bool is_proven);

/* A crash of the agent counts as a try: false when there is none left. */
bool loop_crashed(struct loop *l);

/*
 * What the agent is told when NEXT follows, WHY a retry is needed ("" none).  The caller
 * frees it.
 */
char *loop_words(const struct loop *l, enum loop_next next, const char *why);
