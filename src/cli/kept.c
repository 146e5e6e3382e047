#include "cli/kept.h"

#include "base/mem.h"
#include "cli/client.h"
#include "engine/home.h"
#include "git/place.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

static bool
is_same(const char *a, const char *b)
{
	AUTO_FREE char *ra = realpath(a, NULL), *rb = realpath(b, NULL);

	return ra && rb && strcmp(ra, rb) == 0;
}

int
kept_place(const char *dir, struct repo *repo, struct err *err)
{
	AUTO_FREE char *keeper = NULL, *copy = NULL;
	struct repo its = { 0 }, other = { 0 };

	if (repo_place(dir, &its, err) < 0)
		return -1;
	if (home_keeper(its.home, &keeper) <= 0) {
		*repo = its;
		return 0;
	}
	copy = xstrdup(keeper);
	if (repo_place(dirname(copy), &other, err) == 0 &&
	    is_same(other.home, keeper)) {
		repo_close(&its);
		*repo = other;
		return 0;
	}
	if (other.home)
		repo_close(&other);
	err_set(err, ERR_REFUSED,
	    "phases of a plan in %s work in this repository, and that is not there",
	    keeper);
	err_fix(err,
	    "run divisi where it was moved to; when it is gone for good: "
	    "rm %s/keeper",
	    its.home);
	repo_close(&its);
	return -1;
}

static bool
has_top(const struct git_list *tops, const char *top)
{
	for (size_t i = 0; i < tops->n; i++) {
		if (strcmp(tops->item[i], top) == 0)
			return true;
	}
	return false;
}

void
kept_repositories(const struct json_object *status, struct git_list *tops)
{
	const struct json_object *plans = js_get(status, "plans");

	for (size_t p = 0; p < js_count(plans); p++) {
		const struct json_object *batches = js_get(js_at(plans, p), "batches");

		for (size_t b = 0; b < js_count(batches); b++) {
			const struct json_object *sessions = js_get(
			    js_at(batches, b), "sessions");

			for (size_t i = 0; i < js_count(sessions); i++) {
				const char *top = js_text(
				    js_at(sessions, i), "repository");

				if (top[0] && !has_top(tops, top))
					git_list_add(tops, top);
			}
		}
	}
}
