#include "policy/advise.h"

#include "base/mem.h"

#include <stdio.h>

/* What only a session of its own can give: the first that holds, or NULL. */
static const char *
dispatch_reason(const struct advise_facts *facts)
{
	if (!facts->one_repo)
		return "the work spans several repositories";
	if (facts->needs_ci_per_unit)
		return "each unit must have green CI of its own";
	if (facts->needs_own_branch)
		return "each unit needs a branch that stays";
	if (facts->several_issues && !facts->one_branch_holds_all)
		return "several issues cannot live on one branch";
	if (facts->is_research && facts->needs_own_context)
		return "each research track needs a context of its own";
	if (facts->one_session && !facts->can_share_tree && !facts->is_research)
		return "the units cannot share one working tree";
	return NULL;
}

void
advise(const struct advise_facts *facts, struct advice *advice)
{
	const char *reason = dispatch_reason(facts);

	if (reason && facts->can_share_tree && facts->n_subtasks >= 2) {
		advice->recommend = "both";
		snprintf(advice->reason, sizeof(advice->reason),
		    "%s, so dispatch them; inside one session its %d subtasks may use "
		    "Agent Teams (R-97)",
		    reason, facts->n_subtasks);
		return;
	}
	if (reason) {
		advice->recommend = "dispatch";
		snprintf(
		    advice->reason, sizeof(advice->reason), "%s (R-95, R-96)", reason);
		return;
	}
	if (facts->one_session && facts->n_subtasks >= 5) {
		advice->recommend = "swarm";
		snprintf(advice->reason, sizeof(advice->reason),
		    "%d independent subtasks fit one session: exec:swarm (S-88)",
		    facts->n_subtasks);
		return;
	}
	advice->recommend = "teams";
	snprintf(advice->reason, sizeof(advice->reason), "%s (R-95, R-96)",
	    facts->is_research ? "research that needs no contexts of its own"
	    : facts->one_session
		? "one session and one repository with a shared working tree"
		: "nothing here needs its own branch, repository or CI");
}
