#pragma once

#include "plan/meets.h"

/*
 * Series of files whose numbers are given at landing (Renumbers:, divisi.series; CONFLICTS
 * 5.1).  One is named by its pattern, by a name that settings give patterns for, or by what
 * names migrations.  Landing and verdicts read it here, so that what is excused is numbered.
 */

/* Is TEXT of Renumbers: a pattern, and not a name? */
bool series_is_pattern(const char *text);

/* Where migrations lie when no divisi.series says so. */
extern const char series_migrations[];

/* "name=pattern" in two, trimmed; false when it is no such setting. */
bool series_split(const char *setting, struct span *name, struct span *pattern);

/*
 * The next pattern of the series TEXT by the N settings SETTING; *AT is 0 at first.  False at
 * the end, which for a name without a setting is at once: series_migrations stands for one
 * that resource_names_migrations().
 */
bool series_next(const char *const *setting, size_t n, const char *text, size_t *at,
    struct span *pattern);

/* Do the patterns of the series TEXT match all that PATTERN can?  False when it has none. */
bool series_covers(
    const struct verdict_env *env, const char *text, const struct glob *pattern);
