#include "policy/cost.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/plan.h"

#include <limits.h>
#include <stdlib.h>

static const char *const profile_name[] = {
	[COST_BUDGET] = "budget",
	[COST_UNLIMITED] = "unlimited",
	[COST_PAY_PER_USE] = "pay-per-use",
};

int
cost_profile_of(const char *name)
{
	struct span word = span_trim(span_of(name));

	for (size_t i = 0; i < N_ELEMS(profile_name); i++) {
		if (span_eq_nocase(word, profile_name[i]))
			return (int)i;
	}
	return span_eq_nocase(word, "standard") ? COST_BUDGET : -1;
}

const char *
cost_profile_name(enum cost_profile profile)
{
	return profile_name[profile];
}

bool
cost_points_ok(int points)
{
	return points == 1 || points == 2 || points == 3 || points == 5 ||
	       points == 8 || points == 13;
}

int
cost_points(long cents)
{
	static const int scale[] = { 1, 2, 3, 5, 8 };

	if (cents < 0)
		return 0;
	for (size_t i = 0; i < N_ELEMS(scale); i++) {
		if (cents <= scale[i] * 100L)
			return scale[i];
	}
	return 13;
}

const char *
cost_split_advice(long cents)
{
	if (cents > 1300)
		return "must split or override";
	return cents > 800 ? "advise split" : NULL;
}

enum cost_gate
cost_gate(enum cost_profile profile, long cents, long threshold_cents)
{
	if (profile == COST_UNLIMITED)
		return cents > 1300 ? COST_RUN_WARN : COST_RUN;
	if (cents < 0)
		return COST_ASK;
	if (cents > threshold_cents)
		return COST_CHECKPOINT;
	return profile == COST_PAY_PER_USE ? COST_ASK : COST_RUN;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value PCT of the way up LIST, which is sorted. */
static double
at_percent(const double *list, size_t n, size_t pct)
{
	return list[(n - 1) * pct / 100];
}

/* Between an equal and ten times the cost: what is beyond says something else. */
static int
in_percent(double times)
{
	return times < 1 ? 100 : times > 10 ? 1000 : (int)(times * 100 + 0.5);
}

struct research_factor
cost_research_factor(double *research, size_t n, double *work, size_t n_work)
{
	struct research_factor factor = { .low_pct = 200, .high_pct = 400 };
	double base;

	if (n < RESEARCH_FACTOR_LEAST || n_work < RESEARCH_FACTOR_LEAST)
		return factor;
	qsort(research, n, sizeof(*research), by_size);
	qsort(work, n_work, sizeof(*work), by_size);
	base = at_percent(work, n_work, 50);
	if (base <= 0)
		return factor;
	factor.low_pct = in_percent(at_percent(research, n, 25) / base);
	factor.high_pct = in_percent(at_percent(research, n, 75) / base);
	factor.n = n;
	return factor;
}

static long
times(long cents, int pct)
{
	return cents / 100 > LONG_MAX / pct - pct
		   ? LONG_MAX
		   : cents / 100 * pct + cents % 100 * pct / 100;
}

void
cost_research_range(const struct research_factor *factor, long mid_cents,
    long *low_cents, long *high_cents)
{
	bool is_known = factor && factor->low_pct > 0;

	*low_cents = *high_cents = -1;
	if (mid_cents < 0)
		return;
	*low_cents = times(mid_cents, is_known ? factor->low_pct : 200);
	*high_cents = times(mid_cents, is_known ? factor->high_pct : 400);
}

const char *
cost_points_mode_warning(int points, int exec_mode)
{
	if (points <= 0)
		return NULL;
	if (!cost_points_ok(points))
		return "points are one of 1 2 3 5 8 13";
	if (points == 13)
		return "13 points are too many for one session: split the phase";
	/* Spikes are time-boxed and swarms sized by fan-out: points say nothing there. */
	if (exec_mode == EXEC_NONE || exec_mode == EXEC_SPIKE ||
	    exec_mode == EXEC_SWARM)
		return NULL;
	if (points <= 2 && exec_mode != EXEC_QUICK)
		return "1 or 2 points are quick work";
	if (points == 3 && exec_mode != EXEC_TDD)
		return "3 points are tdd work";
	if (points == 5 && exec_mode != EXEC_TDD && exec_mode != EXEC_PAIR)
		return "5 points are tdd or pair work";
	if (points == 8 && exec_mode != EXEC_PAIR && exec_mode != EXEC_CHECKPOINT)
		return "8 points are pair or checkpoint work";
	return NULL;
}
