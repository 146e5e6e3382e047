#include "engine/state_dir.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/rundir.h"
#include "engine/job.h"
#include "engine/survey_local.h"
#include "git/repo.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An id of ours, and nothing that leads elsewhere. */
static bool
is_name(const char *session)
{
	return session[0] && session[0] != '.' && !strchr(session, '/');
}

/* Is RUN, the name of a directory in home/runs, one of SESSION: "p1.1.1A.r2"? */
static bool
is_run_of(const char *run, const char *session)
{
	size_t n = strlen(session);

	return strncmp(run, session, n) == 0 && strncmp(run + n, ".r", 2) == 0;
}

/* The first run of SESSION whose holder lives; NULL when none does.  The caller frees it. */
static char *
living_run(const char *home, const char *session)
{
	AUTO_FREE char *runs = path_join(home, "runs");
	DIR *dir = opendir(runs);
	char *living = NULL;
	struct dirent *e;

	while (dir && !living && (e = readdir(dir))) {
		AUTO_FREE char *path = path_join(runs, e->d_name);
		AUTO_FD int lock_fd = -1;

		if (is_run_of(e->d_name, session) &&
		    rundir_probe(path, &lock_fd, NULL) == RUN_LIVE)
			living = xstrdup(e->d_name);
	}
	if (dir)
		closedir(dir);
	return living;
}

int
state_dir_remove(const char *home, const char *session, struct err *err)
{
	AUTO_FREE char *dir = xasprintf("%s/state/%s", home, session);
	AUTO_FREE char *living = NULL;

	if (!is_name(session))
		return err_set(
		    err, ERR_INPUT, "'%.40s' is no name of a session", session);
	living = living_run(home, session);
	if (living) {
		err_set(
		    err, ERR_CONFLICT, "%s still lives: what it keeps stays", living);
		return err_fix(err, "divisi doctor says what is left of it");
	}
	return file_remove_tree(dir, err);
}

int
job_state_remove(const struct fields *in, struct fields *out, struct err *err)
{
	struct repo repo = { 0 };
	int rc;

	(void)out;
	if (repo_open(fields_text(in, "top"), &repo, err) < 0)
		return -1;
	rc = state_dir_remove(repo.home, fields_text(in, "session"), err);
	repo_close(&repo);
	return rc;
}

/* ---- for divisi doctor ------------------------------------------------------------------ */

static int
on_owed(const struct act_row *act, void *arg)
{
	const char **session = arg;
	AUTO_FREE char *key = xasprintf("state-remove/%s", *session);

	if (strcmp(act->key, key) != 0)
		return 0;
	*session = NULL;
	return 1;
}

static bool
is_owed(const struct surveying *s, const char *session)
{
	return s->store && act_each_open(s->store, on_owed, &session, NULL) == 0 &&
	       !session;
}

static bool
is_any_run(const struct surveying *s, const char *session)
{
	AUTO_FREE char *runs = path_join(s->repo->home, "runs");
	DIR *dir = opendir(runs);
	bool is_any = false;
	struct dirent *e;

	while (dir && !is_any && (e = readdir(dir)))
		is_any = is_run_of(e->d_name, session);
	if (dir)
		closedir(dir);
	return is_any;
}

static void
judge(struct surveying *s, const char *name, const char *path)
{
	const struct session *session = core_session(s->core, name);
	AUTO_FREE char *shown = xasprintf("state/%s", name);
	bool is_over = session && (session->state == SESSION_DONE ||
				      session->state == SESSION_ABANDONED);
	struct survey_item *item;

	if (session && (!is_over || session->run_open)) {
		(void)survey_add(s, SURVEY_HOME, shown, "kept",
		    "what the agent of %s needs to go on", session->id);
		return;
	}
	if (is_owed(s, name)) {
		(void)survey_add(
		    s, SURVEY_HOME, shown, "owed", "its removal is under way");
		return;
	}
	if (session)
		item = survey_add(s, SURVEY_HOME, shown, "leftover",
		    "what the agent of %s kept, which is %s", session->id,
		    session_state_name(session->state));
	else
		item = survey_add(s, SURVEY_HOME, shown, "orphan",
		    "what an agent kept; the journal knows no such session");
	item->path = xstrdup(path);
	item->session = xstrdup(name);
	/* Runs that no journal accounts for are looked at first. */
	if (session || !is_any_run(s, name))
		survey_odd(item, MEND_REMOVE_STATE, "remove %s", path);
}

void
survey_states(struct surveying *s)
{
	AUTO_FREE char *states = path_join(s->repo->home, "state");
	struct git_list names = { 0 };
	DIR *dir = s->core ? opendir(states) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (is_name(e->d_name))
			git_list_add(&names, e->d_name);
	}
	if (dir)
		closedir(dir);
	git_list_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		AUTO_FREE char *path = path_join(states, names.item[i]);

		if (file_is_dir(path))
			judge(s, names.item[i], path);
	}
	git_list_clear(&names);
}
