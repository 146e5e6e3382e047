#include "plan/meets.h"

#include "base/mem.h"
#include "plan/intern.h"

#include <string.h>

/* Aliases through links and submodules: past this a plan is not decided any more. */
#define MAX_ALIASES 4000
#define MAX_DEPTH   4

static const struct {
	enum touch touch;
	enum access access;
} path_touches[] = {
	{ TOUCH_READS, ACCESS_READ },
	{ TOUCH_CONSUMES, ACCESS_READ },
	{ TOUCH_WRITES, ACCESS_WRITE },
	{ TOUCH_CREATES, ACCESS_WRITE },
	{ TOUCH_PRODUCES, ACCESS_WRITE },
	{ TOUCH_APPENDS, ACCESS_APPEND },
	{ TOUCH_DELETES, ACCESS_DELETE },
	{ TOUCH_RENAMES, ACCESS_MOVE_FROM },
};

bool
touch_is_path(enum touch touch, const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

	if (touch == TOUCH_PRODUCES || touch == TOUCH_CONSUMES)
		return n == 0 || text[n] != ':';
	return touch <= TOUCH_APPENDS;
}

struct uses {
	struct use *item;
	size_t n, cap;
};

struct collecting {
	struct meets *m;
	struct intern known;
	struct uses uses;
	unsigned flags; /* of every pattern */
};

/* GLOB_IS_FILE or GLOB_IS_DIR for a literal that the tree knows. */
static unsigned
kind_of(const struct meets *m, const struct glob *glob, const char *repo)
{
	const char *text = glob_prefix(glob);

	if (!glob_is_literal(glob) || *repo)
		return 0;
	return tracked_kind(&m->tracked, text);
}

static void
compile(struct collecting *c, struct pattern *p)
{
	unsigned kind;

	p->glob = glob_new_in(c->m->globs, p->text, c->flags, NULL);
	if (!p->glob || p->text[strlen(p->text) - 1] == '/')
		return;
	kind = kind_of(c->m, p->glob, p->repo);
	p->is_file = kind == GLOB_IS_FILE;
	if (!kind)
		return;
	glob_free(p->glob);
	p->glob = glob_new_in(c->m->globs, p->text, c->flags | kind, NULL);
}

/* The number of the pattern TEXT of REPO. */
static int
pattern_of(struct collecting *c, const char *text, const char *repo)
{
	struct meets *m = c->m;
	size_t at = intern_number(&c->known, text, repo);

	if (at == m->n_patterns) {
		GROW(m->pattern, m->n_patterns, m->cap_patterns);
		m->pattern[m->n_patterns++] = (struct pattern){ .text = text,
			.repo = c->known.item[at].repo };
	}
	return (int)at;
}

static void
add_use(struct collecting *c, const char *text, const char *repo, struct use use)
{
	use.pattern = pattern_of(c, text, repo);
	GROW(c->uses.item, c->uses.n, c->uses.cap);
	c->uses.item[c->uses.n++] = use;
}

/* What is negated in a list: of a name nobody knows only itself, never what is below. */
static void
add_negation(struct collecting *c, const char *text, const char *repo, struct use use)
{
	struct meets *m = c->m;
	struct glob *glob = glob_new(text, c->flags, NULL);
	unsigned kind = glob ? kind_of(m, glob, repo) : 0;

	if (glob && glob_is_literal(glob) && text[strlen(text) - 1] != '/') {
		glob_free(glob);
		glob = glob_new(text, c->flags | (kind ? kind : GLOB_IS_FILE), NULL);
	}
	if (!glob || glob_is_capped(glob)) {
		glob_free(glob);
		return;
	}
	GROW(m->negation, m->n_negations, m->cap_negations);
	m->negation[m->n_negations++] = (struct negation){ use.phase, use.touch, glob };
}

/* Where ITEM is renamed to: a directory when it is one. */
static const char *
renamed_to(struct collecting *c, const struct touch_item *item, const char *repo)
{
	struct glob *glob = glob_new(item->text, c->flags, NULL);
	size_t n = strlen(item->text);
	bool is_dir = n > 0 && item->text[n - 1] == '/';

	if (glob && kind_of(c->m, glob, repo) == GLOB_IS_DIR)
		is_dir = true;
	glob_free(glob);
	n = strlen(item->to);
	return is_dir && n > 0 && item->to[n - 1] != '/'
		   ? arena_printf(c->m->arena, "%s/", item->to)
		   : item->to;
}

static void
collect_phase(struct collecting *c, const struct phase *phase, int position)
{
	const char *repo = phase->repo ? phase->repo : "";

	for (size_t t = 0; t < N_ELEMS(path_touches); t++) {
		const struct touch_list *list = &phase->touch[path_touches[t].touch];
		struct use use = { .phase = position,
			.access = path_touches[t].access,
			.touch = path_touches[t].touch };

		for (size_t i = 0; i < list->n; i++) {
			const struct touch_item *item = &list->item[i];

			if (item->is_inferred || !touch_is_path(use.touch, item->text))
				continue;
			if (item->is_negated) {
				add_negation(c, item->text, repo, use);
				continue;
			}
			add_use(c, item->text, repo, use);
			if (!item->to)
				continue;
			use.access = ACCESS_MOVE_TO;
			add_use(c, renamed_to(c, item, repo), repo, use);
			use.access = ACCESS_MOVE_FROM;
		}
	}
}

/* ---- other names of the same files ---------------------------------------------- */

/*
 * A write through a link is a write to where it leads, and one below a submodule changes
 * the submodule: what pattern AT matches there is a pattern too, with the same uses.
 */
static void
add_alias(struct collecting *c, int at, const char *from, const char *to)
{
	struct meets *m = c->m;
	bool is_submodule = strcmp(from, to) == 0;
	struct pattern alias = m->pattern[at];
	size_t n_uses = c->uses.n;

	alias.glob = glob_through(alias.glob, from, to, is_submodule);
	if (!alias.glob)
		return;
	alias.via = from;
	alias.is_file = kind_of(m, alias.glob, alias.repo) == GLOB_IS_FILE;
	GROW(m->pattern, m->n_patterns, m->cap_patterns);
	m->pattern[m->n_patterns++] = alias;
	for (size_t i = 0; i < n_uses; i++) {
		struct use use = c->uses.item[i];

		if (use.pattern != at)
			continue;
		use.pattern = (int)m->n_patterns - 1;
		GROW(c->uses.item, c->uses.n, c->uses.cap);
		c->uses.item[c->uses.n++] = use;
	}
}

/* Nobody knows where the link FROM leads: who goes through it could touch anything. */
static void
add_lost(struct collecting *c, int at, const char *from)
{
	struct meets *m = c->m;
	const struct pattern *p = &m->pattern[at];
	struct glob *glob = glob_through(p->glob, from, from, false);

	for (size_t i = 0; glob && i < c->uses.n; i++) {
		if (c->uses.item[i].pattern == at)
			m->bad[c->uses.item[i].phase] = arena_printf(m->arena,
			    "goes with `%s` through the link `%s`, and nobody knows "
			    "where that leads",
			    p->text, from);
	}
	glob_free(glob);
}

static bool
starts_meet(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return !*a || !*b;
}

static void
add_aliases_of(struct collecting *c, int at)
{
	const struct verdict_env *env = c->m->env;
	const struct pattern *p;
	bool folds = env->fold_case;

	for (size_t i = 0; i < env->n_links; i++) {
		const char *from = env->link[i].path;

		p = &c->m->pattern[at];
		if (!folds && !starts_meet(glob_prefix(p->glob), from))
			continue;
		if (env->link[i].to)
			add_alias(c, at, from, env->link[i].to);
		else
			add_lost(c, at, from);
	}
	for (size_t i = 0; i < env->n_submodules; i++) {
		const char *path = env->submodule[i];

		p = &c->m->pattern[at];
		/* A link can lead into one as well; what is all of it already is enough. */
		if (p->via != path &&
		    (folds || starts_meet(glob_prefix(p->glob), path)) &&
		    !(glob_is_literal(p->glob) &&
			strcmp(glob_prefix(p->glob), path) == 0))
			add_alias(c, at, path, path);
	}
}

static void
add_aliases(struct collecting *c)
{
	struct meets *m = c->m;
	size_t from = 0, n_own = m->n_patterns;

	if (m->env->n_links == 0 && m->env->n_submodules == 0)
		return;
	/* A link can lead to a directory with links in it: aliases have aliases. */
	for (int depth = 0; depth < MAX_DEPTH && from < m->n_patterns; depth++) {
		size_t end = m->n_patterns;

		for (; from < end && !m->is_too_large; from++) {
			if (m->pattern[from].glob && !*m->pattern[from].repo)
				add_aliases_of(c, (int)from);
			m->is_too_large = m->n_patterns - n_own > MAX_ALIASES;
		}
	}
}

/* ---- in order --------------------------------------------------------------------- */

/* A pattern to be sorted; KEY is the eight bytes behind what all of them share. */
struct item {
	uint64_t key;
	const char *text, *repo;
	uint32_t at;
};

static uint64_t
key_behind(const char *text, size_t n_shared)
{
	uint64_t key = 0;
	size_t i = 0;

	for (text += n_shared; i < 8 && text[i]; i++)
		key = key << 8 | (unsigned char)text[i];
	return i > 0 && i < 8 ? key << 8 * (8 - i) : key;
}

/* What a pattern is sorted by: its prefix, or before it is compiled its text. */
static const char *
sorted_by(const struct pattern *p)
{
	return p->glob ? glob_prefix(p->glob) : p->text;
}

static size_t
n_shared_bytes(const struct meets *m)
{
	const char *first = m->n_patterns > 0 ? sorted_by(&m->pattern[0]) : "";
	size_t n = strlen(first);

	for (size_t i = 1; i < m->n_patterns; i++) {
		const char *text = sorted_by(&m->pattern[i]);
		size_t k = 0;

		while (k < n && text[k] == first[k])
			k++;
		n = k;
	}
	return n;
}

static int
compare_items(const void *pa, const void *pb, void *arg)
{
	const struct item *a = pa, *b = pb;
	const struct pattern *pattern = arg;
	int by = a->repo == b->repo ? 0 : strcmp(a->repo, b->repo);

	if (by)
		return by;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	by = strcmp(a->text, b->text);
	if (by == 0)
		by = strcmp(pattern[a->at].text, pattern[b->at].text);
	return by ? by : (a->at > b->at) - (a->at < b->at);
}

/* Puts the patterns in the order of ITEM; NEW_AT says where each went. */
static void
put_in_order(struct meets *m, const struct item *item, uint32_t *new_at)
{
	for (size_t i = 0; i < m->n_patterns; i++)
		new_at[item[i].at] = (uint32_t)i;
	/* Each is put where it belongs, and what was there goes on. */
	for (size_t i = 0; i < m->n_patterns; i++) {
		size_t at = item[i].at, to = i;
		struct pattern first = m->pattern[i];

		if (m->pattern[i].is_complete)
			continue;
		for (; at != i; to = at, at = item[at].at) {
			m->pattern[to] = m->pattern[at];
			m->pattern[to].is_complete = true;
		}
		m->pattern[to] = first;
		m->pattern[to].is_complete = true;
	}
	for (size_t i = 0; i < m->n_patterns; i++)
		m->pattern[i].is_complete = false;
}

/* Sorts the patterns, unless they stand in order, and keeps their keys. */
static void
sort_patterns(struct collecting *c)
{
	struct meets *m = c->m;
	struct item *item = xcalloc(m->n_patterns, sizeof(*item));
	bool is_sorted = true;

	m->n_shared = n_shared_bytes(m);
	for (size_t i = 0; i < m->n_patterns; i++) {
		const struct pattern *p = &m->pattern[i];
		const char *text = sorted_by(p);

		item[i] = (struct item){ key_behind(text, m->n_shared), text, p->repo,
			(uint32_t)i };
		is_sorted = is_sorted && (i == 0 || compare_items(&item[i - 1],
							&item[i], m->pattern) < 0);
	}
	if (!is_sorted) {
		uint32_t *new_at = xcalloc(m->n_patterns, sizeof(*new_at));

		qsort_r(item, m->n_patterns, sizeof(*item), compare_items, m->pattern);
		put_in_order(m, item, new_at);
		for (size_t u = 0; u < c->uses.n; u++)
			c->uses.item[u].pattern = (int)new_at[c->uses.item[u].pattern];
		free(new_at);
	}
	free(m->key);
	m->key = xcalloc(m->n_patterns, sizeof(*m->key));
	for (size_t i = 0; i < m->n_patterns; i++)
		m->key[i] = item[i].key;
	free(item);
}

/* Takes USE, of a pattern that was compiled or could not be; false in the latter case. */
static bool
take_use(struct meets *m, const struct use *use)
{
	struct pattern *p = &m->pattern[use->pattern];

	if (!p->glob) {
		m->bad[use->phase] = arena_printf(
		    m->arena, "has a pattern that cannot be read: `%s`", p->text);
		return false;
	}
	p->n_uses++;
	p->is_read = p->is_read || use->access == ACCESS_READ;
	p->is_written = p->is_written || use->access != ACCESS_READ;
	m->n_data += use->access == ACCESS_READ;
	return true;
}

/*
 * Compiles the patterns in their order, so that those that are compared lie together, and
 * drops what cannot be read with its uses.
 */
static void
compile_all(struct collecting *c)
{
	struct meets *m = c->m;
	int *new_at = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->n_patterns; i++)
		compile(c, &m->pattern[i]);
	for (size_t u = 0; u < c->uses.n; u++) {
		if (take_use(m, &c->uses.item[u]))
			c->uses.item[n++] = c->uses.item[u];
	}
	if (n == c->uses.n)
		return;
	c->uses.n = n;
	new_at = xcalloc(m->n_patterns, sizeof(*new_at));
	n = 0;
	for (size_t i = 0; i < m->n_patterns; i++) {
		new_at[i] = (int)n;
		if (m->pattern[i].glob)
			m->pattern[n++] = m->pattern[i];
	}
	m->n_patterns = n;
	for (size_t u = 0; u < c->uses.n; u++)
		c->uses.item[u].pattern = new_at[c->uses.item[u].pattern];
	free(new_at);
}

/* Lets each pattern find its uses, in plan order, and each phase. */
static void
link_uses(struct meets *m, const struct uses *uses)
{
	size_t n_phases = m->plan->n_phases, at = 0;
	size_t *next = xcalloc(n_phases + 1, sizeof(*next));

	m->n_uses = uses->n;
	m->use = xcalloc(uses->n, sizeof(*m->use));
	m->of_phase = xcalloc(uses->n, sizeof(*m->of_phase));
	m->of = xcalloc(n_phases + 1, sizeof(*m->of));
	for (size_t i = 0; i < m->n_patterns; i++) {
		m->pattern[i].use = m->use + at;
		at += m->pattern[i].n_uses;
		m->pattern[i].n_uses = 0;
	}
	for (size_t u = 0; u < uses->n; u++) {
		struct use use = uses->item[u];
		struct pattern *p = &m->pattern[use.pattern];

		p->use[p->n_uses++] = use;
		m->of[use.phase].n++;
	}
	for (size_t i = 0; i < n_phases; i++) {
		m->of[i].use = m->of_phase + next[i];
		next[i + 1] = next[i] + m->of[i].n;
	}
	for (size_t u = 0; u < m->n_uses; u++)
		m->of_phase[next[m->use[u].phase]++] = m->use[u];
	free(next);
}

/* The first pattern of REPO from LOW on whose prefix is not below TEXT. */
static size_t
pattern_from(const struct meets *m, size_t low, const char *repo, const char *text)
{
	size_t high = m->n_patterns;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int by = strcmp(m->pattern[mid].repo, repo);

		if (by == 0)
			by = strcmp(glob_prefix(m->pattern[mid].glob), text);
		if (by < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * A literal with an extension is a directory all the same when another pattern of the
 * plan goes below it: `conf.d` and `conf.d/a.conf`.  Not one that is a file in the tree.
 */
static void
settle_directories(struct meets *m, unsigned flags)
{
	for (size_t i = 0; i + 1 < m->n_patterns; i++) {
		struct pattern *p = &m->pattern[i];
		const char *prefix = glob_prefix(p->glob);
		AUTO_FREE char *below = NULL;
		size_t at;

		if (!glob_is_literal(p->glob) || p->is_file || p->via ||
		    strncmp(glob_prefix(p[1].glob), prefix, strlen(prefix)) != 0)
			continue;
		below = xasprintf("%s/", prefix);
		at = pattern_from(m, i, p->repo, below);
		if (at == m->n_patterns || strcmp(m->pattern[at].repo, p->repo) != 0 ||
		    strncmp(glob_prefix(m->pattern[at].glob), below, strlen(below)) !=
			0)
			continue;
		glob_free(p->glob);
		p->glob = glob_new(p->text, GLOB_IS_DIR | flags, NULL);
		p->is_settled = true;
	}
}

void
meets_collect(struct meets *meets)
{
	struct meets *m = meets;
	struct collecting c = { .m = m,
		.flags = m->env->fold_case ? GLOB_FOLD_CASE : 0 };

	for (size_t i = 0; i < m->plan->n_phases; i++)
		collect_phase(&c, &m->plan->phase[i], (int)i);
	intern_clear(&c.known);
	sort_patterns(&c); /* by their texts, which is nearly by their prefixes */
	compile_all(&c);
	add_aliases(&c);
	sort_patterns(&c);
	link_uses(m, &c.uses);
	settle_directories(m, c.flags);
	free(c.uses.item);
}
