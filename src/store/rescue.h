#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What can be read of a damaged journal, saved beside it.
 *
 * The events up to the first that is missing or is not as it was written make a journal of
 * their own, home/journal.rescued-ID.db; acts, texts and issues are taken along as far as
 * they can be read.  The damaged files are only copied, never opened.
 */
struct rescue {
	char id[9]; /* of this very damage: the same files give the same id */
	char *file; /* the name in HOME, NULL when no event could be read */
	int64_t n_events;
	int64_t last_at; /* when the last of them happened, Unix ms */
};

void rescue_clear(struct rescue *rescue);

/*
 * Saves what can be read of HOME/journal.db.  Done already for this very damage, it is
 * success again.  -1 with ERR when the disk is full or HOME cannot be written; then there
 * is no file journal.rescued-ID.db.
 */
NODISCARD int rescue_save(const char *home, struct rescue *rescue, struct err *err);

/*
 * Saves, and adds to ERR, which says that the journal is damaged, what was saved and the
 * commands that go on with it.
 */
void rescue_tell(const char *home, struct err *err);

/*
 * Reads the whole journal of HOME.  -1 with ERR when it cannot be opened, is damaged or is
 * not there (ERR_NOT_FOUND); with SAVES, that of a damaged one is told as by rescue_tell().
 * Of a journal that a server works on nothing is to be saved.
 */
NODISCARD int rescue_check(const char *home, bool saves, struct err *err);
