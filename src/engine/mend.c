#include "engine/survey.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "base/text.h"
#include "engine/home.h"
#include "engine/internal.h"
#include "engine/job.h"
#include "engine/state_dir.h"
#include "engine/survey_local.h"
#include "exec/exec.h"
#include "git/torn.h"
#include "git/worktree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * Mending what a survey found.  Nothing here deletes work: a worktree is pinned before it
 * is removed, a file of git's is moved and not removed, and what is ended was found to be
 * over as the journal has it.
 */

static int
mend_mode(const struct survey_item *item, char **did, struct err *err)
{
	struct stat st;

	if (stat(item->path, &st) < 0 ||
	    DURABLE("mend.chmod", chmod(item->path, st.st_mode & 0700)) < 0)
		return err_sys(err, "close %s", item->path);
	*did = xasprintf("closed %s to others", item->path);
	return 0;
}

static int
mend_leftover(const struct survey_item *item, char **did, struct err *err)
{
	struct stat st;

	if (lstat(item->path, &st) < 0)
		return err_sys(err, "%s", item->path);
	if (S_ISDIR(st.st_mode)) {
		if (file_remove_tree(item->path, err) < 0)
			return -1;
	} else if (DURABLE("mend.unlink", unlink(item->path)) < 0) {
		return err_sys(err, "remove %s", item->path);
	}
	*did = xasprintf("removed %s", item->path);
	return 0;
}

static int
mend_state(const struct repo *repo, const struct survey_item *item, char **did,
    struct err *err)
{
	if (state_dir_remove(repo->home, item->session, err) < 0)
		return -1;
	*did = xasprintf("removed %s", item->path);
	return 0;
}

/* What its agent wrote is pinned before the agent is ended, where it has a worktree. */
static void
pin_tree_of(const struct survey_item *item)
{
	struct run_spec spec = { 0 };
	struct pin pin = { 0 };
	struct repo repo = { .lock_fd = -1 };
	AUTO_FREE char *owner = NULL;

	if (rundir_read_spec(item->path, &spec, NULL) < 0)
		return;
	owner = spec.cwd ? worktree_owner(spec.cwd) : NULL;
	/* Its worktree's own repository, which need not be the home's. */
	if (owner && repo_open(spec.cwd, &repo, NULL) == 0 &&
	    worktree_pin(&repo, spec.cwd, owner, &pin, NULL) == 0)
		pin_clear(&pin);
	repo_close(&repo);
	run_spec_clear(&spec);
}

static int
mend_run(const struct survey_item *item, char **did, struct err *err)
{
	struct run_begun begun = { 0 };
	AUTO_FD int lock_fd = -1;
	enum run_state state = rundir_probe(item->path, &lock_fd, NULL);

	pin_tree_of(item);
	if (state == RUN_LIVE) {
		/* Its holder ends its tree and tells the end; killed, the sweep does it. */
		(void)!run_tell(item->path, RUN_ORDER_KILL, NULL);
		if (rundir_read_begun(item->path, &begun, NULL) == 0)
			(void)proc_signal(&begun.holder, SIGTERM);
	}
	if (executor_local.sweep(item->path, EXEC_SWEEP_MS, err) < 0)
		return -1;
	*did = xasprintf("ended what lived of %s", item->name);
	return 0;
}

static int
mend_remove_tree(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	struct git_list none = { 0 };

	if (worktree_remove(repo, item->path, item->session, &none, err) < 0)
		return -1;
	*did = xasprintf("pinned what was in %s under refs/divisi/%s and removed it",
	    item->path, item->session);
	return 0;
}

static int
mend_add_tree(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	struct worktree_spec spec = { .session = item->session, .path = item->path };
	struct git_list none = { 0 };
	AUTO_FREE char *from = NULL;
	char base[GIT_OID_SIZE];
	int found = pin_read(repo, item->session, "base", base, err);

	if (found <= 0)
		return found < 0 ? -1
				 : err_set(err, ERR_NOT_FOUND,
				       "where %s began is not pinned", item->session);
	/* First what git still has of the old one: its head is pinned with that. */
	if (worktree_remove(repo, item->path, item->session, &none, err) < 0)
		return -1;
	spec.branch = item->branch;
	spec.base = base;
	from = job_tree_from(repo, item->session, item->branch);
	if (worktree_add(repo, &spec, err) < 0)
		return -1;
	*did = xasprintf("made %s again on %s%s%s", item->path, item->branch,
	    from ? ": " : "", from ? from : "");
	return 0;
}

static int
mend_lock_tree(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	AUTO_FREE char *reason = xasprintf("divisi session %s", item->session);

	if (torn_lock_worktree(repo, item->path, reason, err) < 0)
		return -1;
	*did = xasprintf("locked %s", item->path);
	return 0;
}

static int
mend_move_lock(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	AUTO_FREE char *aside = path_join(repo->home, "aside"), *to = NULL;
	AUTO_FREE char *flat = xstrdup(item->name);

	for (char *p = flat; (p = strchr(p, '/'));)
		*p = '-';
	to = xasprintf("%s/%lld-%s", aside, (long long)time(NULL), flat);
	if (file_mkdirs(aside, 0700, err) < 0)
		return -1;
	if (DURABLE("mend.lock",
		renameat2(AT_FDCWD, item->path, AT_FDCWD, to, RENAME_NOREPLACE)) < 0)
		return err_sys(err, "move %s", item->path);
	*did = xasprintf("moved %s to %s", item->path, to);
	return 0;
}

static int
mend_pin(struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	if (pin_commit(repo, item->session, "head", item->oid, err) < 0)
		return -1;
	*did = xasprintf("pinned %.12s as %s", item->oid, item->name);
	return 0;
}

static int
mend_home(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	AUTO_FREE char *aside = NULL;

	(void)item;
	if (home_set_aside(repo->home, &aside, err) < 0)
		return -1;
	*did = xasprintf("renamed %s to %s", repo->home, aside);
	return 0;
}

static int
mend_in(struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	switch (item->mend) {
	case MEND_MODE: return mend_mode(item, did, err);
	case MEND_SET_ASIDE: return mend_home(repo, item, did, err);
	case MEND_REMOVE_LEFTOVER: return mend_leftover(item, did, err);
	case MEND_REMOVE_STATE: return mend_state(repo, item, did, err);
	case MEND_END_RUN: return mend_run(item, did, err);
	case MEND_REMOVE_WORKTREE: return mend_remove_tree(repo, item, did, err);
	case MEND_ADD_WORKTREE: return mend_add_tree(repo, item, did, err);
	case MEND_LOCK_WORKTREE: return mend_lock_tree(repo, item, did, err);
	case MEND_MOVE_LOCK: return mend_move_lock(repo, item, did, err);
	case MEND_PIN: return mend_pin(repo, item, did, err);
	case MEND_NONE:
	case MEND_N_KINDS: break;
	}
	return err_set(err, ERR_NOT_FOUND, "%s needs no mending", item->name);
}

int
survey_mend_item(
    struct repo *repo, const struct survey_item *item, char **did, struct err *err)
{
	struct repo other = { 0 };
	int rc;

	if (!item->repo)
		return mend_in(repo, item, did, err);
	if (repo_open(item->repo, &other, err) < 0)
		return -1;
	rc = mend_in(&other, item, did, err);
	repo_close(&other);
	return rc;
}

/* ---- the job: what a person said yes to, if it still applies --------------------------- */

static const struct survey_item *
find_item(const struct survey *survey, const char *id)
{
	for (size_t i = 0; i < survey->n; i++) {
		const struct survey_item *item = &survey->item[i];
		AUTO_FREE char *its = survey_item_id(item);

		if (item->mend != MEND_NONE && item->mend != MEND_SET_ASIDE &&
		    strcmp(its, id) == 0)
			return item;
	}
	return NULL;
}

static void
tell_item(struct fields *out, size_t i, const char *id, const char *did,
    const struct err *failed)
{
	AUTO_FREE char *id_key = xasprintf("s%zu.id", i);
	AUTO_FREE char *did_key = xasprintf("s%zu.did", i);
	AUTO_FREE char *failed_key = xasprintf("s%zu.failed", i);

	fields_set(out, id_key, id);
	if (failed)
		fields_set(out, failed_key, failed->text);
	else
		fields_set(out, did_key, did);
}

int
job_mend(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	struct survey survey = { 0 };
	int64_t n = fields_number(in, "n", 0);

	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	if (survey_take(&repo, &survey, err) < 0) {
		repo_close(&repo);
		return -1;
	}
	for (int64_t i = 0; i < n; i++) {
		const char *id = fields_text_at(in, (size_t)i, "id");
		const struct survey_item *item = find_item(&survey, id);
		AUTO_FREE char *did = NULL;
		struct err why = ERR_INIT;

		if (!item)
			tell_item(out, (size_t)i, id, "it fits again by now", NULL);
		else if (survey_mend_item(&repo, item, &did, &why) < 0)
			tell_item(out, (size_t)i, id, NULL, &why);
		else
			tell_item(out, (size_t)i, id, did, NULL);
	}
	fields_set_number(out, "n", n);
	survey_clear(&survey);
	repo_close(&repo);
	return 0;
}

/* ---- the order ---------------------------------------------------------------------------- */

static void
on_mended(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct op *op = arg;
	struct fields f = { 0 };

	fields_copy(&op->out, out);
	op->err = *err;
	op->failed = failed;
	op->is_over = true;
	fields_copy(&f, out);
	fields_set(&f, "asked_by", op->actor);
	if (failed)
		fields_put_err(&f, err);
	if (engine_note(op->engine, HAP_MENDED, &f) < 0)
		log_warn("what was mended is not recorded");
	fields_clear(&f);
}

int
order_mend(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	struct fields job = { 0 };
	struct op *op;

	/* Journal first: what is about to be done, in whose name. */
	if (engine_happen(engine, HAP_MEND_ASKED, caller->actor, in, err) < 0)
		return -1;
	op = op_new(engine, caller, in, out);
	fields_copy(&job, in);
	fields_set(&job, "top", engine->top); /* whatever the caller says */
	op->job = job_start(engine, "mend", &job, on_mended, op, err);
	fields_clear(&job);
	if (!op->job) {
		op_forget(op);
		return -1;
	}
	return 1;
}
