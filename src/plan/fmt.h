#pragma once

#include "plan/plan.h"

#include <stdio.h>

/*
 * The canonical form of PLAN's file: phase sections and tables normalised, prose and HTML
 * comments untouched byte for byte, line ends kept as the file has them.  Formatting the
 * result again changes nothing.  Returns text the caller frees; length in *N_BYTES.
 */
char *plan_format(const struct plan *plan, size_t *n_bytes);

/* What the server writes back into a plan file (CONTRACTS 4); empty strings leave a cell. */
struct plan_status {
	const char *phase_id;
	const char *issue_id;
	const char *status; /* "Active", "Done", "Failed", "In Review" ... */
};

struct plan_update {
	const struct plan_status *status;
	size_t n_status;
	const struct registry_row *
	    row; /* the whole Session Registry, superset columns; NULL = leave it */
	size_t n_rows;
	const char *
	    tick_phase_acceptance; /* phase id whose acceptance boxes become ticked, or NULL */
};

/*
 * PLAN's bytes with statuses in Phase Map and Issue Registry (a Status column is added to
 * the Phase Map when there is none) and the Session Registry table replaced (created before
 * "## Verification", else at the end unless a code block or comment is left open there).  Everything else stays byte for byte; plan_hash of
 * the result equals plan_hash of PLAN.  Returns text the caller frees.
 */
char *plan_write_back(
    const struct plan *plan, const struct plan_update *update, size_t *n_bytes);
