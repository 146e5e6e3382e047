#include "tracker/linear.h"

#include "store/issues_check.h"

#include <string.h>

/* How often a person may have deleted our update of a day before we give up. */
#define MAX_LIVES 4

static const char *
keep(struct arena *arena, struct json_object *from, const char *path)
{
	return arena_strdup(arena, net_str(from, path));
}

static void
count_issues(struct json_object *milestone, struct tracker_place *place)
{
	for (size_t i = 0; i < net_len(milestone, "issues.nodes"); i++) {
		const char *type = net_str(
		    net_at(milestone, "issues.nodes", i), "state.type");

		if (strcmp(type, "completed") == 0)
			place->n_done++;
		else if (strcmp(type, "canceled") != 0 &&
			 strcmp(type, "duplicate") != 0)
			place->n_open++;
	}
	place->is_cut = net_bool(milestone, "issues.pageInfo.hasNextPage");
}

static int
place_of(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct tracker_place got = { 0 };
	struct json_object *issue;

	if (linear_call(link, LINEAR_PLACE, linear_var("id", id), &data, err) < 0)
		return -1;
	issue = net_get(data, "issue");
	got.project = keep(arena, issue, "project.name");
	got.project_id = keep(arena, issue, "project.id");
	got.milestone = keep(arena, issue, "projectMilestone.name");
	got.due = keep(arena, issue, "projectMilestone.targetDate");
	count_issues(net_get(issue, "projectMilestone"), &got);
	/* An issue that is in none yet belongs to the one that the sub-issues are made in. */
	if (*got.project_id == '\0' && link->project && *link->project) {
		AUTO_FREE char *project = linear_project(link, link->project, err);

		if (!project)
			return -1;
		got.project = arena_strdup(arena, link->project);
		got.project_id = arena_strdup(arena, project);
	}
	*place = got;
	return 0;
}

int
linear_place(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, place_of(link, id, arena, place, err), err);
}

static int
amend(const struct tracker_link *link, const char *uuid,
    const struct tracker_update *update, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *vars = linear_var("id", uuid);
	struct json_object *input = linear_var("body", update->body);

	net_add_text(input, "health", update->health);
	net_add(vars, "input", input);
	return linear_call(link, LINEAR_UPDATE_AMEND, vars, &data, err);
}

static int
post(const struct tracker_link *link, const char *uuid,
    const struct tracker_update *update, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *input = linear_var("id", uuid);
	struct json_object *vars = json_object_new_object();

	net_add_text(input, "projectId", update->project_id);
	net_add_text(input, "body", update->body);
	net_add_text(input, "health", update->health);
	net_add(vars, "input", input);
	return linear_call(link, LINEAR_UPDATE_CREATE, vars, &data, err);
}

/* Its id follows from what it is, as that of a kept comment does. */
static int
tell(const struct tracker_link *link, const struct tracker_update *update,
    struct err *err)
{
	if (issues_check_comment(update->body, err) < 0)
		return -1;
	for (int life = 0; life < MAX_LIVES; life++) {
		AUTO_FREE char *what = xasprintf("project-update/%d", life);
		struct err own = ERR_INIT;
		char uuid[37];

		net_uuid(link, what, update->post, uuid);
		if (amend(link, uuid, update, &own) == 0)
			return 0;
		if (own.kind == ERR_NOT_FOUND) {
			own = (struct err)ERR_INIT;
			if (post(link, uuid, update, &own) == 0)
				return 0;
		}
		*err = own;
		if (own.kind != ERR_REFUSED)
			return -1;
	}
	return -1;
}

int
linear_project_update(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_update *update, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* which post it is is its own key */
	err = net_begin(link, err, &own);
	return net_end(link, tell(link, update, err), err);
}
