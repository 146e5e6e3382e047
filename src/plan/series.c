#include "plan/series.h"

#include <string.h>

/* More patterns of one series are left out, which excuses less. */
#define MAX_PATTERNS 64

const char series_migrations[] = "**/{migrations,migrate,alembic/versions}/**";

bool
series_is_pattern(const char *text)
{
	struct span s = span_trim(span_of(text));

	if (span_starts(s, "api:") || span_starts(s, "schema:") ||
	    span_starts(s, "infra:"))
		return false;
	return memchr(s.p, '/', s.n) || memchr(s.p, '*', s.n);
}

bool
series_split(const char *setting, struct span *name, struct span *pattern)
{
	const char *equals = strchr(setting, '=');

	if (!equals)
		return false;
	*name = span_trim((struct span){ setting, (size_t)(equals - setting) });
	*pattern = span_trim(span_of(equals + 1));
	return name->n > 0 && pattern->n > 0;
}

bool
series_next(const char *const *setting, size_t n, const char *text, size_t *at,
    struct span *pattern)
{
	struct span wanted = span_trim(span_of(text)), name;

	if (series_is_pattern(text)) {
		*pattern = wanted;
		return (*at)++ == 0;
	}
	while (*at < n) {
		if (series_split(setting[(*at)++], &name, pattern) &&
		    name.n == wanted.n && memcmp(name.p, wanted.p, name.n) == 0)
			return true;
	}
	return false;
}

bool
series_covers(
    const struct verdict_env *env, const char *text, const struct glob *pattern)
{
	unsigned flags = env->fold_case ? GLOB_FOLD_CASE : 0;
	struct glob *glob[MAX_PATTERNS];
	AUTO_FREE char *left = NULL;
	struct span span;
	size_t n = 0, at = 0;
	bool is_covered;

	while (n < MAX_PATTERNS &&
	       series_next(env->series, env->n_series, text, &at, &span)) {
		AUTO_FREE char *own = xstrndup(span.p, span.n);

		glob[n] = glob_new(own, flags, NULL);
		n += glob[n] != NULL;
	}
	is_covered = n > 0 && !glob_overlap_without(pattern, pattern,
				  (const struct glob *const *)glob, n, &left);
	while (n > 0)
		glob_free(glob[--n]);
	return is_covered;
}
