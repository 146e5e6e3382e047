#include "plan/parse.h"

#include "base/file.h"
#include "plan/digest.h"
#include "plan/field.h"
#include "plan/header.h"
#include "plan/index.h"
#include "plan/phase.h"
#include "plan/registry.h"
#include "plan/section.h"
#include "plan/table.h"
#include "plan/verdict.h"

#include <stdarg.h>
#include <string.h>

/* Enough for any plan that can be mended; keeps sixty megabytes of noise from filling memory. */
#define MAX_LINTS         10000
#define MAX_MESSAGE_BYTES 700

struct parser {
	struct plan *plan;
	struct lint_list *lints;
	struct source *source;
	struct tables tables;
	struct cells cells;
	size_t *row;         /* per phase: line of its row, or SIZE_MAX */
	size_t *heading;     /* per phase: line of its section's heading, or SIZE_MAX */
	size_t *table;       /* per phase: its table */
	struct entry *by_id; /* of the rows */
};

void
lint_list_clear(struct lint_list *lints)
{
	free(lints->item);
	*lints = (struct lint_list){ 0 };
}

/* TEXT for a message: one line, nothing that steers a terminal, not endless. */
static const char *
message_text(struct arena *arena, const char *text)
{
	AUTO_FREE char *cut = xstrndup(text, MAX_MESSAGE_BYTES);
	AUTO_FREE char *shown = NULL;
	size_t n = strlen(cut);

	while (n > 0 && text[n] != '\0' && ((unsigned char)text[n] & 0xC0) == 0x80)
		cut[--n] = '\0';
	shown = text_show(cut, true);
	return arena_strdup(arena, shown);
}

void /* NOLINTNEXTLINE(readability-function-size): a row of the table, then its words */
lint_add(struct plan *plan, struct lint_list *lints, const char *code, char level,
    const char *rule, const char *phase_id, struct place at, const char *fix,
    const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	struct lint lint = { .code = code, .level = level, .rule = rule, .at = at };
	va_list ap;

	if (lints->n > MAX_LINTS || (lints->n == MAX_LINTS && level != 'E'))
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	lint.phase = phase_id;
	lint.message = message_text(plan->arena, text);
	lint.fix = message_text(plan->arena, fix);
	GROW(lints->item, lints->n, lints->cap);
	lints->item[lints->n++] = lint;
}

/* An id without a link, bold marks or backquotes around it. */
static const char *
read_id(struct parser *parser, struct span cell)
{
	struct field_env env = { parser->plan->arena, parser->source, true };
	struct issue_ref *ref;

	if (cell.n > 4 && span_starts(cell, "**") &&
	    memcmp(cell.p + cell.n - 2, "**", 2) == 0)
		cell = source_trim((struct span){ cell.p + 2, cell.n - 4 });
	if (cell.n > 0 && cell.p[0] == '[' && field_issues(&env, cell, &ref) == 1)
		return ref->id;
	return field_code(env.arena, cell, true);
}

/* The column of a Phase Map that names the phase. */
static size_t
phase_column(const struct table *table)
{
	int column = table_column(table, KEY_PHASE);

	return (size_t)(column >= 0 ? column : table_column(table, KEY_ID));
}

static struct phase *
add_phase(struct parser *parser, const char *id, struct place at)
{
	struct plan *plan = parser->plan;
	struct phase *phase = &plan->phase[plan->n_phases];

	phase_init(phase);
	phase->id = id;
	phase->at = at;
	parser->row[plan->n_phases] = SIZE_MAX;
	parser->heading[plan->n_phases] = SIZE_MAX;
	plan->n_phases++;
	return phase;
}

static void
find_rows(struct parser *parser)
{
	for (size_t t = 0; t < parser->tables.n; t++) {
		const struct table *table = &parser->tables.item[t];

		if (table->kind != TABLE_PHASES)
			continue;
		parser->plan->has_phase_map = true;
		for (size_t line = table->head + 2; line < table->end; line++) {
			struct span row = source_clean(parser->source, line), cell;

			cells_split(&parser->cells, row, table->n_columns);
			if (cells_are_blank(&parser->cells))
				continue;
			if (parser->plan->n_phases > PLAN_MAX_PHASES)
				return;
			cell = cells_at(&parser->cells, phase_column(table));
			add_phase(parser, read_id(parser, cell),
			    source_place(parser->source, source_trim(row).p));
			parser->row[parser->plan->n_phases - 1] = line;
			parser->table[parser->plan->n_phases - 1] = t;
		}
	}
}

/* Does the section say anything that only a phase says? */
static bool
has_phase_keys(const struct source *source, size_t heading)
{
	size_t end = section_end(source, heading), line = heading + 1;
	struct bullet bullet;

	while (bullet_next(source, end, &line, &bullet)) {
		struct span rest = bullet.text;
		struct segment segment;

		if (segment_next(&rest, &segment) && segment.key != KEY_STATUS &&
		    segment.key != KEY_REVIEW && segment.key != KEY_CONTEXT &&
		    segment.key != KEY_RISK && segment.key != KEY_FOCUS)
			return true;
	}
	return false;
}

static void
find_sections(struct parser *parser)
{
	struct plan *plan = parser->plan;
	size_t n_rows = plan->n_phases;

	for (size_t i = 0; i < n_rows; i++)
		parser->by_id[i] = (struct entry){ plan->phase[i].id, i };
	entries_sort(parser->by_id, n_rows);
	for (size_t line = 0; line < parser->source->n_lines; line++) {
		struct span id, focus;
		const struct entry *entry;
		char *text;

		if (!section_heading(parser->source, line, &id, &focus) || id.n > 255)
			continue;
		text = field_text(plan->arena, id, false);
		entry = entries_find(parser->by_id, n_rows, text);
		if (entry && parser->heading[entry->at] == SIZE_MAX) {
			parser->heading[entry->at] = line;
			continue;
		}
		if (focus.n == 0 || !has_phase_keys(parser->source, line))
			continue;
		if (plan->n_phases > PLAN_MAX_PHASES)
			return;
		add_phase(parser, text, source_place(parser->source, id.p));
		parser->heading[plan->n_phases - 1] = line;
		if (plan->has_phase_map && !entry)
			lint_add(plan, parser->lints, "L14", 'W', "R-109", text,
			    source_place(parser->source, id.p),
			    "add a row to the Phase Map",
			    "phase %s has a section but no row in the Phase Map", text);
	}
}

/* Reads what the Phase Map says about the phase at POSITION. */
static void
read_row(struct parser *parser, struct phase_build *build, size_t position)
{
	const struct table *table = &parser->tables.item[parser->table[position]];
	size_t line = parser->row[position], id_column = phase_column(table);

	cells_split(
	    &parser->cells, source_clean(parser->source, line), table->n_columns);
	table_lint_row(parser->plan, parser->lints, parser->source,
	    &(struct table_row){ table, &parser->cells, line });
	for (size_t c = 0; c < table->n_columns; c++) {
		enum plan_key key = table->column[c];

		if (c != id_column && plan_key_in_section(key))
			phase_read_cell(build, key, cells_at(&parser->cells, c));
	}
}

static void
read_phases(struct parser *parser)
{
	struct plan *plan = parser->plan;

	for (size_t i = 0; i < plan->n_phases; i++) {
		struct phase_build build = { plan, parser->lints, parser->source,
			&plan->phase[i], 0 };

		if (parser->heading[i] != SIZE_MAX)
			phase_read_section(&build, parser->heading[i]);
		if (parser->row[i] != SIZE_MAX)
			read_row(parser, &build, i);
		phase_keep_touches(plan->arena, &plan->phase[i]);
	}
}

static void
lint_source(struct parser *parser)
{
	const struct source *source = parser->source;

	if (source->open_fence > 0)
		lint_add(parser->plan, parser->lints, "L15", 'W', "R-107", "",
		    (struct place){ (unsigned)source->open_fence, 1 },
		    "close the code block",
		    "this code block is never closed: all that follows is code");
	if (source->open_comment > 0)
		lint_add(parser->plan, parser->lints, "L15", 'W', "R-107", "",
		    (struct place){ (unsigned)source->open_comment, 1 },
		    "close the comment with -->",
		    "this comment is never closed: all that follows is ignored");
}

/* No more phases than this can be in the file: rows and headings. */
static size_t
count_candidates(const struct parser *parser)
{
	size_t n = 0;

	for (size_t t = 0; t < parser->tables.n; t++) {
		const struct table *table = &parser->tables.item[t];

		if (table->kind == TABLE_PHASES)
			n += table->end - table->head - 2;
	}
	for (size_t i = 0; i < parser->source->n_lines; i++)
		n += parser->source->line[i].kind == LINE_HEADING;
	return n < PLAN_MAX_PHASES + 1 ? n : PLAN_MAX_PHASES + 1;
}

static void
parse(struct parser *parser)
{
	struct plan *plan = parser->plan;
	size_t n;

	tables_find(parser->source, &parser->tables);
	n = count_candidates(parser);
	plan->phase = arena_alloc(plan->arena, n * sizeof(*plan->phase));
	parser->row = xcalloc(n, sizeof(*parser->row));
	parser->heading = xcalloc(n, sizeof(*parser->heading));
	parser->table = xcalloc(n, sizeof(*parser->table));
	parser->by_id = xcalloc(n, sizeof(*parser->by_id));
	lint_source(parser);
	plan_read_header(plan, parser->source);
	find_rows(parser);
	find_sections(parser);
	if (plan->n_phases > PLAN_MAX_PHASES)
		return;
	read_phases(parser);
	plan_read_registries(plan, parser->source, &parser->tables, parser->lints);
	for (size_t i = 0; i < plan->n_phases; i++)
		phase_keep_texts(plan->arena, &plan->phase[i]);
	if (plan->n_phases == 0)
		lint_add(plan, parser->lints, "L01", 'E', "R-109", "",
		    (struct place){ 1, 1 },
		    "add a table \"## Phase Map\" with the columns Phase, Issues, "
		    "Focus, Batch, Dependencies",
		    "the plan has no phases");
	plan_digest(plan);
}

static void
parser_clear(struct parser *parser)
{
	source_free(parser->source);
	tables_clear(&parser->tables);
	cells_clear(&parser->cells);
	free(parser->row);
	free(parser->heading);
	free(parser->table);
	free(parser->by_id);
}

static unsigned
line_of(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

/* Refuses bytes that are no text, naming the first bad one. */
static int
check_bytes(const char *path, const char *text, size_t n_bytes, struct err *err)
{
	const char *nul = n_bytes ? memchr(text, '\0', n_bytes) : NULL;
	size_t n = nul ? (size_t)(nul - text) : n_bytes;
	long bad = text_utf8_bad(text, n);
	const char *name = path[0] ? path : "plan";

	if (n_bytes > PLAN_MAX_BYTES) {
		err_set(err, ERR_INPUT,
		    "%s: %zu bytes are more than a plan may have (%u)", name, n_bytes,
		    PLAN_MAX_BYTES);
		return err_fix(err, "move detail into files of its own");
	}
	if (n_bytes > PLAN_MAX_LINES && line_of(text, n_bytes) > PLAN_MAX_LINES) {
		err_set(err, ERR_INPUT, "%s: more than %u lines", name, PLAN_MAX_LINES);
		return err_fix(err, "move detail into files of its own");
	}
	if (bad >= 0) {
		err_set(err, ERR_INPUT, "%s: byte %ld (line %u): not UTF-8", name, bad,
		    line_of(text, (size_t)bad));
		return err_fix(err, "save the plan as UTF-8");
	}
	if (nul) {
		err_set(err, ERR_INPUT, "%s: byte %zu (line %u): a NUL byte", name, n,
		    line_of(text, n));
		return err_fix(err, "remove the byte");
	}
	return 0;
}

struct plan *
plan_parse(const char *path, const char *text, size_t n_bytes, struct lint_list *lints,
    struct err *err)
{
	struct arena *arena;
	struct plan *plan;
	struct parser parser = { .lints = lints };

	if (!path)
		path = "";
	if (check_bytes(path, text, n_bytes, err) < 0)
		return NULL;
	arena = arena_new();
	plan = arena_alloc(arena, sizeof(*plan));
	plan->arena = arena;
	plan->path = arena_strdup(arena, path);
	plan->bytes = arena_strndup(arena, text, n_bytes);
	plan->n_bytes = n_bytes;
	plan->title = plan->date = plan->session = plan->supersedes = plan->planner =
	    "";
	plan->needs_review = "";
	plan->master = (struct issue_ref){ .id = "", .title = "", .url = "" };
	hash_sha256(text, n_bytes, plan->sha256);
	parser.plan = plan;
	parser.source = source_new(plan->bytes, n_bytes);
	parse(&parser);
	parser_clear(&parser);
	if (plan->n_phases <= PLAN_MAX_PHASES)
		return plan;
	err_set(err, ERR_INPUT, "%s: more than %u phases", path[0] ? path : "plan",
	    PLAN_MAX_PHASES);
	err_fix(err, "split the plan");
	lint_list_clear(lints);
	plan_free(plan);
	return NULL;
}

struct plan *
plan_load(const char *path, struct lint_list *lints, struct err *err)
{
	size_t n_bytes;
	AUTO_FREE char *text = file_read(path, PLAN_MAX_BYTES, &n_bytes, err);

	if (!text && err && strstr(err->text, "larger than"))
		err_fix(err,
		    "move detail into files of its own, or make several plans of it: no "
		    "more than %d phases of one are decided",
		    VERDICT_MAX_PHASES);
	return text ? plan_parse(path, text, n_bytes, lints, err) : NULL;
}
