#include "core/internal.h"
#include "core/money.h"
#include "policy/cost.h"

#include <string.h>

/* What an agent or a rule asks, and what a person or a rule answers. */

struct ask *
core_open_ask(struct session *s, const char *run, const char *id, const char *kind,
    const char *text, int64_t now)
{
	struct ask *a;

	for (size_t i = 0; i < s->n_asks; i++) {
		a = &s->ask[i];
		if (strcmp(a->id, id) != 0 || strcmp(a->run, run) != 0)
			continue;
		/* An agent's id is used once: a line read again after a restart is no new ask. */
		if (a->decision[0] == '\0' || run[0])
			return NULL;
	}
	GROW(s->ask, s->n_asks, s->cap_asks);
	a = &s->ask[s->n_asks++];
	*a = (struct ask){ .id = xstrdup(id), .kind = xstrdup(kind), .at = now };
	a->text = xstrdup(text);
	a->detail = xstrdup("");
	a->raw = xstrdup("");
	a->action = xstrdup("");
	a->run = xstrdup(run);
	a->decision = xstrdup("");
	a->answer = xstrdup("");
	a->by = xstrdup("");
	return a;
}

void
session_close_asks(struct session *s, bool keep_own)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		if (s->ask[i].decision[0] == '\0' &&
		    !(keep_own && (strcmp(s->ask[i].kind, "exit") == 0 ||
				      storm_is_ask(&s->ask[i]))))
			core_set(&s->ask[i].decision, "gone");
	}
}

/* Sends what was decided about A to the agent that asked. */
static void
owe_answer(struct session *s, const struct ask *a, struct acts *acts)
{
	/* The key is ours alone: an agent's id may hold what no key of a holder may. */
	struct fields *f = acts_add(
	    acts, "answer", s->id, "answer/%s/%d", a->run, ++s->n_keys);

	fields_set(f, "session", s->id);
	fields_set(f, "run", a->run);
	fields_set(f, "ask", a->id);
	fields_set(f, "raw", a->raw);
	fields_set(f, "decision", a->decision);
	fields_set(f, "text", a->answer);
}

static void
decide(struct ask *a, const char *decision, const char *answer, const char *by,
    int64_t now)
{
	core_set(&a->decision, decision);
	core_set(&a->answer, answer);
	core_set(&a->by, by);
	a->answered_at = now;
}

/*
 * More than a person can answer, or than a long session of which each step is allowed by
 * rule needs: an agent that asks so much is not asking.
 */
#define OPEN_MAX 64
#define ASKS_MAX 10000

static bool
asks_too_much(const struct session *s)
{
	size_t n_open = 0, n = 0;

	for (size_t i = 0; i < s->n_asks; i++) {
		n_open += s->ask[i].decision[0] == '\0';
		n += strcmp(s->ask[i].run, s->run) == 0;
	}
	return n_open >= OPEN_MAX || n >= ASKS_MAX;
}

/* Asked beside the agent's own stream (divisi mcp): it hears the answer as a message. */
#define TOLD_PREFIX "told-"
#define MAX_TOLD    8 /* open ones of a session; more are no help to a person */

static bool
is_told(const struct ask *a)
{
	return a->run[0] == '\0' &&
	       strncmp(a->id, TOLD_PREFIX, strlen(TOLD_PREFIX)) == 0;
}

static int
open_told(
    struct session *s, const struct happening *h, struct acts *acts, struct err *err)
{
	AUTO_FREE char *id = NULL;
	struct ask *a;
	int open = 0;

	if (!session_is_live(s->state))
		return err_set(err, ERR_CONFLICT, "%s is %s: nobody answers", s->id,
		    session_state_name(s->state));
	for (size_t i = 0; i < s->n_asks; i++)
		open += is_told(&s->ask[i]) && s->ask[i].decision[0] == '\0';
	if (open >= MAX_TOLD)
		return err_set(
		    err, ERR_CONFLICT, "%d questions of it are open already", open);
	session_heard(s, h, acts);
	id = xasprintf(TOLD_PREFIX "%d", ++s->n_keys);
	a = core_open_ask(s, "", id, fields_text(&h->fields, "kind"),
	    fields_text(&h->fields, "text"), h->at);
	if (a)
		core_set(&a->detail, fields_text(&h->fields, "detail"));
	return 0;
}

/* What a person allowed beforehand is answered at once, and the record says by whom. */
static void
answer_by_rule(const struct core *core, struct session *s, struct ask *a, int64_t now,
    struct acts *acts)
{
	struct allowance *r = allowance_for(core, s, a);
	AUTO_FREE char *by = NULL;

	if (!r)
		return;
	by = xasprintf("rule %s of %s", r->id, r->by);
	r->n_used++;
	decide(a, "allow", "", by, now);
	owe_answer(s, a, acts);
}

/* A new rule holds for what is asked already, too. */
static void
answer_all_by_rule(struct core *core, int64_t now, struct acts *acts)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		for (size_t k = 0; k < s->n_asks; k++) {
			if (s->ask[k].decision[0] == '\0')
				answer_by_rule(core, s, &s->ask[k], now, acts);
		}
	}
}

int
step_agent_asked(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	const struct fields *f = &h->fields;
	struct ask *a;

	if (!s)
		return -1;
	if (fields_number(f, "told", 0))
		return open_told(s, h, acts, err);
	session_heard(s, h, acts);
	if (!session_is_live(s->state))
		return 0; /* it was told to go: nobody answers */
	if (asks_too_much(s)) {
		talk_broke(core, s, "it floods its person with questions", h->at, acts);
		return 0;
	}
	a = core_open_ask(s, s->run, fields_text(f, "ask"), fields_text(f, "kind"),
	    fields_text(f, "text"), h->at);
	if (!a)
		return 0;
	core_set(&a->detail, fields_text(f, "detail"));
	core_set(&a->raw, fields_text(f, "raw"));
	if (s->state == SESSION_CLAIMED) {
		core_set(
		    &a->decision, "gone"); /* a person has it: it was told to end */
		return 0;
	}
	core_set(&a->action, fields_text(f, "action"));
	a->is_cut = fields_number(f, "cut", 0) != 0;
	answer_by_rule(core, s, a, h->at, acts);
	if (a->decision[0])
		return 0;
	/* Pair mode: the approach is settled with a person first, code follows (S-37). */
	if (strcmp(a->kind, "permission") == 0 && s->plan_approved &&
	    strcmp(s->launch, "plan") == 0) {
		decide(a, "allow", "", "rule: the plan was approved", h->at);
		owe_answer(s, a, acts);
	}
	return 0;
}

int
step_agent_ask_gone(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);

	if (!s)
		return -1;
	session_heard(s, h, acts);
	for (size_t i = 0; i < s->n_asks; i++) {
		if (strcmp(s->ask[i].id, fields_text(&h->fields, "ask")) == 0 &&
		    strcmp(s->ask[i].run, s->run) == 0 && s->ask[i].decision[0] == '\0')
			core_set(&s->ask[i].decision, "gone");
	}
	return 0;
}

static bool
is_cost_hold(const struct ask *a)
{
	return a->decision[0] == '\0' && a->run[0] == '\0' &&
	       strcmp(a->kind, "cost") == 0;
}

bool
session_is_held(const struct session *s)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		if (is_cost_hold(&s->ask[i]))
			return true;
	}
	return s->state == SESSION_HALTED;
}

/* SPEC 8.3: what an estimate of CENTS means under the plan's profile. */
static bool
asks_of_estimate(const struct plan_run *p, int64_t cents)
{
	int profile = cost_profile_of(p->profile);
	enum cost_gate gate = cost_gate(
	    profile < 0 ? COST_BUDGET : (enum cost_profile)profile, (long)cents,
	    (long)p->threshold);

	return cents >= 0 && (gate == COST_ASK || gate == COST_CHECKPOINT);
}

/* S-69, A-34: an estimate above the threshold and above what was approved holds it. */
int
step_agent_estimate(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	const struct plan_run *p;
	int64_t cents = happening_claim(h, "cost", -1);
	AUTO_FREE char *dollars = NULL, *text = NULL;
	struct ask *a = NULL;

	if (!s)
		return -1;
	session_heard(s, h, acts);
	p = core_plan(core, s->plan_id);
	if (!p || !asks_of_estimate(p, cents) || cents <= s->est_mid ||
	    cents <= s->allowed || !session_is_live(s->state) ||
	    s->state == SESSION_EXITING || s->state == SESSION_CLAIMED)
		return 0;
	dollars = text_dollars((long)cents);
	text = xasprintf("it estimates %s, %s", dollars,
	    cents > p->threshold ? "over the checkpoint threshold"
				 : "more than the approved table");
	for (size_t i = 0; i < s->n_asks; i++) {
		if (is_cost_hold(&s->ask[i]))
			a = &s->ask[i];
	}
	if (!a) {
		a = core_open_ask(s, "", "estimate", "cost", text, h->at);
		if (a && s->state != SESSION_HALTED)
			owe_tell(s, "suspend", acts);
	}
	if (!a)
		return 0;
	/* Whoever says yes says it to the newest number. */
	core_set(&a->text, text);
	core_set(&a->detail, text);
	free(a->raw);
	a->raw = xasprintf("%lld", (long long)cents);
	return 0;
}

/* What follows when divisi's own question is answered (kinds "cost" and "exit"). */
static void
answered_own(struct core *core, struct session *s, const struct ask *a, int64_t now,
    struct acts *acts)
{
	bool allowed = strcmp(a->decision, "allow") == 0;

	if (strcmp(a->kind, "cost") == 0 && allowed) {
		if (strtoll(a->raw, NULL, 10) > s->allowed)
			s->allowed = strtoll(a->raw, NULL, 10);
		if (!session_is_held(s)) /* a person's hold is another matter */
			owe_tell(s, "continue", acts);
	} else if (strcmp(a->kind, "cost") == 0) {
		owe_tell(s, "stop", acts);
		(void)core_move(s, ON_PARK, now, acts);
		core_set(&s->reason, "its estimate was declined");
		session_close_asks(s, false);
		owe_inspect(s, "parked", acts);
		owe_write_back(core, s->plan_id, acts);
	} else if (allowed) {
		core_set(&s->reason, ""); /* the checklist is looked at again */
		owe_commit_rest(s, acts);
	} else {
		owe_tell(s, "stop", acts);
		session_fail(core, s,
		    a->answer[0] ? a->answer : "its uncommitted rest was declined", now,
		    acts);
		owe_inspect(s, "failed", acts);
	}
}

static void
answered_told(struct session *s, const struct ask *a, struct acts *acts)
{
	AUTO_FREE char *text = xasprintf("A person answered your %s \"%s\": %s%s%s",
	    a->kind, a->text, strcmp(a->decision, "allow") == 0 ? "yes" : "no",
	    a->answer[0] ? ". " : "", a->answer);

	session_say(s, text, acts);
}

/* What follows when A was decided, by whomever. */
static void
take_effect(struct core *core, struct session *s, const struct ask *a,
    const struct happening *h, struct acts *acts)
{
	if (strcmp(a->kind, "widen") == 0 && a->run[0] == '\0') {
		widen_answered(core, s, a, h, acts);
		return;
	}
	if (is_told(a)) {
		answered_told(s, a, acts);
		return;
	}
	if (storm_is_ask(a)) {
		storm_answered(s, a, h);
		return;
	}
	if (a->run[0] == '\0') {
		answered_own(core, s, a, h->at, acts);
		return;
	}
	if (strcmp(a->kind, "plan") == 0 && strcmp(a->decision, "allow") == 0)
		s->plan_approved = true;
	if (!talk_answer_plan(s, a, acts))
		owe_answer(s, a, acts);
}

/* The open question of S that H is about: by its number, by its id, or the oldest. */
static struct ask *
ask_meant(struct session *s, const struct happening *h)
{
	int64_t number = fields_number(&h->fields, "number", 0);
	const char *id = fields_text(&h->fields, "ask");

	for (size_t i = 0; i < s->n_asks; i++) {
		struct ask *a = &s->ask[i];

		if (a->decision[0] == '\0' && (!number || a->number == number) &&
		    (!id[0] || strcmp(a->id, id) == 0))
			return a;
	}
	return NULL;
}

int64_t
ask_deadline(const struct core *core, const struct session *s, const struct ask *a)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	/* "No" to the rest of a session that ended would throw it away for nothing. */
	if (!p || p->ask_ms <= 0 || a->decision[0] || strcmp(a->kind, "exit") == 0)
		return INT64_MAX;
	return a->at + p->ask_ms;
}

struct ask *
core_ask(const struct core *core, int number, struct session **whose)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		struct session *s = &core->session[i];

		for (size_t k = 0; k < s->n_asks; k++) {
			if (number <= 0 || s->ask[k].number != number)
				continue;
			*whose = s;
			return &s->ask[k];
		}
	}
	return NULL;
}

/* Whoever lets a session spend more stays below the caps of its batch and plan, too. */
static int
check_caps(const struct core *core, const struct session *s, const struct ask *a,
    const struct happening *h, struct err *err)
{
	char why[256];

	if (strcmp(fields_text(&h->fields, "decision"), "allow") != 0 || a->run[0] ||
	    strcmp(a->kind, "cost") != 0 ||
	    money_fits(core, s, strtoll(a->raw, NULL, 10), h->at, why, sizeof(why)))
		return 0;
	err_set(err, ERR_CONFLICT, "%s may not spend more: %s", s->label, why);
	return err_fix(err,
	    "divisi cost --plan-cap DOLLARS (or --batch-cap, --account-cap) first");
}

int
step_ask_answered(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = happening_session(core, h, err);
	const char *decision = fields_text(&h->fields, "decision");
	struct ask *a;
	int rc;

	if (!s)
		return -1;
	a = ask_meant(s, h);
	if (!a)
		return err_set(err, ERR_NOT_FOUND, "%s asks nothing now", s->id);
	if (strcmp(decision, "allow") != 0 && strcmp(decision, "deny") != 0)
		return err_set(err, ERR_USAGE,
		    "a decision is allow or deny, not '%.20s'", decision);
	if (check_caps(core, s, a, h, err) < 0 || storm_check_answer(a, h, err) < 0 ||
	    (strcmp(decision, "allow") == 0 &&
		review_check_checkpoint(core, s, a, err) < 0))
		return -1;
	allowance_make(core, s, a, h, &rc, err);
	if (rc < 0)
		return -1;
	decide(a, decision, fields_text(&h->fields, "text"), h->actor, h->at);
	take_effect(core, s, a, h, acts);
	answer_all_by_rule(core, h->at, acts);
	return 0;
}

void
asks_time_out(
    struct core *core, struct session *s, const struct happening *h, struct acts *acts)
{
	for (size_t i = 0; i < s->n_asks; i++) {
		struct ask *a = &s->ask[i];

		if (ask_deadline(core, s, a) > h->at)
			continue;
		decide(a, "deny", "nobody answered in time (divisi.approval-timeout)",
		    "server", h->at);
		take_effect(core, s, a, h, acts);
	}
}
