#pragma once

#include "base/rundir.h"
#include "engine/internal.h"

#include <stdio.h>

/*
 * The fence of a run of S, as its table says (CONTRACTS 8): what it may change, where it
 * keeps what it makes along the way, and the ports that are its own, added to SPEC.  The
 * private directories are made.  -1 with ERR when that fails or its worktree is none.
 */
NODISCARD int fencing_add(const struct engine *engine, const struct session *s,
    const char *tmp_dir, struct run_spec *spec, struct err *err);

/* A line of the table: KIND and VALUE, unless that has more than one line. */
void fencing_put_line(FILE *f, const char *kind, const char *value);
/*
 * One declared pattern.  The kernel knows directories and files, no patterns: a wildcard
 * opens the directory before it.  False when that is the whole worktree.
 */
bool fencing_put_pattern(FILE *f, const char *pattern);

/*
 * Writes the file `widened` of the run RUN_DIR of S: what its holder is to grant in addition,
 * since a person allowed it after the start.
 */
NODISCARD int fencing_write_widened(
    const struct session *s, const char *run_dir, struct err *err);

/*
 * Caches below DIR, which is made, for the tools that look for theirs in a variable; and
 * instead of them the user's own.  Into SPEC.
 */
NODISCARD int fencing_add_caches(
    const char *dir, struct run_spec *spec, struct err *err);
void fencing_share_caches(struct run_spec *spec);
/* Sockets of programs that answer who asks, and OURS unless it is NULL. */
void fencing_add_sockets(const char *ours, struct run_spec *spec);

/*
 * Grants SPEC shared memory of its own, in TMP, which it may write: names below /dev/shm that
 * it makes are made there.
 */
NODISCARD int fencing_add_memory(
    const char *tmp, struct run_spec *spec, struct err *err);

/* Where S keeps what outlives its runs; the caller frees it. */
char *fencing_dir(const struct engine *engine, const struct session *s);
