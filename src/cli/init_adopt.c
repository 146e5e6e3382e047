#include "cli/init.h"

#include "base/file.h"
#include "plan/fmt.h"
#include "plan/parse.h"
#include "plan/section.h"
#include "plan/source.h"

#include <string.h>

static void
propose_from(struct tree *tree, const char *text, bool is_reading, struct footprint *to)
{
	struct footprint one;

	footprint_propose(tree, text, is_reading, &one);
	for (size_t i = 0; i < one.n; i++)
		footprint_add(to, one.item[i].touch, one.item[i].path, one.item[i].to,
		    one.item[i].evidence);
	if (one.hint && !to->hint)
		to->hint = TAKE_PTR(one.hint);
	footprint_clear(&one);
}

/* What the phase does is in its tasks; its context tells of the rest of the repository. */
static void
propose(struct tree *tree, const struct phase *phase, struct proposal *proposal)
{
	struct footprint *footprint = &proposal->footprint;

	*proposal = (struct proposal){ .id = phase->id,
		.focus = phase->focus,
		.is_reading = phase->is_analysis_only,
		.is_declared = !phase->is_unknown };
	if (proposal->is_declared)
		return;
	propose_from(tree, phase->focus, proposal->is_reading, footprint);
	for (size_t i = 0; i < phase->tasks.n; i++)
		propose_from(
		    tree, phase->tasks.item[i].text, proposal->is_reading, footprint);
	propose_from(tree, phase->deliverable, proposal->is_reading, footprint);
}

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
drop_comment(const struct source *source, const struct phase *phase, bool *is_dropped)
{
	size_t from = phase->heading_at.line, end = section_end(source, from - 1);
	bool is_inside = false;

	for (size_t i = from; i < end; i++) {
		struct span line = source_raw(source, i);

		is_inside = is_inside || span_starts(line, init_proposal_mark);
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

/* The old plan with the bullets of every accepted proposal; nothing else changes. */
static void
extend(struct init *init)
{
	const struct plan *plan = init->old_plan;
	AUTO_SOURCE struct source *source = source_new(plan->bytes, plan->n_bytes);
	size_t section_line = new_section_line(source, plan), n = 0;
	struct insertion *list = xcalloc(init->n_proposals + 1, sizeof(*list));
	AUTO_FREE bool *is_dropped = xcalloc(source->n_lines + 1, sizeof(*is_dropped));

	for (size_t i = 0; i < init->n_proposals; i++) {
		const struct phase *phase = &plan->phase[i];
		AUTO_FREE char *bullets = footprint_bullets(
		    &init->proposal[i].footprint);

		if (init->proposal[i].is_declared || *bullets == '\0' ||
		    init->proposal[i].state != PROPOSAL_ACCEPTED)
			continue;
		if (phase->heading_at.line > 0)
			drop_comment(source, phase, is_dropped);
		if (phase->heading_at.line > 0)
			list[n] = (struct insertion){ insertion_line(source, phase), i,
				TAKE_PTR(bullets) };
		else
			list[n] = (struct insertion){ section_line, i,
				xasprintf("### %s: %s\n\n%s\n", phase->id, phase->focus,
				    bullets) };
		n++;
	}
	qsort(list, n, sizeof(*list), compare_insertions);
	if (n > 0) {
		FILE *out = open_memstream(&init->plan_text, &init->n_plan_text);

		put_all(out, source, is_dropped, list, n);
		fclose(out);
		init->plan_state = INIT_PLAN_EXTENDED;
	}
	for (size_t i = 0; i < n; i++)
		free(list[i].text);
	free(list);
}

/* A plan that was in canonical form stays so. */
static void
keep_format(struct init *init)
{
	size_t n = 0;
	AUTO_FREE char *before = plan_format(init->old_plan, &n);
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = NULL;

	if (n != init->old_plan->n_bytes ||
	    memcmp(before, init->old_plan->bytes, n) != 0)
		return;
	plan = plan_parse("", init->plan_text, init->n_plan_text, &lints, NULL);
	lint_list_clear(&lints);
	if (!plan)
		return;
	char *formatted = plan_format(plan, &n);

	free(init->plan_text);
	init->plan_text = formatted;
	init->n_plan_text = n;
}

/* The new text must be the same plan, only with what was accepted. */
static int
prove(const struct init *init, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse(
	    init->plan_path, init->plan_text, init->n_plan_text, &lints, err);
	bool is_same = plan && plan->n_phases == init->old_plan->n_phases;

	for (size_t i = 0; is_same && i < plan->n_phases; i++)
		is_same = strcmp(plan->phase[i].id, init->old_plan->phase[i].id) == 0 &&
			  (init->proposal[i].state != PROPOSAL_ACCEPTED ||
			      !plan->phase[i].is_unknown);
	lint_list_clear(&lints);
	if (is_same)
		return 0;
	err_set(err, ERR_INPUT, "%s is written in a way that cannot be added to",
	    init->plan_shown);
	return err_fix(err, "add the lines by hand: divisi init --dry-run --plan FILE");
}

int
init_adopt_plan(struct init *init, const char *path, struct err *err)
{
	struct tree *tree;

	init->old_plan = plan_load(path, &init->old_lints, err);
	if (!init->old_plan)
		return -1;
	if (init->old_plan->n_phases == 0) {
		err_set(err, ERR_INPUT, "%s has no phases", path);
		return err_fix(err, "name a master plan, see divisi-plan(5); or begin "
				    "with --tasks FILE");
	}
	init->plan_path = realpath(path, NULL);
	init->plan_shown = xstrdup(path);
	if (!init->plan_path)
		return err_sys(err, "%s", path);
	init->plan_state = INIT_PLAN_THERE;
	init->n_proposals = init->old_plan->n_phases;
	init->proposal = xcalloc(init->n_proposals, sizeof(*init->proposal));
	tree = tree_new((const char *const *)init->tracked.item, init->tracked.n);
	for (size_t i = 0; i < init->n_proposals; i++)
		propose(tree, &init->old_plan->phase[i], &init->proposal[i]);
	tree_free(tree);
	if (init_answer(init, err) < 0)
		return -1;
	extend(init);
	if (!init->plan_text)
		return 0;
	keep_format(init);
	return prove(init, err);
}
