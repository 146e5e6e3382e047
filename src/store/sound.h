#pragma once

#include "base/err.h"
#include "store/db.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Is journal.db sound?  The quick questions that every opening asks.  What takes longer is
 * journal_verify(), asked by doctor and replay.
 *
 * Beside the database lies journal.db-mark, the number of the last event that was
 * committed, written after each commit and never synced: after a power cut it may be
 * behind the journal, never ahead.  A journal that ends before it has lost events that
 * SQLite cannot miss: its log was removed, or an older copy was put in its place.
 */

/* Fills ERR: PATH is damaged, WHY says how, nothing in it was changed.  Returns -1. */
int sound_damaged(const char *path, struct err *err, const char *why);

/* Was ERR filled by sound_damaged()? */
bool sound_is_damage(const struct err *err);

/* Is there a write-ahead log beside PATH that is not empty? */
bool sound_has_wal(const char *path);

/*
 * Looks at the file PATH before SQLite does, which takes an empty file for a new database
 * and reads missing pages as zeros.  Returns 1 when there is a journal, 0 when there is
 * none and never was, -1 with ERR when there is something else.
 */
int sound_probe(const char *path, struct err *err);

/* The structure of every page, and that no event is missing.  -1 with ERR. */
NODISCARD int sound_check(struct store *store, struct err *err);

/* That the journal goes as far as its mark.  -1 with ERR. */
NODISCARD int sound_check_mark(struct store *store, struct err *err);

/* Notes that SEQ is committed; what goes wrong with that goes wrong silently. */
void sound_mark(struct store *store, int64_t seq);

/*
 * The sum of ROW behind one whose sum is BEFORE: 60 bits of a digest, never 0, which is
 * what stands before the first.
 */
int64_t sound_sum(int64_t before, const struct journal_row *row);

/*
 * Is the row of STMT (as db_row(), then sum) as it was written, behind one whose sum is
 * *SUM (0 = it had none)?  *SUM becomes its own.
 */
bool sound_next(sqlite3_stmt *stmt, int64_t *sum);
