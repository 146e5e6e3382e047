#include "base/mem.h"
#include "plan/glob_build.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
#define WORD(c, w) ((c) / 64 == (w) ? (uint64_t)1 << ((c) % 64) : 0)
#define BYTE(c)    { WORD(c, 0), WORD(c, 1), WORD(c, 2), WORD(c, 3) }
#define BYTES_4(c) BYTE(c), BYTE((c) + 1), BYTE((c) + 2), BYTE((c) + 3)
#define BYTES_16(c) BYTES_4(c), BYTES_4((c) + 4), BYTES_4((c) + 8), BYTES_4((c) + 12)
#define BYTES_64(c) BYTES_16(c), BYTES_16((c) + 16), BYTES_16((c) + 32), BYTES_16((c) + 48)

const uint64_t glob_common_sets[SET_OWN][4] = {
	BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192),
	[SET_OTHER] = { ~(WORD('/', 0) | WORD(0, 0)), ~(uint64_t)0, ~(uint64_t)0, ~(uint64_t)0 },
	[SET_ASCII] = { ~(WORD('/', 0) | WORD(0, 0)), ~(uint64_t)0, 0, 0 },
	[SET_LEAD_2] = { 0, 0, 0, 0x00000000FFFFFFFC }, /* C2..DF */
	[SET_LEAD_3] = { 0, 0, 0, 0x0000FFFF00000000 }, /* E0..EF */
	[SET_LEAD_4] = { 0, 0, 0, 0x001F000000000000 }, /* F0..F4 */
	[SET_TRAIL] = { 0, 0, ~(uint64_t)0, 0 },        /* 80..BF */
};
/* clang-format on */

static uint16_t
set_new(struct build *b, const uint64_t set[4])
{
	struct nfa *nfa = b->nfa;

	/* One that is capped keeps no sets. */
	if (nfa->is_capped)
		return SET_OTHER;
	GROW(nfa->set, nfa->n_sets, nfa->cap_sets);
	memcpy(nfa->set[nfa->n_sets], set, sizeof(*nfa->set));
	return (uint16_t)(SET_OWN + nfa->n_sets++);
}

static uint16_t
set_of_byte(struct build *b, unsigned char c)
{
	uint64_t set[4] = { 0 };
	uint16_t *folded;

	if (!(b->flags & GLOB_FOLD_CASE) || !is_letter(c))
		return c;
	folded = &b->folded_set[(c | 0x20) - 'a'];
	if (!*folded) {
		byte_set_add(set, c | 0x20);
		byte_set_add(set, c & 0xDF);
		*folded = set_new(b, set);
	}
	return *folded;
}

/*
 * Once the pattern is over its limit states are counted and no longer kept; the caller
 * looks at the flag and builds the capped form.
 */
static struct nfa_state *
state_add(struct build *b)
{
	static struct nfa_state surplus;
	struct nfa *nfa = b->nfa;

	if (nfa->n >= GLOB_MAX_POSITIONS) {
		nfa->is_capped = true;
		return &surplus;
	}
	GROW(nfa->state, nfa->n, nfa->cap);
	nfa->state[nfa->n] = (struct nfa_state){ 0 };
	return &nfa->state[nfa->n++];
}

/* The index of the state last added, plus STEP. */
static uint16_t
here(const struct build *b, int step)
{
	return (uint16_t)((int)b->nfa->n - 1 + step);
}

static void
emit_one(struct build *b, uint16_t set)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .n_edges = 1, .edge = { { set, here(b, 1) } } };
}

static void
emit_star(struct build *b)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .skip_to = here(b, 1),
		.n_edges = 1,
		.edge = { { SET_OTHER, here(b, 0) } } };
}

/* One byte of SET, or one character beyond ASCII: `?`, `[!a]`. */
static void
emit_any(struct build *b, uint16_t set)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .skip_to = here(b, 1),
		.n_edges = 2,
		.edge = { { set, here(b, 5) }, { SET_LEAD_2, here(b, 4) } } };
	s = state_add(b);
	*s = (struct nfa_state){ .n_edges = 2,
		.edge = { { SET_LEAD_3, here(b, 2) }, { SET_LEAD_4, here(b, 1) } } };
	emit_one(b, SET_TRAIL);
	emit_one(b, SET_TRAIL);
	emit_one(b, SET_TRAIL);
}

static uint16_t
set_between(struct build *b, uint8_t low, uint8_t high)
{
	uint64_t set[4] = { 0 };

	if (low == high)
		return low;
	for (unsigned c = low; c <= high; c++)
		byte_set_add(set, (unsigned char)c);
	return set_new(b, set);
}

/*
 * One byte of SET, or one of the sequences: first a fork for every two leading bytes, then
 * the rest of each sequence, of which the last byte leads behind it all.
 */
static void
emit_runs(struct build *b, uint16_t set, const struct utf8_run *run, size_t n)
{
	size_t n_forks = (n + 1) / 2, first = b->nfa->n, rest = first + 1 + n_forks;
	size_t end = rest;
	struct nfa_state *s = state_add(b);

	for (size_t i = 0; i < n; i++)
		end += run[i].n - 1u;
	*s = (struct nfa_state){ .skip_to = (uint16_t)(first + 1),
		.n_edges = set != 0,
		.edge = { { set, (uint16_t)end } } };
	for (size_t i = 0; i < n; i += 2) {
		s = state_add(b);
		*s = (struct nfa_state){ 0 };
		if (i + 2 < n)
			s->skip_to = (uint16_t)(first + 2 + i / 2);
		for (size_t k = i; k < n && k < i + 2; k++) {
			uint16_t lead = set_between(b, run[k].low[0], run[k].high[0]);

			s->edge[s->n_edges++] = (struct nfa_edge){ lead,
				(uint16_t)rest };
			rest += run[k].n - 1u;
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (int k = 1; k < run[i].n; k++) {
			uint16_t trail = set_between(b, run[i].low[k], run[i].high[k]);

			s = state_add(b);
			*s = (struct nfa_state){ .n_edges = 1,
				.edge = { { trail, k + 1 == run[i].n ? (uint16_t)end
								     : here(b, 1) } } };
		}
	}
}

static void
emit_class(struct build *b, const struct char_class *class)
{
	struct utf8_run run[CLASS_MAX_RANGES * 8];
	uint64_t any = 0;
	size_t n = 0;
	uint16_t set;

	for (int w = 0; w < 4; w++)
		any |= class->byte[w];
	set = any ? set_new(b, class->byte) : 0;
	if (class->n_ranges == 0) {
		emit_one(b, set);
		return;
	}
	if (class_takes_all_wide(class)) {
		emit_any(b, set);
		return;
	}
	for (size_t i = 0; i < class->n_ranges; i++)
		n = utf8_runs(
		    class->range[i].low, class->range[i].high, run, n, N_ELEMS(run));
	emit_runs(b, set, run, n);
}

/* Any number of whole names with their slashes: a leading or inner `**`. */
static void
emit_names(struct build *b)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .skip_to = here(b, 2),
		.n_edges = 1,
		.edge = { { SET_OTHER, here(b, 1) } } };
	s = state_add(b);
	*s = (struct nfa_state){ .n_edges = 2,
		.edge = { { SET_OTHER, here(b, 0) }, { SET_SLASH, here(b, -1) } } };
}

/* The rest of a name already begun, then anything below it; accepts. */
static void
emit_inside(struct build *b, int step_to_names)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .n_edges = 2,
		.is_accepting = true,
		.edge = { { SET_OTHER, here(b, 0) },
		    { SET_SLASH, here(b, step_to_names) } } };
}

/* One name or more: a final `**`. */
static void
emit_below(struct build *b)
{
	emit_one(b, SET_OTHER);
	emit_inside(b, -1);
}

static void
emit_end(struct build *b, bool covers_below)
{
	struct nfa_state *s = state_add(b);

	*s = (struct nfa_state){ .is_accepting = true };
	if (!covers_below)
		return;
	s->n_edges = 1;
	s->edge[0] = (struct nfa_edge){ SET_SLASH, here(b, 1) };
	emit_below(b);
}

static void
emit_name(struct build *b, const struct name *name)
{
	const struct sym *sym = b->sym + name->begin;
	bool is_only_stars = true;

	for (size_t i = 0; i < name->n; i++)
		is_only_stars = is_only_stars && sym[i].kind == SYM_STAR;
	if (is_only_stars)
		emit_one(b, SET_OTHER); /* no name is empty */
	for (size_t i = 0; i < name->n; i++) {
		switch ((enum sym_kind)sym[i].kind) {
		case SYM_BYTE: emit_one(b, set_of_byte(b, sym[i].byte)); break;
		case SYM_CLASS: emit_class(b, &b->class[sym[i].class]); break;
		case SYM_ANY: emit_any(b, SET_ASCII); break;
		case SYM_STAR:
			if (i == 0 || sym[i - 1].kind != SYM_STAR)
				emit_star(b);
			break;
		}
	}
}

static void
emit_all(struct build *b)
{
	bool is_literal = build_is_literal(b);
	bool needs_slash = false;

	for (size_t i = 0; i < b->n_names; i++) {
		bool is_last = i + 1 == b->n_names;

		if (needs_slash)
			emit_one(b, SET_SLASH);
		needs_slash = true;
		if (b->name[i].is_deep && is_last && !b->has_slash_end) {
			emit_below(b);
			return;
		}
		if (b->name[i].is_deep) {
			emit_names(b);
			needs_slash = false;
			if (is_last) { /* any directory: the `**` and one name more */
				emit_one(b, SET_OTHER);
				emit_star(b);
			}
		} else {
			emit_name(b, &b->name[i]);
		}
	}
	if (b->n_names == 0) {
		emit_below(b); /* "." is the whole project */
	} else if (is_literal) {
		emit_end(b, build_covers_below(b));
	} else if (b->has_slash_end) {
		emit_one(b, SET_SLASH);
		emit_below(b);
	} else {
		emit_end(b, false);
	}
}

/* A path and, unless it is nothing, what is below it, from a start of its own. */
static void
emit_path(struct build *b, const char *path, size_t n)
{
	b->nfa->start[b->nfa->n_starts++] = (uint16_t)b->nfa->n;
	for (size_t i = 0; i < n; i++)
		emit_one(b, path[i] == '/' ? SET_SLASH
					   : set_of_byte(b, (unsigned char)path[i]));
}

/* Too large to be decided exactly: everything that begins with the literal prefix. */
static void
emit_capped(struct build *b, const struct glob *glob)
{
	const char *prefix = glob_prefix(glob);
	size_t n = strnlen(prefix, GLOB_MAX_PREFIX);

	b->nfa->n = b->nfa->n_starts = b->nfa->n_sets = 0;
	memset(b->folded_set, 0, sizeof(b->folded_set));
	b->nfa->is_capped = false;
	emit_path(b, prefix, n);
	if (n == 0 || prefix[n - 1] == '/') {
		emit_below(b);
	} else {
		emit_inside(b, 1);
		emit_below(b);
	}
	b->nfa->is_capped = true;
}

static void
add_alternative(struct build *b, const char *text)
{
	/* What could not be read again was refused when the glob was made. */
	int rc = build_read(b, text, NULL);

	assert(rc == 0);
	(void)rc;
	b->nfa->start[b->nfa->n_starts++] = (uint16_t)b->nfa->n;
	emit_all(b);
	b->n_classes = 0;
}

static struct nfa *
states_new(const struct glob *glob)
{
	struct alternatives alts = { .n = 0 };
	struct build b;

	build_init(&b, glob->flags);
	b.keeps_classes = true;
	b.nfa = xcalloc(1, sizeof(*b.nfa));
	b.nfa->cap = glob->n_positions && glob->n_positions < GLOB_MAX_POSITIONS
			 ? glob->n_positions
			 : 16;
	b.nfa->state = xreallocarray(NULL, b.nfa->cap, sizeof(*b.nfa->state));
	if (!strpbrk(glob->room, "{}")) {
		add_alternative(&b, glob->room);
	} else if (alternatives_expand(&alts, glob->room, NULL) == 0) {
		for (size_t i = 0; i < alts.n; i++) {
			if (*alts.text[i])
				add_alternative(&b, alts.text[i]);
		}
		alternatives_clear(&alts);
	}
	if (b.nfa->is_capped)
		emit_capped(&b, glob);
	build_clear(&b);
	return b.nfa;
}

const struct nfa *
glob_states(const struct glob *glob)
{
	struct glob *own;

	if (glob->own_states)
		return glob->own_states;
	/* Every glob is heap, never const, and this says nothing else about it. */
	memcpy(&own, &glob, sizeof(own));
	own->own_states = states_new(glob);
	return own->own_states;
}
