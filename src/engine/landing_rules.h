#pragma once

#include "git/config.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What becomes of files at landing that need nobody: derived files are made again by a
 * command (divisi.derived), of united ones the lines of both sides are kept
 * (divisi.united), those of a series get their numbers (Renumbers:, divisi.series).
 *
 * A session keeps its rules as text from the table that was approved, so that no command
 * runs that nobody saw.
 */
enum landing_action { LANDING_DERIVED, LANDING_UNITED, LANDING_SERIES };

struct landing_rule {
	enum landing_action action;
	char *pattern;
	char *command; /* of a derived file, else NULL */
	struct glob *glob;
};

struct landing_rules {
	struct landing_rule *item;
	size_t n, cap;
};

/* The rules for PHASE as text, "" when there are none.  The caller frees it. */
char *landing_rules_text(const struct config *config, const struct phase *phase);

/* Reads such a text; what is no rule is left out.  FOLD_CASE: core.ignoreCase. */
void landing_rules_read(struct landing_rules *rules, const char *text, bool fold_case);
void landing_rules_clear(struct landing_rules *rules);

bool landing_rules_have(const struct landing_rules *rules, enum landing_action action);

/* The first rule for PATH with ACTION, or NULL. */
const struct landing_rule *landing_rule_of(
    const struct landing_rules *rules, enum landing_action action, const char *path);
