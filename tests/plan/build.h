#pragma once

#include "base/mem.h"
#include "plan/plan.h"

#include <string.h>

/*
 * Plans in a line per phase, for tests that are about footprints and not about Markdown:
 *
 *     "1A writes=src/a.c+src/b.c deps=1B\n1B research reads=docs/"
 *
 * Items are joined by '+'; a rename is from>to; a leading '!' negates; '_' alone in a
 * value stands for nothing.  Words without '=' are flags: research, unknown.
 */
static inline void
build_touch(struct arena *arena, struct touch_list *list, char *text)
{
	char *item, *rest = text;

	while ((item = strsep(&rest, "+"))) {
		char *to = strchr(item, '>');

		if (to)
			*to++ = '\0';
		if (list->n == list->cap) {
			struct touch_item *more = arena_alloc(
			    arena, (list->cap + 64) * sizeof(*more));

			if (list->n > 0)
				memcpy(more, list->item, list->n * sizeof(*more));
			list->item = more;
			list->cap += 64;
		}
		list->item[list->n++] = (struct touch_item){ .text = item +
								     (*item == '!'),
			.to = to,
			.is_negated = *item == '!' };
	}
}

static inline void
build_depends(struct arena *arena, struct text_list *list, char *text)
{
	char *item, *rest = text;

	list->item = arena_alloc(arena, (strlen(text) + 1) * sizeof(*list->item));
	while ((item = strsep(&rest, "+")))
		list->item[list->n++] = (struct text_item){ .text = item };
}

static inline void
build_word(struct arena *arena, struct phase *phase, char *word)
{
	char *value = strchr(word, '=');

	if (!value) {
		phase->is_analysis_only = phase->is_analysis_only ||
					  !strcmp(word, "research");
		phase->is_unknown = phase->is_unknown || !strcmp(word, "unknown");
		return;
	}
	*value++ = '\0';
	for (int t = 0; t < TOUCH_N; t++) {
		if (strcmp(word, touch_key((enum touch)t)) == 0)
			build_touch(arena, &phase->touch[t], value);
	}
	if (strcmp(word, "deps") == 0)
		build_depends(arena, &phase->depends_on, value);
	if (strcmp(word, "repo") == 0)
		phase->repo = value;
	if (strcmp(word, "wish") == 0)
		phase->batch_wish = atoi(value);
	if (strcmp(word, "points") == 0)
		phase->points = atoi(value);
}

static inline struct plan *
build_plan(const char *text)
{
	struct arena *arena = arena_new();
	struct plan *plan = arena_alloc(arena, sizeof(*plan));
	char *rest = arena_strdup(arena, text), *line, *word;
	size_t n_lines = 1;

	for (const char *p = text; *p; p++)
		n_lines += *p == '\n';
	plan->arena = arena;
	plan->path = "";
	plan->phase = arena_alloc(arena, n_lines * sizeof(*plan->phase));
	while ((line = strsep(&rest, "\n"))) {
		struct phase *phase = &plan->phase[plan->n_phases];

		while ((word = strsep(&line, " "))) {
			if (!phase->id && *word)
				phase->id = word;
			else if (*word)
				build_word(arena, phase, word);
		}
		if (!phase->id)
			continue;
		phase->repo = phase->repo ? phase->repo : "";
		plan->n_phases++;
	}
	return plan;
}
