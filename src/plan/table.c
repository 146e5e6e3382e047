#include "plan/table.h"

#include "base/mem.h"
#include "plan/parse.h"

#include <string.h>

void
cells_clear(struct cells *cells)
{
	free(cells->item);
	free(cells->whole);
	*cells = (struct cells){ 0 };
}

static void
cells_add(struct cells *cells, const char *p, size_t n)
{
	size_t cap = cells->cap;

	GROW(cells->item, cells->n, cells->cap);
	if (cap != cells->cap)
		cells->whole = xreallocarray(
		    cells->whole, cells->cap, sizeof(*cells->whole));
	cells->whole[cells->n] = (struct span){ p, n };
	cells->item[cells->n++] = source_trim((struct span){ p, n });
}

static void
split(struct cells *cells, struct span row, bool is_code_opaque)
{
	size_t start;
	size_t i = 0;

	cells->n = 0;
	row = source_trim(row);
	if (row.n > 0 && row.p[0] == '|')
		i = 1;
	start = i;
	while (i < row.n) {
		struct span rest = { row.p + i, row.n - i };

		if (row.p[i] == '\\' && i + 1 < row.n) {
			i += 2;
		} else if (row.p[i] == '`') {
			if (is_code_opaque)
				i += source_skip_quotes(rest);
			else
				i++;
		} else if (row.p[i] == '|') {
			cells_add(cells, row.p + start, i - start);
			start = ++i;
		} else {
			i++;
		}
	}
	if (start < row.n)
		cells_add(cells, row.p + start, row.n - start);
}

void
cells_split(struct cells *cells, struct span row, size_t n_wanted)
{
	split(cells, row, true);
	if (n_wanted == 0 || cells->n >= n_wanted || !memchr(row.p, '`', row.n))
		return;
	split(cells, row, false);
	if (cells->n != n_wanted)
		split(cells, row, true);
}

struct span
cells_at(const struct cells *cells, size_t column)
{
	return column < cells->n ? cells->item[column] : (struct span){ "", 0 };
}

int
table_column(const struct table *table, enum plan_key key)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		if (table->column[i] == key)
			return (int)i;
	}
	return -1;
}

static bool
is_alignment_row(struct span row)
{
	bool has_dash = false, has_pipe = false;

	row = source_trim(row);
	for (size_t i = 0; i < row.n; i++) {
		if (!strchr("|-: \t", row.p[i]) || row.p[i] == '\0')
			return false;
		has_dash = has_dash || row.p[i] == '-';
		has_pipe = has_pipe || row.p[i] == '|';
	}
	return has_dash && has_pipe;
}

static bool
is_row(const struct source *source, size_t i, bool needs_edge)
{
	struct span s = source_trim(source_clean(source, i));

	if (source->line[i].kind != LINE_TEXT)
		return false;
	return needs_edge ? s.p[0] == '|' : memchr(s.p, '|', s.n) != NULL;
}

static bool
heading_has(struct span heading, const char *words)
{
	size_t n = strlen(words);

	for (size_t i = 0; i + n <= heading.n; i++) {
		if (span_eq_nocase((struct span){ heading.p + i, n }, words))
			return true;
	}
	return false;
}

static enum table_kind
kind_of(const struct table *table, struct span heading)
{
	bool has_phase = table_column(table, KEY_PHASE) >= 0 ||
			 table_column(table, KEY_ID) >= 0;

	if (heading_has(heading, "phase map"))
		return has_phase ? TABLE_PHASES : TABLE_OTHER;
	if (heading_has(heading, "issue registry"))
		return table_column(table, KEY_ID) >= 0 ||
			       table_column(table, KEY_ISSUE) >= 0
			   ? TABLE_ISSUES
			   : TABLE_OTHER;
	if (heading_has(heading, "session registry"))
		return table_column(table, KEY_SESSION) >= 0 ? TABLE_SESSIONS
							     : TABLE_OTHER;
	if (heading_has(heading, "key files"))
		return TABLE_FILES;
	return TABLE_OTHER;
}

/* Without a headed Phase Map, tables that can be nothing else are it. */
static void
guess_phase_map(struct tables *tables)
{
	for (size_t i = 0; i < tables->n; i++) {
		if (tables->item[i].kind == TABLE_PHASES)
			return;
	}
	for (size_t i = 0; i < tables->n; i++) {
		struct table *t = &tables->item[i];

		if (t->kind == TABLE_OTHER && table_column(t, KEY_PHASE) >= 0 &&
		    table_column(t, KEY_ISSUE) >= 0 &&
		    table_column(t, KEY_FOCUS) >= 0 && table_column(t, KEY_SESSION) < 0)
			t->kind = TABLE_PHASES;
	}
}

void
tables_find(struct source *source, struct tables *tables)
{
	struct span heading = { "", 0 };
	struct cells cells = { 0 };

	for (size_t i = 0; i + 1 < source->n_lines; i++) {
		struct table table = { .head = i };
		bool has_edge;

		if (source->line[i].kind == LINE_HEADING)
			heading = source_heading(source, i);
		if (!is_row(source, i, false) ||
		    source->line[i + 1].kind != LINE_TEXT ||
		    !is_alignment_row(source_clean(source, i + 1)))
			continue;
		cells_split(&cells, source_clean(source, i), 0);
		if (cells.n == 0)
			continue;
		table.n_columns = cells.n;
		table.column = xcalloc(cells.n, sizeof(*table.column));
		for (size_t c = 0; c < cells.n; c++)
			table.column[c] = plan_key_of(cells.item[c]);
		has_edge = source_trim(source_clean(source, i)).p[0] == '|';
		table.end = i + 2;
		while (
		    table.end < source->n_lines && is_row(source, table.end, has_edge))
			table.end++;
		table.kind = kind_of(&table, heading);
		GROW(tables->item, tables->n, tables->cap);
		tables->item[tables->n++] = table;
		i = table.end - 1;
	}
	cells_clear(&cells);
	guess_phase_map(tables);
	for (size_t t = 0; t < tables->n; t++) {
		const struct table *table = &tables->item[t];

		for (size_t i = table->head; i < table->end; i++)
			source->line[i].kind = table->kind == TABLE_OTHER ? LINE_TEXT
									  : LINE_TABLE;
	}
}

void
tables_clear(struct tables *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		free(tables->item[i].column);
	free(tables->item);
	*tables = (struct tables){ 0 };
}

bool
cells_are_blank(const struct cells *cells)
{
	for (size_t i = 0; i < cells->n; i++) {
		if (cells->item[i].n > 0)
			return false;
	}
	return true;
}

void
table_lint_row(struct plan *plan, struct lint_list *lints, const struct source *source,
    const struct table_row *row)
{
	size_t n = row->cells->n, n_columns = row->table->n_columns;

	if (n == n_columns)
		return;
	lint_add(plan, lints, "L09", 'W', "R-109", "",
	    source_place(source, source_clean(source, row->line).p),
	    "give every row the cells of the header; write a pipe in a cell as \\|",
	    "this row has %zu cells where the header has %zu", n, n_columns);
}
