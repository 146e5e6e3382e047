#include "core/internal.h"

#include <string.h>

/*
 * The pull request of a session, where a plan wants one (divisi.publish = pr): opened when
 * its work is delivered, looked at until that lands, closed when it did or was given up.
 * What checks and people say there holds its landing (M01); what lands it is ours.
 */
#define LOOK_FIRST_MS 2000
#define LOOK_MOST_MS  (5 * 60 * 1000)

static bool
wants_pull(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	/* Who works elsewhere opens its own, whatever we publish. */
	return p && s->n_commits > 0 &&
	       (strcmp(p->publish, "pr") == 0 || strcmp(p->publish, "forge") == 0 ||
		   (session_is_away(s) && s->pull > 0));
}

static bool
is_open(const struct session *s)
{
	return strcmp(s->pull_state, "open") == 0 ||
	       strcmp(s->pull_state, "draft") == 0;
}

/* Does its pull request land it?  Then whoever merged it there only came first. */
static bool
lands_there(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && strcmp(p->publish, "forge") == 0 && s->pull > 0 &&
	       (is_open(s) || strcmp(s->pull_state, "merged") == 0);
}

void
pull_lands(const struct core *core, const struct session *s, struct fields *land)
{
	if (!lands_there(core, s))
		return;
	fields_set_number(land, "number", s->pull);
	fields_set(land, "tracker", core_plan(core, s->plan_id)->tracker);
}

static bool
is_awaited(const struct session *s)
{
	return s->pull > 0 && is_open(s) &&
	       (s->state == SESSION_IN_REVIEW || s->state == SESSION_MERGEABLE);
}

static struct fields *
owe(struct session *s, const char *kind, struct acts *acts)
{
	struct fields *f = acts_add(
	    acts, kind, "tracker", "%s/%s/%d", kind, s->id, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "issue", s->sub_issue);
	fields_set_number(f, "number", s->pull);
	return f;
}

void
pull_owe_open(struct core *core, struct session *s, struct acts *acts)
{
	if (!wants_pull(core, s))
		return;
	s->is_pull_waived = false; /* what was let pass was the work before */
	s->pull_at = 0;
	if (session_is_away(s) && s->pull > 0) {
		(void)owe(s, "pull-look", acts);
		return;
	}
	s->is_pull_owed = true;
	fields_set_number(owe(s, "pull-open", acts), "again", s->pull > 0);
}

const char *
pull_holds(const struct core *core, const struct session *s)
{
	if (!wants_pull(core, s) || s->is_pull_waived)
		return NULL;
	if (s->is_pull_owed || s->pull == 0)
		return "its pull request is being opened";
	if (strcmp(s->pull_state, "merged") == 0 && lands_there(core, s))
		return NULL;
	if (strcmp(s->pull_state, "merged") == 0)
		return "its pull request was merged there: take that over first (git pull)";
	if (!is_open(s))
		return "its pull request was closed there";
	if (strcmp(s->pull_checks, "failed") == 0)
		return "checks of its pull request fail";
	if (strcmp(s->pull_checks, "pending") == 0)
		return "checks of its pull request are not done";
	if (strcmp(s->pull_review, "changes") == 0)
		return "a review of its pull request asks for changes";
	if (strcmp(s->pull_review, "required") == 0)
		return "its pull request waits for a review that was asked for";
	return NULL;
}

bool
pull_needs_person(const struct core *core, const struct session *s)
{
	return pull_holds(core, s) && !s->is_pull_owed && s->pull > 0 &&
	       (!is_open(s) || strcmp(s->pull_checks, "failed") == 0 ||
		   strcmp(s->pull_review, "changes") == 0);
}

bool
pull_asked(struct core *core, struct session *s, const struct happening *h)
{
	if (!pull_holds(core, s))
		return false;
	if (strstr(fields_text(&h->fields, "override"), "M01"))
		s->is_pull_waived = true;
	s->n_pull_looks = 0;
	if (is_awaited(s))
		s->pull_at = h->at;
	return true;
}

int
step_pull_seen(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const struct {
		char **slot;
		const char *now;
	} seen[] = { { s ? &s->pull_url : NULL, fields_text(&h->fields, "url") },
		{ s ? &s->pull_state : NULL, fields_text(&h->fields, "state") },
		{ s ? &s->pull_checks : NULL, fields_text(&h->fields, "checks") },
		{ s ? &s->pull_review : NULL, fields_text(&h->fields, "review") } };
	bool is_new = false;
	int64_t pause = LOOK_FIRST_MS;

	(void)acts;
	if (!s)
		return -1;
	for (size_t i = 0; i < N_ELEMS(seen); i++) {
		is_new |= strcmp(*seen[i].slot, seen[i].now) != 0;
		core_set(seen[i].slot, seen[i].now);
	}
	s->pull = fields_number(&h->fields, "number", 0);
	if (fields_number(&h->fields, "opened", 0))
		s->is_pull_owed = false;
	s->n_pull_looks = is_new ? 0 : s->n_pull_looks + 1;
	for (int i = 0; i < s->n_pull_looks && pause < LOOK_MOST_MS; i++)
		pause *= 2;
	s->pull_at = is_awaited(s)
			 ? h->at + (pause < LOOK_MOST_MS ? pause : LOOK_MOST_MS)
			 : 0;
	return 0;
}

void
pull_clock(struct session *s, int64_t now, struct acts *acts)
{
	if (s->pull_at == 0 || s->pull_at > now)
		return;
	s->pull_at = 0;
	if (is_awaited(s))
		(void)owe(s, "pull-look", acts);
}

int64_t
pull_deadline(const struct session *s)
{
	return s->pull_at > 0 ? s->pull_at : INT64_MAX;
}

void
pull_sweep(struct session *s, struct acts *acts)
{
	struct fields *f;

	if (s->pull == 0 || s->is_pull_swept || !is_open(s) ||
	    !(s->state == SESSION_ABANDONED ||
		(s->state == SESSION_DONE && s->is_published)))
		return;
	s->is_pull_swept = true;
	f = owe(s, "pull-close", acts);
	if (s->state == SESSION_DONE)
		fields_setf(f, "text", "Landed as %s.", s->landed);
	else
		fields_setf(f, "text", "Given up: %s. Its branch is kept.",
		    s->reason[0] ? s->reason : "no reason given");
}
