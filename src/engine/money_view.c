#include "engine/internal.h"

#include "core/money.h"
#include "engine/members.h"
#include "policy/price.h"

#include <json-c/json.h>
#include <string.h>

/* What `divisi cost --json` shows: every sum of a plan in cents. */

static struct json_object *
sum_json(const struct money_sum *sum, int64_t estimate)
{
	struct json_object *o = json_object_new_object();

	member_number(o, "estimate_cents", estimate);
	member_number(o, "reserved_cents", sum->reserved);
	member_number(o, "spent_cents", sum->spent);
	member_number(o, "cap_cents", sum->cap);
	return o;
}

static int64_t
estimate_of(const struct session *s)
{
	return s->est_mid > 0 ? s->est_mid : 0;
}

static struct json_object *
session_sum(const struct core *core, const struct session *s, int64_t now)
{
	struct money_sum sum = { money_spent(core, s, now),
		money_reserved(core, s, now), money_ceiling(core, s) };
	struct json_object *o = sum_json(&sum, estimate_of(s));

	member_text(o, "session", s->id);
	member_text(o, "phase", s->phase);
	member_text(o, "account", s->account);
	member_number(o, "told_cents", s->cost_before + s->cost);
	return o;
}

static void
add_accounts(struct json_object *o, const struct core *core, const struct plan_run *p,
    int64_t now)
{
	struct json_object *list = json_object_new_object();

	for (size_t i = 0; i < core->n_sessions; i++) {
		const char *account = core->session[i].account;
		struct money_sum sum = { 0 };
		int64_t estimate = 0;

		if (json_object_object_get_ex(list, account, NULL) ||
		    strcmp(core->session[i].plan_id, p->id) != 0)
			continue;
		for (size_t k = 0; k < core->n_sessions; k++) {
			const struct session *s = &core->session[k];

			if (strcmp(s->account, account) != 0 ||
			    strcmp(s->plan_id, p->id) != 0)
				continue;
			sum.spent += money_spent(core, s, now);
			sum.reserved += money_reserved(core, s, now);
			estimate += estimate_of(s);
		}
		sum.cap = money_of_account(core, account, now).cap;
		json_object_object_add(list, account, sum_json(&sum, estimate));
	}
	json_object_object_add(o, "accounts", list);
}

struct json_object *
money_json(struct engine *engine, const struct plan_run *p)
{
	const struct core *core = engine->core;
	int64_t now = engine->now(), all = 0;
	struct money_sum sum = money_of_plan(core, p, now);
	struct json_object *batches = json_object_new_array(), *o;

	for (size_t i = 0; i < core->n_batches; i++) {
		const struct batch_run *b = &core->batch[i];
		struct money_sum part = money_of_batch(core, b, now);
		struct json_object *sessions = json_object_new_array(), *one;
		int64_t estimate = 0;

		if (strcmp(b->plan_id, p->id) != 0) {
			json_object_put(sessions);
			continue;
		}
		for (size_t k = 0; k < b->n; k++) {
			const struct session *s = &core->session[b->session[k]];

			estimate += estimate_of(s);
			json_object_array_add(sessions, session_sum(core, s, now));
		}
		all += estimate;
		one = sum_json(&part, estimate);
		member_number(one, "number", b->number);
		json_object_object_add(one, "sessions", sessions);
		json_object_array_add(batches, one);
	}
	o = sum_json(&sum, all);
	member_text(o, "plan", p->id);
	member_text(o, "prices_of", PRICE_DATE);
	add_accounts(o, core, p, now);
	json_object_object_add(o, "batches", batches);
	return o;
}
