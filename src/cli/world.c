#include "cli/world.h"

#include "base/file.h"
#include "cli/degraded.h"
#include "cli/screen.h"
#include "engine/agent_settings.h"
#include "engine/looping.h"
#include "git/place.h"
#include "plan/lint.h"
#include "plan/parse.h"
#include "plan/standing.h"
#include "policy/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIRS_SHOWN = 200 };

/* The directory that holds PATH.  The caller frees it. */
static char *
dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static int
read_settings(struct world *world, struct err *err)
{
	if (config_load(&world->repo, &world->config, err) < 0)
		return err_wrap(err, "settings");
	world->dispatch_env.agent = config_str(
	    &world->config, "divisi.agent", "claude");
	world->dispatch_env.default_mode = exec_mode_of(
	    span_of(config_str(&world->config, "divisi.default-mode", "")));
	agent_settings_away(&world->config, &world->away);
	world->dispatch_env.away = (const char *const *)world->away.item;
	world->dispatch_env.n_away = world->away.n;
	return 0;
}

/*
 * There is a repository, and nobody can say what is in it: links, submodules and a disk that
 * folds case then give no pair away.  Nothing is dispatched there; what is shown says why.
 */
static void
say_unread(const struct err *err)
{
	if (err->kind == ERR_NOT_FOUND)
		return;
	fputs(
	    "warning: what the repository tracks is not known, so links, submodules and "
	    "names that differ only in case are not either: ",
	    stderr);
	text_put(stderr, err->text);
	fputc('\n', stderr);
}

/* S-6, S-15: whoever looks is told, and every overlap is sequential. */
static void
degrade(struct world *world)
{
	world->is_degraded = true;
	world->verdict_env.has_no_branches = true;
	world->around.env.has_no_branches = true;
	degraded_say(&world->surface);
}

int
world_open(struct world *world, const char *dir, struct err *err)
{
	struct err unread = ERR_INIT;

	*world = (struct world){ .dispatch_env.agent = "claude" };
	knowledge_open(&world->knowledge, NULL);
	knowledge_env(&world->knowledge, &world->verdict_env, &world->forecast_env);
	if (surface_of(NULL, &world->surface, err) < 0)
		return -1;
	if (world->surface.lacks_git && file_is_dir(dir) &&
	    repo_place(dir, &world->repo, &unread) == 0) {
		degrade(world);
		return 0;
	}
	if (repo_open_to_read(dir, &world->repo, &unread) < 0) {
		say_unread(&unread);
		if (world->surface.is_degraded)
			degrade(world);
		return 0;
	}
	world->has_repo = true;
	if (read_settings(world, err) < 0 ||
	    surface_of(&world->config, &world->surface, err) < 0 ||
	    surroundings_read(&world->around, &world->repo, &world->config, err) < 0)
		return -1;
	if (world->surface.is_degraded)
		degrade(world);
	world->verdict_env = world->around.env;
	knowledge_open(&world->knowledge, &world->repo);
	knowledge_env(&world->knowledge, &world->verdict_env, &world->forecast_env);
	return 0;
}

static void
open_repos(struct world *world)
{
	if (!world->repo.top)
		return;
	plan_repos_open(
	    &world->repos, world->plan, &world->repo, &world->config, &world->lints);
	if (!world->has_repo || world->repos.n == 0)
		return;
	plan_repos_join(&world->repos, &world->around);
	world->verdict_env = world->around.env;
	knowledge_env(&world->knowledge, &world->verdict_env, &world->forecast_env);
}

/*
 * A journal that cannot be read costs only the assertions: their pairs are then unknown,
 * and unknown is sequential.
 */
static void
read_assertions(struct world *world, const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	struct err err = ERR_INIT;

	if (!world->has_repo || !real)
		return;
	if (asserted_read(&world->asserted, world->repo.home, real, &err) < 0) {
		fputs("warning: what people asserted is not known: ", stderr);
		text_put(stderr, err.text);
		fputc('\n', stderr);
	}
	world->verdict_env.assertion = world->asserted.item;
	world->verdict_env.n_assertions = world->asserted.n;
}

/* The same bounds as in a dispatch, so that the table there is the one shown here. */
static int
batch_caps(const struct world *world, struct batch_env *env, struct err *err)
{
	const struct config_range range = { 3, 1, 32 }, research = { 5, 1, 5 };
	long cap, research_cap;

	if (config_int(&world->config, "divisi.cap", range, &cap, err) < 0 ||
	    config_int(&world->config, "divisi.research-cap", research, &research_cap,
		err) < 0)
		return -1;
	env->cap = (size_t)cap;
	env->research_cap = (size_t)research_cap;
	return knowledge_conflict_cost(&world->config, &env->conflict_cost, err);
}

static int
compare_places(const void *a, const void *b)
{
	const struct lint *x = a, *y = b;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return strcmp(x->code, y->code);
}

void
world_sort_lints(struct world *world)
{
	if (world->lints.n > 1)
		qsort(world->lints.item, world->lints.n, sizeof(*world->lints.item),
		    compare_places);
}

/* N02: is the project of a plan called 2026-11-22-ccc-topic.md one of the configured? */
static void
lint_project(struct world *world, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool any = false;

	if (!plan_file_name_ok(name) || strspn(name, "0123456789-") < 11)
		return;
	for (size_t i = 0; i < world->config.n; i++) {
		const struct config_item *item = &world->config.item[i];
		const char *known = strcmp(item->key, "divisi.project") == 0
					? item->value
				    : strncmp(item->key, "divisi.project.", 15) == 0
					? item->key + 15
					: NULL;
		size_t n = known ? strlen(known) : 0;

		if (n > 0 && strncmp(name + 11, known, n) == 0 && name[11 + n] == '-')
			return;
		any = any || n > 0;
	}
	if (any)
		lint_add(world->plan, &world->lints, "N02", 'W', "R-27", "",
		    (struct place){ 1, 1 },
		    "rename the file, or add the project: git config divisi.project.SHORT "
		    "TITLE",
		    "the name of \"%.80s\" begins with no project that is configured",
		    name);
}

/* The verdicts of the world's plan, which stand where it is to be changed. */
static void
decide(struct world *world, bool stands)
{
	if (stands) {
		world->standing = standing_new(world->plan, &world->verdict_env);
		world->verdicts = standing_verdicts(world->standing);
	} else {
		world->verdicts = verdicts_new(world->plan, &world->verdict_env);
	}
	forecast_risks(world->plan, world->verdicts, &world->forecast_env);
}

const struct verdicts *
world_change(struct world *world, const struct plan *plan, const int *changed, size_t n)
{
	struct verdicts *now;

	assert(
	    world->standing && world->verdicts == standing_verdicts(world->standing));
	world->verdicts = standing_past(world->standing);
	(void)standing_change(world->standing, plan, changed, n);
	now = standing_verdicts(world->standing);
	forecast_again(plan, now, &world->forecast_env, changed, n);
	return now;
}

static void
verdicts_clear(struct world *world)
{
	if (!world->standing)
		verdicts_free(world->verdicts);
	else if (world->verdicts != standing_verdicts(world->standing))
		standing_past_free(world->verdicts);
	standing_free(world->standing);
}

/* S-8: no row shows a worktree or a branch that nobody can make. */
static void
take_branches(struct dispatch_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		rows->row[i].worktree = "n/a";
		free(rows->row[i].branch);
		rows->row[i].branch = NULL;
	}
}

static int
load(struct world *world, const char *path, bool stands, struct err *err)
{
	AUTO_FREE char *dir = dir_of(path);

	*world = (struct world){ 0 };
	AUTO_PLAN struct plan *plan = NULL;
	struct lint_list lints = { 0 };

	plan = plan_load(path, &lints, err);
	if (!plan) {
		lint_list_clear(&lints);
		return -1;
	}
	if (world_open(world, dir, err) < 0) {
		lint_list_clear(&lints);
		return -1;
	}
	world->plan = TAKE_PTR(plan);
	world->lints = lints;
	if (batch_caps(world, &world->batch_env, err) < 0)
		return -1;
	open_repos(world);
	read_assertions(world, path);
	decide(world, stands);
	plan_lint(world->plan, world->verdicts, &world->lints);
	world->cap = world->batch_env.cap;
	world->conflict_cost = world->batch_env.conflict_cost;
	world_print_word(world);
	world->batches = batches_new(world->plan, world->verdicts, &world->batch_env);
	world->rows = dispatch_rows_new(
	    world->plan, world->batches, &world->dispatch_env);
	dispatch_lint(world->rows, world->plan, &world->lints);
	if (world->is_degraded)
		take_branches(world->rows);
	lint_project(world, path);
	world_sort_lints(world);
	return 0;
}

int
world_load(struct world *world, const char *path, struct err *err)
{
	return load(world, path, false, err);
}

int
world_load_standing(struct world *world, const char *path, struct err *err)
{
	return load(world, path, true, err);
}

void
world_clear(struct world *world)
{
	dispatch_rows_free(world->rows);
	batches_free(world->batches);
	verdicts_clear(world);
	lint_list_clear(&world->lints);
	plan_free(world->plan);
	asserted_clear(&world->asserted);
	knowledge_close(&world->knowledge);
	plan_repos_clear(&world->repos);
	surroundings_clear(&world->around);
	git_list_clear(&world->away);
	config_clear(&world->config);
	if (world->repo.top)
		repo_close(&world->repo);
	*world = (struct world){ 0 };
}

int
world_phase(const struct world *world, const char *id, struct err *err)
{
	int position = plan_index(world->plan, id);

	if (position >= 0)
		return position;
	err_set(err, ERR_NOT_FOUND, "there is no phase \"%.60s\" in %s", id,
	    world->plan->path);
	return err_fix(err, "see: divisi check %s", world->plan->path);
}

void
world_print_word(const struct world *world)
{
	if (!world->knowledge.word)
		return;
	fputs("note: ", stderr);
	text_put(stderr, world->knowledge.word);
	fputc('\n', stderr);
}

size_t
world_n_stopping(const struct world *world, enum lint_verb verb)
{
	size_t n = 0;

	for (size_t i = 0; i < world->lints.n; i++)
		n += lint_stops(&world->lints.item[i], verb);
	return n;
}

void
world_print_lints(const struct world *world, const struct screen *screen,
    enum lint_verb verb, bool only_stopping)
{
	FILE *out = screen->out;

	for (size_t i = 0; i < world->lints.n; i++) {
		const struct lint *lint = &world->lints.item[i];
		bool is_error = lint_level(lint, verb) == 'E';

		if (only_stopping && !is_error)
			continue;
		text_put(out, world->plan->path);
		if (lint->at.line > 0)
			fprintf(out, ":%u:%u", lint->at.line, lint->at.column);
		fputs(": ", out);
		screen_put(screen, is_error ? STYLE_BAD : STYLE_WARN,
		    is_error ? "error" : "warning");
		fprintf(out, " %s ", lint->code);
		text_put(out, lint->message);
		if (*lint->fix) {
			fputs("  fix: ", out);
			text_put(out, lint->fix);
		}
		fprintf(out, "  [%s]\n", lint->rule);
	}
}

/* Did a person say something of this pair?  It is shown wherever the pair is. */
static bool
is_asserted(const struct world *world, const char *a, const char *b)
{
	for (size_t i = 0; i < world->asserted.n; i++) {
		const struct assertion *as = &world->asserted.item[i];

		if ((strcmp(as->a, a) == 0 && strcmp(as->b, b) == 0) ||
		    (strcmp(as->a, b) == 0 && strcmp(as->b, a) == 0))
			return true;
	}
	return false;
}

/* The chance is told where it is one: of what shares a directory nothing is known to. */
static char *
on_branches(const struct verdicts *verdicts, const struct pair *pair, const char *a,
    const char *b)
{
	if (!verdicts->has_risk || (double)pair->risk < 0.005)
		return xasprintf("%s, %s on branches: %s", a, b, pair->grounds->reason);
	return xasprintf("%s, %s on branches: %s (%.0f %% chance of a conflict)", a, b,
	    pair->grounds->reason, 100 * (double)pair->risk);
}

void
world_print_pairs(const struct world *world, const struct screen *screen)
{
	const struct plan *plan = world->plan;

	for (size_t i = 0, n = 0; i < world->verdicts->n_pairs; i++) {
		const struct pair *pair = &world->verdicts->pair[i];
		const char *a = plan->phase[pair->a].id, *b = plan->phase[pair->b].id;
		AUTO_FREE char *line = NULL;

		if (pair->verdict == VERDICT_PARALLEL && !is_asserted(world, a, b))
			continue;
		if (n++ == 0)
			fputc('\n', screen->out);
		if (n > PAIRS_SHOWN) {
			fputs("... and more: --json has all\n", screen->out);
			return;
		}
		if (pair->verdict == VERDICT_PARALLEL)
			line = xasprintf(
			    "%s, %s together: %s", a, b, pair->grounds->reason);
		else if (pair->verdict == VERDICT_PARALLEL_BRANCHES)
			line = on_branches(world->verdicts, pair, a, b);
		else if (pair->first < 0 || pair->question != 1)
			line = xasprintf(
			    "%s, %s not together: %s", a, b, pair->grounds->reason);
		else
			line = xasprintf("%s before %s: %s",
			    pair->first == pair->a ? a : b,
			    pair->first == pair->a ? b : a, pair->grounds->reason);
		screen_wrap(screen, 4, 0, line);
	}
}

static struct prompt_facts
prompt_facts(
    struct world *world, const struct dispatch_row *row, char *path_buf, size_t size)
{
	const struct plan_repo *at = plan_repos_of(&world->repos, row->phase);
	const struct config *config = at ? &at->config : &world->config;
	const char *top = at && at->is_open ? at->repo.top
			  : at              ? at->path
					    : world->repo.top;
	const char *home = getenv("HOME"), *name = top ? strrchr(top, '/') : NULL;
	size_t n = home ? strlen(home) : 0;

	/* Tracker text shows no home directory: A-41. */
	if (top && n > 1 && strncmp(top, home, n) == 0 && top[n] == '/')
		snprintf(path_buf, size, "~%s", top + n);
	else
		snprintf(path_buf, size, "%s", top ? top : "");
	return (struct prompt_facts){
		.plan = world->plan,
		.phase = row->phase,
		.launch_as = row->launch_as,
		.worktree = row->worktree,
		.repo_label = config_str(
		    config, "divisi.project", name ? name + 1 : NULL),
		.repo_path = *path_buf ? path_buf : NULL,
		.branch = row->branch,
		.verify = *row->phase->verify
			      ? row->phase->verify
			      : config_str(config, "divisi.verify", NULL),
		.loops = !(row->agent && row->agent->is_external) &&
			 looping_is_on(config, row->phase),
		.is_external = row->agent && !row->agent->knows_method,
		.target = row->agent && row->agent->is_external && world->has_repo
			      ? world->repo.main_branch
			      : NULL,
		.prefixes = &world->prefixes,
	};
}

static bool
is_said(const struct lint_list *lints, size_t n, const struct lint *lint)
{
	for (size_t i = 0; i < n; i++) {
		const struct lint *said = &lints->item[i];

		if (strcmp(said->phase, lint->phase) != 0)
			continue;
		/* An open field of the prompt follows from what the plan lacks. */
		if (strcmp(said->code, lint->code) == 0 ||
		    (strcmp(lint->code, "P01") == 0 && said->code[0] == 'P'))
			return true;
	}
	return false;
}

char *
world_prompt(struct world *world, const struct dispatch_row *row)
{
	struct lint_list found = { 0 };
	size_t n_before = world->lints.n;
	char path[512];
	struct prompt_facts facts = prompt_facts(world, row, path, sizeof(path));
	char *text = prompt_render(&facts);

	prompt_lint(text, &facts, world->plan, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct lint *lint = &found.item[i];

		if (is_said(&world->lints, n_before, lint))
			continue;
		lint->at = row->phase->heading_at.line > 0 ? row->phase->heading_at
							   : row->phase->at;
		GROW(world->lints.item, world->lints.n, world->lints.cap);
		world->lints.item[world->lints.n++] = *lint;
	}
	lint_list_clear(&found);
	return text;
}
