#pragma once

#include "cli/json_out.h"
#include "cli/screen.h"
#include "plan/batch.h"

/*
 * What is decided otherwise in one plan than in another: verdicts, batches, the critical
 * path.  Phases are the same when their ids are.
 */
struct decided { /* all borrowed */
	const struct plan *plan;
	const struct verdicts *verdicts;
	const struct batches *batches;
};

/* Prints it; returns how many things differ. */
size_t change_print(
    const struct screen *screen, const struct decided *old, const struct decided *new);

/* Writes it as members of the open object; returns how many things differ. */
size_t change_json(
    struct json_out *json, const struct decided *old, const struct decided *new);
