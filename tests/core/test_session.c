#include "play.h"

/* What agents, holders and jobs report about one session. */

static struct play *
running(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	return p;
}

static struct play *
active(void)
{
	struct play *p = running("1A");

	play_start(p, "1A");
	IS(p, "1A", SESSION_ACTIVE);
	return p;
}

/* E-7: unconfirmed -> active has effects on the issue and the registry. */
static void
a_confirmation_moves_the_issue_and_is_told_once(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACCEPTED, "agent_session", "uuid", NULL);
	IS(p, "1A", SESSION_UNCONFIRMED);
	assert_string_equal(play_session(p, "1A")->agent_session, "uuid");
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_ACTIVE);
	assert_string_equal(
	    act_text(play_act(p, "issue-move", "1A"), "status"), "In Progress");
	OWES(p, "issue-comment", "1A");
	OWES(p, "write-back", NULL);
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	assert_int_equal(p->acts.n, 0);
	play_free(p);
}

static void
a_confirmation_that_comes_before_the_acceptance_counts(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
a_late_confirmation_of_a_parked_session_moves_nothing(void **state)
{
	struct play *p = running("1A");

	(void)state;
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "lunch");
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	IS(p, "1A", SESSION_PARKED);
	assert_int_equal(p->acts.n, 0);
	assert_string_equal(play_session(p, "1A")->reason, "lunch");
	play_free(p);
}

static void
lines_of_an_old_run_change_nothing(void **state)
{
	static const enum hap kinds[] = { HAP_RUN_STARTED, HAP_RUN_ENDED, HAP_RUN_LOST,
		HAP_AGENT_ACCEPTED, HAP_AGENT_CONFIRMED, HAP_AGENT_ACTIVITY,
		HAP_AGENT_ASKED, HAP_AGENT_ASK_GONE, HAP_AGENT_ESTIMATE,
		HAP_AGENT_LIMIT, HAP_AGENT_DONE, HAP_AGENT_FAILED, HAP_AGENT_STEPPED };
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#status", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	/* Not even before there is a new one... */
	for (size_t i = 0; i < N_ELEMS(kinds); i++)
		REFUSED(p, ERR_CONFLICT, kinds[i], "session", "p1.1.1A", "run",
		    "p1.1.1A.r1", "text", "x", "#cost", "99999");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	/* ... nor after. */
	for (size_t i = 0; i < N_ELEMS(kinds); i++)
		REFUSED(p, ERR_CONFLICT, kinds[i], "session", "p1.1.1A", "run",
		    "p1.1.1A.r1", "text", "x", "#cost", "99999");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(play_session(p, "1A")->run, "p1.1.1A.r2");
	play_free(p);
}

static void
the_failure_of_an_old_launch_does_not_fail_the_new_run(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	REFUSED(p, ERR_CONFLICT, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "launch",
	    "run", "p1.1.1A.r1", "text", "not wanted any more");
	IS(p, "1A", SESSION_LAUNCHING);
	play_free(p);
}

/* Promise 1: what a failed launch may have left alive is killed before the next. */
static void
a_failed_launch_leaves_nothing_behind(void **state)
{
	struct play *p = running("1A");

	(void)state;
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "launch", "run",
	    "p1.1.1A.r1", "text", "no program");
	IS(p, "1A", SESSION_FAILED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "kill");
	assert_string_equal(play_session(p, "1A")->reason, "no program");
	OWES(p, "write-back", NULL);
	assert_int_equal(play_batch_state(p, 1), BATCH_WITH_FAILURES);
	play_free(p);
}

/* CONTRACTS 2: the next server learns that the run was lost, then that its launch is moot. */
static void
a_launch_whose_run_was_lost_fails_nothing(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "0", NULL);
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "launch", "run",
	    "p1.1.1A.r1", "text", "not wanted any more");
	IS(p, "1A", SESSION_STALLED);
	play_free(p);
}

/* CONTRACTS 3: a worktree's setup comes before its agent; its failure keeps it from starting. */
static void
a_setup_runs_before_the_agent_until_it_succeeded_once(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	play_prepare(p, 1);
	free(play_session(p, "1A")->setup);
	play_session(p, "1A")->setup = xstrdup("make deps");
	HAPPENS(p, HAP_BATCH_APPROVED, "batch", "p1/1", "hash", "h");
	assert_true(play_act(p, "setup", "1A") < play_act(p, "launch", "1A"));
	assert_string_equal(
	    act_text(play_act(p, "setup", "1A"), "command"), "make deps");
	HAPPENS(
	    p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "setup", "text", "no make");
	IS(p, "1A", SESSION_FAILED);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES(p, "setup", "1A");
	HAPPENS(p, HAP_SET_UP, "session", "p1.1.1A");
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES_NO(p, "setup", "1A");
	OWES(p, "launch", "1A");
	/* A worktree that came back is another one, whoever was still setting up the first. */
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	HAPPENS(p, HAP_TREE_GONE, "session", "p1.1.1A", "text", "gone");
	HAPPENS(p, HAP_SET_UP, "session", "p1.1.1A");
	HAPPENS(p, HAP_TREE_BACK, "session", "p1.1.1A");
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	OWES(p, "setup", "1A");
	play_free(p);
}

/* J-22 */
static void
a_process_that_dies_stalls_its_session_and_its_work_is_pinned(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "signaled", "#signal", "9", NULL);
	IS(p, "1A", SESSION_STALLED);
	assert_false(play_session(p, "1A")->run_open);
	assert_non_null(strstr(play_session(p, "1A")->reason, "signal 9"));
	OWES(p, "inspect", "1A");
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

static void
a_run_that_reached_its_limit_says_which(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "wall-limit", "#signal", "15", NULL);
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "divisi.wall-limit"));
	OWES(p, "inspect", "1A");
	play_free(p);

	p = active();
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "flood", "#signal", "9", NULL);
	IS(p, "1A", SESSION_STALLED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "divisi.output-limit"));
	play_free(p);
}

static void
a_holder_that_cannot_start_its_agent_fails_the_session(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "not-started", "text", "ENOENT", NULL);
	IS(p, "1A", SESSION_FAILED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "ENOENT"));
	play_free(p);
}

/* Promise 2: what an earlier run left has to be pinned even so. */
static void
a_session_whose_last_run_never_was_has_its_earlier_work_pinned(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "0", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "not-started", "text", "ENOENT", NULL);
	IS(p, "1A", SESSION_FAILED);
	OWES(p, "inspect", "1A");
	play_free(p);
}

/* What it made between the first look and its end counts, and is pinned (promise 2). */
static void
an_incomplete_session_is_looked_at_once_more_when_its_process_is_gone(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	play_inspect(p, "1A", 0);
	IS(p, "1A", SESSION_EXITING);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_EXITING);
	OWES(p, "inspect", "1A");
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
an_agent_that_was_told_what_is_missing_may_say_done_again(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done", NULL);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "done, I said", NULL);
	OWES_NO(p, "inspect", "1A"); /* it is being looked at */
	play_inspect(p, "1A", 0);
	LINE(p, "1A", HAP_AGENT_DONE, "text", "now it is there", NULL);
	OWES(p, "inspect", "1A");
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

/* "any program": one that simply exits 0 has reported; the facts decide. */
static void
a_clean_exit_after_the_confirmation_is_a_report(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#clean", "1", NULL);
	IS(p, "1A", SESSION_EXITING);
	OWES(p, "inspect", "1A");
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
a_clean_exit_after_a_silence_is_a_report_too(void **state)
{
	struct play *p = active();

	(void)state;
	play_clock(p, CORE_SILENCE_LIMIT_MS);
	IS(p, "1A", SESSION_STALLED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#clean", "1", NULL);
	IS(p, "1A", SESSION_EXITING);
	assert_string_equal(play_session(p, "1A")->reason, "");
	play_free(p);
}

static void
a_clean_exit_without_the_words_is_not_a_report(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#clean", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	play_free(p);
}

/* CONTRACTS 2 */
static void
a_lost_run_with_a_known_id_is_resumed_in_a_new_run(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "uuid");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "run"), "p1.1.1A.r2");
	play_free(p);
}

static void
a_lost_run_without_an_id_asks_the_person(void **state)
{
	struct play *p = running("1A");

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "launch", NULL);
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
a_loss_does_not_end_a_hold(void **state)
{
	struct play *p = active();

	(void)state;
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "launch", NULL);
	play_free(p);

	p = active();
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", "2000", NULL);
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

static void
a_run_that_is_lost_again_and_again_waits_for_a_person(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	play_start(p, "1A");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	play_start(p, "1A");
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_STALLED);
	OWES_NO(p, "launch", NULL);
	play_free(p);
}

/* CONTRACTS 2: what became of a run that told no end, and whether that is proven. */
static void
a_lost_run_says_what_became_of_it(void **state)
{
	static const struct {
		const char *how, *alive, *words;
	} table[] = {
		{ "", "0", "its holder was killed; nothing of it lives any more" },
		{ "restart", "0", "the machine was restarted; nothing of it lives" },
		{ "vanished", "0", "its run directory is gone" },
		{ "", "1", "what it started may still live: it is stuck" },
	};

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = active();

		LINE(p, "1A", HAP_RUN_LOST, "how", table[i].how, "#alive",
		    table[i].alive, "text", "it is stuck", NULL);
		assert_non_null(strstr(play_session(p, "1A")->reason, table[i].words));
		play_free(p);
	}
}

static void
a_run_lost_after_its_report_keeps_what_it_reported(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "made it", NULL);
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_EXITING);
	OWES_NO(p, "launch", NULL);
	play_inspect(p, "1A", 2);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
the_end_of_a_delivered_run_changes_nothing(void **state)
{
	struct play *p = active();

	(void)state;
	play_deliver(p, "1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#status", "1", NULL);
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_int_equal(p->acts.n, 0);
	play_free(p);
}

/* R-42, 8.5: what was made is told to the tracker, and the agent's input ends. */
static void
a_delivery_is_reviewed_before_it_merges(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "made it", NULL);
	IS(p, "1A", SESSION_EXITING);
	OWES(p, "inspect", "1A");
	play_inspect(p, "1A", 3);
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "eof");
	assert_string_equal(
	    act_text(play_act(p, "issue-move", "1A"), "status"), "In Review");
	OWES(p, "issue-comment", "1A");
	OWES_NO(p, "candidate", NULL);
	play_free(p);
}

static void
an_analysis_without_files_is_done_by_its_report(void **state)
{
	struct play *p = active();

	(void)state;
	play_session(p, "1A")->is_analysis = true;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "the answer is 42", NULL);
	play_inspect(p, "1A", 0);
	IS(p, "1A", SESSION_DONE);
	assert_string_equal(play_session(p, "1A")->evidence, "the answer is 42");
	assert_int_equal(play_batch_state(p, 1), BATCH_COMPLETE);
	play_free(p);
}

/* J-45: claimed done, but the diff is empty. */
static void
an_empty_diff_is_no_delivery(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "all done!", NULL);
	play_inspect(p, "1A", 0);
	IS(p, "1A", SESSION_EXITING);
	assert_non_null(strstr(play_session(p, "1A")->reason, "empty"));
	OWES_NO(p, "issue-move", NULL);
	/* E-7: incomplete and the process gone. */
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	play_inspect(p, "1A", 0);
	IS(p, "1A", SESSION_FAILED);
	assert_non_null(strstr(play_session(p, "1A")->reason, "empty"));
	play_free(p);
}

static void
an_empty_diff_of_a_gone_process_fails_at_once(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_EXITING);
	play_inspect(p, "1A", 0);
	IS(p, "1A", SESSION_FAILED);
	play_free(p);
}

/* J-36: dirty tree; the mechanical part is ours, after a person said so. */
static void
uncommitted_work_is_committed_when_a_person_says_so(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "missing", "2 files", "#dirty", "2",
	    "dirty_list", "a.c b.c", "#commits", "1", NULL);
	IS(p, "1A", SESSION_EXITING);
	assert_string_equal(session_open_ask(play_session(p, "1A"))->kind, "exit");
	assert_string_equal(session_open_ask(play_session(p, "1A"))->detail, "a.c b.c");
	/* The question outlives the process. */
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_EXITING);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
	assert_int_equal(
	    fields_number(&play_act(p, "inspect", "1A")->fields, "commit_rest", 0), 1);
	play_inspect(p, "1A", 2);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
a_new_run_makes_the_question_about_the_rest_moot(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "missing", "2 files", "#dirty", "2",
	    NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A", "note", "commit it yourself");
	IS(p, "1A", SESSION_LAUNCHING);
	assert_null(session_open_ask(play_session(p, "1A")));
	play_free(p);
}

static void
uncommitted_work_that_is_declined_fails_and_is_pinned(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "missing", "2 files", "#dirty", "2",
	    NULL);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "deny", "text",
	    "rubbish");
	IS(p, "1A", SESSION_FAILED);
	assert_string_equal(play_session(p, "1A")->reason, "rubbish");
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
a_checklist_that_cannot_be_looked_at_says_so(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "inspect", "text",
	    "git died");
	IS(p, "1A", SESSION_EXITING);
	assert_string_equal(play_session(p, "1A")->reason, "git died");
	play_free(p);
}

static void
an_old_inspection_does_not_end_a_session_that_works_again(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	HAPPENS(p, HAP_SAID, "session", "p1.1.1A", "text", "and the tests?");
	IS(p, "1A", SESSION_ACTIVE);
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
an_agent_that_gives_up_fails_and_is_stopped(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "cannot", NULL);
	IS(p, "1A", SESSION_FAILED);
	assert_string_equal(act_text(play_act(p, "tell", "1A"), "order"), "stop");
	OWES(p, "inspect", "1A");
	/* What it wrote while it was being stopped is pinned, too. */
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "stopped", NULL);
	IS(p, "1A", SESSION_FAILED);
	OWES(p, "inspect", "1A");
	play_free(p);
}

static void
a_claim_to_have_failed_after_the_delivery_changes_nothing(void **state)
{
	struct play *p = active();

	(void)state;
	play_deliver(p, "1A");
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "oh no", NULL);
	IS(p, "1A", SESSION_IN_REVIEW);
	assert_string_equal(play_session(p, "1A")->reason, "");
	play_free(p);
}

/* Numbers are what a stranger's program says: never an overflow, never beyond belief. */
static void
absurd_numbers_are_bounded(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "#cost", "9223372036854775807", "#tokens_in",
	    "9223372036854775807", "#context_pct", "9223372036854775807", NULL);
	assert_true(play_session(p, "1A")->cost < INT64_MAX / 1000);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	assert_true(play_session(p, "1A")->cost_before > 0);
	play_free(p);
}

static void
a_line_read_again_is_no_sign_of_life(void **state)
{
	struct play *p = active();

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "one", NULL);
	play_clock(p, CORE_SILENCE_LIMIT_MS);
	IS(p, "1A", SESSION_STALLED);
	HAPPENS(p, HAP_AGENT_ACTIVITY, "session", "p1.1.1A", "run", "p1.1.1A.r1",
	    "#offset", "10", "text", "one");
	IS(p, "1A", SESSION_STALLED);
	play_free(p);
}

static void
the_offset_only_grows_and_begins_anew_with_each_run(void **state)
{
	struct play *p = active();
	int64_t before = play_session(p, "1A")->offset;

	(void)state;
	assert_true(before > 0);
	HAPPENS(p, HAP_AGENT_ACTIVITY, "session", "p1.1.1A", "run", "p1.1.1A.r1",
	    "#offset", "1");
	assert_int_equal(play_session(p, "1A")->offset, before);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", "p1.1.1A");
	assert_int_equal(play_session(p, "1A")->offset, 0);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_confirmation_moves_the_issue_and_is_told_once),
		cmocka_unit_test(
		    a_confirmation_that_comes_before_the_acceptance_counts),
		cmocka_unit_test(a_late_confirmation_of_a_parked_session_moves_nothing),
		cmocka_unit_test(lines_of_an_old_run_change_nothing),
		cmocka_unit_test(
		    the_failure_of_an_old_launch_does_not_fail_the_new_run),
		cmocka_unit_test(a_failed_launch_leaves_nothing_behind),
		cmocka_unit_test(a_launch_whose_run_was_lost_fails_nothing),
		cmocka_unit_test(
		    a_process_that_dies_stalls_its_session_and_its_work_is_pinned),
		cmocka_unit_test(
		    a_holder_that_cannot_start_its_agent_fails_the_session),
		cmocka_unit_test(
		    a_session_whose_last_run_never_was_has_its_earlier_work_pinned),
		cmocka_unit_test(
		    an_incomplete_session_is_looked_at_once_more_when_its_process_is_gone),
		cmocka_unit_test(
		    an_agent_that_was_told_what_is_missing_may_say_done_again),
		cmocka_unit_test(a_setup_runs_before_the_agent_until_it_succeeded_once),
		cmocka_unit_test(a_run_that_reached_its_limit_says_which),
		cmocka_unit_test(a_clean_exit_after_the_confirmation_is_a_report),
		cmocka_unit_test(a_clean_exit_after_a_silence_is_a_report_too),
		cmocka_unit_test(a_clean_exit_without_the_words_is_not_a_report),
		cmocka_unit_test(a_lost_run_with_a_known_id_is_resumed_in_a_new_run),
		cmocka_unit_test(a_lost_run_without_an_id_asks_the_person),
		cmocka_unit_test(a_loss_does_not_end_a_hold),
		cmocka_unit_test(a_run_that_is_lost_again_and_again_waits_for_a_person),
		cmocka_unit_test(a_lost_run_says_what_became_of_it),
		cmocka_unit_test(a_run_lost_after_its_report_keeps_what_it_reported),
		cmocka_unit_test(the_end_of_a_delivered_run_changes_nothing),
		cmocka_unit_test(a_delivery_is_reviewed_before_it_merges),
		cmocka_unit_test(an_analysis_without_files_is_done_by_its_report),
		cmocka_unit_test(an_empty_diff_is_no_delivery),
		cmocka_unit_test(an_empty_diff_of_a_gone_process_fails_at_once),
		cmocka_unit_test(uncommitted_work_is_committed_when_a_person_says_so),
		cmocka_unit_test(a_new_run_makes_the_question_about_the_rest_moot),
		cmocka_unit_test(uncommitted_work_that_is_declined_fails_and_is_pinned),
		cmocka_unit_test(a_checklist_that_cannot_be_looked_at_says_so),
		cmocka_unit_test(
		    an_old_inspection_does_not_end_a_session_that_works_again),
		cmocka_unit_test(an_agent_that_gives_up_fails_and_is_stopped),
		cmocka_unit_test(
		    a_claim_to_have_failed_after_the_delivery_changes_nothing),
		cmocka_unit_test(absurd_numbers_are_bounded),
		cmocka_unit_test(a_line_read_again_is_no_sign_of_life),
		cmocka_unit_test(the_offset_only_grows_and_begins_anew_with_each_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
