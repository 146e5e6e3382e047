#include "tracker/github.h"

#include "base/text.h"
#include "tracker/forge.h"

#include <stdio.h>
#include <string.h>

#define PER_PAGE  100
#define MAX_PAGES 30

static const char mark_start[] = "<!-- divisi:", mark_end[] = " -->";

/* The repository named in the N bytes before "#12" or "/issues/12" of an address. */
static void
take_repo(const char *p, size_t n, struct github_ref *ref)
{
	size_t from = n, slashes = 0;

	while (from > 0 && (p[from - 1] != '/' || ++slashes < 2))
		from--;
	if (n - from < sizeof(ref->repo) && forge_place_ok(p + from, n - from)) {
		memcpy(ref->repo, p + from, n - from);
		ref->repo[n - from] = '\0';
	}
}

int
github_ref_parse(const struct tracker_link *link, const char *id,
    struct github_ref *ref, struct err *err)
{
	const char *team = link->team ? link->team : "";
	struct github_ref got = { 0 };
	const char *hash = strrchr(id, '#'), *issues = strstr(id, "/issues/");
	const char *digits = id;
	AUTO_FREE char *shown = NULL;

	if (!forge_place_ok(team, strlen(team)) || strlen(team) >= sizeof(got.repo)) {
		err_set(err, ERR_USAGE, "github: no repository is named");
		return err_fix(err, "set divisi.tracker.team to OWNER/NAME");
	}
	memcpy(got.repo, team, strlen(team) + 1);
	if (issues) {
		digits = issues + strlen("/issues/");
		got.repo[0] = '\0';
		take_repo(id, (size_t)(issues - id), &got);
	} else if (hash) {
		digits = hash + 1;
		if (hash > id) {
			got.repo[0] = '\0';
			take_repo(id, (size_t)(hash - id), &got);
		}
	}
	if (got.repo[0] && *digits && strlen(digits) < 12 &&
	    digits[strspn(digits, "0123456789")] == '\0') {
		got.number = strtol(digits, NULL, 10);
		*ref = got;
		return 0;
	}
	shown = http_quote(link->net->http, id);
	return err_set(err, ERR_NOT_FOUND, "github: there is no issue %s", shown);
}

char *
github_id(const struct tracker_link *link, const char *repo, long number)
{
	if (strcasecmp(repo, link->team) == 0)
		return xasprintf("#%ld", number);
	return xasprintf("%s#%ld", repo, number);
}

/* As net_status(), with what is not there by its place, and not every 403 the token's. */
static int
refuse(const struct tracker_link *link, const char *path,
    const struct http_answer *answer, const char *said, struct err *err)
{
	AUTO_FREE char *shown = http_quote(link->net->http, path);

	if (answer->status == 404) {
		err_set(err, ERR_NOT_FOUND, "github: there is nothing at %s (HTTP 404)",
		    shown);
		err_fix(err, "look at divisi.tracker.team and the number, and whether "
			     "the token may see it");
		return net_trouble(link, TRACKER_MISSING);
	}
	if (answer->status == 403 && strstr(said, "archived")) {
		err_set(err, ERR_REFUSED,
		    "github: the repository is archived, and takes nothing");
		err_fix(err, "restore it there, or set divisi.tracker.team to another");
		return net_trouble(link, TRACKER_REFUSED);
	}
	return net_status(link, answer, said, err);
}

static int
take_answer(const struct tracker_link *link, const char *path,
    const struct http_answer *answer, struct json_object **got, struct err *err)
{
	struct json_object *json = net_parse(answer->body, answer->n_body);
	int rc = 0;

	if (answer->status < 200 || answer->status > 299) {
		const char *detail = net_str(net_at(json, "errors", 0), "message");

		rc = refuse(link, path, answer,
		    *detail ? detail : net_str(json, "message"), err);
	} else if (!json && answer->status != 204) {
		err_set(err, ERR_INPUT, "github: its answer is no JSON");
		err_fix(err, HTTP_FIX_ADDRESS);
		rc = net_trouble(link, TRACKER_LATER);
	}
	if (rc == 0 && got)
		*got = json_object_get(json);
	json_object_put(json);
	return rc;
}

int
github_send(const struct tracker_link *link, struct github_request request,
    struct json_object **got, struct err *err)
{
	static const char *const headers[] = { "Accept: application/vnd.github+json",
		"X-GitHub-Api-Version: 2022-11-28", "Content-Type: application/json",
		NULL };
	struct http_call call = {
		.method = request.method, .target = request.path, .header = headers
	};
	struct http_answer answer;
	int rc;

	if (request.body)
		call.body = json_object_to_json_string_length(
		    request.body, JSON_C_TO_STRING_PLAIN, &call.n_body);
	rc = net_send(link, &call, &answer, err);
	if (rc == 0) {
		rc = take_answer(link, request.path, &answer, got, err);
		if (request.more)
			*request.more = answer.next != NULL;
		http_answer_clear(&answer);
	}
	free(request.path);
	json_object_put(request.body);
	return rc;
}

int
github_list(const struct tracker_link *link, const char *path, size_t max,
    struct json_object **list, bool *has_more, struct err *err)
{
	struct json_object *all = json_object_new_array();
	char joint = strchr(path, '?') ? '&' : '?';
	bool more = true;

	for (int page = 1; more && page <= MAX_PAGES; page++) {
		NET_JSON struct json_object *got = NULL;
		struct github_request request = { "GET",
			xasprintf(
			    "%s%cper_page=%d&page=%d", path, joint, PER_PAGE, page),
			NULL, &more };

		if (github_send(link, request, &got, err) < 0) {
			json_object_put(all);
			return -1;
		}
		for (size_t i = 0; i < net_len(got, NULL); i++) {
			if (json_object_array_length(all) == max) {
				more = true;
				goto out;
			}
			json_object_array_add(
			    all, json_object_get(net_at(got, NULL, i)));
		}
		if (json_object_array_length(all) == max)
			break;
	}
out:
	*list = all;
	if (has_more)
		*has_more = more;
	return 0;
}

struct json_object *
github_issue(
    const struct tracker_link *link, const struct github_ref *ref, struct err *err)
{
	struct github_request request = { "GET",
		xasprintf("/repos/%s/issues/%ld", ref->repo, ref->number), NULL, NULL };
	struct json_object *got = NULL;

	if (github_send(link, request, &got, err) < 0) {
		if (err->kind == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND,
			    "github: there is no issue #%ld in %s", ref->number,
			    ref->repo);
		return NULL;
	}
	if (net_int(got, "number") == ref->number)
		return got;
	json_object_put(got);
	(void)err_set(err, ERR_INPUT, "github: its answer holds no issue");
	net_trouble(link, TRACKER_LATER);
	return NULL;
}

void
github_mark(const char uuid[37], char mark[GITHUB_MARK_SIZE])
{
	snprintf(mark, GITHUB_MARK_SIZE, "%s%.36s%s", mark_start, uuid, mark_end);
}

/* Where the mark at the end of TEXT begins, or NULL. */
static const char *
find_mark(const char *text)
{
	size_t n = strlen(mark_start) + 36 + strlen(mark_end);
	size_t len = strlen(text);
	const char *at;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len < n)
		return NULL;
	at = text + len - n;
	if (strncmp(at, mark_start, strlen(mark_start)) != 0 ||
	    strspn(at + strlen(mark_start), "0123456789abcdef-") != 36)
		return NULL;
	return at;
}

void
github_mark_of(const char *text, char mark[GITHUB_MARK_SIZE])
{
	const char *at = find_mark(text);

	mark[0] = '\0';
	if (at)
		github_mark(at + strlen(mark_start), mark);
}

bool
github_marked(const char *text, const char *mark)
{
	char own[GITHUB_MARK_SIZE];

	github_mark_of(text, own);
	return own[0] && strcmp(own, mark) == 0;
}

char *
github_unmarked(const char *text)
{
	const char *at = find_mark(text);
	size_t n = at ? (size_t)(at - text) : strlen(text);

	/* The two line ends before it are ours. */
	for (int i = 0; at && i < 2 && n > 0 && text[n - 1] == '\n'; i++)
		n--;
	return xstrndup(text, n);
}

/* GitHub knows open and closed; the steps between are labels of ours. */
static const struct github_status statuses[] = {
	{ ISSUE_TRIAGE, "open", NULL, "status:triage" },
	{ ISSUE_BACKLOG, "open", NULL, "status:backlog" },
	{ ISSUE_TODO, "open", NULL, NULL },
	{ ISSUE_IN_PROGRESS, "open", NULL, "status:in-progress" },
	{ ISSUE_IN_REVIEW, "open", NULL, "status:in-review" },
	{ ISSUE_DONE, "closed", "completed", NULL },
	{ ISSUE_CANCELLED, "closed", "not_planned", NULL },
	{ ISSUE_DUPLICATE, "closed", "duplicate", NULL },
};

const struct github_status *
github_status_of(enum issue_status status)
{
	for (size_t i = 0; i < N_ELEMS(statuses); i++) {
		if (statuses[i].status == status)
			return &statuses[i];
	}
	return &statuses[2];
}

bool
github_is_status_label(const char *name)
{
	for (size_t i = 0; i < N_ELEMS(statuses); i++) {
		if (statuses[i].label && strcmp(statuses[i].label, name) == 0)
			return true;
	}
	return false;
}

const char *
github_label_name(struct json_object *label)
{
	return json_object_is_type(label, json_type_string)
		   ? json_object_get_string(label)
		   : net_str(label, "name");
}

enum issue_status
github_status_read(struct json_object *issue)
{
	const char *reason = net_str(issue, "state_reason");
	enum issue_status found = ISSUE_TODO;

	if (strcmp(net_str(issue, "state"), "closed") == 0) {
		if (strcmp(reason, "not_planned") == 0)
			return ISSUE_CANCELLED;
		return strcmp(reason, "duplicate") == 0 ? ISSUE_DUPLICATE : ISSUE_DONE;
	}
	for (size_t i = 0; i < net_len(issue, "labels"); i++) {
		const char *name = github_label_name(net_at(issue, "labels", i));

		for (size_t k = 0; k < N_ELEMS(statuses); k++) {
			if (statuses[k].label && strcmp(statuses[k].label, name) == 0)
				found = statuses[k].status;
		}
	}
	return found;
}
