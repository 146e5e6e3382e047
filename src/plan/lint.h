#pragma once

#include "plan/plan.h"

struct verdicts;

/*
 * Adds every lint of SPEC section 9 and METHOD that concerns a parsed plan: sections and
 * references (P02, N01-N03), footprints and ids (paths that escape, control characters,
 * option-like and duplicate ids, dangling dependencies, shared or several issues), modes,
 * agents, points (G15, G22), cycles (G02, from VERDICTS when not NULL).
 *
 * Messages of the parser are in LINTS already; nothing is reported twice.  The result is
 * sorted by place.
 */
void plan_lint(
    struct plan *plan, const struct verdicts *verdicts, struct lint_list *lints);

/*
 * True when VERB must stop because of LINT (CONTRACTS 4): structure errors stop every verb,
 * prompt and section lints stop prompt and dispatch only, N01 and N02 never stop.
 */
bool lint_stops(const struct lint *lint, enum lint_verb verb);
