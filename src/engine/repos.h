#pragma once

#include "engine/surroundings.h"
#include "git/config.h"
#include "git/repo.h"
#include "plan/plan.h"
#include "tracker/forge.h"

/*
 * The other repositories that phases of a plan work in (`Repo:`).  The home, the journal
 * and the server are the plan's own; what belongs to git is each repository's.
 */
struct plan_repo {
	const char *name; /* as the phases write it; the plan's */
	char *path;       /* where that leads, absolute */
	bool is_open;     /* else what follows is empty, and a lint says why */
	struct repo repo;
	struct config config;
	struct git_tree tree;
	char pulls[FORGE_PLACE_SIZE]; /* where its pull requests are opened, or "" */
};

struct plan_repos {
	struct plan_repo *item;
	size_t n;
};

/*
 * Opens what the phases of PLAN name, as CONFIG of the plan's own repository HOME says
 * where it is, and adds an L24 to LINTS for each that cannot be used: not there, none,
 * bare, not to be written, HOME itself, the same one under two names, or a footprint
 * through a link or a submodule of it.  HOME may lack git: then only the paths are set.
 */
void plan_repos_open(struct plan_repos *repos, struct plan *plan,
    const struct repo *home, const struct config *config, struct lint_list *lints);
void plan_repos_clear(struct plan_repos *repos);

/* The one that PHASE works in; NULL for the plan's own. */
struct plan_repo *plan_repos_of(
    const struct plan_repos *repos, const struct phase *phase);

/* Adds to AROUND what their settings say is infrastructure or exclusive. */
void plan_repos_join(const struct plan_repos *repos, struct surroundings *around);
