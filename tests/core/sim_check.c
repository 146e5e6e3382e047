#include "sim.h"

#include "core/why.h"
#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/* What must hold after every happening, judged by our own record of the game. */

static struct shadow *
shadow_of(struct sim *sim, const char *id)
{
	struct shadow *s;

	for (size_t i = 0; i < sim->n_shadows; i++) {
		if (strcmp(sim->shadow[i].id, id) == 0)
			return &sim->shadow[i];
	}
	GROW(sim->shadow, sim->n_shadows, sim->cap_shadows);
	s = &sim->shadow[sim->n_shadows++];
	*s = (struct shadow){ .id = xstrdup(id), .state = SESSION_PLANNED };
	return s;
}

void
sim_approved(struct sim *sim, const struct batch_run *b, const char *hash)
{
	GROW(sim->approval, sim->n_approvals, sim->cap_approvals);
	sim->approval[sim->n_approvals++] = (struct approval){ xstrdup(b->id),
		xstrdup(hash), b->version };
}

/* S-80: this very table was approved. */
static bool
is_approved(const struct sim *sim, const struct batch_run *b)
{
	for (size_t i = 0; i < sim->n_approvals; i++) {
		const struct approval *a = &sim->approval[i];

		if (strcmp(a->batch, b->id) == 0 && a->version == b->version &&
		    strcmp(a->hash, b->hash) == 0)
			return true;
	}
	return false;
}

static enum session_state
state_of(const char *word)
{
	for (int i = 0; i < SESSION_N_STATES; i++) {
		if (strcmp(session_state_name((enum session_state)i), word) == 0)
			return (enum session_state)i;
	}
	return SESSION_N_STATES;
}

static bool
is_listed(enum session_state from, enum session_state to)
{
	for (int e = 0; e < SESSION_N_EVENTS; e++) {
		enum session_state at = from;

		if (session_next(&at, (enum session_event)e) && at == to)
			return true;
	}
	return false;
}

/* A-70, and never two at once. */
static void
check_turn(struct sim *sim, const struct session *s)
{
	const struct batch_run *b = core_batch(sim->core, s->batch_id);
	int plan = s->plan_id[1] - '1';
	const struct plan_model *m = &sim->plan[plan];
	const struct phase_plan *me = NULL;

	for (int i = 0; i < m->n; i++) {
		if (strcmp(m->phase[i].id, s->phase) == 0)
			me = &m->phase[i];
	}
	if (!me || me->after < 0 || !b)
		return;
	for (size_t i = 0; i < b->n; i++) {
		const struct session *o = &sim->core->session[b->session[i]];

		if (strcmp(o->phase, m->phase[me->after].id) == 0 &&
		    !session_is_terminal(o->state) && o->state != SESSION_PARKED)
			sim_fail(sim, "%s merges before %s (%s)", s->id, o->id,
			    session_state_name(o->state));
	}
}

/* S-25, A-8: one more goes live; a new run of a live session takes no further slot. */
static void
check_cap(struct sim *sim, const struct happening *h, const char *id)
{
	const struct session *s = core_session(sim->core, id);
	int64_t cap = core_plan(sim->core, s->plan_id)->cap, live = 0;

	for (size_t i = 0; i < sim->n_shadows; i++)
		live += session_is_live(sim->shadow[i].state);
	if (live >= cap && !strstr(fields_text(&h->fields, "override"), "G05"))
		sim_fail(sim, "%s: launched beside %lld live ones, the cap is %lld", id,
		    (long long)live, (long long)cap);
}

/* Every change of a session is a move that its life allows, and is told. */
static void
check_moves(struct sim *sim, const struct happening *h, const struct acts *acts)
{
	for (size_t i = 0; i < acts->n_moves; i++) {
		const struct move *m = &acts->move[i];
		struct shadow *s;
		enum session_state to;

		if (strncmp(m->entity, "session/", 8) != 0)
			continue;
		s = shadow_of(sim, m->entity + 8);
		to = state_of(m->to);
		if (strcmp(session_state_name(s->state), m->from) != 0)
			sim_fail(sim, "%s was %s, the move says %s", s->id,
			    session_state_name(s->state), m->from);
		if (!is_listed(s->state, to))
			sim_fail(
			    sim, "%s: no life goes %s -> %s", s->id, m->from, m->to);
		if (to == SESSION_MERGING)
			check_turn(sim, core_session(sim->core, s->id));
		if (to == SESSION_LAUNCHING && !session_is_live(s->state))
			check_cap(sim, h, s->id);
		s->state = to;
	}
	for (size_t i = 0; i < sim->core->n_sessions; i++) {
		const struct session *c = &sim->core->session[i];
		struct shadow *s = shadow_of(sim, c->id);

		if (h->kind == HAP_BATCH_PLANNED && c->state == SESSION_PLANNED)
			s->state = c->state;
		if (s->state != c->state)
			sim_fail(sim, "%s went %s -> %s without a move", c->id,
			    session_state_name(s->state), session_state_name(c->state));
	}
}

static void
check_launch(struct sim *sim, const struct act *act)
{
	const struct session *s = core_session(
	    sim->core, fields_text(&act->fields, "session"));
	const struct batch_run *b = s ? core_batch(sim->core, s->batch_id) : NULL;
	const struct plan_run *p = s ? core_plan(sim->core, s->plan_id) : NULL;

	if (!s || !b || !p)
		sim_fail(sim, "%s launches nothing that is known", act->key);
	if (strcmp(p->state, "active") != 0)
		sim_fail(sim, "%s: launched after the plan was %s", s->id, p->state);
	if (!is_approved(sim, b))
		sim_fail(sim, "%s: launched without approval of %s", s->id, b->hash);
	if (s->is_external)
		sim_fail(sim, "%s: an external one was launched", s->id);
	if (s->claimed_by[0])
		sim_fail(sim, "%s: launched though a person took it", s->id);
	if (++shadow_of(sim, s->id)->n_launches != s->n_runs)
		sim_fail(sim, "%s: %d launches, %d runs", s->id,
		    shadow_of(sim, s->id)->n_launches, s->n_runs);
	shadow_of(sim, s->id)->is_suspended = false;
}

static void
check_acts(struct sim *sim, const struct acts *acts)
{
	for (size_t i = 0; i < acts->n; i++) {
		const struct act *a = &acts->item[i];
		const char *id = fields_text(&a->fields, "session");
		const char *order = fields_text(&a->fields, "order");
		const struct session *s = id[0] ? core_session(sim->core, id) : NULL;
		const struct plan_run *p = s ? core_plan(sim->core, s->plan_id) : NULL;

		for (size_t k = 0; k < sim->n_keys; k++) {
			if (strcmp(sim->key[k], a->key) == 0)
				sim_fail(sim, "the key %s is given twice", a->key);
		}
		GROW(sim->key, sim->n_keys, sim->cap_keys);
		sim->key[sim->n_keys++] = xstrdup(a->key);
		if (strcmp(a->kind, "launch") == 0)
			check_launch(sim, a);
		if (strcmp(a->kind, "land") == 0 &&
		    (!p || strcmp(p->state, "active") != 0))
			sim_fail(sim, "%s lands after the plan ended", a->key);
		if (strcmp(a->kind, "tell") == 0 && strcmp(order, "suspend") == 0)
			shadow_of(sim, id)->is_suspended = true;
		if (strcmp(a->kind, "tell") == 0 && strcmp(order, "continue") == 0)
			shadow_of(sim, id)->is_suspended = false;
		if (strcmp(a->kind, "plan-close") == 0)
			sim->n_closed[fields_text(&a->fields, "plan")[1] - '1']++;
	}
}

static bool
is_person_needed(enum session_state state)
{
	return state == SESSION_CHECKPOINT || state == SESSION_HALTED ||
	       state == SESSION_STALLED || state == SESSION_IN_REVIEW ||
	       state == SESSION_MERGE_CONFLICT;
}

static bool
is_among(const struct need *need, size_t n, const char *session)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(need[i].session, session) == 0)
			return true;
	}
	return false;
}

/* Promise 6: a reason always, and a command where a person can act. */
static void
check_reasons(struct sim *sim)
{
	struct need need[64];
	size_t n = core_needs(sim->core, need, N_ELEMS(need));

	for (size_t i = 0; i < n && i < N_ELEMS(need); i++) {
		if (need[i].what[0] == '\0' || need[i].subject[0] == '\0')
			sim_fail(sim, "a need of %s without words", need[i].session);
		if (need[i].command[0] == '\0' &&
		    strncmp(need[i].subject, "plan", 4) != 0)
			sim_fail(sim, "no command for: %s", need[i].what);
	}
	for (size_t i = 0; i < sim->core->n_sessions; i++) {
		const struct session *s = &sim->core->session[i];
		char why[320], command[320];

		session_why(sim->core, s, why, sizeof(why), command, sizeof(command));
		if (why[0] == '\0' || why[strlen(why) - 1] == ' ')
			sim_fail(sim, "%s is %s without a reason: '%s'", s->id,
			    session_state_name(s->state), why);
		if (is_person_needed(s->state) &&
		    (!is_among(need, n, s->id) || command[0] == '\0'))
			sim_fail(sim, "%s is %s and nobody is told", s->id,
			    session_state_name(s->state));
	}
	for (size_t i = 0; i < sim->core->n_batches; i++) {
		char why[320];

		batch_why(sim->core, &sim->core->batch[i], why, sizeof(why));
		if (why[0] == '\0')
			sim_fail(
			    sim, "%s waits without a reason", sim->core->batch[i].id);
	}
}

static void
check_asks(struct sim *sim, const struct session *s)
{
	bool has_open = false, has_cost = false;

	for (size_t i = 0; i < s->n_asks; i++) {
		const struct ask *a = &s->ask[i];
		bool open = a->decision[0] == '\0';

		has_open |= open;
		has_cost |= open && a->run[0] == '\0' && strcmp(a->kind, "cost") == 0;
		if (open && a->run[0] && (strcmp(a->run, s->run) != 0 || !s->run_open))
			sim_fail(sim, "%s: an ask of %s outlives it", s->id, a->run);
		for (size_t k = 0; k < i; k++) {
			if (a->run[0] && strcmp(s->ask[k].id, a->id) == 0 &&
			    strcmp(s->ask[k].run, a->run) == 0)
				sim_fail(
				    sim, "%s: ask %s of one run twice", s->id, a->id);
		}
	}
	if (has_open && !session_is_live(s->state))
		sim_fail(sim, "%s is %s and asks", s->id, session_state_name(s->state));
	if ((s->state == SESSION_CHECKPOINT) != has_open && s->state == SESSION_ACTIVE)
		sim_fail(sim, "%s is active and asks", s->id);
	if (s->state == SESSION_CHECKPOINT && !has_open)
		sim_fail(sim, "%s is at a checkpoint and asks nothing", s->id);
	/* S-69: what is held is suspended, and what is not held is not. */
	if ((has_cost || s->state == SESSION_HALTED) && s->run_open &&
	    !shadow_of(sim, s->id)->is_suspended)
		sim_fail(sim, "%s is held and runs", s->id);
	/* Nobody would ever wake it: it could not even read that its input ends. */
	if ((s->state == SESSION_ACTIVE || s->state == SESSION_EXITING ||
		s->state == SESSION_IN_REVIEW || s->state == SESSION_DONE) &&
	    s->run_open && shadow_of(sim, s->id)->is_suspended)
		sim_fail(
		    sim, "%s is %s and suspended", s->id, session_state_name(s->state));
}

static void
check_sessions(struct sim *sim)
{
	size_t merging = 0;

	for (size_t i = 0; i < sim->core->n_sessions; i++) {
		const struct session *s = &sim->core->session[i];

		merging += s->state == SESSION_MERGING;
		check_asks(sim, s);
		if (s->state == SESSION_DONE && !s->landed[0] &&
		    !(s->is_analysis && s->evidence[0] && s->n_commits == 0))
			sim_fail(sim, "%s is done without evidence", s->id);
		if (s->state == SESSION_FAILED && s->reason[0] == '\0')
			sim_fail(sim, "%s failed for no reason (E-7)", s->id);
		if ((s->state == SESSION_ACTIVE || s->state == SESSION_CHECKPOINT ||
			s->state == SESSION_HALTED) &&
		    !s->run_open)
			sim_fail(sim, "%s is %s without a process", s->id,
			    session_state_name(s->state));
	}
	if (merging > 1)
		sim_fail(sim, "%zu sessions merge at once", merging);
}

static void
check_batches(struct sim *sim)
{
	for (size_t i = 0; i < sim->core->n_batches; i++) {
		const struct batch_run *b = &sim->core->batch[i];
		size_t done = 0, terminal = 0;

		for (size_t k = 0; k < b->n; k++) {
			const struct session *s = &sim->core->session[b->session[k]];

			done += s->state == SESSION_DONE;
			terminal += session_is_terminal(s->state);
		}
		if (b->state == BATCH_COMPLETE && done != b->n)
			sim_fail(
			    sim, "%s is complete, %zu of %zu done", b->id, done, b->n);
		if (b->state == BATCH_WITH_FAILURES &&
		    (terminal != b->n || done == b->n))
			sim_fail(sim, "%s: %zu ended, %zu done", b->id, terminal, done);
		if (b->state == BATCH_RUNNING && terminal == b->n &&
		    strcmp(core_plan(sim->core, b->plan_id)->state, "aborted") != 0)
			sim_fail(sim, "%s runs though all ended", b->id);
	}
	for (int i = 0; i < sim->n_plans; i++) {
		if (sim->n_closed[i] > 1)
			sim_fail(sim, "p%d completed twice", i + 1);
	}
}

void
sim_check_step(struct sim *sim, const struct happening *h, const struct acts *acts)
{
	check_moves(sim, h, acts);
	check_acts(sim, acts);
	check_sessions(sim);
	check_batches(sim);
	check_reasons(sim);
	/* A clock that ticks again at once would fill the journal. */
	if (h->kind == HAP_CLOCK && core_next_deadline(sim->core) <= h->at)
		sim_fail(sim, "the clock would tick for ever");
}

char *
sim_acts_text(const struct acts *acts)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (size_t i = 0; i < acts->n; i++) {
		AUTO_FREE char *json = fields_to_json(&acts->item[i].fields);

		fprintf(f, "%s %s %s %s\n", acts->item[i].kind, acts->item[i].key,
		    acts->item[i].order, json);
	}
	for (size_t i = 0; i < acts->n_moves; i++)
		fprintf(f, "%s %s %s\n", acts->move[i].entity, acts->move[i].from,
		    acts->move[i].to);
	fclose(f);
	return text;
}

/*
 * Promise 8.  The refused happenings are not in the journal: had one of them changed
 * anything, the states would differ here.
 */
void
sim_check_replay(struct sim *sim)
{
	struct core *again = core_new();
	AUTO_FREE char *was = core_dump(sim->core);
	AUTO_FREE char *is = NULL;

	for (size_t i = 0; i < sim->n_records; i++) {
		const struct record *r = &sim->record[i];
		struct happening h = {
			.kind = r->kind, .actor = r->actor, .at = r->at
		};
		struct acts acts = { 0 };
		struct err err = ERR_INIT;
		AUTO_FREE char *out = NULL;

		if (fields_of_json(&h.fields, r->json, &err) < 0 ||
		    core_step(again, &h, &acts, &err) < 0)
			sim_fail(sim, "replay: %s %s: %s", hap_name(r->kind), r->json,
			    err.text);
		out = sim_acts_text(&acts);
		if (strcmp(out, r->out) != 0)
			sim_fail(sim, "replay of %s %s owes\n%sand not\n%s",
			    hap_name(r->kind), r->json, out, r->out);
		acts_clear(&acts);
		fields_clear(&h.fields);
	}
	is = core_dump(again);
	if (strcmp(was, is) != 0)
		sim_fail(sim, "replay gives\n%sand not\n%s", is, was);
	/* The server goes on with what the journal says. */
	core_free(sim->core);
	sim->core = again;
}

/* Nobody is left behind: after a calm end every session of every table has ended. */
void
sim_check_end(struct sim *sim)
{
	for (size_t i = 0; i < sim->core->n_sessions; i++) {
		const struct session *s = &sim->core->session[i];
		const struct plan_run *p = core_plan(sim->core, s->plan_id);
		const struct batch_run *b = core_batch(sim->core, s->batch_id);
		char why[320], command[320];

		if (session_is_terminal(s->state) || strcmp(p->state, "aborted") == 0 ||
		    (s->state == SESSION_PLANNED && b->state != BATCH_PLANNED))
			continue;
		session_why(sim->core, s, why, sizeof(why), command, sizeof(command));
		sim_fail(sim, "%s never ends: %s: %s [%s]", s->id,
		    session_state_name(s->state), why, command);
	}
	for (int i = 0; i < sim->n_plans; i++) {
		const struct plan_run *p = core_plan(sim->core, sim->plan[i].id);
		int64_t n_done = 0;

		if (!p)
			continue;
		for (size_t k = 0; k < sim->core->n_sessions; k++)
			n_done += sim->core->session[k].state == SESSION_DONE &&
				  strcmp(sim->core->session[k].plan_id, p->id) == 0;
		if (n_done == p->n_phases && strcmp(p->state, "complete") != 0 &&
		    strcmp(p->state, "aborted") != 0)
			sim_fail(sim, "%s is done and %s", p->id, p->state);
		if ((strcmp(p->state, "complete") == 0) != (sim->n_closed[i] == 1))
			sim_fail(sim, "%s is %s, closed %d times", p->id, p->state,
			    sim->n_closed[i]);
	}
}
