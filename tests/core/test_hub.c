#include "play.h"

/* The hub lands last, by trial merges (CONFLICTS 2.5, 5.4; DESIGN 8). */

static struct play *
told(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", "9", "merge", "ask",
	    "target", "main", "radar", "tell", "#n_phases", "9");
	play_batch(p, 1, phases);
	return p;
}

static void
start_all(struct play *p)
{
	play_start(p, "1A");
	play_start(p, "1B");
	play_start(p, "1C");
}

static void
meet(struct play *p, const char *kind, const char *a, const char *b)
{
	p->actor = "server";
	HAPPENS(p, HAP_MET, "kind", kind, "a", a, "b", b, "files", "x\n");
	p->actor = "human:ada";
}

static void
deliver(struct play *p, const char *phase)
{
	play_deliver(p, phase);
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, phase)->id);
}

static void
who_does_not_merge_with_two_others_lands_behind_both(void **state)
{
	struct play *p = told("1A 1B 1C");

	(void)state;
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1C", "p1.1.1A");
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGEABLE);
	deliver(p, "1C");
	play_land(p, "1C");
	/* It has to be mended anyway, so that 1B need not be. */
	IS(p, "1A", SESSION_MERGEABLE);
	deliver(p, "1B");
	play_land(p, "1B");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

static void
of_two_that_do_not_merge_neither_waits(void **state)
{
	struct play *p = told("1A 1B 1C");

	(void)state;
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	deliver(p, "1B");
	IS(p, "1B", SESSION_MERGING);
	play_free(p);
}

static void
a_race_that_merges_orders_nobody(void **state)
{
	struct play *p = told("1A 1B 1C");

	(void)state;
	start_all(p);
	meet(p, "race", "p1.1.1A", "p1.1.1B");
	meet(p, "race", "p1.1.1A", "p1.1.1C");
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* CONTRACTS 6: what was approved is what happens. */
static void
an_approved_order_stands_against_what_was_measured(void **state)
{
	struct play *p = told("1A 1B>1A 1C>1A");

	(void)state;
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1A", "p1.1.1C");
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

static void
the_hub_waits_for_nobody_who_left_or_merges_again(void **state)
{
	struct play *p = told("1A 1B 1C");

	(void)state;
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1A", "p1.1.1C");
	deliver(p, "1A");
	IS(p, "1A", SESSION_MERGEABLE);
	p->actor = "server";
	HAPPENS(p, HAP_CONFLICT_GONE, "conflict", "c1");
	p->actor = "human:ada";
	IS(p, "1A", SESSION_MERGING);
	play_free(p);

	p = told("1A 1B 1C");
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1A", "p1.1.1C");
	deliver(p, "1A");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1B");
	IS(p, "1A", SESSION_MERGING);
	play_free(p);
}

/* A ring of waiting would hold everybody for ever: the order is one for all. */
static void
measured_and_approved_orders_together_let_somebody_land(void **state)
{
	struct play *p = told("1A 1B>1D 1C 1D>1A 1E");
	static const char *const phases[] = { "1A", "1B", "1C", "1D", "1E" };
	bool lands = false;

	(void)state;
	start_all(p);
	play_start(p, "1D");
	play_start(p, "1E");
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1A", "p1.1.1C");
	meet(p, "file", "p1.1.1D", "p1.1.1C");
	meet(p, "file", "p1.1.1D", "p1.1.1E");
	meet(p, "file", "p1.1.1D", "p1.1.1B");
	for (size_t i = 0; i < N_ELEMS(phases); i++)
		deliver(p, phases[i]);
	for (size_t turn = 0; turn < N_ELEMS(phases); turn++) {
		lands = false;
		for (size_t i = 0; i < N_ELEMS(phases) && !lands; i++) {
			lands = play_state(p, phases[i]) == SESSION_MERGING;
			if (lands)
				play_land(p, phases[i]);
		}
		assert_true(lands);
	}
	play_free(p);
}

static void
an_open_conflict_says_who_had_better_land_first(void **state)
{
	struct play *p = told("1A 1B 1C");
	size_t n = 0;

	(void)state;
	start_all(p);
	meet(p, "file", "p1.1.1A", "p1.1.1B");
	meet(p, "file", "p1.1.1A", "p1.1.1C");
	assert_string_equal(
	    conflict_first(p->core, core_conflict(p->core, "c2"), &n)->phase, "1C");
	assert_int_equal(n, 2);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_does_not_merge_with_two_others_lands_behind_both),
		cmocka_unit_test(of_two_that_do_not_merge_neither_waits),
		cmocka_unit_test(a_race_that_merges_orders_nobody),
		cmocka_unit_test(an_approved_order_stands_against_what_was_measured),
		cmocka_unit_test(the_hub_waits_for_nobody_who_left_or_merges_again),
		cmocka_unit_test(
		    measured_and_approved_orders_together_let_somebody_land),
		cmocka_unit_test(an_open_conflict_says_who_had_better_land_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
