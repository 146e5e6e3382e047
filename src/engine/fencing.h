#pragma once

#include "base/rundir.h"
#include "engine/internal.h"

/*
 * The fence of a run of S, as its table says (CONTRACTS 8): what it may change, where it
 * keeps what it makes along the way, and the ports that are its own, added to SPEC.  The
 * private directories are made.  -1 with ERR when that fails or its worktree is none.
 */
NODISCARD int fencing_add(const struct engine *engine, const struct session *s,
    const char *tmp_dir, struct run_spec *spec, struct err *err);

/* Where S keeps what outlives its runs; the caller frees it. */
char *fencing_dir(const struct engine *engine, const struct session *s);
