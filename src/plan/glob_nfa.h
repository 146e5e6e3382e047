#pragma once

#include "plan/glob.h"

#include <stdint.h>

/*
 * Inside of struct glob, shared by glob_compile.c (builds it), glob_states.c (its states)
 * and glob.c (asks it).
 *
 * A pattern is one chain of states per brace alternative.  A state has at most two edges
 * that consume a byte and one step that consumes none; steps without a byte only go
 * forward, so following them ends.
 */
struct nfa_edge {
	uint16_t set; /* the bytes it consumes, see nfa_set() */
	uint16_t to;
};

struct nfa_state {
	uint16_t skip_to; /* reached without a byte; 0 = none (state 0 is a start) */
	uint8_t n_edges;
	bool is_accepting;
	struct nfa_edge edge[2];
};

#define NFA_MAX_STARTS 64

struct nfa {
	struct nfa_state *state;
	size_t n, cap;
	uint64_t (*set)[4]; /* 256-bit byte sets of its own: classes, folded letters */
	size_t n_sets, cap_sets;
	uint16_t start[NFA_MAX_STARTS];
	size_t n_starts;
	bool is_capped; /* too large: everything below the literal prefix */
};

/*
 * Number of a byte set: below 256 the one byte, then what every pattern has (any byte of a
 * name, any in ASCII; the bytes that begin a character of two, three or four bytes and
 * those that go on with one), then its own sets.  A set with '/' holds nothing else.
 */
enum {
	SET_SLASH = '/',
	SET_OTHER = 256,
	SET_ASCII,
	SET_LEAD_2,
	SET_LEAD_3,
	SET_LEAD_4,
	SET_TRAIL,
	SET_OWN,
};

extern const uint64_t glob_common_sets[SET_OWN][4];

static inline const uint64_t *
nfa_set(const struct nfa *nfa, uint16_t set)
{
	return set < SET_OWN ? glob_common_sets[set] : nfa->set[set - SET_OWN];
}

/*
 * What is known of a pattern without its states, which are made when they are first asked
 * for: most patterns of a large plan are settled by their literal ends alone.  The strings
 * lie in `room`, which begins with the pattern as it is spelled (glob_spell_path()); the
 * others are kept as where they begin there, and a pattern without braces keeps none twice.
 */
struct glob {
	/*
	 * Bytes that are in every match, each as bit (byte & 63): what lacks one is settled
	 * without running the states.
	 */
	uint64_t needs;
	struct nfa
	    *own_states; /* NULL until asked for, also of one that is only read */
	uint32_t prefix, n_prefix;
	/*
	 * Literal bytes around the wildcards of the last name, for patterns that match
	 * nothing below it: two such patterns that differ there never meet.
	 */
	uint32_t name_prefix, name_suffix; /* when ENDS_IN_NAME */
	uint32_t sample;
	uint32_t n_directory; /* so much of the prefix is the directory; 0 = none */
	uint32_t n_positions; /* at most so many states */
	uint8_t flags;
	bool is_literal : 1;
	bool covers_below : 1; /* a literal that covers what is below it */
	bool ends_in_name : 1; /* no match goes on below the last name */
	bool is_arenas : 1;    /* its memory is an arena's */
	bool
	    keeps_states : 1; /* they are not what its text would make: never forgotten */
	char room[];
};

static inline const char *
glob_room(const struct glob *glob, uint32_t at)
{
	return glob->room + at;
}

/* A pattern that is too large keeps so many bytes of its literal prefix. */
#define GLOB_MAX_PREFIX (GLOB_MAX_POSITIONS / 2)

/* The states of GLOB, made now unless they are there. */
const struct nfa *glob_states(const struct glob *glob);
void nfa_free(struct nfa *nfa);

/*
 * Sets of states, a bit each, NFA_WORDS of them: what is on before the first byte, and what
 * NEXT is on after byte C.  nfa_step() returns false when nothing is.
 */
#define NFA_WORDS(nfa) ((nfa)->n / 64 + 1)
void nfa_begin(const struct nfa *nfa, uint64_t *on);
bool nfa_step(
    const struct nfa *nfa, const uint64_t *now, uint64_t *next, unsigned char c);

/* The overlap of two patterns by their states: glob_overlap(). */
bool nfa_meet(const struct nfa *a, const struct nfa *b, char **witness);

/* How many dots a name begins with: "." and ".." are no names. */
enum { DOTS_NONE, DOTS_ONE, DOTS_TWO, DOTS_NAME, N_DOTS };

/*
 * The most readable byte of SET for a witness, other than '.' and '/': x, a letter, a
 * digit, a capital, anything printable, the rest of the bytes, a blank.  Or -1.
 */
int glob_nice_byte(const uint64_t set[4]);

static inline bool
is_letter(unsigned char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool
byte_set_has(const uint64_t set[4], unsigned char c)
{
	return set[c / 64] >> (c % 64) & 1;
}

static inline void
byte_set_add(uint64_t set[4], unsigned char c)
{
	set[c / 64] |= (uint64_t)1 << (c % 64);
}

/* All alternatives of a brace pattern, textually: PATTERN itself when it has no braces. */
struct alternatives {
	char *text[64];
	size_t n;
};
NODISCARD int alternatives_expand(
    struct alternatives *alts, const char *pattern, struct err *err);
void alternatives_clear(struct alternatives *alts);

/*
 * A class: bytes in ASCII, and characters beyond it in ascending ranges that do not touch.  More ranges than there is room for become all characters beyond ASCII.
 */
#define CLASS_MAX_RANGES 32

struct char_class {
	uint64_t byte[4];
	struct class_range {
		uint32_t low, high;
	} range[CLASS_MAX_RANGES];
	size_t n_ranges;
};

/* Where in the N bytes at TEXT the first is that is kept as an odd byte, or -1. */
long glob_odd_byte(const char *text, size_t n);

/* Length of the class that P begins with ('[' included), or 0 when it has no end. */
size_t class_length(const char *p);

/*
 * Reads the class of N bytes at P; FLAGS as for glob_new().  Returns -1 with ERR_NO when it
 * is none.
 */
NODISCARD int class_parse(
    const char *p, size_t n, unsigned flags, struct char_class *class, struct err *err);

/* True when CLASS takes every character beyond ASCII, as `[!a]` does. */
bool class_takes_all_wide(const struct char_class *class);

/* The byte sequences of a range of characters: up to four bytes, each between two. */
struct utf8_run {
	uint8_t low[4], high[4];
	uint8_t n;
};

/* Adds the sequences of LOW..HIGH to RUN, which has N of CAP; what has no room is dropped. */
size_t utf8_runs(
    uint32_t low, uint32_t high, struct utf8_run *run, size_t n, size_t cap);
