#pragma once

#include "plan/key.h"
#include "plan/source.h"

/* The Markdown tables of a plan file, read by header name (SPEC 2.13, A-54). */
enum table_kind {
	TABLE_OTHER, /* somebody else's: never touched */
	TABLE_PHASES,
	TABLE_ISSUES,
	TABLE_SESSIONS,
	TABLE_FILES,
};

struct table {
	enum table_kind kind;
	size_t head; /* line of the header; the alignment row follows it */
	size_t end;  /* first line that is no row */
	enum plan_key *column;
	size_t n_columns;
};

struct tables {
	struct table *item;
	size_t n, cap;
};

/*
 * Every table of SOURCE in order; the lines of those that the plan format knows become
 * LINE_TABLE, so that nobody reads them as prose.  The caller clears the list.
 */
void tables_find(struct source *source, struct tables *tables);
void tables_clear(struct tables *tables);

/* Scratch for the cells of one row; zero it first, clear it last. */
struct cells {
	struct span *item;  /* trimmed */
	struct span *whole; /* the same from pipe to pipe */
	size_t n, cap;
};
void cells_clear(struct cells *cells);

/*
 * Splits ROW into cells.  `\|` never splits, and a pipe in a code span does not either
 * unless only splitting there gives the N_WANTED cells that the header asks for (0 = any).
 */
void cells_split(struct cells *cells, struct span row, size_t n_wanted);

/* The cell of COLUMN, or an empty span when the row is too short. */
struct span cells_at(const struct cells *cells, size_t column);

/* The first column that holds KEY, or -1. */
int table_column(const struct table *table, enum plan_key key);

bool cells_are_blank(const struct cells *cells);

/* Warns (L09) when row LINE, split into CELLS, has not the cells of the header. */
struct table_row {
	const struct table *table;
	const struct cells *cells;
	size_t line;
};
void table_lint_row(struct plan *plan, struct lint_list *lints,
    const struct source *source, const struct table_row *row);
