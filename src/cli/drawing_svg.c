#include "cli/drawing.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Columns by level; within a column phases stand near those they are bound to.  All colour
 * is in classes, so that a page may restyle it, and follows the reader's light or dark.
 */
enum {
	BOX_W = 184,
	BOX_H = 48,
	GAP_X = 84,
	GAP_Y = 22,
	MARGIN = 28,
	HEAD = 64,
	FOOT = 56,
	MIN_W = 720,
	MAX_FAINT = 300, /* edges on branches; more of them hide everything else */
};

static const char style_sheet[] =
    "<style>\n"
    "svg{background:#fff;font:13px system-ui,-apple-system,'Segoe UI',sans-serif}\n"
    "text{fill:#1f2328}.dim{fill:#59636e}.box{fill:#f6f8fa;stroke:#818b98}\n"
    ".box.critical{stroke:#0969da;stroke-width:2.5}.box.stuck{stroke:#cf222e;"
    "stroke-dasharray:5 3}\n"
    ".id{font-weight:600}.title{font-size:17px;font-weight:600}\n"
    ".edge{fill:none;stroke:#59636e;stroke-width:1.4}.edge.critical{stroke:#0969da;"
    "stroke-width:2.5}\n"
    ".edge.apart{stroke:#cf222e;stroke-dasharray:6 4}"
    ".edge.branches{stroke:#9a6700;stroke-dasharray:2 4}\n"
    ".tip{fill:#59636e}.tip.critical{fill:#0969da}\n"
    "@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}"
    ".dim{fill:#9198a1}.box{fill:#161b22;stroke:#6e7681}"
    ".box.critical{stroke:#58a6ff}.box.stuck{stroke:#ff7b72}"
    ".edge{stroke:#9198a1}.edge.critical{stroke:#58a6ff}.edge.apart{stroke:#ff7b72}"
    ".edge.branches{stroke:#d29922}.tip{fill:#9198a1}.tip.critical{fill:#58a6ff}}\n"
    "</style>\n";

struct svg {
	const struct drawing *d;
	FILE *out;
	int *x, *y; /* per phase: the upper left corner of its box */
	int *row;   /* per phase: its place in the column */
	int width, height;
};

/* Text of strangers: escaped, control characters shown. */
static void
put_xml(FILE *out, const char *text)
{
	AUTO_FREE char *shown = text_show(text, true);

	for (const char *p = shown; *p; p++) {
		switch (*p) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		default: putc_unlocked(*p, out); break;
		}
	}
}

/* The columns of what cannot start and of each level, left to right. */
static unsigned
column_of(const struct drawing *d, int phase)
{
	return d->level[phase] ? d->level[phase] - 1 : 0;
}

struct seat {
	double wish; /* mean row of its neighbours to the left */
	int phase;
};

static int
compare_seats(const void *pa, const void *pb)
{
	const struct seat *a = pa, *b = pb;

	if (a->wish < b->wish || a->wish > b->wish)
		return a->wish < b->wish ? -1 : 1;
	return a->phase - b->phase;
}

/* Where PHASE would like to stand: beside those it comes after; else in plan order. */
static double
wished_row(const struct svg *s, int phase, int fallback)
{
	const struct drawing *d = s->d;
	double sum = 0;
	int n = 0;

	for (size_t i = 0; i < d->n_edges; i++) {
		const struct drawing_edge *edge = &d->edge[i];

		if (edge->to != phase || edge->kind != EDGE_BEFORE ||
		    column_of(d, edge->from) >= column_of(d, phase))
			continue;
		sum += s->row[edge->from];
		n++;
	}
	return n > 0 ? sum / n : fallback;
}

static void
place_boxes(struct svg *s)
{
	const struct drawing *d = s->d;
	size_t n = d->plan->n_phases;
	struct seat *seat = xcalloc(n + 1, sizeof(*seat));
	int most = 1;

	for (unsigned column = 0; column < d->n_levels; column++) {
		int n_seats = 0;

		for (size_t i = 0; i < n; i++) {
			if (column_of(d, (int)i) != column)
				continue;
			seat[n_seats].wish = wished_row(s, (int)i, n_seats);
			seat[n_seats++].phase = (int)i;
		}
		if (n_seats > 0)
			qsort(seat, (size_t)n_seats, sizeof(*seat), compare_seats);
		for (int i = 0; i < n_seats; i++) {
			int phase = seat[i].phase;

			s->row[phase] = i;
			s->x[phase] = MARGIN + (int)column * (BOX_W + GAP_X);
			s->y[phase] = HEAD + i * (BOX_H + GAP_Y);
		}
		most = n_seats > most ? n_seats : most;
	}
	free(seat);
	/* A bow beside the last column needs its room too. */
	s->width = 2 * MARGIN + (int)d->n_levels * (BOX_W + GAP_X);
	s->width = s->width < MIN_W ? MIN_W : s->width;
	s->height = HEAD + most * (BOX_H + GAP_Y) + FOOT;
}

/* From the right side of one box to the left of the next, or in a bow beside a column. */
static void
put_edge(const struct svg *s, const struct drawing_edge *edge)
{
	static const char *const kind[] = { "before", "apart", "branches" };
	int from = edge->from, to = edge->to, x1, y1, x2, y2, bend;

	if (s->x[from] > s->x[to]) {
		from = edge->to;
		to = edge->from;
	}
	x1 = s->x[from] + BOX_W;
	y1 = s->y[from] + BOX_H / 2;
	x2 = s->x[to];
	y2 = s->y[to] + BOX_H / 2;
	bend = x2 - x1 > GAP_X ? GAP_X : GAP_X / 2;
	fprintf(s->out, "<path class=\"edge %s%s\" d=\"M%d %d", kind[edge->kind],
	    edge->is_critical ? " critical" : "", x1, y1);
	if (s->x[from] == s->x[to]) {
		int deep = 18 + 6 * abs(s->row[from] - s->row[to]);

		deep = deep > GAP_X - 16 ? GAP_X - 16 : deep;
		x2 += BOX_W;
		fprintf(s->out, "C%d %d %d %d %d %d\"", x1 + deep, y1, x2 + deep, y2,
		    x2, y2);
	} else {
		fprintf(s->out, "C%d %d %d %d %d %d\"", x1 + bend, y1, x2 - bend, y2,
		    x2, y2);
	}
	if (edge->kind == EDGE_BEFORE)
		fprintf(s->out, " marker-end=\"url(#%s)\"",
		    edge->is_critical ? "tip-critical" : "tip");
	fputs("><title>", s->out);
	put_xml(s->out, edge->reason);
	fputs("</title></path>\n", s->out);
}

static void
put_box(const struct svg *s, int at)
{
	const struct phase *phase = &s->d->plan->phase[at];
	const struct batch *batch = batches_of(s->d->batches, at);
	const char *why = s->d->batches->why[at];
	AUTO_FREE char *id = screen_cut(phase->id, 12);
	AUTO_FREE char *focus = screen_cut(phase->focus, 26);

	fprintf(s->out,
	    "<g><rect class=\"box%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	    "rx=\"6\"/><text class=\"id\" x=\"%d\" y=\"%d\">",
	    s->d->is_critical[at] ? " critical" : "",
	    batch && !phase->is_unknown ? "" : " stuck", s->x[at], s->y[at], BOX_W,
	    BOX_H, s->x[at] + 10, s->y[at] + 19);
	put_xml(s->out, id);
	fprintf(s->out,
	    "</text><text class=\"dim\" text-anchor=\"end\" x=\"%d\" y=\"%d\">",
	    s->x[at] + BOX_W - 10, s->y[at] + 19);
	if (batch)
		fprintf(s->out, "%sbatch %d", phase->is_unknown ? "alone, " : "",
		    batch->number);
	else
		fputs("cannot start", s->out);
	fprintf(s->out, "</text><text x=\"%d\" y=\"%d\" font-size=\"12\">",
	    s->x[at] + 10, s->y[at] + 38);
	put_xml(s->out, focus);
	fputs("</text><title>", s->out);
	put_xml(s->out, phase->id);
	fputs(" ", s->out);
	put_xml(s->out, phase->focus);
	if (why && *why) {
		fputs(": ", s->out);
		put_xml(s->out, why);
	}
	fputs("</title></g>\n", s->out);
}

static void
put_head(const struct svg *s)
{
	const struct plan *plan = s->d->plan;
	AUTO_FREE char *title = screen_cut(
	    *plan->title ? plan->title : "plan", (size_t)(s->width - 2 * MARGIN) / 9);

	fprintf(s->out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" "
	    "height=\"%d\" viewBox=\"0 0 %d %d\" style=\"max-width:100%%;height:auto\">\n"
	    "<title>",
	    s->width, s->height, s->width, s->height);
	put_xml(s->out, *plan->title ? plan->title : "plan");
	fprintf(s->out, "</title>\n%s", style_sheet);
	for (int i = 0; i < 2; i++)
		fprintf(s->out,
		    "<marker id=\"tip%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
		    "markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" "
		    "orient=\"auto\"><path class=\"tip%s\" d=\"M0 0L8 4L0 8z\"/></marker>\n",
		    i ? "-critical" : "", i ? " critical" : "");
	fprintf(s->out, "<text class=\"title\" x=\"%d\" y=\"26\">", MARGIN);
	put_xml(s->out, title);
	fputs("</text>\n", s->out);
	for (unsigned i = 0; i < s->d->n_levels; i++)
		fprintf(s->out,
		    "<text class=\"dim\" x=\"%d\" y=\"%d\">level %u</text>\n",
		    MARGIN + (int)i * (BOX_W + GAP_X), HEAD - 12, i + 1);
}

/* What the lines mean, and how long the plan is. */
static void
put_foot(const struct svg *s, bool is_faint_hidden)
{
	static const struct {
		const char *class, *words;
		int width;
	} legend[] = { { "before", "comes before", 150 },
		{ "before critical", "critical path", 150 },
		{ "branches", "together on branches", 200 },
		{ "apart", "not together", 130 } };
	const struct batches *b = s->d->batches;
	int x = MARGIN, y = s->height - 34;

	for (size_t i = 0; i < N_ELEMS(legend); i++) {
		fprintf(s->out,
		    "<path class=\"edge %s\" d=\"M%d %dh30\"/><text class=\"dim\" x=\"%d\" "
		    "y=\"%d\">%s</text>\n",
		    legend[i].class, x, y - 4, x + 36, y, legend[i].words);
		x += legend[i].width;
	}
	fprintf(s->out,
	    "<text class=\"dim\" x=\"%d\" y=\"%d\">%zu batch%s, at least %zu%s"
	    "</text>\n</svg>\n",
	    MARGIN, s->height - 12, b->n, b->n == 1 ? "" : "es", b->lower_bound,
	    is_faint_hidden ? "; too many pairs share branches to draw them" : "");
}

void
drawing_svg(const struct drawing *drawing, FILE *out)
{
	size_t n = drawing->plan->n_phases, n_faint = 0;
	struct svg s = { .d = drawing, .out = out };

	s.x = xcalloc(n + 1, sizeof(*s.x));
	s.y = xcalloc(n + 1, sizeof(*s.y));
	s.row = xcalloc(n + 1, sizeof(*s.row));
	place_boxes(&s);
	put_head(&s);
	for (size_t i = 0; i < drawing->n_edges; i++)
		n_faint += drawing->edge[i].kind == EDGE_BRANCHES;
	for (size_t i = 0; i < drawing->n_edges; i++) {
		if (drawing->edge[i].kind != EDGE_BRANCHES || n_faint <= MAX_FAINT)
			put_edge(&s, &drawing->edge[i]);
	}
	for (size_t i = 0; i < n; i++)
		put_box(&s, (int)i);
	put_foot(&s, n_faint > MAX_FAINT);
	free(s.x);
	free(s.y);
	free(s.row);
}
