#include "engine/job.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "plan/fmt.h"
#include "plan/parse.h"

#include <string.h>

/* The job that writes statuses and registry back into the plan file (CONTRACTS 4). */

static void
fill_update(const struct fields *in, struct plan_status *status,
    struct registry_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		status[i] = (struct plan_status){ .phase_id = fields_text_at(
						      in, i, "phase"),
			.issue_id = fields_text_at(in, i, "issue"),
			.status = fields_text_at(in, i, "status") };
		row[i] = (struct registry_row){ .session = fields_text_at(
						    in, i, "session"),
			.issue = fields_text_at(in, i, "issue"),
			.phase = status[i].phase_id,
			.agent = fields_text_at(in, i, "agent"),
			.worktree = fields_text_at(in, i, "worktree"),
			.branch = fields_text_at(in, i, "branch"),
			.status = status[i].status };
	}
}

/* A plan as text, with the statuses and the registry of UPDATE; NULL with ERR. */
static char *
brought_up(const char *path, const char *text, size_t n_text,
    const struct plan_update *update, size_t *n_new, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse(path, text, n_text, &lints, err);

	lint_list_clear(&lints);
	return plan ? plan_write_back(plan, update, n_new) : NULL;
}

/* Cells are padded by what stood in them before, which is no difference. */
static bool
is_same_but_spaces(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " ");
		if (*a != *b || *a == '\0')
			return *a == *b;
	}
}

/*
 * Is the difference between the plan we know and the file only in what we write ourselves?
 * So it is when we died after the file was written and before that was told.
 */
static bool
is_our_own(const struct fields *in, const struct plan_update *update, const char *after)
{
	const char *known = fields_text(in, "plan_text");
	AUTO_FREE char *ours = NULL;
	size_t n = 0;

	if (!fields_number(in, "again", 0))
		return false;
	ours = brought_up(
	    fields_text(in, "plan_path"), known, strlen(known), update, &n, NULL);
	return ours && is_same_but_spaces(ours, after);
}

int
job_write_back(const struct fields *in, struct fields *out, struct err *err)
{
	const char *path = fields_text(in, "plan_path");
	size_t n = (size_t)fields_number(in, "n_sessions", 0), n_text = 0, n_new = 0;
	AUTO_FREE struct plan_status *status = xcalloc(n + 1, sizeof(*status));
	AUTO_FREE struct registry_row *row = xcalloc(n + 1, sizeof(*row));
	struct plan_update update = {
		.status = status, .n_status = n, .row = row, .n_rows = n
	};
	AUTO_FREE char *text = file_read(path, PLAN_MAX_BYTES, &n_text, err);
	AUTO_FREE char *after = NULL;
	char sha[HASH_HEX_SIZE];
	bool is_known, is_same;

	if (!text)
		return -1;
	hash_sha256(text, n_text, sha);
	fill_update(in, status, row, n);
	after = brought_up(path, text, n_text, &update, &n_new, err);
	if (!after)
		return -1;
	is_known = strcmp(sha, fields_text(in, "plan_sha")) == 0;
	is_same = n_new == n_text && memcmp(after, text, n_text) == 0;
	/* Somebody edits the file: theirs counts, ours waits (only the bytes we know). */
	if (!is_known && !is_our_own(in, &update, after)) {
		fields_set(out, "sha256", "");
		if (is_same)
			return 0;
		fields_setf(out, "trouble",
		    "%s was changed since divisi read it; statuses are written into it again "
		    "once the next table is made of it",
		    path);
		return err_set(err, ERR_CONFLICT, "%s was changed meanwhile", path);
	}
	if (!is_same && file_write_atomic(path, after, n_new, 0644, err) < 0)
		return -1;
	hash_sha256(after, n_new, sha);
	fields_set(out, "sha256", sha);
	/* Under its hash the journal has to have the text, too. */
	if (!is_same || !is_known)
		fields_set(out, "plan_text", after);
	return 0;
}
