#include "core/planner.h"

#include "base/mem.h"
#include "core/core.h"

#include <string.h>

static struct planner_sum *
sum_of(struct planner_sum **sums, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*sums)[i].name, name) == 0)
			return &(*sums)[i];
	}
	*sums = xreallocarray(*sums, *n + 1, sizeof(**sums));
	(*sums)[*n] = (struct planner_sum){ .name = name };
	return &(*sums)[(*n)++];
}

static size_t
n_lines(const char *text)
{
	size_t n = 0;

	for (const char *at = text; *at; at++)
		n += *at == '\n' || at[1] == '\0';
	return n;
}

static void
add_session(struct planner_sum *sum, const struct session *s)
{
	size_t stray = n_lines(s->stray);

	/* Nothing was written yet, or nobody looked. */
	if (s->n_files <= 0 && stray == 0)
		return;
	sum->n_sessions++;
	sum->n_strayed += stray > 0;
	sum->n_stray += stray;
	sum->n_files += (size_t)s->n_files > stray ? (size_t)s->n_files : stray;
}

size_t
core_planners(const struct core *core, struct planner_sum **sums)
{
	size_t n = 0;

	*sums = NULL;
	for (size_t p = 0; p < core->n_plans; p++) {
		struct planner_sum *sum = sum_of(sums, &n, core->plan[p].planner);

		sum->n_plans++;
		for (size_t i = 0; i < core->n_sessions; i++) {
			if (strcmp(core->session[i].plan_id, core->plan[p].id) == 0)
				add_session(sum, &core->session[i]);
		}
	}
	return n;
}
