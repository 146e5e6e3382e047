#pragma once

#include "store/journal.h"

#include <json-c/json_object.h>

/*
 * Worktrees of landed sessions that divisi would not remove, since something in them is kept
 * nowhere else (promise 2): people hear why they are there and what lets them go.
 */
struct core;

/*
 * Why the worktree of the landed SESSION was not removed, and with FIX what helps; both are
 * the caller's.  NULL when nobody tried, or it was removed, or the journal cannot be read.
 */
char *left_why(struct store *store, const char *session, char **fix);

/* Adds to STATUS as `left` a list of {session, label, path, why, fix}. */
void left_put(struct store *store, const struct core *core, struct json_object *status);
