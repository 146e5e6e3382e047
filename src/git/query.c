#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/repo.h"

#include <stdio.h>
#include <string.h>

#define MAX_PRIOR_WORK 50

void
git_log_clear(struct git_log *log)
{
	for (size_t i = 0; i < log->n; i++)
		free(log->item[i].subject);
	free(log->item);
	*log = (struct git_log){ 0 };
}

void
git_status_clear(struct git_status *status)
{
	git_list_clear(&status->dirty);
	git_list_clear(&status->untracked);
	git_list_clear(&status->conflicted);
	*status = (struct git_status){ 0 };
}

void
git_worktrees_clear(struct git_worktrees *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->item[i].path);
		free(list->item[i].branch);
		free(list->item[i].lock_reason);
	}
	free(list->item);
	*list = (struct git_worktrees){ 0 };
}

int
repo_ref(const char *dir, const char *ref, char oid[GIT_OID_SIZE], struct err *err)
{
	struct git_call call = { .dir = dir,
		.argv = GIT_ARGS(
		    "rev-parse", "--verify", "-q", "--end-of-options", ref) };
	struct git_out out = { 0 };
	int rc = git_try(&call, &out, err);

	if (rc == 0 && out.n > 0 && out.text[out.n - 1] == '\n')
		out.text[out.n - 1] = '\0';
	if (rc == 0 && !git_oid_ok(out.text))
		rc = err_set(err, ERR_SYSTEM, "git gave no object id for %s", ref);
	else if (rc == 0)
		memcpy(oid, out.text, strlen(out.text) + 1);
	git_out_clear(&out);
	if (rc == 0)
		return 1;
	return rc == 1 ? 0 : -1;
}

int
repo_resolve(
    const struct repo *repo, const char *rev, char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *commit = xasprintf("%s^{commit}", rev);
	int rc;

	rc = repo_ref(repo->common_dir, commit, oid, err);
	if (rc == 0) {
		AUTO_FREE char *shown = text_show(rev, true);

		return err_set(err, ERR_NOT_FOUND, "there is no commit %s", shown);
	}
	return rc < 0 ? -1 : 0;
}

int
repo_is_ancestor(
    const struct repo *repo, const char *old, const char *new, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS(
		    "merge-base", "--is-ancestor", "--end-of-options", old, new) };
	int rc = git_try(&call, NULL, err);

	if (rc == 0)
		return 1;
	return rc == 1 ? 0 : -1;
}

int
repo_ls_files(const struct repo *repo, struct git_list *files, struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("ls-files", "-z", "--cached"),
		.max_bytes = (size_t)1 << 30 };
	struct git_out out = { 0 };
	struct git_list all = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&all, out.text, out.n);
	git_out_clear(&out);
	git_list_sort(&all);
	*files = (struct git_list){ 0 };
	/* An unmerged path is listed once per side. */
	for (size_t i = 0; i < all.n; i++) {
		if (i == 0 || strcmp(all.item[i], all.item[i - 1]) != 0)
			git_list_add(files, all.item[i]);
	}
	git_list_clear(&all);
	return 0;
}

/* REF below refs/remotes/ without its remote, which may itself hold slashes. */
static const char *
strip_remote(const char *ref, const struct git_list *remotes)
{
	const char *best = strchr(ref, '/');
	size_t n_best = 0;

	for (size_t i = 0; i < remotes->n; i++) {
		size_t n = strlen(remotes->item[i]);

		if (n > n_best && strncmp(ref, remotes->item[i], n) == 0 &&
		    ref[n] == '/') {
			n_best = n;
			best = ref + n;
		}
	}
	return best ? best + 1 : ref;
}

/* Lines of git's answer; remote and ref names hold no newline. */
static int
read_lines(
    const char *dir, const char *const *argv, struct git_list *lines, struct err *err)
{
	struct git_call call = { .dir = dir, .argv = argv };
	struct git_out out = { 0 };
	struct span rest, line;

	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			git_list_add_n(lines, line.p, line.n);
	}
	git_out_clear(&out);
	return 0;
}

int
repo_branches(const struct repo *repo, struct git_list *names, struct err *err)
{
	struct git_list remotes = { 0 }, refs = { 0 }, all = { 0 };
	int rc = read_lines(repo->common_dir, GIT_ARGS("remote"), &remotes, err);

	if (rc == 0)
		rc = read_lines(repo->common_dir,
		    GIT_ARGS("for-each-ref", "--format=%(refname)", "refs/heads",
			"refs/remotes"),
		    &refs, err);
	for (size_t i = 0; i < refs.n; i++) {
		const char *ref = refs.item[i];

		if (strncmp(ref, "refs/heads/", 11) == 0)
			git_list_add(&all, ref + 11);
		else if (strncmp(ref, "refs/remotes/", 13) == 0)
			git_list_add(&all, strip_remote(ref + 13, &remotes));
	}
	git_list_sort(&all);
	if (rc == 0)
		*names = (struct git_list){ 0 };
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		if (strcmp(all.item[i], "HEAD") != 0 &&
		    (i == 0 || strcmp(all.item[i], all.item[i - 1]) != 0))
			git_list_add(names, all.item[i]);
	}
	git_list_clear(&remotes);
	git_list_clear(&refs);
	git_list_clear(&all);
	return rc;
}

/* One record "oid\ntime\nsubject". */
static bool
parse_commit(const char *text, struct git_commit *commit)
{
	const char *time = strchr(text, '\n');
	const char *subject = time ? strchr(time + 1, '\n') : NULL;
	size_t n = time ? (size_t)(time - text) : 0;

	if (!subject || n == 0 || n >= GIT_OID_SIZE)
		return false;
	memcpy(commit->oid, text, n);
	commit->oid[n] = '\0';
	commit->at = strtoll(time + 1, NULL, 10) * 1000;
	commit->subject = xstrdup(subject + 1);
	return true;
}

int
repo_log(const char *dir, const char *const *argv, size_t max, struct git_log *log,
    struct err *err)
{
	AUTO_FREE char *limit = xasprintf("--max-count=%zu", max + 1);
	struct git_list args = { 0 }, records = { 0 };
	struct git_call call = { .dir = dir };
	struct git_out out = { 0 };
	int rc;

	git_list_add(&args, "log");
	git_list_add(&args, "-z");
	git_list_add(&args, "--format=%H%n%ct%n%s");
	git_list_add(&args, limit);
	for (size_t i = 0; argv[i]; i++)
		git_list_add(&args, argv[i]);
	call.argv = (const char *const *)args.item;
	rc = git_run(&call, &out, err);
	git_list_clear(&args);
	if (rc < 0)
		return -1;
	*log = (struct git_log){ 0 };
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	for (size_t i = 0; i < records.n && i < max; i++) {
		GROW(log->item, log->n, log->cap);
		if (parse_commit(records.item[i], &log->item[log->n]))
			log->n++;
	}
	log->is_truncated = records.n > max;
	git_list_clear(&records);
	return 0;
}

int
repo_author_of(
    const struct repo *repo, const char *path, char **author, struct err *err)
{
	const char *const argv[] = { "log", "--max-count=1", "--diff-filter=A",
		"--format=%an", "--", path, NULL };
	const char *const mine[] = { "config", "user.name", NULL };
	struct git_call call = { .dir = repo->top, .argv = argv };
	struct git_out out = { 0 };
	struct err none = ERR_INIT;
	int rc = git_run(&call, &out, err);

	/* Not committed yet: whoever has it in hand. */
	if (rc == 0 && out.n == 0) {
		git_out_clear(&out);
		call.argv = mine;
		if (git_run(&call, &out, &none) < 0)
			out = (struct git_out){ 0 };
	}
	if (rc == 0)
		*author = xstrndup(
		    out.text ? out.text : "", out.text ? strcspn(out.text, "\n") : 0);
	git_out_clear(&out);
	return rc;
}

int
repo_prior_work(
    const struct repo *repo, const char *issue, struct git_log *log, struct err *err)
{
	char escaped[256];
	AUTO_FREE char *grep = NULL;
	size_t n = 0;

	for (const char *s = issue; *s; s++) {
		if (n + 3 > sizeof(escaped) || (unsigned char)*s < ' ')
			return err_set(err, ERR_USAGE, "this is no issue id");
		if (strchr(".[]{}()*+?^$|\\", *s))
			escaped[n++] = '\\';
		escaped[n++] = *s;
	}
	escaped[n] = '\0';
	if (n == 0)
		return err_set(err, ERR_USAGE, "an issue id is missing");
	grep = xasprintf("--grep=(^|[^[:alnum:]])%s([^[:alnum:]]|$)", escaped);
	return repo_log(repo->common_dir, GIT_ARGS("--all", "-E", "-i", grep),
	    MAX_PRIOR_WORK, log, err);
}

/* True when the private git directory of a checkout tells of unfinished work. */
static int
read_busy(const char *dir, bool *is_busy, struct err *err)
{
	static const char *const signs[] = { "MERGE_HEAD", "CHERRY_PICK_HEAD",
		"REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply" };
	AUTO_FREE char *git_dir = git_line(
	    dir, GIT_ARGS("rev-parse", "--absolute-git-dir"), err);

	if (!git_dir)
		return -1;
	*is_busy = false;
	for (size_t i = 0; i < N_ELEMS(signs); i++) {
		AUTO_FREE char *path = path_join(git_dir, signs[i]);

		*is_busy = *is_busy || file_exists(path);
	}
	return 0;
}

/* Files one record "XY path" of `git status --porcelain -z`. */
static void
file_status(const char *record, const char *exempt, struct git_status *status)
{
	const char *path = record + 3;

	if (strlen(record) < 4 || (exempt && strcmp(path, exempt) == 0))
		return;
	if (record[0] == '?') {
		git_list_add(&status->untracked, path);
		return;
	}
	git_list_add(&status->dirty, path);
	if (record[0] == 'U' || record[1] == 'U' || strncmp(record, "AA", 2) == 0 ||
	    strncmp(record, "DD", 2) == 0)
		git_list_add(&status->conflicted, path);
}

int
repo_status(
    const char *dir, const char *exempt, struct git_status *status, struct err *err)
{
	/* What is not committed in a submodule, git would look for with its settings: links.h. */
	struct git_call call = { .dir = dir,
		.argv = GIT_ARGS("status", "--porcelain=v1", "-z", "--no-renames",
		    "--untracked-files=all", "--ignored=no",
		    "--ignore-submodules=dirty"),
		.max_bytes = (size_t)256 << 20 };
	struct git_out out = { 0 };
	struct git_list records = { 0 };
	struct git_status s = { 0 };

	if (read_busy(dir, &s.is_busy, err) < 0 || git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&records, out.text, out.n);
	git_out_clear(&out);
	for (size_t i = 0; i < records.n; i++)
		file_status(records.item[i], exempt, &s);
	git_list_clear(&records);
	git_list_sort(&s.dirty);
	git_list_sort(&s.untracked);
	git_list_sort(&s.conflicted);
	*status = s;
	return 0;
}

/* One attribute of `git worktree list --porcelain -z`; false when it says "bare". */
static bool
take_attribute(struct git_worktree *tree, const char *text)
{
	if (strncmp(text, "HEAD ", 5) == 0) {
		if (git_oid_ok(text + 5) && strspn(text + 5, "0") != strlen(text + 5))
			memcpy(tree->head, text + 5, strlen(text + 5) + 1);
	} else if (strncmp(text, "branch refs/heads/", 18) == 0) {
		free(tree->branch);
		tree->branch = xstrdup(text + 18);
	} else if (strcmp(text, "locked") == 0 || strncmp(text, "locked ", 7) == 0) {
		free(tree->lock_reason);
		tree->lock_reason = xstrdup(text[6] ? text + 7 : "");
	}
	return strcmp(text, "bare") != 0;
}

static struct git_worktree *
add_worktree(struct git_worktrees *list, const char *path)
{
	struct git_worktree *tree;

	GROW(list->item, list->n, list->cap);
	tree = &list->item[list->n++];
	*tree = (struct git_worktree){ .path = xstrdup(path) };
	tree->is_missing = !file_is_dir(path);
	return tree;
}

/* Takes the lines of git's answer apart; false when the main one is bare. */
static bool
read_worktrees(const struct git_list *lines, struct git_worktrees *found)
{
	struct git_worktree *tree = NULL;
	bool is_bare = false;

	for (size_t i = 0; i < lines->n; i++) {
		if (strncmp(lines->item[i], "worktree ", 9) == 0)
			tree = add_worktree(found, lines->item[i] + 9);
		else if (tree && !take_attribute(tree, lines->item[i]))
			is_bare = true;
	}
	return !is_bare;
}

int
repo_worktrees(const struct repo *repo, struct git_worktrees *list, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("worktree", "list", "--porcelain", "-z") };
	struct git_out out = { 0 };
	struct git_list lines = { 0 };
	struct git_worktrees found = { 0 };

	if (git_run(&call, &out, err) < 0)
		return -1;
	git_list_split(&lines, out.text, out.n);
	git_out_clear(&out);
	/* Without a main checkout there is nothing to be first in the list. */
	if (!read_worktrees(&lines, &found))
		git_worktrees_clear(&found);
	git_list_clear(&lines);
	*list = found;
	return 0;
}
