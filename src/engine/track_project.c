#include "engine/track_project.h"

#include "base/crash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SOON_DAYS 3
#define DAY_S     ((int64_t)24 * 60 * 60)

static const struct {
	const char *word, *shown;
} healths[] = {
	[HEALTH_ON_TRACK] = { "onTrack", "on track" },
	[HEALTH_AT_RISK] = { "atRisk", "at risk" },
	[HEALTH_OFF_TRACK] = { "offTrack", "off track" },
};

/* Where this plan's issues belong, and what is said of that. */
struct telling {
	struct track_work *work;
	struct arena *arena;
	struct tracker_place place; /* of the issue it is about */
	enum health health;
	FILE *milestones;
	const char *seen; /* the milestone that has its line already */
};

/* Days from the first of 1970 to DATE, "2026-12-01"; -1 for what is no date. */
static int64_t
days_of(const char *date)
{
	struct tm tm = { 0 };
	const char *end = strptime(date, "%Y-%m-%d", &tm);
	time_t at = end ? timegm(&tm) : -1;

	return at < 0 ? -1 : (int64_t)at / DAY_S;
}

enum health
track_health(const char *due, long n_open, int64_t day)
{
	int64_t last = due[0] ? days_of(due) : -1;

	if (last < 0 || n_open == 0 || last - day > SOON_DAYS)
		return HEALTH_ON_TRACK;
	return last < day ? HEALTH_OFF_TRACK : HEALTH_AT_RISK;
}

static void
put_milestone(struct telling *t, const struct tracker_place *place)
{
	enum health health = track_health(
	    place->due, place->n_open, fields_number(t->work->in, "day", 0));

	if (place->milestone[0] == '\0' || strcmp(place->milestone, t->seen) == 0)
		return;
	t->seen = place->milestone;
	if (health > t->health)
		t->health = health;
	fprintf(t->milestones, "%s: %ld open, %ld done%s%s%s (%s)\n", place->milestone,
	    place->n_open, place->n_done,
	    place->is_cut ? " of those that were counted" : "",
	    place->due[0] ? ", due " : "", place->due, healths[health].shown);
}

/* A failure that the same call would meet again: it is said, and nothing waits for it. */
static bool
is_final(const struct telling *t, const struct err *err, bool is_post)
{
	const struct tracker_state *state = t->work->link->state;

	if (!state || state->trouble == TRACKER_FINE)
		return err->kind != ERR_SYSTEM && err->kind != ERR_TIMEOUT;
	/* Who could read and may not post is known well enough. */
	return state->trouble == TRACKER_REFUSED || state->trouble == TRACKER_MISSING ||
	       state->trouble == TRACKER_CONFLICT ||
	       (is_post && state->trouble == TRACKER_AUTH);
}

/* The work issue may be in a milestone that the master issue is not in; it may be nowhere. */
static int
look(struct telling *t, struct err *err)
{
	const struct tracker *tracker = t->work->tracker;
	const char *ids[] = { fields_text(t->work->in, "about"),
		fields_text(t->work->in, "work_issue") };

	for (size_t i = 0; i < N_ELEMS(ids); i++) {
		struct tracker_place place = { 0 };
		struct err why = ERR_INIT;

		if (ids[i][0] == '\0' || (i > 0 && strcmp(ids[0], ids[i]) == 0))
			continue;
		if (tracker->place(t->work->link, ids[i], t->arena, &place, &why) < 0) {
			if (i > 0 && is_final(t, &why, false))
				continue;
			*err = why;
			return -1;
		}
		if (i == 0)
			t->place = place;
		put_milestone(t, &place);
	}
	return 0;
}

static int
post(struct telling *t, const char *milestones, struct err *err)
{
	const struct track_work *w = t->work;
	struct tracker_call call = { .key = fields_text(w->in, "key"),
		.actor = "server",
		.at = fields_number(w->in, "at", 0),
		.cause = fields_text(w->in, "act") };
	AUTO_FREE char *body = xasprintf("%s\nHealth: %s\n%s%s",
	    fields_text(w->in, "project_body"), healths[t->health].shown,
	    milestones[0] ? "\nMilestones:\n\n" : "", milestones);
	struct tracker_update update = { .project_id = t->place.project_id,
		.about = fields_text(w->in, "about"),
		.post = fields_text(w->in, "post"),
		.health = healths[t->health].word,
		.body = body };

	return DURABLE("tracker.project",
	    w->tracker->project_update(w->link, &call, &update, err));
}

/* Tells the project, or says in OUT why there is nothing to tell or nobody. */
static int
tell(struct telling *t, const char *milestones, struct fields *out, struct err *err)
{
	const struct tracker *tracker = t->work->tracker;

	if (!tracker->project_update) {
		fields_setf(out, "untold", "the tracker %s has no project updates",
		    tracker->name);
		return 0;
	}
	if (t->place.project_id[0] == '\0') {
		fields_setf(out, "untold", "%s is in no project",
		    fields_text(t->work->in, "about"));
		return 0;
	}
	if (post(t, milestones, err) < 0) {
		if (!is_final(t, err, true))
			return -1;
		fields_set(out, "untold", err->text);
		return 0;
	}
	fields_setf(
	    out, "posted", "%s: %s", t->place.project, healths[t->health].shown);
	return 0;
}

/* With the milestones known, as a list for people and as lines for the journal. */
static int
look_and_tell(struct telling *t, struct fields *out, struct err *err)
{
	char *lines = NULL;
	size_t n = 0;
	int rc;

	t->milestones = open_memstream(&lines, &n);
	rc = t->work->tracker->place ? look(t, err) : 0;
	fclose(t->milestones);
	fields_set(out, "milestones", lines);
	if (rc == 0) {
		rc = tell(t, lines, out, err);
	} else if (is_final(t, err, false)) {
		fields_set(out, "untold", err->text);
		rc = 0;
	}
	free(lines);
	return rc;
}

int
track_project(struct track_work *work, struct fields *out, struct err *err)
{
	struct telling t = { .work = work,
		.arena = arena_new(),
		.place = { .project = "", .project_id = "" },
		.health = fields_number(work->in, "at_risk", 0) ? HEALTH_AT_RISK
								: HEALTH_ON_TRACK,
		.seen = "" };
	int rc = look_and_tell(&t, out, err);

	arena_free(t.arena);
	return rc;
}
