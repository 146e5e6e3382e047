#pragma once

#include "plan/graph.h"

/*
 * The search behind batch.c, on bare jobs: which job runs in which round.  Jobs stand in
 * plan order.  A round holds at most CAP jobs, or RESEARCH_CAP when all of them are
 * research and no two share an output.
 */
struct schedule_risk { /* what it may cost to have two jobs in one round */
	int a, b;
	float p; /* 0..1: chance that their changes collide */
};

struct schedule {
	size_t n;
	struct graph
	    before; /* sealed, without cycles: FROM in an earlier round than TO */
	struct graph
	    shares; /* sealed, both ways: jobs that may not be research together */
	bool *is_research;
	int *wish; /* round the author wished for, 0 = none */
	size_t cap, research_cap;
	struct schedule_risk *risk; /* pairs with p > 0, each once */
	size_t n_risks;
	double
	    conflict_cost; /* of one collision, in rounds; 0: risk only breaks ties */

	int *round; /* the answer, 0-based per job */
	size_t n_rounds;
	bool is_exact;           /* no schedule has fewer rounds */
	size_t chain_bound;      /* rounds that the longest chain of BEFORE needs */
	size_t capacity_bound;   /* rounds that the number of jobs needs */
	bool is_search_complete; /* exact because everything was tried */
	size_t n_least;          /* rounds without regard to risk; at most n_rounds */
	double risk_sum;         /* of the pairs that share a round */
};

#define SCHEDULE_MAX_EXACT 14 /* up to here the whole list of wants is optimised, */
#define SCHEDULE_MAX_COUNT 20 /* up to here the number of rounds, */
#define SCHEDULE_MAX_POLISHED \
	40 /* and up to here single moves are weighed one by one */

/*
 * Fills in the answer.  In this order it wants few rounds, no round of one, research and
 * implementation apart, even rounds, the author's wishes, little risk, large rounds first,
 * plan order.  With a CONFLICT_COST the first of these is few rounds + conflict_cost * the
 * risk of the pairs in one round (CONFLICTS 5.2): then it may take more than n_least.
 */
void schedule_solve(struct schedule *schedule);
void schedule_clear(struct schedule *schedule);

/* May the jobs of IDS run in one round as research? */
bool schedule_is_research(const struct schedule *schedule, const int *ids, size_t n);
