#pragma once

#include "core/core.h"
#include "plan/batch.h"

/*
 * A plan played to its end before anything is spent: the scheduler and the core are the
 * real ones, the world around them (agents, people, git) is dice, and time is a number.
 * The same seed gives the same rounds; settings that are compared get the same dice, so
 * that what differs is the setting and not luck.
 */

/* What is assumed of the world.  Times are medians; spreads are sigmas of logarithms. */
struct rehearse_guess {
	double work_factor, cost_factor; /* actual over estimated: 1 = as estimated */
	double work_spread, cost_spread;
	double person_minutes, person_spread; /* until somebody answers */
	double verify_minutes;
	double mend_minutes;                /* of a merge conflict */
	double asks[EXEC_N_MODES];          /* questions per session */
	double fail_chance;                 /* of one run */
	double limit_chance, limit_minutes; /* of a session to meet a rate limit */
	double conflict_chance;             /* of an overlap nobody estimated */
	double red_chance;                  /* of one verify run */
};

void rehearse_guess_init(struct rehearse_guess *guess);

/* In what order the branches of a batch land. */
enum rehearse_order {
	REHEARSE_HUB, /* as the table says: who will probably collide most comes last */
	REHEARSE_PLAN,     /* plan order */
	REHEARSE_MEASURED, /* as they are ready; who does not merge with several waits */
	REHEARSE_N_ORDERS
};

struct rehearse_setting {
	enum rehearse_order order; /* of batches; rolling lands as they are ready */

	bool is_rolling; /* each phase as soon as its own edges and a slot allow */
	size_t cap, research_cap;
	bool asks_merge;   /* a person reads each change before it lands */
	bool approves_all; /* later tables need no person */
};

struct rehearse_case { /* all borrowed */
	const struct plan *plan;
	const struct verdicts *verdicts;
	const struct batches *batches; /* for setting->cap */
	const struct rehearse_guess *guess;
	const struct rehearse_setting *setting;
};

enum rehearse_what { REHEARSE_WAITS, REHEARSE_WORKS, REHEARSE_PERSON, REHEARSE_LANDS };

struct rehearse_span { /* what a phase did from when to when, ms from the start */
	int phase;
	enum rehearse_what what;
	int64_t from, to;
};

struct rehearse_round {
	int64_t finish_ms, cost_cents;
	int n_person;    /* times somebody was needed */
	int n_conflicts; /* merges that did not go through by themselves */
	int n_done;      /* phases */
	size_t number;
	struct rehearse_span *span;
	size_t n_spans, cap_spans;
};

/* Plays round NUMBER of SEED.  Keeps spans in ROUND; clear it. */
void rehearse_play(const struct rehearse_case *what, uint64_t seed, size_t number,
    struct rehearse_round *round);
void rehearse_round_clear(struct rehearse_round *round);

struct rehearse_summary {
	size_t n_rounds;
	int64_t finish_p50, finish_p90; /* ms */
	int64_t cost_p50, cost_p90;     /* cents */
	int person_p50, person_p90;
	double conflicts;    /* per round */
	double over_budget;  /* share of rounds that cost more than the budget */
	double complete;     /* share of rounds in which every phase got done */
	size_t median_round; /* the one whose finish is the median */
};

/* Plays N rounds; BUDGET_CENTS of 0 is none. */
void rehearse_many(const struct rehearse_case *what, uint64_t seed, size_t n,
    int64_t budget_cents, struct rehearse_summary *summary);

/* What a phase is estimated to take and to cost, in the middle of all guesses. */
double rehearse_work_minutes(const struct phase *phase);
double rehearse_cost_cents(const struct phase *phase);
