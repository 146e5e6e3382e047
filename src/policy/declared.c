#include "policy/declared.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/glob.h"

struct rule {
	struct glob *glob;
	bool is_negated;
};

struct declared {
	struct rule *rule;
	size_t n, cap;
};

static void
add_glob(struct declared *declared, const char *pattern, bool is_negated)
{
	struct glob *glob = pattern ? glob_new(pattern, 0, NULL) : NULL;

	if (!glob)
		return;
	GROW(declared->rule, declared->n, declared->cap);
	declared->rule[declared->n++] = (struct rule){ glob, is_negated };
}

/* The pattern and everything below it. */
static void
add_pattern(struct declared *declared, const char *text, bool is_negated)
{
	AUTO_FREE char *below = text ? xasprintf("%s/**", text) : NULL;

	add_glob(declared, text, is_negated);
	add_glob(declared, below, is_negated);
}

static void
add_list(struct declared *declared, const struct touch_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct touch_item *t = &list->item[i];

		add_pattern(declared, t->text, t->is_negated);
		add_pattern(declared, t->to, t->is_negated);
	}
}

struct declared *
declared_new(const struct phase *phase, unsigned which)
{
	static const enum touch writing[] = { TOUCH_WRITES, TOUCH_CREATES,
		TOUCH_DELETES, TOUCH_APPENDS, TOUCH_RENAMES };
	struct declared *declared = xcalloc(1, sizeof(*declared));

	for (size_t i = 0; i < N_ELEMS(writing) && (which & DECLARED_WRITES); i++)
		add_list(declared, &phase->touch[writing[i]]);
	if (which & DECLARED_READS)
		add_list(declared, &phase->touch[TOUCH_READS]);
	return declared;
}

void
declared_free(struct declared *declared)
{
	if (!declared)
		return;
	for (size_t i = 0; i < declared->n; i++)
		glob_free(declared->rule[i].glob);
	free(declared->rule);
	free(declared);
}

void
declared_add(struct declared *declared, const char *pattern)
{
	add_pattern(declared, pattern, false);
}

void
declared_add_lines(struct declared *declared, const char *lines)
{
	struct span rest = span_of(lines), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *pattern = xstrndup(line.p, line.n);

		if (line.n > 0)
			declared_add(declared, pattern);
	}
}

/* What either of them negates: in the array *LIST, which the caller frees. */
static size_t
negated_of(
    const struct declared *one, const struct declared *other, const struct glob ***list)
{
	const struct declared *const both[] = { one, other };
	size_t n = 0;

	*list = xcalloc(one->n + other->n + 1, sizeof(**list));
	for (size_t b = 0; b < N_ELEMS(both); b++) {
		for (size_t i = 0; i < both[b]->n; i++) {
			if (both[b]->rule[i].is_negated)
				(*list)[n++] = both[b]->rule[i].glob;
		}
	}
	return n;
}

char *
declared_meets(const struct declared *one, const struct declared *other)
{
	AUTO_FREE const struct glob **without = NULL;
	size_t n = negated_of(one, other, &without);

	for (size_t i = 0; i < one->n; i++) {
		for (size_t k = 0; k < other->n; k++) {
			const struct rule *a = &one->rule[i], *b = &other->rule[k];
			char *witness = NULL;

			if (a->is_negated || b->is_negated ||
			    !glob_overlap_without(
				a->glob, b->glob, without, n, &witness))
				continue;
			return witness ? witness : xstrdup(glob_sample(a->glob));
		}
	}
	return NULL;
}

bool
declared_is_empty(const struct declared *declared)
{
	for (size_t i = 0; i < declared->n; i++) {
		if (!declared->rule[i].is_negated)
			return false;
	}
	return true;
}

bool
declared_has(const struct declared *declared, const char *path)
{
	bool has = false;

	for (size_t i = 0; i < declared->n; i++) {
		const struct rule *rule = &declared->rule[i];

		if ((!has || rule->is_negated) && glob_match(rule->glob, path)) {
			if (rule->is_negated)
				return false;
			has = true;
		}
	}
	return has;
}
