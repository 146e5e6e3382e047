#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * What each file of a diff imports no longer, and what code is added to it: rule S5 of
 * CONFLICTS 2.6.
 */
struct diff_side;
struct import_file;

struct imports {
	struct import_file *file; /* in the order of the diff, by path once sealed */
	size_t n, cap, n_facts;
	bool is_open;
};

/* What is read from here on is of PATH, or of no file when it is NULL. */
void imports_file(struct imports *imports, const char *path);

/* Takes in one side of a hunk, SIGN -1 for the old and 1 for the new one. */
void imports_read(struct imports *imports, const struct diff_side *side, int sign);

/* All is read: before anything is asked. */
void imports_seal(struct imports *imports);
void imports_clear(struct imports *imports);

/* May code that has WORDS, one a line, need what the header NAME declares? */
struct imports_ask {
	bool (*holds)(void *arg, const char *name, const char *words);
	void *arg;
};

/*
 * Prints to OUT, a line each and MAX at most, what A imports no longer in a
 * file where B newly uses it.  Where an import has no names any code that B
 * adds counts; of `#include "x"` ASK is asked whether that may need it.
 */
void imports_alarms(const struct imports *a, const struct imports *b, size_t max,
    const struct imports_ask *ask, FILE *out);
