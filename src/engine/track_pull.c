#include "engine/track_pull.h"

#include "base/crash.h"
#include "base/text.h"
#include "engine/track_forge.h"
#include "git/land.h"
#include "git/repo.h"

#include <string.h>

static const char *
text(const struct track_work *w, const char *name)
{
	return fields_text(w->in, name);
}

bool
track_is_pull(const char *kind)
{
	return strncmp(kind, "pull-", 5) == 0;
}

/* The branch goes to the remote that the target is pushed to. */
static int
push_branch(const struct track_work *w, struct err *err)
{
	struct repo repo = { 0 };
	AUTO_FREE char *remote = NULL;
	int rc = -1;

	if (repo_open(text(w, text(w, "repo")[0] ? "repo" : "top"), &repo, err) < 0)
		return -1;
	remote = repo_default_remote(&repo, text(w, "target"));
	if (remote)
		rc = DURABLE(
		    "pull.push", repo_push(&repo, remote, text(w, "branch"), err));
	else
		err_set(err, ERR_NOT_FOUND, "there is no remote to push %s to",
		    text(w, "branch"));
	repo_close(&repo);
	return rc;
}

static char *
body_of(const struct track_work *w)
{
	const char *summary = text(w, "summary");

	return xasprintf(
	    "%s\n\n%s\n", text(w, "title"), summary[0] ? summary : text(w, "focus"));
}

static int
open_pull(struct track_work *w, const struct tracker_call *call, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	AUTO_FREE char *body = body_of(w);
	const char *closes = text(w, "sub_issue")[0] ? text(w, "sub_issue") : NULL;
	bool is_own = track_forge_is(text(w, "tracker"));
	struct tracker_pull_draft draft = { .head = text(w, "branch"),
		.base = text(w, "target"),
		.title = text(w, "focus"),
		.body = body,
		.closes = is_own ? closes : NULL,
		/* What the built-in one has, nobody there knows. */
		.closes_elsewhere = text(w, "tracker")[0] && !is_own ? closes : NULL };

	if (push_branch(w, err) < 0)
		return -1;
	return DURABLE("pull.open",
	    w->tracker->pull_open(w->link, call, &draft, arena, pull, err));
}

static int
do_it(struct track_work *w, struct arena *arena, struct tracker_pull *pull,
    struct err *err)
{
	const char *act = text(w, "act");
	long number = (long)fields_number(w->in, "number", 0);
	struct tracker_call call = { .key = text(w, "key"),
		.actor = "server",
		.at = fields_number(w->in, "at", 0),
		.cause = act };

	if (strcmp(act, "pull-close") == 0)
		return DURABLE(
		    "pull.close", w->tracker->pull_close(w->link, &call, number,
				      text(w, "pull_text"), arena, pull, err));
	if (strcmp(act, "pull-open") == 0) {
		if (open_pull(w, &call, arena, pull, err) < 0)
			return -1;
		number = pull->number;
	}
	return w->tracker->pull_read(w->link, number, arena, pull, err);
}

int
track_pull(struct track_work *w, struct fields *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct tracker_pull pull = { 0 };
	int rc = -1;

	if (!w->tracker->pull_open || !w->tracker->pull_read || !w->tracker->pull_close)
		err_set(err, ERR_REFUSED, "%s has no pull requests", w->tracker->name);
	else
		rc = do_it(w, arena, &pull, err);
	if (rc == 0) {
		fields_set_number(out, "number", pull.number);
		fields_set(out, "url", pull.url);
		fields_set(out, "state", pull.state);
		fields_set(out, "checks", pull.checks);
		fields_set(out, "review", pull.review);
		fields_set_number(
		    out, "opened", strcmp(text(w, "act"), "pull-open") == 0);
	}
	arena_free(arena);
	return rc;
}
