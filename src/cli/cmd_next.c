#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/init_find.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "plan/lint.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * `divisi` alone: where you are, and the next sensible command.  It starts no server and
 * changes nothing.
 */

enum { PLANS_SHOWN = 8 };

static void
say_where(const struct screen *screen, const char *text)
{
	screen_wrap(screen, 0, 0, text);
}

/* A command, and below it what it is good for. */
static void
say_next(const struct screen *screen, const char *command, const char *why)
{
	fputs("  ", screen->out);
	screen_put(screen, STYLE_BOLD, command);
	fputc('\n', screen->out);
	if (!*why)
		return;
	fputs("      ", screen->out);
	screen_put(screen, STYLE_DIM, why);
	fputc('\n', screen->out);
}

static void
say_plan_next(
    const struct screen *screen, const char *verb, const char *path, const char *why)
{
	AUTO_FREE char *quoted = text_shell_quote(path);
	AUTO_FREE char *command = xasprintf("divisi %s %s", verb, quoted);

	say_next(screen, command, why);
}

static void
next_for_plan(const struct screen *screen, const char *path)
{
	struct world world;
	struct err err = ERR_INIT;
	size_t n_errors = 0, n_unknown = 0;

	if (world_load(&world, path, &err) < 0) {
		say_where(screen, err.text);
		say_plan_next(screen, "check", path, "says what is wrong with it");
		world_clear(&world);
		return;
	}
	n_errors = world_n_stopping(&world, LINT_DISPATCH);
	for (size_t i = 0; i < world.plan->n_phases; i++)
		n_unknown += world.plan->phase[i].is_unknown;

	AUTO_FREE char *line = xasprintf("Plan %s: %zu phase%s in %zu batch%s%s.", path,
	    world.plan->n_phases, world.plan->n_phases == 1 ? "" : "s",
	    world.batches->n, world.batches->n == 1 ? "" : "es",
	    n_errors ? ", with errors" : "");

	say_where(screen, line);
	if (n_errors > 0) {
		say_plan_next(
		    screen, "check", path, "what is wrong, and how to mend it");
	} else {
		if (n_unknown > 0)
			say_plan_next(screen, "init --plan", path,
			    "proposes what its phases touch; unknown runs alone");
		say_plan_next(
		    screen, "plan", path, "the batches and why; starts nothing");
		say_plan_next(screen, "run", path,
		    "shows the table and asks before anything starts");
	}
	world_clear(&world);
}

static bool
is_state(const struct json_object *plan, const char *state)
{
	return strcmp(js_text(plan, "state"), state) == 0;
}

/* What the server says must be done; false when it has no plan that is not over. */
static bool
next_from_status(const struct screen *screen, const struct repo *repo,
    const struct json_object *status)
{
	struct json_object *plans = js_get(status, "plans");
	struct json_object *needs = js_get(status, "needs");
	struct json_object *last = js_at(plans, js_count(plans) - 1);
	int64_t live = js_number(status, "live", 0);
	AUTO_FREE char *line = NULL;

	if (js_count(needs) > 0) {
		const struct json_object *need = js_at(needs, 0);

		line = xasprintf(
		    "%s %s", js_text(need, "subject"), js_text(need, "what"));
		say_where(screen, line);
		say_next(screen, js_text(need, "command"), "");
		if (js_count(needs) > 1)
			say_next(screen, "divisi status", "more that needs you");
		return true;
	}
	if (live > 0) {
		line = xasprintf("%lld session%s at work; nothing needs you now.",
		    (long long)live, live == 1 ? " is" : "s are");
		say_where(screen, line);
		say_next(screen, "divisi watch", "as it happens");
		say_next(screen, "divisi status", "what is going on");
		return true;
	}
	if (js_count(plans) == 0 || is_state(last, "aborted"))
		return false;
	AUTO_FREE char *path = init_typed_path(repo, js_text(last, "path"));

	line = xasprintf("Plan %s is %s.", path,
	    is_state(last, "active") ? "under way" : "complete");
	say_where(screen, line);
	if (is_state(last, "active"))
		say_plan_next(screen, "run", path, "goes on where it stopped");
	else
		say_plan_next(screen, "report", path,
		    "what was done, how long it took, what it cost");
	return true;
}

/* True when a server answered and had something to say. */
static bool
next_from_server(const struct screen *screen, const struct repo *repo)
{
	AUTO_FREE char *sock = path_join(repo->home, "sock");
	struct json_object *status;
	struct client client;
	struct err err = ERR_INIT;
	bool is_said = false;

	if (client_open(&client, NULL, false, &err) == 0) {
		status = client_status(&client, &err);
		is_said = status && next_from_status(screen, repo, status);
		json_object_put(status);
		client_close(&client);
		return is_said;
	}
	if (!store_was_there(repo->home))
		return false;
	say_where(screen, file_exists(sock)
			      ? "The server has gone; what it knew is kept."
			      : "No server is running; what was done is "
				"kept.");
	say_next(screen, "divisi status", "where things are");
	return false;
}

static void
next_from_files(const struct screen *screen, const struct repo *repo)
{
	struct git_list plans = { 0 };
	struct config config = { 0 };
	struct err err = ERR_INIT;
	bool is_set_up = false;

	if (config_load(repo, &config, &err) == 0)
		is_set_up = config_find(&config, "divisi.main") != NULL;
	else
		say_where(screen, err.text);
	init_find_plans(repo, &plans);
	if (!is_set_up)
		say_next(screen, "divisi init",
		    plans.n ? "finds main branch, tests and agents"
			    : "finds main branch, tests and agents, and makes a plan");
	else if (plans.n == 0)
		say_next(screen, "divisi init --tasks FILE",
		    "makes a plan from one task per line");
	for (size_t i = 0; i < plans.n && i < PLANS_SHOWN; i++) {
		AUTO_FREE char *path = init_typed_path(repo, plans.item[i]);

		if (plans.n == 1)
			next_for_plan(screen, path);
		else
			say_plan_next(screen, "check", path, "");
	}
	git_list_clear(&plans);
	config_clear(&config);
}

int
cmd_next(void)
{
	struct err err = ERR_INIT, why = ERR_INIT;
	struct screen screen;
	struct repo repo;

	screen_init(&screen, stdout);
	if (init_open_repo(&repo, &err) < 0) {
		say_where(&screen, err.text);
		if (err.fix[0])
			say_next(&screen, err.fix, "");
	} else {
		AUTO_FREE char *line = xasprintf(
		    "Repository %s, main branch %s.", repo.top, repo.main_branch);

		say_where(&screen, line);
		if (repo_check_ready(&repo, &why) < 0) {
			say_where(&screen, why.text);
			if (why.fix[0])
				say_next(&screen, why.fix, "before sessions can start");
		}
		if (!next_from_server(&screen, &repo))
			next_from_files(&screen, &repo);
		repo_close(&repo);
	}
	fputs("\ndivisi help lists every command, divisi doctor checks this machine.\n",
	    stdout);
	return 0;
}
