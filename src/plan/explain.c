#include "plan/explain.h"

#include "plan/decide.h"
#include "plan/standing.h"

#include <string.h>

enum { MAX_EDITS = 12, MAX_COMMON = 1000 };

const char *
explain_rule(const struct pair *pair)
{
	static const char *const rules[PAIR_N_KINDS] = {
		[PAIR_NONE] = "S-18",
		[PAIR_RAW] = "S-11",
		[PAIR_WAR] = "S-12",
		[PAIR_WAW] = "S-13",
		[PAIR_APPEND] = "S-13",
		[PAIR_DELETE] = "S-13",
		[PAIR_RENAME] = "S-13",
		[PAIR_DIRECTORY] = "S-13",
		[PAIR_API] = "S-11",
		[PAIR_SCHEMA] = "S-11",
		[PAIR_INFRA] = "S-16",
		[PAIR_RESOURCE] = "S-16",
		[PAIR_DECLARED] = "S-11",
		[PAIR_CLOSURE] = "S-11",
		[PAIR_UNKNOWN] = "A-2",
		[PAIR_CYCLE] = "S-12",
	};

	if (pair->question == 2 && pair->verdict == VERDICT_PARALLEL_BRANCHES)
		return "S-14";
	if (pair->question == 3 && pair->kind != PAIR_UNKNOWN)
		return "S-16";
	return rules[pair->kind] ? rules[pair->kind] : "S-10";
}

/* ---- what both have in hand -------------------------------------------------------------- */

static const char *
mode_word(enum mode mode)
{
	static const char *const words[MODE_N] = { "uses", "extends", "changes",
		"removes", "renumbers", "gates", "consumes", "produces", "changes",
		"changes a part of", "writes in" };

	return mode < MODE_N && words[mode] ? words[mode] : "claims";
}

static const char *
relation_word(enum relation relation)
{
	switch (relation) {
	case RELATION_DATA_FIRST:
	case RELATION_DATA_SECOND: return "data";
	case RELATION_ORDER:
	case RELATION_ORDER_FIRST:
	case RELATION_ORDER_SECOND:
	case RELATION_DIRECTORY: return "order";
	case RELATION_SEQUENTIAL: return "sequential";
	case RELATION_NUMBERS: return "numbers";
	case RELATION_OK: break;
	}
	return "ok";
}

static void
list_names(struct explanation *e, const struct resources *r)
{
	const struct claim_list *of_a = &r->of[e->pair.a], *of_b = &r->of[e->pair.b];
	size_t n = 0, cap = 0;
	struct explain_name *name = NULL;

	for (size_t i = 0; i < of_a->n; i++) {
		const struct claim *a = &of_a->claim[i];

		for (size_t k = 0; k < of_b->n; k++) {
			const struct claim *b = &of_b->claim[k];

			if (a->resource != b->resource)
				continue;
			GROW(name, n, cap);
			name[n++] = (struct explain_name){ r->item[a->resource].name,
				mode_word(a->mode), mode_word(b->mode),
				relation_word(mode_relation(a->mode, b->mode)) };
		}
	}
	e->name = arena_alloc(e->arena, (n + 1) * sizeof(*name));
	e->n_names = n;
	for (size_t i = 0; i < n; i++) {
		e->name[i] = name[i];
		e->name[i].name = arena_strdup(e->arena, name[i].name);
	}
	free(name);
}

/* Does phase P touch PATH, and is it changed by it? */
static bool
touches(const struct meets *m, int phase, const char *path, bool *changes)
{
	bool is_touched = false;

	for (size_t i = 0; i < m->of[phase].n; i++) {
		const struct use *use = &m->of[phase].use[i];

		if (!glob_match(m->pattern[use->pattern].glob, path))
			continue;
		is_touched = true;
		*changes = *changes || use->access != ACCESS_READ;
	}
	return is_touched;
}

static void
list_common(struct explanation *e, const struct meets *m)
{
	const struct plan *plan = m->plan;
	const char **common = NULL;
	size_t n = 0, cap = 0;

	if (*plan->phase[e->pair.a].repo || *plan->phase[e->pair.b].repo)
		return;
	for (size_t i = 0; i < m->env->n_tracked && n < MAX_COMMON; i++) {
		const char *path = m->env->tracked[i];
		bool changes = false;

		if (!touches(m, e->pair.a, path, &changes) ||
		    !touches(m, e->pair.b, path, &changes) || !changes)
			continue;
		GROW(common, n, cap);
		common[n++] = path;
	}
	e->common = arena_alloc(e->arena, (n + 1) * sizeof(*common));
	e->n_common = n;
	for (size_t i = 0; i < n; i++)
		e->common[i] = arena_strdup(e->arena, common[i]);
	free(common);
}

/* ---- what would make it parallel ------------------------------------------------------------ */

struct search {
	const struct plan *plan; /* all of it, or the two alone */
	const struct explain_env *env;
	int a, b, side; /* positions in PLAN; the side that changes */
	struct alteration edit[MAX_EDITS];
	size_t n;
	struct pair now; /* the verdict after these edits, without its grounds */
	char *witness;   /* of NOW, owned */
	size_t n_batches;
	struct standing *standing; /* PLAN with edits, or NULL: all is decided */
	struct plan *stood;        /* what STANDING was changed to last */
};

static const char *
witness_of(const struct pair *pair)
{
	return pair->grounds ? pair->grounds->witness : NULL;
}

static void
take_pair(struct search *s, const struct verdicts *v)
{
	const struct pair *pair = verdicts_find(v, s->a, s->b);
	static const struct pair parallel = { .verdict = VERDICT_PARALLEL };

	s->now = pair ? *pair : parallel;
	free(s->witness);
	s->witness = xstrdup(witness_of(&s->now));
	s->now.grounds = NULL;
}

/* The verdicts with N_EDITS of the edits; decided_free() when they are seen. */
struct decided {
	struct plan *plan;
	struct verdicts *verdicts;
};

static struct decided
decide_with(struct search *s, size_t n_edits)
{
	struct decided now = { .plan = plan_altered(s->plan, s->edit, n_edits) };

	if (!s->standing) {
		now.verdicts = verdicts_new(now.plan, s->env->verdict);
		return now;
	}
	/* Whatever it was changed to before differs from PLAN in that side alone. */
	(void)standing_change(s->standing, now.plan, &s->side, 1);
	plan_free(s->stood);
	s->stood = now.plan;
	now.verdicts = standing_verdicts(s->standing);
	return now;
}

static void
decided_free(const struct search *s, struct decided *now)
{
	if (s->standing)
		return;
	verdicts_free(now->verdicts);
	plan_free(now->plan);
}

/* Is the pair nearer to parallel, or held by other evidence, than before? */
static bool
is_progress(const struct search *s, const struct pair *new)
{
	const struct pair *old = &s->now;
	const char *witness = witness_of(new);

	if (new->verdict != old->verdict)
		return new->verdict < old->verdict;
	return new->verdict != VERDICT_PARALLEL &&
	       (new->question != old->question || new->kind != old->kind ||
		   (witness == NULL) != (s->witness == NULL) ||
		   (witness && strcmp(witness, s->witness) != 0));
}

/* Tries EDIT on top of those made; keeps it when it helps. */
static bool
try_edit(struct search *s, struct alteration edit)
{
	struct decided now;
	const struct pair *pair;
	static const struct pair parallel = { .verdict = VERDICT_PARALLEL };
	bool helps;

	s->edit[s->n] = edit;
	now = decide_with(s, s->n + 1);
	pair = verdicts_find(now.verdicts, s->a, s->b);
	helps = is_progress(s, pair ? pair : &parallel);
	if (helps) {
		s->n++;
		take_pair(s, now.verdicts);
	}
	decided_free(s, &now);
	return helps;
}

static bool
is_dropped(const struct search *s, const struct alteration *edit)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->edit[i].touch == edit->touch && s->edit[i].kind == edit->kind &&
		    strcmp(s->edit[i].text, edit->text) == 0)
			return true;
	}
	return false;
}

/* Could the item have to do with the witness?  Only spares trying; yes when in doubt. */
static bool
may_matter(const struct search *s, enum touch touch, const struct touch_item *item)
{
	struct glob *glob;
	bool is_match;

	if (!s->witness || !touch_is_path(touch, item->text) || item->to ||
	    s->now.question == 3)
		return true;
	glob = glob_new(item->text,
	    s->env->verdict->fold_case ? GLOB_FOLD_CASE | GLOB_IS_DIR : GLOB_IS_DIR,
	    NULL);
	is_match = !glob || glob_match(glob, s->witness);
	glob_free(glob);
	return is_match;
}

/* Leaves out of ITEM what the other side names: the smallest change there is. */
static bool
try_exceptions(struct search *s, enum touch touch, const struct touch_item *item)
{
	const struct phase *other = &s->plan->phase[s->a + s->b - s->side];

	if (!strpbrk(item->text, "*?[{") || item->to)
		return false;
	for (int t = 0; t <= TOUCH_APPENDS; t++) {
		for (size_t i = 0; i < other->touch[t].n; i++) {
			const struct touch_item *theirs = &other->touch[t].item[i];
			struct alteration edit = { ALTERATION_ADD, s->side, (int)touch,
				theirs->text, NULL, true };

			if (theirs->is_negated || is_dropped(s, &edit) ||
			    strcmp(theirs->text, item->text) == 0 ||
			    !may_matter(s, (enum touch)t, theirs))
				continue;
			if (try_edit(s, edit))
				return true;
		}
	}
	return false;
}

static bool
try_lists(struct search *s, bool only_exceptions)
{
	const struct phase *phase = &s->plan->phase[s->side];

	for (int t = 0; t < TOUCH_N; t++) {
		for (size_t i = 0; i < phase->touch[t].n; i++) {
			const struct touch_item *item = &phase->touch[t].item[i];
			struct alteration drop = { ALTERATION_DROP, s->side, t,
				item->text, NULL, false };

			if (item->is_negated || is_dropped(s, &drop) ||
			    !may_matter(s, (enum touch)t, item))
				continue;
			if (only_exceptions ? try_exceptions(s, (enum touch)t, item)
					    : try_edit(s, drop))
				return true;
		}
	}
	return false;
}

static bool
try_depends(struct search *s)
{
	const struct text_list *list = &s->plan->phase[s->side].depends_on;

	for (size_t i = 0; i < list->n; i++) {
		struct alteration drop = { ALTERATION_DROP, s->side, ALTERATION_DEPENDS,
			list->item[i].text, NULL, false };

		if (!is_dropped(s, &drop) && try_edit(s, drop))
			return true;
	}
	return false;
}

/*
 * Changes one side step by step, the smallest change that helps first, until the two are
 * parallel or nothing helps any more; what does not end less strict is forgotten.
 */
static void
search_remedy(struct search *s, enum verdict before)
{
	size_t n_useful = 0;
	enum verdict best = before;

	while (s->n < MAX_EDITS && s->now.verdict != VERDICT_PARALLEL) {
		if (!try_lists(s, true) && !try_depends(s) && !try_lists(s, false))
			break;
		if (s->now.verdict < best) {
			best = s->now.verdict;
			n_useful = s->n;
		}
	}
	s->n = n_useful;
	s->now.verdict = best;
}

static size_t
count_batches(struct search *s)
{
	struct decided now = decide_with(s, s->n);
	struct batches *b = batches_new(now.plan, now.verdicts, s->env->batch);
	size_t n = b->n;

	batches_free(b);
	decided_free(s, &now);
	return n;
}

/*
 * PLAN for trying things out: the phases of PAIR stay known even when nothing is left of
 * their lists, because they except what git never tracks.  In a large plan the two alone:
 * deciding all of it again and again would take long.
 */
static struct plan *
plan_to_try(const struct plan *plan, const struct pair *pair)
{
	struct alteration stay[] = {
		{ ALTERATION_ADD, pair->a, TOUCH_READS, ".git/nothing", NULL, true },
		{ ALTERATION_ADD, pair->b, TOUCH_READS, ".git/nothing", NULL, true },
	};
	struct plan *copy = plan_altered(plan, stay, N_ELEMS(stay));

	if (plan->n_phases <= VERDICT_KEEP_ALL)
		return copy;
	copy->phase[0] = copy->phase[pair->a];
	copy->phase[1] = copy->phase[pair->b];
	copy->n_phases = 2;
	copy->by_id = NULL;
	return copy;
}

static void
find_remedy(struct explanation *e, const struct plan *plan,
    const struct explain_env *env, bool is_second)
{
	bool is_large = plan->n_phases > VERDICT_KEEP_ALL;
	struct plan *copy = plan_to_try(plan, &e->pair);
	struct search s = { .plan = copy,
		.env = env,
		.a = is_large ? 0 : e->pair.a,
		.b = is_large ? 1 : e->pair.b,
		.standing = is_large ? NULL : env->standing };
	int both[] = { s.a, s.b };
	struct decided now;
	enum verdict before;

	s.side = is_second ? s.b : s.a;
	if (s.standing)
		(void)standing_change(s.standing, copy, both, N_ELEMS(both));
	now = decide_with(&s, 0);
	take_pair(&s, now.verdicts);
	decided_free(&s, &now);
	before = s.now.verdict;
	search_remedy(&s, before);
	if (s.n > 0) {
		struct explain_remedy *remedy = &e->remedy[e->n_remedies++];

		*remedy = (struct explain_remedy){
			.phase = is_second ? e->pair.b : e->pair.a,
			.edit = arena_alloc(e->arena, s.n * sizeof(*remedy->edit)),
			.n_edits = s.n,
			.becomes = s.now.verdict,
			.n_batches = is_large ? 0 : count_batches(&s),
		};
		memcpy(remedy->edit, s.edit, s.n * sizeof(*remedy->edit));
		for (size_t i = 0; i < s.n; i++)
			remedy->edit[i].phase = remedy->phase;
	}
	if (s.standing)
		(void)standing_change(s.standing, plan, both, N_ELEMS(both));
	free(s.witness);
	plan_free(s.stood);
	plan_free(copy);
}

static const char *
advice_on(const struct explanation *e, const struct plan *plan)
{
	const char *a = plan->phase[e->pair.a].id, *b = plan->phase[e->pair.b].id;

	if (e->pair.verdict == VERDICT_PARALLEL)
		return "";
	if (e->pair.kind == PAIR_UNKNOWN)
		return arena_printf(e->arena,
		    "declare what %s touches, or say that you know better: divisi "
		    "assert %s %s %s --reason TEXT",
		    plan->phase[e->pair.a].is_unknown ? a : b, plan->path, a, b);
	if (e->pair.kind == PAIR_CLOSURE && e->n_remedies == 0)
		return arena_printf(e->arena,
		    "nothing in %s or %s alone: what stands between them keeps them "
		    "in order",
		    a, b);
	return "";
}

/* What both have in hand, by what stands or by comparing the plan once more. */
static void
list_both(struct explanation *e, const struct plan *plan, const struct explain_env *env)
{
	const struct decision *d = env->standing ? standing_decision(env->standing)
						 : NULL;
	struct resources resources;
	struct meets meets;

	if (d) {
		list_names(e, &d->resources);
		list_common(e, &d->meets);
		return;
	}
	meets_init(&meets, plan, env->verdict, e->arena);
	resources_init(&resources, &meets, e->arena, false);
	list_names(e, &resources);
	list_common(e, &meets);
	resources_clear(&resources);
	meets_clear(&meets);
}

struct explanation *
explain_pair(const struct plan *plan, const struct verdicts *verdicts,
    const struct explain_env *env, int a, int b)
{
	static const struct grounds not_decided = {
		.reason = "neither needs, writes or changes what the other does"
	};
	struct explanation *e = xcalloc(1, sizeof(*e));
	const struct pair *pair = verdicts_find(verdicts, a, b);

	e->arena = arena_new();
	e->pair = pair ? *pair
		       : (struct pair){ .a = a,
				 .b = b,
				 .first = -1,
				 .risk = -1,
				 .grounds = &not_decided };
	e->pair.a = a;
	e->pair.b = b;
	e->rule = explain_rule(&e->pair);
	if (!verdicts->is_too_large)
		list_both(e, plan, env);
	if (e->pair.verdict != VERDICT_PARALLEL && e->pair.kind != PAIR_UNKNOWN &&
	    !verdicts->is_too_large) {
		find_remedy(e, plan, env, false);
		find_remedy(e, plan, env, true);
	}
	e->advice = advice_on(e, plan);
	return e;
}

void
explanation_free(struct explanation *explanation)
{
	if (!explanation)
		return;
	arena_free(explanation->arena);
	free(explanation);
}

/* ---- why a phase is in its batch ------------------------------------------------------------ */

/* The first phase that PHASE must follow, or not meet, and that runs in batch AT or later. */
static const struct pair *
blocker_of(const struct verdicts *verdicts, const struct batches *batches, int phase,
    size_t at, int *blocker)
{
	for (size_t i = at; i < batches->n; i++) {
		for (size_t k = 0; k < batches->batch[i].n; k++) {
			int other = batches->batch[i].phase[k];
			const struct pair *pair = other == phase
						      ? NULL
						      : verdicts_find(
							    verdicts, phase, other);

			if (!pair || pair->verdict != VERDICT_SEQUENTIAL ||
			    (pair->first != other && i > at))
				continue;
			*blocker = other;
			return pair;
		}
	}
	return NULL;
}

/* How many phases the batch could have held. */
static size_t
batch_room(const struct batch_env *env, const struct batch *batch)
{
	if (batch->is_research)
		return env->research_cap ? env->research_cap : 5;
	return env->cap ? env->cap : 3;
}

struct explain_step *
explain_place(const struct explain_env *env, const struct verdicts *verdicts,
    const struct batches *batches, int phase, size_t *n)
{
	const struct batch *own = batches_of(batches, phase);
	struct explain_step *step;

	*n = own ? (size_t)own->number - 1 : 0;
	step = xcalloc(*n + 1, sizeof(*step));
	for (size_t i = 0; i < *n; i++) {
		const struct batch *batch = &batches->batch[i];
		const struct pair *pair;

		step[i] = (struct explain_step){ .batch = batch->number,
			.blocker = -1 };
		pair = blocker_of(verdicts, batches, phase, i, &step[i].blocker);
		if (pair)
			step[i].reason = pair->grounds->reason;
		else if (batch->n >= batch_room(env->batch, batch))
			step[i].reason = "it is full";
		else if (batch->is_research && !own->is_research)
			step[i].reason = "research runs apart from implementation";
		else
			step[i].reason =
			    "nothing forbids it; batches of this shape are "
			    "as few and as even";
	}
	return step;
}
