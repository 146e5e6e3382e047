#include "plan/schedule.h"

#include "base/mem.h"
#include "plan/schedule_risk.h"
#include "plan/schedule_search.h"

#include <assert.h>
#include <string.h>

/* Edges walked while a long plan is evened out: an upper bound on the patience for it. */
#define EVEN_OUT_BUDGET 100000000u

bool
schedule_is_research(const struct schedule *schedule, const int *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!schedule->is_research[ids[i]])
			return false;
		for (size_t k = 0; k < i; k++) {
			if (graph_has(&schedule->shares, ids[k], ids[i]))
				return false;
		}
	}
	return n > 0;
}

/* Rounds that hold M implementation and R research jobs at best. */
static size_t
capacity_bound(const struct schedule *s)
{
	size_t n_research = 0, n_rounds, room, larger;

	for (size_t i = 0; i < s->n; i++)
		n_research += s->is_research[i];
	n_rounds = (s->n - n_research + s->cap - 1) / s->cap;
	room = n_rounds * s->cap - (s->n - n_research);
	larger = s->cap > s->research_cap ? s->cap : s->research_cap;
	if (n_research > room)
		n_rounds += (n_research - room + larger - 1) / larger;
	return n_rounds;
}

static size_t
chain_bound(const struct schedule *s)
{
	int *chain = xcalloc(s->n, sizeof(*chain));
	size_t n = graph_longest(&s->before, NULL, chain);

	free(chain);
	return n;
}

/* The length of the longest chain behind each job: long chains start first. */
static int *
tails_new(const struct schedule *s)
{
	int *rank = xcalloc(s->n, sizeof(*rank)), *at = xcalloc(s->n, sizeof(*at));
	int *tail = xcalloc(s->n, sizeof(*tail));

	graph_rank(&s->before, rank);
	for (size_t i = 0; i < s->n; i++)
		at[rank[i]] = (int)i;
	for (size_t r = s->n; r-- > 0;) {
		int job = at[r];

		for (size_t e = s->before.begin[job]; e < s->before.begin[job + 1];
		     e++) {
			int behind = tail[s->before.edge[e].to] + 1;

			tail[job] = behind > tail[job] ? behind : tail[job];
		}
	}
	free(rank);
	free(at);
	return tail;
}

/* List scheduling: the jobs that are ready, longest chain behind them first. */
struct list {
	struct schedule *s;
	const int *tail;
	int *n_before; /* predecessors not yet in a round */
	int *ready;    /* FIRST up to END, best first */
	size_t first, end;
	bool has_research;
	const struct risks *apart; /* keep jobs apart that may collide; NULL = do not */
};

static bool
list_prefers(const struct list *l, int a, int b)
{
	const int *wish = l->s->wish;

	if (l->tail[a] != l->tail[b])
		return l->tail[a] > l->tail[b];
	if (wish[a] && wish[b] && wish[a] != wish[b])
		return wish[a] < wish[b];
	return a < b;
}

static void
list_ready(struct list *l, int job)
{
	size_t i = l->end++;

	for (; i > l->first && list_prefers(l, job, l->ready[i - 1]); i--)
		l->ready[i] = l->ready[i - 1];
	l->ready[i] = job;
}

/*
 * Would JOB beside the N of PICK risk more than its place in the round is worth?
 * CONFLICTS 5.2: keep apart when conflict_cost * p exceeds the gain of a slot.
 */
static bool
list_keeps_apart(const struct list *l, const int *pick, size_t n, int job)
{
	double sum = 0;

	for (size_t i = 0; l->apart && i < n; i++)
		sum += risks_between(l->apart, pick[i], job);
	return sum * l->s->conflict_cost * (double)l->s->cap > 1;
}

/* Picks from the ready jobs into PICK: implementation first, then whatever fits. */
static size_t
list_pick_mixed(const struct list *l, int *pick)
{
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = l->first; i < l->end && n < l->s->cap; i++) {
			int job = l->ready[i];

			if (l->s->is_research[job] == (pass == 1) &&
			    !list_keeps_apart(l, pick, n, job))
				pick[n++] = job;
		}
	}
	return n;
}

static size_t
list_pick_research(const struct list *l, int *pick)
{
	size_t n = 0;

	for (size_t i = l->first;
	     l->has_research && i < l->end && n < l->s->research_cap; i++) {
		pick[n] = l->ready[i];
		if (schedule_is_research(l->s, pick, n + 1) &&
		    !list_keeps_apart(l, pick, n, pick[n]))
			n++;
	}
	return n;
}

static void
list_take(struct list *l, const int *pick, size_t n, int round)
{
	const struct graph *before = &l->s->before;
	size_t last = l->first, left;

	for (size_t i = 0; i < n; i++)
		l->s->round[pick[i]] = round;
	/* What is taken stands near the front: those passed over move up behind it. */
	for (size_t n_seen = 0; n_seen < n; last++)
		n_seen += l->s->round[l->ready[last]] == round;
	left = last;
	for (size_t i = last; i-- > l->first;) {
		if (l->s->round[l->ready[i]] < 0)
			l->ready[--left] = l->ready[i];
	}
	l->first = left;
	for (size_t i = 0; i < n; i++) {
		for (size_t e = before->begin[pick[i]]; e < before->begin[pick[i] + 1];
		     e++) {
			if (--l->n_before[before->edge[e].to] == 0)
				list_ready(l, before->edge[e].to);
		}
	}
}

static void
list_schedule(struct schedule *s, const struct risks *apart)
{
	size_t room = s->cap + s->research_cap + 1;
	int *mixed = xcalloc(room, sizeof(*mixed)),
	    *pure = xcalloc(room, sizeof(*pure));
	int *tail = tails_new(s);
	struct list l = { .s = s, .tail = tail, .apart = apart };

	l.n_before = xcalloc(s->n, sizeof(*l.n_before));
	l.ready = xcalloc(s->n, sizeof(*l.ready));
	for (size_t e = 0; e < s->before.n_edges; e++)
		l.n_before[s->before.edge[e].to]++;
	for (size_t i = 0; i < s->n; i++) {
		s->round[i] = -1;
		l.has_research = l.has_research || s->is_research[i];
		if (l.n_before[i] == 0)
			list_ready(&l, (int)i);
	}
	for (s->n_rounds = 0; l.first < l.end; s->n_rounds++) {
		size_t n_mixed = list_pick_mixed(&l, mixed);
		size_t n_pure = list_pick_research(&l, pure);

		if (n_pure > n_mixed)
			list_take(&l, pure, n_pure, (int)s->n_rounds);
		else
			list_take(&l, mixed, n_mixed, (int)s->n_rounds);
	}
	free(mixed);
	free(pure);
	free(tail);
	free(l.n_before);
	free(l.ready);
}

/* What the schedule costs when rounds and collisions are all that counts. */
static double
plain_cost(const struct schedule *s)
{
	return (double)s->n_rounds + s->conflict_cost * schedule_risk_sum(s);
}

/* Is ROUND, as S->round has it, within its cap? */
static bool
round_is_legal(const struct schedule *s, int round)
{
	int ids[SCHEDULE_MAX_POLISHED];
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->round[i] != round)
			continue;
		ids[n++] = (int)i;
	}
	/* An emptied round would be one too many: the number of rounds is settled. */
	return (n > 0 && n <= s->cap) ||
	       (n <= s->research_cap && schedule_is_research(s, ids, n));
}

static bool
order_is_kept(const struct schedule *s)
{
	for (size_t e = 0; e < s->before.n_edges; e++) {
		if (s->round[s->before.edge[e].from] >= s->round[s->before.edge[e].to])
			return false;
	}
	return true;
}

/*
 * Tries S with job A in the round TO and, unless it is -1, job B in A's old round; keeps
 * it when it is legal and better than COST.
 */
static bool
polish_try(struct schedule *s, int a, int to, int b, schedule_cost_t *cost)
{
	int from = s->round[a];
	schedule_cost_t now;

	s->round[a] = to;
	if (b >= 0)
		s->round[b] = from;
	now = schedule_cost(s);
	if (now < *cost && round_is_legal(s, to) && round_is_legal(s, from) &&
	    order_is_kept(s)) {
		*cost = now;
		return true;
	}
	s->round[a] = from;
	if (b >= 0)
		s->round[b] = to;
	return false;
}

/* Moves and swaps single jobs as long as that makes the schedule better. */
static void
polish(struct schedule *s)
{
	schedule_cost_t cost = schedule_cost(s);
	bool is_better = true;

	for (int pass = 0; is_better && pass < 100; pass++) {
		is_better = false;
		for (int a = 0; a < (int)s->n; a++) {
			for (int to = 0; to < (int)s->n_rounds; to++) {
				if (to != s->round[a])
					is_better |= polish_try(s, a, to, -1, &cost);
			}
			for (int b = a + 1; b < (int)s->n; b++) {
				if (s->round[a] != s->round[b])
					is_better |= polish_try(
					    s, a, s->round[b], b, &cost);
			}
		}
	}
}

void
schedule_free_rounds(const struct schedule *s, int *low, int *high)
{
	for (size_t i = 0; i < s->n; i++) {
		low[i] = 0;
		high[i] = (int)s->n_rounds - 1;
	}
	for (size_t e = 0; e < s->before.n_edges; e++) {
		int from = s->before.edge[e].from, to = s->before.edge[e].to;

		if (s->round[from] + 1 > low[to])
			low[to] = s->round[from] + 1;
		if (s->round[to] - 1 < high[from])
			high[from] = s->round[to] - 1;
	}
}

static size_t
smallest_of(const size_t *size, size_t n)
{
	size_t smallest = size[0];

	for (size_t i = 1; i < n; i++)
		smallest = size[i] < smallest ? size[i] : smallest;
	return smallest;
}

/*
 * For long plans: evens the rounds out by moving jobs from larger rounds into the
 * smaller ones that may take them.
 */
static void
even_out(struct schedule *s)
{
	int *low = xcalloc(s->n, sizeof(*low)), *high = xcalloc(s->n, sizeof(*high));
	size_t *size = xcalloc(s->n_rounds, sizeof(*size));
	size_t n_moves = EVEN_OUT_BUDGET / (s->before.n_edges + s->n);
	bool has_moved = true;

	for (size_t i = 0; i < s->n; i++)
		size[s->round[i]]++;
	for (int pass = 0; has_moved && pass < 8; pass++) {
		size_t smallest = smallest_of(size, s->n_rounds);

		has_moved = false;
		schedule_free_rounds(s, low, high);
		for (size_t i = s->n; i-- > 0;) {
			int from = s->round[i], best = from;

			if (size[from] <= smallest + 1)
				continue; /* no round is small enough to gain by it */
			for (int r = low[i]; r <= high[i] && size[best] > smallest;
			     r++) {
				if (size[r] + 1 < size[from] && size[r] < size[best] &&
				    size[r] < s->cap)
					best = r;
			}
			if (best == from || n_moves == 0)
				continue;
			s->round[i] = best;
			size[from]--;
			size[best]++;
			n_moves--;
			has_moved = true;
			smallest = smallest_of(size, s->n_rounds);
			schedule_free_rounds(s, low, high);
		}
	}
	free(low);
	free(high);
	free(size);
}

/* Few rounds, whatever the risk; then, with a price of conflicts, what costs least. */
static void
solve_small(struct schedule *s)
{
	double price = s->conflict_cost;

	s->is_exact = s->is_search_complete = true;
	s->conflict_cost = 0;
	schedule_search_best(s);
	s->n_least = s->n_rounds;
	s->conflict_cost = price;
	if (price > 0 && s->n_risks > 0)
		schedule_search_best(s);
}

static void
finish(struct schedule *s)
{
	if (s->n <= SCHEDULE_MAX_POLISHED) {
		polish(s);
	} else {
		even_out(s);
		schedule_calm(s);
	}
}

/* Schedules again, this time with risky pairs apart; kept when it costs less. */
static void
solve_apart(struct schedule *s)
{
	struct risks risks;
	double before = plain_cost(s);
	size_t n_rounds = s->n_rounds;
	int *round = xcalloc(s->n, sizeof(*round));

	memcpy(round, s->round, s->n * sizeof(*round));
	risks_init(&risks, s);
	list_schedule(s, &risks);
	risks_clear(&risks);
	finish(s);
	if (plain_cost(s) >= before) {
		memcpy(s->round, round, s->n * sizeof(*round));
		s->n_rounds = n_rounds;
	}
	free(round);
}

static void
solve_large(struct schedule *s, size_t bound)
{
	list_schedule(s, NULL);
	if (s->n_rounds > bound && s->n <= SCHEDULE_MAX_COUNT)
		s->is_search_complete = schedule_search_count(s);
	s->is_exact = s->is_search_complete || s->n_rounds == bound;
	s->n_least = s->n_rounds;
	finish(s);
	if (s->conflict_cost > 0 && s->n_risks > 0)
		solve_apart(s);
}

void
schedule_solve(struct schedule *schedule)
{
	struct schedule *s = schedule;
	size_t bound;

	assert(s->cap > 0 && s->research_cap > 0);
	s->round = xcalloc(s->n, sizeof(*s->round));
	if (s->n == 0) {
		s->is_exact = true;
		return;
	}
	s->chain_bound = chain_bound(s);
	s->capacity_bound = capacity_bound(s);
	bound = s->chain_bound > s->capacity_bound ? s->chain_bound : s->capacity_bound;
	if (s->n <= SCHEDULE_MAX_EXACT)
		solve_small(s);
	else
		solve_large(s, bound);
	s->risk_sum = schedule_risk_sum(s);
}

void
schedule_clear(struct schedule *schedule)
{
	graph_clear(&schedule->before);
	graph_clear(&schedule->shares);
	free(schedule->is_research);
	free(schedule->wish);
	free(schedule->risk);
	free(schedule->round);
	*schedule = (struct schedule){ 0 };
}
