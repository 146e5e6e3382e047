#include "engine/left.h"
#include "engine/survey_local.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/worktree.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Worktrees and refs, as git knows them and as the journal does. */

#define LOCK_REASON     "divisi session "
#define SCRATCH_SESSION "verify"
#define LINK_BYTES      8192

char *
survey_tree_session(const struct git_worktree *tree)
{
	const char *reason = tree->lock_reason;
	char *session = tree->is_missing ? NULL : worktree_owner(tree->path);

	/* The marker is inside; of a directory that is gone git still has our reason. */
	if (!session && reason &&
	    strncmp(reason, LOCK_REASON, strlen(LOCK_REASON)) == 0)
		session = xstrdup(reason + strlen(LOCK_REASON));
	return session;
}

static bool
is_over(const struct session *session)
{
	return session->state == SESSION_DONE || session->state == SESSION_ABANDONED;
}

static int
on_removal(const struct act_row *act, void *arg)
{
	const char **session = arg;
	AUTO_FREE char *word = xasprintf("worktree-remove/%s/", *session);

	if (strncmp(act->key, word, strlen(word)) != 0)
		return 0;
	*session = NULL;
	return 1;
}

static bool
is_removal_owed(const struct surveying *s, const char *session)
{
	return s->store && act_each_open(s->store, on_removal, &session, NULL) == 0 &&
	       !session;
}

/* Offers to make the worktree of SESSION again, from what there really is of it. */
static void
offer_again(
    struct surveying *s, const struct session *session, struct survey_item *item)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", session->branch);
	AUTO_FREE char *snapshot = NULL, *from = NULL, *loose = NULL;
	char tip[GIT_OID_SIZE] = "", head[GIT_OID_SIZE] = "";
	int has_branch = repo_ref(s->repo->common_dir, ref, tip, NULL);
	int has_head = pin_read(s->repo, session->id, "head", head, NULL);

	if (has_branch > 0)
		from = xasprintf("on %s", session->branch);
	else if (has_head > 0)
		from = xasprintf(
		    "at %.12s, which is pinned: %s is gone", head, session->branch);
	else
		from = xasprintf("where it began: %s is gone, and no commit of it is "
				 "pinned",
		    session->branch);
	if (has_branch > 0 || has_head > 0)
		snapshot = pin_snapshot_on(
		    s->repo, session->id, has_branch > 0 ? tip : head);
	if (snapshot)
		loose = xasprintf(
		    "divisi salvage %s has what was not committed", session->label);
	else
		loose = xstrdup("of what was not committed nothing is kept");
	survey_odd(item, MEND_ADD_WORKTREE, "make it again %s; %s", from, loose);
}

/* A worktree of SESSION, which the journal knows, on the path that git has it at. */
/* A worktree is made again when nobody works in it any more. */
static void
fix_busy(struct survey_item *item, const struct session *session)
{
	if (session_is_live(session->state))
		survey_fix(
		    item, "divisi park %s, then divisi doctor --mend", session->label);
	else
		survey_fix(item, "its agent is ending: wait for that, then divisi "
				 "doctor --mend");
}

static void
offer_removal(
    struct surveying *s, const struct session *session, struct survey_item *item)
{
	AUTO_FREE char *fix = NULL;
	AUTO_FREE char *why = s->store ? left_why(s->store, session->id, &fix) : NULL;

	if (why)
		survey_odd(item, MEND_REMOVE_WORKTREE,
		    "try again to remove it (refused before: %s; %s)", why,
		    fix[0] ? fix : "look at it");
	else
		survey_odd(
		    item, MEND_REMOVE_WORKTREE, "pin everything in it, then remove it");
}

static void
judge_tree(struct surveying *s, const struct git_worktree *tree,
    const struct session *session, struct survey_item *item)
{
	item->session = xstrdup(session->id);
	item->branch = xstrdup(session->branch);
	if (tree->is_missing && !is_over(session)) {
		if (session->run_open)
			fix_busy(item, session);
		else
			offer_again(s, session, item);
	} else if (session->state == SESSION_DONE && !is_removal_owed(s, session->id)) {
		offer_removal(s, session, item);
	} else if (!tree->lock_reason && !is_over(session)) {
		survey_odd(item, MEND_LOCK_WORKTREE,
		    "lock it, so that git worktree prune leaves it alone");
	}
}

/*
 * Does the directory of TREE say that it belongs to another repository?  The copy of a
 * repository names the worktrees of the first one, which know only that one.
 */
static bool
is_of_another(const struct surveying *s, const struct git_worktree *tree)
{
	AUTO_FREE char *file = path_join(tree->path, ".git");
	AUTO_FREE char *text = file_read(file, LINK_BYTES, NULL, NULL);
	AUTO_FREE char *ours = realpath(s->repo->common_dir, NULL), *theirs = NULL;

	if (tree->is_missing)
		return false;
	if (!text || !ours || strncmp(text, "gitdir: ", 8) != 0)
		return true;
	text[strcspn(text, "\n")] = '\0';
	theirs = realpath(text + 8, NULL);
	return !theirs || strncmp(theirs, ours, strlen(ours)) != 0 ||
	       theirs[strlen(ours)] != '/';
}

/* Of a directory that is gone and was not locked only the journal knows whose it was. */
static char *
session_at(const struct surveying *s, const char *path)
{
	for (size_t i = 0; s->core && i < s->core->n_sessions; i++) {
		if (strcmp(s->core->session[i].path, path) == 0)
			return xstrdup(s->core->session[i].id);
	}
	return NULL;
}

static void
add_tree(struct surveying *s, const struct git_worktree *tree)
{
	AUTO_FREE char *id = survey_tree_session(tree);
	const struct session *session;
	struct survey_item *item;

	if (is_of_another(s, tree)) {
		(void)survey_add(s, SURVEY_WORKTREE, tree->path, "elsewhere",
		    "it belongs to another repository, of which this is a copy");
		return;
	}
	if (!id && tree->is_missing)
		id = session_at(s, tree->path);
	session = s->core && id ? core_session(s->core, id) : NULL;
	if (id && strncmp(id, SCRATCH_SESSION, strlen(SCRATCH_SESSION)) == 0) {
		(void)survey_add(s, SURVEY_WORKTREE, tree->path, "scratch",
		    "where results are put together and verified");
		return;
	}
	if (!id) {
		(void)survey_add(s, SURVEY_WORKTREE, tree->path, "foreign",
		    "on %s; it was not made by divisi",
		    tree->branch ? tree->branch : "no branch");
		return;
	}
	item = survey_add(s, SURVEY_WORKTREE, tree->path,
	    tree->is_missing ? "missing" : "there", "of %s%s%s%s%s", id,
	    session ? ", which is " : "",
	    session   ? session_state_name(session->state)
	    : s->core ? ", which the journal does not know"
		      : "",
	    tree->is_missing ? "; its directory was removed by somebody" : "",
	    !tree->is_missing && !tree->lock_reason ? "; it is not locked" : "");
	item->path = xstrdup(tree->path);
	if (session) {
		judge_tree(s, tree, session, item);
	} else if (s->core) {
		item->session = xstrdup(id);
		survey_odd(item, MEND_REMOVE_WORKTREE,
		    "pin everything in it under refs/divisi/%s, then remove it", id);
	}
}

static bool
has_tree(const struct surveying *s, const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);

	for (size_t i = 0; i < s->trees.n; i++) {
		if (strcmp(s->trees.item[i].path, path) == 0 ||
		    (real && strcmp(s->trees.item[i].path, real) == 0))
			return true;
	}
	return false;
}

/* Sessions that had a worktree and whom git knows none of any more. */
static void
add_lost_trees(struct surveying *s)
{
	for (size_t i = 0; s->core && i < s->core->n_sessions; i++) {
		const struct session *session = &s->core->session[i];
		struct survey_item *item;

		if (!session->has_tree || session->path[0] == '\0' ||
		    strcmp(session->repo, s->of) != 0 ||
		    session_is_terminal(session->state) ||
		    strcmp(session->path, s->repo->top) == 0 ||
		    has_tree(s, session->path))
			continue;
		item = survey_add(s, SURVEY_WORKTREE, session->path, "missing",
		    "of %s, which is %s: git knows it no more", session->id,
		    session_state_name(session->state));
		item->path = xstrdup(session->path);
		item->session = xstrdup(session->id);
		item->branch = xstrdup(session->branch);
		if (session->run_open)
			fix_busy(item, session);
		else
			offer_again(s, session, item);
	}
}

/* What lies beside our worktrees and is none. */
static void
add_strange_dirs(struct surveying *s)
{
	AUTO_FREE char *root = worktree_default_path(s->repo, ".");
	DIR *dir = opendir(root);
	struct dirent *e;

	root[strlen(root) - 2] = '\0';
	while (dir && (e = readdir(dir))) {
		AUTO_FREE char *path = path_join(root, e->d_name);
		struct survey_item *item;

		if (e->d_name[0] == '.' || has_tree(s, path))
			continue;
		item = survey_add(s, SURVEY_WORKTREE, path, "stray",
		    "git does not know it as a worktree, so nothing in it is pinned");
		survey_fix(item, "look at it; remove it when nobody needs it");
	}
	if (dir)
		closedir(dir);
}

void
survey_worktrees(struct surveying *s)
{
	/* The first is the main checkout. */
	for (size_t i = 1; i < s->trees.n; i++)
		add_tree(s, &s->trees.item[i]);
	add_lost_trees(s);
	add_strange_dirs(s);
}

/* ---- refs ---------------------------------------------------------------------------------- */

/* 1 when the object store has OID, 0 when not, -1 when it cannot be asked. */
static int
has_object(const struct repo *repo, const char *oid)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("cat-file", "-e", oid) };
	struct err err;
	int rc = git_oid_ok(oid) ? git_try(&call, NULL, &err) : 1;

	return rc < 0 ? -1 : rc == 0;
}

static void
add_ref(struct surveying *s, const char *ref, const char *oid, bool is_missing)
{
	AUTO_FREE char *id = xstrdup(ref + strlen("refs/divisi/"));
	const struct session *session;
	struct survey_item *item;

	id[strcspn(id, "/")] = '\0';
	session = s->core ? core_session(s->core, id) : NULL;
	if (is_missing) {
		item = survey_add(s, SURVEY_REF, ref, "dangling",
		    "%.12s, which the object store does not have", oid);
		survey_fix(item,
		    "git fsck; get the object from a clone or a backup: "
		    "git fetch CLONE %.12s",
		    oid);
		return;
	}
	if (strcmp(id, "landed") == 0)
		(void)survey_add(s, SURVEY_REF, ref, "landed",
		    "%.12s, a result that waits to be taken into its branch", oid);
	else if (strcmp(id, "deleted") == 0)
		(void)survey_add(s, SURVEY_REF, ref, "kept",
		    "%.12s, from a branch that was deleted", oid);
	else
		(void)survey_add(s, SURVEY_REF, ref, session ? "pin" : "old-pin",
		    "%.12s of %s, %s", oid, id,
		    session ? session_state_name(session->state)
			    : "a session that this journal does not know: divisi "
			      "salvage lists it");
}

/* A session whose work was pinned, and somebody deleted the pin. */
static void
add_lost_pins(struct surveying *s)
{
	for (size_t i = 0; s->core && i < s->core->n_sessions; i++) {
		const struct session *session = &s->core->session[i];
		AUTO_FREE char *ref = NULL;
		char oid[GIT_OID_SIZE];
		struct survey_item *item;

		if (session->pin[0] == '\0' || session->head[0] == '\0' ||
		    strcmp(session->repo, s->of) != 0 ||
		    pin_read(s->repo, session->id, "head", oid, NULL) != 0)
			continue;
		ref = xasprintf("refs/divisi/%s/head", session->id);
		item = survey_add(s, SURVEY_REF, ref, "deleted",
		    "%.12s of %s was pinned and is no more", session->head,
		    session->id);
		item->session = xstrdup(session->id);
		item->oid = xstrdup(session->head);
		if (has_object(s->repo, session->head) > 0)
			survey_odd(item, MEND_PIN, "pin %.12s again", session->head);
		else
			survey_fix(item,
			    "its commit is gone too: look for it in a clone or a backup");
	}
}

/* Of the N ids in OIDS, one a line, those that the object store lacks: "ID missing". */
static char *
missing_objects(const struct repo *repo, const char *oids, size_t n)
{
	struct git_call call = { .dir = repo->common_dir,
		.argv = GIT_ARGS("cat-file", "--batch-check=%(objecttype)"),
		.input = oids,
		.n_input = n };
	struct git_out out = { 0 };
	struct err err;

	return n > 0 && git_try(&call, &out, &err) == 0 ? out.text : NULL;
}

static bool
is_missing(const char *missing, const char *oid)
{
	AUTO_FREE char *line = xasprintf("%s missing\n", oid);

	return missing && strstr(missing, line);
}

static void
add_refs(struct surveying *s, const struct git_out *refs)
{
	struct span rest = { refs->text, refs->n }, line, oid;
	AUTO_FREE char *oids = NULL, *missing = NULL;
	size_t n_oids = 0;
	FILE *f = open_memstream(&oids, &n_oids);

	while (span_next(&rest, '\n', &line)) {
		if (span_next(&line, ' ', &oid))
			fprintf(f, "%.*s\n", SPAN_FMT(oid));
	}
	fclose(f);
	missing = missing_objects(s->repo, oids, n_oids);
	rest = (struct span){ refs->text, refs->n };
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *text = xstrndup(line.p, line.n);
		char *at = strchr(text, ' ');

		if (!at || strncmp(at + 1, "refs/divisi/", 12) != 0)
			continue;
		*at = '\0';
		add_ref(s, at + 1, text, is_missing(missing, text));
	}
}

void
survey_refs(struct surveying *s)
{
	struct git_call call = { .dir = s->repo->common_dir,
		.argv = GIT_ARGS("for-each-ref", "--format=%(objectname) %(refname)",
		    "refs/divisi") };
	struct git_out out = { 0 };
	struct err err;

	if (git_try(&call, &out, &err) >= 0)
		add_refs(s, &out);
	git_out_clear(&out);
	add_lost_pins(s);
}
