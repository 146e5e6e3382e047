#pragma once

#include "store/issue_text.h"

/*
 * Reads back what issue_export() wrote.  Everything in it is a stranger's: each field keeps
 * the rules that it must keep when it is written here.
 */
struct issue_import_result {
	size_t n_made, n_there;
};

/*
 * Makes every issue of TEXT that is not here yet, with its comments, attachments, times,
 * parent and relations; one that is here (the same id and uuid) stays as it is.  One
 * transaction: all or nothing.  ERR_INPUT (TEXT is no export, a malformed field),
 * ERR_CONFLICT (an id that is another issue's here), ERR_NOT_FOUND (a parent or relation
 * that is neither here nor in TEXT), ERR_REFUSED (labels, T03, a circle of blocks).
 */
NODISCARD int issue_import(struct store *store, const struct issue_by *by,
    const char *text, enum issue_format format, struct issue_import_result *result,
    struct err *err);

/*
 * The Markdown of issue_print_markdown() as the array that the JSON export is; the caller
 * puts it.  NULL with ERR_INPUT that names the line.
 */
struct json_object *issues_of_markdown(const char *text, struct err *err);
