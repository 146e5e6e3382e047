#include "sim/internal.h"

#include "engine/record.h"

#include <stdio.h>
#include <string.h>

/*
 * Reads the journal as it grows, row by row, with a core of its own: the same journal gives
 * the same state, moves and acts (promise 8), and after every row all that must hold is
 * looked at (check_state.c).
 */

struct sim_shadow *
sim_shadow_of(const char *id)
{
	struct sim_check *c = &sim->check;
	struct sim_shadow *s;

	for (size_t i = 0; i < c->n_shadows; i++) {
		if (strcmp(c->shadow[i].id, id) == 0)
			return &c->shadow[i];
	}
	GROW(c->shadow, c->n_shadows, c->cap_shadows);
	s = &c->shadow[c->n_shadows++];
	*s = (struct sim_shadow){ .id = xstrdup(id), .state = SESSION_PLANNED };
	return s;
}

void
sim_check_clear(void)
{
	struct sim_check *c = &sim->check;

	for (size_t i = 0; i < c->n_shadows; i++)
		free(c->shadow[i].id);
	for (size_t i = 0; i < c->n_approvals; i++) {
		free(c->approval[i].batch);
		free(c->approval[i].hash);
	}
	free(c->shadow);
	free(c->approval);
	core_free(c->core);
}

static bool
is_consequence(const struct journal_row *row)
{
	return strncmp(row->data, "{\"follows\":true", 15) == 0;
}

/* ---- who may say what -------------------------------------------------------------------------- */

/* The order that a person must be giving for such a row; "" for any, NULL for none. */
static const char *
order_behind(enum hap kind)
{
	static const struct {
		enum hap kind;
		const char *verb;
	} orders[] = { { HAP_BATCH_APPROVED, "approve" },
		{ HAP_BATCH_ACKED, "approve" }, { HAP_BATCH_DECLINED, "decline" },
		{ HAP_ASK_ANSWERED, "answer" }, { HAP_HELD, "hold" },
		{ HAP_ALLOWANCE_ENDED, "forget" }, { HAP_CAP_SET, "cap" },
		{ HAP_INTERRUPTED, "interrupt" }, { HAP_RESUMED, "resume" },
		{ HAP_PARKED, "park" }, { HAP_ABANDONED, "abandon" },
		{ HAP_CLAIMED, "claim" }, { HAP_TAKEN_OVER, "takeover" },
		{ HAP_HANDED_BACK, "handback" }, { HAP_SAID, "say" },
		{ HAP_RULED, "rule" }, { HAP_DELEGATE_ASKED, "delegate" },
		{ HAP_PLAN_ABORTED, "abort" }, { HAP_PLAN_OPENED, "" },
		{ HAP_PLAN_CHANGED, "" }, { HAP_BATCH_PLANNED, "" },
		{ HAP_OVERRIDDEN, "" } };

	for (size_t i = 0; i < N_ELEMS(orders); i++) {
		if (orders[i].kind == kind)
			return orders[i].verb;
	}
	return NULL;
}

/* CONTRACTS 1, Peers; promise 4. */
static void
check_actor(const struct happening *h, bool is_late)
{
	const char *verb = order_behind(h->kind);

	if (!verb)
		return;
	if (strncmp(h->actor, "human:", 6) != 0)
		sim_fail("%s by %s, which is no person", hap_name(h->kind), h->actor);
	/* A row found after a crash was written while its order was given. */
	if (verb[0] && !is_late && (!sim->ordering || strcmp(sim->ordering, verb) != 0))
		sim_fail("%s, and nobody ordered '%s'", hap_name(h->kind), verb);
}

/* The table that a person said yes to: this one, whole, of the plan as it is (J-34). */
static void
check_approval(const struct happening *h, bool is_late)
{
	struct sim_check *c = &sim->check;
	const char *hash = fields_text(&h->fields, "hash");
	const struct batch_run *b = core_batch(
	    c->core, fields_text(&h->fields, "batch"));
	const struct sim_table *t = NULL;

	if (h->kind != HAP_BATCH_APPROVED || !b)
		return;
	if (strcmp(core_plan(c->core, b->plan_id)->state, "active") != 0)
		sim_fail("%s is approved and its plan is over", b->id);
	if (strcmp(b->hash, hash) != 0)
		sim_fail("%s is %.12s and was approved as %.12s", b->id, b->hash, hash);
	if (!is_late && (!sim->approving || strlen(sim->approving) < 8 ||
			    strncmp(hash, sim->approving, strlen(sim->approving)) != 0))
		sim_fail("%s was approved, a person said %s", b->id,
		    sim->approving ? sim->approving : "nothing");
	for (size_t i = 0; i < sim->n_tables; i++) {
		if (strcmp(sim->table[i].hash, hash) == 0)
			t = &sim->table[i];
	}
	if (!t)
		sim_fail("table %.12s was approved and never proposed", hash);
	if (!is_late && t->n_edits != t->plan->n_edits)
		sim_fail("%s was approved, and the plan was edited since", b->id);
	GROW(c->approval, c->n_approvals, c->cap_approvals);
	c->approval[c->n_approvals++] = (struct sim_approval){ xstrdup(b->id),
		xstrdup(hash), b->version };
}

/* ---- row by row ----------------------------------------------------------------------------------- */

/* The rows after the first of N say what moved, as the happening makes it move here. */
static void
check_moves(size_t first, size_t n, const struct acts *acts)
{
	const struct journal_row *row = sim_disk_row(first);
	const char *from = "", *to = "";
	size_t at = 1;

	for (size_t i = 0; i < acts->n_moves; i++) {
		const struct move *m = &acts->move[i];
		const struct journal_row *r;

		if (to[0] == '\0' && strcmp(m->entity, row->entity) == 0) {
			from = m->from;
			to = m->to;
			continue;
		}
		r = at < n ? sim_disk_row(first + at++) : NULL;
		if (!r || strcmp(r->entity, m->entity) != 0 ||
		    strcmp(r->from, m->from) != 0 || strcmp(r->to, m->to) != 0)
			sim_fail(
			    "row %zu: %s went %s -> %s, the journal says otherwise",
			    first + 1, m->entity, m->from, m->to);
	}
	if (at != n || strcmp(row->from, from) != 0 || strcmp(row->to, to) != 0)
		sim_fail(
		    "row %zu: the journal tells of a move that was none", first + 1);
}

/* Promise 8: what was owed then is what is owed now, each under a key of its own. */
static void
check_owed(size_t first, size_t n, const struct acts *acts)
{
	struct sim_check *c = &sim->check;

	for (size_t i = 0; i < acts->n; i++) {
		const struct act *a = &acts->item[i];
		const struct act_row *r = c->n_acts < sim_disk_acts()
					      ? sim_disk_act(c->n_acts)
					      : NULL;
		AUTO_FREE char *data = fields_to_json(&a->fields);

		if (!r || strcmp(r->key, a->key) != 0 ||
		    r->event_seq != (int64_t)(first + n))
			sim_fail("row %zu owes %s: lost, or its key was given before",
			    first + 1, a->key);
		if (strcmp(r->kind, a->kind) != 0 || strcmp(r->order, a->order) != 0 ||
		    strcmp(r->data, data) != 0)
			sim_fail("row %zu owes %s: %s, the journal has %s", first + 1,
			    a->key, data, r->data);
		c->n_acts++;
		sim->tally->acts++;
	}
}

static size_t
n_rows_of(size_t first)
{
	size_t n = 1;

	while (first + n < sim_disk_rows() && is_consequence(sim_disk_row(first + n)))
		n++;
	return n;
}

static void
tell(const struct happening *h, const struct journal_row *row, const struct acts *acts)
{
	if (!sim->is_loud)
		return;
	sim_say("%5lld %s %s %s", (long long)row->seq, h->actor, row->cause, row->data);
	for (size_t i = 0; i < acts->n_moves; i++)
		sim_say("        %s: %s -> %s", acts->move[i].entity,
		    acts->move[i].from, acts->move[i].to);
	for (size_t i = 0; i < acts->n; i++)
		sim_say("        owes %s", acts->item[i].key);
}

static void
check_row(size_t first, bool is_late)
{
	struct sim_check *c = &sim->check;
	const struct journal_row *row = sim_disk_row(first);
	struct happening h = { .at = row->at, .actor = row->actor };
	size_t n = n_rows_of(first);
	struct acts acts = { 0 };
	struct err err = ERR_INIT;
	int kind = hap_of(row->cause);

	if (kind < 0 || fields_of_json(&h.fields, row->data, &err) < 0)
		sim_fail("row %zu is not understood: %s %s", first + 1, row->cause,
		    row->data);
	h.kind = (enum hap)kind;
	check_actor(&h, is_late);
	check_approval(&h, is_late);
	if (core_step(c->core, &h, &acts, &err) < 0)
		sim_fail("row %zu: %s was accepted and is refused: %s", first + 1,
		    row->cause, err.text);
	tell(&h, row, &acts);
	c->n_rows += n;
	check_moves(first, n, &acts);
	check_owed(first, n, &acts);
	sim_check_state(&h, &acts);
	sim->tally->happenings++;
	acts_clear(&acts);
	fields_clear(&h.fields);
}

static void
catch_up(bool is_late)
{
	struct sim_check *c = &sim->check;

	if (!c->core)
		c->core = core_new();
	while (c->n_rows < sim_disk_rows()) {
		/* The tracker's own rows are no happenings. */
		if (strncmp(sim_disk_row(c->n_rows)->entity, "issue/", 6) == 0)
			c->n_rows++;
		else
			check_row(c->n_rows, is_late || c->n_rows < c->n_before);
	}
}

void
sim_check_journal(void)
{
	catch_up(false);
}

/* Promise 8, byte for byte: the state that came back, and the one that was followed. */
void
sim_check_restart(void)
{
	AUTO_FREE char *was = NULL, *is = NULL;

	catch_up(true);
	if (sim->check.n_rows > sim_disk_rows() || sim->check.n_acts > sim_disk_acts())
		sim_fail("%zu rows were written and %zu came back", sim->check.n_rows,
		    sim_disk_rows());
	was = core_dump(sim->check.core);
	is = core_dump(engine_core(sim->engine));
	if (strcmp(was, is) != 0)
		sim_fail("the replay gives\n%sand not\n%s", is, was);
}

/* ---- agents and the end ------------------------------------------------------------------------------ */

void
sim_check_start(const struct sim_run *run)
{
	const struct session *s = core_session(sim->check.core, run->session);
	const struct sim_tree *t = sim_tree_at(run->cwd);

	if (run->n_starts > 1)
		sim_fail("a second agent starts in %s (promise 1)", run->name);
	if (!s)
		sim_fail("an agent starts in %s for nobody", run->name);
	for (size_t i = 0; i < sim->n_runs; i++) {
		const struct sim_run *o = sim->run[i];

		if (o == run || !o->agent_alive)
			continue;
		if (strcmp(o->session, run->session) == 0)
			sim_fail(
			    "%s starts while %s lives (promise 1)", run->name, o->name);
		if (strcmp(o->cwd, run->cwd) == 0)
			sim_fail("%s starts in the worktree of %s", run->name, o->name);
	}
	if (sim_shadow_of(run->session)->n_launches == 0)
		sim_fail("%s starts and was never launched (promise 4)", run->name);
	if (!t || !t->exists || strcmp(t->session, run->session) != 0)
		sim_fail("%s starts without a worktree of its own", run->name);
	if (s->setup[0] && !t->is_set_up)
		sim_fail("%s starts in a worktree that was not set up", run->name);
}

static void
check_session_end(const struct session *s)
{
	const struct plan_run *p = core_plan(sim->check.core, s->plan_id);
	const struct batch_run *b = core_batch(sim->check.core, s->batch_id);
	const struct sim_tree *t = sim_tree_of(s->id);
	struct sim_units kept = sim->git.pinned;

	sim_units_join(&kept, &sim->git.commit[sim->git.target].has);
	if (!session_is_terminal(s->state) && strcmp(p->state, "aborted") != 0 &&
	    !(s->state == SESSION_PLANNED && b->state != BATCH_PLANNED))
		sim_fail("%s never ends: %s", s->id, session_state_name(s->state));
	/* Promise 2: what was made is in the target, or under a pin. */
	if (t && t->exists && !sim_units_within(&t->dirty, &kept))
		sim_fail("%s: files it left are pinned nowhere (promise 2)", s->id);
	if (t && !sim_units_within(&sim->git.commit[t->head].has, &kept))
		sim_fail("%s: commits it made are pinned nowhere (promise 2)", s->id);
}

static void
check_plan_end(const struct plan_run *p)
{
	const struct core *core = sim->check.core;
	int number = p->id[1] - '1';
	int64_t n_done = 0;

	for (size_t k = 0; k < core->n_sessions; k++)
		n_done += core->session[k].state == SESSION_DONE &&
			  strcmp(core->session[k].plan_id, p->id) == 0;
	if (n_done == p->n_phases && strcmp(p->state, "active") == 0)
		sim_fail("%s is done and %s", p->id, p->state);
	if ((strcmp(p->state, "complete") == 0) != (sim->check.n_closed[number] == 1))
		sim_fail("%s is %s, closed %d times", p->id, p->state,
		    sim->check.n_closed[number]);
}

/* Nobody is left behind: after a calm end every session has ended, and all is in its place. */
void
sim_check_end(void)
{
	const struct core *core = sim->check.core;

	for (size_t i = 0; i < core->n_sessions; i++)
		check_session_end(&core->session[i]);
	for (size_t i = 0; i < core->n_plans; i++)
		check_plan_end(&core->plan[i]);
	for (size_t i = 0; i < sim->n_runs; i++) {
		if (sim->run[i]->agent_alive)
			sim_fail("the agent of %s lives for ever", sim->run[i]->name);
		if (sim->run[i]->n_waiting || sim_hold_is_alive(sim->run[i]))
			sim_fail("the holder of %s lives for ever", sim->run[i]->name);
	}
	if (!sim->config.is_remote)
		sim_issues_check();
	sim_check_outbox();
	sim_away_check_end();
}
