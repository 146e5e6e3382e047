#include "engine/internal.h"

#include "adapters.h"
#include "base/crash.h"

#include <string.h>

/* What the answer of a job means: one happening each, then the act is over. */

static const struct {
	const char *act;
	enum hap hap;
} meanings[] = {
	{ "worktree-add", HAP_SESSION_PREPARED },
	{ "setup", HAP_SET_UP },
	{ "inspect", HAP_INSPECTED },
	{ "delegate-take", HAP_INSPECTED },
	{ "checkpoint", HAP_CHECKPOINTED },
	{ "candidate", HAP_CANDIDATE_BUILT },
	{ "land", HAP_LANDED },
	{ "write-back", HAP_WRITTEN_BACK },
	{ "publish", HAP_PUBLISHED },
	{ "worktree-back", HAP_TREE_BACK },
};

/* Puts the plan file as written under its hash, so that later jobs find the text. */
static int
keep_plan_text(struct engine *engine, const struct fields *out)
{
	const char *text = fields_text(out, "plan_text");
	struct err err = ERR_INIT;

	if (text[0] == '\0' ||
	    DURABLE("blob.written", blob_put(engine->store, fields_text(out, "sha256"),
					text, strlen(text), &err)) == 0)
		return 0;
	log_warn("plan text not kept: %s", err.text);
	return -1;
}

/* Failures that are answers: a conflict, a red verify, a dirty checkout. */
static bool
is_answer(const struct task *task, const struct fields *out, const struct err *err,
    enum hap *hap)
{
	if (strcmp(task->kind, "candidate") == 0 && fields_number(out, "refused", 0)) {
		*hap = HAP_CANDIDATE_REFUSED;
		return true;
	}
	if (strcmp(task->kind, "land") == 0 && err->kind == ERR_CONFLICT) {
		*hap = fields_number(out, "moved", 0) ? HAP_CANDIDATE_REFUSED
						      : HAP_LANDING_BLOCKED;
		return true;
	}
	if (strcmp(task->kind, "write-back") == 0 && err->kind == ERR_CONFLICT) {
		*hap = HAP_WRITTEN_BACK;
		return true;
	}
	/* A push that fails keeps nothing else from going on: it is told, and tried again. */
	if (strcmp(task->kind, "publish") == 0 &&
	    (task->tries >= 3 ||
		(err->kind != ERR_SYSTEM && err->kind != ERR_TIMEOUT))) {
		*hap = HAP_PUBLISHED;
		return true;
	}
	return false;
}

/*
 * Does the agent's own sandbox keep it from committing?  It is on where no other fence holds.
 * In Ask a person was asked for the commit, perhaps said no, and is asked about the rest.
 */
static bool
commits_for_agent(const struct task *task)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));
	const struct agent *agent = s ? adapter_agent(s->adapter) : NULL;

	if (!agent || !agent->cannot_commit || s->is_sandboxed)
		return false;
	/* Under a plan that was approved it keeps its own, behind ours. */
	return s->plan_approved ||
	       (strcmp(s->launch, "bypass") == 0 && !session_is_fenced(s));
}

static int
tell_result(struct task *task, const struct fields *out, enum hap hap)
{
	struct fields f = { 0 };
	int rc;

	for (size_t i = 0; i < out->n; i++) {
		if (strcmp(out->item[i].name, "plan_text") == 0)
			continue;
		if (out->item[i].text)
			fields_set(&f, out->item[i].name, out->item[i].text);
		else
			fields_set_number(&f, out->item[i].name, out->item[i].number);
	}
	if (fields_text(&task->fields, "session")[0])
		fields_set(&f, "session", fields_text(&task->fields, "session"));
	else
		fields_set(&f, "plan", fields_text(&task->fields, "plan"));
	if (fields_number(&task->fields, "version", 0))
		fields_set_number(
		    &f, "version", fields_number(&task->fields, "version", 0));
	if (fields_text(&task->fields, "why")[0])
		fields_set(&f, "why", fields_text(&task->fields, "why"));
	if (hap == HAP_PUBLISHED && fields_text(&task->fields, "repo")[0])
		fields_set(&f, "repo", fields_text(&task->fields, "repo"));
	if (hap == HAP_CHECKPOINTED) {
		fields_set_number(
		    &f, "snapshot", fields_number(&task->fields, "snapshot", 0));
		fields_set_number(
		    &f, "comment", fields_number(&task->fields, "comment", 0));
	}
	if (hap == HAP_INSPECTED && commits_for_agent(task))
		fields_set_number(&f, "ours", 1);
	rc = engine_note(task->engine, hap, &f);
	fields_clear(&f);
	return rc;
}

/* Somebody else moved the target meanwhile: build on what is there now. */
static int
build_again(struct task *task)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "session", fields_text(&task->fields, "session"));
	rc = engine_note(task->engine, HAP_MERGE_ASKED, &f);
	fields_clear(&f);
	return rc;
}

void
job_result(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct task *task = arg;
	struct engine *engine = task->engine;
	AUTO_FREE char *result = NULL;
	bool moved = fields_number(out, "moved", 0) != 0;
	enum hap hap = HAP_REFUSED;

	if (failed && !is_answer(task, out, err, &hap)) {
		if ((err->kind == ERR_SYSTEM || err->kind == ERR_TIMEOUT) &&
		    task->tries < 3) {
			log_warn("%s: %s (will be tried again)", task->key, err->text);
			task_end(task, "owed", NULL, 500L << task->tries);
			return;
		}
		task_fail(task, err);
		return;
	}
	if (!failed) {
		for (size_t i = 0; i < N_ELEMS(meanings); i++) {
			if (strcmp(meanings[i].act, task->kind) == 0)
				hap = meanings[i].hap;
		}
	}
	/* A text that is named before it is kept would be missing to every later job. */
	if ((hap == HAP_WRITTEN_BACK && keep_plan_text(engine, out) < 0) ||
	    (hap != HAP_REFUSED && tell_result(task, out, hap) < 0) ||
	    (moved && build_again(task) < 0))
		task_postpone(task);
	else
		task_end(task, failed ? "failed" : "done", "{}", 0);
}
