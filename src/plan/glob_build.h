#pragma once

#include "plan/glob_nfa.h"

/*
 * One brace alternative as glob_compile.c reads it, what glob_facts.c says about it without
 * any states, and the states glob_states.c makes of it.
 */
/* One symbol; a NAME is what stands between two slashes. */
enum sym_kind { SYM_BYTE, SYM_CLASS, SYM_ANY, SYM_STAR };

struct sym {
	uint8_t kind;
	unsigned char byte;
	uint16_t class; /* SYM_CLASS, when CLASSES are kept */
};

struct name {
	uint32_t begin, n; /* in build.sym */
	bool is_literal;
	bool is_deep; /* `**` */
};

/* Longer alternatives are read on the heap. */
#define BUILD_SYMS  128
#define BUILD_NAMES 24

struct build {
	struct glob *glob;   /* made by the first build_note() */
	struct arena *arena; /* where; NULL = the heap */
	unsigned flags;
	struct sym *sym; /* SMALL_SYM until they are more */
	size_t n_syms, cap_syms;
	struct name *name;
	size_t n_names, cap_names;
	bool has_slash_end;
	size_t n_positions; /* of all alternatives so far, at most */
	bool keeps_classes;
	struct char_class *class;
	size_t n_classes, cap_classes;
	struct nfa *nfa;         /* glob_states.c only */
	uint16_t folded_set[26]; /* set of both cases of a letter, 0 = not yet made */
	struct sym small_sym[BUILD_SYMS];
	struct name small_name[BUILD_NAMES];
};

void build_init(struct build *b, unsigned flags);
void build_clear(struct build *b);

/* Splits one alternative into names.  Returns -1 with ERR_NO when it is no pattern. */
NODISCARD int build_read(struct build *b, const char *text, struct err *err);

/* Is the alternative one path without wildcards? */
bool build_is_literal(const struct build *b);

/*
 * Does the literal cover what is below it?  One whose kind nobody told is taken for a
 * directory too unless it has an extension: `src/api` may become one, `src/api.c` will not.
 */
bool build_covers_below(const struct build *b);

/*
 * Makes the glob with what is known of its first alternative without states; TEXT is the
 * whole pattern, IS_ONLY when there will be no other one.  build_note_more(): of the next.
 */
void build_note(struct build *b, const char *text, bool is_only);
void build_note_more(struct build *b);

/* What is known of one alternative: its sample, and where in that things begin and end. */
struct facts {
	const char *sample;
	size_t n_sample, n_prefix, n_directory;
	size_t last, n_head, n_tail; /* the last name, its literal ends */
	uint64_t needs;
	bool is_literal, covers_below, ends_in_name;
};

/* Fills in the directory all matches lie in directly, unless it is the root or there is none. */
void facts_directory(struct facts *f, size_t n_names);

/* A glob in ARENA, or on the heap, with TEXT and the strings of F in its room. */
struct glob *facts_glob(
    const struct facts *f, struct arena *arena, const char *text, bool is_only);

/*
 * The glob of a pattern that can be read at a glance, the same as of build_note() but for its
 * flags; NULL of any other one, and of what is no pattern.
 */
struct glob *glob_quick(struct arena *arena, const char *text, unsigned flags);

/* States that a name and the end of an alternative take at most beside those of symbols. */
#define STATES_OF_NAME 3
#define STATES_OF_END  3
