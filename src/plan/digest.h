#pragma once

#include "plan/key.h"
#include "plan/plan.h"

#include <stdio.h>

/*
 * Writes what PHASE says for KEY in a form that depends on nothing but the meaning; two
 * phases that say the same write the same bytes.  Statuses and ticks are left out.
 */
void phase_render_key(FILE *out, const struct phase *phase, enum plan_key key);

/*
 * What PLAN's hash is made of: everything it says but statuses, registry and ticks, in one
 * unambiguous form.  The caller frees it; *N_BYTES is its length.
 */
char *plan_digest_text(const struct plan *plan, size_t *n_bytes);

/* Fills PLAN's plan_hash (CONTRACTS 4). */
void plan_digest(struct plan *plan);
