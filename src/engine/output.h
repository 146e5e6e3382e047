#pragma once

#include "base/err.h"
#include "core/happening.h"

#include <stddef.h>

/*
 * What a session that only looks hands over (A-83, R-124, E-27): findings of a review,
 * evidence of a research track, as one JSON object in a schema of ours.  It comes from a
 * stranger: it is bounded, checked member by member, and kept in a form of our own.
 */
#define OUTPUT_FILE      "output.json" /* in the run's directory for temporary files */
#define OUTPUT_MAX_BYTES (1u << 20)
#define OUTPUT_MAX_ITEMS 500

/*
 * The object of KIND ("findings", "evidence") that the N bytes at TEXT are, in the kept form,
 * and how many items it has; the caller frees it.  NULL with *WRONG set to what is wrong with
 * it, a line for each thing, ten at most; the caller frees that, too.
 */
char *output_read(
    const char *kind, const char *text, size_t n, size_t *n_items, char **wrong);

/*
 * Looks for the output of an inspected session: IN has "output" (its kind, "" none),
 * "output_dir" (of the run) and "summary" (the agent's last words, whose last json block
 * stands in for the file).  What fits is written to output_dir/<kind>.json; OUT gets
 * "output_path", "output_sha" and "output_items", or "output_wrong".  -1 with ERR when the
 * machine is to blame.
 */
NODISCARD int output_collect(
    const struct fields *in, struct fields *out, struct err *err);
