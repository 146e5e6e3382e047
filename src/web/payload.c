#include "web/payload.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VALUES_MOST (1u << 20)
#define DEPTH_MOST  32

/* The member at PATH ("a.b.c"), or NULL. */
static struct json_object *
at(struct json_object *o, const char *path)
{
	struct span rest = span_of(path), one;

	while (o && span_next(&rest, '.', &one)) {
		char name[48];

		snprintf(name, sizeof(name), "%.*s", SPAN_FMT(one));
		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, name, &o))
			return NULL;
	}
	return o;
}

static const char *
text_at(struct json_object *o, const char *path)
{
	struct json_object *v = at(o, path);

	return json_object_is_type(v, json_type_string) ||
		       json_object_is_type(v, json_type_int)
		   ? json_object_get_string(v)
		   : "";
}

static bool
is_at(struct json_object *o, const char *path, const char *want)
{
	return strcmp(text_at(o, path), want) == 0;
}

static void
put(struct fields *to, const char *name, struct json_object *o, const char *path)
{
	fields_set(to, name, text_at(o, path));
}

static int
skip(char what[96], const char *event, const char *action)
{
	snprintf(what, 96, "%.60s%s%.30s", event, action[0] ? " " : "", action);
	return 0;
}

/* ---- GitHub ---------------------------------------------------------------------------- */

static void
put_standing(struct fields *to, const char *word)
{
	char low[32];
	size_t n = 0;

	for (; word[n] && n + 1 < sizeof(low); n++)
		low[n] = (char)(word[n] >= 'A' && word[n] <= 'Z' ? word[n] + 32
								 : word[n]);
	low[n] = '\0';
	fields_set(to, "standing", low);
}

static void
github_pull(struct fields *to, struct json_object *o)
{
	put(to, "pull_url", o, "pull_request.html_url");
	put(to, "branch", o, "pull_request.head.ref");
	put(to, "commit", o, "pull_request.head.sha");
	put(to, "head_repo", o, "pull_request.head.repo.full_name");
}

/* A comment or a review, its author and how near they stand to the repository. */
static void
github_said(struct fields *to, struct json_object *o, const char *name)
{
	struct json_object *said = at(o, name);

	put(to, "author", said, "user.login");
	put_standing(to, text_at(said, "author_association"));
	put(to, "url", said, "html_url");
	fields_setf(to, "comment_id", "%s-%s", name, text_at(said, "id"));
	if (text_at(said, "path")[0])
		fields_setf(to, "text", "%s:%s\n%s", text_at(said, "path"),
		    text_at(said, "line"), text_at(said, "body"));
	else
		put(to, "text", said, "body");
}

static int
github_review(struct fields *to, struct json_object *o, char what[96])
{
	const char *state = text_at(o, "review.state");

	if (!is_at(o, "action", "submitted") ||
	    (text_at(o, "review.body")[0] == '\0' &&
		strcasecmp(state, "changes_requested") != 0))
		return skip(what, "pull_request_review", text_at(o, "action"));
	fields_set(to, "kind", "review");
	github_said(to, o, "review");
	github_pull(to, o);
	if (strcasecmp(state, "changes_requested") == 0)
		fields_setf(to, "text", "Changes are asked for.\n%s",
		    text_at(o, "review.body"));
	return 1;
}

static int
github_comment(struct fields *to, struct json_object *o, char what[96])
{
	if (!is_at(o, "action", "created"))
		return skip(what, "issue_comment", text_at(o, "action"));
	github_said(to, o, "comment");
	if (at(o, "issue.pull_request")) {
		fields_set(to, "kind", "pr-comment");
		put(to, "pull_url", o, "issue.pull_request.html_url");
	} else {
		fields_set(to, "kind", "comment");
		fields_setf(to, "issue", "#%s", text_at(o, "issue.number"));
	}
	return 1;
}

static bool
has_failed(const char *conclusion)
{
	return strcmp(conclusion, "failure") == 0 ||
	       strcmp(conclusion, "timed_out") == 0 ||
	       strcmp(conclusion, "error") == 0 ||
	       strcmp(conclusion, "startup_failure") == 0;
}

/* The pull request that a check was for, of which only the number is told. */
static void
github_check_pull(struct fields *to, struct json_object *o, struct json_object *run)
{
	struct json_object *pulls = at(run, "pull_requests"), *one = NULL;
	const char *repo = text_at(o, "repository.html_url");

	if (json_object_is_type(pulls, json_type_array) &&
	    json_object_array_length(pulls) == 1)
		one = json_object_array_get_idx(pulls, 0);
	if (one && repo[0])
		fields_setf(to, "pull_url", "%s/pull/%s", repo, text_at(one, "number"));
}

/*
 * What failed, so that one failure that comes as a job, as a check and as its run is known: its
 * name, "" for a whole run, and the run of Actions that it belongs to.
 */
static void
github_check_name(struct fields *to, struct json_object *run, const char *event)
{
	static const char runs[] = "/actions/runs/";
	const char *url = text_at(run, "details_url"), *id;

	if (strcmp(event, "workflow_run") == 0) {
		put(to, "ci_run", run, "id");
		return;
	}
	put(to, "check", run, "name");
	put(to, "ci_run", run, "run_id");
	id = strstr(url[0] ? url : text_at(run, "html_url"), runs);
	if (strcmp(event, "check_run") == 0 && id)
		fields_setf(to, "ci_run", "%.*s",
		    (int)strspn(id + sizeof(runs) - 1, "0123456789"),
		    id + sizeof(runs) - 1);
}

static int
github_check(struct fields *to, struct json_object *o, const char *event, char what[96])
{
	struct json_object *run = at(o, event), *steps;

	if (!is_at(o, "action", "completed") || !has_failed(text_at(run, "conclusion")))
		return skip(what, event, text_at(run, "conclusion"));
	fields_set(to, "kind", "ci");
	put(to, "commit", run, "head_sha");
	put(to, "branch", run,
	    strcmp(event, "check_run") == 0 ? "check_suite.head_branch"
					    : "head_branch");
	put(to, "head_repo", run, "head_repository.full_name");
	put(to, "url", run, "html_url");
	github_check_pull(to, o, run);
	github_check_name(to, run, event);
	fields_setf(to, "text", "%s: %s\n%s\n%s", text_at(run, "name"),
	    text_at(run, "conclusion"), text_at(run, "output.title"),
	    text_at(run, "output.summary"));
	put(to, "log", run, "output.text");
	/* A check of Actions has the id of its job; another program's has no log there. */
	if (strcmp(event, "workflow_run") == 0)
		fields_setf(to, "ci_job", "run:%s", text_at(run, "id"));
	else if (strcmp(event, "workflow_job") == 0 ||
		 is_at(run, "app.slug", "github-actions"))
		fields_setf(to, "ci_job", "job:%s", text_at(run, "id"));
	steps = at(run, "steps");
	for (size_t i = 0; json_object_is_type(steps, json_type_array) && i < 200 &&
			   i < json_object_array_length(steps);
	     i++) {
		struct json_object *step = json_object_array_get_idx(steps, i);

		if (has_failed(text_at(step, "conclusion"))) {
			fields_setf(to, "text", "%s: the step '%s' failed",
			    text_at(run, "name"), text_at(step, "name"));
			break;
		}
	}
	return 1;
}

static int
github_status(struct fields *to, struct json_object *o, char what[96])
{
	struct json_object *branches = at(o, "branches");

	if (!has_failed(text_at(o, "state")))
		return skip(what, "status", text_at(o, "state"));
	fields_set(to, "kind", "ci");
	put(to, "commit", o, "sha");
	put(to, "check", o, "context");
	put(to, "url", o, "target_url");
	fields_setf(to, "text", "%s: %s\n%s", text_at(o, "context"),
	    text_at(o, "state"), text_at(o, "description"));
	if (json_object_is_type(branches, json_type_array) &&
	    json_object_array_length(branches) == 1)
		put(to, "branch", json_object_array_get_idx(branches, 0), "name");
	return 1;
}

static int
github_deploy(struct fields *to, struct json_object *o, char what[96])
{
	const char *state = text_at(o, "deployment_status.state");
	bool failed = has_failed(state);

	if (!failed && strcmp(state, "success") != 0)
		return skip(what, "deployment_status", state);
	fields_set(to, "kind", failed ? "deploy-failed" : "preview");
	put(to, "commit", o, "deployment.sha");
	put(to, "branch", o, "deployment.ref");
	put(to, "deploy", o, "deployment_status.environment_url");
	put(to, "url", o, "deployment_status.environment_url");
	fields_setf(to, "text", "%s: %s\n%s", text_at(o, "deployment.environment"),
	    state, text_at(o, "deployment_status.description"));
	return 1;
}

/* Of pull requests that are opened only those of programs need a route. */
static int
github_opened(struct fields *to, struct json_object *o, char what[96])
{
	long lines = strtol(text_at(o, "pull_request.additions"), NULL, 10) +
		     strtol(text_at(o, "pull_request.deletions"), NULL, 10);

	if (!is_at(o, "action", "opened") || !is_at(o, "pull_request.user.type", "Bot"))
		return skip(what, "pull_request", text_at(o, "action"));
	fields_set(to, "kind", lines < 5 ? "quick-fix" : "pr");
	put(to, "author", o, "pull_request.user.login");
	put_standing(to, text_at(o, "pull_request.author_association"));
	put(to, "url", o, "pull_request.html_url");
	fields_setf(to, "text", "%s\n%s", text_at(o, "pull_request.title"),
	    text_at(o, "pull_request.body"));
	github_pull(to, o);
	return 1;
}

static int
read_github(
    const struct delivery *d, struct json_object *o, struct fields *to, char what[96])
{
	const char *event = d->event ? d->event : "";

	put(to, "repo", o, "repository.full_name");
	if (strcmp(event, "pull_request_review") == 0)
		return github_review(to, o, what);
	if (strcmp(event, "pull_request_review_comment") == 0 &&
	    is_at(o, "action", "created")) {
		fields_set(to, "kind", "review-comment");
		github_said(to, o, "comment");
		github_pull(to, o);
		return 1;
	}
	if (strcmp(event, "issue_comment") == 0)
		return github_comment(to, o, what);
	if (strcmp(event, "check_run") == 0 || strcmp(event, "workflow_run") == 0 ||
	    strcmp(event, "workflow_job") == 0)
		return github_check(to, o, event, what);
	if (strcmp(event, "status") == 0)
		return github_status(to, o, what);
	if (strcmp(event, "deployment_status") == 0)
		return github_deploy(to, o, what);
	if (strcmp(event, "pull_request") == 0)
		return github_opened(to, o, what);
	return skip(what, event, text_at(o, "action"));
}

/* ---- the others ------------------------------------------------------------------------ */

static int
read_linear(struct json_object *o, struct fields *to, char what[96])
{
	const char *type = text_at(o, "type"), *action = text_at(o, "action");

	if (strcmp(type, "Comment") == 0 && strcmp(action, "create") == 0) {
		fields_set(to, "kind", "comment");
		put(to, "text", o, "data.body");
		put(to, "issue", o, "data.issue.identifier");
		put(to, "comment_id", o, "data.id");
		put(to, "author", o,
		    text_at(o, "actor.email")[0] ? "actor.email" : "data.user.name");
		put(to, "url", o, "url");
		return 1;
	}
	if (strcmp(type, "AgentSessionEvent") == 0 && strcmp(action, "created") == 0) {
		fields_set(to, "kind", "delegation");
		put(to, "text", o, "agentSession.comment.body");
		put(to, "issue", o, "agentSession.issue.identifier");
		put(to, "comment_id", o, "agentSession.id");
		put(to, "author", o,
		    text_at(o, "agentSession.creator.email")[0]
			? "agentSession.creator.email"
			: "agentSession.creator.name");
		put(to, "url", o, "agentSession.issue.url");
		return 1;
	}
	return skip(what, type, action);
}

static int
read_sentry(
    const struct delivery *d, struct json_object *o, struct fields *to, char what[96])
{
	const char *resource = d->event ? d->event : "", *action = text_at(o, "action");
	bool is_issue = strcmp(resource, "issue") == 0;
	struct json_object *about = at(o, is_issue ? "data.issue" : "data.event");

	if (!about || (is_issue && strcmp(action, "created") != 0 &&
			  strcmp(action, "unresolved") != 0))
		return skip(what, resource, action);
	fields_set(to, "kind", "alert");
	put(to, "url", about, text_at(about, "web_url")[0] ? "web_url" : "permalink");
	put(to, "commit", about, "release");
	put(to, "deploy", about, "dist");
	fields_setf(to, "text", "%s%s\n%s",
	    strcmp(action, "unresolved") == 0 ? "A regression: " : "",
	    text_at(about, "title"), text_at(about, "culprit"));
	return 1;
}

static int
read_vercel(struct json_object *o, struct fields *to, char what[96])
{
	const char *type = text_at(o, "type");
	bool failed = strcmp(type, "deployment.error") == 0;

	put(to, "deploy", o, "payload.deployment.url");
	put(to, "branch", o, "payload.deployment.meta.githubCommitRef");
	put(to, "commit", o, "payload.deployment.meta.githubCommitSha");
	if (failed || strcmp(type, "deployment.succeeded") == 0 ||
	    strcmp(type, "deployment.ready") == 0) {
		fields_set(to, "kind", failed ? "deploy-failed" : "preview");
		fields_setf(
		    to, "url", "https://%s", text_at(o, "payload.deployment.url"));
		fields_setf(
		    to, "text", "%s: %s", type, text_at(o, "payload.deployment.url"));
		return 1;
	}
	if (strncmp(type, "comment", 7) == 0) {
		fields_set(to, "kind", "comment");
		put(to, "text", o, "payload.comment.text");
		put(to, "author", o, "payload.comment.author");
		put(to, "url", o, "payload.comment.url");
		return 1;
	}
	return skip(what, type, "");
}

/* What platforms call one that works; nothing said is no bad word. */
static bool
is_healthy(const char *health)
{
	static const char *const words[] = { "", "ok", "healthy", "passing", "ready",
		"green" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcasecmp(words[i], health) == 0)
			return true;
	}
	return false;
}

static int
read_generic(struct json_object *o, struct fields *to, char what[96])
{
	static const char *const same[] = { "kind", "author", "repo", "pull_url",
		"branch", "commit", "issue", "parent", "deploy", "comment_id", "url",
		"text", "log", "type", "spec", "exec", "check", "ci_run" };

	for (size_t i = 0; i < N_ELEMS(same); i++)
		put(to, same[i], o, same[i]);
	/* deployed is what ended with 0 and is healthy, whatever a page answers. */
	if (strcmp(fields_text(to, "kind"), "preview") == 0 &&
	    (strspn(text_at(o, "exit"), "0") != strlen(text_at(o, "exit")) ||
		!is_healthy(text_at(o, "health"))))
		fields_set(to, "kind", "deploy-failed");
	if (fields_text(to, "kind")[0])
		return 1;
	return skip(what, "a delivery without kind", "");
}

/* ---- all ------------------------------------------------------------------------------- */

/* Linear and Vercel sign the time within the body, Sentry nowhere. */
static int
check_time(
    const struct delivery *d, struct json_object *o, int64_t now, struct err *err)
{
	const char *path = d->sender == SENDER_LINEAR   ? "webhookTimestamp"
			   : d->sender == SENDER_VERCEL ? "createdAt"
							: NULL;
	struct json_object *v = path ? at(o, path) : NULL;

	if (!path || llabs(now - json_object_get_int64(v)) <= SIGNED_WINDOW_MS)
		return 0;
	return err_set(err, ERR_REFUSED,
	    "%s: signed at another time (%s): outside of "
	    "five minutes",
	    sender_doc(d->sender)->name, path);
}

/*
 * Its id, where that is signed as well.  In a header that is not, anybody who saw a delivery
 * once could write another: there the sum of what was signed is the id.
 */
static void
put_delivery(const struct delivery *d, struct json_object *o, struct fields *to)
{
	char sum[HASH_HEX_SIZE];

	if (d->sender == SENDER_GENERIC || d->sender == SENDER_VERCEL) {
		fields_set(to, "delivery",
		    d->sender == SENDER_GENERIC ? d->id : text_at(o, "id"));
		return;
	}
	hash_sha256(d->body, d->n_body, sum);
	sum[32] = '\0';
	fields_set(to, "delivery", sum);
}

static struct json_object *
parse(const struct delivery *d)
{
	struct json_tokener *t;
	struct json_object *o;

	if (d->n_body == 0 || d->n_body > INT32_MAX ||
	    !text_json_is_modest(d->body, d->n_body, VALUES_MOST))
		return NULL;
	t = json_tokener_new_ex(DEPTH_MOST);
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, d->body, (int)d->n_body);
	if (json_tokener_get_error(t) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

int
payload_read(const struct delivery *d, int64_t now, struct fields *to, char what[96],
    struct err *err)
{
	const char *name = sender_doc(d->sender)->name;
	struct json_object *o = parse(d);
	int rc;

	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return err_set(err, ERR_INPUT, "%s: the body is no JSON object", name);
	}
	fields_set(to, "source", name);
	put_delivery(d, o, to);
	rc = check_time(d, o, now, err);
	if (rc == 0 && fields_text(to, "delivery")[0] == '\0')
		rc = err_set(err, ERR_INPUT, "%s: the delivery has no id", name);
	if (rc == 0 && d->sender == SENDER_GITHUB)
		rc = read_github(d, o, to, what);
	else if (rc == 0 && d->sender == SENDER_LINEAR)
		rc = read_linear(o, to, what);
	else if (rc == 0 && d->sender == SENDER_SENTRY)
		rc = read_sentry(d, o, to, what);
	else if (rc == 0 && d->sender == SENDER_VERCEL)
		rc = read_vercel(o, to, what);
	else if (rc == 0)
		rc = read_generic(o, to, what);
	json_object_put(o);
	return rc;
}
