#include "engine/internal.h"

#include "base/crash.h"
#include "policy/modes.h"
#include "tracker/tracker.h"

#include <string.h>

/*
 * The acts of the tracker.  The built-in one lives in our own database, so that "the act
 * is done" and what it wrote become durable in one transaction: exactly once.
 */
struct track {
	struct task *task;
	struct engine *engine;
	const struct tracker *tracker;
	struct tracker_link link;
	struct session *s;
	struct plan_run *p;
	char *sub_key;
};

static struct tracker_call
call_of(struct track *t, const char *what)
{
	free(t->sub_key);
	t->sub_key = xasprintf("%s/%s", t->task->key, what);
	return (struct tracker_call){ .key = t->sub_key,
		.actor = "server",
		.at = t->engine->now(),
		.cause = t->task->kind };
}

/* The plan's own issues stand in the built-in tracker too, under their own ids. */
static int
mirror(struct track *t, const struct tracker_draft *issue, const char *type,
    struct err *err)
{
	const char *labels[] = { type };
	struct tracker_draft draft = *issue;
	struct tracker_call call = call_of(t, issue->id);
	char made[TRACKER_ID_SIZE];

	draft.title = issue->title[0] ? issue->title : issue->id;
	draft.body = "";
	draft.labels = (struct tracker_words){ labels, 1 };
	return DURABLE(
	    "tracker.mirror", t->tracker->create(&t->link, &call, &draft, made, err));
}

static int
mirror_plan(struct track *t, struct err *err)
{
	const struct plan_run *p = t->p;
	struct tracker_draft master = {
		.id = p->master, .title = p->master_title, .url = p->master_url
	};
	struct tracker_draft issue = { .parent = p->master[0] ? p->master : NULL };
	struct tracker_call call;

	if (!(t->tracker->capabilities & TRACKER_OWN_IDS))
		return 0;
	if (p->master[0] && mirror(t, &master, "type:feature", err) < 0)
		return -1;
	if (p->master[0] && t->tracker->attach) {
		call = call_of(t, "attach");
		if (DURABLE("tracker.attach", t->tracker->attach(&t->link, &call,
						  p->master, p->path, p->sha256, err)) <
		    0)
			return -1;
	}
	if (!t->s)
		return 0;
	issue.id = t->s->issue;
	issue.title = t->s->issue_title;
	issue.url = t->s->issue_url;
	return mirror(
	    t, &issue, t->s->is_analysis ? "type:spike" : "type:feature", err);
}

/* The sub-issue whose description is the whole prompt (S-48 to S-53), unassigned. */
static int
file_issue(struct track *t, char id[TRACKER_ID_SIZE], struct err *err)
{
	const struct session *s = t->s;
	AUTO_FREE char *prompt = blob_get(t->engine->store, s->prompt_sha, NULL, err);
	AUTO_FREE char *exec = NULL;
	AUTO_FREE char *key = xasprintf("issue-create/%s", s->id);
	const char *labels[2] = { s->is_analysis ? "type:spike" : "type:chore" };
	struct tracker_draft draft = { .title = s->title,
		.body = prompt,
		.parent = t->p->master[0] ? t->p->master : NULL,
		.status = "Todo",
		.estimate = (int)s->points,
		.labels = { labels, 2 } };
	struct tracker_patch again = { .status = "Todo", .body = prompt };
	struct tracker_call call;

	if (!prompt)
		return -1;
	exec = xasprintf("exec:%.*s", (int)strcspn(s->mode, " "), s->mode);
	labels[1] = exec;
	call = call_of(t, "create");
	call.key = key; /* the same session never gets a second sub-issue */
	if (DURABLE("tracker.create",
		t->tracker->create(&t->link, &call, &draft, id, err)) < 0)
		return -1;
	call = call_of(t, "again");
	if (DURABLE("tracker.again",
		t->tracker->update(&t->link, &call, id, &again, err)) < 0)
		return -1;
	call = call_of(t, "relate");
	if (t->tracker->relate && strcmp(id, s->issue) != 0 &&
	    DURABLE("tracker.relate",
		t->tracker->relate(&t->link, &call, id, "related", s->issue, err)) < 0)
		return -1;
	return 0;
}

static int
move_issue(struct track *t, struct err *err)
{
	const char *status = fields_text(&t->task->fields, "status");
	struct tracker_patch patch = { .status = status };
	const char *ids[] = { t->s->sub_issue, t->s->issue };

	for (size_t i = 0; i < N_ELEMS(ids); i++) {
		struct tracker_call call = call_of(t, ids[i]);

		if (ids[i][0] == '\0' ||
		    (i == 1 && !(t->tracker->capabilities & TRACKER_OWN_IDS)))
			continue;
		if (DURABLE("tracker.move",
			t->tracker->update(&t->link, &call, ids[i], &patch, err)) < 0)
			return -1;
	}
	return 0;
}

static int
assign_issue(struct track *t, struct err *err)
{
	const char *agent = fields_text(&t->task->fields, "assignee");
	struct tracker_patch patch = { .assignee = agent, .owner_session = t->s->id };
	struct tracker_call call = call_of(t, "assign");

	return DURABLE("tracker.assign",
	    t->tracker->update(&t->link, &call, t->s->sub_issue, &patch, err));
}

static int
comment_issue(struct track *t, const char *id, const char *kind, const char *text,
    struct err *err)
{
	struct tracker_call call = call_of(t, kind);

	if (id[0] == '\0' || text[0] == '\0')
		return 0;
	return DURABLE("tracker.comment",
	    t->tracker->comment(&t->link, &call, id, kind, text, err));
}

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
registry_text(const struct track *t)
{
	const struct core *core = t->engine->core;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	fputs("| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
	      "|---|---|---|---|---|---|---|\n",
	    f);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct batch_run *b = core_batch(core, s->batch_id);

		if (strcmp(s->plan_id, t->p->id) != 0 || !b)
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

static int
close_plan(struct track *t, struct err *err)
{
	struct tracker_patch progress = { .status = "In Progress" };
	struct tracker_patch patch = { .status = "In Review" };
	struct tracker_call call;

	if (t->p->master[0] == '\0')
		return 0;
	if (comment_issue(t, t->p->master, "closing",
		"Every phase of the plan is done, merged and verified. Closing this issue is yours.",
		err) < 0)
		return -1;
	if (!(t->tracker->capabilities & TRACKER_OWN_IDS))
		return 0;
	call = call_of(t, "progress");
	if (DURABLE("tracker.progress",
		t->tracker->update(&t->link, &call, t->p->master, &progress, err)) < 0)
		return -1;
	call = call_of(t, "close");
	return DURABLE("tracker.close",
	    t->tracker->update(&t->link, &call, t->p->master, &patch, err));
}

static int
perform(struct track *t, char id[TRACKER_ID_SIZE], struct err *err)
{
	const char *kind = t->task->kind;

	if (strcmp(kind, "registry") == 0) {
		AUTO_FREE char *text = registry_text(t);

		return comment_issue(t, t->p->master, "registry", text, err);
	}
	if (strcmp(kind, "plan-close") == 0)
		return close_plan(t, err);
	if (!t->s)
		return err_set(err, ERR_NOT_FOUND, "%s names no session", kind);
	if (strcmp(kind, "issue-file") == 0)
		return mirror_plan(t, err) < 0 ? -1 : file_issue(t, id, err);
	if (strcmp(kind, "issue-move") == 0)
		return move_issue(t, err);
	if (strcmp(kind, "issue-assign") == 0)
		return assign_issue(t, err);
	return comment_issue(t, t->s->sub_issue, fields_text(&t->task->fields, "kind"),
	    fields_text(&t->task->fields, "text"), err);
}

static int
tell_filed(struct track *t, const char *id)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "session", t->s->id);
	fields_set(&f, "sub_issue", id);
	fields_set_number(&f, "version", fields_number(&t->task->fields, "version", 1));
	rc = engine_note(t->engine, HAP_SESSION_FILED, &f);
	fields_clear(&f);
	return rc;
}

void
track_act(struct task *task)
{
	struct engine *engine = task->engine;
	const char *session = fields_text(&task->fields, "session");
	struct track t = { .task = task,
		.engine = engine,
		.tracker = &tracker_local,
		.link = { .store = engine->store } };
	char id[TRACKER_ID_SIZE] = "";
	struct err err = ERR_INIT;
	int rc;

	t.s = session[0] ? core_session(engine->core, session) : NULL;
	t.p = core_plan(
	    engine->core, t.s ? t.s->plan_id : fields_text(&task->fields, "plan"));
	if (!t.p || (session[0] && !t.s)) {
		err_set(&err, ERR_NOT_FOUND, "its plan or session is gone");
		task_fail(task, &err);
		return;
	}
	rc = store_begin(engine->store, &err);
	if (rc == 0) {
		rc = perform(&t, id, &err);
		if (rc == 0)
			rc = DURABLE_OF("tracker-commit", task->kind,
			    store_commit(engine->store, &err));
		else
			store_rollback(engine->store);
	}
	free(t.sub_key);
	if (rc < 0 && err.kind == ERR_REFUSED &&
	    strcmp(task->kind, "issue-file") != 0) {
		/* A person moved the issue elsewhere: theirs counts, it is told and left alone. */
		log_warn("%s: %s", task->key, err.text);
		task_end(task, "failed", "{}", 0);
	} else if (rc < 0 && err.kind == ERR_SYSTEM && task->tries < 4) {
		log_warn("%s: %s (will be tried again)", task->key, err.text);
		task_end(task, "owed", NULL, 1000L << task->tries);
	} else if (rc < 0) {
		task_fail(task, &err);
	} else if (id[0] && tell_filed(&t, id) < 0) {
		task_postpone(task);
	} else {
		task_end(task, "done", "{}", 0);
	}
}
