#include "tracker/linear.h"

#include "base/text.h"
#include "store/issues_check.h"

#include <stdio.h>
#include <string.h>

static int
check_draft(const struct tracker_draft *draft, struct err *err)
{
	if (issues_check_title(draft->title, err) < 0 ||
	    issues_check_body(draft->body ? draft->body : "", err) < 0 ||
	    issues_check_estimate(draft->estimate, err) < 0)
		return -1;
	return 0;
}

static int
status_of(const char *word, enum issue_status *status, struct err *err)
{
	AUTO_FREE char *shown = NULL;

	*status = word ? issue_status_of(word) : ISSUE_ANY;
	if (!word || *status != ISSUE_ANY)
		return 0;
	shown = text_show(word, true);
	return err_set(err, ERR_INPUT, "\"%.80s\" is no status of an issue", shown);
}

/* The UUID of issue PARENT, which must not be archived. */
static int
add_parent(const struct tracker_link *link, struct json_object *input,
    const char *parent, struct err *err)
{
	NET_JSON struct json_object *brief = linear_brief(link, parent, err);

	if (!brief)
		return err_wrap(err, "parent");
	if (*net_str(brief, "archivedAt")) {
		err_set(err, ERR_REFUSED, "linear: the parent %s is archived", parent);
		return err_fix(
		    err, "restore it in Linear, or name another master issue");
	}
	net_add_text(input, "parentId", net_str(brief, "id"));
	return 0;
}

static int
add_project(const struct tracker_link *link, struct json_object *input,
    const char *project, struct err *err)
{
	AUTO_FREE char *id = NULL;

	if (!project || !*project)
		return 0;
	id = linear_project(link, project, err);
	if (!id)
		return -1;
	net_add_text(input, "projectId", id);
	return 0;
}

/* What LINEAR_ISSUE_CREATE is sent for DRAFT. */
static struct json_object *
draft_input(const struct tracker_link *link, const struct tracker_draft *draft,
    const char *uuid, struct err *err)
{
	NET_JSON struct json_object *input = linear_var("id", uuid);
	struct json_object *team = linear_team(link, err), *state, *labels;
	enum issue_status status;

	if (!team ||
	    status_of(draft->status ? draft->status : "Todo", &status, err) < 0)
		return NULL;
	state = linear_state(link, team, status, err);
	if (!state)
		return NULL;
	net_add_text(input, "teamId", net_str(team, "id"));
	net_add_text(input, "stateId", net_str(state, "id"));
	net_add_text(input, "title", draft->title);
	net_add_text(input, "description", draft->body ? draft->body : "");
	/* A team that does not estimate refuses points. */
	if (draft->estimate &&
	    strcmp(net_str(team, "issueEstimationType"), "notUsed") != 0)
		net_add(input, "estimate", json_object_new_int(draft->estimate));
	labels = json_object_new_array();
	net_add(input, "labelIds", labels);
	if (linear_labels(link, net_str(team, "id"), &draft->labels, labels, err) < 0)
		return NULL;
	if (draft->parent && add_parent(link, input, draft->parent, err) < 0)
		return NULL;
	if (add_project(
		link, input, draft->project ? draft->project : link->project, err) < 0)
		return NULL;
	return TAKE_PTR(input);
}

static int
take_id(
    const struct tracker_link *link, const char *identifier, char *id, struct err *err)
{
	size_t n = strlen(identifier);

	if (n == 0 || n >= TRACKER_ID_SIZE || text_has_controls(identifier) ||
	    strpbrk(identifier, " \t\n/")) {
		net_trouble(link, TRACKER_LATER);
		return err_set(
		    err, ERR_INPUT, "linear: its answer holds no identifier");
	}
	memcpy(id, identifier, n + 1);
	return 0;
}

/* Makes the issue; when its UUID is taken, this very call has made it before. */
static int
create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	NET_JSON struct json_object *data = NULL, *there = NULL;
	struct json_object *input, *vars;
	struct err own = ERR_INIT;
	char uuid[37];

	if (check_draft(draft, err) < 0)
		return -1;
	net_uuid(link, "issue", call->key, uuid);
	input = draft_input(link, draft, uuid, err);
	if (!input)
		return -1;
	vars = json_object_new_object();
	net_add(vars, "input", input);
	if (linear_call(link, LINEAR_ISSUE_CREATE, vars, &data, err) == 0)
		return take_id(
		    link, net_str(data, "issueCreate.issue.identifier"), id, err);
	if (err->kind != ERR_REFUSED)
		return -1;
	there = linear_brief(link, uuid, &own);
	if (!there) {
		/* The refusal stands, unless asking has met something that will pass. */
		if (own.kind == ERR_NOT_FOUND)
			return net_trouble(link, TRACKER_REFUSED);
		*err = own;
		return -1;
	}
	return take_id(link, net_str(there, "identifier"), id, err);
}

static int
linear_create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, create(link, call, draft, id, err), err);
}

/* Changes. */

/* One update under way: what the issue is, and what will be sent. */
struct change {
	const struct tracker_link *link;
	struct json_object *brief, *input;
};

static int
change_status(struct change *c, const char *word, struct err *err)
{
	enum issue_status from = linear_status_of(c->link, net_get(c->brief, "state"));
	struct json_object *state;
	enum issue_status to;

	if (status_of(word, &to, err) < 0)
		return -1;
	if (to == ISSUE_ANY || to == from)
		return 0;
	/* Nothing has to be passed through here: Linear knows no steps between. */
	if (!(from < ISSUE_TODO && to <= ISSUE_IN_PROGRESS) &&
	    issues_check_move(net_str(c->brief, "identifier"), from, to, err) < 0)
		return -1;
	state = linear_state(c->link, net_get(c->brief, "team"), to, err);
	if (!state)
		return -1;
	if (strcmp(net_str(state, "id"), net_str(c->brief, "state.id")) != 0)
		net_add_text(c->input, "stateId", net_str(state, "id"));
	if (to >= ISSUE_DONE && *net_str(c->brief, "delegate.id"))
		net_add(c->input, "delegateId", NULL); /* */
	return 0;
}

/* KEY of the input becomes the id of user NAME; "" is nobody, NULL changes nothing. */
static int
change_user(struct change *c, const char *key, const char *path, const char *name,
    struct err *err)
{
	AUTO_FREE char *id = NULL;

	if (!name)
		return 0;
	if (*name) {
		id = linear_user(c->link, name, strcmp(key, "delegateId") == 0, err);
		if (!id)
			return -1;
	}
	if (strcmp(id ? id : "", net_str(c->brief, path)) == 0)
		return 0;
	net_add(c->input, key, id ? json_object_new_string(id) : NULL);
	return 0;
}

static bool
has_word(const struct issue_words *words, const char *word)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->word[i], word) == 0)
			return true;
	}
	return false;
}

/* The labels that the issue has and WANTED has not, by id, under "removedLabelIds". */
static void
remove_labels(struct change *c, const struct issue_words *wanted)
{
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; i < net_len(c->brief, "labels.nodes"); i++) {
		struct json_object *label = net_at(c->brief, "labels.nodes", i);
		AUTO_FREE char *name = linear_label_name(label);

		if (!has_word(wanted, name))
			json_object_array_add(
			    ids, json_object_new_string(net_str(label, "id")));
	}
	if (json_object_array_length(ids) > 0)
		net_add(c->input, "removedLabelIds", ids);
	else
		json_object_put(ids);
}

/* Those of WANTED that the issue has not got, found or made, under "addedLabelIds". */
static int
add_labels(struct change *c, const struct issue_words *had,
    const struct issue_words *wanted, struct err *err)
{
	AUTO_FREE const char **word = xcalloc(wanted->n + 1, sizeof(*word));
	struct json_object *ids = json_object_new_array();
	struct tracker_words added = { .word = word };

	for (size_t i = 0; i < wanted->n; i++) {
		if (!has_word(had, wanted->word[i]))
			word[added.n++] = wanted->word[i];
	}
	if (linear_labels(c->link, net_str(c->brief, "team.id"), &added, ids, err) <
	    0) {
		json_object_put(ids);
		return -1;
	}
	if (json_object_array_length(ids) > 0)
		net_add(c->input, "addedLabelIds", ids);
	else
		json_object_put(ids);
	return 0;
}

static void
read_words(struct arena *arena, struct json_object *brief, struct issue_words *words)
{
	for (size_t i = 0; i < net_len(brief, "labels.nodes"); i++) {
		AUTO_FREE char *name = linear_label_name(
		    net_at(brief, "labels.nodes", i));

		GROW(words->word, words->n, words->cap);
		words->word[words->n++] = arena_strdup(arena, name);
	}
}

/* Read, merge, write, and only the difference is written. */
static int
change_labels(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	struct issues_label_change merge = { .add = patch->add.word,
		.n_add = patch->add.n,
		.remove = patch->remove.word,
		.n_remove = patch->remove.n };
	struct issue_words had = { 0 }, wanted = { 0 };
	struct arena *arena;
	int rc = -1;

	if (patch->add.n + patch->remove.n == 0)
		return 0;
	if (net_bool(c->brief, "labels.pageInfo.hasNextPage"))
		return err_set(
		    err, ERR_REFUSED, "linear: the issue has more than 50 labels");
	arena = arena_new();
	read_words(arena, c->brief, &had);
	read_words(arena, c->brief, &wanted);
	if (issues_merge_labels(&wanted, &merge, err) >= 0 &&
	    add_labels(c, &had, &wanted, err) == 0) {
		remove_labels(c, &wanted);
		rc = 0;
	}
	free(had.word);
	free(wanted.word);
	arena_free(arena);
	return rc;
}

static int
change_texts(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	if (patch->title && issues_check_title(patch->title, err) < 0)
		return -1;
	if (patch->body && issues_check_body(patch->body, err) < 0)
		return -1;
	if (patch->estimate > 0 && issues_check_estimate(patch->estimate, err) < 0)
		return -1;
	if (patch->title && strcmp(patch->title, net_str(c->brief, "title")) != 0)
		net_add_text(c->input, "title", patch->title);
	if (patch->body && strcmp(patch->body, net_str(c->brief, "description")) != 0)
		net_add_text(c->input, "description", patch->body);
	if (patch->estimate < 0 && net_int(c->brief, "estimate"))
		net_add(c->input, "estimate", NULL);
	if (patch->estimate > 0 && patch->estimate != net_int(c->brief, "estimate") &&
	    strcmp(net_str(c->brief, "team.issueEstimationType"), "notUsed") != 0)
		net_add(c->input, "estimate", json_object_new_int(patch->estimate));
	return 0;
}

static int
update(const struct tracker_link *link, const char *id,
    const struct tracker_patch *patch, struct err *err)
{
	NET_JSON struct json_object *brief = linear_brief(link, id, err);
	NET_JSON struct json_object *input = json_object_new_object(), *data = NULL;
	struct change c = { .link = link, .brief = brief, .input = input };
	struct json_object *vars;

	if (!brief || change_texts(&c, patch, err) < 0 ||
	    change_status(&c, patch->status, err) < 0 ||
	    change_user(&c, "assigneeId", "assignee.id", patch->assignee, err) < 0 ||
	    change_user(&c, "delegateId", "delegate.id", patch->delegate, err) < 0 ||
	    change_labels(&c, patch, err) < 0)
		return -1;
	if (json_object_object_length(input) == 0)
		return 0;
	if (patch->seen_at && patch->seen_at != net_time(brief, "updatedAt")) {
		err_set(err, ERR_CONFLICT, "linear: %s was changed by somebody else",
		    net_str(brief, "identifier"));
		return err_fix(err, "look at it; what is right there can be adopted");
	}
	vars = linear_var("id", net_str(brief, "id"));
	net_add(vars, "input", json_object_get(input));
	return linear_call(link, LINEAR_ISSUE_UPDATE, vars, &data, err);
}

static int
linear_update(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const struct tracker_patch *patch, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* Linear keeps no key of a change: what is reached is success */
	err = net_begin(link, err, &own);
	return net_end(link, update(link, id, patch, err), err);
}

static const char *const variables[] = { "LINEAR_API_KEY", "LINEAR_TOKEN", NULL };

const struct tracker tracker_linear = {
	.name = "linear",
	.capabilities = TRACKER_RELATIONS | TRACKER_ATTACHMENTS | TRACKER_ESTIMATES |
			TRACKER_DELEGATES | TRACKER_SUB_ISSUES | TRACKER_LABELS |
			TRACKER_MENTIONS | TRACKER_AGENT_SESSIONS | TRACKER_NETWORK |
			TRACKER_PROJECT_UPDATES | TRACKER_MILESTONES,
	.create = linear_create,
	.update = linear_update,
	.comment = linear_comment,
	.relate = linear_relate,
	.attach = linear_attach,
	.read = linear_read,
	.children = linear_children,
	.find = linear_find,
	.done = linear_done,
	.linked = linear_linked,
	.probe = linear_probe,
	.agents = linear_agents,
	.activity = linear_activity,
	.place = linear_place,
	.project_update = linear_project_update,
	.url = "https://api.linear.app/graphql",
	.token_variables = variables,
};
