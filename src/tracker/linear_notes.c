#include "tracker/linear.h"

#include "base/file.h"
#include "base/hash.h"
#include "store/issues_check.h"

#include <string.h>

/* How often a person may have deleted a kept comment before we give up. */
#define MAX_LIVES 4

#define UPLOAD_BYTES ((size_t)10 << 20)

/* The issue's UUID, which the caller frees. */
static char *
uuid_of(const struct tracker_link *link, const char *id, struct err *err)
{
	NET_JSON struct json_object *brief = linear_brief(link, id, err);

	return brief ? xstrdup(net_str(brief, "id")) : NULL;
}

/*
 * After a creation was refused: 0 when operation OP finds UUID, as this very call has made
 * it before; else -1 and the refusal stands.
 */
static int
made_before(const struct tracker_link *link, enum linear_op op, const char *uuid,
    struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct err own = ERR_INIT;

	if (err->kind != ERR_REFUSED)
		return -1;
	if (linear_call(link, op, linear_var("id", uuid), &data, &own) == 0)
		return 0;
	if (own.kind == ERR_NOT_FOUND)
		return net_trouble(link, TRACKER_REFUSED);
	*err = own;
	return -1;
}

static int
write_comment(const struct tracker_link *link, const char *uuid, const char *issue,
    const char *body, struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	struct json_object *input = linear_var("id", uuid);
	struct json_object *vars = json_object_new_object();

	net_add_text(input, "issueId", issue);
	net_add_text(input, "body", body);
	net_add(vars, "input", input);
	if (linear_call(link, LINEAR_COMMENT_CREATE, vars, &data, err) < 0)
		return -1;
	net_kept(link, NULL, net_str(data, "commentCreate.comment.body"));
	return 0;
}

static int
rewrite_comment(const struct tracker_link *link, const char *uuid, const char *body,
    struct err *err)
{
	NET_JSON struct json_object *data = NULL, *there = NULL;
	struct json_object *vars;

	/* What a person wrote into it is noticed, as far as it can be. */
	if (linear_call(link, LINEAR_COMMENT, linear_var("id", uuid), &there, err) < 0)
		return -1;
	vars = linear_var("id", uuid);
	net_add(vars, "input", linear_var("body", body));
	if (linear_call(link, LINEAR_COMMENT_UPDATE, vars, &data, err) < 0)
		return -1;
	net_kept(link, net_str(there, "comment.body"),
	    net_str(data, "commentUpdate.comment.body"));
	return 0;
}

/*
 * The one comment of KIND that ISSUE has.  Its id follows from the issue, so that nothing
 * has to be remembered; a comment that a person deleted keeps its id for ever, and the
 * next one gets the next.
 */
static int
keep_comment(const struct tracker_link *link, const char *issue, const char *kind,
    const char *body, struct err *err)
{
	for (int life = 0; life < MAX_LIVES; life++) {
		AUTO_FREE char *what = xasprintf("%s/%d", kind, life);
		struct err own = ERR_INIT;
		char uuid[37];

		net_uuid(link, what, issue, uuid);
		if (rewrite_comment(link, uuid, body, &own) == 0)
			return 0;
		if (own.kind == ERR_NOT_FOUND) {
			own = (struct err)ERR_INIT;
			if (write_comment(link, uuid, issue, body, &own) == 0)
				return 0;
		}
		*err = own;
		if (own.kind != ERR_REFUSED)
			return -1;
	}
	return -1;
}

static int
comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	enum issue_comment_kind known = issue_comment_kind_of(kind);
	AUTO_FREE char *issue = NULL;
	char uuid[37];

	if (issues_check_comment(body, err) < 0)
		return -1;
	issue = uuid_of(link, id, err);
	if (!issue)
		return -1;
	if (known == ISSUE_CHECKPOINT || known == ISSUE_REGISTRY || known == ISSUE_RDR)
		return keep_comment(
		    link, issue, issue_comment_kind_name(known), body, err);
	net_uuid(link, "comment", call->key, uuid);
	if (write_comment(link, uuid, issue, body, err) == 0)
		return 0;
	return made_before(link, LINEAR_COMMENT, uuid, err);
}

int
linear_comment(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *body, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, comment(link, call, id, kind, body, err), err);
}

/* Is A related to B so already?  ISSUE is A as read. */
static bool
is_related(const struct tracker_issue *issue, const char *kind, const char *b)
{
	const struct tracker_words *words = strcmp(kind, "blocks") == 0 ? &issue->blocks
					    : strcmp(kind, "related") == 0
						? &issue->related
						: &issue->blocked_by;

	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->word[i], b) == 0)
			return true;
	}
	return false;
}

/* Relates FROM to TO, both as UUIDs. */
static int
make_relation(const struct tracker_link *link, const char *from, const char *type,
    const char *to, struct err *err)
{
	AUTO_FREE char *what = xasprintf("%s/%s/%s", from, type, to);
	NET_JSON struct json_object *data = NULL;
	struct json_object *input, *vars = json_object_new_object();
	char uuid[37];

	net_uuid(link, "relation", what, uuid);
	input = linear_var("id", uuid);
	net_add_text(input, "issueId", from);
	net_add_text(input, "relatedIssueId", to);
	net_add_text(input, "type", type);
	net_add(vars, "input", input);
	return linear_call(link, LINEAR_RELATE, vars, &data, err);
}

static int
relate(const struct tracker_link *link, const char *a, const char *kind, const char *b,
    struct arena *arena, struct err *err)
{
	struct tracker_issue one, other;
	bool is_inverse = strcmp(kind, "blocked-by") == 0;
	struct err own = ERR_INIT;

	if (!is_inverse && strcmp(kind, "blocks") != 0 && strcmp(kind, "related") != 0)
		return err_set(err, ERR_INPUT,
		    "a relation is \"blocks\", \"blocked-by\" or \"related\"");
	if (linear_read(link, a, arena, &one, err) < 0 ||
	    linear_read(link, b, arena, &other, err) < 0)
		return -1;
	if (is_related(&one, kind, other.id))
		return 0; /* */
	if (make_relation(link, is_inverse ? other.uuid : one.uuid,
		is_inverse ? "blocks" : kind, is_inverse ? one.uuid : other.uuid,
		err) == 0)
		return 0;
	if (err->kind != ERR_REFUSED)
		return -1;
	if (linear_read(link, a, arena, &one, &own) == 0 &&
	    is_related(&one, kind, other.id))
		return 0;
	return net_trouble(link, TRACKER_REFUSED);
}

int
linear_relate(const struct tracker_link *link, const struct tracker_call *call,
    const char *a, const char *kind, const char *b, struct err *err)
{
	struct arena *arena = arena_new();
	struct err own = ERR_INIT;
	int rc;

	(void)call; /* a relation is its own key */
	err = net_begin(link, err, &own);
	rc = net_end(link, relate(link, a, kind, b, arena, err), err);
	arena_free(arena);
	return rc;
}

/* Puts TEXT where LINEAR_UPLOAD says; URL receives what it is called from then on. */
static int
put_file(const struct tracker_link *link, struct json_object *upload, const char *text,
    struct err *err)
{
	static const char type[] = "Content-Type: text/markdown";
	size_t n = net_len(upload, "headers"), n_headers = 0;
	AUTO_FREE const char **headers = xcalloc(n + 2, sizeof(*headers));
	struct http_call call = { .method = "PUT",
		.url = net_str(upload, "uploadUrl"),
		.header = headers,
		.body = text,
		.n_body = strlen(text) };
	struct arena *arena = arena_new();
	struct http_answer answer;
	int rc;

	headers[0] = type;
	for (size_t i = 0; i < n; i++) {
		struct json_object *h = net_at(upload, "headers", i);

		/* A line end in a header of theirs would be a header of its own. */
		if (strpbrk(net_str(h, "key"), "\r\n:") ||
		    strpbrk(net_str(h, "value"), "\r\n"))
			continue;
		headers[++n_headers] = arena_printf(
		    arena, "%s: %s", net_str(h, "key"), net_str(h, "value"));
	}
	rc = net_send(link, &call, &answer, err);
	arena_free(arena);
	if (rc < 0)
		return -1;
	rc = answer.status >= 200 && answer.status < 300
		 ? 0
		 : net_status(link, &answer, "uploading a file", err);
	http_answer_clear(&answer);
	return rc;
}

/* Uploads the file at PATH; the address it has then, which the caller frees. */
static char *
upload(const struct tracker_link *link, const char *path, const char *name,
    struct err *err)
{
	NET_JSON struct json_object *data = NULL;
	AUTO_FREE char *text = file_read(path, UPLOAD_BYTES, NULL, err);
	struct json_object *vars = linear_var("name", name), *file;

	if (!text) {
		json_object_put(vars);
		return NULL;
	}
	net_add_text(vars, "type", "text/markdown");
	net_add(vars, "size", json_object_new_int((int)strlen(text)));
	if (linear_call(link, LINEAR_UPLOAD, vars, &data, err) < 0)
		return NULL;
	file = net_get(data, "fileUpload.uploadFile");
	if (*net_str(file, "uploadUrl") == '\0' || *net_str(file, "assetUrl") == '\0') {
		(void)err_set(err, ERR_INPUT, "linear: its answer says not where to");
		net_trouble(link, TRACKER_LATER);
		return NULL;
	}
	if (put_file(link, file, text, err) < 0)
		return NULL;
	return xstrdup(net_str(file, "assetUrl"));
}

/* A link is attached as it is; a file of this machine is uploaded, once per content. */
static int
attach(const struct tracker_link *link, const char *id, const char *url,
    const char *sha256, struct err *err)
{
	NET_JSON struct json_object *data = NULL, *there = NULL;
	bool is_link = strstr(url, "://") != NULL;
	const char *slash = strrchr(url, '/');
	const char *name = slash && slash[1] ? slash + 1 : url;
	AUTO_FREE char *issue = uuid_of(link, id, err);
	AUTO_FREE char *what = NULL, *asset = NULL, *subtitle = NULL;
	struct json_object *input, *vars;
	struct err own = ERR_INIT;
	char uuid[37];

	if (!issue)
		return -1;
	what = xasprintf("%s/%s/%s", issue, is_link ? url : name, sha256);
	net_uuid(link, "attachment", what, uuid);
	if (linear_call(
		link, LINEAR_ATTACHMENT, linear_var("id", uuid), &there, &own) == 0)
		return 0;
	if (own.kind != ERR_NOT_FOUND) {
		*err = own;
		return -1;
	}
	asset = is_link ? xstrdup(url) : upload(link, url, name, err);
	if (!asset)
		return -1;
	subtitle = xasprintf("SHA-256 %s", sha256);
	input = linear_var("id", uuid);
	net_add_text(input, "issueId", issue);
	net_add_text(input, "title", name);
	net_add_text(input, "subtitle", *sha256 ? subtitle : NULL);
	net_add_text(input, "url", asset);
	vars = json_object_new_object();
	net_add(vars, "input", input);
	if (linear_call(link, LINEAR_ATTACH, vars, &data, err) == 0)
		return 0;
	return made_before(link, LINEAR_ATTACHMENT, uuid, err);
}

int
linear_attach(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *url, const char *sha256, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* address and content are their own key */
	err = net_begin(link, err, &own);
	return net_end(link, attach(link, id, url, sha256 ? sha256 : "", err), err);
}

/* The session in which our app works on issue ID: found, else begun.  The caller frees. */
static char *
agent_session(const struct tracker_link *link, const char *id, struct err *err)
{
	static const char nodes[] = "issue.agentSessions.nodes";
	NET_JSON struct json_object *found = NULL, *made = NULL;
	struct json_object *vars;

	if (linear_call(link, LINEAR_AGENTS, linear_var("id", id), &found, err) < 0)
		return NULL;
	for (size_t i = 0; i < net_len(found, nodes); i++) {
		struct json_object *s = net_at(found, nodes, i);

		if (net_bool(s, "appUser.isMe"))
			return xstrdup(net_str(s, "id"));
	}
	vars = json_object_new_object();
	net_add(vars, "input", linear_var("issueId", net_str(found, "issue.id")));
	if (linear_call(link, LINEAR_AGENT_START, vars, &made, err) < 0)
		return NULL;
	return xstrdup(net_str(made, "agentSessionCreateOnIssue.agentSession.id"));
}

static int
tell(const struct tracker_link *link, const struct tracker_call *call, const char *id,
    const char *kind, const char *text, struct err *err)
{
	static const char *const kinds[] = { "thought", "action", "response", "error",
		"elicitation" };
	NET_JSON struct json_object *data = NULL;
	AUTO_FREE char *session = NULL;
	struct json_object *input, *content, *vars;
	bool is_known = false;
	char uuid[37];

	for (size_t i = 0; i < N_ELEMS(kinds); i++)
		is_known |= strcmp(kinds[i], kind) == 0;
	if (!is_known)
		return err_set(err, ERR_INPUT, "\"%.40s\" is no activity", kind);
	if (issues_check_comment(text, err) < 0)
		return -1;
	session = agent_session(link, id, err);
	if (!session)
		return -1;
	content = linear_var("type", kind);
	net_add_text(content, strcmp(kind, "action") == 0 ? "action" : "body", text);
	if (strcmp(kind, "action") == 0)
		net_add_text(content, "parameter", "");
	net_uuid(link, "activity", call->key, uuid);
	input = linear_var("id", uuid);
	net_add_text(input, "agentSessionId", session);
	net_add(input, "content", content);
	vars = json_object_new_object();
	net_add(vars, "input", input);
	if (linear_call(link, LINEAR_AGENT_TELL, vars, &data, err) == 0)
		return 0;
	return made_before(link, LINEAR_ACTIVITY, uuid, err);
}

int
linear_activity(const struct tracker_link *link, const struct tracker_call *call,
    const char *id, const char *kind, const char *text, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, tell(link, call, id, kind, text, err), err);
}
