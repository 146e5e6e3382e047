#include "tracker/linear.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A workspace with more labels of the same names than this is not looked through. */
#define MAX_PAGES 5

/* What Linear's types of states are to us; the first of a type is meant. */
static const struct {
	enum issue_status status;
	const char *type;
} types[] = {
	{ ISSUE_TRIAGE, "triage" },
	{ ISSUE_BACKLOG, "backlog" },
	{ ISSUE_TODO, "unstarted" },
	{ ISSUE_IN_PROGRESS, "started" },
	{ ISSUE_IN_REVIEW, "started" },
	{ ISSUE_DONE, "completed" },
	{ ISSUE_CANCELLED, "canceled" },
	{ ISSUE_DUPLICATE, "duplicate" },
	{ ISSUE_DUPLICATE, "canceled" },
};

struct json_object *
linear_team(const struct tracker_link *link, struct err *err)
{
	NET_JSON struct json_object *data = NULL;

	if (link->net->team)
		return link->net->team;
	if (!link->team || !*link->team) {
		(void)err_set(err, ERR_NOT_FOUND, "linear: no team is named");
		(void)err_fix(err, "set divisi.tracker.team to the team's key (CIA)");
		return NULL;
	}
	if (linear_call(link, LINEAR_TEAM, linear_var("key", link->team), &data, err) <
	    0)
		return NULL;
	if (net_len(data, "teams.nodes") == 0) {
		AUTO_FREE char *shown = http_quote(link->net->http, link->team);

		(void)err_set(
		    err, ERR_NOT_FOUND, "linear: there is no team %s to see", shown);
		(void)err_fix(err,
		    "set divisi.tracker.team to the key that stands in its issues (CIA-12)");
		return NULL;
	}
	link->net->team = json_object_get(net_at(data, "teams.nodes", 0));
	net_add(link->net->team, "viewer", json_object_get(net_get(data, "viewer")));
	return link->net->team;
}

static const char *
configured(const struct tracker_link *link, enum issue_status status)
{
	for (size_t i = 0; i < link->n_status_names; i++) {
		if (issue_status_of(link->status_name[i].status) == status)
			return link->status_name[i].name;
	}
	return NULL;
}

static bool
type_fits(enum issue_status status, const char *type)
{
	for (size_t i = 0; i < N_ELEMS(types); i++) {
		if (types[i].status == status && strcmp(types[i].type, type) == 0)
			return true;
	}
	return false;
}

/* The first in the team's own order of those for which it fits, or NULL. */
static struct json_object *
first_of_type(struct json_object *team, const char *type, enum issue_status status)
{
	struct json_object *first = NULL;

	for (size_t i = 0; i < net_len(team, "states.nodes"); i++) {
		struct json_object *state = net_at(team, "states.nodes", i);
		bool is_review = strcasestr(net_str(state, "name"), "review") != NULL;

		if (strcmp(net_str(state, "type"), type) != 0)
			continue;
		if (strcmp(type, "started") == 0 &&
		    is_review != (status == ISSUE_IN_REVIEW))
			continue;
		if (!first || net_int(state, "position") < net_int(first, "position"))
			first = state;
	}
	return first;
}

static void
say_no_state(struct json_object *team, enum issue_status status, const char *name,
    struct err *err)
{
	char *list = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&list, &n);

	for (size_t i = 0; i < net_len(team, "states.nodes"); i++) {
		AUTO_FREE char *shown = text_show(
		    net_str(net_at(team, "states.nodes", i), "name"), true);

		fprintf(f, "%s%.60s", i ? ", " : "", shown);
	}
	fclose(f);
	(void)err_set(err, ERR_NOT_FOUND, "linear: team %.20s has no state for %s%s%s",
	    net_str(team, "key"), issue_status_name(status),
	    name ? ", which is configured as " : "", name ? name : "");
	(void)err_fix(err, "name one of these for it in the settings: %.300s", list);
	free(list);
}

struct json_object *
linear_state(const struct tracker_link *link, struct json_object *team,
    enum issue_status status, struct err *err)
{
	const char *name = configured(link, status);

	for (size_t i = 0; i < net_len(team, "states.nodes"); i++) {
		struct json_object *state = net_at(team, "states.nodes", i);

		if (name ? strcasecmp(net_str(state, "name"), name) == 0
			 : issue_status_of(net_str(state, "name")) == status &&
			       type_fits(status, net_str(state, "type")))
			return state;
	}
	for (size_t i = 0; !name && i < N_ELEMS(types); i++) {
		struct json_object *state = NULL;

		if (types[i].status == status)
			state = first_of_type(team, types[i].type, status);
		if (state)
			return state;
	}
	say_no_state(team, status, name, err);
	return NULL;
}

enum issue_status
linear_status_of(const struct tracker_link *link, struct json_object *state)
{
	const char *name = net_str(state, "name"), *type = net_str(state, "type");
	enum issue_status own = issue_status_of(name);

	for (size_t i = 0; i < link->n_status_names; i++) {
		if (strcasecmp(link->status_name[i].name, name) == 0)
			return issue_status_of(link->status_name[i].status);
	}
	if (own && type_fits(own, type))
		return own;
	if (strcmp(type, "started") == 0 && strcasestr(name, "review"))
		return ISSUE_IN_REVIEW;
	for (size_t i = 0; i < N_ELEMS(types); i++) {
		if (strcmp(types[i].type, type) == 0)
			return types[i].status;
	}
	return ISSUE_TRIAGE; /* a type of tomorrow: nothing of ours moves it */
}

char *
linear_label_name(struct json_object *label)
{
	const char *group = net_str(label, "parent.name");
	const char *name = net_str(label, "name");

	if (*group && !strchr(name, ':'))
		return xasprintf("%s:%s", group, name);
	return xstrdup(name);
}

/* The id of label WORD among NODES; the team's own goes before the workspace's. */
static const char *
label_id(struct json_object *nodes, const char *word)
{
	const char *found = NULL;

	for (size_t i = 0; i < net_len(nodes, "nodes"); i++) {
		struct json_object *label = net_at(nodes, "nodes", i);
		AUTO_FREE char *name = linear_label_name(label);

		if (strcmp(name, word) != 0 || net_bool(label, "isGroup") ||
		    *net_str(label, "retiredAt"))
			continue;
		if (!found || *net_str(label, "team.id"))
			found = net_str(label, "id");
	}
	return found;
}

/* Names to ask for: the whole word, and what stands in a group. */
static struct json_object *
label_names(const struct tracker_words *words)
{
	struct json_object *names = net_words(words);

	for (size_t i = 0; i < words->n; i++) {
		const char *colon = strchr(words->word[i], ':');

		if (colon && colon[1])
			json_object_array_add(names, json_object_new_string(colon + 1));
	}
	return names;
}

/* All pages of labels of these names as {"nodes": [...]}. */
static int
find_labels(const struct tracker_link *link, const char *team,
    const struct tracker_words *words, struct json_object *all, struct err *err)
{
	struct json_object *nodes = json_object_new_array();
	AUTO_FREE char *after = NULL;

	net_add(all, "nodes", nodes);
	for (int page = 0; page < MAX_PAGES; page++) {
		NET_JSON struct json_object *data = NULL;
		struct json_object *vars = linear_var("team", team);

		net_add(vars, "names", label_names(words));
		net_add_text(vars, "after", after);
		if (linear_call(link, LINEAR_LABELS, vars, &data, err) < 0)
			return -1;
		for (size_t i = 0; i < net_len(data, "issueLabels.nodes"); i++)
			json_object_array_add(nodes,
			    json_object_get(net_at(data, "issueLabels.nodes", i)));
		if (!net_bool(data, "issueLabels.pageInfo.hasNextPage"))
			break;
		free(after);
		after = xstrdup(net_str(data, "issueLabels.pageInfo.endCursor"));
	}
	return 0;
}

/* Makes label WORD in TEAM; somebody who made it meanwhile has made it for us. */
static int
make_label(const struct tracker_link *link, const char *team, const char *word,
    struct json_object *ids, struct err *err)
{
	NET_JSON struct json_object *data = NULL, *all = json_object_new_object();
	struct json_object *input = linear_var("name", word), *vars;
	const char *words[] = { word };
	struct err own = ERR_INIT;
	const char *id;

	net_add_text(input, "teamId", team);
	vars = json_object_new_object();
	net_add(vars, "input", input);
	if (linear_call(link, LINEAR_LABEL_CREATE, vars, &data, err) == 0) {
		id = net_str(data, "issueLabelCreate.issueLabel.id");
		json_object_array_add(ids, json_object_new_string(id));
		return 0;
	}
	if (err->kind != ERR_REFUSED)
		return -1;
	if (find_labels(link, team, &(struct tracker_words){ words, 1 }, all, &own) < 0)
		return -1;
	id = label_id(all, word);
	if (!id) {
		net_trouble(link, TRACKER_REFUSED);
		return err_wrap(err, "label %.80s", word);
	}
	json_object_array_add(ids, json_object_new_string(id));
	return 0;
}

int
linear_labels(const struct tracker_link *link, const char *team,
    const struct tracker_words *words, struct json_object *ids, struct err *err)
{
	NET_JSON struct json_object *all = json_object_new_object();

	if (words->n == 0)
		return 0;
	if (find_labels(link, team, words, all, err) < 0)
		return -1;
	for (size_t i = 0; i < words->n; i++) {
		const char *id = label_id(all, words->word[i]);

		if (id)
			json_object_array_add(ids, json_object_new_string(id));
		else if (make_label(link, team, words->word[i], ids, err) < 0)
			return -1;
	}
	return 0;
}

char *
linear_user(
    const struct tracker_link *link, const char *name, bool is_app, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	AUTO_FREE char *shown = http_quote(link->net->http, name);

	if (strcmp(name, "me") == 0 && !is_app) {
		struct json_object *team = linear_team(link, err);

		return team ? xstrdup(net_str(team, "viewer.id")) : NULL;
	}
	if (linear_call(link, LINEAR_USERS, linear_var("name", name), &data, err) < 0)
		return NULL;
	for (size_t i = 0; i < net_len(data, "users.nodes"); i++) {
		struct json_object *user = net_at(data, "users.nodes", i);

		if (net_bool(user, "active") && net_bool(user, "app") == is_app)
			return xstrdup(net_str(user, "id"));
	}
	(void)err_set(err, ERR_NOT_FOUND, "linear: there is no active %s called %s",
	    is_app ? "agent" : "user", shown);
	(void)err_fix(err, is_app ? "install the agent in the workspace first"
				  : "use the name, display name or e-mail, or \"me\"");
	return NULL;
}

char *
linear_project(const struct tracker_link *link, const char *name, struct err *err)
{
	NET_JSON struct json_object *data = NULL;

	if (linear_call(link, LINEAR_PROJECTS, linear_var("name", name), &data, err) <
	    0)
		return NULL;
	if (net_len(data, "projects.nodes") == 1)
		return xstrdup(net_str(net_at(data, "projects.nodes", 0), "id"));
	(void)err_set(err, ERR_NOT_FOUND, "linear: %s project called %.80s",
	    net_len(data, "projects.nodes") ? "more than one" : "there is no", name);
	(void)err_fix(err, "set divisi.tracker.project to the name or id of one");
	return NULL;
}
