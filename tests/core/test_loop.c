#include "core/internal.h"
#include "core/why.h"
#include "play.h"

/* SPEC 2.17: a session that works its tasks one by one, and what divisi believes of it. */

static struct play *
at_work(int tasks, bool is_fresh)
{
	struct play *p = play_new();

	p->loop_tasks = tasks;
	p->loop_is_fresh = is_fresh;
	play_open(p, 2);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	return p;
}

/* A turn ends with SIGNALS; then N_COMMITS are there. */
static void
turn(struct play *p, const char *signals, int n_commits)
{
	LINE(p, "1A", HAP_AGENT_DONE, "text", "a turn", "#signals", signals, NULL);
	IS(p, "1A", SESSION_EXITING);
	play_inspect(p, "1A", n_commits);
}

static const char *
told(const struct play *p)
{
	const struct act *say = play_act(p, "say", "1A");

	return say ? act_text(say, "text") : "";
}

static void
tasks_go_on_in_one_session_until_the_last_r151(void **state)
{
	struct play *p = at_work(3, false);

	(void)state;
	turn(p, "1", 1);
	IS(p, "1A", SESSION_ACTIVE);
	assert_non_null(strstr(told(p), "Go on with task 2"));
	turn(p, "1", 2);
	assert_non_null(strstr(told(p), "Go on with task 3"));
	OWES(p, "checkpoint", "1A");
	turn(p, "1", 3);
	IS(p, "1A", SESSION_IN_REVIEW);
	OWES_NO(p, "say", "1A");
	assert_int_equal(play_session(p, "1A")->n_runs, 1);
	play_free(p);
}

static void
a_task_without_a_commit_is_not_done_r152(void **state)
{
	struct play *p = at_work(2, false);
	struct session *s = play_session(p, "1A");

	(void)state;
	turn(p, "1", 1);
	turn(p, "1", 1);
	IS(p, "1A", SESSION_ACTIVE);
	assert_int_equal(s->loop.done, 1);
	assert_int_equal(s->loop.tries, 2);
	assert_non_null(strstr(told(p), "nothing was committed for it"));
	/* What lies there uncommitted is its agent's to commit, and nobody else is asked. */
	LINE(p, "1A", HAP_AGENT_DONE, "text", "a turn", "#signals", "1", NULL);
	LINE(p, "1A", HAP_INSPECTED, "why", "exit", "head", "abc", "pin", "pin",
	    "#commits", "2", "#files", "2", "#dirty", "1", "missing",
	    "a file is not committed", NULL);
	assert_non_null(strstr(told(p), "its work is not committed"));
	assert_null(session_open_ask(s));
	play_free(p);
}

static void
the_word_may_come_before_the_end_of_the_turn(void **state)
{
	struct play *p = at_work(2, false);
	struct session *s = play_session(p, "1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "TASK_COMPLETE", "#signals", "1",
	    NULL);
	turn(p, "0", 1);
	assert_int_equal(s->loop.done, 1);
	/* And counts for that turn alone. */
	turn(p, "0", 2);
	assert_int_equal(s->loop.done, 1);
	assert_int_equal(s->loop.tries, 2);
	play_free(p);
}

static void
a_line_that_is_read_again_counts_once(void **state)
{
	struct play *p = at_work(3, false);
	struct session *s = play_session(p, "1A");
	AUTO_FREE char *run = xstrdup(s->run);

	(void)state;
	turn(p, "1", 1);
	HAPPENS(p, HAP_AGENT_ACTIVITY, "session", s->id, "run", run, "#offset", "5",
	    "#signals", "1");
	turn(p, "0", 2);
	assert_int_equal(s->loop.done, 1);
	play_free(p);
}

static void
the_fifth_attempt_is_a_persons_and_a_failed_approach_r156_r24(void **state)
{
	struct play *p = at_work(2, false);
	struct session *s = play_session(p, "1A");
	struct need need;

	(void)state;
	for (int i = 0; i < 3; i++) {
		turn(p, "0", 0);
		IS(p, "1A", SESSION_ACTIVE);
	}
	assert_non_null(strstr(told(p), "the last attempt"));
	turn(p, "0", 0);
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(strstr(s->reason, "task 1 of 2 is blocked after 4 attempts"));
	OWES(p, "issue-comment", "1A");
	OWES(p, "inspect", "1A");
	assert_int_equal(s->n_failed, 1);
	assert_int_equal(core_needs(p->core, &need, 1), 1);
	/* A person lets it go on: the attempts count anew, what is done stays. */
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	HAPPENS(p, HAP_RESUMED, "session", s->id, "#resumable", "1");
	assert_int_equal(s->loop.tries, 1);
	play_start(p, "1A");
	for (int i = 0; i < 4; i++)
		turn(p, "0", 0);
	IS(p, "1A", SESSION_PARKED);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	/* Two approaches failed on this issue: only with a reason (G18). */
	REFUSED(p, ERR_REFUSED, HAP_RESUMED, "session", s->id);
	assert_string_equal(p->err.code, "G18");
	HAPPENS(
	    p, HAP_RESUMED, "session", s->id, "override", "G18", "reason", "new idea");
	play_free(p);
}

static void
a_fresh_conversation_for_each_task_r151(void **state)
{
	struct play *p = at_work(2, true);
	struct session *s = play_session(p, "1A");

	(void)state;
	turn(p, "1", 1);
	OWES(p, "tell", "1A");
	OWES_NO(p, "say", "1A");
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	OWES(p, "launch", "1A");
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "");
	assert_non_null(
	    strstr(act_text(play_act(p, "launch", "1A"), "note"), "Go on with task 2"));
	assert_int_equal(s->n_splits, 0);
	assert_int_equal(s->n_failed, 0);
	play_start(p, "1A");
	turn(p, "1", 2);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

static void
who_ended_is_started_again_for_the_next_task(void **state)
{
	struct play *p = at_work(2, false);

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "a turn", "#signals", "1", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", NULL);
	play_inspect(p, "1A", 1);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_string_equal(act_text(play_act(p, "launch", "1A"), "resume"), "uuid");
	play_free(p);
}

static void
a_lost_run_is_an_attempt_r156(void **state)
{
	struct play *p = at_work(2, false);
	struct session *s = play_session(p, "1A");

	(void)state;
	LINE(p, "1A", HAP_RUN_LOST, "#resumable", "1", NULL);
	IS(p, "1A", SESSION_LAUNCHING);
	assert_int_equal(s->loop.tries, 2);
	play_free(p);
}

static void
without_a_loop_done_is_done(void **state)
{
	struct play *p = at_work(0, false);

	(void)state;
	turn(p, "0", 1);
	IS(p, "1A", SESSION_IN_REVIEW);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_go_on_in_one_session_until_the_last_r151),
		cmocka_unit_test(a_task_without_a_commit_is_not_done_r152),
		cmocka_unit_test(the_word_may_come_before_the_end_of_the_turn),
		cmocka_unit_test(a_line_that_is_read_again_counts_once),
		cmocka_unit_test(
		    the_fifth_attempt_is_a_persons_and_a_failed_approach_r156_r24),
		cmocka_unit_test(a_fresh_conversation_for_each_task_r151),
		cmocka_unit_test(who_ended_is_started_again_for_the_next_task),
		cmocka_unit_test(a_lost_run_is_an_attempt_r156),
		cmocka_unit_test(without_a_loop_done_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
