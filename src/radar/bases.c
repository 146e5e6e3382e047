#include "base/mem.h"
#include "radar/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More commits than this between the sides and what all of them stand on: not looked through. */
#define MAX_COMMITS 4096

/* The commits that are not below TOP, children before parents. */
struct graph {
	struct git_list tip; /* sorted, each once */
	char *top;           /* an ancestor of all */
	struct git_out text;
	struct node {
		const char *oid, *parents;
		size_t n_below; /* itself and what it stands on in here, once counted */
		bool is_counted, is_on_top;
	} * node;
	size_t n, cap;
	struct node **by_oid;
	uint64_t *from; /* of each node: the tips that reach it, a bit each */
	size_t n_words;
};

static int
compare_nodes(const void *pa, const void *pb)
{
	return strcmp((*(const struct node *const *)pa)->oid,
	    (*(const struct node *const *)pb)->oid);
}

static struct node *
find_node(const struct graph *g, const char *oid)
{
	const struct node wanted = { .oid = oid };
	const struct node *key = &wanted;
	struct node **found = g->n == 0 ? NULL
					: bsearch(&key, g->by_oid, g->n,
					      sizeof(struct node *), compare_nodes);

	return found ? *found : NULL;
}

/* The next id of the list at *P, in ID; false at its end. */
static bool
next_parent(const char **p, char id[GIT_OID_SIZE])
{
	size_t n;

	*p += strspn(*p, " ");
	n = strcspn(*p, " ");
	if (n == 0 || n >= GIT_OID_SIZE)
		return false;
	memcpy(id, *p, n);
	id[n] = '\0';
	*p += n;
	return true;
}

static void
collect_tips(struct graph *g, const struct radar_pair *pair, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		git_list_add(&g->tip, pair[i].a);
		git_list_add(&g->tip, pair[i].b);
	}
	git_list_sort(&g->tip);
	for (size_t i = 0; i < g->tip.n; i++) {
		if (kept > 0 && strcmp(g->tip.item[kept - 1], g->tip.item[i]) == 0)
			free(g->tip.item[i]);
		else
			g->tip.item[kept++] = g->tip.item[i];
	}
	g->tip.n = kept;
}

static int
find_top(struct radar *radar, struct graph *g, struct err *err)
{
	AUTO_FREE const char **argv = xcalloc(g->tip.n + 3, sizeof(*argv));
	struct radar_call call = { .argv = argv };
	struct git_out out = { 0 };

	argv[0] = "merge-base";
	argv[1] = "--octopus";
	for (size_t i = 0; i < g->tip.n; i++)
		argv[i + 2] = g->tip.item[i];
	if (radar_git(radar, &call, &out, err) < 0)
		return -1;
	g->top = xstrndup(out.text, strcspn(out.text, "\n"));
	git_out_clear(&out);
	return git_oid_ok(g->top) ? 0 : err_set(err, ERR_SYSTEM, "git gave no id");
}

static int
read_graph(struct radar *radar, struct graph *g, struct err *err)
{
	AUTO_FREE char *input = NULL;
	AUTO_FREE char *limit = xasprintf("--max-count=%d", MAX_COMMITS + 1);
	struct radar_call call = { .argv = GIT_ARGS("rev-list", "--topo-order",
				       "--parents", limit, "--stdin") };
	size_t size = 0;
	FILE *f = open_memstream(&input, &size);
	char *line;

	for (size_t i = 0; i < g->tip.n; i++)
		fprintf(f, "%s\n", g->tip.item[i]);
	fprintf(f, "^%s\n", g->top);
	fclose(f);
	call.input = input;
	if (radar_git(radar, &call, &g->text, err) < 0)
		return -1;
	line = g->text.text;
	while (line && *line) {
		char *end = strchr(line, '\n'), *blank;

		if (end)
			*end = '\0';
		GROW(g->node, g->n, g->cap);
		blank = strchr(line, ' ');
		if (blank)
			*blank = '\0';
		g->node[g->n++] = (struct node){ .oid = line,
			.parents = blank ? blank + 1 : "" };
		line = end ? end + 1 : NULL;
	}
	if (g->n > MAX_COMMITS)
		return err_set(err, ERR_NO, "too many commits");
	g->by_oid = xcalloc(g->n + 1, sizeof(*g->by_oid));
	for (size_t i = 0; i < g->n; i++)
		g->by_oid[i] = &g->node[i];
	qsort(g->by_oid, g->n, sizeof(struct node *), compare_nodes);
	return 0;
}

/* Which tips reach which commit. */
static void
spread(struct graph *g)
{
	g->n_words = g->tip.n / 64 + 1;
	g->from = xcalloc((g->n + 1) * g->n_words, sizeof(*g->from));
	for (size_t i = 0; i < g->tip.n; i++) {
		const struct node *node = find_node(g, g->tip.item[i]);

		if (node)
			g->from[(size_t)(node - g->node) * g->n_words + i / 64] |=
			    (uint64_t)1 << (i % 64);
	}
	for (size_t i = 0; i < g->n; i++) {
		const char *p = g->node[i].parents;
		char id[GIT_OID_SIZE];

		while (next_parent(&p, id)) {
			const struct node *parent = find_node(g, id);
			size_t to = parent ? (size_t)(parent - g->node) : 0;

			for (size_t w = 0; parent && w < g->n_words; w++)
				g->from[to * g->n_words + w] |=
				    g->from[i * g->n_words + w];
		}
	}
}

static void
count_below(struct graph *g, struct node *first)
{
	AUTO_FREE bool *is_below = xcalloc(g->n, sizeof(*is_below));

	first->is_counted = true;
	is_below[first - g->node] = true;
	for (size_t i = (size_t)(first - g->node); i < g->n; i++) {
		const char *p = g->node[i].parents;
		char id[GIT_OID_SIZE];

		if (!is_below[i])
			continue;
		first->n_below++;
		while (next_parent(&p, id)) {
			const struct node *parent = find_node(g, id);

			if (parent)
				is_below[parent - g->node] = true;
			else if (strcmp(id, g->top) == 0)
				first->is_on_top = true;
		}
	}
}

static size_t
tip_number(const struct graph *g, const char *oid)
{
	size_t low = 0, high = g->tip.n;

	while (low + 1 < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(g->tip.item[mid], oid) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool
is_from(const struct graph *g, size_t node, size_t tip)
{
	return g->from[node * g->n_words + tip / 64] >> (tip % 64) & 1;
}

/*
 * With nothing in common above it, TOP is the one best.  Otherwise the first that both
 * reach is a best one, and the only one when all others that both reach are below it.
 */
static const char *
base_of(struct graph *g, const struct radar_pair *pair)
{
	size_t a = tip_number(g, pair->a), b = tip_number(g, pair->b), n = 0;
	struct node *first = NULL;

	for (size_t i = 0; i < g->n; i++) {
		if (!is_from(g, i, a) || !is_from(g, i, b))
			continue;
		if (!first)
			first = &g->node[i];
		n++;
	}
	if (!first)
		return g->top;
	if (!first->is_counted)
		count_below(g, first);
	return first->n_below == n && first->is_on_top ? first->oid : "";
}

int
radar_bases(struct radar *radar, const struct radar_pair *pair, size_t n,
    char (*base)[GIT_OID_SIZE], struct err *err)
{
	struct graph g = { 0 };
	int rc;

	collect_tips(&g, pair, n);
	rc = find_top(radar, &g, err);
	if (rc == 0)
		rc = read_graph(radar, &g, err);
	if (rc == 0)
		spread(&g);
	for (size_t i = 0; rc == 0 && i < n; i++)
		snprintf(base[i], GIT_OID_SIZE, "%s", base_of(&g, &pair[i]));
	git_list_clear(&g.tip);
	git_out_clear(&g.text);
	free(g.top);
	free(g.node);
	free(g.by_oid);
	free(g.from);
	return rc;
}
