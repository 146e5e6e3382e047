#include "plan/graph.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct graph
graph_of(size_t n, const int (*edge)[2], size_t n_edges)
{
	struct graph g;

	graph_init(&g, n);
	for (size_t i = 0; i < n_edges; i++)
		graph_add(&g, edge[i][0], edge[i][1]);
	graph_seal(&g);
	graph_close(&g);
	return g;
}

static void
reaching_is_transitive_and_has_a_direction(void **state)
{
	static const int edge[][2] = { { 0, 1 }, { 1, 2 }, { 1, 2 }, { 3, 2 } };
	struct graph g = graph_of(5, edge, N_ELEMS(edge));

	assert_int_equal(g.n_edges, 3);
	assert_true(graph_reaches(&g, 0, 2));
	assert_false(graph_reaches(&g, 2, 0));
	assert_false(graph_reaches(&g, 0, 3));
	assert_false(graph_reaches(&g, 0, 0));
	assert_int_equal(graph_step(&g, 0, 2), 1);
	assert_true(graph_has(&g, 1, 2));
	assert_false(graph_has(&g, 0, 2));
	graph_clear(&g);
}

static void
a_shortest_cycle_is_found_in_order(void **state)
{
	static const int edge[][2] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 3, 0 }, { 2, 0 },
		{ 4, 4 }, { 3, 5 } };
	struct graph g = graph_of(6, edge, N_ELEMS(edge));
	int cycle[6];

	assert_int_equal(graph_cycle(&g, 0, cycle), 3);
	assert_int_equal(cycle[0], 0);
	assert_int_equal(cycle[1], 1);
	assert_int_equal(cycle[2], 2);
	assert_int_equal(graph_cycle(&g, 4, cycle), 1);
	assert_int_equal(graph_cycle(&g, 5, cycle), 0);
	assert_true(graph_reaches(&g, 4, 4));
	assert_true(graph_reaches(&g, 0, 0));
	assert_int_equal(g.component[0], g.component[3]);
	assert_int_not_equal(g.component[0], g.component[5]);
	graph_clear(&g);
}

static void
ranks_follow_the_edges_and_otherwise_the_plan(void **state)
{
	static const int edge[][2] = { { 3, 0 }, { 1, 2 } };
	struct graph g = graph_of(4, edge, N_ELEMS(edge));
	int rank[4];

	graph_rank(&g, rank);
	assert_int_equal(rank[1], 0);
	assert_int_equal(rank[2], 1);
	assert_int_equal(rank[3], 2);
	assert_int_equal(rank[0], 3);
	graph_clear(&g);
}

static void
the_longest_chain_may_be_limited_to_some_nodes(void **state)
{
	static const int edge[][2] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 4, 5 } };
	static const bool is_in[] = { true, false, true, true, true, true };
	struct graph g = graph_of(6, edge, N_ELEMS(edge));
	int chain[6];

	assert_int_equal(graph_longest(&g, NULL, chain), 4);
	assert_int_equal(chain[0], 0);
	assert_int_equal(chain[3], 3);
	assert_int_equal(graph_longest(&g, is_in, chain), 2);
	assert_int_equal(chain[0], 2);
	graph_clear(&g);
}

static void
a_ring_of_many_nodes_needs_no_deep_stack(void **state)
{
	const int n = 16000;
	struct graph g;
	int *cycle = xcalloc((size_t)n, sizeof(*cycle));

	graph_init(&g, (size_t)n);
	for (int i = 0; i < n; i++)
		graph_add(&g, i, (i + 1) % n);
	graph_seal(&g);
	assert_int_equal(g.n_components, 1);
	assert_int_equal(graph_cycle(&g, 5, cycle), n);
	graph_clear(&g);
	free(cycle);
}

/* Against Warshall on small random graphs. */
static void
closure_agrees_with_the_plain_one(void **state)
{
	uint32_t seed = 3;

	for (int round = 0; round < 400; round++) {
		bool reach[9][9] = { 0 };
		int n = 1 + round % 9;
		struct graph g;

		graph_init(&g, (size_t)n);
		for (int i = 0; i < n * n; i++) {
			seed = seed * 1664525u + 1013904223u;
			if ((seed >> 16) % 6 != 0)
				continue;
			graph_add(&g, i / n, i % n);
			reach[i / n][i % n] = true;
		}
		graph_seal(&g);
		graph_close(&g);
		for (int k = 0; k < n; k++) {
			for (int i = 0; i < n; i++) {
				for (int j = 0; j < n; j++)
					reach[i][j] |= reach[i][k] && reach[k][j];
			}
		}
		for (int i = 0; i < n * n; i++)
			assert_int_equal(
			    graph_reaches(&g, i / n, i % n), reach[i / n][i % n]);
		graph_clear(&g);
	}
}

/* Memory that grows with the square is given up to where it is some ten megabytes. */
static void
more_ways_than_there_is_room_for_are_none(void **state)
{
	static const int n_nodes[] = { 16384, 20000 };

	for (size_t i = 0; i < N_ELEMS(n_nodes); i++) {
		bool fits = i == 0;
		struct graph g;

		graph_init(&g, (size_t)n_nodes[i]);
		for (int node = 0; node + 1 < n_nodes[i]; node++)
			graph_add(&g, node, node + 1);
		graph_seal(&g);
		assert_int_equal(graph_may_be_too_large(g.n), !fits);
		assert_int_equal(graph_close(&g), fits);
		assert_int_equal(graph_reaches(&g, 0, n_nodes[i] - 1), fits);
		graph_clear(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reaching_is_transitive_and_has_a_direction),
		cmocka_unit_test(a_shortest_cycle_is_found_in_order),
		cmocka_unit_test(ranks_follow_the_edges_and_otherwise_the_plan),
		cmocka_unit_test(the_longest_chain_may_be_limited_to_some_nodes),
		cmocka_unit_test(a_ring_of_many_nodes_needs_no_deep_stack),
		cmocka_unit_test(closure_agrees_with_the_plain_one),
		cmocka_unit_test(more_ways_than_there_is_room_for_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
