#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does what was written have to do with what was asked for?  Each file of a change is
 * compared with the words of the acceptance criteria: by words alone, so that it is a hint for
 * whoever reviews and never a gate.  Pure.
 */
enum { CONFORM_PCT = 50, CONFORM_MOST_WORDS = 24, CONFORM_MOST_FILES = 512 };

/* What exempts a file, anywhere in what was added to it. */
#define CONFORM_SUPPRESS "ccc:suppress"

struct conform_write {
	char *path;
	char *added; /* its name, and the lines that were added, in one text */
	int pct;     /* of the words of CRITERION */
	size_t criterion;
	bool is_suppressed;
};

struct conform {
	struct conform_write *write;
	size_t n, cap;
	size_t n_drift;    /* below CONFORM_PCT with every criterion */
	bool is_truncated; /* there were more files */
};

/* Adds the files of DIFF, as git prints it. */
void conform_read(struct conform *conform, const char *diff);
void conform_clear(struct conform *conform);

/*
 * Percent of the words of CRITERION that ADDED has, whatever their case and ending: 0 when it has
 * no words that say anything.
 */
int conform_overlap(const char *criterion, const char *added);

/* Compares every file with the N criteria; COVERED of N, or NULL, receives the best of each. */
void conform_judge(
    struct conform *conform, const char *const *criterion, size_t n, int *covered);

/* Drifts the file, because it is neither exempt nor near any criterion? */
bool conform_drifts(const struct conform_write *write);
