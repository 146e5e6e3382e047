#include "tracker/github.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/*
 * The log of a job of GitHub Actions.  The API answers with an address elsewhere, good for a
 * minute, to which no token goes.
 */
#define JOBS_MOST 100

static bool
is_number(const char *text)
{
	return text[0] && strlen(text) < 20 && text[strspn(text, "0123456789")] == '\0';
}

static bool
has_failed(struct json_object *job)
{
	const char *conclusion = net_str(job, "conclusion");

	return strcmp(conclusion, "failure") == 0 ||
	       strcmp(conclusion, "timed_out") == 0;
}

/* The first job of run RUN that failed; 0 with ERR. */
static int64_t
failed_job(const struct tracker_link *link, const char *run, struct err *err)
{
	NET_JSON struct json_object *got = NULL;
	struct github_request request = { .method = "GET",
		.path = xasprintf(
		    "/repos/%s/actions/runs/%s/jobs?filter=latest&per_page=%d",
		    link->team, run, JOBS_MOST) };

	if (github_send(link, request, &got, err) < 0)
		return 0;
	for (size_t i = 0; i < net_len(got, "jobs"); i++) {
		struct json_object *job = net_at(got, "jobs", i);

		if (has_failed(job) && net_int(job, "id") > 0)
			return net_int(job, "id");
	}
	err_set(err, ERR_NOT_FOUND, "github: no job of run %s failed", run);
	return 0;
}

static int
fetch(const struct tracker_link *link, int64_t job, struct http_answer *answer,
    struct err *err)
{
	static const char *const headers[] = { "Accept: application/vnd.github+json",
		"X-GitHub-Api-Version: 2022-11-28", NULL };
	AUTO_FREE char *path = xasprintf(
	    "/repos/%s/actions/jobs/%lld/logs", link->team, (long long)job);
	AUTO_FREE char *elsewhere = NULL;
	struct http_call call = {
		.method = "GET", .target = path, .header = headers, .may_redirect = true
	};

	if (net_send(link, &call, answer, err) < 0)
		return -1;
	if (answer->location) {
		elsewhere = xstrdup(answer->location);
		http_answer_clear(answer);
		call = (struct http_call){ .method = "GET", .url = elsewhere };
		if (net_send(link, &call, answer, err) < 0)
			return -1;
	}
	if (answer->status == 200)
		return 0;
	(void)net_status(link, answer, "", err);
	http_answer_clear(answer);
	return -1;
}

static int
read_log(const struct tracker_link *link, const char *repo, const char *job,
    char **text, struct err *err)
{
	const char *id = strchr(job, ':') ? strchr(job, ':') + 1 : "";
	bool is_run = strncmp(job, "run:", 4) == 0;
	struct http_answer answer = { 0 };
	int64_t number;

	/* Whoever may sign for one repository does not make us read another. */
	if (!link->team || strcasecmp(repo, link->team) != 0)
		return err_set(
		    err, ERR_REFUSED, "github: %.80s is not divisi.tracker.team", repo);
	if ((!is_run && strncmp(job, "job:", 4) != 0) || !is_number(id))
		return err_set(err, ERR_INPUT, "github: no job is called '%.40s'", job);
	number = is_run ? failed_job(link, id, err) : strtoll(id, NULL, 10);
	if (number <= 0 || fetch(link, number, &answer, err) < 0)
		return -1;
	*text = xstrdup(answer.body); /* as far as a text goes: up to a NUL */
	http_answer_clear(&answer);
	return 0;
}

int
github_log(const struct tracker_link *link, const char *repo, const char *job,
    char **text, struct err *err)
{
	struct err own = ERR_INIT;

	err = net_begin(link, err, &own);
	return net_end(link, read_log(link, repo, job, text, err), err);
}
