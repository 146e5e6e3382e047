#include "sim/internal.h"

#include "git/config.h"
#include "git/history.h"
#include "git/land.h"
#include "git/merge.h"
#include "git/repo.h"

#include <stdio.h>
#include <string.h>

/*
 * A repository as a graph of commits, each of which has pieces of work: git/ once more, for
 * what the jobs ask of it.  Nothing here ever takes a piece of work away.
 */

/* ---- units and commits ----------------------------------------------------------------------- */

void
sim_units_join(struct sim_units *into, const struct sim_units *from)
{
	for (size_t i = 0; i < N_ELEMS(into->bit); i++)
		into->bit[i] |= from->bit[i];
}

bool
sim_units_within(const struct sim_units *some, const struct sim_units *all)
{
	for (size_t i = 0; i < N_ELEMS(some->bit); i++) {
		if (some->bit[i] & ~all->bit[i])
			return false;
	}
	return true;
}

int
sim_unit_new(struct sim_units *into)
{
	int n = sim->git.n_units;

	if (n == SIM_UNITS)
		return -1;
	sim->git.n_units++;
	into->bit[n / 64] |= 1ull << (n % 64);
	return n;
}

int
sim_commit_add(int parent, const struct sim_units *has, const char *salt)
{
	struct sim_git *g = &sim->git;
	struct sim_commit *c;
	AUTO_FREE char *text = xasprintf(
	    "%llu %d %s", (unsigned long long)sim->seed, parent, salt);
	char hex[HASH_HEX_SIZE];
	int old;

	hash_sha256(text, strlen(text), hex);
	hex[GIT_OID_SIZE > 64 ? 40 : GIT_OID_SIZE - 1] = '\0';
	old = sim_commit_find(hex);
	if (old >= 0)
		return old;
	GROW(g->commit, g->n, g->cap);
	c = &g->commit[g->n++];
	*c = (struct sim_commit){ .parent = parent, .has = *has };
	snprintf(c->oid, sizeof(c->oid), "%s", hex);
	return (int)g->n - 1;
}

int
sim_commit_find(const char *oid)
{
	for (size_t i = sim->git.n; i-- > 0;) {
		if (strcmp(sim->git.commit[i].oid, oid) == 0)
			return (int)i;
	}
	return -1;
}

bool
sim_commit_has(int commit, int ancestor)
{
	for (; commit >= 0; commit = sim->git.commit[commit].parent) {
		if (commit == ancestor)
			return true;
	}
	return false;
}

void
sim_git_start(void)
{
	struct sim_units none = { 0 };

	sim->git.target = sim->git.remote = sim_commit_add(-1, &none, "first");
}

void
sim_git_clear(void)
{
	for (size_t i = 0; i < sim->git.n_trees; i++) {
		struct sim_tree *t = &sim->git.tree[i];

		for (size_t k = 0; k < t->n_files; k++)
			free(t->file[k]);
		for (size_t k = 0; k < t->n_committed; k++)
			free(t->committed[k]);
		free(t->path);
		free(t->session);
		free(t->branch);
	}
	free(sim->git.tree);
	free(sim->git.commit);
}

/* A colleague pushes to the target while a candidate is verified. */
void
sim_git_someone_commits(void)
{
	struct sim_git *g = &sim->git;
	struct sim_units has = g->commit[g->target].has;

	sim_unit_new(&has);
	sim_count(FAULT_TARGET_MOVED);
	g->target = sim_commit_add(g->target, &has, "somebody else");
}

int
sim_git_fails(struct err *err)
{
	if (sim_is_gone())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	if (sim->is_full)
		return err_set(err, ERR_SYSTEM, "git: no space left on device");
	if (sim_mishap(1, FAULT_GIT_FAILED))
		return err_set(err, ERR_SYSTEM, "git: cannot lock ref");
	return 0;
}

/* ---- git/repo.h -------------------------------------------------------------------------------- */

int
repo_open(const char *dir, struct repo *repo, struct err *err)
{
	(void)dir;
	if (sim_git_fails(err) < 0)
		return -1;
	*repo = (struct repo){ .top = xstrdup(SIM_TOP),
		.common_dir = xstrdup(SIM_TOP "/.git"),
		.home = xstrdup(SIM_HOME),
		.main_branch = xstrdup("main"),
		.head_branch = xstrdup("main"),
		.lock_fd = -1 };
	snprintf(
	    repo->head, sizeof(repo->head), "%s", sim->git.commit[sim->git.target].oid);
	return 0;
}

void
repo_close(struct repo *repo)
{
	free(repo->top);
	free(repo->common_dir);
	free(repo->home);
	free(repo->main_branch);
	free(repo->head_branch);
	*repo = (struct repo){ 0 };
}

int
repo_check_ready(struct repo *repo, struct err *err)
{
	(void)repo;
	(void)err;
	return 0;
}

const char *
repo_warning(const struct repo *repo)
{
	(void)repo;
	return NULL;
}

int
repo_prepare(struct repo *repo, struct err *err)
{
	(void)repo;
	return sim_git_fails(err);
}

int
repo_ls_files(const struct repo *repo, struct git_list *files, struct err *err)
{
	char name[32];

	(void)repo;
	for (int m = 0; m < 4; m++) {
		for (int f = 0; f < 3; f++) {
			snprintf(name, sizeof(name), "src/m%d/f%d.c", m, f);
			git_list_add(files, name);
		}
	}
	return sim_git_fails(err);
}

int
repo_branches(const struct repo *repo, struct git_list *names, struct err *err)
{
	(void)repo;
	git_list_add(names, "main");
	for (size_t i = 0; i < sim->git.n_trees; i++)
		git_list_add(names, sim->git.tree[i].branch);
	git_list_sort(names);
	return sim_git_fails(err);
}

/* The commit of a branch or an oid, -1 when there is none. */
static int
resolve(const char *rev)
{
	int at;

	if (strncmp(rev, "refs/heads/", 11) == 0)
		rev += 11;
	if (strcmp(rev, "main") == 0)
		return sim->git.target;
	for (size_t i = 0; i < sim->git.n_trees; i++) {
		if (strcmp(sim->git.tree[i].branch, rev) == 0)
			return sim->git.tree[i].head;
	}
	at = sim_away_local(rev);
	return at >= 0 ? at : sim_commit_find(rev);
}

int
repo_resolve(
    const struct repo *repo, const char *rev, char oid[GIT_OID_SIZE], struct err *err)
{
	int at = resolve(rev);

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	if (at < 0)
		return err_set(err, ERR_NOT_FOUND, "no commit %s", rev);
	snprintf(oid, GIT_OID_SIZE, "%s", sim->git.commit[at].oid);
	return 0;
}

int
repo_prior_work(
    const struct repo *repo, const char *issue, struct git_log *log, struct err *err)
{
	(void)repo;
	(void)issue;
	(void)log;
	(void)err;
	return 0;
}

int
history_read(const struct repo *repo, const struct history_want *want,
    struct history *history, struct err *err)
{
	(void)repo;
	(void)want;
	(void)history;
	return err_set(err, ERR_SYSTEM, "no history");
}

char *
repo_default_remote(const struct repo *repo, const char *branch)
{
	(void)repo;
	(void)branch;
	return sim->config.publishes || sim->config.has_away ? xstrdup("origin") : NULL;
}

int
repo_push(struct repo *repo, const char *remote, const char *branch, struct err *err)
{
	(void)repo;
	(void)remote;
	(void)branch;
	if (sim_git_fails(err) < 0 || !sim_effect())
		return err_set(err, ERR_SYSTEM, "the remote does not answer");
	sim->git.remote = sim->git.target;
	return 0;
}

/* ---- git/config.h ------------------------------------------------------------------------------ */

static void
add_setting(struct config *config, const char *key, const char *value)
{
	GROW(config->item, config->n, config->cap);
	config->item[config->n++] = (struct config_item){ .key = xasprintf(
							      "%s.%s", "divisi", key),
		.value = xstrdup(value),
		.origin = xstrdup(".divisi/config"),
		.is_committed = true };
}

int
config_load(const struct repo *repo, struct config *config, struct err *err)
{
	static const struct {
		const char *key, *value;
	} away[] = { { "agent.robot.adapter", "delegate" },
		{ "agent.robot.delegate", "Robot" },
		{ "agent.robot.branch", "robot/*" },
		{ "agent.robot.fallback", "android" },
		{ "agent.android.adapter", "delegate" },
		{ "agent.android.delegate", "Android" },
		{ "agent.android.branch", "robot/*" } };
	const struct sim_config *c = &sim->config;
	char cap[16], verify[32];

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	snprintf(cap, sizeof(cap), "%d", c->cap);
	snprintf(verify, sizeof(verify), "make check-%d", c->n_changes);
	add_setting(config, "cap", cap);
	add_setting(config, "merge", c->is_auto ? "auto" : "ask");
	add_setting(config, "publish", c->publishes ? "branch" : "none");
	add_setting(config, "plan-cap", c->has_plan_cap ? "25" : "0");
	add_setting(config, "approval-timeout", c->times_out ? "7200" : "0");
	add_setting(config, "sandbox", "external");
	add_setting(config, "agent.claude.program", "/bin/sh");
	if (!c->is_claude)
		add_setting(config, "agent.claude.adapter", "command");
	if (!c->is_claude) {
		add_setting(config, "agent.claude.interactive", "work by hand");
		config->item[config->n - 1].is_committed = false; /* the person's own */
	}
	if (c->verifies)
		add_setting(config, "verify", verify);
	if (c->has_setup)
		add_setting(config, "worktree.setup", "make deps");
	for (size_t i = 0; c->has_away && i < N_ELEMS(away); i++)
		add_setting(config, away[i].key, away[i].value);
	if (c->has_away)
		add_setting(config, "reroute", c->reroutes ? "auto" : "ask");
	return 0;
}

/* ---- git/merge.h, git/land.h -------------------------------------------------------------------- */

int
candidate_build(struct repo *repo, const struct candidate_spec *spec,
    struct candidate *candidate, struct err *err)
{
	struct sim_git *g = &sim->git;
	int target = sim_commit_find(spec->target), tip = sim_commit_find(spec->tip);
	struct sim_units has;
	int at;

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	if (target < 0 || tip < 0)
		return err_set(err, ERR_NOT_FOUND, "no such commit");
	if (sim_units_within(&g->commit[tip].has, &g->commit[target].has)) {
		candidate->is_empty = true;
		snprintf(candidate->oid, sizeof(candidate->oid), "%s", spec->target);
		return 0;
	}
	if (sim_mishap(12, FAULT_CONFLICT))
		return err_set(err, ERR_CONFLICT, "both changed a.c");
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	has = g->commit[target].has;
	sim_units_join(&has, &g->commit[tip].has);
	at = sim_commit_add(target, &has, spec->tip);
	sim_units_join(&g->pinned, &has);
	snprintf(candidate->oid, sizeof(candidate->oid), "%s", g->commit[at].oid);
	return 0;
}

int
scratch_prepare(struct repo *repo, const char *path, const char *name, const char *oid,
    struct err *err)
{
	(void)repo;
	(void)path;
	(void)name;
	if (sim_git_fails(err) < 0 || !sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	snprintf(sim->git.scratch, sizeof(sim->git.scratch), "%s", oid);
	return 0;
}

/* What lands is the very commit that was verified, on top of what the target has. */
static void
check_landing(int at)
{
	struct sim_git *g = &sim->git;

	if (sim->config.verifies && !g->commit[at].is_verified &&
	    sim->config.n_changes == 0)
		sim_fail("%.12s lands and was never verified", g->commit[at].oid);
	if (!sim_units_within(&g->commit[g->target].has, &g->commit[at].has))
		sim_fail("landing %.12s takes work off the target", g->commit[at].oid);
}

int
merge_land(struct repo *repo, const struct land_spec *spec, struct landing *landing,
    struct err *err)
{
	struct sim_git *g = &sim->git;
	int at = sim_commit_find(spec->commit);

	(void)repo;
	if (sim_git_fails(err) < 0)
		return -1;
	if (at < 0)
		return err_set(err, ERR_NOT_FOUND, "no commit %s", spec->commit);
	if (sim_commit_has(g->target, at)) {
		landing->was_there = true;
		return 0;
	}
	if (strcmp(g->commit[g->target].oid, spec->expected_old) != 0) {
		landing->is_moved = true;
		return err_set(err, ERR_CONFLICT, "main moved meanwhile");
	}
	if (g->is_dirty || sim_mishap(5, FAULT_CHECKOUT_DIRTY)) {
		if (g->is_dirty)
			sim_count(FAULT_CHECKOUT_DIRTY);
		g->is_dirty = true;
		landing->command = xstrdup("git merge --ff-only refs/divisi/landed/p");
		return err_set(err, ERR_CONFLICT, "a.c has local changes");
	}
	if (!sim_effect())
		return err_set(err, ERR_SYSTEM, "the process is gone");
	if (g->commit[at].parent != g->target)
		sim_fail("%s is no fast-forward of the target", spec->commit);
	check_landing(at);
	sim_say("  git: %.12s lands", spec->commit);
	g->target = at;
	return 0;
}
