#pragma once

#include "core/core.h"
#include "store/journal.h"

/*
 * The state that the journal in STORE gives, as far as this divisi understands its rows:
 * what it does not is passed over with a warning.  Reads only.  The caller frees it;
 * NULL with ERR when the journal cannot be read.  *LAST_AT (may be NULL) receives the time
 * of the last row, 0 when there is none.
 */
struct core *replay_core(struct store *store, int64_t *last_at, struct err *err);
