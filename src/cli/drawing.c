#include "cli/drawing.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* One relaxation per level over the pairs whose order question 1 decided. */
unsigned *
drawing_levels(const struct plan *plan, const struct verdicts *verdicts,
    const struct batches *batches, unsigned *n_levels)
{
	size_t n = plan->n_phases;
	unsigned *level = xcalloc(n + 1, sizeof(*level));
	bool changed = true;

	for (size_t i = 0; i < n; i++)
		level[i] = 1;
	for (unsigned round = 1; changed && round <= n; round++) {
		changed = false;
		for (size_t k = 0; k < verdicts->n_pairs; k++) {
			const struct pair *p = &verdicts->pair[k];
			int first = p->first, next = p->a == first ? p->b : p->a;

			if (p->question != 1 || first < 0 || level[next] > level[first])
				continue;
			level[next] = level[first] + 1;
			changed = true;
		}
	}
	*n_levels = 1;
	for (size_t i = 0; i < batches->n_unplaced; i++)
		level[batches->unplaced[i]] = 0;
	for (size_t i = 0; i < n; i++) {
		if (level[i] > *n_levels)
			*n_levels = level[i];
	}
	return level;
}

/* Is TO directly behind FROM on the critical path? */
static bool
is_on_path(const struct batches *batches, int from, int to)
{
	for (size_t i = 1; i < batches->n_critical; i++) {
		if (batches->critical_path[i - 1] == from &&
		    batches->critical_path[i] == to)
			return true;
	}
	return false;
}

static void
add_edge(struct drawing *d, const struct pair *pair)
{
	int from = pair->first >= 0 ? pair->first : pair->a;
	struct drawing_edge edge = { .from = from,
		.to = pair->a + pair->b - from,
		.kind = EDGE_BRANCHES,
		.reason = pair->grounds->reason };

	edge.is_critical = is_on_path(d->batches, edge.from, edge.to);
	if (pair->verdict == VERDICT_SEQUENTIAL)
		edge.kind = pair->question == 1 && pair->first >= 0 ? EDGE_BEFORE
								    : EDGE_APART;
	/* One that is apart from everybody says so in its own place. */
	if ((pair->kind == PAIR_CLOSURE || pair->kind == PAIR_UNKNOWN) &&
	    !edge.is_critical)
		return;
	GROW(d->edge, d->n_edges, d->cap_edges);
	d->edge[d->n_edges++] = edge;
}

void
drawing_init(struct drawing *drawing, const struct plan *plan,
    const struct verdicts *verdicts, const struct batches *batches)
{
	*drawing = (struct drawing){
		.plan = plan, .verdicts = verdicts, .batches = batches
	};
	drawing->level = drawing_levels(plan, verdicts, batches, &drawing->n_levels);
	drawing->is_critical = xcalloc(plan->n_phases + 1, sizeof(bool));
	for (size_t i = 0; i < batches->n_critical; i++)
		drawing->is_critical[batches->critical_path[i]] = true;
	for (size_t i = 0; i < verdicts->n_pairs; i++) {
		if (verdicts->pair[i].verdict != VERDICT_PARALLEL)
			add_edge(drawing, &verdicts->pair[i]);
	}
}

void
drawing_clear(struct drawing *drawing)
{
	free(drawing->level);
	free(drawing->is_critical);
	free(drawing->edge);
	*drawing = (struct drawing){ 0 };
}

/* ---- text ------------------------------------------------------------------------------ */

static void
print_edges(const struct drawing *d, int from, const struct screen *screen)
{
	static const char *const sign[] = { "-->", "-x-", "~~~" };
	static const enum screen_style style[] = { STYLE_PLAIN, STYLE_BAD, STYLE_WARN };

	for (size_t i = 0; i < d->n_edges; i++) {
		const struct drawing_edge *edge = &d->edge[i];
		const char *to = d->plan->phase[edge->to].id;

		if (edge->from != from)
			continue;
		fputs("      ", screen->out);
		screen_put(screen, edge->is_critical ? STYLE_BOLD : style[edge->kind],
		    edge->is_critical ? "==>" : sign[edge->kind]);
		fputc(' ', screen->out);
		text_put(screen->out, to);
		fputs("  ", screen->out);
		screen_wrap(screen, 12, 12 + (int)text_width(to), edge->reason);
	}
}

static void
print_node(const struct drawing *d, int at, const struct screen *screen)
{
	const struct phase *phase = &d->plan->phase[at];
	const struct batch *batch = batches_of(d->batches, at);
	AUTO_FREE char *where = batch ? xasprintf("batch %d%s", batch->number,
					    d->is_critical[at] ? ", critical" : "")
				      : xstrdup("in a circle, or behind one");
	size_t used = 4 + text_width(phase->id) + 2 + text_width(where);
	size_t room = (size_t)screen->width > used + 12 ? (size_t)screen->width - used
							: 12;
	AUTO_FREE char *focus = screen_cut(phase->focus, room);

	fputs("  ", screen->out);
	screen_put(screen, STYLE_BOLD, phase->id);
	fprintf(screen->out, "  %s%*s  ", focus, (int)(room - text_width(focus)), "");
	screen_put(screen, batch ? STYLE_DIM : STYLE_BAD, where);
	fputc('\n', screen->out);
	if (phase->is_unknown)
		fputs("      -x- everything: it does not say what it touches\n",
		    screen->out);
	print_edges(d, at, screen);
}

void
drawing_print(const struct drawing *drawing, const struct screen *screen)
{
	struct screen fitted = *screen;
	const struct batches *batches = drawing->batches;
	FILE *out = screen->out;

	if (fitted.width == 0)
		fitted.width = 80;
	for (unsigned level = 0; level <= drawing->n_levels; level++) {
		bool is_any = false;

		for (size_t i = 0; i < drawing->plan->n_phases; i++) {
			if (drawing->level[i] != level)
				continue;
			if (!is_any && level > 0)
				fprintf(out, "level %u\n", level);
			else if (!is_any)
				fputs("cannot start\n", out);
			is_any = true;
			print_node(drawing, (int)i, &fitted);
		}
	}
	fputs("critical path", out);
	for (size_t i = 0; i < batches->n_critical; i++) {
		fputs(i ? " -> " : " ", out);
		text_put(out, drawing->plan->phase[batches->critical_path[i]].id);
	}
	fprintf(out, "\n%zu batch%s, at least %zu\n", batches->n,
	    batches->n == 1 ? "" : "es", batches->lower_bound);
	screen_wrap(&fitted, 0, 0,
	    "--> comes before, ==> and is on the critical path, ~~~ together on "
	    "branches, -x- not together");
}
