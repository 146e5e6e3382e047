#pragma once

#include "base/hash.h"
#include "core/core.h"
#include "store/journal.h"

/*
 * The state that the journal in STORE gives, as far as this divisi understands its rows:
 * what it does not is passed over with a warning.  Reads only.  The caller frees it;
 * NULL with ERR when the journal cannot be read.  *LAST_AT (may be NULL) receives the time
 * of the last row, 0 when there is none.
 */
struct core *replay_core(struct store *store, int64_t *last_at, struct err *err);

/* One place where what the journal has is not what its happenings give. */
struct replay_difference {
	int64_t seq;
	char *text;
};

struct replay_report {
	int64_t until; /* the last row that counted; a happening counts as a whole */
	int64_t n_rows, n_happenings, n_moves, n_acts;
	char *dump;                           /* the state, canonical */
	char sha256[HASH_HEX_SIZE];           /* of DUMP */
	struct replay_difference *difference; /* the first REPLAY_KEPT */
	size_t n_kept, cap_kept, n_differences;
	char *
	    undocumented; /* "KIND.FIELD", one that core/events.h does not have; or NULL */
};
#define REPLAY_KEPT 100

/*
 * Plays all happenings up to UNTIL again and compares, byte for byte, what follows from
 * each with what the journal has: the moves that were written with it and the acts that
 * it owed; and that no row changed since it was written.  Reads only.
 *
 * Returns 0 with REPORT filled (replay_report_clear() frees it) whether or not there are
 * differences; -1 when the journal cannot be read or is damaged.
 */
NODISCARD int replay_check(
    struct store *store, int64_t until, struct replay_report *report, struct err *err);
void replay_report_clear(struct replay_report *report);
