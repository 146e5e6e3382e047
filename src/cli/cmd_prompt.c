#include "cli/cmd.h"

#include "base/hash.h"
#include "base/mem.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "plan/lint.h"

#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_prompt_options[] = { OPTION_JSON, OPTION_END };

enum { PROMPT_JSON, PROMPT_N_OPTIONS };

/*
 * Faults of other phases do not stop this prompt, unless they concern the structure of the
 * whole file (CONTRACTS 4).
 */
static bool
stops(const struct lint *lint, const char *phase_id)
{
	if (lint_stops(lint, LINT_CHECK))
		return true;
	return lint_stops(lint, LINT_PROMPT) &&
	       (!*lint->phase || strcmp(lint->phase, phase_id) == 0);
}

/* Leaves only what stops the prompt of PHASE_ID. */
static void
keep_stopping(struct lint_list *lints, const char *phase_id)
{
	size_t n = 0;

	for (size_t i = 0; i < lints->n; i++) {
		if (stops(&lints->item[i], phase_id))
			lints->item[n++] = lints->item[i];
	}
	lints->n = n;
}

static void
print_json(
    const struct world *world, const char *phase_id, const char *text, bool is_refused)
{
	json_object *object = json_object_new_object(),
		    *lints = json_object_new_array();
	char sha256[HASH_HEX_SIZE];

	hash_sha256(text, strlen(text), sha256);
	for (size_t i = 0; i < world->lints.n; i++)
		json_object_array_add(
		    lints, json_lint(&world->lints.item[i], world->plan->path, 'E'));
	json_object_object_add(object, "phase", json_str(phase_id));
	json_object_object_add(object, "text", is_refused ? NULL : json_str(text));
	json_object_object_add(object, "sha256", is_refused ? NULL : json_str(sha256));
	json_object_object_add(object, "lint", lints);
	json_print(object);
}

/* A program gets the bytes as they will be sent, a terminal gets them harmless. */
static void
put_text(const char *text)
{
	struct screen screen;

	screen_init(&screen, stdout);
	if (screen.is_terminal)
		text_put(stdout, text);
	else
		fputs(text, stdout);
}

static int
prompt_of(struct world *world, const char *id, bool as_json, struct err *err)
{
	int position = plan_index(world->plan, id);
	const struct dispatch_row *row;
	struct screen errors;
	size_t n_refusals;

	if (position < 0) {
		err_set(err, ERR_NOT_FOUND, "there is no phase \"%.60s\" in %s", id,
		    world->plan->path);
		return err_fix(err, "see: divisi check %s", world->plan->path);
	}
	screen_init(&errors, stderr);
	row = dispatch_row_of(world->rows, position);
	if (!row) {
		world_print_lints(world, &errors, LINT_CHECK, true);
		return err_set(err, ERR_REFUSED, "phase %.60s is in no batch", id);
	}
	AUTO_FREE char *text = world_prompt(world, row);

	world_sort_lints(world);
	keep_stopping(&world->lints, id);
	n_refusals = world->lints.n;
	world_print_lints(world, &errors, LINT_PROMPT, false);
	if (as_json)
		print_json(world, id, text, n_refusals > 0);
	else if (n_refusals == 0)
		put_text(text);
	return err_exit_status(n_refusals > 0 ? ERR_REFUSED : ERR_NONE);
}

int
cmd_prompt(int argc, char **argv)
{
	bool flags[PROMPT_N_OPTIONS] = { false };
	const char *words[2];
	struct args_simple want = { "prompt PLAN PHASE [--json]", flags, words, 2, 2 };
	struct err err = ERR_INIT;
	struct world world;
	struct args args;
	int status = -1;

	args_init(&args, cmd_prompt_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, flags[PROMPT_JSON]);
	if (world_load(&world, words[0], &err) == 0)
		status = prompt_of(&world, words[1], flags[PROMPT_JSON], &err);
	world_clear(&world);
	return status >= 0 ? status : cmd_fail(&err, flags[PROMPT_JSON]);
}
