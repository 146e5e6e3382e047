#include "cli/init.h"

#include "base/crash.h"
#include "base/file.h"
#include "plan/parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_MAX_BYTES (1u << 20)

/* Adds a setting; one that is there keeps its value.  Takes VALUE. */
static void
add(struct init *init, const char *name, char *key, char *value, const char *because)
{
	struct setting *setting = &init->setting[init->n_settings++];
	const struct config_item *item = config_find(&init->config, key);

	*setting = (struct setting){ .name = name, .key = key };
	if (item) {
		setting->state = SETTING_KEPT;
		setting->value = xstrdup(item->value);
		setting->because = xasprintf("set in %s", item->origin);
		free(value);
		return;
	}
	setting->state = value ? SETTING_NEW : SETTING_NONE;
	setting->value = value;
	setting->because = xstrdup(because);
}

const char *
init_setting(const struct init *init, const char *name)
{
	for (size_t i = 0; i < init->n_settings; i++) {
		if (strcmp(init->setting[i].name, name) == 0)
			return init->setting[i].value;
	}
	return NULL;
}

/* The verify command: an option, a guess, and a person's word on the guess. */
static int
decide_verify(struct init *init, struct err *err)
{
	struct verify_guess guess = { 0 };
	const char *because = NULL;
	char *value = NULL;
	int rc = 0;

	if (init->verify) {
		value = *init->verify ? xstrdup(init->verify) : NULL;
		because = value ? "as you said" : "none, as you said";
	} else if (!config_find(&init->config, "divisi.verify")) {
		init_find_verify(init->repo.top, &guess);
		value = TAKE_PTR(guess.command);
		because = value ? guess.because : "no check or test was found";
		if (init->asks)
			rc = init_ask_verify(&value, &because, err);
		verify_guess_clear(&guess);
	}
	if (value && text_has_controls(value)) {
		free(value);
		return err_set(
		    err, ERR_USAGE, "the verify command holds control characters");
	}
	add(init, "verify", xstrdup("divisi.verify"), value, because);
	return rc;
}

/* A name of a variable in git's settings: letters, digits, hyphens, a letter first. */
static bool
is_variable(const char *name)
{
	return isalpha((unsigned char)name[0]);
}

static int
decide_project(struct init *init, struct err *err)
{
	AUTO_FREE char *slug = init->project ? text_slug(init->project, 24)
					     : init_project_short(&init->repo);
	const char *in_force;

	if (*slug == '\0' || (init->project && strcmp(slug, init->project) != 0)) {
		err_set(err, ERR_USAGE, "\"%.40s\" cannot be a project's short name",
		    init->project);
		return err_fix(err, "use lower-case letters, digits and hyphens: %s",
		    *slug ? slug : "app");
	}
	add(init, "project", xstrdup("divisi.project"), xstrdup(slug),
	    init->project ? "as you said" : "after the directory");
	in_force = init->project ? init->project : init_setting(init, "project");
	AUTO_FREE char *key = xasprintf("divisi.project.%s", in_force);

	/* The table of known short names: a plan's name is looked up there. */
	if (is_variable(in_force) && !config_find(&init->config, key))
		add(init, "project name", TAKE_PTR(key), init_repo_name(&init->repo),
		    "what the short name stands for");
	return 0;
}

int
init_settings_decide(struct init *init, struct err *err)
{
	bool has_agent = false;

	add(init, "main", xstrdup("divisi.main"), xstrdup(init->repo.main_branch),
	    init->repo.is_empty ? "the branch of the first commit to come"
				: "the branch of the repository");
	if (decide_verify(init, err) < 0 || decide_project(init, err) < 0)
		return -1;
	for (size_t i = 0; i < init->n_agents; i++)
		has_agent = has_agent || init->agent[i].can_launch;
	add(init, "agent", xstrdup("divisi.agent"),
	    has_agent ? xstrdup(init_default_agent(init->agent, init->n_agents)) : NULL,
	    has_agent ? "it is installed" : "no agent was found: see divisi doctor");
	return 0;
}

/* What .divisi/config was before, to put it back. */
struct before {
	char *path, *dir, *bytes;
	size_t n;
	bool had_dir;
};

static int
before_read(const struct init *init, struct before *before, struct err *err)
{
	*before = (struct before){ .dir = path_join(init->repo.top, ".divisi") };
	before->path = path_join(before->dir, "config");
	before->had_dir = file_is_dir(before->dir);
	if (!file_exists(before->path))
		return 0;
	before->bytes = file_read(before->path, CONFIG_MAX_BYTES, &before->n, err);
	return before->bytes ? 0 : -1;
}

static void
before_restore(const struct before *before)
{
	if (before->bytes) {
		(void)!file_write_atomic(
		    before->path, before->bytes, before->n, 0644, NULL);
		return;
	}
	(void)DURABLE("init.undo-config", unlink(before->path));
	if (!before->had_dir)
		(void)DURABLE("init.undo-dir", rmdir(before->dir));
}

static void
before_clear(struct before *before)
{
	free(before->path);
	free(before->dir);
	free(before->bytes);
}

static int
write_settings(struct init *init, struct err *err)
{
	for (size_t i = 0; i < init->n_settings; i++) {
		const struct setting *setting = &init->setting[i];

		if (setting->state == SETTING_NEW &&
		    config_set(&init->repo, CONFIG_COMMITTED, setting->key,
			setting->value, err) < 0)
			return err_wrap(err, "%s", setting->key);
	}
	return 0;
}

/* While a person read the questions an editor may have saved the plan. */
static bool
plan_has_changed(const struct init *init, struct err *err)
{
	const struct plan *old = init->old_plan;
	size_t n = 0;
	AUTO_FREE char *now = file_read(init->plan_path, PLAN_MAX_BYTES, &n, err);

	if (now && n == old->n_bytes && memcmp(now, old->bytes, n) == 0)
		return false;
	if (now) {
		err_set(
		    err, ERR_CONFLICT, "%s was changed meanwhile", init->plan_shown);
		err_fix(err, "start again: divisi init --plan %s", init->plan_shown);
	}
	return true;
}

static int
write_plan(const struct init *init, struct err *err)
{
	if (!init->plan_text)
		return 0;
	/* Between the look and the writing somebody else may have made it. */
	if (init->plan_state == INIT_PLAN_NEW && file_exists(init->plan_path)) {
		err_set(err, ERR_CONFLICT, "%s is there already", init->plan_shown);
		return err_fix(err, "choose another name with --topic TEXT");
	}
	if (init->plan_state == INIT_PLAN_EXTENDED && plan_has_changed(init, err))
		return -1;
	return file_write_atomic(
	    init->plan_path, init->plan_text, init->n_plan_text, 0644, err);
}

int
init_write(struct init *init, struct err *err)
{
	struct before before;
	int rc = before_read(init, &before, err);

	if (rc == 0) {
		rc = write_settings(init, err);
		if (rc == 0)
			rc = write_plan(init, err);
		if (rc < 0)
			before_restore(&before);
	}
	before_clear(&before);
	return rc;
}
