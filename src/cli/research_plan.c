#include "cli/research_plan.h"

#include "base/mem.h"
#include "base/text.h"
#include "plan/parse.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* Follow-up tracks in the text of the plan: rows, sections, and who waits for them. */

#define MOST_NEW       16
#define LINE_MAX_BYTES 400

struct new_track {
	char id[8];
	char *issue; /* of the built-in tracker */
	char *gap;   /* what it is to settle */
	size_t question;
};

struct follow_ups {
	const struct plan *plan;
	const struct research_in *in;
	const struct phase *like; /* the first track: agent, mode, estimate */
	struct new_track item[MOST_NEW];
	size_t n;
};

static void
clear(struct follow_ups *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->item[i].issue);
		free(f->item[i].gap);
	}
}

static bool
is_taken(const struct follow_ups *f, const char *id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->item[i].id, id) == 0)
			return true;
	}
	return plan_find(f->plan, id) != NULL;
}

/* The next free letter under the number of the plan's tracks. */
static int
name_track(const struct follow_ups *f, char id[8], struct err *err)
{
	unsigned number = (unsigned)strtoul(f->like->id, NULL, 10) % 1000u;

	for (int c = 'A'; c <= 'Z'; c++) {
		snprintf(id, 8, "%u%c", number, c);
		if (!is_taken(f, id))
			return 0;
	}
	return err_set(err, ERR_CONFLICT, "no letter is left for a track %u?", number);
}

static int
add(struct follow_ups *f, size_t question, const char *gap, struct err *err)
{
	struct new_track one = { .question = question };

	if (f->n == MOST_NEW)
		return 0; /* the rest in the next round */
	if (name_track(f, one.id, err) < 0)
		return -1;
	one.gap = xstrdup(gap);
	f->item[f->n++] = one;
	return 0;
}

static int
collect(struct follow_ups *f, unsigned follows, struct err *err)
{
	for (size_t i = 0; i < f->in->set.n_questions; i++) {
		struct research_axis axis;
		AUTO_FREE char *gap = NULL;

		if (!(follows >> i & 1u))
			continue;
		research_axis_of(&f->in->set, i, &f->in->limits, &axis);
		if (!axis.is_covered && add(f, i, axis.lack, err) < 0)
			return -1;
		if (axis.n_say == 0 || (axis.converges && !axis.is_contradicted))
			continue;
		gap = xasprintf("%d of %d tracks answer \"%.80s\"%s%s", axis.n_agree,
		    axis.n_say, axis.answer,
		    axis.against[0] ? ", against it " : ", and they do not agree",
		    axis.against);
		if (add(f, i, gap, err) < 0)
			return -1;
	}
	return 0;
}

static int
file_issue(
    struct client *client, struct follow_ups *f, struct new_track *t, struct err *err)
{
	const struct research_question *q = &f->in->set.question[t->question];
	AUTO_FREE char *body = xasprintf(
	    "%s: %s\n\nWhat it is to settle: %s", q->id, q->text, t->gap);
	AUTO_JSON struct json_object *made = NULL;
	struct fields in = { 0 }, out = { 0 };
	int rc;

	fields_set(&in, "what", "new");
	fields_setf(&in, "title", "Follow-up on %s: %.60s", q->id, t->gap);
	fields_set(&in, "body", body);
	fields_set(&in, "type", "spike");
	fields_set_number(&in, "json", 1);
	rc = client_order(client, "issue", &in, &out, 60000, err);
	if (rc == 0) {
		made = json_tokener_parse(fields_text(&out, "text"));
		t->issue = xstrdup(js_text(made, "id"));
		if (t->issue[0] == '\0')
			rc = err_set(err, ERR_INPUT, "the new issue has no id");
	}
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

/* Of a line that others wrote, what stands in a cell or a bullet. */
static void
put(FILE *out, const char *text)
{
	AUTO_FREE char *line = text_show(text, true);
	size_t n = 0;

	for (const char *p = line; *p && n < LINE_MAX_BYTES; p++, n++)
		fputc(*p == '|' ? '/' : *p, out);
}

static void
put_section(FILE *out, const struct follow_ups *f, const struct new_track *t)
{
	const struct research_question *q = &f->in->set.question[t->question];
	const struct phase *like = f->like;

	fprintf(out, "### %s: Follow-up on %s\n\n", t->id, q->id);
	fprintf(out, "- Issue: [%s: Follow-up on %s](local:%s)\n", t->issue, q->id,
	    t->issue);
	fprintf(out, "- Mode: %s (analysis-only)\n",
	    like->mode == EXEC_NONE ? "spike" : exec_mode_name(like->mode));
	if (like->agent[0])
		fprintf(out, "- Agent: %s\n", like->agent);
	if (like->est_mid_cents >= 0)
		fprintf(out, "- Estimate: $%ld.%02ld, %dpt\n",
		    like->est_mid_cents / 100, like->est_mid_cents % 100,
		    like->points > 0 ? like->points : 1);
	fputs(
	    "- Reads: `**`\n- Output: evidence\n- Context:\n  - The tracks before this "
	    "one were not sufficient.\n  - What is open: ",
	    out);
	put(out, t->gap);
	fputs("\n  - Its evidence is weighed together with theirs.\n- Tasks:\n  1. ",
	    out);
	fprintf(out, "%s%s: ", q->id, q->is_side ? " (side)" : "");
	put(out, q->text);
	fputs("\n  2. Settle what is open with sources that nobody named yet, and say "
	      "which answer holds.\n",
	    out);
	fprintf(out,
	    "- Deliverable: evidence on %s. Update [%s](local:%s) with results.\n"
	    "- Acceptance:\n  - [ ] what was open is settled\n\n",
	    q->id, t->issue, t->issue);
}

/* The cells of a table row of N bytes at LINE: where cell AT begins and ends, or false. */
static bool
cell_at(const char *line, size_t n, size_t at, size_t *from, size_t *to)
{
	size_t bar = 0;

	for (size_t i = 0; i < n; i++) {
		if (line[i] != '|' || (i > 0 && line[i - 1] == '\\'))
			continue;
		if (bar == at + 1) {
			*to = i;
			return true;
		}
		bar++;
		*from = i + 1;
	}
	return false;
}

/* The column of the Phase Map that is called Dependencies; -1 when LINE has none. */
static int
dependencies_column(struct span line)
{
	size_t from = 0, to = 0;

	for (int at = 0; at < 32 && cell_at(line.p, line.n, (size_t)at, &from, &to);
	     at++) {
		struct span cell = span_trim((struct span){ line.p + from, to - from });

		if (span_eq_nocase(cell, "Dependencies") ||
		    span_eq_nocase(cell, "Depends On"))
			return at;
	}
	return -1;
}

static void
put_waiting_row(FILE *out, const struct follow_ups *f, struct span line, int column)
{
	size_t from = 0, to = 0;

	if (column < 0 || !cell_at(line.p, line.n, (size_t)column, &from, &to)) {
		fprintf(out, "%.*s\n", SPAN_FMT(line));
		return;
	}
	while (to > from && line.p[to - 1] == ' ')
		to--;
	fprintf(out, "%.*s", (int)to, line.p);
	for (size_t i = 0; i < f->n; i++)
		fprintf(out, ", %s", f->item[i].id);
	fprintf(out, "%.*s\n", (int)(line.n - to), line.p + to);
}

static void
put_rows(FILE *out, const struct follow_ups *f, bool is_map)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct new_track *t = &f->item[i];
		const char *q = f->in->set.question[t->question].id;

		if (is_map)
			fprintf(out,
			    "| %s | [%s](local:%s) | Follow-up on %s | -- | None | Todo |\n",
			    t->id, t->issue, t->issue, q);
		else
			fprintf(out,
			    "| [%s](local:%s) | Follow-up on %s | Todo | spike | 1pt | -- |\n",
			    t->issue, t->issue, q);
	}
}

/* The last line of the Phase Map's rows, and that before which sections end. */
static void
find_places(const struct plan *plan, size_t *map, size_t *sections)
{
	*map = *sections = 0;
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phase[i].at.line > *map &&
		    plan->phase[i].at.line != plan->phase[i].heading_at.line)
			*map = plan->phase[i].at.line;
		if (plan->phase[i].heading_at.line > *sections)
			*sections = plan->phase[i].heading_at.line;
	}
}

static bool
waits_here(const struct plan *plan, size_t line)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phase[i].at.line == line)
			return research_is_synthesis(plan, &plan->phase[i]);
	}
	return false;
}

static char *
compose(const struct follow_ups *f)
{
	size_t map, sections, at = 0, registry = 0, n = 0;
	struct span rest = span_of(f->plan->bytes), line;
	bool is_put = false, in_registry = false;
	int column = -1;
	char *text = NULL;
	FILE *out = open_memstream(&text, &n);

	find_places(f->plan, &map, &sections);
	while (span_next(&rest, '\n', &line)) {
		at++;
		if (span_starts(line, "## "))
			in_registry = span_starts(line, "## Issue Registry");
		/* The last row of the registry is followed by a line that is none. */
		if (in_registry && registry > 0 && !span_starts(line, "|")) {
			put_rows(out, f, false);
			in_registry = false;
		}
		registry += in_registry && span_starts(line, "|");
		if (!is_put && at > sections && span_starts(line, "## ")) {
			for (size_t i = 0; i < f->n; i++)
				put_section(out, f, &f->item[i]);
			is_put = true;
		}
		if (at <= map && dependencies_column(line) >= 0)
			column = dependencies_column(line);
		if (waits_here(f->plan, at))
			put_waiting_row(out, f, line, column);
		else if (rest.n > 0 || line.n > 0)
			fprintf(out, "%.*s\n", SPAN_FMT(line));
		if (at == map)
			put_rows(out, f, true);
	}
	if (!is_put)
		fputc('\n', out);
	for (size_t i = 0; !is_put && i < f->n; i++)
		put_section(out, f, &f->item[i]);
	fclose(out);
	return text;
}

/* Is everything where it belongs?  Whoever wrote the plan otherwise does it by hand. */
static int
check(const struct follow_ups *f, const char *text, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse(
	    f->plan->path, text, strlen(text), &lints, err);
	int rc = plan ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < f->n; i++) {
		const struct phase *phase = plan_find(plan, f->item[i].id);

		if (!phase || !research_is_track(phase) || phase->n_issues != 1)
			rc = -1;
	}
	for (size_t i = 0; rc == 0 && i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		bool waits = !research_is_synthesis(plan, phase);

		for (size_t k = 0; k < phase->depends_on.n && !waits; k++)
			waits = strcmp(phase->depends_on.item[k].text, f->item[0].id) ==
				0;
		rc = waits ? 0 : -1;
	}
	lint_list_clear(&lints);
	if (rc == 0)
		return 0;
	err_set(err, ERR_CONFLICT,
	    "the follow-up tracks do not fit into the tables of %s", f->plan->path);
	return err_fix(err, "write them by hand: phases with Output: evidence and the "
			    "questions that divisi research names");
}

char *
research_follow_ups(struct client *client, const struct plan *plan,
    const struct research_in *in, unsigned follows, char **added, struct err *err)
{
	struct follow_ups f = { .plan = plan, .in = in };
	AUTO_FREE char *text = NULL;
	size_t n = 0;
	FILE *ids;
	int rc;

	f.like = plan_find(plan, in->set.track[0].phase);
	rc = collect(&f, follows, err);
	for (size_t i = 0; rc == 0 && i < f.n; i++)
		rc = file_issue(client, &f, &f.item[i], err);
	if (rc == 0) {
		text = compose(&f);
		rc = check(&f, text, err);
	}
	if (rc < 0) {
		clear(&f);
		return NULL;
	}
	ids = open_memstream(added, &n);
	for (size_t i = 0; i < f.n; i++)
		fprintf(ids, "%s%s", i ? " " : "", f.item[i].id);
	fclose(ids);
	clear(&f);
	return TAKE_PTR(text);
}
