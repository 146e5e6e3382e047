#include "git/pin.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/torn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REFLOG_BYTES ((size_t)64 << 20)
#define MAX_PARENTS      ((size_t)1000)

int
pin_check_session(const char *session, struct err *err)
{
	AUTO_FREE char *shown = NULL;

	if (git_word_ok(session) && strcmp(session, "landed") != 0 &&
	    strcmp(session, "deleted") != 0)
		return 0;
	shown = text_show(session, true);
	return err_set(err, ERR_USAGE, "%s cannot name a session", shown);
}

static char *
pin_ref(const char *session, const char *name)
{
	return xasprintf("refs/divisi/%s/%s", session, name);
}

int
pin_read(const struct repo *repo, const char *session, const char *name,
    char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *ref = pin_ref(session, name);

	if (pin_check_session(session, err) < 0)
		return -1;
	return repo_ref(repo->common_dir, ref, oid, err);
}

int64_t
pin_last_plan(const struct repo *repo)
{
	static const char prefix[] = "refs/divisi/p";
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS(
		    "for-each-ref", "--format=%(refname)", "refs/divisi") };
	struct git_out out = { 0 };
	struct span rest, line;
	int64_t last = 0;

	if (git_run(&call, &out, NULL) < 0)
		return 0;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		int64_t n;

		if (line.n < sizeof(prefix) ||
		    strncmp(line.p, prefix, sizeof(prefix) - 1) != 0)
			continue;
		n = strtoll(line.p + sizeof(prefix) - 1, NULL, 10);
		last = n > last ? n : last;
	}
	git_out_clear(&out);
	return last;
}

int
pin_numbered(struct repo *repo, const char *session, const char *kind, const char *oid,
    char **ref, struct err *err)
{
	AUTO_FREE char *pattern = xasprintf("refs/divisi/%s/%s-*", session, kind);
	size_t n_lead = strlen(pattern) - 1;
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS(
		    "for-each-ref", "--format=%(objectname) %(refname)", pattern) };
	struct git_out out = { 0 };
	struct span rest, line;
	long last = 0;
	char *name;

	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *text = xstrndup(line.p, line.n);
		char *at = strchr(text, ' ');
		long n;

		if (!at || strlen(at + 1) <= n_lead)
			continue;
		*at++ = '\0';
		if (strcmp(text, oid) == 0) {
			*ref = xstrdup(at);
			git_out_clear(&out);
			return 0;
		}
		n = strtol(at + n_lead, NULL, 10);
		last = n > last ? n : last;
	}
	git_out_clear(&out);
	torn_sync_commit(repo, session, oid);
	name = xasprintf("refs/divisi/%s/%s-%ld", session, kind, last + 1);
	/* The empty old value: never over one that is there. */
	if (git_change(repo, repo->common_dir,
		GIT_ARGS("update-ref", "--end-of-options", name, oid, ""), err) < 0) {
		free(name);
		return -1;
	}
	*ref = name;
	return 0;
}

int
pin_has_files(const struct repo *repo, const char *session, const char *kind,
    const char *tree, struct err *err)
{
	AUTO_FREE char *pattern = xasprintf("refs/divisi/%s/%s-*", session, kind);
	struct git_call list = { .dir = repo->common_dir,
		.argv = GIT_ARGS("for-each-ref", "--format=%(objectname)", pattern) };
	struct git_out refs = { 0 };
	struct span rest, line;
	int rc = git_run(&list, &refs, err);

	rest = (struct span){ refs.text, refs.n };
	while (rc == 0 && span_next(&rest, '\n', &line)) {
		AUTO_FREE char *oid = xstrndup(line.p, line.n);
		/* What is there and not here is all that may differ. */
		struct git_call compare = { .dir = repo->common_dir,
			.argv = GIT_ARGS("diff-tree", "-r", "--no-renames",
			    "--diff-filter=d", "--name-only", oid, tree) };
		struct git_out out = { 0 };

		if (line.n == 0)
			continue;
		rc = git_run(&compare, &out, err);
		if (rc == 0 && out.n == 0)
			rc = 1;
		git_out_clear(&out);
	}
	git_out_clear(&refs);
	return rc;
}

static int
pin_commit_locked(struct repo *repo, const char *session, const char *name,
    const char *oid, struct err *err)
{
	AUTO_FREE char *ref = pin_ref(session, name);
	AUTO_FREE char *kept = NULL;
	char old[GIT_OID_SIZE] = "";
	int there = repo_ref(repo->common_dir, ref, old, err);
	int is_older = 1;

	if (there < 0)
		return -1;
	if (there && strcmp(old, oid) == 0)
		return 0;
	if (there)
		is_older = repo_is_ancestor(repo, old, oid, err);
	if (is_older < 0)
		return -1;
	if (!is_older && pin_numbered(repo, session, name, old, &kept, err) < 0)
		return -1;
	/* Where a branch begins was there before us. */
	if (strcmp(name, "base") != 0)
		torn_sync_commit(repo, session, oid);
	return git_change(repo, repo->common_dir,
	    GIT_ARGS("update-ref", "--end-of-options", ref, oid, old), err);
}

int
pin_commit(struct repo *repo, const char *session, const char *name, const char *oid,
    struct err *err)
{
	int rc;

	if (pin_check_session(session, err) < 0)
		return -1;
	if (!git_word_ok(name) || !git_oid_ok(oid))
		return err_set(err, ERR_USAGE, "this is no name or no commit to pin");
	if (repo_lock(repo, err) < 0)
		return -1;
	rc = pin_commit_locked(repo, session, name, oid, err);
	repo_unlock(repo);
	return rc;
}

static void
pin_env(struct git_list *env, const char *seconds)
{
	static const char *const who[] = { "GIT_AUTHOR_NAME=divisi",
		"GIT_AUTHOR_EMAIL=divisi@localhost", "GIT_COMMITTER_NAME=divisi",
		"GIT_COMMITTER_EMAIL=divisi@localhost" };
	AUTO_FREE char *author = xasprintf("GIT_AUTHOR_DATE=@%s +0000", seconds);
	AUTO_FREE char *committer = xasprintf("GIT_COMMITTER_DATE=@%s +0000", seconds);

	for (size_t i = 0; i < N_ELEMS(who); i++)
		git_list_add(env, who[i]);
	git_list_add(env, author);
	git_list_add(env, committer);
}

char *
pin_make_commit(const struct repo *repo, const char *tree,
    const struct git_list *parents, const char *message, struct err *err)
{
	struct git_list args = { 0 }, env = { 0 };
	struct git_call call = { .dir = repo->common_dir, .lock_fd = repo->lock_fd };
	struct git_out out = { 0 };
	AUTO_FREE char *time = NULL;
	char *oid = NULL;
	int rc;

	if (parents->n > 0)
		time = git_line(repo->common_dir,
		    GIT_ARGS("log", "-1", "--format=%ct", "--end-of-options",
			parents->item[0]),
		    NULL);
	pin_env(&env, time && time[0] ? time : "0");
	git_list_add(&args, "commit-tree");
	git_list_add(&args, "-m");
	git_list_add(&args, message);
	for (size_t i = 0; i < parents->n; i++) {
		git_list_add(&args, "-p");
		git_list_add(&args, parents->item[i]);
	}
	git_list_add(&args, tree);
	call.argv = (const char *const *)args.item;
	call.env = (const char *const *)env.item;
	rc = git_run(&call, &out, err);
	if (rc == 0)
		oid = xstrndup(out.text, strcspn(out.text, "\n"));
	git_out_clear(&out);
	git_list_clear(&args);
	git_list_clear(&env);
	return oid;
}

/* Adds every object id of a reflog: "old new who time what" per line. */
static int
read_reflog(const char *path, struct git_list *oids, struct err *err)
{
	AUTO_FREE char *text = NULL;
	struct span rest, line, old, new;
	size_t n = 0;

	if (!file_exists(path))
		return 0;
	text = file_read(path, MAX_REFLOG_BYTES, &n, err);
	if (!text)
		return -1;
	rest = (struct span){ text, n };
	while (span_next(&rest, '\n', &line)) {
		if (!span_next(&line, ' ', &old) || !span_next(&line, ' ', &new))
			continue;
		git_list_add_n(oids, old.p, old.n);
		git_list_add_n(oids, new.p, new.n);
	}
	return 0;
}

/* Adds what was stashed on BRANCH: all worktrees share one stash, whose lines say where. */
static int
read_stashes(
    const struct repo *repo, const char *branch, struct git_list *oids, struct err *err)
{
	AUTO_FREE char *path = path_join(repo->common_dir, "logs/refs/stash");
	AUTO_FREE char *wip = xasprintf("WIP on %s: ", branch);
	AUTO_FREE char *named = xasprintf("On %s: ", branch);
	AUTO_FREE char *text = NULL;
	struct span rest, line, part;
	size_t n = 0;

	if (!file_exists(path))
		return 0;
	text = file_read(path, MAX_REFLOG_BYTES, &n, err);
	if (!text)
		return -1;
	rest = (struct span){ text, n };
	while (span_next(&rest, '\n', &line)) {
		struct span words = line;

		/* "old new who time zone<TAB>WIP on BRANCH: ..." */
		if (!span_next(&words, '\t', &part) ||
		    (!span_starts(words, wip) && !span_starts(words, named)))
			continue;
		if (!span_next(&line, ' ', &part))
			continue;
		if (span_next(&line, ' ', &part))
			git_list_add_n(oids, part.p, part.n);
	}
	return 0;
}

/* Adds what a file such as ORIG_HEAD or MERGE_HEAD names. */
static void
read_heads(const char *git_dir, struct git_list *oids)
{
	static const char *const names[] = { "ORIG_HEAD", "MERGE_HEAD",
		"CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD",
		"rebase-merge/orig-head", "rebase-merge/onto",
		"rebase-apply/orig-head" };

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *path = path_join(git_dir, names[i]);
		AUTO_FREE char *text = file_read(path, 1 << 16, NULL, NULL);
		struct span rest = span_of(text ? text : ""), line;

		while (span_next(&rest, '\n', &line))
			git_list_add_n(oids, line.p, line.n);
	}
}

/* Of OIDS, those that are commits still in the object store, once each. */
static int
keep_commits(const struct repo *repo, struct git_list *oids, struct err *err)
{
	struct git_list kept = { 0 };
	AUTO_FREE char *input = NULL;
	size_t n_input = 0;
	FILE *in = open_memstream(&input, &n_input);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("cat-file", "--batch-check") };
	struct git_out out = { 0 };
	struct span rest, line, oid;

	git_list_sort(oids);
	for (size_t i = 0; in && i < oids->n; i++) {
		if (git_oid_ok(oids->item[i]) &&
		    strspn(oids->item[i], "0") != strlen(oids->item[i]) &&
		    (i == 0 || strcmp(oids->item[i], oids->item[i - 1]) != 0))
			fprintf(in, "%s\n", oids->item[i]);
	}
	if (!in || fclose(in) != 0)
		return err_sys(err, "no memory for the reflog");
	call.input = input;
	call.n_input = n_input;
	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (span_next(&line, ' ', &oid) && span_starts(line, "commit "))
			git_list_add_n(&kept, oid.p, oid.n);
	}
	git_out_clear(&out);
	git_list_clear(oids);
	*oids = kept;
	return 0;
}

/* Replaces OIDS by those commits that no ref of KEPT reaches and that are nobody's parent. */
static int
keep_lost_tips(
    const struct repo *repo, const char *kept, struct git_list *oids, struct err *err)
{
	struct git_list lost = { 0 }, parents = { 0 };
	AUTO_FREE char *input = NULL;
	size_t n_input = 0;
	FILE *in = open_memstream(&input, &n_input);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("rev-list", "--parents", "--stdin", "--not", kept) };
	struct git_out out = { 0 };
	struct span rest, line, oid;

	for (size_t i = 0; in && i < oids->n; i++)
		fprintf(in, "%s\n", oids->item[i]);
	if (!in || fclose(in) != 0)
		return err_sys(err, "no memory for the reflog");
	git_list_clear(oids);
	call.input = input;
	call.n_input = n_input;
	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (line.n == 0 || !span_next(&line, ' ', &oid))
			continue;
		git_list_add_n(&lost, oid.p, oid.n);
		while (span_next(&line, ' ', &oid))
			git_list_add_n(&parents, oid.p, oid.n);
	}
	git_out_clear(&out);
	git_list_sort(&lost);
	git_list_sort(&parents);
	for (size_t i = 0; i < lost.n; i++) {
		if (!git_list_has(&parents, lost.item[i]))
			git_list_add(oids, lost.item[i]);
	}
	git_list_clear(&lost);
	git_list_clear(&parents);
	return 0;
}

/* One commit whose parents are the tips from FIRST on, as many as one may have. */
static int
pin_tips(struct repo *repo, const char *session, const struct git_list *tips,
    size_t first, struct err *err)
{
	struct git_list parents = { 0 };
	AUTO_FREE char *tree = xasprintf("%s^{tree}", tips->item[first]);
	AUTO_FREE char *oid = NULL, *ref = NULL;

	for (size_t i = first; i < tips->n && i < first + MAX_PARENTS; i++)
		git_list_add(&parents, tips->item[i]);
	oid = pin_make_commit(
	    repo, tree, &parents, "divisi: commits a session made and dropped", err);
	git_list_clear(&parents);
	return oid ? pin_numbered(repo, session, "reflog", oid, &ref, err) : -1;
}

int
pin_dropped(struct repo *repo, const char *git_dir, const char *branch,
    const char *session, struct err *err)
{
	/*
	 * What another ref reaches today may be deleted tomorrow: only our own count.  Of a
	 * branch that is deleted because the target has it, the target is enough.
	 */
	const char *kept = strcmp(session, "deleted") == 0 ? "--all"
							   : "--glob=refs/divisi/*";
	struct git_list oids = { 0 };
	AUTO_FREE char *head_log = path_join(git_dir, "logs/HEAD");
	AUTO_FREE char *branch_log = xasprintf(
	    "%s/logs/refs/heads/%s", repo->common_dir, branch ? branch : "");
	int rc = -1;

	if (read_reflog(head_log, &oids, err) < 0 ||
	    (branch && (read_reflog(branch_log, &oids, err) < 0 ||
			   read_stashes(repo, branch, &oids, err) < 0)))
		goto out;
	read_heads(git_dir, &oids);
	if (keep_commits(repo, &oids, err) < 0 ||
	    keep_lost_tips(repo, kept, &oids, err) < 0)
		goto out;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < oids.n; i += MAX_PARENTS)
		rc = pin_tips(repo, session, &oids, i, err);

out:
	git_list_clear(&oids);
	return rc;
}
