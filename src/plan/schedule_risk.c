#include "plan/schedule_risk.h"

#include "base/mem.h"

#include <stdlib.h>

/* Looks at pairs of jobs while a long plan is calmed: the patience for it. */
#define CALM_BUDGET 50000000u

static int
compare_risks(const void *pa, const void *pb)
{
	const struct schedule_risk *a = pa, *b = pb;

	return a->a != b->a ? a->a - b->a : a->b - b->b;
}

void
risks_init(struct risks *risks, const struct schedule *schedule)
{
	size_t n = 2 * schedule->n_risks;

	risks->begin = xcalloc(schedule->n + 1, sizeof(*risks->begin));
	risks->item = xcalloc(n, sizeof(*risks->item));
	for (size_t i = 0; i < schedule->n_risks; i++) {
		const struct schedule_risk *r = &schedule->risk[i];

		risks->item[2 * i] = *r;
		risks->item[2 * i + 1] = (struct schedule_risk){ r->b, r->a, r->p };
	}
	if (n > 0)
		qsort(risks->item, n, sizeof(*risks->item), compare_risks);
	for (size_t i = 0; i < n; i++)
		risks->begin[risks->item[i].a + 1]++;
	for (size_t i = 0; i < schedule->n; i++)
		risks->begin[i + 1] += risks->begin[i];
}

void
risks_clear(struct risks *risks)
{
	free(risks->begin);
	free(risks->item);
	*risks = (struct risks){ 0 };
}

double
risks_between(const struct risks *risks, int a, int b)
{
	size_t low = risks->begin[a], high = risks->begin[a + 1];

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (risks->item[mid].b < b)
			low = mid + 1;
		else
			high = mid;
	}
	return low < risks->begin[a + 1] && risks->item[low].b == b
		   ? (double)risks->item[low].p
		   : 0;
}

double
schedule_risk_sum(const struct schedule *schedule)
{
	double sum = 0;

	for (size_t i = 0; i < schedule->n_risks; i++) {
		const struct schedule_risk *r = &schedule->risk[i];

		if (schedule->round[r->a] == schedule->round[r->b])
			sum += (double)r->p;
	}
	return sum;
}

struct calm {
	struct schedule *s;
	struct risks risks;
	int *low, *high; /* rounds each job may be in */
	size_t n_budget;
};

/* What JOB risks in ROUND, BESIDES not counted. */
static double
risk_in(const struct calm *c, int job, int round, int besides)
{
	double sum = 0;

	for (size_t i = c->risks.begin[job]; i < c->risks.begin[job + 1]; i++) {
		const struct schedule_risk *r = &c->risks.item[i];

		if (r->b != besides && c->s->round[r->b] == round)
			sum += (double)r->p;
	}
	return sum;
}

/*
 * The job whose place A should take.  Both must be free to change rounds, and of one
 * sort, so that no cap and no research round changes.  -1 when no swap helps.
 */
static int
best_swap(struct calm *c, int a)
{
	const struct schedule *s = c->s;
	double best = 1e-6;
	int with = -1;

	for (int b = 0; b < (int)s->n && c->n_budget > 0; b++) {
		int from = s->round[a], to = s->round[b];
		double gain;

		c->n_budget--;
		if (from == to || s->is_research[a] != s->is_research[b] ||
		    (s->is_research[a] && s->shares.n_edges > 0) || to < c->low[a] ||
		    to > c->high[a] || from < c->low[b] || from > c->high[b] ||
		    graph_has(&s->before, a, b) || graph_has(&s->before, b, a))
			continue;
		gain = risk_in(c, a, from, -1) + risk_in(c, b, to, -1) -
		       risk_in(c, a, to, b) - risk_in(c, b, from, a);
		if (gain > best) {
			best = gain;
			with = b;
		}
	}
	return with;
}

void
schedule_calm(struct schedule *schedule)
{
	struct schedule *s = schedule;
	struct calm c = { .s = s, .n_budget = CALM_BUDGET / (1 + s->n_risks / s->n) };
	bool has_moved = s->n_risks > 0;

	if (s->n_risks == 0)
		return;
	risks_init(&c.risks, s);
	c.low = xcalloc(s->n, sizeof(*c.low));
	c.high = xcalloc(s->n, sizeof(*c.high));
	for (int pass = 0; has_moved && pass < 4; pass++) {
		has_moved = false;
		schedule_free_rounds(s, c.low, c.high);
		for (int a = 0; a < (int)s->n && c.n_budget > 0; a++) {
			int from = s->round[a], b;

			if (risk_in(&c, a, from, -1) <= 0)
				continue;
			b = best_swap(&c, a);
			if (b < 0)
				continue;
			s->round[a] = s->round[b];
			s->round[b] = from;
			schedule_free_rounds(s, c.low, c.high);
			c.n_budget -= c.n_budget < s->before.n_edges
					  ? c.n_budget
					  : s->before.n_edges;
			has_moved = true;
		}
	}
	free(c.low);
	free(c.high);
	risks_clear(&c.risks);
}
