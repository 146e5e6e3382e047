#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "policy/advise.h"

#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_advise_options[] = {
	OPTION_JSON,
	{ "subtasks", "N", "how many independent pieces the work has", 0 },
	{ "one-session", NULL, "the work fits one session", 0 },
	{ "several-repos", NULL, "it spans several repositories", 0 },
	{ "shared-tree", NULL, "the pieces can share one working tree", 0 },
	{ "own-branch", NULL, "each piece needs a branch that stays", 0 },
	{ "own-ci", NULL, "each piece must have green CI of its own", 0 },
	{ "several-issues", NULL, "it is several issues", 0 },
	{ "one-branch", NULL, "a single branch can hold all issues", 0 },
	{ "research", NULL, "it is research", 0 },
	{ "own-context", NULL, "each track needs a context of its own", 0 },
	OPTION_END,
};

enum {
	ADVISE_JSON,
	ADVISE_SUBTASKS,
	ADVISE_ONE_SESSION,
	ADVISE_SEVERAL_REPOS,
	ADVISE_SHARED_TREE,
	ADVISE_OWN_BRANCH,
	ADVISE_OWN_CI,
	ADVISE_SEVERAL_ISSUES,
	ADVISE_ONE_BRANCH,
	ADVISE_RESEARCH,
	ADVISE_OWN_CONTEXT,
};

static int
set_fact(struct advise_facts *facts, int option, const char *value, struct err *err)
{
	char *end;
	long n;

	switch (option) {
	case ADVISE_SUBTASKS:
		n = strtol(value, &end, 10);
		if (*value == '\0' || *end != '\0' || n < 0 || n > 100000)
			return err_set(err, ERR_USAGE,
			    "--subtasks wants a number up to 100000, not \"%.40s\"",
			    value);
		facts->n_subtasks = (int)n;
		break;
	case ADVISE_ONE_SESSION: facts->one_session = true; break;
	case ADVISE_SEVERAL_REPOS: facts->one_repo = false; break;
	case ADVISE_SHARED_TREE: facts->can_share_tree = true; break;
	case ADVISE_OWN_BRANCH: facts->needs_own_branch = true; break;
	case ADVISE_OWN_CI: facts->needs_ci_per_unit = true; break;
	case ADVISE_SEVERAL_ISSUES: facts->several_issues = true; break;
	case ADVISE_ONE_BRANCH: facts->one_branch_holds_all = true; break;
	case ADVISE_RESEARCH: facts->is_research = true; break;
	case ADVISE_OWN_CONTEXT: facts->needs_own_context = true; break;
	default: break;
	}
	return 0;
}

/*
 * What a plan says about itself.  Its phases are the pieces; the tasks of one phase are
 * what Agent Teams could share inside a session.
 */
static int
facts_of_plan(struct advise_facts *facts, const char *path, struct err *err)
{
	struct world world;
	bool all_research = true;
	size_t most_tasks = 0;

	if (world_load(&world, path, err) < 0) {
		world_clear(&world);
		return -1;
	}
	const struct plan *plan = world.plan;

	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		if (strcmp(phase->repo, plan->phase[0].repo) != 0)
			facts->one_repo = false;
		if (phase->tasks.n > most_tasks)
			most_tasks = phase->tasks.n;
		all_research = all_research && phase_is_research(phase);
	}
	facts->several_issues = plan->n_phases > 1;
	facts->is_research = plan->n_phases > 0 && all_research;
	facts->one_session = plan->n_phases == 1;
	facts->n_subtasks = most_tasks > 1000 ? 1000 : (int)most_tasks;
	facts->can_share_tree = facts->n_subtasks >= 5 || facts->one_session;
	world_clear(&world);
	return 0;
}

int
cmd_advise(int argc, char **argv)
{
	struct advise_facts facts = { .one_repo = true };
	struct advice advice = { 0 };
	struct err err = ERR_INIT;
	bool as_json = false;
	const char *path = NULL;
	struct screen screen;
	struct args args;
	int option;

	args_init(&args, cmd_advise_options, argc, argv);
	while ((option = args_next(&args, &err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return cmd_fail(&err, as_json);
		if (option == ADVISE_JSON)
			as_json = true;
		else if (option == ARGS_WORD && path) {
			err_set(&err, ERR_USAGE, "one plan only");
			return cmd_fail(&err, as_json);
		} else if (option == ARGS_WORD) {
			path = args.value;
			if (facts_of_plan(&facts, path, &err) < 0)
				return cmd_fail(&err, as_json);
		} else if (set_fact(&facts, option, args.value, &err) < 0) {
			return cmd_fail(&err, as_json);
		}
	}
	advise(&facts, &advice);
	if (as_json) {
		json_object *object = json_object_new_object();

		json_object_object_add(object, "recommend", json_str(advice.recommend));
		json_object_object_add(object, "reason", json_str(advice.reason));
		json_print(object);
		return 0;
	}
	screen_init(&screen, stdout);
	screen_put(&screen, STYLE_BOLD, advice.recommend);
	fputs(": ", stdout);
	screen_wrap(&screen, 2, (int)strlen(advice.recommend) + 2, advice.reason);
	return 0;
}
