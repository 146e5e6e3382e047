#include "tracker/github.h"

#include "base/text.h"
#include "store/issues_check.h"
#include "tracker/forge.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_EVENTS 1000

static const char *const closing_words[] = { "close", "closes", "closed", "fix",
	"fixes", "fixed", "resolve", "resolves", "resolved" };

static size_t
word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-')
		n++;
	return n;
}

static bool
is_closing(const char *p, size_t n)
{
	for (size_t i = 0; i < N_ELEMS(closing_words); i++) {
		if (strlen(closing_words[i]) == n &&
		    strncasecmp(p, closing_words[i], n) == 0)
			return true;
	}
	return false;
}

/*
 * TEXT with a word joiner behind every word that would close an issue on merging: what
 * stands in a summary or in quoted text is no order.  Only our own line closes anything.
 */
static char *
without_orders(const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	while (*text) {
		size_t n = word_length(text);

		if (n == 0) {
			fputc((unsigned char)*text++, f);
			continue;
		}
		fwrite(text, 1, n, f);
		if (is_closing(text, n))
			fputs("\xE2\x81\xA0", f);
		text += n;
	}
	fclose(f);
	return out;
}

/* Does BODY order to close issue REF, as GitHub reads it? */
static bool
closes(const char *body, const struct github_ref *ref)
{
	AUTO_FREE char *near = xasprintf("#%ld", ref->number);
	AUTO_FREE char *far = xasprintf("%s#%ld", ref->repo, ref->number);
	AUTO_FREE char *url = xasprintf("/%s/issues/%ld", ref->repo, ref->number);

	while (*body) {
		size_t n = word_length(body);
		const char *rest = body + (n ? n : 1);
		const char *at;

		if (n > 0 && is_closing(body, n)) {
			at = rest + (*rest == ':');
			at += strspn(at, " \t");
			n = strcspn(at, " \t\r\n,;.)");
			if ((n == strlen(near) && strncmp(at, near, n) == 0) ||
			    (n == strlen(far) && strncasecmp(at, far, n) == 0))
				return true;
			n = strcspn(at, " \t\r\n,;)");
			if (n > strlen(url) &&
			    strncasecmp(at + n - strlen(url), url, strlen(url)) == 0)
				return true;
		}
		body = rest;
	}
	return false;
}

static struct tracker_pull
read_pull(struct arena *arena, struct json_object *from)
{
	const char *state = net_str(from, "state");

	if (*net_str(from, "merged_at"))
		state = "merged";
	else if (strcmp(state, "open") == 0 && net_bool(from, "draft"))
		state = "draft";
	return (struct tracker_pull){ .number = (long)net_int(from, "number"),
		.url = arena_strdup(arena, net_str(from, "html_url")),
		.title = arena_strdup(arena, net_str(from, "title")),
		.head = arena_strdup(arena, net_str(from, "head.ref")),
		.base = arena_strdup(arena, net_str(from, "base.ref")),
		.head_commit = arena_strdup(arena, net_str(from, "head.sha")),
		/* Of one that is open it is only a trial. */
		.merge_commit = strcmp(state, "merged") == 0
				    ? arena_strdup(
					  arena, net_str(from, "merge_commit_sha"))
				    : "",
		.state = arena_strdup(arena, state),
		.checks = "none",
		.review = "none" };
}

/* The repository that pull requests are opened in. */
static const char *
place_of(const struct tracker_link *link)
{
	return link->pulls_at ? link->pulls_at : link->team ? link->team : "";
}

static int
check_place(const struct tracker_link *link, struct err *err)
{
	const char *place = place_of(link);

	if (forge_place_ok(place, strlen(place)))
		return 0;
	err_set(err, ERR_USAGE, "github: no repository is named");
	return err_fix(err, "set divisi.forge.repo to OWNER/NAME");
}

/* The open pull request of this head and base; NULL without ERR when there is none. */
static struct json_object *
find_open(const struct tracker_link *link, const struct tracker_pull_draft *draft,
    struct err *err)
{
	const char *place = place_of(link);
	AUTO_FREE char *owner = xstrndup(place, strcspn(place, "/"));
	AUTO_FREE char *head = http_escape(draft->head);
	AUTO_FREE char *base = http_escape(draft->base);
	AUTO_FREE char *path = xasprintf(
	    "/repos/%s/pulls?state=open&head=%s:%s&base=%s", place, owner, head, base);
	NET_JSON struct json_object *list = NULL;

	if (github_list(link, path, 1, &list, NULL, err) < 0)
		return NULL;
	return json_object_get(net_at(list, NULL, 0));
}

/* The issue that DRAFT closes, as its pull request is to name it; NULL for none. */
static int
closed_by(const struct tracker_link *link, const struct tracker_pull_draft *draft,
    char **id, struct err *err)
{
	const char *other = draft->closes_elsewhere;
	struct github_ref ref;

	*id = NULL;
	if (draft->closes) {
		if (github_ref_parse(link, draft->closes, &ref, err) < 0)
			return -1;
		*id = strcasecmp(ref.repo, place_of(link)) == 0
			  ? xasprintf("#%ld", ref.number)
			  : xasprintf("%s#%ld", ref.repo, ref.number);
	} else if (other && other[0] && word_length(other) == strlen(other)) {
		*id = xstrdup(other);
	}
	return 0;
}

static struct json_object *
pull_body(const struct tracker_pull_draft *draft, const char *closes)
{
	struct json_object *body = json_object_new_object();
	AUTO_FREE char *plain = without_orders(draft->body ? draft->body : "");
	AUTO_FREE char *text = closes ? xasprintf("%s\n\nCloses %s\n", plain, closes)
				      : NULL;

	net_add_text(body, "title", draft->title);
	net_add_text(body, "body", text ? text : plain);
	net_add_text(body, "head", draft->head);
	net_add_text(body, "base", draft->base);
	net_add(body, "draft", json_object_new_boolean(draft->is_draft));
	return body;
}

static int
pull_open(const struct tracker_link *link, const struct tracker_pull_draft *draft,
    struct arena *arena, struct tracker_pull *pull, struct err *err)
{
	NET_JSON struct json_object *found = NULL;
	struct github_request request = { .method = "POST" };
	struct err asked = ERR_INIT;
	AUTO_FREE char *closes = NULL;

	if (issues_check_title(draft->title, err) < 0 || check_place(link, err) < 0 ||
	    closed_by(link, draft, &closes, err) < 0)
		return -1;
	found = find_open(link, draft, &asked);
	if (!found && asked.kind != ERR_NONE) {
		*err = asked;
		return -1;
	}
	if (!found) {
		request.path = xasprintf("/repos/%s/pulls", place_of(link));
		request.body = pull_body(draft, closes);
		if (github_send(link, request, &found, err) < 0)
			return -1;
	}
	if (net_int(found, "number") <= 0) {
		net_trouble(link, TRACKER_LATER);
		return err_set(err, ERR_INPUT, "github: its answer holds no number");
	}
	*pull = read_pull(arena, found);
	return 0;
}

int
github_pull_open(const struct tracker_link *link, const struct tracker_call *call,
    const struct tracker_pull_draft *draft, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	struct err own = ERR_INIT;

	(void)call; /* one head and base have one open pull request at most */
	err = net_begin(link, err, &own);
	return net_end(link, pull_open(link, draft, arena, pull, err), err);
}

static bool
is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

/* What check runs and statuses together say about a commit. */
static const char *
judge_checks(struct json_object *runs, struct json_object *statuses)
{
	static const char *const good[] = { "success", "neutral", "skipped" };
	size_t n = net_len(runs, NULL) + net_len(statuses, "statuses");
	bool is_pending = false;

	for (size_t i = 0; i < net_len(runs, NULL); i++) {
		struct json_object *run = net_at(runs, NULL, i);

		if (strcmp(net_str(run, "status"), "completed") != 0)
			is_pending = true;
		else if (!is_one_of(net_str(run, "conclusion"), good, N_ELEMS(good)))
			return "failed";
	}
	for (size_t i = 0; i < net_len(statuses, "statuses"); i++) {
		const char *state = net_str(net_at(statuses, "statuses", i), "state");

		if (strcmp(state, "pending") == 0)
			is_pending = true;
		else if (strcmp(state, "success") != 0)
			return "failed";
	}
	return n == 0 ? "none" : is_pending ? "pending" : "passed";
}

static int
read_checks(const struct tracker_link *link, const char *repo,
    struct tracker_pull *pull, struct err *err)
{
	NET_JSON struct json_object *runs = NULL, *statuses = NULL;
	AUTO_FREE char *commit = http_escape(pull->head_commit);
	struct github_request request = { .method = "GET" };
	NET_JSON struct json_object *answer = NULL;

	request.path = xasprintf(
	    "/repos/%s/commits/%s/check-runs?per_page=100", repo, commit);
	if (github_send(link, request, &answer, err) < 0)
		return -1;
	runs = json_object_get(net_get(answer, "check_runs"));
	request.path = xasprintf(
	    "/repos/%s/commits/%s/status?per_page=100", repo, commit);
	if (github_send(link, request, &statuses, err) < 0)
		return -1;
	pull->checks = judge_checks(runs, statuses);
	/* More than a page of checks: what was not seen is not known to have passed. */
	if (strcmp(pull->checks, "passed") == 0 &&
	    net_int(answer, "total_count") > (int64_t)net_len(runs, NULL))
		pull->checks = "pending";
	return 0;
}

/* Whether a later review of the same person than the one at I decides. */
static bool
is_overruled(struct json_object *reviews, size_t i)
{
	const char *user = net_str(net_at(reviews, NULL, i), "user.login");

	for (size_t k = i + 1; k < net_len(reviews, NULL); k++) {
		struct json_object *later = net_at(reviews, NULL, k);
		const char *state = net_str(later, "state");

		if (strcmp(net_str(later, "user.login"), user) == 0 &&
		    strcmp(state, "COMMENTED") != 0 && strcmp(state, "PENDING") != 0)
			return true;
	}
	return false;
}

static int
read_review(const struct tracker_link *link, const char *repo, struct json_object *from,
    struct tracker_pull *pull, struct err *err)
{
	AUTO_FREE char *path = xasprintf(
	    "/repos/%s/pulls/%ld/reviews", repo, pull->number);
	NET_JSON struct json_object *reviews = NULL;
	bool is_approved = false, has_changes = false;

	if (github_list(link, path, MAX_EVENTS, &reviews, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < net_len(reviews, NULL); i++) {
		const char *state = net_str(net_at(reviews, NULL, i), "state");

		if (is_overruled(reviews, i))
			continue;
		is_approved |= strcmp(state, "APPROVED") == 0;
		has_changes |= strcmp(state, "CHANGES_REQUESTED") == 0;
	}
	if (has_changes)
		pull->review = "changes";
	else if (net_len(from, "requested_reviewers") > 0)
		pull->review = "required";
	else if (is_approved)
		pull->review = "approved";
	return 0;
}

/* Pull request NUMBER of REPO as the API shows it, which the caller puts; NULL with ERR. */
static struct json_object *
get_pull(
    const struct tracker_link *link, const char *repo, long number, struct err *err)
{
	struct github_request request = { .method = "GET",
		.path = xasprintf("/repos/%s/pulls/%ld", repo, number) };
	struct json_object *from = NULL;

	return github_send(link, request, &from, err) < 0 ? NULL : from;
}

static int
pull_read(const struct tracker_link *link, long number, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	NET_JSON struct json_object *from = NULL;
	struct tracker_pull got;

	if (check_place(link, err) < 0)
		return -1;
	from = get_pull(link, place_of(link), number, err);
	if (!from)
		return -1;
	got = read_pull(arena, from);
	if (read_checks(link, place_of(link), &got, err) < 0 ||
	    read_review(link, place_of(link), from, &got, err) < 0)
		return -1;
	*pull = got;
	return 0;
}

int
github_pull_read(const struct tracker_link *link, long number, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, pull_read(link, number, arena, pull, err), err);
}

static int
pull_close(const struct tracker_link *link, const struct tracker_call *call,
    long number, const char *text, struct arena *arena, struct tracker_pull *pull,
    struct err *err)
{
	NET_JSON struct json_object *from = NULL, *closed = NULL;
	AUTO_FREE char *id = xasprintf("%s#%ld", place_of(link), number);
	struct github_request request = { .method = "PATCH" };

	if (check_place(link, err) < 0)
		return -1;
	from = get_pull(link, place_of(link), number, err);
	if (!from)
		return -1;
	*pull = read_pull(arena, from);
	if (strcmp(net_str(from, "state"), "open") != 0)
		return 0;
	/* A pull request is an issue as far as comments go. */
	if (github_comment(link, call, id, "closing", text, err) < 0)
		return -1;
	request.path = xasprintf("/repos/%s/pulls/%ld", place_of(link), number);
	request.body = json_object_new_object();
	net_add_text(request.body, "state", "closed");
	if (github_send(link, request, &closed, err) < 0)
		return -1;
	*pull = read_pull(arena, closed);
	return 0;
}

int
github_pull_close(const struct tracker_link *link, const struct tracker_call *call,
    long number, const char *text, struct arena *arena, struct tracker_pull *pull,
    struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(
	    link, pull_close(link, call, number, text, arena, pull, err), err);
}

static int
pull_merge(const struct tracker_link *link, long number,
    const struct tracker_pull_merge *how, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	NET_JSON struct json_object *from = NULL, *merged = NULL;
	struct github_request request = { .method = "PUT" };

	if (check_place(link, err) < 0)
		return -1;
	from = get_pull(link, place_of(link), number, err);
	if (!from)
		return -1;
	*pull = read_pull(arena, from);
	if (strcmp(pull->state, "merged") == 0)
		return 0;
	if (strcmp(pull->head_commit, how->head) != 0) {
		net_trouble(link, TRACKER_CONFLICT);
		return err_set(err, ERR_CONFLICT,
		    "github: pull request #%ld is at %.12s, and %.12s was tested",
		    number, pull->head_commit, how->head);
	}
	request.path = xasprintf("/repos/%s/pulls/%ld/merge", place_of(link), number);
	request.body = json_object_new_object();
	net_add_text(request.body, "sha", how->head);
	net_add_text(request.body, "merge_method", how->method);
	if (how->title[0])
		net_add_text(request.body, "commit_title", how->title);
	if (how->title[0])
		net_add_text(request.body, "commit_message", how->text);
	if (github_send(link, request, &merged, err) < 0)
		return err_wrap(err, "pull request #%ld is not merged", number);
	if (!net_bool(merged, "merged") || !*net_str(merged, "sha")) {
		net_trouble(link, TRACKER_LATER);
		return err_set(err, ERR_INPUT, "github: its answer names no commit");
	}
	pull->state = "merged";
	pull->merge_commit = arena_strdup(arena, net_str(merged, "sha"));
	return 0;
}

int
github_pull_merge(const struct tracker_link *link, long number,
    const struct tracker_pull_merge *how, struct arena *arena,
    struct tracker_pull *pull, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, pull_merge(link, number, how, arena, pull, err), err);
}

/* Reads pull request NUMBER into PULLS when it closes issue REF. */
static int
take_pull(const struct tracker_link *link, const struct github_ref *ref, long number,
    struct arena *arena, struct tracker_pulls *pulls, struct err *err)
{
	NET_JSON struct json_object *from = get_pull(link, ref->repo, number, err);
	struct tracker_pull pull;

	if (!from)
		return -1;
	if (!closes(net_str(from, "body"), ref))
		return 0;
	pull = read_pull(arena, from);
	if (read_checks(link, ref->repo, &pull, err) < 0 ||
	    read_review(link, ref->repo, from, &pull, err) < 0)
		return -1;
	pulls->item[pulls->n++] = pull;
	return 0;
}

/* The number of the pull request of REF's repository that EVENT is about, or 0. */
static long
pull_of(struct json_object *event, const struct github_ref *ref)
{
	struct json_object *issue = net_get(event, "source.issue");
	const char *url = net_str(issue, "repository_url");
	size_t n = strlen(url), n_repo = strlen(ref->repo);

	if (strcmp(net_str(event, "event"), "cross-referenced") != 0 ||
	    !net_get(issue, "pull_request") || n < n_repo ||
	    strcasecmp(url + n - n_repo, ref->repo) != 0)
		return 0;
	return (long)net_int(issue, "number");
}

static int
read_pulls(const struct tracker_link *link, const char *id, int limit,
    struct arena *arena, struct tracker_pulls *pulls, struct err *err)
{
	NET_JSON struct json_object *events = NULL;
	struct tracker_pulls got = { 0 };
	AUTO_FREE char *path = NULL;
	AUTO_FREE long *seen = NULL;
	struct github_ref ref;
	size_t n_seen = 0;

	if (net_limit_check(limit, err) < 0 ||
	    github_ref_parse(link, id, &ref, err) < 0)
		return -1;
	path = xasprintf("/repos/%s/issues/%ld/timeline", ref.repo, ref.number);
	if (github_list(link, path, MAX_EVENTS, &events, &got.has_more, err) < 0)
		return -1;
	got.item = arena_alloc(arena, ((size_t)limit + 1) * sizeof(*got.item));
	seen = xcalloc(net_len(events, NULL) + 1, sizeof(*seen));
	for (size_t i = 0; i < net_len(events, NULL); i++) {
		long number = pull_of(net_at(events, NULL, i), &ref);
		bool is_seen = number == 0;

		for (size_t k = 0; k < n_seen; k++)
			is_seen |= seen[k] == number;
		if (is_seen)
			continue;
		seen[n_seen++] = number;
		if (got.n == (size_t)limit) {
			got.has_more = true;
			break;
		}
		if (take_pull(link, &ref, number, arena, &got, err) < 0)
			return -1;
	}
	*pulls = got;
	return 0;
}

int
github_pulls(const struct tracker_link *link, const char *id, int limit,
    struct arena *arena, struct tracker_pulls *pulls, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_pulls(link, id, limit, arena, pulls, err), err);
}
