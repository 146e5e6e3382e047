#pragma once

#include "plan/verdict.h"

#include <stdint.h>

/*
 * The tracked paths of a repository as patterns see them: each under its key, which is
 * glob_spell_path()ed and, where the file system folds case, in lower case.  Keys are sorted; so
 * those a literal prefix allows stand together.
 */
struct tracked {
	const struct verdict_env *env; /* borrowed */
	const char *const *key;
	size_t n;
	uint32_t *at; /* which path of the environment; NULL = the same */
	char **own;   /* keys that are not the path itself */
	const char **sorted;
	size_t n_own;
};

void tracked_init(struct tracked *tracked, const struct verdict_env *env);
void tracked_clear(struct tracked *tracked);

/* The first key not below TEXT in byte order. */
size_t tracked_from(const struct tracked *tracked, const char *text);

/* The path whose key is number I, as git has it.  Borrowed. */
const char *tracked_path(const struct tracked *tracked, size_t i);

/*
 * GLOB_IS_FILE, GLOB_IS_DIR (a submodule is one) or 0 for the literal whose key is KEY.
 */
unsigned tracked_kind(const struct tracked *tracked, const char *key);

/* Is PATH, as git has it, a submodule? */
bool tracked_is_submodule(const struct verdict_env *env, const char *path);
