#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One life of a command agent in a scratch repository, started by the holder as a session
 * would be, and what was seen of it: for `divisi agent test` (CONTRACTS 3).
 */
enum trial_turn {
	TRIAL_TO_END,    /* let it work; its input ends when it has said how it ended */
	TRIAL_INTERRUPT, /* once it has said "started" */
	TRIAL_STOP,      /* the same */
	TRIAL_KILL,      /* the same, without a word */
};

struct trial {
	/* What is done with it; strings are borrowed. */
	const char *scratch, *holder; /* a directory of ours; the holder's program */
	const char *name;             /* of the run, a file name */
	const char *tree;        /* its repository below SCRATCH, made when absent */
	const char *const *argv; /* absolute program first, NULL-terminated */
	const char *launch_as, *prompt;
	const char *decision; /* the answer to whatever it asks */
	bool is_noisy; /* a message it does not know, and a person's words, follow */
	enum trial_turn turn;
	long limit_ms; /* until its end is said */

	/* What was seen. */
	int n_started, n_done, n_failed, n_asks, n_repeated_asks, n_notes;
	bool asked_plan, changed_before_plan;
	long started_ms, ended_ms; /* since the start; -1 never */
	size_t longest;            /* line, in bytes */
	char first_note[200], said[200];
	bool was_slow; /* the limit passed before it said how it ended */
	bool
	    was_forced; /* it did not exit by itself when its input ended or it was told */
	int n_swept;    /* processes it left behind */
	char fate[300];   /* how its process ended, for people */
	bool has_started; /* its program could be executed */
	int n_commits;
	char loose[200]; /* files it left uncommitted */
};

/*
 * Runs TRIAL to its end; waits.  -1 with ERR when the trial itself could not be held: no
 * git, no holder, a full disk.  A program that misbehaves is a result.
 */
NODISCARD int trial_run(struct trial *trial, struct err *err);
