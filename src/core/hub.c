#include "core/internal.h"

#include "plan/landing.h"

#include <string.h>

/*
 * The hub lands last, by what was measured (CONFLICTS 2.5, 5.4).  A table orders branches
 * before they exist, so by chances; the radar merges them while they grow.  Whoever does
 * not merge with several others had better land behind them: then it alone is mended, and
 * not each of them.  What was approved stays as it is: only who may land in any order is
 * ordered here.
 */

/* A cap is at most 32 (divisi.cap); who is beyond is not ordered by this. */
enum { HUB_MAX = 32 };

/* The sessions of a batch that landed or may, and which of them do not merge. */
struct measured {
	const struct session *s[HUB_MAX];
	size_t n;
	double p[HUB_MAX * HUB_MAX];
	bool before[HUB_MAX * HUB_MAX];
	int rank[HUB_MAX];
};

/* Did C close because its side ID landed?  Then the other has to be mended anyway. */
static bool
ended_by(const struct core *core, const struct conflict *c, const char *id)
{
	const struct session *s = core_session(core, id);

	return s && s->state == SESSION_DONE && c->ruled_at >= s->since;
}

/* Did git say, and does it still hold, that the two sides of C do not merge? */
static bool
is_measured(const struct core *core, const struct conflict *c)
{
	if (strcmp(c->kind, "file") != 0 || !c->b[0])
		return false;
	if (strcmp(c->state, "gone") == 0)
		return ended_by(core, c, c->a) || ended_by(core, c, c->b);
	return strcmp(c->state, "open") == 0 || strcmp(c->ruling, "go-on") == 0;
}

static int
place_of(const struct measured *f, const char *id)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->s[i]->id, id) == 0)
			return (int)i;
	}
	return -1;
}

/* Fills F from B; false when nothing is measured in it. */
static bool
look_at(const struct core *core, const struct batch_run *b, struct measured *f)
{
	bool any = false;

	f->n = 0;
	for (size_t i = 0; i < b->n && f->n < HUB_MAX; i++) {
		const struct session *s = &core->session[b->session[i]];

		if (session_in_play(s) || s->state == SESSION_DONE)
			f->s[f->n++] = s;
	}
	memset(f->p, 0, sizeof(f->p));
	for (size_t i = 0; i < core->n_conflicts; i++) {
		const struct conflict *c = &core->conflict[i];
		int a = is_measured(core, c) ? place_of(f, c->a) : -1;
		int o = a >= 0 ? place_of(f, c->b) : -1;

		if (o < 0)
			continue;
		any = true;
		f->p[(size_t)a * f->n + (size_t)o] = 1;
		f->p[(size_t)o * f->n + (size_t)a] = 1;
	}
	for (size_t a = 0; any && a < f->n; a++) {
		f->rank[a] = (int)f->s[a]->merge_position;
		for (size_t o = 0; o < f->n; o++)
			f->before[a * f->n + o] = f->s[o]->state != SESSION_DONE &&
						  (f->s[a]->state == SESSION_DONE ||
						      session_follows(
							  f->s[o], f->s[a]));
	}
	return any;
}

/* With how many others of F it does not merge. */
static size_t
degree(const struct measured *f, size_t at)
{
	size_t n = 0;

	for (size_t o = 0; o < f->n; o++)
		n += f->p[at * f->n + o] > 0;
	return n;
}

/* Does the session at A land first, of two that do not merge?  ORDER is that of F. */
static bool
lands_first(const struct measured *f, const int *order, size_t a, size_t o)
{
	/* Of two equals one has to be mended whoever waits, so neither does. */
	if (degree(f, a) >= degree(f, o))
		return false;
	/* One order of all keeps what was approved, and leads to no ring of waiting. */
	for (size_t i = 0; i < f->n; i++) {
		if (order[i] == (int)a || order[i] == (int)o)
			return order[i] == (int)a;
	}
	return false;
}

const struct session *
hub_waits_behind(
    const struct core *core, const struct batch_run *b, const struct session *s)
{
	int order[HUB_MAX], at;
	struct measured f;
	struct landing landing;

	if (core->n_conflicts == 0 || !look_at(core, b, &f))
		return NULL;
	at = place_of(&f, s->id);
	if (at < 0 || degree(&f, (size_t)at) < 2)
		return NULL;
	landing = (struct landing){ f.n, f.p, f.before, f.rank };
	landing_order(&landing, order);
	for (size_t o = 0; o < f.n; o++) {
		if (f.p[(size_t)at * f.n + o] > 0 && f.s[o]->state != SESSION_DONE &&
		    !session_follows(f.s[o], f.s[at]) &&
		    lands_first(&f, order, o, (size_t)at))
			return f.s[o];
	}
	return NULL;
}

const struct session *
conflict_first(const struct core *core, const struct conflict *c, size_t *n_others)
{
	const struct session *a = core_session(core, c->a),
			     *o = core_session(core, c->b);
	const struct batch_run *b = a ? core_batch(core, a->batch_id) : NULL;
	int order[HUB_MAX], pa, po;
	struct measured f;
	struct landing landing;

	if (!b || !o || !look_at(core, b, &f))
		return NULL;
	pa = place_of(&f, a->id);
	po = place_of(&f, o->id);
	if (pa < 0 || po < 0)
		return NULL;
	landing = (struct landing){ f.n, f.p, f.before, f.rank };
	landing_order(&landing, order);
	for (size_t i = 0; i < f.n; i++) {
		if (order[i] != pa && order[i] != po)
			continue;
		*n_others = degree(&f, (size_t)(order[i] == pa ? po : pa));
		return f.s[order[i]];
	}
	return NULL;
}
