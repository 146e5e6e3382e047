#pragma once

#include "plan/plan.h"
#include "plan/verdict.h"

/*
 * Which phases run in which batch (SPEC 1.3, 1.4, 8.2; ): 2-3 each, up to 5
 * for pure research, never 3+1 when 2+2 is possible, sequential pairs in different batches
 * and in order.  Exact search for plans of ordinary size, list scheduling beyond.
 */
struct batch {
	int number; /* 1-based */
	bool is_research;
	int *phase; /* positions in plan order; letter = index, label "S-A" + index */
	size_t n;
	int *merge_order; /* positions, first to merge first; n entries */
};

struct batches {
	struct arena *arena;
	struct batch *batch;
	size_t n;
	int *critical_path; /* positions of the longest dependency chain */
	size_t n_critical;
	size_t lower_bound; /* no schedule can have fewer batches */
	const char *bound_reason;
	bool is_exact;    /* the number of batches is proven smallest */
	size_t n_least;   /* batches needed without regard to risk */
	double risk_sum;  /* expected conflicts of phases that share a batch */
	const char **why; /* per phase: why it is in its batch */
	int *unplaced;    /* phases in a cycle: nothing of them is dispatchable */
	size_t n_unplaced;
};

/* Two phases whose branches were merged on trial and do not merge. */
struct batch_met {
	int a, b;
};

struct batch_env {
	size_t cap;          /* 0 means 3 */
	size_t research_cap; /* 0 means 5 */
	const bool *is_done; /* per phase: leave out, counts as finished; NULL = none */
	double
	    conflict_cost; /* of one conflict, in batches: may buy a batch with less risk;
			         0: risk only decides between equally short schedules */
	const struct batch_met
	    *met; /* known from trial merges: decides who lands last */
	size_t n_met;
};

struct batches *batches_new(const struct plan *plan, const struct verdicts *verdicts,
    const struct batch_env *env);
void batches_free(struct batches *batches);

/* The batch that holds the phase at POSITION, or NULL. */
const struct batch *batches_of(const struct batches *batches, int position);

/*
 * True when the phase is a pure research track (S-29, A-83): analysis only, and everything
 * it writes is declared and new.  Whether outputs are shared is a question of the set.
 */
bool phase_is_research(const struct phase *phase);
