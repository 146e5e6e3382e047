#include "sim/internal.h"

#include <stdio.h>
#include <string.h>

/* What must hold after every happening: the ten invariants of SPEC 3, and the promises. */

/* ---- moves --------------------------------------------------------------------------------------- */

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

static bool
has_word(const char *list, const char *word)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ',', &one)) {
		if (span_eq(one, word))
			return true;
	}
	return false;
}

/* those that the approved order puts before it have merged, or left. */
static void
check_turn(const struct session *s)
{
	const struct core *core = sim->check.core;
	const struct batch_run *b = core_batch(core, s->batch_id);

	for (size_t i = 0; i < b->n; i++) {
		const struct session *o = &core->session[b->session[i]];

		if (o != s && has_word(s->after, o->phase) &&
		    !session_is_terminal(o->state) && o->state != SESSION_PARKED)
			sim_fail("%s merges before %s (%s)", s->id, o->id,
			    session_state_name(o->state));
	}
}

/* Invariant 3 (S-25, A-8): one more goes live. */
static void
check_cap(const struct happening *h, const struct session *s)
{
	const struct core *core = sim->check.core;
	const struct plan_run *p = core_plan(core, s->plan_id);
	const struct batch_run *b = core_batch(core, s->batch_id);
	int64_t cap = strcmp(b->kind, "research") == 0 ? p->research_cap : p->cap;
	int64_t live = 0;

	for (size_t i = 0; i < sim->check.n_shadows; i++)
		live += session_is_live(sim->check.shadow[i].state);
	if (live >= cap && !strstr(fields_text(&h->fields, "override"), "G05"))
		sim_fail("%s: launched beside %lld live ones, the cap is %lld", s->id,
		    (long long)live, (long long)cap);
}

/* Did a person say that it may run beside others, or before them? */
static bool
is_overridden(const struct session *s)
{
	return core_batch(sim->check.core, s->batch_id)->overrides[0] ||
	       sim_shadow_of(s->id)->is_overridden;
}

/* Invariants 1, 2, 6 and 9, promise 3: nobody beside S that must not be. */
static void
check_company(const struct session *s)
{
	const struct core *core = sim->check.core;
	const char *path = core_plan(core, s->plan_id)->path;
	int mine = -1, other = -1;

	(void)sim_phase_of(path, s->phase, &mine);
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o == s || !session_is_live(o->state))
			continue;
		if (strcmp(o->issue, s->issue) == 0)
			sim_fail("%s and %s live on one issue", s->id, o->id);
		if (strcmp(o->branch, s->branch) == 0)
			sim_fail("%s and %s live on one branch", s->id, o->id);
		if (strcmp(o->plan_id, s->plan_id) != 0 || is_overridden(s) ||
		    is_overridden(o) || !sim_phase_of(path, o->phase, &other))
			continue;
		if (mine >= 0 && sim_phase_excludes(sim_plan_at(path), mine, other))
			sim_fail(
			    "%s and %s live side by side (promise 3)", s->id, o->id);
	}
}

/* Every change of a session is a move that its life allows, and is told. */
static void
check_moves(const struct happening *h, const struct acts *acts)
{
	struct core *core = sim->check.core;

	for (size_t i = 0; i < acts->n_moves; i++) {
		const struct move *m = &acts->move[i];
		const struct session *s;
		struct sim_shadow *sh;
		enum session_state to;

		if (strncmp(m->entity, "session/", 8) != 0)
			continue;
		s = core_session(core, m->entity + 8);
		sh = sim_shadow_of(s->id);
		to = state_of(m->to);
		if (strcmp(session_state_name(sh->state), m->from) != 0)
			sim_fail("%s was %s, the move says %s", s->id,
			    session_state_name(sh->state), m->from);
		if (!is_listed(sh->state, to))
			sim_fail("%s: no life goes %s -> %s", s->id, m->from, m->to);
		if (to == SESSION_MERGING)
			check_turn(s);
		if ((to == SESSION_LAUNCHING || to == SESSION_CLAIMED) &&
		    !session_is_live(sh->state))
			if (h->kind != HAP_DELEGATE_SEEN)
				check_cap(h, s);
		sh->state = to;
		/* Who works elsewhere and pushes on is seen, not launched. */
		if (to == SESSION_LAUNCHING && h->kind != HAP_DELEGATE_SEEN) {
			sh->is_overridden |= fields_text(&h->fields, "override")[0] !=
					     0;
			check_company(s);
		}
	}
	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *c = &core->session[i];
		struct sim_shadow *s = sim_shadow_of(c->id);

		if (h->kind == HAP_BATCH_PLANNED && c->state == SESSION_PLANNED)
			*s = (struct sim_shadow){ .id = s->id, .state = c->state };
		if (s->state != c->state)
			sim_fail("%s went %s -> %s without a move", c->id,
			    session_state_name(s->state), session_state_name(c->state));
	}
}

/* ---- acts -------------------------------------------------------------------------------------------- */

/* S-80, promise 4, invariant 5: this very table was approved. */
static bool
is_approved(const struct batch_run *b)
{
	for (size_t i = 0; i < sim->check.n_approvals; i++) {
		const struct sim_approval *a = &sim->check.approval[i];

		if (strcmp(a->batch, b->id) == 0 && a->version == b->version &&
		    strcmp(a->hash, b->hash) == 0)
			return true;
	}
	return false;
}

/* Invariant 4, and the hard edges: what must come before it is done or given up. */
static void
check_before(const struct session *s, const struct batch_run *b)
{
	const struct core *core = sim->check.core;
	const char *path = core_plan(core, s->plan_id)->path;
	const struct sim_plan *plan = sim_plan_at(path);
	int mine = -1;

	if (is_overridden(s) || !sim_phase_of(path, s->phase, &mine))
		return;
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *o = &core->batch[i];

		if (strcmp(o->plan_id, b->plan_id) == 0 && o->number < b->number &&
		    s->n_runs == 1 && o->state != BATCH_COMPLETE &&
		    !(o->state == BATCH_WITH_FAILURES && o->acked))
			sim_fail("%s is launched and batch %s is %s", s->id, o->id,
			    batch_state_name(o->state));
	}
	for (int k = 0; k < plan->n; k++) {
		bool is_done = !(plan->before[mine] & (1u << k));

		for (size_t i = 0; i < core->n_sessions && !is_done; i++) {
			const struct session *o = &core->session[i];

			is_done = strcmp(o->plan_id, s->plan_id) == 0 &&
				  strcmp(o->phase, plan->phase[k].id) == 0 &&
				  (o->state == SESSION_DONE ||
				      o->state == SESSION_ABANDONED);
		}
		if (!is_done)
			sim_fail("%s is launched and %s, before it, is not done", s->id,
			    plan->phase[k].id);
	}
}

/* G03, G07: by no resume beside a later batch, unless a person said so. */
static void
check_overtaken(const struct happening *h, const struct acts *acts,
    const struct session *s, const struct batch_run *mine)
{
	const struct core *core = sim->check.core;
	enum session_state was = SESSION_N_STATES;

	for (size_t i = acts->n_moves; i-- > 0;) {
		if (strncmp(acts->move[i].entity, "session/", 8) == 0 &&
		    strcmp(acts->move[i].entity + 8, s->id) == 0)
			was = state_of(acts->move[i].from);
	}
	if (h->kind != HAP_RESUMED || session_is_live(was) ||
	    strstr(fields_text(&h->fields, "override"), "G03"))
		return;
	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, s->plan_id) == 0 && b->number > mine->number &&
		    (b->state == BATCH_APPROVED || b->state == BATCH_RUNNING))
			sim_fail("%s is resumed beside %s, which is %s", s->id, b->id,
			    batch_state_name(b->state));
	}
}

/* J-42: what an earlier attempt has on its branch stays there. */
static void
check_branch(const struct session *s)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *o = &core->session[i];

		if (o != s && o->n_runs > 0 && strcmp(o->branch, s->branch) == 0)
			sim_fail("%s is launched on the branch of %s", s->id, o->id);
	}
}

static void
check_launch(const struct act *act, const struct happening *h, const struct acts *acts)
{
	const struct core *core = sim->check.core;
	const struct session *s = core_session(
	    core, fields_text(&act->fields, "session"));
	const struct batch_run *b = s ? core_batch(core, s->batch_id) : NULL;
	const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;

	if (!s || !b || !p)
		sim_fail("%s launches nothing that is known", act->key);
	if (strcmp(p->state, "active") != 0)
		sim_fail("%s: launched after the plan was %s", s->id, p->state);
	if (!is_approved(b))
		sim_fail("%s: launched without approval of %.12s", s->id, b->hash);
	if (s->is_external)
		sim_fail("%s: an external one was launched", s->id);
	if ((s->claimed_by[0] != '\0') !=
	    (fields_text(&act->fields, "terminal")[0] != '\0'))
		sim_fail("%s: launched %s", s->id,
		    s->claimed_by[0] ? "though a person took it"
				     : "on a terminal that nobody asked for");
	if (++sim_shadow_of(s->id)->n_launches != s->n_runs)
		sim_fail("%s: %d launches, %d runs", s->id,
		    sim_shadow_of(s->id)->n_launches, s->n_runs);
	sim_shadow_of(s->id)->is_suspended = false;
	sim_check_filed(s, b);
	check_before(s, b);
	check_branch(s);
	check_overtaken(h, acts, s, b);
}

/* what is given away was approved as much as what is launched here. */
static void
check_delegation(const struct act *act)
{
	const struct core *core = sim->check.core;
	const struct session *s = core_session(
	    core, fields_text(&act->fields, "session"));
	const struct batch_run *b = s ? core_batch(core, s->batch_id) : NULL;
	const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;

	if (!s || !b || !p || !session_is_away(s))
		sim_fail("%s gives away nothing that is known", act->key);
	if (strcmp(p->state, "active") != 0)
		sim_fail("%s: given away after the plan was %s", s->id, p->state);
	if (!is_approved(b))
		sim_fail("%s: given away without approval of %.12s", s->id, b->hash);
	sim_check_filed(s, b);
	if (s->away.n_given == 1)
		check_before(s, b);
}

static void
check_acts(const struct happening *h, const struct acts *acts)
{
	struct core *core = sim->check.core;

	for (size_t i = 0; i < acts->n; i++) {
		const struct act *a = &acts->item[i];
		const char *id = fields_text(&a->fields, "session");
		const char *order = fields_text(&a->fields, "order");
		const struct session *s = id[0] ? core_session(core, id) : NULL;
		const struct plan_run *p = s ? core_plan(core, s->plan_id) : NULL;

		if (strcmp(a->kind, "launch") == 0)
			check_launch(a, h, acts);
		if (strcmp(a->kind, "delegate") == 0)
			check_delegation(a);
		if (strcmp(a->kind, "land") == 0 &&
		    (!p || strcmp(p->state, "active") != 0))
			sim_fail("%s lands after the plan ended", a->key);
		if (strcmp(a->kind, "tell") == 0 && strcmp(order, "suspend") == 0)
			sim_shadow_of(id)->is_suspended = true;
		if (strcmp(a->kind, "tell") == 0 && strcmp(order, "continue") == 0)
			sim_shadow_of(id)->is_suspended = false;
		if (strcmp(a->kind, "plan-close") == 0)
			sim->check.n_closed[fields_text(&a->fields, "plan")[1] - '1']++;
	}
}

/* ---- states ---------------------------------------------------------------------------------------------- */

/*
 * Who said yes was a person, there or beforehand: by a rule that fits what was asked and was
 * in force then.
 */
static void
check_yes(const struct session *s, const struct ask *a)
{
	const struct core *core = sim->check.core;
	const struct allowance *r = NULL;
	char id[24] = "";

	if (strncmp(a->by, "human:", 6) == 0 ||
	    strcmp(a->by, "rule: the plan was approved") == 0)
		return;
	if (sscanf(a->by, "rule %23s of human:", id) == 1)
		r = core_allowance(core, id);
	if (!r || strncmp(r->by, "human:", 6) != 0)
		sim_fail("%s: %s was allowed by %s, which is no person", s->id, a->id,
		    a->by);
	if (r->ended_at && r->ended_at < a->answered_at)
		sim_fail("%s: %s was allowed by %s, which was taken back", s->id, a->id,
		    r->id);
	if (strcmp(a->kind, "permission") != 0 || a->is_cut ||
	    (strcmp(r->scope, "session") == 0 &&
		(strcmp(r->about, s->id) != 0 || strcmp(r->pattern, a->action) != 0)))
		sim_fail("%s: %s was allowed by %s, which does not fit", s->id, a->id,
		    r->id);
}

static void
check_asks(const struct session *s)
{
	bool has_open = false, has_cost = false, has_storm = false;
	const struct sim_shadow *sh = sim_shadow_of(s->id);

	for (size_t i = 0; i < s->n_asks; i++) {
		const struct ask *a = &s->ask[i];
		bool open = a->decision[0] == '\0';

		has_open |= open;
		has_storm |= open && strcmp(a->kind, "storm") == 0;
		if (strcmp(a->decision, "allow") == 0)
			check_yes(s, a);
		has_cost |= open && a->run[0] == '\0' && strcmp(a->kind, "cost") == 0;
		if (open && a->run[0] && (strcmp(a->run, s->run) != 0 || !s->run_open))
			sim_fail("%s: an ask of %s outlives it", s->id, a->run);
		for (size_t k = 0; k < i; k++) {
			if (a->run[0] && strcmp(s->ask[k].id, a->id) == 0 &&
			    strcmp(s->ask[k].run, a->run) == 0)
				sim_fail("%s: ask %s of one run twice", s->id, a->id);
		}
	}
	if (has_storm && s->state != SESSION_PARKED)
		sim_fail("%s is %s, and is asked whether it may go on", s->id,
		    session_state_name(s->state));
	if (has_open && !has_storm && !session_is_live(s->state))
		sim_fail("%s is %s and asks", s->id, session_state_name(s->state));
	if (has_open && s->state == SESSION_ACTIVE)
		sim_fail("%s is active and asks", s->id);
	if (s->state == SESSION_CHECKPOINT && !has_open)
		sim_fail("%s is at a checkpoint and asks nothing", s->id);
	/* S-69, invariant 10: what is held is suspended, and what is not held is not. */
	if ((has_cost || s->state == SESSION_HALTED) && s->run_open &&
	    !sh->is_suspended)
		sim_fail("%s is held and runs", s->id);
	/* Nobody would ever wake it: it could not even read that its input ends. */
	if ((s->state == SESSION_ACTIVE || s->state == SESSION_EXITING ||
		s->state == SESSION_IN_REVIEW || s->state == SESSION_DONE) &&
	    s->run_open && sh->is_suspended)
		sim_fail("%s is %s and suspended", s->id, session_state_name(s->state));
}

/* What an agent asked before the offset that is read is known, whoever crashed (promise 1). */
static void
check_heard(const struct session *s)
{
	const struct sim_run *run = s->run[0] ? sim_run_find(s->run) : NULL;

	bool is_heard = session_is_live(s->state) && s->run_open;

	/* Whose session a person took was told to end: nobody answers it any more. */
	if (s->state == SESSION_CLAIMED)
		return;
	for (size_t i = 0; run && is_heard && i < run->n_asks; i++) {
		const struct sim_asked *asked = &run->asked[i];
		bool is_known = (int64_t)asked->end > s->offset;

		for (size_t k = 0; k < s->n_asks && !is_known; k++)
			is_known = strcmp(s->ask[k].id, asked->id) == 0 &&
				   strcmp(s->ask[k].run, s->run) == 0;
		if (!is_known && run->n_lost == 0)
			sim_fail("%s asked %s and it was read, and nobody knows",
			    s->run, asked->id);
	}
}

/* Invariant 7, promise 7: done means that it is there. */
static void
check_done(const struct session *s)
{
	int at = s->landed[0] ? sim_commit_find(s->landed) : -1;

	if (!s->landed[0] && !(s->is_analysis && s->evidence[0] && s->n_commits == 0))
		sim_fail("%s is done without evidence", s->id);
	if (s->landed[0] && (at < 0 || !sim_commit_has(sim->git.target, at)))
		sim_fail("%s is done and %.12s is not on the target", s->id, s->landed);
}

/* J-47: nobody goes on whose tools fail beyond the limits; who was stopped is asked about. */
static void
check_storm(const struct session *s)
{
	const struct plan_run *p = core_plan(sim->check.core, s->plan_id);

	for (size_t i = 0; p && i < s->n_troubles; i++) {
		if (s->trouble[i].n_same < p->same_error_limit &&
		    s->trouble[i].n < p->tries_limit)
			continue;
		if (session_is_live(s->state) && s->state != SESSION_CLAIMED)
			sim_fail("%s goes on, and its tools fail", s->id);
		if (s->state == SESSION_PARKED && s->n_asks == 0)
			sim_fail("%s was stopped, and nobody is asked", s->id);
	}
}

static void
check_sessions(int64_t now)
{
	const struct core *core = sim->check.core;
	size_t merging = 0;

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		merging += s->state == SESSION_MERGING;
		check_asks(s);
		if (now > 0)
			sim_check_budget(s, now);
		check_storm(s);
		check_heard(s);
		if (s->state == SESSION_FILED || s->state == SESSION_PREPARED ||
		    s->state == SESSION_APPROVED)
			sim_check_filed(s, core_batch(core, s->batch_id));
		if (s->state == SESSION_DONE)
			check_done(s);
		/* Invariant 10: who is halted is held by a person, or has an open conflict. */
		if (s->state == SESSION_HALTED && !s->is_held &&
		    !session_conflict(core, s))
			sim_fail("%s is halted for nothing", s->id);
		if (s->state == SESSION_ACTIVE && session_conflict(core, s))
			sim_fail("%s works on in a conflict", s->id);
		if ((s->state == SESSION_CLAIMED) != (s->claimed_by[0] != '\0'))
			sim_fail("%s is %s and claimed by '%s'", s->id,
			    session_state_name(s->state), s->claimed_by);
		if (s->state != SESSION_CLAIMED && s->next[0])
			sim_fail("%s is %s and waits for '%s'", s->id,
			    session_state_name(s->state), s->next);
		if (s->state == SESSION_FAILED && s->reason[0] == '\0')
			sim_fail("%s failed for no reason (E-7)", s->id);
		if ((s->state == SESSION_ACTIVE || s->state == SESSION_CHECKPOINT ||
			s->state == SESSION_HALTED) &&
		    !s->run_open && !session_is_away(s))
			sim_fail("%s is %s without a process", s->id,
			    session_state_name(s->state));
	}
	if (merging > 1)
		sim_fail("%zu sessions merge at once", merging);
}

static void
check_batches(void)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];
		size_t done = 0, terminal = 0;

		for (size_t k = 0; k < b->n; k++) {
			const struct session *s = &core->session[b->session[k]];

			done += s->state == SESSION_DONE;
			terminal += session_is_terminal(s->state);
		}
		if (b->state == BATCH_COMPLETE && done != b->n)
			sim_fail("%s is complete, %zu of %zu done", b->id, done, b->n);
		if (b->state == BATCH_WITH_FAILURES &&
		    (terminal != b->n || done == b->n))
			sim_fail("%s: %zu ended, %zu done", b->id, terminal, done);
		if (b->state == BATCH_RUNNING && terminal == b->n &&
		    strcmp(core_plan(core, b->plan_id)->state, "aborted") != 0)
			sim_fail("%s runs though all ended", b->id);
	}
	for (size_t i = 0; i < N_ELEMS(sim->check.n_closed); i++) {
		if (sim->check.n_closed[i] > 1)
			sim_fail("p%zu completed twice", i + 1);
	}
}

void
sim_check_state(const struct happening *h, const struct acts *acts)
{
	sim->tally->checks++;
	check_moves(h, acts);
	check_acts(h, acts);
	/* A refusal changes nothing, and what time did meanwhile the clock tells next. */
	check_sessions(h->kind == HAP_REFUSED ? 0 : h->at);
	sim_check_money(h, acts);
	if (acts->n_moves > 0) {
		check_batches();
		sim_check_reasons();
	}
	/* A clock that ticks again at once would fill the journal. */
	if (h->kind == HAP_CLOCK && core_next_deadline(sim->check.core) <= h->at)
		sim_fail("the clock would tick for ever");
}
