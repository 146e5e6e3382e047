#include "rehearse/internal.h"

#include <math.h>

void
rehearse_guess_init(struct rehearse_guess *guess)
{
	/*
	 * Stated guesses, for plans without a history: a person looks within minutes, one
	 * run in sixteen fails, one overlap in five collides (CONFLICTS 2.2).
	 */
	*guess = (struct rehearse_guess){
		.work_factor = 1,
		.cost_factor = 1,
		.work_spread = 0.5,
		.cost_spread = 0.35,
		.person_minutes = 5,
		.person_spread = 1,
		.verify_minutes = 2,
		.mend_minutes = 20,
		.asks = { [EXEC_NONE] = 0.3,
		    [EXEC_QUICK] = 0.2,
		    [EXEC_TDD] = 0.5,
		    [EXEC_PAIR] = 3,
		    [EXEC_CHECKPOINT] = 2,
		    [EXEC_SWARM] = 0.8,
		    [EXEC_SPIKE] = 0.4 },
		.fail_chance = 0.06,
		.limit_chance = 0.02,
		.limit_minutes = 60,
		.conflict_chance = 0.2,
		.red_chance = 0.03,
	};
}

/* Mixes until every bit of the result hangs on every bit of the names (splitmix64). */
static uint64_t
mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

double
throw_uniform(const struct dice *dice, enum throw what, int phase, int number)
{
	uint64_t x = mix(dice->seed ^ mix(dice->round));

	x = mix(x ^ (uint64_t)what << 48 ^ (uint64_t)(uint32_t)phase << 16);
	x = mix(x ^ (uint64_t)(uint32_t)number);
	return (double)(x >> 11) / 9007199254740992.0;
}

double
throw_around(const struct dice *dice, enum throw what, int phase, int number,
    double median, double spread)
{
	double u = throw_uniform(dice, what, phase, 2 * number);
	double v = throw_uniform(dice, what, phase, 2 * number + 1);
	double z = sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);

	return median * exp(spread * z);
}

double
rehearse_work_minutes(const struct phase *phase)
{
	static const struct {
		int points;
		double minutes;
	} table[] = { { 1, 10 }, { 2, 18 }, { 3, 28 }, { 5, 50 }, { 8, 85 },
		{ 13, 150 } };

	for (size_t i = 0; i < N_ELEMS(table) && phase->points > 0; i++) {
		if (phase->points <= table[i].points)
			return table[i].minutes;
	}
	if (phase->points > 0)
		return 12.0 * (phase->points < 1000 ? phase->points : 1000);
	if (phase->est_mid_cents > 0)
		return 5 + (double)phase->est_mid_cents * 8 / 100;
	return 25;
}

double
rehearse_cost_cents(const struct phase *phase)
{
	if (phase->est_mid_cents >= 0)
		return (double)phase->est_mid_cents;
	/* About a dollar for twelve minutes. */
	return rehearse_work_minutes(phase) * 8;
}
