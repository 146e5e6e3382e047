#include "engine/internal.h"

#include "core/core.h"

#include <string.h>

/* Jobs: slow work in a process of its own, `divisi job KIND`, JSON in and JSON out. */
struct job {
	struct child *child;
	job_done_fn *done;
	void *arg;
};

#define JOB_LIMIT_MS (6L * 60 * 60 * 1000)

static void
on_job_done(struct child *child, const struct child_end *end, void *arg)
{
	struct job *job = arg;
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	bool failed = false;

	(void)child;
	if (end->n_out == 0 || fields_of_json(&out, end->out, &err) < 0) {
		char how[64];

		err_set(&err, ERR_SYSTEM, "job failed: %s; %s",
		    child_end_text(end, how, sizeof(how)), end->err_tail);
		failed = true;
	} else if (fields_get_err(&out, &err)) {
		failed = true;
	}
	job->done(job->arg, &out, &err, failed); /* which may free the job */
	fields_clear(&out);
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	child_free(job->child);
	free(job);
}

struct job *
job_start(struct engine *engine, const char *kind, const struct fields *in,
    job_done_fn *done, void *arg, struct err *err)
{
	struct job *job = xcalloc(1, sizeof(*job));
	AUTO_FREE char *program = xstrdup(engine->program), *word = xstrdup(kind);
	char name[] = "job";
	char *argv[] = { program, name, word, NULL };
	struct fields full = { 0 };
	AUTO_FREE char *input = NULL;
	struct child_opts opts = {
		.arg = argv, .cwd = engine->top, .timeout_ms = JOB_LIMIT_MS
	};

	job->done = done;
	job->arg = arg;
	fields_copy(&full, in);
	fields_set(&full, "home", engine->home);
	fields_set(&full, "hold", engine->holder);
	if (fields_text(&full, "top")[0] == '\0')
		fields_set(&full, "top", engine->top);
	input = fields_to_json(&full);
	fields_clear(&full);
	opts.input = input;
	opts.n_input = strlen(input);
	job->child = child_start(engine->base, &opts, on_job_done, job, err);
	if (job->child)
		return job;
	job_free(job);
	return NULL;
}

/* The plan text of P, as the blob it was approved with. */
static int
add_plan_text(
    struct engine *engine, const char *plan_id, struct fields *in, struct err *err)
{
	const struct plan_run *p = core_plan(engine->core, plan_id);
	AUTO_FREE char *text = NULL;

	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no plan %s", plan_id);
	text = blob_get(engine->store, p->sha256, NULL, err);
	if (!text)
		return err_wrap(err, "plan text");
	fields_set(in, "plan_text", text);
	fields_set(in, "plan_path", p->path);
	fields_set(in, "plan_sha", p->sha256);
	fields_set(in, "landing", p->landing);
	fields_set(in, "target", p->target);
	return 0;
}

/* Statuses and registry as they are now: derived, so that doing it twice is the same. */
static void
add_registry(struct engine *engine, const char *plan_id, struct fields *in)
{
	const struct core *core = engine->core;
	size_t n = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct batch_run *b = core_batch(core, s->batch_id);
		const struct {
			const char *name, *text;
		} cells[] = { { "phase", s->phase }, { "issue", s->issue },
			{ "issue_url", s->issue_url }, { "agent", s->agent_shown },
			{ "worktree", s->worktree }, { "branch", s->branch },
			{ "reason", s->reason }, { "sub_issue", s->sub_issue } };
		char key[64];

		if (strcmp(s->plan_id, plan_id) != 0 || !b ||
		    s->n_runs + s->away.n_given + (int)s->ended_at == 0)
			continue;
		for (size_t k = 0; k < N_ELEMS(cells); k++) {
			snprintf(key, sizeof(key), "s%zu.%s", n, cells[k].name);
			fields_set(in, key, cells[k].text);
		}
		snprintf(key, sizeof(key), "s%zu.session", n);
		fields_setf(in, key, "%d/%s", b->number, s->label);
		snprintf(key, sizeof(key), "s%zu.status", n);
		fields_set(in, key, session_registry_word(s->state));
		n++;
	}
	fields_set_number(in, "n_sessions", (int64_t)n);
}

/* What the checkout's files are made of, should nothing be left of them. */
static void
add_checkpoint(struct engine *engine, const struct session *s, struct fields *in)
{
	fields_set(in, "issue_title", s->issue_title);
	fields_set(in, "issue_url", s->issue_url);
	fields_set(in, "mode", s->mode);
	fields_set(in, "state", session_state_name(s->state));
	fields_set(in, "last_text", s->last_text);
	fields_set(in, "kept_progress", s->progress);
	fields_set(in, "kept_state", s->state_text);
	fields_set_number(in, "started_at", s->started_at);
	fields_set_number(in, "at", engine->now());
}

/*
 * The repository that S, or a push, belongs to: what is done with git is done there.  What
 * belongs to the home stays with it.
 */
static void
add_place(const struct task *task, const struct session *s, struct fields *in)
{
	const char *repo = s ? s->repo : fields_text(&task->fields, "repo");

	if (repo[0] == '\0' || strcmp(task->kind, "state-remove") == 0)
		return;
	fields_set(in, "top", repo);
	fields_set(in, "home_top", task->engine->top);
	fields_set_number(in, "kept", 1);
	if (s)
		fields_set(in, "target", s->target);
}

int
job_inputs(const struct task *task, struct fields *in, struct err *err)
{
	struct engine *engine = task->engine;
	const char *id = fields_text(&task->fields, "session");
	const struct session *s = id[0] ? core_session(engine->core, id) : NULL;
	const char *plan = fields_text(&task->fields, "plan");

	if (s) {
		fields_set(in, "phase", s->phase);
		fields_set(in, "issue", s->issue);
		fields_set(in, "focus", s->focus);
		fields_set(in, "branch", s->branch);
		fields_set(in, "path", s->path);
		fields_set(in, "base", s->base);
		fields_set(in, "summary", s->summary);
		fields_set(in, "verify", s->verify);
		fields_set(in, "rules", s->rules);
		fields_set(in, "widened", s->widened);
		fields_set_number(in, "analysis", s->is_analysis);
		fields_set(in, "fence", s->fence);
		fields_set(in, "grants", s->grants);
		/* The run that is about to be launched counts already. */
		fields_set_number(in, "was_run", s->n_runs > 1 || s->pin[0]);
		if (plan[0] == '\0')
			plan = s->plan_id;
	}
	if (s && strcmp(task->kind, "checkpoint") == 0)
		add_checkpoint(engine, s, in);
	if (strcmp(task->kind, "inspect") == 0 ||
	    strcmp(task->kind, "checkpoint") == 0 ||
	    strcmp(task->kind, "delegate-take") == 0 ||
	    strcmp(task->kind, "candidate") == 0 || strcmp(task->kind, "land") == 0 ||
	    strcmp(task->kind, "write-back") == 0) {
		if (add_plan_text(engine, plan, in, err) < 0)
			return -1;
	}
	if (s && s->output[0] && s->run[0] && strcmp(task->kind, "inspect") == 0) {
		fields_set(in, "output", s->output);
		fields_setf(in, "output_dir", "%s/runs/%s", engine->home, s->run);
	}
	if (strcmp(task->kind, "write-back") == 0) {
		add_registry(engine, plan, in);
	}
	add_place(task, s, in);
	fields_set_number(in, "again", task->tries > 0);
	return 0;
}
