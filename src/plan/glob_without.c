#include "base/mem.h"
#include "plan/glob_nfa.h"

#include <string.h>

/*
 * The product of two patterns, and beside it the set of states that all subtracted patterns
 * are in: a subset, because what they do not match is asked, and only a set of all states
 * knows that.  Subsets are kept once each.  Bytes that no subtracted pattern tells apart
 * are tried as one.
 */
#define MAX_NODES        4000
#define MAX_PRODUCT      65536
#define MAX_SUBSETS      1000
#define MAX_STATES       4096
#define MAX_BYTE_CLASSES 256

struct node {
	uint32_t parent;
	uint32_t subset;
	uint16_t a, b;
	uint8_t dots;
	unsigned char byte;
};

struct search {
	const struct nfa *a, *b;
	const struct nfa *without[65]; /* the first is utf8, which must accept */
	size_t n_without;
	size_t
	    n_words; /* of a subset: the words of all of WITHOUT, one after another */
	uint64_t *subset;
	size_t n_subsets, cap_subsets;
	struct node *node;
	size_t n, cap;
	uint64_t class[MAX_BYTE_CLASSES][4];
	size_t n_classes;
	bool is_given_up;
};

/*
 * Paths are spelled, so they are UTF-8; a pattern need not say so, but what is left when
 * patterns are taken away must be.
 */
static struct nfa_state utf8_state[] = {
	{ .skip_to = 1,
	    .is_accepting = true,
	    .n_edges = 2,
	    .edge = { { SET_ASCII, 0 }, { SET_SLASH, 0 } } },
	{ .skip_to = 2,
	    .n_edges = 2,
	    .edge = { { SET_LEAD_2, 5 }, { SET_LEAD_3, 4 } } },
	{ .n_edges = 1, .edge = { { SET_LEAD_4, 3 } } },
	{ .n_edges = 1, .edge = { { SET_TRAIL, 4 } } },
	{ .n_edges = 1, .edge = { { SET_TRAIL, 5 } } },
	{ .n_edges = 1, .edge = { { SET_TRAIL, 0 } } },
};
static const struct nfa utf8 = {
	.state = utf8_state, .n = N_ELEMS(utf8_state), .n_starts = 1
};

/* Splits every class of bytes by SET. */
static void
split_classes(struct search *s, const uint64_t set[4])
{
	size_t n = s->n_classes;

	for (size_t i = 0; i < n && s->n_classes < MAX_BYTE_CLASSES; i++) {
		uint64_t in[4], out[4], any_in = 0, any_out = 0;

		for (int w = 0; w < 4; w++) {
			in[w] = s->class[i][w] & set[w];
			out[w] = s->class[i][w] & ~set[w];
			any_in |= in[w];
			any_out |= out[w];
		}
		if (!any_in || !any_out)
			continue;
		memcpy(s->class[i], in, sizeof(in));
		memcpy(s->class[s->n_classes++], out, sizeof(out));
	}
}

static void
find_classes(struct search *s)
{
	uint64_t dot[4] = { 0 }, slash[4] = { 0 };

	byte_set_add(dot, '.');
	byte_set_add(slash, '/');
	memset(s->class[0], 0xff, sizeof(s->class[0]));
	s->n_classes = 1;
	split_classes(s, dot);
	split_classes(s, slash);
	for (size_t i = 0; i < s->n_without; i++) {
		const struct nfa *nfa = s->without[i];

		for (size_t k = 0; k < nfa->n; k++) {
			for (int e = 0; e < nfa->state[k].n_edges; e++)
				split_classes(
				    s, nfa_set(nfa, nfa->state[k].edge[e].set));
		}
	}
	/* What is tried first is what is shown, so let it be readable. */
	for (size_t i = 1; i < s->n_classes; i++) {
		uint64_t first[4];

		if (!byte_set_has(s->class[i], 'x'))
			continue;
		memcpy(first, s->class[0], sizeof(first));
		memcpy(s->class[0], s -> class[i], sizeof(first));
		memcpy(s->class[i], first, sizeof(first));
		break;
	}
}

/* The number of the subset at the end of the array, which is kept only when it is new. */
static uint32_t
subset_keep(struct search *s)
{
	const uint64_t *new = s->subset + s->n_subsets * s->n_words;

	for (size_t i = 0; i < s->n_subsets; i++) {
		if (memcmp(s->subset + i * s->n_words, new,
			s->n_words * sizeof(*new)) == 0)
			return (uint32_t)i;
	}
	return (uint32_t)s->n_subsets++;
}

/* Room for one subset behind those that are kept. */
static uint64_t *
subset_room(struct search *s)
{
	if (s->n_subsets == s->cap_subsets) {
		s->cap_subsets = s->cap_subsets ? 2 * s->cap_subsets : 16;
		s->subset = xreallocarray(
		    s->subset, s->cap_subsets, s->n_words * sizeof(*s->subset));
	}
	return s->subset + s->n_subsets * s->n_words;
}

static uint32_t
subset_step(struct search *s, uint32_t from, unsigned char c)
{
	uint64_t *next = subset_room(s);
	const uint64_t *now = s->subset + (size_t)from * s->n_words;

	for (size_t i = 0; i < s->n_without; i++) {
		(void)nfa_step(s->without[i], now, next, c);
		now += NFA_WORDS(s->without[i]);
		next += NFA_WORDS(s->without[i]);
	}
	return subset_keep(s);
}

/* Is what leads to SUBSET no path, or taken away? */
static bool
subset_excludes(const struct search *s, uint32_t subset)
{
	const uint64_t *on = s->subset + (size_t)subset * s->n_words;

	if (!(*on & 1))
		return true;
	on += NFA_WORDS(s->without[0]);
	for (size_t i = 1; i < s->n_without; i++) {
		const struct nfa *nfa = s->without[i];

		for (size_t k = 0; k < nfa->n; k++) {
			if ((on[k / 64] >> (k % 64) & 1) && nfa->state[k].is_accepting)
				return true;
		}
		on += NFA_WORDS(nfa);
	}
	return false;
}

static void
push(struct search *s, struct node node)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct node *old = &s->node[i];

		if (old->a == node.a && old->b == node.b && old->dots == node.dots &&
		    old->subset == node.subset)
			return;
	}
	if (s->n == MAX_NODES || s->n_subsets > MAX_SUBSETS) {
		s->is_given_up = true;
		return;
	}
	GROW(s->node, s->n, s->cap);
	s->node[s->n++] = node;
}

static void
push_start(struct search *s)
{
	uint64_t *on = subset_room(s);
	uint32_t subset;

	for (size_t i = 0; i < s->n_without; i++) {
		nfa_begin(s->without[i], on);
		on += NFA_WORDS(s->without[i]);
	}
	subset = subset_keep(s);
	for (size_t i = 0; i < s->a->n_starts; i++) {
		for (size_t j = 0; j < s->b->n_starts; j++)
			push(s, (struct node){ .parent = UINT32_MAX,
				    .subset = subset,
				    .a = s->a->start[i],
				    .b = s->b->start[j] });
	}
}

/* The byte of both sets that stands for class K, or -1. */
static int
byte_of_class(const struct search *s, size_t k, const uint64_t *sa, const uint64_t *sb)
{
	uint64_t both[4];

	for (int w = 0; w < 4; w++)
		both[w] = s->class[k][w] & sa[w] & sb[w];
	if (byte_set_has(both, '/'))
		return '/';
	return byte_set_has(both, '.') ? '.' : glob_nice_byte(both);
}

static void
consume(struct search *s, uint32_t from, const struct nfa_edge *ea,
    const struct nfa_edge *eb)
{
	const uint64_t *sa = nfa_set(s->a, ea->set), *sb = nfa_set(s->b, eb->set);
	unsigned dots = s->node[from].dots;

	for (size_t k = 0; k < s->n_classes; k++) {
		int c = byte_of_class(s, k, sa, sb);
		struct node next = {
			.parent = from, .a = ea->to, .b = eb->to, .dots = DOTS_NAME
		};

		if (c < 0 || (c == '/' && dots != DOTS_NAME))
			continue;
		if (c == '/')
			next.dots = DOTS_NONE;
		else if (c == '.' && dots != DOTS_NAME)
			next.dots = (uint8_t)(dots + 1);
		next.byte = (unsigned char)c;
		next.subset = subset_step(s, s->node[from].subset, next.byte);
		push(s, next);
	}
}

static void
skip(struct search *s, uint32_t at)
{
	struct node node = s->node[at], next = node;

	next.parent = at;
	next.byte = 0;
	next.a = s->a->state[node.a].skip_to;
	if (next.a)
		push(s, next);
	next.a = node.a;
	next.b = s->b->state[node.b].skip_to;
	if (next.b)
		push(s, next);
}

static bool
accepts(const struct search *s, const struct node *node)
{
	return node->dots == DOTS_NAME && s->a->state[node->a].is_accepting &&
	       s->b->state[node->b].is_accepting && !subset_excludes(s, node->subset);
}

static char *
path_to(const struct search *s, size_t at)
{
	size_t n = 0;
	char *path;

	for (uint32_t i = (uint32_t)at; i != UINT32_MAX; i = s->node[i].parent)
		n += s->node[i].byte != 0;
	path = xmalloc(n + 1);
	path[n] = '\0';
	for (uint32_t i = (uint32_t)at; i != UINT32_MAX; i = s->node[i].parent) {
		if (s->node[i].byte)
			path[--n] = (char)s->node[i].byte;
	}
	return path;
}

/* Layer by layer, as in the product of two. */
static bool
find(struct search *s, char **witness)
{
	size_t begin = 0;

	push_start(s);
	while (begin < s->n) {
		size_t end;

		for (size_t i = begin; i < s->n; i++) {
			if (accepts(s, &s->node[i])) {
				*witness = path_to(s, i);
				return true;
			}
			skip(s, (uint32_t)i);
		}
		end = s->n;
		for (size_t i = begin; i < end; i++) {
			const struct nfa_state *a = &s->a->state[s->node[i].a];
			const struct nfa_state *b = &s->b->state[s->node[i].b];

			for (int k = 0; k < a->n_edges * b->n_edges; k++)
				consume(s, (uint32_t)i, &a->edge[k / b->n_edges],
				    &b->edge[k % b->n_edges]);
		}
		begin = end;
	}
	return false;
}

bool
glob_overlap_without(const struct glob *a, const struct glob *b,
    const struct glob *const *without, size_t n, char **witness)
{
	struct search s = { .a = glob_states(a), .b = glob_states(b) };
	size_t n_states = 0;
	bool is_found;

	*witness = NULL;
	s.without[s.n_without++] = &utf8;
	s.n_words = NFA_WORDS(&utf8);
	for (size_t i = 0; i < n; i++) {
		const struct nfa *nfa = glob_states(without[i]);

		/* Of one that is too large nobody knows what it does not match. */
		if (nfa->is_capped)
			continue;
		if (s.n_without == N_ELEMS(s.without))
			return true;
		s.without[s.n_without++] = nfa;
		s.n_words += NFA_WORDS(nfa);
		n_states += nfa->n;
	}
	if (n_states > MAX_STATES || s.a->n * s.b->n > MAX_PRODUCT)
		return true;
	find_classes(&s);
	is_found = find(&s, witness) || s.is_given_up;
	if (*witness)
		glob_unspell_path(*witness);
	free(s.node);
	free(s.subset);
	return is_found;
}
