#pragma once

#include "base/err.h"
#include "store/issues.h"

#include <stdio.h>

/*
 * Issues as people and programs read them.  Everything in an issue may be a stranger's text:
 * control characters are shown, never sent (DESIGN 12); JSON has them exactly.
 */

/* One issue in full: fields, text, sub-issues by id, attachments, comments. */
void issue_print_text(FILE *out, const struct issue *issue);

/*
 * A table of SET that fits WIDTH columns (at least 40 are used): the title gives way, and
 * the labels, then the assignee, are left out where it is narrow.
 */
void issue_print_table(FILE *out, const struct issue_set *set, size_t width);

/* One Markdown section: heading, fields as a list, text, comments. */
void issue_print_markdown(FILE *out, const struct issue *issue);

/* One JSON object on one line; keys as in E-17, times in Unix ms.  The caller frees it. */
char *issue_to_json(const struct issue *issue);

enum issue_format { ISSUE_MARKDOWN, ISSUE_JSON };

/*
 * Writes the issue ID, or all when it is NULL (JSON: an array), to OUT.
 * ERR_NOT_FOUND, ERR_SYSTEM; what was written until then stays written.
 */
NODISCARD int issue_export(struct store *store, const char *id,
    enum issue_format format, FILE *out, struct err *err);
