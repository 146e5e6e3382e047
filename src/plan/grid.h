#pragma once

#include "base/text.h"

#include <stdio.h>

/* A Markdown table with its columns aligned, as `divisi fmt` and write-back put it. */
enum grid_align { GRID_LEFT_COLON = 1, GRID_RIGHT_COLON = 2 };

struct grid_row {
	struct span
	    *cell; /* raw text between the pipes, trimmed; short rows are padded */
	size_t n;
	struct span eol;
};

struct grid {
	struct span indent;
	size_t n_columns;
	unsigned char *align; /* per column, enum grid_align bits */
	struct span align_eol;
	struct grid_row
	    *row; /* the header first; the alignment row is written after it */
	size_t n_rows;
};

/*
 * Writes GRID.  Columns are padded unless one cell is so much wider than the others that
 * the file would swell.
 */
void grid_put(FILE *out, const struct grid *grid);
