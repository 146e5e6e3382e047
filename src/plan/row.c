#include "plan/decide.h"

#include <string.h>

/* Two patterns: first one that is not another's by a link, then the text decides. */
static int
compare_patterns(const struct pattern *p, const struct pattern *q)
{
	int by = strcmp(p->text, q->text);

	if (!p->via != !q->via)
		return p->via ? 1 : -1;
	if (by == 0)
		by = strcmp(glob_prefix(p->glob), glob_prefix(q->glob));
	return by || !p->via ? by : strcmp(p->via, q->via);
}

/* Any order will do in which no two uses of a phase are equal and that the plan alone fixes. */
static int
compare_uses(const struct meets *m, const struct use *a, const struct use *b)
{
	int by = a->pattern == b->pattern ? 0
					  : compare_patterns(&m->pattern[a->pattern],
						&m->pattern[b->pattern]);

	if (by == 0)
		by = (int)a->touch - (int)b->touch;
	return by ? by : (int)a->access - (int)b->access;
}

/*
 * Is NEW better evidence than OLD?  What cannot be merged, then what git merges before what
 * has an action of its own, then what exists, then short.  Where they are equal the patterns
 * decide, never who was met first: so a row that is filled again says the same.
 */
static bool
hit_beats(const struct meets *m, const struct hit *new, const struct hit *old)
{
	size_t n_new, n_old;
	int by;

	if (!old->meet)
		return true;
	if (new->meet->merging != old->meet->merging)
		return new->meet->merging == MERGING_NONE ||
		       (old->meet->merging != MERGING_NONE &&
			   new->meet->merging == MERGING_LINES);
	if (new->meet->is_tracked != old->meet->is_tracked)
		return new->meet->is_tracked;
	n_new = strlen(new->witness);
	n_old = strlen(old->witness);
	if (n_new != n_old)
		return n_new < n_old;
	by = strcmp(new->witness, old->witness);
	if (by == 0)
		by = compare_uses(m, new->a, old->a);
	return (by ? by : compare_uses(m, new->b, old->b)) < 0;
}

static bool
makes(enum access access)
{
	return access == ACCESS_WRITE || access == ACCESS_APPEND ||
	       access == ACCESS_MOVE_TO;
}

static bool
writes(enum access access)
{
	return access == ACCESS_WRITE || access == ACCESS_APPEND;
}

/* The slot of CELL that a meeting of accesses A and B belongs to; NULL for two reads. */
static struct hit *
hit_slot(struct cell *cell, const struct meet *meet, enum access a, enum access b)
{
	if (a == ACCESS_READ && b == ACCESS_READ)
		return NULL;
	if (makes(a) && b == ACCESS_READ)
		return &cell->rare->raw;
	if (a == ACCESS_READ && makes(b))
		return &cell->rare->war;
	if (!writes(a) || !writes(b))
		return &cell->rare->remove;
	return a == ACCESS_APPEND && b == ACCESS_APPEND && meet->merging != MERGING_NONE
		   ? &cell->rare->append
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

/* A, of the earlier phase, and B meet; CELL is that of the other phase. */
static void
row_hit(struct decision *d, const struct use *a, const struct use *b, struct meet *meet,
    int of)
{
	struct hit hit = { .meet = meet, .a = a, .b = b, .witness = meet->witness };
	struct cell *cell;
	struct hit *slot;

	if (a->access == ACCESS_READ && b->access == ACCESS_READ)
		return;
	if (d->meets.n_negations > 0 &&
	    !meets_survives(&d->meets, a, b, meet, &hit.witness))
		return;
	cell = cell_touch(d, of);
	slot = hit_slot(cell, meet, a->access, b->access);
	cell->is_rare = cell->is_rare || slot != &cell->waw;
	if (slot && hit_beats(&d->meets, &hit, slot))
		*slot = hit;
}

static void
row_meet(struct decision *d, const struct use *a, struct meet *meet, bool data_only)
{
	const struct pattern *other = &d->meets.pattern[meet->other];

	if (data_only && a->access != ACCESS_READ && !other->is_read)
		return;
	for (size_t i = other->n_uses; i-- > 0 && other->use[i].phase > a->phase;) {
		const struct use *b = &other->use[i];

		if (data_only && a->access != ACCESS_READ && b->access != ACCESS_READ)
			continue;
		row_hit(d, a, b, meet, b->phase);
	}
}

/*
 * Is CLAIM what a path gives away, or no more than that?  Who numbers the migrations, or
 * changes a schema: of its own, says so of the paths it writes there.
 */
static bool
is_of_path(const struct claim *claim)
{
	return claim->path || claim->mode == MODE_RENUMBER || claim->mode == MODE_PART;
}

static struct clash *
clash_slot(struct cell *cell, const struct clash *clash, const char *name)
{
	switch (clash->relation) {
	case RELATION_OK: return NULL;
	case RELATION_DATA_FIRST: return &cell->rare->data_ab;
	case RELATION_DATA_SECOND: return &cell->rare->data_ba;
	case RELATION_ORDER:
	case RELATION_ORDER_FIRST:
	case RELATION_ORDER_SECOND: return &cell->rare->order;
	case RELATION_SEQUENTIAL:
		if (resource_kind(name) == PAIR_API)
			return &cell->rare->alone;
		return is_of_path(clash->a) && is_of_path(clash->b) &&
			       resource_is_migrations(name)
			   ? &cell->rare->migrations
			   : &cell->rare->shared;
	case RELATION_NUMBERS:
		cell->rare->numbers_migrations |= clash->a->gives_numbers &&
						  clash->b->gives_numbers;
		return &cell->rare->numbers;
	case RELATION_DIRECTORY: return &cell->rare->directory;
	}
	return NULL;
}

/* Declared beats recognised; else the names decide, then the modes. */
static bool
clash_beats(const struct resources *r, const struct clash *new, const struct clash *old)
{
	int by;

	if (!old->a || !old->a->path != !new->a->path)
		return !old->a || !new->a->path;
	by = resource_order(r, new->a->resource, old->a->resource);
	if (by == 0)
		by = (int)new->a->mode - (int)old->a->mode;
	return by ? by < 0 : new->b->mode > old->b->mode;
}

/* Of the claims A and B the first is of the earlier phase; OF is the one whose cell it is. */
static void
row_clash(struct decision *d, const struct claim *a, const struct claim *b, int of,
    bool data_only)
{
	const char *name = d->resources.item[a->resource].name;
	struct clash clash = { a, b, mode_relation(a->mode, b->mode) }, *slot;
	struct cell *cell;

	if (clash.relation == RELATION_OK ||
	    (data_only && clash.relation != RELATION_DATA_FIRST &&
		clash.relation != RELATION_DATA_SECOND))
		return;
	cell = cell_touch(d, of);
	/* Who writes one file has no other question about its directory. */
	if (clash.relation == RELATION_DIRECTORY && cell->waw.meet)
		return;
	cell->is_rare = true;
	slot = clash_slot(cell, &clash, name);
	if (slot && clash_beats(&d->resources, &clash, slot))
		*slot = clash;
}

static void
row_claim(struct decision *d, const struct claim *a, bool data_only)
{
	const struct resource *resource = &d->resources.item[a->resource];

	for (size_t i = resource->n_claims;
	     i-- > 0 && resource->claim[i].phase > a->phase;)
		row_clash(
		    d, a, &resource->claim[i], resource->claim[i].phase, data_only);
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
cell_settle(const struct resources *r, struct rare *rare)
{
	const struct clash *shared = &rare->shared;

	if (!rare->migrations.a || rare->numbers_migrations)
		return;
	if (!shared->a ||
	    (shared->a->path && resource_order(r, rare->migrations.a->resource,
				    shared->a->resource) < 0))
		rare->shared = rare->migrations;
}

static void
row_empty(struct decision *d)
{
	for (size_t i = 0; i < d->n_touched; i++) {
		struct cell *cell = &d->cell[d->touched[i]];
		struct rare *rare = cell->rare;

		if (cell->is_rare)
			*rare = (struct rare){ 0 };
		*cell = (struct cell){ .rare = rare };
	}
	d->n_touched = 0;
}

static void
row_finish(struct decision *d, int from)
{
	list_touched(d, from);
	for (size_t i = 0; i < d->n_touched; i++) {
		struct cell *cell = &d->cell[d->touched[i]];

		if (cell->is_rare)
			cell_settle(&d->resources, cell->rare);
	}
}

void
row_fill(struct decision *d, int a, bool data_only)
{
	const struct use_list *uses = &d->meets.of[a];
	const struct claim_list *claims = &d->resources.of[a];

	row_empty(d);
	for (size_t u = 0; u < uses->n; u++) {
		const struct use *use = &uses->use[u];
		const struct pattern *pattern = &d->meets.pattern[use->pattern];

		for (size_t i = 0; i < pattern->n_meets; i++)
			row_meet(d, use, &pattern->meet[i], data_only);
	}
	for (size_t c = 0; c < claims->n; c++)
		row_claim(d, &claims->claim[c], data_only);
	row_finish(d, a);
}

void
row_fill_around(struct decision *d, int phase)
{
	const struct use_list *uses = &d->meets.of[phase];
	const struct claim_list *claims = &d->resources.of[phase];

	row_empty(d);
	for (size_t u = 0; u < uses->n; u++) {
		const struct use *own = &uses->use[u];
		const struct pattern *p = &d->meets.pattern[own->pattern];

		for (size_t i = 0; i < p->n_meets; i++) {
			const struct pattern *q = &d->meets.pattern[p->meet[i].other];

			for (size_t k = 0; k < q->n_uses; k++) {
				const struct use *use = &q->use[k];

				if (use->phase < phase)
					row_hit(d, use, own, &p->meet[i], use->phase);
				else if (use->phase > phase)
					row_hit(d, own, use, &p->meet[i], use->phase);
			}
		}
	}
	for (size_t c = 0; c < claims->n; c++) {
		const struct claim *own = &claims->claim[c];
		const struct resource *r = &d->resources.item[own->resource];

		for (size_t k = 0; k < r->n_claims; k++) {
			const struct claim *claim = &r->claim[k];

			if (claim->phase < phase)
				row_clash(d, claim, own, claim->phase, false);
			else if (claim->phase > phase)
				row_clash(d, own, claim, claim->phase, false);
		}
	}
	row_finish(d, 0);
}

bool
cell_has_data(const struct cell *cell, bool is_ab)
{
	const struct rare *rare = cell->rare;

	if (!cell->is_rare)
		return false;
	return is_ab ? rare->raw.meet || rare->data_ab.a
		     : rare->war.meet || rare->data_ba.a;
}
