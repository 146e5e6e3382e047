#include "engine/delegation.h"

#include "engine/members.h"
#include "engine/track_delegate.h"
#include "git/repo.h"

#include <json-c/json.h>
#include <string.h>

static char *
copy_of(struct span text)
{
	return xstrndup(text.p, text.n);
}

void
delegation_gather(const struct task *task, const struct session *s, struct fields *in)
{
	static const char *const names[] = { "to", "mention", "shown" };
	AUTO_FREE char *prefix = NULL;
	struct away_route route;

	if (!track_is_delegation(task->kind) || !s)
		return;
	for (size_t i = 0; i < N_ELEMS(names); i++)
		fields_set(in, names[i], fields_text(&task->fields, names[i]));
	if (!session_route(s, s->away.route, &route))
		return;
	prefix = copy_of(route.prefix);
	fields_set(in, "prefix", prefix);
}

/* Whom the act has given it to, as the session's state has it. */
static const char *
given_to(const struct task *task)
{
	const char *to = fields_text(&task->fields, "to");

	return to[0] ? to : fields_text(&task->fields, "mention");
}

int
delegation_told(struct task *task, const struct fields *out)
{
	static const char *const texts[] = { "status", "state", "summary", "other",
		"branch", "head", "url", "pull_state", "checks", "review", "trouble" };
	struct fields f = { 0 };
	int rc;

	if (strcmp(task->kind, "delegate") != 0 &&
	    strcmp(task->kind, "delegate-look") != 0)
		return 0;
	fields_set(&f, "session", fields_text(&task->fields, "session"));
	if (strcmp(task->kind, "delegate") == 0) {
		fields_set(&f, "to", given_to(task));
		rc = engine_note(task->engine, HAP_DELEGATED, &f);
		fields_clear(&f);
		return rc;
	}
	for (size_t i = 0; i < N_ELEMS(texts); i++) {
		if (fields_text(out, texts[i])[0])
			fields_set(&f, texts[i], fields_text(out, texts[i]));
	}
	if (fields_number(out, "number", 0) > 0)
		fields_set_number(&f, "number", fields_number(out, "number", 0));
	fields_set_number(&f, "n_branches", fields_number(out, "n_branches", 0));
	rc = engine_note(task->engine, HAP_DELEGATE_SEEN, &f);
	fields_clear(&f);
	return rc;
}

/* What stands in our own tracker; an issue that is not there tells nothing. */
static void
see_issue(struct task *task, struct fields *out)
{
	const struct session *s = core_session(
	    task->engine->core, fields_text(&task->fields, "session"));
	const char *to = fields_text(&task->fields, "to");
	struct tracker_link link = { .store = task->engine->store };
	struct arena *arena = arena_new();
	struct tracker_issue issue = { 0 };
	struct err err = ERR_INIT;

	if (s && tracker_local.read &&
	    tracker_local.read(&link, s->sub_issue, arena, &issue, &err) == 0) {
		fields_set(out, "status", issue.status);
		if (issue.delegate[0] && to[0] && strcmp(issue.delegate, to) != 0)
			fields_set(out, "other", issue.delegate);
	}
	arena_free(arena);
}

static void
on_looked(void *arg, const struct fields *out, const struct err *err, bool failed)
{
	struct task *task = arg;
	struct fields all = { 0 };

	fields_copy(&all, out);
	/* A remote that does not answer is looked at again; what stands here is known. */
	if (failed)
		fields_set(&all, "trouble", err->text);
	see_issue(task, &all);
	if (delegation_told(task, &all) < 0)
		task_postpone(task);
	else
		task_end(task, "done", "{}", 0);
	fields_clear(&all);
}

void
delegation_look_here(struct task *task, const struct fields *in)
{
	struct err err = ERR_INIT;

	task->job = job_start(task->engine, "delegate-look", in, on_looked, task, &err);
	if (!task->job)
		task_fail(task, &err);
}

int
order_delegate(struct engine *engine, const struct fields *in,
    const struct caller *caller, struct fields *out, struct err *err)
{
	const char *branch = fields_text(in, "branch");

	if (branch[0] && !git_branch_ok(branch))
		return err_set(
		    err, ERR_USAGE, "'%.80s' is no name of a branch", branch);
	if (fields_text(in, "to")[0] && (branch[0] || fields_number(in, "done", 0)))
		return err_set(err, ERR_USAGE,
		    "it goes to another, or what is there is its work: not both");
	return happen_to_session(engine, HAP_DELEGATE_ASKED, in, caller, out, err);
}

struct json_object *
delegation_json(const struct session *s)
{
	const struct delegation *d = &s->away;
	const struct {
		const char *name, *text;
	} texts[] = { { "to", d->to }, { "signal", d->signal }, { "state", d->state },
		{ "branch", d->branch }, { "head", d->head }, { "taken", d->taken },
		{ "trouble", d->trouble } };
	struct json_object *o, *routes;
	struct away_route route;

	if (!session_is_away(s))
		return NULL;
	o = json_object_new_object();
	for (size_t i = 0; i < N_ELEMS(texts); i++)
		member_text(o, texts[i].name, texts[i].text);
	member_number(o, "asked_at", d->asked_at);
	member_number(o, "pickup_until", session_pickup_until(s));
	member_bool(o, "reroutes", d->reroutes);
	routes = json_object_new_array();
	for (int i = 0; session_route(s, i, &route); i++)
		json_object_array_add(routes,
		    json_object_new_string_len(route.name.p, (int)route.name.n));
	json_object_object_add(o, "routes", routes);
	if (session_route(s, d->route + 1, &route)) {
		AUTO_FREE char *next = copy_of(route.name);

		member_text(o, "next", next);
	}
	return o;
}
