#pragma once

#include "base/err.h"
#include "git/repo.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Settings: `.divisi/config` of the main checkout (git-config syntax, committed) overlaid
 * by `git config divisi.*`.  Keys are git's: section and last name in lower case, the
 * middle as written: "divisi.verify", "divisi.worktree.copy".
 *
 * A value of the committed file was written by whoever writes to the repository: it is
 * data.  Nothing is executed here and includes are not followed; whoever runs a command
 * from it must look at is_committed first.
 */
struct config_item {
	char *key, *value; /* VALUE is "true" for a key without one */
	char *origin; /* ".divisi/config", or as git names it: "file:.git/config" */
	bool is_committed;
};

struct config {
	struct config_item *item; /* in rising precedence */
	size_t n, cap;
};

/*
 * Reads both.  No file is an empty one.  ERR_INPUT with file and line when the file is not
 * git-config syntax, over 1 MiB, or a symbolic link.
 */
NODISCARD int config_load(
    const struct repo *repo, struct config *config, struct err *err);
void config_clear(struct config *config);

/* The item in force for KEY, or NULL. */
const struct config_item *config_find(const struct config *config, const char *key);

/* The value in force, or FALLBACK. */
const char *config_str(
    const struct config *config, const char *key, const char *fallback);

/*
 * The same as a number (with git's k, m, g) or a truth (yes/on/true/1...).  *VALUE is set
 * to FALLBACK when the key is absent; ERR_INPUT naming key and origin when malformed or
 * not within MIN..MAX.
 */
NODISCARD int config_bool(const struct config *config, const char *key, bool fallback,
    bool *value, struct err *err);

struct config_range {
	long fallback, min, max;
};
NODISCARD int config_int(const struct config *config, const char *key,
    struct config_range range, long *value, struct err *err);

/* All values of KEY in order; an empty value drops those before it. */
void config_values(
    const struct config *config, const char *key, struct git_list *values);

enum config_scope {
	CONFIG_COMMITTED, /* .divisi/config, made when absent */
	CONFIG_LOCAL,     /* the repository's own git config */
};

/*
 * Sets KEY ("divisi..." only) to VALUE, replacing all its values; NULL removes it.
 * config_add() adds a value.  Whole or not at all; ERR_USAGE for a malformed key.
 */
NODISCARD int config_set(struct repo *repo, enum config_scope scope, const char *key,
    const char *value, struct err *err);
NODISCARD int config_add(struct repo *repo, enum config_scope scope, const char *key,
    const char *value, struct err *err);
