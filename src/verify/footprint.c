#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a list says about a path. */
static const struct {
	enum verify_list list;
	enum verify_deed deed;
} path_deeds[] = {
	{ LIST_READS, DEED_READ },
	{ LIST_CONSUMES, DEED_READ },
	{ LIST_WRITES, DEED_MAKE },
	{ LIST_CREATES, DEED_MAKE },
	{ LIST_PRODUCES, DEED_MAKE },
	{ LIST_APPENDS, DEED_ADD },
	{ LIST_DELETES, DEED_DELETE },
	{ LIST_RENAMES, DEED_LEAVE },
};

bool
verify_is_path(enum verify_list list, const char *text)
{
	const char *p = text;

	if (list != LIST_PRODUCES && list != LIST_CONSUMES)
		return list <= LIST_APPENDS;
	while ((*p >= 'a' && *p <= 'z') || *p == '-')
		p++;
	return p == text || *p != ':';
}

static int
by_repo_and_text(const void *pa, const void *pb)
{
	const struct verify_pattern *a = pa, *b = pb;
	int by = strcmp(a->repo, b->repo);

	return by ? by : strcmp(a->text, b->text);
}

int
verify_find_pattern(const struct verify *v, const char *repo, const char *text)
{
	size_t low = 0, high = v->n_patterns;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct verify_pattern *p = &v->pattern[mid];
		int by = strcmp(p->repo, repo);

		if (by == 0)
			by = strcmp(p->text, text);
		if (by == 0)
			return (int)mid;
		if (by < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

/* Where TEXT is or would be among the tracked paths. */
static size_t
tracked_place(const struct verify *v, const char *text)
{
	size_t low = 0, high = v->n_tracked;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(v->tracked[mid], text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
verify_is_tracked(const struct verify *v, const char *path)
{
	size_t at = tracked_place(v, path);

	return at < v->n_tracked && strcmp(v->tracked[at], path) == 0;
}

static bool
is_tracked_folder(const struct verify *v, const char *path)
{
	size_t n = strlen(path), at;
	char *below = verify_alloc(n + 2, 1);

	memcpy(below, path, n);
	below[n] = '/';
	at = tracked_place(v, below);
	at = at < v->n_tracked && strncmp(v->tracked[at], below, n + 1) == 0;
	free(below);
	return at;
}

unsigned
verify_kind_of(const struct verify *v, const char *path)
{
	size_t n = strlen(path);

	if (!v->folds)
		return verify_is_tracked(v, path)   ? PROGRAM_IS_FILE
		       : is_tracked_folder(v, path) ? PROGRAM_COVERS
						    : 0;
	for (size_t i = 0; i < v->n_tracked; i++) {
		if (strcasecmp(v->tracked[i], path) == 0)
			return PROGRAM_IS_FILE;
	}
	for (size_t i = 0; i < v->n_tracked; i++) {
		if (strncasecmp(v->tracked[i], path, n) == 0 && v->tracked[i][n] == '/')
			return PROGRAM_COVERS;
	}
	return 0;
}

/* Where FROM is renamed to: below it too when FROM is a folder. */
static char *
arrival(struct verify *v, int phase, const char *from, char *to)
{
	size_t n_from = strlen(from), n = strlen(to);
	struct verify_program program;
	bool is_folder = n_from > 0 && from[n_from - 1] == '/';
	char *longer;

	if (!is_folder && !*v->phase[phase].repo && verify_compile(&program, from, 0)) {
		is_folder = program.is_literal &&
			    verify_kind_of(v, program.prefix) == PROGRAM_COVERS;
		verify_program_clear(&program);
	}
	if (!is_folder || n == 0 || to[n - 1] == '/')
		return to;
	longer = verify_alloc(n + 2, 1);
	memcpy(longer, to, n);
	longer[n] = '/';
	return longer;
}

typedef void take_use(struct verify *v, int phase, enum verify_list list,
    enum verify_deed deed, char *text);

/* Calls TAKE for every path that phase I declares. */
static void
each_path(struct verify *v, int i, take_use *take)
{
	for (size_t d = 0; d < sizeof(path_deeds) / sizeof(*path_deeds); d++) {
		const struct verify_items *items =
		    &v->phase[i].list[path_deeds[d].list];

		for (size_t k = 0; k < items->n; k++) {
			struct verify_item *item = &items->item[k];

			if (item->mark != '=' ||
			    !verify_is_path(path_deeds[d].list, item->text))
				continue;
			take(v, i, path_deeds[d].list, path_deeds[d].deed, item->text);
			if (path_deeds[d].deed == DEED_LEAVE)
				take(v, i, path_deeds[d].list, DEED_ARRIVE, item->to);
		}
	}
}

static void
take_pattern(struct verify *v, int phase, enum verify_list list, enum verify_deed deed,
    char *text)
{
	struct verify_pattern p = {
		.repo = v->phase[phase].repo, .text = text, .only_phase = -2
	};

	(void)list;
	(void)deed;
	v->pattern = verify_grow(
	    v->pattern, v->n_patterns, &v->cap_patterns, sizeof(p));
	v->pattern[v->n_patterns++] = p;
}

static void
take_deed(struct verify *v, int phase, enum verify_list list, enum verify_deed deed,
    char *text)
{
	int at = verify_find_pattern(v, v->phase[phase].repo, text);
	struct verify_use use = {
		.phase = phase, .pattern = at, .deed = deed, .list = list
	};
	struct verify_pattern *p;

	if (at < 0) {
		v->phase[phase].unreadable = text;
		return;
	}
	p = &v->pattern[at];
	p->is_read = p->is_read || deed == DEED_READ;
	p->is_changed = p->is_changed || deed != DEED_READ;
	if (p->only_phase == -2)
		p->only_phase = phase;
	else if (p->only_phase != phase)
		p->only_phase = -1;
	v->by_phase = verify_grow(v->by_phase, v->n_uses, &v->cap_uses, sizeof(use));
	v->by_phase[v->n_uses++] = use;
	v->phase[phase].n_uses++;
}

/* Each pattern once, and none that cannot be read. */
static void
drop_doubles(struct verify *v)
{
	size_t n = 0;

	if (v->n_patterns > 0)
		qsort(v->pattern, v->n_patterns, sizeof(*v->pattern), by_repo_and_text);
	for (size_t i = 0; i < v->n_patterns; i++) {
		struct verify_pattern *p = &v->pattern[i];

		if (i > 0 && by_repo_and_text(p - 1, p) == 0)
			continue;
		v->pattern[n++] = *p;
	}
	v->n_patterns = n;
}

static void
compile_all(struct verify *v)
{
	unsigned flags = v->folds ? PROGRAM_FOLDS : 0;
	size_t n = 0;

	for (size_t i = 0; i < v->n_patterns; i++) {
		struct verify_pattern p = v->pattern[i];
		unsigned known = 0;

		if (!verify_compile(&p.program, p.text, flags))
			continue;
		if (p.program.is_literal && !*p.repo &&
		    p.text[strlen(p.text) - 1] != '/')
			known = verify_kind_of(v, p.program.prefix);
		if (known) {
			verify_program_clear(&p.program);
			(void)verify_compile(&p.program, p.text, flags | known);
		}
		v->pattern[n++] = p;
	}
	v->n_patterns = n;
}

struct beginning_of {
	const char *repo, *prefix;
};

static int
by_beginning(const void *pa, const void *pb)
{
	const struct beginning_of *a = pa, *b = pb;
	int by = strcmp(a->repo, b->repo);

	return by ? by : strcmp(a->prefix, b->prefix);
}

/* Does any of the sorted beginnings go below FOLDER? */
static bool
goes_below(
    const struct beginning_of *all, size_t n, const char *repo, const char *folder)
{
	size_t n_folder = strlen(folder), low = 0, high = n;
	char *below = verify_alloc(n_folder + 2, 1);
	struct beginning_of wanted = { repo, below };
	bool is_there;

	memcpy(below, folder, n_folder);
	below[n_folder] = '/';
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (by_beginning(&all[mid], &wanted) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	is_there = low < n && strcmp(all[low].repo, repo) == 0 &&
		   strncmp(all[low].prefix, below, n_folder + 1) == 0;
	free(below);
	return is_there;
}

/* A path of which the tree knows nothing is a folder where the plan goes below it. */
static void
settle_folders(struct verify *v)
{
	struct beginning_of *all = verify_alloc(v->n_patterns, sizeof(*all));
	unsigned flags = v->folds ? PROGRAM_FOLDS : 0;

	for (size_t i = 0; i < v->n_patterns; i++)
		all[i] = (struct beginning_of){ v->pattern[i].repo,
			verify_copy(v->pattern[i].program.prefix,
			    strlen(v->pattern[i].program.prefix)) };
	if (v->n_patterns > 0)
		qsort(all, v->n_patterns, sizeof(*all), by_beginning);
	for (size_t i = 0; i < v->n_patterns; i++) {
		struct verify_pattern *p = &v->pattern[i];
		const char *path = p->program.prefix;

		if (!p->program.is_literal ||
		    (!*p->repo && verify_kind_of(v, path) == PROGRAM_IS_FILE) ||
		    !goes_below(all, v->n_patterns, p->repo, path))
			continue;
		verify_program_clear(&p->program);
		(void)verify_compile(&p->program, p->text, flags | PROGRAM_COVERS);
	}
	for (size_t i = 0; i < v->n_patterns; i++)
		free((void *)(uintptr_t)all[i].prefix);
	free(all);
}

/* The uses again, those of one pattern together and by phase. */
static void
link_patterns(struct verify *v)
{
	size_t at = 0;

	v->use = verify_alloc(v->n_uses, sizeof(*v->use));
	for (size_t i = 0; i < v->n_uses; i++)
		v->pattern[v->by_phase[i].pattern].n_uses++;
	for (size_t i = 0; i < v->n_patterns; i++) {
		v->pattern[i].first_use = at;
		at += v->pattern[i].n_uses;
		v->pattern[i].n_uses = 0;
	}
	for (size_t i = 0; i < v->n_uses; i++) {
		struct verify_pattern *p = &v->pattern[v->by_phase[i].pattern];

		v->use[p->first_use + p->n_uses++] = v->by_phase[i];
	}
}

bool
verify_footprints(struct verify *v)
{
	size_t at = 0;

	for (size_t i = 0; i < v->n_phases; i++) {
		struct verify_items *items = &v->phase[i].list[LIST_RENAMES];

		for (size_t k = 0; k < items->n; k++) {
			struct verify_item *item = &items->item[k];

			if (item->mark == '=')
				item->to = arrival(v, (int)i, item->text, item->to);
		}
	}
	for (size_t i = 0; i < v->n_phases; i++)
		each_path(v, (int)i, take_pattern);
	drop_doubles(v);
	compile_all(v);
	settle_folders(v);
	for (size_t i = 0; i < v->n_phases; i++) {
		v->phase[i].uses = at;
		each_path(v, (int)i, take_deed);
		at += v->phase[i].n_uses;
	}
	link_patterns(v);
	return true;
}
