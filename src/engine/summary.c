#include "engine/summary.h"

#include "base/text.h"
#include "engine/internal.h"
#include "engine/members.h"
#include "engine/project.h"
#include "store/issues.h"

#include <stdio.h>
#include <string.h>

/*
 * One row of the Issues table, in the order of its columns.  Milestone and priority are a
 * person's and no business of divisi's, so they stay a dash.
 */
enum column {
	COLUMN_TITLE,
	COLUMN_STATUS,
	COLUMN_CONTEXT,
	COLUMN_ASSIGNEE,
	COLUMN_MILESTONE,
	COLUMN_PRIORITY,
	COLUMN_ESTIMATE,
	COLUMN_BLOCKING,
	COLUMN_BLOCKED_BY,
	COLUMN_N
};

struct row {
	char *cell[COLUMN_N];
};

static void
set_cell(struct row *row, enum column column, const char *text)
{
	free(row->cell[column]);
	row->cell[column] = xstrdup(text);
}

static void
clear_row(struct row *row)
{
	for (int i = 0; i < COLUMN_N; i++)
		free(row->cell[i]);
}

/* A bar or a control character would end the cell. */
static void
put_cell(FILE *f, const char *text)
{
	AUTO_FREE char *shown = text_show(text && text[0] ? text : "-", true);

	for (const char *c = shown; *c; c++) {
		if (*c == '|')
			fputc('\\', f);
		fputc(*c, f);
	}
}

static void
put_row(FILE *f, const struct row *row)
{
	for (int i = 0; i < COLUMN_N; i++) {
		fputs(i ? " | " : "| ", f);
		put_cell(f, row->cell[i]);
	}
	fputs(" |\n", f);
}

/* What the built-in tracker knows of ID wins over what follows from the session. */
static void
read_issue(struct store *store, const char *id, struct row *row)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	AUTO_FREE char *blocks = NULL, *blocked_by = NULL, *points = NULL;
	const struct issue *issue;
	struct err err = ERR_INIT;

	if (id[0] == '\0' || issue_read(store, id, &set, &err) < 0)
		return;
	issue = &set.item[0];
	set_cell(row, COLUMN_STATUS, issue_status_name(issue->status));
	set_cell(row, COLUMN_ASSIGNEE, issue->assignee);
	set_cell(row, COLUMN_CONTEXT, "");
	for (size_t i = 0; i < issue->labels.n; i++) {
		if (strncmp(issue->labels.word[i], "ctx:", 4) == 0)
			set_cell(row, COLUMN_CONTEXT, issue->labels.word[i] + 4);
	}
	points = issue->estimate > 0 ? xasprintf("%d", issue->estimate) : xstrdup("");
	blocks = text_join(issue->blocks.word, issue->blocks.n, ", ");
	blocked_by = text_join(issue->blocked_by.word, issue->blocked_by.n, ", ");
	set_cell(row, COLUMN_ESTIMATE, points);
	set_cell(row, COLUMN_BLOCKING, blocks);
	set_cell(row, COLUMN_BLOCKED_BY, blocked_by);
}

/* Each issue of the session: the sub-issue with its prompt, and the work issue. */
static void
put_session(struct engine *engine, FILE *f, const struct plan_run *p,
    const struct session *s, bool is_work)
{
	const char *id = is_work ? s->issue : s->sub_issue;
	const char *title = is_work ? s->issue_title : s->title;
	const char *url = is_work ? s->issue_url : "";
	AUTO_FREE char *points = s->points > 0 ? xasprintf("%lld", (long long)s->points)
					       : xstrdup("");
	struct row row = { 0 };

	if (id[0] == '\0')
		return;
	row.cell[COLUMN_TITLE] = xasprintf("[%s: %s](%s%s)", id,
	    title[0] ? title : s->focus, url[0] ? "" : "local:", url[0] ? url : id);
	set_cell(&row, COLUMN_STATUS, session_registry_word(s->state));
	set_cell(&row, COLUMN_ESTIMATE, points);
	set_cell(&row, COLUMN_BLOCKED_BY, s->after);
	if (p->tracker[0] == '\0')
		read_issue(engine->store, id, &row);
	put_row(f, &row);
	clear_row(&row);
}

bool
summary_is_last(const struct core *core, const struct session *s)
{
	for (size_t i = (size_t)(s - core->session) + 1; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (strcmp(o->plan_id, s->plan_id) == 0 &&
		    strcmp(o->phase, s->phase) == 0)
			return false;
	}
	return true;
}

static void
put_tables(struct engine *engine, FILE *f, const struct plan_run *p)
{
	const struct core *core = engine->core;

	fputs("**Issues**\n\n| Title | Status | Context | Assignee | Milestone | "
	      "Priority | Estimate | Blocking | Blocked By |\n"
	      "|---|---|---|---|---|---|---|---|---|\n",
	    f);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0 || !summary_is_last(core, s))
			continue;
		put_session(engine, f, p, s, true);
		if (strcmp(s->issue, s->sub_issue) != 0)
			put_session(engine, f, p, s, false);
	}
	fputs("\n**Documents**\n\n| Title | Project |\n|---|---|\n| [", f);
	put_cell(f, p->title);
	fputs("](", f);
	put_cell(f, strrchr(p->path, '/') ? strrchr(p->path, '/') + 1 : p->path);
	fputs(") | ", f);
	put_cell(f, p->master);
	fputs(" |\n", f);
}

/* How the milestones stand that were touched; nothing where there are none. */
static void
put_milestones(FILE *f, const struct plan_run *p)
{
	struct span rest = span_of(p->milestones), line;

	if (p->milestones[0] == '\0')
		return;
	fputs("\n**Milestones**\n\n", f);
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);
		AUTO_FREE char *shown = text_show(one, true);

		if (line.n > 0)
			fprintf(f, "- %s\n", shown);
	}
}

/* "1A 34 %, 1B 12 %"; the caller frees it. */
static char *
context_line(const struct core *core, const struct plan_run *p)
{
	char *text = NULL;
	size_t n = 0, found = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) == 0 && summary_is_last(core, s) &&
		    s->context_pct > 0)
			fprintf(f, "%s%s %d %%", found++ ? ", " : "", s->phase,
			    s->context_pct);
	}
	if (found == 0)
		fputs("no agent told how full its context is", f);
	if (p->context_stop > 0)
		fprintf(f, "; a session ends at %lld %%", (long long)p->context_stop);
	fclose(f);
	return text;
}

/* In the order of R-46. */
char *
summary_text(struct engine *engine, const struct plan_run *p, bool is_degraded)
{
	AUTO_FREE char *update = project_line(engine, p);
	AUTO_FREE char *promotion = project_promotion(engine, p, is_degraded);
	AUTO_FREE char *context = context_line(engine->core, p);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "**Project update:** %s\n\n", update);
	if (promotion)
		fprintf(f, "**Plan promotion:** %s\n\n", promotion);
	put_tables(engine, f, p);
	put_milestones(f, p);
	fprintf(f, "\n**Context budget:** %s\n", context);
	fclose(f);
	return text;
}

void
summary_add_checkpoint(struct json_object *o, const struct session *s)
{
	member_number(o, "checkpoints", s->n_checkpoints);
	member_number(o, "checkpoint_at", s->checkpoint_at);
	member_text(o, "checkpoint", s->checkpoint);
	member_text(o, "continuation", s->go_on_text);
	member_text(o, "progress", s->progress);
	member_text(o, "model", s->model);
	if (s->loop.tasks > 0) {
		struct json_object *loop = json_object_new_object();

		member_number(loop, "tasks", s->loop.tasks);
		member_number(loop, "done", s->loop.done);
		member_number(loop, "attempt", s->loop.tries);
		member_number(loop, "attempts", s->loop.max_tries);
		member_number(loop, "turns", s->loop.turns);
		member_number(loop, "replans", s->loop.replans);
		json_object_object_add(o, "loop", loop);
	}
}

int
order_summary(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *id = plan_meant(engine->core, in);
	const struct plan_run *p = core_plan(engine->core, id);
	bool is_degraded = fields_number(in, "degraded", 0) != 0;
	AUTO_FREE char *text = NULL, *promotion = NULL;

	(void)caller;
	if (!p && id[0] == '\0' && engine->core->n_plans > 0)
		p = &engine->core->plan[engine->core->n_plans - 1];
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no plan was ever under way here");
	text = summary_text(engine, p, is_degraded);
	promotion = project_promotion(engine, p, is_degraded);
	fields_set(out, "plan", p->id);
	fields_set(out, "text", text);
	fields_set(out, "project_update", p->told);
	fields_set(out, "project_update_missing", p->untold);
	fields_set(out, "promotion", promotion ? promotion : "");
	fields_set(out, "milestones", p->milestones);
	return 0;
}

/* The happening is at once; what comes of it is in the session's "checkpoints". */
int
order_checkpoint(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const struct session *s = core_resolve(
	    engine->core, fields_text(in, "session"), err);

	if (!s)
		return -1;
	fields_set_number(out, "before", s->n_checkpoints);
	return happen_to_session(engine, HAP_CHECKPOINT_ASKED, in, caller, out, err);
}
