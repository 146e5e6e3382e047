#include "base/mem.h"
#include "plan/glob_nfa.h"

#include <string.h>

/*
 * Overlap of two patterns is emptiness of a product: a pair of positions and, as third
 * factor, how many dots began the path component, because "." and ".." are no names.
 * Layer d of the search holds what d bytes can reach, so the first accepting node found
 * carries a shortest common path.
 */
struct node {
	uint32_t parent;
	uint16_t a, b;
	uint8_t dots;
	unsigned char byte; /* that led here from PARENT; 0 when none was consumed */
};

struct product {
	const struct nfa *a, *b;
	struct node *node; /* SMALL until it grows */
	size_t n, cap;
	uint64_t *seen; /* SMALL_SEEN when that is enough */
	struct node small[256];
	uint64_t small_seen[128];
};

/* The lowest byte of word W of SET that is also in MASK, or -1. */
static int
lowest_of(const uint64_t set[4], int w, uint64_t mask)
{
	uint64_t left = set[w] & mask;

	return left ? w * 64 + __builtin_ctzll(left) : -1;
}

int
glob_nice_byte(const uint64_t set[4])
{
	static const struct {
		int word;
		uint64_t mask;
	} rank[] = {
		{ 1, (uint64_t)1 << ('x' - 64) },
		{ 1, (((uint64_t)1 << 26) - 1) << ('a' - 64) },
		{ 0, (((uint64_t)1 << 10) - 1) << '0' },
		{ 1, (((uint64_t)1 << 26) - 1) << ('A' - 64) },
		{ 1, ~((uint64_t)1 << (0x7f - 64)) },
		{ 0, ~(((uint64_t)1 << ('!')) - 1) & ~((uint64_t)3 << '.') },
		{ 2, UINT64_MAX },
		{ 3, UINT64_MAX },
		{ 0, (uint64_t)1 << ' ' },
	};

	for (size_t i = 0; i < N_ELEMS(rank); i++) {
		int byte = lowest_of(set, rank[i].word, rank[i].mask);

		if (byte >= 0)
			return byte;
	}
	return -1;
}

/* Most products are small: they live in the caller's frame and cost no allocation. */
static void
product_make_room(struct product *p)
{
	if (p->n < p->cap)
		return;
	if (p->node == p->small) {
		p->cap = 4 * N_ELEMS(p->small);
		p->node = xreallocarray(NULL, p->cap, sizeof(*p->node));
		memcpy(p->node, p->small, sizeof(p->small));
		return;
	}
	GROW(p->node, p->n, p->cap);
}

static void
product_push(
    struct product *p, uint32_t parent, size_t a, size_t b, unsigned dots, int byte)
{
	size_t key = (a * p->b->n + b) * N_DOTS + dots;

	if (p->seen[key / 64] >> (key % 64) & 1)
		return;
	p->seen[key / 64] |= (uint64_t)1 << (key % 64);
	product_make_room(p);
	p->node[p->n++] = (struct node){ .parent = parent,
		.a = (uint16_t)a,
		.b = (uint16_t)b,
		.dots = (uint8_t)dots,
		.byte = (unsigned char)byte };
}

/* Consumes one byte that both edges allow, in each way that matters to the dots. */
static void
product_consume(struct product *p, uint32_t from, const struct nfa_edge *ea,
    const struct nfa_edge *eb)
{
	const uint64_t *sa = nfa_set(p->a, ea->set), *sb = nfa_set(p->b, eb->set);
	unsigned dots = p->node[from].dots;
	uint64_t both[4];
	int byte;

	for (int w = 0; w < 4; w++)
		both[w] = sa[w] & sb[w];
	if (byte_set_has(both, '/')) {
		if (dots == DOTS_NAME)
			product_push(p, from, ea->to, eb->to, DOTS_NONE, '/');
		return;
	}
	byte = glob_nice_byte(both);
	if (byte >= 0)
		product_push(p, from, ea->to, eb->to, DOTS_NAME, byte);
	if (byte_set_has(both, '.'))
		product_push(p, from, ea->to, eb->to,
		    dots == DOTS_NAME ? DOTS_NAME : dots + 1, '.');
}

static void
product_step(struct product *p, uint32_t from)
{
	const struct nfa_state *a = &p->a->state[p->node[from].a];
	const struct nfa_state *b = &p->b->state[p->node[from].b];

	for (int i = 0; i < a->n_edges; i++) {
		for (int j = 0; j < b->n_edges; j++)
			product_consume(p, from, &a->edge[i], &b->edge[j]);
	}
}

/* Follows what costs no byte from NODE; the targets join NODE's own layer. */
static void
product_skip(struct product *p, uint32_t at)
{
	struct node node = p->node[at];
	const struct nfa_state *a = &p->a->state[node.a], *b = &p->b->state[node.b];

	if (a->skip_to)
		product_push(p, at, a->skip_to, node.b, node.dots, 0);
	if (b->skip_to)
		product_push(p, at, node.a, b->skip_to, node.dots, 0);
}

static bool
product_accepts(const struct product *p, uint32_t at)
{
	const struct node *node = &p->node[at];

	return node->dots == DOTS_NAME && p->a->state[node->a].is_accepting &&
	       p->b->state[node->b].is_accepting;
}

static char *
product_path(const struct product *p, uint32_t at)
{
	size_t n = 0;
	char *path;

	for (uint32_t i = at; i != UINT32_MAX; i = p->node[i].parent)
		n += p->node[i].byte != 0;
	path = xmalloc(n + 1);
	path[n] = '\0';
	for (uint32_t i = at; i != UINT32_MAX; i = p->node[i].parent) {
		if (p->node[i].byte)
			path[--n] = (char)p->node[i].byte;
	}
	return path;
}

/*
 * Layer by layer: first everything the layer reaches without a byte, then one byte.  Only
 * so is a node first seen at its true depth, and the path found a shortest one.
 */
static bool
product_search(struct product *p, char **witness)
{
	size_t begin = 0;

	while (begin < p->n) {
		size_t end;

		for (size_t i = begin; i < p->n; i++) {
			if (product_accepts(p, (uint32_t)i)) {
				if (witness)
					*witness = product_path(p, (uint32_t)i);
				return true;
			}
			product_skip(p, (uint32_t)i);
		}
		end = p->n;
		for (size_t i = begin; i < end; i++)
			product_step(p, (uint32_t)i);
		begin = end;
	}
	return false;
}

bool
nfa_meet(const struct nfa *a, const struct nfa *b, char **witness)
{
	size_t n_words = a->n * b->n * N_DOTS / 64 + 1;
	struct product p;
	bool is_found;

	p.a = a;
	p.b = b;
	p.node = p.small;
	p.n = 0;
	p.cap = N_ELEMS(p.small);
	p.seen = p.small_seen;
	if (n_words > N_ELEMS(p.small_seen))
		p.seen = xcalloc(n_words, sizeof(*p.seen));
	else
		memset(p.small_seen, 0, n_words * sizeof(*p.small_seen));
	for (size_t i = 0; i < a->n_starts; i++) {
		for (size_t j = 0; j < b->n_starts; j++)
			product_push(
			    &p, UINT32_MAX, a->start[i], b->start[j], DOTS_NONE, 0);
	}
	is_found = product_search(&p, witness);
	if (p.seen != p.small_seen)
		free(p.seen);
	if (p.node != p.small)
		free(p.node);
	return is_found;
}
