#include "plan/fmt_table.h"

#include "base/mem.h"
#include "plan/grid.h"

#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* RAW without blanks at its ends; comments stay. */
static struct span
trim_blanks(struct span raw)
{
	while (raw.n > 0 && is_blank(raw.p[0])) {
		raw.p++;
		raw.n--;
	}
	while (raw.n > 0 && is_blank(raw.p[raw.n - 1]))
		raw.n--;
	return raw;
}

/* Does row I begin or end in a comment?  Then a pipe there would be part of it. */
static bool
has_comment_at_edge(const struct source *source, size_t i)
{
	struct span raw = trim_blanks(source_raw(source, i));
	const char *clean = source->clean + (raw.p - source->bytes);

	return raw.n > 0 && (clean[0] == '\0' || clean[raw.n - 1] == '\0');
}

static bool
can_format(const struct source *source, const struct table *table)
{
	size_t n_rows = table->end - table->head, n_bytes = 0;
	bool has_edge = trim_blanks(source_raw(source, table->head)).p[0] == '|';

	/* with edges it would run into a table right above it */
	if (!has_edge && table->head > 0 &&
	    (source->line[table->head - 1].kind == LINE_TEXT ||
		source->line[table->head - 1].kind == LINE_TABLE))
		return false;

	for (size_t i = table->head; i < table->end; i++) {
		if (has_comment_at_edge(source, i))
			return false;
		n_bytes += source->line[i].n;
	}
	return n_rows * table->n_columns <= n_bytes;
}

static void
read_row(const struct source *source, size_t i, size_t n_wanted, struct cells *cells,
    struct grid_row *row)
{
	cells_split(cells, source_clean(source, i), n_wanted);
	row->n = cells->n;
	row->cell = xcalloc(cells->n, sizeof(*row->cell));
	for (size_t c = 0; c < cells->n; c++)
		row->cell[c] = trim_blanks(
		    (struct span){ source->bytes + (cells->whole[c].p - source->clean),
			cells->whole[c].n });
	row->eol = source_eol(source, i);
}

static void
read_alignment(struct grid *grid, const struct grid_row *row)
{
	for (size_t c = 0; c < row->n && c < grid->n_columns; c++) {
		struct span s = row->cell[c];

		if (s.n > 0 && s.p[0] == ':')
			grid->align[c] |= GRID_LEFT_COLON;
		if (s.n > 1 && s.p[s.n - 1] == ':')
			grid->align[c] |= GRID_RIGHT_COLON;
	}
	grid->align_eol = row->eol;
}

void
fmt_table(FILE *out, const struct source *source, const struct table *table)
{
	struct grid grid = { .n_columns = table->n_columns };
	struct span head = source_raw(source, table->head);
	struct cells cells = { 0 };
	struct grid_row alignment;

	if (!can_format(source, table)) {
		for (size_t i = table->head; i < table->end; i++)
			fprintf(out, "%.*s%.*s", SPAN_FMT(source_raw(source, i)),
			    SPAN_FMT(source_eol(source, i)));
		return;
	}
	grid.indent = (struct span){ head.p, (size_t)(trim_blanks(head).p - head.p) };
	grid.align = xcalloc(grid.n_columns, 1);
	grid.row = xcalloc(table->end - table->head, sizeof(*grid.row));
	for (size_t i = table->head; i < table->end; i++) {
		if (i == table->head + 1)
			continue;
		read_row(source, i, table->n_columns, &cells, &grid.row[grid.n_rows++]);
	}
	read_row(source, table->head + 1, 0, &cells, &alignment);
	read_alignment(&grid, &alignment);
	grid_put(out, &grid);
	for (size_t r = 0; r < grid.n_rows; r++)
		free(grid.row[r].cell);
	free(alignment.cell);
	free(grid.row);
	free(grid.align);
	cells_clear(&cells);
}
