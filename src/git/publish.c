#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/land.h"
#include "git/local.h"
#include "git/torn.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PUSH_TIMEOUT_MS 300000

static int
list_remotes(const struct repo *repo, struct git_list *remotes, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir, .argv = GIT_ARGS("remote") };
	struct git_out out = { 0 };
	struct span rest, line;

	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0)
			git_list_add_n(remotes, line.p, line.n);
	}
	git_out_clear(&out);
	git_list_sort(remotes);
	return 0;
}

char *
repo_default_remote(const struct repo *repo, const char *branch)
{
	AUTO_FREE char *key = xasprintf("branch.%s.remote", branch);
	AUTO_FREE char *own = git_line(
	    repo->common_dir, GIT_ARGS("config", "--get", key), NULL);
	struct git_list remotes = { 0 };
	char *found = NULL;

	if (list_remotes(repo, &remotes, NULL) < 0)
		return NULL;
	if (own && git_list_has(&remotes, own))
		found = xstrdup(own);
	else if (git_list_has(&remotes, "origin"))
		found = xstrdup("origin");
	else if (remotes.n == 1)
		found = xstrdup(remotes.item[0]);
	git_list_clear(&remotes);
	return found;
}

/* What git push --porcelain says of the one ref: "!\tfrom:to\t[rejected] (why)". */
static int
tell_push(const char *remote, const char *branch, const char *text, struct err *err)
{
	const char *line = text[0] == '!' ? text : strstr(text, "\n!");
	const char *why = line ? strchr(line, '[') : NULL;
	AUTO_FREE char *raw = why ? xstrndup(why, strcspn(why, "\n")) : NULL;
	AUTO_FREE char *shown = raw ? text_show(raw, true) : NULL;

	if (!shown)
		return err_wrap(err, "push %s to %s", branch, remote);
	/* GitHub's words for a protected branch, and for one that rules are set for. */
	if (strcasestr(shown, "protected") || strcasestr(shown, "rule violation")) {
		err_set(err, ERR_REFUSED,
		    "push %s to %s: it is protected there, and pull requests change it "
		    "(divisi.publish forge): %.200s",
		    branch, remote, shown);
		return err_fix(err, "git config divisi.publish forge");
	}
	if (strncmp(why, "[rejected]", 10) == 0) {
		err_set(
		    err, ERR_CONFLICT, "push %s to %s: %.300s", branch, remote, shown);
		return err_fix(err, "look at what is there: git fetch %s", remote);
	}
	return err_set(err, ERR_SYSTEM, "push %s to %s: %.300s", branch, remote, shown);
}

int
repo_push(struct repo *repo, const char *remote, const char *branch, struct err *err)
{
	AUTO_FREE char *refspec = xasprintf(
	    "refs/heads/%s:refs/heads/%s", branch, branch);
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("push", "--porcelain", "--no-follow-tags",
		    "--recurse-submodules=no", "--no-force", "--", remote, refspec),
		.run_hooks = true,
		.timeout_ms = PUSH_TIMEOUT_MS };
	struct git_list remotes = { 0 };
	struct git_out out = { 0 };
	struct err why = ERR_INIT;
	bool is_known;
	int rc;

	if (!git_branch_ok(branch))
		return err_set(err, ERR_USAGE, "this is no branch name");
	if (list_remotes(repo, &remotes, err) < 0)
		return -1;
	is_known = git_list_has(&remotes, remote);
	git_list_clear(&remotes);
	if (!is_known) {
		AUTO_FREE char *shown = text_show(remote, true);

		return err_set(err, ERR_NOT_FOUND, "there is no remote %s", shown);
	}
	rc = git_try(&call, &out, &why);
	if (rc > 0)
		tell_push(remote, branch, out.text, &why);
	if (rc != 0 && err)
		*err = why;
	git_out_clear(&out);
	return rc == 0 ? 0 : -1;
}

int
repo_fetch(struct repo *repo, const char *remote, const char *branch,
    char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *to = xasprintf("refs/remotes/%s/%s", remote, branch);
	AUTO_FREE char *spec = xasprintf("+refs/heads/%s:%s", branch, to);
	struct git_call call = { .dir = repo->top,
		.argv = GIT_ARGS("fetch", "--quiet", "--no-tags",
		    "--no-write-fetch-head", "--recurse-submodules=no", "--", remote,
		    spec),
		.timeout_ms = PUSH_TIMEOUT_MS };
	int rc;

	if (!git_branch_ok(branch) || remote[0] == '-')
		return err_set(err, ERR_USAGE, "this is no branch name");
	if (repo_lock(repo, err) < 0)
		return -1;
	call.lock_fd = repo->lock_fd;
	rc = git_run(&call, NULL, err);
	repo_unlock(repo);
	if (rc < 0)
		return err_wrap(err, "%s of %s", branch, remote);
	rc = repo_ref(repo->common_dir, to, oid, err);
	if (rc == 0)
		return err_set(err, ERR_NOT_FOUND, "%s has no %s", remote, branch);
	return rc < 0 ? -1 : 0;
}

/* A file of the worktree itself: no way out of it, no directory, not git's own. */
static int
check_file(const char *root, const char *name, struct err *err)
{
	AUTO_FREE char *shown = text_show(name, true);
	AUTO_FREE char *path = path_join(root, name);
	struct span rest = span_of(name), part;
	size_t n_root = strlen(root);
	AUTO_FREE char *dir = xstrdup(path);
	AUTO_FREE char *real = NULL;
	struct stat st;

	while (span_next(&rest, '/', &part)) {
		if (part.n == 0 || span_eq(part, ".") || span_eq(part, "..") ||
		    span_eq_nocase(part, ".git"))
			return err_set(
			    err, ERR_REFUSED, "%.300s leaves the worktree", shown);
	}
	if (lstat(path, &st) < 0)
		return err_set(err, ERR_NOT_FOUND, "there is no file %.300s", shown);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(err, ERR_REFUSED, "%.300s is no file", shown);
	*strrchr(dir, '/') = '\0';
	real = realpath(dir, NULL);
	if (!real || strncmp(real, root, n_root) != 0 ||
	    (real[n_root] != '\0' && real[n_root] != '/'))
		return err_set(err, ERR_REFUSED,
		    "%.300s leaves the worktree by a symbolic link", shown);
	return 0;
}

/* The NUL-terminated names as git reads them from standard input. */
static char *
join_names(const struct git_list *names, size_t *n)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, n);

	for (size_t i = 0; out && i < names->n; i++)
		fwrite(names->item[i], 1, strlen(names->item[i]) + 1, out);
	if (out)
		fclose(out);
	return bytes;
}

static void
identity_env(const struct git_identity *identity, struct git_list *env)
{
	static const char *const roles[] = { "AUTHOR", "COMMITTER" };

	for (size_t i = 0; identity && i < N_ELEMS(roles); i++) {
		AUTO_FREE char *name = xasprintf(
		    "GIT_%s_NAME=%s", roles[i], identity->name);
		AUTO_FREE char *email = xasprintf(
		    "GIT_%s_EMAIL=%s", roles[i], identity->email);

		git_list_add(env, name);
		git_list_add(env, email);
	}
}

/* 1 when one of FILES differs from the last commit. */
static int
has_changes(const char *path, const struct git_list *files, struct err *err)
{
	struct git_status status = { 0 };
	int any = 0;

	if (repo_status(path, NULL, &status, err) < 0)
		return -1;
	for (size_t i = 0; i < files->n; i++)
		any = any || git_list_has(&status.dirty, files->item[i]);
	git_status_clear(&status);
	return any;
}

static int
commit_files(
    const struct repo *repo, const struct artefacts_spec *spec, struct err *err)
{
	size_t n = 0;
	AUTO_FREE char *names = join_names(spec->files, &n);
	struct git_list env = { 0 };
	struct git_call call = { .dir = spec->path,
		.argv = GIT_ARGS("--literal-pathspecs", "add", "-f", "--sparse",
		    "--pathspec-from-file=-", "--pathspec-file-nul"),
		.input = names,
		.n_input = n,
		.lock_fd = repo->lock_fd };
	int rc = git_run(&call, NULL, err);

	if (rc == 0)
		rc = has_changes(spec->path, spec->files, err);
	if (rc <= 0)
		return rc;
	identity_env(spec->identity, &env);
	call.env = env.n > 0 ? (const char *const *)env.item : NULL;
	/* The user's key does not sign for somebody else. */
	call.argv = GIT_ARGS("--literal-pathspecs", "commit",
	    spec->identity ? "--no-gpg-sign" : "-q", "-q", "--only", "--no-verify",
	    "--cleanup=whitespace", "-m", spec->message, "--pathspec-from-file=-",
	    "--pathspec-file-nul");
	rc = git_run(&call, NULL, err);
	git_list_clear(&env);
	return rc;
}

int
commit_artefacts(struct repo *repo, const struct artefacts_spec *spec,
    char oid[GIT_OID_SIZE], struct err *err)
{
	AUTO_FREE char *root = realpath(spec->path, NULL);
	char head[GIT_OID_SIZE];
	int rc = 0;

	if (!root)
		return err_sys(err, "%s", spec->path);
	if (worktree_check(repo, root, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < spec->files->n; i++)
		rc = check_file(root, spec->files->item[i], err);
	if (rc < 0 || repo_lock(repo, err) < 0)
		return -1;
	/* Of a git of ours, or of its agent, that went with the power. */
	torn_unlock(root);
	if (spec->files->n > 0)
		rc = commit_files(repo, spec, err);
	repo_unlock(repo);
	if (rc == 0)
		rc = repo_ref(root, "HEAD", head, err);
	if (rc == 0)
		return err_set(err, ERR_REFUSED, "there is no commit yet");
	if (rc < 0)
		return -1;
	memcpy(oid, head, sizeof(head));
	return 0;
}
