#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/aside.h"
#include "git/local.h"
#include "git/worktree.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_IGNORED_BYTES ((unsigned long long)64 << 20)
#define MAX_IGNORED_FILES 20000

/* See "Cache Directory Tagging": such a directory says that it can be made again. */
#define CACHE_TAG       "CACHEDIR.TAG"
#define CACHE_SIGNATURE "Signature: 8a477f597d28d172789f06886806bc55"

static const char *const made_again[] = { "node_modules/", "__pycache__/" };

/* One worktree being removed. */
struct removal {
	struct repo *repo;
	const char *session;
	char *path;  /* canonical */
	char *admin; /* its private git directory, NULL when git knows none */
	struct git_worktree *tree; /* NULL the same */
	bool was_cut_off; /* an earlier removal had begun: its .git may be gone */
};

static int
refuse(const struct removal *removal, const char *why, const char *fix, struct err *err)
{
	AUTO_FREE char *shown = text_show(removal->path, true);

	err_set(err, ERR_REFUSED, "%s is not removed: %s", shown, why);
	return err_fix(err, "%s", fix);
}

/* True when the file REL is the same in the main checkout: it was copied from there. */
static bool
is_same_in_main(const struct removal *removal, const char *rel)
{
	AUTO_FREE char *here = path_join(removal->path, rel);
	AUTO_FREE char *main = path_join(removal->repo->top, rel);
	AUTO_FREE char *a = NULL, *b = NULL;
	struct stat st_a, st_b;
	size_t n_a = 0, n_b = 0;

	if (lstat(here, &st_a) < 0 || lstat(main, &st_b) < 0 ||
	    !S_ISREG(st_a.st_mode) || !S_ISREG(st_b.st_mode) ||
	    st_a.st_size != st_b.st_size ||
	    (unsigned long long)st_a.st_size > MAX_IGNORED_BYTES)
		return false;
	a = file_read(here, MAX_IGNORED_BYTES, &n_a, NULL);
	b = file_read(main, MAX_IGNORED_BYTES, &n_b, NULL);
	return a && b && n_a == n_b && memcmp(a, b, n_a) == 0;
}

static bool
is_cache_tag(const struct removal *removal, const char *rel)
{
	const char *base = strrchr(rel, '/');
	AUTO_FREE char *path = path_join(removal->path, rel);
	char head[sizeof(CACHE_SIGNATURE) - 1];
	AUTO_FD int fd = -1;

	if (!base || strcmp(base + 1, CACHE_TAG) != 0)
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && read(fd, head, sizeof(head)) == (ssize_t)sizeof(head) &&
	       memcmp(head, CACHE_SIGNATURE, sizeof(head)) == 0;
}

/* True when REL lies in one of the directories CACHES ("build/"). */
static bool
is_cached(const char *rel, const struct git_list *caches)
{
	for (size_t i = 0; i < caches->n; i++) {
		if (strncmp(rel, caches->item[i], strlen(caches->item[i])) == 0)
			return true;
	}
	return false;
}

/* Ignored files of the worktree, without those that DISCARD says can be made again. */
static int
list_ignored(const struct removal *removal, const struct git_list *discard,
    struct git_list *files, struct err *err)
{
	struct git_list args = { 0 };
	struct git_call call = { .dir = removal->path, .max_bytes = (size_t)256 << 20 };
	struct git_out out = { 0 };
	static const char *const verb[] = { "ls-files", "-z", "--others", "--ignored",
		"--exclude-standard", "--", "." };
	int rc;

	for (size_t i = 0; i < N_ELEMS(verb); i++)
		git_list_add(&args, verb[i]);
	for (size_t i = 0; i < N_ELEMS(made_again); i++)
		pathspec_add(&args, "exclude,glob", made_again[i]);
	for (size_t i = 0; discard && i < discard->n; i++)
		pathspec_add(&args, "exclude,glob", discard->item[i]);
	call.argv = (const char *const *)args.item;
	rc = git_run(&call, &out, err);
	git_list_clear(&args);
	if (rc == 0)
		git_list_split(files, out.text, out.n);
	git_out_clear(&out);
	return rc;
}

static int
refuse_ignored(const struct removal *removal, size_t n, unsigned long long bytes,
    const char *example, struct err *err)
{
	AUTO_FREE char *shown = text_show(example, true);
	AUTO_FREE char *why = xasprintf(
	    "%zu ignored files (%llu MiB), such as %.120s, are kept nowhere else", n,
	    bytes >> 20, shown);

	return refuse(removal, why,
	    "say what can be made again (divisi.worktree.discard), or move it away",
	    err);
}

/* Pins the ignored files that are in no other place. */
static int
pin_ignored(
    const struct removal *removal, const struct git_list *discard, struct err *err)
{
	struct git_list all = { 0 }, caches = { 0 }, keep = { 0 };
	unsigned long long bytes = 0;
	int rc = list_ignored(removal, discard, &all, err);

	for (size_t i = 0; i < all.n; i++) {
		const char *name = all.item[i];

		if (is_cache_tag(removal, name))
			git_list_add_n(&caches, name, strlen(name) - strlen(CACHE_TAG));
	}
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		const char *name = all.item[i];
		AUTO_FREE char *path = path_join(removal->path, name);
		struct stat st;

		if (is_cached(name, &caches) || is_same_in_main(removal, name))
			continue;
		if (name[strlen(name) - 1] == '/') {
			AUTO_FREE char *shown = text_show(name, true);
			AUTO_FREE char *why = xasprintf(
			    "%.200s is a repository of its own", shown);

			rc = refuse(removal, why, "move it away, then try again", err);
			break;
		}
		if (lstat(path, &st) == 0)
			bytes += (unsigned long long)st.st_size;
		git_list_add(&keep, name);
	}
	if (rc == 0 && (bytes > MAX_IGNORED_BYTES || keep.n > MAX_IGNORED_FILES))
		rc = refuse_ignored(removal, keep.n, bytes, keep.item[0], err);
	if (rc == 0 && keep.n > 0)
		rc = pin_files(
		    removal->repo, removal->path, removal->session, &keep, err);
	git_list_clear(&all);
	git_list_clear(&caches);
	git_list_clear(&keep);
	return rc;
}

/* The owner must be proven by the marker inside, and nobody else's lock be on it. */
static int
prove_owner(const struct removal *removal, struct err *err)
{
	AUTO_FREE char *ours = xasprintf("divisi session %s", removal->session);
	const char *reason = removal->tree->lock_reason;
	AUTO_FREE char *why = NULL;
	struct marker marker = { 0 };
	int rc = marker_read(removal->admin, &marker, err);

	if (rc < 0)
		return -1;
	if (rc == 0) {
		why = xstrdup("nothing in it says that divisi made it");
	} else if (strcmp(marker.session, removal->session) != 0) {
		AUTO_FREE char *other = text_show(marker.session, true);

		why = xasprintf("it belongs to session %.100s", other);
	} else if (reason && strcmp(reason, ours) != 0) {
		AUTO_FREE char *shown = text_show(reason, true);

		why = xasprintf("somebody else locked it: %.200s", shown);
	}
	marker_clear(&marker);
	if (!why)
		return 0;
	return refuse(
	    removal, why, "git worktree list --verbose shows whose it is", err);
}

/*
 * A removal that was cut off leaves the directory with files but perhaps without its .git.
 * The private git directory knows where it was.
 */
static int
mend_link(const struct removal *removal, struct err *err)
{
	AUTO_FREE char *file = path_join(removal->path, ".git");
	AUTO_FREE char *text = xasprintf("gitdir: %s\n", removal->admin);

	if (file_exists(file))
		return worktree_is_linked(removal->path, removal->admin)
			   ? 0
			   : refuse(removal, "its .git file points elsewhere",
				 "git worktree repair mends it", err);
	/* Without it nothing inside says whose the directory is. */
	if (!removal->was_cut_off) {
		AUTO_FREE char *quoted = text_shell_quote(file);
		AUTO_FREE char *fix = xasprintf(
		    "when the files are the session's: echo gitdir: %s >%s",
		    removal->admin, quoted);

		return refuse(removal, "its .git file is gone", fix, err);
	}
	return file_write_atomic(file, text, strlen(text), 0644, err);
}

static int
check_index_lock(const struct removal *removal, struct err *err)
{
	AUTO_FREE char *lock = path_join(removal->admin, "index.lock");
	AUTO_FREE char *quoted = text_shell_quote(lock);

	if (!file_exists(lock))
		return 0;
	err_set(
	    err, ERR_CONFLICT, "a git is at work in the worktree, or was killed there");
	return err_fix(err, "when none runs there: rm %s", quoted);
}

/* Drops what git knows of a worktree whose directory is gone. */
static int
drop_entry(const struct removal *removal, struct err *err)
{
	const char *dir = removal->repo->common_dir;

	if (removal->tree->lock_reason &&
	    git_change(removal->repo, dir,
		GIT_ARGS("worktree", "unlock", "--", removal->path), err) < 0)
		return -1;
	return git_change(removal->repo, dir,
	    GIT_ARGS("worktree", "remove", "--force", "--", removal->path), err);
}

/* The second proof, from inside: it is still what was looked at first. */
static int
prove_again(const struct removal *removal, struct err *err)
{
	if (!worktree_is_linked(removal->path, removal->admin))
		return refuse(removal, "its .git file points elsewhere",
		    "git worktree repair mends it", err);
	return prove_owner(removal, err);
}

static int
pin_and_remove(
    const struct removal *removal, const struct git_list *discard, struct err *err)
{
	struct pin first = { 0 }, second = { 0 };
	struct aside aside = { 0 };
	int rc = -1;

	if (aside_look(&aside, removal->path, err) < 0)
		return -1;
	if (mend_link(removal, err) < 0 || check_index_lock(removal, err) < 0 ||
	    worktree_pin(removal->repo, removal->path, removal->session, &first, err) <
		0)
		goto out;
	if (first.unpinned.n > 0) {
		AUTO_FREE char *names = git_list_show(&first.unpinned);
		AUTO_FREE char *why = xasprintf(
		    "%.300s: a repository of its own, which no pin can hold", names);

		refuse(removal, why, "move it away, then try again", err);
		goto out;
	}
	if (aside_look(&aside, removal->path, err) < 0 ||
	    pin_ignored(removal, discard, err) < 0 ||
	    worktree_pin(removal->repo, removal->path, removal->session, &second, err) <
		0)
		goto out;
	if (strcmp(first.head, second.head) != 0 ||
	    strcmp(first.snapshot, second.snapshot) != 0) {
		err_set(err, ERR_CONFLICT, "the worktree is being written to");
		err_fix(err, "end what still works there, then try again");
		goto out;
	}
	/* Everything is kept now.  Whoever swapped or wrote to it meanwhile has it back. */
	if (prove_again(removal, err) < 0 || aside_move(&aside, err) < 0 ||
	    aside_remove(&aside, err) < 0)
		goto out;
	rc = drop_entry(removal, err);

out:
	aside_clear(&aside);
	pin_clear(&first);
	pin_clear(&second);
	return rc;
}

/* The directory is gone; what git still knows of the worktree is pinned and dropped. */
static int
remove_entry(const struct removal *removal, struct err *err)
{
	const struct git_worktree *tree = removal->tree;

	if (tree->head[0] &&
	    pin_commit(removal->repo, removal->session, "head", tree->head, err) < 0)
		return -1;
	if (pin_dropped(
		removal->repo, removal->admin, tree->branch, removal->session, err) < 0)
		return -1;
	return drop_entry(removal, err);
}

static int
remove_locked(struct removal *removal, const struct git_list *discard, struct err *err)
{
	struct git_worktrees list = { 0 };
	long at;
	int rc = aside_take_back(removal->path, err);

	if (rc < 0 || repo_worktrees(removal->repo, &list, err) < 0)
		return -1;
	removal->was_cut_off = rc > 0;
	at = worktree_find(&list, removal->path);
	removal->admin = worktree_admin(removal->repo, removal->path);
	removal->tree = at < 0 ? NULL : &list.item[at];
	if (!removal->tree || !removal->admin) {
		rc = file_exists(removal->path)
			 ? refuse(removal, "it is no worktree of this repository",
			       "look at it; nothing of ours is in it", err)
			 : 0;
	} else if (prove_owner(removal, err) < 0) {
		rc = -1;
	} else if (removal->tree->is_missing && !file_exists(removal->path)) {
		rc = remove_entry(removal, err);
	} else {
		rc = pin_and_remove(removal, discard, err);
	}
	git_worktrees_clear(&list);
	return rc;
}

int
worktree_remove(struct repo *repo, const char *path, const char *session,
    const struct git_list *discard, struct err *err)
{
	struct removal removal = { .repo = repo, .session = session };
	int rc = -1;

	if (pin_check_session(session, err) < 0)
		return -1;
	removal.path = worktree_canon(path, err);
	if (removal.path && repo_lock(repo, err) == 0) {
		rc = remove_locked(&removal, discard, err);
		repo_unlock(repo);
	}
	free(removal.path);
	free(removal.admin);
	return rc;
}

/* 1 when a pin of ours reaches OID. */
static int
is_pinned(const struct repo *repo, const char *oid, struct err *err)
{
	AUTO_FREE char *ref = git_line(repo->common_dir,
	    GIT_ARGS("for-each-ref", "--count=1", "--format=%(refname)", "--contains",
		oid, "refs/divisi"),
	    err);

	return ref ? ref[0] != '\0' : -1;
}

static int
check_unused(const struct repo *repo, const char *branch, struct err *err)
{
	struct git_worktrees list = { 0 };
	int rc = 0;

	if (repo_worktrees(repo, &list, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		AUTO_FREE char *shown = NULL;

		if (!list.item[i].branch || strcmp(list.item[i].branch, branch) != 0)
			continue;
		shown = text_show(list.item[i].path, true);
		rc = err_set(
		    err, ERR_REFUSED, "branch %s is checked out in %s", branch, shown);
	}
	git_worktrees_clear(&list);
	return rc;
}

static int
delete_branch(struct repo *repo, const char *branch, struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", branch);
	AUTO_FREE char *section = xasprintf("branch.%s", branch);
	struct git_call forget = { .dir = repo->common_dir,
		.argv = GIT_ARGS("config", "--local", "--remove-section", section) };
	char tip[GIT_OID_SIZE];
	int rc = repo_ref(repo->common_dir, ref, tip, err);
	int is_kept;

	if (rc <= 0)
		return rc;
	if (check_unused(repo, branch, err) < 0)
		return -1;
	is_kept = is_pinned(repo, tip, err);
	if (is_kept < 0)
		return -1;
	if (!is_kept) {
		err_set(err, ERR_REFUSED,
		    "branch %s is not deleted: nothing pins its commits", branch);
		return err_fix(
		    err, "git branch -d %s deletes it if it is merged", branch);
	}
	/* Its reflog goes with it. */
	if (pin_dropped(repo, repo->home, branch, "deleted", err) < 0 ||
	    git_change(repo, repo->common_dir,
		GIT_ARGS("update-ref", "-d", "--end-of-options", ref, tip), err) < 0)
		return -1;
	/* There may be none, and a setting too many does no harm. */
	git_try(&forget, NULL, NULL);
	return 0;
}

int
branch_delete_pinned(struct repo *repo, const char *branch, struct err *err)
{
	int rc;

	if (!git_branch_ok(branch))
		return err_set(err, ERR_USAGE, "this is no branch name");
	if (repo_lock(repo, err) < 0)
		return -1;
	rc = delete_branch(repo, branch, err);
	repo_unlock(repo);
	return rc;
}
