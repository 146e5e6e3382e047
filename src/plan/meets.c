#include "plan/meets.h"

#include <string.h>
#include <strings.h>

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

/*
 * Paths git cannot merge line by line, by the end of their names in any case:
 * derived files and what is no text.
 */
static const char *const exclusive_names[] = { "package-lock.json",
	"npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "bun.lockb" };
static const char *const exclusive_ends[] = { ".lock", ".png", ".jpg", ".jpeg", ".gif",
	".ico", ".webp", ".bmp", ".tiff", ".psd", ".pdf", ".mp3", ".mp4", ".mov",
	".wav", ".ogg", ".ttf", ".otf", ".woff", ".woff2", ".zip", ".gz", ".xz", ".bz2",
	".zst", ".7z", ".tar", ".jar", ".so", ".a", ".o", ".dll", ".exe", ".wasm",
	".bin", ".class", ".sqlite", ".sqlite3", ".db", ".docx", ".xlsx", ".pptx",
	".pyc", ".keystore", ".p12", ".min.js", ".min.css", ".pb.go", ".pb.h", ".pb.cc",
	"_pb2.py", ".snap" };
static const char *const exclusive_folders[] = { "generated", "__generated__" };

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

/* A use before its pattern is known. */
struct draft {
	const char *text, *repo;
	struct use use;
};

struct drafts {
	struct draft *item;
	size_t n, cap;
};

static void
draft_add(struct drafts *d, const char *text, const char *repo, struct use use)
{
	GROW(d->item, d->n, d->cap);
	d->item[d->n++] = (struct draft){ text, repo, use };
}

static void
collect_phase(struct drafts *d, const struct phase *phase, int position)
{
	const char *repo = phase->repo ? phase->repo : "";

	for (size_t t = 0; t < N_ELEMS(path_touches); t++) {
		const struct touch_list *list = &phase->touch[path_touches[t].touch];
		struct use use = { .phase = position,
			.access = path_touches[t].access,
			.touch = path_touches[t].touch };

		for (size_t i = 0; i < list->n; i++) {
			const struct touch_item *item = &list->item[i];

			if (item->is_negated || item->is_inferred ||
			    !touch_is_path(use.touch, item->text))
				continue;
			draft_add(d, item->text, repo, use);
			if (!item->to)
				continue;
			use.access = ACCESS_MOVE_TO;
			draft_add(d, item->to, repo, use);
			use.access = ACCESS_MOVE_FROM;
		}
	}
}

static int
compare_drafts(const void *pa, const void *pb)
{
	const struct draft *a = pa, *b = pb;
	int by = strcmp(a->repo, b->repo);

	if (by == 0)
		by = strcmp(a->text, b->text);
	if (by == 0)
		by = a->use.phase - b->use.phase;
	if (by == 0)
		by = (int)a->use.access - (int)b->use.access;
	return by ? by : (int)a->use.touch - (int)b->use.touch;
}

/* The first tracked path not below TEXT in byte order. */
static size_t
tracked_from(const struct verdict_env *env, const char *text)
{
	size_t low = 0, high = env->n_tracked;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(env->tracked[mid], text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* GLOB_IS_FILE, GLOB_IS_DIR or 0 for the literal PATH in the tree. */
static unsigned
tracked_kind(const struct verdict_env *env, const char *path)
{
	AUTO_FREE char *below = xasprintf("%s/", path);
	size_t at = tracked_from(env, path);

	if (at < env->n_tracked && strcmp(env->tracked[at], path) == 0)
		return GLOB_IS_FILE;
	at = tracked_from(env, below);
	if (at < env->n_tracked && strncmp(env->tracked[at], below, strlen(below)) == 0)
		return GLOB_IS_DIR;
	return 0;
}

static struct glob *
compile(const struct meets *m, const char *text, const char *repo)
{
	unsigned flags = m->env->fold_case ? GLOB_FOLD_CASE : 0, kind;
	struct glob *glob = glob_new(text, flags, NULL);

	if (!glob || !glob_is_literal(glob) || *repo || text[strlen(text) - 1] == '/')
		return glob;
	kind = tracked_kind(m->env, glob_prefix(glob));
	if (kind) {
		glob_free(glob);
		glob = glob_new(text, flags | kind, NULL);
	}
	return glob;
}

/* Makes the distinct patterns of the sorted drafts; a bad one marks its phases. */
static void
make_patterns(struct meets *m, const struct drafts *d)
{
	size_t cap = 0;

	m->use = xcalloc(d->n, sizeof(*m->use));
	for (size_t i = 0, end; i < d->n; i = end) {
		struct pattern p = { .text = d->item[i].text, .repo = d->item[i].repo };

		p.glob = compile(m, p.text, p.repo);
		for (end = i; end < d->n && strcmp(d->item[end].text, p.text) == 0 &&
			      strcmp(d->item[end].repo, p.repo) == 0;
		     end++) {
			struct use use = d->item[end].use;

			if (!p.glob) {
				m->bad[use.phase] = p.text;
				continue;
			}
			p.n_uses++;
			p.is_read = p.is_read || use.access == ACCESS_READ;
			p.is_written = p.is_written || use.access != ACCESS_READ;
			m->use[m->n_uses++] = use;
		}
		if (!p.glob)
			continue;
		GROW(m->pattern, m->n_patterns, cap);
		m->pattern[m->n_patterns++] = p;
	}
}

static int
compare_patterns(const void *pa, const void *pb)
{
	const struct pattern *a = pa, *b = pb;
	int by = strcmp(a->repo, b->repo);

	if (by == 0)
		by = strcmp(glob_prefix(a->glob), glob_prefix(b->glob));
	return by ? by : strcmp(a->text, b->text);
}

static void
sort_patterns(struct meets *m)
{
	bool is_sorted = true;

	/* They are by text, which nearly always is the order by prefix too. */
	for (size_t i = 1; i < m->n_patterns && is_sorted; i++)
		is_sorted = compare_patterns(&m->pattern[i - 1], &m->pattern[i]) <= 0;
	if (!is_sorted)
		qsort(m->pattern, m->n_patterns, sizeof(*m->pattern), compare_patterns);
}

/*
 * A literal with an extension is a directory all the same when another pattern of the
 * plan goes below it: `conf.d` and `conf.d/a.conf`.
 */
static void
settle_directories(struct meets *m)
{
	for (size_t i = 0; i + 1 < m->n_patterns; i++) {
		struct pattern *p = &m->pattern[i];
		const char *prefix = glob_prefix(p->glob);
		size_t n = strlen(prefix);

		if (!glob_is_literal(p->glob) ||
		    (!*p->repo && tracked_kind(m->env, prefix)))
			continue;
		for (size_t j = i + 1; j < m->n_patterns; j++) {
			const struct pattern *q = &m->pattern[j];
			const char *other = glob_prefix(q->glob);

			if (strncmp(other, prefix, n) != 0 ||
			    strcmp(p->repo, q->repo) != 0)
				break;
			if (other[n] != '/')
				continue;
			glob_free(p->glob);
			p->glob = glob_new(p->text,
			    GLOB_IS_DIR | (m->env->fold_case ? GLOB_FOLD_CASE : 0),
			    NULL);
			break;
		}
	}
}

/* Lists which tracked paths P matches, by the range its prefix leaves. */
static void
list_tracked(struct meets *m, struct pattern *p)
{
	const struct verdict_env *env = m->env;
	const char *prefix = glob_prefix(p->glob);
	size_t n = m->env->fold_case ? 0 : strlen(prefix), cap = 0;

	p->has_tracked = true;
	if (*p->repo)
		return;
	for (size_t i = n ? tracked_from(env, prefix) : 0; i < env->n_tracked; i++) {
		if (n && strncmp(env->tracked[i], prefix, n) != 0)
			break;
		if (!glob_match(p->glob, env->tracked[i]))
			continue;
		GROW(p->tracked, p->n_tracked, cap);
		p->tracked[p->n_tracked++] = (int)i;
	}
}

static bool
is_exclusive_by_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	for (size_t i = 0; i < N_ELEMS(exclusive_names); i++) {
		if (strcasecmp(name, exclusive_names[i]) == 0)
			return true;
	}
	for (size_t i = 0; i < N_ELEMS(exclusive_ends); i++) {
		size_t n_end = strlen(exclusive_ends[i]);

		if (n >= n_end && strcasecmp(name + n - n_end, exclusive_ends[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_in_exclusive_folder(const char *path)
{
	struct span rest = span_of(path), name;

	while (span_next(&rest, '/', &name) && rest.n > 0) {
		for (size_t i = 0; i < N_ELEMS(exclusive_folders); i++) {
			if (span_eq_nocase(name, exclusive_folders[i]))
				return true;
		}
	}
	return false;
}

static bool
is_exclusive(const struct meets *m, const char *path)
{
	if (is_exclusive_by_name(path) || is_in_exclusive_folder(path))
		return true;
	for (size_t i = 0; i < m->n_exclusive; i++) {
		if (glob_match(m->exclusive[i], path))
			return true;
	}
	return false;
}

/* The tracked paths P and Q share, one after the other; NULL at the end. */
struct shared {
	struct pattern *p, *q;
	size_t i, j;
};

static const char *
shared_next(const struct meets *m, struct shared *s)
{
	while (s->i < s->p->n_tracked && s->j < s->q->n_tracked) {
		int a = s->p->tracked[s->i], b = s->q->tracked[s->j];

		s->i += a <= b;
		s->j += b <= a;
		if (a == b)
			return m->env->tracked[a];
	}
	return NULL;
}

static struct shared
shared_of(struct meets *m, struct pattern *p, struct pattern *q)
{
	if (!p->has_tracked)
		list_tracked(m, p);
	if (!q->has_tracked)
		list_tracked(m, q);
	return (struct shared){ .p = p, .q = q };
}

/* Compares two patterns; 1 with MEET filled in when a path matches both. */
static bool
compare(struct meets *m, struct pattern *p, struct pattern *q, struct meet *meet)
{
	double n = (double)glob_size(p->glob) * (double)glob_size(q->glob);
	AUTO_FREE char *path = NULL;
	struct shared shared;
	const char *tracked, *at;

	*meet = (struct meet){ .is_mergeable = true };
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
	/*
	 * What is shared cannot be merged when every tracked path of it cannot, or when
	 * the patterns themselves leave nothing else to share.
	 */
	meet->is_mergeable = !is_exclusive(m, tracked ? tracked : path);
	for (at = tracked; at && !meet->is_mergeable; at = shared_next(m, &shared))
		meet->is_mergeable = !is_exclusive(m, at);
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
	GROW(p->meet, p->n_meets, p->cap_meets);
	p->meet[p->n_meets++] = meet;
}

static bool
is_over_limits(const struct meets *m, size_t n_looked_at, size_t n_meets)
{
	return n_looked_at > MAX_LOOKED_AT || n_meets > MAX_MEETS ||
	       m->compared > MAX_COMPARED;
}

/* Sorted by prefix, those that P can meet and that come after it follow it directly. */
static void
compare_all(struct meets *m)
{
	size_t n_looked_at = 0, n_meets = 0;

	for (size_t i = 0; i < m->n_patterns && !m->is_too_large; i++) {
		struct pattern *p = &m->pattern[i];
		const char *prefix = glob_prefix(p->glob);
		size_t n = strlen(prefix);

		m->is_too_large = is_over_limits(m, n_looked_at, n_meets);
		for (size_t j = i; j < m->n_patterns; j++) {
			struct pattern *q = &m->pattern[j];
			struct meet meet;

			if (strncmp(glob_prefix(q->glob), prefix, n) != 0 ||
			    strcmp(p->repo, q->repo) != 0)
				break;
			n_looked_at++;
			if ((!p->is_written && !q->is_written) ||
			    only_one_phase(p, q) || !compare(m, p, q, &meet))
				continue;
			n_meets++;
			m->n_hits += p->n_uses * q->n_uses;
			meet.other = (int)j;
			meet_add(p, meet);
			meet.other = (int)i;
			if (i != j)
				meet_add(q, meet);
		}
	}
}

/* Lets each pattern find its uses, and each phase. */
static void
link_uses(struct meets *m)
{
	size_t n_phases = m->plan->n_phases;
	size_t *at = xcalloc(n_phases + 1, sizeof(*at));

	m->begin = xcalloc(n_phases + 1, sizeof(*m->begin));
	m->of_phase = xcalloc(m->n_uses, sizeof(*m->of_phase));
	for (size_t i = 0; i < m->n_patterns; i++) {
		for (size_t u = 0; u < m->pattern[i].n_uses; u++)
			m->pattern[i].use[u].pattern = (int)i;
	}
	for (size_t u = 0; u < m->n_uses; u++)
		m->begin[m->use[u].phase + 1]++;
	for (size_t i = 0; i < n_phases; i++)
		m->begin[i + 1] += m->begin[i];
	memcpy(at, m->begin, (n_phases + 1) * sizeof(*at));
	for (size_t u = 0; u < m->n_uses; u++)
		m->of_phase[at[m->use[u].phase]++] = m->use[u];
	free(at);
}

static void
compile_exclusive(struct meets *m)
{
	m->exclusive = xcalloc(m->env->n_exclusive, sizeof(struct glob *));
	for (size_t i = 0; i < m->env->n_exclusive; i++) {
		struct glob *glob = glob_new(m->env->exclusive[i], 0, NULL);

		if (glob)
			m->exclusive[m->n_exclusive++] = glob;
	}
}

void
meets_init(struct meets *meets, const struct plan *plan, const struct verdict_env *env,
    struct arena *arena)
{
	struct drafts drafts = { 0 };
	size_t n = 0;

	*meets = (struct meets){ .plan = plan, .env = env, .arena = arena };
	meets->bad = xcalloc(plan->n_phases, sizeof(*meets->bad));
	compile_exclusive(meets);
	for (size_t i = 0; i < plan->n_phases; i++)
		collect_phase(&drafts, &plan->phase[i], (int)i);
	if (drafts.n > 0)
		qsort(drafts.item, drafts.n, sizeof(*drafts.item), compare_drafts);
	make_patterns(meets, &drafts);
	free(drafts.item);
	for (size_t i = 0; i < meets->n_patterns; i++) {
		meets->pattern[i].use = meets->use + n;
		n += meets->pattern[i].n_uses;
	}
	sort_patterns(meets);
	settle_directories(meets);
	link_uses(meets);
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
	for (size_t i = 0; i < meets->n_exclusive; i++)
		glob_free(meets->exclusive[i]);
	free(meets->exclusive);
	free(meets->pattern);
	free(meets->use);
	free(meets->of_phase);
	free(meets->begin);
	free(meets->bad);
	*meets = (struct meets){ 0 };
}

static bool
has_negations(const struct meets *m, const struct use *use)
{
	const struct touch_list *list = &m->plan->phase[use->phase].touch[use->touch];

	for (size_t i = 0; i < list->n; i++) {
		if (list->item[i].is_negated)
			return true;
	}
	return false;
}

static bool
is_negated(const struct meets *m, const struct use *use, const char *path)
{
	const struct touch_list *list = &m->plan->phase[use->phase].touch[use->touch];

	for (size_t i = 0; i < list->n; i++) {
		struct glob *glob = list->item[i].is_negated
					? glob_new(list->item[i].text, 0, NULL)
					: NULL;
		bool matches = glob && glob_match(glob, path);

		glob_free(glob);
		if (matches)
			return true;
	}
	return false;
}

bool
meets_survives(struct meets *meets, const struct use *a, const struct use *b,
    const struct meet *meet, const char **witness)
{
	struct shared shared;
	const char *path;

	*witness = meet->witness;
	if (!meet->is_tracked || (!has_negations(meets, a) && !has_negations(meets, b)))
		return true;
	shared = shared_of(
	    meets, &meets->pattern[a->pattern], &meets->pattern[b->pattern]);
	while ((path = shared_next(meets, &shared))) {
		if (is_negated(meets, a, path) || is_negated(meets, b, path))
			continue;
		*witness = path;
		return true;
	}
	return false;
}
