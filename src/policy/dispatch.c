#include "policy/dispatch.h"

#include "policy/cost.h"
#include "policy/names.h"

#include <stdlib.h>

/*
 * A research track is a range of twice to four times its estimate (S-35), unless its
 * author gave a range already.
 */
static void
row_estimate(struct dispatch_row *row, const struct phase *phase, bool is_research)
{
	row->low_cents = phase->est_low_cents;
	row->mid_cents = phase->est_mid_cents;
	row->high_cents = phase->est_high_cents;
	row->points = phase->points > 0 ? phase->points
					: cost_points(phase->est_mid_cents);
	if (is_research && row->low_cents == row->high_cents)
		cost_research_range(row->mid_cents, &row->low_cents, &row->high_cents);
}

static void
row_agent(struct dispatch_row *row, const struct phase *phase, const char *fallback)
{
	const char *name = phase->agent;

	if (!*name)
		name = fallback ? fallback : "";
	row->agent = agent_kind_find(name);
	row->agent_name = row->agent ? row->agent->name : name;
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
	row->mode = mode_label(&effective);
	row->launch_as = launch_mode_of_phase(&effective, &row->warning);
	row_agent(row, phase, env->agent);
	row->worktree = launch_worktree(phase, row->agent, batch->n > 1);
	if (*row->agent_name)
		row->branch = branch_name(
		    row->agent_name, row->issue, phase->focus, NULL);
	row_estimate(row, phase, batch->is_research);
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
