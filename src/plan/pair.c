#include "plan/decide.h"

#include <stdint.h>
#include <string.h>

/* The three questions about one pair, and what is said of the answers. */
static const char nothing_read[] = "neither reads what the other makes";
static const char nothing_shared[] = "no path can be written by both";
static const char no_infra[] = "at most one of them changes any shared infrastructure";

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
	const struct hit *hit = is_ab ? &cell->rare->raw : &cell->rare->war;
	const struct clash *clash = is_ab ? &cell->rare->data_ab : &cell->rare->data_ba;

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
	const struct hit *hit = &cell->rare->remove;

	if (hit->meet) {
		bool is_delete = hit->a->access == ACCESS_DELETE ||
				 hit->b->access == ACCESS_DELETE;

		answer_is(&two, VERDICT_SEQUENTIAL,
		    is_delete ? PAIR_DELETE : PAIR_RENAME, hit->witness,
		    say_remove(d, cell));
	} else if (cell->waw.meet && cell->waw.meet->merging == MERGING_NONE) {
		answer_is(&two, VERDICT_SEQUENTIAL, PAIR_WAW, cell->waw.witness,
		    say_overlap(d, cell));
	} else if (cell->rare->alone.a) {
		answer_is(&two, VERDICT_SEQUENTIAL, PAIR_API,
		    clash_name(d, &cell->rare->alone),
		    say_clash(d, &cell->rare->alone));
	} else if (cell->waw.meet) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_WAW, cell->waw.witness,
		    say_overlap(d, cell));
	} else if (cell->rare->append.meet) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_APPEND,
		    cell->rare->append.witness, say_append(d, cell));
	} else if (cell->rare->order.a) {
		answer_order(d, &cell->rare->order, &two);
	} else if (cell->rare->directory.a) {
		answer_is(&two, VERDICT_PARALLEL_BRANCHES, PAIR_DIRECTORY, NULL,
		    say_directory(d, cell));
	}
	/* A landing order that a name fixes holds beside a shared file too. */
	if (two.verdict == VERDICT_PARALLEL_BRANCHES && cell->rare->order.a &&
	    two.kind != resource_kind(clash_name(d, &cell->rare->order))) {
		struct answer order = { .first = -1 };

		answer_order(d, &cell->rare->order, &order);
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

	if (cell->rare->shared.a) {
		name = clash_name(d, &cell->rare->shared);
		three.answer = "yes";
		answer_is(&three, VERDICT_SEQUENTIAL, resource_kind(name), name,
		    say_clash(d, &cell->rare->shared));
	} else if (cell->rare->numbers.a) {
		three.evidence = say_clash(d, &cell->rare->numbers);
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
pair_take(struct pair *pair, struct grounds *grounds, int question,
    const struct answer *answer)
{
	grounds->trace[grounds->n_trace++] = (struct trace_step){ .question = question,
		.answer = answer->answer,
		.evidence = answer->evidence };
	if (answer->verdict <= pair->verdict)
		return;
	pair->verdict = answer->verdict;
	pair->question = (unsigned)question & 3;
	pair->kind = answer->kind;
	pair->first = answer->first;
	grounds->witness = answer->witness;
	grounds->reason = answer->evidence;
}

/* Nobody knows: each question that was not answered yes is open. */
static void
pair_is_unknown(struct decision *d, struct pair *pair, struct grounds *grounds)
{
	const char *why = say_unknown(d, pair->a, pair->b);

	for (int i = 0; i < grounds->n_trace; i++) {
		struct trace_step *step = &grounds->trace[i];

		if (strncmp(step->answer, "yes", 3) == 0)
			continue;
		step->answer = "unknown";
		step->evidence = why;
	}
	if (pair->verdict == VERDICT_SEQUENTIAL)
		return;
	pair->verdict = VERDICT_SEQUENTIAL;
	pair->kind = PAIR_UNKNOWN;
	pair->question = 3;
	pair->first = -1;
	grounds->witness = NULL;
	grounds->reason = why;
}

static bool
same_grounds(const struct grounds *a, const struct grounds *b)
{
	for (int i = 0; i < PAIR_N_TRACE; i++) {
		if (a->trace[i].answer != b->trace[i].answer ||
		    a->trace[i].evidence != b->trace[i].evidence)
			return false;
	}
	return a->reason == b->reason && a->witness == b->witness;
}

/*
 * GROUNDS, kept for good.  In a large table most pairs say what another has said, word by
 * word and from the same place; those share it.
 */
static const struct grounds *
keep_grounds(struct decision *d, const struct grounds *grounds)
{
	size_t slot = (uintptr_t)grounds->witness / 8;
	struct grounds *kept;

	for (int i = 0; i < PAIR_N_TRACE; i++)
		slot = (slot + (uintptr_t)grounds->trace[i].evidence / 8) * 31;
	slot %= N_KNOWN_GROUNDS;
	if (d->known_grounds[slot] && same_grounds(d->known_grounds[slot], grounds))
		return d->known_grounds[slot];
	kept = arena_alloc(d->arena, sizeof(*kept));
	*kept = *grounds;
	d->known_grounds[slot] = kept;
	return kept;
}

/* Is all that can be said of A and B what two patterns say of whoever writes them? */
static bool
is_plain(const struct decision *d, const struct cell *cell, int a, int b)
{
	return cell->waw.meet && !cell->is_rare &&
	       cell->waw.witness == cell->waw.meet->witness && !d->unknown[a] &&
	       !d->unknown[b] && !graph_reaches(&d->hard, a, b) &&
	       !graph_reaches(&d->hard, b, a);
}

/* Keeps PAIR for the next that is_plain() by the same patterns. */
static void
keep_plain(struct decision *d, const struct hit *hit, const struct pair *pair)
{
	const struct pattern *p = &d->meets.pattern[hit->a->pattern];
	const struct pattern *q = &d->meets.pattern[hit->b->pattern];
	struct pair *plain;

	/* The sentence names the link of who comes first in the plan. */
	if (p->via && q->via)
		return;
	plain = arena_alloc(d->arena, sizeof(*plain));
	*plain = *pair;
	hit->meet->plain = plain;
}

/* The strictest answer wins. */
static struct pair
decide(struct decision *d, const struct cell *cell, int a, int b)
{
	struct answer one = answer_one(d, cell, a, b);
	struct answer two = answer_two(d, cell), three = answer_three(d, cell);
	struct pair pair = { .a = a, .b = b, .first = -1, .risk = -1 };
	struct grounds grounds = { 0 };

	pair_take(&pair, &grounds, 1, &one);
	pair_take(&pair, &grounds, 2, &two);
	pair_take(&pair, &grounds, 3, &three);
	if ((d->unknown[a] || d->unknown[b]) && same_repo(d, a, b)) {
		const struct assertion *as = find_assertion(d, a, b);

		if (!as)
			pair_is_unknown(d, &pair, &grounds);
		else if (pair.verdict == VERDICT_PARALLEL)
			grounds.reason = arena_printf(d->arena,
			    "a person said they are independent: %s", as->reason);
	}
	pair.literal = literal_of(d, cell, &pair, &two, &three);
	if (pair.verdict == VERDICT_SEQUENTIAL && pair.first < 0 &&
	    pair.kind != PAIR_CYCLE)
		pair.first = a;
	if (!grounds.reason)
		grounds.reason =
		    cell->rare->numbers.a
			? three.evidence
			: "neither needs, writes or changes what the other does";
	pair.grounds = keep_grounds(d, &grounds);
	return pair;
}

struct pair
decision_pair(struct decision *d, const struct cell *cell, int a, int b)
{
	bool plain = is_plain(d, cell, a, b);
	struct pair pair;

	if (!plain || !cell->waw.meet->plain) {
		pair = decide(d, cell, a, b);
		if (plain)
			keep_plain(d, &cell->waw, &pair);
		return pair;
	}
	pair = *cell->waw.meet->plain;
	pair.a = a;
	pair.b = b;
	if (pair.first >= 0)
		pair.first = a;
	return pair;
}
