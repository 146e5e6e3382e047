#pragma once

#include "cli/client.h"
#include "cli/screen.h"

/* What waits for a person's yes or no, on a terminal.  Strangers' text is escaped. */

/*
 * One entry of /v1/approvals: who asks what since when, and all of what would happen.
 * STATUS holds the table that an entry of that kind is about.
 */
void inbox_print(const struct screen *screen, const struct json_object *item,
    struct json_object *status, int64_t now);

/*
 * Puts every entry to the person at the terminal, but those whose ids (each followed by a
 * blank) are in *LATER, which takes up what they put off.  The number that were decided;
 * -1 with ERR.
 */
int inbox_walk(
    struct client *client, const struct screen *screen, char **later, struct err *err);
