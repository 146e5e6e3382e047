#include "plan/alter.h"

#include <assert.h>
#include <string.h>

/* The list of PHASE that TOUCH names, as one of its own that may be changed. */
static struct touch_list *
own_list(struct plan *plan, int phase, int touch)
{
	struct touch_list *list = &plan->phase[phase].touch[touch];
	struct touch_item *item = arena_alloc(
	    plan->arena, (list->n + 1) * sizeof(*item));

	if (list->n > 0)
		memcpy(item, list->item, list->n * sizeof(*item));
	list->item = item;
	list->cap = list->n + 1;
	return list;
}

static void
alter_touch(struct plan *plan, const struct alteration *a)
{
	struct touch_list *list = own_list(plan, a->phase, a->touch);
	size_t n = 0;

	if (a->kind == ALTERATION_ADD) {
		list->item[list->n++] = (struct touch_item){
			.text = a->text, .to = a->to, .is_negated = a->is_negated
		};
		return;
	}
	for (size_t i = 0; i < list->n && a->kind == ALTERATION_DROP; i++) {
		if (strcmp(list->item[i].text, a->text) != 0 ||
		    list->item[i].is_negated != a->is_negated)
			list->item[n++] = list->item[i];
	}
	list->n = n;
}

static void
alter_depends(struct plan *plan, const struct alteration *a)
{
	struct text_list *list = &plan->phase[a->phase].depends_on;
	struct text_item *item = arena_alloc(
	    plan->arena, (list->n + 1) * sizeof(*item));
	size_t n = 0;

	for (size_t i = 0; i < list->n && a->kind != ALTERATION_CLEAR; i++) {
		if (a->kind == ALTERATION_ADD ||
		    strcmp(list->item[i].text, a->text) != 0)
			item[n++] = list->item[i];
	}
	if (a->kind == ALTERATION_ADD)
		item[n++] = (struct text_item){ .text = a->text };
	*list = (struct text_list){ item, n, n };
}

/* A phase that declares nothing any more is unknown; one that declares again is not. */
static void
settle_unknown(struct phase *phase)
{
	size_t n = 0;

	for (int t = 0; t < TOUCH_N; t++)
		n += phase->touch[t].n;
	phase->is_unknown = n == 0;
}

struct plan *
plan_altered(const struct plan *plan, const struct alteration *alteration, size_t n)
{
	struct arena *arena = arena_new();
	struct plan *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *plan;
	copy->arena = arena;
	copy->phase = arena_alloc(arena, (plan->n_phases + 1) * sizeof(*copy->phase));
	if (plan->n_phases > 0)
		memcpy(copy->phase, plan->phase, plan->n_phases * sizeof(*copy->phase));
	for (size_t i = 0; i < n; i++) {
		const struct alteration *a = &alteration[i];

		assert(a->phase >= 0 && (size_t)a->phase < plan->n_phases);
		if (a->touch == ALTERATION_DEPENDS) {
			alter_depends(copy, a);
			continue;
		}
		alter_touch(copy, a);
		settle_unknown(&copy->phase[a->phase]);
	}
	return copy;
}

char *
alteration_text(const struct plan *plan, const struct alteration *a)
{
	const char *id = plan->phase[a->phase].id;
	const char *list = a->touch == ALTERATION_DEPENDS
			       ? "Depends on"
			       : touch_name((enum touch)a->touch);

	if (a->kind == ALTERATION_CLEAR)
		return xasprintf("empty %s of %s", list, id);
	if (a->touch == ALTERATION_DEPENDS)
		return xasprintf(a->kind == ALTERATION_ADD
				     ? "let %s depend on %s"
				     : "drop the dependency of %s on %s",
		    id, a->text);
	if (a->kind == ALTERATION_DROP)
		return xasprintf("take `%s` out of %s of %s", a->text, list, id);
	if (a->is_negated)
		return xasprintf("except `!%s` from %s of %s", a->text, list, id);
	return xasprintf("add `%s` to %s of %s", a->text, list, id);
}
