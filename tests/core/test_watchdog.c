/* Silence, processor time, and what is ended for doing nothing: SPEC E-7, A-35, K-22. */
#include "play.h"

#define SILENCE CORE_SILENCE_LIMIT_MS
#define STUCK   (60 * 60 * 1000)

/* One session at work, whose plan ends what is stuck after STUCK_MS. */
static struct play *
active(int64_t stuck_ms)
{
	struct play *p = play_new();

	play_open(p, 1);
	p->core->plan[0].stuck_ms = stuck_ms;
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	IS(p, "1A", SESSION_ACTIVE);
	return p;
}

static void
pulse(struct play *p, int64_t idle_ms)
{
	AUTO_FREE char *idle = xasprintf("%lld", (long long)idle_ms);

	LINE(p, "1A", HAP_RUN_PULSE, "#idle_ms", idle, "#cpu_ms", "5", NULL);
}

static void
who_computes_is_not_silent(void **state)
{
	struct play *p = active(0);
	int64_t until;

	(void)state;
	p->now += SILENCE;
	pulse(p, 60000);
	until = session_quiet_until(p->core, play_session(p, "1A"));
	assert_int_equal(until, p->now - 60000 + SILENCE);
	play_clock(p, 1);
	IS(p, "1A", SESSION_ACTIVE);
	/* The silence counts from the end of that work. */
	p->now = until - 1;
	play_clock(p, 1);
	IS(p, "1A", SESSION_STALLED);
	play_free(p);
}

static void
an_old_pulse_takes_nothing_back(void **state)
{
	struct play *p = active(0);
	int64_t until = session_quiet_until(p->core, play_session(p, "1A"));

	(void)state;
	pulse(p, SILENCE - 1);
	assert_int_equal(session_quiet_until(p->core, play_session(p, "1A")), until);
	play_free(p);
}

static void
the_reason_says_whether_its_processes_did_anything(void **state)
{
	struct play *p = active(0);

	(void)state;
	p->now += SILENCE;
	pulse(p, SILENCE);
	play_clock(p, 1);
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(
	    strstr(play_session(p, "1A")->reason, "and its processes do nothing"));
	play_free(p);
}

/* E-7: stalled -> second timeout; its work is pinned and it can be resumed. */
static void
what_does_nothing_for_the_second_timeout_is_ended(void **state)
{
	struct play *p = active(STUCK);
	int64_t until;

	(void)state;
	p->now += SILENCE;
	pulse(p, SILENCE);
	play_clock(p, 1);
	IS(p, "1A", SESSION_STALLED);
	assert_int_equal(play_n_acts(p, "tell"), 0);
	until = session_quiet_until(p->core, play_session(p, "1A"));
	assert_int_equal(until, play_session(p, "1A")->since + STUCK);
	assert_int_equal(core_next_deadline(p->core), until);
	p->now = until;
	pulse(p, SILENCE + STUCK);
	play_clock(p, 1);
	IS(p, "1A", SESSION_PARKED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	OWES(p, "inspect", "1A");
	OWES(p, "issue-comment", "1A");
	assert_non_null(strstr(play_session(p, "1A")->reason, "divisi.stuck-timeout"));
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	IS(p, "1A", SESSION_PARKED);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_int_equal(play_session(p, "1A")->stuck_at, 0);
	play_free(p);
}

static void
nothing_is_ended_without_the_holders_word(void **state)
{
	struct play *p = active(STUCK);

	(void)state;
	play_clock(p, SILENCE + 1);
	IS(p, "1A", SESSION_STALLED);
	for (int i = 0; i < 5; i++) {
		play_clock(p, STUCK + 1);
		IS(p, "1A", SESSION_STALLED);
		assert_int_equal(p->acts.n, 0);
		/* And it does not spin on a deadline that is over. */
		assert_true(core_next_deadline(p->core) > p->now);
	}
	play_free(p);
}

static void
a_stalled_one_that_computes_is_waited_for(void **state)
{
	struct play *p = active(STUCK);

	(void)state;
	p->now += SILENCE;
	pulse(p, SILENCE);
	play_clock(p, 1);
	for (int i = 0; i < 5; i++) {
		p->now = session_quiet_until(p->core, play_session(p, "1A"));
		pulse(p, 1000);
		play_clock(p, 1);
		IS(p, "1A", SESSION_STALLED);
	}
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "back", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	assert_false(play_session(p, "1A")->is_idle);
	play_free(p);
}

static void
who_waits_for_an_answer_is_never_stuck(void **state)
{
	struct play *p = active(STUCK);

	(void)state;
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q", "kind", "question", "text", "?",
	    NULL);
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_int_equal(
	    session_quiet_until(p->core, play_session(p, "1A")), INT64_MAX);
	play_clock(p, 10 * (SILENCE + STUCK));
	IS(p, "1A", SESSION_CHECKPOINT);
	play_free(p);
}

static void
a_pulse_that_says_nothing_is_refused(void **state)
{
	struct play *p = active(0);

	(void)state;
	REFUSED(p, ERR_INPUT, HAP_RUN_PULSE, "session", "p1.1.1A", "run", "p1.1.1A.r1");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_RUN_PULSE, "session", "p1.1.1A", "run",
	    "p1.1.1A.r1", "#idle_ms", "5");
	play_free(p);
}

/* Limits the holder keeps: each is named in the reason a person reads. */
static void
a_limit_that_was_met_is_named(void **state)
{
	static const struct {
		const char *how, *key;
		enum session_state to;
	} table[] = {
		{ "wall-limit", "divisi.wall-limit", SESSION_PARKED },
		{ "flood", "divisi.output-limit", SESSION_STALLED },
		{ "memory-limit", "divisi.memory-limit", SESSION_STALLED },
		{ "process-limit", "divisi.process-limit", SESSION_STALLED },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = active(0);

		LINE(p, "1A", HAP_RUN_ENDED, "reason", table[i].how, NULL);
		IS(p, "1A", table[i].to);
		assert_non_null(strstr(play_session(p, "1A")->reason, table[i].key));
		play_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_computes_is_not_silent),
		cmocka_unit_test(an_old_pulse_takes_nothing_back),
		cmocka_unit_test(the_reason_says_whether_its_processes_did_anything),
		cmocka_unit_test(what_does_nothing_for_the_second_timeout_is_ended),
		cmocka_unit_test(nothing_is_ended_without_the_holders_word),
		cmocka_unit_test(a_stalled_one_that_computes_is_waited_for),
		cmocka_unit_test(who_waits_for_an_answer_is_never_stuck),
		cmocka_unit_test(a_pulse_that_says_nothing_is_refused),
		cmocka_unit_test(a_limit_that_was_met_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
