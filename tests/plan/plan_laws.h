#pragma once

#include "plan/fmt.h"
#include "plan/parse.h"

#include <stdlib.h>
#include <string.h>

/*
 * What holds for every readable plan, whatever stands in it; the property tests and the
 * fuzz target both ask.  Returns NULL, or a literal that says which law is broken.
 */
static inline const char *
laws_of_rewriting(const struct plan *plan, const char *text, size_t n, bool is_fmt)
{
	struct lint_list lints = { 0 };
	struct plan *again = plan_parse("", text, n, &lints, NULL);
	const char *broken = NULL;
	char *twice = NULL;
	size_t n_twice = 0;

	if (!again)
		return "the rewritten plan cannot be read";
	if (again->n_phases != plan->n_phases)
		broken = "rewriting changes the number of phases";
	else if (strcmp(again->plan_hash, plan->plan_hash) != 0)
		broken = "rewriting changes the hash";
	if (is_fmt)
		twice = plan_format(again, &n_twice);
	if (is_fmt && !broken && (n_twice != n || memcmp(twice, text, n) != 0))
		broken = "formatting twice changes something";
	free(twice);
	lint_list_clear(&lints);
	plan_free(again);
	return broken;
}

static inline const char *
laws_of_writing_back(const struct plan *plan)
{
	static const struct registry_row row = { "brave-fox", "[X-1](local:X-1)", "1A",
		"claude", ".worktrees/a|b", "claude/x-1", "Active", { 0 } };
	struct plan_status status[2] = { { "", "", "" }, { "", "", "" } };
	struct plan_update update = { status, 2, &row, 1, NULL };
	struct lint_list lints = { 0 };
	struct plan *again;
	const char *broken;
	char *text, *twice;
	size_t n, n_twice;

	if (plan->n_phases > 0) {
		const struct phase *first = &plan->phase[0];
		const struct phase *last = &plan->phase[plan->n_phases - 1];

		status[0] = (struct plan_status){ first->id,
			first->n_issues ? first->issue[0].id : "", "In Review" };
		status[1] = (struct plan_status){ last->id,
			last->n_issues ? last->issue[0].id : "", "In Review" };
		update.tick_phase_acceptance = last->id;
	}
	text = plan_write_back(plan, &update, &n);
	broken = laws_of_rewriting(plan, text, n, false);
	again = plan_parse("", text, n, &lints, NULL);
	if (again && !broken) {
		twice = plan_write_back(again, &update, &n_twice);
		if (n_twice != n || memcmp(twice, text, n) != 0)
			broken = "writing back twice changes something";
		free(twice);
	}
	lint_list_clear(&lints);
	plan_free(again);
	free(text);
	return broken;
}

static inline const char *
laws_of_plans(const struct plan *plan)
{
	size_t n;
	char *text = plan_format(plan, &n);
	const char *broken = laws_of_rewriting(plan, text, n, true);

	free(text);
	return broken ? broken : laws_of_writing_back(plan);
}
