#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/merge.h"
#include "git/settle.h"
#include "git/torn.h"

#include <stdio.h>
#include <string.h>

#define MAX_COMMITS   500
#define MAX_COAUTHORS 20
#define MAX_SUBJECT   120

static const char *const method_names[] = {
	[MERGE_SQUASH] = "squash",
	[MERGE_REBASE] = "rebase",
	[MERGE_COMMIT] = "merge",
};

const char *
merge_method_name(enum merge_method method)
{
	return method_names[method];
}

bool
merge_method_parse(const char *word, enum merge_method *method)
{
	for (size_t i = 0; i < N_ELEMS(method_names); i++) {
		if (strcmp(word, method_names[i]) == 0) {
			*method = (enum merge_method)i;
			return true;
		}
	}
	return false;
}

void
candidate_clear(struct candidate *candidate)
{
	merge_trial_clear(&candidate->trial);
	*candidate = (struct candidate){ 0 };
}

/* S without control characters; newlines stay where KEEP_LINES. */
static char *
plain(const char *s, bool keep_lines)
{
	char *copy = xstrdup(s);

	for (char *p = copy; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c < ' ' && !(keep_lines && (c == '\n' || c == '\t'))) || c == 127)
			*p = ' ';
	}
	return copy;
}

char *
merge_message(
    const char *issue, const char *focus, const char *body, const char *session)
{
	AUTO_FREE char *id = plain(issue, false);
	AUTO_FREE char *subject = plain(focus, false);
	AUTO_FREE char *text = body ? plain(body, true) : NULL;
	AUTO_FREE char *who = plain(session, false);
	size_t n = strlen(subject);

	/* Cut between characters. */
	if (n > MAX_SUBJECT) {
		for (n = MAX_SUBJECT;
		     n > 0 && ((unsigned char)subject[n] & 0xC0) == 0x80; n--)
			;
		subject[n] = '\0';
	}
	return xasprintf("%s: %s\n\n%s%sCloses %s\n\nDivisi-Session: %s\n", id, subject,
	    text ? text : "", text ? "\n\n" : "", id, who);
}

/* Who made a commit and when. */
struct author {
	char *name, *email, *date; /* DATE is "seconds zone" */
	long long committed;       /* seconds */
};

static void
author_clear(struct author *author)
{
	free(author->name);
	free(author->email);
	free(author->date);
	*author = (struct author){ 0 };
}

static int
read_author(
    const struct repo *repo, const char *oid, struct author *author, struct err *err)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("log", "-1", "--no-mailmap", "--date=raw",
		    "--format=%an%n%ae%n%ad%n%ct", "--end-of-options", oid) };
	struct span rest, line[4];
	struct git_out out = { 0 };
	bool is_whole = true;

	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	for (size_t i = 0; i < N_ELEMS(line); i++)
		is_whole = is_whole && span_next(&rest, '\n', &line[i]);
	if (is_whole) {
		author->name = xstrndup(line[0].p, line[0].n);
		author->email = xstrndup(line[1].p, line[1].n);
		author->date = xstrndup(line[2].p, line[2].n);
		author->committed = strtoll(line[3].p, NULL, 10);
	}
	git_out_clear(&out);
	return is_whole ? 0
			: err_set(err, ERR_SYSTEM, "git log said nothing of %s", oid);
}

static int
check_identity(const struct repo *repo, struct err *err)
{
	AUTO_FREE char *who = git_line(
	    repo->top, GIT_ARGS("var", "GIT_COMMITTER_IDENT"), err);

	if (who)
		return 0;
	if (err)
		err->kind = ERR_REFUSED;
	return err_fix(err, "git config --global user.name 'Your Name' && git config "
			    "--global user.email you@example.org");
}

/* A commit to be made. */
struct plan_commit {
	const char *tree, *message;
	const char *parent[2];
	const char *author_of; /* the commit whose author and time it takes */
};

static void
commit_env(const struct author *author, long long at, struct git_list *env)
{
	AUTO_FREE char *name = xasprintf("GIT_AUTHOR_NAME=%s", author->name);
	AUTO_FREE char *email = xasprintf("GIT_AUTHOR_EMAIL=%s", author->email);
	AUTO_FREE char *date = xasprintf("GIT_AUTHOR_DATE=@%s", author->date);
	AUTO_FREE char *when = xasprintf("GIT_COMMITTER_DATE=@%lld +0000", at);

	if (author->name[0])
		git_list_add(env, name);
	git_list_add(env, email);
	git_list_add(env, date);
	git_list_add(env, when);
}

static int
make_commit(const struct repo *repo, const struct plan_commit *commit,
    char oid[GIT_OID_SIZE], struct err *err)
{
	struct git_list args = { 0 }, env = { 0 };
	struct git_call call = { .dir = repo->top,
		.lock_fd = repo->lock_fd,
		.input = commit->message,
		.n_input = strlen(commit->message) };
	AUTO_FREE char *sign = git_line(repo->top,
	    GIT_ARGS("config", "--type=bool", "--get", "commit.gpgSign"), NULL);
	struct author author = { 0 }, onto = { 0 };
	struct git_out out = { 0 };
	long long at;
	int rc = -1;

	if (read_author(repo, commit->author_of, &author, err) < 0 ||
	    read_author(repo, commit->parent[0], &onto, err) < 0)
		goto out;
	at = author.committed > onto.committed ? author.committed : onto.committed;
	commit_env(&author, at, &env);
	git_list_add(&args, "commit-tree");
	if (sign && strcmp(sign, "true") == 0)
		git_list_add(&args, "-S");
	for (size_t i = 0; i < 2 && commit->parent[i]; i++) {
		git_list_add(&args, "-p");
		git_list_add(&args, commit->parent[i]);
	}
	git_list_add(&args, "-F");
	git_list_add(&args, "-");
	git_list_add(&args, commit->tree);
	call.argv = (const char *const *)args.item;
	call.env = (const char *const *)env.item;
	rc = git_run(&call, &out, err);
	if (rc == 0)
		snprintf(
		    oid, GIT_OID_SIZE, "%.*s", (int)strcspn(out.text, "\n"), out.text);
	git_out_clear(&out);

out:
	git_list_clear(&args);
	git_list_clear(&env);
	author_clear(&author);
	author_clear(&onto);
	return rc;
}

/* MESSAGE with the other authors of target..tip as trailers; NULL with ERR. */
static char *
with_coauthors(
    const struct repo *repo, const struct candidate_spec *spec, struct err *err)
{
	AUTO_FREE char *range = xasprintf("%s..%s", spec->target, spec->tip);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("log", "--no-merges", "--no-mailmap",
		    "--format=Co-authored-by: %an <%ae>", "--end-of-options", range),
		.truncate = true };
	AUTO_FREE char *own = NULL;
	struct author author = { 0 };
	struct git_list names = { 0 };
	struct git_out out = { 0 };
	struct span rest, line;
	char *message;

	if (read_author(repo, spec->tip, &author, err) < 0)
		return NULL;
	own = xasprintf("Co-authored-by: %s <%s>", author.name, author.email);
	author_clear(&author);
	if (git_run(&call, &out, err) < 0)
		return NULL;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (line.n > 0 && !span_eq(line, own))
			git_list_add_n(&names, line.p, line.n);
	}
	git_out_clear(&out);
	git_list_sort(&names);
	message = xstrdup(spec->message);
	for (size_t i = 0, n = 0; i < names.n && n < MAX_COAUTHORS; i++) {
		char *longer;

		if (i > 0 && strcmp(names.item[i], names.item[i - 1]) == 0)
			continue;
		longer = xasprintf("%s%s\n", message, names.item[i]);
		free(message);
		message = longer;
		n++;
	}
	git_list_clear(&names);
	return message;
}

static char *
tree_of(const struct repo *repo, const char *commit, struct err *err)
{
	AUTO_FREE char *spec = xasprintf("%s^{tree}", commit);

	return git_line(
	    repo->common_dir, GIT_ARGS("rev-parse", "--verify", "-q", spec), err);
}

static int
tell_conflict(
    const struct candidate_spec *spec, const struct merge_trial *trial, struct err *err)
{
	struct git_list paths = { 0 };
	AUTO_FREE char *shown = NULL;

	for (size_t i = 0; i < trial->n; i++)
		git_list_add(&paths, trial->conflict[i].path);
	shown = git_list_show(&paths);
	git_list_clear(&paths);
	err_set(err, ERR_CONFLICT, "the work of %s does not merge: %.400s",
	    spec->session, shown);
	return err_fix(
	    err, "rebase the session's branch onto the target and settle both sides");
}

/* A squash, or a merge commit when METHOD says so. */
static int
build_merged(struct repo *repo, const struct candidate_spec *spec,
    struct candidate *candidate, struct err *err)
{
	bool is_merge = candidate->method == MERGE_COMMIT;
	AUTO_FREE char *old_tree = tree_of(repo, spec->target, err);
	AUTO_FREE char *message = NULL;
	struct plan_commit commit = { .parent = { spec->target,
					  is_merge ? spec->tip : NULL },
		.author_of = spec->tip };

	if (!old_tree ||
	    merge_trial(repo, spec->target, spec->tip, &candidate->trial, err) < 0)
		return -1;
	if (!candidate->trial.is_clean && spec->settle &&
	    settle_trial(repo, spec->target, spec->tip, spec->settle, &candidate->trial,
		err) < 0)
		return -1;
	if (!candidate->trial.is_clean)
		return tell_conflict(spec, &candidate->trial, err);
	if (strcmp(old_tree, candidate->trial.tree) == 0) {
		candidate->is_empty = true;
		memcpy(candidate->oid, spec->target, strlen(spec->target) + 1);
		return 0;
	}
	message = is_merge ? xstrdup(spec->message) : with_coauthors(repo, spec, err);
	commit.tree = candidate->trial.tree;
	commit.message = message;
	return message ? make_commit(repo, &commit, candidate->oid, err) : -1;
}

/* The commits to replay, oldest first; empty when a merge or a root is among them. */
static int
list_replay(const struct repo *repo, const struct candidate_spec *spec,
    struct git_list *oids, bool *can_replay, struct err *err)
{
	AUTO_FREE char *range = xasprintf("%s..%s", spec->target, spec->tip);
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("rev-list", "--reverse", "--topo-order", "--parents",
		    "--end-of-options", range) };
	struct git_out out = { 0 };
	struct span rest, line, oid, parent;

	if (git_run(&call, &out, err) < 0)
		return -1;
	*can_replay = true;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		if (line.n == 0 || !span_next(&line, ' ', &oid))
			continue;
		git_list_add_n(oids, oid.p, oid.n);
		if (!span_next(&line, ' ', &parent) || line.p)
			*can_replay = false;
	}
	git_out_clear(&out);
	*can_replay = *can_replay && oids->n <= MAX_COMMITS;
	return 0;
}

/*
 * Replays OID on top of ONTO, which receives the new commit.  merge-tree of git 2.39 takes
 * its base from history, so ONTO's tree is wrapped in a commit whose parent is OID's:
 * then the base is that parent, as in a cherry-pick.
 */
static int
replay(struct repo *repo, const char *oid, char onto[GIT_OID_SIZE],
    struct candidate *candidate, struct err *err)
{
	AUTO_FREE char *parent = xasprintf("%s^", oid);
	AUTO_FREE char *tree = tree_of(repo, onto, err);
	AUTO_FREE char *message = NULL, *wrap = NULL;
	struct git_list parents = { 0 };
	struct plan_commit commit = { .parent = { onto, NULL }, .author_of = oid };
	char base[GIT_OID_SIZE];

	if (!tree || repo_resolve(repo, parent, base, err) < 0)
		return -1;
	git_list_add(&parents, base);
	wrap = pin_make_commit(repo, tree, &parents, "divisi: replay", err);
	git_list_clear(&parents);
	merge_trial_clear(&candidate->trial);
	if (!wrap || merge_trial(repo, wrap, oid, &candidate->trial, err) < 0)
		return -1;
	if (!candidate->trial.is_clean) {
		memcpy(candidate->conflict_at, oid, strlen(oid) + 1);
		return 1;
	}
	/* Already in the target. */
	if (strcmp(candidate->trial.tree, tree) == 0)
		return 0;
	message = git_line(repo->common_dir,
	    GIT_ARGS("log", "-1", "--format=%B", "--end-of-options", oid), err);
	commit.tree = candidate->trial.tree;
	commit.message = message;
	return message ? make_commit(repo, &commit, onto, err) : -1;
}

static int
build_rebased(struct repo *repo, const struct candidate_spec *spec,
    struct candidate *candidate, struct err *err)
{
	char onto[GIT_OID_SIZE];
	struct git_list oids = { 0 };
	bool can_replay = false;
	int is_on_top = repo_is_ancestor(repo, spec->target, spec->tip, err);
	int rc;

	if (is_on_top < 0 || list_replay(repo, spec, &oids, &can_replay, err) < 0)
		return -1;
	if (!can_replay) {
		git_list_clear(&oids);
		candidate->method = MERGE_SQUASH;
		return build_merged(repo, spec, candidate, err);
	}
	snprintf(onto, sizeof(onto), "%s", is_on_top ? spec->tip : spec->target);
	rc = 0;
	for (size_t i = 0; rc == 0 && !is_on_top && i < oids.n; i++)
		rc = replay(repo, oids.item[i], onto, candidate, err);
	git_list_clear(&oids);
	if (rc > 0 && spec->settle) {
		/* Commit by commit the same would have to be settled again and again. */
		candidate->method = MERGE_SQUASH;
		candidate->conflict_at[0] = '\0';
		merge_trial_clear(&candidate->trial);
		return build_merged(repo, spec, candidate, err);
	}
	if (rc > 0)
		return tell_conflict(spec, &candidate->trial, err);
	if (rc < 0)
		return -1;
	candidate->trial.is_clean = true;
	candidate->is_empty = strcmp(onto, spec->target) == 0;
	memcpy(candidate->oid, onto, sizeof(onto));
	return 0;
}

int
candidate_build(struct repo *repo, const struct candidate_spec *spec,
    struct candidate *candidate, struct err *err)
{
	struct candidate c = { .method = spec->method };
	struct err why = ERR_INIT;
	int rc = -1;

	*candidate = (struct candidate){ 0 };
	if (pin_check_session(spec->session, err) < 0)
		return -1;
	if (!git_oid_ok(spec->target) || !git_oid_ok(spec->tip))
		return err_set(err, ERR_USAGE, "a candidate is made of commit ids");
	if (check_identity(repo, err) < 0 || repo_lock(repo, err) < 0)
		return -1;
	if (spec->method == MERGE_REBASE)
		rc = build_rebased(repo, spec, &c, &why);
	else
		rc = build_merged(repo, spec, &c, &why);
	if (rc == 0)
		rc = pin_commit(repo, spec->session, "candidate", c.oid, &why);
	repo_unlock(repo);
	if (rc < 0 && err)
		*err = why;
	if (rc == 0 || why.kind == ERR_CONFLICT)
		*candidate = c;
	else
		candidate_clear(&c);
	return rc;
}

/* The parents of OID, at most two, into PARENT; the caller frees. */
static int
read_parents(const struct repo *repo, const char *oid, char *parent[2], struct err *err)
{
	AUTO_FREE char *line = git_line(repo->common_dir,
	    GIT_ARGS("rev-list", "--parents", "-n1", "--end-of-options", oid), err);
	struct span rest, word;

	if (!line)
		return -1;
	rest = span_of(line);
	(void)span_next(&rest, ' ', &word);
	for (size_t i = 0; i < 2 && span_next(&rest, ' ', &word); i++)
		parent[i] = xstrndup(word.p, word.n);
	return parent[0] ? 0 : err_set(err, ERR_SYSTEM, "%s has no parent", oid);
}

/* The tree of SCRATCH's index with FILES added; NULL with ERR. */
static char *
add_files(struct repo *repo, const char *scratch, const struct git_list *files,
    struct err *err)
{
	struct git_list args = { 0 };
	char *tree = NULL;

	git_list_add(&args, "--literal-pathspecs");
	git_list_add(&args, "add");
	git_list_add(&args, "--all");
	git_list_add(&args, "--");
	for (size_t i = 0; i < files->n; i++)
		git_list_add(&args, files->item[i]);
	if (git_change(repo, scratch, (const char *const *)args.item, err) == 0)
		tree = git_line(scratch, GIT_ARGS("write-tree"), err);
	git_list_clear(&args);
	return tree;
}

int
candidate_amend(struct repo *repo, const char *session, const char *scratch,
    const struct git_list *files, struct candidate *candidate, struct err *err)
{
	struct candidate *c = candidate;
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *tree = NULL;
	char *parent[2] = { NULL, NULL }, oid[GIT_OID_SIZE];
	struct plan_commit commit = { .author_of = c->oid };
	int rc = -1;

	if (repo_lock(repo, err) < 0)
		return -1;
	message = git_line(repo->common_dir,
	    GIT_ARGS("log", "-1", "--format=%B", "--end-of-options", c->oid), err);
	if (message && read_parents(repo, c->oid, parent, err) == 0)
		tree = add_files(repo, scratch, files, err);
	if (tree) {
		commit.tree = tree;
		commit.message = message;
		commit.parent[0] = parent[0];
		commit.parent[1] = parent[1];
		rc = make_commit(repo, &commit, oid, err);
	}
	if (rc == 0)
		rc = git_change(
		    repo, scratch, GIT_ARGS("checkout", "-q", "--detach", oid), err);
	if (rc == 0)
		rc = pin_commit(repo, session, "candidate", oid, err);
	if (rc == 0)
		memcpy(c->oid, oid, sizeof(oid));
	repo_unlock(repo);
	free(parent[0]);
	free(parent[1]);
	return rc;
}

/* Pins and clears away what a former verify left in the scratch worktree. */
static int
scratch_clean(struct repo *repo, const char *path, const char *name, const char *oid,
    struct err *err)
{
	struct git_status status = { 0 };
	struct pin pin = { 0 };
	bool is_clean;

	if (repo_status(path, NULL, &status, err) < 0)
		return -1;
	is_clean = status.dirty.n == 0 && status.untracked.n == 0;
	git_status_clear(&status);
	if (!is_clean && worktree_pin(repo, path, name, &pin, err) < 0)
		return -1;
	pin_clear(&pin);
	if (git_change(
		repo, path, GIT_ARGS("checkout", "-q", "-f", "--detach", oid), err) < 0)
		return -1;
	/* One -f only: a repository in it is never deleted. */
	return is_clean
		   ? 0
		   : git_change(repo, path, GIT_ARGS("clean", "-f", "-d", "-q"), err);
}

int
scratch_prepare(struct repo *repo, const char *path, const char *name, const char *oid,
    struct err *err)
{
	struct worktree_spec spec = { name, path, NULL, oid };
	int rc;

	if (repo_lock(repo, err) < 0)
		return -1;
	rc = worktree_add(repo, &spec, err);
	if (rc == 0) {
		/* It is ours, and a git that was killed in it would keep us out for ever. */
		torn_unlock(path);
		rc = scratch_clean(repo, path, name, oid, err);
	}
	repo_unlock(repo);
	return rc;
}
