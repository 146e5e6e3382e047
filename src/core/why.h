#pragma once

#include "core/core.h"

/*
 * Why things wait, in words (promise 6), and what a person has to do now.
 */
struct need {
	char session[64];  /* stable id, or "" for a batch or plan */
	char subject[64];  /* "1/S-A" or "batch 1" */
	char what[320];    /* "waits for you: approve its plan" */
	char command[320]; /* the command that answers it */
	int64_t since;
};

/* Fills at most MAX needs, most urgent first; returns how many there are in all. */
size_t core_needs(const struct core *core, struct need *need, size_t max);

/*
 * One sentence why session S is where it is into WHY of N bytes, and into COMMAND of CN
 * bytes the command that moves it ("" if none).  batch_why() does the first for a batch.
 */
void session_why(const struct core *core, const struct session *s, char *why, size_t n,
    char *command, size_t cn);
void batch_why(const struct core *core, const struct batch_run *b, char *why, size_t n);
