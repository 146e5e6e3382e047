#include "cli/filing.h"

#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/json.h"

#include <json-c/json.h>
#include <time.h>

#define CHILDREN_MOST 1000

int
filing_make(
    const struct track_link *link, const struct filing_issue *issue, struct err *err)
{
	AUTO_FREE char *key = xasprintf("degraded/%s/%s", issue->master, issue->title);
	struct tracker_call call = { .key = key,
		.actor = "human",
		.at = (int64_t)time(NULL) * 1000,
		.cause = "dispatch" };
	struct tracker_draft draft = { .title = issue->title,
		.body = issue->prompt,
		.parent = issue->master,
		.status = "Todo",
		.estimate = issue->points,
		.labels = { issue->labels, 2 } };
	char id[TRACKER_ID_SIZE];

	return DURABLE(
	    "tracker.file", link->tracker->create(&link->link, &call, &draft, id, err));
}

struct json_object *
filing_list(const struct track_link *link, const char *master, struct err *err)
{
	struct arena *arena = arena_new();
	struct tracker_list list = { 0 };
	struct json_object *all = NULL;

	if (link->tracker->children(
		&link->link, master, CHILDREN_MOST, arena, &list, err) == 0)
		all = json_object_new_array();
	for (size_t i = 0; all && i < list.n; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "id", json_str(list.item[i].id));
		json_object_object_add(one, "title", json_str(list.item[i].title));
		json_object_object_add(one, "status", json_str(list.item[i].status));
		json_object_object_add(
		    one, "assignee", json_str(list.item[i].assignee));
		json_object_array_add(all, one);
	}
	arena_free(arena);
	return all;
}
