#include "play.h"

/* What follows by itself: launches under the cap, batches and plans that complete. */

static struct play *
running(const char *phases, int n_phases)
{
	struct play *p = play_new();

	play_open(p, n_phases);
	play_batch(p, 1, phases);
	return p;
}

static void
finish(struct play *p, const char *phase)
{
	play_start(p, phase);
	play_deliver(p, phase);
	HAPPENS(p, HAP_MERGE_ASKED, "session", play_session(p, phase)->id);
	play_land(p, phase);
}

/* S-25 */
static void
no_more_than_three_implementation_sessions_are_live(void **state)
{
	struct play *p = running("1A 1B 1C 1D 1E", 5);

	(void)state;
	assert_int_equal(play_n_acts(p, "launch"), 3);
	assert_int_equal(core_live(p->core), 3);
	IS(p, "1D", SESSION_APPROVED);
	play_start(p, "1A");
	assert_int_equal(core_live(p->core), 3);
	/* A session that waits for its merge holds no slot. */
	play_deliver(p, "1A");
	IS(p, "1D", SESSION_LAUNCHING);
	IS(p, "1E", SESSION_APPROVED);
	assert_int_equal(core_live(p->core), 3);
	play_free(p);
}

/* S-30 */
static void
research_runs_five_at_once_and_no_sixth(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 6);
	play_plan(p, 1, "1A 1B 1C 1D 1E 1F", "h");
	free(core_batch(p->core, "p1/1")->kind);
	core_batch(p->core, "p1/1")->kind = xstrdup("research");
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	assert_int_equal(play_n_acts(p, "launch"), 5);
	IS(p, "1F", SESSION_APPROVED);
	play_free(p);
}

/* the rationale is a person's attention, so that all plans count. */
static void
sessions_of_all_plans_count(void **state)
{
	struct play *p = running("1A 1B", 2);

	(void)state;
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/q.md", "#cap", "3", "#n_phases", "2");
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p2", "#number", "1", "hash", "h",
	    "#n_sessions", "2", "s0.phase", "9A", "s0.path", "/w/9A", "s1.phase", "9B",
	    "s1.path", "/w/9B");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p2.1.9A", "sub_issue", "DV-8");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p2.1.9B", "sub_issue", "DV-9");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p2.1.9A", "path", "/w/9A");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p2.1.9B", "path", "/w/9B");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p2/1", "hash", "h");
	IS(p, "9A", SESSION_LAUNCHING);
	IS(p, "9B", SESSION_APPROVED);
	/* A slot that one plan frees is another's. */
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A");
	IS(p, "9B", SESSION_LAUNCHING);
	assert_int_equal(core_live(p->core), 3);
	play_free(p);
}

static void
a_cap_of_nothing_launches_nothing(void **state)
{
	static const char *const caps[] = { "0", "-1", "-9223372036854775808" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(caps); i++) {
		struct play *p = play_new();

		play_open(p, 1);
		HAPPENS(p, HAP_PLAN_CHANGED, "plan", "p1", "#cap", caps[i]);
		play_batch(p, 1, "1A");
		IS(p, "1A", SESSION_APPROVED);
		play_free(p);
	}
}

/* E-5: the states of a batch, in order. */
static void
a_batch_runs_drains_and_completes(void **state)
{
	struct play *p = running("1A 1B", 3);

	(void)state;
	assert_int_equal(play_batch_state(p, 1), BATCH_RUNNING);
	finish(p, "1A");
	assert_int_equal(play_batch_state(p, 1), BATCH_RUNNING);
	play_start(p, "1B");
	play_deliver(p, "1B");
	assert_int_equal(play_batch_state(p, 1), BATCH_DRAINING);
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	play_land(p, "1B");
	assert_int_equal(play_batch_state(p, 1), BATCH_COMPLETE);
	assert_string_equal(core_plan(p->core, "p1")->state, "active");
	OWES_NO(p, "plan-close", NULL);
	play_free(p);
}

static void
a_failed_session_leaves_the_others_running(void **state)
{
	struct play *p = running("1A 1B", 2);

	(void)state;
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	assert_int_equal(play_batch_state(p, 1), BATCH_RUNNING);
	finish(p, "1B");
	assert_int_equal(play_batch_state(p, 1), BATCH_WITH_FAILURES);
	assert_string_equal(core_plan(p->core, "p1")->state, "active");
	play_free(p);
}

static void
a_plan_completes_exactly_once(void **state)
{
	struct play *p = running("1A", 2);

	(void)state;
	finish(p, "1A");
	OWES_NO(p, "plan-close", NULL);
	play_batch(p, 2, "2A");
	finish(p, "2A");
	assert_int_equal(play_n_acts(p, "plan-close"), 1);
	assert_string_equal(core_plan(p->core, "p1")->state, "complete");
	play_clock(p, 1000);
	OWES_NO(p, "plan-close", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_PLAN_ABORTED, "plan", "p1");
	/* A complete plan may be dispatched anew: that is another life of it. */
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "#n_phases", "1");
	assert_string_equal(core_plan_by_path(p->core, "/p.md")->id, "p2");
	play_free(p);
}

/* Failed in batch 1, done in batch 2: the phase is done, and counts once. */
static void
a_phase_done_at_the_second_try_completes_the_plan(void **state)
{
	struct play *p = running("1A 1B", 2);

	(void)state;
	finish(p, "1B");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	play_batch(p, 2, "1A");
	OWES_NO(p, "plan-close", NULL);
	finish(p, "1A");
	assert_int_equal(play_n_acts(p, "plan-close"), 1);
	play_free(p);
}

static void
nothing_of_an_aborted_plan_is_launched_later(void **state)
{
	struct play *p = running("1A 1B 1C 1D", 4);

	(void)state;
	play_start(p, "1A");
	HAPPENS(p, HAP_PLAN_ABORTED, "plan", "p1");
	assert_int_equal(core_live(p->core), 0);
	IS(p, "1D", SESSION_PARKED);
	play_clock(p, 1000);
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

/* A key that is given twice loses the second act (promise 8). */
static void
a_table_made_anew_gives_no_key_twice(void **state)
{
	struct play *p = play_new();
	AUTO_FREE char *key = NULL;

	(void)state;
	play_open(p, 3);
	play_plan(p, 1, "1A", "h1");
	play_prepare(p, 1);
	HAPPENS(p, HAP_TREE_GONE, "session", "p1.1.1A", "text", "gone");
	key = xstrdup(play_act(p, "worktree-back", "1A")->key);
	HAPPENS(p, HAP_BATCH_DECLINED, "batch", "p1/1");
	play_plan(p, 1, "1A", "h2");
	play_prepare(p, 1);
	HAPPENS(p, HAP_TREE_GONE, "session", "p1.1.1A", "text", "gone");
	assert_string_not_equal(play_act(p, "worktree-back", "1A")->key, key);
	play_free(p);
}

/* Nothing of it ends later, so what is on its branch is looked at now (promise 2). */
static void
a_worktree_that_goes_after_its_agent_is_looked_for(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "0", NULL);
	HAPPENS(p, HAP_TREE_GONE, "session", "p1.1.1A", "text", "gone");
	IS(p, "1A", SESSION_PARKED);
	OWES(p, "inspect", "1A");
	OWES_NO(p, "tell", "1A");
	play_free(p);
}

/* What an agent kept goes once, when its session is closed and its process gone. */
static void
what_its_agent_kept_goes_when_nobody_can_need_it_any_more(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 3);
	play_batch(p, 1, "1A 1B 1C");
	play_start(p, "1A");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "0", NULL);
	OWES_NO(p, "state-remove", "1A"); /* it can be resumed */
	play_start(p, "1B");
	play_deliver(p, "1B");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.1.1B");
	play_land(p, "1B");
	IS(p, "1B", SESSION_DONE);
	OWES_NO(p, "state-remove", "1B"); /* its process lives */
	LINE(p, "1B", HAP_RUN_ENDED, "reason", "exited", NULL);
	OWES(p, "state-remove", "1B");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1C");
	LINE(p, "1C", HAP_RUN_ENDED, "reason", "exited", NULL);
	OWES_NO(p, "state-remove", NULL);
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1C");
	OWES(p, "state-remove", "1C");
	play_clock(p, 60000);
	OWES_NO(p, "state-remove", NULL);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_its_agent_kept_goes_when_nobody_can_need_it_any_more),
		cmocka_unit_test(no_more_than_three_implementation_sessions_are_live),
		cmocka_unit_test(research_runs_five_at_once_and_no_sixth),
		cmocka_unit_test(sessions_of_all_plans_count),
		cmocka_unit_test(a_cap_of_nothing_launches_nothing),
		cmocka_unit_test(a_batch_runs_drains_and_completes),
		cmocka_unit_test(a_failed_session_leaves_the_others_running),
		cmocka_unit_test(a_plan_completes_exactly_once),
		cmocka_unit_test(a_phase_done_at_the_second_try_completes_the_plan),
		cmocka_unit_test(nothing_of_an_aborted_plan_is_launched_later),
		cmocka_unit_test(a_table_made_anew_gives_no_key_twice),
		cmocka_unit_test(a_worktree_that_goes_after_its_agent_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
