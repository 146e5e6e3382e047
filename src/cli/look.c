#include "base/mem.h"
#include "cli/client.h"
#include "cli/kept.h"
#include "engine/lost.h"
#include "git/repo.h"
#include "git/run.h"
#include "store/journal.h"

#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <time.h>

/* What a verb that only looks is shown, where no server need be started for it. */

/* What a server without a journal would say. */
static struct json_object *
blank_status(const struct repo *repo)
{
	static const char *const lists[] = { "needs", "acts", "plans", "conflicts" };
	static const char *const zeros[] = { "seq", "live", "paused_until", "n_needs" };
	struct json_object *o = json_object_new_object();
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_object_object_add(o, "now",
	    json_object_new_int64((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000));
	json_object_object_add(o, "home", json_object_new_string(repo->home));
	json_object_object_add(o, "top", json_object_new_string(repo->top));
	json_object_object_add(o, "paused_why", json_object_new_string(""));
	for (size_t i = 0; i < N_ELEMS(zeros); i++)
		json_object_object_add(o, zeros[i], json_object_new_int64(0));
	for (size_t i = 0; i < N_ELEMS(lists); i++)
		json_object_object_add(o, lists[i], json_object_new_array());
	return o;
}

/* Runs and pins without a journal are what is left of an earlier one: said, and left. */
static void
tell_remains(const struct repo *repo)
{
	size_t n_runs = lost_count_runs(repo->home);
	AUTO_FREE char *pin = repo->lacks_git
				  ? NULL
				  : git_line(repo->common_dir,
					GIT_ARGS("for-each-ref", "--count=1",
					    "--format=%(refname)", "refs/divisi"),
					NULL);

	if (n_runs == 0 && (!pin || pin[0] == '\0'))
		return;
	fprintf(stderr,
	    "divisi: there is no journal in %s, but %zu run(s)%s of an earlier one; put "
	    "a backup of it back, or see what is left: divisi doctor\n",
	    repo->home, n_runs, pin && pin[0] ? " and pins" : "");
}

struct json_object *
client_look(const char *path, struct err *err)
{
	AUTO_FREE char *copy = xstrdup(path);
	const char *dir = copy ? dirname(copy) : ".";
	struct client client = { 0 };
	struct repo repo = { 0 };
	struct json_object *status = NULL;
	bool is_used;

	if (kept_place(dir, &repo, err) < 0)
		return NULL;
	is_used = store_was_there(repo.home);
	if (!is_used && lost_check(repo.home, err) == 0) {
		tell_remains(&repo);
		status = blank_status(&repo);
	}
	repo_close(&repo);
	if (!is_used)
		return status;
	if (client_open(&client, dir, true, err) == 0)
		status = client_status(&client, err);
	client_close(&client);
	return status;
}
