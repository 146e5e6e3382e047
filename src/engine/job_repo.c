#include "engine/job.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/checkout.h"
#include "engine/home.h"
#include "engine/job_fence.h"
#include "engine/land_forge.h"
#include "engine/output.h"
#include "engine/propose.h"
#include "git/config.h"
#include "git/land.h"
#include "git/merge.h"
#include "git/pin.h"
#include "git/tip.h"
#include "git/torn.h"
#include "git/worktree.h"
#include "plan/parse.h"
#include "policy/declared.h"

#include <stdio.h>
#include <string.h>

#define CHANGES_BYTES 4000 /* of what a person changed, told to the agent */

/* The jobs that work on a repository.  Each looks for evidence first and may be repeated. */

#define SETUP_LIMIT_MS (30L * 60 * 1000)

char *
propose_home_path(const char *path)
{
	const char *home = getenv("HOME");
	size_t n = home ? strlen(home) : 0;

	if (n > 1 && strncmp(path, home, n) == 0 && (path[n] == '/' || path[n] == '\0'))
		return xasprintf("~%s", path + n);
	return xstrdup(path);
}

static int
open_top(const struct fields *in, struct repo *repo, struct err *err)
{
	return repo_open(fields_text(in, "top"), repo, err);
}

int
job_prepare_repo(const struct fields *in, struct repo *repo, struct err *err)
{
	if (repo_prepare(repo, err) < 0)
		return -1;
	/* Before anything of ours is there, whose it is. */
	return fields_number(in, "kept", 0)
		   ? home_keep(fields_text(in, "home"), repo->home, err)
		   : 0;
}

/* Untracked files a session needs, such as .env (divisi.worktree.copy). */
int
job_copy_files(struct repo *repo, const char *path, struct fields *out, struct err *err)
{
	struct config config = { 0 };
	struct git_list patterns = { 0 };
	size_t n_copied = 0;
	int rc;

	if (config_load(repo, &config, err) < 0)
		return -1;
	config_values(&config, "divisi.worktree.copy", &patterns);
	rc = patterns.n ? worktree_copy_files(repo, path, &patterns, &n_copied, err)
			: 0;
	fields_set_number(out, "copied", (int64_t)n_copied);
	git_list_clear(&patterns);
	config_clear(&config);
	return rc;
}

/*
 * Prepares the worktree of an approved session.  Never before the approval: the command may
 * come from the repository, and the person has seen it in the table by then.
 */
int
job_setup(const struct fields *in, struct fields *out, struct err *err)
{
	const char *command = fields_text(in, "command"),
		   *path = fields_text(in, "path");
	AUTO_FREE char *tail = NULL;
	struct job_fence fence;
	int status;

	(void)out;
	job_fence_read(in, &fence);
	/* Before the first run nothing is there but what was approved with its base. */
	fence.is_on = fence.is_on && fields_number(in, "was_run", 0);
	status = job_shell(command, path, &fence, SETUP_LIMIT_MS, &tail, err);
	if (status <= 0)
		return status;
	err_set(err, ERR_REFUSED, "setup '%s' failed with %d%s%s", command, status,
	    tail[0] ? ": " : "", tail);
	return err_fix(
	    err, "run it in %s by hand to see why, then divisi resume", path);
}

int
job_worktree_add(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct worktree_spec spec = { .session = fields_text(in, "session"),
		.path = fields_text(in, "path"),
		.branch = fields_text(in, "branch"),
		.base = fields_text(in, "base") };
	int rc;

	if (open_top(in, &repo, err) < 0)
		return -1;
	rc = job_prepare_repo(in, &repo, err);
	if (rc == 0)
		rc = worktree_add(&repo, &spec, err);
	if (rc == 0)
		rc = job_copy_files(&repo, spec.path, out, err);
	fields_set(out, "path", spec.path);
	fields_set(out, "base", spec.base);
	repo_close(&repo);
	return rc;
}

/* What is on the branch of IN and was never pinned: its worktree may have gone before it was. */
static int
pin_branch(struct repo *repo, const struct fields *in, struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", fields_text(in, "branch"));
	char oid[GIT_OID_SIZE];
	int rc;

	if (fields_text(in, "branch")[0] == '\0')
		return 0;
	rc = repo_ref(repo->common_dir, ref, oid, err);
	if (rc <= 0 || strcmp(oid, fields_text(in, "base")) == 0)
		return rc < 0 ? -1 : 0;
	return pin_commit(repo, fields_text(in, "session"), "head", oid, err);
}

/*
 * R-57, E-11: the branch of what landed, where divisi.branches is `delete`.  All of it is
 * pinned; a branch that somebody has checked out stays, and nothing waits for it.
 */
static void
drop_branch(struct repo *repo, const struct fields *in, struct fields *out)
{
	struct config config = { 0 };
	struct err err = ERR_INIT;
	const char *branch = fields_text(in, "branch"), *wish;
	int rc = config_load(repo, &config, &err);

	if (rc == 0) {
		wish = config_str(&config, "divisi.branches", "keep");
		rc = strcmp(wish, "delete") == 0
			 ? branch_delete_pinned(repo, branch, &err)
			 : 0;
	}
	if (rc < 0) {
		log_warn("%s stays: %s", branch, err.text);
		fields_set(out, "branch_kept", err.text);
	}
	config_clear(&config);
}

int
job_worktree_remove(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct git_list none = { 0 };
	int rc;

	if (open_top(in, &repo, err) < 0)
		return -1;
	rc = pin_branch(&repo, in, err);
	if (rc == 0)
		rc = worktree_remove(&repo, fields_text(in, "path"),
		    fields_text(in, "session"), &none, err);
	if (rc == 0 && strcmp(fields_text(in, "why"), "merged") == 0 &&
	    fields_text(in, "branch")[0])
		drop_branch(&repo, in, out);
	repo_close(&repo);
	return rc;
}

/* ---- the exit checklist, from facts (R-42, B-8) --------------------------------- */

/* Paths that BASE..HEAD changed, by one git diff. */
static int
changed_paths(const char *dir, const char *base, const char *head,
    struct git_list *paths, struct err *err)
{
	struct git_out text = { 0 };
	struct git_call call = { .dir = dir,
		.argv = GIT_ARGS(
		    "diff", "--name-only", "-z", "--no-renames", base, head, "--") };
	int rc = git_run(&call, &text, err);

	if (rc == 0)
		git_list_split(paths, text.text, text.n);
	git_out_clear(&text);
	return rc < 0 ? -1 : 0;
}

/* What a session left behind, gathered for inspect. */
struct exit_facts {
	struct worktree_facts tree;
	struct git_list changed, loose; /* committed paths; dirty and untracked ones */
};

static void
add_stray(const struct declared *declared, const struct git_list *paths, FILE *f)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!declared_has(declared, paths->item[i]))
			fprintf(f, "%s\n", paths->item[i]);
	}
}

static char *
stray_paths(const struct phase *phase, const char *widened, const struct exit_facts *x)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct declared *declared = declared_new(phase, DECLARED_WRITES);

	if (!declared_is_empty(declared)) {
		declared_add_lines(declared, widened);
		add_stray(declared, &x->changed, f);
		add_stray(declared, &x->loose, f);
	}
	declared_free(declared);
	fclose(f);
	return text;
}

/* What was committed beside its branch is on it from now on; else it cannot be reviewed. */
static int
settle_tip(
    struct repo *repo, const struct fields *in, struct fields *out, struct err *err)
{
	struct err why = ERR_INIT;

	if (strcmp(fields_text(in, "why"), "exit") != 0 ||
	    fields_text(in, "branch")[0] == '\0' ||
	    tip_settle(
		repo, fields_text(in, "path"), fields_text(in, "branch"), &why) == 0)
		return 0;
	if (why.kind != ERR_CONFLICT) {
		*err = why;
		return -1;
	}
	if (!fields_text(out, "missing")[0])
		fields_setf(out, "missing", "%s; %s", why.text, why.fix);
	return 0;
}

/*
 * Commits what the session left uncommitted, as the person asked for (J-36), or what a
 * research track wrote where it said it would (CONTRACTS 7).
 */
static int
commit_loose(struct repo *repo, const struct fields *in, const struct phase *phase,
    struct exit_facts *x, struct err *err)
{
	struct artefacts_spec spec = { .path = fields_text(in, "path"),
		.files = &x->loose };
	AUTO_FREE char *message = xasprintf("%s: %s%s", fields_text(in, "issue"),
	    fields_text(in, "focus"), phase->is_analysis_only ? "" : " (rest)");
	char oid[GIT_OID_SIZE];

	spec.message = message;
	if (commit_artefacts(repo, &spec, oid, err) < 0)
		return -1;
	for (size_t i = 0; i < x->loose.n; i++)
		git_list_add(&x->changed, x->loose.item[i]);
	git_list_clear(&x->loose);
	worktree_facts_clear(&x->tree);
	return worktree_inspect(repo, spec.path, fields_text(in, "session"),
	    fields_text(in, "base"), &x->tree, err);
}

static bool
declares_writes(const struct phase *phase)
{
	struct declared *declared = declared_new(phase, DECLARED_WRITES);
	bool has = !declared_is_empty(declared);

	declared_free(declared);
	return has;
}

/* A research track may only add new files where it declared them (S-29, A-82). */
static void
judge_research(const char *stray, const struct exit_facts *x, const struct phase *phase,
    struct fields *out)
{
	if (stray[0])
		fields_setf(out, "missing",
		    "a research track wrote outside what it declared: %s", stray);
	else if (declares_writes(phase) && x->changed.n == 0)
		fields_set(out, "missing", "its declared artefact was not written");
}

/*
 * A merge, a rebase or the like that stopped midway: what is there is no result yet, and a
 * commit of it would have the marks of its conflicts.  So nobody is asked whether to make one.
 */
static bool
is_midway(const struct exit_facts *x, struct fields *out)
{
	const struct git_status *status = &x->tree.status;
	AUTO_FREE char *names = git_list_show(&status->conflicted);

	if (status->conflicted.n == 0 && (!status->is_busy || x->loose.n == 0))
		return false;
	if (status->conflicted.n > 0)
		fields_setf(out, "missing",
		    "a merge stopped midway in its worktree, with conflicts in %s",
		    names);
	else
		fields_set(out, "missing",
		    "a merge or the like stopped midway in its worktree: git status "
		    "there says which");
	return true;
}

static int
gather(struct repo *repo, const struct fields *in, const struct phase *phase,
    struct exit_facts *x, struct fields *out, struct err *err)
{
	const char *path = fields_text(in, "path"), *base = fields_text(in, "base");
	bool commits_rest = fields_number(in, "commit_rest", 0) != 0, midway;
	AUTO_FREE char *stray = NULL, *loose = NULL;

	if (worktree_inspect(
		repo, path, fields_text(in, "session"), base, &x->tree, err) < 0)
		return -1;
	if (!x->tree.exists)
		return err_set(err, ERR_NOT_FOUND, "its worktree %s is gone", path);
	for (size_t i = 0; i < x->tree.status.dirty.n; i++)
		git_list_add(&x->loose, x->tree.status.dirty.item[i]);
	for (size_t i = 0; i < x->tree.status.untracked.n; i++)
		git_list_add(&x->loose, x->tree.status.untracked.item[i]);
	torn_sync_loose(path, &x->loose);
	if (changed_paths(path, base, "HEAD", &x->changed, err) < 0)
		return -1;
	stray = stray_paths(phase, fields_text(in, "widened"), x);
	midway = is_midway(x, out);
	if (x->loose.n > 0 && !midway && strcmp(fields_text(in, "why"), "exit") == 0 &&
	    (commits_rest || (phase->is_analysis_only && stray[0] == '\0'))) {
		if (commit_loose(repo, in, phase, x, err) < 0)
			return -1;
	}
	if (phase->is_analysis_only)
		judge_research(stray, x, phase, out);
	fields_set(out, "stray", stray);
	loose = git_list_show(&x->loose);
	fields_set(out, "dirty_list", loose);
	fields_set_number(out, "dirty", midway ? 0 : (int64_t)x->loose.n);
	if (x->loose.n > 0 && !fields_text(out, "missing")[0])
		fields_setf(out, "missing", "%zu file(s) are not committed: %s",
		    x->loose.n, loose);
	fields_set(out, "head", x->tree.head);
	fields_set_number(out, "commits", (int64_t)x->tree.ahead.n);
	fields_set_number(out, "files", (int64_t)x->changed.n);
	checkout_tell_notes(path, out);
	return settle_tip(repo, in, out, err);
}

/*
 * Pins what the session has.  When its worktree was taken away what it committed is on its
 * branch: that is pinned, and ERR says that the rest cannot be looked at.
 */
static int
pin_all(struct repo *repo, const struct fields *in, struct pin *pin, struct err *err)
{
	const char *session = fields_text(in, "session");
	AUTO_FREE char *branch = xasprintf("refs/heads/%s", fields_text(in, "branch"));
	char oid[GIT_OID_SIZE];
	struct err why = ERR_INIT;
	int rc = worktree_pin(repo, fields_text(in, "path"), session, pin, err);

	if (rc == 0 || err->kind != ERR_NOT_FOUND || !fields_text(in, "branch")[0])
		return rc;
	if (repo_ref(repo->common_dir, branch, oid, &why) == 1 &&
	    pin_commit(repo, session, "head", oid, &why) == 0)
		return -1;
	if (why.kind)
		*err = why;
	return -1;
}

/* What became of SINCE, in a few lines, for the agent whose session a person had. */
static void
tell_changes(
    const struct repo *repo, const char *since, const char *pin, struct fields *out)
{
	struct git_out text = { 0 };
	struct git_call stat = { .dir = repo->common_dir,
		.max_bytes = CHANGES_BYTES,
		.truncate = true,
		.argv = GIT_ARGS("diff", "--stat=76", since, pin, "--") };

	if (git_run(&stat, &text, NULL) == 0)
		fields_set(out, "changes", text.text[0] ? text.text : "no file");
	git_out_clear(&text);
}

int
job_inspect(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct pin pin = { 0 };
	struct exit_facts x = { 0 };
	struct lint_list lints = { 0 };
	const char *text = fields_text(in, "plan_text");
	AUTO_PLAN struct plan *plan = plan_parse(
	    fields_text(in, "plan_path"), text, strlen(text), &lints, err);
	const struct phase *phase = plan ? plan_find(plan, fields_text(in, "phase"))
					 : NULL;
	int rc = -1;

	lint_list_clear(&lints);
	if (!plan)
		return -1;
	if (!phase)
		return err_set(err, ERR_NOT_FOUND, "the plan has no phase %s any more",
		    fields_text(in, "phase"));
	if (open_top(in, &repo, err) < 0)
		return -1;
	/* First of all nothing that was made may get lost (promise 2). */
	if (pin_all(&repo, in, &pin, err) == 0 &&
	    gather(&repo, in, phase, &x, out, err) == 0)
		rc = worktree_pin(&repo, fields_text(in, "path"),
		    fields_text(in, "session"), &pin, err);
	fields_set(out, "pin", pin.snapshot[0] ? pin.snapshot : pin.head);
	if (rc == 0 && fields_text(in, "since")[0])
		tell_changes(
		    &repo, fields_text(in, "since"), fields_text(out, "pin"), out);
	if (rc == 0 && strcmp(fields_text(in, "why"), "exit") == 0)
		rc = output_collect(in, out, err);
	pin_clear(&pin);
	worktree_facts_clear(&x.tree);
	git_list_clear(&x.changed);
	git_list_clear(&x.loose);
	repo_close(&repo);
	return rc;
}

/* ---- the merge train -------------------------------------------------------------- */

int
job_land(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct landing landing = { 0 };
	char merged[GIT_OID_SIZE];
	AUTO_FREE char *word = text_slug(fields_text(in, "plan"), 60);
	struct land_spec spec = { .plan = word,
		.target = fields_text(in, "target"),
		.commit = fields_text(in, "candidate"),
		.expected_old = fields_text(in, "onto"),
		.is_again = fields_number(in, "again", 0) != 0 };
	int rc;

	if (open_top(in, &repo, err) < 0)
		return -1;
	if (fields_number(in, "number", 0)) {
		if (land_forge_merge(&repo, in, merged, out, err) < 0) {
			repo_close(&repo);
			return -1;
		}
		spec.commit = merged;
	}
	rc = merge_land(&repo, &spec, &landing, err);
	fields_set(out, "commit", spec.commit);
	if (rc < 0) {
		fields_set_number(out, "moved", landing.is_moved);
		fields_set(out, "command", landing.command);
		fields_set(out, "text", err->text);
	} else if (landing.new_dirty.n > 0) {
		AUTO_FREE char *shown = git_list_show(&landing.new_dirty);

		fields_setf(out, "note", "landing changed %s", shown);
	}
	landing_clear(&landing);
	repo_close(&repo);
	return rc;
}

int
job_publish(const struct fields *in, struct fields *out, struct err *err)
{
	const char *target = fields_text(in, "target");
	struct repo repo = { 0 };
	AUTO_FREE char *remote = NULL;
	char oid[GIT_OID_SIZE];
	int rc = -1;

	if (open_top(in, &repo, err) < 0)
		return -1;
	remote = repo_default_remote(&repo, target);
	if (!remote)
		err_set(err, ERR_NOT_FOUND, "there is no remote to push %s to", target);
	else if (repo_resolve(&repo, target, oid, err) == 0)
		rc = repo_push(&repo, remote, target, err);
	if (rc == 0) {
		fields_set(out, "remote", remote);
		fields_set(out, "commit", oid);
	} else {
		fields_set(out, "trouble", err->text);
	}
	repo_close(&repo);
	return rc;
}

int
job_diff(const struct fields *in, struct fields *out, struct err *err)
{
	const char *range = fields_text(in, "range");
	const char *pinned = fields_text(in, "pinned");
	const char *const diff_pinned[] = { "diff", pinned, "--", NULL };
	struct git_out text = { 0 };
	struct git_call stat = { .dir = fields_text(in, "top"),
		.max_bytes = 1 << 20,
		.truncate = true,
		.argv = GIT_ARGS("diff", "--stat", range, "--") };
	struct git_call diff = { .dir = fields_text(in, "top"),
		.max_bytes = 4 << 20,
		.truncate = true,
		.argv = GIT_ARGS("diff", range, "--") };

	if (git_run(&stat, &text, err) < 0) {
		stat.argv = GIT_ARGS("diff", "--stat", pinned, "--");
		diff.argv = diff_pinned;
		if (git_run(&stat, &text, NULL) < 0)
			return -1;
		*err = (struct err)ERR_INIT;
	}
	fields_set(out, "stat", text.text);
	git_out_clear(&text);
	if (git_run(&diff, &text, err) < 0)
		return -1;
	fields_set(out, "diff", text.text);
	git_out_clear(&text);
	return 0;
}
