#pragma once

#include "plan/key.h"
#include "plan/plan.h"
#include "plan/source.h"

/* Fills a phase from its cells and its section. */
struct phase_build {
	struct plan *plan;
	struct lint_list *lints;
	const struct source *source;
	struct phase *phase;
	uint64_t given; /* bit per plan_key that the section declares */
};

_Static_assert(KEY_N <= 64, "a bit per key");

/* A fresh phase with the values that mean "not given". */
void phase_init(struct phase *phase);

/* Reads the section whose heading is line HEADING. */
void phase_read_section(struct phase_build *build, size_t heading);

/*
 * Reads one cell of the Phase Map.  What the section says already stays; a cell that
 * says something else is a warning (CONTRACTS 4).
 */
void phase_read_cell(struct phase_build *build, enum plan_key key, struct span value);

/* Reads a registry cell (Exec, Est) as a fallback for what nobody has said yet. */
void phase_read_fallback(
    struct phase_build *build, enum plan_key key, struct span value);

/* Move the growing lists of PHASE into the plan's arena, where they do not grow any more. */
void phase_keep_texts(struct arena *arena, struct phase *phase);
void phase_keep_touches(struct arena *arena, struct phase *phase);
