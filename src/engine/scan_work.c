#include "engine/scan_work.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/job.h"
#include "engine/members.h"
#include "engine/track_link.h"
#include "policy/stale.h"
#include "tracker/plan_text.h"
#include "tracker/ready.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STALE_MOST 200 /* sub-issues of one plan that are looked at */

static struct json_object *
item_json(const struct ready_item *item)
{
	struct json_object *o = json_object_new_object();

	member_text(o, "id", item->issue.id);
	member_text(o, "title", item->issue.title);
	member_text(o, "url", item->issue.url);
	member_text(o, "status", item->issue.status);
	member_text(o, "assignee", item->issue.assignee);
	member_text(o, "delegate", item->issue.delegate);
	member_text(o, "cleared", item->cleared);
	member_text(o, "action", item->action);
	return o;
}

int
scan_ready(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err)
{
	bool is_start = fields_number(in, "start", 0) != 0;
	bool is_here = !(tracker->capabilities & TRACKER_NETWORK);
	struct arena *arena = arena_new();
	struct ready ready = { 0 };
	struct json_object *o, *list;
	int rc = ready_scan(tracker, link,
	    is_here    ? &ready_local
	    : is_start ? &ready_start
		       : &ready_network,
	    arena, &ready, err);

	if (rc == 0) {
		o = json_object_new_object();
		list = json_object_new_array();
		for (size_t i = 0; i < ready.n; i++)
			json_object_array_add(list, item_json(&ready.item[i]));
		json_object_object_add(o, "ready", list);
		member_text(o, "tracker", tracker->name);
		member_number(o, "blocked", (int64_t)ready.n_blocked);
		member_number(o, "calls", is_here ? 0 : (int64_t)ready.n_calls);
		member_number(o, "calls_most", is_here ? 0 : is_start ? 10 : 20);
		member_number(o, "unscanned", (int64_t)ready.n_unscanned);
		member_bool(o, "partial", ready.n_unscanned > 0 || ready.trouble[0]);
		member_text(o, "trouble", ready.trouble);
		member_number(o, "at", now);
		fields_set(out, "ready", json_object_to_json_string(o));
		json_object_put(o);
	}
	free(ready.item);
	arena_free(arena);
	return rc;
}

/* What is under way among the children of PARENT, into LIST. */
static int
add_stale(const struct tracker *tracker, const struct tracker_link *link,
    const char *parent, int64_t now, struct json_object *list, bool *is_partial,
    struct err *err)
{
	struct arena *arena = arena_new();
	struct tracker_list got = { 0 };
	int rc = tracker->children(link, parent, STALE_MOST, arena, &got, err);

	*is_partial |= rc == 0 && got.has_more;
	for (size_t i = 0; rc == 0 && i < got.n; i++) {
		const struct tracker_issue *issue = &got.item[i];
		int64_t age = now > issue->updated_at ? now - issue->updated_at : 0;
		struct stale_verdict v = stale_of(
		    issue->status, issue->labels.word, issue->labels.n, age);
		struct json_object *o;

		if (v.state == STALE_NOT && v.limit_ms == 0)
			continue;
		o = json_object_new_object();
		member_text(o, "id", issue->id);
		member_text(o, "title", issue->title);
		member_text(o, "url", issue->url);
		member_text(o, "status", issue->status);
		member_text(o, "assignee", issue->assignee);
		member_text(o, "context", v.context);
		member_text(o, "state", staleness_name(v.state));
		member_number(o, "age_ms", age);
		member_number(o, "limit_ms", v.limit_ms);
		json_object_array_add(list, o);
	}
	arena_free(arena);
	return rc;
}

int
scan_stale(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct span rest = span_of(fields_text(in, "parents")), one;
	bool is_partial = false;
	int rc = 0;

	while (rc == 0 && span_next(&rest, ',', &one)) {
		AUTO_FREE char *parent = xstrndup(one.p, one.n);

		if (parent[0])
			rc = add_stale(
			    tracker, link, parent, now, list, &is_partial, err);
	}
	json_object_object_add(o, "issues", list);
	member_text(o, "tracker", tracker->name);
	member_number(o, "elsewhere", fields_number(in, "elsewhere", 0));
	member_bool(o, "partial", is_partial);
	member_number(o, "at", now);
	if (rc == 0)
		fields_set(out, "stale", json_object_to_json_string(o));
	json_object_put(o);
	return rc;
}

int
scan_plan(const struct tracker *tracker, const struct tracker_link *link,
    const struct fields *in, int64_t now, struct fields *out, struct err *err)
{
	time_t at = (time_t)(now / 1000);
	char date[16], *text = NULL;
	size_t n = 0;
	struct tm tm;
	FILE *f = open_memstream(&text, &n);
	int rc;

	strftime(date, sizeof(date), "%Y-%m-%d", localtime_r(&at, &tm));
	rc = plan_text_from(tracker, link, fields_text(in, "id"), date, f, err);
	fclose(f);
	if (rc == 0)
		fields_set(out, "text", text);
	free(text);
	return rc;
}

int
job_scan(const struct fields *in, struct fields *out, struct err *err)
{
	struct track_link link = { 0 };
	const char *team = fields_text(in, "team");
	int64_t now = fields_number(in, "at", 0);
	int rc = track_link_open(
	    &link, fields_text(in, "top"), fields_text(in, "tracker"), err);

	/*
	 * A number alone means the team of the settings, to every verb that reads the plan
	 * later; so an issue's own repository only stands in where those name none.
	 */
	if (rc == 0 && team[0] &&
	    !(link.link.team && strchr(link.link.team, '/') &&
		strcmp(fields_text(in, "what"), "plan") == 0))
		link.link.team = team;
	if (rc == 0)
		rc = strcmp(fields_text(in, "what"), "plan") == 0
			 ? scan_plan(link.tracker, &link.link, in, now, out, err)
		     : strcmp(fields_text(in, "what"), "stale") == 0
			 ? scan_stale(link.tracker, &link.link, in, now, out, err)
			 : scan_ready(link.tracker, &link.link, in, now, out, err);
	track_link_close(&link);
	return rc;
}
