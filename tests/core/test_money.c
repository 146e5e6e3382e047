#include "core/account.h"
#include "core/money.h"
#include "play.h"

/* What is spent, reserved and held back: S-68, S-69, J-27, J-28, A-32, promise 5. */

#define HOUR_MS (60LL * 60 * 1000)
#define MINUTE  60000LL

/* A plan of four with caps in cents; $20 and $2 per hour of time. */
static struct play *
plan_with(const char *plan_cap, const char *batch_cap, const char *profile)
{
	struct play *p = play_new();

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "target", "main", "merge", "ask", "#cap", "3", "#threshold", "1000",
	    "#n_phases", "9", "#cost_rate", "2000", "#cost_floor", "200", "#plan_cap",
	    plan_cap, "#batch_cap", batch_cap, "profile", profile, "#retry_limit", "5",
	    "#context_stop", "70", "#context_warn", "50");
	return p;
}

static void
spends(struct play *p, const char *phase, const char *cents)
{
	LINE(p, phase, HAP_AGENT_ACTIVITY, "#cost", cents, NULL);
}

static int64_t
spent(struct play *p, const char *phase)
{
	return money_spent(p->core, play_session(p, phase), p->now);
}

static struct ask *
hold_of(struct play *p, const char *phase)
{
	struct ask *a = session_open_ask(play_session(p, phase));

	return a && strcmp(a->kind, "cost") == 0 ? a : NULL;
}

static int
say_yes(struct play *p, const char *phase)
{
	return HAPPEN(p, HAP_ASK_ANSWERED, "session", play_session(p, phase)->id,
	    "decision", "allow");
}

static void
beyond_its_budget_a_session_is_held_until_a_person_says_more_j28(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	assert_int_equal(money_ceiling(p->core, play_session(p, "1A")), 1000);
	spends(p, "1A", "999");
	assert_null(hold_of(p, "1A"));
	spends(p, "1A", "1000");
	assert_non_null(hold_of(p, "1A"));
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "suspend");
	/* Held time costs nothing. */
	play_clock(p, 100 * HOUR_MS);
	assert_int_equal(spent(p, "1A"), 1000);
	assert_int_equal(say_yes(p, "1A"), 0);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "continue");
	assert_int_equal(money_ceiling(p->core, play_session(p, "1A")), 2000);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
a_person_who_says_no_parks_it(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	spends(p, "1A", "1500");
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "deny");
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

static void
under_unlimited_it_is_recorded_only_j28(void **state)
{
	struct play *p = plan_with("0", "0", "unlimited");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	spends(p, "1A", "99999");
	assert_null(hold_of(p, "1A"));
	assert_int_equal(spent(p, "1A"), 99999);
	play_free(p);
}

/* Promise 5: what is launched was reserved, and what does not fit waits. */
static void
a_launch_reserves_and_what_does_not_fit_waits(void **state)
{
	struct play *p = plan_with("2500", "0", "budget");
	const struct plan_run *plan;
	char why[256];

	(void)state;
	play_batch(p, 1, "1A 1B 1C");
	plan = core_plan(p->core, "p1");
	IS(p, "1A", SESSION_LAUNCHING);
	IS(p, "1B", SESSION_LAUNCHING);
	IS(p, "1C", SESSION_APPROVED);
	assert_int_equal(money_of_plan(p->core, plan, p->now).reserved, 2000);
	assert_false(
	    money_fits(p->core, play_session(p, "1C"), 1000, p->now, why, sizeof(why)));
	assert_non_null(strstr(why, "$25"));
	/* What 1A leaves of its reservation is free for 1C. */
	play_start(p, "1A");
	spends(p, "1A", "300");
	play_deliver(p, "1A");
	IS(p, "1C", SESSION_APPROVED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	assert_int_equal(money_of_plan(p->core, plan, p->now).spent, 300);
	IS(p, "1C", SESSION_LAUNCHING);
	play_free(p);
}

static void
a_batch_has_a_cap_of_its_own(void **state)
{
	struct play *p = plan_with("0", "1500", "budget");

	(void)state;
	play_batch(p, 1, "1A 1B");
	IS(p, "1A", SESSION_LAUNCHING);
	IS(p, "1B", SESSION_APPROVED);
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "batch", "#cents", "2000");
	IS(p, "1B", SESSION_LAUNCHING);
	REFUSED(
	    p, ERR_USAGE, HAP_CAP_SET, "plan", "p1", "kind", "month", "#cents", "1");
	REFUSED(
	    p, ERR_USAGE, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", "-1");
	REFUSED(
	    p, ERR_NOT_FOUND, HAP_CAP_SET, "plan", "p9", "kind", "plan", "#cents", "1");
	play_free(p);
}

/* An account pays for all plans under way, and its cap holds over them. */
static void
an_account_has_a_cap_over_all_plans(void **state)
{
	struct play *p = plan_with("0", "0", "budget");
	char why[256];

	(void)state;
	REFUSED(p, ERR_NOT_FOUND, HAP_CAP_SET, "plan", "p1", "kind", "account",
	    "account", "claude", "#cents", "1500");
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "account", "account",
	    play_session(p, "1A")->account, "#cents", "1500");
	LINE(p, "1B", HAP_AGENT_FAILED, "text", "no", NULL);
	LINE(p, "1B", HAP_RUN_ENDED, "reason", "exited", NULL);
	assert_false(
	    money_fits(p->core, play_session(p, "1B"), 1000, p->now, why, sizeof(why)));
	assert_non_null(strstr(why, "cap of its account is $15"));
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1B");
	/* Nobody else pays for it. */
	free(play_session(p, "1A")->account);
	play_session(p, "1A")->account = xstrdup("other");
	assert_true(
	    money_fits(p->core, play_session(p, "1B"), 1000, p->now, why, sizeof(why)));
	/* What no plan under way spent does not count. */
	assert_int_equal(money_of_account(p->core, "other", p->now).reserved, 1000);
	free(p->core->plan[0].state);
	p->core->plan[0].state = xstrdup("complete");
	assert_int_equal(money_of_account(p->core, "other", p->now).reserved, 0);
	play_free(p);
}

/* Whoever lets one session spend more cannot break the plan's cap by that. */
static void
a_yes_beyond_the_cap_is_refused(void **state)
{
	struct play *p = plan_with("1500", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	spends(p, "1A", "1000");
	assert_int_equal(say_yes(p, "1A"), -1);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	HAPPENS(p, HAP_CAP_SET, "plan", "p1", "kind", "plan", "#cents", "2000");
	assert_int_equal(say_yes(p, "1A"), 0);
	play_free(p);
}

static void
a_counter_that_falls_began_anew(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	spends(p, "1A", "400");
	spends(p, "1A", "100");
	assert_int_equal(spent(p, "1A"), 500);
	spends(p, "1A", "100");
	assert_int_equal(spent(p, "1A"), 500);
	spends(p, "1A", "0");
	spends(p, "1A", "500");
	assert_non_null(hold_of(p, "1A"));
	play_free(p);
}

static void
tokens_count_where_no_dollars_are_told(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#counted", "500001", NULL);
	assert_int_equal(spent(p, "1A"), 501);
	/* A total below what its calls were worth is not believed. */
	spends(p, "1A", "3");
	assert_int_equal(spent(p, "1A"), 501);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#counted", "500000", NULL);
	assert_non_null(hold_of(p, "1A"));
	play_free(p);
}

/*
 * The stated bound (core/money.h), against agents that spend as fast as they can and say
 * what suits them.  The clock ticks when the core asks for it, up to a second late.
 */
enum adversary { HONEST, HIDES, DOUBLES, RESETS, DELAYS, TRICKLES, N_ADVERSARIES };

static int64_t
claim_of(enum adversary who, int64_t minute, int64_t true_cents)
{
	switch (who) {
	case HONEST: return true_cents;
	case HIDES: return -1;
	case DOUBLES: return 2 * true_cents;
	case RESETS: return true_cents - (minute - 1) / 30 * 30 * 2000 / 60;
	case DELAYS: return minute % 30 == 29 ? true_cents : -1;
	default: return minute / 10; /* a cent now and then, to seem alive */
	}
}

static int64_t
true_cents_when_held(enum adversary who, const char *floor)
{
	struct play *p = play_new();
	int64_t began, cents = 0;

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "target", "main", "merge", "ask",
	    "#cap", "3", "#threshold", "1000", "#n_phases", "9", "#cost_rate", "2000",
	    "#cost_floor", floor);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	began = p->now;
	for (int64_t minute = 1; !hold_of(p, "1A") && minute < 100000; minute++) {
		int64_t claim, next = core_next_deadline(p->core);

		/* $20 an hour, all the time. */
		if (next < began + minute * MINUTE) {
			play_clock(p, next - p->now + 1000);
			cents = (p->now - began) * 2000 / HOUR_MS;
			if (hold_of(p, "1A"))
				break;
		}
		if (p->now < began + minute * MINUTE)
			p->now = began + minute * MINUTE;
		cents = (p->now - began) * 2000 / HOUR_MS;
		claim = claim_of(who, minute, cents);
		if (claim >= 0) {
			AUTO_FREE char *text = xasprintf("%lld", (long long)claim);

			spends(p, "1A", text);
		} else {
			LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "busy", NULL);
		}
	}
	assert_non_null(hold_of(p, "1A"));
	play_free(p);
	return cents;
}

static void
whatever_an_agent_says_it_stays_within_the_bound(void **state)
{
	const int64_t silent = 2000 * MONEY_SILENT_MS / HOUR_MS, late = 34;
	/* Ceiling $10, rate $20: true but late, doubled or reset; and lies, by the floor. */
	static const bool lies[N_ADVERSARIES] = { [TRICKLES] = true };

	(void)state;
	for (int who = 0; who < N_ADVERSARIES; who++) {
		int64_t cents = true_cents_when_held((enum adversary)who, "200");
		int64_t strict = true_cents_when_held((enum adversary)who, "2000");
		int64_t bound = (lies[who] ? 1000 * 2000 / 200 : 1000 + silent) + late;

		if (cents > bound)
			fail_msg("adversary %d spent %lld, the bound is %lld", who,
			    (long long)cents, (long long)bound);
		/* With the floor at the rate nothing is left to lie about. */
		if (strict > 1000 + late)
			fail_msg(
			    "adversary %d spent %lld of 1000", who, (long long)strict);
	}
}

static void
what_runs_before_cost_stays_spent(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	spends(p, "1A", "700");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	play_start(p, "1A");
	assert_int_equal(spent(p, "1A"), 700);
	spends(p, "1A", "300");
	assert_non_null(hold_of(p, "1A"));
	play_free(p);
}

/* ---- accounts ------------------------------------------------------------------------- */

static void
a_limit_pauses_its_account_and_no_other_j27(void **state)
{
	struct play *p = plan_with("0", "0", "budget");
	struct session *other;

	(void)state;
	play_batch(p, 1, "1A 1B 1C 1D 1E");
	other = play_session(p, "1E");
	free(other->account);
	other->account = xstrdup("codex");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "resets at 3", "#until", "1700000600000",
	    NULL);
	assert_int_equal(
	    session_paused_until(p->core, play_session(p, "1D")), 1700000600000);
	assert_int_equal(session_paused_until(p->core, other), 0);
	LINE(p, "1B", HAP_AGENT_FAILED, "text", "no", NULL);
	IS(p, "1D", SESSION_APPROVED);
	IS(p, "1E", SESSION_LAUNCHING);
	play_free(p);
}

static void
what_a_limit_stopped_goes_on_by_itself_and_has_not_failed(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "resets", "#until", "1700000600000",
	    "#resumable", "1", NULL);
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "429", NULL);
	IS(p, "1A", SESSION_PARKED);
	assert_int_equal(play_session(p, "1A")->n_failed, 0);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	assert_int_equal(core_next_deadline(p->core), 1700000600000);
	play_clock(p, 60000);
	IS(p, "1A", SESSION_PARKED);
	play_clock(p, 600000);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "uuid");
	play_free(p);
}

static void
what_is_done_is_not_parked_for_a_limit(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "#until", "1700000600000", NULL);
	play_deliver(p, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "429", NULL);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
a_person_who_parks_it_meant_it(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "#until", "1700000600000", NULL);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	play_clock(p, 700000);
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

static void
a_limit_without_an_end_is_a_minute_then_two(void **state)
{
	struct play *p = plan_with("0", "0", "budget");
	int64_t first;

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "429", NULL);
	first = session_paused_until(p->core, play_session(p, "1A"));
	assert_int_equal(first, p->now + ACCOUNT_PAUSE_MS);
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "429 again", NULL);
	assert_int_equal(session_paused_until(p->core, play_session(p, "1A")), first);
	play_clock(p, 2 * ACCOUNT_PAUSE_MS);
	assert_int_equal(session_paused_until(p->core, play_session(p, "1A")), 0);
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "429", NULL);
	assert_int_equal(session_paused_until(p->core, play_session(p, "1A")),
	    p->now + 2 * ACCOUNT_PAUSE_MS);
	play_free(p);
}

static void
another_repository_s_limit_holds_here(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	HAPPENS(p, HAP_ACCOUNT_PAUSED, "account", "claude", "#until", "1700000600000",
	    "text", "quota");
	REFUSED(p, ERR_INPUT, HAP_ACCOUNT_PAUSED, "#until", "1700000600000");
	play_batch(p, 1, "1A");
	IS(p, "1A", SESSION_APPROVED);
	play_clock(p, 700000);
	IS(p, "1A", SESSION_LAUNCHING);
	play_free(p);
}

/* ---- health --------------------------------------------------------------------------- */

static void
calls_that_fail_in_a_row_end_a_run(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#retries", "4", "text", "HTTP 529", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#progressed", "1", "#retries", "4", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#retries", "1", "text", "HTTP 529", NULL);
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "HTTP 529"));
	assert_int_equal(play_session(p, "1A")->n_failed, 0);
	play_free(p);
}

/* R-130, J-40, A-92: told at 60, ended at 70, and a fresh run goes on in the same slot. */
static void
a_context_that_fills_up_is_handed_over(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "59", NULL);
	OWES_NO(p, "say", "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "60", NULL);
	assert_non_null(
	    strstr(act_text(play_act(p, "say", "1A"), "text"), ".ccc-progress.md"));
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "65", NULL);
	OWES_NO(p, "say", "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "70", NULL);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "");
	assert_int_equal(core_live(p->core), 1);
	assert_int_equal(play_session(p, "1A")->context_pct, 0);
	play_free(p);
}

/* Claude Code tells the turn in which it was stopped as a failure. */
static void
a_turn_that_was_ended_for_its_context_did_not_fail(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "70", NULL);
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "aborted_tools", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	play_free(p);
}

/* The end of the turn that wrote the handoff is not the end of the work. */
static void
a_turn_that_wraps_up_is_not_done(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "62", NULL);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "handed over", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	play_start(p, "1A");
	play_deliver(p, "1A");
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
it_is_handed_over_three_times_at_most(void **state)
{
	struct play *p = plan_with("0", "0", "budget");

	(void)state;
	play_batch(p, 1, "1A");
	for (int i = 0; i < 3; i++) {
		play_start(p, "1A");
		LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "80", NULL);
		LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
		IS(p, "1A", SESSION_LAUNCHING);
	}
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#context_pct", "80", NULL);
	OWES_NO(p, "tell", "1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_STALLED);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    beyond_its_budget_a_session_is_held_until_a_person_says_more_j28),
		cmocka_unit_test(a_person_who_says_no_parks_it),
		cmocka_unit_test(under_unlimited_it_is_recorded_only_j28),
		cmocka_unit_test(a_launch_reserves_and_what_does_not_fit_waits),
		cmocka_unit_test(a_batch_has_a_cap_of_its_own),
		cmocka_unit_test(an_account_has_a_cap_over_all_plans),
		cmocka_unit_test(a_yes_beyond_the_cap_is_refused),
		cmocka_unit_test(a_counter_that_falls_began_anew),
		cmocka_unit_test(tokens_count_where_no_dollars_are_told),
		cmocka_unit_test(whatever_an_agent_says_it_stays_within_the_bound),
		cmocka_unit_test(what_runs_before_cost_stays_spent),
		cmocka_unit_test(a_limit_pauses_its_account_and_no_other_j27),
		cmocka_unit_test(
		    what_a_limit_stopped_goes_on_by_itself_and_has_not_failed),
		cmocka_unit_test(what_is_done_is_not_parked_for_a_limit),
		cmocka_unit_test(a_person_who_parks_it_meant_it),
		cmocka_unit_test(a_limit_without_an_end_is_a_minute_then_two),
		cmocka_unit_test(another_repository_s_limit_holds_here),
		cmocka_unit_test(calls_that_fail_in_a_row_end_a_run),
		cmocka_unit_test(a_context_that_fills_up_is_handed_over),
		cmocka_unit_test(a_turn_that_was_ended_for_its_context_did_not_fail),
		cmocka_unit_test(a_turn_that_wraps_up_is_not_done),
		cmocka_unit_test(it_is_handed_over_three_times_at_most),
	};

	return cmocka_run_group_tests_name("core/money", tests, NULL, NULL);
}
