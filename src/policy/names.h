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
 * `{agent}/{issue-id}-{slug}` in lower case, the slug at most 50 bytes (S-24).  AGENT is a
 * catalogue name, not its shown form; `#12` and `acme/app#12` are ids as well.  NULL with ERR_REFUSED G09 when the slug is empty or
 * a part leaves its alphabet (J-43).  The caller frees it.
 */
char *branch_name(
    const char *agent, const char *issue_id, const char *focus, struct err *err);

/*
 * May NAME be created beside the refs EXISTING (short branch names, remote ones without
 * their remote)?  0; or -1 with ERR_REFUSED G09: same name (fix: resume or suffix), or `a`
 * against `a/b` (S-23).  Letter case makes no difference.
 */
int branch_check(
    const char *name, const char *const *existing, size_t n, struct err *err);

/*
 * `{YYYY-MM-DD}-{project-short}-{topic}.md` (S-74).  The caller frees it; NULL when DATE is
 * no date or nothing of the project or the topic can stand in a file name.
 */
char *plan_file_name(const char *date, const char *project_short, const char *topic);

/* Is FILE_NAME (no directory) of the method's style or ISSUE-slug.md?  N01, R-29, A-52. */
bool plan_file_name_ok(const char *file_name);

/* `^[A-Z][A-Z0-9]*-[0-9]+$` */
bool issue_id_ok(const char *id);

/*
 * "ISSUE: short title", the title cut at 40 characters and without controls: the agent's
 * own session name.  The caller frees it.
 */
char *runtime_name(const char *issue_id, const char *title);
