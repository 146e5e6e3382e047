#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Labels, letters, branches, titles and plan file names: SPEC 1.9, 8.7. */

/* "S-A" for 0, "S-B" for 1 ... "S-Z", "S-AA".  The caller frees it. */
char *session_label(size_t index);
char *session_letter(size_t index); /* "A" ... */

/* "Batch 2C: Merge queue".  The caller frees it. */
char *sub_issue_title(int batch, size_t index, const char *focus);

/*
 * `{agent}/{issue-id}-{slug}` in lower case.  NULL with ERR_REFUSED G09 when the slug is
 * empty or a part leaves its alphabet.  The caller frees it.
 */
char *branch_name(
    const char *agent, const char *issue_id, const char *focus, struct err *err);

/*
 * May NAME be created beside the refs EXISTING (short branch names)?  0; or -1 with
 * ERR_REFUSED G09: same name (fix: resume or suffix), or `a` against `a/b` (S-23).
 */
int branch_check(
    const char *name, const char *const *existing, size_t n, struct err *err);

/* `{YYYY-MM-DD}-{project-short}-{topic}.md`: build and judge (S-74, N01, R-29). */
char *plan_file_name(const char *date, const char *project_short, const char *topic);
bool plan_file_name_ok(const char *file_name); /* method style or ISSUE-slug.md */

/* `^[A-Z][A-Z0-9]*-[0-9]+$` */
bool issue_id_ok(const char *id);

/* "ISSUE: short title" cut at 40 characters: the agent's own session name. */
char *runtime_name(const char *issue_id, const char *title);
