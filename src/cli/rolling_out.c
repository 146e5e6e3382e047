#include "cli/rolling_out.h"

#include "base/mem.h"
#include "cli/json.h"
#include "plan/rolling.h"

#include <math.h>
#include <stdlib.h>

struct rollout {
	const struct world *world;
	struct rolling rolling;
	struct graph before, apart;
	double *duration;
	struct schedule_risk *risk;
	int *phase, *job; /* of each job, and of each phase or -1 */
	double batches;   /* how long the batches take, each as its longest phase */
	const char *unit;
};

static double
duration_of(const struct phase *phase, const char *unit)
{
	if (*unit == 'p')
		return phase->points > 0 ? phase->points : 1;
	if (*unit == 'd')
		return phase->est_mid_cents > 0 ? (double)phase->est_mid_cents / 100
						: 1;
	return 1;
}

/* What most of the phases say of themselves. */
static const char *
unit_of(const struct plan *plan)
{
	size_t n_points = 0, n_dollars = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		n_points += plan->phase[i].points > 0;
		n_dollars += plan->phase[i].est_mid_cents > 0;
	}
	if (n_points > 0 && n_points >= n_dollars)
		return "points";
	return n_dollars > 0 ? "dollars of the estimate" : "phases";
}

static void
add_pair(struct rollout *r, const struct pair *pair, size_t *cap)
{
	int a = r->job[pair->a], b = r->job[pair->b];

	if (a < 0 || b < 0)
		return;
	if (pair->verdict == VERDICT_SEQUENTIAL && pair->question == 1) {
		bool is_ab = pair->first == pair->a;

		graph_add(&r->before, is_ab ? a : b, is_ab ? b : a);
	} else if (pair->verdict == VERDICT_SEQUENTIAL) {
		/* Either may go first; only not at the same time. */
		graph_add(&r->apart, a, b);
		graph_add(&r->apart, b, a);
	} else if (pair->risk > 0) {
		GROW(r->risk, r->rolling.n_risks, *cap);
		r->risk[r->rolling.n_risks++] = (struct schedule_risk){ a, b,
			pair->risk };
	}
}

static void
rollout_init(struct rollout *r, const struct world *world)
{
	const struct plan *plan = world->plan;
	const struct batches *batches = world->batches;
	size_t n_risks = 0;

	*r = (struct rollout){ .world = world, .unit = unit_of(plan) };
	r->phase = xcalloc(plan->n_phases, sizeof(*r->phase));
	r->job = xcalloc(plan->n_phases, sizeof(*r->job));
	r->duration = xcalloc(plan->n_phases, sizeof(*r->duration));
	for (size_t i = 0; i < plan->n_phases; i++)
		r->job[i] = -1;
	for (size_t b = 0; b < batches->n; b++) {
		double longest = 0;

		for (size_t k = 0; k < batches->batch[b].n; k++) {
			int phase = batches->batch[b].phase[k];
			int job = (int)r->rolling.n++;

			r->job[phase] = job;
			r->phase[job] = phase;
			r->duration[job] = duration_of(&plan->phase[phase], r->unit);
			longest = fmax(longest, r->duration[job]);
		}
		r->batches += longest;
	}
	graph_init(&r->before, r->rolling.n);
	graph_init(&r->apart, r->rolling.n);
	for (size_t i = 0; i < world->verdicts->n_pairs; i++)
		add_pair(r, &world->verdicts->pair[i], &n_risks);
	graph_seal(&r->before);
	graph_seal(&r->apart);
	r->rolling.duration = r->duration;
	r->rolling.before = &r->before;
	r->rolling.apart = &r->apart;
	r->rolling.risk = r->risk;
	r->rolling.cap = world->cap;
	r->rolling.conflict_cost = world->conflict_cost;
	rolling_solve(&r->rolling);
}

static void
rollout_clear(struct rollout *r)
{
	rolling_clear(&r->rolling);
	graph_clear(&r->before);
	graph_clear(&r->apart);
	free(r->duration);
	free(r->risk);
	free(r->phase);
	free(r->job);
}

/* The next job by its start, in plan order where several start together; -1 at the end. */
static int
next_job(const struct rollout *r, int last)
{
	const double *start = r->rolling.start;
	int best = -1;

	for (int i = 0; i < (int)r->rolling.n; i++) {
		bool is_later = last < 0 || start[i] > start[last] + 1e-9 ||
				(i > last && start[i] > start[last] - 1e-9);

		if (is_later && (best < 0 || start[i] < start[best] - 1e-9))
			best = i;
	}
	return best;
}

void
rolling_out_text(const struct world *world, const struct screen *screen)
{
	static const char *const header[] = { "Start", "Phase", "Until", "Focus" };
	struct rollout r;
	struct sheet sheet;

	rollout_init(&r, world);
	sheet_init(&sheet, header, N_ELEMS(header));
	for (int job = next_job(&r, -1); job >= 0; job = next_job(&r, job)) {
		const struct phase *phase = &world->plan->phase[r.phase[job]];
		AUTO_FREE char *start = xasprintf("%.1f", r.rolling.start[job]);
		AUTO_FREE char *end = xasprintf(
		    "%.1f", r.rolling.start[job] + r.duration[job]);
		const char *cells[] = { start, phase->id, end, phase->focus };

		sheet_add(&sheet, cells, NULL);
	}
	fprintf(screen->out, "\nWithout batches, at most %zu at a time (%s)\n\n",
	    world->cap, r.unit);
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	fprintf(screen->out,
	    "  length %.1f, at least %.1f; the batches above take %.1f; conflicts to be "
	    "expected %.2f\n",
	    r.rolling.length, r.rolling.bound, r.batches, r.rolling.risk_sum);
	rollout_clear(&r);
}

void
rolling_out_json(struct json_out *json, const struct world *world)
{
	json_object *object = json_object_new_object();
	json_object *starts = json_object_new_array();
	struct rollout r;

	rollout_init(&r, world);
	for (int job = next_job(&r, -1); job >= 0; job = next_job(&r, job)) {
		json_object *one = json_object_new_object();

		json_object_object_add(
		    one, "phase", json_str(world->plan->phase[r.phase[job]].id));
		json_object_object_add(
		    one, "start", json_object_new_double(r.rolling.start[job]));
		json_object_object_add(one, "end",
		    json_object_new_double(r.rolling.start[job] + r.duration[job]));
		json_object_array_add(starts, one);
	}
	json_object_object_add(object, "unit", json_str(r.unit));
	json_object_object_add(object, "starts", starts);
	json_object_object_add(
	    object, "length", json_object_new_double(r.rolling.length));
	json_object_object_add(
	    object, "lower_bound", json_object_new_double(r.rolling.bound));
	json_object_object_add(object, "batches", json_object_new_double(r.batches));
	json_object_object_add(
	    object, "expected_conflicts", json_object_new_double(r.rolling.risk_sum));
	json_out_value(json, "rolling", object);
	rollout_clear(&r);
}
