#include "sim/internal.h"

#include "engine/job.h"
#include "git/bounds.h"
#include "git/land.h"
#include "git/worktree.h"

#include <stdio.h>
#include <string.h>

/* The worktrees of sessions: git/worktree.h, git/pin.h, and what agents do in them. */

struct sim_tree *
sim_tree_of(const char *session)
{
	for (size_t i = 0; i < sim->git.n_trees; i++) {
		if (strcmp(sim->git.tree[i].session, session) == 0)
			return &sim->git.tree[i];
	}
	return NULL;
}

struct sim_tree *
sim_tree_at(const char *path)
{
	for (size_t i = 0; i < sim->git.n_trees; i++) {
		if (strcmp(sim->git.tree[i].path, path) == 0)
			return &sim->git.tree[i];
	}
	return NULL;
}

static void
remember(char *list[16], size_t *n, const char *file)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(list[i], file) == 0)
			return;
	}
	if (*n < 16)
		list[(*n)++] = xstrdup(file);
}

static void
forget(char *list[16], size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free(list[i]);
	*n = 0;
}

void
sim_tree_write(struct sim_tree *t, const char *file)
{
	if (sim_unit_new(&t->dirty) < 0)
		return;
	remember(t->file, &t->n_files, file);
}

void
sim_tree_commit(struct sim_tree *t)
{
	struct sim_units has = sim->git.commit[t->head].has;
	char salt[32];

	if (t->n_files == 0)
		return;
	sim_units_join(&has, &t->dirty);
	snprintf(salt, sizeof(salt), "c%d", sim->git.n_units);
	t->head = sim_commit_add(t->head, &has, salt);
	for (size_t i = 0; i < t->n_files; i++)
		remember(t->committed, &t->n_committed, t->file[i]);
	forget(t->file, &t->n_files);
	t->dirty = (struct sim_units){ 0 };
}

static void
pin(const struct sim_tree *t)
{
	sim_units_join(&sim->git.pinned, &t->dirty);
	sim_units_join(&sim->git.pinned, &sim->git.commit[t->head].has);
	sim->tally->pinned++;
}

/* ---- git/worktree.h ----------------------------------------------------------------------------- */

char *
worktree_default_path(const struct repo *repo, const char *name)
{
	(void)repo;
	return xasprintf("/divisi-sim/trees/%s", name);
}

int
worktree_add(struct repo *repo, const struct worktree_spec *spec, struct err *err)
{
	struct sim_tree *t = sim_tree_at(spec->path);
	int base = sim_commit_find(spec->base);

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	if (base < 0)
		return err_set(err, ERR_NOT_FOUND, "no commit %s", spec->base);
	/* Its branch is kept for ever, and with it the name (J-42). */
	if (t && strcmp(t->session, spec->session) != 0)
		return err_set(
		    err, ERR_CONFLICT, "%s is that of %s", spec->path, t->session);
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	if (!t) {
		GROW(sim->git.tree, sim->git.n_trees, sim->git.cap_trees);
		t = &sim->git.tree[sim->git.n_trees++];
		*t = (struct sim_tree){ .path = xstrdup(spec->path),
			.session = xstrdup(spec->session),
			.branch = xstrdup(spec->branch),
			.base = base,
			.head = base };
	} else if (!t->exists) {
		if (t->head == t->base)
			t->base = t->head = base;
		t->is_set_up = false;
	}
	t->exists = true;
	return 0;
}

int
worktree_copy_files(struct repo *repo, const char *path,
    const struct git_list *patterns, size_t *n_copied, struct err *err)
{
	(void)repo;
	(void)path;
	(void)patterns;
	(void)err;
	*n_copied = 0;
	return 0;
}

int
worktree_inspect(const struct repo *repo, const char *path, const char *session,
    const char *base, struct worktree_facts *facts, struct err *err)
{
	const struct sim_tree *t = sim_tree_at(path);
	int from = base ? sim_commit_find(base) : -1;

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	*facts = (struct worktree_facts){ 0 };
	if (!t || !t->exists)
		return 0;
	facts->exists = facts->is_ready = true;
	facts->is_owned = strcmp(t->session, session) == 0;
	facts->branch = xstrdup(t->branch);
	facts->base_reachable = sim_commit_has(t->head, from);
	snprintf(facts->head, sizeof(facts->head), "%s", sim->git.commit[t->head].oid);
	for (int at = t->head; at >= 0 && at != from; at = sim->git.commit[at].parent) {
		GROW(facts->ahead.item, facts->ahead.n, facts->ahead.cap);
		facts->ahead.item[facts->ahead.n++] = (struct git_commit){ 0 };
	}
	for (size_t i = 0; i < t->n_files; i++)
		git_list_add(&facts->status.dirty, t->file[i]);
	return 0;
}

/* Of fences there is none here: no agent of the game writes anywhere else. */
int
bounds_add(const char *common_dir, const char *path, const char *branch,
    bool is_read_only, struct run_spec *spec, struct err *err)
{
	(void)common_dir;
	(void)path;
	(void)branch;
	(void)is_read_only;
	(void)spec;
	(void)err;
	return 0;
}

int
worktree_pin(struct repo *repo, const char *path, const char *session,
    struct pin *pinned, struct err *err)
{
	const struct sim_tree *t = sim_tree_at(path);

	(void)repo;
	(void)session;
	if (sim_git_fails(err) < 0)
		return -1;
	if (!t || !t->exists)
		return err_set(err, ERR_NOT_FOUND, "%s is no worktree", path);
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	pin(t);
	snprintf(
	    pinned->head, sizeof(pinned->head), "%s", sim->git.commit[t->head].oid);
	return 0;
}

int
repo_ref(const char *dir, const char *ref, char oid[GIT_OID_SIZE], struct err *err)
{
	int away = strncmp(ref, "refs/heads/", 11) == 0 ? sim_away_local(ref + 11) : -1;

	(void)dir;
	if (sim_git_fails(err) < 0)
		return -1;
	if (away >= 0) {
		snprintf(oid, GIT_OID_SIZE, "%s", sim->git.commit[away].oid);
		return 1;
	}
	for (size_t i = 0; i < sim->git.n_trees; i++) {
		const struct sim_tree *t = &sim->git.tree[i];

		if (strncmp(ref, "refs/heads/", 11) != 0 ||
		    strcmp(t->branch, ref + 11) != 0)
			continue;
		snprintf(oid, GIT_OID_SIZE, "%s", sim->git.commit[t->head].oid);
		return 1;
	}
	return 0;
}

int64_t
pin_last_plan(const struct repo *repo)
{
	(void)repo;
	return 0; /* no journal is ever lost without its pins */
}

int
pin_commit(struct repo *repo, const char *session, const char *name, const char *oid,
    struct err *err)
{
	int at = sim_commit_find(oid);

	(void)repo;
	(void)session;
	(void)name;
	if (sim_git_fails(err) < 0)
		return -1;
	if (at < 0 || !sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	sim_units_join(&sim->git.pinned, &sim->git.commit[at].has);
	return 0;
}

/* A living agent would lose the ground under its feet. */
static void
check_nobody_works_in(const struct sim_tree *t)
{
	for (size_t i = 0; i < sim->n_runs; i++) {
		const struct sim_run *run = sim->run[i];

		if (run->agent_alive && strcmp(run->cwd, t->path) == 0 &&
		    !run->saw_eof && !run->is_told_to_stop && sim_hold_is_alive(run))
			sim_fail(
			    "the worktree of %s is removed and its agent works there",
			    run->name);
	}
}

int
worktree_remove(struct repo *repo, const char *path, const char *session,
    const struct git_list *discard, struct err *err)
{
	struct sim_tree *t = sim_tree_at(path);

	(void)repo;
	(void)discard;
	if (sim_git_fails(err) < 0)
		return -1;
	if (!t || !t->exists)
		return 0;
	if (strcmp(t->session, session) != 0)
		return err_set(err, ERR_REFUSED, "%s is that of %s", path, t->session);
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	check_nobody_works_in(t);
	pin(t);
	forget(t->file, &t->n_files);
	t->dirty = (struct sim_units){ 0 };
	t->exists = false;
	return 0;
}

/* Whatever was not committed or pinned is lost, and nobody but that somebody did it. */
void
sim_tree_take(void)
{
	unsigned from = sim_dice(64);

	for (size_t i = 0; i < sim->git.n_trees; i++) {
		struct sim_tree *t = &sim->git.tree[(from + i) % sim->git.n_trees];

		if (!t->exists)
			continue;
		sim_count(FAULT_TREE_TAKEN);
		forget(t->file, &t->n_files);
		t->dirty = (struct sim_units){ 0 };
		t->exists = false;
		t->was_taken = true;
		sim_tree_notice();
		return;
	}
}

int
commit_artefacts(struct repo *repo, const struct artefacts_spec *spec,
    char oid[GIT_OID_SIZE], struct err *err)
{
	struct sim_tree *t = sim_tree_at(spec->path);

	(void)repo;
	if (!t || sim_git_fails(err) < 0 || !sim_effect())
		return err_set(err, ERR_SYSTEM, "git commit failed");
	sim_tree_commit(t);
	snprintf(oid, GIT_OID_SIZE, "%s", sim->git.commit[t->head].oid);
	return 0;
}

/* The only git that jobs run themselves: the paths that a session's commits changed. */
int
git_run(const struct git_call *call, struct git_out *out, struct err *err)
{
	const struct sim_tree *t = sim_tree_at(call->dir);
	size_t size = 0;
	FILE *f;

	if (sim_git_fails(err) < 0)
		return -1;
	f = open_memstream(&out->text, &size);
	for (size_t i = 0; t && i < t->n_committed; i++) {
		fputs(t->committed[i], f);
		fputc('\0', f);
	}
	fclose(f);
	out->n = size;
	return 0;
}

/* ---- commands that a person configured ------------------------------------------------------------ */

int
job_shell(const char *command, const char *dir, const struct job_fence *fence,
    long timeout_ms, char **tail, struct err *err)
{
	struct sim_tree *t = sim_tree_at(dir);
	int at = sim_commit_find(sim->git.scratch);

	(void)fence;
	(void)timeout_ms;
	if (sim_git_fails(err) < 0 || !sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	*tail = xstrdup("make: nothing is right");
	if (strcmp(command, "make deps") == 0) {
		if (sim_mishap(8, FAULT_SETUP_FAILED))
			return 2;
		if (t)
			t->is_set_up = true;
		return 0;
	}
	if (sim_mishap(50, FAULT_RED))
		return 1;
	if (at >= 0)
		sim->git.commit[at].is_verified = true;
	/* It takes its time: meanwhile others work. */
	if (!sim->is_calm && sim_dice(8) == 0)
		sim_git_someone_commits();
	return 0;
}
