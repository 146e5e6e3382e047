#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Agent Teams, dispatch, both, or swarm: SPEC, S-88, A-56. */
struct advise_facts {
	int n_subtasks;
	bool one_session, one_repo, can_share_tree, needs_own_branch, needs_ci_per_unit,
	    several_issues, one_branch_holds_all, is_research, needs_own_context;
};

struct advice {
	const char *recommend; /* "teams", "dispatch", "both", "swarm" */
	char reason[400];
};

void advise(const struct advise_facts *facts, struct advice *advice);
