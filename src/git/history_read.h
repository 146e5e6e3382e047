#pragma once

#include "git/history.h"

/* Inside of history.c: text of git into landings. */

/* Adds the landing of a header line "\1OID AUTHORED LANDED PARENTS\2SUBJECT"; -1 if none. */
int history_add_landing(struct history *history, const char *line);

/* Adds a change of PATH to the newest landing read; large landings keep none. */
struct history_change *history_add_change(
    struct history *history, const char *path, char status);

/* Takes back the last landing: half of one would look like a small one. */
void history_drop_last(struct history *history);

/* Reads `git log -p -U0`, in place; a last landing that IS_CUT off is dropped. */
void history_read_patch(struct history *history, struct git_out *out, bool is_cut);
