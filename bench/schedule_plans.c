/*
 * Schedules of random plans, for bench/schedule.py: a line per plan with what each way of
 * scheduling costs, in lower bounds, and how long ours took.
 *
 * usage: schedule_plans JOBS CAP PLANS
 *
 * Prints: levels batches fifo critical ours best milliseconds.
 */
#include "base/mem.h"
#include "plan/rolling.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct random_plan {
	size_t n, cap;
	double *duration;
	struct graph before, apart;
	uint32_t seed;
};

static double
dice(struct random_plan *p)
{
	p->seed = p->seed * 1664525 + 1013904223;
	return (double)((p->seed >> 8) + 1) / (double)((1 << 24) + 1);
}

/* Heavy-tailed durations; a third of the jobs wait for one or two; some exclude another. */
static void
make(struct random_plan *p)
{
	p->duration = xcalloc(p->n, sizeof(*p->duration));
	graph_init(&p->before, p->n);
	graph_init(&p->apart, p->n);
	for (size_t i = 0; i < p->n; i++) {
		double normal = sqrt(-2 * log(dice(p))) * cos(6.283185307 * dice(p));

		p->duration[i] = exp(normal);
		for (int k = 0; i > 0 && k < 2; k++) {
			if (dice(p) < 0.3)
				graph_add(&p->before,
				    (int)((double)i * dice(p) * 0.999), (int)i);
		}
		for (size_t k = 0; k < i; k++) {
			if (dice(p) < 2.0 / (double)p->n) {
				graph_add(&p->apart, (int)i, (int)k);
				graph_add(&p->apart, (int)k, (int)i);
			}
		}
	}
	graph_seal(&p->before);
	graph_seal(&p->apart);
}

static void
clear(struct random_plan *p)
{
	free(p->duration);
	graph_clear(&p->before);
	graph_clear(&p->apart);
}

/* Rounds one after the other, each as long as its longest job. */
static double
length_of_rounds(const struct random_plan *p, const int *round, size_t n_rounds)
{
	double sum = 0;

	for (size_t r = 0; r < n_rounds; r++) {
		double longest = 0;

		for (size_t i = 0; i < p->n; i++) {
			if (round[i] == (int)r)
				longest = fmax(longest, p->duration[i]);
		}
		sum += longest;
	}
	return sum;
}

/* Exclusions have an order in a plan: plan order, as the verdicts give it. */
static void
order_all(const struct random_plan *p, struct graph *all)
{
	graph_init(all, p->n);
	for (size_t e = 0; e < p->before.n_edges; e++)
		graph_add(all, p->before.edge[e].from, p->before.edge[e].to);
	for (size_t e = 0; e < p->apart.n_edges; e++) {
		if (p->apart.edge[e].from < p->apart.edge[e].to)
			graph_add(all, p->apart.edge[e].from, p->apart.edge[e].to);
	}
	graph_seal(all);
}

static double
batches(const struct random_plan *p)
{
	struct schedule s = { .n = p->n, .cap = p->cap, .research_cap = p->cap };
	double length;

	s.is_research = xcalloc(p->n, sizeof(*s.is_research));
	s.wish = xcalloc(p->n, sizeof(*s.wish));
	order_all(p, &s.before);
	graph_init(&s.shares, p->n);
	graph_seal(&s.shares);
	schedule_solve(&s);
	length = length_of_rounds(p, s.round, s.n_rounds);
	schedule_clear(&s);
	return length;
}

/* What many people do by hand: level by level, each cut into rounds of CAP. */
static double
levels(const struct random_plan *p)
{
	int *level = xcalloc(p->n, sizeof(*level)), *round;
	size_t *n_in = xcalloc(p->n * p->n + 1, sizeof(*n_in)), n_rounds = 0;
	struct graph all;
	double length;

	round = xcalloc(p->n, sizeof(*round));
	order_all(p, &all);
	for (size_t i = 0; i < p->n; i++) {
		for (size_t e = all.begin[i]; e < all.begin[i + 1]; e++) {
			int to = all.edge[e].to;

			level[to] = level[to] > level[i] ? level[to] : level[i] + 1;
		}
	}
	for (int l = 0, base = 0, in = 0; l < (int)p->n; l++, in = 0) {
		for (size_t i = 0; i < p->n; i++) {
			if (level[i] == l)
				round[i] = base + in++ / (int)p->cap;
		}
		base += (in + (int)p->cap - 1) / (int)p->cap;
		n_rounds = (size_t)base;
	}
	length = length_of_rounds(p, round, n_rounds);
	graph_clear(&all);
	free(level);
	free(round);
	free(n_in);
	return length;
}

/* First come, first served: what a work queue does. */
static double
fifo(const struct random_plan *p)
{
	double *end = xcalloc(p->n, sizeof(*end)), now = 0, last = 0;
	size_t n_done = 0;

	for (size_t i = 0; i < p->n; i++)
		end[i] = -1;
	while (n_done < p->n) {
		double next = INFINITY;
		size_t n_running = 0;

		for (size_t i = 0; i < p->n; i++)
			n_running += end[i] > now;
		for (size_t i = 0; i < p->n && n_running < p->cap; i++) {
			bool may = end[i] < 0;

			for (size_t e = 0; may && e < p->before.n_edges; e++)
				may = p->before.edge[e].to != (int)i ||
				      (end[p->before.edge[e].from] >= 0 &&
					  end[p->before.edge[e].from] <= now);
			for (size_t e = p->apart.begin[i];
			     may && e < p->apart.begin[i + 1]; e++)
				may = end[p->apart.edge[e].to] <= now;
			if (!may)
				continue;
			end[i] = now + p->duration[i];
			last = fmax(last, end[i]);
			n_running++;
			n_done++;
		}
		for (size_t i = 0; i < p->n; i++) {
			if (end[i] > now)
				next = fmin(next, end[i]);
		}
		now = next;
	}
	free(end);
	return last;
}

static struct rolling
roll(const struct random_plan *p, size_t patience)
{
	struct rolling r = { .n = p->n,
		.duration = p->duration,
		.before = &p->before,
		.apart = &p->apart,
		.cap = p->cap,
		.patience = patience };

	rolling_solve(&r);
	rolling_clear(&r);
	return r;
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	size_t n_plans = argc == 4 ? (size_t)atol(argv[3]) : 0;

	if (argc != 4 || atol(argv[1]) < 1 || atol(argv[2]) < 1)
		return 2;
	for (size_t i = 0; i < n_plans; i++) {
		struct random_plan p = { .n = (size_t)atol(argv[1]),
			.cap = (size_t)atol(argv[2]),
			.seed = (uint32_t)i + 1 };
		struct rolling first, ours, best;
		double started, took;

		make(&p);
		first = roll(&p, 1);
		started = cpu_ms();
		ours = roll(&p, 0);
		took = cpu_ms() - started;
		best = roll(&p, 40000000);
		printf("%.4f %.4f %.4f %.4f %.4f %.4f %.3f\n", levels(&p) / ours.bound,
		    batches(&p) / ours.bound, fifo(&p) / ours.bound,
		    first.length / ours.bound, ours.length / ours.bound,
		    fmin(best.length, ours.length) / ours.bound, took);
		clear(&p);
	}
	return 0;
}
