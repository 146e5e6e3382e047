#include "engine/lessons.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAIRS_PER_LANDING = 40,
	PAIRS_MAX = 20000,
	WINDOW = 200,      /* landings between two that may have been open together */
	WINDOW_BLIND = 10, /* the same when nobody knows when the second began */
	HOT_WINDOW = 200,
};

#define DAYS_MAX (30 * 86400)

/* Who touched a path: changes by landing, newest first. */
struct touches {
	size_t *begin; /* of path i: item[begin[i]] up to item[begin[i + 1]] */
	struct touch_at {
		size_t landing, change;
	} * item;
};

static void
touches_init(struct touches *t, const struct history *h)
{
	size_t *at = xcalloc(h->path.n + 1, sizeof(*at));

	t->begin = xcalloc(h->path.n + 1, sizeof(*t->begin));
	t->item = xcalloc(h->n_changes, sizeof(*t->item));
	for (size_t i = 0; i < h->n_changes; i++)
		t->begin[h->change[i].path + 1]++;
	for (size_t i = 0; i < h->path.n; i++)
		t->begin[i + 1] += t->begin[i];
	memcpy(at, t->begin, (h->path.n + 1) * sizeof(*at));
	for (size_t l = 0; l < h->n; l++) {
		for (size_t c = h->landing[l].first;
		     c < h->landing[l].first + h->landing[l].n; c++)
			t->item[at[h->change[c].path]++] = (struct touch_at){ l, c };
	}
	free(at);
}

static void
touches_clear(struct touches *t)
{
	free(t->begin);
	free(t->item);
}

bool
lessons_are_siblings(const struct history *history, size_t older, size_t newer)
{
	const struct history_landing *a = &history->landing[older];
	const struct history_landing *b = &history->landing[newer];

	if (older <= newer || older - newer > WINDOW ||
	    b->landed - a->landed > DAYS_MAX)
		return false;
	if (b->is_merge)
		return b->forked >= 0 && older < (size_t)b->forked;
	if (b->is_squash)
		return older - newer <= WINDOW_BLIND;
	/* A plain commit that was written before the other landed: a patch, a rebase. */
	return b->authored < a->landed - 60;
}

enum outcome { CLEAN, HIT, UNJUDGED };

/* Lines of a file that somebody changed, as they stand now: FIRST up to END. */
struct range {
	int64_t first, end;
};

/* Moves RANGE through a later change of the file; false when that rewrote its lines. */
static bool
range_move(const struct history *h, const struct history_change *c, struct range *range)
{
	int64_t shift = 0;

	for (size_t i = c->first_hunk; i < c->first_hunk + c->n_hunks; i++) {
		const struct history_hunk *hunk = &h->hunk[i];
		int64_t first = hunk->old_at, end = first + hunk->old_n;

		if (end <= range->first)
			shift += (int64_t)hunk->new_n - hunk->old_n;
		else if (first < range->end)
			return false;
	}
	range->first += shift;
	range->end += shift;
	return true;
}

/* Does RANGE touch a line that C changed?  No unchanged line between is a conflict. */
static bool
range_meets(
    const struct history *h, const struct history_change *c, const struct range *range)
{
	for (size_t i = c->first_hunk; i < c->first_hunk + c->n_hunks; i++) {
		int64_t first = h->hunk[i].old_at, end = first + h->hunk[i].old_n;

		if (first <= range->end && range->first <= end)
			return true;
	}
	return false;
}

/* Follows one hunk of the older change through what BETWEEN did to the newer one. */
static enum outcome
judge_hunk(const struct history *h, const struct touch_at *older,
    const struct touch_at *newer, const struct history_hunk *hunk)
{
	struct range range = { hunk->new_at, (int64_t)hunk->new_at + hunk->new_n };

	for (const struct touch_at *at = older - 1; at > newer; at--) {
		const struct history_change *c = &h->change[at->change];

		if (c->status != 'M' || c->is_opaque || !range_move(h, c, &range))
			return UNJUDGED;
	}
	return range_meets(h, &h->change[newer->change], &range) ? HIT : CLEAN;
}

/* NEWER stands before OLDER in the same list of touches. */
static enum outcome
judge_file(
    const struct history *h, const struct touch_at *older, const struct touch_at *newer)
{
	const struct history_change *a = &h->change[older->change];
	const struct history_change *b = &h->change[newer->change];
	enum outcome outcome = CLEAN;

	/* Made, removed or not to be merged by lines: whoever comes second is in the way. */
	if (a->status != 'M' || b->status != 'M' || a->is_opaque || b->is_opaque)
		return HIT;
	for (size_t i = a->first_hunk; i < a->first_hunk + a->n_hunks; i++) {
		enum outcome one = judge_hunk(h, older, newer, &h->hunk[i]);

		if (one == HIT)
			return HIT;
		outcome = one == UNJUDGED ? UNJUDGED : outcome;
	}
	return outcome;
}

/* One file that a landing shares with an older one. */
struct shared {
	const struct touch_at *older, *newer;
};

static int
compare_shared(const void *pa, const void *pb)
{
	const struct shared *a = pa, *b = pb;

	if (a->older->landing != b->older->landing)
		return a->older->landing < b->older->landing ? -1 : 1;
	return (a->older > b->older) - (a->older < b->older);
}

/* How many of the landings before OLDER touched its file. */
static double
hot_before(const struct touches *t, int path, const struct touch_at *older)
{
	double n = 0;

	for (const struct touch_at *at = older + 1;
	     at < &t->item[t->begin[path + 1]] &&
	     at->landing <= older->landing + HOT_WINDOW;
	     at++)
		n++;
	return n;
}

struct collector {
	const struct history *h;
	struct touches touches;
	double (*n_bytes)(void *arg, const char *path);
	void *arg;
	double *size; /* per path; -2 = not asked yet */
	struct lessons *out;
	struct shared *shared;
	size_t n_shared, cap_shared;
};

static void
add_file(struct collector *c, const struct shared *shared, bool is_hit)
{
	const struct history_change *a = &c->h->change[shared->older->change];
	const struct history_change *b = &c->h->change[shared->newer->change];
	struct lessons *out = c->out;
	size_t cap = out->cap_files;

	if (c->size[a->path] < -1)
		c->size[a->path] = c->n_bytes(c->arg, c->h->path.item[a->path]);
	GROW(out->file, out->n_files, out->cap_files);
	if (cap != out->cap_files)
		out->is_hit = xreallocarray(
		    out->is_hit, out->cap_files, sizeof(*out->is_hit));
	out->is_hit[out->n_files] = is_hit;
	out->file[out->n_files++] = (struct risk_file){
		.path = c->h->path.item[a->path],
		.n_bytes = c->size[a->path],
		.hot = hot_before(&c->touches, a->path, shared->older),
		.sure = 1,
		.is_odd = a->status != 'M' || b->status != 'M',
	};
}

/* How many of its files a landing adds. */
static double
n_added(const struct history *h, size_t landing)
{
	const struct history_landing *l = &h->landing[landing];
	double n = 0;

	for (size_t c = l->first; c < l->first + l->n; c++)
		n += h->change[c].status == 'A';
	return n;
}

/* The N files that two landings share, as one sample. */
static void
add_pair(struct collector *c, const struct shared *shared, size_t n)
{
	const struct history *h = c->h;
	size_t a = shared->older->landing, b = shared->newer->landing;
	struct lessons *out = c->out;
	size_t first = out->n_files;
	int forked = h->landing[b].forked;
	bool is_conflict = false, is_unjudged = false;

	for (size_t i = 0; i < n; i++) {
		enum outcome one = judge_file(h, shared[i].older, shared[i].newer);

		is_conflict |= one == HIT;
		is_unjudged |= one == UNJUDGED;
		add_file(c, &shared[i], one == HIT);
	}
	if (is_unjudged && !is_conflict) {
		out->n_files = first;
		out->n_unjudged++;
		return;
	}
	GROW(out->sample, out->n, out->cap);
	/* Time is the number of landings; pieces of the arrays are set when they rest. */
	out->sample[out->n++] = (struct risk_sample){
		.n = n,
		.sizes = { (double)h->landing[a].n, (double)h->landing[b].n,
		    n_added(h, a), n_added(h, b) },
		.is_conflict = is_conflict,
		.asked_at = (int64_t)(h->n - (forked >= 0 ? (size_t)forked : a)),
		.known_at = (int64_t)(h->n - b),
	};
}

static void
collect_landing(struct collector *c, size_t b)
{
	const struct history *h = c->h;
	size_t n_pairs = 0;

	c->n_shared = 0;
	for (size_t i = h->landing[b].first; i < h->landing[b].first + h->landing[b].n;
	     i++) {
		size_t path = (size_t)h->change[i].path;
		const struct touch_at *at = &c->touches.item[c->touches.begin[path]];
		const struct touch_at *end =
		    &c->touches.item[c->touches.begin[path + 1]];
		const struct touch_at *newer;

		while (at->landing != b)
			at++;
		for (newer = at++; at < end && at->landing <= b + WINDOW; at++) {
			if (!lessons_are_siblings(h, at->landing, b))
				continue;
			GROW(c->shared, c->n_shared, c->cap_shared);
			c->shared[c->n_shared++] = (struct shared){ at, newer };
		}
	}
	if (c->n_shared > 1)
		qsort(c->shared, c->n_shared, sizeof(*c->shared), compare_shared);
	for (size_t i = 0, end; i < c->n_shared && n_pairs < PAIRS_PER_LANDING;
	     i = end) {
		for (end = i; end < c->n_shared && c->shared[end].older->landing ==
						       c->shared[i].older->landing;)
			end++;
		add_pair(c, &c->shared[i], end - i);
		n_pairs++;
	}
}

void
lessons_collect(const struct history *history,
    double (*n_bytes)(void *arg, const char *path), void *arg, struct lessons *lessons)
{
	struct collector c = {
		.h = history, .n_bytes = n_bytes, .arg = arg, .out = lessons
	};
	size_t at = 0;

	*lessons = (struct lessons){ 0 };
	touches_init(&c.touches, history);
	c.size = xcalloc(history->path.n, sizeof(*c.size));
	for (size_t i = 0; i < history->path.n; i++)
		c.size[i] = -2;
	for (size_t b = 0; b < history->n && lessons->n < PAIRS_MAX; b++)
		collect_landing(&c, b);
	for (size_t i = 0; i < lessons->n; i++) {
		lessons->sample[i].file = &lessons->file[at];
		lessons->sample[i].is_hit = &lessons->is_hit[at];
		at += lessons->sample[i].n;
	}
	free(c.size);
	free(c.shared);
	touches_clear(&c.touches);
}

void
lessons_clear(struct lessons *lessons)
{
	free(lessons->sample);
	free(lessons->file);
	free(lessons->is_hit);
	*lessons = (struct lessons){ 0 };
}
