#include "cli/plan_edit.h"

#include "base/mem.h"
#include "plan/fmt.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "plan/section.h"
#include "plan/source.h"

#include <stdlib.h>
#include <string.h>

/* The 0-based line behind which the bullets of PHASE go; its section must exist. */
static size_t
insertion_line(const struct source *source, const struct phase *phase)
{
	size_t heading = phase->heading_at.line - 1, line = heading + 1;
	struct bullet bullet;

	if (bullet_next(source, section_end(source, heading), &line, &bullet))
		return bullet.end;
	return heading + 1;
}

/* A phase that is only a row of the table gets a section, before the next heading. */
static size_t
new_section_line(const struct source *source, const struct plan *plan)
{
	size_t last = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phase[i].heading_at.line == 0 &&
		    plan->phase[i].at.line > last)
			last = plan->phase[i].at.line;
	}
	return last > 0 ? section_end(source, last - 1) : source->n_lines;
}

struct insertion {
	size_t line; /* in front of this 0-based line */
	size_t order;
	char *text;
};

static int
compare_insertions(const void *a, const void *b)
{
	const struct insertion *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Prints TEXT with the line ends of the file. */
static void
put_lines(FILE *out, const char *text, struct span eol)
{
	for (; *text; text++) {
		if (*text == '\n')
			fprintf(out, "%.*s", SPAN_FMT(eol));
		else
			fputc(*text, out);
	}
}

/* Marks the lines of the proposal in the section of PHASE: it has been answered. */
static void
drop_comment(const struct source *source, const struct phase *phase, const char *mark,
    bool *is_dropped)
{
	size_t from = phase->heading_at.line, end = section_end(source, from - 1);
	bool is_inside = false;

	for (size_t i = from; i < end; i++) {
		struct span line = source_raw(source, i);

		is_inside = is_inside || span_starts(line, mark);
		is_dropped[i] = is_inside;
		if (is_inside && memmem(line.p, line.n, "-->", 3))
			return;
	}
}

static void
put_all(FILE *out, const struct source *source, const bool *is_dropped,
    const struct insertion *insertion, size_t n)
{
	struct span eol = SPAN_LIT("\n");
	size_t next = 0;

	if (source->n_lines > 0 && source_eol(source, 0).n > 0)
		eol = source_eol(source, 0);
	for (size_t i = 0; i <= source->n_lines; i++) {
		/* The file may end without a line end, behind which nothing can go. */
		if (next < n && insertion[next].line == i && i > 0 &&
		    source_eol(source, i - 1).n == 0)
			put_lines(out, "\n", eol);
		for (; next < n && insertion[next].line == i; next++)
			put_lines(out, insertion[next].text, eol);
		if (i < source->n_lines && !is_dropped[i])
			fprintf(out, "%.*s%.*s", SPAN_FMT(source_raw(source, i)),
			    SPAN_FMT(source_eol(source, i)));
	}
}

/* A plan that was in canonical form stays so; TEXT is swallowed. */
static char *
keep_format(const struct plan *plan, char *text, size_t *n)
{
	size_t n_before = 0;
	AUTO_FREE char *before = plan_format(plan, &n_before);
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *now = NULL;
	char *formatted;

	if (n_before != plan->n_bytes || memcmp(before, plan->bytes, n_before) != 0)
		return text;
	now = plan_parse("", text, *n, &lints, NULL);
	lint_list_clear(&lints);
	if (!now)
		return text;
	formatted = plan_format(now, n);
	free(text);
	return formatted;
}

char *
plan_edit_bullets(
    const struct plan *plan, const char *const *bullets, const char *mark, size_t *n)
{
	AUTO_SOURCE struct source *source = source_new(plan->bytes, plan->n_bytes);
	size_t section_line = new_section_line(source, plan), n_list = 0;
	struct insertion *list = xcalloc(plan->n_phases + 1, sizeof(*list));
	AUTO_FREE bool *is_dropped = xcalloc(source->n_lines + 1, sizeof(*is_dropped));
	char *text = NULL;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		if (!bullets[i] || *bullets[i] == '\0')
			continue;
		if (phase->heading_at.line > 0 && mark)
			drop_comment(source, phase, mark, is_dropped);
		if (phase->heading_at.line > 0)
			list[n_list] = (struct insertion){
				insertion_line(source, phase), i, xstrdup(bullets[i])
			};
		else
			list[n_list] = (struct insertion){ section_line, i,
				xasprintf("### %s: %s\n\n%s\n", phase->id, phase->focus,
				    bullets[i]) };
		n_list++;
	}
	if (n_list > 0) {
		FILE *out = open_memstream(&text, n);

		qsort(list, n_list, sizeof(*list), compare_insertions);
		put_all(out, source, is_dropped, list, n_list);
		fclose(out);
		text = keep_format(plan, text, n);
	}
	for (size_t i = 0; i < n_list; i++)
		free(list[i].text);
	free(list);
	return text;
}
