#include "engine/track_delegate.h"

#include "base/crash.h"
#include "base/text.h"
#include "policy/refusal.h"

#include <string.h>
#include <strings.h>

#define MAX_PULLS 5

static const char *
text(const struct track_work *w, const char *name)
{
	return fields_text(w->in, name);
}

bool
track_is_delegation(const char *kind)
{
	return strcmp(kind, "delegate") == 0 || strcmp(kind, "undelegate") == 0 ||
	       strcmp(kind, "delegate-look") == 0;
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

/* An agent has several names: its own, its account's, and that of the account's program. */
bool
track_is_named(const char *name, const char *to)
{
	size_t n = strlen(to);

	return strcasecmp(name, to) == 0 ||
	       (n >= 3 && strncasecmp(name, to, n) == 0 &&
		   (name[n] == '-' || name[n] == '[' || name[n] == ' '));
}

/* an issue that another agent has is not given away by us. */
static int
check_free(struct track_work *w, struct arena *arena, struct err *err)
{
	struct tracker_issue issue = { 0 };
	const char *to = text(w, "to");

	if (w->tracker->read(w->link, text(w, "sub_issue"), arena, &issue, err) < 0)
		return -1;
	if (issue.delegate[0] == '\0' || track_is_named(issue.delegate, to))
		return 0;
	refuse(err, "G10", "%s is delegated to %.80s already", text(w, "sub_issue"),
	    issue.delegate);
	return err_fix(err, "take that back in the tracker, then: divisi resume %s",
	    text(w, "session"));
}

static int
say(struct track_work *w, const char *body, struct err *err)
{
	struct tracker_call call = call_of(w, "say");

	if (body[0] == '\0')
		return 0;
	return DURABLE(
	    "delegate.say", w->tracker->comment(w->link, &call, text(w, "sub_issue"),
				"delegate", body, err));
}

/* one way only, since a second one within a minute would start it twice. */
static int
give(struct track_work *w, struct arena *arena, struct err *err)
{
	struct tracker_patch patch = { .delegate = text(w, "to"),
		.seen_at = w->seen_at };
	AUTO_FREE char *body = NULL;
	struct tracker_call call;

	if (text(w, "to")[0] && (w->tracker->capabilities & TRACKER_DELEGATES)) {
		if (!(w->tracker->capabilities & TRACKER_NETWORK) &&
		    check_free(w, arena, err) < 0)
			return -1;
		call = call_of(w, "give");
		return DURABLE("delegate.give", w->tracker->update(w->link, &call,
						    text(w, "sub_issue"), &patch, err));
	}
	if (text(w, "mention")[0] == '\0' ||
	    !(w->tracker->capabilities & TRACKER_MENTIONS)) {
		err_set(err, ERR_REFUSED, "%s cannot give an issue to %s",
		    w->tracker->name, text(w, "shown"));
		return err_fix(err, "another agent, or a tracker that it listens to");
	}
	body = xasprintf(
	    "@%s Please take this issue. Its description is the whole task.",
	    text(w, "mention"));
	return say(w, body, err);
}

static int
take_back(struct track_work *w, struct err *err)
{
	struct tracker_patch patch = { .delegate = "", .seen_at = w->seen_at };
	struct tracker_call call;

	if (w->tracker->capabilities & TRACKER_DELEGATES) {
		call = call_of(w, "back");
		if (DURABLE("delegate.back", w->tracker->update(w->link, &call,
						 text(w, "sub_issue"), &patch, err)) <
		    0)
			return -1;
	}
	return say(w, text(w, "comment"), err);
}

/* ---- a look --------------------------------------------------------------------------------- */

static int
see_issue(
    struct track_work *w, struct arena *arena, struct fields *out, struct err *err)
{
	struct tracker_issue issue = { 0 };
	const char *to = text(w, "to");

	if (w->tracker->read(w->link, text(w, "sub_issue"), arena, &issue, err) < 0)
		return -1;
	fields_set(out, "status", issue.status);
	if (issue.delegate[0] && to[0] && !track_is_named(issue.delegate, to))
		fields_set(out, "other", issue.delegate);
	return 0;
}

/* The newest session that is this agent's; others are told nothing of here. */
static int
see_agent(
    struct track_work *w, struct arena *arena, struct fields *out, struct err *err)
{
	struct tracker_agents agents = { 0 };

	if (!w->tracker->agents)
		return 0;
	if (w->tracker->agents(w->link, text(w, "sub_issue"), arena, &agents, err) < 0)
		return -1;
	for (size_t i = 0; i < agents.n; i++) {
		const struct tracker_agent *a = &agents.item[i];

		if (a->agent[0] && !track_is_named(a->agent, text(w, "to")))
			continue;
		fields_set(out, "state", a->state);
		if (strcmp(a->state, "complete") == 0 || strcmp(a->state, "error") == 0)
			fields_set(out, "summary", a->summary);
		break;
	}
	return 0;
}

/* The pull request that closes the issue, from wherever its branch is. */
static int
see_pull(struct track_work *w, struct arena *arena, struct fields *out, struct err *err)
{
	struct tracker_pulls pulls = { 0 };
	const struct tracker_pull *p = NULL;

	if (!w->tracker->pulls)
		return 0;
	if (w->tracker->pulls(
		w->link, text(w, "sub_issue"), MAX_PULLS, arena, &pulls, err) < 0)
		return -1;
	for (size_t i = 0; i < pulls.n; i++) {
		if (!p || strcmp(p->state, "closed") == 0)
			p = &pulls.item[i];
	}
	if (!p)
		return 0;
	fields_set_number(out, "number", p->number);
	fields_set(out, "url", p->url);
	fields_set(out, "pull_state", p->state);
	fields_set(out, "checks", p->checks);
	fields_set(out, "review", p->review);
	fields_set(out, "branch", p->head);
	return 0;
}

int
track_delegation(struct track_work *w, struct fields *out, struct err *err)
{
	struct arena *arena = arena_new();
	const char *act = text(w, "act");
	int rc = -1;

	if (strcmp(act, "delegate") == 0)
		rc = give(w, arena, err);
	else if (strcmp(act, "undelegate") == 0)
		rc = take_back(w, err);
	else if (see_issue(w, arena, out, err) == 0 &&
		 see_agent(w, arena, out, err) == 0 &&
		 see_pull(w, arena, out, err) == 0)
		rc = 0;
	arena_free(arena);
	return rc;
}
