#include "plan/rolling.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct work {
	struct graph before, apart;
	double *duration;
	struct rolling r;
};

static struct work
work_new(size_t n, size_t cap)
{
	struct work w = { .duration = xcalloc(n, sizeof(double)) };

	graph_init(&w.before, n);
	graph_init(&w.apart, n);
	for (size_t i = 0; i < n; i++)
		w.duration[i] = 1;
	w.r = (struct rolling){ .n = n, .cap = cap };
	return w;
}

static void
solve(struct work *w)
{
	graph_seal(&w->before);
	graph_seal(&w->apart);
	w->r.duration = w->duration;
	w->r.before = &w->before;
	w->r.apart = &w->apart;
	rolling_solve(&w->r);
}

static void
work_clear(struct work *w)
{
	rolling_clear(&w->r);
	graph_clear(&w->before);
	graph_clear(&w->apart);
	free(w->duration);
}

static void
keep_apart(struct work *w, int a, int b)
{
	graph_add(&w->apart, a, b);
	graph_add(&w->apart, b, a);
}

static bool
overlap(const struct rolling *r, size_t a, size_t b)
{
	return r->start[a] < r->start[b] + r->duration[b] - 1e-9 &&
	       r->start[b] < r->start[a] + r->duration[a] - 1e-9;
}

static void
check_legal(const struct rolling *r)
{
	for (size_t e = 0; e < r->before->n_edges; e++) {
		int from = r->before->edge[e].from, to = r->before->edge[e].to;

		assert_true(r->start[to] >= r->start[from] + r->duration[from] - 1e-9);
	}
	for (size_t i = 0; i < r->n; i++) {
		size_t n_beside = 1;

		for (size_t k = 0; k < r->n; k++) {
			n_beside += k != i && r->start[k] <= r->start[i] &&
				    r->start[k] + r->duration[k] > r->start[i] + 1e-9;
			if (k != i && graph_has(r->apart, (int)i, (int)k))
				assert_false(overlap(r, i, k));
		}
		assert_true(n_beside <= r->cap);
	}
	assert_true(r->length >= r->bound - 1e-9);
}

static void
random_plans_get_legal_schedules_above_their_bound(void **state)
{
	uint32_t seed = 7;

	for (size_t n = 0; n <= 60; n += 6) {
		struct work w = work_new(n, 1 + n % 5);

		for (size_t i = 0; i < n; i++) {
			w.duration[i] = (double)((seed = seed * 1664525 + 1013904223) >>
						 24) /
					32;
			for (size_t k = 0; k < i; k++) {
				seed = seed * 1664525 + 1013904223;
				if (seed >> 27 == 0)
					graph_add(&w.before, (int)k, (int)i);
				else if (seed >> 27 == 1)
					keep_apart(&w, (int)k, (int)i);
			}
		}
		solve(&w);
		check_legal(&w.r);
		work_clear(&w);
	}
}

static void
long_chains_start_first(void **state)
{
	struct work w = work_new(4, 2);

	graph_add(&w.before, 2, 3);
	w.duration[2] = w.duration[3] = 2;
	solve(&w);
	assert_true(w.r.start[2] <= 0);
	assert_true(fabs(w.r.length - 4) < 1e-9);
	work_clear(&w);
}

/* Issue 4, item 5: by default risk decides between equals and delays nobody. */
static void
risk_only_breaks_ties_unless_it_has_a_price(void **state)
{
	struct schedule_risk risk = { 0, 1, 0.9f };

	for (int price = 0; price <= 4; price += 4) {
		struct work w = work_new(2, 2);

		w.r.risk = &risk;
		w.r.n_risks = 1;
		w.r.conflict_cost = price;
		solve(&w);
		check_legal(&w.r);
		assert_true(fabs(w.r.length - (price > 0 ? 2 : 1)) < 1e-9);
		assert_true((w.r.risk_sum > 0) == (price == 0));
		work_clear(&w);
	}
}

static void
equal_lengths_are_told_apart_by_risk(void **state)
{
	struct schedule_risk risk = { 0, 1, 0.9f };
	struct work w = work_new(4, 2);

	w.r.risk = &risk;
	w.r.n_risks = 1;
	solve(&w);
	assert_true(fabs(w.r.length - 2) < 1e-9);
	assert_true(w.r.risk_sum <= 0);
	work_clear(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_plans_get_legal_schedules_above_their_bound),
		cmocka_unit_test(long_chains_start_first),
		cmocka_unit_test(risk_only_breaks_ties_unless_it_has_a_price),
		cmocka_unit_test(equal_lengths_are_told_apart_by_risk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
