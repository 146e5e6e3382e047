#include "engine/project.h"

#include "base/file.h"
#include "base/text.h"
#include "engine/summary.h"
#include "store/issues.h"

#include <stdio.h>
#include <string.h>

#define PLAN_BYTES  ((size_t)4 << 20)
#define MANY_POINTS 3 /* */
#define PROMOTED    "Promoted:"
#define PROMOTE_BACK \
	"add a line \"" PROMOTED " ADDRESS\" above its first heading of level 2"

bool
project_is_update(const struct task *task)
{
	return strcmp(task->kind, "project-update") == 0;
}

/* ---- what it is told -------------------------------------------------------------------------- */

/* What keeps S from going on without a person. */
static bool
is_blocked(const struct session *s)
{
	return s->state == SESSION_FAILED || s->state == SESSION_PARKED ||
	       s->state == SESSION_STALLED || s->state == SESSION_HALTED ||
	       s->state == SESSION_MERGE_CONFLICT || s->blocked[0] != '\0';
}

static bool
is_ended(const struct session *s)
{
	return s->state == SESSION_DONE || s->state == SESSION_IN_REVIEW ||
	       s->state == SESSION_MERGEABLE || s->state == SESSION_MERGING ||
	       s->state == SESSION_ABANDONED;
}

static bool
was_filed(const struct session *s)
{
	return s->sub_issue[0] != '\0';
}

static bool
comes_next(const struct session *s)
{
	return !is_ended(s) && !is_blocked(s);
}

/* "1A (done), 1B (in review)": the phases of P of which IS holds, NONE when it never does. */
static void
put_phases(FILE *f, const struct core *core, const struct plan_run *p,
    bool (*is)(const struct session *s), const char *none)
{
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0 || !summary_is_last(core, s) ||
		    !is(s))
			continue;
		fprintf(f, "%s%s ", n++ ? ", " : "", s->phase);
		if (is == was_filed)
			fputs(s->sub_issue, f);
		else
			fprintf(f, "(%s)", session_registry_word(s->state));
	}
	fputs(n ? "\n" : none, f);
}

static int64_t
n_phases(const struct core *core, const struct plan_run *p, bool is_done)
{
	int64_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		n += strcmp(s->plan_id, p->id) == 0 && summary_is_last(core, s) &&
		     (!is_done || s->state == SESSION_DONE);
	}
	return n;
}

/* No word of an agent is in it: it goes to people who watch a project and no session. */
static char *
body(const struct core *core, const struct plan_run *p)
{
	int64_t undone = p->n_phases - n_phases(core, p, false);
	AUTO_FREE char *title = text_show(p->title, true);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fprintf(f,
	    "**Project update: %s**\n\n- **Progress:** %lld of %lld phases done; ",
	    title, (long long)n_phases(core, p, true), (long long)p->n_phases);
	put_phases(f, core, p, is_ended, "none has ended\n");
	fputs("- **Blocked:** ", f);
	put_phases(f, core, p, is_blocked, "none\n");
	fputs("- **Created:** ", f);
	put_phases(f, core, p, was_filed, "nothing\n");
	fputs("- **Next:** ", f);
	if (undone > 0)
		fprintf(f, "%lld phase(s) to be dispatched; ", (long long)undone);
	put_phases(f, core, p, comes_next,
	    undone > 0 ? "none under way\n" : "nothing of this plan\n");
	fclose(f);
	return text;
}

/* an active issue that is blocked is a risk. */
static bool
is_at_risk(const struct core *core, const struct plan_run *p)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) == 0 && summary_is_last(core, s) &&
		    is_blocked(s))
			return true;
	}
	return false;
}

void
project_gather(const struct task *task, const struct plan_run *p, struct fields *in)
{
	const struct core *core = task->engine->core;
	int64_t day = fields_number(&task->fields, "day", 0);
	AUTO_FREE char *text = body(core, p);

	fields_set(in, "about", fields_text(&task->fields, "issue"));
	fields_set(in, "work_issue", fields_text(&task->fields, "work_issue"));
	fields_set(in, "project_body", text);
	fields_setf(in, "post", "%s/%lld", p->id, (long long)day);
	fields_set_number(in, "day", day);
	fields_set_number(in, "at_risk", is_at_risk(core, p));
}

int
project_told(struct task *task, const struct fields *out)
{
	static const char *const texts[] = { "posted", "untold", "milestones" };
	struct fields f = { 0 };
	int rc;

	if (!project_is_update(task))
		return 0;
	fields_set(&f, "plan", fields_text(&task->fields, "plan"));
	for (size_t i = 0; i < N_ELEMS(texts); i++)
		fields_set(&f, texts[i], fields_text(out, texts[i]));
	rc = engine_note(task->engine, HAP_PROJECT_TOLD, &f);
	fields_clear(&f);
	return rc;
}

void
project_give_up(struct task *task, const struct err *err)
{
	struct fields out = { 0 };

	fields_set(&out, "untold", err->text);
	log_warn("%s: %s (nothing waits for it)", task->key, err->text);
	if (project_told(task, &out) < 0)
		task_postpone(task);
	else
		task_end(task, "done", "{}", 0);
	fields_clear(&out);
}

/* ---- what a plan's end says of it ------------------------------------------------------------- */

static bool
is_waiting(const struct engine *engine, const struct plan_run *p)
{
	const struct task *t;

	TAILQ_FOREACH (t, &engine->tasks, link) {
		if (project_is_update(t) &&
		    strcmp(fields_text(&t->fields, "plan"), p->id) == 0)
			return true;
	}
	return false;
}

char *
project_line(const struct engine *engine, const struct plan_run *p)
{
	AUTO_FREE char *told = text_show(p->told, true);
	AUTO_FREE char *untold = text_show(p->untold, true);

	if (is_waiting(engine, p))
		return xasprintf("waits for the tracker (divisi outbox); %s%s",
		    p->told[0] ? "the last one: " : "none was made yet", told);
	if (p->untold[0])
		return xasprintf("not made: %s", untold);
	return p->told[0] ? xstrdup(told)
			  : xstrdup("none: no session's status has ended yet");
}

/* Has the plan at PATH a line in its head that says where it is kept? */
static bool
has_backlink(const char *text)
{
	struct span rest = span_of(text), line;

	while (span_next(&rest, '\n', &line)) {
		if (line.n > 3 && strncmp(line.p, "## ", 3) == 0)
			return false;
		if (memmem(line.p, line.n, PROMOTED, strlen(PROMOTED)))
			return true;
	}
	return false;
}

/* The built-in tracker keeps it as the description of the issue it hangs on. */
static bool
is_description(const struct engine *engine, const struct plan_run *p)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	struct err err = ERR_INIT;

	return p->tracker[0] == '\0' &&
	       issue_read(engine->store, p->master, &set, &err) == 0 && p->title[0] &&
	       strstr(set.item[0].body, p->title);
}

/* Is it more than something quick?  R-119: several sessions, or three points. */
static bool
is_worth_it(const struct core *core, const struct plan_run *p)
{
	int64_t points = 0;
	bool is_quick = true;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) != 0)
			continue;
		is_quick &= strncmp(s->mode, "quick", 5) == 0;
		if (summary_is_last(core, s))
			points += s->points;
	}
	return !is_quick && (p->n_phases > 1 || points >= MANY_POINTS);
}

char *
project_promotion(
    const struct engine *engine, const struct plan_run *p, bool is_degraded)
{
	const char *slash = strrchr(p->path, '/');
	const char *name = slash ? slash + 1 : p->path;
	struct err err = ERR_INIT;
	AUTO_FREE char *text = NULL, *quoted = NULL;

	if (is_degraded || p->master[0] == '\0' || p->reviews[0] ||
	    !is_worth_it(engine->core, p))
		return NULL;
	text = file_read(p->path, PLAN_BYTES, NULL, &err);
	if (!text || has_backlink(text) || is_description(engine, p))
		return NULL;
	quoted = text_shell_quote(p->path);
	if (p->tracker[0] == '\0')
		return xasprintf(
		    "%s is tied to %s, which does not hold its text. To keep it "
		    "there: divisi issue edit %s --body-file %s",
		    name, p->master, p->master, quoted);
	if (strcmp(p->tracker, "github") == 0)
		return xasprintf(
		    "%s is tied to %s and is nowhere there. To keep it: gh issue "
		    "comment %s --body-file %s, then " PROMOTE_BACK,
		    name, p->master, p->master, quoted);
	return xasprintf(
	    "%s is tied to %s and is no document there. To keep it: make a document "
	    "of its project from it, link that in a comment on %s, then " PROMOTE_BACK,
	    name, p->master, p->master);
}
