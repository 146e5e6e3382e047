#include "sim/internal.h"

#include <stdio.h>
#include <string.h>

/*
 * Random plans as text, and our own reading of who may run beside whom, made from what was
 * drawn and not from what plan/ makes of it.
 */

static bool
writes(const struct sim_phase *ph, int module)
{
	return !ph->is_analysis && !ph->is_unknown && ph->module == module;
}

/* Nobody may read what a later phase writes: the plan would have a cycle. */
static void
drop_backward_reads(struct sim_plan *p)
{
	for (int i = 0; i < p->n; i++) {
		for (int k = i + 1; k < p->n && p->phase[i].reads >= 0; k++) {
			if (writes(&p->phase[k], p->phase[i].reads))
				p->phase[i].reads = -1;
		}
	}
}

static void
close_before(struct sim_plan *p)
{
	for (int i = 0; i < p->n; i++) {
		const struct sim_phase *ph = &p->phase[i];

		p->before[i] = ph->after;
		if (ph->consumes >= 0)
			p->before[i] |= 1u << ph->consumes;
		/* Only earlier phases come before, so one pass in order closes it. */
		for (int k = 0; k < i; k++) {
			if (p->before[i] & (1u << k))
				p->before[i] |= p->before[k];
		}
	}
}

static void
draw_phase(struct sim_plan *p, int i, int number, int batch)
{
	static const char *const modes[] = { "quick", "tdd", "pair", "checkpoint" };
	struct sim_phase *ph = &p->phase[i];

	*ph = (struct sim_phase){ .module = (int)sim_dice(4),
		.file = sim_dice(2) ? (int)sim_dice(3) : -1,
		.reads = sim_dice(3) == 0 ? (int)sim_dice(4) : -1,
		.consumes = -1,
		.cents = 30,
		.mode = modes[sim_dice(N_ELEMS(modes))] };
	snprintf(ph->id, sizeof(ph->id), "%d%c", batch, (char)('A' + i));
	snprintf(ph->issue, sizeof(ph->issue), "S%d-%d", number, i + 2);
	if (i > 0 && sim_dice(4) == 0)
		ph->after = 1u << sim_dice((unsigned)i);
	if (i > 0 && sim_dice(6) == 0)
		ph->consumes = (int)sim_dice((unsigned)i);
	if (ph->consumes >= 0 && p->phase[ph->consumes].is_unknown)
		ph->consumes = -1;
	ph->has_infra = sim_dice(8) == 0;
	ph->is_analysis = sim_dice(7) == 0;
	ph->is_away = sim->config.has_away && sim_dice(2);
	if (ph->is_away)
		ph->mode = modes[sim_dice(2)];
	if (ph->reads == ph->module)
		ph->reads = -1;
	if (!ph->is_analysis && sim_dice(14) == 0) {
		ph->is_unknown = true;
		ph->reads = ph->consumes = -1;
		ph->has_infra = false;
	}
}

static void
write_section(FILE *f, const struct sim_plan *p, int i)
{
	const struct sim_phase *ph = &p->phase[i];

	fprintf(f, "\n### %s: Work on %s\n\n- Issue: [%s: Work on %s](local:%s)\n",
	    ph->id, ph->id, ph->issue, ph->id, ph->issue);
	fprintf(f, "- Mode: %s\n- Agent: %s\n- Estimate: $%d.%02d, 1pt\n",
	    ph->is_analysis ? "spike (analysis-only)" : ph->mode,
	    ph->is_away ? "robot" : "claude", ph->cents / 100, ph->cents % 100);
	if (ph->reads >= 0)
		fprintf(f, "- Reads: `src/m%d/**`\n", ph->reads);
	if (ph->is_analysis)
		fprintf(f, "- Writes: `notes/%s.md`\n", ph->id);
	else if (!ph->is_unknown && ph->file >= 0)
		fprintf(f, "- Writes: `src/m%d/f%d.c`\n", ph->module, ph->file);
	else if (!ph->is_unknown)
		fprintf(f, "- Writes: `src/m%d/**`\n", ph->module);
	for (int k = i + 1; k < p->n; k++) {
		if (p->phase[k].consumes == i) {
			fprintf(f, "- Produces: api:a%d\n", i);
			break;
		}
	}
	if (ph->consumes >= 0)
		fprintf(f, "- Consumes: api:a%d\n", ph->consumes);
	if (ph->has_infra)
		fputs("- Infra: ci\n", f);
	fprintf(f,
	    "- Context:\n  - Nothing was done yet.\n  - A program does it.\n"
	    "  - It does what it is told.\n- Tasks:\n  1. Do it.\n"
	    "- Deliverable: the work of %s. Update [%s](local:%s) with results.\n"
	    "- Acceptance:\n  - [ ] it is there\n",
	    ph->id, ph->issue, ph->issue);
}

static void
write_rows(FILE *f, const struct sim_plan *p, bool is_registry)
{
	for (int i = 0; i < p->n; i++) {
		const struct sim_phase *ph = &p->phase[i];

		if (is_registry) {
			fprintf(f,
			    "| [%s](local:%s) | Work on %s | Todo | %s | 1pt | -- |\n",
			    ph->issue, ph->issue, ph->id,
			    ph->is_analysis ? "spike" : ph->mode);
			continue;
		}
		fprintf(f, "| %s | [%s](local:%s) | Work on %s | %c | ", ph->id,
		    ph->issue, ph->issue, ph->id, ph->id[0]);
		if (!ph->after)
			fputs("None", f);
		for (int k = 0, n = 0; k < p->n; k++) {
			if (ph->after & (1u << k))
				fprintf(f, "%s%s", n++ ? ", " : "", p->phase[k].id);
		}
		fputs(" | Todo |\n", f);
	}
}

/* The line that says how often a person edited it: no other write may take it back. */
static void
write_text(struct sim_plan *p)
{
	size_t n = 0;
	FILE *f;

	free(p->text);
	f = open_memstream(&p->text, &n);
	fprintf(f,
	    "# Master Plan: Plan %c\n\n**Parent issue:** [S%c-1: Plan](local:S%c-1)\n"
	    "**Date:** 2026-11-22\n**Supersedes:** none\n\nEdited %d.%d times.\n\n"
	    "## Issue Registry\n\n"
	    "| ID | Title | Status | Exec | Est | Depends On |\n"
	    "|----|-------|--------|------|-----|------------|\n",
	    p->phase[0].issue[1], p->phase[0].issue[1], p->phase[0].issue[1],
	    p->n_edits, p->n_notes);
	write_rows(f, p, true);
	fputs(
	    "\n## Phase Map\n\n| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
	    "|-------|--------|-------|-------|--------------|--------|\n",
	    f);
	write_rows(f, p, false);
	for (int i = 0; i < p->n; i++)
		write_section(f, p, i);
	fputs("\n## Verification\n\n- [ ] everything is on main\n"
	      "\n## Session Registry\n\n"
	      "| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
	      "|---|---|---|---|---|---|---|\n",
	    f);
	fclose(f);
	sim_say("%s", p->text);
}

void
sim_plan_make(struct sim_plan *p, int number)
{
	int batch = 1;

	snprintf(p->path, sizeof(p->path), SIM_TOP "/plan%d.md", number);
	p->n = 2 + (int)sim_dice(sim->is_short ? 2 : sim_dice(6) ? 3 : 8);
	for (int i = 0; i < p->n; i++) {
		draw_phase(p, i, number, batch);
		batch += sim_dice(3) == 0;
	}
	drop_backward_reads(p);
	close_before(p);
	write_text(p);
}

/* Another meaning: a table that was made before is no longer what will be done. */
void
sim_plan_edit(struct sim_plan *p)
{
	sim_count(FAULT_PLAN_EDITED);
	p->n_edits++;
	p->phase[sim_dice((unsigned)p->n)].cents++;
	write_text(p);
}

/* Prose, and nothing else. */
void
sim_plan_note(struct sim_plan *p)
{
	p->n_notes++;
	write_text(p);
}

struct sim_plan *
sim_plan_at(const char *path)
{
	for (int i = 0; i < sim->n_plans; i++) {
		if (strcmp(sim->plan[i].path, path) == 0)
			return &sim->plan[i];
	}
	return NULL;
}

const struct plan_run *
sim_plan_run(const struct core *core, int plan)
{
	for (size_t i = core->n_plans; i-- > 0;) {
		if (strcmp(core->plan[i].path, sim->plan[plan].path) == 0)
			return &core->plan[i];
	}
	return NULL;
}

const struct sim_phase *
sim_phase_of(const char *plan_path, const char *phase, int *at)
{
	const struct sim_plan *p = sim_plan_at(plan_path);

	for (int i = 0; p && i < p->n; i++) {
		if (strcmp(p->phase[i].id, phase) != 0)
			continue;
		if (at)
			*at = i;
		return &p->phase[i];
	}
	return NULL;
}

bool
sim_phase_excludes(const struct sim_plan *p, int a, int b)
{
	const struct sim_phase *x = &p->phase[a], *y = &p->phase[b];

	return (p->before[a] & (1u << b)) || (p->before[b] & (1u << a)) ||
	       (x->has_infra && y->has_infra) || x->is_unknown || y->is_unknown ||
	       (x->reads >= 0 && writes(y, x->reads)) ||
	       (y->reads >= 0 && writes(x, y->reads));
}
