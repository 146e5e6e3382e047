#include "core/account.h"
#include "play.h"

/* Plans, batches until approval, and what time changes. */

static void
a_plan_is_open_once(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	assert_string_equal(core_plan(p->core, "p1")->state, "active");
	REFUSED(p, ERR_CONFLICT, HAP_PLAN_OPENED, "path", "/p.md");
	assert_ptr_equal(core_plan_by_path(p->core, "/p.md"), core_plan(p->core, "p1"));
	play_free(p);
}

static void
an_aborted_plan_may_be_opened_anew(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	HAPPENS(p, HAP_PLAN_ABORTED, "plan", "p1");
	REFUSED(p, ERR_CONFLICT, HAP_PLAN_ABORTED, "plan", "p1");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_PLANNED, "plan", "p1", "#number", "1",
	    "#n_sessions", "1", "s0.phase", "1A");
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "#n_phases", "1");
	assert_string_equal(core_plan_by_path(p->core, "/p.md")->id, "p2");
	play_free(p);
}

/* A journal that is gone left runs and pins of p1 to p6: nobody takes their names. */
static void
a_plan_takes_no_name_that_others_have(void **state)
{
	struct play *p = play_new();

	(void)state;
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "#n_phases", "1", "#taken", "6");
	assert_string_equal(core_plan_by_path(p->core, "/p.md")->id, "p7");
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/q.md", "#n_phases", "1");
	assert_string_equal(core_plan_by_path(p->core, "/q.md")->id, "p8");
	HAPPENS(p, HAP_PLAN_OPENED, "path", "/r.md", "#n_phases", "1", "#taken", "3");
	assert_string_equal(core_plan_by_path(p->core, "/r.md")->id, "p9");
	play_free(p);
}

static void
what_names_nothing_is_not_found(void **state)
{
	static const enum hap of_session[] = { HAP_SESSION_FILED, HAP_SESSION_PREPARED,
		HAP_ACT_FAILED, HAP_RUN_STARTED, HAP_RUN_ENDED, HAP_RUN_LOST,
		HAP_AGENT_ACCEPTED, HAP_AGENT_CONFIRMED, HAP_AGENT_ACTIVITY,
		HAP_AGENT_ASKED, HAP_AGENT_ASK_GONE, HAP_AGENT_ESTIMATE, HAP_AGENT_TOOL,
		HAP_AGENT_LIMIT, HAP_AGENT_DONE, HAP_AGENT_FAILED, HAP_AGENT_STEPPED,
		HAP_ASK_ANSWERED, HAP_INSPECTED, HAP_CANDIDATE_BUILT,
		HAP_CANDIDATE_REFUSED, HAP_LANDED, HAP_LANDING_BLOCKED, HAP_SAID,
		HAP_HELD, HAP_INTERRUPTED, HAP_RESUMED, HAP_PARKED, HAP_ABANDONED,
		HAP_CLAIMED, HAP_PLAN_CHANGED, HAP_PLAN_ABORTED, HAP_BATCH_PLANNED,
		HAP_BATCH_APPROVED, HAP_BATCH_DECLINED, HAP_BATCH_ACKED,
		HAP_WRITTEN_BACK, HAP_MERGE_ASKED };
	struct play *p = play_new();

	(void)state;
	for (size_t i = 0; i < N_ELEMS(of_session); i++)
		REFUSED(p, ERR_NOT_FOUND, of_session[i], "session", "x", "plan", "x",
		    "batch", "x");
	play_free(p);
}

/* E-5, S-76: nothing is shown for approval before every issue and every worktree is there. */
static void
a_batch_awaits_approval_only_when_all_is_filed_and_prepared(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_plan(p, 1, "1A 1B", "h1");
	assert_int_equal(play_n_acts(p, "issue-file"), 2);
	assert_int_equal(play_n_acts(p, "worktree-add"), 2);
	assert_int_equal(play_n_acts(p, "launch"), 0);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path", "/w/1A");
	assert_int_equal(play_batch_state(p, 1), BATCH_PLANNED);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1B", "sub_issue", "DV-2");
	assert_int_equal(play_batch_state(p, 1), BATCH_PLANNED);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h1");
	assert_string_equal(p->err.code, "G11");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1B", "path", "/w/1B");
	assert_int_equal(play_batch_state(p, 1), BATCH_AWAITING);
	play_free(p);
}

/* The tracker may be slower than git: the order of the two answers does not matter. */
static void
a_worktree_may_be_ready_before_its_issue(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h1");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path", "/w/1A");
	IS(p, "1A", SESSION_PLANNED);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	IS(p, "1A", SESSION_PREPARED);
	assert_int_equal(play_batch_state(p, 1), BATCH_AWAITING);
	play_free(p);
}

/* S-80 */
static void
only_the_exact_hash_approves(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "abcdef0123");
	play_prepare(p, 1);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "abcdef");
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "");
	REFUSED(
	    p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "abcdef01234");
	assert_string_equal(p->err.code, "G11");
	assert_string_equal(p->err.rule, "S-80");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "abcdef0123");
	OWES(p, "issue-assign", "1A");
	OWES(p, "launch", "1A");
	assert_string_equal(core_batch(p->core, "p1/1")->approved_by, "human:ada");
	REFUSED(
	    p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "abcdef0123");
	play_free(p);
}

/* nobody is assigned before the approval. */
static void
planning_and_filing_assign_and_launch_nothing(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h1");
	OWES_NO(p, "issue-assign", NULL);
	OWES_NO(p, "launch", NULL);
	play_prepare(p, 1);
	OWES_NO(p, "issue-assign", NULL);
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

/* S-80, A-21 */
static void
a_declined_table_leaves_nothing_live_and_its_issues_are_used_again(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_plan(p, 1, "1A 1B", "h1");
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_DECLINED, "batch", "p1/1", "reason", "too big");
	assert_int_equal(play_n_acts(p, "issue-move"), 2);
	assert_int_equal(play_n_acts(p, "worktree-remove"), 2);
	assert_string_equal(
	    act_text(play_act(p, "issue-move", "1A"), "status"), "Backlog");
	assert_int_equal(core_live(p->core), 0);
	IS(p, "1A", SESSION_PLANNED);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h1");
	play_plan(p, 1, "1A 1B", "h2");
	assert_int_equal(core_batch(p->core, "p1/1")->version, 2);
	assert_int_equal(p->core->n_sessions, 2);
	assert_string_equal(play_session(p, "1A")->sub_issue, "DV-1A");
	play_prepare(p, 1);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h1");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h2");
	OWES(p, "launch", "1A");
	play_free(p);
}

static void
what_arrives_after_a_decline_prepares_nothing(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h1");
	HAPPENS(p, HAP_BATCH_DECLINED, "batch", "p1/1");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-7");
	REFUSED(p, ERR_CONFLICT, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path",
	    "/w/1A");
	IS(p, "1A", SESSION_PLANNED);
	assert_int_equal(play_batch_state(p, 1), BATCH_DECLINED);
	/* The number of its issue is kept all the same: never a second one. */
	assert_string_equal(play_session(p, "1A")->sub_issue, "DV-7");
	play_free(p);
}

/* A worktree of the table before, maybe on another base, is not one of this table. */
static void
an_answer_to_an_older_table_prepares_nothing(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h1");
	play_plan(p, 1, "1A", "h2");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-7",
	    "#version", "2");
	REFUSED(p, ERR_CONFLICT, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path",
	    "/w/1A", "#version", "1");
	assert_int_equal(play_batch_state(p, 1), BATCH_PLANNED);
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path", "/w/1A",
	    "#version", "2");
	assert_int_equal(play_batch_state(p, 1), BATCH_AWAITING);
	play_free(p);
}

static void
a_session_that_a_new_table_drops_is_withdrawn(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_plan(p, 1, "1A 1B", "h1");
	play_prepare(p, 1);
	play_plan(p, 1, "1A", "h2");
	OWES(p, "worktree-remove", "1B");
	OWES(p, "issue-move", "1B");
	OWES_NO(p, "worktree-remove", "1A");
	IS(p, "1B", SESSION_PLANNED);
	play_prepare(p, 1);
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h2");
	OWES_NO(p, "launch", "1B");
	IS(p, "1B", SESSION_PLANNED);
	play_free(p);
}

/* S-27, G07 */
static void
the_next_batch_waits_for_the_one_before(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_batch(p, 1, "1A");
	REFUSED(p, ERR_REFUSED, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "1", "s0.phase", "1B");
	assert_string_equal(p->err.code, "G07");
	play_start(p, "1A");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	REFUSED(p, ERR_REFUSED, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "1", "s0.phase", "1B");
	play_land(p, "1A");
	play_plan(p, 2, "1B", "h2");
	assert_int_equal(play_batch_state(p, 2), BATCH_PLANNED);
	play_free(p);
}

static void
an_override_of_g07_plans_the_next_batch(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_batch(p, 1, "1A");
	HAPPENS(p, HAP_OVERRIDDEN, "rules", "G07", "reason", "independent");
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2", "#n_sessions", "1",
	    "s0.phase", "1B", "#override_G07", "1");
	play_free(p);
}

/* R-67, G17 */
static void
failures_are_acknowledged_before_the_next_batch(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_batch(p, 1, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_ACKED, "batch", "p1/1");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot", NULL);
	assert_int_equal(play_batch_state(p, 1), BATCH_WITH_FAILURES);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "1", "s0.phase", "1B");
	assert_string_equal(p->err.code, "G17");
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1", "reason", "seen");
	play_plan(p, 2, "1B", "h2");
	play_free(p);
}

/* Invariant 4: not only the batch just before must be complete, and not only then. */
static void
no_batch_begins_beside_an_earlier_one(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 3);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	play_plan(p, 2, "1B", "h2");
	play_prepare(p, 2);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/2", "hash", "h2");
	assert_string_equal(p->err.code, "G07");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot either", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_APPROVED, "batch", "p1/2", "hash", "h2");
	assert_string_equal(p->err.code, "G17");
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/2", "hash", "h2");
	play_start(p, "1B");
	play_deliver(p, "1B");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "override", "G18,G03", "reason",
	    "I know");
	HAPPENS(p, HAP_MERGE_ASKED, "session", "p1.2.1B");
	play_land(p, "1B");
	assert_int_equal(play_batch_state(p, 2), BATCH_COMPLETE);
	REFUSED(p, ERR_REFUSED, HAP_BATCH_PLANNED, "plan", "p1", "#number", "3",
	    "#n_sessions", "1", "s0.phase", "1C");
	assert_string_equal(p->err.code, "G07");
	play_free(p);
}

static void
a_new_failure_needs_a_new_acknowledgement(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	assert_int_equal(play_batch_state(p, 1), BATCH_RUNNING);
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot either", NULL);
	assert_int_equal(play_batch_state(p, 1), BATCH_WITH_FAILURES);
	assert_false(core_batch(p->core, "p1/1")->acked);
	play_free(p);
}

static void
a_running_batch_is_not_planned_again(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_PLANNED, "plan", "p1", "#number", "1",
	    "#n_sessions", "1", "s0.phase", "1A");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_DECLINED, "batch", "p1/1");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "0", "#override_G07", "1");
	REFUSED(p, ERR_CONFLICT, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2",
	    "#n_sessions", "-1", "#override_G07", "1");
	play_free(p);
}

/* J-48: everything stops, nothing is deleted, nothing waits for an answer any more. */
static void
an_abort_parks_what_runs_and_declines_what_waits(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 3);
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	play_start(p, "1B");
	play_deliver(p, "1B");
	HAPPENS(p, HAP_BATCH_PLANNED, "plan", "p1", "#number", "2", "#n_sessions", "1",
	    "s0.phase", "1C", "s0.path", "/w/1C", "hash", "h2", "#override_G07", "1");
	HAPPENS(p, HAP_PLAN_ABORTED, "plan", "p1", "reason", "wrong plan");
	IS(p, "1A", SESSION_PARKED);
	IS(p, "1B", SESSION_PARKED);
	IS(p, "1C", SESSION_PLANNED);
	assert_int_equal(play_batch_state(p, 2), BATCH_DECLINED);
	OWES(p, "tell", "1A");
	OWES(p, "inspect", "1A");
	OWES(p, "inspect", "1B");
	OWES(p, "write-back", NULL);
	OWES_NO(p, "worktree-remove", "1A");
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.2.1C", "sub_issue", "DV-3");
	IS(p, "1C", SESSION_PLANNED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	REFUSED(p, ERR_CONFLICT, HAP_RESUMED, "session", "p1.1.1A");
	play_free(p);
}

static void
nothing_lands_after_an_abort(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	HAPPENS(p, HAP_PLAN_ABORTED, "plan", "p1");
	IS(p, "1A", SESSION_MERGING);
	/* Its agent wrote on to the last, and nobody is left who would remove the worktree. */
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	OWES(p, "inspect", "1A");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", NULL);
	OWES_NO(p, "land", NULL);
	IS(p, "1A", SESSION_PARKED);
	play_free(p);
}

/* */
static void
an_unconfirmed_start_becomes_visible_and_is_not_repeated(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_batch(p, 1, "1A 1B");
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "u", NULL);
	assert_true(core_next_deadline(p->core) <= p->now + CORE_CONFIRM_LIMIT_MS);
	play_clock(p, CORE_CONFIRM_LIMIT_MS - 100);
	IS(p, "1A", SESSION_UNCONFIRMED);
	play_clock(p, 100);
	IS(p, "1A", SESSION_STALLED);
	IS(p, "1B", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "Session started"));
	OWES_NO(p, "launch", NULL);
	play_clock(p, CORE_SILENCE_LIMIT_MS * 10);
	assert_int_equal(p->acts.n, 0);
	assert_int_equal(play_session(p, "1A")->n_runs, 1);
	/* Said late, it counts. */
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_ACTIVE);
	OWES(p, "issue-move", "1A");
	play_free(p);
}

static void
silence_stalls_and_a_word_revives(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	assert_int_equal(core_next_deadline(p->core), p->now + CORE_SILENCE_LIMIT_MS);
	play_clock(p, CORE_SILENCE_LIMIT_MS - 1);
	IS(p, "1A", SESSION_ACTIVE);
	play_clock(p, 1);
	IS(p, "1A", SESSION_STALLED);
	assert_int_equal(core_live(p->core), 1);
	assert_int_equal(core_next_deadline(p->core), INT64_MAX);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "still here", NULL);
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(play_session(p, "1A")->reason, "");
	play_free(p);
}

/* A clock that ticks with nothing due would fill the journal. */
static void
a_deadline_that_was_met_is_gone(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 5);
	play_batch(p, 1, "1A 1B 1C 1D");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "resets at 3", "#until", "1700000060000",
	    NULL);
	assert_int_equal(core_next_deadline(p->core), 1700000060000);
	play_clock(p, 60000);
	IS(p, "1D", SESSION_APPROVED);
	assert_true(core_next_deadline(p->core) > p->now);
	assert_int_equal(session_paused_until(p->core, play_session(p, "1D")), 0);
	play_free(p);
}

/* "one rate limit pauses every dispatch on that account until then" */
static void
a_rate_limit_pauses_launches_until_it_resets(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 4);
	play_batch(p, 1, "1A 1B 1C 1D");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "resets at 3", "#until", "1700000060000",
	    NULL);
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no quota", NULL);
	IS(p, "1D", SESSION_APPROVED);
	play_clock(p, 1000);
	IS(p, "1D", SESSION_APPROVED);
	play_clock(p, 60000);
	IS(p, "1D", SESSION_LAUNCHING);
	play_free(p);
}

static void
no_agent_can_pause_for_ever(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "never", "#until", "9223372036854775807",
	    NULL);
	assert_true(session_paused_until(p->core, play_session(p, "1A")) <
		    p->now + 9LL * 24 * 3600 * 1000);
	play_free(p);
}

static void
what_cannot_be_written_into_the_plan_file_is_shown(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	HAPPENS(p, HAP_WRITTEN_BACK, "plan", "p1", "trouble", "edited meanwhile");
	assert_string_equal(core_plan(p->core, "p1")->trouble, "edited meanwhile");
	HAPPENS(p, HAP_WRITTEN_BACK, "plan", "p1", "sha256", "s2");
	assert_string_equal(core_plan(p->core, "p1")->trouble, "");
	assert_string_equal(core_plan(p->core, "p1")->sha256, "s2");
	play_free(p);
}

static void
a_refusal_on_record_changes_nothing(void **state)
{
	struct play *p = play_new();
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	before = core_dump(p->core);
	HAPPENS(p, HAP_REFUSED, "what", "batch-approved", "code", "G11");
	after = core_dump(p->core);
	assert_string_equal(before, after);
	assert_int_equal(p->acts.n + p->acts.n_moves, 0);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_is_open_once),
		cmocka_unit_test(an_aborted_plan_may_be_opened_anew),
		cmocka_unit_test(a_plan_takes_no_name_that_others_have),
		cmocka_unit_test(what_names_nothing_is_not_found),
		cmocka_unit_test(
		    a_batch_awaits_approval_only_when_all_is_filed_and_prepared),
		cmocka_unit_test(a_worktree_may_be_ready_before_its_issue),
		cmocka_unit_test(only_the_exact_hash_approves),
		cmocka_unit_test(planning_and_filing_assign_and_launch_nothing),
		cmocka_unit_test(
		    a_declined_table_leaves_nothing_live_and_its_issues_are_used_again),
		cmocka_unit_test(what_arrives_after_a_decline_prepares_nothing),
		cmocka_unit_test(an_answer_to_an_older_table_prepares_nothing),
		cmocka_unit_test(a_session_that_a_new_table_drops_is_withdrawn),
		cmocka_unit_test(the_next_batch_waits_for_the_one_before),
		cmocka_unit_test(an_override_of_g07_plans_the_next_batch),
		cmocka_unit_test(failures_are_acknowledged_before_the_next_batch),
		cmocka_unit_test(no_batch_begins_beside_an_earlier_one),
		cmocka_unit_test(a_new_failure_needs_a_new_acknowledgement),
		cmocka_unit_test(a_running_batch_is_not_planned_again),
		cmocka_unit_test(an_abort_parks_what_runs_and_declines_what_waits),
		cmocka_unit_test(nothing_lands_after_an_abort),
		cmocka_unit_test(
		    an_unconfirmed_start_becomes_visible_and_is_not_repeated),
		cmocka_unit_test(silence_stalls_and_a_word_revives),
		cmocka_unit_test(a_deadline_that_was_met_is_gone),
		cmocka_unit_test(a_rate_limit_pauses_launches_until_it_resets),
		cmocka_unit_test(no_agent_can_pause_for_ever),
		cmocka_unit_test(what_cannot_be_written_into_the_plan_file_is_shown),
		cmocka_unit_test(a_refusal_on_record_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
