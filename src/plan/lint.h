#pragma once

#include "plan/plan.h"

struct verdicts;

/*
 * Adds every lint of SPEC section 9 and METHOD that concerns a parsed plan: sections and
 * references (P01-P03, P07, P08, P15, P16, N01, N03), footprints and ids (paths that
 * escape, control characters, option-like and duplicate ids, dangling dependencies,
 * shared or several issues), modes, cycles (G02, from VERDICTS when not NULL, else from
 * the declared dependencies alone).  What needs configuration or agents (G15, G22, N02)
 * is added by rooms above.
 *
 * Messages of the parser are in LINTS already; nothing is reported twice.  The result is
 * sorted by place.  Levels are those of the catalogue: show lint_level().
 */
void plan_lint(
    struct plan *plan, const struct verdicts *verdicts, struct lint_list *lints);

/*
 * True when VERB must stop because of LINT (CONTRACTS 4): structure errors stop every verb,
 * prompt and section lints stop prompt and dispatch only, N01 and N02 never stop.
 */
bool lint_stops(const struct lint *lint, enum lint_verb verb);

/* The level to show in VERB: 'E' when it stops there, else 'W'. */
char lint_level(const struct lint *lint, enum lint_verb verb);

/* The codes of this room, for manuals; SPEC section 9 has the others. */
struct lint_code {
	const char *code;
	char level;
	const char *rule;
	const char *what;
};
const struct lint_code *lint_code_at(size_t i); /* NULL past the end */
