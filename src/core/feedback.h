#pragma once

#include "core/core.h"

/*
 * What the outside world said, and what became of it (SPEC 2.8, 2.21, E-31, E-40).  Each
 * delivery is here once, for ever, so that one that comes again is known.
 */
struct feedback {
	char *id; /* "f1" */
	char *source, *delivery, *kind, *author;
	char *to, *row, *how, *label; /* of the table of routes */
	char *issue, *parent, *deploy, *comment,
	    *url;      /* what it is about, where it is */
	char *text;    /* cut once nothing is to be done any more */
	char *session; /* the one that it matches, "" */
	char *state;   /* "acted" "escalated" "ignored" */
	char *action;  /* acted: "told" "resumed" "answered" "dismissed", else "" */
	char *why;     /* in words */
	char *by;      /* the person who settled it, "" */
	char *intent, *rule, *flags, *target, *warning, *mechanism; /* "" no intent */
	/* Of a check that failed: which (its run as a whole: ""), of which run and commit. */
	char *check, *ci_run, *commit;
	char *group; /* the first of several implement intents that belong together */
	int64_t confidence;
	int64_t at;
	uint64_t hash; /* of source and delivery */
};

void feedback_clear(struct feedback *f);

struct feedback *core_feedback(const struct core *core, const char *id);
/* The one that SOURCE delivered under this id, or NULL. */
const struct feedback *core_feedback_of(
    const struct core *core, const char *source, const char *delivery);

/*
 * The one session that the subject in F (pull_url, branch, commit, issue, deploy) means:
 * NULL when none or several do, and WHY of N bytes says so.
 */
struct session *core_feedback_match(
    const struct core *core, const struct fields *f, char *why, size_t n);

/* How many wait for a person, and since when the first. */
size_t core_feedback_open(const struct core *core, int64_t *since);
