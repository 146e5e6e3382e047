#include "tracker/tracker.h"

#include "base/text.h"
#include "store/issues.h"

#include <assert.h>
#include <string.h>

static_assert(TRACKER_ID_SIZE == ISSUE_ID_SIZE, "ids are copied without a check");

static struct issue_by
by_of(const struct tracker_call *call)
{
	return (struct issue_by){ .key = call->key,
		.actor = call->actor,
		.at = call->at,
		.cause = call->cause };
}

/* NULL is ISSUE_ANY; a word that is no status is ERR_INPUT. */
static int
status_of(const char *word, enum issue_status *status, struct err *err)
{
	*status = word ? issue_status_of(word) : ISSUE_ANY;
	if (word && *status == ISSUE_ANY) {
		AUTO_FREE char *shown = text_show(word, true);

		err_set(err, ERR_INPUT, "\"%.80s\" is no status of an issue", shown);
		return err_fix(err,
		    "Triage, Backlog, Todo, In Progress, In Review, Done, "
		    "Cancelled or Duplicate");
	}
	return 0;
}

static int
local_create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	struct issue_by by = by_of(call);
	struct issue_draft made = { .id = draft->id,
		.title = draft->title,
		.body = draft->body,
		.url = draft->url,
		.parent = draft->parent,
		.project = draft->project,
		.estimate = draft->estimate,
		.label = draft->labels.word,
		.n_labels = draft->labels.n };

	if (status_of(draft->status, &made.status, err) < 0)
		return -1;
	return issue_create(link->store, &by, &made, id, err) < 0 ? -1 : 0;
}

static int
local_update(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const struct tracker_patch *patch, struct err *err)
{
	struct issue_by by = by_of(call);
	struct issue_change change = { .pass_through = true,
		.title = patch->title,
		.assignee = patch->assignee,
		.delegate = patch->delegate,
		.owner_session = patch->owner_session,
		.body = patch->body,
		.if_version = patch->if_version,
		.estimate = patch->estimate,
		.add = patch->add.word,
		.n_add = patch->add.n,
		.remove = patch->remove.word,
		.n_remove = patch->remove.n };

	if (status_of(patch->status, &change.status, err) < 0)
		return -1;
	return issue_update(link->store, &by, id, &change, err);
}

static int
local_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	struct issue_by by = by_of(call);

	return issue_comment(
	    link->store, &by, id, issue_comment_kind_of(kind), body, err);
}

/* The built-in one has no milestones; an issue in no project is one itself. */
static int
local_place(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_place *place, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	const char *project;

	if (issue_read(link->store, id, &set, err) < 0)
		return -1;
	project = set.item[0].project;
	*place = (struct tracker_place){ .project = arena_strdup(
					     arena, *project ? project : id),
		.project_id = arena_strdup(arena, id),
		.milestone = "",
		.due = "" };
	return 0;
}

/* Where people look for it: a comment of the issue, one a day. */
static int
local_project_update(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_update *update, struct err *err)
{
	struct issue_by by = by_of(call);

	return issue_progress(link->store, &by, update->about, update->body, err);
}

static int
local_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err)
{
	struct issue_by by = by_of(call);

	return issue_relate(link->store, &by, a, kind, b, err);
}

static int
local_attach(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *url, const char *sha256, struct err *err)
{
	struct issue_by by = by_of(call);
	struct issue_attachment file = { .url = url, .sha256 = sha256 };

	return issue_attach(link->store, &by, id, &file, err);
}

static struct tracker_words
copy_words(struct arena *arena, const struct issue_words *words)
{
	const char **copy = arena_alloc(arena, (words->n + 1) * sizeof(*copy));

	for (size_t i = 0; i < words->n; i++)
		copy[i] = arena_strdup(arena, words->word[i]);
	return (struct tracker_words){ .word = copy, .n = words->n };
}

static struct tracker_issue
copy_issue(struct arena *arena, const struct issue *issue)
{
	return (struct tracker_issue){ .id = arena_strdup(arena, issue->id),
		.uuid = arena_strdup(arena, issue->uuid),
		.url = arena_strdup(arena, issue->url),
		.title = arena_strdup(arena, issue->title),
		.body = arena_strdup(arena, issue->body),
		.version = issue->version,
		.status = issue_status_name(issue->status),
		.status_name = issue_status_name(issue->status),
		.estimate = issue->estimate,
		.assignee = arena_strdup(arena, issue->assignee),
		.delegate = arena_strdup(arena, issue->delegate),
		.parent = arena_strdup(arena, issue->parent),
		.project = arena_strdup(arena, issue->project),
		.owner_session = arena_strdup(arena, issue->owner_session),
		.labels = copy_words(arena, &issue->labels),
		.blocks = copy_words(arena, &issue->blocks),
		.blocked_by = copy_words(arena, &issue->blocked_by),
		.related = copy_words(arena, &issue->related),
		.children = copy_words(arena, &issue->children),
		.updated_at = issue->updated_at };
}

static int
local_read(const struct tracker_link *link, const char *id, struct arena *arena,
    struct tracker_issue *issue, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };

	if (issue_read(link->store, id, &set, err) < 0)
		return -1;
	*issue = copy_issue(arena, &set.item[0]);
	return 0;
}

static int
take_list(const struct tracker_link *link, const struct issue_query *query,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 };
	struct tracker_issue *copy;

	if (issue_list(link->store, query, &set, err) < 0)
		return -1;
	copy = arena_alloc(arena, (set.n + 1) * sizeof(*copy));
	for (size_t i = 0; i < set.n; i++)
		copy[i] = copy_issue(arena, &set.item[i]);
	*list = (struct tracker_list){
		.item = copy, .n = set.n, .has_more = set.has_more
	};
	return 0;
}

static int
local_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	struct issue_query query = { .parent = parent, .limit = limit };

	return take_list(link, &query, arena, list, err);
}

/* The newest first. */
static int
local_done(const struct tracker_link *link, int limit, struct arena *arena,
    struct tracker_list *list, struct err *err)
{
	struct issue_query query = { .status = ISSUE_DONE, .limit = limit };

	if (take_list(link, &query, arena, list, err) < 0)
		return -1;
	for (size_t i = 0; i < list->n / 2; i++) {
		struct tracker_issue *a = &list->item[i],
				     *b = &list->item[list->n - 1 - i], c = *a;

		*a = *b;
		*b = c;
	}
	return 0;
}

static int
local_linked(const struct tracker_link *link, const char *id, const char *kind,
    struct arena *arena, struct tracker_list *list, struct err *err)
{
	AUTO_ISSUES struct issue_set set = { 0 }, others = { 0 };
	const struct issue_words *words;
	struct tracker_issue *copy;

	if (issue_read(link->store, id, &set, err) < 0)
		return -1;
	words = strcmp(kind, "blocks") == 0 ? &set.item[0].blocks
					    : &set.item[0].blocked_by;
	copy = arena_alloc(arena, (words->n + 1) * sizeof(*copy));
	for (size_t i = 0; i < words->n; i++) {
		if (issue_read_more(link->store, words->word[i], &others, err) < 0)
			return -1;
		copy[i] = copy_issue(arena, &others.item[i]);
	}
	*list = (struct tracker_list){ .item = copy, .n = words->n };
	return 0;
}

const struct tracker tracker_local = {
	.name = "local",
	.capabilities = TRACKER_RELATIONS | TRACKER_ATTACHMENTS | TRACKER_ESTIMATES |
			TRACKER_DELEGATES | TRACKER_SAME_STORE | TRACKER_OWN_IDS |
			TRACKER_SUB_ISSUES | TRACKER_LABELS | TRACKER_KEYED_UPDATES |
			TRACKER_VERSIONS | TRACKER_OWNERS | TRACKER_PROJECT_UPDATES,
	.create = local_create,
	.update = local_update,
	.comment = local_comment,
	.relate = local_relate,
	.attach = local_attach,
	.read = local_read,
	.children = local_children,
	.done = local_done,
	.linked = local_linked,
	.place = local_place,
	.project_update = local_project_update,
};
