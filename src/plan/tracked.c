#include "plan/tracked.h"

#include "base/mem.h"
#include "plan/glob.h"

#include <ctype.h>
#include <string.h>

/* The key of PATH where that is not PATH itself; the caller frees it. */
static char *
key_of(const char *path, bool fold_case)
{
	char *key = glob_spell_path(path, fold_case);
	bool has_upper = false;

	for (const char *p = path; fold_case && *p && !has_upper; p++)
		has_upper = *p >= 'A' && *p <= 'Z';
	if (!has_upper)
		return key;
	if (!key)
		key = xstrdup(path);
	for (char *p = key; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? tolower(*p) : *p);
	return key;
}

struct entry {
	const char *key;
	uint32_t at;
};

static int
compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int by = strcmp(a->key, b->key);

	return by ? by : (a->at > b->at) - (a->at < b->at);
}

/* Sorts the paths by their keys, of which N_OWN are not the path itself. */
static void
sort_keys(struct tracked *t, struct entry *entry)
{
	qsort(entry, t->n, sizeof(*entry), compare_entries);
	t->at = xcalloc(t->n, sizeof(*t->at));
	t->sorted = xcalloc(t->n, sizeof(*t->sorted));
	for (size_t i = 0; i < t->n; i++) {
		t->sorted[i] = entry[i].key;
		t->at[i] = entry[i].at;
	}
	t->key = t->sorted;
}

void
tracked_init(struct tracked *tracked, const struct verdict_env *env)
{
	struct tracked *t = tracked;
	struct entry *entry = NULL;
	size_t cap = 0;

	*t = (struct tracked){ .env = env, .key = env->tracked, .n = env->n_tracked };
	for (size_t i = 0; i < t->n; i++) {
		char *key = key_of(env->tracked[i], env->fold_case);

		if (!key)
			continue;
		if (!entry) {
			entry = xcalloc(t->n, sizeof(*entry));
			for (size_t k = 0; k < t->n; k++)
				entry[k] = (struct entry){ env->tracked[k],
					(uint32_t)k };
		}
		entry[i].key = key;
		GROW(t->own, t->n_own, cap);
		t->own[t->n_own++] = key;
	}
	if (entry)
		sort_keys(t, entry);
	free(entry);
}

void
tracked_clear(struct tracked *tracked)
{
	for (size_t i = 0; i < tracked->n_own; i++)
		free(tracked->own[i]);
	free(tracked->own);
	free(tracked->sorted);
	free(tracked->at);
	*tracked = (struct tracked){ 0 };
}

size_t
tracked_from(const struct tracked *tracked, const char *text)
{
	size_t low = 0, high = tracked->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(tracked->key[mid], text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const char *
tracked_path(const struct tracked *tracked, size_t i)
{
	return tracked->env->tracked[tracked->at ? tracked->at[i] : i];
}

bool
tracked_is_submodule(const struct verdict_env *env, const char *path)
{
	for (size_t i = 0; i < env->n_submodules; i++) {
		if (strcmp(env->submodule[i], path) == 0)
			return true;
	}
	return false;
}

unsigned
tracked_kind(const struct tracked *tracked, const char *key)
{
	AUTO_FREE char *below = NULL;
	size_t at;

	if (tracked->n == 0)
		return 0;
	at = tracked_from(tracked, key);
	if (at < tracked->n && strcmp(tracked->key[at], key) == 0)
		return tracked_is_submodule(tracked->env, tracked_path(tracked, at))
			   ? GLOB_IS_DIR
			   : GLOB_IS_FILE;
	below = xasprintf("%s/", key);
	at = tracked_from(tracked, below);
	return at < tracked->n && strncmp(tracked->key[at], below, strlen(below)) == 0
		   ? GLOB_IS_DIR
		   : 0;
}
