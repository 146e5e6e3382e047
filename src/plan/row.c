#include "plan/decide.h"

#include <string.h>

/*
 * Is NEW better evidence than OLD?  What cannot be merged, then what git merges before what
 * has an action of its own, then what exists, then short.
 */
static bool
hit_beats(const struct hit *new, const struct hit *old)
{
	if (!old->meet)
		return true;
	if (new->meet->merging != old->meet->merging)
		return new->meet->merging == MERGING_NONE ||
		       (old->meet->merging != MERGING_NONE &&
			   new->meet->merging == MERGING_LINES);
	if (new->meet->is_tracked != old->meet->is_tracked)
		return new->meet->is_tracked;
	return strlen(new->witness) < strlen(old->witness);
}

static bool
makes(enum access access)
{
	return access == ACCESS_WRITE || access == ACCESS_APPEND ||
	       access == ACCESS_MOVE_TO;
}

/* The slot of CELL that a meeting of accesses A and B belongs to; NULL for two reads. */
static struct hit *
hit_slot(struct cell *cell, const struct meet *meet, enum access a, enum access b)
{
	if (a == ACCESS_READ && b == ACCESS_READ)
		return NULL;
	if (makes(a) && b == ACCESS_READ)
		return &cell->raw;
	if (a == ACCESS_READ && makes(b))
		return &cell->war;
	if (!makes(a) || !makes(b) || a == ACCESS_MOVE_TO || b == ACCESS_MOVE_TO)
		return &cell->remove;
	return a == ACCESS_APPEND && b == ACCESS_APPEND && meet->merging != MERGING_NONE
		   ? &cell->append
		   : &cell->waw;
}

static struct cell *
cell_touch(struct decision *d, int b)
{
	struct cell *cell = &d->cell[b];

	d->touched_bit[b / 64] |= (uint64_t)1 << (b % 64);
	cell->is_touched = true;
	return cell;
}

static void
row_meet(struct decision *d, const struct use *a, struct meet *meet, bool data_only)
{
	const struct pattern *other = &d->meets.pattern[meet->other];

	if (data_only && a->access != ACCESS_READ && !other->is_read)
		return;
	for (size_t i = other->n_uses; i-- > 0 && other->use[i].phase > a->phase;) {
		const struct use *b = &other->use[i];
		struct hit hit = { .meet = meet, .a = a, .b = b }, *slot;

		if (a->access == ACCESS_READ && b->access == ACCESS_READ)
			continue;
		if (data_only && a->access != ACCESS_READ && b->access != ACCESS_READ)
			continue;
		if (!meets_survives(&d->meets, a, b, meet, &hit.witness))
			continue;
		slot = hit_slot(cell_touch(d, b->phase), meet, a->access, b->access);
		if (slot && hit_beats(&hit, slot))
			*slot = hit;
	}
}

static struct clash *
clash_slot(struct cell *cell, const struct clash *clash, const char *name)
{
	switch (clash->relation) {
	case RELATION_OK: return NULL;
	case RELATION_DATA_FIRST: return &cell->data_ab;
	case RELATION_DATA_SECOND: return &cell->data_ba;
	case RELATION_ORDER:
	case RELATION_ORDER_FIRST:
	case RELATION_ORDER_SECOND: return &cell->order;
	case RELATION_SEQUENTIAL:
		if (resource_kind(name) == PAIR_API)
			return &cell->alone;
		return clash->a->path && clash->b->path && resource_is_migrations(name)
			   ? &cell->migrations
			   : &cell->shared;
	case RELATION_NUMBERS:
		cell->numbers_migrations |= resource_kind(name) == PAIR_SCHEMA ||
					    resource_is_migrations(name);
		return &cell->numbers;
	case RELATION_DIRECTORY: return &cell->directory;
	}
	return NULL;
}

static void
row_claim(struct decision *d, const struct claim *a, bool data_only)
{
	const struct resource *resource = &d->resources.item[a->resource];

	for (size_t i = resource->n_claims;
	     i-- > 0 && resource->claim[i].phase > a->phase;) {
		const struct claim *b = &resource->claim[i];
		struct clash clash = { a, b, mode_relation(a->mode, b->mode) }, *slot;

		if (clash.relation == RELATION_OK ||
		    (data_only && clash.relation != RELATION_DATA_FIRST &&
			clash.relation != RELATION_DATA_SECOND))
			continue;
		slot = clash_slot(cell_touch(d, b->phase), &clash, resource->name);
		/* Declared beats recognised; else the first one stays. */
		if (slot && (!slot->a || (slot->a->path && !a->path)))
			*slot = clash;
	}
}

/* Lists the touched cells behind row A, in order. */
static void
list_touched(struct decision *d, int a)
{
	size_t n_words = d->plan->n_phases / 64 + 1;

	for (size_t w = (size_t)a / 64; w < n_words; w++) {
		for (uint64_t left = d->touched_bit[w]; left; left &= left - 1)
			d->touched[d->n_touched++] = (int)(w * 64) +
						     __builtin_ctzll(left);
		d->touched_bit[w] = 0;
	}
}

/*
 * Two phases that only number their migrations do not collide by writing into one
 * migrations directory: the number is given at landing (CONFLICTS 5.1).  Numbers of
 * another series say nothing about that.
 */
static void
cell_settle(struct cell *cell)
{
	const struct clash *shared = &cell->shared;

	if (!cell->migrations.a || cell->numbers_migrations)
		return;
	if (!shared->a ||
	    (shared->a->path && cell->migrations.a->resource < shared->a->resource))
		cell->shared = cell->migrations;
}

void
row_fill(struct decision *d, int a, bool data_only)
{
	for (size_t i = 0; i < d->n_touched; i++)
		d->cell[d->touched[i]] = (struct cell){ 0 };
	d->n_touched = 0;
	for (size_t u = d->meets.begin[a]; u < d->meets.begin[a + 1]; u++) {
		const struct use *use = &d->meets.of_phase[u];
		const struct pattern *pattern = &d->meets.pattern[use->pattern];

		for (size_t i = 0; i < pattern->n_meets; i++)
			row_meet(d, use, &pattern->meet[i], data_only);
	}
	for (size_t c = d->resources.begin[a]; c < d->resources.begin[a + 1]; c++)
		row_claim(d, &d->resources.of_phase[c], data_only);
	list_touched(d, a);
	for (size_t i = 0; i < d->n_touched; i++)
		cell_settle(&d->cell[d->touched[i]]);
}

bool
cell_has_data(const struct cell *cell, bool is_ab)
{
	return is_ab ? cell->raw.meet || cell->data_ab.a
		     : cell->war.meet || cell->data_ba.a;
}
