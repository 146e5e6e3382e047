#include "engine/repos.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "plan/meets.h"
#include "plan/parse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the repositories of a plan are, and whether its phases can work in them. */

static void PRINTF(5, 6) tell(struct plan *plan, struct lint_list *lints,
    const struct phase *phase, const char *fix, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	lint_add(plan, lints, "L24", 'E', "A-4", phase->id,
	    phase->heading_at.line > 0 ? phase->heading_at : phase->at,
	    arena_strdup(plan->arena, fix), "%s", text);
}

static void
tell_err(struct plan *plan, struct lint_list *lints, const struct phase *phase,
    const struct err *err)
{
	tell(plan, lints, phase,
	    err->fix[0] ? err->fix : "name another place, or drop the line",
	    "repository \"%.100s\": %s", phase->repo, err->text);
}

/*
 * The place that NAME stands for: what the settings say, else a path, from TOP on unless it
 * is absolute.  NULL when it is neither.
 */
static char *
place_of(const char *name, const char *top, const struct config *config)
{
	AUTO_FREE char *key = xasprintf("divisi.repo.%s.path", name);
	const char *path = config_str(config, key, "");
	const char *home = getenv("HOME");

	if (path[0] == '\0')
		path = strchr(name, '/') || name[0] == '.' || name[0] == '~' ? name
									     : "";
	if (path[0] == '\0')
		return NULL;
	if (strncmp(path, "~/", 2) == 0 && home)
		return path_join(home, path + 2);
	return path[0] == '/' ? xstrdup(path) : path_join(top, path);
}

static bool
is_same_dir(const char *a, const char *b)
{
	AUTO_FREE char *ra = realpath(a, NULL), *rb = realpath(b, NULL);

	return strcmp(ra ? ra : a, rb ? rb : b) == 0;
}

/* Is DIR below TOP, with both as they really are? */
static bool
is_below(const char *dir, const char *top)
{
	AUTO_FREE char *rd = realpath(dir, NULL), *rt = realpath(top, NULL);
	size_t n = rt ? strlen(rt) : 0;

	return rd && n > 0 && strncmp(rd, rt, n) == 0 && rd[n] == '/';
}

/* Opens AT; -1 with ERR when no phase can work there. */
static int
open_one(struct plan_repo *at, const struct repo *home, struct err *err)
{
	struct repo *repo = &at->repo;

	if (repo_open(at->path, repo, err) < 0)
		return -1;
	at->is_open = true;
	if (config_load(repo, &at->config, err) < 0 ||
	    repo_tree(repo, &at->tree, err) < 0)
		return -1;
	if (is_same_dir(repo->common_dir, home->common_dir)) {
		err_set(err, ERR_REFUSED, "it is, or is a part of, the plan's own");
		return err_fix(err, "drop the line \"Repo:\"");
	}
	if (is_below(repo->common_dir, home->common_dir)) {
		err_set(err, ERR_REFUSED, "it is a submodule of the plan's own");
		return err_fix(err, "name a clone of it beside this repository");
	}
	if (!is_same_dir(at->path, repo->top)) {
		err_set(err, ERR_REFUSED, "%s is not the main checkout, which is %s",
		    at->path, repo->top);
		return err_fix(err, "name %s", repo->top);
	}
	if (access(repo->common_dir, W_OK | X_OK) < 0) {
		err_sys(err, "%s cannot be written", repo->common_dir);
		return err_fix(err, "make it writable for you, with all that is in it");
	}
	if (repo->ignore_case && !home->ignore_case) {
		err_set(err, ERR_REFUSED,
		    "its names ignore case, and those of the plan's own do not");
		return err_fix(err, "git config core.ignoreCase true, in both or none");
	}
	return 0;
}

/* The same place under an earlier name, or NULL. */
static const struct plan_repo *
twin_of(const struct plan_repos *repos, const struct plan_repo *at)
{
	for (size_t i = 0; &repos->item[i] < at; i++) {
		if (repos->item[i].is_open &&
		    is_same_dir(repos->item[i].repo.common_dir, at->repo.common_dir))
			return &repos->item[i];
	}
	return NULL;
}

static void
add_one(struct plan_repos *repos, struct plan *plan, const struct phase *phase,
    const struct repo *home, const struct config *config, struct lint_list *lints)
{
	struct plan_repo *at = &repos->item[repos->n++];
	struct err err = ERR_INIT;
	const struct plan_repo *twin;

	*at = (struct plan_repo){ .name = phase->repo, .repo.lock_fd = -1 };
	at->path = place_of(at->name, home->top, config);
	if (!at->path) {
		AUTO_FREE char *fix = xasprintf(
		    "git config divisi.repo.%.100s.path PATH, or write a path such as "
		    "../%.100s",
		    at->name, at->name);

		tell(plan, lints, phase, fix, "nobody knows a repository \"%.100s\"",
		    at->name);
		return;
	}
	if (home->lacks_git)
		return;
	if (open_one(at, home, &err) < 0) {
		tell_err(plan, lints, phase, &err);
		return;
	}
	twin = twin_of(repos, at);
	if (twin) {
		AUTO_FREE char *fix = xasprintf("write %.100s in both", twin->name);

		tell(plan, lints, phase, fix,
		    "repository \"%.100s\" is \"%.100s\" under another name", at->name,
		    twin->name);
	}
}

/* ---- other names of the same files --------------------------------------------------------- */

/* Is PATH, or what is below it, DIR? */
static bool
leads_into(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/*
 * Does a pattern that begins with BEGIN go through the link FROM, out of what it names
 * itself?  Of other repositories links are not followed, so that has to be said.
 */
static bool
goes_through(const char *begin, const char *from, const char *to)
{
	const char *slash = strrchr(begin, '/');
	size_t n = slash ? (size_t)(slash - begin) + 1 : 0;

	if (leads_into(begin, from))
		return true;
	return strncmp(from, begin, strlen(begin)) == 0 &&
	       (!to || strncmp(to, begin, n) != 0);
}

static const char *
trap_of(const struct plan_repo *at, const char *begin)
{
	for (size_t i = 0; i < at->tree.n_links; i++) {
		if (goes_through(begin, at->tree.link[i].path, at->tree.link[i].to))
			return at->tree.link[i].path;
	}
	for (size_t i = 0; i < at->tree.submodules.n; i++) {
		if (leads_into(begin, at->tree.submodules.item[i]))
			return at->tree.submodules.item[i];
	}
	return NULL;
}

static void
check_pattern(const struct plan_repo *at, struct plan *plan, const struct phase *phase,
    const char *text, struct lint_list *lints)
{
	AUTO_FREE char *begin = xstrndup(text, strcspn(text, "*?[{\\"));
	const char *trap = trap_of(at, begin);

	if (trap)
		tell(plan, lints, phase,
		    "name the files where they are, and leave the link or submodule "
		    "alone",
		    "`%.100s` goes through `%.100s`, a link or submodule of \"%.100s\"",
		    text, trap, at->name);
}

static void
check_patterns(const struct plan_repo *at, struct plan *plan, const struct phase *phase,
    struct lint_list *lints)
{
	if (at->tree.n_links + at->tree.submodules.n == 0)
		return;
	for (size_t t = 0; t < TOUCH_N; t++) {
		const struct touch_list *list = &phase->touch[t];

		for (size_t i = 0; i < list->n; i++) {
			if (list->item[i].is_negated ||
			    !touch_is_path((enum touch)t, list->item[i].text))
				continue;
			check_pattern(at, plan, phase, list->item[i].text, lints);
			if (list->item[i].to)
				check_pattern(at, plan, phase, list->item[i].to, lints);
		}
	}
}

/* ---- all of a plan --------------------------------------------------------------------------- */

struct plan_repo *
plan_repos_of(const struct plan_repos *repos, const struct phase *phase)
{
	for (size_t i = 0; i < repos->n; i++) {
		if (strcmp(repos->item[i].name, phase->repo) == 0)
			return &repos->item[i];
	}
	return NULL;
}

void
plan_repos_open(struct plan_repos *repos, struct plan *plan, const struct repo *home,
    const struct config *config, struct lint_list *lints)
{
	*repos = (struct plan_repos){ .item = xcalloc(
					  plan->n_phases + 1, sizeof(*repos->item)) };
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		const struct plan_repo *at;

		if (phase->repo[0] == '\0')
			continue;
		if (!plan_repos_of(repos, phase))
			add_one(repos, plan, phase, home, config, lints);
		at = plan_repos_of(repos, phase);
		if (at->is_open)
			check_patterns(at, plan, phase, lints);
	}
}

void
plan_repos_clear(struct plan_repos *repos)
{
	for (size_t i = 0; i < repos->n; i++) {
		struct plan_repo *at = &repos->item[i];

		git_tree_clear(&at->tree);
		config_clear(&at->config);
		if (at->is_open)
			repo_close(&at->repo);
		free(at->path);
	}
	free(repos->item);
	*repos = (struct plan_repos){ 0 };
}

static void
add_values(const struct config *config, const char *key, struct git_list *list)
{
	struct git_list values = { 0 };

	config_values(config, key, &values);
	for (size_t i = 0; i < values.n; i++)
		git_list_add(list, values.item[i]);
	git_list_clear(&values);
}

void
plan_repos_join(const struct plan_repos *repos, struct surroundings *around)
{
	for (size_t i = 0; i < repos->n; i++) {
		const struct config *config = &repos->item[i].config;

		add_values(config, "divisi.infra", &around->infra);
		add_values(config, "divisi.exclusive", &around->exclusive);
	}
	if (repos->n > 0)
		surroundings_refresh(around);
}
