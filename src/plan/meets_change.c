#include "plan/meets.h"

#include "base/mem.h"

#include <string.h>

/*
 * One phase declares something else.  Its patterns are collected as if it were alone and put
 * beside those that are known; what is new is looked up in the order by prefix.  A pattern
 * that nobody uses any more stays where it is: it meets what it met, and no row sees it.
 */

static int
compare_patterns(const struct pattern *a, const struct pattern *b)
{
	int by = strcmp(a->repo, b->repo);

	if (by == 0)
		by = strcmp(glob_prefix(a->glob), glob_prefix(b->glob));
	return by ? by : strcmp(a->text, b->text);
}

static struct pattern *
in_order(const struct meets *m, size_t at)
{
	return &m->pattern[m->order[at]];
}

/* Where in the order the first is that does not stand before REPO and the N bytes at TEXT. */
static size_t
order_from(const struct meets *m, const char *repo, const char *text, size_t n)
{
	size_t low = 0, high = m->n_patterns;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct pattern *p = in_order(m, mid);
		int by = strcmp(p->repo, repo);

		if (by == 0)
			by = strncmp(glob_prefix(p->glob), text, n);
		if (by < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Does the pattern at AT of the order begin with the N bytes at TEXT, in REPO? */
static bool
order_begins(
    const struct meets *m, size_t at, const char *repo, const char *text, size_t n)
{
	return at < m->n_patterns && strcmp(in_order(m, at)->repo, repo) == 0 &&
	       strncmp(glob_prefix(in_order(m, at)->glob), text, n) == 0;
}

/* The known pattern that is P, or -1; AT gets its place in the order. */
static int
find_pattern(const struct meets *m, const struct pattern *p, size_t *at)
{
	const char *prefix = glob_prefix(p->glob);
	size_t n = strlen(prefix) + 1;

	for (*at = order_from(m, p->repo, prefix, n);
	     order_begins(m, *at, p->repo, prefix, n); (*at)++) {
		int by = strcmp(in_order(m, *at)->text, p->text);

		if (by == 0)
			return m->order[*at];
		if (by > 0)
			break;
	}
	return -1;
}

/* ---- who is a directory because something goes below it --------------------------------- */

static bool
is_settled_now(const struct meets *m, const struct pattern *p)
{
	AUTO_FREE char *below = xasprintf("%s/", glob_prefix(p->glob));
	size_t n = strlen(below);

	for (size_t at = order_from(m, p->repo, below, n);
	     order_begins(m, at, p->repo, below, n); at++) {
		if (in_order(m, at)->n_uses > 0)
			return true;
	}
	return false;
}

static bool
can_settle(const struct pattern *p)
{
	return glob_is_literal(p->glob) && !p->is_file && !p->via && p->n_uses > 0;
}

/* Is P, and is every literal that P goes below, taken for what it would be now? */
static bool
is_as_settled(const struct meets *m, const struct pattern *p)
{
	const char *prefix = glob_prefix(p->glob);

	if (can_settle(p) && is_settled_now(m, p) != p->is_settled)
		return false;
	for (const char *slash = prefix; (slash = strchr(slash, '/')); slash++) {
		AUTO_FREE char *above = xstrndup(prefix, (size_t)(slash - prefix));
		size_t n = strlen(above) + 1;

		for (size_t at = order_from(m, p->repo, above, n);
		     order_begins(m, at, p->repo, above, n); at++) {
			const struct pattern *q = in_order(m, at);

			if (can_settle(q) && is_settled_now(m, q) != q->is_settled)
				return false;
		}
	}
	return true;
}

/* ---- what a pattern meets ------------------------------------------------------------------ */

static void
compare_with(struct meets *m, int at, int other)
{
	struct pattern *p = &m->pattern[at], *q = &m->pattern[other];
	bool is_first = at == other || compare_patterns(p, q) < 0;
	const char *prefix = glob_prefix((is_first ? p : q)->glob);
	struct meet meet;

	m->n_looked_at++;
	if (is_first ? meets_compare(m, p, q, &meet) : meets_compare(m, q, p, &meet)) {
		meets_add(m, (size_t)at, (size_t)other, meet);
	} else if ((is_first ? p : q)->is_file &&
		   glob_prefix((is_first ? q : p)->glob)[strlen(prefix)] == '/') {
		meet = (struct meet){ .witness = arena_strdup(m->arena, prefix),
			.is_tracked = true,
			.is_collision = true,
			.merging = MERGING_NONE };
		meets_add(m, (size_t)at, (size_t)other, meet);
	}
}

/* Compares pattern AT with all it may meet that it was not compared with. */
static void
complete(struct meets *m, int at)
{
	const char *repo = m->pattern[at].repo;
	const char *prefix = glob_prefix(m->pattern[at].glob);
	size_t n = strlen(prefix);
	bool *is_met = xcalloc(m->n_patterns, sizeof(*is_met));

	for (size_t i = 0; i < m->pattern[at].n_meets; i++)
		is_met[m->pattern[at].meet[i].other] = true;
	m->pattern[at].is_complete = true;
	/* Those that begin as it does; then those it begins with. */
	for (size_t i = order_from(m, repo, prefix, n);
	     order_begins(m, i, repo, prefix, n); i++) {
		if (!is_met[m->order[i]])
			compare_with(m, at, m->order[i]);
	}
	for (size_t k = 0; k < n; k++) {
		AUTO_FREE char *shorter = xstrndup(prefix, k);

		for (size_t i = order_from(m, repo, shorter, k + 1);
		     order_begins(m, i, repo, shorter, k + 1); i++) {
			if (!is_met[m->order[i]])
				compare_with(m, at, m->order[i]);
		}
	}
	free(is_met);
}

/* ---- who uses it ----------------------------------------------------------------------------- */

static void
pattern_facts(struct pattern *p)
{
	p->is_read = p->is_written = false;
	for (size_t i = 0; i < p->n_uses; i++) {
		p->is_read = p->is_read || p->use[i].access == ACCESS_READ;
		p->is_written = p->is_written || p->use[i].access != ACCESS_READ;
	}
}

static void
drop_uses(struct meets *m, int phase)
{
	struct use_list *list = &m->of[phase];

	for (size_t u = 0; u < list->n; u++) {
		struct pattern *p = &m->pattern[list->use[u].pattern];
		size_t n = 0;

		for (size_t i = 0; i < p->n_uses; i++) {
			if (p->use[i].phase != phase)
				p->use[n++] = p->use[i];
		}
		p->n_uses = n;
		m->n_data -= list->use[u].access == ACCESS_READ;
		pattern_facts(p);
	}
	*list = (struct use_list){ NULL, 0 };
}

/* Adds USE to its pattern, in plan order and behind the others of its phase. */
static void
add_use(struct meets *m, struct use use)
{
	struct pattern *p = &m->pattern[use.pattern];
	struct use *list = arena_alloc(m->arena, (p->n_uses + 1) * sizeof(*list));
	size_t at = 0;

	while (at < p->n_uses && p->use[at].phase <= use.phase)
		at++;
	if (at > 0)
		memcpy(list, p->use, at * sizeof(*list));
	list[at] = use;
	if (at < p->n_uses)
		memcpy(list + at + 1, p->use + at, (p->n_uses - at) * sizeof(*list));
	p->use = list;
	p->n_uses++;
	m->n_data += use.access == ACCESS_READ;
	m->n_hits += p->n_meets * p->n_uses;
	pattern_facts(p);
}

/* ---- one phase alone --------------------------------------------------------------------------- */

/* May links or submodules give what P matches other names? */
static bool
has_other_names(const struct meets *m, const struct pattern *p)
{
	const struct verdict_env *env = m->env;

	if (env->n_links + env->n_submodules == 0)
		return false;
	if (p->via || env->fold_case)
		return true;
	for (size_t i = 0; i < env->n_links + env->n_submodules; i++) {
		const char *path = i < env->n_links ? env->link[i].path
						    : env->submodule[i - env->n_links];
		const char *prefix = glob_prefix(p->glob);

		while (*path && *path == *prefix) {
			path++;
			prefix++;
		}
		if (!*path || !*prefix)
			return true;
	}
	return false;
}

/* Collects PHASE of PLAN as the only one, with texts that stay. */
static void
collect_one(
    const struct meets *m, const struct plan *plan, int phase, struct meets *one)
{
	struct plan *alone = arena_alloc(m->arena, sizeof(*alone));

	*alone = *plan;
	alone->phase = &plan->phase[phase];
	alone->n_phases = 1;
	*one = (struct meets){ .plan = alone,
		.env = m->env,
		.arena = m->arena,
		.globs = m->globs,
		.tracked = m->tracked };
	one->bad = xcalloc(1, sizeof(*one->bad));
	meets_collect(one);
}

/* Takes over pattern P of the phase alone; the number it has then. */
static int
take_pattern(struct meets *m, struct pattern *p)
{
	size_t at;
	int known = find_pattern(m, p, &at);

	if (known >= 0) {
		glob_free(p->glob);
		p->glob = m->pattern[known].glob;
		return known;
	}
	known = (int)m->n_patterns;
	if (m->n_patterns == m->cap_patterns)
		m->order = xreallocarray(
		    m->order, 2 * m->cap_patterns + 8, sizeof(*m->order));
	GROW(m->pattern, m->n_patterns, m->cap_patterns);
	m->pattern[known] = (struct pattern){ .text = arena_strdup(m->arena, p->text),
		.repo = arena_strdup(m->arena, p->repo),
		.glob = p->glob,
		.is_file = p->is_file,
		.is_settled = p->is_settled };
	memmove(
	    m->order + at + 1, m->order + at, (m->n_patterns - at) * sizeof(*m->order));
	m->order[at] = known;
	m->n_patterns++;
	return known;
}

static void
change_negations(struct meets *m, struct meets *one, int phase)
{
	size_t n = 0, n_before = 0, cap = m->n_negations + one->n_negations;
	struct negation *list = xcalloc(cap, sizeof(*list));

	for (; n_before < m->n_negations && m->negation[n_before].phase < phase;
	     n_before++)
		list[n++] = m->negation[n_before];
	for (size_t i = 0; i < one->n_negations; i++) {
		list[n] = one->negation[i];
		list[n++].phase = phase;
	}
	for (size_t i = n_before; i < m->n_negations; i++) {
		if (m->negation[i].phase == phase)
			glob_free(m->negation[i].glob);
		else
			list[n++] = m->negation[i];
	}
	free(m->negation);
	m->negation = list;
	m->n_negations = n;
	m->cap_negations = cap;
	one->n_negations = 0;
}

static void
order_init(struct meets *m)
{
	if (m->order)
		return;
	m->order = xcalloc(m->cap_patterns + 1, sizeof(*m->order));
	for (size_t i = 0; i < m->n_patterns; i++)
		m->order[i] = (int)i;
}

bool
meets_change(struct meets *m, const struct plan *plan, int phase, struct meets *one)
{
	struct use_list old = m->of[phase];
	struct use *uses;
	bool is_same = true;

	order_init(m);
	collect_one(m, plan, phase, one);
	m->plan = plan;
	drop_uses(m, phase);
	m->bad[phase] = one->bad[0] ? arena_strdup(m->arena, one->bad[0]) : NULL;
	uses = arena_alloc(m->arena, (one->n_uses + 1) * sizeof(*uses));
	for (size_t i = 0; i < one->n_patterns; i++) {
		int at = take_pattern(m, &one->pattern[i]);

		for (size_t u = 0; u < one->of[0].n; u++) {
			if (one->of_phase[u].pattern != (int)i)
				continue;
			uses[u] = one->of_phase[u];
			uses[u].phase = phase;
			uses[u].pattern = at;
			add_use(m, uses[u]);
		}
		if (!m->pattern[at].is_complete)
			complete(m, at);
		is_same = is_same && !has_other_names(m, &m->pattern[at]);
	}
	m->of[phase] = (struct use_list){ uses, one->of[0].n };
	change_negations(m, one, phase);
	for (size_t u = 0; u < old.n && is_same; u++)
		is_same = !has_other_names(m, &m->pattern[old.use[u].pattern]) &&
			  is_as_settled(m, &m->pattern[old.use[u].pattern]);
	for (size_t u = 0; u < one->of[0].n && is_same; u++)
		is_same = is_as_settled(m, &m->pattern[uses[u].pattern]);
	return is_same && !meets_is_near_limits(m);
}

void
meets_drop(struct meets *one)
{
	/* Patterns and negations are of those it was put beside. */
	free(one->key);
	free(one->pattern);
	free(one->negation);
	free(one->use);
	free(one->of_phase);
	free(one->of);
	free(one->bad);
	*one = (struct meets){ 0 };
}
