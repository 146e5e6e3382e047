#include "engine/survey.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/home.h"
#include "engine/replay.h"
#include "engine/survey_local.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LEFTOVER_AGE_S 60 /* younger ones may still be written */
#define LOOKS          5  /* at worktrees that come and go meanwhile */

const char *survey_class_name(enum survey_class class)
{
	static const char *const names[SURVEY_N_CLASSES] = { [SURVEY_HOME] = "home",
		[SURVEY_RUN] = "run",
		[SURVEY_WORKTREE] = "worktree",
		[SURVEY_LOCK] = "lock",
		[SURVEY_REF] = "ref",
		[SURVEY_ACT] = "act" };

	return names[class];
}

const char *
survey_mend_name(enum survey_mend mend)
{
	static const char *const names[MEND_N_KINDS] = { [MEND_NONE] = "none",
		[MEND_MODE] = "close",
		[MEND_SET_ASIDE] = "set-aside",
		[MEND_REMOVE_LEFTOVER] = "remove-leftover",
		[MEND_REMOVE_STATE] = "remove-state",
		[MEND_END_RUN] = "end-run",
		[MEND_REMOVE_WORKTREE] = "remove-worktree",
		[MEND_ADD_WORKTREE] = "add-worktree",
		[MEND_LOCK_WORKTREE] = "lock-worktree",
		[MEND_MOVE_LOCK] = "move-lock",
		[MEND_PIN] = "pin" };

	return names[mend];
}

char *
survey_item_id(const struct survey_item *item)
{
	return xasprintf("%s/%s/%s", survey_class_name(item->class), item->name,
	    survey_mend_name(item->mend));
}

void
survey_clear(struct survey *survey)
{
	for (size_t i = 0; i < survey->n; i++) {
		struct survey_item *item = &survey->item[i];
		char *const all[] = { item->name, item->state, item->text, item->will,
			item->fix, item->session, item->path, item->oid, item->branch,
			item->repo };

		for (size_t k = 0; k < N_ELEMS(all); k++)
			free(all[k]);
	}
	free(survey->item);
	*survey = (struct survey){ 0 };
}

struct survey_item *
survey_add(struct surveying *s, enum survey_class class, const char *name,
    const char *state, const char *fmt, ...)
{
	struct survey *survey = s->survey;
	struct survey_item *item;
	va_list ap;

	GROW(survey->item, survey->n, survey->cap);
	item = &survey->item[survey->n++];
	*item = (struct survey_item){
		.class = class, .name = xstrdup(name), .state = xstrdup(state)
	};
	if (s->of[0])
		item->repo = xstrdup(s->of);
	va_start(ap, fmt);
	item->text = xvasprintf(fmt, ap);
	va_end(ap);
	return item;
}

void
survey_odd(struct survey_item *item, enum survey_mend mend, const char *fmt, ...)
{
	va_list ap;

	item->is_odd = true;
	item->mend = mend;
	va_start(ap, fmt);
	item->will = xvasprintf(fmt, ap);
	va_end(ap);
}

void
survey_fix(struct survey_item *item, const char *fmt, ...)
{
	va_list ap;

	item->is_odd = true;
	va_start(ap, fmt);
	item->fix = xvasprintf(fmt, ap);
	va_end(ap);
}

/* ---- the home ------------------------------------------------------------------------------ */

static bool
is_old_leftover(const struct home_flaw *flaw)
{
	struct stat st;

	return strstr(flaw->text, "a write that did not end") &&
	       lstat(flaw->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       time(NULL) - st.st_mtime > LEFTOVER_AGE_S;
}

static void
on_flaw(const struct home_flaw *flaw, void *arg)
{
	static const char *const states[] = { "foreign", "open", "wrong" };
	struct surveying *s = arg;
	const char *name = strrchr(flaw->path, '/');
	struct survey_item *item = survey_add(s, SURVEY_HOME,
	    strcmp(flaw->path, s->repo->home) == 0 || !name ? "home" : name + 1,
	    states[flaw->weight], "%s", flaw->text);

	item->path = xstrdup(flaw->path);
	if (flaw->weight == HOME_LOOSE)
		survey_odd(item, MEND_MODE, "close %s to others", flaw->path);
	else if (flaw->weight == HOME_FATAL)
		survey_fix(item, "%s", flaw->fix);
	else if (is_old_leftover(flaw))
		survey_odd(item, MEND_REMOVE_LEFTOVER, "remove %s", flaw->path);
}

static void
survey_home(struct surveying *s)
{
	AUTO_FREE char *from = NULL;
	const char *home = s->repo->home;
	enum home_origin origin = home_origin(home, &from);
	struct survey_item *item;

	home_inspect(home, on_flaw, s);
	if (origin == HOME_COPIED) {
		item = survey_add(s, SURVEY_HOME, "identity", "copy",
		    "%s is a copy of %s: its runs and worktrees belong there", home,
		    from);
		survey_odd(item, MEND_SET_ASIDE,
		    "rename %s, so that a home of its own begins here; pins stay",
		    home);
	} else if (origin == HOME_MOVED) {
		(void)survey_add(s, SURVEY_HOME, "identity", "moved",
		    "made at %s; the next server that starts takes note", from);
	} else if (origin == HOME_DAMAGED) {
		(void)survey_add(s, SURVEY_HOME, "identity", "damaged",
		    "%s/identity cannot be read; the next server writes it anew", home);
	}
}

/* ---- acts ---------------------------------------------------------------------------------- */

static int
on_open_act(const struct act_row *act, void *arg)
{
	struct surveying *s = arg;
	AUTO_FREE char *lock = path_join(s->repo->home, "server.lock");
	bool has_server = survey_lock_holder(lock) > 0;
	bool is_begun = strcmp(act->state, "begun") == 0;

	(void)survey_add(s, SURVEY_ACT, act->key, is_begun ? "in-flight" : "waiting",
	    "%s, order %s, %d tries%s", act->kind, act->order, act->tries,
	    !has_server && is_begun
		? "; whether it was done is decided by evidence when a server starts"
	    : !has_server ? "; done when a server starts"
	    : is_begun    ? "; the server is at it"
			  : "; it has its turn after those before it");
	return 0;
}

static int
on_failed_act(const struct act_row *act, void *arg)
{
	struct surveying *s = arg;

	(void)survey_add(s, SURVEY_ACT, act->key, act->state,
	    "%s was given up after %d tries: %.200s", act->kind, act->tries,
	    act->result);
	return 0;
}

static void
survey_acts(struct surveying *s)
{
	struct err err = ERR_INIT;

	if (s->store && (act_each_open(s->store, on_open_act, s, &err) < 0 ||
			    act_each_failed(s->store, on_failed_act, s, &err) < 0))
		s->survey->why = err;
}

/* ---- other repositories ------------------------------------------------------------------ */

static void
survey_one(const struct surveying *home, const char *top)
{
	struct repo repo = { .lock_fd = -1 };
	struct surveying s = { .survey = home->survey,
		.core = home->core,
		.store = home->store,
		.repo = &repo,
		.of = top };
	struct err err = ERR_INIT;

	if (repo_open(top, &repo, &err) < 0 ||
	    repo_worktrees(&repo, &s.trees, &err) < 0) {
		survey_fix(survey_add(&s, SURVEY_HOME, top, "unseen",
			       "sessions work there, and it cannot be looked at: %s",
			       err.text),
		    "%s", err.fix[0] ? err.fix : "put it back where it was");
	} else {
		survey_worktrees(&s);
		survey_git_locks(&s);
		survey_refs(&s);
	}
	git_worktrees_clear(&s.trees);
	repo_close(&repo);
}

/* Each repository that sessions work in beside the home's, once. */
static void
survey_elsewhere(const struct surveying *s)
{
	for (size_t i = 0; s->core && i < s->core->n_sessions; i++) {
		const char *top = s->core->session[i].repo;
		size_t k = 0;

		while (k < i && strcmp(s->core->session[k].repo, top) != 0)
			k++;
		if (top[0] && k == i)
			survey_one(s, top);
	}
}

/* Looks at everything once. */
static int
look(struct surveying *s, struct err *err)
{
	struct survey *survey = s->survey;

	*survey = (struct survey){ .why = ERR_INIT };
	if (repo_worktrees(s->repo, &s->trees, err) < 0)
		return -1;
	s->store = store_open(s->repo->home, 1, &survey->why);
	if (s->store)
		s->core = replay_core(s->store, NULL, &survey->why);
	survey->has_journal = s->core != NULL;
	survey_home(s);
	survey_runs(s);
	survey_states(s);
	survey_worktrees(s);
	survey_locks(s);
	survey_refs(s);
	survey_acts(s);
	survey_elsewhere(s);
	core_free(s->core);
	store_close(s->store);
	return 0;
}

/* Is there one that is not as it should be, or that seems to be another repository's? */
static bool
has_strange_tree(const struct survey *survey)
{
	for (size_t i = 0; i < survey->n; i++) {
		const struct survey_item *item = &survey->item[i];

		if (item->class == SURVEY_WORKTREE &&
		    (item->is_odd || strcmp(item->state, "elsewhere") == 0))
			return true;
	}
	return false;
}

static bool
is_same_tree(const struct git_worktree *a, const struct git_worktree *b)
{
	return strcmp(a->path, b->path) == 0 && a->is_missing == b->is_missing &&
	       !a->lock_reason == !b->lock_reason;
}

/* Are the worktrees others than those that were judged?  When git cannot say: no. */
static bool
has_moved_on(const struct surveying *s)
{
	struct git_worktrees now = { 0 };
	struct err err = ERR_INIT;
	bool differs;

	if (repo_worktrees(s->repo, &now, &err) < 0)
		return false;
	differs = now.n != s->trees.n;
	for (size_t i = 0; i < now.n && !differs; i++)
		differs = !is_same_tree(&now.item[i], &s->trees.item[i]);
	git_worktrees_clear(&now);
	return differs;
}

int
survey_take(const struct repo *repo, struct survey *survey, struct err *err)
{
	struct surveying s;
	bool moves;
	int rc;

	/*
	 * Worktrees and journal are read one after the other, while a server may be removing
	 * a worktree or making one: before one is called strange, both are looked at again.
	 */
	for (int tries = 1;; tries++) {
		s = (struct surveying){ .repo = repo, .survey = survey, .of = "" };
		rc = look(&s, err);
		moves = rc == 0 && has_strange_tree(survey) && has_moved_on(&s);
		git_worktrees_clear(&s.trees);
		if (!moves || tries == LOOKS)
			return rc;
		survey_clear(survey);
	}
}
