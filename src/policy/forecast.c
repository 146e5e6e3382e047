#include "policy/forecast.h"

#include "base/mem.h"
#include "plan/merging.h"
#include "policy/reach.h"

#include <stdlib.h>

/* More pairs than this nobody reads; then only the literal answers are given. */
#define MAX_FORECASTS 50000

static bool
is_of_files(const struct pair *pair)
{
	switch (pair->kind) {
	case PAIR_RAW:
	case PAIR_WAR:
	case PAIR_WAW:
	case PAIR_APPEND:
	case PAIR_DELETE:
	case PAIR_RENAME:
	case PAIR_DIRECTORY: return true;
	case PAIR_NONE:
	case PAIR_API:
	case PAIR_SCHEMA:
	case PAIR_INFRA:
	case PAIR_RESOURCE:
	case PAIR_DECLARED:
	case PAIR_CLOSURE:
	case PAIR_UNKNOWN:
	case PAIR_CYCLE:
	case PAIR_N_KINDS: break;
	}
	return false;
}

static void
ask_files(const struct forecast_env *env, struct risk_file *file, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		file[i].n_bytes = env->n_bytes ? env->n_bytes(env->arg, file[i].path)
					       : -1;
		file[i].hot = env->hot ? env->hot(env->arg, file[i].path) : 0;
	}
}

/*
 * Takes out of FILE what has a merge action: what is made again or united at landing collides
 * with nobody (CONFLICTS 5.2).  Returns how many are left.
 */
static size_t
keep_colliding(const struct forecast_env *env, struct risk_file *file, size_t n)
{
	const struct verdict_env *world = env->world;
	struct merging_rules rules;
	size_t n_left = 0;

	if (!world || world->n_derived + world->n_united == 0)
		return n;
	merging_rules_init(&rules, world);
	for (size_t i = 0; i < n; i++) {
		enum merging merging = merging_of(&rules, file[i].path);

		if (merging != MERGING_DERIVED && merging != MERGING_UNITED)
			file[n_left++] = file[i];
	}
	merging_rules_clear(&rules);
	return n_left;
}

static double
risk_between(struct reach *reach, const struct forecast_env *env, int a, int b)
{
	struct risk_file *file;
	size_t n = reach_common(reach, a, b, &file);
	double risk = n > 0 ? 0 : -1;

	n = keep_colliding(env, file, n);
	if (n > 0) {
		ask_files(env, file, n);
		risk = risk_of_pair(env->model, file, n, reach_sizes(reach, a, b));
	}
	free(file);
	return risk;
}

/* Of two phases that may meet in files; REACH is made when it is first needed. */
static double
risk_of(const struct plan *plan, const struct pair *pair,
    const struct forecast_env *env, struct reach **reach)
{
	bool may_meet = pair->grounds->witness &&
			(pair->kind == PAIR_WAW || pair->kind == PAIR_APPEND ||
			    pair->kind == PAIR_DELETE || pair->kind == PAIR_RENAME);
	double risk;

	if (!*reach)
		*reach = reach_new(plan, env->tracked, env->n_tracked, env->fold_case);
	risk = risk_between(*reach, env, pair->a, pair->b);
	if (risk < 0 && (may_meet || pair->kind == PAIR_DIRECTORY))
		risk = may_meet ? FORECAST_POTENTIAL : 0;
	return risk;
}

void
forecast_risks(
    const struct plan *plan, struct verdicts *verdicts, const struct forecast_env *env)
{
	struct reach *reach = NULL;
	size_t n_left = MAX_FORECASTS;

	for (size_t i = 0; i < verdicts->n_pairs; i++) {
		struct pair *pair = &verdicts->pair[i];

		pair->risk = -1;
		if (!is_of_files(pair) || n_left == 0)
			continue;
		n_left--;
		pair->risk = (float)risk_of(plan, pair, env, &reach);
	}
	verdicts->has_risk = true;
	reach_free(reach);
}

void
forecast_again(const struct plan *plan, struct verdicts *verdicts,
    const struct forecast_env *env, const int *changed, size_t n)
{
	bool *is_changed = xcalloc(plan->n_phases + 1, sizeof(*is_changed));
	struct reach *reach = NULL;
	size_t n_of_files = 0;

	for (size_t i = 0; i < n; i++)
		is_changed[changed[i]] = true;
	for (size_t i = 0; i < verdicts->n_pairs; i++)
		n_of_files += is_of_files(&verdicts->pair[i]);
	/* Past the limit another pair may be the last. */
	if (n_of_files > MAX_FORECASTS) {
		free(is_changed);
		forecast_risks(plan, verdicts, env);
		return;
	}
	for (size_t i = 0; i < verdicts->n_pairs; i++) {
		struct pair *pair = &verdicts->pair[i];

		if (!is_of_files(pair))
			pair->risk = -1;
		else if (pair->risk < 0 || is_changed[pair->a] || is_changed[pair->b])
			pair->risk = (float)risk_of(plan, pair, env, &reach);
	}
	verdicts->has_risk = true;
	reach_free(reach);
	free(is_changed);
}

static int
compare_chances(const void *pa, const void *pb)
{
	const struct forecast_file *a = pa, *b = pb;
	double wa = a->chance * a->file.sure, wb = b->chance * b->file.sure;

	return (wb > wa) - (wb < wa);
}

void
forecast_pair(const struct plan *plan, int a, int b, const struct forecast_env *env,
    struct forecast *forecast)
{
	struct reach *reach = reach_new(
	    plan, env->tracked, env->n_tracked, env->fold_case);
	struct risk_sizes sizes = reach_sizes(reach, a, b);
	struct risk_file *file;
	size_t n = reach_common(reach, a, b, &file);

	n = keep_colliding(env, file, n);
	*forecast = (struct forecast){ .n = n };
	ask_files(env, file, n);
	forecast->risk = risk_of_pair(env->model, file, n, sizes);
	forecast->file = xcalloc(n, sizeof(*forecast->file));
	for (size_t i = 0; i < n; i++)
		forecast->file[i] = (struct forecast_file){ file[i],
			risk_of_file(env->model, &file[i]) };
	if (n > 1)
		qsort(forecast->file, n, sizeof(*forecast->file), compare_chances);
	for (size_t i = 0; i < n; i++)
		file[i] = forecast->file[i].file;
	if (n > 0)
		forecast->without = risk_of_pair(env->model, file + 1, n - 1, sizes);
	free(file);
	reach_free(reach);
}

void
forecast_clear(struct forecast *forecast)
{
	free(forecast->file);
	*forecast = (struct forecast){ 0 };
}
