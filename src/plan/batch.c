#include "plan/batch.h"

#include "plan/landing.h"
#include "plan/schedule.h"

#include <string.h>

/* From the pairs of a plan to a schedule of jobs and back to batches with their reasons. */
struct planner {
	const struct plan *plan;
	const struct verdicts *verdicts;
	const struct batch_env *env;
	struct batches *out;
	struct schedule schedule;
	bool *is_stuck; /* in a cycle, or behind one */
	int *job;       /* per phase: its job, or -1 */
	int *phase;     /* per job: its phase */
	int *round_of;  /* per phase: 0-based, or -1 */
};

bool
phase_is_research(const struct phase *phase)
{
	static const enum touch changing[] = { TOUCH_DELETES, TOUCH_RENAMES,
		TOUCH_APPENDS, TOUCH_EXTENDS, TOUCH_CHANGES, TOUCH_REMOVES,
		TOUCH_RENUMBERS, TOUCH_GATES, TOUCH_INFRA };

	if (!phase->is_analysis_only || phase->is_unknown)
		return false;
	for (size_t i = 0; i < N_ELEMS(changing); i++) {
		if (phase->touch[changing[i]].n > 0)
			return false;
	}
	return true;
}

/* Can two research tracks be in one batch of research: is no output shared (S-29)? */
static bool
shares_output(const struct pair *pair)
{
	return pair->verdict == VERDICT_PARALLEL_BRANCHES &&
	       pair->kind != PAIR_DIRECTORY;
}

static bool
is_done(const struct planner *p, int phase)
{
	return p->env->is_done && p->env->is_done[phase];
}

/*
 * What stands in a cycle cannot be dispatched, and neither can what needs it.  Closure
 * pairs are among the pairs, so one look at each is enough.
 */
static void
find_stuck(struct planner *p)
{
	const struct verdicts *v = p->verdicts;
	bool *is_in_cycle;

	if (v->n_cycles == 0 && !v->is_too_large)
		return;
	is_in_cycle = xcalloc(p->plan->n_phases, sizeof(*is_in_cycle));
	for (size_t i = 0; i < v->n_cycles; i++) {
		for (size_t k = 0; k < v->cycle[i].n; k++)
			is_in_cycle[v->cycle[i].phase[k]] = true;
	}
	for (size_t i = 0; i < v->n_pairs; i++) {
		if (v->pair[i].kind == PAIR_CYCLE)
			is_in_cycle[v->pair[i].a] = is_in_cycle[v->pair[i].b] = true;
	}
	memcpy(p->is_stuck, is_in_cycle, p->plan->n_phases * sizeof(*is_in_cycle));
	for (size_t i = 0; i < v->n_pairs; i++) {
		const struct pair *pair = &v->pair[i];

		if (pair->question == 1 && pair->first >= 0 && is_in_cycle[pair->first])
			p->is_stuck[pair->a + pair->b - pair->first] = true;
	}
	for (size_t i = 0; i < p->plan->n_phases && v->is_too_large; i++)
		p->is_stuck[i] = true;
	free(is_in_cycle);
}

static const char *
name(const struct planner *p, int phase)
{
	return p->plan->phase[phase].id;
}

/* Says of every stuck phase what holds it; a cycle of its own before one in front of it. */
static void
explain_stuck(struct planner *p)
{
	const struct verdicts *v = p->verdicts;
	const char **why = p->out->why;

	if (v->n_cycles == 0 && !v->is_too_large)
		return;
	for (size_t i = 0; i < v->n_pairs; i++) {
		const struct pair *pair = &v->pair[i];
		const char *text = why[pair->a] ? why[pair->a] : why[pair->b];

		if (pair->kind != PAIR_CYCLE)
			continue;
		if (!text)
			text = arena_printf(
			    p->out->arena, "in a cycle: %s", pair->grounds->reason);
		why[pair->a] = why[pair->b] = text;
	}
	for (size_t i = 0; i < 2 * v->n_pairs; i++) {
		const struct pair *pair = &v->pair[i % v->n_pairs];
		int later = pair->a + pair->b - pair->first;
		bool is_first_pass = i < v->n_pairs;

		/* What needs a stuck phase itself says more than what needs it in the end. */
		if (pair->question != 1 || pair->first < 0 ||
		    !p->is_stuck[pair->first] || why[later] ||
		    (is_first_pass && pair->kind == PAIR_CLOSURE))
			continue;
		why[later] = arena_printf(p->out->arena, "%s can never start: %s",
		    name(p, pair->first), pair->grounds->reason);
	}
	for (size_t i = 0; i < p->plan->n_phases; i++) {
		if (p->is_stuck[i] && !why[i])
			why[i] = v->is_too_large ? v->undecided.grounds->reason
						 : "it waits for itself";
	}
}

static void
set_aside(struct planner *p)
{
	struct batches *out = p->out;
	size_t n = p->plan->n_phases;

	out->why = arena_alloc(out->arena, n * sizeof(*out->why));
	out->unplaced = arena_alloc(out->arena, n * sizeof(*out->unplaced));
	explain_stuck(p);
	for (size_t i = 0; i < n; i++) {
		p->job[i] = p->round_of[i] = -1;
		if (is_done(p, (int)i)) {
			out->why[i] = "it is done";
		} else if (p->is_stuck[i]) {
			out->unplaced[out->n_unplaced++] = (int)i;
		} else {
			p->phase[p->schedule.n] = (int)i;
			p->job[i] = (int)p->schedule.n++;
		}
	}
}

/* A pair that may share a round, and what that risks. */
static void
add_risk(struct schedule *s, size_t *cap, const struct schedule_risk *risk)
{
	if (risk->p <= 0)
		return;
	GROW(s->risk, s->n_risks, *cap);
	s->risk[s->n_risks++] = *risk;
}

static void
fill_schedule(struct planner *p)
{
	struct schedule *s = &p->schedule;
	const struct verdicts *v = p->verdicts;
	size_t cap_risks = 0;

	s->cap = p->env->cap ? p->env->cap : 3;
	s->research_cap = p->env->research_cap ? p->env->research_cap : 5;
	s->conflict_cost = p->env->conflict_cost;
	s->is_research = xcalloc(s->n, sizeof(*s->is_research));
	s->wish = xcalloc(s->n, sizeof(*s->wish));
	graph_init(&s->before, s->n);
	graph_init(&s->shares, s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct phase *phase = &p->plan->phase[p->phase[i]];

		s->is_research[i] = phase_is_research(phase);
		s->wish[i] = phase->batch_wish > 0 ? phase->batch_wish : 0;
	}
	for (size_t i = 0; i < v->n_pairs; i++) {
		const struct pair *pair = &v->pair[i];
		int a = p->job[pair->a], b = p->job[pair->b];

		if (a < 0 || b < 0)
			continue;
		if (pair->verdict == VERDICT_SEQUENTIAL) {
			bool is_ab = pair->first == pair->a;

			graph_add(&s->before, is_ab ? a : b, is_ab ? b : a);
			continue;
		}
		if (v->has_risk)
			add_risk(
			    s, &cap_risks, &(struct schedule_risk){ a, b, pair->risk });
		if (s->is_research[a] && s->is_research[b] && shares_output(pair)) {
			graph_add(&s->shares, a, b);
			graph_add(&s->shares, b, a);
		}
	}
	graph_seal(&s->before);
	graph_seal(&s->shares);
}

/* How many others of BATCH the phase overlaps with: the hub of a batch lands last. */
static size_t
overlaps(const struct planner *p, const struct batch *batch, int phase)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct pair *pair = batch->phase[i] == phase
					      ? NULL
					      : verdicts_find(p->verdicts, phase,
						    batch->phase[i]);

		n += pair && shares_output(pair);
	}
	return n;
}

static bool
merges_before(const struct planner *p, const struct batch *batch, int a, int b)
{
	size_t na = overlaps(p, batch, a), nb = overlaps(p, batch, b);
	int pa = p->plan->phase[a].points, pb = p->plan->phase[b].points;

	if (na != nb)
		return na < nb;
	if (na > 0 && pa != pb && pa > 0 && pb > 0)
		return pa < pb;
	return a < b;
}

/* Who lands first where risk decides nothing: by merges_before(), 0 to n - 1. */
static void
rank_merges(const struct planner *p, const struct batch *batch, int *rank)
{
	int *by = xcalloc(batch->n, sizeof(*by));

	for (size_t i = 0; i < batch->n; i++) {
		size_t at = i;

		for (; at > 0 && merges_before(p, batch, batch->phase[i],
				     batch->phase[by[at - 1]]);
		     at--)
			by[at] = by[at - 1];
		by[at] = (int)i;
	}
	for (size_t i = 0; i < batch->n; i++)
		rank[by[i]] = (int)i;
	free(by);
}

/* The chance of a conflict when nobody estimated it: about one overlap in five, 2.2. */
#define RISK_OF_OVERLAP 0.2

static bool
has_met(const struct planner *p, int a, int b)
{
	for (size_t i = 0; i < p->env->n_met; i++) {
		const struct batch_met *met = &p->env->met[i];

		if ((met->a == a && met->b == b) || (met->a == b && met->b == a))
			return true;
	}
	return false;
}

static double
landing_risk(const struct planner *p, const struct pair *pair)
{
	if (!pair || pair->verdict == VERDICT_PARALLEL)
		return 0;
	if (p->verdicts->has_risk)
		return pair->risk > 0 ? (double)pair->risk : 0;
	return shares_output(pair) ? RISK_OF_OVERLAP : 0;
}

/*
 * CONFLICTS 5.4: fixed landing orders first; then the fewest conflicts to be expected,
 * which puts the hub last; then who overlaps least, the smaller, plan order.
 */
static void
order_merges(const struct planner *p, struct batch *batch)
{
	size_t n = batch->n;
	double *risk = xcalloc(n * n, sizeof(*risk));
	bool *before = xcalloc(n * n, sizeof(*before));
	int *rank = xcalloc(n, sizeof(*rank));
	struct landing landing = { n, risk, before, rank };

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			const struct pair *pair = i == k ? NULL
							 : verdicts_find(p->verdicts,
							       batch->phase[i],
							       batch->phase[k]);

			risk[i * n + k] = has_met(p, batch->phase[i], batch->phase[k])
					      ? 1
					      : landing_risk(p, pair);
			before[i * n + k] = pair && pair->first == batch->phase[i];
		}
	}
	rank_merges(p, batch, rank);
	batch->merge_order = arena_alloc(
	    p->out->arena, n * sizeof(*batch->merge_order));
	landing_order(&landing, batch->merge_order);
	for (size_t i = 0; i < n; i++)
		batch->merge_order[i] = batch->phase[batch->merge_order[i]];
	free(risk);
	free(before);
	free(rank);
}

static void
fill_batches(struct planner *p)
{
	struct batches *out = p->out;
	const struct schedule *s = &p->schedule;
	int *ids = xcalloc(s->n, sizeof(*ids));

	out->n = s->n_rounds;
	out->batch = arena_alloc(out->arena, out->n * sizeof(*out->batch));
	for (size_t i = 0; i < s->n; i++) {
		p->round_of[p->phase[i]] = s->round[i];
		out->batch[s->round[i]].n++;
	}
	for (size_t r = 0; r < out->n; r++) {
		struct batch *batch = &out->batch[r];

		batch->number = (int)r + 1;
		batch->phase = arena_alloc(out->arena, batch->n * sizeof(int));
		batch->n = 0;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct batch *batch = &out->batch[s->round[i]];

		batch->phase[batch->n++] = p->phase[i];
	}
	for (size_t r = 0; r < out->n; r++) {
		struct batch *batch = &out->batch[r];

		for (size_t i = 0; i < batch->n; i++)
			ids[i] = p->job[batch->phase[i]];
		batch->is_research = schedule_is_research(s, ids, batch->n);
		order_merges(p, batch);
	}
	free(ids);
}

/* Takes PAIR as the reason of its later phase when it is what keeps that one back. */
static void
why_waits(struct planner *p, const struct pair *pair)
{
	int later = pair->a + pair->b - pair->first;

	if (pair->verdict != VERDICT_SEQUENTIAL || pair->first < 0 ||
	    p->round_of[later] < 0 || p->out->why[later] ||
	    p->round_of[pair->first] != p->round_of[later] - 1)
		return;
	p->out->why[later] = arena_printf(p->out->arena, "waits for %s: %s",
	    name(p, pair->first), pair->grounds->reason);
}

/* The phase of an earlier batch that it is riskiest to run PHASE beside, or NULL. */
static const struct pair *
kept_from(const struct planner *p, int phase)
{
	const struct pair *worst = NULL;

	for (size_t i = 0; i < p->verdicts->n_pairs; i++) {
		const struct pair *pair = &p->verdicts->pair[i];
		int other = pair->a == phase ? pair->b : pair->a;

		if ((pair->a != phase && pair->b != phase) || p->round_of[other] < 0 ||
		    p->round_of[other] >= p->round_of[phase] ||
		    (double)pair->risk < 0.05)
			continue;
		if (!worst || pair->risk > worst->risk)
			worst = pair;
	}
	return worst;
}

/* Pairs are looked through once per phase: past this many, only the cap is named. */
#define EXPLAIN_MAX 200

static const char *
why_turn(const struct planner *p, int phase, const struct batch *batch, size_t cap)
{
	const struct pair *pair = p->plan->n_phases <= EXPLAIN_MAX ? kept_from(p, phase)
								   : NULL;
	const char *turn = arena_printf(p->out->arena,
	    "waits for its turn: at most %zu run at a time%s", cap,
	    batch->is_research ? " in research" : "");

	if (!pair)
		return turn;
	return arena_printf(p->out->arena,
	    "%s; not beside %s, where a conflict has a chance of %.0f %%", turn,
	    name(p, pair->a == phase ? pair->b : pair->a), 100 * (double)pair->risk);
}

static void
explain(struct planner *p)
{
	struct batches *out = p->out;

	for (size_t i = 0; i < p->verdicts->n_pairs; i++)
		why_waits(p, &p->verdicts->pair[i]);
	for (size_t r = 0; r < out->n; r++) {
		struct batch *batch = &out->batch[r];
		size_t cap = batch->is_research ? p->schedule.research_cap
						: p->schedule.cap;

		for (size_t i = 0; i < batch->n; i++) {
			const char **why = &out->why[batch->phase[i]];

			if (*why)
				continue;
			*why = r == 0 ? "waits for nothing"
				      : why_turn(p, batch->phase[i], batch, cap);
		}
	}
}

static void
find_bounds(struct planner *p)
{
	struct batches *out = p->out;
	const struct schedule *s = &p->schedule;
	int *chain = xcalloc(s->n, sizeof(*chain));

	out->n_critical = s->n > 0 ? graph_longest(&s->before, NULL, chain) : 0;
	out->critical_path = arena_alloc(out->arena, out->n_critical * sizeof(int));
	for (size_t i = 0; i < out->n_critical; i++)
		out->critical_path[i] = p->phase[chain[i]];
	free(chain);
	out->is_exact = s->is_exact;
	out->lower_bound = s->chain_bound > s->capacity_bound ? s->chain_bound
							      : s->capacity_bound;
	if (s->n == 0)
		out->bound_reason = out->n_unplaced > 0 ? "nothing can be dispatched"
							: "nothing is left to dispatch";
	else if (s->is_search_complete && out->lower_bound < s->n_least)
		out->bound_reason = "every arrangement was tried";
	else if (s->chain_bound >= s->capacity_bound)
		out->bound_reason = arena_printf(out->arena,
		    s->chain_bound > 1 ? "%zu phases have to wait for one another"
				       : "%zu phase has to run",
		    s->chain_bound);
	else
		out->bound_reason = arena_printf(out->arena,
		    "%zu phases, at most %zu at a time (%zu in pure research)", s->n,
		    s->cap, s->research_cap);
	if (s->is_search_complete)
		out->lower_bound = s->n_least;
	out->n_least = s->n_least;
	out->risk_sum = s->risk_sum;
}

struct batches *
batches_new(const struct plan *plan, const struct verdicts *verdicts,
    const struct batch_env *env)
{
	static const struct batch_env no_env;
	struct planner p = { .plan = plan,
		.verdicts = verdicts,
		.env = env ? env : &no_env,
		.out = xcalloc(1, sizeof(*p.out)) };

	p.out->arena = arena_new();
	p.is_stuck = xcalloc(plan->n_phases, sizeof(*p.is_stuck));
	p.job = xcalloc(plan->n_phases, sizeof(*p.job));
	p.phase = xcalloc(plan->n_phases, sizeof(*p.phase));
	p.round_of = xcalloc(plan->n_phases, sizeof(*p.round_of));
	find_stuck(&p);
	set_aside(&p);
	fill_schedule(&p);
	schedule_solve(&p.schedule);
	fill_batches(&p);
	find_bounds(&p);
	explain(&p);
	schedule_clear(&p.schedule);
	free(p.is_stuck);
	free(p.job);
	free(p.phase);
	free(p.round_of);
	return p.out;
}

void
batches_free(struct batches *batches)
{
	if (!batches)
		return;
	arena_free(batches->arena);
	free(batches);
}

const struct batch *
batches_of(const struct batches *batches, int position)
{
	for (size_t i = 0; i < batches->n; i++) {
		for (size_t k = 0; k < batches->batch[i].n; k++) {
			if (batches->batch[i].phase[k] == position)
				return &batches->batch[i];
		}
	}
	return NULL;
}
