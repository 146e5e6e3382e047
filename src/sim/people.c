#include "sim/internal.h"

#include "core/account.h"

#include <stdio.h>
#include <string.h>

/*
 * People: hasty, slow, wrong, and at the end diligent.  Everything they do goes through
 * engine_order(), as a command of theirs would.
 */
enum { PID_OF_PERSON = 2 };

/* Gives the order VERB as a person; IN is used up.  Returns what the engine says. */
static int
order(const char *verb, struct fields *in, struct fields *out, struct err *err)
{
	struct caller caller;
	int rc;

	*err = (struct err)ERR_INIT;
	engine_identify(sim->engine, PID_OF_PERSON, sim_dice(4) == 0, &caller);
	sim->ordering = verb;
	rc = engine_order(sim->engine, verb, in, &caller, out, err);
	sim->ordering = NULL;
	sim_say("person: %s %s%s%s: %s", verb, fields_text(in, "session"),
	    fields_text(in, "plan"), fields_text(in, "hash"),
	    rc < 0 ? err->text : "ok");
	sim->tally->refused += rc < 0;
	fields_clear(in);
	if (sim->is_dead)
		sim_server_die("killed");
	return rc;
}

static int
order_plain(const char *verb, struct fields *in)
{
	struct fields out = { 0 };
	struct err err;
	int rc = order(verb, in, &out, &err);

	fields_clear(&out);
	return rc;
}

int
sim_order(const char *verb, struct fields *in)
{
	return order_plain(verb, in);
}

static const struct session *
some_session(void)
{
	const struct core *core = engine_core(sim->engine);
	size_t n = core->n_sessions, at;

	if (n == 0)
		return NULL;
	at = sim_dice((unsigned)n);
	/* Mostly one that something can be done about. */
	for (size_t i = 0; i < n && sim_dice(4); i++) {
		const struct session *s = &core->session[(at + i) % n];

		if (s->state > SESSION_APPROVED && !session_is_terminal(s->state))
			return s;
	}
	return &core->session[at];
}

static void
order_about(
    const char *verb, const struct session *s, const char *name, const char *text)
{
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	if (name)
		fields_set(&f, name, text);
	if (strcmp(verb, "answer") == 0)
		fields_set(&f, "text", "the first"); /* yes is none to a question */
	fields_set(&f, "reason", sim_dice(3) ? "because" : "");
	(void)order_plain(verb, &f);
}

static void
resume(const struct session *s, bool overrides)
{
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	fields_set_number(&f, "same", 1);
	if (overrides) {
		sim_count(FAULT_OVERRIDE);
		fields_set(&f, "override", "G18,G05,G03");
		fields_set(&f, "reason", "I know");
	}
	(void)order_plain("resume", &f);
}

/* A person who had a session gives it back, or says that it is done. */
static void
hand_back(const struct session *s)
{
	struct fields f = { 0 };
	bool is_done = s->is_external || sim_dice(2);

	if (s->n_runs > 12 || (s->is_external && s->path[0] == '\0')) {
		order_about("abandon", s, NULL, NULL);
		return;
	}
	fields_set(&f, "session", s->id);
	fields_set(&f, "how", is_done ? "done" : "resume");
	fields_set(&f, "note", sim_dice(2) ? "mind the gap" : "");
	(void)order_plain("handback", &f);
}

/* The first session in STATE, from a random one on; NULL when none is. */
static const struct session *
session_in(enum session_state state)
{
	const struct core *core = engine_core(sim->engine);
	unsigned from = sim_dice(64);

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[(from + i) % core->n_sessions];

		if (s->state == state)
			return s;
	}
	return NULL;
}

/* What seldom meets by chance: who waits is claimed, who failed is resumed. */
static bool
pick_on(unsigned what)
{
	const struct session *s = what < 2    ? session_in(SESSION_APPROVED)
				  : what < 8  ? session_in(SESSION_FAILED)
				  : what < 12 ? session_in(SESSION_ACTIVE)
				  : what < 24 ? session_in(SESSION_CLAIMED)
					      : NULL;

	if (!s)
		return false;
	if (what < 2)
		order_about("claim", s, NULL, NULL);
	else if (what >= 12)
		hand_back(s);
	else if (what >= 8)
		order_about("takeover", s, "term", "xterm");
	else
		resume(s, what == 7);
	return true;
}

/* Answers what S asks: once, or with a rule, which may be too narrow or too wide. */
static void
answer(const struct session *s)
{
	static const char *const scopes[] = { "once", "session", "plan", "repository" };
	static const char *const patterns[] = { "Bash: *", "may I?", "*", "Bash: make",
		"Write: *" };
	const struct ask *a = session_open_ask(s);
	struct fields f = { 0 };

	if (sim_review_tend(s))
		return;
	if (sim_dice(2) || !a)
		fields_set(&f, "session", s->id);
	else
		fields_setf(&f, "approval", "a%d", a->number);
	fields_set(&f, "decision", sim_dice(4) ? "allow" : "deny");
	if (a && strcmp(a->kind, "question") == 0)
		fields_set(&f, "text", "the first");
	if (sim_dice(3) == 0) {
		fields_set(&f, "scope", scopes[sim_dice(N_ELEMS(scopes))]);
		fields_set(&f, "pattern", patterns[sim_dice(N_ELEMS(patterns))]);
	}
	(void)order_plain("answer", &f);
}

/* Lets the plan, batch or account of S cost as much as it may, or little. */
static void
set_cap(const struct session *s)
{
	static const char *const kinds[] = { "plan", "batch", "account" };
	/* S may be gone after an order: the server may have died. */
	AUTO_FREE char *plan = xstrdup(s->plan_id), *account = xstrdup(s->account);
	struct fields f = { 0 };

	for (size_t i = sim->is_calm ? 0 : sim_dice(3); i < N_ELEMS(kinds); i++) {
		fields_set(&f, "plan", plan);
		fields_set(&f, "kind", kinds[i]);
		fields_set(&f, "account", account);
		fields_set_number(&f, "cents", sim->is_calm ? 0 : sim_dice(4) * 1500);
		(void)order_plain("cap", &f);
	}
}

/* Takes back some rule, if there is one. */
static void
forget(void)
{
	struct fields f = { 0 };

	fields_setf(&f, "rule", "r%u", 1 + sim_dice(4));
	(void)order_plain("forget", &f);
}

/* ---- the table ---------------------------------------------------------------------------------- */

static void
dispatch(int plan, bool overrides)
{
	struct fields in = { 0 }, out = { 0 };
	struct err err;

	if (sim->op)
		return;
	fields_set(&in, "plan", sim->plan[plan].path);
	if (overrides) {
		sim_count(FAULT_OVERRIDE);
		fields_set(&in, "override", "G07");
		fields_set(&in, "reason", "in a hurry");
	}
	if (sim->config.is_remote && !sim->is_calm && sim_dice(3) == 0) {
		sim_count(FAULT_QUEUED);
		fields_set_number(&in, "queue", 1);
	}
	if (order("dispatch", &in, &out, &err) == 1) {
		sim->op = fields_number(&out, "op", 0);
		sim->op_plan = plan;
	}
	fields_clear(&out);
}

/* There is nothing left to dispatch: a table that waits is declined, or the plan is ended. */
static void
give_up(int plan)
{
	const struct core *core = engine_core(sim->engine);
	const struct plan_run *p = core_plan_by_path(core, sim->plan[plan].path);
	const struct batch_run *b = p ? core_last_batch(core, p->id) : NULL;
	struct fields f = { 0 };

	if (b && b->state == BATCH_AWAITING) {
		fields_set(&f, "hash", b->hash);
		(void)order_plain("decline", &f);
		return;
	}
	for (size_t i = 0; p && i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];

		if (strcmp(s->plan_id, p->id) == 0 && !session_is_terminal(s->state) &&
		    s->state != SESSION_PLANNED)
			return;
	}
	if (!p)
		return;
	fields_set(&f, "plan", p->id);
	(void)order_plain("abort", &f);
}

/* Asks what became of the dispatch. */
static void
look_at_op(void)
{
	struct fields out = { 0 };
	struct err err = ERR_INIT;
	struct caller caller;
	int rc = -1;

	/* Only who ordered it may ask; a person who sees nothing asks in the other's name. */
	for (unsigned uid = 0; uid < 2 && rc < 0; uid++) {
		engine_identify(sim->engine, PID_OF_PERSON, uid, &caller);
		err = (struct err)ERR_INIT;
		rc = engine_op(sim->engine, sim->op, &caller, &out, &err);
		if (rc < 0 && strncmp(err.text, "no operation", 12) != 0)
			break;
	}
	if (rc == 1)
		return;
	sim_say(
	    "person: dispatch gives %s", rc < 0 ? err.text : fields_text(&out, "hash"));
	sim->op = 0;
	if (rc == 0)
		snprintf(sim->seen_hash, sizeof(sim->seen_hash), "%s",
		    fields_text(&out, "hash"));
	else if (sim->is_calm && err.kind == ERR_NOT_FOUND)
		give_up(sim->op_plan);
	fields_clear(&out);
}

static int
approve(const struct batch_run *b, const char *hash)
{
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "hash", hash);
	if (!hash[0]) {
		fields_set(&f, "plan", b->plan_id);
		fields_set_number(&f, "number", b->number);
	}
	sim->approving = hash;
	rc = order_plain("approve", &f);
	sim->approving = NULL;
	return rc;
}

static void
decide(const struct batch_run *b)
{
	AUTO_FREE char *hash = xstrdup(b->hash);
	struct fields f = { 0 };
	unsigned what = sim_dice(100);

	if (what < 84) {
		(void)approve(b, hash);
	} else if (what < 89) {
		(void)approve(
		    b, sim->seen_hash); /* of the table they looked at, then */
	} else if (what < 92) {
		hash[sim_dice(12)] = 'x';
		(void)approve(b, hash);
	} else if (what < 96) {
		hash[10] = '\0';
		(void)approve(b, hash);
	} else {
		sim_count(FAULT_DECLINED);
		fields_set(&f, "plan", b->plan_id);
		fields_set_number(&f, "number", b->number);
		(void)order_plain("decline", &f);
	}
}

/* The table that somebody saw last, whatever became of it. */
static void
approve_again(void)
{
	struct fields f = { 0 };

	fields_set(&f, "hash", sim->seen_hash);
	sim->approving = sim->seen_hash;
	(void)order_plain("approve", &f);
	sim->approving = NULL;
}

static void
abort_plan(const struct plan_run *p)
{
	struct fields f = { 0 };

	fields_set(&f, "plan", p->id);
	(void)order_plain("abort", &f);
}

static void
at_table(void)
{
	int plan = (int)sim_dice((unsigned)sim->n_plans);
	const struct core *core = engine_core(sim->engine);
	const struct plan_run *p = core_plan_by_path(core, sim->plan[plan].path);
	const struct batch_run *b = p ? core_last_batch(core, p->id) : NULL;
	unsigned what = sim_dice(100);
	bool is_waiting = b && b->state == BATCH_AWAITING;

	if (sim->seen_hash[0] && sim_dice(25) == 0)
		approve_again();
	else if (!b || what < (is_waiting ? 5 : 30))
		dispatch(plan, sim_dice(12) == 0);
	else if (is_waiting && sim_mishap(15, FAULT_LATE_APPROVAL))
		return;
	else if (is_waiting && what == 99)
		abort_plan(p);
	else if (is_waiting || what < 40)
		decide(b);
	else if (what < 98)
		(void)approve(b, "");
	else if (sim_dice(5) == 0)
		abort_plan(p);
}

/* ---- everything else ------------------------------------------------------------------------------- */

static void
at_desk(void)
{
	struct sim_plan *p = &sim->plan[sim_dice((unsigned)sim->n_plans)];
	struct fields f = { 0 };

	switch (sim_dice(6)) {
	case 0: sim_plan_edit(p); break;
	case 1: sim_plan_note(p); break;
	case 2:
		sim_count(FAULT_SETTING_CHANGED);
		if (sim_dice(2))
			sim->config.cap = 1 + (int)sim_dice(4);
		else
			sim->config.n_changes++;
		dispatch((int)(p - sim->plan), false);
		break;
	case 3: sim->git.is_dirty = !sim->git.is_dirty; break;
	case 4: sim_git_someone_commits(); break;
	default: (void)order_plain("merge", &f); /* whatever waits */
	}
}

void
sim_person_turn(void)
{
	const struct session *s = some_session();
	AUTO_FREE char *words = xasprintf("hint number %d", ++sim->n_said);
	unsigned what = sim_dice(100);

	if (sim->op && sim_dice(2)) {
		look_at_op();
		return;
	}
	if ((sim_dice(8) == 0 && sim_rule()) || pick_on(sim_dice(80)))
		return;
	if (sim->config.is_remote && sim_dice(15) == 0 && sim_letter_turn())
		return;
	/* What a person looked at may be gone after an order: the server may have died. */
	if (s && sim->config.has_away && sim_dice(8) == 0 && sim_away_order(s))
		return;
	if (s && sim_dice(30) == 0) {
		sim_dice(3) ? forget() : set_cap(s);
		return;
	}
	if (!s || what < 30)
		at_table();
	else if (what < 36)
		at_desk();
	else if (what < 56)
		answer(s);
	else if (what < 60)
		order_about("say", s, "text", words);
	else if (what < 64)
		order_about("hold", s, NULL, NULL);
	else if (what < 75)
		resume(s, sim_dice(3) == 0);
	else if (what < 78)
		order_about("park", s, NULL, NULL);
	else if (what < 80)
		order_about("abandon", s, NULL, NULL);
	else if (what < 82)
		order_about("claim", s, NULL, NULL);
	else if (what < 86)
		order_about("takeover", s, "term", "xterm");
	else if (what < 90)
		hand_back(s);
	else
		order_about("merge", s, NULL, NULL);
}

/* ---- the end of the game ---------------------------------------------------------------------------- */

static void
tend(const struct session *s)
{
	const struct plan_run *p = core_plan(engine_core(sim->engine), s->plan_id);
	const struct account *a = core_account(engine_core(sim->engine), s->account);

	if ((p && (p->plan_cap > 0 || p->batch_cap > 0)) || (a && a->cap > 0)) {
		set_cap(s);
		return;
	}
	if (session_open_ask(s)) {
		/* Enough money for one that says nothing: its agent waits for nobody. */
		if (s->n_asks > 40)
			order_about("park", s, NULL, NULL);
		else if (!sim_review_tend(s))
			order_about("answer", s, "decision", "allow");
		return;
	}
	switch (s->state) {
	case SESSION_APPROVED:
		if (s->is_external && !session_is_away(s))
			order_about("abandon", s, NULL, NULL);
		return;
	case SESSION_CLAIMED: hand_back(s); return;
	case SESSION_HALTED: resume(s, false); return;
	case SESSION_UNCONFIRMED:
	case SESSION_ACTIVE: (void)sim_away_tend(s); return;
	case SESSION_STALLED:
	case SESSION_PARKED:
	case SESSION_EXITING:
		if (s->state == SESSION_EXITING && s->reason[0] == '\0')
			return;
		if (sim_away_tend(s))
			return;
		if (s->n_runs > 12 || s->is_external)
			order_about("abandon", s, NULL, NULL);
		else if (!s->run_open)
			resume(s, true);
		else if (s->state != SESSION_PARKED)
			order_about("park", s, NULL, NULL);
		return;
	case SESSION_IN_REVIEW:
	case SESSION_MERGE_CONFLICT: order_about("merge", s, NULL, NULL); return;
	case SESSION_MERGING:
		if (s->blocked[0])
			order_about("merge", s, NULL, NULL);
		return;
	case SESSION_PLANNED:
	case SESSION_FILED:
	case SESSION_PREPARED:
	case SESSION_LAUNCHING:
	case SESSION_CHECKPOINT:
	case SESSION_MERGEABLE:
	case SESSION_DONE:
	case SESSION_FAILED:
	case SESSION_ABANDONED:
	case SESSION_N_STATES: return;
	}
}

/* Failures that nobody acknowledged yet keep everything after them from being planned. */
static bool
acknowledge(const struct core *core, const struct plan_run *p)
{
	for (size_t i = 0; p && i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];

		if (strcmp(b->plan_id, p->id) == 0 && b->state == BATCH_WITH_FAILURES &&
		    !b->acked) {
			(void)approve(b, "");
			return true;
		}
	}
	return false;
}

static void
tend_plan(int plan)
{
	const struct core *core = engine_core(sim->engine);
	const struct plan_run *p = sim_plan_run(core, plan);
	const struct batch_run *b = p ? core_last_batch(core, p->id) : NULL;
	AUTO_FREE char *hash = xstrdup(b ? b->hash : "");
	struct fields f = { 0 };

	if (p && strcmp(p->state, "active") != 0)
		return;
	if (sim->ends_early && p) {
		fields_set(&f, "plan", p->id);
		(void)order_plain("abort", &f);
		return;
	}
	if (acknowledge(core, p))
		return;
	if (!b || b->state == BATCH_COMPLETE || b->state == BATCH_DECLINED ||
	    (b->state == BATCH_PLANNED && b->reason[0]) ||
	    (b->state == BATCH_WITH_FAILURES && b->acked))
		dispatch(plan, false);
	else if (b->state == BATCH_AWAITING && approve(b, hash) < 0)
		dispatch(plan, false);
}

/* Does what somebody has to do for everything to end. */
void
sim_person_tend(void)
{
	const struct session *s = some_session();

	if (sim->op)
		look_at_op();
	else if (sim_dice(3) == 0 && sim_rule())
		return;
	else if (sim_dice(3) == 0 && sim_letter_tend())
		return;
	else if (s && sim_dice(2))
		tend(s);
	else
		tend_plan((int)sim_dice((unsigned)sim->n_plans));
}
