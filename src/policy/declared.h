#pragma once

#include "plan/plan.h"

#include <stdbool.h>

/*
 * What a phase declared to touch, compiled once, to be asked about many paths (B-20, G21).
 */
struct declared;

enum declared_of {
	DECLARED_WRITES = 1, /* writes, creates, deletes, renames, appends */
	DECLARED_READS = 2,
};

/* WHICH is one or both of enum declared_of.  PHASE is not needed afterwards. */
struct declared *declared_new(const struct phase *phase, unsigned which);
void declared_free(struct declared *declared);

/* Declares PATTERN too, with everything below it; one that is no pattern is ignored. */
void declared_add(struct declared *declared, const char *pattern);

/* True when it declared nothing of that sort at all. */
bool declared_is_empty(const struct declared *declared);

/* The same for each line of LINES: what a person allowed while it ran. */
void declared_add_lines(struct declared *declared, const char *lines);

/* A path that ONE writes and OTHER declares too, or NULL.  The caller frees it. */
char *declared_meets(const struct declared *one, const struct declared *other);

/* Is PATH one of them, or below one?  What is negated there is not declared. */
bool declared_has(const struct declared *declared, const char *path);
