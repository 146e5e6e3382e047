#include "plan/resources.h"

#include <string.h>

/*
 * One phase claims something else.  Resources that nobody knew stand behind the others;
 * resource_order() tells where they belong.
 */

/* Where the claims on resource NAME of REPO stand; a new one when nobody knew it. */
static int
resource_of(
    struct resources *r, const char *name, const char *repo, struct arena *arena)
{
	size_t low = 0, high = r->n_sorted;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int by = strcmp(r->item[mid].name, name);

		if (by == 0)
			by = strcmp(r->item[mid].repo, repo);
		if (by == 0)
			return (int)mid;
		if (by < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = r->n_sorted; i < r->n; i++) {
		if (strcmp(r->item[i].name, name) == 0 &&
		    strcmp(r->item[i].repo, repo) == 0)
			return (int)i;
	}
	GROW(r->item, r->n, r->cap);
	r->item[r->n] = (struct resource){ .name = arena_strdup(arena, name),
		.repo = arena_strdup(arena, repo) };
	return (int)r->n++;
}

static bool
is_data(const struct claim *claim)
{
	return claim->mode == MODE_PRODUCE || claim->mode == MODE_CONSUME;
}

/* The claims of R without those of PHASE and with the N at CLAIM, by phase. */
static void
exchange_claims(struct resource *r, int phase, const struct claim *claim, size_t n,
    struct arena *arena)
{
	struct claim *list = arena_alloc(arena, (r->n_claims + n) * sizeof(*list));
	size_t at = 0, i = 0;

	for (; i < r->n_claims && r->claim[i].phase < phase; i++)
		list[at++] = r->claim[i];
	for (size_t k = 0; k < n; k++)
		list[at++] = claim[k];
	for (; i < r->n_claims; i++) {
		if (r->claim[i].phase != phase)
			list[at++] = r->claim[i];
	}
	r->claim = list;
	r->n_claims = at;
}

void
resources_change(struct resources *resources, int phase, const struct resources *one,
    struct arena *arena)
{
	struct resources *r = resources;
	struct claim_list *list = &r->of[phase];
	struct claim *claim = arena_alloc(arena, (one->n_claims + 1) * sizeof(*claim));

	for (size_t i = 0; i < list->n; i++) {
		exchange_claims(
		    &r->item[list->claim[i].resource], phase, NULL, 0, arena);
		r->n_data -= is_data(&list->claim[i]);
	}
	for (size_t i = 0; i < one->n; i++) {
		const struct resource *own = &one->item[i];
		int at = resource_of(r, own->name, own->repo, arena);
		struct claim *first = &claim[own->claim - one->claim];

		for (size_t k = 0; k < own->n_claims; k++) {
			first[k] = own->claim[k];
			first[k].phase = phase;
			first[k].resource = at;
			first[k].path = own->claim[k].path
					    ? arena_strdup(arena, own->claim[k].path)
					    : NULL;
			r->n_data += is_data(&first[k]);
		}
		exchange_claims(&r->item[at], phase, first, own->n_claims, arena);
		r->n_hits += r->item[at].n_claims * r->item[at].n_claims;
	}
	*list = (struct claim_list){ claim, one->n_claims };
}
