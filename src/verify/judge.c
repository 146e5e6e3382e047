#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * The three questions once more (SPEC 8.1 with A-1): does one need what the other makes, do
 * both touch the same thing, do both change shared infrastructure.  The strictest answer
 * wins; what nobody knows is sequential.
 */
enum { PARALLEL, BRANCHES, SEQUENTIAL };
enum { LISTS_ALL_UP_TO = 200, MAX_RINGS = 50 };

struct opinion {
	int verdict, question;
	int first;        /* -1 = nobody, or plan order when sequential */
	uint32_t because; /* facts that the witness has to show; 0 = no witness */
	const char *kind; /* NULL: the one of the name that is the witness */
};

struct judging {
	struct verify *v;
	struct verify_graph declared, hard, all;
	uint32_t *cell;
	size_t next; /* record */
	bool goes_back;
};

static bool
is_unknown(const struct verify_phase *phase)
{
	size_t n = 0;

	for (int i = 0; i < LIST_N; i++) {
		for (size_t k = 0; k < phase->list[i].n; k++)
			n += phase->list[i].item[k].mark != '~';
	}
	return phase->says_unknown || n == 0 || phase->unreadable;
}

static bool
somebody_said(const struct verify *v, const char *a, const char *b)
{
	for (size_t i = 0; i < v->n_said; i++) {
		if ((strcmp(v->said[i].a, a) == 0 && strcmp(v->said[i].b, b) == 0) ||
		    (strcmp(v->said[i].a, b) == 0 && strcmp(v->said[i].b, a) == 0))
			return true;
	}
	return false;
}

/* ---- orders ---------------------------------------------------------------------------- */

struct id_of {
	const char *id;
	int is_issue, phase;
};

static int
by_id(const void *pa, const void *pb)
{
	const struct id_of *a = pa, *b = pb;
	int by = strcmp(a->id, b->id);

	if (by == 0)
		by = a->is_issue - b->is_issue;
	return by ? by : a->phase - b->phase;
}

static int
phase_called(const struct id_of *ids, size_t n, const char *id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(ids[mid].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && strcmp(ids[low].id, id) == 0 ? ids[low].phase : -1;
}

/* "Depends on": a phase by its id, else by that of its issue; what names nobody is none. */
static void
declare_orders(struct judging *j)
{
	const struct verify *v = j->v;
	size_t n = v->n_phases, at = 0;
	struct id_of *ids;

	for (size_t i = 0; i < v->n_phases; i++)
		n += v->phase[i].issues.n;
	ids = verify_alloc(n, sizeof(*ids));
	for (size_t i = 0; i < v->n_phases; i++) {
		const struct verify_texts *issues = &v->phase[i].issues;

		ids[at++] = (struct id_of){ v->phase[i].id, 0, (int)i };
		for (size_t k = 0; k < issues->n; k++)
			ids[at++] = (struct id_of){ issues->text[k], 1, (int)i };
	}
	if (n > 0)
		qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < v->n_phases; i++) {
		const struct verify_texts *depends = &v->phase[i].depends;

		for (size_t k = 0; k < depends->n; k++) {
			int from = phase_called(ids, n, depends->text[k]);

			if (from >= 0)
				verify_edge(&j->declared, from, (int)i);
		}
	}
	free(ids);
}

/* What must be in order: what is declared, and data that no declaration decides. */
static bool
make_orders(struct judging *j)
{
	struct verify *v = j->v;

	j->declared.n = j->hard.n = j->all.n = v->n_phases;
	declare_orders(j);
	if (!verify_close(v, &j->declared))
		return false;
	for (size_t e = 0; e < j->declared.n_edges; e++)
		verify_edge(&j->hard, j->declared.edge[e][0], j->declared.edge[e][1]);
	for (int a = 0; a < (int)v->n_phases && !v->is_refused; a++) {
		verify_facts(v, a, j->cell);
		for (int b = a + 1; b < (int)v->n_phases; b++) {
			if ((j->cell[b] & (FACT_RAW | FACT_DATA_AB)) &&
			    !verify_reaches(&j->declared, b, a))
				verify_edge(&j->hard, a, b);
			if ((j->cell[b] & (FACT_WAR | FACT_DATA_BA)) &&
			    !verify_reaches(&j->declared, a, b))
				verify_edge(&j->hard, b, a);
		}
	}
	if (!verify_close(v, &j->hard))
		return false;
	for (size_t e = 0; e < j->hard.n_edges; e++) {
		j->goes_back = j->goes_back || j->hard.edge[e][0] > j->hard.edge[e][1];
		verify_edge(&j->all, j->hard.edge[e][0], j->hard.edge[e][1]);
	}
	return true;
}

/* ---- the questions ----------------------------------------------------------------------- */

static struct opinion
ask_order(const struct judging *j, uint32_t facts, int from, int to)
{
	struct opinion one = { SEQUENTIAL, 1, from, 0, NULL };
	uint32_t path = from < to ? FACT_RAW : FACT_WAR;
	uint32_t name = from < to ? FACT_DATA_AB : FACT_DATA_BA;

	if ((facts & (path | name)) && !verify_reaches(&j->declared, to, from)) {
		one.because = facts & path ? path : name;
		one.kind = !(facts & path) ? NULL : path == FACT_RAW ? "raw" : "war";
		return one;
	}
	one.kind = verify_has_edge(&j->declared, from, to) ? "declared" : "closure";
	return one;
}

static struct opinion
ask_data(const struct judging *j, uint32_t facts, int a, int b)
{
	bool is_ab = verify_reaches(&j->hard, a, b),
	     is_ba = verify_reaches(&j->hard, b, a);

	if (is_ab && is_ba)
		return (struct opinion){ SEQUENTIAL, 1, -1, 0, "cycle" };
	if (is_ab)
		return ask_order(j, facts, a, b);
	if (is_ba)
		return ask_order(j, facts, b, a);
	return (struct opinion){ PARALLEL, 0, -1, 0, "none" };
}

static struct opinion
ask_overlap(const struct judging *j, uint32_t facts)
{
	struct opinion two = { BRANCHES, 2, -1, 0, NULL };

	if (facts & (FACT_DELETE | FACT_MOVE))
		two = (struct opinion){ SEQUENTIAL, 2, -1,
			facts & (FACT_DELETE | FACT_MOVE), "delete" };
	else if (facts & FACT_SOLID)
		two = (struct opinion){ SEQUENTIAL, 2, -1, FACT_SOLID, "waw" };
	else if (facts & FACT_ALONE)
		two = (struct opinion){ SEQUENTIAL, 2, -1, FACT_ALONE, NULL };
	else if (facts & FACT_WRITE)
		two = (struct opinion){ BRANCHES, 2, -1, FACT_WRITE, "waw" };
	else if (facts & FACT_APPEND)
		two = (struct opinion){ BRANCHES, 2, -1, FACT_APPEND, "append" };
	else if (facts & (FACT_ORDER | FACT_ORDER_A | FACT_ORDER_B))
		two.because = facts & (FACT_ORDER | FACT_ORDER_A | FACT_ORDER_B);
	else if (facts & FACT_DIRECTORY)
		two = (struct opinion){ BRANCHES, 2, -1, 0, "directory" };
	else
		two = (struct opinion){ PARALLEL, 0, -1, 0, "none" };
	if (two.verdict == BRANCHES && j->v->has_no_branches)
		two.verdict = SEQUENTIAL;
	return two;
}

static struct opinion
ask_shared(uint32_t facts)
{
	if (facts & FACT_SHARED)
		return (struct opinion){ SEQUENTIAL, 3, -1,
			FACT_SHARED | FACT_SHARED_PATHS, NULL };
	return (struct opinion){ PARALLEL, 0, -1, 0, "none" };
}

/* The opinion on a pair, and what the method's own tree alone would say. */
static struct opinion
opinion_on(const struct judging *j, int a, int b, int *literal)
{
	const struct verify *v = j->v;
	const struct verify_phase *p = &v->phase[a], *q = &v->phase[b];
	uint32_t facts = j->cell[b];
	struct opinion one = ask_data(j, facts, a, b), two = ask_overlap(j, facts);
	struct opinion three = ask_shared(facts), best = one;
	bool is_open = (is_unknown(p) || is_unknown(q)) &&
		       strcmp(p->repo, q->repo) == 0 && !somebody_said(v, p->id, q->id);

	if (two.verdict > best.verdict)
		best = two;
	if (three.verdict > best.verdict)
		best = three;
	if (is_open && best.verdict < SEQUENTIAL)
		best = (struct opinion){ SEQUENTIAL, 3, -1, 0, "unknown" };
	*literal = two.verdict > PARALLEL ? two.verdict : three.verdict;
	if ((facts & (FACT_RAW | FACT_DATA_AB)) ||
	    verify_has_edge(&j->declared, a, b) ||
	    verify_has_edge(&j->declared, b, a) ||
	    strcmp(best.kind ? best.kind : "", "unknown") == 0)
		*literal = SEQUENTIAL;
	return best;
}

/* ---- against what is listed ------------------------------------------------------------------ */

/* The kind that goes with the witness; NULL when the witness shows nothing of the kind. */
static const char *
kind_shown(struct judging *j, const struct verify_record *r, const struct opinion *best)
{
	uint32_t shown;

	if (best->because == 0)
		return r->witness ? NULL : best->kind;
	if (!r->witness)
		return NULL;
	if (!best->kind) {
		shown = verify_name_facts(j->v, r->a, r->b, r->witness);
		return shown & best->because ? verify_name_kind(r->witness) : NULL;
	}
	shown = verify_path_facts(j->v, r->a, r->b, r->witness) & best->because;
	if (best->because & (FACT_DELETE | FACT_MOVE))
		return (shown & FACT_DELETE) && strcmp(r->kind, "delete") == 0
			   ? "delete"
		       : shown & FACT_MOVE ? "rename"
					   : NULL;
	return shown ? best->kind : NULL;
}

/* Who lands first of two on branches: fixed by a name, or by nobody. */
static bool
is_landing_right(const struct judging *j, const struct verify_record *r)
{
	uint32_t facts = j->cell[r->b];

	if (r->first == r->a)
		return facts & FACT_ORDER_A;
	if (r->first == r->b)
		return facts & FACT_ORDER_B;
	return r->first < 0 &&
	       ((facts & FACT_ORDER) || !(facts & (FACT_ORDER_A | FACT_ORDER_B)));
}

static bool
check_listed(
    struct judging *j, const struct verify_record *r, const struct opinion *best)
{
	struct verify *v = j->v;
	const char *kind;

	if (r->question != best->question)
		return verify_refuse(v, r->line, "question %d decides, not %d",
		    best->question, r->question);
	kind = kind_shown(j, r, best);
	if (!kind)
		return verify_refuse(v, r->line,
		    "the witness \"%.80s\" does not show what is said of these two",
		    r->witness ? r->witness : "-");
	if (strcmp(kind, r->kind) != 0)
		return verify_refuse(
		    v, r->line, "the kind is \"%s\", not \"%.40s\"", kind, r->kind);
	if (best->verdict == BRANCHES && !is_landing_right(j, r))
		return verify_refuse(v, r->line, "the order of landing is not theirs");
	if (best->question == 1 && r->first != best->first)
		return verify_refuse(v, r->line, "the other one goes first, or nobody");
	if (best->verdict == SEQUENTIAL && best->question > 1 && r->first != r->a &&
	    (r->first != r->b || !j->goes_back))
		return verify_refuse(v, r->line, "they go in the order of the plan");
	return true;
}

static size_t
shared_beginning(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* What was compared between two phases that are apart, counted again. */
static bool
check_apart(struct judging *j, const struct verify_record *r)
{
	struct verify *v = j->v;
	const struct verify_phase *p = &v->phase[r->a], *q = &v->phase[r->b];
	size_t n_compared = 0, n_negated = 0, n_shared = 0;
	bool is_near = false;

	for (size_t i = 0; i < p->n_uses && strcmp(p->repo, q->repo) == 0; i++) {
		const struct verify_use *a = &v->by_phase[p->uses + i];
		const char *text = v->pattern[a->pattern].text;

		for (size_t k = 0; k < q->n_uses; k++) {
			const struct verify_use *b = &v->by_phase[q->uses + k];
			const char *other = v->pattern[b->pattern].text;
			const struct verify_meet *m;
			size_t n;

			if (a->deed == DEED_READ && b->deed == DEED_READ)
				continue;
			n_compared++;
			m = verify_find_meet(v, a->pattern, b->pattern);
			n_negated += m && !verify_survives(v, a, b, m);
			n = shared_beginning(text, other);
			n_shared = n > n_shared ? n : n_shared;
			is_near = is_near ||
				  (n == r->n_shared && r->near_a && r->near_b &&
				      strcmp(text, r->near_a) == 0 &&
				      strcmp(other, r->near_b) == 0);
		}
	}
	if (n_compared != r->n_compared || n_negated != r->n_negated)
		return verify_refuse(v, r->line,
		    "%zu pairs of patterns are compared and %zu excepted, not as stated",
		    n_compared, n_negated);
	if (n_shared != r->n_shared || is_near != (n_compared > 0) ||
	    (!is_near && (r->near_a || r->near_b)))
		return verify_refuse(
		    v, r->line, "the patterns that come nearest are others");
	return true;
}

static const char *const verdict_names[] = { "parallel", "parallel-branches",
	"sequential" };

static bool
judge_pair(struct judging *j, int a, int b)
{
	struct verify *v = j->v;
	const struct verify_record *r = j->next < v->n_records ? &v->record[j->next]
							       : NULL;
	struct opinion best;
	int literal;

	r = r && r->a == a && r->b == b ? r : NULL;
	best = opinion_on(j, a, b, &literal);
	if (!r) {
		if (best.verdict == PARALLEL && !v->lists_all)
			return true;
		return verify_refuse(v, 0,
		    "%.40s and %.40s are %s, which is not listed", v->phase[a].id,
		    v->phase[b].id, verdict_names[best.verdict]);
	}
	j->next++;
	if (r->verdict != best.verdict)
		return verify_refuse(v, r->line, "%.40s and %.40s are %s, not %s",
		    v->phase[a].id, v->phase[b].id, verdict_names[best.verdict],
		    verdict_names[r->verdict]);
	if (r->literal != literal)
		return verify_refuse(v, r->line,
		    "the method's tree alone says %s, not %s", verdict_names[literal],
		    verdict_names[r->literal]);
	if (best.verdict == PARALLEL)
		return v->lists_all
			   ? check_apart(j, r)
			   : verify_refuse(v, r->line, "the pair needs no line");
	if (best.verdict == SEQUENTIAL && best.first != -1)
		verify_edge(&j->all, best.first, a + b - best.first);
	else if (best.verdict == SEQUENTIAL && best.question > 1)
		verify_edge(&j->all, a, b);
	return check_listed(j, r, &best);
}

/*
 * Where a dependency points back in the plan, the exclusions of a ring that plan order
 * would close take the order of the hard edges instead.
 */
static bool
check_exclusions(struct judging *j)
{
	struct verify *v = j->v;
	int *rank;

	if (!j->goes_back)
		return true;
	if (!verify_close(v, &j->all))
		return false;
	rank = verify_alloc(v->n_phases, sizeof(*rank));
	verify_ranks(&j->hard, rank);
	for (size_t i = 0; i < v->n_records; i++) {
		const struct verify_record *r = &v->record[i];
		bool is_ring = verify_reaches(&j->all, r->a, r->b) &&
			       verify_reaches(&j->all, r->b, r->a);
		int first = is_ring && rank[r->b] < rank[r->a] ? r->b : r->a;

		if (r->verdict == SEQUENTIAL && r->question > 1 && r->first != first) {
			verify_refuse(v, r->line, "they go in the other order");
			break;
		}
	}
	free(rank);
	return !v->is_refused;
}

/* Each listed ring is one, and everything in a ring is in a listed one, up to fifty. */
static bool
check_rings(struct judging *j)
{
	struct verify *v = j->v;
	bool *is_shown = verify_alloc(v->n_phases + 1, sizeof(*is_shown));

	for (size_t i = 0; i < v->n_rings && !v->is_refused; i++) {
		const struct verify_ring *ring = &v->ring[i];

		if (is_shown[ring->phase[0]])
			verify_refuse(v, ring->line, "the ring is shown above");
		for (size_t k = 0; k < ring->n; k++) {
			int from = ring->phase[k], to = ring->phase[(k + 1) % ring->n];

			is_shown[from] = true;
			if (!verify_has_edge(&j->hard, from, to))
				verify_refuse(v, ring->line,
				    "the ring is none: %.40s does "
				    "not have to come before %.40s",
				    v->phase[from].id, v->phase[to].id);
		}
	}
	for (size_t i = 0; i < v->n_phases && v->n_rings < MAX_RINGS; i++) {
		if (!is_shown[i] && verify_reaches(&j->hard, (int)i, (int)i))
			verify_refuse(v, 0, "%.40s is in a ring that is not listed",
			    v->phase[i].id);
	}
	free(is_shown);
	return !v->is_refused;
}

static bool
judge_all(struct judging *j)
{
	struct verify *v = j->v;
	size_t n = v->n_phases;

	if (v->n_total != (n < 2 ? 0 : n * (n - 1) / 2) ||
	    v->lists_all != (n <= LISTS_ALL_UP_TO))
		return verify_refuse(v, 0, "the number of pairs is not as stated");
	if (!make_orders(j))
		return false;
	for (int a = 0; a < (int)n && !v->is_refused; a++) {
		verify_facts(v, a, j->cell);
		for (int b = a + 1; b < (int)n && !v->is_refused; b++)
			judge_pair(j, a, b);
	}
	return !v->is_refused && check_exclusions(j) && check_rings(j);
}

static void
drop_graph(struct verify_graph *g)
{
	free(g->edge);
	free(g->reach);
}

bool
verify_verdicts(struct verify *v)
{
	struct judging j = { .v = v };
	bool is_good;

	verify_claims(v);
	j.cell = verify_alloc(v->n_phases, sizeof(*j.cell));
	is_good = judge_all(&j);
	free(j.cell);
	drop_graph(&j.declared);
	drop_graph(&j.hard);
	drop_graph(&j.all);
	return is_good;
}
