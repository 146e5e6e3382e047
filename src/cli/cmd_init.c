#include "cli/cmd.h"

#include "base/file.h"
#include "cli/ask.h"
#include "cli/init.h"
#include "plan/parse.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const struct option_doc cmd_init_options[] = {
	{ "tasks", "FILE", "make a plan from one task per line; - reads standard input",
	    0 },
	{ "plan", "FILE", "take this plan, and propose what its phases touch", 0 },
	{ "topic", "TEXT", "what the new plan is about: its title and file name", 0 },
	{ "project", "SHORT", "short name of the project, for plan file names", 0 },
	{ "verify", "COMMAND", "what verifies the repository; empty for nothing", 0 },
	{ "yes", NULL, "accept every proposal and ask nothing", 'y' },
	{ "skill", NULL, "install a SKILL.md that teaches agents these commands", 0 },
	{ "dry-run", NULL, "say what would be written, and write nothing", 'n' },
	OPTION_JSON,
	OPTION_END,
};

enum {
	INIT_TASKS,
	INIT_PLAN,
	INIT_TOPIC,
	INIT_PROJECT,
	INIT_VERIFY,
	INIT_YES,
	INIT_SKILL,
	INIT_DRY_RUN,
	INIT_JSON,
};

static int
read_options(struct init *init, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_init_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		switch (option) {
		case INIT_TASKS: init->tasks = args.value; break;
		case INIT_PLAN: init->plan = args.value; break;
		case INIT_TOPIC: init->topic = args.value; break;
		case INIT_PROJECT: init->project = args.value; break;
		case INIT_VERIFY: init->verify = args.value; break;
		case INIT_YES: init->yes = true; break;
		case INIT_SKILL: init->skill = true; break;
		case INIT_DRY_RUN: init->dry_run = true; break;
		case INIT_JSON: init->as_json = true; break;
		case ARGS_BAD: return -1;
		default:
			err_set(err, ERR_USAGE, "\"%.60s\" is too much", args.value);
			return err_fix(
			    err, "name a task file with --tasks, a plan with --plan");
		}
	}
	if (init->tasks && init->plan)
		return err_set(err, ERR_USAGE,
		    "--tasks makes a plan and --plan takes one: choose one of them");
	init->asks = ask_possible() && !init->yes && !init->as_json && !init->dry_run;
	return 0;
}

int
init_open(struct init *init, struct err *err)
{
	if (init_open_repo(&init->repo, err) < 0)
		return -1;
	if (config_load(&init->repo, &init->config, err) < 0)
		return err_wrap(err, "settings");
	if (repo_ls_files(&init->repo, &init->tracked, err) < 0)
		return -1;
	init_find_plans(&init->repo, &init->plans);
	init->n_agents = init_find_agents(&init->config, &init->agent);
	return 0;
}

void
init_close(struct init *init)
{
	for (size_t i = 0; i < init->n_settings; i++) {
		free(init->setting[i].key);
		free(init->setting[i].value);
		free(init->setting[i].because);
	}
	for (size_t i = 0; i < init->n_proposals; i++)
		footprint_clear(&init->proposal[i].footprint);
	free(init->proposal);
	free(init->plan_path);
	free(init->plan_shown);
	free(init->plan_text);
	free(init->skill_path);
	free(init->agent);
	task_lines_clear(&init->lines);
	lint_list_clear(&init->old_lints);
	plan_free(init->old_plan);
	git_list_clear(&init->plans);
	git_list_clear(&init->tracked);
	config_clear(&init->config);
	repo_close(&init->repo);
}

/* All of standard input, at most what a task file may hold. */
static char *
read_stdin(size_t *n, struct err *err)
{
	size_t size = TASK_LINES_MAX_BYTES + 1, used = 0;
	AUTO_FREE char *text = xmalloc(size + 1);

	while (used < size) {
		ssize_t got = read(STDIN_FILENO, text + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_sys(err, "standard input");
			return NULL;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	if (used > TASK_LINES_MAX_BYTES) {
		err_set(err, ERR_INPUT, "standard input holds more than %u bytes",
		    TASK_LINES_MAX_BYTES);
		return NULL;
	}
	text[used] = '\0';
	*n = used;
	return TAKE_PTR(text);
}

static int
make_from_file(struct init *init, struct err *err)
{
	bool is_stdin = strcmp(init->tasks, "-") == 0;
	const char *name = is_stdin ? "standard input" : init->tasks;
	size_t n = 0;
	AUTO_FREE char *text = is_stdin ? read_stdin(&n, err)
					: file_read(init->tasks, TASK_LINES_MAX_BYTES,
					      &n, err);

	/* The answers would be read from the file of tasks. */
	if (is_stdin)
		init->asks = false;
	return text ? init_make_plan(init, name, text, n, err) : -1;
}

/* A person at a terminal types the tasks. */
static int
make_from_person(struct init *init, struct err *err)
{
	struct err why = ERR_INIT;
	size_t n = 0;
	AUTO_FREE char *text = init_ask_tasks(&n, &why);

	if (!text && why.kind != ERR_NONE) {
		*err = why;
		return -1;
	}
	return text ? init_make_plan(init, "your tasks", text, n, err) : 0;
}

/* The plan: the one that is named, made or found, in this order. */
static int
decide_plan(struct init *init, struct err *err)
{
	AUTO_FREE char *found = NULL;

	if (init->plan)
		return init_adopt_plan(init, init->plan, err);
	if (init->tasks)
		return make_from_file(init, err);
	if (init->plans.n == 1) {
		found = path_join(init->repo.top, init->plans.item[0]);
		return init_adopt_plan(init, found, err);
	}
	if (init->plans.n == 0 && init->asks && !init->skill)
		return make_from_person(init, err);
	return 0;
}

/* Paths are shown as they can be typed here. */
static void
shorten(struct init *init)
{
	if (!init->plan_path || (init->plan && init->plan_shown))
		return;
	free(init->plan_shown);
	init->plan_shown = init_typed_path(&init->repo, init->plan_path);
}

static int
run(struct init *init, struct err *err)
{
	if (init_open(init, err) < 0 || init_skill_decide(init, err) < 0 ||
	    init_settings_decide(init, err) < 0 || decide_plan(init, err) < 0)
		return -1;
	shorten(init);
	if (!init->dry_run &&
	    (init_write(init, err) < 0 || init_skill_write(init, err) < 0))
		return -1;
	init_report(init);
	return 0;
}

int
cmd_init(int argc, char **argv)
{
	struct init init = { 0 };
	struct err err = ERR_INIT;
	int rc = read_options(&init, argc, argv, &err);

	if (rc == 0) {
		rc = run(&init, &err);
		init_close(&init);
	}
	return rc == 0 ? 0 : cmd_fail(&err, init.as_json);
}
