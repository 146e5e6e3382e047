#include "tracker_fake.h"

#include <stdio.h>
#include <string.h>

#define MAX_ISSUES   64
#define MAX_COMMENTS 256
#define MAX_KEYS     512

static struct arena *arena;
static struct tracker_issue issues[MAX_ISSUES];
static struct {
	const char *key, *id;
} keys[MAX_KEYS];
static struct {
	const char *id, *kind, *body;
} comments[MAX_COMMENTS];
static int n_issues, n_comments, n_keys, n_calls, n_broken;
static enum tracker_fake_fault fault;

void
tracker_fake_reset(void)
{
	arena_free(arena);
	arena = arena_new();
	n_issues = n_comments = n_keys = n_calls = n_broken = 0;
	fault = FAKE_WORKS;
}

void
tracker_fake_break(enum tracker_fake_fault how, int n)
{
	fault = how;
	n_broken = n;
}

int
tracker_fake_issues(void)
{
	return n_issues;
}

int
tracker_fake_comments(void)
{
	return n_comments;
}

int
tracker_fake_calls(void)
{
	return n_calls;
}

static enum tracker_fake_fault
meet(void)
{
	return n_broken > 0 && n_broken-- ? fault : FAKE_WORKS;
}

/* Before the effect: what keeps it from happening. */
static int
arrive(enum tracker_fake_fault met, struct err *err)
{
	if (met == FAKE_DOWN)
		return err_set(err, ERR_TIMEOUT, "fake: no answer");
	if (met == FAKE_LIMITED)
		return err_set(err, ERR_SYSTEM, "fake: too many requests");
	n_calls++;
	return 0;
}

/* After the effect: what keeps the answer from coming. */
static int
answer(enum tracker_fake_fault met, struct err *err)
{
	if (met == FAKE_LOST)
		return err_set(err, ERR_TIMEOUT, "fake: no answer");
	if (met == FAKE_EXPLODES)
		return err_set(err, ERR_INPUT, "fake: the answer is no JSON");
	return 0;
}

/* The issue that KEY belongs to, NULL when it is new. */
static const char *
known(const char *op, const char *key)
{
	AUTO_FREE char *full = xasprintf("%s:%s", op, key);

	for (int i = 0; i < n_keys; i++) {
		if (strcmp(keys[i].key, full) == 0)
			return keys[i].id;
	}
	return NULL;
}

static void
remember(const char *op, const char *key, const char *id)
{
	if (n_keys == MAX_KEYS)
		abort();
	keys[n_keys].key = arena_printf(arena, "%s:%s", op, key);
	keys[n_keys++].id = id;
}

static struct tracker_issue *
find(const char *id, struct err *err)
{
	for (int i = 0; i < n_issues; i++) {
		if (strcmp(issues[i].id, id) == 0)
			return &issues[i];
	}
	err_set(err, ERR_NOT_FOUND, "fake: there is no issue %s", id);
	return NULL;
}

static const char *
keep(const char *text)
{
	return arena_strdup(arena, text ? text : "");
}

static struct tracker_words
keep_words(const struct tracker_words *words)
{
	const char **copy = arena_alloc(arena, (words->n + 1) * sizeof(*copy));

	for (size_t i = 0; i < words->n; i++)
		copy[i] = keep(words->word[i]);
	return (struct tracker_words){ .word = copy, .n = words->n };
}

static int
fake_create(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_draft *draft, char *id, struct err *err)
{
	enum tracker_fake_fault met = meet();
	const char *made;

	if (arrive(met, err) < 0)
		return -1;
	made = known("create", call->key);
	if (!made) {
		struct tracker_issue *issue = &issues[n_issues++];

		if (n_issues == MAX_ISSUES)
			abort();
		made = draft->id ? keep(draft->id)
				 : arena_printf(arena, "FAKE-%d", n_issues);
		*issue = (struct tracker_issue){ .id = made,
			.uuid = "",
			.url = keep(draft->url),
			.title = keep(draft->title),
			.body = keep(draft->body),
			.version = 1,
			.status = keep(draft->status ? draft->status : "Todo"),
			.estimate = draft->estimate,
			.assignee = "",
			.delegate = "",
			.parent = keep(draft->parent),
			.project = keep(draft->project),
			.owner_session = "",
			.labels = keep_words(&draft->labels),
			.updated_at = call->at };
		remember("create", call->key, made);
	}
	if (answer(met, err) < 0)
		return -1;
	snprintf(id, TRACKER_ID_SIZE, "%s", made);
	return 0;
}

static int
fake_update(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const struct tracker_patch *patch, struct err *err)
{
	enum tracker_fake_fault met = meet();
	struct tracker_issue *issue;

	if (arrive(met, err) < 0)
		return -1;
	issue = find(id, err);
	if (!issue)
		return -1;
	if (!known("update", call->key)) {
		issue->status = patch->status ? keep(patch->status) : issue->status;
		issue->assignee = patch->assignee ? keep(patch->assignee)
						  : issue->assignee;
		issue->delegate = patch->delegate ? keep(patch->delegate)
						  : issue->delegate;
		issue->title = patch->title ? keep(patch->title) : issue->title;
		if (patch->body && strcmp(patch->body, issue->body) != 0) {
			issue->body = keep(patch->body);
			issue->version++;
		}
		issue->estimate = patch->estimate ? patch->estimate : issue->estimate;
		remember("update", call->key, issue->id);
	}
	return answer(met, err);
}

static int
fake_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	enum tracker_fake_fault met = meet();
	bool is_single = strcmp(kind, "checkpoint") == 0 ||
			 strcmp(kind, "registry") == 0;
	struct tracker_issue *issue;
	int at = 0;

	if (arrive(met, err) < 0)
		return -1;
	issue = find(id, err);
	if (!issue)
		return -1;
	if (!known("comment", call->key)) {
		while (at < n_comments &&
		       (!is_single || strcmp(comments[at].id, id) != 0 ||
			   strcmp(comments[at].kind, kind) != 0))
			at++;
		if (at == MAX_COMMENTS)
			abort();
		comments[at].id = issue->id;
		comments[at].kind = keep(kind);
		comments[at].body = keep(body);
		n_comments += at == n_comments;
		remember("comment", call->key, issue->id);
	}
	return answer(met, err);
}

static int
fake_read(const struct tracker_link *link, const char *id, struct arena *into,
    struct tracker_issue *issue, struct err *err)
{
	enum tracker_fake_fault met = meet();
	struct tracker_issue *found;

	if (arrive(met, err) < 0 || answer(met, err) < 0)
		return -1;
	found = find(id, err);
	if (!found)
		return -1;
	*issue = *found;
	return 0;
}

static int
fake_children(const struct tracker_link *link, const char *parent, int limit,
    struct arena *into, struct tracker_list *list, struct err *err)
{
	enum tracker_fake_fault met = meet();
	struct tracker_list found = { .item = arena_alloc(into, sizeof(issues)) };

	if (limit <= 0) {
		err_set(err, ERR_REFUSED, "fake: a list needs a limit");
		err->code = "T04";
		return -1;
	}
	if (arrive(met, err) < 0 || answer(met, err) < 0)
		return -1;
	for (int i = 0; i < n_issues; i++) {
		if (strcmp(issues[i].parent, parent) != 0)
			continue;
		found.has_more = found.n == (size_t)limit;
		if (found.has_more)
			break;
		found.item[found.n++] = issues[i];
	}
	*list = found;
	return 0;
}

const struct tracker tracker_fake = {
	.name = "fake",
	.capabilities = TRACKER_ESTIMATES | TRACKER_DELEGATES | TRACKER_KEYED_UPDATES |
			TRACKER_VERSIONS,
	.create = fake_create,
	.update = fake_update,
	.comment = fake_comment,
	/* no .relate, no .attach: callers look at the capabilities */
	.read = fake_read,
	.children = fake_children,
};
