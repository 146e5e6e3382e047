#include "tracker/github.h"

#include <stdio.h>
#include <string.h>

/* More children than this are not looked through for one of ours. */
#define MAX_CHILDREN 1000
#define MAX_LINKS    100

/* The repository an issue of an answer belongs to: "https://.../repos/o/r". */
static const char *
repo_of(struct json_object *issue)
{
	const char *url = net_str(issue, "repository_url");
	const char *at = strstr(url, "/repos/");

	return at ? at + strlen("/repos/") : "";
}

static const char *
id_of(const struct tracker_link *link, struct arena *arena, struct json_object *issue)
{
	AUTO_FREE char *id = github_id(link, repo_of(issue), net_int(issue, "number"));

	return arena_strdup(arena, id);
}

/* The parent from ".../repos/o/r/issues/12". */
static const char *
parent_of(
    const struct tracker_link *link, struct arena *arena, struct json_object *issue)
{
	struct err err = ERR_INIT;
	struct github_ref ref;
	AUTO_FREE char *id = NULL;
	const char *url = net_str(issue, "parent_issue_url");

	if (!*url || github_ref_parse(link, url, &ref, &err) < 0)
		return "";
	id = github_id(link, ref.repo, ref.number);
	return arena_strdup(arena, id);
}

static struct tracker_words
read_labels(struct arena *arena, struct json_object *issue)
{
	size_t n = net_len(issue, "labels");
	const char **word = arena_alloc(arena, (n + 1) * sizeof(*word));
	struct tracker_words words = { .word = word };

	for (size_t i = 0; i < n; i++) {
		const char *name = github_label_name(net_at(issue, "labels", i));

		if (!github_is_status_label(name))
			word[words.n++] = arena_strdup(arena, name);
	}
	return words;
}

/* The first person, or the first bot, that is assigned. */
static const char *
assigned(struct arena *arena, struct json_object *issue, bool want_bot)
{
	for (size_t i = 0; i < net_len(issue, "assignees"); i++) {
		struct json_object *user = net_at(issue, "assignees", i);
		bool is_bot = strcmp(net_str(user, "type"), "Bot") == 0;

		if (is_bot == want_bot)
			return arena_strdup(arena, net_str(user, "login"));
	}
	return "";
}

static struct tracker_issue
read_issue(
    const struct tracker_link *link, struct arena *arena, struct json_object *from)
{
	AUTO_FREE char *body = github_unmarked(net_str(from, "body"));
	enum issue_status status = github_status_read(from);

	return (struct tracker_issue){ .id = id_of(link, arena, from),
		.uuid = arena_strdup(arena, net_str(from, "node_id")),
		.url = arena_strdup(arena, net_str(from, "html_url")),
		.title = arena_strdup(arena, net_str(from, "title")),
		.body = arena_strdup(arena, body),
		.version = 1,
		.status = issue_status_name(status),
		.status_name = arena_strdup(arena, net_str(from, "state")),
		.assignee = assigned(arena, from, false),
		.delegate = assigned(arena, from, true),
		.parent = parent_of(link, arena, from),
		.project = "",
		.owner_session = "",
		.labels = read_labels(arena, from),
		.updated_at = net_time(from, "updated_at") };
}

/* The ids of the issues listed at issue REF's WHAT. */
static int
read_links(const struct tracker_link *link, const struct github_ref *ref,
    const char *what, struct arena *arena, struct tracker_words *words, struct err *err)
{
	AUTO_FREE char *path = xasprintf(
	    "/repos/%s/issues/%ld/%s", ref->repo, ref->number, what);
	NET_JSON struct json_object *list = NULL;
	const char **word;
	size_t n;

	if (github_list(link, path, MAX_LINKS, &list, NULL, err) < 0)
		return -1;
	n = net_len(list, NULL);
	word = arena_alloc(arena, (n + 1) * sizeof(*word));
	for (size_t i = 0; i < n; i++)
		word[i] = id_of(link, arena, net_at(list, NULL, i));
	*words = (struct tracker_words){ word, n };
	return 0;
}

static int
read_one(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	NET_JSON struct json_object *from = NULL;
	struct tracker_issue got;
	struct github_ref ref;

	if (github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	from = github_issue(link, &ref, err);
	if (!from)
		return -1;
	got = read_issue(link, arena, from);
	if (read_links(link, &ref, "dependencies/blocking", arena, &got.blocks, err) <
		0 ||
	    read_links(link, &ref, "dependencies/blocked_by", arena, &got.blocked_by,
		err) < 0 ||
	    read_links(link, &ref, "sub_issues", arena, &got.children, err) < 0)
		return -1;
	got.is_cut = got.blocks.n == MAX_LINKS || got.blocked_by.n == MAX_LINKS ||
		     got.children.n == MAX_LINKS;
	*issue = got;
	return 0;
}

int
github_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_one(link, id, arena, issue, err), err);
}

/* GitHub counts for itself; its due date is a moment, of which the day is told. */
static int
place_of(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err)
{
	NET_JSON struct json_object *from = NULL;
	struct github_ref ref;

	if (github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	from = github_issue(link, &ref, err);
	if (!from)
		return -1;
	*place = (struct tracker_place){ .project = "",
		.project_id = "",
		.milestone = arena_strdup(arena, net_str(from, "milestone.title")),
		.due = arena_printf(arena, "%.10s", net_str(from, "milestone.due_on")),
		.n_open = net_int(from, "milestone.open_issues"),
		.n_done = net_int(from, "milestone.closed_issues") };
	return 0;
}

int
github_place(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, place_of(link, id, arena, place, err), err);
}

/* The issues of the list at PATH, MAX at most. */
static int
read_list(const struct tracker_link *link, const char *path, size_t max,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	NET_JSON struct json_object *found = NULL;
	struct tracker_list got = { 0 };

	if (github_list(link, path, max, &found, &got.has_more, err) < 0)
		return -1;
	got.item = arena_alloc(arena, (net_len(found, NULL) + 1) * sizeof(*got.item));
	for (size_t i = 0; i < net_len(found, NULL); i++) {
		struct json_object *one = net_at(found, NULL, i);

		/* What GitHub lists as issues are pull requests too. */
		if (!net_get(one, "pull_request"))
			got.item[got.n++] = read_issue(link, arena, one);
	}
	*list = got;
	return 0;
}

static int
read_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	AUTO_FREE char *path = NULL;
	struct github_ref ref;

	if (net_limit_check(limit, err) < 0 ||
	    github_ref_parse(link, parent, &ref, err) < 0)
		return -1;
	path = xasprintf("/repos/%s/issues/%ld/sub_issues", ref.repo, ref.number);
	return read_list(link, path, (size_t)limit, arena, list, err);
}

int
github_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_children(link, parent, limit, arena, list, err), err);
}

static int
read_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err)
{
	AUTO_FREE char *path = NULL;
	struct github_ref ref;
	size_t n = 0;

	if (net_limit_check(limit, err) < 0 ||
	    github_ref_parse(link, "#0", &ref, err) < 0)
		return -1;
	path = xasprintf(
	    "/repos/%s/issues?state=closed&sort=updated&direction=desc", ref.repo);
	if (read_list(link, path, (size_t)limit, arena, list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->item[i].status, "Done") == 0)
			list->item[n++] = list->item[i];
	}
	list->n = n;
	return 0;
}

int
github_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_done(link, limit, arena, list, err), err);
}

static int
read_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	AUTO_FREE char *path = NULL;
	struct github_ref ref;

	if (github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	path = xasprintf("/repos/%s/issues/%ld/dependencies/%s", ref.repo, ref.number,
	    strcmp(kind, "blocks") == 0 ? "blocking" : "blocked_by");
	return read_list(link, path, 50, arena, list, err);
}

int
github_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_linked(link, id, kind, arena, list, err), err);
}

/* The one that carries MARK in the list at PATH; NULL without ERR when there is none. */
static struct json_object *
find_in(const struct tracker_link *link, const char *path, size_t max, const char *mark,
    struct err *err)
{
	NET_JSON struct json_object *list = NULL;

	if (github_list(link, path, max, &list, NULL, err) < 0)
		return NULL;
	for (size_t i = 0; i < net_len(list, NULL); i++) {
		struct json_object *issue = net_at(list, NULL, i);

		if (github_marked(net_str(issue, "body"), mark))
			return json_object_get(issue);
	}
	return NULL;
}

struct json_object *
github_find_marked(const struct tracker_link *link, const struct github_ref *parent,
    const char *mark, struct err *err)
{
	AUTO_FREE char *newest = xasprintf(
	    "/repos/%s/issues?state=all&sort=created&direction=desc", link->team);
	AUTO_FREE char *children = NULL;
	struct json_object *found;

	/* One that was made and then never put below its parent is among the newest. */
	found = find_in(link, newest, 100, mark, err);
	if (found || err->kind != ERR_NONE || !parent)
		return found;
	children = xasprintf(
	    "/repos/%s/issues/%ld/sub_issues", parent->repo, parent->number);
	return find_in(link, children, MAX_CHILDREN, mark, err);
}

static int
find(const struct tracker_link *link, const char *key, const char *parent,
    struct arena *arena, struct tracker_issue *issue, struct err *err)
{
	NET_JSON struct json_object *found = NULL;
	struct err asked = ERR_INIT;
	struct github_ref ref;
	char uuid[37], mark[GITHUB_MARK_SIZE];

	if (github_ref_parse(link, parent ? parent : "#0", &ref, err) < 0)
		return -1;
	net_uuid(link, "issue", key, uuid);
	github_mark(uuid, mark);
	found = github_find_marked(link, parent ? &ref : NULL, mark, &asked);
	if (!found && asked.kind == ERR_NONE)
		return err_set(
		    err, ERR_NOT_FOUND, "github: nothing was made by %s", key);
	if (!found) {
		*err = asked;
		return -1;
	}
	*issue = read_issue(link, arena, found);
	return 0;
}

int
github_find(const struct tracker_link *link, const char *key, const char *parent,
    struct arena *arena, struct tracker_issue *issue, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, find(link, key, parent, arena, issue, err), err);
}

static int
ask_who(const struct tracker_link *link, struct arena *arena, struct tracker_who *who,
    struct err *err)
{
	NET_JSON struct json_object *user = NULL, *repo = NULL;
	struct github_request who_am_i = { "GET", xstrdup("/user"), NULL, NULL }, where;
	struct github_ref ref;

	if (github_send(link, who_am_i, &user, err) < 0 ||
	    github_ref_parse(link, "#0", &ref, err) < 0)
		return -1;
	where = (struct github_request){ "GET", xasprintf("/repos/%s", ref.repo), NULL,
		NULL };
	if (github_send(link, where, &repo, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND,
			    "github: there is no repository %s to see", ref.repo);
		return -1;
	}
	if (net_bool(repo, "archived") || !net_bool(repo, "has_issues"))
		return err_set(err, ERR_REFUSED, "github: %s %s", ref.repo,
		    net_bool(repo, "archived") ? "is archived" : "has no issues");
	*who = (struct tracker_who){ .user = arena_strdup(
					 arena, net_str(user, "login")),
		.team = arena_strdup(arena, net_str(repo, "full_name")),
		.team_name = arena_strdup(arena, net_str(repo, "full_name")) };
	return 0;
}

int
github_probe(const struct tracker_link *link, struct arena *arena,
    struct tracker_who *who, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, ask_who(link, arena, who, err), err);
}
