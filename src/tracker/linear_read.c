#include "tracker/linear.h"

#include <string.h>

#define PAGE 40

static const char *
keep(struct arena *arena, struct json_object *obj, const char *path)
{
	return arena_strdup(arena, net_str(obj, path));
}

/* A list of words that grows in ARENA up to MAX. */
static struct tracker_words
room(struct arena *arena, size_t max, const char ***word)
{
	*word = arena_alloc(arena, (max + 1) * sizeof(**word));
	return (struct tracker_words){ .word = *word };
}

static void
read_labels(struct arena *arena, struct json_object *from, struct tracker_issue *issue)
{
	const char **word;
	size_t n = net_len(from, "labels.nodes");

	issue->labels = room(arena, n, &word);
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *name = linear_label_name(
		    net_at(from, "labels.nodes", i));

		word[issue->labels.n++] = arena_strdup(arena, name);
	}
	issue->is_cut |= net_bool(from, "labels.pageInfo.hasNextPage");
}

/* Those of the relations at PATH whose type is TYPE; END is the other issue. */
static void
read_relations(struct arena *arena, struct json_object *from, const char *path,
    const char *end, const char *type, struct tracker_words *words)
{
	size_t n = net_len(from, path);
	const char **word = arena_alloc(arena, (words->n + n + 1) * sizeof(*word));

	for (size_t i = 0; i < words->n; i++)
		word[i] = words->word[i];
	for (size_t i = 0; i < n; i++) {
		struct json_object *relation = net_at(from, path, i);

		if (strcmp(net_str(relation, "type"), type) == 0)
			word[words->n++] = keep(arena, relation, end);
	}
	words->word = word;
}

static void
read_links(struct arena *arena, struct json_object *from, struct tracker_issue *issue)
{
	static const char out[] = "relations.nodes", in[] = "inverseRelations.nodes";
	size_t n = net_len(from, "children.nodes");
	const char **word;

	read_relations(
	    arena, from, out, "relatedIssue.identifier", "blocks", &issue->blocks);
	read_relations(
	    arena, from, in, "issue.identifier", "blocks", &issue->blocked_by);
	read_relations(
	    arena, from, out, "relatedIssue.identifier", "related", &issue->related);
	read_relations(arena, from, in, "issue.identifier", "related", &issue->related);
	issue->children = room(arena, n, &word);
	for (size_t i = 0; i < n; i++)
		word[issue->children.n++] = keep(
		    arena, net_at(from, "children.nodes", i), "identifier");
	issue->is_cut |= net_bool(from, "relations.pageInfo.hasNextPage") ||
			 net_bool(from, "inverseRelations.pageInfo.hasNextPage") ||
			 net_bool(from, "children.pageInfo.hasNextPage");
}

static struct tracker_issue
read_issue(
    const struct tracker_link *link, struct arena *arena, struct json_object *from)
{
	enum issue_status status = linear_status_of(link, net_get(from, "state"));
	struct tracker_issue issue = { .id = keep(arena, from, "identifier"),
		.uuid = keep(arena, from, "id"),
		.url = keep(arena, from, "url"),
		.title = keep(arena, from, "title"),
		.body = keep(arena, from, "description"),
		.version = 1,
		.status = issue_status_name(status),
		.status_name = keep(arena, from, "state.name"),
		.estimate = (int)net_int(from, "estimate"),
		.assignee = keep(arena, from, "assignee.displayName"),
		.delegate = keep(arena, from, "delegate.displayName"),
		.parent = keep(arena, from, "parent.identifier"),
		.project = keep(arena, from, "project.name"),
		.owner_session = "",
		.updated_at = net_time(from, "updatedAt"),
		.is_archived = *net_str(from, "archivedAt") != '\0' };

	read_labels(arena, from, &issue);
	return issue;
}

static int
read_one(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *from;

	if (linear_call(link, LINEAR_ISSUE, linear_var("id", id), &data, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND, "linear: there is no issue %s", id);
		return -1;
	}
	from = net_get(data, "issue");
	if (*net_str(from, "identifier") == '\0') {
		net_trouble(link, TRACKER_LATER);
		return err_set(err, ERR_INPUT, "linear: its answer holds no issue");
	}
	*issue = read_issue(link, arena, from);
	read_links(arena, from, issue);
	return 0;
}

int
linear_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_one(link, id, arena, issue, err), err);
}

int
linear_find(const struct tracker_link *link, const char *key, const char *parent,
    struct arena *arena, struct tracker_issue *issue, struct err *err)
{
	char uuid[37];

	(void)parent; /* the key alone is the id */
	net_uuid(link, "issue", key, uuid);
	return linear_read(link, uuid, arena, issue, err);
}

/* A list that is read page by page. */
struct pages {
	struct tracker_list list;
	size_t limit;
	char *after; /* where the next page begins */
};

/* Appends the next page of PARENT's children. */
static int
read_page(const struct tracker_link *link, const char *parent, struct arena *arena,
    struct pages *pages, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *vars = linear_var("parent", parent);
	struct tracker_list *list = &pages->list;
	size_t left = pages->limit - list->n;
	size_t n;

	net_add(vars, "first", json_object_new_int(left < PAGE ? (int)left : PAGE));
	net_add_text(vars, "after", pages->after);
	if (linear_call(link, LINEAR_CHILDREN, vars, &data, err) < 0)
		return -1;
	n = net_len(data, "issues.nodes");
	for (size_t i = 0; i < n && list->n < pages->limit; i++)
		list->item[list->n++] = read_issue(
		    link, arena, net_at(data, "issues.nodes", i));
	list->has_more = net_bool(data, "issues.pageInfo.hasNextPage");
	free(pages->after);
	pages->after = xstrdup(net_str(data, "issues.pageInfo.endCursor"));
	if (list->has_more && (n == 0 || !*pages->after)) {
		net_trouble(link, TRACKER_LATER);
		return err_set(err, ERR_INPUT, "linear: its pages lead nowhere");
	}
	return 0;
}

static int
read_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	struct pages pages = { .limit = (size_t)limit };
	NET_JSON struct json_object *brief = NULL;
	int rc;

	if (net_limit_check(limit, err) < 0)
		return -1;
	brief = linear_brief(link, parent, err);
	if (!brief)
		return -1;
	pages.list.item = arena_alloc(
	    arena, ((size_t)limit + 1) * sizeof(*pages.list.item));
	do {
		rc = read_page(link, net_str(brief, "id"), arena, &pages, err);
	} while (rc == 0 && pages.list.has_more && pages.list.n < pages.limit);
	free(pages.after);
	if (rc == 0)
		*list = pages.list;
	return rc;
}

int
linear_children(const struct tracker_link *link, const char *parent, int limit,
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
	struct json_object *vars = linear_var("key", link->team ? link->team : "");
	NET_JSON struct json_object *data = NULL;
	struct tracker_list got = { 0 };
	size_t n;

	net_add(vars, "first", json_object_new_int(limit));
	if (linear_call(link, LINEAR_DONE, vars, &data, err) < 0)
		return -1;
	n = net_len(data, "issues.nodes");
	got.item = arena_alloc(arena, (n + 1) * sizeof(*got.item));
	for (size_t i = 0; i < n && got.n < (size_t)limit; i++)
		got.item[got.n++] = read_issue(
		    link, arena, net_at(data, "issues.nodes", i));
	got.has_more = net_bool(data, "issues.pageInfo.hasNextPage");
	*list = got;
	return 0;
}

int
linear_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err)
{
	struct err own = ERR_INIT;
	int rc;

	err = net_begin(link, err, &own);
	rc = net_limit_check(limit, err);
	if (rc == 0)
		rc = read_done(link, limit, arena, list, err);
	return net_end(link, rc, err);
}

static int
read_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	bool is_out = strcmp(kind, "blocks") == 0;
	const char *nodes = is_out ? "issue.relations.nodes"
				   : "issue.inverseRelations.nodes";
	NET_JSON struct json_object *data = NULL;
	struct tracker_list got = { 0 };
	size_t n;

	if (linear_call(link, LINEAR_LINKED, linear_var("id", id), &data, err) < 0)
		return -1;
	n = net_len(data, nodes);
	got.item = arena_alloc(arena, (n + 1) * sizeof(*got.item));
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = net_at(data, nodes, i);

		if (strcmp(net_str(one, "type"), "blocks") == 0)
			got.item[got.n++] = read_issue(link, arena,
			    net_get(one, is_out ? "relatedIssue" : "issue"));
	}
	got.has_more = net_bool(
	    data, is_out ? "issue.relations.pageInfo.hasNextPage"
			 : "issue.inverseRelations.pageInfo.hasNextPage");
	*list = got;
	return 0;
}

int
linear_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_linked(link, id, kind, arena, list, err), err);
}

static int
ask_who(const struct tracker_link *link, struct arena *arena, struct tracker_who *who,
    struct err *err)
{
	struct json_object *team;
	struct err lacking = ERR_INIT;
	const char **state, **none;
	size_t n;

	/* A token that was good yesterday is asked about again. */
	json_object_put(link->net->team);
	link->net->team = NULL;
	team = linear_team(link, err);
	if (!team)
		return -1;
	n = net_len(team, "states.nodes");
	*who = (struct tracker_who){ .user = keep(arena, team, "viewer.displayName"),
		.team = keep(arena, team, "key"),
		.team_name = keep(arena, team, "name"),
		.statuses = room(arena, n, &state),
		.lacking = room(arena, ISSUE_N_STATUSES, &none) };
	for (size_t i = 0; i < n; i++)
		state[who->statuses.n++] = keep(
		    arena, net_at(team, "states.nodes", i), "name");
	for (int s = ISSUE_BACKLOG; s <= ISSUE_CANCELLED; s++) {
		if (!linear_state(link, team, s, &lacking))
			none[who->lacking.n++] = issue_status_name(s);
	}
	return 0;
}

int
linear_probe(const struct tracker_link *link, struct arena *arena,
    struct tracker_who *who, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, ask_who(link, arena, who, err), err);
}

/* Linear's words for how an agent is getting on, and ours. */
static const char *
agent_state(const char *status)
{
	static const char *const words[][2] = { { "pending", "pending" },
		{ "active", "active" }, { "awaitingInput", "waiting" },
		{ "complete", "complete" }, { "error", "error" }, { "stale", "stale" },
		{ "stopping", "active" } };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcmp(words[i][0], status) == 0)
			return words[i][1];
	}
	return "active"; /* a word of tomorrow: somebody is at it */
}

static int
read_agents(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_agents *agents, struct err *err)
{
	static const char nodes[] = "issue.agentSessions.nodes";
	NET_JSON struct json_object *data = NULL;
	struct tracker_agents got = { 0 };
	size_t n;

	if (linear_call(link, LINEAR_AGENTS, linear_var("id", id), &data, err) < 0)
		return -1;
	n = net_len(data, nodes);
	got.item = arena_alloc(arena, (n + 1) * sizeof(*got.item));
	for (size_t i = 0; i < n; i++) {
		struct json_object *s = net_at(data, nodes, i);

		got.item[got.n++] = (struct tracker_agent){ .id = keep(arena, s, "id"),
			.agent = keep(arena, s, "appUser.displayName"),
			.state = agent_state(net_str(s, "status")),
			.summary = keep(arena, s, "summary"),
			.url = keep(arena, s, "url"),
			.updated_at = net_time(s, "updatedAt") };
	}
	*agents = got;
	return 0;
}

int
linear_agents(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_agents *agents, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_agents(link, id, arena, agents, err), err);
}
