#include "cli/init.h"

#include "base/mem.h"
#include "cli/plan_edit.h"
#include "plan/parse.h"

#include <string.h>

static void
propose_from(struct tree *tree, const char *text, bool is_reading, struct footprint *to)
{
	struct footprint one;

	footprint_propose(tree, text, is_reading, &one);
	for (size_t i = 0; i < one.n; i++)
		footprint_add(to, one.item[i].touch, one.item[i].path, one.item[i].to,
		    one.item[i].evidence);
	if (one.hint && !to->hint)
		to->hint = TAKE_PTR(one.hint);
	footprint_clear(&one);
}

/* What the phase does is in its tasks; its context tells of the rest of the repository. */
static void
propose(struct tree *tree, const struct phase *phase, struct proposal *proposal)
{
	struct footprint *footprint = &proposal->footprint;

	*proposal = (struct proposal){ .id = phase->id,
		.focus = phase->focus,
		.is_reading = phase->is_analysis_only,
		.is_declared = !phase->is_unknown };
	if (proposal->is_declared)
		return;
	propose_from(tree, phase->focus, proposal->is_reading, footprint);
	for (size_t i = 0; i < phase->tasks.n; i++)
		propose_from(
		    tree, phase->tasks.item[i].text, proposal->is_reading, footprint);
	propose_from(tree, phase->deliverable, proposal->is_reading, footprint);
}

/* The old plan with the bullets of every accepted proposal; nothing else changes. */
static void
extend(struct init *init)
{
	const char **bullets = xcalloc(init->n_proposals + 1, sizeof(*bullets));
	char **owned = xcalloc(init->n_proposals + 1, sizeof(*owned));

	for (size_t i = 0; i < init->n_proposals; i++) {
		if (init->proposal[i].is_declared ||
		    init->proposal[i].state != PROPOSAL_ACCEPTED)
			continue;
		owned[i] = footprint_bullets(&init->proposal[i].footprint);
		bullets[i] = owned[i];
	}
	init->plan_text = plan_edit_bullets(
	    init->old_plan, bullets, init_proposal_mark, &init->n_plan_text);
	if (init->plan_text)
		init->plan_state = INIT_PLAN_EXTENDED;
	for (size_t i = 0; i < init->n_proposals; i++)
		free(owned[i]);
	free(owned);
	free(bullets);
}

/* The new text must be the same plan, only with what was accepted. */
static int
prove(const struct init *init, struct err *err)
{
	struct lint_list lints = { 0 };
	AUTO_PLAN struct plan *plan = plan_parse(
	    init->plan_path, init->plan_text, init->n_plan_text, &lints, err);
	bool is_same = plan && plan->n_phases == init->old_plan->n_phases;

	for (size_t i = 0; is_same && i < plan->n_phases; i++)
		is_same = strcmp(plan->phase[i].id, init->old_plan->phase[i].id) == 0 &&
			  (init->proposal[i].state != PROPOSAL_ACCEPTED ||
			      !plan->phase[i].is_unknown);
	lint_list_clear(&lints);
	if (is_same)
		return 0;
	err_set(err, ERR_INPUT, "%s is written in a way that cannot be added to",
	    init->plan_shown);
	return err_fix(err, "add the lines by hand: divisi init --dry-run --plan FILE");
}

int
init_adopt_plan(struct init *init, const char *path, struct err *err)
{
	struct tree *tree;

	init->old_plan = plan_load(path, &init->old_lints, err);
	if (!init->old_plan)
		return -1;
	if (init->old_plan->n_phases == 0) {
		err_set(err, ERR_INPUT, "%s has no phases", path);
		return err_fix(err, "name a master plan, see divisi-plan(5); or begin "
				    "with --tasks FILE");
	}
	init->plan_path = realpath(path, NULL);
	init->plan_shown = xstrdup(path);
	if (!init->plan_path)
		return err_sys(err, "%s", path);
	init->plan_state = INIT_PLAN_THERE;
	init->n_proposals = init->old_plan->n_phases;
	init->proposal = xcalloc(init->n_proposals, sizeof(*init->proposal));
	tree = tree_new((const char *const *)init->tracked.item, init->tracked.n);
	for (size_t i = 0; i < init->n_proposals; i++)
		propose(tree, &init->old_plan->phase[i], &init->proposal[i]);
	tree_free(tree);
	if (init_answer(init, err) < 0)
		return -1;
	extend(init);
	return init->plan_text ? prove(init, err) : 0;
}
