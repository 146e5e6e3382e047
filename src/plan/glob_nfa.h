#pragma once

#include "plan/glob.h"

#include <stdint.h>

/*
 * Inside of struct glob, shared by glob_compile.c (builds it) and glob.c (asks it).
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

struct nfa {
	struct nfa_state *state;
	size_t n, cap;
	uint64_t (*set)[4]; /* 256-bit byte sets of its own: classes, folded letters */
	size_t n_sets, cap_sets;
	uint16_t start[64];
	size_t n_starts;
};

/*
 * Number of a byte set: below 256 the one byte, then what every pattern has, then its own
 * sets.  A set with '/' holds nothing else.
 */
enum { SET_SLASH = '/', SET_OTHER = 256, SET_OWN = 257 };

extern const uint64_t glob_common_sets[SET_OWN][4];

static inline const uint64_t *
nfa_set(const struct nfa *nfa, uint16_t set)
{
	return set < SET_OWN ? glob_common_sets[set] : nfa->set[set - SET_OWN];
}

struct glob {
	struct nfa nfa;
	char *prefix;
	size_t n_prefix;
	/*
	 * Bytes that are in every match, each as bit (byte & 63): what lacks one is settled
	 * without running the states.
	 */
	uint64_t needs;
	/*
	 * Literal bytes around the wildcards of the last name, for patterns that match
	 * nothing below it: two such patterns that differ there never meet.
	 */
	char *name_prefix, *name_suffix; /* NULL when matches go on below */
	char *sample;
	char *directory; /* or NULL */
	bool is_capped, is_literal, folds_case;
};

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

/* Length of the class that P begins with ('[' included), or 0 when it has no end. */
size_t class_length(const char *p);

/* Adds the bytes of the class at P to SET.  Returns -1 with ERR_NO when it is none. */
NODISCARD int class_parse(const char *p, size_t n, uint64_t set[4], struct err *err);
