#pragma once

#include "cli/client.h"
#include "cli/research_in.h"

/*
 * PLAN's text with a follow-up track for each gap of the questions FOLLOWS: one for what its
 * coverage lacks, one for what its tracks disagree about (S-33).  Each gets an issue made by
 * CLIENT, and whatever builds on the plan's tracks waits for the new ones, too.  ADDED
 * receives their ids, blank-separated; the caller frees both.  NULL with ERR: then nothing is
 * to be written, though issues may be there.
 */
char *research_follow_ups(struct client *client, const struct plan *plan,
    const struct research_in *in, unsigned follows, char **added, struct err *err);
