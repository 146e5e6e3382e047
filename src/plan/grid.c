#include "plan/grid.h"

#include "base/mem.h"

/* Padding may make a table this many times larger; then every cell stands as it is. */
#define MAX_SWELL 8
#define MIN_WIDTH 3

static size_t
width_of(struct span cell)
{
	char buf[256];
	AUTO_FREE char *long_text = NULL;

	if (cell.n >= sizeof(buf)) {
		long_text = xstrndup(cell.p, cell.n);
		return text_width(long_text);
	}
	snprintf(buf, sizeof(buf), "%.*s", SPAN_FMT(cell));
	return text_width(buf);
}

static void
put_cell(FILE *out, struct span cell, size_t width)
{
	size_t n = width_of(cell);

	fprintf(
	    out, " %.*s%*s |", SPAN_FMT(cell), n < width ? (int)(width - n) : 0, "");
}

static void
put_row(
    FILE *out, const struct grid *grid, const struct grid_row *row, const size_t *width)
{
	fprintf(out, "%.*s|", SPAN_FMT(grid->indent));
	for (size_t c = 0; c < row->n || c < grid->n_columns; c++)
		put_cell(out, c < row->n ? row->cell[c] : (struct span){ "", 0 },
		    c < grid->n_columns ? width[c] : 0);
	fprintf(out, "%.*s", SPAN_FMT(row->eol));
}

static void
put_alignment(FILE *out, const struct grid *grid, const size_t *width)
{
	fprintf(out, "%.*s|", SPAN_FMT(grid->indent));
	for (size_t c = 0; c < grid->n_columns; c++) {
		unsigned char align = grid->align[c];
		size_t n = width[c] + 2;

		if (align & GRID_LEFT_COLON)
			fputc(':', out);
		n -= (align & GRID_LEFT_COLON) != 0;
		n -= (align & GRID_RIGHT_COLON) != 0;
		while (n-- > 0)
			fputc('-', out);
		fputs(align & GRID_RIGHT_COLON ? ":|" : "|", out);
	}
	fprintf(out, "%.*s", SPAN_FMT(grid->align_eol));
}

void
grid_put(FILE *out, const struct grid *grid)
{
	AUTO_FREE size_t *width = xcalloc(grid->n_columns, sizeof(*width));
	size_t content = 0, padded = 0;

	for (size_t r = 0; r < grid->n_rows; r++) {
		const struct grid_row *row = &grid->row[r];

		for (size_t c = 0; c < row->n && c < grid->n_columns; c++) {
			size_t n = width_of(row->cell[c]);

			content += n;
			if (n > width[c])
				width[c] = n;
		}
		content += 3 * grid->n_columns;
	}
	for (size_t c = 0; c < grid->n_columns; c++) {
		if (width[c] < MIN_WIDTH)
			width[c] = MIN_WIDTH;
		padded += grid->n_rows * (width[c] + 3);
	}
	for (size_t c = 0; padded > MAX_SWELL * content && c < grid->n_columns; c++)
		width[c] = MIN_WIDTH;
	for (size_t r = 0; r < grid->n_rows; r++) {
		put_row(out, grid, &grid->row[r], width);
		if (r == 0)
			put_alignment(out, grid, width);
	}
}
