#include "plan/rolling.h"

#include "base/mem.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A few milliseconds. */
#define PATIENCE 500000u

/* A table of all pairs is kept up to here; nobody draws a longer plan by the hour. */
#define RISK_MAX_JOBS 2000

struct state {
	struct rolling *r;
	double *tail;   /* work on the longest chain from each job to the end */
	double *weight; /* who starts first, in this try */
	size_t *n_before;
	double *start;
	int *running, *ready; /* jobs */
	size_t n_running, n_ready, n_looks;
	double *risk_at; /* n * n, when there are risks */
	double mean;
	uint32_t seed;
};

static double
next_random(struct state *s)
{
	s->seed = s->seed * 1664525 + 1013904223;
	return (double)(s->seed >> 8) / (double)(1 << 24);
}

static void
find_tails(struct state *s)
{
	const struct rolling *r = s->r;
	int *rank = xcalloc(r->n, sizeof(*rank)), *at = xcalloc(r->n, sizeof(*at));

	graph_rank(r->before, rank);
	for (size_t i = 0; i < r->n; i++)
		at[rank[i]] = (int)i;
	for (size_t k = r->n; k-- > 0;) {
		int job = at[k];
		double behind = 0;

		for (size_t e = r->before->begin[job]; e < r->before->begin[job + 1];
		     e++)
			behind = fmax(behind, s->tail[r->before->edge[e].to]);
		s->tail[job] = r->duration[job] + behind;
	}
	free(rank);
	free(at);
}

static bool
is_apart(const struct rolling *r, int a, int b)
{
	return r->apart && graph_has(r->apart, a, b);
}

/* Work of JOB and of those that exclude each other and it, found greedily. */
static double
clique_from(const struct rolling *r, int job)
{
	int *clique = xcalloc(r->n, sizeof(*clique));
	double sum = r->duration[job];
	size_t n = 0;

	clique[n++] = job;
	for (size_t e = r->apart->begin[job]; e < r->apart->begin[job + 1]; e++) {
		int other = r->apart->edge[e].to;
		bool fits = true;

		for (size_t i = 0; i < n && fits; i++)
			fits = clique[i] == job || is_apart(r, clique[i], other);
		if (!fits)
			continue;
		clique[n++] = other;
		sum += r->duration[other];
	}
	free(clique);
	return sum;
}

/* The longest chain, all work through all slots, what excludes each other. */
static double
lower_bound(const struct state *s)
{
	const struct rolling *r = s->r;
	double work = 0, bound = 0;

	for (size_t i = 0; i < r->n; i++) {
		work += r->duration[i];
		bound = fmax(bound, s->tail[i]);
		if (r->apart)
			bound = fmax(bound, clique_from(r, (int)i));
	}
	return fmax(bound, work / (double)r->cap);
}

static double
risk_of(const struct state *s, int a, int b)
{
	return s->risk_at ? s->risk_at[(size_t)a * s->r->n + (size_t)b] : 0;
}

/* May JOB start now?  RISK receives what it risks beside those that run. */
static bool
may_start(struct state *s, int job, double *risk)
{
	const struct rolling *r = s->r;

	*risk = 0;
	s->n_looks++;
	for (size_t i = 0; i < s->n_running; i++) {
		s->n_looks++;
		if (is_apart(r, job, s->running[i]))
			return false;
		*risk += risk_of(s, job, s->running[i]);
	}
	/* Waiting costs a slot for about a duration: CONFLICTS 5.2, point 4. */
	return *risk * r->conflict_cost * (double)r->cap <= 1;
}

/* The position in READY of who starts now; -1 when nobody can. */
static int
pick(struct state *s)
{
	double best_risk = 0;
	int best = -1;

	for (size_t i = 0; i < s->n_ready; i++) {
		double risk, by;

		if (!may_start(s, s->ready[i], &risk))
			continue;
		by = best < 0 ? 1 : s->weight[s->ready[i]] - s->weight[s->ready[best]];
		if (by > 1e-9 || (by > -1e-9 && best >= 0 && risk < best_risk)) {
			best = (int)i;
			best_risk = risk;
		}
	}
	return best;
}

static void
finish_job(struct state *s, size_t at)
{
	const struct graph *before = s->r->before;
	int job = s->running[at];

	s->running[at] = s->running[--s->n_running];
	for (size_t e = before->begin[job]; e < before->begin[job + 1]; e++) {
		int next = before->edge[e].to;

		if (--s->n_before[next] == 0)
			s->ready[s->n_ready++] = next;
	}
}

static double
end_of(const struct state *s, int job)
{
	return s->start[job] + s->r->duration[job];
}

/* One schedule by the weights; returns its length. */
static double
play(struct state *s)
{
	const struct rolling *r = s->r;
	double now = 0;

	memset(s->n_before, 0, r->n * sizeof(*s->n_before));
	s->n_ready = s->n_running = 0;
	for (size_t e = 0; e < r->before->n_edges; e++)
		s->n_before[r->before->edge[e].to]++;
	for (size_t i = 0; i < r->n; i++) {
		if (s->n_before[i] == 0)
			s->ready[s->n_ready++] = (int)i;
	}
	while (s->n_ready > 0 || s->n_running > 0) {
		int at = s->n_running < r->cap ? pick(s) : -1;

		if (at >= 0) {
			int job = s->ready[at];

			s->ready[at] = s->ready[--s->n_ready];
			s->start[job] = now;
			s->running[s->n_running++] = job;
			continue;
		}
		size_t first = 0;

		for (size_t i = 1; i < s->n_running; i++) {
			if (end_of(s, s->running[i]) < end_of(s, s->running[first]))
				first = i;
		}
		now = end_of(s, s->running[first]);
		finish_job(s, first);
	}
	return now;
}

static double
risk_sum(const struct state *s, const double *start)
{
	const struct rolling *r = s->r;
	double sum = 0;

	for (size_t i = 0; i < r->n_risks; i++) {
		int a = r->risk[i].a, b = r->risk[i].b;

		if (start[a] < start[b] + r->duration[b] &&
		    start[b] < start[a] + r->duration[a])
			sum += (double)r->risk[i].p;
	}
	return sum;
}

/* Tries other orders around the best one so far: the weights are shaken. */
static void
improve(struct state *s)
{
	struct rolling *r = s->r;
	size_t patience = r->patience ? r->patience : PATIENCE;
	double *kept = xcalloc(r->n, sizeof(*kept));
	double cost = r->length + r->conflict_cost * s->mean * r->risk_sum;

	memcpy(kept, s->weight, r->n * sizeof(*kept));
	for (size_t try = 0; try < patience && s->n_looks < patience; try++) {
		double shake = 0.05 + 0.4 * next_random(s), length, risk, now;

		if (r->length <= r->bound + 1e-9 &&
		    (r->n_risks == 0 || r->risk_sum <= 0))
			break;
		for (size_t i = 0; i < r->n; i++)
			s->weight[i] = kept[i] * (1 + shake * (next_random(s) - 0.5));
		length = play(s);
		risk = risk_sum(s, s->start);
		now = length + r->conflict_cost * s->mean * risk;
		if (now > cost + 1e-9 || (now > cost - 1e-9 && risk >= r->risk_sum))
			continue;
		cost = now;
		r->length = length;
		r->risk_sum = risk;
		memcpy(r->start, s->start, r->n * sizeof(*r->start));
		memcpy(kept, s->weight, r->n * sizeof(*kept));
	}
	free(kept);
}

static void
fill_risks(struct state *s)
{
	const struct rolling *r = s->r;

	if (r->n_risks == 0 || r->n > RISK_MAX_JOBS)
		return;
	s->risk_at = xcalloc(r->n * r->n, sizeof(*s->risk_at));
	for (size_t i = 0; i < r->n_risks; i++) {
		const struct schedule_risk *risk = &r->risk[i];

		s->risk_at[(size_t)risk->a * r->n + (size_t)risk->b] = (double)risk->p;
		s->risk_at[(size_t)risk->b * r->n + (size_t)risk->a] = (double)risk->p;
	}
}

void
rolling_solve(struct rolling *rolling)
{
	struct rolling *r = rolling;
	struct state s = { .r = r, .seed = 1 };
	double work = 0;

	r->start = xcalloc(r->n, sizeof(*r->start));
	r->length = r->bound = r->risk_sum = 0;
	if (r->n == 0)
		return;
	s.tail = xcalloc(r->n, sizeof(*s.tail));
	s.weight = xcalloc(r->n, sizeof(*s.weight));
	s.n_before = xcalloc(r->n, sizeof(*s.n_before));
	s.start = xcalloc(r->n, sizeof(*s.start));
	s.running = xcalloc(r->n, sizeof(*s.running));
	s.ready = xcalloc(r->n, sizeof(*s.ready));
	fill_risks(&s);
	find_tails(&s);
	for (size_t i = 0; i < r->n; i++) {
		double rivals = 0;

		work += r->duration[i];
		/* What excludes much work should not be left for the end. */
		for (size_t e = r->apart ? r->apart->begin[i] : 0;
		     r->apart && e < r->apart->begin[i + 1]; e++)
			rivals += r->duration[r->apart->edge[e].to];
		s.weight[i] = s.tail[i] + 0.3 * rivals;
	}
	s.mean = work / (double)r->n;
	r->bound = lower_bound(&s);
	r->length = play(&s);
	memcpy(r->start, s.start, r->n * sizeof(*r->start));
	r->risk_sum = risk_sum(&s, r->start);
	improve(&s);
	free(s.tail);
	free(s.weight);
	free(s.n_before);
	free(s.start);
	free(s.running);
	free(s.ready);
	free(s.risk_at);
}

void
rolling_clear(struct rolling *rolling)
{
	free(rolling->start);
	rolling->start = NULL;
}
