#include "git/worktree.h"

#include "base/crash.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/local.h"
#include "git/torn.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARKER        "divisi-session"
#define MAX_AHEAD     200
#define MAX_MARKER    ((size_t)64 << 10)
#define REASON_PREFIX "divisi session "

char *
worktree_default_path(const struct repo *repo, const char *name)
{
	AUTO_FREE char *root = file_state_dir(), *slug = NULL;
	const char *base = strrchr(repo->top, '/');
	char hex[HASH_HEX_SIZE];

	/* Two repositories may bear one name: the place tells them apart. */
	hash_sha256(repo->common_dir, strlen(repo->common_dir), hex);
	slug = text_slug(base ? base + 1 : repo->top, 40);
	return xasprintf(
	    "%s/worktrees/%s%s%.8s/%s", root, slug, slug[0] ? "-" : "", hex, name);
}

char *
worktree_canon(const char *path, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(path);
	AUTO_FREE char *dir = NULL;
	char *slash;
	size_t n = strlen(copy);

	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	slash = strrchr(copy, '/');
	if (copy[0] != '/' || n < 2 || strcmp(slash, "/..") == 0 ||
	    strcmp(slash, "/.") == 0) {
		AUTO_FREE char *shown = text_show(path, true);

		err_set(err, ERR_USAGE, "%s is no absolute path", shown);
		return NULL;
	}
	*slash = '\0';
	dir = realpath(slash == copy ? "/" : copy, NULL);
	/* No parent, no worktree: what is asked about it is answered by the path given. */
	if (!dir) {
		*slash = '/';
		return TAKE_PTR(copy);
	}
	return path_join(dir, slash + 1);
}

/* The one line of a small file of git's, whose path may hold newlines; NULL when none. */
static char *
read_link_file(const char *path)
{
	size_t n = 0;
	char *text = file_read(path, MAX_MARKER, &n, NULL);

	if (text && n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return text;
}

char *
worktree_admin(const struct repo *repo, const char *path)
{
	AUTO_FREE char *all = path_join(repo->common_dir, "worktrees");
	AUTO_FREE char *wanted = path_join(path, ".git");
	DIR *dir = opendir(all);
	struct dirent *e;
	char *found = NULL;

	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *admin = path_join(all, e->d_name);
		AUTO_FREE char *file = path_join(admin, "gitdir");
		AUTO_FREE char *link = e->d_name[0] == '.' ? NULL
							   : read_link_file(file);

		/* Another one may claim our place: ours is the one that .git leads to. */
		if (link && strcmp(link, wanted) == 0 &&
		    (!found || worktree_is_linked(path, admin))) {
			free(found);
			found = TAKE_PTR(admin);
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

bool
worktree_is_linked(const char *path, const char *admin)
{
	AUTO_FREE char *file = path_join(path, ".git");
	AUTO_FREE char *text = read_link_file(file);
	AUTO_FREE char *real = NULL, *wanted = NULL;

	if (!text || strncmp(text, "gitdir: ", 8) != 0)
		return false;
	real = realpath(text + 8, NULL);
	wanted = realpath(admin, NULL);
	return real && wanted && strcmp(real, wanted) == 0;
}

int
worktree_check(const struct repo *repo, const char *path, struct err *err)
{
	AUTO_FREE char *admin = worktree_admin(repo, path);
	AUTO_FREE char *shown = NULL;

	if (strcmp(path, repo->top) == 0 || (admin && worktree_is_linked(path, admin)))
		return 0;
	shown = text_show(path, true);
	return err_set(
	    err, ERR_NOT_FOUND, "%s is no worktree of this repository", shown);
}

void
marker_clear(struct marker *marker)
{
	free(marker->session);
	free(marker->branch);
	free(marker->base);
	*marker = (struct marker){ 0 };
}

int
marker_read(const char *admin, struct marker *marker, struct err *err)
{
	AUTO_FREE char *path = path_join(admin, MARKER);
	AUTO_FREE char *text = NULL;
	struct marker m = { 0 };
	struct span rest, line, key;
	size_t n = 0;

	if (!file_exists(path))
		return 0;
	text = file_read(path, MAX_MARKER, &n, err);
	if (!text)
		return -1;
	rest = (struct span){ text, n };
	while (span_next(&rest, '\n', &line)) {
		if (!span_next(&line, '=', &key) || !line.p)
			continue;
		if (span_eq(key, "session") && !m.session)
			m.session = xstrndup(line.p, line.n);
		else if (span_eq(key, "branch") && !m.branch)
			m.branch = xstrndup(line.p, line.n);
		else if (span_eq(key, "base") && !m.base)
			m.base = xstrndup(line.p, line.n);
		else if (span_eq(key, "state"))
			m.is_ready = span_eq(line, "ready");
	}
	if (!m.session || !m.branch || !m.base) {
		marker_clear(&m);
		return 0;
	}
	*marker = m;
	return 1;
}

int
marker_write(const char *admin, const struct marker *marker, struct err *err)
{
	AUTO_FREE char *path = path_join(admin, MARKER);
	AUTO_FREE char *text = xasprintf("session=%s\nbranch=%s\nbase=%s\nstate=%s\n",
	    marker->session, marker->branch, marker->base,
	    marker->is_ready ? "ready" : "making");

	return file_write_atomic(path, text, strlen(text), 0644, err);
}

long
worktree_find(const struct git_worktrees *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->item[i].path, path) == 0)
			return (long)i;
	}
	return -1;
}

char *
worktree_owner(const char *dir)
{
	AUTO_FREE char *admin = git_line(
	    dir, GIT_ARGS("rev-parse", "--absolute-git-dir"), NULL);
	struct marker marker = { 0 };
	char *session = NULL;

	if (admin && marker_read(admin, &marker, NULL) > 0)
		session = TAKE_PTR(marker.session);
	marker_clear(&marker);
	return session;
}

/* One worktree being made. */
struct making {
	struct repo *repo;
	const struct worktree_spec *spec;
	char *path; /* canonical */
	char *reason;
};

static int
in_the_way(const char *path, const char *what, struct err *err)
{
	AUTO_FREE char *shown = text_show(path, true);

	err_set(err, ERR_CONFLICT, "%s is in the way: %s", shown, what);
	return err_fix(err, "look at it; move it away if nobody needs it there");
}

/* The commits a foreign branch has on top of base, for the person to judge (J-42). */
static int
tell_prior_work(const struct making *making, const char *tip, struct err *err)
{
	AUTO_FREE char *range = xasprintf("%s..%s", making->spec->base, tip);
	AUTO_FREE char *first = NULL;
	struct git_log log = { 0 };

	if (repo_log(making->repo->common_dir, GIT_ARGS("--end-of-options", range), 20,
		&log, err) < 0)
		return -1;
	if (log.n > 0)
		first = text_show(log.item[0].subject, true);
	err_set(err, ERR_CONFLICT,
	    "branch %s exists and is not this session's: %zu%s commits ahead%s%.120s",
	    making->spec->branch, log.n, log.is_truncated ? "+" : "",
	    first ? ", last: " : "", first ? first : "");
	if (err) {
		err->code = "G09";
		err->rule = "J-42";
	}
	git_log_clear(&log);
	return err_fix(err, "resume it, choose a new suffix, or delete the branch");
}

/*
 * Where a branch that is not there begins: at the base, or at what this session had made
 * when the branch was taken away.
 */
static int
find_start(const struct making *making, char start[GIT_OID_SIZE], struct err *err)
{
	struct repo *repo = making->repo;
	const struct worktree_spec *spec = making->spec;
	int rc = pin_read(repo, spec->session, "head", start, err);

	if (rc > 0)
		rc = repo_is_ancestor(repo, spec->base, start, err);
	if (rc == 0)
		memcpy(start, spec->base, strlen(spec->base) + 1);
	return rc < 0 ? -1 : 0;
}

/* Makes the branch, or finds that this session made it. */
static int
make_branch(const struct making *making, struct err *err)
{
	const struct worktree_spec *spec = making->spec;
	AUTO_FREE char *ref = NULL;
	char tip[GIT_OID_SIZE], base[GIT_OID_SIZE], start[GIT_OID_SIZE];
	int there, is_pinned, is_on_base = 0;
	struct repo *repo = making->repo;

	if (!spec->branch)
		return pin_commit(repo, spec->session, "base", spec->base, err);
	ref = xasprintf("refs/heads/%s", spec->branch);
	there = repo_ref(repo->common_dir, ref, tip, err);
	is_pinned = pin_read(repo, spec->session, "base", base, err);
	if (there < 0 || is_pinned < 0)
		return -1;
	if (there && is_pinned)
		is_on_base = repo_is_ancestor(repo, base, tip, err);
	if (is_on_base != 0)
		return is_on_base < 0 ? -1 : 0;
	if (there)
		return tell_prior_work(making, tip, err);
	/* First the pin, which proves that a branch found later is ours. */
	if (pin_commit(repo, spec->session, "base", spec->base, err) < 0 ||
	    find_start(making, start, err) < 0)
		return -1;
	if (git_change(repo, repo->common_dir,
		GIT_ARGS("update-ref", "-m", making->reason, "--create-reflog",
		    "--end-of-options", ref, start, ""),
		err) == 0)
		return 0;
	if (err && strstr(err->text, "cannot create")) {
		err->kind = ERR_CONFLICT;
		err->code = "G09";
		err->rule = "S-23";
		return err_fix(err, "choose another branch name: git keeps no a beside "
				    "a/b");
	}
	return -1;
}

/* Fills the worktree with the files of its commit, then says so in the marker. */
static int
populate(const struct making *making, const char *admin, struct err *err)
{
	const struct worktree_spec *spec = making->spec;
	AUTO_FREE char *session = xstrdup(spec->session);
	AUTO_FREE char *branch = xstrdup(spec->branch ? spec->branch : "");
	AUTO_FREE char *base = xstrdup(spec->base);
	AUTO_FREE char *lock = path_join(admin, "index.lock");
	AUTO_FREE char *index = path_join(admin, "index");
	AUTO_FREE char *orig = path_join(admin, "ORIG_HEAD.lock");
	struct marker marker = { session, branch, base, false };

	if (torn_sync_worktree(making->path, admin, err) < 0 ||
	    marker_write(admin, &marker, err) < 0)
		return -1;
	/*
	 * Nobody has worked here yet, and we hold the lock that every git of ours
	 * inherits: a lock in there can only be that of one that was killed, and an
	 * index may be what a machine without power left of it.
	 */
	DURABLE("worktree.unlock-index", unlink(lock));
	DURABLE("worktree.unlock-head", unlink(orig));
	DURABLE("worktree.drop-index", unlink(index));
	if (git_change(making->repo, making->path,
		GIT_ARGS("reset", "--hard", "-q", "--no-recurse-submodules"), err) < 0)
		return -1;
	marker.is_ready = true;
	return torn_sync_worktree(making->path, admin, err) < 0
		   ? -1
		   : marker_write(admin, &marker, err);
}

/* True when PATH is absent or an empty directory; a file .git in it may be allowed. */
static bool
is_void(const char *path, bool allow_git)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	bool is_empty = true;

	if (!dir)
		return !file_exists(path);
	while (is_empty && (e = readdir(dir)))
		is_empty = strcmp(e->d_name, ".") == 0 ||
			   strcmp(e->d_name, "..") == 0 ||
			   (allow_git && strcmp(e->d_name, ".git") == 0);
	closedir(dir);
	return is_empty;
}

/*
 * Drops git's knowledge of a worktree of ours that has no files.  Its lock goes with it: until
 * there is a marker it is all that says whose it is.
 */
static int
drop_entry(const struct making *making, struct err *err)
{
	AUTO_FREE char *git = path_join(making->path, ".git");

	DURABLE("worktree.drop-link", unlink(git));
	if (DURABLE("worktree.drop-dir", rmdir(making->path)) < 0 && errno != ENOENT)
		return err_sys(err, "remove empty %s", making->path);
	return git_change(making->repo, making->repo->common_dir,
	    GIT_ARGS("worktree", "remove", "--force", "--force", "--", making->path),
	    err);
}

static int
make_fresh(const struct making *making, struct err *err)
{
	const struct worktree_spec *spec = making->spec;
	AUTO_FREE char *admin = NULL;
	int rc;

	if (make_branch(making, err) < 0)
		return -1;
	if (spec->branch)
		rc = git_change(making->repo, making->repo->common_dir,
		    GIT_ARGS("worktree", "add", "--no-checkout", "--lock", "--reason",
			making->reason, "--", making->path, spec->branch),
		    err);
	else
		rc = git_change(making->repo, making->repo->common_dir,
		    GIT_ARGS("worktree", "add", "--no-checkout", "--detach", "--lock",
			"--reason", making->reason, "--", making->path, spec->base),
		    err);
	if (rc < 0) {
		if (err && strstr(err->text, "already checked out"))
			err->kind = ERR_CONFLICT;
		return -1;
	}
	admin = worktree_admin(making->repo, making->path);
	if (!admin)
		return err_set(err, ERR_SYSTEM, "git made no worktree");
	return populate(making, admin, err);
}

/* A worktree with our marker: ready, half made, or without its directory. */
static int
take_up(const struct making *making, const struct git_worktree *tree, const char *admin,
    const struct marker *marker, struct err *err)
{
	const struct worktree_spec *spec = making->spec;
	const char *branch = spec->branch ? spec->branch : "";
	AUTO_FREE char *what = NULL;

	if (strcmp(marker->session, spec->session) != 0 ||
	    strcmp(marker->branch, branch) != 0) {
		AUTO_FREE char *theirs = text_show(marker->session, true);

		what = xasprintf(
		    "the worktree of session %s, branch %s", theirs, marker->branch);
		return in_the_way(making->path, what, err);
	}
	if (tree->is_missing) {
		/* The directory is gone; what git still knows of it is kept. */
		if ((tree->head[0] && pin_commit(making->repo, spec->session, "head",
					  tree->head, err) < 0) ||
		    pin_dropped(making->repo, admin, tree->branch, spec->session, err) <
			0 ||
		    drop_entry(making, err) < 0)
			return -1;
		return make_fresh(making, err);
	}
	if (!worktree_is_linked(making->path, admin))
		return in_the_way(making->path, "its .git file points elsewhere", err);
	if (!tree->lock_reason &&
	    torn_lock_worktree(making->repo, making->path, making->reason, err) < 0)
		return -1;
	return marker->is_ready ? 0 : populate(making, admin, err);
}

static int
make_or_find(const struct making *making, struct err *err)
{
	AUTO_FREE char *admin = worktree_admin(making->repo, making->path);
	struct git_worktrees list = { 0 };
	struct marker marker = { 0 };
	struct git_worktree *tree;
	int marked = 0, rc = -1;
	long at;

	if (!admin && torn_clear_worktree(making->repo, making->path, err) < 0)
		return -1;
	if (repo_worktrees(making->repo, &list, err) < 0)
		return -1;
	at = worktree_find(&list, making->path);
	tree = at < 0 ? NULL : &list.item[at];
	if (tree && admin)
		marked = marker_read(admin, &marker, err);
	if (marked < 0)
		goto out;
	if (!tree && !is_void(making->path, false)) {
		in_the_way(making->path, "it is no worktree of this repository", err);
	} else if (!tree) {
		rc = make_fresh(making, err);
	} else if (marked) {
		rc = take_up(making, tree, admin, &marker, err);
	} else if (tree->lock_reason &&
		   strcmp(tree->lock_reason, making->reason) == 0 &&
		   is_void(making->path, true)) {
		/* A git of ours died before there was a file in it. */
		rc = drop_entry(making, err);
		if (rc == 0)
			rc = make_fresh(making, err);
	} else {
		in_the_way(making->path, "a worktree that divisi did not make", err);
	}

out:
	marker_clear(&marker);
	git_worktrees_clear(&list);
	return rc;
}

static int
check_spec(const struct repo *repo, const struct worktree_spec *spec, struct err *err)
{
	char oid[GIT_OID_SIZE];

	if (pin_check_session(spec->session, err) < 0)
		return -1;
	if (spec->branch && !git_branch_ok(spec->branch)) {
		AUTO_FREE char *shown = text_show(spec->branch, true);

		err_set(err, ERR_REFUSED, "%s is no branch name", shown);
		if (err) {
			err->code = "G09";
			err->rule = "S-24";
		}
		return -1;
	}
	if (!git_oid_ok(spec->base))
		return err_set(err, ERR_USAGE, "the base of a worktree is a commit id");
	return repo_resolve(repo, spec->base, oid, err);
}

int
worktree_add(struct repo *repo, const struct worktree_spec *spec, struct err *err)
{
	struct making making = { .repo = repo, .spec = spec };
	AUTO_FREE char *parent = xstrdup(spec->path);
	char *slash = strrchr(parent, '/');
	int rc = -1;

	if (check_spec(repo, spec, err) < 0)
		return -1;
	if (slash && slash > parent) {
		*slash = '\0';
		if (file_mkdirs(parent, 0700, err) < 0)
			return -1;
	}
	making.path = worktree_canon(spec->path, err);
	making.reason = xasprintf(REASON_PREFIX "%s", spec->session);
	if (making.path && repo_lock(repo, err) == 0) {
		rc = make_or_find(&making, err);
		repo_unlock(repo);
	}
	free(making.path);
	free(making.reason);
	return rc;
}

void
worktree_facts_clear(struct worktree_facts *facts)
{
	free(facts->branch);
	git_log_clear(&facts->ahead);
	git_status_clear(&facts->status);
	*facts = (struct worktree_facts){ 0 };
}

static int
inspect(const struct repo *repo, const char *path, const char *base,
    struct worktree_facts *facts, struct err *err)
{
	AUTO_FREE char *range = NULL;
	char known[GIT_OID_SIZE];
	int rc = repo_ref(path, "HEAD", facts->head, err);

	if (rc < 0 || repo_status(path, NULL, &facts->status, err) < 0)
		return -1;
	facts->branch = git_line(
	    path, GIT_ARGS("symbolic-ref", "-q", "--short", "HEAD"), NULL);
	if (!rc || !base)
		return 0;
	if (repo_resolve(repo, base, known, err) < 0)
		return -1;
	rc = repo_is_ancestor(repo, known, facts->head, err);
	if (rc < 0)
		return -1;
	facts->base_reachable = rc > 0;
	range = xasprintf("%s..%s", known, facts->head);
	return repo_log(
	    path, GIT_ARGS("--end-of-options", range), MAX_AHEAD, &facts->ahead, err);
}

int
worktree_inspect(const struct repo *repo, const char *path, const char *session,
    const char *base, struct worktree_facts *facts, struct err *err)
{
	AUTO_FREE char *canon = worktree_canon(path, err);
	AUTO_FREE char *admin = canon ? worktree_admin(repo, canon) : NULL;
	struct worktree_facts f = { 0 };
	struct marker marker = { 0 };

	if (!canon)
		return -1;
	if (admin && marker_read(admin, &marker, err) < 0)
		return -1;
	f.exists = admin && file_is_dir(canon) && worktree_is_linked(canon, admin);
	f.is_owned = f.exists && marker.session && strcmp(marker.session, session) == 0;
	f.is_ready = f.is_owned && marker.is_ready;
	marker_clear(&marker);
	if (f.exists && inspect(repo, canon, base, &f, err) < 0) {
		worktree_facts_clear(&f);
		return -1;
	}
	*facts = f;
	return 0;
}
