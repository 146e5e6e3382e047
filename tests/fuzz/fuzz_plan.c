/*
 * A plan file: any bytes are a plan or refused with a reason, every message stands at a
 * place in the file, and reading the same bytes again gives the same hash.  Rewriting it
 * keeps what it says (laws_of_plans).  Exercises src/plan/ from parse.c down, lint.c, fmt.c
 * and writeback.c, and the lints of a prompt in src/policy/.
 */
#include "../plan/plan_laws.h"

#include "plan/lint.h"
#include "plan/parse.h"
#include "policy/prompt.h"

#include <stdint.h>
#include <string.h>

static void
check_lints(const struct plan *plan, const struct lint_list *lints)
{
	for (size_t i = 0; i < lints->n; i++) {
		const struct lint *lint = &lints->item[i];

		if (!lint->code || !lint->message || !lint->fix ||
		    lint->at.line > plan->n_bytes + 1)
			__builtin_trap();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lint_list lints = { 0 }, again = { 0 };
	struct err err = ERR_INIT;
	struct plan *plan = plan_parse("p.md", (const char *)data, size, &lints, &err);
	struct plan *twin = plan_parse("p.md", (const char *)data, size, &again, &err);

	if (!plan != !twin || (!plan && err.text[0] == '\0'))
		__builtin_trap();
	if (plan) {
		if (strcmp(plan->plan_hash, twin->plan_hash) != 0 || lints.n != again.n)
			__builtin_trap();
		if (laws_of_plans(plan))
			__builtin_trap();
		plan_lint(plan, NULL, &lints);
		check_lints(plan, &lints);
		prompt_lint(plan->bytes, NULL, plan, &lints);
	}
	lint_list_clear(&lints);
	lint_list_clear(&again);
	plan_free(plan);
	plan_free(twin);
	return 0;
}
