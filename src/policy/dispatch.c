#include "policy/dispatch.h"

#include "plan/parse.h"
#include "policy/cost.h"
#include "policy/names.h"
#include "policy/refusal.h"

#include <stdlib.h>
#include <strings.h>

/*
 * A research track is a range of twice to four times its estimate (S-35), or what history says
 * unless its author gave a range already.
 */
static void
row_estimate(struct dispatch_row *row, const struct phase *phase, bool is_research,
    const struct dispatch_env *env)
{
	row->low_cents = phase->est_low_cents;
	row->mid_cents = phase->est_mid_cents;
	row->high_cents = phase->est_high_cents;
	row->points = phase->points > 0 ? phase->points
					: cost_points(phase->est_mid_cents);
	if (!is_research || row->low_cents != row->high_cents || row->mid_cents < 0)
		return;
	cost_research_range(
	    &env->research, row->mid_cents, &row->low_cents, &row->high_cents);
	row->mid_cents = row->low_cents / 2 + row->high_cents / 2;
}

static void
row_agent(
    struct dispatch_row *row, const struct phase *phase, const struct dispatch_env *env)
{
	const char *name = phase->agent;

	if (!*name)
		name = env->agent ? env->agent : "";
	row->agent = agent_kind_find(name);
	row->agent_name = row->agent ? row->agent->name : name;
	for (size_t i = 0; i < env->n_away; i++) {
		if (strcasecmp(env->away[i], row->agent_name) != 0 ||
		    (row->agent && row->agent->is_external))
			continue;
		row->agent = agent_kind_find("delegate");
		row->agent_name = env->away[i];
	}
}

static int
merge_place(const struct batch *batch, int position)
{
	for (size_t i = 0; i < batch->n; i++) {
		if (batch->merge_order[i] == position)
			return (int)i + 1;
	}
	return 0;
}

static void
row_fill(struct dispatch_row *row, const struct plan *plan, const struct batch *batch,
    const struct dispatch_env *env)
{
	const struct phase *phase = &plan->phase[batch->phase[row->index]];
	struct phase effective = *phase;

	if (effective.mode == EXEC_NONE)
		effective.mode = env->default_mode;
	row->phase = phase;
	row->position = batch->phase[row->index];
	row->batch = batch->number;
	row->label = session_label(row->index);
	row->issue = phase->n_issues > 0 ? phase->issue[0].id : "";
	row->effective_mode = effective.mode == EXEC_NONE ? EXEC_QUICK : effective.mode;
	row->mode = mode_label(&effective);
	row->launch_as = launch_mode_of_phase(&effective, &row->warning);
	row_agent(row, phase, env);
	row->worktree = launch_worktree(phase, row->agent, batch->n > 1);
	if (*row->agent_name)
		row->branch = branch_name(
		    row->agent_name, row->issue, phase->focus, NULL);
	row->n_before = env->n_before ? env->n_before[row->position] : 0;
	if (row->branch && row->n_before > 0) {
		AUTO_FREE char *taken = row->branch;

		row->branch = xasprintf("%s-%d", taken, row->n_before + 1);
	}
	row_estimate(row, phase, batch->is_research || phase_is_research(phase), env);
	row->merge = merge_place(batch, row->position);
}

struct dispatch_rows *
dispatch_rows_new(const struct plan *plan, const struct batches *batches,
    const struct dispatch_env *env)
{
	struct dispatch_rows *rows = xcalloc(1, sizeof(*rows));
	size_t n = 0;

	for (size_t b = 0; b < batches->n; b++)
		n += batches->batch[b].n;
	rows->row = xcalloc(n + 1, sizeof(*rows->row));
	for (size_t b = 0; b < batches->n; b++) {
		for (size_t i = 0; i < batches->batch[b].n; i++) {
			struct dispatch_row *row = &rows->row[rows->n++];

			row->index = i;
			row_fill(row, plan, &batches->batch[b], env);
		}
	}
	return rows;
}

void
dispatch_rows_free(struct dispatch_rows *rows)
{
	if (!rows)
		return;
	for (size_t i = 0; i < rows->n; i++) {
		free(rows->row[i].label);
		free(rows->row[i].mode);
		free(rows->row[i].branch);
	}
	free(rows->row);
	free(rows);
}

const struct dispatch_row *
dispatch_row_of(const struct dispatch_rows *rows, int position)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (rows->row[i].position == position)
			return &rows->row[i];
	}
	return NULL;
}

static void
lint_agent(const struct dispatch_row *row, struct plan *plan, struct lint_list *lints)
{
	const struct phase *phase = row->phase;
	struct place at = phase->agent_at.line > 0 ? phase->agent_at : phase->at;
	const struct refusal *g15 = refusal_find("G15");
	const char *why;
	int answer;

	if (!row->agent) {
		if (*row->agent_name)
			lint_add(plan, lints, g15->code, 'W', g15->rule, phase->id, at,
			    "name an agent that `divisi doctor` lists, or configure it",
			    "agent \"%.40s\" of phase %s is not known", row->agent_name,
			    phase->id);
		return;
	}
	answer = agent_eligible(row->agent, row->effective_mode, &why);
	if (answer != 0)
		lint_add(plan, lints, g15->code, answer < 0 ? 'E' : 'W', g15->rule,
		    phase->id, at, g15->fix, "%s in %s mode for phase %s: %s",
		    row->agent->shown, row->mode, phase->id, why);
}

static void
lint_points(const struct dispatch_row *row, struct plan *plan, struct lint_list *lints)
{
	const struct phase *phase = row->phase;
	struct place at = phase->estimate_at.line > 0 ? phase->estimate_at : phase->at;
	const struct refusal *g22 = refusal_find("G22");
	const char *warning = cost_points_mode_warning(phase->points, phase->mode);
	int by_cost = cost_points(phase->est_mid_cents);

	if (warning)
		lint_add(plan, lints, g22->code, 'W', g22->rule, phase->id, at,
		    g22->fix, "phase %s has %d point%s and mode %s: %s", phase->id,
		    phase->points, phase->points == 1 ? "" : "s", row->mode, warning);
	if (phase->points > 0 && by_cost > 0 && by_cost != phase->points) {
		AUTO_FREE char *cost = text_dollars(phase->est_mid_cents);

		lint_add(plan, lints, g22->code, 'W', "A-30", phase->id, at,
		    "change the points or the estimate; the points count",
		    "phase %s has %d point%s, but %s are %d", phase->id, phase->points,
		    phase->points == 1 ? "" : "s", cost, by_cost);
	}
}

void
dispatch_lint(
    const struct dispatch_rows *rows, struct plan *plan, struct lint_list *lints)
{
	const struct refusal *g09 = refusal_find("G09");

	for (size_t i = 0; i < rows->n; i++) {
		const struct dispatch_row *row = &rows->row[i];
		const struct phase *phase = row->phase;

		lint_agent(row, plan, lints);
		lint_points(row, plan, lints);
		if (*row->agent_name && !row->branch)
			lint_add(plan, lints, g09->code, 'W', g09->rule, phase->id,
			    phase->at, "give it an issue id and a focus with letters",
			    "no branch can be named for phase %s", phase->id);
	}
}

char *
dispatch_cost(const struct dispatch_row *row)
{
	AUTO_FREE char *low = text_dollars(row->low_cents);
	AUTO_FREE char *high = text_dollars(row->high_cents);

	if (row->mid_cents < 0)
		return xstrdup("-");
	if (row->low_cents == row->high_cents)
		return xasprintf("~%s", low);
	return xasprintf("~%s-%s", low, high);
}
