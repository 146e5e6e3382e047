#include "policy/declared.h"

#include "base/mem.h"
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

static void
add_list(struct declared *declared, const struct touch_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct touch_item *t = &list->item[i];
		const char *const names[] = { t->text, t->to };

		for (size_t k = 0; k < N_ELEMS(names); k++) {
			AUTO_FREE char *below = names[k] ? xasprintf("%s/**", names[k])
							 : NULL;

			add_glob(declared, names[k], t->is_negated);
			add_glob(declared, below, t->is_negated);
		}
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
