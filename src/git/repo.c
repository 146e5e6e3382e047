#include "git/repo.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/config.h"
#include "git/local.h"
#include "git/torn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_MS    60000
#define LOCK_STEP_MS    20
#define EXCLUDE_MAX     ((size_t)4 << 20)
#define EXCLUDE_COMMENT "# divisi: what sessions leave behind is no part of the project"

/* What we and the method put into a checkout: CONTRACTS 1. */
static const char *const excluded[] = { ".ccc-state.json", ".ccc-progress.md",
	".divisi-*" };

void
repo_close(struct repo *repo)
{
	free(repo->top);
	free(repo->common_dir);
	free(repo->home);
	free(repo->main_branch);
	free(repo->head_branch);
	free(repo->opened_from);
	mem_close_cleanup(&repo->lock_fd);
	*repo = (struct repo){ .lock_fd = -1 };
}

/* Cuts the first line off *REST and says whether it is "true". */
static bool
take_bool(char **rest)
{
	char *end = strchr(*rest, '\n');
	bool is_true = end && strncmp(*rest, "true\n", 5) == 0;

	if (end)
		*rest = end + 1;
	return is_true;
}

/* The git directory and what kind of repository it is. */
static int
find_common_dir(const char *dir, struct repo *repo, struct err *err)
{
	/* The path comes last because it may hold newlines. */
	AUTO_FREE char *text = git_line(dir,
	    GIT_ARGS("rev-parse", "--is-shallow-repository", "--path-format=absolute",
		"--git-common-dir"),
	    err);
	char *rest = text;

	if (!text) {
		if (err && strstr(err->text, "not a git repository")) {
			AUTO_FREE char *shown = text_show(dir, true);
			AUTO_FREE char *quoted = text_shell_quote(dir);

			err_set(
			    err, ERR_NOT_FOUND, "%s is in no git repository", shown);
			err_fix(
			    err, "cd into one, or make one: git -C %s init", quoted);
		}
		return -1;
	}
	repo->is_shallow = take_bool(&rest);
	repo->common_dir = xstrdup(rest);
	repo->home = path_join(rest, "divisi");
	return 0;
}

static int
refuse_bare(const struct repo *repo, struct err *err)
{
	AUTO_FREE char *shown = text_show(repo->common_dir, true);
	AUTO_FREE char *quoted = text_shell_quote(repo->common_dir);

	err_set(err, ERR_REFUSED,
	    "%s is a bare repository: there is no checkout to work in", shown);
	return err_fix(err, "work in a clone: git clone %s", quoted);
}

/* Is the git directory of DIR the common one? */
static bool
is_main_checkout(const char *dir, const struct repo *repo)
{
	AUTO_FREE char *own = git_line(
	    dir, GIT_ARGS("rev-parse", "--absolute-git-dir"), NULL);

	return own && strcmp(own, repo->common_dir) == 0;
}

/*
 * Finds the main checkout.  git derives it from the place of the git directory, which
 * is wrong for a separate git directory and for a submodule: there the checkout we were
 * opened from is right when its own git directory is the common one.
 */
static int
find_top(const char *dir, struct repo *repo, struct err *err)
{
	struct git_worktrees trees = { 0 };
	AUTO_FREE char *here = git_line(
	    dir, GIT_ARGS("rev-parse", "--show-toplevel"), NULL);
	AUTO_FREE char *usual = NULL;
	bool is_usual;
	int rc = -1;

	if (repo_worktrees(repo, &trees, err) < 0)
		return -1;
	if (trees.n == 0) {
		refuse_bare(repo, err);
		goto out;
	}
	usual = path_join(trees.item[0].path, ".git");
	is_usual = strcmp(usual, repo->common_dir) == 0;
	if (!is_usual && here && is_main_checkout(dir, repo)) {
		repo->top = TAKE_PTR(here);
	} else if (!is_usual) {
		err_set(err, ERR_REFUSED,
		    "the main checkout of this repository cannot be found from here");
		err_fix(err, "run divisi in the main checkout itself");
		goto out;
	} else {
		repo->top = xstrdup(trees.item[0].path);
		if (here && strcmp(here, repo->top) != 0)
			repo->opened_from = TAKE_PTR(here);
	}
	repo->head_branch = TAKE_PTR(trees.item[0].branch);
	memcpy(repo->head, trees.item[0].head, sizeof(repo->head));
	rc = 0;

out:
	git_worktrees_clear(&trees);
	return rc;
}

static bool
branch_exists(const struct repo *repo, const char *branch)
{
	AUTO_FREE char *ref = NULL;
	char oid[GIT_OID_SIZE];

	if (!branch || !git_branch_ok(branch))
		return false;
	ref = xasprintf("refs/heads/%s", branch);
	return repo_ref(repo->common_dir, ref, oid, NULL) > 0;
}

/* What origin/HEAD points to, without "origin/"; NULL when it is not known. */
static char *
origin_head(const struct repo *repo)
{
	static const char lead[] = "refs/remotes/origin/";
	AUTO_FREE char *ref = git_line(repo->common_dir,
	    GIT_ARGS("symbolic-ref", "-q", "refs/remotes/origin/HEAD"), NULL);

	if (!ref || strncmp(ref, lead, strlen(lead)) != 0)
		return NULL;
	return xstrdup(ref + strlen(lead));
}

/* The branch that the settings name, or NULL. */
static char *
wanted_main_branch(const struct repo *repo)
{
	struct config config = { 0 };
	const char *wanted = NULL;
	char *found = NULL;

	/* A broken settings file is told by whoever reads the settings. */
	if (config_load(repo, &config, NULL) == 0)
		wanted = config_str(&config, "divisi.main", NULL);
	if (wanted && git_branch_ok(wanted))
		found = xstrdup(wanted);
	config_clear(&config);
	return found;
}

static char *
find_main_branch(const struct repo *repo)
{
	AUTO_FREE char *wanted = wanted_main_branch(repo);
	AUTO_FREE char *origin = wanted ? NULL : origin_head(repo);
	AUTO_FREE char *usual = wanted ? NULL
				       : git_line(repo->top,
					     GIT_ARGS("config", "--get",
						 "init.defaultBranch"),
					     NULL);
	const char *const candidates[] = { origin, usual, "main", "master" };

	if (wanted)
		return TAKE_PTR(wanted);
	for (size_t i = 0; i < N_ELEMS(candidates); i++) {
		if (branch_exists(repo, candidates[i]))
			return xstrdup(candidates[i]);
	}
	return xstrdup(repo->head_branch ? repo->head_branch : "main");
}

int
repo_open_to_read(const char *dir, struct repo *repo, struct err *err)
{
	struct repo r = { .lock_fd = -1 };
	AUTO_FREE char *fold = NULL;

	if (!file_is_dir(dir)) {
		AUTO_FREE char *shown = text_show(dir, true);

		return err_set(err, ERR_NOT_FOUND, "%s is no directory", shown);
	}
	if (find_common_dir(dir, &r, err) < 0 || find_top(dir, &r, err) < 0) {
		repo_close(&r);
		return -1;
	}
	fold = git_line(r.common_dir,
	    GIT_ARGS("config", "--type=bool", "--get", "core.ignoreCase"), NULL);
	r.ignore_case = fold && strcmp(fold, "true") == 0;
	r.is_empty = r.head[0] == '\0';
	r.main_branch = find_main_branch(&r);
	*repo = r;
	return 0;
}

int
repo_open(const char *dir, struct repo *repo, struct err *err)
{
	if (file_is_dir(dir) && git_version(NULL, 0, err) < 0)
		return -1;
	return repo_open_to_read(dir, repo, err);
}

const char *
repo_warning(const struct repo *repo)
{
	if (repo->is_shallow)
		return "this is a shallow clone: prior work and merge bases older than "
		       "its cut are unknown; git fetch --unshallow brings them";
	return NULL;
}

/* Reads what the main checkout is on. */
static int
refresh_head(struct repo *repo, struct err *err)
{
	AUTO_FREE char *ref = NULL;
	char oid[GIT_OID_SIZE] = "";
	int rc;

	ref = git_line(repo->top, GIT_ARGS("symbolic-ref", "-q", "HEAD"), NULL);
	rc = repo_ref(repo->top, "HEAD", oid, err);
	if (rc < 0)
		return -1;
	free(repo->head_branch);
	repo->head_branch = ref && strncmp(ref, "refs/heads/", 11) == 0
				? xstrdup(ref + 11)
				: NULL;
	repo->is_empty = rc == 0;
	memcpy(repo->head, oid, sizeof(oid));
	return 0;
}

int
repo_check_ready(struct repo *repo, struct err *err)
{
	AUTO_FREE char *top = text_shell_quote(repo->top);
	AUTO_FREE char *branch = text_shell_quote(repo->main_branch);
	AUTO_FREE char *shown = NULL;
	struct git_status status = { 0 };
	bool is_busy;

	if (refresh_head(repo, err) < 0)
		return -1;
	if (repo->is_empty) {
		err_set(err, ERR_REFUSED,
		    "the repository is empty: sessions need a commit to start from");
		return err_fix(err, "git -C %s commit --allow-empty -m 'Begin'", top);
	}
	if (repo_status(repo->top, NULL, &status, err) < 0)
		return -1;
	is_busy = status.is_busy;
	git_status_clear(&status);
	if (is_busy) {
		err_set(err, ERR_REFUSED,
		    "a merge, rebase or bisect is under way in the main checkout");
		return err_fix(err, "finish or abort it: git -C %s status", top);
	}
	if (repo->head_branch && strcmp(repo->head_branch, repo->main_branch) == 0)
		return 0;
	shown = text_show(repo->head_branch ? repo->head_branch : "no branch", true);
	err_set(
	    err, ERR_REFUSED, "the main checkout is on %s, not on %s", shown, branch);
	if (err) {
		err->code = "G14";
		err->rule = "R-3";
	}
	return err_fix(err, "git -C %s switch %s", top, branch);
}

/* True when TEXT has LINE as a line of its own. */
static bool
has_line(const char *text, const char *line)
{
	struct span rest = span_of(text), one;

	while (span_next(&rest, '\n', &one)) {
		if (span_eq(one, line))
			return true;
	}
	return false;
}

static int
write_exclude(const struct repo *repo, struct err *err)
{
	AUTO_FREE char *dir = path_join(repo->common_dir, "info");
	AUTO_FREE char *path = path_join(dir, "exclude");
	AUTO_FREE char *old = NULL, *text = NULL;
	bool is_missing = false;
	size_t n = 0;

	if (file_mkdirs(dir, 0777, err) < 0)
		return -1;
	if (file_exists(path)) {
		old = file_read(path, EXCLUDE_MAX, &n, err);
		if (!old)
			return -1;
	}
	text = xasprintf("%s%s%s\n", old ? old : "",
	    n > 0 && old[n - 1] != '\n' ? "\n" : "", EXCLUDE_COMMENT);
	if (old && has_line(old, EXCLUDE_COMMENT)) {
		free(text);
		text = xasprintf("%s%s", old, n > 0 && old[n - 1] != '\n' ? "\n" : "");
	}
	for (size_t i = 0; i < N_ELEMS(excluded); i++) {
		char *more;

		if (has_line(text, excluded[i]))
			continue;
		is_missing = true;
		more = xasprintf("%s%s\n", text, excluded[i]);
		free(text);
		text = more;
	}
	if (!is_missing)
		return 0;
	return file_write_atomic(path, text, strlen(text), 0666, err);
}

int
repo_prepare(struct repo *repo, struct err *err)
{
	int rc;

	if (repo_lock(repo, err) < 0)
		return -1;
	rc = write_exclude(repo, err);
	repo_unlock(repo);
	return rc;
}

int
repo_lock(struct repo *repo, struct err *err)
{
	static const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };
	AUTO_FREE char *path = NULL;
	struct err why = ERR_INIT;

	if (repo->lock_depth > 0) {
		repo->lock_depth++;
		return 0;
	}
	if (file_mkdirs(repo->home, 0700, err) < 0)
		return -1;
	path = path_join(repo->home, "git.lock");
	for (int waited = 0; waited < LOCK_WAIT_MS; waited += LOCK_STEP_MS) {
		repo->lock_fd = file_lock(path, false, &why);
		if (repo->lock_fd >= 0) {
			repo->lock_depth = 1;
			return 0;
		}
		if (why.kind != ERR_CONFLICT) {
			if (err)
				*err = why;
			return -1;
		}
		nanosleep(&step, NULL);
	}
	err_set(err, ERR_TIMEOUT, "%s is held for a minute: a git of ours still runs",
	    path);
	return err_fix(err, "see which: fuser -v %s", path);
}

void
repo_unlock(struct repo *repo)
{
	if (--repo->lock_depth > 0)
		return;
	/* Closed, not unlocked: a git that lives on keeps it. */
	close(repo->lock_fd);
	repo->lock_fd = -1;
}

/* The ref that the update-ref ARGV changes, or NULL. */
static const char *
changed_ref(const char *const *argv)
{
	bool is_next = false;

	for (size_t i = 0; strcmp(argv[0], "update-ref") == 0 && argv[i]; i++) {
		if (is_next)
			return argv[i];
		is_next = strcmp(argv[i], "--end-of-options") == 0;
	}
	return NULL;
}

int
git_change(
    const struct repo *repo, const char *dir, const char *const *argv, struct err *err)
{
	struct git_call call = { .dir = dir, .argv = argv, .lock_fd = repo->lock_fd };
	const char *ref = changed_ref(argv);
	struct err why = ERR_INIT;

	if (git_run(&call, NULL, &why) == 0)
		return 0;
	if (why.kind == ERR_CONFLICT && ref && repo->lock_depth > 0 &&
	    torn_unlock_ref(repo, ref))
		return git_run(&call, NULL, err);
	if (err)
		*err = why;
	return -1;
}
