#pragma once

#include <stddef.h>

/*
 * Which files history changes together (CONFLICTS 4): asked about one file, for a person to
 * decide; never a rule.  Paths are numbers of the caller's.
 */
struct cochange;

/* Once together is chance. */
#define COCHANGE_SUPPORT 2

struct cochange *cochange_new(size_t n_paths);
void cochange_free(struct cochange *cochange);

/* Adds one landing with the N files PATH; then cochange_seal(), then questions. */
void cochange_add(struct cochange *cochange, const int *path, size_t n);
void cochange_seal(struct cochange *cochange);

struct partner {
	int path;
	size_t n_both; /* landings that touched both */
	size_t n_of;   /* landings that touched the file that was asked about */
	double confidence;
};

/*
 * The partners of PATH that are in at least the share LEAST of its landings, surest first,
 * into OUT (room for MAX).  Returns their number.
 */
size_t cochange_partners(const struct cochange *cochange, int path, double least,
    struct partner *out, size_t max);
