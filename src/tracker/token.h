#pragma once

#include "tracker/tracker.h"

/*
 * The token for LINK's tracker: from link->token_variable, or the first of VARIABLES
 * (NULL-terminated) that is set, else the first line link->token_helper prints within ten
 * seconds (started without a shell).  The caller wipes and frees it.  NULL with ERR_HUMAN
 * naming the variable, never a value (J-27).
 */
char *token_read(
    const struct tracker_link *link, const char *const *variables, struct err *err);

/* Overwrites TOKEN, then frees it; NULL is fine. */
void token_free(char *token);
