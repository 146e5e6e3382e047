#include "rehearse/internal.h"

/* What agents do and what becomes of it: work, questions, accidents, merges. */
void
stage_hire(struct stage *s, int phase)
{
	const struct rehearse_guess *g = s->c->guess;
	const struct phase *p = &s->c->plan->phase[phase];
	struct worker *w = &s->worker[phase];
	double asks = g->asks[p->mode];

	w->work_ms = w->left_ms = throw_around(&s->dice, THROW_WORK, phase, 0,
	    rehearse_work_minutes(p) * g->work_factor * MINUTE, g->work_spread);
	w->cost = throw_around(&s->dice, THROW_COST, phase, 0,
	    rehearse_cost_cents(p) * g->cost_factor, g->cost_spread);
	w->n_asks = (int)(asks + throw_uniform(&s->dice, THROW_ASKS, phase, 0));
	w->limit_at = throw_uniform(&s->dice, THROW_LIMIT, phase, 0) < g->limit_chance
			  ? w->work_ms *
				throw_uniform(&s->dice, THROW_LIMIT_AT, phase, 0)
			  : -1;
	w->resumed_at = -1;
}

/* Each run may fail somewhere in what is left of the work. */
static void
begin_run(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];

	w->n_runs++;
	w->run_cost = 0;
	w->fail_at = -1;
	if (throw_uniform(&s->dice, THROW_FAIL, phase, w->n_runs) <
	    s->c->guess->fail_chance)
		w->fail_at = w->left_ms *
			     throw_uniform(&s->dice, THROW_FAIL_AT, phase, w->n_runs);
}

/* How much is left when the agent next stops by itself. */
static double
next_stop(const struct worker *w)
{
	double stop = 0;

	if (w->n_asked < w->n_asks) {
		double ask = w->work_ms * (1 - (w->n_asked + 1.0) / (w->n_asks + 1.0));

		stop = ask < w->left_ms ? ask : w->left_ms;
	}
	if (w->fail_at > stop)
		stop = w->fail_at;
	if (w->limit_at > stop && w->limit_at <= w->left_ms)
		stop = w->limit_at;
	return stop;
}

static void
go_on(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];
	double ms = w->left_ms - next_stop(w);

	w->resumed_at = s->now;
	stage_add(s, ms > 0 ? (int64_t)ms : 0, EVENT_AGENT, phase, w->n_runs);
}

/* Will the branches of two phases not merge?  The same in every setting of a round. */
static bool
do_collide(const struct stage *s, int a, int b)
{
	const struct verdicts *v = s->c->verdicts;
	const struct pair *pair = verdicts_find(v, a, b);
	double p = 0;

	if (v->has_risk && pair && pair->risk >= 0)
		p = (double)pair->risk;
	else if (pair && pair->verdict == VERDICT_PARALLEL_BRANCHES &&
		 pair->kind != PAIR_DIRECTORY)
		p = s->c->guess->conflict_chance;
	return throw_uniform(&s->dice, THROW_CONFLICT, a < b ? a : b, a < b ? b : a) <
	       p;
}

/* The radar looks at PHASE and at everybody who works beside it. */
static void
look(struct stage *s, int phase)
{
	for (int other = 0; other < (int)s->c->plan->n_phases; other++) {
		const struct worker *w = &s->worker[other];
		struct fields f = { 0 };

		if (other == phase || w->started_at < 0 || w->landed_at >= 0 ||
		    w->is_lost || !do_collide(s, phase, other))
			continue;
		fields_setf(&f, "a", "p1.%d.%s", w->batch, s->c->plan->phase[phase].id);
		fields_setf(&f, "b", "p1.%d.%s", w->batch, s->c->plan->phase[other].id);
		fields_set(&f, "kind", "file");
		fields_set(&f, "files", "f\n");
		(void)stage_happen(s, HAP_MET, -1, &f);
	}
}

/* Did something of PHASE land since its own work began that collides with it? */
static bool
collides(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];

	for (int other = 0; other < (int)s->c->plan->n_phases; other++) {
		if (other != phase && s->worker[other].landed_at >= w->started_at &&
		    do_collide(s, phase, other))
			return true;
	}
	return throw_uniform(&s->dice, THROW_RED, phase, w->n_tries) <
	       s->c->guess->red_chance;
}

static void
try_candidate(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];
	struct fields f = { 0 };

	/* What a person has mended goes through. */
	if (w->n_tries++ == 0 && collides(s, phase)) {
		s->round->n_conflicts++;
		fields_set(&f, "text", "it does not merge");
		(void)stage_happen(s, HAP_CANDIDATE_REFUSED, phase, &f);
		return;
	}
	fields_set(&f, "candidate", "c");
	fields_set(&f, "onto", "m");
	fields_set(&f, "evidence", "green");
	(void)stage_happen(s, HAP_CANDIDATE_BUILT, phase, &f);
}

/* The agent stops: at an accident, a limit, a question, or its end. */
static void
agent_stops(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];
	double worked = (double)(s->now - w->resumed_at);
	struct fields f = { 0 };

	w->resumed_at = -1;
	w->left_ms = next_stop(w);
	w->run_cost += w->work_ms > 0 ? w->cost * worked / w->work_ms : 0;
	fields_set_number(&f, "cost", (int64_t)w->run_cost);
	(void)stage_happen(s, HAP_AGENT_ACTIVITY, phase, &f);
	if (w->fail_at >= 0 && w->left_ms <= w->fail_at) {
		w->fail_at = -1;
		w->n_fails++;
		fields_set(&f, "reason", "exited");
		fields_set_number(&f, "status", 1);
		(void)stage_happen(s, HAP_RUN_ENDED, phase, &f);
	} else if (w->limit_at >= 0 && w->left_ms <= w->limit_at) {
		int64_t ms = (int64_t)(s->c->guess->limit_minutes * MINUTE);

		w->limit_at = -1;
		fields_set(&f, "text", "rate limit");
		fields_set_number(&f, "until", s->now + ms);
		(void)stage_happen(s, HAP_AGENT_LIMIT, phase, &f);
		w->resumed_at = s->now + ms;
		stage_add(s, ms, EVENT_CLOCK, phase, w->n_runs);
	} else if (w->n_asked < w->n_asks) {
		w->n_asked++;
		fields_setf(&f, "ask", "q%d.%d", w->n_runs, w->n_asked);
		fields_set(&f, "kind", "question");
		fields_set(&f, "text", "which?");
		(void)stage_happen(s, HAP_AGENT_ASKED, phase, &f);
	} else {
		fields_set(&f, "text", "done");
		(void)stage_happen(s, HAP_AGENT_DONE, phase, &f);
	}
}

static bool
writes_nothing(const struct phase *phase)
{
	static const enum touch made[] = { TOUCH_WRITES, TOUCH_CREATES, TOUCH_DELETES,
		TOUCH_RENAMES, TOUCH_APPENDS };
	size_t n = 0;

	for (size_t i = 0; i < N_ELEMS(made); i++)
		n += phase->touch[made[i]].n;
	return phase->is_analysis_only && n == 0;
}

static void
inspect(struct stage *s, int phase)
{
	struct fields f = { 0 };
	int n = writes_nothing(&s->c->plan->phase[phase]) ? 0 : 1;

	fields_set(&f, "why", "exit");
	fields_set(&f, "head", "h");
	fields_set(&f, "pin", "p");
	fields_set_number(&f, "commits", n);
	fields_set_number(&f, "files", n);
	(void)stage_happen(s, HAP_INSPECTED, phase, &f);
}

/* A person has looked at a session whose run failed; some are given up in the end. */
static void
resume(struct stage *s, int phase)
{
	struct worker *w = &s->worker[phase];
	struct fields f = { 0 };

	if (w->n_fails < MAX_FAILS && stage_happen(s, HAP_RESUMED, phase, &f) == 0)
		return;
	w->is_lost = true;
	(void)stage_happen(s, HAP_ABANDONED, phase, &f);
}

static void
set_batch(const struct stage *s, int number, struct fields *f)
{
	const struct batch_run *b;
	AUTO_FREE char *id = xasprintf("p1/%d", number);

	b = core_batch(s->core, id);
	fields_set(f, "batch", id);
	fields_set(f, "hash", b ? b->hash : "");
}

/* Does the run that made the event still live? */
static bool
is_current(const struct stage *s, const struct event *e)
{
	return e->number == s->worker[e->phase].n_runs;
}

void
stage_play(struct stage *s, const struct event *e)
{
	struct fields f = { 0 };

	switch (e->kind) {
	case EVENT_FILED:
		fields_set(&f, "sub_issue", "DV-1");
		(void)stage_happen(s, HAP_SESSION_FILED, e->phase, &f);
		break;
	case EVENT_PREPARED:
		fields_set(&f, "path", "/w");
		fields_set(&f, "base", "b");
		(void)stage_happen(s, HAP_SESSION_PREPARED, e->phase, &f);
		break;
	case EVENT_APPROVE:
		set_batch(s, e->number, &f);
		(void)stage_happen(s, HAP_BATCH_APPROVED, -1, &f);
		break;
	case EVENT_ACK:
		set_batch(s, e->number, &f);
		(void)stage_happen(s, HAP_BATCH_ACKED, -1, &f);
		break;
	case EVENT_STARTED:
		begin_run(s, e->phase);
		(void)stage_happen(s, HAP_RUN_STARTED, e->phase, &f);
		fields_set(&f, "agent_session", "id");
		(void)stage_happen(s, HAP_AGENT_ACCEPTED, e->phase, &f);
		stage_add(s, 15 * SECOND, EVENT_CONFIRMED, e->phase,
		    s->worker[e->phase].n_runs);
		break;
	case EVENT_ACCEPTED: break;
	case EVENT_CONFIRMED:
		(void)stage_happen(s, HAP_AGENT_CONFIRMED, e->phase, &f);
		if (s->c->setting->order == REHEARSE_MEASURED)
			look(s, e->phase);
		go_on(s, e->phase);
		break;
	case EVENT_AGENT:
		if (is_current(s, e) && s->worker[e->phase].resumed_at >= 0)
			agent_stops(s, e->phase);
		break;
	case EVENT_ANSWER:
		fields_set(&f, "decision", "allow");
		if (stage_happen(s, HAP_ASK_ANSWERED, e->phase, &f) == 0)
			go_on(s, e->phase);
		break;
	case EVENT_INSPECTED: inspect(s, e->phase); break;
	case EVENT_MERGE: (void)stage_happen(s, HAP_MERGE_ASKED, e->phase, &f); break;
	case EVENT_CANDIDATE: try_candidate(s, e->phase); break;
	case EVENT_LANDED:
		fields_set(&f, "commit", "c");
		s->worker[e->phase].landed_at = s->now;
		(void)stage_happen(s, HAP_LANDED, e->phase, &f);
		break;
	case EVENT_ENDED:
		fields_set(&f, "reason", "exited");
		fields_set_number(&f, "clean", 1);
		(void)stage_happen(s, HAP_RUN_ENDED, e->phase, &f);
		break;
	case EVENT_RESUME: resume(s, e->phase); break;
	case EVENT_CLOCK:
		(void)stage_happen(s, HAP_CLOCK, -1, &f);
		if (is_current(s, e))
			go_on(s, e->phase);
		break;
	}
}
