#pragma once

#include "plan/glob_nfa.h"

/*
 * One brace alternative as glob_compile.c reads it, and what glob_facts.c says about it
 * without any states.
 */
/* One symbol; a NAME is what stands between two slashes. */
enum sym_kind { SYM_BYTE, SYM_CLASS, SYM_ANY, SYM_STAR };

struct sym {
	enum sym_kind kind;
	unsigned char byte;
	uint16_t set; /* SYM_CLASS */
};

struct name {
	size_t begin, n; /* in build.sym */
	bool is_literal;
	bool is_deep; /* `**` */
};

struct build {
	struct glob *glob;
	unsigned flags;
	struct sym *sym;
	size_t n_syms, cap_syms;
	struct name *name;
	size_t n_names, cap_names;
	bool has_slash_end;
	uint16_t folded_set[26]; /* set of both cases of a letter, 0 = not yet made */
};

/* Is the alternative one path without wildcards? */
bool build_is_literal(const struct build *b);

/*
 * Does the literal cover what is below it?  One whose kind nobody told is taken for a
 * directory too unless it has an extension: `src/api` may become one, `src/api.c` will not.
 */
bool build_covers_below(const struct build *b);

/* Notes prefix, sample, directory and the ends of the last name in the glob. */
void build_note(struct build *b, bool is_first);

/* Forgets what is only known of small patterns: all but prefix and sample. */
void build_forget_names(struct glob *glob);
