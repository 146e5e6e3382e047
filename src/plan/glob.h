#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Path patterns of the plan file: gitignore/pathspec reading, root-anchored, byte-wise.
 * `**`, `*`, `?`, classes (negated, ranges, [[:alpha:]]), nested braces (at most 64
 * alternatives), backslash escapes, trailing slash (CONFLICTS 3, CONTRACTS 4).
 * `dir/`, alone or before `**`, covers everything below; a literal that names a directory in the
 * tree (the caller says so with GLOB_IS_DIR) covers everything below too.  A literal of
 * which nobody knows may become a directory unless its name has an extension.
 *
 * A path here is what git can track: names without "/" and NUL, none empty, none "." or
 * "..", joined by single slashes.
 */
struct glob;

enum glob_flags {
	GLOB_FOLD_CASE = 1, /* core.ignoreCase */
	GLOB_IS_DIR = 2,    /* the literal names a tracked directory */
	GLOB_IS_FILE = 4,   /* the literal names a tracked file: covers nothing below */
};

/*
 * Compiles PATTERN.  Returns a glob the caller frees; or NULL with ERR_NO: empty, absolute,
 * `..`, control bytes, more than 64 alternatives, unbalanced braces or class; text says
 * what and fix how to mend it.  A pattern over GLOB_MAX_POSITIONS compiles to "everything
 * below its literal prefix" and glob_is_capped() tells.
 */
#define GLOB_MAX_POSITIONS 2048
struct glob *glob_new(const char *pattern, unsigned flags, struct err *err);
void glob_free(struct glob *glob);
bool glob_is_capped(const struct glob *glob);
bool glob_is_literal(const struct glob *glob);

/*
 * The literal bytes every match starts with (for indexes; lower case with folding); of a
 * literal, the whole path without a trailing slash.  Borrowed.
 */
const char *glob_prefix(const struct glob *glob);

/* The one directory all matches lie in directly; NULL when several or the root.  Borrowed. */
const char *glob_directory(const struct glob *glob);

/* A path the author may have had in mind: each wildcard as one plain letter.  Borrowed. */
const char *glob_sample(const struct glob *glob);

/* Number of positions: comparing two patterns costs at most the product of theirs. */
size_t glob_size(const struct glob *glob);

bool glob_match(const struct glob *glob, const char *path);

/* The cheap half of glob_overlap(): false when what is literal in both rules it out. */
bool glob_may_overlap(const struct glob *a, const struct glob *b);

/*
 * Can one path match both?  Decided exactly (product of the two automata, breadth first).
 * Returns true with a shortest common path in *WITNESS (the caller frees it) when WITNESS
 * is not NULL; linear in the product of the sizes, never exponential.
 */
bool glob_overlap(const struct glob *a, const struct glob *b, char **witness);
