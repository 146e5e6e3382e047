#pragma once

#include "cli/client.h"
#include "cli/sources.h"
#include "git/config.h"
#include "policy/research.h"

#include <stdio.h>

/* What the tracks of a plan have handed over, as the server and their files have it. */
struct research_in {
	struct research_set set;
	struct research_limits limits;
	long rounds;               /* of follow-ups, then a person */
	size_t n_over;             /* tracks that are over */
	struct json_object **kept; /* the files, which the set points into; owned */
	size_t n_kept, cap_kept;
	struct sources sources;
	char **dead; /* why sources lead nowhere; owned */
	size_t n_dead, cap_dead;
};

/*
 * Reads divisi.research.*, the tracks of PLAN and the evidence of those that are done; PLAN
 * in STATUS is the plan's own object, or NULL when it was never dispatched.  -1 with ERR; IN
 * can be cleared in any case.
 */
struct world;
NODISCARD int research_in_read(struct research_in *in, const struct world *world,
    const struct json_object *status, struct err *err);
void research_in_clear(struct research_in *in);
