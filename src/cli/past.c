#include "cli/past.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"
#include "core/planner.h"
#include "engine/replay.h"
#include "store/journal.h"

#include <math.h>

static void
add_log(double actual, double estimated, size_t *n, double *sum, double *square)
{
	double x;

	if (actual <= 0 || estimated <= 0)
		return;
	x = log(actual / estimated);
	*sum += x;
	*square += x * x;
	(*n)++;
}

static void
add_session(struct past *h, const struct session *s)
{
	struct phase as_estimated = { .est_mid_cents = s->est_mid,
		.points = (int)(s->points < 100 ? s->points : 100) };
	int64_t cost = s->cost + s->cost_before;
	size_t n = h->n_works + h->n_costs;

	if (s->state != SESSION_DONE)
		return;
	if (s->started_at > 0 && s->ended_at > s->started_at)
		add_log((double)(s->ended_at - s->started_at) / 60000,
		    rehearse_work_minutes(&as_estimated), &h->n_works, &h->work_log,
		    &h->work_square);
	if (cost > 0 && s->est_mid > 0)
		add_log((double)cost, (double)s->est_mid, &h->n_costs, &h->cost_log,
		    &h->cost_square);
	h->n_sessions += h->n_works + h->n_costs > n;
}

static struct core *
core_of(const char *home)
{
	struct err err = ERR_INIT;
	struct store *store = home ? store_open(home, 1, &err) : NULL;
	struct core *core = store ? replay_core(store, NULL, &err) : NULL;

	store_close(store);
	return core;
}

void
past_print_planners(const char *home, FILE *out)
{
	struct core *core = core_of(home);
	struct planner_sum *sums = NULL;
	size_t n = core ? core_planners(core, &sums) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct planner_sum *sum = &sums[i];
		AUTO_FREE char *name = text_show(sum->name, true);

		if (sum->n_files == 0)
			continue;
		fprintf(out,
		    "planner %s: %zu plan(s), %zu of %zu sessions wrote what was not "
		    "declared, %zu of %zu paths (%.0f %%)\n",
		    name[0] ? name : "unknown", sum->n_plans, sum->n_strayed,
		    sum->n_sessions, sum->n_stray, sum->n_files,
		    100.0 * (double)sum->n_stray / (double)sum->n_files);
	}
	free(sums);
	core_free(core);
}

struct json_object *
past_planners_json(const char *home)
{
	struct json_object *list = json_object_new_array();
	struct core *core = core_of(home);
	struct planner_sum *sums = NULL;
	size_t n = core ? core_planners(core, &sums) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct planner_sum *sum = &sums[i];
		struct json_object *one = json_object_new_object();
		const struct {
			const char *name;
			size_t n;
		} numbers[] = { { "plans", sum->n_plans },
			{ "sessions", sum->n_sessions }, { "strayed", sum->n_strayed },
			{ "files", sum->n_files }, { "undeclared", sum->n_stray } };

		json_object_object_add(one, "name", json_str(sum->name));
		for (size_t k = 0; k < N_ELEMS(numbers); k++)
			json_object_object_add(one, numbers[k].name,
			    json_object_new_int64((int64_t)numbers[k].n));
		json_object_array_add(list, one);
	}
	free(sums);
	core_free(core);
	return list;
}

void
past_read(struct past *past, const char *home)
{
	struct core *core = core_of(home);

	*past = (struct past){ 0 };
	for (size_t i = 0; core && i < core->n_sessions; i++)
		add_session(past, &core->session[i]);
	core_free(core);
}

static void
apply(size_t n, double sum, double square, double *factor, double *spread)
{
	double mean = n > 0 ? sum / (double)n : 0, variance;

	if (n < PAST_ENOUGH)
		return;
	variance = square / (double)n - mean * mean;
	*factor = exp(mean);
	/* A few sessions that happen to agree do not make the next one certain. */
	*spread = variance > 0.04 ? sqrt(variance) : 0.2;
	*spread = *spread > 2 ? 2 : *spread;
}

void
past_apply(const struct past *past, struct rehearse_guess *guess)
{
	apply(past->n_works, past->work_log, past->work_square, &guess->work_factor,
	    &guess->work_spread);
	apply(past->n_costs, past->cost_log, past->cost_square, &guess->cost_factor,
	    &guess->cost_spread);
}
