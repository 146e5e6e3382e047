#include "engine/job.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/track_delegate.h"
#include "git/land.h"
#include "git/outside.h"
#include "plan/parse.h"
#include "policy/declared.h"

#include <stdio.h>
#include <string.h>

/* The jobs about work that an agent elsewhere does: what its remote shows, and taking it. */

int
track_delegate_look(const struct fields *in, struct fields *out, struct err *err)
{
	const char *const issues[] = { fields_text(in, "sub_issue"),
		fields_text(in, "issue") };
	const char *expected = fields_text(out, "branch")[0]
				   ? fields_text(out, "branch")
				   : fields_text(in, "branch");
	struct outside_branches list = { 0 };
	const struct outside_branch *found;
	struct repo repo = { 0 };
	AUTO_FREE char *remote = NULL;
	size_t n = 0;
	int rc = 0;

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	remote = repo_default_remote(&repo, fields_text(in, "target"));
	if (remote)
		rc = outside_list(&repo, remote, &list, err);
	else
		fields_set(out, "trouble", "there is no remote to look at");
	found = outside_find(
	    &list, expected, fields_text(in, "prefix"), issues, N_ELEMS(issues), &n);
	if (rc == 0 && found) {
		fields_set(out, "branch", found->name);
		fields_set(out, "head", found->oid);
	} else if (rc == 0 && n > 1) {
		fields_setf(out, "trouble",
		    "%zu branches of %s may be its work: name one", n, remote);
	}
	fields_set_number(out, "n_branches", (int64_t)n);
	outside_branches_clear(&list);
	repo_close(&repo);
	return rc;
}

/* The built-in tracker is asked by the server itself. */
int
job_delegate_look(const struct fields *in, struct fields *out, struct err *err)
{
	return track_delegate_look(in, out, err);
}

static void
put_stray(const struct phase *phase, const struct fields *in,
    const struct git_list *changed, struct fields *out)
{
	struct declared *declared = declared_new(phase, DECLARED_WRITES);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!declared_is_empty(declared)) {
		declared_add_lines(declared, fields_text(in, "widened"));
		for (size_t i = 0; i < changed->n; i++) {
			if (!declared_has(declared, changed->item[i]))
				fprintf(f, "%s\n", changed->item[i]);
		}
	}
	fclose(f);
	declared_free(declared);
	fields_set(out, "stray", text);
	if (phase->is_analysis_only && text[0])
		fields_setf(out, "missing",
		    "a research track wrote outside what it declared: %s", text);
	free(text);
}

static int
take(const struct fields *in, const struct phase *phase, struct fields *out,
    struct err *err)
{
	const char *branch = fields_text(in, "outside"),
		   *target = fields_text(in, "target");
	struct outside_facts facts = { 0 };
	struct repo repo = { 0 };
	AUTO_FREE char *remote = NULL;
	char oid[GIT_OID_SIZE];
	int rc = -1;

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	remote = repo_default_remote(&repo, target);
	if (!remote)
		err_set(
		    err, ERR_NOT_FOUND, "there is no remote to fetch %s from", branch);
	else if (outside_fetch(
		     &repo, remote, branch, fields_text(in, "session"), oid, err) == 0)
		rc = outside_inspect(&repo, target, oid, &facts, err);
	if (rc == 0) {
		fields_set(out, "head", oid);
		fields_set(out, "pin", oid);
		fields_set(out, "branch", branch);
		fields_set_number(out, "commits", (int64_t)facts.n_commits);
		fields_set_number(out, "files", (int64_t)facts.changed.n);
		put_stray(phase, in, &facts.changed, out);
	}
	outside_facts_clear(&facts);
	repo_close(&repo);
	return rc;
}

int
job_delegate_take(const struct fields *in, struct fields *out, struct err *err)
{
	const char *text = fields_text(in, "plan_text");
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse(
	    fields_text(in, "plan_path"), text, strlen(text), &lints, err);
	const struct phase *phase = plan ? plan_find(plan, fields_text(in, "phase"))
					 : NULL;

	lint_list_clear(&lints);
	if (!plan)
		return -1;
	if (!phase)
		return err_set(err, ERR_NOT_FOUND, "the plan has no phase %s any more",
		    fields_text(in, "phase"));
	/* Who only looked has said what it found; there may be nothing else. */
	if (fields_text(in, "outside")[0] == '\0')
		return 0;
	return take(in, phase, out, err);
}
