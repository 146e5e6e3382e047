#include "engine/track_work.h"

#include "base/crash.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/track_delegate.h"
#include "engine/track_project.h"
#include "engine/track_pull.h"

#include <stdlib.h>
#include <string.h>

static const char *
text(const struct track_work *w, const char *name)
{
	return fields_text(w->in, name);
}

static struct tracker_call
call_of(struct track_work *w, const char *what)
{
	free(w->sub_key);
	w->sub_key = xasprintf("%s/%s", text(w, "key"), what);
	return (struct tracker_call){ .key = w->sub_key,
		.actor = "server",
		.at = fields_number(w->in, "at", 0),
		.cause = text(w, "act") };
}

/* The plan's own issues stand in the built-in tracker too, under their own ids. */
static int
mirror(struct track_work *w, const struct tracker_draft *issue, const char *type,
    struct err *err)
{
	const char *labels[] = { type };
	struct tracker_draft draft = *issue;
	struct tracker_call call = call_of(w, issue->id);
	char made[TRACKER_ID_SIZE];

	draft.title = issue->title[0] ? issue->title : issue->id;
	draft.body = "";
	draft.labels = (struct tracker_words){ labels, 1 };
	return DURABLE(
	    "tracker.mirror", w->tracker->create(w->link, &call, &draft, made, err));
}

static const char *
master_of(const struct track_work *w)
{
	return text(w, "master")[0] ? text(w, "master") : NULL;
}

/* the plan hangs on the master issue before anything is filed under it. */
static int
attach_plan(struct track_work *w, struct err *err)
{
	AUTO_FREE char *key = xasprintf(
	    "attach/%s/%s", text(w, "master"), text(w, "plan_sha"));
	struct tracker_call call = call_of(w, "attach");

	if (!master_of(w) || !w->tracker->attach)
		return 0;
	call.key = key; /* once, and not for each session that is filed */
	return DURABLE(
	    "tracker.attach", w->tracker->attach(w->link, &call, text(w, "master"),
				  text(w, "plan_path"), text(w, "plan_sha"), err));
}

static int
mirror_master(struct track_work *w, struct err *err)
{
	struct tracker_draft master = { .id = text(w, "master"),
		.title = text(w, "master_title"),
		.url = text(w, "master_url") };

	if (!master_of(w) || !(w->tracker->capabilities & TRACKER_OWN_IDS))
		return 0;
	return mirror(w, &master, "type:feature", err);
}

static int
mirror_plan(struct track_work *w, struct err *err)
{
	struct tracker_draft issue = { .parent = master_of(w),
		.id = text(w, "issue"),
		.title = text(w, "issue_title"),
		.url = text(w, "issue_url") };

	if (!(w->tracker->capabilities & TRACKER_OWN_IDS))
		return 0;
	if (mirror_master(w, err) < 0)
		return -1;
	if (attach_plan(w, err) < 0)
		return -1;
	return mirror(w, &issue,
	    fields_number(w->in, "analysis", 0) ? "type:spike" : "type:feature", err);
}

/* The sub-issue whose description is the whole prompt (S-48 to S-53), unassigned. */
static int
file_issue(struct track_work *w, char id[TRACKER_ID_SIZE], struct err *err)
{
	const char *mode = text(w, "mode"), *issue = text(w, "issue");
	AUTO_FREE char *exec = xasprintf("exec:%.*s", (int)strcspn(mode, " "), mode);
	AUTO_FREE char *key = xasprintf("issue-create/%s", text(w, "session"));
	AUTO_FREE char *relate_key = xasprintf("issue-relate/%s", text(w, "session"));
	const char *labels[2] = {
		fields_number(w->in, "analysis", 0) ? "type:spike" : "type:chore", exec
	};
	struct tracker_draft draft = { .title = text(w, "title"),
		.body = text(w, "prompt"),
		.parent = master_of(w),
		.status = "Todo",
		.estimate = (int)fields_number(w->in, "points", 0),
		.labels = { labels, 2 } };
	struct tracker_patch again = { .status = "Todo", .body = text(w, "prompt") };
	struct tracker_call call = call_of(w, "create");

	call.key = key; /* the same session never gets a second sub-issue */
	if (DURABLE("tracker.create",
		w->tracker->create(w->link, &call, &draft, id, err)) < 0)
		return -1;
	call = call_of(w, "again");
	if (DURABLE("tracker.again",
		w->tracker->update(w->link, &call, id, &again, err)) < 0)
		return -1;
	call = call_of(w, "relate");
	call.key = relate_key;
	if (w->tracker->relate && issue[0] && strcmp(id, issue) != 0 &&
	    DURABLE("tracker.relate",
		w->tracker->relate(w->link, &call, id, "related", issue, err)) < 0)
		return -1;
	return 0;
}

/*
 * the plan's order stands in the tracker as relations.  One that the tracker will never
 * take (another sort of issue, a repository without dependencies) keeps no session waiting.
 * From whichever end and for whichever table it is told, it is one relation with one key.
 */
static int
relate_all(struct track_work *w, const char *id, const char *kind, const char *list,
    struct err *err)
{
	struct span rest = span_of(list), one;

	while (w->tracker->relate && span_next(&rest, '\n', &one)) {
		AUTO_FREE char *other = xstrndup(one.p, one.n);
		bool is_first = strcmp(kind, "blocks") == 0;
		AUTO_FREE char *key = xasprintf(
		    "issue-order/%s/%s", is_first ? id : other, is_first ? other : id);
		struct tracker_call call = call_of(w, "order");
		struct err why = ERR_INIT;

		call.key = key;
		if (one.n == 0 || strcmp(other, id) == 0 ||
		    DURABLE("tracker.order",
			w->tracker->relate(w->link, &call, id, kind, other, &why)) == 0)
			continue;
		if (why.kind != ERR_REFUSED && why.kind != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		log_warn("%s %s %s: %s", id, kind, other, why.text);
	}
	return 0;
}

static int
file(struct track_work *w, struct fields *out, struct err *err)
{
	char id[TRACKER_ID_SIZE] = "";

	if (mirror_plan(w, err) < 0)
		return -1;
	if (!(w->tracker->capabilities & TRACKER_OWN_IDS) && attach_plan(w, err) < 0)
		return -1;
	if (file_issue(w, id, err) < 0 ||
	    relate_all(w, id, "blocked-by", text(w, "blocked_by"), err) < 0 ||
	    relate_all(w, id, "blocks", text(w, "blocks"), err) < 0)
		return -1;
	fields_set(out, "sub_issue", id);
	return 0;
}

/* one label about who is needed, and the others taken off; "" takes off all. */
static const char *const contexts[] = { "ctx:autonomous", "ctx:human",
	"ctx:interactive", "ctx:review" };

static void
add_context(const char *want, struct tracker_patch *patch, const char **add,
    const char **remove)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMS(contexts); i++) {
		if (strcmp(contexts[i], want) != 0)
			remove[n++] = contexts[i];
	}
	add[0] = want;
	patch->add = (struct tracker_words){ add, want[0] != '\0' };
	patch->remove = (struct tracker_words){ remove, n };
}

static int
move_issue(struct track_work *w, struct err *err)
{
	struct tracker_patch patch = { .status = text(w, "status"),
		.seen_at = w->seen_at };
	const char *ids[] = { text(w, "sub_issue"), text(w, "issue") };
	const char *add[1], *remove[N_ELEMS(contexts)];

	add_context(text(w, "context"), &patch, add, remove);
	for (size_t i = 0; i < N_ELEMS(ids); i++) {
		struct tracker_call call = call_of(w, ids[i]);

		if (ids[i][0] == '\0' ||
		    (i == 1 && !(w->tracker->capabilities & TRACKER_OWN_IDS)))
			continue;
		if (DURABLE("tracker.move",
			w->tracker->update(w->link, &call, ids[i], &patch, err)) < 0)
			return -1;
	}
	return 0;
}

static int
assign_issue(struct track_work *w, struct err *err)
{
	struct tracker_patch patch = { .assignee = text(w, "assignee"),
		.owner_session = text(w, "session"),
		.seen_at = w->seen_at };
	struct tracker_call call = call_of(w, "assign");

	/* Elsewhere an assignee is an account; one is the delegate's, and the other's to answer. */
	if (w->tracker->capabilities & TRACKER_NETWORK)
		patch.assignee = w->account && w->account[0] ? w->account : NULL;
	if (!(w->tracker->capabilities & TRACKER_OWNERS))
		patch.owner_session = NULL;
	if (!patch.assignee && !patch.owner_session)
		return 0;
	return DURABLE("tracker.assign",
	    w->tracker->update(w->link, &call, text(w, "sub_issue"), &patch, err));
}

static int
comment_issue(struct track_work *w, const char *id, const char *kind, const char *body,
    struct err *err)
{
	struct tracker_call call = call_of(w, kind);

	if (id[0] == '\0' || body[0] == '\0')
		return 0;
	return DURABLE("tracker.comment",
	    w->tracker->comment(w->link, &call, id, kind, body, err));
}

static int
close_plan(struct track_work *w, struct err *err)
{
	struct tracker_patch progress = { .status = "In Progress" };
	struct tracker_patch patch = { .status = "In Review" };
	struct tracker_call call;
	AUTO_FREE char *closing = xasprintf(
	    "Every phase of the plan is done, merged and verified. Closing this issue is yours.\n\n%s",
	    text(w, "comment"));

	if (!master_of(w))
		return 0;
	if (comment_issue(w, text(w, "master"), "closing", closing, err) < 0)
		return -1;
	if (!(w->tracker->capabilities & TRACKER_OWN_IDS))
		return 0;
	call = call_of(w, "progress");
	if (DURABLE("tracker.progress", w->tracker->update(w->link, &call,
					    text(w, "master"), &progress, err)) < 0)
		return -1;
	call = call_of(w, "close");
	return DURABLE("tracker.close",
	    w->tracker->update(w->link, &call, text(w, "master"), &patch, err));
}

/* the record stands on the reviewed issue, written over in place. */
static int
post_record(struct track_work *w, struct err *err)
{
	if (mirror_master(w, err) < 0)
		return -1;
	return comment_issue(w, text(w, "about"), "rdr", text(w, "comment"), err);
}

/* what was agreed is a chore of its own under the issue that was reviewed. */
static int
file_finding(struct track_work *w, struct fields *out, struct err *err)
{
	const char *labels[] = { "type:chore" };
	struct tracker_draft draft = { .title = text(w, "title"),
		.body = text(w, "prompt"),
		.parent = text(w, "about")[0] ? text(w, "about") : NULL,
		.status = "Todo",
		.estimate = (int)fields_number(w->in, "points", 0),
		.labels = { labels, 1 } };
	struct tracker_call call;
	char id[TRACKER_ID_SIZE] = "";

	if (mirror_master(w, err) < 0)
		return -1;
	call = call_of(w, "create");
	if (DURABLE("tracker.finding",
		w->tracker->create(w->link, &call, &draft, id, err)) < 0)
		return -1;
	fields_set(out, "sub_issue", id);
	return 0;
}

/* A plan that has filed nothing yet can be written to, too: its master issue is made. */
static int
comment_on(struct track_work *w, struct err *err)
{
	bool is_master = strcmp(text(w, "on"), "master") == 0;

	if (is_master && mirror_master(w, err) < 0)
		return -1;
	return comment_issue(w,
	    text(w, is_master                            ? "master"
		    : strcmp(text(w, "on"), "pull") == 0 ? "about"
							 : "sub_issue"),
	    text(w, "comment_kind"), text(w, "comment"), err);
}

int
track_work(struct track_work *w, struct fields *out, struct err *err)
{
	const char *act = text(w, "act");
	int rc;

	if (strcmp(act, "registry") == 0)
		rc = comment_issue(
		    w, text(w, "master"), "registry", text(w, "comment"), err);
	else if (strcmp(act, "rdr") == 0)
		rc = post_record(w, err);
	else if (strcmp(act, "finding-file") == 0)
		rc = file_finding(w, out, err);
	else if (strcmp(act, "project-update") == 0)
		rc = track_project(w, out, err);
	else if (strcmp(act, "plan-close") == 0)
		rc = close_plan(w, err);
	else if (track_is_delegation(act))
		rc = track_delegation(w, out, err);
	else if (track_is_pull(act))
		rc = track_pull(w, out, err);
	else if (strcmp(act, "issue-file") == 0)
		rc = file(w, out, err);
	else if (strcmp(act, "issue-move") == 0)
		rc = move_issue(w, err);
	else if (strcmp(act, "issue-assign") == 0)
		rc = assign_issue(w, err);
	else
		rc = comment_on(w, err);
	free(w->sub_key);
	w->sub_key = NULL;
	return rc;
}
