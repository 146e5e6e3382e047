#include "engine/job.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/track_link.h"
#include "engine/track_pull.h"
#include "engine/track_work.h"

#include <json-c/json.h>
#include <string.h>

/*
 * `divisi job track`: one act on a tracker over the network.  Before it writes to an issue
 * it looks whether that is as it was last seen; afterwards it looks again (E-17, B-3).
 */
struct tracking {
	const struct fields *in;
	struct fields *out;
	struct track_work work;
	struct arena *arena;
	const char *id; /* of the issue it is about, "" when there is none yet */
	bool is_there;  /* status and all are so already */
	struct tracker_issue before; /* our first look */
	bool has_before;
	const char *theirs; /* the status that somebody moved it on to, or "" */
};

/* How far along a status is among those that a session itself moves through; 0 is none. */
static int
rank(const char *status)
{
	static const char *const words[] = { "Todo", "In Progress", "In Review",
		"Done" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i], status) == 0)
			return (int)i + 1;
	}
	return 0;
}

static char *
seen_text(const struct tracker_issue *issue, const char *theirs)
{
	struct fields f = { 0 };
	char sha256[HASH_HEX_SIZE];
	char *text;

	hash_sha256(issue->body, strlen(issue->body), sha256);
	fields_set(&f, "status", issue->status);
	fields_set(&f, "theirs", theirs);
	fields_set(&f, "title", issue->title);
	fields_set(&f, "assignee", issue->assignee);
	fields_set(&f, "delegate", issue->delegate);
	fields_set(&f, "body", sha256);
	fields_set_number(&f, "at", issue->updated_at);
	text = fields_to_json(&f);
	fields_clear(&f);
	return text;
}

static int
conflict(struct tracking *t, const char *what, const char *now, struct err *err)
{
	fields_setf(t->out, "conflict", "%s was changed in the tracker: %s%s%.120s",
	    t->id, what, now[0] ? " " : "", now);
	fields_set(t->out, "trouble", tracker_trouble_name(TRACKER_CONFLICT));
	err_set(err, ERR_CONFLICT, "%s", fields_text(t->out, "conflict"));
	return err_fix(err,
	    "divisi outbox retry writes ours on top; divisi outbox drop leaves theirs");
}

/* What was left behind is not gone back to. */
static void
keep_theirs(struct tracking *t, const struct tracker_issue *now, const char *want)
{
	t->theirs = now->status;
	t->is_there = strcmp(fields_text(t->in, "act"), "issue-move") == 0 &&
		      rank(want) > 0 && rank(now->status) > rank(want);
}

/*
 * What differs from what was seen.  A status that moved on the way the session's own prompt
 * orders is adopted; so is everything that is a person's alone (labels, priority).
 */
static int
compare(struct tracking *t, const struct fields *seen, const struct tracker_issue *now,
    struct err *err)
{
	const char *was = fields_text(seen, "status");
	const char *want = fields_text(t->in, "status");
	bool accepts = fields_number(t->in, "accept", 0) != 0;
	AUTO_FREE char *text = seen_text(now, "");
	struct fields is = { 0 };
	int rc = 0;

	rc = fields_of_json(&is, text, err);
	if (rc == 0 && !accepts && now->is_archived)
		rc = conflict(t, "it is archived", "", err);
	else if (rc == 0 && !accepts &&
		 strcmp(fields_text(&is, "body"), fields_text(seen, "body")) != 0)
		rc = conflict(t, "its text is another", "", err);
	else if (rc == 0 && !accepts &&
		 strcmp(now->assignee, fields_text(seen, "assignee")) != 0)
		rc = conflict(t,
		    now->assignee[0] ? "it is assigned to" : "it is nobody's",
		    now->assignee, err);
	fields_clear(&is);
	if (rc < 0)
		return rc;
	/* Where somebody moved it on to it stays until we come past that. */
	if (strcmp(now->status, was) == 0) {
		if (!accepts && strcmp(fields_text(seen, "theirs"), was) == 0)
			keep_theirs(t, now, want);
		return 0;
	}
	if (!accepts && strcmp(now->status, want) != 0 &&
	    rank(now->status) <= rank(was))
		return conflict(t, "it is", now->status, err);
	fields_setf(t->out, "adopted", "%s moved it from %s to %s",
	    "somebody in the tracker", was, now->status);
	fields_set(t->out, "was", was);
	fields_set(t->out, "is", now->status);
	if (!accepts && strcmp(now->status, want) != 0)
		keep_theirs(t, now, want);
	return 0;
}

static int
look_before(struct tracking *t, struct err *err)
{
	struct fields seen = { 0 };
	struct tracker_issue *now = &t->before;
	int rc;

	if (t->id[0] == '\0' || strcmp(fields_text(t->in, "act"), "registry") == 0)
		return 0;
	if (t->work.tracker->read(t->work.link, t->id, t->arena, now, err) < 0)
		return err_wrap(err, "%s", t->id);
	t->has_before = true;
	if (fields_text(t->in, "seen")[0] == '\0')
		return 0;
	t->work.seen_at = now->updated_at;
	rc = fields_of_json(&seen, fields_text(t->in, "seen"), err);
	if (rc == 0)
		rc = compare(t, &seen, now, err);
	fields_clear(&seen);
	return rc;
}

/*
 * What others did between our first look and the last is not seen yet: the next act is to
 * find it.  A status that we moved is as we read it then.
 */
static void
leave_unseen(const struct tracking *t, struct tracker_issue *now)
{
	if (!t->has_before)
		return;
	now->body = t->before.body;
	now->assignee = t->before.assignee;
	if (strcmp(fields_text(t->in, "act"), "issue-move") != 0)
		now->status = t->before.status;
}

/* As it is after our write: what the next one compares with. */
static int
look_after(struct tracking *t, struct err *err)
{
	AUTO_FREE char *text = NULL;
	struct tracker_issue now;

	if (fields_text(t->out, "sub_issue")[0])
		t->id = fields_text(t->out, "sub_issue");
	if (t->id[0] == '\0' || strcmp(fields_text(t->in, "act"), "registry") == 0)
		return 0;
	if (t->work.tracker->read(t->work.link, t->id, t->arena, &now, err) < 0)
		return err_wrap(err, "%s", t->id);
	leave_unseen(t, &now);
	text = seen_text(&now, strcmp(t->theirs, now.status) == 0 ? t->theirs : "");
	fields_set(t->out, "seen", text);
	fields_set(t->out, "seen_id", t->id);
	return 0;
}

int
job_track(const struct fields *in, struct fields *out, struct err *err)
{
	struct track_link link = { 0 };
	struct tracking t = {
		.in = in, .out = out, .arena = arena_new(), .theirs = ""
	};
	int rc = track_link_open(
	    &link, fields_text(in, "top"), fields_text(in, "tracker"), err);

	t.id = strcmp(fields_text(in, "act"), "issue-file") == 0 ||
		       track_is_pull(fields_text(in, "act"))
		   ? ""
		   : fields_text(in, "seen_id");
	t.work = (struct track_work){
		.tracker = link.tracker, .link = &link.link, .in = in
	};
	if (rc == 0)
		rc = look_before(&t, err);
	if (rc == 0 && !t.is_there)
		rc = track_work(&t.work, out, err);
	if (rc == 0)
		rc = look_after(&t, err);
	if (rc < 0 && fields_text(out, "trouble")[0] == '\0')
		fields_set(out, "trouble", track_link_trouble(&link, err));
	fields_set_number(out, "retry_after_ms", link.state.retry_after_ms);
	track_link_close(&link);
	arena_free(t.arena);
	return rc;
}
