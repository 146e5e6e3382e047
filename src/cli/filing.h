#pragma once

#include "engine/track_link.h"

struct json_object;

/*
 * Sub-issues that a surface without worktrees files on a tracker over the network (S-7,
 * J-15): straight away and not through the outbox, for nothing here waits for them.  The
 * same call again makes nothing twice.
 */
struct filing_issue {
	const char *master, *title, *prompt;
	const char *labels[2]; /* of type and mode */
	int points;
};

/* Files ISSUE in Todo and unassigned.  As tracker.create. */
NODISCARD int filing_make(
    const struct track_link *link, const struct filing_issue *issue, struct err *err);

/*
 * What stands below MASTER there, as `divisi issue list --json` shows what is here: id,
 * title, status, assignee.  The caller puts it; NULL with ERR.
 */
struct json_object *filing_list(
    const struct track_link *link, const char *master, struct err *err);
