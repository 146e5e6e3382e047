#include "cli/cmd.h"

#include "base/mem.h"
#include "cli/drawing.h"
#include "cli/json.h"
#include "cli/json_out.h"
#include "cli/record_out.h"
#include "cli/rolling_out.h"
#include "cli/screen.h"
#include "cli/timings_out.h"
#include "cli/tracked.h"
#include "cli/world.h"
#include "policy/cost.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

const struct option_doc cmd_plan_options[] = {
	OPTION_JSON,
	{ "graph", "FORMAT", "draw who waits for whom instead, as text or as svg", 0 },
	{ "rolling", NULL, "also who starts when, without batches", 0 },
	{ "from", "ISSUE",
	    "write the plan that ISSUE and its sub-issues are, to PLAN or here", 0 },
	OPTION_END,
};

enum { PLAN_JSON, PLAN_GRAPH, PLAN_ROLLING, PLAN_FROM };

static json_object *
batch_json(const struct batch *batch, const struct dispatch_row *row)
{
	json_object *object = json_object_new_object();
	json_object *sessions = json_object_new_array();

	for (size_t i = 0; i < batch->n; i++)
		json_object_array_add(sessions, json_session(&row[i]));
	json_object_object_add(object, "number", json_object_new_int(batch->number));
	json_object_object_add(object, "kind",
	    json_str(batch->is_research ? "research" : "implementation"));
	json_object_object_add(object, "sessions", sessions);
	return object;
}

static void
print_json(const struct world *world, bool is_rolling)
{
	const struct batches *batches = world->batches;
	const struct dispatch_row *row = world->rows->row;
	AUTO_FREE char *version = record_out_version(world);
	struct json_out json;

	json_out_init(&json, stdout);
	json_out_open(&json, NULL, '{');
	json_out_open(&json, "batches", '[');
	for (size_t b = 0; b < batches->n; b++) {
		json_out_value(&json, NULL, batch_json(&batches->batch[b], row));
		row += batches->batch[b].n;
	}
	json_out_close(&json, ']');
	json_out_value(&json, "critical_path",
	    json_ids(world->plan, batches->critical_path, batches->n_critical));
	json_out_int(&json, "lower_bound", (long long)batches->lower_bound);
	json_out_str(&json, "bound_reason", batches->bound_reason);
	json_out_int(&json, "length", (long long)batches->n);
	json_out_int(&json, "least", (long long)batches->n_least);
	json_out_chance(&json, "expected_conflicts", batches->risk_sum);
	json_out_chance(&json, "conflict_cost", world->conflict_cost);
	json_out_value(&json, "is_exact", json_object_new_boolean(batches->is_exact));
	json_out_value(&json, "unplaced",
	    json_ids(world->plan, batches->unplaced, batches->n_unplaced));
	json_out_pairs(&json, "pairs", world->plan, world->verdicts, true);
	if (is_rolling)
		rolling_out_json(&json, world);
	timings_out_json(&json, world->plan);
	json_out_str(&json, "model_version", version);
	json_out_str(&json, "plan_hash", world->plan->plan_hash);
	json_out_close(&json, '}');
}

static void
add_row(struct sheet *sheet, const struct dispatch_row *row, bool is_terminal)
{
	const struct issue_ref *ref = row->phase->n_issues > 0 ? &row->phase->issue[0]
							       : NULL;
	AUTO_FREE char *issue = ref && *ref->url && !is_terminal
				    ? xasprintf("[%s](%s)", ref->id, ref->url)
				    : xstrdup(*row->issue ? row->issue : "-");
	AUTO_FREE char *cost = dispatch_cost(row);
	AUTO_FREE char *merge = row->merge > 0 ? xasprintf("%d", row->merge)
					       : xstrdup("-");
	const char *agent = row->agent         ? row->agent->shown
			    : *row->agent_name ? row->agent_name
					       : "-";
	const char *branch = row->branch ? row->branch : "-";
	AUTO_FREE char *note = xasprintf("branch %s, merge %s", branch, merge);
	const char *cells[] = { row->label, issue, row->phase->focus, row->mode, cost,
		agent, row->worktree, branch, merge };

	sheet_add(sheet, cells, note);
}

/* What the columns have no room for: phase, launch mode, points, and what is odd. */
static void
print_details(const struct world *world, const struct dispatch_row *row,
    const struct screen *screen)
{
	const char *split = cost_split_advice(row->mid_cents);
	const char *why = world->batches->why[row->position];
	const char *agent_why = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	fprintf(
	    out, "%s, launch as %s", row->phase->id, launch_mode_name(row->launch_as));
	if (row->points > 0)
		fprintf(out, ", %d pt", row->points);
	if (split)
		fprintf(out, " (%s)", split);
	if (why && *why)
		fprintf(out, ": %s", why);
	if (row->warning)
		fprintf(out, "; %s", row->warning);
	if (row->agent && agent_eligible(row->agent, row->phase->mode, &agent_why) != 0)
		fprintf(out, "; %s: %s", row->agent->shown, agent_why);
	if (!row->branch && *row->agent_name && !world->is_degraded)
		fputs("; no branch can be named after this issue and focus", out);
	fclose(out);
	fprintf(screen->out, "  %s  ", row->label);
	screen_wrap(screen, 7, (int)text_width(row->label) + 4, line);
	free(line);
}

/* Estimates are text from a file: a sum that would overflow stays where it is. */
static void
add_cents(long *sum, long cents)
{
	if (cents > 0 && *sum <= LONG_MAX - cents)
		*sum += cents;
}

static void
print_batch(const struct world *world, const struct batch *batch,
    const struct dispatch_row *row, const struct screen *screen)
{
	static const char *const header[] = { "Session", "Issue", "Focus", "Mode",
		"Est. Cost", "Agent", "Worktree", "Branch", "Merge" };
	struct sheet sheet;
	long low = 0, high = 0;

	fprintf(screen->out, "\n%sBatch %d%s%s, %zu session%s\n",
	    screen_style(screen, STYLE_BOLD), batch->number,
	    screen_style(screen, STYLE_PLAIN), batch->is_research ? ", research" : "",
	    batch->n, batch->n == 1 ? "" : "s");
	sheet_init(&sheet, header, N_ELEMS(header));
	sheet.n_narrow = 7;
	for (size_t i = 0; i < batch->n; i++) {
		add_row(&sheet, &row[i], screen->is_terminal);
		add_cents(&low, row[i].low_cents);
		add_cents(&high, row[i].high_cents);
	}
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	for (size_t i = 0; i < batch->n; i++)
		print_details(world, &row[i], screen);
	AUTO_FREE char *from = text_dollars(low);
	AUTO_FREE char *to = text_dollars(high);

	fprintf(screen->out, "  total ~%s%s%s\n", from, low == high ? "" : "-",
	    low == high ? "" : to);
}

/* What the chances of conflicts did to the batches, and what would change that. */
static void
print_risk(const struct world *world, const struct screen *screen)
{
	const struct batches *batches = world->batches;
	AUTO_FREE char *line = NULL;

	if (batches->risk_sum < 0.005 && batches->n <= batches->n_least)
		return;
	if (batches->n > batches->n_least)
		line = xasprintf(
		    "conflicts to be expected: %.2f, in %zu batch%s more than "
		    "needed, because one conflict costs as much as %g batch%s "
		    "(divisi.conflict-cost)",
		    batches->risk_sum, batches->n - batches->n_least,
		    batches->n - batches->n_least == 1 ? "" : "es",
		    world->conflict_cost, world->conflict_cost == 1.0 ? "" : "es");
	else if (world->conflict_cost > 0)
		line = xasprintf(
		    "conflicts to be expected: %.2f; another batch would not "
		    "be worth it at divisi.conflict-cost %g",
		    batches->risk_sum, world->conflict_cost);
	else
		line = xasprintf(
		    "conflicts to be expected: %.2f; risk decided only between "
		    "equally short plans (divisi.conflict-cost may buy a "
		    "batch)",
		    batches->risk_sum);
	screen_wrap(screen, 2, 0, line);
}

static void
print_text(const struct world *world, const struct screen *screen, bool is_rolling)
{
	const struct batches *batches = world->batches;
	const struct dispatch_row *row = world->rows->row;
	FILE *out = screen->out;

	screen_put(
	    screen, STYLE_BOLD, *world->plan->title ? world->plan->title : "plan");
	fputc('\n', out);
	for (size_t b = 0; b < batches->n; b++) {
		print_batch(world, &batches->batch[b], row, screen);
		row += batches->batch[b].n;
	}
	for (size_t i = 0; i < batches->n_unplaced; i++) {
		fputs("\nnot dispatchable: ", out);
		text_put(out, world->plan->phase[batches->unplaced[i]].id);
	}
	world_print_pairs(world, screen);
	fprintf(out, "\n%zu batch%s, at least %zu are needed", batches->n,
	    batches->n == 1 ? "" : "es", batches->lower_bound);
	if (batches->bound_reason && *batches->bound_reason) {
		fputs(": ", out);
		text_put(out, batches->bound_reason);
	}
	fputc('\n', out);
	print_risk(world, screen);
	fputs("critical path ", out);
	for (size_t i = 0; i < batches->n_critical; i++) {
		fputs(i ? " -> " : "", out);
		text_put(out, world->plan->phase[batches->critical_path[i]].id);
	}
	fputc('\n', out);
	timings_out_text(world->plan, screen);
	if (is_rolling)
		rolling_out_text(world, screen);
}

struct plan_args {
	const char *plan, *graph, *from;
	bool as_json, is_rolling;
};

static int
read_args(struct plan_args *asked, int argc, char **argv, struct err *err)
{
	struct args args;
	int option;

	args_init(&args, cmd_plan_options, argc, argv);
	while ((option = args_next(&args, err)) != ARGS_END) {
		if (option == ARGS_BAD)
			return -1;
		if (option == PLAN_JSON)
			asked->as_json = true;
		else if (option == PLAN_GRAPH)
			asked->graph = args.value;
		else if (option == PLAN_ROLLING)
			asked->is_rolling = true;
		else if (option == PLAN_FROM)
			asked->from = args.value;
		else if (!asked->plan)
			asked->plan = args.value;
		else
			return err_set(
			    err, ERR_USAGE, "\"%.60s\" is too much", args.value);
	}
	if (asked->graph && strcmp(asked->graph, "text") != 0 &&
	    strcmp(asked->graph, "svg") != 0) {
		err_set(err, ERR_USAGE, "nobody draws as \"%.40s\"", asked->graph);
		return err_fix(err, "use --graph text or --graph svg");
	}
	if (asked->graph && asked->as_json)
		return err_set(err, ERR_USAGE, "--graph and --json exclude each other");
	if (asked->from && (asked->graph || asked->as_json || asked->is_rolling))
		return err_set(
		    err, ERR_USAGE, "--from writes a plan, and nothing else");
	if (asked->plan || asked->from)
		return 0;
	err_set(err, ERR_USAGE, "a plan is needed");
	return err_fix(
	    err, "usage: divisi plan PLAN [--rolling] [--json | --graph text|svg]");
}

static int
draw(const struct world *world, const char *format, struct err *err)
{
	struct drawing drawing;
	struct screen screen;

	if (world->plan->n_phases > DRAWING_MAX_PHASES) {
		err_set(err, ERR_USAGE, "%zu phases are too many for a picture",
		    world->plan->n_phases);
		return err_fix(
		    err, "at most %d can be drawn; --json has all", DRAWING_MAX_PHASES);
	}
	drawing_init(&drawing, world->plan, world->verdicts, world->batches);
	screen_init(&screen, stdout);
	if (strcmp(format, "svg") == 0)
		drawing_svg(&drawing, stdout);
	else
		drawing_print(&drawing, &screen);
	drawing_clear(&drawing);
	return 0;
}

int
cmd_plan(int argc, char **argv)
{
	struct plan_args asked = { 0 };
	struct err err = ERR_INIT;
	struct world world = { 0 };
	struct screen screen, errors;
	size_t n_errors;

	if (read_args(&asked, argc, argv, &err) < 0)
		return cmd_fail(&err, asked.as_json);
	if (asked.from)
		return tracked_plan(asked.from, asked.plan, &err) < 0
			   ? cmd_fail(&err, false)
			   : 0;
	if (world_load(&world, asked.plan, &err) < 0 ||
	    (asked.graph && draw(&world, asked.graph, &err) < 0)) {
		world_clear(&world);
		return cmd_fail(&err, asked.as_json);
	}
	n_errors = world_n_stopping(&world, LINT_PLAN);
	screen_init(&screen, stdout);
	screen_init(&errors, stderr);
	if (asked.as_json)
		print_json(&world, asked.is_rolling);
	else if (n_errors == 0 && !asked.graph)
		print_text(&world, &screen, asked.is_rolling);
	world_print_lints(&world, &errors, LINT_PLAN, false);
	world_clear(&world);
	return err_exit_status(n_errors > 0 ? ERR_NO : ERR_NONE);
}
