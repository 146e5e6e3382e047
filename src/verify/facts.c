#include "verify/verify.h"

#include <string.h>

/* What follows from two deeds on one path, the first of the earlier phase. */
static uint32_t
fact_of_deeds(enum verify_deed a, enum verify_deed b, bool is_solid)
{
	bool makes_a = a == DEED_MAKE || a == DEED_ADD || a == DEED_ARRIVE;
	bool makes_b = b == DEED_MAKE || b == DEED_ADD || b == DEED_ARRIVE;

	if (a == DEED_READ && b == DEED_READ)
		return 0;
	if (b == DEED_READ && makes_a)
		return FACT_RAW;
	if (a == DEED_READ && makes_b)
		return FACT_WAR;
	if (a == DEED_DELETE || b == DEED_DELETE)
		return FACT_DELETE;
	if (!makes_a || !makes_b || a == DEED_ARRIVE || b == DEED_ARRIVE)
		return FACT_MOVE;
	if (a == DEED_ADD && b == DEED_ADD && !is_solid)
		return FACT_APPEND;
	return FACT_WRITE | (is_solid ? FACT_SOLID : 0);
}

static uint32_t
fact_of_claims(const struct verify_claim *a, const struct verify_claim *b)
{
	switch (verify_relation(a, b)) {
	case 'a': return FACT_DATA_AB;
	case 'b': return FACT_DATA_BA;
	case '=': return FACT_ORDER;
	case '<': return FACT_ORDER_A;
	case '>': return FACT_ORDER_B;
	case '#':
		return a->numbers && b->numbers ? FACT_NUMBERS | FACT_NUMBERS_THEM
						: FACT_NUMBERS;
	case '/': return FACT_DIRECTORY;
	case 'X':
		if (strcmp(verify_name_kind(a->name), "api") == 0)
			return FACT_ALONE;
		if (strcmp(a->name, "infra:db-schema") == 0 && verify_is_of_path(a) &&
		    verify_is_of_path(b))
			return FACT_SHARED_PATHS | FACT_MIGRATIONS;
		if (!a->path || !b->path)
			return FACT_SHARED;
		return FACT_SHARED | FACT_SHARED_PATHS;
	default: return 0;
	}
}

/* Each use of phase B that is of pattern P; NULL at the end. */
static const struct verify_use *
next_use(const struct verify *v, int b, int pattern, size_t *at)
{
	const struct verify_phase *phase = &v->phase[b];

	for (; *at < phase->n_uses; (*at)++) {
		const struct verify_use *use = &v->by_phase[phase->uses + *at];

		if (use->pattern == pattern) {
			(*at)++;
			return use;
		}
	}
	return NULL;
}

static void
facts_of_use(struct verify *v, const struct verify_use *a, uint32_t *cell)
{
	const struct verify_pattern *p = &v->pattern[a->pattern];

	for (size_t i = 0; i < p->n_meets; i++) {
		const struct verify_meet *m = &v->meet[p->meet[i]];
		int other = m->a == a->pattern ? m->b : m->a;
		const struct verify_pattern *q = &v->pattern[other];

		for (size_t u = q->first_use; u < q->first_use + q->n_uses; u++) {
			const struct verify_use *b = &v->use[u];
			uint32_t fact;

			if (b->phase <= a->phase)
				continue;
			fact = fact_of_deeds(a->deed, b->deed, m->is_solid);
			if (fact && (cell[b->phase] & fact) != fact &&
			    verify_survives(v, a, b, m))
				cell[b->phase] |= fact;
		}
		if (!verify_spend(v, (double)q->n_uses))
			return;
	}
}

void
verify_facts(struct verify *v, int a, uint32_t *cell)
{
	const struct verify_phase *phase = &v->phase[a];

	memset(cell, 0, v->n_phases * sizeof(*cell));
	for (size_t i = 0; i < phase->n_uses; i++)
		facts_of_use(v, &v->by_phase[phase->uses + i], cell);
	for (size_t i = 0; i < phase->n_claims; i++) {
		const struct verify_claim *one = &v->claim_of[phase->claims + i];
		size_t from = v->resource[one->resource];
		size_t to = v->resource[one->resource + 1];

		for (size_t k = from; k < to; k++) {
			const struct verify_claim *two = &v->claim[k];

			if (two->phase > a)
				cell[two->phase] |= fact_of_claims(one, two);
		}
		if (!verify_spend(v, (double)(to - from)))
			return;
	}
	for (size_t b = 0; b < v->n_phases; b++) {
		/* Who only numbers does not collide by writing beside the other. */
		if ((cell[b] & FACT_MIGRATIONS) && !(cell[b] & FACT_NUMBERS_THEM))
			cell[b] |= FACT_SHARED;
	}
}

uint32_t
verify_path_facts(struct verify *v, int a, int b, const char *path)
{
	const struct verify_phase *phase = &v->phase[a];
	uint32_t facts = 0;

	for (size_t i = 0; i < phase->n_uses; i++) {
		const struct verify_use *one = &v->by_phase[phase->uses + i];
		const struct verify_pattern *p = &v->pattern[one->pattern];

		for (size_t k = 0; k < p->n_meets; k++) {
			const struct verify_meet *m = &v->meet[p->meet[k]];
			int other = m->a == one->pattern ? m->b : m->a;
			const struct verify_use *two;
			size_t at = 0;

			while ((two = next_use(v, b, other, &at))) {
				bool is_there =
				    m->is_collision ? strcmp(path, m->witness) == 0
				    : m->is_undecided
					? strcmp(path, p->text) == 0 ||
					      strcmp(path, v->pattern[other].text) == 0
					: verify_matches(&p->program, path) &&
					      verify_matches(
						  &v->pattern[other].program, path);

				/* What is excepted counts for tracked paths only. */
				if (!is_there ||
				    (m->is_tracked && !m->is_collision &&
					(verify_is_excepted(v, one, path) ||
					    verify_is_excepted(v, two, path))))
					continue;
				facts |= fact_of_deeds(
				    one->deed, two->deed, m->is_solid);
			}
		}
	}
	return facts;
}

uint32_t
verify_name_facts(struct verify *v, int a, int b, const char *name)
{
	const struct verify_phase *one = &v->phase[a], *two = &v->phase[b];
	uint32_t facts = 0;

	for (size_t i = 0; i < one->n_claims; i++) {
		const struct verify_claim *p = &v->claim_of[one->claims + i];

		for (size_t k = 0; k < two->n_claims; k++) {
			const struct verify_claim *q = &v->claim_of[two->claims + k];

			if (p->resource == q->resource && strcmp(p->name, name) == 0)
				facts |= fact_of_claims(p, q);
		}
	}
	return facts;
}
