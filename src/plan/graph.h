#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A directed graph over phases by position, FROM goes before TO (SPEC E-4).  Fill it with
 * graph_add(), then graph_seal(); what is asked below needs a sealed graph.  Nothing here
 * recurses, because the edges come out of a plan file.
 */
struct graph_edge {
	int from, to;
};

struct graph {
	size_t n; /* nodes */
	struct graph_edge *edge;
	size_t n_edges, cap_edges;
	size_t *begin; /* edges of node i: edge[begin[i]] up to edge[begin[i + 1]] */
	int *
	    component; /* strongly connected component; successors have lower numbers */
	size_t n_components;
	/* After graph_close(): per component its row of n bits; NULL = reaches nobody. */
	uint64_t **row;
	uint64_t *reach; /* the rows */
};

void graph_init(struct graph *graph, size_t n);
void graph_clear(struct graph *graph);
void graph_add(struct graph *graph, int from, int to);

/* Sorts the edges, drops doubles and finds the components. */
void graph_seal(struct graph *graph);
bool graph_has(const struct graph *graph, int from, int to);

/* Does any edge leave NODE? */
bool graph_has_successors(const struct graph *graph, int node);

/*
 * Computes who reaches whom: n / 8 bytes for each component that reaches anybody.  False when
 * that would be more than GRAPH_MAX_REACH, as it never is up to 16,384 nodes; then nobody is
 * said to reach anybody.
 */
#define GRAPH_MAX_REACH ((size_t)40 << 20)
bool graph_close(struct graph *graph);

/* Could a graph of N nodes have too many ways to be closed? */
bool graph_may_be_too_large(size_t n);

/* Is there a way of one edge or more?  A node in a cycle reaches itself. */
bool graph_reaches(const struct graph *graph, int from, int to);

/* The first node after FROM on a way to TO; TO must be reachable. */
int graph_step(const struct graph *graph, int from, int to);

/*
 * A shortest cycle through NODE into CYCLE (room for n), NODE first.  Returns its length,
 * 0 when there is none.
 */
size_t graph_cycle(const struct graph *graph, int node, int *cycle);

/*
 * Ranks of a topological order into RANK (room for n) in which plan order breaks ties;
 * nodes of cycles and what follows them come last, in plan order.
 */
void graph_rank(const struct graph *graph, int *rank);

/*
 * The longest chain of nodes that IS_IN (NULL = all) into CHAIN (room for n); the graph
 * must have no cycle among them.  Returns its length; plan order breaks ties.
 */
size_t graph_longest(const struct graph *graph, const bool *is_in, int *chain);
