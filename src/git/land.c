#include "git/land.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/merge.h"
#include "git/torn.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK_FRESH_S 5
#define LOCK_STEP_MS 200

void
landing_clear(struct landing *landing)
{
	free(landing->checkout);
	free(landing->command);
	git_list_clear(&landing->blockers);
	git_list_clear(&landing->new_dirty);
	*landing = (struct landing){ 0 };
}

/* One landing under way. */
struct work {
	struct repo *repo;
	const struct land_spec *spec;
	char *ref;    /* refs/heads/TARGET */
	char *landed; /* refs/divisi/landed/PLAN */
	struct landing *landing;
};

/* 1 when a rebase in the private git directory DIR will set REF at its end. */
static bool
is_rebasing(const char *dir, const char *ref)
{
	static const char *const names[] = { "rebase-merge/head-name",
		"rebase-apply/head-name" };
	bool is_ours = false;

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *path = path_join(dir, names[i]);
		AUTO_FREE char *text = file_read(path, 4096, NULL, NULL);

		if (text)
			text[strcspn(text, "\n")] = '\0';
		is_ours = is_ours || (text && strcmp(text, ref) == 0);
	}
	return is_ours;
}

/* Refuses a target that somebody is rebasing: its end would undo the landing. */
static int
check_rebases(const struct work *work, struct err *err)
{
	AUTO_FREE char *all = path_join(work->repo->common_dir, "worktrees");
	bool found = is_rebasing(work->repo->common_dir, work->ref);
	DIR *dir = opendir(all);
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		AUTO_FREE char *admin = path_join(all, e->d_name);

		found = e->d_name[0] != '.' && is_rebasing(admin, work->ref);
	}
	if (dir)
		closedir(dir);
	if (!found)
		return 0;
	err_set(err, ERR_CONFLICT, "%s is being rebased", work->spec->target);
	return err_fix(err, "finish that rebase, or: git rebase --abort");
}

/* Finds the one checkout that has the target; none is fine. */
static int
find_checkout(const struct work *work, struct err *err)
{
	struct git_worktrees list = { 0 };
	struct git_list found = { 0 };
	int rc = 0;

	if (work->landing->checkout)
		return 0;
	if (repo_worktrees(work->repo, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct git_worktree *tree = &list.item[i];

		if (!tree->branch || strcmp(tree->branch, work->spec->target) != 0)
			continue;
		/* Locked and away, as on a disk that is not mounted now, it counts. */
		if (tree->is_missing && !tree->lock_reason)
			continue;
		git_list_add(&found, tree->path);
		if (tree->is_missing)
			rc = -1;
	}
	git_worktrees_clear(&list);
	if (rc < 0 || found.n > 1) {
		AUTO_FREE char *shown = git_list_show(&found);

		rc = err_set(err, ERR_CONFLICT,
		    "%s is checked out where it cannot be kept in step: %.300s",
		    work->spec->target, shown);
		err_fix(err, "leave it checked out in one place that is there");
	} else if (found.n == 1) {
		work->landing->checkout = xstrdup(found.item[0]);
	}
	git_list_clear(&found);
	return rc;
}

/* True when a parent directory of PATH is an untracked file. */
static bool
has_untracked_parent(const char *path, const struct git_list *untracked)
{
	AUTO_FREE char *p = xstrdup(path);

	for (char *slash = strrchr(p, '/'); slash; slash = strrchr(p, '/')) {
		*slash = '\0';
		if (git_list_has(untracked, p))
			return true;
	}
	return false;
}

static void
add_blocker(const struct work *work, const char *path, bool is_new,
    const struct git_status *status)
{
	AUTO_FREE char *file = path_join(work->landing->checkout, path);

	if (git_list_has(&status->dirty, path) ||
	    git_list_has(&status->untracked, path) ||
	    has_untracked_parent(path, &status->untracked) ||
	    (is_new && file_exists(file)))
		git_list_add(&work->landing->blockers, path);
}

/* Which files of the checkout stand in the way of old..commit. */
static int
find_blockers(const struct work *work, const struct git_status *status, struct err *err)
{
	struct changed_paths changed = { 0 };

	if (merge_changed_paths(work->repo, work->spec->expected_old,
		work->spec->commit, &changed, err) < 0)
		return -1;
	for (size_t i = 0; i < changed.n; i++) {
		const struct changed_path *item = &changed.item[i];

		add_blocker(
		    work, item->path, item->status == 'A' || item->from, status);
		if (item->from)
			add_blocker(work, item->from, false, status);
	}
	changed_paths_clear(&changed);
	git_list_sort(&work->landing->blockers);
	return 0;
}

/* The lock files that a git which was killed has left, or that one at work holds. */
static void
find_locks(const struct work *work, struct git_list *locks)
{
	AUTO_FREE char *own = git_line(
	    work->landing->checkout, GIT_ARGS("rev-parse", "--absolute-git-dir"), NULL);
	AUTO_FREE char *ref = xasprintf(
	    "%s/%s.lock", work->repo->common_dir, work->ref);
	AUTO_FREE char *packed = path_join(work->repo->common_dir, "packed-refs.lock");
	AUTO_FREE char *index = own ? path_join(own, "index.lock") : NULL;
	AUTO_FREE char *head = own ? path_join(own, "HEAD.lock") : NULL;
	AUTO_FREE char *orig = own ? path_join(own, "ORIG_HEAD.lock") : NULL;
	const char *const paths[] = { index, head, orig, ref, packed };

	for (size_t i = 0; i < N_ELEMS(paths); i++) {
		if (paths[i] && file_exists(paths[i]))
			git_list_add(locks, paths[i]);
	}
}

static bool
has_fresh_lock(const struct work *work)
{
	struct git_list locks = { 0 };
	bool found = false;

	find_locks(work, &locks);
	for (size_t i = 0; i < locks.n; i++) {
		struct stat st;

		found = found || (stat(locks.item[i], &st) == 0 &&
				     time(NULL) - st.st_mtime < LOCK_FRESH_S);
	}
	git_list_clear(&locks);
	return found;
}

/* "rm LOCK... && " for what a git that was killed has left, or "". */
static char *
unlock_command(const struct work *work)
{
	struct git_list locks = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	find_locks(work, &locks);
	for (size_t i = 0; i < locks.n; i++) {
		AUTO_FREE char *quoted = text_shell_quote(locks.item[i]);

		fprintf(f, "%s%s%s", i ? "" : "rm ", quoted,
		    i + 1 < locks.n ? " " : " && ");
	}
	fclose(f);
	git_list_clear(&locks);
	return text;
}

/* Leaves the result where one command takes it, and says which. */
static void
leave_result(const struct work *work, struct err *err)
{
	AUTO_FREE char *dir = text_shell_quote(work->landing->checkout);
	AUTO_FREE char *shown = git_list_show(&work->landing->blockers);
	AUTO_FREE char *unlock = unlock_command(work);
	AUTO_FREE char *why = xstrdup(err->text);
	struct err other = ERR_INIT;

	if (git_change(work->repo, work->repo->common_dir,
		GIT_ARGS(
		    "update-ref", "--end-of-options", work->landed, work->spec->commit),
		&other) < 0) {
		*err = other;
		return;
	}
	work->landing->command = xasprintf(
	    "%sgit -C %s merge --ff-only %s", unlock, dir, work->landed);
	if (work->landing->blockers.n > 0)
		err_set(err, ERR_CONFLICT, "%s cannot be updated: %.350s %s in the way",
		    work->spec->target, shown,
		    work->landing->blockers.n > 1 ? "are" : "is");
	else
		err_set(err, ERR_CONFLICT, "%s cannot be updated: %.350s",
		    work->spec->target, why);
	err_fix(err, "%s: %s",
	    unlock[0] ? "when no git runs there" : "clear the way, then",
	    work->landing->command);
}

/* What became dirty by landing: the work of a hook. */
static int
find_new_dirt(const struct work *work, const struct git_status *before, struct err *err)
{
	struct git_status after = { 0 };
	const struct git_list *lists[] = { &after.dirty, &after.untracked };

	if (repo_status(work->landing->checkout, NULL, &after, err) < 0)
		return -1;
	for (size_t k = 0; k < N_ELEMS(lists); k++) {
		for (size_t i = 0; i < lists[k]->n; i++) {
			const char *path = lists[k]->item[i];

			if (!git_list_has(&before->dirty, path) &&
			    !git_list_has(&before->untracked, path))
				git_list_add(&work->landing->new_dirty, path);
		}
	}
	git_status_clear(&after);
	return 0;
}

/* 1 when the target contains the commit, 0 when not, -1 with ERR. */
static int
is_landed(const struct work *work, char now[GIT_OID_SIZE], struct err *err)
{
	int there = repo_ref(work->repo->common_dir, work->ref, now, err);

	if (there < 0)
		return -1;
	if (!there) {
		AUTO_FREE char *shown = text_show(work->spec->target, true);

		return err_set(err, ERR_NOT_FOUND, "there is no branch %s", shown);
	}
	return repo_is_ancestor(work->repo, work->spec->commit, now, err);
}

static int
moved(const struct work *work, struct err *err)
{
	work->landing->is_moved = true;
	err_set(err, ERR_CONFLICT, "%s has moved since the result was tested",
	    work->spec->target);
	return err_fix(
	    err, "build and test it again on the new %s", work->spec->target);
}

/*
 * git updates the files first and the branch after them.  When the branch could not be
 * set (its lock was held), the files are taken back, so that the checkout is never at odds
 * with its branch: the exact inverse, which leaves what else is dirty alone.
 */
static int
take_back(const struct work *work, const struct git_status *before, struct err *err)
{
	if (find_new_dirt(work, before, err) < 0)
		return -1;
	if (work->landing->new_dirty.n == 0)
		return 0;
	git_list_clear(&work->landing->new_dirty);
	return git_change(work->repo, work->landing->checkout,
	    GIT_ARGS(
		"read-tree", "-m", "-u", work->spec->commit, work->spec->expected_old),
	    err);
}

/* After a merge that failed with WHY: 0 when it landed all the same, else -1. */
static int
after_failure(const struct work *work, const struct git_status *before, struct err *why,
    struct err *err)
{
	char now[GIT_OID_SIZE];
	/* The word of the repository counts, not how git ended. */
	int rc = is_landed(work, now, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (strcmp(now, work->spec->expected_old) != 0)
		return moved(work, err);
	if (take_back(work, before, err) < 0)
		return -1;
	/* With a lock in the way nothing else was looked at by git. */
	if (why->kind != ERR_CONFLICT && find_blockers(work, before, err) < 0)
		return -1;
	leave_result(work, why);
	*err = *why;
	return -1;
}

/*
 * Hooks run here, and a hook may leave a process behind: so the repository lock is not
 * inherited.  git's own index.lock guards this checkout.
 */
static int
land_in_checkout(const struct work *work, struct err *err)
{
	struct git_call call = { .dir = work->landing->checkout,
		.argv = GIT_ARGS("merge", "--ff-only", "--no-autostash",
		    "--no-overwrite-ignore", "--no-stat", "-q", work->spec->commit),
		.env = GIT_ARGS("GIT_REFLOG_ACTION=divisi: land"),
		.run_hooks = true };
	static const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };
	struct git_status before = { 0 };
	struct err why = ERR_INIT;
	int rc;

	if (repo_status(work->landing->checkout, NULL, &before, err) < 0)
		return -1;
	/* A fresh lock may be that of a git of ours that outlived its job: it soon ends. */
	while ((rc = git_try(&call, NULL, &why)) != 0 && why.kind == ERR_CONFLICT &&
	       has_fresh_lock(work))
		nanosleep(&step, NULL);
	if (rc != 0)
		rc = after_failure(work, &before, &why, err);
	if (rc == 0)
		rc = find_new_dirt(work, &before, err);
	git_status_clear(&before);
	return rc;
}

static int
land_by_ref(const struct work *work, struct err *err)
{
	struct git_call call = { .dir = work->repo->common_dir,
		.argv = GIT_ARGS("update-ref", "-m", "divisi: land", "--end-of-options",
		    work->ref, work->spec->commit, work->spec->expected_old),
		.run_hooks = true };
	char now[GIT_OID_SIZE];
	struct err why = ERR_INIT;
	int rc = git_try(&call, NULL, &why);

	if (rc == 0)
		return 0;
	rc = is_landed(work, now, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (strcmp(now, work->spec->expected_old) != 0)
		return moved(work, err);
	if (err)
		*err = why;
	return -1;
}

/* The result is in the target: the place where it waited is no longer needed. */
static void
drop_landed(const struct work *work)
{
	char waiting[GIT_OID_SIZE], now[GIT_OID_SIZE];
	struct git_call call = { .dir = work->repo->common_dir,
		.argv = GIT_ARGS(
		    "update-ref", "-d", "--end-of-options", work->landed, waiting) };

	if (repo_ref(work->repo->common_dir, work->landed, waiting, NULL) > 0 &&
	    repo_ref(work->repo->common_dir, work->ref, now, NULL) > 0 &&
	    repo_is_ancestor(work->repo, waiting, now, NULL) > 0)
		git_try(&call, NULL, NULL);
}

/* The files that landed in the checkout outlive a machine that dies now. */
static void
sync_landed(const struct work *work)
{
	struct changed_paths changed = { 0 };

	if (work->landing->checkout &&
	    merge_changed_paths(work->repo, work->spec->expected_old,
		work->spec->commit, &changed, NULL) == 0)
		torn_sync_files(work->landing->checkout, &changed);
	changed_paths_clear(&changed);
}

/* Done again, since we died in the middle of it: so the machine may have. */
static int
mend_cut_off(const struct work *work, bool is_landed, struct err *err)
{
	struct changed_paths changed = { 0 };
	int rc = 0;

	if (!work->spec->is_again || find_checkout(work, NULL) < 0 ||
	    !work->landing->checkout)
		return 0;
	if (merge_changed_paths(work->repo, work->spec->expected_old,
		work->spec->commit, &changed, err) < 0)
		return -1;
	rc = torn_mend_checkout(
	    work->landing->checkout, &changed, work->spec->commit, is_landed, err);
	changed_paths_clear(&changed);
	if (rc == 0 && is_landed)
		sync_landed(work);
	return rc;
}

static int
land(const struct work *work, struct err *err)
{
	const struct land_spec *spec = work->spec;
	char now[GIT_OID_SIZE], known[GIT_OID_SIZE];
	int rc;

	if (repo_resolve(work->repo, spec->commit, known, err) < 0)
		return -1;
	rc = is_landed(work, now, err);
	if (rc < 0)
		return -1;
	if (rc > 0) {
		work->landing->was_there = true;
		drop_landed(work);
		return mend_cut_off(work, true, err);
	}
	if (strcmp(now, spec->expected_old) != 0)
		return moved(work, err);
	rc = repo_is_ancestor(work->repo, now, spec->commit, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_REFUSED,
		    "%.12s is not on top of %s: landing never forces", spec->commit,
		    spec->target);
	if (check_rebases(work, err) < 0 || find_checkout(work, err) < 0 ||
	    mend_cut_off(work, false, err) < 0)
		return -1;
	rc = work->landing->checkout ? land_in_checkout(work, err)
				     : land_by_ref(work, err);
	if (rc == 0) {
		sync_landed(work);
		drop_landed(work);
	}
	return rc;
}

int
merge_land(struct repo *repo, const struct land_spec *spec, struct landing *landing,
    struct err *err)
{
	struct landing l = { 0 };
	struct work work = { .repo = repo, .spec = spec, .landing = &l };
	struct err why = ERR_INIT;
	int rc;

	*landing = (struct landing){ 0 };
	if (!git_word_ok(spec->plan) || !git_branch_ok(spec->target) ||
	    !git_oid_ok(spec->commit) || !git_oid_ok(spec->expected_old))
		return err_set(err, ERR_USAGE,
		    "this cannot be landed: a plan word, a "
		    "branch and two commit ids are needed");
	if (repo_lock(repo, err) < 0)
		return -1;
	work.ref = xasprintf("refs/heads/%s", spec->target);
	work.landed = xasprintf("refs/divisi/landed/%s", spec->plan);
	rc = land(&work, &why);
	repo_unlock(repo);
	free(work.ref);
	free(work.landed);
	if (rc < 0 && err)
		*err = why;
	if (rc == 0 || why.kind == ERR_CONFLICT)
		*landing = l;
	else
		landing_clear(&l);
	return rc;
}
