#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/drawing.h"
#include "cli/json.h"
#include "cli/json_out.h"
#include "cli/screen.h"
#include "cli/world.h"
#include "plan/certificate.h"
#include "plan/lint.h"

#include <stdlib.h>

const struct option_doc cmd_check_options[] = { OPTION_JSON,
	{ "certificate", "FILE",
	    "write what every verdict follows from; divisi-verify FILE checks it", 0 },
	OPTION_END };

enum { CHECK_JSON, CHECK_CERTIFICATE };
/* A matrix of more phases than this is no longer read by anybody. */
enum { MATRIX_MAX = 40, PROMPTS_MAX = 1000 };

/* Prompt lints concern the plan's own text, so they are shown here (CONTRACTS 4). */
static void
lint_prompts(struct world *world)
{
	for (size_t i = 0; i < world->rows->n && i < PROMPTS_MAX; i++)
		free(world_prompt(world, &world->rows->row[i]));
	world_sort_lints(world);
}

/* Only where a phase names a file is there something to be forgotten with it. */
static void
lint_forgotten(struct world *world)
{
	const struct guess_history *history;
	bool has_files = false;

	for (size_t i = 0; i < world->plan->n_phases && !has_files; i++)
		has_files = world->plan->phase[i].touch[TOUCH_WRITES].n > 0;
	history = has_files ? knowledge_partners(&world->knowledge, &world->verdict_env)
			    : NULL;
	if (history)
		guesses_lint(world->plan, history, &world->lints);
	world_sort_lints(world);
}

static json_object *
levels_json(const struct world *world)
{
	unsigned n_levels;
	AUTO_FREE unsigned *level = drawing_levels(
	    world->plan, world->verdicts, world->batches, &n_levels);
	json_object *array = json_object_new_array();

	for (unsigned l = 1; l <= n_levels; l++) {
		json_object *ids = json_object_new_array();

		for (size_t i = 0; i < world->plan->n_phases; i++) {
			if (level[i] == l)
				json_object_array_add(
				    ids, json_str(world->plan->phase[i].id));
		}
		json_object_array_add(array, ids);
	}
	return array;
}

static json_object *
plan_json(const struct plan *plan)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "title", json_str(plan->title));
	json_object_object_add(object, "path", json_str(plan->path));
	json_object_object_add(object, "sha256", json_str(plan->sha256));
	json_object_object_add(object, "plan_hash", json_str(plan->plan_hash));
	return object;
}

static void
print_json(const struct world *world)
{
	const struct plan *plan = world->plan;
	const struct verdicts *v = world->verdicts;
	struct json_out json;

	json_out_init(&json, stdout);
	json_out_open(&json, NULL, '{');
	json_out_value(&json, "plan", plan_json(plan));
	json_out_open(&json, "phases", '[');
	for (size_t i = 0; i < plan->n_phases; i++)
		json_out_value(&json, NULL, json_phase(&plan->phase[i]));
	json_out_close(&json, ']');
	json_out_pairs(&json, "pairs", plan, v, false);
	json_out_int(&json, "pairs_total", (long long)v->n_total);
	json_out_open(&json, "lint", '[');
	for (size_t i = 0; i < world->lints.n; i++) {
		const struct lint *lint = &world->lints.item[i];

		json_out_value(&json, NULL,
		    json_lint(lint, plan->path, lint_level(lint, LINT_CHECK)));
	}
	json_out_close(&json, ']');
	json_out_open(&json, "cycles", '[');
	for (size_t i = 0; i < v->n_cycles; i++)
		json_out_value(
		    &json, NULL, json_ids(plan, v->cycle[i].phase, v->cycle[i].n));
	json_out_close(&json, ']');
	json_out_value(&json, "levels", levels_json(world));
	json_out_value(&json, "critical_path",
	    json_ids(plan, world->batches->critical_path, world->batches->n_critical));
	json_out_close(&json, '}');
}

/* What stands in row I, column J of the matrix. */
static char
matrix_sign(const struct verdicts *verdicts, int i, int j)
{
	const struct pair *pair = verdicts_find(verdicts, i, j);

	if (!pair || pair->verdict == VERDICT_PARALLEL)
		return '.';
	if (pair->verdict == VERDICT_PARALLEL_BRANCHES)
		return 'b';
	if (pair->kind == PAIR_UNKNOWN)
		return '?';
	if (pair->first < 0)
		return '!';
	if (pair->question != 1)
		return 'x';
	return pair->first == i ? '<' : '^';
}

static void
print_matrix(const struct world *world, const struct screen *screen)
{
	const struct plan *plan = world->plan;
	size_t widest = 0;
	FILE *out = screen->out;

	for (size_t i = 0; i < plan->n_phases; i++) {
		size_t w = text_width(plan->phase[i].id);

		widest = w > widest ? w : widest;
	}
	if (plan->n_phases < 2)
		return;
	if (plan->n_phases > MATRIX_MAX || widest > 12 ||
	    (screen->width > 0 &&
		(widest + 1) * (plan->n_phases + 1) > (size_t)screen->width)) {
		fprintf(out,
		    "\n(%zu pairs: too many for a matrix here; --json has all)\n",
		    world->verdicts->n_total);
		return;
	}
	fprintf(out, "\n%*s", (int)widest, "");
	for (size_t j = 0; j + 1 < plan->n_phases; j++)
		fprintf(out, " %-*s", (int)widest, plan->phase[j].id);
	fputc('\n', out);
	for (size_t i = 1; i < plan->n_phases; i++) {
		fprintf(out, "%-*s", (int)widest, plan->phase[i].id);
		for (size_t j = 0; j < i; j++)
			fprintf(out, " %-*c", j + 1 < i ? (int)widest : 1,
			    matrix_sign(world->verdicts, (int)i, (int)j));
		fputc('\n', out);
	}
	screen_wrap(screen, 0, 0,
	    ". together, b together on branches, ^ after the column, < before it, "
	    "x not together, ? unknown, ! circle");
}

static void
print_ids(const struct world *world, const char *label, const int *position, size_t n)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	struct screen screen;

	for (size_t i = 0; i < n; i++)
		fprintf(
		    out, "%s%s", i ? " -> " : "", world->plan->phase[position[i]].id);
	fclose(out);
	screen_init(&screen, stdout);
	fprintf(stdout, "%-14s ", label);
	screen_wrap(&screen, 15, 15, n ? line : "none");
	free(line);
}

static void
print_levels(const struct world *world, const struct screen *screen)
{
	unsigned n_levels;
	AUTO_FREE unsigned *level = drawing_levels(
	    world->plan, world->verdicts, world->batches, &n_levels);

	fputc('\n', screen->out);
	for (unsigned l = 1; l <= n_levels && l <= MATRIX_MAX; l++) {
		char *line = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&line, &size);

		for (size_t i = 0; i < world->plan->n_phases; i++) {
			if (level[i] == l)
				fprintf(out, "%s ", world->plan->phase[i].id);
		}
		fclose(out);
		fprintf(screen->out, "level %-8u ", l);
		screen_wrap(screen, 15, 15, line);
		free(line);
	}
	print_ids(world, "critical path", world->batches->critical_path,
	    world->batches->n_critical);
	for (size_t i = 0; i < world->verdicts->n_cycles; i++)
		print_ids(world, "circle", world->verdicts->cycle[i].phase,
		    world->verdicts->cycle[i].n);
}

static void
print_phases(const struct world *world, const struct screen *screen)
{
	static const char *const header[] = { "", "", "", "" };
	struct sheet sheet;

	sheet_init(&sheet, header, 4);
	for (size_t i = 0; i < world->plan->n_phases; i++) {
		const struct phase *phase = &world->plan->phase[i];
		AUTO_FREE char *mode = mode_label(phase);
		const char *cells[] = { phase->id, mode, phase->focus,
			phase->is_unknown ? "touches unknown" : "" };

		sheet_add(&sheet, cells, NULL);
	}
	sheet_print_plain(&sheet, screen);
	sheet_clear(&sheet);
}

static void
print_text(const struct world *world, const struct screen *screen, size_t n_errors)
{
	const struct plan *plan = world->plan;

	screen_put(screen, STYLE_BOLD, *plan->title ? plan->title : plan->path);
	fprintf(screen->out, "\n%zu phase%s, %zu pair%s\n\n", plan->n_phases,
	    plan->n_phases == 1 ? "" : "s", world->verdicts->n_total,
	    world->verdicts->n_total == 1 ? "" : "s");
	print_phases(world, screen);
	print_matrix(world, screen);
	world_print_pairs(world, screen);
	print_levels(world, screen);
	if (world->lints.n > 0)
		fputc('\n', screen->out);
	world_print_lints(world, screen, LINT_CHECK, false);
	fprintf(screen->out, "\n%zu error%s, %zu warning%s\n", n_errors,
	    n_errors == 1 ? "" : "s", world->lints.n - n_errors,
	    world->lints.n - n_errors == 1 ? "" : "s");
}

struct check_args {
	const char *plan, *certificate;
	bool as_json;
};

static int
read_args(struct check_args *asked, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_check_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option == CHECK_JSON)
			asked->as_json = true;
		else if (option == CHECK_CERTIFICATE)
			asked->certificate = args.value;
		else if (!asked->plan)
			asked->plan = args.value;
		else
			return err_set(
			    err, ERR_USAGE, "\"%.60s\" is too much", args.value);
	}
	if (asked->plan)
		return 0;
	err_set(err, ERR_USAGE, "a plan is needed");
	return err_fix(err, "usage: divisi check PLAN [--json] [--certificate FILE]");
}

static int
write_certificate(const struct world *world, const char *path, struct err *err)
{
	size_t n;
	AUTO_FREE char *text = certificate_text(world->plan, &world->verdict_env,
	    world->verdicts, "divisi " DIVISI_VERSION, &n, err);

	return text ? file_write_atomic(path, text, n, 0644, err) : -1;
}

int
cmd_check(int argc, char **argv)
{
	struct check_args asked = { 0 };
	struct err err = ERR_INIT;
	struct world world;
	struct screen screen;
	size_t n_errors;

	if (read_args(&asked, argc, argv, &err) < 0)
		return cmd_fail(&err, asked.as_json);
	if (world_load(&world, asked.plan, &err) < 0 ||
	    (asked.certificate &&
		write_certificate(&world, asked.certificate, &err) < 0)) {
		world_clear(&world);
		return cmd_fail(&err, asked.as_json);
	}
	lint_prompts(&world);
	lint_forgotten(&world);
	n_errors = world_n_stopping(&world, LINT_CHECK);
	screen_init(&screen, stdout);
	if (asked.as_json)
		print_json(&world);
	else
		print_text(&world, &screen, n_errors);
	world_clear(&world);
	return err_exit_status(n_errors > 0 ? ERR_NO : ERR_NONE);
}
