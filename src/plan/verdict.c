#include "plan/verdict.h"

#include "plan/decide.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Pairs of uses that are walked before a plan counts as too large: seconds, not minutes. */
#define MAX_HITS 400000000u

static const char nothing_read[] = "neither reads what the other makes";
static const char nothing_shared[] = "no path can be written by both";
static const char no_infra[] = "at most one of them changes any shared infrastructure";

const char *
decision_unknown(const struct decision *d, int position)
{
	const struct phase *phase = &d->plan->phase[position];
	size_t n_declared = 0;

	for (int t = 0; t < TOUCH_N; t++) {
		for (size_t k = 0; k < phase->touch[t].n; k++)
			n_declared += !phase->touch[t].item[k].is_inferred;
	}
	if (phase->is_unknown || n_declared == 0)
		return arena_printf(
		    d->arena, "%s does not say what it touches", phase->id);
	if (!d->meets.bad[position])
		return NULL;
	return arena_printf(d->arena, "%s %s", phase->id, d->meets.bad[position]);
}

static const struct assertion *
find_assertion(const struct decision *d, int a, int b)
{
	const char *ia = say_phase(d, a), *ib = say_phase(d, b);

	for (size_t i = 0; i < d->env->n_assertions; i++) {
		const struct assertion *as = &d->env->assertion[i];

		if ((strcmp(as->a, ia) == 0 && strcmp(as->b, ib) == 0) ||
		    (strcmp(as->a, ib) == 0 && strcmp(as->b, ia) == 0))
			return as;
	}
	return NULL;
}

static bool
same_repo(const struct decision *d, int a, int b)
{
	const char *ra = d->plan->phase[a].repo, *rb = d->plan->phase[b].repo;

	return strcmp(ra ? ra : "", rb ? rb : "") == 0;
}

/* One question's answer, before the strictest is taken. */
struct answer {
	enum verdict verdict;
	enum pair_kind kind;
	int first;
	const char *witness, *answer, *evidence;
};

static void
answer_is(struct answer *answer, enum verdict verdict, enum pair_kind kind,
    const char *witness, const char *evidence)
{
	answer->verdict = verdict;
	answer->kind = kind;
	answer->witness = witness;
	answer->evidence = evidence;
}

static const char *
clash_name(const struct decision *d, const struct clash *clash)
{
	return d->resources.item[clash->a->resource].name;
}

/* Question 1 between FROM, which goes first, and TO. */
static void
answer_ordered(
    struct decision *d, const struct cell *cell, struct answer *one, int from, int to)
{
	bool is_ab = from < to;
	const struct hit *hit = is_ab ? &cell->raw : &cell->war;
	const struct clash *clash = is_ab ? &cell->data_ab : &cell->data_ba;

	one->first = from;
	one->answer = arena_printf(
	    d->arena, "yes, %s needs %s", say_phase(d, to), say_phase(d, from));
	if (cell_has_data(cell, is_ab) && !graph_reaches(&d->declared, to, from)) {
		enum pair_kind kind = is_ab ? PAIR_RAW : PAIR_WAR;

		if (!hit->meet)
			kind = resource_kind(clash_name(d, clash));
		answer_is(one, VERDICT_SEQUENTIAL, kind,
		    hit->meet ? hit->witness : clash_name(d, clash),
		    say_data(d, cell, from, to));
	} else if (graph_has(&d->declared, from, to)) {
		answer_is(one, VERDICT_SEQUENTIAL, PAIR_DECLARED, NULL,
		    say_declared(d, from, to));
	} else {
		answer_is(one, VERDICT_SEQUENTIAL, PAIR_CLOSURE, NULL,
		    say_closure(d, from, to));
	}
	if (cell_has_data(cell, !is_ab) && graph_reaches(&d->declared, from, to))
		one->evidence = arena_printf(d->arena,
		    "%s (%s: the declared order decides)", one->evidence,
		    say_data(d, cell, to, from));
}

static struct answer
answer_one(struct decision *d, const struct cell *cell, int a, int b)
{
	struct answer one = { .first = -1, .answer = "no", .evidence = nothing_read };

	if (graph_reaches(&d->hard, a, b) && graph_reaches(&d->hard, b, a)) {
		one.answer = "yes, each needs the other";
		answer_is(&one, VERDICT_SEQUENTIAL, PAIR_CYCLE, NULL,
		    cell_has_data(cell, true) && cell_has_data(cell, false)
			? arena_printf(d->arena, "%s, and %s", say_data(d, cell, a, b),
			      say_data(d, cell, b, a))
			: arena_printf(d->arena,
			      "%s and %s wait for each other in a cycle",
			      say_phase(d, a), say_phase(d, b)));
	} else if (graph_reaches(&d->hard, a, b)) {
		answer_ordered(d, cell, &one, a, b);
	} else if (graph_reaches(&d->hard, b, a)) {
		answer_ordered(d, cell, &one, b, a);
	}
	return one;
}

static void
answer_order(struct decision *d, const struct clash *clash, struct answer *two)
{
	const char *name = clash_name(d, clash);

	answer_is(two, VERDICT_PARALLEL_BRANCHES, resource_kind(name), name,
	    say_clash(d, clash));
	if (clash->relation == RELATION_ORDER_FIRST)
		two->first = clash->a->phase;
	if (clash->relation == RELATION_ORDER_SECOND)
		two->first = clash->b->phase;
}

/* Question 2: the strictest thing both touch, and whether branches help. */
static struct answer
answer_two(struct decision *d, const struct cell *cell)
{
	struct answer two = { .first = -1, .answer = "no", .evidence = nothing_shared };
	const struct hit *hit = &cell->remove;

	if (hit->meet) {
		bool is_delete = hit->a->access == ACCESS_DELETE ||
				 hit->b->access == ACCESS_DELETE;

		answer_is(&two, VERDICT_SEQUENTIAL,
		    is_delete ? PAIR_DELETE : PAIR_RENAME, hit->witness,
		    say_remove(d, cell));
	} else if (cell->waw.meet && cell->waw.meet->merging == MERGING_NONE) {
		answer_is(&two, VERDICT_SEQUENTIAL, PAIR_WAW, cell->waw.witness,
		    say_overlap(d, cell));
	} else if (cell->alone.a) {
		answer_is(&two, VERDICT_SEQUENTIAL, PAIR_API,
		    clash_name(d, &cell->alone), say_clash(d, &cell->alone));
	} else if (cell->waw.meet) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_WAW, cell->waw.witness,
		    say_overlap(d, cell));
	} else if (cell->append.meet) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_APPEND,
		    cell->append.witness, say_append(d, cell));
	} else if (cell->order.a) {
		answer_order(d, &cell->order, &two);
	} else if (cell->directory.a) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_DIRECTORY, NULL,
		    say_directory(d, cell));
	}
	/* A landing order that a name fixes holds beside a shared file too. */
	if (two.verdict == VERDICT_PARALLEL_BRANCHES && cell->order.a &&
	    two.kind != resource_kind(clash_name(d, &cell->order))) {
		struct answer order = { .first = -1 };

		answer_order(d, &cell->order, &order);
		two.first = order.first;
		two.evidence = arena_printf(
		    d->arena, "%s; %s", two.evidence, order.evidence);
	}
	if (two.verdict == VERDICT_PARALLEL_BRANCHES && d->env->has_no_branches) {
		two.verdict = VERDICT_SEQUENTIAL;
		two.first = -1;
		two.evidence = arena_printf(
		    d->arena, "%s, and there are no branches here", two.evidence);
	}
	if (two.verdict != VERDICT_PARALLEL)
		two.answer = two.verdict == VERDICT_SEQUENTIAL
				 ? "yes, and separate branches are not possible"
				 : "yes, on separate branches";
	return two;
}

static struct answer
answer_three(struct decision *d, const struct cell *cell)
{
	struct answer three = { .first = -1, .answer = "no", .evidence = no_infra };
	const char *name;

	if (cell->shared.a) {
		name = clash_name(d, &cell->shared);
		three.answer = "yes";
		answer_is(&three, VERDICT_SEQUENTIAL, resource_kind(name), name,
		    say_clash(d, &cell->shared));
	} else if (cell->numbers.a) {
		three.evidence = say_clash(d, &cell->numbers);
	}
	return three;
}

/* What the method's own arrows say: the first yes decides, and only "B reads A" is asked. */
static enum verdict
literal_of(const struct decision *d, const struct cell *cell, const struct pair *pair,
    const struct answer *two, const struct answer *three)
{
	if (cell_has_data(cell, true) || graph_has(&d->declared, pair->a, pair->b) ||
	    graph_has(&d->declared, pair->b, pair->a) || pair->kind == PAIR_UNKNOWN)
		return VERDICT_SEQUENTIAL;
	return two->verdict != VERDICT_PARALLEL ? two->verdict : three->verdict;
}

static void
pair_take(struct pair *pair, struct trace_step *step, int question,
    const struct answer *answer)
{
	*step = (struct trace_step){ .question = question,
		.answer = answer->answer,
		.evidence = answer->evidence };
	if (answer->verdict <= pair->verdict)
		return;
	pair->verdict = answer->verdict;
	pair->question = (unsigned)question & 3;
	pair->kind = answer->kind;
	pair->first = answer->first;
	pair->witness = answer->witness;
	pair->reason = answer->evidence;
}

/* Nobody knows: each question that was not answered yes is open. */
static void
pair_is_unknown(struct decision *d, struct pair *pair, struct trace_step *step)
{
	const char *why = say_unknown(d, pair->a, pair->b);

	for (int i = 0; i < N_TRACE_STEPS; i++) {
		if (strncmp(step[i].answer, "yes", 3) == 0)
			continue;
		step[i].answer = "unknown";
		step[i].evidence = why;
	}
	if (pair->verdict == VERDICT_SEQUENTIAL)
		return;
	pair->verdict = VERDICT_SEQUENTIAL;
	pair->kind = PAIR_UNKNOWN;
	pair->question = 3;
	pair->first = -1;
	pair->witness = NULL;
	pair->reason = why;
}

/*
 * The steps, kept for good.  In a large table most pairs say what another has said, word by
 * word and from the same place; those share it.
 */
static const struct trace_step *
keep_trace(struct decision *d, const struct trace_step step[N_TRACE_STEPS])
{
	size_t n_bytes = N_TRACE_STEPS * sizeof(*step), slot = 0;
	struct trace_step *kept;

	for (int i = 0; i < N_TRACE_STEPS; i++)
		slot = (slot + (uintptr_t)step[i].evidence / 8) * 31;
	slot %= N_KNOWN_TRACES;
	for (int i = 0; d->known_trace[slot] && i < N_TRACE_STEPS; i++) {
		const struct trace_step *known = &d->known_trace[slot][i];

		if (known->evidence != step[i].evidence ||
		    known->answer != step[i].answer)
			break;
		if (i + 1 == N_TRACE_STEPS)
			return d->known_trace[slot];
	}
	kept = arena_alloc(d->arena, n_bytes);
	memcpy(kept, step, n_bytes);
	d->known_trace[slot] = kept;
	return kept;
}

/* The strictest answer wins. */
struct pair
decision_pair(struct decision *d, const struct cell *cell, int a, int b)
{
	struct answer one = answer_one(d, cell, a, b);
	struct answer two = answer_two(d, cell), three = answer_three(d, cell);
	struct pair pair = {
		.a = a, .b = b, .first = -1, .risk = -1, .n_trace = N_TRACE_STEPS
	};
	struct trace_step step[N_TRACE_STEPS];

	pair_take(&pair, &step[0], 1, &one);
	pair_take(&pair, &step[1], 2, &two);
	pair_take(&pair, &step[2], 3, &three);
	if ((d->unknown[a] || d->unknown[b]) && same_repo(d, a, b)) {
		const struct assertion *as = find_assertion(d, a, b);

		if (!as)
			pair_is_unknown(d, &pair, step);
		else if (pair.verdict == VERDICT_PARALLEL)
			pair.reason = arena_printf(d->arena,
			    "a person said they are independent: %s", as->reason);
	}
	pair.trace = keep_trace(d, step);
	pair.literal = literal_of(d, cell, &pair, &two, &three);
	if (pair.verdict == VERDICT_SEQUENTIAL && pair.first < 0 &&
	    pair.kind != PAIR_CYCLE)
		pair.first = a;
	if (!pair.reason)
		pair.reason =
		    cell->numbers.a
			? three.evidence
			: "neither needs, writes or changes what the other does";
	return pair;
}

static void
pair_keep(struct verdicts *v, const struct pair *pair)
{
	if (v->n_pairs >= VERDICT_MAX_PAIRS)
		v->is_too_large = true;
	if (v->is_too_large || (!v->keeps_all && pair->verdict == VERDICT_PARALLEL))
		return;
	GROW(v->pair, v->n_pairs, v->cap_pairs);
	v->pair[v->n_pairs++] = *pair;
}

/* Spares most of a large table. */
bool
decision_is_open(const struct decision *d, const struct cell *cell, int a, int b)
{
	return d->verdicts->keeps_all || cell->is_touched || d->unknown[a] ||
	       d->unknown[b] || graph_reaches(&d->hard, a, b) ||
	       (graph_has_successors(&d->hard, b) && graph_reaches(&d->hard, b, a));
}

static void
decide_pair(struct decision *d, int a, int b)
{
	struct pair pair;

	if (!decision_is_open(d, &d->cell[b], a, b))
		return;
	pair = decision_pair(d, &d->cell[b], a, b);
	pair_keep(d->verdicts, &pair);
}

/*
 * The phases that may be worth deciding with any other, ascending: those of which nothing
 * is known, and those that come before something.
 */
static int *
find_wide(const struct decision *d, size_t *n_wide)
{
	int n = (int)d->plan->n_phases;
	int *wide = xcalloc((size_t)n + 1, sizeof(*wide));

	for (int i = 0; i < n; i++) {
		if (d->unknown[i] || graph_has_successors(&d->hard, i))
			wide[(*n_wide)++] = i;
	}
	wide[*n_wide] = n;
	return wide;
}

/* Row A where A itself is not wide: what it touches and the wide ones behind it, in order. */
static void
decide_row(struct decision *d, int a, const int *wide)
{
	int n = (int)d->plan->n_phases;
	size_t t = 0;

	for (;;) {
		int touched = t < d->n_touched ? d->touched[t] : n;
		int b = touched < *wide ? touched : *wide;

		if (b == n)
			return;
		t += b == touched;
		wide += b == *wide;
		decide_pair(d, a, b);
	}
}

static void
decide_rows(struct decision *d)
{
	int n = (int)d->plan->n_phases;
	size_t n_wide = 0, w = 0;
	int *wide = find_wide(d, &n_wide);

	for (int a = 0; a < n && !d->verdicts->is_too_large; a++) {
		bool is_wide = wide[w] == a;

		w += is_wide;
		row_fill(d, a, false);
		if (!is_wide && !d->verdicts->keeps_all) {
			decide_row(d, a, wide + w);
			continue;
		}
		for (int b = a + 1; b < n; b++)
			decide_pair(d, a, b);
	}
	free(wide);
}

bool
decision_init(struct decision *d, struct verdicts *v, const struct plan *plan,
    const struct verdict_env *env, bool stands)
{
	size_t n = plan->n_phases;

	*d = (struct decision){
		.plan = plan, .env = env, .verdicts = v, .arena = v->arena
	};
	meets_init(&d->meets, plan, env, d->arena);
	resources_init(&d->resources, &d->meets, d->arena, stands);
	if (d->meets.is_too_large || d->meets.n_hits + d->resources.n_hits > MAX_HITS)
		return false;
	d->cell = xcalloc(n, sizeof(*d->cell));
	d->touched = xcalloc(n, sizeof(*d->touched));
	d->touched_bit = xcalloc(n / 64 + 1, sizeof(*d->touched_bit));
	d->unknown = arena_alloc(d->arena, n * sizeof(*d->unknown));
	for (size_t i = 0; i < n; i++)
		d->unknown[i] = decision_unknown(d, (int)i);
	order_read(d);
	return true;
}

bool
decision_is_near_limits(const struct decision *d)
{
	return meets_is_near_limits(&d->meets) ||
	       d->meets.n_hits + d->resources.n_hits > MAX_HITS / 2;
}

void
decision_clear(struct decision *d)
{
	free(d->cell);
	free(d->touched);
	free(d->touched_bit);
	graph_clear(&d->declared);
	graph_clear(&d->hard);
	resources_clear(&d->resources);
	meets_clear(&d->meets);
}

void
decision_all(struct decision *d)
{
	decide_rows(d);
	order_exclusions(d);
	order_cycles(d);
}

struct verdicts *
verdicts_empty(const struct plan *plan)
{
	struct verdicts *v = xcalloc(1, sizeof(*v));

	v->arena = arena_new();
	v->n_phases = plan->n_phases;
	v->n_total = plan->n_phases < 2 ? 0 : plan->n_phases * (plan->n_phases - 1) / 2;
	v->keeps_all = plan->n_phases <= VERDICT_KEEP_ALL;
	v->is_too_large = plan->n_phases > VERDICT_MAX_PHASES;
	v->undecided = (struct pair){ .a = -1,
		.risk = -1,
		.b = -1,
		.verdict = VERDICT_SEQUENTIAL,
		.literal = VERDICT_SEQUENTIAL,
		.first = -1,
		.question = 3,
		.kind = PAIR_UNKNOWN,
		.reason = "the plan is too large for its pairs to be decided" };
	return v;
}

struct verdicts *
verdicts_new(const struct plan *plan, const struct verdict_env *env)
{
	static const struct verdict_env no_env;
	struct verdicts *v = verdicts_empty(plan);
	struct decision d;

	if (v->is_too_large)
		return v;
	if (decision_init(&d, v, plan, env ? env : &no_env, false))
		decision_all(&d);
	else
		v->is_too_large = true;
	decision_clear(&d);
	if (v->is_too_large)
		v->n_pairs = 0;
	return v;
}

void
verdicts_free(struct verdicts *verdicts)
{
	if (!verdicts)
		return;
	arena_free(verdicts->arena);
	free(verdicts->pair);
	free(verdicts->cycle);
	free(verdicts);
}

static int
compare_pairs(const void *pa, const void *pb)
{
	const struct pair *a = pa, *b = pb;

	return a->a != b->a ? (a->a > b->a) - (a->a < b->a)
			    : (a->b > b->b) - (a->b < b->b);
}

const struct pair *
verdicts_find(const struct verdicts *verdicts, int i, int j)
{
	struct pair key = { .a = i < j ? i : j, .b = i < j ? j : i };

	assert(i >= 0 && j >= 0);
	if (verdicts->is_too_large)
		return &verdicts->undecided;
	return verdicts->n_pairs == 0 ? NULL
				      : bsearch(&key, verdicts->pair, verdicts->n_pairs,
					    sizeof(key), compare_pairs);
}

const char *
verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "parallel", "parallel-branches",
		"sequential" };

	assert((size_t)verdict < N_ELEMS(names));
	return names[verdict];
}

const char *
pair_kind_name(enum pair_kind kind)
{
	static const char *const names[PAIR_N_KINDS] = { "none", "raw", "war", "waw",
		"append", "delete", "rename", "directory", "api", "schema", "infra",
		"resource", "declared", "closure", "unknown", "cycle" };

	assert(kind >= 0 && kind < PAIR_N_KINDS);
	return names[kind];
}
