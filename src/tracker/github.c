#include "tracker/github.h"

#include "base/text.h"
#include "store/issues_check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* As GitHub documents them; more is refused there with words that help nobody. */
#define BODY_CHARS  65536
#define TITLE_CHARS 256
#define LABEL_CHARS 50

/* The coding agent that GitHub itself offers, by the name its assignments want. */
#define COPILOT "copilot-swe-agent[bot]"

static size_t
count_chars(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static int
check_texts(const char *title, const char *body, struct err *err)
{
	if (title && issues_check_title(title, err) < 0)
		return -1;
	if (body && issues_check_body(body, err) < 0)
		return -1;
	if (title && count_chars(title) > TITLE_CHARS)
		return err_set(err, ERR_REFUSED,
		    "github: a title has at most %d characters", TITLE_CHARS);
	if (body && count_chars(body) + GITHUB_MARK_SIZE > BODY_CHARS) {
		err_set(err, ERR_REFUSED, "github: a text has at most %d characters",
		    BODY_CHARS - GITHUB_MARK_SIZE);
		return err_fix(err, "shorten it, and link to the long part");
	}
	return 0;
}

static int
check_label(const char *label, struct err *err)
{
	if (count_chars(label) <= LABEL_CHARS && !github_is_status_label(label))
		return 0;
	return err_set(err, ERR_REFUSED, "github: the label %.80s %s", label,
	    github_is_status_label(label) ? "stands for a status here"
					  : "has more than 50 characters");
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

/* LABELS and the label of STATUS as an array. */
static struct json_object *
label_array(const struct tracker_words *labels, enum issue_status status)
{
	struct json_object *array = net_words(labels);
	const char *own = github_status_of(status)->label;

	if (own)
		json_object_array_add(array, json_object_new_string(own));
	return array;
}

static int
post_issue(const struct tracker_link *link, const char *repo,
    const struct tracker_draft *draft, const char *mark, struct json_object **made,
    struct err *err)
{
	const char *body = draft->body ? draft->body : "";
	AUTO_FREE char *text = xasprintf("%s\n\n%s", body, mark);
	enum issue_status status;
	struct github_request request = { .method = "POST" };

	if (status_of(draft->status ? draft->status : "Todo", &status, err) < 0)
		return -1;
	request.path = xasprintf("/repos/%s/issues", repo);
	request.body = json_object_new_object();
	net_add_text(request.body, "title", draft->title);
	net_add_text(request.body, "body", text);
	net_add(request.body, "labels", label_array(&draft->labels, status));
	return github_send(link, request, made, err);
}

/* Puts the issue with database id CHILD below PARENT; being there already is success. */
static int
put_below(const struct tracker_link *link, const struct github_ref *parent,
    int64_t child, struct err *err)
{
	struct github_request request = { .method = "POST",
		.path = xasprintf(
		    "/repos/%s/issues/%ld/sub_issues", parent->repo, parent->number),
		.body = json_object_new_object() };

	net_add(request.body, "sub_issue_id", json_object_new_int64(child));
	return github_send(link, request, NULL, err);
}

static int
check_draft(const struct tracker_draft *draft, struct err *err)
{
	for (size_t i = 0; i < draft->labels.n; i++) {
		if (check_label(draft->labels.word[i], err) < 0)
			return -1;
	}
	return check_texts(draft->title, draft->body, err);
}

static int
create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	NET_JSON struct json_object *made = NULL;
	struct err asked = ERR_INIT;
	AUTO_FREE char *shown = NULL;
	struct github_ref parent;
	char uuid[37], mark[GITHUB_MARK_SIZE];

	if (check_draft(draft, err) < 0 ||
	    github_ref_parse(link, draft->parent ? draft->parent : "#0", &parent, err) <
		0)
		return -1;
	net_uuid(link, "issue", call->key, uuid);
	github_mark(uuid, mark);
	made = github_find_marked(link, draft->parent ? &parent : NULL, mark, &asked);
	if (!made && asked.kind != ERR_NONE) {
		*err = asked;
		return err_wrap(err, "look for what was made before");
	}
	if (!made && post_issue(link, link->team, draft, mark, &made, err) < 0)
		return -1;
	if (draft->parent && !*net_str(made, "parent_issue_url") &&
	    put_below(link, &parent, net_int(made, "id"), err) < 0)
		return -1;
	if (net_int(made, "number") <= 0) {
		net_trouble(link, TRACKER_LATER);
		return err_set(err, ERR_INPUT, "github: its answer holds no number");
	}
	shown = github_id(link, link->team, (long)net_int(made, "number"));
	snprintf(id, TRACKER_ID_SIZE, "%s", shown);
	return 0;
}

static int
github_create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, create(link, call, draft, id, err), err);
}

/* Changes: one PATCH, so that all of it is there or nothing. */

struct change {
	const struct tracker_link *link;
	const struct github_ref *ref;
	struct json_object *issue, *patch;
	struct issue_words labels; /* wanted, without those of statuses */
	enum issue_status from, to;
	bool has_label_change;
};

static int
change_status(struct change *c, const char *word, struct err *err)
{
	const struct github_status *is, *wanted;
	AUTO_FREE char *id = github_id(c->link, c->ref->repo, c->ref->number);

	if (status_of(word, &c->to, err) < 0)
		return -1;
	if (c->to == ISSUE_ANY)
		c->to = c->from;
	if (c->to == c->from)
		return 0;
	if (!(c->from < ISSUE_TODO && c->to <= ISSUE_IN_PROGRESS) &&
	    issues_check_move(id, c->from, c->to, err) < 0)
		return -1;
	is = github_status_of(c->from);
	wanted = github_status_of(c->to);
	if (strcmp(is->state, wanted->state) != 0 || wanted->reason) {
		net_add_text(c->patch, "state", wanted->state);
		net_add_text(c->patch, "state_reason", wanted->reason);
	}
	c->has_label_change |= is->label || wanted->label;
	return 0;
}

/* Read, merge, write. */
static int
change_labels(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	struct issues_label_change merge = { .add = patch->add.word,
		.n_add = patch->add.n,
		.remove = patch->remove.word,
		.n_remove = patch->remove.n };
	int changed = 0;

	for (size_t i = 0; i < patch->add.n; i++) {
		if (check_label(patch->add.word[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < net_len(c->issue, "labels"); i++) {
		const char *name = github_label_name(net_at(c->issue, "labels", i));

		if (github_is_status_label(name))
			continue;
		GROW(c->labels.word, c->labels.n, c->labels.cap);
		c->labels.word[c->labels.n++] = name;
	}
	if (patch->add.n + patch->remove.n > 0)
		changed = issues_merge_labels(&c->labels, &merge, err);
	if (changed < 0)
		return -1;
	if (changed > 0 || c->has_label_change) {
		struct tracker_words words = { c->labels.word, c->labels.n };

		net_add(c->patch, "labels", label_array(&words, c->to));
	}
	return 0;
}

static bool
is_bot(struct json_object *user)
{
	return strcmp(net_str(user, "type"), "Bot") == 0;
}

/* The login that NAME means, which the caller frees; NULL with ERR. */
static char *
login_of(const struct change *c, const char *name, bool want_bot, struct err *err)
{
	NET_JSON struct json_object *user = NULL;
	struct github_request request = { .method = "GET" };
	AUTO_FREE char *escaped = NULL, *shown = NULL;

	if (want_bot)
		return xstrdup(strcasecmp(name, "copilot") == 0 ? COPILOT : name);
	if (strcmp(name, "me") == 0) {
		request.path = xstrdup("/user");
		return github_send(c->link, request, &user, err) < 0
			   ? NULL
			   : xstrdup(net_str(user, "login"));
	}
	escaped = http_escape(name);
	request.path = xasprintf("/repos/%s/assignees/%s", c->ref->repo, escaped);
	if (github_send(c->link, request, NULL, err) == 0)
		return xstrdup(name);
	if (err->kind == ERR_NOT_FOUND) {
		shown = http_quote(c->link->net->http, name);
		err_set(err, ERR_NOT_FOUND,
		    "github: %s is nobody who can be assigned in %s", shown,
		    c->ref->repo);
	}
	return NULL;
}

/* Those assigned who are bots or people, except when a new one takes their place. */
static int
keep_assigned(struct change *c, struct json_object *into, const char *name,
    bool want_bot, struct err *err)
{
	AUTO_FREE char *login = NULL;

	for (size_t i = 0; !name && i < net_len(c->issue, "assignees"); i++) {
		struct json_object *user = net_at(c->issue, "assignees", i);

		if (is_bot(user) == want_bot)
			json_object_array_add(
			    into, json_object_new_string(net_str(user, "login")));
	}
	if (!name || !*name)
		return 0;
	login = login_of(c, name, want_bot, err);
	if (!login)
		return -1;
	json_object_array_add(into, json_object_new_string(login));
	return 0;
}

static bool
has_login(struct json_object *users, const char *login)
{
	for (size_t i = 0; i < net_len(users, NULL); i++) {
		if (strcasecmp(net_str(net_at(users, NULL, i), "login"), login) == 0)
			return true;
	}
	return false;
}

static int
change_assigned(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	bool is_over = c->to >= ISSUE_DONE && c->to != c->from;
	const char *delegate = is_over && !patch->delegate ? "" : patch->delegate;
	struct json_object *wanted, *had = net_get(c->issue, "assignees");
	bool is_same;

	if (!patch->assignee && !delegate)
		return 0;
	wanted = json_object_new_array();
	if (keep_assigned(c, wanted, patch->assignee, false, err) < 0 ||
	    keep_assigned(c, wanted, delegate, true, err) < 0) {
		json_object_put(wanted);
		return -1;
	}
	is_same = net_len(had, NULL) == net_len(wanted, NULL);
	for (size_t i = 0; is_same && i < net_len(wanted, NULL); i++)
		is_same = has_login(
		    had, json_object_get_string(net_at(wanted, NULL, i)));
	if (is_same)
		json_object_put(wanted);
	else
		net_add(c->patch, "assignees", wanted);
	return 0;
}

static int
change_texts(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	const char *old = net_str(c->issue, "body");
	AUTO_FREE char *plain = github_unmarked(old);
	AUTO_FREE char *text = NULL;
	char mark[GITHUB_MARK_SIZE];

	if (check_texts(patch->title, patch->body, err) < 0)
		return -1;
	if (patch->title && strcmp(patch->title, net_str(c->issue, "title")) != 0)
		net_add_text(c->patch, "title", patch->title);
	if (!patch->body || strcmp(patch->body, plain) == 0)
		return 0;
	github_mark_of(old, mark);
	text = xasprintf("%s%s%s", patch->body, mark[0] ? "\n\n" : "", mark);
	net_add_text(c->patch, "body", text);
	return 0;
}

static int
compose(struct change *c, const struct tracker_patch *patch, struct err *err)
{
	if (change_texts(c, patch, err) < 0 ||
	    change_status(c, patch->status, err) < 0 ||
	    change_labels(c, patch, err) < 0 || change_assigned(c, patch, err) < 0)
		return -1;
	return 0;
}

static int
update(const struct tracker_link *link, const char *id,
    const struct tracker_patch *patch, struct err *err)
{
	NET_JSON struct json_object *issue = NULL, *body = json_object_new_object();
	struct change c = { .link = link, .patch = body };
	struct github_request request = { .method = "PATCH" };
	struct github_ref ref;
	int rc;

	if (github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	issue = github_issue(link, &ref, err);
	if (!issue)
		return -1;
	c.ref = &ref;
	c.issue = issue;
	c.from = github_status_read(issue);
	rc = compose(&c, patch, err);
	free(c.labels.word);
	if (rc < 0 || json_object_object_length(body) == 0)
		return rc;
	if (patch->seen_at && patch->seen_at != net_time(issue, "updated_at")) {
		err_set(err, ERR_CONFLICT, "github: #%ld was changed by somebody else",
		    ref.number);
		return err_fix(err, "look at it; what is right there can be adopted");
	}
	request.path = xasprintf("/repos/%s/issues/%ld", ref.repo, ref.number);
	request.body = json_object_get(body);
	return github_send(link, request, NULL, err);
}

static int
github_update(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const struct tracker_patch *patch, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* GitHub keeps no key of a change: what is reached is success */
	err = net_begin(link, err, &own);
	return net_end(link, update(link, id, patch, err), err);
}

static const char *const variables[] = { "GITHUB_TOKEN", "GH_TOKEN", NULL };

const struct tracker tracker_github = {
	.name = "github",
	.capabilities = TRACKER_RELATIONS | TRACKER_DELEGATES | TRACKER_SUB_ISSUES |
			TRACKER_LABELS | TRACKER_MENTIONS | TRACKER_PULL_REQUESTS |
			TRACKER_NETWORK | TRACKER_MILESTONES,
	.create = github_create,
	.update = github_update,
	.comment = github_comment,
	.relate = github_relate,
	/* no .attach: GitHub takes files by its web page only */
	.read = github_read,
	.children = github_children,
	.find = github_find,
	.done = github_done,
	.linked = github_linked,
	.probe = github_probe,
	.place = github_place,
	/* no .project_update: GitHub has milestones, and no updates of a project by REST */
	.pull_open = github_pull_open,
	.pull_read = github_pull_read,
	.pull_close = github_pull_close,
	.pull_merge = github_pull_merge,
	.pulls = github_pulls,
	.log = github_log,
	.url = "https://api.github.com",
	.token_variables = variables,
};
