#include "engine/track_link.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/repo.h"
#include "policy/refusal.h"

#include <stdlib.h>
#include <string.h>

int
track_chosen(const struct config *config, const char **name, struct err *err)
{
	const char *word = config_str(config, "divisi.tracker", NULL);
	const char *team = config_str(config, "divisi.tracker.team", "");

	/* CONTRACTS 9: a key and a team that it is for are a choice too. */
	if (!word && team[0] && getenv("LINEAR_API_KEY") && !strchr(team, '/') &&
	    tracker_by_name("linear"))
		word = "linear";
	if (!word && strchr(team, '/') && tracker_by_name("github") &&
	    (getenv("GITHUB_TOKEN") || getenv("GH_TOKEN")))
		word = "github";
	*name = word && strcmp(word, "local") != 0 ? word : "";
	if (**name == '\0' || tracker_by_name(*name))
		return 0;
	err_set(err, ERR_INPUT, "divisi.tracker is '%.40s'", *name);
	return err_fix(err, "it is local, linear, github or command");
}

/* What is started is a person's to name: a committed file is anybody's. */
static int
check_owned(const struct config *config, const char *key, struct err *err)
{
	const struct config_item *item = config_find(config, key);

	if (!item || !item->is_committed)
		return 0;
	err_set(err, ERR_REFUSED, "%s names %s, and a committed file starts nothing",
	    item->origin, key);
	return err_fix(err, "git config %s \"%.100s\"", key, item->value);
}

/* The value of the setting of a tracker, or of what a forge has in its place, or NULL. */
static const char *
setting(const struct track_link *l, const char *of_tracker, const char *of_forge)
{
	const char *key = l->is_forge ? of_forge : of_tracker;

	return key ? config_str(&l->config, key, NULL) : NULL;
}

/* Its token-helper, a word a value, as an argument vector. */
static void
read_helper(struct track_link *l)
{
	config_values(&l->config,
	    l->is_forge ? "divisi.forge.token-helper" : "divisi.tracker.token-helper",
	    &l->helper);
	if (l->helper.n == 0)
		return;
	l->helper_arg = xcalloc(l->helper.n + 1, sizeof(*l->helper_arg));
	for (size_t i = 0; i < l->helper.n; i++)
		l->helper_arg[i] = l->helper.item[i];
	l->link.token_helper = l->helper_arg;
}

/* divisi.tracker.status "In Review=Waiting for QA": what this team calls it. */
static int
read_names(struct track_link *l, struct err *err)
{
	config_values(&l->config, "divisi.tracker.status", &l->names);
	l->status_name = xcalloc(l->names.n + 1, sizeof(*l->status_name));
	for (size_t i = 0; i < l->names.n; i++) {
		char *equals = strchr(l->names.item[i], '=');

		if (!equals) {
			err_set(err, ERR_INPUT, "divisi.tracker.status is '%.80s'",
			    l->names.item[i]);
			return err_fix(
			    err, "write it as: In Review=what the team calls it");
		}
		*equals = '\0';
		l->status_name[i] = (struct tracker_status_name){
			.status = l->names.item[i], .name = equals + 1
		};
	}
	l->link.status_name = l->status_name;
	l->link.n_status_names = l->names.n;
	return 0;
}

int
track_link_open(
    struct track_link *l, const char *top, const char *name, struct err *err)
{
	const struct tracker *tracker = tracker_by_name(name);
	struct repo repo = { 0 };

	l->state = (struct tracker_state){ .requests_left = -1, .points_left = -1 };
	l->link.state = &l->state;
	if (!tracker)
		return err_set(err, ERR_USAGE, "no tracker is called '%.40s'", name);
	if (repo_open(top, &repo, err) < 0)
		return -1;
	if (config_load(&repo, &l->config, err) < 0) {
		repo_close(&repo);
		return -1;
	}
	home_id(repo.home, l->origin);
	repo_close(&repo);
	/* The first session of every home has the same key: its issue is not another's. */
	l->link.origin = l->origin;
	if (check_owned(&l->config, "divisi.tracker.program", err) < 0 ||
	    check_owned(&l->config, "divisi.tracker.token-helper", err) < 0 ||
	    check_owned(&l->config, "divisi.forge.token-helper", err) < 0)
		return -1;
	l->link.url = setting(l, "divisi.tracker.url", "divisi.forge.url");
	l->link.team = setting(l, "divisi.tracker.team", NULL);
	l->link.project = setting(l, "divisi.tracker.project", NULL);
	l->link.program = setting(l, "divisi.tracker.program", NULL);
	l->link.token_variable = setting(
	    l, "divisi.tracker.token-variable", "divisi.forge.token-variable");
	read_helper(l);
	if (read_names(l, err) < 0)
		return -1;
	/* One without an address of its own is a program on this machine. */
	if (tracker->url && tracker_open(tracker, &l->link, err) < 0)
		return -1;
	l->tracker = tracker;
	return 0;
}

const char *
track_account(const struct track_link *l, const char *agent)
{
	AUTO_FREE char *key = xasprintf("divisi.agent.%s.assignee", agent);

	return config_str(
	    &l->config, key, config_str(&l->config, "divisi.tracker.assignee", ""));
}

void
track_link_close(struct track_link *l)
{
	if (l->tracker && l->tracker->url)
		tracker_close(&l->link);
	free(l->helper_arg);
	free(l->status_name);
	git_list_clear(&l->helper);
	git_list_clear(&l->names);
	config_clear(&l->config);
	*l = (struct track_link){ 0 };
}

const char *
track_link_trouble(const struct track_link *l, const struct err *err)
{
	enum tracker_trouble trouble = l->state.trouble;

	/* What never reached the tracker: our own settings, or rules. */
	if (trouble == TRACKER_FINE)
		trouble = err->kind == ERR_NOT_FOUND ? TRACKER_MISSING
			  : err->kind == ERR_SYSTEM || err->kind == ERR_TIMEOUT
			      ? TRACKER_LATER
			      : TRACKER_REFUSED;
	return tracker_trouble_name(trouble);
}
