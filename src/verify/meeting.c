#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What git cannot merge line by line, by how names end, in any case. */
static const char *const solid_names[] = { "package-lock.json", "npm-shrinkwrap.json",
	"pnpm-lock.yaml", "go.sum", "bun.lockb" };
static const char *const solid_ends[] = { ".lock", ".png", ".jpg", ".jpeg", ".gif",
	".ico", ".webp", ".bmp", ".tiff", ".psd", ".pdf", ".mp3", ".mp4", ".mov",
	".wav", ".ogg", ".ttf", ".otf", ".woff", ".woff2", ".zip", ".gz", ".xz", ".bz2",
	".zst", ".7z", ".tar", ".jar", ".so", ".a", ".o", ".dll", ".exe", ".wasm",
	".bin", ".class", ".sqlite", ".sqlite3", ".db", ".docx", ".xlsx", ".pptx",
	".pyc", ".keystore", ".p12", ".min.js", ".min.css", ".pb.go", ".pb.h", ".pb.cc",
	"_pb2.py", ".snap" };
static const char *const solid_folders[] = { "generated", "__generated__" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
has_solid_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	for (size_t i = 0; i < COUNT(solid_names); i++) {
		if (strcasecmp(solid_names[i], name) == 0)
			return true;
	}
	for (size_t i = 0; i < COUNT(solid_ends); i++) {
		size_t n_end = strlen(solid_ends[i]);

		if (n_end <= n && strcasecmp(name + n - n_end, solid_ends[i]) == 0)
			return true;
	}
	return false;
}

static bool
has_solid_folder(const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		for (size_t i = 0; i < COUNT(solid_folders) && path[n]; i++) {
			if (strlen(solid_folders[i]) == n &&
			    strncasecmp(path, solid_folders[i], n) == 0)
				return true;
		}
		path += n + (path[n] == '/');
	}
	return false;
}

static bool
is_known_solid(const char *path)
{
	if (has_solid_name(path) || has_solid_folder(path))
		return true;
	return false;
}

/* Is PATH one of the N patterns of a setting? */
static bool
is_set(const struct verify *v, char *const *patterns, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		struct verify_program program;
		bool matches = verify_compile(
		    &program, patterns[i], v->folds ? PROGRAM_FOLDS : 0);

		if (matches) {
			matches = verify_matches(&program, path);
			verify_program_clear(&program);
		}
		if (matches)
			return true;
	}
	return false;
}

static bool
is_solid_path(const struct verify *v, const char *path)
{
	if (is_set(v, v->exclusive, v->n_exclusive, path))
		return true;
	return !is_set(v, v->easy, v->n_easy, path) && is_known_solid(path);
}

/* The tracked paths that P matches, once. */
static void
find_tracked(struct verify *v, struct verify_pattern *p)
{
	const char *prefix = p->program.prefix;
	size_t n = p->program.folds ? 0 : strlen(prefix), cap = 0, low = 0;

	if (p->has_tracked)
		return;
	p->has_tracked = true;
	if (*p->repo)
		return;
	for (size_t high = v->n_tracked; n > 0 && low < high;) {
		size_t mid = (low + high) / 2;

		if (strcmp(v->tracked[mid], prefix) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < v->n_tracked && strncmp(v->tracked[low], prefix, n) == 0; low++) {
		if (!verify_spend(v, (double)p->program.n))
			return;
		if (!verify_matches(&p->program, v->tracked[low]))
			continue;
		p->tracked = verify_grow(
		    p->tracked, p->n_tracked, &cap, sizeof(size_t));
		p->tracked[p->n_tracked++] = low;
	}
}

/* The next tracked path of both from *I and *K on; NULL when there is none. */
static const char *
next_common(const struct verify *v, const struct verify_pattern *p,
    const struct verify_pattern *q, size_t *i, size_t *k)
{
	while (*i < p->n_tracked && *k < q->n_tracked) {
		size_t a = p->tracked[*i], b = q->tracked[*k];

		*i += a <= b;
		*k += b <= a;
		if (a == b)
			return v->tracked[a];
	}
	return NULL;
}

/* Can nothing of what they share be merged?  Sets IS_COMMON when a tracked path is shared. */
static bool
is_solid_meeting(struct verify *v, struct verify_pattern *p, struct verify_pattern *q,
    const char *witness, bool *is_common)
{
	size_t i = 0, k = 0;
	const char *path;

	find_tracked(v, p);
	find_tracked(v, q);
	*is_common = false;
	while ((path = next_common(v, p, q, &i, &k))) {
		*is_common = true;
		if (!is_solid_path(v, path))
			return false;
	}
	return *is_common || is_solid_path(v, witness);
}

static int
by_patterns(const void *pa, const void *pb)
{
	const struct verify_meet *a = pa, *b = pb;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

const struct verify_meet *
verify_find_meet(const struct verify *v, int a, int b)
{
	struct verify_meet wanted = { .a = a < b ? a : b, .b = a < b ? b : a };

	if (v->n_meets == 0)
		return NULL;
	return bsearch(&wanted, v->meet, v->n_meets, sizeof(wanted), by_patterns);
}

static bool
sort_meets(struct verify *v)
{
	for (size_t i = 0; i < v->n_meets; i++) {
		struct verify_meet *m = &v->meet[i];

		if (m->a > m->b) {
			int a = m->a;

			m->a = m->b;
			m->b = a;
		}
	}
	if (v->n_meets > 0)
		qsort(v->meet, v->n_meets, sizeof(*v->meet), by_patterns);
	for (size_t i = 1; i < v->n_meets; i++) {
		if (by_patterns(&v->meet[i - 1], &v->meet[i]) == 0)
			return verify_refuse(
			    v, v->meet[i].line, "the meeting is listed twice");
	}
	return true;
}

/* A meeting with its witness: true, shortest, and one that exists where there is one. */
static bool
check_witness(struct verify *v, struct verify_meet *m, size_t length)
{
	struct verify_pattern *p = &v->pattern[m->a], *q = &v->pattern[m->b];
	bool is_common;

	if (!verify_matches(&p->program, m->witness) ||
	    !verify_matches(&q->program, m->witness))
		return verify_refuse(v, m->line,
		    "\"%.80s\" is no path that both patterns match", m->witness);
	m->is_solid = is_solid_meeting(v, p, q, m->witness, &is_common);
	if (m->is_tracked != is_common ||
	    (m->is_tracked && !verify_is_tracked(v, m->witness)))
		return verify_refuse(v, m->line,
		    "\"%.80s\": whether the witness is tracked is not as stated",
		    m->witness);
	if (!m->is_tracked && strlen(m->witness) != length)
		return verify_refuse(v, m->line,
		    "\"%.80s\" is no shortest path that both match", m->witness);
	return true;
}

/* Is P a file of the tree, and does Q only match below it? */
static bool
collides(const struct verify *v, const struct verify_pattern *p,
    const struct verify_pattern *q)
{
	const char *path = p->program.prefix;
	size_t n = strlen(path);

	return p->program.is_literal && !*p->repo &&
	       p->text[strlen(p->text) - 1] != '/' &&
	       strncmp(q->program.prefix, path, n) == 0 &&
	       q->program.prefix[n] == '/' && strcmp(p->repo, q->repo) == 0 &&
	       verify_kind_of(v, path) == PROGRAM_IS_FILE;
}

/* One pair of patterns that somebody changes: listed when it meets, and only then. */
static bool
check_pair(struct verify *v, int a, int b)
{
	struct verify_pattern *p = &v->pattern[a], *q = &v->pattern[b];
	struct verify_meet *m = (struct verify_meet *)(uintptr_t)verify_find_meet(
	    v, a, b);
	size_t length;

	if (m && m->is_undecided) {
		/* Taken to meet because comparing them would take long: it has to. */
		if ((double)p->program.n_text * (double)q->program.n_text < 8192)
			return verify_refuse(v, m->line,
			    "these patterns are short enough to be compared");
		m->is_tracked = false;
		return true;
	}
	if (collides(v, p, q) || collides(v, q, p)) {
		const char *file = collides(v, p, q) ? p->program.prefix
						     : q->program.prefix;

		if (!m || !m->is_collision || strcmp(m->witness, file) != 0)
			return verify_refuse(v, m ? m->line : 0,
			    "\"%.80s\" is a file, and a pattern goes below it", file);
		m->is_solid = true;
		return true;
	}
	if (m && m->is_collision)
		return verify_refuse(v, m->line, "these two do not collide");
	length = verify_shortest(v, &p->program, &q->program);
	if (v->is_refused)
		return false;
	if (!m && length > 0)
		return verify_refuse(v, 0,
		    "\"%.80s\" and \"%.80s\" meet, which is not listed", p->text,
		    q->text);
	if (m && length == 0)
		return verify_refuse(v, m->line, "these patterns never meet");
	return !m || check_witness(v, m, length);
}

struct ordered {
	const struct verify_pattern *pattern;
	int at;
};

static int
by_prefix(const void *pa, const void *pb)
{
	const struct ordered *a = pa, *b = pb;
	int by = strcmp(a->pattern->repo, b->pattern->repo);

	if (by == 0)
		by = strcmp(a->pattern->program.prefix, b->pattern->program.prefix);
	return by ? by : a->at - b->at;
}

static bool
is_compared(const struct verify_pattern *p, const struct verify_pattern *q)
{
	if (!p->is_changed && !q->is_changed)
		return false;
	return p->only_phase < 0 || p->only_phase != q->only_phase;
}

/*
 * Two patterns can only meet when the literal beginning of one begins that of the other, so
 * in their order those that a pattern can meet follow it without a gap.
 */
static bool
check_all(struct verify *v, const struct ordered *order)
{
	size_t n_good = 0;

	for (size_t i = 0; i < v->n_patterns; i++) {
		const struct verify_pattern *p = order[i].pattern;
		size_t n = strlen(p->program.prefix);

		for (size_t k = i; k < v->n_patterns; k++) {
			const struct verify_pattern *q = order[k].pattern;

			if (strcmp(p->repo, q->repo) != 0 ||
			    strncmp(p->program.prefix, q->program.prefix, n) != 0)
				break;
			if (!verify_spend(v, 1))
				return false;
			if (!is_compared(p, q))
				continue;
			if (!check_pair(v, order[i].at, order[k].at))
				return false;
			n_good += verify_find_meet(v, order[i].at, order[k].at) != NULL;
		}
	}
	return n_good == v->n_meets ||
	       verify_refuse(v, 0, "a meeting is listed of patterns that need none");
}

static void
link_meets(struct verify *v)
{
	for (size_t i = 0; i < v->n_meets; i++) {
		struct verify_meet *m = &v->meet[i];
		struct verify_pattern *p = &v->pattern[m->a], *q = &v->pattern[m->b];

		p->meet = verify_grow(p->meet, p->n_meets, &p->cap_meets, sizeof(i));
		p->meet[p->n_meets++] = i;
		if (p == q)
			continue;
		q->meet = verify_grow(q->meet, q->n_meets, &q->cap_meets, sizeof(i));
		q->meet[q->n_meets++] = i;
	}
}

bool
verify_meetings(struct verify *v)
{
	struct ordered *order;
	bool is_good;

	for (size_t i = 0; i < v->n_patterns; i++) {
		const struct verify_pattern *p = &v->pattern[i];

		if (!p->is_listed)
			return verify_refuse(
			    v, 0, "the pattern \"%.80s\" is not listed", p->text);
		if (p->program.n > 16384)
			return verify_refuse(v, 0,
			    "a pattern is too long to be read, and not taken whole");
	}
	if (!sort_meets(v))
		return false;
	order = verify_alloc(v->n_patterns, sizeof(*order));
	for (size_t i = 0; i < v->n_patterns; i++)
		order[i] = (struct ordered){ &v->pattern[i], (int)i };
	if (v->n_patterns > 0)
		qsort(order, v->n_patterns, sizeof(*order), by_prefix);
	is_good = check_all(v, order);
	free(order);
	if (is_good)
		link_meets(v);
	return is_good;
}

/* The excepted path TEXT; of one that nobody knows only itself, never what is below. */
static bool
compile_excepted(const struct verify *v, const struct verify_use *use, const char *text,
    struct verify_program *program)
{
	unsigned flags = v->folds ? PROGRAM_FOLDS : 0, kind;

	if (!verify_compile(program, text, flags))
		return false;
	if (!program->is_literal || text[strlen(text) - 1] == '/')
		return true;
	kind = *v->phase[use->phase].repo ? 0 : verify_kind_of(v, program->prefix);
	verify_program_clear(program);
	return verify_compile(program, text, flags | (kind ? kind : PROGRAM_IS_FILE));
}

bool
verify_is_excepted(
    const struct verify *v, const struct verify_use *use, const char *path)
{
	const struct verify_items *items = &v->phase[use->phase].list[use->list];

	for (size_t i = 0; i < items->n; i++) {
		struct verify_program program;
		bool matches;

		if (items->item[i].mark != '!' ||
		    !verify_is_path(use->list, items->item[i].text) ||
		    !compile_excepted(v, use, items->item[i].text, &program))
			continue;
		matches = verify_matches(&program, path);
		verify_program_clear(&program);
		if (matches)
			return true;
	}
	return false;
}

/* May a path still come that both match and neither excepts? */
static bool
may_still_come(struct verify *v, const struct verify_use *a, const struct verify_use *b)
{
	const struct verify_use *use[] = { a, b };
	struct verify_program except[64];
	size_t n = 0;
	bool is_left;

	for (int u = 0; u < 2; u++) {
		const struct verify_items *items =
		    &v->phase[use[u]->phase].list[use[u]->list];

		for (size_t i = 0; i < items->n && n < COUNT(except); i++) {
			if (items->item[i].mark == '!' &&
			    verify_is_path(use[u]->list, items->item[i].text) &&
			    compile_excepted(
				v, use[u], items->item[i].text, &except[n]))
				n++;
		}
	}
	is_left = verify_leftover(v, &v->pattern[a->pattern].program,
	    &v->pattern[b->pattern].program, except, n);
	for (size_t i = 0; i < n; i++)
		verify_program_clear(&except[i]);
	return is_left;
}

bool
verify_survives(struct verify *v, const struct verify_use *a,
    const struct verify_use *b, const struct verify_meet *meet)
{
	size_t i = 0, k = 0;
	const char *path;

	if (!meet->is_tracked || meet->is_collision)
		return true;
	while ((path = next_common(
		    v, &v->pattern[a->pattern], &v->pattern[b->pattern], &i, &k))) {
		if (!verify_is_excepted(v, a, path) && !verify_is_excepted(v, b, path))
			return true;
	}
	return may_still_come(v, a, b);
}
