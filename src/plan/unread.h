#pragma once

#include "plan/plan.h"
#include "plan/source.h"

/*
 * L13: TEXT, a bullet of the phase PHASE_ID, has no key that a phase knows.  Warns when it was
 * probably meant to have one: a misspelt key, a word that other tools have for one, paths
 * behind a word and a colon, or a key of the footprint without its colon.  Prose is nobody's
 * business.  NAME is what stands before the colon, empty when there is none.
 */
void unread_bullet(struct plan *plan, struct lint_list *lints,
    const struct source *source, const char *phase_id, struct span text,
    struct span name);
