#include "plan/fmt.h"

#include "base/mem.h"
#include "plan/fmt_section.h"
#include "plan/fmt_table.h"
#include "plan/section.h"
#include "plan/source.h"
#include "plan/table.h"

#include <string.h>

/* Marks the heading lines of phase sections. */
static bool *
find_headings(const struct plan *plan, const struct source *source)
{
	bool *is_phase = xcalloc(source->n_lines, sizeof(*is_phase));

	for (size_t i = 0; i < plan->n_phases; i++) {
		unsigned line = plan->phase[i].heading_at.line;

		if (line > 0 && line <= source->n_lines)
			is_phase[line - 1] = true;
	}
	return is_phase;
}

static void
put_lines(FILE *out, const struct source *source, size_t from, size_t end,
    struct span default_eol)
{
	for (size_t i = from; i < end; i++) {
		struct span eol = source_eol(source, i);

		fprintf(out, "%.*s%.*s", SPAN_FMT(source_raw(source, i)),
		    SPAN_FMT(eol.n ? eol : default_eol));
	}
}

static void
format(
    FILE *out, const struct plan *plan, struct source *source, struct span default_eol)
{
	struct tables tables = { 0 };
	AUTO_FREE bool *is_phase = find_headings(plan, source);
	size_t line = 0;

	tables_find(source, &tables);
	for (size_t t = 0; line < source->n_lines;) {
		while (t < tables.n && (tables.item[t].kind == TABLE_OTHER ||
					   tables.item[t].head < line))
			t++;
		if (t < tables.n && tables.item[t].head == line) {
			fmt_table(out, source, &tables.item[t]);
			line = tables.item[t].end;
			continue;
		}
		put_lines(out, source, line, line + 1, default_eol);
		if (is_phase[line++]) {
			size_t end = section_end(source, line - 1);

			fmt_section(out, source, line, end, default_eol);
			line = end;
		}
	}
	tables_clear(&tables);
}

char *
plan_format(const struct plan *plan, size_t *n_bytes)
{
	AUTO_SOURCE struct source *source = source_new(plan->bytes, plan->n_bytes);
	struct span default_eol = source_new_eol(source);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	format(out, plan, source, default_eol);
	fclose(out);
	/* a file that did not end in a line end still does not */
	if (source->n_lines > 0 && !source_is_ended(source, source->n_lines - 1)) {
		if (n > 0 && text[n - 1] == '\n')
			text[--n] = '\0';
		if (n > 0 && default_eol.n == 2 && text[n - 1] == '\r')
			text[--n] = '\0';
	}
	if (n_bytes)
		*n_bytes = n;
	return text;
}
