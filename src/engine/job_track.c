#include "engine/job.h"

#include "base/hash.h"
#include "base/mem.h"
#include "engine/record.h"
#include "engine/track_delegate.h"
#include "engine/track_forge.h"
#include "engine/track_link.h"
#include "engine/track_pull.h"
#include "engine/track_work.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
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

static int
by_word(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The labels in an order of our own: a tracker tells them in any. */
static char *
label_text(const struct tracker_issue *issue)
{
	AUTO_FREE const char **word = xcalloc(issue->labels.n + 1, sizeof(*word));
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < issue->labels.n; i++)
		word[i] = issue->labels.word[i];
	qsort(word, issue->labels.n, sizeof(*word), by_word);
	for (size_t i = 0; i < issue->labels.n; i++)
		fprintf(f, "%s%s", i ? ", " : "", word[i]);
	fclose(f);
	return text;
}

static char *
seen_text(const struct tracker_issue *issue, const char *theirs)
{
	struct fields f = { 0 };
	AUTO_FREE char *labels = label_text(issue);
	char sha256[HASH_HEX_SIZE];
	char *text;

	hash_sha256(issue->body, strlen(issue->body), sha256);
	fields_set(&f, "status", issue->status);
	fields_set(&f, "theirs", theirs);
	fields_set(&f, "title", issue->title);
	fields_set(&f, "assignee", issue->assignee);
	fields_set(&f, "delegate", issue->delegate);
	fields_set(&f, "body", sha256);
	fields_set(&f, "labels", labels);
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

/* Was NAME kept when the issue was last seen?  An earlier program kept less. */
static bool
has_field(const struct fields *seen, const char *name)
{
	for (size_t i = 0; i < seen->n; i++) {
		if (strcmp(seen->item[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Is VALUE of NAME what this act makes it?  Then it was done, and the word of that got lost. */
static bool
is_reached(const struct tracking *t, const char *name, const char *value)
{
	const char *act = fields_text(t->in, "act");
	const char *account = t->work.account ? t->work.account : "";

	if (strcmp(name, "delegate") == 0)
		return strcmp(act, "undelegate") == 0
			   ? value[0] == '\0'
			   : strcmp(act, "delegate") == 0 &&
				 fields_text(t->in, "to")[0] && value[0] &&
				 track_is_named(value, fields_text(t->in, "to"));
	return strcmp(name, "assignee") == 0 && strcmp(act, "issue-assign") == 0 &&
	       account[0] && strcmp(value, account) == 0;
}

/* What holds further writes until a person has seen it (J-44): its text, and whose it is. */
static int
find_conflict(struct tracking *t, const struct fields *seen, const struct fields *is,
    const struct tracker_issue *now, struct err *err)
{
	static const struct {
		const char *name, *what, *none;
	} held[] = {
		{ "body", "its text is another", "" },
		{ "title", "its title is", "it has no title" },
		{ "assignee", "it is assigned to", "it is nobody's" },
		{ "delegate", "it is delegated to", "it is delegated to nobody" },
	};

	if (now->is_archived)
		return conflict(t, "it is archived", "", err);
	for (size_t i = 0; i < N_ELEMS(held); i++) {
		const char *value = fields_text(is, held[i].name);

		if (!has_field(seen, held[i].name) ||
		    strcmp(value, fields_text(seen, held[i].name)) == 0 ||
		    is_reached(t, held[i].name, value))
			continue;
		return conflict(t, i > 0 && !value[0] ? held[i].none : held[i].what,
		    i > 0 ? value : "", err);
	}
	return 0;
}

/* Does no harm, and is on record. */
static void
adopt(struct tracking *t, const char *what, const char *was, const char *is)
{
	AUTO_FREE char *before = xstrdup(fields_text(t->out, "adopted"));

	fields_setf(t->out, "adopted", "%s%ssomebody in the tracker %s from %s to %s",
	    before, before[0] ? "; " : "", what, was[0] ? was : "none",
	    is[0] ? is : "none");
}

/*
 * What differs from what was seen.  A status that moved on the way the session's own prompt
 * orders is adopted; so are labels, which are merged and never replaced.
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
	int rc = fields_of_json(&is, text, err);

	if (rc == 0 && !accepts)
		rc = find_conflict(t, seen, &is, now, err);
	if (rc == 0 && has_field(seen, "labels") &&
	    strcmp(fields_text(seen, "labels"), fields_text(&is, "labels")) != 0)
		adopt(t, "labelled it", fields_text(seen, "labels"),
		    fields_text(&is, "labels"));
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
	adopt(t, "moved it", was, now->status);
	fields_set(t->out, "was", was);
	fields_set(t->out, "is", now->status);
	if (!accepts && strcmp(now->status, want) != 0)
		keep_theirs(t, now, want);
	return 0;
}

/* Written over in place whatever stands there: nothing of the issue itself changes. */
static bool
is_upsert(const struct tracking *t)
{
	const char *act = fields_text(t->in, "act");

	return strcmp(act, "registry") == 0 || strcmp(act, "rdr") == 0;
}

static int
look_before(struct tracking *t, struct err *err)
{
	struct fields seen = { 0 };
	struct tracker_issue *now = &t->before;
	int rc;

	if (t->id[0] == '\0' || is_upsert(t))
		return 0;
	if (t->work.tracker->read(t->work.link, t->id, t->arena, now, err) < 0)
		return err_wrap(err, "%s", t->id);
	t->has_before = true;
	t->work.seen_at =
	    now->updated_at; /* J-26: also where no write before was read back */
	if (fields_text(t->in, "seen")[0] == '\0')
		return 0;
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
	const char *act = fields_text(t->in, "act");

	if (!t->has_before)
		return;
	now->body = t->before.body;
	now->title = t->before.title;
	if (strcmp(act, "issue-assign") != 0 || !t->work.account[0])
		now->assignee = t->before.assignee;
	/* A move to the end takes the delegate and a label along; none was made where it is. */
	if (strcmp(act, "issue-move") == 0 && !t->is_there)
		return;
	now->status = t->before.status;
	now->labels = t->before.labels;
	if (strcmp(act, "issue-assign") != 0 && !track_is_delegation(act))
		now->delegate = t->before.delegate;
}

/* As it is after our write: what the next one compares with. */
static int
look_after(struct tracking *t, struct err *err)
{
	AUTO_FREE char *text = NULL;
	struct tracker_issue now;

	if (fields_text(t->out, "sub_issue")[0])
		t->id = fields_text(t->out, "sub_issue");
	if (t->id[0] == '\0' || is_upsert(t))
		return 0;
	if (t->work.tracker->read(t->work.link, t->id, t->arena, &now, err) < 0)
		return err_wrap(err, "%s", t->id);
	leave_unseen(t, &now);
	text = seen_text(&now, strcmp(t->theirs, now.status) == 0 ? t->theirs : "");
	fields_set(t->out, "seen", text);
	fields_set(t->out, "seen_id", t->id);
	return 0;
}

/*
 * The registry is nobody's to edit: one that is not as we left it was edited by hand.  It is
 * written anew all the same, from what is on record here, and that is told.
 */
static int
look_at_registry(struct tracking *t, const struct tracker_state *state, struct err *err)
{
	struct fields seen = { 0 };
	const char *text = fields_text(t->in, "seen");
	const char *left;

	if (strcmp(fields_text(t->in, "act"), "registry") != 0 ||
	    state->kept_after[0] == '\0')
		return 0;
	if (text[0] && fields_of_json(&seen, text, err) < 0)
		return -1;
	left = fields_text(&seen, "registry");
	if (left[0] && state->kept_before[0] == '\0')
		fields_set(t->out, "adopted",
		    "somebody removed the registry; it was written anew");
	else if (left[0] && strcmp(left, state->kept_before) != 0 &&
		 strcmp(state->kept_before, state->kept_after) != 0)
		fields_set(t->out, "adopted",
		    "somebody edited the registry by hand; it was written over");
	fields_clear(&seen);
	fields_setf(t->out, "seen", "{\"registry\":\"%s\"}", state->kept_after);
	fields_set(t->out, "seen_id", t->id);
	return 0;
}

/* A remote that does not answer keeps nobody from hearing what the tracker says. */
static void
look_at_remote(const struct fields *in, struct fields *out)
{
	struct err err = ERR_INIT;

	if (track_delegate_look(in, out, &err) < 0)
		fields_set(out, "trouble", err.text);
}

/* The tracker, or for what is about a pull request the forge that this is at. */
static int
open_link(struct track_link *link, const struct fields *in, struct err *err)
{
	const struct forge_of of = { .top = fields_text(in, "top"),
		.tracker = fields_text(in, "tracker"),
		.repo = fields_text(in, "repo"),
		.target = fields_text(in, "target") };

	if (track_is_pull(fields_text(in, "act")) ||
	    strcmp(fields_text(in, "on"), "pull") == 0)
		return track_forge_open(link, &of, err);
	return track_link_open(link, of.top, of.tracker, err);
}

int
job_track(const struct fields *in, struct fields *out, struct err *err)
{
	struct track_link link = { 0 };
	struct tracking t = {
		.in = in, .out = out, .arena = arena_new(), .theirs = ""
	};
	int rc = open_link(&link, in, err);

	t.id = strcmp(fields_text(in, "act"), "issue-file") == 0 ||
		       strcmp(fields_text(in, "act"), "finding-file") == 0 ||
		       strcmp(fields_text(in, "act"), "project-update") == 0 ||
		       strcmp(fields_text(in, "act"), "delegate-look") == 0 ||
		       track_is_pull(fields_text(in, "act")) ||
		       strcmp(fields_text(in, "on"), "pull") == 0
		   ? ""
		   : fields_text(in, "seen_id");
	t.work = (struct track_work){
		.tracker = link.tracker, .link = &link.link, .in = in
	};
	if (rc == 0)
		t.work.account = track_account(&link, fields_text(in, "assignee"));
	if (rc == 0)
		rc = look_before(&t, err);
	if (rc == 0 && !t.is_there)
		rc = track_work(&t.work, out, err);
	if (rc == 0 && strcmp(fields_text(in, "act"), "delegate-look") == 0)
		look_at_remote(in, out);
	if (rc == 0)
		rc = look_after(&t, err);
	if (rc == 0)
		rc = look_at_registry(&t, &link.state, err);
	if (rc < 0 && fields_text(out, "trouble")[0] == '\0')
		fields_set(out, "trouble", track_link_trouble(&link, err));
	fields_set_number(out, "retry_after_ms", link.state.retry_after_ms);
	track_link_close(&link);
	arena_free(t.arena);
	return rc;
}
