#include "engine/land_forge.h"

#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/track_forge.h"

#include <stdio.h>
#include <string.h>

/* What one landing knows of its way. */
struct way {
	struct repo *repo;
	const char *target, *onto, *candidate;
	char *remote;
	char there[GIT_OID_SIZE]; /* what the remote has */
	struct fields *out;
};

/* OUT gets the one command that goes on. */
static int
blocked(const struct way *w, const char *command, struct err *err)
{
	err->kind = ERR_CONFLICT;
	fields_set(w->out, "command", command);
	fields_set(w->out, "text", err->text);
	return -1;
}

/* What was tested stands on what the remote has, or its merge would be of something else. */
static int
check_base(const struct way *w, struct err *err)
{
	const char *there = w->there;
	AUTO_FREE char *top = text_shell_quote(w->repo->top);
	AUTO_FREE char *target = text_shell_quote(w->target);
	AUTO_FREE char *command = NULL;

	if (strcmp(there, w->onto) == 0)
		return 0;
	if (repo_is_ancestor(w->repo, w->onto, there, NULL) > 0) {
		command = xasprintf(
		    "git -C %s pull --ff-only %s %s", top, w->remote, target);
		err_set(err, ERR_CONFLICT, "%s of %s has moved on to %.12s", w->target,
		    w->remote, there);
	} else {
		command = xasprintf("git -C %s log --oneline %s/%s..%s", top, w->remote,
		    target, target);
		err_set(err, ERR_CONFLICT,
		    "%s here has work that %s of %s has not: a pull request would be "
		    "merged without it",
		    w->target, w->target, w->remote);
	}
	return blocked(w, command, err);
}

/* Words of the commit that was tested, for the one that is made of it there. */
static char *
line_of(const struct way *w, const char *format)
{
	char *text = git_line(
	    w->repo->common_dir, GIT_ARGS("log", "-1", format, w->candidate), NULL);

	return text ? text : xstrdup("");
}

static const char *
method_of(const char *landing)
{
	return strcmp(landing, "merge") == 0 || strcmp(landing, "rebase") == 0
		   ? landing
		   : "squash";
}

/* Reads the pull request, and merges it unless somebody (we, before a crash) has. */
static int
merge_it(const struct way *w, const struct fields *in, const struct track_link *link,
    struct arena *arena, struct tracker_pull *pull, struct err *err)
{
	long number = (long)fields_number(in, "number", 0);
	AUTO_FREE char *title = line_of(w, "--format=%s");
	AUTO_FREE char *text = line_of(w, "--format=%b");
	char head[GIT_OID_SIZE];
	struct tracker_pull_merge how = { head, method_of(fields_text(in, "landing")),
		title, text };

	if (!link->tracker->pull_merge)
		return err_set(err, ERR_REFUSED, "%s merges no pull requests",
		    link->tracker->name);
	if (repo_resolve(w->repo, fields_text(in, "branch"), head, err) < 0 ||
	    link->tracker->pull_read(&link->link, number, arena, pull, err) < 0)
		return -1;
	if (strcmp(pull->state, "merged") == 0)
		return 0;
	if (check_base(w, err) < 0)
		return -1;
	return DURABLE("pull.merge",
	    link->tracker->pull_merge(&link->link, number, &how, arena, pull, err));
}

static int
merge_there(const struct way *w, const struct fields *in, char *merged, struct err *err)
{
	struct track_link link = { 0 };
	struct arena *arena = arena_new();
	struct tracker_pull pull = { 0 };
	AUTO_FREE char *again = NULL;
	bool is_other = fields_text(in, "home_top")[0] != '\0';
	const struct forge_of of = {
		.top = fields_text(in, is_other ? "home_top" : "top"),
		.tracker = fields_text(in, "tracker"),
		.repo = is_other ? fields_text(in, "top") : "",
		.target = w->target,
	};
	int rc = track_forge_open(&link, &of, err);

	if (rc == 0)
		rc = merge_it(w, in, &link, arena, &pull, err);
	if (rc == 0)
		snprintf(merged, GIT_OID_SIZE, "%s", pull.merge_commit);
	track_link_close(&link);
	arena_free(arena);
	if (rc == 0 || err->kind == ERR_SYSTEM || err->kind == ERR_TIMEOUT ||
	    fields_text(w->out, "command")[0])
		return rc;
	/* Not now, whatever the reason: a person mends it there and says it again. */
	again = xasprintf("divisi merge %s --yes", fields_text(in, "phase"));
	return blocked(w, again, err);
}

/* 1 when A and B have the same files, 0 when not or one is not there, -1. */
static int
same_tree(const struct way *w, const char *a, const char *b, struct err *err)
{
	AUTO_FREE char *of_a = xasprintf("%s^{tree}", a);
	AUTO_FREE char *of_b = xasprintf("%s^{tree}", b);
	char x[GIT_OID_SIZE], y[GIT_OID_SIZE];
	int n = repo_ref(w->repo->common_dir, of_a, x, err);

	if (n > 0)
		n = repo_ref(w->repo->common_dir, of_b, y, err);
	return n > 0 ? strcmp(x, y) == 0 : n;
}

/*
 * What was merged there must be what was tested here: the same files; or it is below what
 * the target is here by now, which the work adds nothing to.
 */
static int
check_merged(const struct way *w, const char *merged, struct err *err)
{
	AUTO_FREE char *top = text_shell_quote(w->repo->top);
	AUTO_FREE char *command = NULL;
	int n;

	if (!git_oid_ok(merged))
		return err_set(err, ERR_INPUT, "it was merged there as no commit");
	n = same_tree(w, merged, w->candidate, err);
	if (n == 0 && repo_is_ancestor(w->repo, merged, w->onto, NULL) > 0)
		n = same_tree(w, w->onto, w->candidate, err);
	if (n != 0)
		return n < 0 ? -1 : 0;
	err_set(err, ERR_CONFLICT,
	    "it was merged there as %.12s, which is not what was tested here", merged);
	command = xasprintf(
	    "git -C %s pull --ff-only %s %s", top, w->remote, w->target);
	return blocked(w, command, err);
}

int
land_forge_merge(struct repo *repo, const struct fields *in, char *merged,
    struct fields *out, struct err *err)
{
	struct way w = { .repo = repo,
		.target = fields_text(in, "target"),
		.onto = fields_text(in, "onto"),
		.candidate = fields_text(in, "candidate"),
		.out = out };
	int rc = -1;

	w.remote = repo_default_remote(repo, w.target);
	if (!w.remote)
		return err_set(err, ERR_NOT_FOUND, "%s has no remote", w.target);
	if (repo_fetch(repo, w.remote, w.target, w.there, err) == 0 &&
	    merge_there(&w, in, merged, err) == 0 &&
	    repo_fetch(repo, w.remote, w.target, w.there, err) == 0)
		rc = check_merged(&w, merged, err);
	free(w.remote);
	return rc;
}
