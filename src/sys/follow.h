#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads a growing file line by line from an offset (CONTRACTS 2): the offset behind each
 * line is what the journal keeps, so that after a restart reading goes on exactly there.
 */
struct follow;

#define FOLLOW_LINE_BYTES (16 * 1024 * 1024) /* a longer line is cut */
#define FOLLOW_CUT_BYTES  (64 * 1024)        /* and this much of it is delivered */

struct follow_line {
	const char
	    *p; /* NUL-terminated, without the newline; lent until the next call */
	size_t n;
	bool is_cut;          /* the line was longer than FOLLOW_LINE_BYTES */
	uint64_t n_bytes;     /* its real length, without the newline */
	uint64_t next_offset; /* where the next line starts */
};

/*
 * PATH need not exist yet.  Memory is bounded by one line.  Never fails; the caller
 * closes it.
 */
struct follow *follow_open(const char *path, uint64_t offset);
void follow_close(struct follow *follow);

/*
 * The next complete line.  Returns 1; 0 when there is none yet; -1 with ERR_SYSTEM, or
 * ERR_INPUT when the file is shorter than what was read of it.
 * With IS_ENDED (the run has ended and nothing more will be written) a last line without
 * newline is delivered too.
 */
int follow_next(
    struct follow *follow, bool is_ended, struct follow_line *line, struct err *err);

/* Bytes of the file that are not delivered yet, 0 when all are. */
uint64_t follow_behind(const struct follow *follow);
