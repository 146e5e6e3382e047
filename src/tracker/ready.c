#include "tracker/ready.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct ready_limits ready_network = { 50, 10, 9, false };
const struct ready_limits ready_start = { 20, 5, 4, true };
const struct ready_limits ready_local = { 1000, 1000, 1000, false };

struct scan {
	const struct tracker *tracker;
	const struct tracker_link *link;
	const struct ready_limits *limits;
	struct arena *arena;
	struct ready *ready;
	struct tracker_issue *behind; /* what the done ones block, each once */
	size_t n, cap;
};

static bool
is_status(const struct tracker_issue *issue, const char *status)
{
	return strcmp(issue->status, status) == 0;
}

/* A tracker that knows no projects has one. */
static bool
is_elsewhere(const struct scan *s, const struct tracker_issue *issue)
{
	const char *project = s->link->project;

	return s->limits->own_project && project && *project && issue->project &&
	       *issue->project && strcasecmp(issue->project, project) != 0;
}

static void
add_behind(struct scan *s, const struct tracker_issue *issue)
{
	if (!is_status(issue, "Backlog") && !is_status(issue, "Todo"))
		return;
	if (is_elsewhere(s, issue))
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->behind[i].id, issue->id) == 0)
			return;
	}
	GROW(s->behind, s->n, s->cap);
	s->behind[s->n++] = *issue;
}

/* One call; false when it failed, and why is kept. */
static bool
ask(struct scan *s, const char *id, const char *kind, struct tracker_list *list)
{
	struct err err = ERR_INIT;

	s->ready->n_calls++;
	if (s->tracker->linked(s->link, id, kind, s->arena, list, &err) == 0)
		return true;
	snprintf(s->ready->trouble, sizeof(s->ready->trouble), "%s", err.text);
	return false;
}

static void
look_behind(struct scan *s, const struct tracker_list *done)
{
	size_t left = (size_t)s->limits->n_open, n_over = 0;
	struct tracker_list list;
	size_t i = 0;

	for (; i < done->n; i++) {
		if (is_elsewhere(s, &done->item[i])) {
			n_over++;
			continue;
		}
		if (left-- == 0 || !ask(s, done->item[i].id, "blocks", &list))
			break;
		n_over++;
		for (size_t k = 0; k < list.n; k++)
			add_behind(s, &list.item[k]);
	}
	for (; i < done->n; i++)
		n_over += is_elsewhere(s, &done->item[i]);
	s->ready->n_unscanned += done->n - n_over;
}

static const char *
action_for(const struct tracker_issue *issue)
{
	if (is_status(issue, "Backlog"))
		return "Move to Todo";
	return issue->assignee[0] || issue->delegate[0] ? "Ready to go"
							: "Assign to agent";
}

static void
judge(struct scan *s, const struct tracker_issue *issue, const struct tracker_list *by)
{
	struct ready *r = s->ready;
	AUTO_FREE char *cleared = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&cleared, &size);
	bool is_clear = by->n > 0 && !by->has_more;

	for (size_t i = 0; i < by->n; i++) {
		is_clear &= is_status(&by->item[i], "Done");
		fprintf(f, "%s%s", i ? ", " : "", by->item[i].id);
	}
	fclose(f);
	if (!is_clear) {
		r->n_blocked++;
		return;
	}
	GROW(r->item, r->n, r->cap);
	r->item[r->n++] = (struct ready_item){ .issue = *issue,
		.cleared = arena_strdup(s->arena, cleared),
		.action = action_for(issue) };
}

int
ready_scan(const struct tracker *tracker, const struct tracker_link *link,
    const struct ready_limits *limits, struct arena *arena, struct ready *ready,
    struct err *err)
{
	struct scan s = { tracker, link, limits, arena, ready, NULL, 0, 0 };
	struct tracker_list done = { 0 }, by;
	size_t i = 0;

	*ready = (struct ready){ .n_calls = 1 };
	if (!tracker->done || !tracker->linked) {
		err_set(err, ERR_REFUSED, "%s cannot be asked what was done lately",
		    tracker->name);
		return err_fix(err, "divisi issue list shows what is kept here");
	}
	if (tracker->done(link, limits->n_done, arena, &done, err) < 0)
		return -1;
	look_behind(&s, &done);
	for (; i < s.n && i < (size_t)limits->n_behind && !ready->trouble[0] &&
	       ask(&s, s.behind[i].id, "blocked-by", &by);
	     i++)
		judge(&s, &s.behind[i], &by);
	ready->n_unscanned += s.n - i;
	free(s.behind);
	return 0;
}
