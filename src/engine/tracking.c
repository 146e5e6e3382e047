#include "engine/internal.h"

#include "base/crash.h"
#include "engine/delegation.h"
#include "engine/outbox.h"
#include "engine/project.h"
#include "engine/reviews.h"
#include "engine/summary.h"
#include "engine/track_pull.h"
#include "engine/track_work.h"
#include "policy/modes.h"

#include <string.h>

#define FILING_TRIES       4
#define PAUSE_MOST_DOUBLED 8 /* a second doubled so often: four minutes */

/*
 * The acts of the tracker.  The built-in one lives in our own database, so that "the act
 * is done" and what it wrote become durable in one transaction: exactly once.  One over the
 * network is a job's, and its failures the outbox's.
 */

/* TEXT in a table cell: one line, no bar of its own. */
static void
put_cell(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', f);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, f);
	}
}

/* The Session Registry as the master issue shows it. */
static char *
registry_text(const struct engine *engine, const struct plan_run *p)
{
	const struct core *core = engine->core;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fputs("| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
	      "|---|---|---|---|---|---|---|\n",
	    f);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct batch_run *b = core_batch(core, s->batch_id);

		if (strcmp(s->plan_id, p->id) != 0 || !b)
			continue;
		fprintf(f, "| %d/%s | %s | %s | %s | %s | `%s` | %s", b->number,
		    s->label, s->issue, s->phase, s->agent_shown, s->worktree,
		    s->branch, session_registry_word(s->state));
		if (s->state == SESSION_FAILED) {
			fputs(": ", f);
			put_cell(f, s->reason);
		}
		fputs(" |\n", f);
	}
	fclose(f);
	return text;
}

static void
add_session(const struct session *s, struct fields *in)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "session", s->id }, { "sub_issue", s->sub_issue },
		{ "issue", s->issue }, { "issue_title", s->issue_title },
		{ "issue_url", s->issue_url }, { "title", s->title },
		{ "mode", s->mode }, { "branch", s->branch }, { "focus", s->focus },
		{ "summary", s->summary } };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		fields_set(in, texts[i].name, texts[i].text);
	fields_set_number(in, "points", s->points);
	fields_set_number(in, "analysis", s->is_analysis);
}

/* The record as it is by now, or what the sub-issue of one finding of it says. */
static int
add_review(const struct task *task, struct fields *in, struct err *err)
{
	const struct review *r = core_review(
	    task->engine->core, fields_text(&task->fields, "review"));
	const char *id = fields_text(&task->fields, "finding");
	const struct finding *row = r && id[0] ? findings_find(&r->rows, id) : NULL;
	const char *about = fields_text(in, "sub_issue")[0]
				? fields_text(in, "sub_issue")
				: fields_text(in, "master");
	AUTO_FREE char *text = NULL, *title = NULL;

	if (!r || (id[0] && !row))
		return err_set(err, ERR_NOT_FOUND, "its finding is gone");
	fields_set(in, "about", about);
	if (!row) {
		text = review_text(task->engine, r);
		fields_set(in, "comment", text);
		return 0;
	}
	title = finding_title(row);
	text = finding_body(row, about);
	fields_set(in, "title", title);
	fields_set(in, "prompt", text);
	fields_set_number(in, "points", finding_points(row));
	return 0;
}

/* Does the list IDS (by comma) hold the phase ID? */
static bool
names_phase(const char *ids, const char *id)
{
	struct span rest = span_of(ids), one;

	while (span_next(&rest, ',', &one)) {
		if (span_eq(one, id))
			return true;
	}
	return false;
}

static bool
comes_after(const struct session *s, const struct session *o)
{
	return names_phase(s->needs, o->phase) ||
	       (strcmp(s->batch_id, o->batch_id) == 0 &&
		   names_phase(s->after, o->phase));
}

/*
 * The sub-issues that S is blocked by, and those that it blocks: the order of the plan as the
 * tracker shows it.  Of two sessions the one that is filed last finds the other.
 */
static void
add_relations(const struct core *core, const struct session *s, struct fields *in)
{
	char *text[2] = { NULL, NULL };
	size_t n[2];
	FILE *f[2] = { open_memstream(&text[0], &n[0]),
		open_memstream(&text[1], &n[1]) };

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o == s || strcmp(o->plan_id, s->plan_id) != 0 ||
		    o->sub_issue[0] == '\0' || strcmp(o->phase, s->phase) == 0)
			continue;
		if (comes_after(s, o))
			fprintf(f[0], "%s\n", o->sub_issue);
		else if (comes_after(o, s))
			fprintf(f[1], "%s\n", o->sub_issue);
	}
	fclose(f[0]);
	fclose(f[1]);
	fields_set(in, "blocked_by", text[0]);
	fields_set(in, "blocks", text[1]);
	free(text[0]);
	free(text[1]);
}

/* Everything track_work() wants to know of TASK. */
static int
gather(const struct task *task, const struct session *s, const struct plan_run *p,
    struct fields *in, struct err *err)
{
	const char *kind = task->kind;

	fields_set(in, "act", kind);
	fields_set(in, "key", task->key);
	fields_set_number(in, "at", task->engine->now());
	fields_set(in, "tracker", p->tracker);
	fields_set(in, "plan_path", p->path);
	fields_set(in, "plan_sha", p->sha256);
	fields_set(in, "master", p->master);
	fields_set(in, "master_title", p->master_title);
	fields_set(in, "master_url", p->master_url);
	fields_set(in, "status", fields_text(&task->fields, "status"));
	fields_set(in, "context", fields_text(&task->fields, "context"));
	fields_set(in, "on", fields_text(&task->fields, "on"));
	/* A pull request takes comments as an issue does. */
	if (strcmp(fields_text(in, "on"), "pull") == 0)
		fields_set(in, "about", fields_text(&task->fields, "issue"));
	fields_set(in, "assignee", fields_text(&task->fields, "assignee"));
	fields_set(in, "repo", s ? s->repo : "");
	fields_set(in, "target", s && s->target[0] ? s->target : p->target);
	fields_set_number(in, "number", fields_number(&task->fields, "number", 0));
	fields_set(in, "pull_text", fields_text(&task->fields, "text"));
	fields_set(in, "comment_kind", fields_text(&task->fields, "kind"));
	fields_set(in, "comment", fields_text(&task->fields, "text"));
	if (s)
		add_session(s, in);
	delegation_gather(task, s, in);
	if (strcmp(kind, "rdr") == 0 || strcmp(kind, "finding-file") == 0)
		return add_review(task, in, err);
	if (project_is_update(task)) {
		project_gather(task, p, in);
	} else if (strcmp(kind, "registry") == 0) {
		AUTO_FREE char *text = registry_text(task->engine, p);

		fields_set(in, "comment", text);
	} else if (strcmp(kind, "plan-close") == 0) {
		AUTO_FREE char *text = summary_text(task->engine, p, false);

		fields_set(in, "comment", text);
	} else if (strcmp(fields_text(in, "on"), "issue") == 0) {
		fields_set(in, "sub_issue", fields_text(&task->fields, "issue"));
	} else if (!s && strcmp(fields_text(in, "on"), "master") != 0) {
		return err_set(err, ERR_NOT_FOUND, "%s names no session", kind);
	} else if (strcmp(kind, "issue-file") == 0) {
		AUTO_FREE char *prompt = blob_get(
		    task->engine->store, s->prompt_sha, NULL, err);

		if (!prompt)
			return -1;
		fields_set(in, "prompt", prompt);
		add_relations(task->engine->core, s, in);
	}
	return 0;
}

int
track_filed(struct task *task, const char *id)
{
	struct fields f = { 0 };
	int rc;

	if (strcmp(task->kind, "finding-file") == 0) {
		fields_set(&f, "review", fields_text(&task->fields, "review"));
		fields_set(&f, "id", fields_text(&task->fields, "finding"));
		fields_set(&f, "sub_issue", id);
		rc = engine_note(task->engine, HAP_FINDING_FILED, &f);
		fields_clear(&f);
		return rc;
	}
	fields_set(&f, "session", fields_text(&task->fields, "session"));
	fields_set(&f, "sub_issue", id);
	fields_set_number(&f, "version", fields_number(&task->fields, "version", 1));
	rc = engine_note(task->engine, HAP_SESSION_FILED, &f);
	fields_clear(&f);
	return rc;
}

/* The built-in tracker: the act, and that it is done, in one transaction. */
static void
do_here(struct task *task, const struct fields *in)
{
	struct engine *engine = task->engine;
	struct tracker_link link = { .store = engine->store };
	struct track_work work = { .tracker = &tracker_local, .link = &link, .in = in };
	struct fields out = { 0 };
	AUTO_FREE char *id = NULL;
	struct err err = ERR_INIT;
	int rc = store_begin(engine->store, &err);

	if (rc == 0) {
		rc = track_work(&work, &out, &err);
		if (rc == 0)
			rc = DURABLE_OF("tracker-commit", task->kind,
			    store_commit(engine->store, &err));
		else
			store_rollback(engine->store);
	}
	id = xstrdup(fields_text(&out, "sub_issue"));
	if (rc < 0 && err.kind == ERR_REFUSED &&
	    strcmp(task->kind, "issue-file") != 0 &&
	    strcmp(task->kind, "delegate") != 0) {
		/* A person moved the issue elsewhere: theirs counts, it is told and left alone. */
		log_warn("%s: %s", task->key, err.text);
		task_end(task, "failed", "{}", 0);
	} else if (rc < 0 && err.kind == ERR_SYSTEM &&
		   (task->tries < FILING_TRIES ||
		       strcmp(task->kind, "issue-file") != 0)) {
		/* Somebody waits for a filing; all else is owed until the disk takes it. */
		log_warn("%s: %s (will be tried again)", task->key, err.text);
		task_end(task, "owed", NULL,
		    1000L << (task->tries < PAUSE_MOST_DOUBLED ? task->tries
							       : PAUSE_MOST_DOUBLED));
	} else if (rc < 0) {
		task_fail(task, &err);
	} else if ((id[0] && track_filed(task, id) < 0) ||
		   delegation_told(task, &out) < 0 || project_told(task, &out) < 0) {
		task_postpone(task);
	} else {
		task_end(task, "done", "{}", 0);
	}
	fields_clear(&out);
}

void
track_act(struct task *task)
{
	struct engine *engine = task->engine;
	const char *session = fields_text(&task->fields, "session");
	const struct session *s = session[0] ? core_session(engine->core, session)
					     : NULL;
	const struct plan_run *p = core_plan(
	    engine->core, s ? s->plan_id : fields_text(&task->fields, "plan"));
	struct fields in = { 0 };
	struct err err = ERR_INIT;

	if (!p || (session[0] && !s)) {
		err_set(&err, ERR_NOT_FOUND, "its plan or session is gone");
		task_fail(task, &err);
		return;
	}
	if (gather(task, s, p, &in, &err) < 0)
		task_fail(task, &err);
	else if (!p->tracker[0] && strcmp(task->kind, "delegate-look") == 0)
		delegation_look_here(task, &in);
	else if (p->tracker[0] || track_is_pull(task->kind) ||
		 strcmp(fields_text(&in, "on"), "pull") == 0)
		outbox_send(task, &in); /* pull requests are elsewhere whatever it is */
	else
		do_here(task, &in);
	fields_clear(&in);
}
