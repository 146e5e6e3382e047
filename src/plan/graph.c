#include "plan/graph.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

void
graph_init(struct graph *graph, size_t n)
{
	*graph = (struct graph){ .n = n };
}

void
graph_clear(struct graph *graph)
{
	free(graph->edge);
	free(graph->begin);
	free(graph->component);
	free(graph->row);
	free(graph->reach);
	*graph = (struct graph){ 0 };
}

void
graph_add(struct graph *graph, int from, int to)
{
	assert(!graph->begin);
	GROW(graph->edge, graph->n_edges, graph->cap_edges);
	graph->edge[graph->n_edges++] = (struct graph_edge){ from, to };
}

static int
compare_edges(const void *pa, const void *pb)
{
	const struct graph_edge *a = pa, *b = pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* Tarjan's components, with the stack of calls kept by hand. */
struct walk {
	const struct graph *graph;
	int *index, *low; /* 0 = not seen yet */
	int *stack;       /* nodes whose component is still open */
	int *path;        /* nodes being visited, innermost last */
	size_t *next;     /* next edge of each node */
	size_t n_stack, n_path;
	int n_seen;
};

static void
walk_enter(struct walk *w, int node)
{
	w->index[node] = w->low[node] = ++w->n_seen;
	w->next[node] = w->graph->begin[node];
	w->stack[w->n_stack++] = node;
	w->path[w->n_path++] = node;
}

static void
walk_leave(struct walk *w, int node, struct graph *graph)
{
	w->n_path--;
	if (w->n_path > 0) {
		int parent = w->path[w->n_path - 1];

		if (w->low[node] < w->low[parent])
			w->low[parent] = w->low[node];
	}
	if (w->low[node] != w->index[node])
		return;
	for (int member = -1; member != node;) {
		member = w->stack[--w->n_stack];
		graph->component[member] = (int)graph->n_components;
	}
	graph->n_components++;
}

static void
walk_from(struct walk *w, int root, struct graph *graph)
{
	walk_enter(w, root);
	while (w->n_path > 0) {
		int node = w->path[w->n_path - 1], to;

		if (w->next[node] == graph->begin[node + 1]) {
			walk_leave(w, node, graph);
			continue;
		}
		to = graph->edge[w->next[node]++].to;
		if (w->index[to] == 0)
			walk_enter(w, to);
		else if (graph->component[to] < 0 && w->index[to] < w->low[node])
			w->low[node] = w->index[to];
	}
}

static void
find_components(struct graph *graph)
{
	struct walk w = { .graph = graph };

	w.index = xcalloc(graph->n, sizeof(*w.index));
	w.low = xcalloc(graph->n, sizeof(*w.low));
	w.stack = xcalloc(graph->n, sizeof(*w.stack));
	w.path = xcalloc(graph->n, sizeof(*w.path));
	w.next = xcalloc(graph->n, sizeof(*w.next));
	graph->component = xcalloc(graph->n, sizeof(*graph->component));
	for (size_t i = 0; i < graph->n; i++)
		graph->component[i] = -1;
	for (size_t i = 0; i < graph->n; i++) {
		if (w.index[i] == 0)
			walk_from(&w, (int)i, graph);
	}
	free(w.index);
	free(w.low);
	free(w.stack);
	free(w.path);
	free(w.next);
}

void
graph_seal(struct graph *graph)
{
	size_t n = 0;
	bool is_sorted = true;

	/* Edges mostly come from a table that is walked in order. */
	for (size_t i = 1; i < graph->n_edges && is_sorted; i++)
		is_sorted = compare_edges(&graph->edge[i - 1], &graph->edge[i]) <= 0;
	if (!is_sorted)
		qsort(graph->edge, graph->n_edges, sizeof(*graph->edge), compare_edges);
	for (size_t i = 0; i < graph->n_edges; i++) {
		if (n == 0 || compare_edges(&graph->edge[n - 1], &graph->edge[i]) != 0)
			graph->edge[n++] = graph->edge[i];
	}
	graph->n_edges = n;
	graph->begin = xcalloc(graph->n + 1, sizeof(*graph->begin));
	for (size_t i = 0; i < n; i++)
		graph->begin[graph->edge[i].from + 1]++;
	for (size_t i = 0; i < graph->n; i++)
		graph->begin[i + 1] += graph->begin[i];
	find_components(graph);
}

bool
graph_has(const struct graph *graph, int from, int to)
{
	struct graph_edge key = { from, to };

	return graph->n_edges > 0 &&
	       bsearch(&key, graph->edge, graph->n_edges, sizeof(key), compare_edges);
}

bool
graph_has_successors(const struct graph *graph, int node)
{
	return graph->begin[node] < graph->begin[node + 1];
}

static size_t
row_bytes(size_t n)
{
	return (n / 64 + 1) * sizeof(uint64_t);
}

bool
graph_may_be_too_large(size_t n)
{
	return n * row_bytes(n) > GRAPH_MAX_REACH;
}

/* A row for every component that an edge leaves, or that has one inside. */
static bool
make_rows(struct graph *graph, size_t n_words)
{
	bool *has_row = xcalloc(graph->n_components, sizeof(*has_row));
	size_t n_rows = 0, at = 0;

	for (size_t i = 0; i < graph->n; i++) {
		bool *has = &has_row[graph->component[i]];

		if (!*has && graph_has_successors(graph, (int)i)) {
			*has = true;
			n_rows++;
		}
	}
	graph->row = xcalloc(graph->n_components, sizeof(*graph->row));
	if (n_rows * row_bytes(graph->n) <= GRAPH_MAX_REACH)
		graph->reach = xcalloc(n_rows * n_words, sizeof(*graph->reach));
	for (size_t c = 0; graph->reach && c < graph->n_components; c++)
		graph->row[c] = has_row[c] ? graph->reach + at++ * n_words : NULL;
	free(has_row);
	return graph->reach != NULL;
}

bool
graph_close(struct graph *graph)
{
	size_t n_words = graph->n / 64 + 1;
	size_t *begin;
	int *member;

	if (!make_rows(graph, n_words))
		return false;
	begin = xcalloc(graph->n_components + 1, sizeof(*begin));
	member = xcalloc(graph->n, sizeof(*member));
	for (size_t i = 0; i < graph->n; i++)
		begin[graph->component[i]]++;
	for (size_t c = 0, sum = 0; c <= graph->n_components; c++) {
		size_t size = c < graph->n_components ? begin[c] : 0;

		begin[c] = sum;
		sum += size;
	}
	for (size_t i = 0; i < graph->n; i++)
		member[begin[graph->component[i]]++] = (int)i;
	/* Components are numbered from the sinks up and MEMBER is sorted by them, so every
	 * successor's row is complete when it is needed. */
	for (size_t m = 0; m < graph->n; m++) {
		int from = member[m];
		uint64_t *row = graph->row[graph->component[from]];

		for (size_t e = graph->begin[from]; e < graph->begin[from + 1]; e++) {
			int to = graph->edge[e].to;
			const uint64_t *other = graph->row[graph->component[to]];

			row[to / 64] |= (uint64_t)1 << (to % 64);
			if (!other || other == row)
				continue;
			for (size_t w = 0; w < n_words; w++)
				row[w] |= other[w];
		}
	}
	free(begin);
	free(member);
	return true;
}

bool
graph_reaches(const struct graph *graph, int from, int to)
{
	const uint64_t *row = graph->row[graph->component[from]];

	return row && (row[to / 64] >> (to % 64) & 1);
}

int
graph_step(const struct graph *graph, int from, int to)
{
	for (size_t e = graph->begin[from]; e < graph->begin[from + 1]; e++) {
		int next = graph->edge[e].to;

		if (next == to || graph_reaches(graph, next, to))
			return next;
	}
	assert(!"no way between the nodes");
	return to;
}

size_t
graph_cycle(const struct graph *graph, int node, int *cycle)
{
	int *parent = xcalloc(graph->n, sizeof(*parent));
	int *queue = xcalloc(graph->n, sizeof(*queue));
	size_t begin = 0, end = 0, length = 0;
	bool is_found = false;

	for (size_t i = 0; i < graph->n; i++)
		parent[i] = -1;
	queue[end++] = node;
	while (begin < end && !is_found) {
		int from = queue[begin++];

		for (size_t e = graph->begin[from];
		     e < graph->begin[from + 1] && !is_found; e++) {
			int to = graph->edge[e].to;

			is_found = to == node;
			if (parent[to] >= 0 ||
			    graph->component[to] != graph->component[node])
				continue;
			parent[to] = from;
			if (!is_found)
				queue[end++] = to;
		}
	}
	/* The parents lead backwards from NODE to itself. */
	for (int at = node; is_found && (length == 0 || at != node); at = parent[at])
		cycle[length++] = at;
	for (size_t i = 1, j = length; i + 1 < j; i++) {
		int swap = cycle[i];

		cycle[i] = cycle[--j];
		cycle[j] = swap;
	}
	free(parent);
	free(queue);
	return length;
}

/* A heap of positions, lowest first. */
struct heap {
	int *item;
	size_t n;
};

static void
heap_push(struct heap *h, int value)
{
	size_t i = h->n++;

	for (; i > 0 && h->item[(i - 1) / 2] > value; i = (i - 1) / 2)
		h->item[i] = h->item[(i - 1) / 2];
	h->item[i] = value;
}

static int
heap_pop(struct heap *h)
{
	int top = h->item[0], last = h->item[--h->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && h->item[child + 1] < h->item[child])
			child++;
		if (child >= h->n || h->item[child] >= last)
			break;
		h->item[i] = h->item[child];
		i = child;
	}
	h->item[i] = last;
	return top;
}

void
graph_rank(const struct graph *graph, int *rank)
{
	struct heap heap = { .item = xcalloc(graph->n + 1, sizeof(int)) };
	int *n_before = xcalloc(graph->n, sizeof(*n_before));
	int n_ranked = 0;

	for (size_t e = 0; e < graph->n_edges; e++)
		n_before[graph->edge[e].to]++;
	for (size_t i = 0; i < graph->n; i++) {
		rank[i] = -1;
		if (n_before[i] == 0)
			heap_push(&heap, (int)i);
	}
	while (heap.n > 0) {
		int node = heap_pop(&heap);

		rank[node] = n_ranked++;
		for (size_t e = graph->begin[node]; e < graph->begin[node + 1]; e++) {
			if (--n_before[graph->edge[e].to] == 0)
				heap_push(&heap, graph->edge[e].to);
		}
	}
	for (size_t i = 0; i < graph->n; i++) {
		if (rank[i] < 0)
			rank[i] = n_ranked++;
	}
	free(heap.item);
	free(n_before);
}

size_t
graph_longest(const struct graph *graph, const bool *is_in, int *chain)
{
	int *rank = xcalloc(graph->n, sizeof(*rank));
	int *node_at = xcalloc(graph->n, sizeof(*node_at));
	int *length = xcalloc(graph->n, sizeof(*length));
	int *next = xcalloc(graph->n, sizeof(*next));
	int best = -1;
	size_t n = 0;

	graph_rank(graph, rank);
	for (size_t i = 0; i < graph->n; i++)
		node_at[rank[i]] = (int)i;
	for (size_t r = graph->n; r-- > 0;) {
		int node = node_at[r];

		next[node] = -1;
		if (is_in && !is_in[node])
			continue;
		length[node] = 1;
		for (size_t e = graph->begin[node]; e < graph->begin[node + 1]; e++) {
			int to = graph->edge[e].to;

			if (length[to] >= length[node] && to != node) {
				length[node] = length[to] + 1;
				next[node] = to;
			}
		}
	}
	for (size_t i = 0; i < graph->n; i++) {
		if (length[i] > 0 && (best < 0 || length[i] > length[best]))
			best = (int)i;
	}
	for (int at = best; at >= 0; at = next[at])
		chain[n++] = at;
	free(rank);
	free(node_at);
	free(length);
	free(next);
	return n;
}
