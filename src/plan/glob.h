#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Path patterns of the plan file: gitignore/pathspec reading, anchored at the root.
 * `**`, `*`, `?`, classes (negated, ranges, [[:alpha:]]), nested braces (at most 64
 * alternatives), backslash escapes, trailing slash (CONFLICTS 3, CONTRACTS 4).
 * `dir/`, alone or before `**`, covers everything below; a literal that names a directory in the
 * tree (the caller says so with GLOB_IS_DIR) covers everything below too.  A literal of
 * which nobody knows may become a directory unless its name has an extension.
 *
 * A path here is what git can track: names without "/" and NUL, none empty, none "." or
 * "..", joined by single slashes; any bytes.  `?` and a class are one character, and a byte
 * that is no UTF-8 is one.  Names that only differ in how Unicode composes their characters
 * are one name (glob_spell_path()).
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

/*
 * The same in memory of ARENA, beside what was put there before: patterns that are looked at
 * one after the other had better lie so.  Freed as any other, before the arena.
 */
struct arena;
struct glob *glob_new_in(
    struct arena *arena, const char *pattern, unsigned flags, struct err *err);

/*
 * Frees what was only made to compare GLOB; it is made again when that is asked for.  What
 * GLOB matches, and all that is known of it, stays as it is.
 */
void glob_forget_states(struct glob *glob);
bool glob_is_capped(const struct glob *glob);
bool glob_is_literal(const struct glob *glob);

/*
 * PATH as patterns see it: composed characters (NFC), with FOLD_CASE those beyond ASCII in
 * lower case, bytes that are no UTF-8 as characters of private use.  NULL when that is PATH
 * itself, as of every path in ASCII.  The caller frees it.
 */
char *glob_spell_path(const char *path, bool fold_case);

/* Puts the bytes that are no UTF-8 back into PATH, in place. */
void glob_unspell_path(char *path);

/*
 * The literal bytes every match starts with (for indexes; lower case with folding); of a
 * literal, the whole path without a trailing slash.  Borrowed.
 */
const char *glob_prefix(const struct glob *glob);

/*
 * The literal bytes the last name of every match starts with, "" when there are none; NULL
 * when matches go on below the last name of the pattern.  For indexes.  Borrowed.
 */
const char *glob_name_prefix(const struct glob *glob);

/*
 * How much of glob_prefix() is the one directory all matches lie in directly; 0 when there
 * are several, or it is the root.
 */
size_t glob_directory(const struct glob *glob);

/* A path the author may have had in mind: each wildcard as one plain letter.  Borrowed. */
const char *glob_sample(const struct glob *glob);

/* Number of positions, at most: comparing two patterns costs at most their product. */
size_t glob_size(const struct glob *glob);

bool glob_match(const struct glob *glob, const char *path);

/* A path that is held against many patterns; PATH is borrowed.  Free OWN at the end. */
struct glob_path {
	const char *path; /* spelled */
	size_t n;
	unsigned long long bytes; /* which are in it, each as bit (byte & 63) */
	char *own;
};
void glob_path_init(struct glob_path *path, const char *text, bool fold_case);
bool glob_match_path(const struct glob *glob, const struct glob_path *path);

/* Which of the N patterns GLOB is the first that matches PATH; N when none does. */
size_t glob_match_first(
    const struct glob *const *glob, size_t n, const struct glob_path *path);

/* The cheap half of glob_overlap(): false when what is literal in both rules it out. */
bool glob_may_overlap(const struct glob *a, const struct glob *b);

/*
 * Can one path match both?  Decided exactly (product of the two automata, breadth first).
 * Returns true with a shortest common path in *WITNESS (the caller frees it) when WITNESS
 * is not NULL; linear in the product of the sizes, never exponential.
 */
bool glob_overlap(const struct glob *a, const struct glob *b, char **witness);

/*
 * The same of paths that none of the N patterns WITHOUT match.  True, with *WITNESS NULL,
 * also when that would take too long to find out.
 */
bool glob_overlap_without(const struct glob *a, const struct glob *b,
    const struct glob *const *without, size_t n, char **witness);

/*
 * What GLOB matches at or below the path FROM, with FROM replaced by TO: where a symbolic
 * link leads, or TO itself when it is a submodule.  NULL when it matches nothing there.
 * Never less than that; with IS_WHOLE exactly TO and everything below it.
 */
struct glob *glob_through(
    const struct glob *glob, const char *from, const char *to, bool is_whole);
