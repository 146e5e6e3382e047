#include "sim.h"

#include <stdio.h>
#include <string.h>

/* A person: sometimes hasty, sometimes slow, sometimes wrong; at the end diligent. */

static struct session *
some_session(struct sim *sim)
{
	size_t n = sim->core->n_sessions, at;

	if (n == 0)
		return NULL;
	at = sim_dice(sim, (unsigned)n);
	/* Mostly one that something can be done about. */
	for (size_t i = 0; i < n && sim_dice(sim, 4); i++) {
		struct session *s = &sim->core->session[(at + i) % n];

		if (s->state > SESSION_APPROVED && !session_is_terminal(s->state))
			return s;
	}
	return &sim->core->session[at];
}

static void
order(struct sim *sim, enum hap kind, const struct session *s, const char *name,
    const char *text)
{
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	if (name)
		fields_set(&f, name, text);
	fields_set(&f, "reason", sim_dice(sim, 3) ? "because" : "");
	(void)sim_happen(sim, kind, sim_dice(sim, 5) ? "human:ada" : "human:bob", &f);
}

static void
resume(struct sim *sim, const struct session *s, bool overrides)
{
	AUTO_FREE char *who = xstrdup(s->claimed_by[0] ? s->claimed_by : "human:ada");
	struct fields f = { 0 };

	fields_set(&f, "session", s->id);
	fields_set_number(
	    &f, "resumable", s->agent_session[0] && sim_dice(sim, 2) == 0);
	if (overrides) {
		fields_set(&f, "override", "G18,G05,G03");
		fields_set(&f, "reason", "I know");
	}
	(void)sim_happen(sim, HAP_RESUMED, who, &f);
}

/* ---- the table ----------------------------------------------------------------------- */

static void
put(struct fields *f, size_t i, const char *name, const char *text)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.%s", i, name);
	fields_set(f, key, text);
}

static void
put_number(struct fields *f, size_t i, const char *name, int64_t number)
{
	char key[64];

	snprintf(key, sizeof(key), "s%zu.%s", i, name);
	fields_set_number(f, key, number);
}

static void
put_phase(struct sim *sim, const struct plan_model *m, const struct phase_plan *ph,
    struct fields *f, size_t i)
{
	static const char *const launches[] = { "bypass", "plan", "ask" };
	AUTO_FREE char *label = xasprintf("S-%c", (char)('A' + i));
	AUTO_FREE char *issue = xasprintf("%s-%s", m->id, ph->id);

	put(f, i, "phase", ph->id);
	put(f, i, "label", label);
	put(f, i, "issue", issue);
	put(f, i, "launch", launches[sim_dice(sim, 3)]);
	put(f, i, "agent", "claude");
	put(f, i, "agent_shown", "Claude Code");
	put(f, i, "path", ph->is_external ? "" : issue);
	put(f, i, "branch", issue);
	put(f, i, "setup", sim_dice(sim, 4) ? "" : "make deps");
	put(f, i, "focus", "focus");
	put(f, i, "after", ph->after >= 0 ? m->phase[ph->after].id : "");
	put_number(f, i, "merge", (int64_t)i + 1);
	put_number(f, i, "est_mid", 300);
	put_number(f, i, "analysis", ph->is_analysis);
	put_number(f, i, "external", ph->is_external);
}

/* Nothing is to be planned for PHASE: it is worked on, done, or given up. */
static bool
is_taken(
    const struct sim *sim, const struct plan_model *m, const char *phase, int number)
{
	for (size_t i = 0; i < sim->core->n_sessions; i++) {
		const struct session *s = &sim->core->session[i];
		const struct batch_run *b = core_batch(sim->core, s->batch_id);

		if (strcmp(s->plan_id, m->id) == 0 && strcmp(s->phase, phase) == 0 &&
		    b->number != number && s->state != SESSION_FAILED &&
		    s->state != SESSION_PLANNED)
			return true;
		if (strcmp(s->plan_id, m->id) == 0 && strcmp(s->phase, phase) == 0 &&
		    (s->state == SESSION_DONE || s->state == SESSION_ABANDONED))
			return true;
	}
	return false;
}

bool
sim_has_phases(const struct sim *sim, const struct plan_model *m)
{
	for (int i = 0; i < m->n; i++) {
		if (!is_taken(sim, m, m->phase[i].id, 0))
			return true;
	}
	return false;
}

static size_t
put_table(struct sim *sim, const struct plan_model *m, int number, struct fields *f)
{
	size_t n = 0;

	for (int all = 0; all < 2 && n == 0; all++) {
		for (int i = 0; i < m->n && n < 5; i++) {
			if ((!all && m->phase[i].batch != number) ||
			    is_taken(sim, m, m->phase[i].id, number))
				continue;
			if (n > 0 && sim_mishap(sim, 10))
				continue; /* left out of this table */
			put_phase(sim, m, &m->phase[i], f, n++);
		}
	}
	return n;
}

static void
put_settings(const struct plan_model *m, struct fields *f)
{
	fields_set(f, "path", m->path);
	fields_set(f, "plan", m->id);
	fields_set(f, "plan_hash", "ph");
	fields_set(f, "sha256", "sha0");
	fields_set(f, "target", "main");
	fields_set(f, "merge", m->is_auto ? "auto" : "ask");
	fields_set(f, "publish", m->is_auto ? "branch" : "none");
	fields_set(f, "master", m->is_auto ? "DV-100" : "");
	fields_set_number(f, "cap", m->cap);
	fields_set_number(f, "n_phases", m->n);
}

/* `divisi dispatch`: plans the next batch, or the same one again. */
static void
dispatch(struct sim *sim, struct plan_model *m)
{
	const struct batch_run *last;
	struct fields f = { 0 }, changed = { 0 };
	int number = 1;
	size_t n;

	last = core_last_batch(sim->core, m->id);
	if (last)
		number = last->number + (last->state != BATCH_PLANNED &&
					    last->state != BATCH_AWAITING &&
					    last->state != BATCH_DECLINED);
	n = put_table(sim, m, number, &f);
	if (n == 0) {
		fields_clear(&f);
		return;
	}
	put_settings(m, &changed);
	(void)sim_happen(sim, HAP_PLAN_CHANGED, "human:ada", &changed);
	fields_set(&f, "plan", m->id);
	fields_set_number(&f, "number", number);
	fields_set_number(&f, "n_sessions", (int64_t)n);
	fields_set(&f, "kind", "implementation");
	fields_set(&f, "base", "main0");
	fields_setf(&f, "hash", "%s-table-%04d", m->id, ++m->n_tables);
	fields_set_number(&f, "override_G07", sim_mishap(sim, 10));
	(void)sim_happen(sim, HAP_BATCH_PLANNED, "human:ada", &f);
}

static void
decide(struct sim *sim, enum hap kind, const struct batch_run *b, const char *hash)
{
	struct fields f = { 0 };

	fields_set(&f, "batch", b->id);
	fields_set(&f, "hash", hash);
	(void)sim_happen(sim, kind, "human:ada", &f);
}

static void
approve(struct sim *sim, const struct batch_run *b)
{
	static const char *const wrong[] = { "", "p1-table", "p1-table-0001",
		"p1-table-00010" };
	AUTO_FREE char *hash = xstrdup(
	    sim_mishap(sim, 30) ? wrong[sim_dice(sim, 4)] : b->hash);

	/* The checker is told first: what follows by itself is launched in the same step. */
	if (strcmp(hash, b->hash) == 0 && b->state == BATCH_AWAITING)
		sim_approved(sim, b, hash);
	decide(sim, HAP_BATCH_APPROVED, b, hash);
}

static void
at_table(struct sim *sim)
{
	struct plan_model *m = &sim->plan[sim_dice(sim, (unsigned)sim->n_plans)];
	const struct batch_run *b = core_last_batch(sim->core, m->id);
	unsigned what = sim_dice(sim, 100);
	struct fields f = { 0 };

	if (!b || what < 15)
		dispatch(sim, m);
	else if (what < 83)
		approve(sim, b);
	else if (what < 86)
		decide(sim, HAP_BATCH_DECLINED, b, "");
	else if (what < 98)
		decide(sim, HAP_BATCH_ACKED, b, "");
	else if (sim_dice(sim, 4) == 0) {
		fields_set(&f, "plan", m->id);
		(void)sim_happen(sim, HAP_PLAN_ABORTED, "human:ada", &f);
	}
}

void
sim_human(struct sim *sim)
{
	const struct session *s = some_session(sim);
	struct fields f = { 0 };
	unsigned what = sim_dice(sim, 100);

	if (!s || what < 25) {
		at_table(sim);
	} else if (what < 50) {
		order(sim, HAP_ASK_ANSWERED, s, "decision",
		    sim_dice(sim, 4) ? "allow" : "deny");
	} else if (what < 56) {
		order(sim, HAP_SAID, s, "text", "try harder");
	} else if (what < 60) {
		order(sim, HAP_HELD, s, NULL, NULL);
	} else if (what < 72) {
		resume(sim, s, sim_dice(sim, 3) == 0);
	} else if (what < 76) {
		order(sim, HAP_PARKED, s, NULL, NULL);
	} else if (what < 78) {
		order(sim, HAP_ABANDONED, s, NULL, NULL);
	} else if (what < 80) {
		order(sim, HAP_CLAIMED, s, NULL, NULL);
	} else if (what < 90) {
		order(sim, HAP_MERGE_ASKED, s, NULL, NULL);
	} else {
		fields_set(&f, "plan", s->plan_id);
		(void)sim_happen(sim, HAP_MERGE_ASKED, "human:ada", &f);
	}
}

/* ---- the end of the game --------------------------------------------------------------- */

static void
tend(struct sim *sim, const struct session *s)
{
	if (session_open_ask(s)) {
		order(sim, HAP_ASK_ANSWERED, s, "decision", "allow");
		return;
	}
	switch (s->state) {
	case SESSION_APPROVED:
		if (s->is_external || s->claimed_by[0])
			order(sim, HAP_ABANDONED, s, NULL, NULL);
		return;
	case SESSION_HALTED: resume(sim, s, false); return;
	case SESSION_STALLED:
	case SESSION_PARKED:
	case SESSION_EXITING:
		if (s->state == SESSION_EXITING && s->reason[0] == '\0')
			return;
		if (s->n_runs > 12 || s->is_external)
			order(sim, HAP_ABANDONED, s, NULL, NULL);
		else if (!s->run_open)
			resume(sim, s, true);
		else if (s->state != SESSION_PARKED)
			order(sim, HAP_PARKED, s, NULL, NULL);
		return;
	case SESSION_IN_REVIEW:
	case SESSION_MERGE_CONFLICT: order(sim, HAP_MERGE_ASKED, s, NULL, NULL); return;
	case SESSION_MERGING:
		if (s->blocked[0])
			order(sim, HAP_MERGE_ASKED, s, NULL, NULL);
		return;
	default: return;
	}
}

/* Does what somebody has to do for everything to end. */
void
sim_diligent(struct sim *sim)
{
	struct plan_model *m = &sim->plan[sim_dice(sim, (unsigned)sim->n_plans)];
	const struct plan_run *p = core_plan(sim->core, m->id);
	const struct batch_run *b = core_last_batch(sim->core, m->id);
	const struct session *s = some_session(sim);

	if (s)
		tend(sim, s);
	if (p && strcmp(p->state, "active") != 0)
		return;
	if (!b || b->state == BATCH_COMPLETE || b->state == BATCH_DECLINED ||
	    (b->state == BATCH_PLANNED && b->reason[0]))
		dispatch(sim, m);
	else if (b->state == BATCH_AWAITING)
		approve(sim, b);
	else if (b->state == BATCH_WITH_FAILURES && !b->acked)
		decide(sim, HAP_BATCH_ACKED, b, "");
	else if (b->state == BATCH_WITH_FAILURES)
		dispatch(sim, m);
}
