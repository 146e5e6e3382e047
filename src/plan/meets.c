#include "plan/meets.h"

#include "base/mem.h"

#include <string.h>

/*
 * Two patterns of the largest size make four million pairs of positions.  A plan full of
 * them is no plan; past the first sum large pairs are taken to meet, and said to be.  The
 * other limits end the comparing: seconds and some hundred megabytes, whatever comes.
 */
#define LARGE_POSITIONS    65536
#define MAX_LARGE_COMPARED 4e7
#define MAX_COMPARED       4e8
#define MAX_LOOKED_AT      200000000u
#define MAX_MEETS          3000000u
/* Searches for what negations leave: each some milliseconds at most. */
#define MAX_SEARCHES 1000
/* So many patterns behind one are looked at rather than looked up. */
#define FEW_BEHIND 24

static struct tracked_list *
tracked_list_room(struct tracked_list *list, uint32_t cap)
{
	list = xreallocarray(list, 1, sizeof(*list) + cap * sizeof(list->item[0]));
	list->cap = cap;
	return list;
}

/* Lists which tracked paths P matches, by the range its prefix leaves. */
static void
list_tracked(struct meets *m, struct pattern *p)
{
	const char *prefix = glob_prefix(p->glob);
	size_t n = strlen(prefix);

	p->tracked = tracked_list_room(NULL, 0);
	p->tracked->n = 0;
	if (*p->repo)
		return;
	for (size_t i = tracked_from(&m->tracked, prefix); i < m->tracked.n; i++) {
		if (strncmp(m->tracked.key[i], prefix, n) != 0)
			break;
		if (!glob_match(p->glob, m->tracked.key[i]))
			continue;
		if (p->tracked->n == p->tracked->cap)
			p->tracked = tracked_list_room(
			    p->tracked, 2 * p->tracked->cap + 2);
		p->tracked->item[p->tracked->n++] = (uint32_t)i;
	}
}

const char *
shared_next(const struct meets *m, struct shared *s)
{
	while (s->i < s->p->tracked->n && s->j < s->q->tracked->n) {
		uint32_t a = s->p->tracked->item[s->i], b = s->q->tracked->item[s->j];

		s->i += a <= b;
		s->j += b <= a;
		if (a == b)
			return tracked_path(&m->tracked, a);
	}
	return NULL;
}

struct shared
shared_of(struct meets *m, struct pattern *p, struct pattern *q)
{
	if (!p->tracked)
		list_tracked(m, p);
	if (!q->tracked)
		list_tracked(m, q);
	return (struct shared){ .p = p, .q = q };
}

/*
 * What becomes of the paths the two share: the easiest of the tracked ones, for who shares
 * a tree shares its text; of the witness where none is tracked.
 */
static enum merging
merging_of_shared(struct meets *m, struct shared *shared, const char *first)
{
	enum merging easiest = merging_of(&m->rules, first), one;
	const char *path;

	while (easiest != MERGING_LINES && (path = shared_next(m, shared))) {
		one = merging_of(&m->rules, path);
		easiest = one < easiest ? one : easiest;
	}
	return easiest;
}

bool
meets_compare(struct meets *m, struct pattern *p, struct pattern *q, struct meet *meet)
{
	double n = (double)glob_size(p->glob) * (double)glob_size(q->glob);
	AUTO_FREE char *path = NULL;
	struct shared shared;
	const char *tracked;

	*meet = (struct meet){ .merging = MERGING_LINES };
	if (!glob_may_overlap(p->glob, q->glob))
		return false;
	m->compared += n;
	if (n > LARGE_POSITIONS && (m->large_compared += n) > MAX_LARGE_COMPARED) {
		meet->is_undecided = true;
		meet->witness = p->text;
		return true;
	}
	if (!glob_overlap(p->glob, q->glob, &path))
		return false;
	shared = shared_of(m, p, q);
	tracked = shared_next(m, &shared);
	meet->merging = merging_of_shared(m, &shared, tracked ? tracked : path);
	meet->is_tracked = tracked != NULL;
	meet->witness = tracked ? tracked : arena_strdup(m->arena, path);
	return true;
}

static bool
only_one_phase(const struct pattern *p, const struct pattern *q)
{
	return p->use[0].phase == p->use[p->n_uses - 1].phase &&
	       q->use[0].phase == q->use[q->n_uses - 1].phase &&
	       p->use[0].phase == q->use[0].phase;
}

static void
meet_add(struct pattern *p, struct meet meet)
{
	size_t n = p->n_meets;

	/* Most meet one or two others. */
	if (n == 0 || (n >= 2 && (n & (n - 1)) == 0))
		p->meet = xreallocarray(p->meet, n ? 2 * n : 2, sizeof(*p->meet));
	p->meet[p->n_meets++] = meet;
}

/* The patterns as they are looked up, beside their order by prefix. */
struct lookup {
	struct meets *m;
	int *open; /* those without a literal beginning of their last name, ascending */
	int *named; /* the others, by that beginning */
	size_t n_open, n_named;
	bool is_sorted; /* NAMED is, which is done when it is first needed */
};

static const char *
name_at(const struct lookup *l, int at)
{
	return glob_name_prefix(l->m->pattern[at].glob);
}

static int
compare_names(const void *pa, const void *pb, void *arg)
{
	int a = *(const int *)pa, b = *(const int *)pb;
	int by = strcmp(name_at(arg, a), name_at(arg, b));

	return by ? by : a - b;
}

static void
lookup_init(struct lookup *l, struct meets *m)
{
	*l = (struct lookup){ .m = m };
	l->open = xcalloc(m->n_patterns, sizeof(*l->open));
	l->named = xcalloc(m->n_patterns, sizeof(*l->named));
	for (size_t i = 0; i < m->n_patterns; i++) {
		const char *name = glob_name_prefix(m->pattern[i].glob);

		if (name && *name)
			l->named[l->n_named++] = (int)i;
		else
			l->open[l->n_open++] = (int)i;
	}
}

static bool
is_over_limits(const struct lookup *l)
{
	return l->m->n_looked_at > MAX_LOOKED_AT || l->m->n_meets > MAX_MEETS ||
	       l->m->compared > MAX_COMPARED;
}

bool
meets_is_near_limits(const struct meets *m)
{
	return m->n_looked_at > MAX_LOOKED_AT / 2 || m->n_meets > MAX_MEETS / 2 ||
	       m->compared > MAX_COMPARED / 2 || m->large_compared > 0 ||
	       m->n_searches > MAX_SEARCHES / 4;
}

void
meets_add(struct meets *m, size_t i, size_t j, struct meet meet)
{
	struct pattern *p = &m->pattern[i], *q = &m->pattern[j];

	m->n_meets++;
	m->n_hits += p->n_uses * q->n_uses;
	meet.other = (int)j;
	meet_add(p, meet);
	meet.other = (int)i;
	if (i != j)
		meet_add(q, meet);
}

static void
look_at(struct lookup *l, size_t i, size_t j)
{
	struct pattern *p = &l->m->pattern[i], *q = &l->m->pattern[j];
	struct meet meet;

	l->m->n_looked_at++;
	if ((!p->is_written && !q->is_written) || only_one_phase(p, q) ||
	    !meets_compare(l->m, p, q, &meet))
		return;
	meets_add(l->m, i, j, meet);
}

/*
 * Does the pattern at AT begin with the N bytes at TEXT, which P begins with?  The keys mostly
 * tell, and spare a look at what lies elsewhere.
 */
static bool
begins_with(const struct lookup *l, size_t at, const struct pattern *p,
    const char *text, size_t n)
{
	const struct pattern *q = &l->m->pattern[at];
	uint64_t differs = l->m->key[at] ^ l->m->key[p - l->m->pattern];
	size_t n_behind = n - l->m->n_shared;

	if (n_behind < 8 && q->repo == p->repo)
		return n_behind == 0 || differs >> (64 - 8 * n_behind) == 0;
	if (differs && n_behind >= 8)
		return false;
	return strncmp(glob_prefix(q->glob), text, n) == 0 &&
	       strcmp(q->repo, p->repo) == 0;
}

/* Where those behind I end that begin with its literal prefix. */
static size_t
range_end(const struct lookup *l, size_t i)
{
	const struct pattern *p = &l->m->pattern[i];
	const char *prefix = glob_prefix(p->glob);
	size_t n = strlen(prefix), step = 1, low = i, high;

	while (
	    low + step < l->m->n_patterns && begins_with(l, low + step, p, prefix, n)) {
		low += step;
		step *= 2;
	}
	high = low + step < l->m->n_patterns ? low + step : l->m->n_patterns;
	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (begins_with(l, mid, p, prefix, n))
			low = mid;
		else
			high = mid;
	}
	return high;
}

/* The first of the named whose name, cut to N bytes, is not below NAME cut so. */
static size_t
named_from(const struct lookup *l, const char *name, size_t n)
{
	size_t low = 0, high = l->n_named;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strncmp(name_at(l, l->named[mid]), name, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Of a pattern with many behind it those whose last name can be one with its own: names
 * that begin as it does, names it begins with, and those without a literal beginning.
 */
static void
look_up(struct lookup *l, size_t i, size_t end)
{
	const char *name = name_at(l, (int)i);
	size_t n = strlen(name), low = 0, high = l->n_open;

	if (!l->is_sorted)
		qsort_r(l->named, l->n_named, sizeof(*l->named), compare_names, l);
	l->is_sorted = true;
	for (size_t at = named_from(l, name, n); at < l->n_named; at++) {
		size_t j = (size_t)l->named[at];

		if (strncmp(name_at(l, (int)j), name, n) != 0)
			break;
		if (j >= i && j < end)
			look_at(l, i, j);
		l->m->n_looked_at++;
	}
	for (size_t k = 1; k < n; k++) {
		for (size_t at = named_from(l, name, k); at < l->n_named; at++) {
			size_t j = (size_t)l->named[at];

			if (strlen(name_at(l, (int)j)) != k ||
			    strncmp(name_at(l, (int)j), name, k) != 0)
				break;
			if (j >= i && j < end)
				look_at(l, i, j);
			l->m->n_looked_at++;
		}
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((size_t)l->open[mid] < i)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->n_open && (size_t)l->open[low] < end; low++)
		look_at(l, i, (size_t)l->open[low]);
}

/*
 * A tracked file and a pattern that can only match below it: one of the two must go
 * (CONFLICTS 5.2).
 */
static void
find_collisions(struct lookup *l, size_t i, size_t end)
{
	struct pattern *p = &l->m->pattern[i];
	const char *path = arena_strdup(l->m->arena, glob_prefix(p->glob));
	size_t n = strlen(path);

	for (size_t j = i + 1; j < end; j++) {
		struct pattern *q = &l->m->pattern[j];
		struct meet meet = { .witness = path,
			.is_tracked = true,
			.is_collision = true,
			.merging = MERGING_NONE };

		l->m->n_looked_at++;
		if (glob_prefix(q->glob)[n] == '/' &&
		    (p->is_written || q->is_written) && !only_one_phase(p, q))
			meets_add(l->m, i, j, meet);
	}
}

/* Sorted by prefix, those that P can meet and that come after it follow it directly. */
static void
compare_all(struct meets *m)
{
	struct lookup l;

	lookup_init(&l, m);
	for (size_t i = 0; i < m->n_patterns && !m->is_too_large; i++) {
		const char *name = name_at(&l, (int)i);
		size_t end = range_end(&l, i);

		m->is_too_large = is_over_limits(&l);
		if (name && *name && end - i > FEW_BEHIND) {
			look_up(&l, i, end);
		} else {
			for (size_t j = i; j < end; j++)
				look_at(&l, i, j);
		}
		if (m->pattern[i].is_file)
			find_collisions(&l, i, end);
		/* Only what comes before P asks for its states, and that is done. */
		glob_forget_states(m->pattern[i].glob);
	}
	free(l.open);
	free(l.named);
	free(m->key);
	m->key = NULL;
}

void
meets_init(struct meets *meets, const struct plan *plan, const struct verdict_env *env,
    struct arena *arena)
{
	*meets = (struct meets){
		.plan = plan, .env = env, .arena = arena, .globs = arena_new()
	};
	meets->bad = xcalloc(plan->n_phases, sizeof(*meets->bad));
	tracked_init(&meets->tracked, env);
	merging_rules_init(&meets->rules, env);
	meets_collect(meets);
	compare_all(meets);
}

void
meets_clear(struct meets *meets)
{
	for (size_t i = 0; i < meets->n_patterns; i++) {
		glob_free(meets->pattern[i].glob);
		free(meets->pattern[i].meet);
		free(meets->pattern[i].tracked);
	}
	for (size_t i = 0; i < meets->n_negations; i++)
		glob_free(meets->negation[i].glob);
	arena_free(meets->globs);
	free(meets->key);
	merging_rules_clear(&meets->rules);
	tracked_clear(&meets->tracked);
	free(meets->order);
	free(meets->negation);
	free(meets->pattern);
	free(meets->use);
	free(meets->of_phase);
	free(meets->of);
	free(meets->bad);
	*meets = (struct meets){ 0 };
}

/* What the lists that A and B stand in negate: at most CAP into GLOB. */
static size_t
negations_of(const struct meets *m, const struct use *a, const struct use *b,
    const struct glob **glob, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_negations && n < cap; i++) {
		const struct negation *negation = &m->negation[i];

		if ((negation->phase == a->phase && negation->touch == a->touch) ||
		    (negation->phase == b->phase && negation->touch == b->touch))
			glob[n++] = negation->glob;
	}
	return n;
}

static bool
any_matches(const struct glob *const *glob, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (glob_match(glob[i], path))
			return true;
	}
	return false;
}

bool
meets_survives(struct meets *meets, const struct use *a, const struct use *b,
    const struct meet *meet, const char **witness)
{
	struct pattern *p = &meets->pattern[a->pattern];
	struct pattern *q = &meets->pattern[b->pattern];
	const struct glob *negated[64];
	AUTO_FREE char *left = NULL;
	struct shared shared;
	const char *path;
	size_t n;

	*witness = meet->witness;
	if (meets->n_negations == 0 || !meet->is_tracked || meet->is_collision)
		return true;
	n = negations_of(meets, a, b, negated, N_ELEMS(negated));
	if (n == 0)
		return true;
	shared = shared_of(meets, p, q);
	while ((path = shared_next(meets, &shared))) {
		if (any_matches(negated, n, path))
			continue;
		*witness = path;
		return true;
	}
	/* Of the paths that exist none is left; one that may come can be. */
	if (meets->n_searches++ >= MAX_SEARCHES)
		return true;
	if (!glob_overlap_without(p->glob, q->glob, negated, n, &left))
		return false;
	if (left)
		*witness = arena_strdup(meets->arena, left);
	return true;
}
