#pragma once

#include "plan/verdict.h"
#include "policy/risk.h"

/*
 * The chance of a conflict of every pair of a plan that is a question of files.  Pure: what
 * the repository knows of a file is asked through functions, and only for files that two
 * phases share.
 */
struct forecast_env {
	const char *const *tracked; /* sorted */
	size_t n_tracked;
	bool fold_case;
	const struct risk_model *model;
	double (*n_bytes)(void *arg, const char *path); /* negative: not known */
	double (*hot)(void *arg, const char *path);     /* of the last 200 landings */
	void *arg;
	/* Whose merge actions take files out of it; borrowed, NULL for none. */
	const struct verdict_env *world;
};

/*
 * Fills in the risk of the pairs VERDICTS holds.  A pair that could only meet in a file
 * that is not there yet has FORECAST_POTENTIAL; one that shares a directory has none.
 */
#define FORECAST_POTENTIAL 0.02
void forecast_risks(
    const struct plan *plan, struct verdicts *verdicts, const struct forecast_env *env);

/*
 * The same after the N phases at the positions CHANGED declare something else, where the
 * other pairs still have the risk they had, or none where they were decided again.
 */
void forecast_again(const struct plan *plan, struct verdicts *verdicts,
    const struct forecast_env *env, const int *changed, size_t n);

/* Why a pair has its risk: its files, the likeliest to collide first. */
struct forecast_file {
	struct risk_file file;
	double chance;
};

struct forecast {
	struct forecast_file *file;
	size_t n;
	double risk;
	double without; /* the risk if the first file were left to one of the two */
};

/* The files of phases A and B; forecast_clear() releases.  The paths are borrowed. */
void forecast_pair(const struct plan *plan, int a, int b,
    const struct forecast_env *env, struct forecast *forecast);
void forecast_clear(struct forecast *forecast);
