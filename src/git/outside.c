#include "git/outside.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/land.h"
#include "git/local.h"
#include "git/pin.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIST_TIMEOUT_MS  60000
#define FETCH_TIMEOUT_MS 300000
#define MAX_BRANCHES     100000

void
outside_branches_clear(struct outside_branches *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->item[i].name);
	free(list->item);
	*list = (struct outside_branches){ 0 };
}

/* "OID\trefs/heads/NAME"; what names no branch that we would take is left out. */
static void
add_line(struct outside_branches *list, struct span line)
{
	static const char heads[] = "refs/heads/";
	struct span oid;
	AUTO_FREE char *id = NULL, *ref = NULL;

	if (!span_next(&line, '\t', &oid) || list->n >= MAX_BRANCHES)
		return;
	id = xstrndup(oid.p, oid.n);
	ref = xstrndup(line.p, line.n);
	if (!git_oid_ok(id) || strncmp(ref, heads, sizeof(heads) - 1) != 0 ||
	    !git_branch_ok(ref + sizeof(heads) - 1))
		return;
	GROW(list->item, list->n, list->cap);
	list->item[list->n] = (struct outside_branch){ .name = xstrdup(
							   ref + sizeof(heads) - 1) };
	memcpy(list->item[list->n].oid, id, strlen(id) + 1);
	list->n++;
}

int
outside_list(const struct repo *repo, const char *remote, struct outside_branches *list,
    struct err *err)
{
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("ls-remote", "--heads", "--quiet", "--", remote),
		.timeout_ms = LIST_TIMEOUT_MS };
	struct git_out out = { 0 };
	struct span rest, line;

	if (remote[0] == '-' || remote[0] == '\0')
		return err_set(err, ERR_NOT_FOUND, "there is no such remote");
	if (git_run(&call, &out, err) < 0)
		return err_wrap(err, "branches of %s", remote);
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line))
		add_line(list, line);
	git_out_clear(&out);
	return 0;
}

/* ---- which of them is it -------------------------------------------------------------------- */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* Has NAME the N bytes of WORD in it, with no letter or digit before or behind? */
static bool
has_word(const char *name, const char *word, size_t n)
{
	size_t len = strlen(name);

	for (size_t i = 0; n > 0 && i + n <= len; i++) {
		if (strncasecmp(name + i, word, n) == 0 &&
		    (i == 0 || !is_word_char(name[i - 1])) &&
		    !is_word_char(name[i + n]))
			return true;
	}
	return false;
}

static bool
fits(const char *name, const char *prefix, const char *const *issues, size_t n)
{
	size_t n_prefix = strlen(prefix);

	if (strncasecmp(name, prefix, n_prefix) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *id = issues[i] ? issues[i] : "", *hash = strrchr(id, '#');

		/* A bare number is in many names that are nobody's. */
		if (hash && n_prefix == 0)
			continue;
		id = hash ? hash + 1 : id;
		if (has_word(name + n_prefix, id, strlen(id)))
			return true;
	}
	return false;
}

const struct outside_branch *
outside_find(const struct outside_branches *list, const char *expected,
    const char *prefix, const char *const *issues, size_t n, size_t *n_found)
{
	const struct outside_branch *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->item[i].name, expected) == 0) {
			if (n_found)
				*n_found = 1;
			return &list->item[i];
		}
		if (fits(list->item[i].name, prefix, issues, n)) {
			found = &list->item[i];
			count++;
		}
	}
	if (n_found)
		*n_found = count;
	return count == 1 ? found : NULL;
}

/* ---- taking it -------------------------------------------------------------------------------- */

static bool
is_checked_out(const struct repo *repo, const char *branch)
{
	struct git_worktrees list = { 0 };
	bool found = false;

	/* Who cannot tell leaves it alone. */
	if (repo_worktrees(repo, &list, NULL) < 0)
		return true;
	for (size_t i = 0; i < list.n; i++)
		found |= list.item[i].branch &&
			 strcmp(list.item[i].branch, branch) == 0;
	git_worktrees_clear(&list);
	return found;
}

static int
say_other(const char *branch, const char *remote, struct err *err)
{
	err_set(err, ERR_CONFLICT,
	    "the local branch %s is not what %s has, and is checked out or other work",
	    branch, remote);
	return err_fix(err,
	    "bring it there (git switch %s && git merge --ff-only %s/%s), or delete it",
	    branch, remote, branch);
}

/* OID: what was fetched; then what the local branch has. */
static int
set_local(struct repo *repo, const char *remote, const char *branch,
    char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", branch);
	char old[GIT_OID_SIZE] = "";
	int rc = repo_ref(repo->common_dir, ref, old, err);

	if (rc < 0)
		return -1;
	if (rc == 1 && strcmp(old, oid) == 0)
		return 0;
	if (rc == 1) {
		rc = repo_is_ancestor(repo, oid, old, err);
		if (rc == 1)
			memcpy(oid, old, sizeof(old));
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		rc = repo_is_ancestor(repo, old, oid, err);
		if (rc < 0)
			return -1;
		if (rc == 0 || is_checked_out(repo, branch))
			return say_other(branch, remote, err);
	}
	/* An empty old value is one that must not be there. */
	return git_change(repo, repo->common_dir,
	    GIT_ARGS("update-ref", "-m", "divisi: the work of an agent elsewhere", ref,
		oid, old),
	    err);
}

int
outside_fetch(struct repo *repo, const char *remote, const char *branch,
    const char *session, char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *to = xasprintf("refs/divisi/%s/outside", session);
	AUTO_FREE char *spec = xasprintf("+refs/heads/%s:%s", branch, to);
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("fetch", "--quiet", "--no-tags",
		    "--no-write-fetch-head", "--recurse-submodules=no", "--", remote,
		    spec),
		.timeout_ms = FETCH_TIMEOUT_MS };
	int rc;

	if (!git_branch_ok(branch) || remote[0] == '-')
		return err_set(err, ERR_USAGE, "this is no branch name");
	if (pin_check_session(session, err) < 0 || repo_lock(repo, err) < 0)
		return -1;
	call.lock_fd = repo->lock_fd;
	rc = git_run(&call, NULL, err);
	if (rc < 0) {
		err_wrap(err, "branch %s of %s", branch, remote);
		repo_unlock(repo);
		return -1;
	}
	rc = repo_ref(repo->common_dir, to, oid, err);
	if (rc == 0)
		rc = err_set(err, ERR_NOT_FOUND, "%s has no branch %s", remote, branch);
	if (rc > 0)
		rc = pin_commit(repo, session, "head", oid, err);
	if (rc == 0)
		rc = set_local(repo, remote, branch, oid, err);
	if (rc == 0)
		rc = pin_commit(repo, session, "head", oid, err);
	repo_unlock(repo);
	return rc;
}

void
outside_facts_clear(struct outside_facts *facts)
{
	git_list_clear(&facts->changed);
	*facts = (struct outside_facts){ 0 };
}

int
outside_inspect(const struct repo *repo, const char *target, const char *oid,
    struct outside_facts *facts, struct err *err)
{
	AUTO_FREE char *base = git_line(
	    repo->common_dir, GIT_ARGS("merge-base", target, oid), NULL);
	AUTO_FREE char *range = NULL, *count = NULL;
	struct git_out text = { 0 };
	struct git_call diff = { .dir = repo->common_dir };
	const char *const argv[] = { "diff", "--name-only", "-z", "--no-renames",
		base ? base : "", oid, "--", NULL };

	if (!base || !git_oid_ok(base))
		return err_set(err, ERR_CONFLICT,
		    "%.12s and %s have no history in common", oid, target);
	range = xasprintf("%s..%s", base, oid);
	count = git_line(repo->common_dir, GIT_ARGS("rev-list", "--count", range), err);
	diff.argv = argv;
	if (!count || git_run(&diff, &text, err) < 0)
		return -1;
	memcpy(facts->base, base, strlen(base) + 1);
	facts->n_commits = strtoul(count, NULL, 10);
	git_list_split(&facts->changed, text.text, text.n);
	git_out_clear(&text);
	return 0;
}
