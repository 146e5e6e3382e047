#include "plan/fmt.h"

#include "base/mem.h"
#include "plan/grid.h"
#include "plan/index.h"
#include "plan/section.h"
#include "plan/source.h"
#include "plan/table.h"

#include <string.h>

#define STATUS_WIDTH 6 /* of the heading "Status" */

/* A piece of the file and what takes its place. */
struct edit {
	size_t at, n, order;
	char *text;
};

struct writer {
	const struct plan *plan;
	const struct plan_update *update;
	struct source *source;
	struct tables tables;
	struct cells cells;
	struct edit *edit;
	size_t n_edits, cap_edits;
	struct entry *by_phase, *by_issue; /* of update->status */
	size_t n_rows;                     /* phases that have a row; they come first */
	struct span eol;
};

static size_t
offset_of(const struct writer *writer, const char *clean)
{
	return (size_t)(clean - writer->source->clean);
}

/* Takes TEXT, which the writer frees. */
static void
edit_add(struct writer *writer, size_t at, size_t n, char *text)
{
	GROW(writer->edit, writer->n_edits, writer->cap_edits);
	writer->edit[writer->n_edits] = (struct edit){ at, n, writer->n_edits, text };
	writer->n_edits++;
}

/* TEXT as it may stand in a cell: no pipe that splits, no mark that swallows one. */
static char *
cell_text(const char *text)
{
	char *cell = xmalloc(2 * strlen(text) + 1), *p = cell;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '|')
			*p++ = '\\';
		if (c < 0x20 || c == 0x7F)
			*p++ = ' ';
		else if (c == '`' || c == '\\')
			*p++ = c == '`' ? '\'' : '/';
		else
			*p++ = *text;
	}
	*p = '\0';
	return cell;
}

static const char *
status_for(const struct writer *writer, const struct entry *entries, const char *id)
{
	const struct entry *entry = entries_find(entries, writer->update->n_status, id);

	return entry ? writer->update->status[entry->at].status : "";
}

/* Does ROW, just split, end in a pipe?  An escaped one belongs to the last cell. */
static bool
row_is_closed(const struct writer *writer, struct span row)
{
	const struct cells *cells = &writer->cells;
	struct span last;

	if (cells->n == 0)
		return row.n > 0;
	last = cells->whole[cells->n - 1];
	return last.p + last.n < row.p + row.n;
}

/* Puts STATUS into COLUMN of the row just split, keeping the width when it can. */
static void
set_cell(struct writer *writer, size_t line, size_t column, const char *status)
{
	AUTO_FREE char *text = cell_text(status);
	struct span row = source_trim(source_clean(writer->source, line)), whole;
	size_t n_old, n_new = text_width(text) + 2;

	if (column >= writer->cells.n) {
		char *buf = NULL;
		size_t n = 0, end = offset_of(writer, row.p) + row.n;
		FILE *out = open_memstream(&buf, &n);

		if (!row_is_closed(writer, row))
			fputs(" |", out);
		for (size_t c = writer->cells.n; c < column; c++)
			fputs("  |", out);
		fprintf(out, " %s |", text);
		fclose(out);
		edit_add(writer, end, 0, buf);
		return;
	}
	if (span_eq(writer->cells.item[column], text))
		return;
	whole = writer->cells.whole[column];
	if (memchr(whole.p, '\0', whole.n)) {
		struct span item = writer->cells.item[column];

		edit_add(writer, offset_of(writer, item.p), item.n, xstrdup(text));
		return;
	}
	n_old = whole.n;
	edit_add(writer, offset_of(writer, whole.p), whole.n,
	    xasprintf(" %s %*s", text, n_old > n_new ? (int)(n_old - n_new) : 0, ""));
}

/* Adds a cell behind the last column of the header to row LINE; dashes for no TEXT. */
static void
append_cell(struct writer *writer, size_t line, size_t n_columns, const char *text,
    size_t width)
{
	struct span row = source_trim(source_clean(writer->source, line));
	AUTO_FREE char *cell = cell_text(text ? text : "");
	size_t n_text = text_width(cell), at, n = 0;
	char *buf = NULL;
	FILE *out = open_memstream(&buf, &n);
	bool is_closed = true;

	if (writer->cells.n > n_columns && n_columns > 0) {
		struct span last = writer->cells.whole[n_columns - 1];

		at = offset_of(writer, last.p) + last.n + 1;
	} else {
		at = offset_of(writer, row.p) + row.n;
		is_closed = row_is_closed(writer, row);
	}
	if (!is_closed)
		fputs(" |", out);
	for (size_t c = writer->cells.n; c < n_columns; c++)
		fputs("  |", out);
	if (text)
		fprintf(out, " %s%*s |", cell,
		    n_text < width ? (int)(width - n_text) : 0, "");
	for (size_t i = 0; !text && i < width + 2; i++)
		fputc('-', out);
	if (!text)
		fputc('|', out);
	fclose(out);
	edit_add(writer, at, 0, buf);
}

static size_t
status_width(const struct writer *writer)
{
	size_t width = STATUS_WIDTH;

	for (size_t i = 0; i < writer->update->n_status; i++) {
		AUTO_FREE char *text = cell_text(writer->update->status[i].status);

		if (text_width(text) > width)
			width = text_width(text);
	}
	return width;
}

/* The phase whose row is LINE, or NULL: rows stand in the order of their lines. */
static const struct phase *
phase_at(const struct writer *writer, size_t line)
{
	const struct plan *plan = writer->plan;
	size_t lo = 0, hi = writer->n_rows;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (plan->phase[mid].at.line < line + 1)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < writer->n_rows && plan->phase[lo].at.line == line + 1
		   ? &plan->phase[lo]
		   : NULL;
}

static void
add_status_column(struct writer *writer, const struct table *table)
{
	size_t width = status_width(writer);

	for (size_t line = table->head; line < table->end; line++) {
		const struct phase *phase = phase_at(writer, line);
		const char *status = phase ? status_for(
						 writer, writer->by_phase, phase->id)
					   : "";

		cells_split(&writer->cells, source_clean(writer->source, line),
		    table->n_columns);
		if (line == table->head)
			status = "Status";
		if (line == table->head + 1)
			status = NULL;
		append_cell(writer, line, table->n_columns, status, width);
	}
}

static bool
has_status(const struct writer *writer)
{
	for (size_t i = 0; i < writer->update->n_status; i++) {
		if (writer->update->status[i].status[0] != '\0')
			return true;
	}
	return false;
}

static void
write_phase_map(struct writer *writer, const struct table *table)
{
	int column = table_column(table, KEY_STATUS);

	if (column < 0) {
		if (has_status(writer))
			add_status_column(writer, table);
		return;
	}
	for (size_t line = table->head + 2; line < table->end; line++) {
		const struct phase *phase = phase_at(writer, line);
		const char *status = phase ? status_for(
						 writer, writer->by_phase, phase->id)
					   : "";

		if (status[0] == '\0')
			continue;
		cells_split(&writer->cells, source_clean(writer->source, line),
		    table->n_columns);
		set_cell(writer, line, (size_t)column, status);
	}
}

static void
write_issue_registry(struct writer *writer)
{
	const struct plan *plan = writer->plan;
	size_t t = 0;

	for (size_t i = 0; i < plan->n_registry; i++) {
		size_t line = plan->registry[i].at.line - 1;
		const char *status = status_for(
		    writer, writer->by_issue, plan->registry[i].id);
		const struct table *table;
		int column;

		while (t < writer->tables.n && writer->tables.item[t].end <= line)
			t++;
		if (t == writer->tables.n)
			return;
		table = &writer->tables.item[t];
		column = table_column(table, KEY_STATUS);
		if (status[0] == '\0' || table->kind != TABLE_ISSUES || column < 0)
			continue;
		cells_split(&writer->cells, source_clean(writer->source, line),
		    table->n_columns);
		set_cell(writer, line, (size_t)column, status);
	}
}

/* A section that states its status itself is kept true as well. */
static void
write_section_status(struct writer *writer, const struct phase *phase)
{
	const struct source *source = writer->source;
	const char *status = status_for(writer, writer->by_phase, phase->id);
	size_t line, end;
	struct bullet bullet;

	if (phase->heading_at.line == 0 || status[0] == '\0')
		return;
	line = phase->heading_at.line;
	end = section_end(source, line - 1);
	while (bullet_next(source, end, &line, &bullet)) {
		struct span rest = bullet.text;
		struct segment segment;

		while (segment_next(&rest, &segment)) {
			AUTO_FREE char *text = NULL;

			if (segment.key != KEY_STATUS)
				continue;
			text = cell_text(status);
			if (span_eq(segment.value, text))
				return;
			if (segment.value.n > 0)
				edit_add(writer, offset_of(writer, segment.value.p),
				    segment.value.n, xstrdup(text));
			else
				edit_add(writer, offset_of(writer, segment.whole.p), 0,
				    xasprintf(" %s", text));
			return;
		}
	}
}

static void
tick_acceptance(struct writer *writer, const struct phase *phase)
{
	const struct source *source = writer->source;

	for (size_t i = 0; i < phase->acceptance.n; i++) {
		struct place at = phase->acceptance.item[i].at;
		size_t offset;

		if (at.line == 0 || at.line > source->n_lines)
			continue;
		offset = source->line[at.line - 1].at + at.column - 1;
		if (offset + 3 <= source->n_bytes &&
		    memcmp(source->bytes + offset, "[ ]", 3) == 0)
			edit_add(writer, offset + 1, 1, xstrdup("x"));
	}
}

/* The whole Session Registry as an aligned table. */
static char *
registry_text(const struct writer *writer)
{
	static const char *const heads[] = { "Session Name", "Issue", "Phase", "Agent",
		"Worktree", "Branch", "Status" };
	enum { N = N_ELEMS(heads) };
	const struct plan_update *update = writer->update;
	size_t n_cells = (update->n_rows + 1) * N, n_bytes = 0;
	AUTO_FREE char **text = xcalloc(n_cells, sizeof(*text));
	AUTO_FREE struct span *cell = xcalloc(n_cells, sizeof(*cell));
	AUTO_FREE struct grid_row *row = xcalloc(update->n_rows + 1, sizeof(*row));
	unsigned char align[N] = { 0 };
	struct grid grid = { { "", 0 }, N, align, writer->eol, row,
		update->n_rows + 1 };
	char *buf = NULL;
	FILE *out = open_memstream(&buf, &n_bytes);

	for (size_t r = 0; r <= update->n_rows; r++) {
		const struct registry_row *from = r ? &update->row[r - 1] : NULL;
		const char *const fields[N] = { from ? from->session : heads[0],
			from ? from->issue : heads[1], from ? from->phase : heads[2],
			from ? from->agent : heads[3], from ? from->worktree : heads[4],
			from ? from->branch : heads[5],
			from ? from->status : heads[6] };

		for (size_t c = 0; c < N; c++) {
			text[r * N + c] = cell_text(fields[c] ? fields[c] : "");
			cell[r * N + c] = span_trim(span_of(text[r * N + c]));
		}
		row[r] = (struct grid_row){ &cell[r * N], N, writer->eol };
	}
	grid_put(out, &grid);
	fclose(out);
	for (size_t i = 0; i < n_cells; i++)
		free(text[i]);
	return buf;
}

static bool
heading_is(const struct source *source, size_t line, const char *words)
{
	struct span s;
	size_t n = strlen(words);

	/* the title may have the same words */
	if (source->line[line].kind != LINE_HEADING || source->line[line].level < 2)
		return false;
	s = source_heading(source, line);
	for (size_t at = 0; at + n <= s.n; at++) {
		if (span_eq_nocase((struct span){ s.p + at, n }, words))
			return true;
	}
	return false;
}

static size_t
line_start(const struct source *source, size_t line)
{
	return line < source->n_lines ? source->line[line].at : source->n_bytes;
}

/* A table where there was none: below its heading, before Verification, or at the end. */
static void
insert_registry(struct writer *writer, char *table)
{
	const struct source *source = writer->source;
	AUTO_FREE char *owned = table;
	struct span eol = writer->eol;
	size_t before = source->n_lines;
	struct span cut = { "", 0 }; /* what the last line lacks */

	for (size_t i = 0; i < source->n_lines; i++) {
		if (heading_is(source, i, "session registry") &&
		    source_is_ended(source, i)) {
			bool is_close = i + 1 < source->n_lines &&
					source->line[i + 1].kind != LINE_BLANK;

			edit_add(writer, line_start(source, i + 1), 0,
			    xasprintf("%.*s%s%.*s", SPAN_FMT(eol), table,
				is_close ? (int)eol.n : 0, eol.p));
			return;
		}
		if (before == source->n_lines && heading_is(source, i, "verification"))
			before = i;
	}
	if (before < source->n_lines) {
		edit_add(writer, line_start(source, before), 0,
		    xasprintf("## Session Registry%.*s%.*s%s%.*s", SPAN_FMT(eol),
			SPAN_FMT(eol), table, SPAN_FMT(eol)));
		return;
	}
	/* at the end of such a file everything is code or comment: nothing to write to */
	if (source->open_fence > 0 || source->open_comment > 0)
		return;
	if (source->n_lines > 0 && !source_is_ended(source, source->n_lines - 1))
		cut = source_eol(source, source->n_lines - 1).n ? SPAN_LIT("\n") : eol;
	edit_add(writer, source->n_bytes, 0,
	    xasprintf("%.*s%.*s## Session Registry%.*s%.*s%s", SPAN_FMT(cut),
		SPAN_FMT(eol), SPAN_FMT(eol), SPAN_FMT(eol), table));
}

/* Does the row above line END open a comment?  Taking it away would lay bare what follows. */
static bool
opens_comment(const struct source *source, size_t end)
{
	if (end == source->n_lines)
		return source->open_comment == end;
	return source->line[end].kind == LINE_COMMENT && source->line[end].level > 0;
}

/* A header without a pipe in front, right below text: with one it could join a table. */
static bool
runs_into_above(const struct source *source, size_t head)
{
	return head > 0 && source_trim(source_clean(source, head)).p[0] != '|' &&
	       (source->line[head - 1].kind == LINE_TEXT ||
		   source->line[head - 1].kind == LINE_TABLE);
}

static void
write_sessions(struct writer *writer)
{
	char *text = registry_text(writer);

	for (size_t t = 0; t < writer->tables.n; t++) {
		const struct table *table = &writer->tables.item[t];
		size_t at = line_start(writer->source, table->head);
		size_t n = line_start(writer->source, table->end) - at;
		size_t n_text = strlen(text);

		if (table->kind != TABLE_SESSIONS)
			continue;
		if (opens_comment(writer->source, table->end)) {
			free(text);
			return;
		}
		if (runs_into_above(writer->source, table->head))
			edit_add(
			    writer, at, 0, xasprintf("%.*s", SPAN_FMT(writer->eol)));
		/* the last line of the file keeps having no end */
		if (n > 0 && writer->source->bytes[at + n - 1] != '\n')
			text[n_text - writer->eol.n] = '\0';
		edit_add(writer, at, n, text);
		return;
	}
	insert_registry(writer, text);
}

static int
compare_edits(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static char *
apply(struct writer *writer, size_t *n_bytes)
{
	const struct source *source = writer->source;
	char *text = NULL;
	size_t n = 0, at = 0;
	FILE *out = open_memstream(&text, &n);

	if (writer->n_edits > 0)
		qsort(writer->edit, writer->n_edits, sizeof(*writer->edit),
		    compare_edits);
	for (size_t i = 0; i < writer->n_edits; i++) {
		const struct edit *edit = &writer->edit[i];

		/* two phases in one row or one bullet: the first edit stands */
		if (edit->at < at)
			continue;
		fwrite(source->bytes + at, 1, edit->at - at, out);
		fputs(edit->text, out);
		at = edit->at + edit->n;
	}
	fwrite(source->bytes + at, 1, source->n_bytes - at, out);
	fclose(out);
	if (n_bytes)
		*n_bytes = n;
	return text;
}

static void
index_statuses(struct writer *writer)
{
	const struct plan_update *update = writer->update;

	writer->by_phase = xcalloc(update->n_status, sizeof(*writer->by_phase));
	writer->by_issue = xcalloc(update->n_status, sizeof(*writer->by_issue));
	for (size_t i = 0; i < update->n_status; i++) {
		const struct plan_status *status = &update->status[i];

		writer->by_phase[i] = (struct entry){
			status->phase_id ? status->phase_id : "", i
		};
		writer->by_issue[i] = (struct entry){
			status->issue_id ? status->issue_id : "", i
		};
	}
	entries_sort(writer->by_phase, update->n_status);
	entries_sort(writer->by_issue, update->n_status);
}

char *
plan_write_back(
    const struct plan *plan, const struct plan_update *update, size_t *n_bytes)
{
	struct writer writer = { .plan = plan,
		.update = update,
		.source = source_new(plan->bytes, plan->n_bytes) };
	char *text;

	writer.eol = source_new_eol(writer.source);
	while (writer.n_rows < plan->n_phases &&
	       plan->phase[writer.n_rows].at.line !=
		   plan->phase[writer.n_rows].heading_at.line)
		writer.n_rows++;
	tables_find(writer.source, &writer.tables);
	index_statuses(&writer);
	for (size_t t = 0; t < writer.tables.n; t++) {
		if (writer.tables.item[t].kind == TABLE_PHASES)
			write_phase_map(&writer, &writer.tables.item[t]);
	}
	write_issue_registry(&writer);
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		write_section_status(&writer, phase);
		if (update->tick_phase_acceptance &&
		    strcmp(phase->id, update->tick_phase_acceptance) == 0)
			tick_acceptance(&writer, phase);
	}
	if (update->row)
		write_sessions(&writer);
	text = apply(&writer, n_bytes);
	for (size_t i = 0; i < writer.n_edits; i++)
		free(writer.edit[i].text);
	free(writer.edit);
	free(writer.by_phase);
	free(writer.by_issue);
	cells_clear(&writer.cells);
	tables_clear(&writer.tables);
	source_free(writer.source);
	return text;
}
