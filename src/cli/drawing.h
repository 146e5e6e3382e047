#pragma once

#include "cli/screen.h"
#include "plan/batch.h"

/*
 * A plan as a picture: who waits for whom, who must stay apart, who meets on branches; in
 * columns by level, with batches and the critical path.  Pairs that follow from others (a
 * before b before c) are left out, and those of phases that do not say what they touch.
 */
#define DRAWING_MAX_PHASES 400

struct drawing_edge {
	int from, to; /* positions */
	enum { EDGE_BEFORE, EDGE_APART, EDGE_BRANCHES } kind;
	bool is_critical;
	const char *reason;
};

struct drawing {
	const struct plan *plan; /* borrowed, and so are the next two */
	const struct verdicts *verdicts;
	const struct batches *batches;
	unsigned *level; /* per phase: 1 waits for nothing; 0 waits in a circle */
	unsigned n_levels;
	bool *is_critical; /* per phase */
	struct drawing_edge *edge;
	size_t n_edges, cap_edges;
};

void drawing_init(struct drawing *drawing, const struct plan *plan,
    const struct verdicts *verdicts, const struct batches *batches);
void drawing_clear(struct drawing *drawing);

/*
 * Level 1 waits for nothing, level N for something of level N-1; 0 for what waits in
 * a circle.  One per phase, the caller frees them.
 */
unsigned *drawing_levels(const struct plan *plan, const struct verdicts *verdicts,
    const struct batches *batches, unsigned *n_levels);

/* As text that fits SCREEN, 80 columns when that has no width. */
void drawing_print(const struct drawing *drawing, const struct screen *screen);

/* As one SVG document, for light and dark pages. */
void drawing_svg(const struct drawing *drawing, FILE *out);
