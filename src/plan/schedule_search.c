#include "plan/schedule_search.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/*
 * Exhaustive search over sets of finished jobs.  A round's cost depends only on what was
 * finished before it and what it holds, so costs add up along the way and one best way to
 * each set is enough.
 */
struct cost_parts {
	unsigned rounds, singles, mixed, squares, wishes, late, inversions;
	uint64_t risk; /* in 1/RISK_UNIT */
};

#define RISK_UNIT 65536

/* Each part fits its field for up to SCHEDULE_MAX_POLISHED jobs. */
static schedule_cost_t
cost_sum(const struct schedule *s, const struct cost_parts *c)
{
	double price = s->conflict_cost * (double)c->risk;
	uint64_t first = (uint64_t)c->rounds * RISK_UNIT + (uint64_t)(price + 0.5);
	uint64_t mid = (uint64_t)c->singles << 28 | (uint64_t)c->mixed << 22 |
		       (uint64_t)c->squares << 11 | (uint64_t)c->wishes;
	uint64_t last = c->risk << 20 | (uint64_t)c->late << 10 |
			(uint64_t)c->inversions;

	return (schedule_cost_t)first << 84 | (schedule_cost_t)mid << 50 | last;
}

static uint64_t
risk_units(float p)
{
	return (uint64_t)((double)p * RISK_UNIT + 0.5);
}

/* How far the order of jobs A and B, in their rounds, is from the author's wish. */
static unsigned
wish_cost(const struct schedule *s, int a, int b, int round_a, int round_b)
{
	int wa = s->wish[a], wb = s->wish[b];

	if (wa == 0 || wb == 0)
		return 0;
	if (wa == wb)
		return round_a != round_b;
	if (round_a == round_b)
		return 1;
	return (wa < wb) == (round_a < round_b) ? 0 : 2;
}

schedule_cost_t
schedule_cost(const struct schedule *schedule)
{
	const struct schedule *s = schedule;
	struct cost_parts c = { .rounds = (unsigned)s->n_rounds };
	unsigned size[SCHEDULE_MAX_POLISHED] = { 0 };
	unsigned n_research[SCHEDULE_MAX_POLISHED] = { 0 };

	assert(s->n <= SCHEDULE_MAX_POLISHED);
	for (size_t i = 0; i < s->n; i++) {
		int r = s->round[i];

		size[r]++;
		n_research[r] += s->is_research[i];
		c.late += (unsigned)r;
		for (size_t k = 0; k < i; k++) {
			c.wishes += wish_cost(s, (int)k, (int)i, s->round[k], r);
			c.inversions += s->round[k] > r;
		}
	}
	for (size_t r = 0; r < s->n_rounds; r++) {
		c.singles += size[r] == 1;
		c.mixed += n_research[r] > 0 && n_research[r] < size[r];
		c.squares += size[r] * size[r];
	}
	for (size_t i = 0; i < s->n_risks; i++) {
		if (s->round[s->risk[i].a] == s->round[s->risk[i].b])
			c.risk += risk_units(s->risk[i].p);
	}
	return cost_sum(s, &c);
}

struct search {
	struct schedule *s;
	uint32_t all, research;
	uint32_t before[SCHEDULE_MAX_COUNT], shares[SCHEDULE_MAX_COUNT];
	uint32_t earlier[SCHEDULE_MAX_COUNT]; /* jobs before this one in the plan */
	uint32_t same_wish[SCHEDULE_MAX_COUNT], other_wish[SCHEDULE_MAX_COUNT];
	uint32_t lower_wish[SCHEDULE_MAX_COUNT];
	schedule_cost_t *cost; /* of the best way to each set; NO_WAY = none */
	uint32_t *choice;      /* its last round */
	uint32_t *risk;        /* per set: of its pairs, in 1/RISK_UNIT; NULL = none */
};

#define NO_WAY (~(schedule_cost_t)0)

static unsigned
count(uint32_t set)
{
	return (unsigned)__builtin_popcount(set);
}

static void
search_init(struct search *x, struct schedule *s)
{
	size_t n_sets = (size_t)1 << s->n;

	*x = (struct search){ .s = s, .all = (uint32_t)(n_sets - 1) };
	for (size_t e = 0; e < s->before.n_edges; e++)
		x->before[s->before.edge[e].to] |= (uint32_t)1
						   << s->before.edge[e].from;
	for (size_t e = 0; e < s->shares.n_edges; e++)
		x->shares[s->shares.edge[e].to] |= (uint32_t)1
						   << s->shares.edge[e].from;
	for (size_t i = 0; i < s->n; i++) {
		x->research |= (uint32_t)s->is_research[i] << i;
		x->earlier[i] = ((uint32_t)1 << i) - 1;
		for (size_t k = 0; k < s->n; k++) {
			uint32_t bit = (uint32_t)1 << k;

			if (s->wish[i] == 0 || s->wish[k] == 0 || i == k)
				continue;
			x->same_wish[i] |= s->wish[i] == s->wish[k] ? bit : 0;
			x->other_wish[i] |= s->wish[i] != s->wish[k] ? bit : 0;
			x->lower_wish[i] |= s->wish[k] < s->wish[i] ? bit : 0;
		}
	}
	x->cost = xcalloc(n_sets, sizeof(*x->cost));
	x->choice = xcalloc(n_sets, sizeof(*x->choice));
	for (size_t i = 1; i < n_sets; i++)
		x->cost[i] = NO_WAY;
}

/* The risk of every set from that of the set without its first job. */
static void
search_risks(struct search *x)
{
	uint32_t with[SCHEDULE_MAX_EXACT][SCHEDULE_MAX_EXACT] = { { 0 } };

	assert(x->s->n <= SCHEDULE_MAX_EXACT);
	if (x->s->n_risks == 0)
		return;
	for (size_t i = 0; i < x->s->n_risks; i++) {
		const struct schedule_risk *r = &x->s->risk[i];

		with[r->a][r->b] = with[r->b][r->a] = (uint32_t)risk_units(r->p);
	}
	x->risk = xcalloc((size_t)x->all + 1, sizeof(*x->risk));
	for (uint32_t set = 1; set <= x->all; set++) {
		int first = __builtin_ctz(set);

		x->risk[set] = x->risk[set & (set - 1)];
		for (uint32_t left = set & (set - 1); left; left &= left - 1)
			x->risk[set] += with[first][__builtin_ctz(left)];
	}
}

static void
search_clear(struct search *x)
{
	free(x->cost);
	free(x->choice);
	free(x->risk);
}

static uint32_t
ready_after(const struct search *x, uint32_t done)
{
	uint32_t ready = 0;

	for (size_t i = 0; i < x->s->n; i++) {
		if (!(done >> i & 1) && (x->before[i] & ~done) == 0)
			ready |= (uint32_t)1 << i;
	}
	return ready;
}

static bool
is_legal(const struct search *x, uint32_t set)
{
	if (count(set) <= x->s->cap)
		return true;
	if (count(set) > x->s->research_cap || (set & ~x->research))
		return false;
	for (uint32_t left = set; left; left &= left - 1) {
		if (x->shares[__builtin_ctz(left)] & set)
			return false;
	}
	return true;
}

/* What the round SET adds when DONE was finished before it; sums to schedule_cost(). */
static schedule_cost_t
step_cost(const struct search *x, uint32_t done, uint32_t set)
{
	uint32_t after = x->all & ~done & ~set;
	struct cost_parts c = { .rounds = 1,
		.singles = count(set) == 1,
		.mixed = (set & x->research) && (set & ~x->research),
		.squares = count(set) * count(set),
		.late = count(after),
		.risk = x->risk ? x->risk[set] : 0 };
	unsigned inside = 0;

	for (uint32_t left = set; left; left &= left - 1) {
		int i = __builtin_ctz(left);

		c.inversions += count(x->earlier[i] & after);
		inside += count(x->other_wish[i] & set);
		c.wishes += count(x->same_wish[i] & after) +
			    2 * count(x->lower_wish[i] & after);
	}
	c.wishes += inside / 2;
	return cost_sum(x->s, &c);
}

/* Reads the rounds back from the full set. */
static void
take_answer(struct search *x)
{
	uint32_t at = x->all;
	int round = 0;

	for (uint32_t left = at; left; left &= ~x->choice[left])
		round++;
	x->s->n_rounds = (size_t)round;
	while (at) {
		uint32_t set = x->choice[at];

		round--;
		for (uint32_t left = set; left; left &= left - 1)
			x->s->round[__builtin_ctz(left)] = round;
		at &= ~set;
	}
}

void
schedule_search_best(struct schedule *schedule)
{
	struct search x;

	assert(schedule->n <= SCHEDULE_MAX_EXACT);
	search_init(&x, schedule);
	search_risks(&x);
	for (uint32_t done = 0; done < x.all; done++) {
		uint32_t ready;

		if (x.cost[done] == NO_WAY)
			continue;
		ready = ready_after(&x, done);
		for (uint32_t set = ready; set; set = (set - 1) & ready) {
			schedule_cost_t cost;

			if (!is_legal(&x, set))
				continue;
			cost = x.cost[done] + step_cost(&x, done, set);
			if (cost < x.cost[done | set]) {
				x.cost[done | set] = cost;
				x.choice[done | set] = set;
			}
		}
	}
	take_answer(&x);
	search_clear(&x);
}

/* Spreads the low bits of PICK over the set bits of READY. */
static uint32_t
spread(uint32_t pick, uint32_t ready)
{
	uint32_t set = 0;

	for (; pick; pick >>= 1, ready &= ready - 1) {
		if (pick & 1)
			set |= ready & -ready;
	}
	return set;
}

/* The next larger number with as many bits set. */
static uint32_t
next_pick(uint32_t pick)
{
	uint32_t low = pick & -pick, ripple = pick + low;

	assert(low != 0);
	return (((ripple ^ pick) >> 2) / low) | ripple;
}

/*
 * Tries every round of SIZE jobs of READY after DONE.  What is newly reached joins the
 * queue; returns how many rounds were tried.
 */
static size_t
try_rounds(struct search *x, uint32_t done, uint32_t ready, unsigned size,
    uint32_t *queue, size_t *n_queue)
{
	size_t n_tried = 0;

	for (uint32_t pick = ((uint32_t)1 << size) - 1;
	     pick < (uint32_t)1 << count(ready); pick = next_pick(pick)) {
		uint32_t set = spread(pick, ready), to = done | set;

		n_tried++;
		if (x->cost[to] != NO_WAY || !is_legal(x, set))
			continue;
		x->cost[to] = x->cost[done] + 1;
		x->choice[to] = set;
		queue[(*n_queue)++] = to;
	}
	return n_tried;
}

/*
 * Breadth first over rounds.  A round that could take one more job and does not is never
 * better, so below the cap only full rounds are tried.
 */
bool
schedule_search_count(struct schedule *schedule)
{
	const size_t max_tried = 30000000;
	size_t begin = 0, end = 0, n_tried = 0;
	struct search x;
	uint32_t *queue;
	bool is_found;

	assert(schedule->n <= SCHEDULE_MAX_COUNT);
	search_init(&x, schedule);
	queue = xcalloc((size_t)x.all + 1, sizeof(*queue));
	queue[end++] = 0;
	while (begin < end && x.cost[x.all] == NO_WAY && n_tried < max_tried) {
		uint32_t done = queue[begin++], ready = ready_after(&x, done);
		unsigned n_ready = count(ready), n_research = count(ready & x.research);
		unsigned size = (unsigned)schedule->cap;

		n_tried += try_rounds(
		    &x, done, ready, size < n_ready ? size : n_ready, queue, &end);
		for (size++; size <= schedule->research_cap && size <= n_research;
		     size++)
			n_tried += try_rounds(
			    &x, done, ready & x.research, size, queue, &end);
	}
	is_found = x.cost[x.all] != NO_WAY;
	if (is_found)
		take_answer(&x);
	free(queue);
	search_clear(&x);
	return is_found;
}
