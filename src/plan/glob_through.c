#include "base/mem.h"
#include "plan/glob_nfa.h"

#include <stdio.h>
#include <string.h>

/* PATH as a pattern that matches just it.  The caller frees it. */
static char *
escape(const char *path)
{
	char *text = xmalloc(2 * strlen(path) + 1), *at = text;

	for (; *path; path++) {
		if (strchr("*?[]{}\\!", *path))
			*at++ = '\\';
		*at++ = *path;
	}
	*at = '\0';
	return text;
}

/* TO and everything below it. */
static struct glob *
all_of(const char *to, unsigned flags)
{
	AUTO_FREE char *text = escape(to);

	return glob_new(
	    *text ? text : ".", (flags & GLOB_FOLD_CASE) | GLOB_IS_DIR, NULL);
}

/* FROM, which is spelled, stands at PATH or before a slash of it; returns what follows. */
static const char *
rest_below(const char *path, const char *from, bool folds)
{
	size_t n = strlen(from);

	if (folds ? strncasecmp(path, from, n) != 0 : strncmp(path, from, n) != 0)
		return NULL;
	return path[n] == '\0' || path[n] == '/' ? path + n : NULL;
}

static struct glob *
literal_through(const struct glob *glob, const char *from, const char *to)
{
	bool folds = glob->flags & GLOB_FOLD_CASE;
	const char *rest = rest_below(glob_prefix(glob), from, folds);
	AUTO_FREE char *path = NULL, *text = NULL;

	if (rest && *rest && *to) {
		path = xasprintf("%s%s", to, rest);
		text = escape(path);
		return glob_new(text, glob->flags & GLOB_FOLD_CASE, NULL);
	}
	if (rest || (glob->covers_below && rest_below(from, glob_prefix(glob), folds)))
		return all_of(to, glob->flags);
	return NULL;
}

/* The states that FROM leads to and that can end there or go on with a slash. */
static size_t
states_behind(const struct nfa *nfa, const char *from, uint16_t *found, size_t cap)
{
	uint64_t set[2][GLOB_MAX_POSITIONS / 64 + 1];
	int now = 0;
	size_t n = 0;

	nfa_begin(nfa, set[0]);
	for (; *from; from++, now = !now) {
		if (!nfa_step(nfa, set[now], set[!now], (unsigned char)*from))
			return 0;
	}
	for (size_t i = 0; i < nfa->n; i++) {
		const struct nfa_state *s = &nfa->state[i];
		bool goes_on = s->is_accepting;

		for (int e = 0; e < s->n_edges; e++)
			goes_on = goes_on || s->edge[e].set == SET_SLASH;
		if (!(set[now][i / 64] >> (i % 64) & 1) || !goes_on)
			continue;
		if (n < cap)
			found[n] = (uint16_t)i;
		n++;
	}
	return n;
}

/* Adds a chain for the bytes of TO that ends where state AT of NFA would end or go on. */
static void
add_chain(struct nfa *nfa, const char *to, uint16_t at)
{
	struct nfa_state end = nfa->state[at];

	end.skip_to = 0;
	for (int e = end.n_edges - 1; e >= 0; e--) {
		if (end.edge[e].set != SET_SLASH)
			end.edge[e] = end.edge[--end.n_edges];
	}
	nfa->start[nfa->n_starts++] = (uint16_t)nfa->n;
	for (; *to; to++) {
		uint16_t set = (unsigned char)*to;

		GROW(nfa->state, nfa->n, nfa->cap);
		nfa->state[nfa->n] = (struct nfa_state){ .n_edges = 1,
			.edge = { { set, (uint16_t)(nfa->n + 1) } } };
		nfa->n++;
	}
	GROW(nfa->state, nfa->n, nfa->cap);
	nfa->state[nfa->n++] = end;
}

static struct nfa *
nfa_copy(const struct nfa *nfa)
{
	struct nfa *copy = xmalloc(sizeof(*copy));

	*copy = *nfa;
	copy->n_starts = 0;
	copy->state = xreallocarray(NULL, nfa->cap, sizeof(*copy->state));
	memcpy(copy->state, nfa->state, nfa->n * sizeof(*copy->state));
	copy->cap_sets = nfa->n_sets;
	copy->set = xreallocarray(NULL, nfa->n_sets + 1, sizeof(*copy->set));
	if (nfa->n_sets > 0)
		memcpy(copy->set, nfa->set, nfa->n_sets * sizeof(*copy->set));
	return copy;
}

struct glob *
glob_through(const struct glob *glob, const char *from, const char *to, bool is_whole)
{
	bool folds = glob->flags & GLOB_FOLD_CASE;
	AUTO_FREE char *spelled = glob_spell_path(from, folds);
	uint16_t found[NFA_MAX_STARTS];
	struct glob *through;
	const struct nfa *nfa;
	size_t n;

	if (spelled)
		from = spelled;
	if (glob->is_literal && !is_whole)
		return literal_through(glob, from, to);
	nfa = glob_states(glob);
	n = states_behind(nfa, from, found, N_ELEMS(found));
	if (n == 0)
		return NULL;
	through = all_of(to, glob->flags);
	/* Chains are of bytes as they are, so a folding pattern takes the whole place. */
	if (!through || is_whole || folds || !*to || n > N_ELEMS(found) ||
	    nfa->n + n * (strlen(to) + 1) > GLOB_MAX_POSITIONS)
		return through;
	through->own_states = nfa_copy(nfa);
	through->keeps_states = true;
	for (size_t i = 0; i < n; i++)
		add_chain(through->own_states, to, found[i]);
	through->is_literal = through->covers_below = false;
	return through;
}
