#include "rehearse/internal.h"

#include <string.h>

enum { MAX_EVENTS = 2000000 };

void
stage_turn(struct stage *s, int phase, enum rehearse_what what)
{
	struct worker *w = &s->worker[phase];
	struct rehearse_round *r = s->round;

	if (w->since < s->now) {
		GROW(r->span, r->n_spans, r->cap_spans);
		r->span[r->n_spans++] = (struct rehearse_span){ phase, w->what,
			w->since, s->now };
	}
	w->what = what;
	w->since = s->now;
}

/* A person is needed: how long until somebody is there. */
int64_t
stage_person(struct stage *s, enum throw what, int phase)
{
	struct worker *w = &s->worker[phase];

	s->round->n_person++;
	return (int64_t)(throw_around(&s->dice, what, phase, w->n_people++,
			     s->c->guess->person_minutes, s->c->guess->person_spread) *
			 MINUTE);
}

static const struct session *
session_of(const struct stage *s, int phase)
{
	const char *id = s->c->plan->phase[phase].id;

	for (size_t i = s->core->n_sessions; i-- > 0;) {
		if (strcmp(s->core->session[i].phase, id) == 0)
			return &s->core->session[i];
	}
	return NULL;
}

/* Lets KIND happen to the session of PHASE (none when negative).  FIELDS are cleared. */
int
stage_happen(struct stage *s, enum hap kind, int phase, struct fields *fields)
{
	struct happening h = { .kind = kind, .actor = "human:you", .at = s->now };
	struct acts acts = { 0 };
	const struct session *session = phase < 0 ? NULL : session_of(s, phase);
	int rc;

	if (session) {
		fields_set(fields, "session", session->id);
		fields_set(fields, "run", session->run);
		fields_set_number(fields, "offset", session->offset + 1);
	}
	h.fields = *fields;
	rc = core_step(s->core, &h, &acts, NULL);
	fields_clear(fields);
	if (rc == 0)
		stage_acts(s, &acts);
	acts_clear(&acts);
	return rc;
}

/* How long a chain of phases waits for each one, by relaxing over the sequential pairs. */
static void
find_chains(struct stage *s)
{
	const struct verdicts *v = s->c->verdicts;
	bool changed = true;

	for (size_t round = 0; changed && round < s->c->plan->n_phases; round++) {
		changed = false;
		for (size_t i = 0; i < v->n_pairs; i++) {
			const struct pair *p = &v->pair[i];
			int next = p->a + p->b - p->first;

			if (p->verdict != VERDICT_SEQUENTIAL || p->first < 0 ||
			    s->chain[p->first] > s->chain[next])
				continue;
			s->chain[p->first] = s->chain[next] + 1;
			changed = true;
		}
	}
}

static void
open_plan(struct stage *s)
{
	struct fields f = { 0 };

	fields_set(&f, "path", "/p.md");
	fields_set(&f, "plan_hash", "h");
	fields_set(&f, "sha256", "h");
	fields_set(&f, "target", "main");
	fields_set(&f, "merge", s->c->setting->asks_merge ? "ask" : "auto");
	fields_set(&f, "radar", "tell");
	fields_set_number(&f, "cap", (int64_t)s->c->setting->cap);
	fields_set_number(&f, "research_cap", (int64_t)s->c->setting->research_cap);
	fields_set_number(&f, "n_phases", (int64_t)s->c->plan->n_phases);
	/* Nobody is silent here but on purpose. */
	fields_set_number(&f, "confirm_ms", NEVER);
	fields_set_number(&f, "silence_ms", NEVER);
	(void)stage_happen(s, HAP_PLAN_OPENED, -1, &f);
}

static void
sum_up(struct stage *s)
{
	double cost = 0;

	for (size_t i = 0; i < s->c->plan->n_phases; i++) {
		stage_turn(s, (int)i, REHEARSE_WAITS);
		s->round->n_done += s->worker[i].is_done;
	}
	for (size_t i = 0; i < s->core->n_sessions; i++)
		cost += (double)(s->core->session[i].cost +
				 s->core->session[i].cost_before);
	s->round->cost_cents = (int64_t)(cost + 0.5);
}

void
rehearse_play(const struct rehearse_case *what, uint64_t seed, size_t number,
    struct rehearse_round *round)
{
	struct stage s = { .c = what, .round = round, .dice = { seed, number } };
	size_t n = what->plan->n_phases, n_played = 0;

	*round = (struct rehearse_round){ .number = number };
	s.core = core_new();
	s.worker = xcalloc(n + 1, sizeof(*s.worker));
	s.chain = xcalloc(n + 1, sizeof(*s.chain));
	find_chains(&s);
	for (size_t i = 0; i < n; i++) {
		s.worker[i].started_at = s.worker[i].landed_at = -1;
		stage_hire(&s, (int)i);
	}
	open_plan(&s);
	stage_plan(&s);
	while (s.n_events > 0 && n_played++ < MAX_EVENTS) {
		struct event event = stage_take(&s);
		int n_done = 0;

		s.now = event.at;
		stage_play(&s, &event);
		stage_plan(&s);
		for (size_t i = 0; i < n; i++)
			n_done += s.worker[i].is_done;
		if (n_done > round->n_done) {
			round->n_done = n_done;
			round->finish_ms = s.now;
		}
	}
	round->n_done = 0;
	sum_up(&s);
	free(s.event);
	free(s.worker);
	free(s.chain);
	core_free(s.core);
}

void
rehearse_round_clear(struct rehearse_round *round)
{
	free(round->span);
	*round = (struct rehearse_round){ 0 };
}

static int
compare_times(const void *pa, const void *pb)
{
	const struct rehearse_round *a = pa, *b = pb;

	if (a->finish_ms != b->finish_ms)
		return a->finish_ms < b->finish_ms ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int
compare_costs(const void *pa, const void *pb)
{
	const struct rehearse_round *a = pa, *b = pb;

	return (a->cost_cents > b->cost_cents) - (a->cost_cents < b->cost_cents);
}

static int
compare_persons(const void *pa, const void *pb)
{
	const struct rehearse_round *a = pa, *b = pb;

	return (a->n_person > b->n_person) - (a->n_person < b->n_person);
}

/* The place of the share P of N sorted things. */
static size_t
place_of(size_t n, double p)
{
	size_t at = (size_t)((double)n * p);

	return at < n ? at : n - 1;
}

void
rehearse_many(const struct rehearse_case *what, uint64_t seed, size_t n,
    int64_t budget_cents, struct rehearse_summary *summary)
{
	struct rehearse_round *round = xcalloc(n + 1, sizeof(*round));
	size_t n_over = 0, n_complete = 0, n_conflicts = 0;

	*summary = (struct rehearse_summary){ .n_rounds = n };
	for (size_t i = 0; i < n; i++) {
		rehearse_play(what, seed, i, &round[i]);
		free(round[i].span);
		round[i].span = NULL;
		n_over += budget_cents > 0 && round[i].cost_cents > budget_cents;
		n_complete += (size_t)round[i].n_done == what->plan->n_phases;
		n_conflicts += (size_t)round[i].n_conflicts;
	}
	if (n > 0) {
		size_t half = place_of(n, 0.5), most = place_of(n, 0.9);

		qsort(round, n, sizeof(*round), compare_costs);
		summary->cost_p50 = round[half].cost_cents;
		summary->cost_p90 = round[most].cost_cents;
		qsort(round, n, sizeof(*round), compare_persons);
		summary->person_p50 = round[half].n_person;
		summary->person_p90 = round[most].n_person;
		qsort(round, n, sizeof(*round), compare_times);
		summary->finish_p50 = round[half].finish_ms;
		summary->finish_p90 = round[most].finish_ms;
		summary->median_round = round[half].number;
		summary->conflicts = (double)n_conflicts / (double)n;
		summary->over_budget = (double)n_over / (double)n;
		summary->complete = (double)n_complete / (double)n;
	}
	free(round);
}
