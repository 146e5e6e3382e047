#pragma once

#include "git/history.h"
#include "policy/risk_learn.h"

/*
 * What the landings of a repository teach about conflicts: pairs that were open at the same
 * time and touched the same file, and whether they collided.  Nothing is merged again: the
 * lines that the first changed are followed through what landed between, to where the
 * second changed lines.  Touching hunks are a conflict, as in git's merge (CONFLICTS 0.3:
 * recall 0.99, precision 0.96 on pairs).
 */
struct lessons {
	struct risk_sample *sample;
	size_t n, cap;
	size_t n_unjudged; /* pairs whose lines a third change rewrote, and the like */
	struct risk_file *file; /* of all samples, each with its own piece */
	bool *is_hit;
	size_t n_files, cap_files;
};

/*
 * Were landings A (older) and B open at the same time?  By where B's branch began; for
 * squashed and plain commits by their times and distance.  Positions in HISTORY.
 */
bool lessons_are_siblings(const struct history *history, size_t older, size_t newer);

/*
 * Reads HISTORY, which must hold edits, into LESSONS.  Paths are borrowed from it.
 * N_BYTES says how large a file is, or negative.
 */
void lessons_collect(const struct history *history,
    double (*n_bytes)(void *arg, const char *path), void *arg, struct lessons *lessons);
void lessons_clear(struct lessons *lessons);
