#include "core/money.h"
#include "play.h"

/*
 * A clock that goes another way than time.  A session costs what its agent says; and, for it
 * may say nothing, the minutes in which nothing was said of usage beyond the first ten at the
 * plan's rate ($20 an hour here), or all of its minutes at the floor ($2), whichever is more.
 * So what is charged is minutes that passed for the agent, and no others: not those by which
 * somebody set the clock, nor those in which the machine slept or was off.
 */

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS  (24 * HOUR_MS)
#define MINUTE  60000LL

/* Half an hour of 1A in silence: twenty minutes of it cost, $6.66. */
static struct play *
silent_for_half_an_hour(void)
{
	struct play *p = play_new();

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "target", "main", "merge", "ask",
	    "#cap", "3", "#threshold", "1000", "#n_phases", "9", "#cost_rate", "2000",
	    "#cost_floor", "200", "#silence_ms", "14400000", "#ask_ms", "3600000");
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	p->now += 30 * MINUTE;
	return p;
}

static int64_t
spent(struct play *p)
{
	return money_spent(p->core, play_session(p, "1A"), p->now);
}

/* The wall clock goes ahead by BY (back when it is below 0), and that is told as KIND. */
static void
clock_goes(struct play *p, int64_t by, const char *kind)
{
	AUTO_FREE char *text = xasprintf("%lld", (long long)by);

	p->now += by;
	HAPPENS(p, HAP_CLOCK_SET, "#by", text, "kind", kind);
}

static void
nobody_is_charged_for_a_day_the_clock_was_set_ahead_by(void **state)
{
	struct play *p = silent_for_half_an_hour();

	(void)state;
	assert_in_range(spent(p), 665, 667);
	clock_goes(p, DAY_MS, "set");
	assert_in_range(spent(p), 665, 667);
	IS(p, "1A", SESSION_ACTIVE);
	/* What passes from there on is charged as ever: at forty minutes $10 are spent. */
	play_clock(p, 5 * MINUTE);
	IS(p, "1A", SESSION_ACTIVE);
	play_clock(p, 6 * MINUTE);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_in_range(spent(p), 1000, 1034);
	play_free(p);
}

static void
a_year_back_and_forth_costs_nothing(void **state)
{
	struct play *p = silent_for_half_an_hour();

	(void)state;
	clock_goes(p, -365 * DAY_MS, "set");
	assert_in_range(spent(p), 665, 667);
	clock_goes(p, 365 * DAY_MS, "set");
	assert_in_range(spent(p), 665, 667);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* Charged and not held where no time passes: nor is the silence longer, nor a question older. */
static void
what_the_machine_slept_is_neither_paid_nor_waited_for(void **state)
{
	struct play *p = silent_for_half_an_hour();
	const struct session *s = play_session(p, "1A");
	int64_t quiet = session_quiet_until(p->core, s) - p->now, since = s->since;

	(void)state;
	LINE(p, "1A", HAP_AGENT_ASKED, "request", "r1", "kind", "permission", "text",
	    "May I", NULL);
	quiet = ask_deadline(p->core, s, &s->ask[0]) - p->now;
	since = s->since;
	clock_goes(p, 8 * HOUR_MS, "slept");
	assert_in_range(spent(p), 665, 667);
	assert_in_range(
	    ask_deadline(p->core, s, &s->ask[0]) - p->now, quiet - 10, quiet);
	play_clock(p, MINUTE);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_string_equal(s->ask[0].decision, "");
	/* It is later indeed. */
	assert_int_equal(s->since, since);
	play_free(p);
}

static void
a_silence_through_a_night_that_was_slept_is_none(void **state)
{
	struct play *p = silent_for_half_an_hour();
	const struct session *s = play_session(p, "1A");
	int64_t left = session_quiet_until(p->core, s) - p->now;

	(void)state;
	clock_goes(p, 8 * HOUR_MS, "slept");
	assert_in_range(session_quiet_until(p->core, s) - p->now, left - 10, left);
	play_clock(p, MINUTE);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

/* How long it lay is for who resumes it to know, so that nothing but the charge is moved. */
static void
what_the_machine_was_off_is_not_paid_and_has_passed(void **state)
{
	struct play *p = silent_for_half_an_hour();
	const struct session *s = play_session(p, "1A");
	int64_t heard = s->last_seen;

	(void)state;
	clock_goes(p, 60 * HOUR_MS, "off");
	assert_in_range(spent(p), 665, 667);
	assert_int_equal(s->last_seen, heard);
	play_free(p);
}

/* An agent that ended at half an hour is not charged for the night in which no server ran. */
static void
after_its_end_an_agent_is_not_charged(void **state)
{
	struct play *p = silent_for_half_an_hour();
	AUTO_FREE char *text = xasprintf("%lld", 8 * HOUR_MS);

	(void)state;
	p->now += 8 * HOUR_MS;
	HAPPENS(p, HAP_CLOCK_SET, "#by", text, "kind", "ended", "session",
	    play_session(p, "1A")->id);
	assert_in_range(spent(p), 665, 667);
	/* However often it is told, nobody's clock is ahead of now. */
	HAPPENS(p, HAP_CLOCK_SET, "#by", text, "kind", "ended", "session",
	    play_session(p, "1A")->id);
	assert_true(play_session(p, "1A")->clock_at <= p->now);
	REFUSED(p, ERR_NOT_FOUND, HAP_CLOCK_SET, "#by", text, "kind", "ended",
	    "session", "S-99");
	play_free(p);
}

/* A journal of before says only "by", and always that it was set back. */
static void
a_row_of_before_means_what_it_meant(void **state)
{
	struct play *p = silent_for_half_an_hour();
	const struct session *s = play_session(p, "1A");
	int64_t opened = core_plan(p->core, "p1")->opened_at, since = s->since;

	(void)state;
	p->now -= 1000000;
	HAPPENS(p, HAP_CLOCK_SET, "#by", "-1000000");
	assert_int_equal(s->since, since - 1000000);
	assert_int_equal(core_plan(p->core, "p1")->opened_at, opened);
	assert_int_equal(p->core->clock_set_at, 0);
	REFUSED(p, ERR_INPUT, HAP_CLOCK_SET, "#by", "1000000");
	play_free(p);
}

static void
a_clock_goes_no_way_that_is_none(void **state)
{
	struct play *p = silent_for_half_an_hour();

	(void)state;
	REFUSED(p, ERR_INPUT, HAP_CLOCK_SET, "#by", "0", "kind", "set");
	REFUSED(p, ERR_INPUT, HAP_CLOCK_SET, "#by", "-1", "kind", "slept");
	REFUSED(p, ERR_INPUT, HAP_CLOCK_SET, "#by", "1", "kind", "melted");
	REFUSED(p, ERR_INPUT, HAP_CLOCK_SET, "#by", "9000000000000000", "kind", "set");
	play_free(p);
}

/* How long something took stays, whatever it is dated. */
static void
what_is_over_goes_along_with_the_clock(void **state)
{
	struct play *p = silent_for_half_an_hour();
	const struct session *s = play_session(p, "1A");
	int64_t took;

	(void)state;
	play_deliver(p, "1A");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A", "reason", "no");
	took = s->ended_at - s->started_at;
	assert_true(took > 0);
	clock_goes(p, DAY_MS, "set");
	assert_int_equal(s->ended_at - s->started_at, took);
	assert_int_equal(p->core->clock_set_by, DAY_MS);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    nobody_is_charged_for_a_day_the_clock_was_set_ahead_by),
		cmocka_unit_test(a_year_back_and_forth_costs_nothing),
		cmocka_unit_test(what_the_machine_slept_is_neither_paid_nor_waited_for),
		cmocka_unit_test(a_silence_through_a_night_that_was_slept_is_none),
		cmocka_unit_test(what_the_machine_was_off_is_not_paid_and_has_passed),
		cmocka_unit_test(after_its_end_an_agent_is_not_charged),
		cmocka_unit_test(a_row_of_before_means_what_it_meant),
		cmocka_unit_test(a_clock_goes_no_way_that_is_none),
		cmocka_unit_test(what_is_over_goes_along_with_the_clock),
	};

	return cmocka_run_group_tests_name("core/clock_set", tests, NULL, NULL);
}
