#pragma once

#include "cli/asserted.h"
#include "engine/knowledge.h"
#include "engine/repos.h"
#include "engine/surroundings.h"
#include "git/config.h"
#include "git/repo.h"
#include "git/surface.h"
#include "plan/batch.h"
#include "plan/plan.h"
#include "plan/verdict.h"
#include "policy/dispatch.h"
#include "policy/prompt.h"

/*
 * A plan together with what the repository around it knows: tracked files, settings, and
 * what follows from both.  The verbs that need no server work on this.
 */
struct world {
	struct plan *plan;
	struct lint_list lints;
	struct repo repo; /* valid when has_repo */
	bool has_repo;
	struct surface surface;
	/* Of it.  Without git REPO has its place only, and HAS_REPO is false. */
	bool is_degraded;
	struct config config;
	struct git_list away; /* agents that settings make the tracker's */
	struct surroundings around;
	struct plan_repos repos; /* the others that its phases work in */
	struct verdict_env verdict_env;
	struct dispatch_env dispatch_env;
	struct batch_env batch_env;
	struct verdicts *verdicts;
	struct standing *standing; /* whose VERDICTS are, after world_load_standing() */
	struct batches *batches;
	struct dispatch_rows *rows;
	struct asserted asserted;
	struct knowledge knowledge;
	struct forecast_env forecast_env;
	size_t cap;           /* divisi.cap */
	double conflict_cost; /* divisi.conflict-cost */
	struct prompt_prefixes prefixes;
};

/*
 * Reads PATH and everything around it, and judges it.  -1 with ERR_NOT_FOUND or ERR_INPUT
 * for the plan, ERR_INPUT for settings that cannot be read; WORLD can be cleared in any
 * case.  Outside a repository, or in one git will not open, the plan stands alone.
 */
int world_load(struct world *world, const char *path, struct err *err);

/* The same for who is going to change what phases declare. */
int world_load_standing(struct world *world, const char *path, struct err *err);

/* Says on standard error what of the repository could not be known, if anything. */
void world_print_word(const struct world *world);

/* Only the repository around directory DIR and its settings: for verdicts without a plan. */
int world_open(struct world *world, const char *dir, struct err *err);
void world_clear(struct world *world);

/*
 * Decides PLAN, the world's own with other lists in the N phases at the positions CHANGED,
 * as that was.  What it returns lives as long as the world and PLAN, and so do the world's
 * own verdicts, which lose their cycles.  Asked once at most.
 */
const struct verdicts *world_change(
    struct world *world, const struct plan *plan, const int *changed, size_t n);

/* The position of the phase called ID; -1 with ERR_NOT_FOUND. */
int world_phase(const struct world *world, const char *id, struct err *err);

/* How many lints stop VERB. */
size_t world_n_stopping(const struct world *world, enum lint_verb verb);

/*
 * Prints every lint, or only those that stop VERB when ONLY_STOPPING, one line each:
 * file:line:column: error CODE message  fix: ...  [RULE]
 */
struct screen;
void world_print_lints(const struct world *world, const struct screen *screen,
    enum lint_verb verb, bool only_stopping);

/*
 * Renders and lints the prompt of ROW and adds what the plan's own lints do not say of the
 * phase already, at its place in the plan.  Returns the prompt; the caller frees it.
 */
char *world_prompt(struct world *world, const struct dispatch_row *row);

/* Puts the lints in the order of their places again, after more were added. */
void world_sort_lints(struct world *world);

/* Prints a line with the reason for every pair that cannot simply run together. */
void world_print_pairs(const struct world *world, const struct screen *screen);
