#include "core/money.h"

#include "core/account.h"
#include "core/internal.h"
#include "policy/cost.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS (60LL * 60 * 1000)

/* MS at RATE cents per hour, rounded down: whoever is charged has run so long. */
static int64_t
charge(int64_t ms, int64_t rate)
{
	return ms > 0 && rate > 0 ? ms / 1000 * rate / (HOUR_MS / 1000) : 0;
}

/* The time that S has run and that NOW is beyond its last mark. */
static int64_t
since_mark(const struct session *s, int64_t now)
{
	return s->clock_at > 0 && now > s->clock_at ? now - s->clock_at : 0;
}

static bool
is_running(const struct session *s)
{
	/* Where a person sits at the terminal, they see what it spends. */
	return s->run_open && !s->waits_for_slot && !s->is_interactive &&
	       !session_is_held(s) && session_is_live(s->state) &&
	       s->state != SESSION_CLAIMED;
}

/* Of the current run: what was said or counted, and the time on top. */
static int64_t
run_cost(const struct session *s, int64_t now)
{
	int64_t ms = since_mark(s, now), counted = (s->counted + 999) / 1000;
	int64_t known = s->cost > counted ? s->cost : counted;
	int64_t floor = charge(s->ran_ms + ms, s->cost_floor);

	known += charge(s->unsaid_ms + ms - MONEY_SILENT_MS, s->cost_rate);
	return known > floor ? known : floor;
}

int64_t
money_spent(const struct core *core, const struct session *s, int64_t now)
{
	(void)core;
	return s->cost_before + run_cost(s, now);
}

/* What a session without an estimate may spend before somebody looks. */
static int64_t
budget_of(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	int64_t least = s->est_high > s->est_mid ? s->est_high : s->est_mid;

	if (s->budget > 0)
		return s->budget;
	if (p && p->threshold > least)
		least = p->threshold;
	return least > 0 ? least : COST_THRESHOLD_CENTS;
}

int64_t
money_ceiling(const struct core *core, const struct session *s)
{
	int64_t budget = budget_of(core, s);

	return s->allowed > budget ? s->allowed : budget;
}

int64_t
money_next_ceiling(const struct core *core, const struct session *s, int64_t now)
{
	int64_t spent = money_spent(core, s, now), ceiling = money_ceiling(core, s);

	return spent >= ceiling ? spent + budget_of(core, s) : ceiling;
}

void
money_go_on(const struct core *core, struct session *s, int64_t now)
{
	int64_t next = money_next_ceiling(core, s, now);

	if (next > money_ceiling(core, s))
		s->allowed = next;
}

bool
money_is_limited(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);

	return p && cost_profile_of(p->profile) != COST_UNLIMITED;
}

int64_t
money_of_run(const struct core *core, const struct session *s)
{
	int64_t left = money_ceiling(core, s) - s->cost_before;

	if (s->budget <= 0 || !money_is_limited(core, s))
		return 0;
	return left > 0 ? left : s->budget;
}

int64_t
money_reserved(const struct core *core, const struct session *s, int64_t now)
{
	int64_t left;

	if (!s->run_open)
		return 0;
	left = money_ceiling(core, s) - money_spent(core, s, now);
	return left > 0 ? left : 0;
}

static void
add_to(struct money_sum *sum, const struct core *core, const struct session *s,
    int64_t now)
{
	sum->spent += money_spent(core, s, now);
	sum->reserved += money_reserved(core, s, now);
}

struct money_sum
money_of_plan(const struct core *core, const struct plan_run *p, int64_t now)
{
	struct money_sum sum = { .cap = p->plan_cap };

	for (size_t i = 0; i < core->n_sessions; i++) {
		if (strcmp(core->session[i].plan_id, p->id) == 0)
			add_to(&sum, core, &core->session[i], now);
	}
	return sum;
}

struct money_sum
money_of_batch(const struct core *core, const struct batch_run *b, int64_t now)
{
	const struct plan_run *p = core_plan(core, b->plan_id);
	struct money_sum sum = { .cap = p ? p->batch_cap : 0 };

	for (size_t i = 0; i < b->n; i++)
		add_to(&sum, core, &core->session[b->session[i]], now);
	return sum;
}

struct money_sum
money_of_account(const struct core *core, const char *name, int64_t now)
{
	const struct account *a = core_account(core, name);
	struct money_sum sum = { .cap = a ? a->cap : 0 };

	for (size_t i = 0; i < core->n_sessions; i++) {
		const struct session *s = &core->session[i];
		const struct plan_run *p = core_plan(core, s->plan_id);

		if (p && strcmp(p->state, "active") == 0 &&
		    strcmp(s->account, name) == 0)
			add_to(&sum, core, s, now);
	}
	return sum;
}

static bool
fits_one(
    const struct money_sum *sum, const char *what, int64_t more, char *why, size_t n)
{
	AUTO_FREE char *cap = NULL, *spent = NULL, *reserved = NULL, *wants = NULL;

	if (sum->cap <= 0 || sum->spent + sum->reserved + more <= sum->cap)
		return true;
	cap = text_dollars((long)sum->cap);
	spent = text_dollars((long)sum->spent);
	reserved = text_dollars((long)sum->reserved);
	wants = text_dollars((long)more);
	snprintf(why, n,
	    "the cap of its %s is %s: %s is spent, %s reserved, and it may need %s",
	    what, cap, spent, reserved, wants);
	return false;
}

bool
money_fits(const struct core *core, const struct session *s, int64_t cents, int64_t now,
    char *why, size_t n)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	const struct batch_run *b = core_batch(core, s->batch_id);
	int64_t more = cents - money_spent(core, s, now) - money_reserved(core, s, now);
	struct money_sum sum;

	if (!p)
		return true;
	if (more < 0)
		more = 0; /* nothing more is set aside; the caps hold all the same */
	sum = money_of_plan(core, p, now);
	if (!fits_one(&sum, "plan", more, why, n))
		return false;
	sum = money_of_account(core, s->account, now);
	if (!fits_one(&sum, "account", more, why, n))
		return false;
	if (!b)
		return true;
	sum = money_of_batch(core, b, now);
	return fits_one(&sum, "batch", more, why, n);
}

bool
money_is_stuck(const struct core *core, const struct session *s, int64_t now)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	char why[256];

	struct money_sum all = money_of_account(core, s->account, now);

	if (s->state != SESSION_APPROVED || s->is_external || !p ||
	    strcmp(p->state, "active") != 0 ||
	    money_of_plan(core, p, now).reserved > 0 ||
	    (all.cap > 0 && all.reserved > 0))
		return false;
	return !money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why));
}

/* ---- what agents say ------------------------------------------------------------------ */

/*
 * A claim of what the run cost so far.  One below the last is of a counter that began anew,
 * so that it is added to what was said before.
 */
static void
take_claim(struct session *s, int64_t said)
{
	if (said >= s->said)
		s->cost += said - s->said;
	else
		s->cost += said;
	if (s->cost > MONEY_MOST)
		s->cost = MONEY_MOST;
	s->said = said;
}

int
step_agent_activity(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	const struct fields *f = &h->fields;
	int64_t before, offset = fields_number(f, "offset", -1);
	bool is_new;

	if (!s)
		return -1;
	/* A line read again after a restart was paid for then. */
	is_new = offset < 0 || offset >= s->offset;
	session_heard(s, h, acts);
	if (is_new) {
		storm_look(s, h);
		loop_hear(s, h);
	}
	if (fields_text(f, "text")[0])
		core_set(&s->last_text, fields_text(f, "text"));
	before = s->cost + s->counted;
	if (is_new && fields_number(f, "cost", -1) >= 0)
		take_claim(s, happening_claim(h, "cost", 0));
	if (is_new && fields_number(f, "counted", -1) > 0)
		s->counted += happening_claim(h, "counted", 0);
	if (fields_text(f, "call")[0])
		core_set(&s->call, fields_text(f, "call"));
	if (s->counted > MONEY_MOST * 1000)
		s->counted = MONEY_MOST * 1000;
	if (s->cost + s->counted > before) {
		s->unsaid_ms = 0;
		s->hit_limit = false; /* it goes on */
		if (s->clock_at > 0 && h->at > s->clock_at) {
			s->ran_ms += h->at - s->clock_at;
			s->clock_at = h->at;
		}
	}
	s->tokens_in = happening_claim(h, "tokens_in", s->tokens_in);
	s->tokens_out = happening_claim(h, "tokens_out", s->tokens_out);
	s->context_pct = (int)(happening_claim(h, "context_pct", s->context_pct) %
			       1000);
	health_look(core, s, h, acts);
	return 0;
}

/* ---- holds ---------------------------------------------------------------------------- */

/* J-28: beyond what was approved it is held, and a person sees how much more is meant. */
static void
hold_for_budget(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	int64_t spent = money_spent(core, s, now), known = s->cost_before + s->cost;
	int64_t by_tokens = s->cost_before + (s->counted + 999) / 1000;
	int64_t next = money_next_ceiling(core, s, now);
	AUTO_FREE char *is = text_dollars((long)spent), *may = NULL, *told = NULL;
	AUTO_FREE char *more = text_dollars((long)next), *text = NULL, *all = NULL;
	struct money_sum sum = money_of_plan(core, p, now);
	struct ask *a;

	may = text_dollars((long)money_ceiling(core, s));
	told = text_dollars((long)known);
	all = text_dollars((long)sum.spent);
	text = xasprintf("it spent %s of the %s it may spend", is, may);
	a = core_open_ask(s, "", "budget", "cost", text, now);
	if (!a)
		return;
	free(a->detail);
	a->detail = xasprintf(
	    "%s by its own account%s\n%s by all sessions of the plan\nyes lets it spend up "
	    "to %s; no parks it, its work is kept",
	    told,
	    spent <= known ? ""
	    : spent <= by_tokens
		? "; its tokens cost more by the list prices"
		: "; the rest is for time in which it did not say what it spends",
	    all, more);
	free(a->raw);
	a->raw = xasprintf("%lld", (long long)next);
	if (s->state != SESSION_HALTED)
		owe_tell(s, "suspend", acts);
}

static void
stop_clock(struct session *s, int64_t now)
{
	s->ran_ms += since_mark(s, now);
	s->unsaid_ms += since_mark(s, now);
	s->clock_at = 0;
}

void
flow_money(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	bool runs = is_running(s);

	s->cost_rate = p ? p->cost_rate : 0;
	s->cost_floor = p ? p->cost_floor : 0;
	if (runs && s->clock_at == 0)
		s->clock_at = now;
	if (runs && s->state != SESSION_EXITING && money_is_limited(core, s) &&
	    money_spent(core, s, now) >= money_ceiling(core, s))
		hold_for_budget(core, s, now, acts);
	if (s->clock_at > 0 && !is_running(s))
		stop_clock(s, now);
}

/* After how many ms of RATE cents per hour CENTS are reached. */
static int64_t
time_for(int64_t cents, int64_t rate)
{
	if (rate <= 0)
		return INT64_MAX / 4;
	return cents > 0 ? ((cents * (HOUR_MS / 1000) + rate - 1) / rate) * 1000 : 0;
}

int64_t
money_deadline(const struct core *core, const struct session *s)
{
	const struct plan_run *p = core_plan(core, s->plan_id);
	int64_t left, known, by_floor, by_rate;

	if (!p || s->clock_at == 0 || s->state == SESSION_EXITING ||
	    !money_is_limited(core, s))
		return INT64_MAX;
	left = money_ceiling(core, s) - s->cost_before;
	known = s->cost > (s->counted + 999) / 1000 ? s->cost
						    : (s->counted + 999) / 1000;
	by_floor = time_for(left, p->cost_floor) - s->ran_ms;
	by_rate = time_for(left - known, p->cost_rate) + MONEY_SILENT_MS - s->unsaid_ms;
	if (by_rate < by_floor)
		by_floor = by_rate;
	return by_floor > INT64_MAX / 8 ? INT64_MAX
	       : by_floor < 0           ? s->clock_at
					: s->clock_at + by_floor;
}

void
money_new_run(struct session *s, int64_t now)
{
	/* The time of the run before was spent, whatever it said. */
	s->cost_before += run_cost(s, now);
	s->cost = s->said = s->counted = 0;
	s->ran_ms = s->unsaid_ms = s->clock_at = 0;
	s->tokens_in = s->tokens_out = 0;
}

/* A person sets what a plan, each batch of it, or an account may cost in all. */
int
step_cap_set(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct plan_run *p = core_plan(core, fields_text(&h->fields, "plan"));
	const char *kind = fields_text(&h->fields, "kind");
	int64_t cents = fields_number(&h->fields, "cents", -1);

	(void)acts;
	if (cents < 0 || cents > MONEY_MOST)
		return err_set(
		    err, ERR_USAGE, "a cap is an amount in cents, 0 for none");
	if (strcmp(kind, "account") == 0)
		return account_set_cap(
		    core, fields_text(&h->fields, "account"), cents, err);
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no such plan");
	if (strcmp(kind, "plan") != 0 && strcmp(kind, "batch") != 0)
		return err_set(err, ERR_USAGE,
		    "a cap is of a plan, batch or account, not '%.20s'", kind);
	*(kind[0] == 'p' ? &p->plan_cap : &p->batch_cap) = cents;
	p->caps_set = true;
	return 0;
}
