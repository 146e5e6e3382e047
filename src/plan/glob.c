#include "plan/glob.h"

#include "base/mem.h"
#include "plan/glob_nfa.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Adds state AT, and all that costs no byte from it, to the set ON. */
static void
enter(const struct nfa *nfa, uint64_t *on, size_t at)
{
	for (;;) {
		on[at / 64] |= (uint64_t)1 << (at % 64);
		if (!nfa->state[at].skip_to)
			return;
		at = nfa->state[at].skip_to;
	}
}

bool
nfa_step(const struct nfa *nfa, const uint64_t *now, uint64_t *next, unsigned char c)
{
	size_t n_words = nfa->n / 64 + 1;
	bool is_alive = false;

	memset(next, 0, n_words * sizeof(*next));
	for (size_t w = 0; w < n_words; w++) {
		for (uint64_t left = now[w]; left; left &= left - 1) {
			const struct nfa_state *s =
			    &nfa->state[w * 64 + (size_t)__builtin_ctzll(left)];

			for (int e = 0; e < s->n_edges; e++) {
				if (!byte_set_has(nfa_set(nfa, s->edge[e].set), c))
					continue;
				enter(nfa, next, s->edge[e].to);
				is_alive = true;
			}
		}
	}
	return is_alive;
}

void
nfa_begin(const struct nfa *nfa, uint64_t *on)
{
	memset(on, 0, (nfa->n / 64 + 1) * sizeof(*on));
	for (size_t i = 0; i < nfa->n_starts; i++)
		enter(nfa, on, nfa->start[i]);
}

/* Is PATH, which is spelled, the literal or, where it covers that, below it? */
static bool
literal_matches(const struct glob *glob, const char *path)
{
	const char *text = glob_prefix(glob);
	bool is_there = (glob->flags & GLOB_FOLD_CASE)
			    ? strncasecmp(path, text, glob->n_prefix) == 0
			    : strncmp(path, text, glob->n_prefix) == 0;

	return is_there && (!path[glob->n_prefix] ||
			       (glob->covers_below && path[glob->n_prefix] == '/'));
}

/* Rules PATH out by what is literal in GLOB. */
static bool
may_match(const struct glob *glob, const struct glob_path *path)
{
	bool folds = glob->flags & GLOB_FOLD_CASE;
	const char *prefix = glob_prefix(glob), *suffix;
	size_t n_suffix;

	if (glob->needs & ~path->bytes)
		return false;
	if (folds ? strncasecmp(path->path, prefix, glob->n_prefix) != 0
		  : strncmp(path->path, prefix, glob->n_prefix) != 0)
		return false;
	if (!glob->ends_in_name)
		return true;
	suffix = glob_room(glob, glob->name_suffix);
	n_suffix = strlen(suffix);
	if (path->n < n_suffix)
		return false;
	return folds ? strcasecmp(path->path + path->n - n_suffix, suffix) == 0
		     : memcmp(path->path + path->n - n_suffix, suffix, n_suffix) == 0;
}

bool
glob_match_path(const struct glob *glob, const struct glob_path *path)
{
	uint64_t set[2][GLOB_MAX_POSITIONS / 64 + 1];
	const struct nfa *nfa;
	int now = 0;

	if (glob->is_literal)
		return literal_matches(glob, path->path);
	if (!may_match(glob, path))
		return false;
	nfa = glob_states(glob);
	nfa_begin(nfa, set[0]);
	for (const char *p = path->path; *p; p++, now = !now) {
		if (!nfa_step(nfa, set[now], set[!now], (unsigned char)*p))
			return false;
	}
	for (size_t i = 0; i < nfa->n; i++) {
		if ((set[now][i / 64] >> (i % 64) & 1) && nfa->state[i].is_accepting)
			return true;
	}
	return false;
}

size_t
glob_match_first(const struct glob *const *glob, size_t n, const struct glob_path *path)
{
	for (size_t i = 0; i < n; i++) {
		/* Most lack a byte, which costs nothing to see. */
		if (!(glob[i]->needs & ~path->bytes) && glob_match_path(glob[i], path))
			return i;
	}
	return n;
}

/* PATH is spelled. */
static struct glob_path
spelled_path(const char *path)
{
	struct glob_path p = { .path = path };

	for (; path[p.n]; p.n++)
		p.bytes |= 1ull << ((unsigned char)path[p.n] & 63);
	return p;
}

void
glob_path_init(struct glob_path *path, const char *text, bool fold_case)
{
	char *own = glob_spell_path(text, fold_case);

	*path = spelled_path(own ? own : text);
	path->own = own;
}

bool
glob_match(const struct glob *glob, const char *path)
{
	struct glob_path p;
	bool matches;

	glob_path_init(&p, path, glob->flags & GLOB_FOLD_CASE);
	matches = glob_match_path(glob, &p);
	free(p.own);
	return matches;
}

static bool
starts_meet(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return !*a || !*b;
}

static bool
ends_meet(const char *a, const char *b)
{
	size_t n_a = strlen(a), n_b = strlen(b), n = n_a < n_b ? n_a : n_b;

	return memcmp(a + n_a - n, b + n_b - n, n) == 0;
}

bool
glob_may_overlap(const struct glob *a, const struct glob *b)
{
	if ((a->flags ^ b->flags) & GLOB_FOLD_CASE)
		return true;
	if (!starts_meet(glob_prefix(a), glob_prefix(b)))
		return false;
	return !a->ends_in_name || !b->ends_in_name ||
	       (starts_meet(glob_name_prefix(a), glob_name_prefix(b)) &&
		   ends_meet(
		       glob_room(a, a->name_suffix), glob_room(b, b->name_suffix)));
}

/* Two literals of one reading: equal, or one below the other. */
static const char *
literals_meet(const struct glob *a, const struct glob *b)
{
	if (literal_matches(a, glob_prefix(b)))
		return glob_prefix(b);
	return literal_matches(b, glob_prefix(a)) ? glob_prefix(a) : NULL;
}

/* The path of a literal that PATTERN matches is shorter than any below it. */
static bool
literal_overlap(const struct glob *literal, const struct glob *pattern, char **witness)
{
	struct glob_path path = spelled_path(glob_prefix(literal));

	if (glob_match_path(pattern, &path)) {
		if (witness)
			*witness = xstrdup(glob_prefix(literal));
		return true;
	}
	return literal->covers_below &&
	       nfa_meet(glob_states(literal), glob_states(pattern), witness);
}

static bool
find_overlap(const struct glob *a, const struct glob *b, char **witness)
{
	bool is_one_reading = !((a->flags ^ b->flags) & GLOB_FOLD_CASE);

	if (!glob_may_overlap(a, b))
		return false;
	if (is_one_reading && a->is_literal && b->is_literal) {
		const char *path = literals_meet(a, b);

		if (path && witness)
			*witness = xstrdup(path);
		return path != NULL;
	}
	if (is_one_reading && a->is_literal)
		return literal_overlap(a, b, witness);
	if (is_one_reading && b->is_literal)
		return literal_overlap(b, a, witness);
	return nfa_meet(glob_states(a), glob_states(b), witness);
}

bool
glob_overlap(const struct glob *a, const struct glob *b, char **witness)
{
	bool is_found = find_overlap(a, b, witness);

	if (is_found && witness)
		glob_unspell_path(*witness);
	return is_found;
}
