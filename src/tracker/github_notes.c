#include "tracker/github.h"

#include "store/issues_check.h"

#include <stdio.h>
#include <string.h>

/* An issue with more comments is not looked through for one of ours. */
#define MAX_COMMENTS 2000

/* The comment of issue REF that carries MARK; NULL without ERR when there is none. */
static struct json_object *
find_comment(const struct tracker_link *link, const struct github_ref *ref,
    const char *mark, struct err *err)
{
	AUTO_FREE char *path = xasprintf(
	    "/repos/%s/issues/%ld/comments", ref->repo, ref->number);
	NET_JSON struct json_object *list = NULL;

	if (github_list(link, path, MAX_COMMENTS, &list, NULL, err) < 0)
		return NULL;
	for (size_t i = net_len(list, NULL); i > 0; i--) {
		struct json_object *comment = net_at(list, NULL, i - 1);

		if (github_marked(net_str(comment, "body"), mark))
			return json_object_get(comment);
	}
	return NULL;
}

/* Writes TEXT as the comment that WHAT and KEY stand for; over what is there if OVER. */
static int
write_comment(const struct tracker_link *link, const struct github_ref *ref,
    const char *const what_key[2], const char *text, bool over, struct err *err)
{
	NET_JSON struct json_object *there = NULL, *now = NULL;
	AUTO_FREE char *body = NULL;
	struct github_request request = { .method = "POST" };
	struct err asked = ERR_INIT;
	char uuid[37], mark[GITHUB_MARK_SIZE];

	net_uuid(link, what_key[0], what_key[1], uuid);
	github_mark(uuid, mark);
	there = find_comment(link, ref, mark, &asked);
	if (!there && asked.kind != ERR_NONE) {
		*err = asked;
		return -1;
	}
	body = xasprintf("%s\n\n%s", text, mark);
	if (there && (!over || strcmp(net_str(there, "body"), body) == 0)) {
		net_kept(link, body, body);
		return 0;
	}
	request.path = xasprintf(
	    "/repos/%s/issues/%ld/comments", ref->repo, ref->number);
	if (there) {
		free(request.path);
		request.method = "PATCH";
		request.path = xasprintf("/repos/%s/issues/comments/%ld", ref->repo,
		    (long)net_int(there, "id"));
	}
	request.body = json_object_new_object();
	net_add_text(request.body, "body", body);
	if (github_send(link, request, &now, err) < 0)
		return -1;
	net_kept(link, there ? net_str(there, "body") : NULL, net_str(now, "body"));
	return 0;
}

static int
comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	enum issue_comment_kind known = issue_comment_kind_of(kind);
	bool over = known == ISSUE_CHECKPOINT || known == ISSUE_REGISTRY ||
		    known == ISSUE_RDR;
	AUTO_FREE char *place = NULL;
	const char *what_key[2] = { "comment", call->key };
	struct github_ref ref;

	if (issues_check_comment(body, err) < 0 ||
	    github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	place = xasprintf("%s#%ld", ref.repo, ref.number);
	if (over) {
		what_key[0] = issue_comment_kind_name(known);
		what_key[1] = place;
	}
	return write_comment(link, &ref, what_key, body, over, err);
}

int
github_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, comment(link, call, id, kind, body, err), err);
}

/* Is issue BLOCKER in the list of those that block BLOCKED? */
static int
is_blocked(const struct tracker_link *link, const struct github_ref *blocked,
    int64_t blocker, struct err *err)
{
	AUTO_FREE char *path = xasprintf("/repos/%s/issues/%ld/dependencies/blocked_by",
	    blocked->repo, blocked->number);
	NET_JSON struct json_object *list = NULL;

	if (github_list(link, path, 1000, &list, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < net_len(list, NULL); i++) {
		if (net_int(net_at(list, NULL, i), "id") == blocker)
			return 1;
	}
	return 0;
}

static int
block(const struct tracker_link *link, const struct github_ref *blocked,
    const struct github_ref *blocker, struct err *err)
{
	NET_JSON struct json_object *issue = github_issue(link, blocker, err);
	struct github_request request = { .method = "POST" };
	int is_there;

	if (!issue)
		return -1;
	is_there = is_blocked(link, blocked, net_int(issue, "id"), err);
	if (is_there != 0)
		return is_there < 0 ? -1 : 0; /* */
	request.path = xasprintf("/repos/%s/issues/%ld/dependencies/blocked_by",
	    blocked->repo, blocked->number);
	request.body = json_object_new_object();
	net_add(request.body, "issue_id", json_object_new_int64(net_int(issue, "id")));
	return github_send(link, request, NULL, err);
}

/*
 * GitHub has no relation "related": issues refer to each other by being named, and then
 * show it on both sides.
 */
static int
refer(const struct tracker_link *link, const struct github_ref *a,
    const struct github_ref *b, struct err *err)
{
	AUTO_FREE char *key = xasprintf(
	    "%s#%ld/%s#%ld", a->repo, a->number, b->repo, b->number);
	AUTO_FREE char *text = xasprintf("Related to %s#%ld.", b->repo, b->number);
	const char *what_key[2] = { "related", key };

	return write_comment(link, a, what_key, text, false, err);
}

static int
relate(const struct tracker_link *link, const char *a, const char *kind, const char *b,
    struct err *err)
{
	struct github_ref one, other;

	if (github_ref_parse(link, a, &one, err) < 0 ||
	    github_ref_parse(link, b, &other, err) < 0)
		return -1;
	if (strcmp(kind, "related") == 0)
		return refer(link, &one, &other, err);
	if (strcmp(kind, "blocks") == 0)
		return block(link, &other, &one, err);
	if (strcmp(kind, "blocked-by") == 0)
		return block(link, &one, &other, err);
	return err_set(
	    err, ERR_INPUT, "a relation is \"blocks\", \"blocked-by\" or \"related\"");
}

int
github_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* a relation is its own key */
	err = net_begin(link, err, &own);
	return net_end(link, relate(link, a, kind, b, err), err);
}
