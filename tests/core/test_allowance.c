#include "play.h"

/* What a person allows beforehand, and what is answered because nobody did. */

static struct play *
two_sessions(const char *ask_ms)
{
	struct play *p = play_new();

	HAPPENS(p, HAP_PLAN_OPENED, "path", "/p.md", "title", "A plan", "plan_hash",
	    "ph", "target", "main", "merge", "ask", "#cap", "3", "#threshold", "1000",
	    "#n_phases", "9", "#ask_ms", ask_ms);
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	play_start(p, "1B");
	return p;
}

static void
wants(struct play *p, const char *phase, const char *id, const char *action)
{
	LINE(p, phase, HAP_AGENT_ASKED, "ask", id, "kind", "permission", "text",
	    "may I?", "action", action, NULL);
}

static struct ask *
last_ask(struct play *p, const char *phase)
{
	struct session *s = play_session(p, phase);

	return &s->ask[s->n_asks - 1];
}

static int
allow(struct play *p, const char *phase, const char *scope, const char *pattern)
{
	return HAPPEN(p, HAP_ASK_ANSWERED, "session", play_session(p, phase)->id,
	    "decision", "allow", "scope", scope, "pattern", pattern);
}

static void
questions_have_numbers_of_their_own(void **state)
{
	struct play *p = two_sessions("0");
	struct session *whose = NULL;

	(void)state;
	wants(p, "1B", "q1", "Bash: make");
	wants(p, "1A", "q1", "Bash: make");
	wants(p, "1A", "q2", "Bash: make");
	assert_int_equal(play_session(p, "1B")->ask[0].number, 1);
	assert_int_equal(play_session(p, "1A")->ask[0].number, 2);
	assert_int_equal(play_session(p, "1A")->ask[1].number, 3);
	assert_ptr_equal(core_ask(p->core, 3, &whose), &play_session(p, "1A")->ask[1]);
	assert_ptr_equal(whose, play_session(p, "1A"));
	assert_null(core_ask(p->core, 4, &whose));
	assert_null(core_ask(p->core, 0, &whose));
	HAPPENS(p, HAP_ASK_ANSWERED, "session", whose->id, "#number", "3", "decision",
	    "deny");
	assert_string_equal(play_session(p, "1A")->ask[0].decision, "");
	assert_string_equal(play_session(p, "1A")->ask[1].decision, "deny");
	play_free(p);
}

static void
for_this_session_is_this_request_in_this_session(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	wants(p, "1A", "q1", "Bash: make *");
	assert_int_equal(allow(p, "1A", "session", ""), 0);
	wants(p, "1A", "q2", "Bash: make *");
	assert_string_equal(last_ask(p, "1A")->decision, "allow");
	assert_string_equal(last_ask(p, "1A")->by, "rule r1 of human:ada");
	OWES(p, "answer", "1A");
	IS(p, "1A", SESSION_ACTIVE);
	/* The star is the agent's own: it stands for itself. */
	wants(p, "1A", "q3", "Bash: make install");
	assert_string_equal(last_ask(p, "1A")->decision, "");
	wants(p, "1B", "q1", "Bash: make *");
	assert_string_equal(last_ask(p, "1B")->decision, "");
	play_free(p);
}

static void
a_rule_holds_for_the_plan_and_for_what_is_asked_already(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	wants(p, "1B", "q1", "Bash: make test");
	wants(p, "1A", "q1", "Bash: make check");
	assert_int_equal(allow(p, "1A", "plan", "Bash: make *"), 0);
	assert_string_equal(last_ask(p, "1B")->decision, "allow");
	assert_string_equal(last_ask(p, "1B")->by, "rule r1 of human:ada");
	assert_int_equal(core_allowance(p->core, "r1")->n_used, 1);
	wants(p, "1B", "q2", "Bash: make; rm -rf /");
	assert_string_equal(last_ask(p, "1B")->decision, "");
	play_free(p);
}

static void
a_rule_that_does_not_fit_what_is_asked_is_refused(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	wants(p, "1A", "q1", "Bash: make check");
	assert_int_equal(allow(p, "1A", "plan", "Bash: npm *"), -1);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	assert_int_equal(allow(p, "1A", "plan", "*"), -1);
	assert_int_equal(allow(p, "1A", "everywhere", "Bash: *"), -1);
	REFUSED(p, ERR_USAGE, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision",
	    "deny", "scope", "plan", "pattern", "Bash: *");
	assert_string_equal(last_ask(p, "1A")->decision, "");
	assert_int_equal(p->core->n_allowances, 0);
	play_free(p);
}

/* Plans, questions and costs are looked at each time; so is what is not known whole. */
static void
only_a_permission_known_as_a_whole_is_allowed_by_rule(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q1", "kind", "plan", "action", "Bash: a",
	    NULL);
	assert_int_equal(allow(p, "1A", "plan", "Bash: *"), -1);
	assert_int_equal(allow(p, "1A", "once", ""), 0);
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q2", "kind", "permission", "action",
	    "Bash: a", "#cut", "1", NULL);
	assert_int_equal(allow(p, "1A", "session", ""), -1);
	assert_int_equal(allow(p, "1A", "once", ""), 0);
	wants(p, "1A", "q3", "Bash: a");
	assert_int_equal(allow(p, "1A", "repository", "Bash: *"), 0);
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q4", "kind", "question", "action",
	    "Bash: a", NULL);
	assert_string_equal(last_ask(p, "1A")->decision, "");
	assert_int_equal(allow(p, "1A", "once", ""), 0);
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q5", "kind", "permission", "action",
	    "Bash: a", "#cut", "1", NULL);
	assert_string_equal(last_ask(p, "1A")->decision, "");
	play_free(p);
}

static void
a_rule_taken_back_allows_nothing_more(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	wants(p, "1A", "q1", "Bash: make");
	assert_int_equal(allow(p, "1A", "plan", "Bash: make"), 0);
	REFUSED(p, ERR_NOT_FOUND, HAP_ALLOWANCE_ENDED, "allowance", "r2");
	HAPPENS(p, HAP_ALLOWANCE_ENDED, "allowance", "r1");
	REFUSED(p, ERR_NOT_FOUND, HAP_ALLOWANCE_ENDED, "allowance", "r1");
	assert_string_equal(core_allowance(p->core, "r1")->ended_by, "human:ada");
	wants(p, "1A", "q2", "Bash: make");
	assert_string_equal(last_ask(p, "1A")->decision, "");
	play_free(p);
}

static void
a_rule_is_for_the_agent_it_was_made_for(void **state)
{
	struct play *p = two_sessions("0");
	struct session *other = play_session(p, "1B");

	(void)state;
	free(other->agent);
	other->agent = xstrdup("codex");
	wants(p, "1A", "q1", "Bash: make");
	assert_int_equal(allow(p, "1A", "repository", "Bash: make"), 0);
	wants(p, "1B", "q1", "Bash: make");
	assert_string_equal(last_ask(p, "1B")->decision, "");
	play_free(p);
}

/* J-32: nobody is no answer; and where a limit was set, the answer is no. */
static void
a_question_waits_for_ever_unless_told_otherwise_and_then_it_is_no(void **state)
{
	struct play *p = two_sessions("0");

	(void)state;
	wants(p, "1A", "q1", "Bash: make");
	play_clock(p, 365LL * 24 * 3600 * 1000);
	assert_string_equal(last_ask(p, "1A")->decision, "");
	play_free(p);
	p = two_sessions("60000");
	wants(p, "1A", "q1", "Bash: make");
	assert_true(core_next_deadline(p->core) == p->now + 60000);
	play_clock(p, 59000);
	assert_string_equal(last_ask(p, "1A")->decision, "");
	play_clock(p, 1000);
	assert_string_equal(last_ask(p, "1A")->decision, "deny");
	assert_string_equal(last_ask(p, "1A")->by, "server");
	assert_string_equal(act_text(play_act(p, "answer", "1A"), "decision"), "deny");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
a_hold_for_cost_that_nobody_answers_parks(void **state)
{
	struct play *p = two_sessions("60000");

	(void)state;
	LINE(p, "1A", HAP_AGENT_ESTIMATE, "#cost", "2000", NULL);
	IS(p, "1A", SESSION_CHECKPOINT);
	play_clock(p, 61000);
	IS(p, "1A", SESSION_PARKED);
	assert_non_null(play_act(p, "tell", "1A"));
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_have_numbers_of_their_own),
		cmocka_unit_test(for_this_session_is_this_request_in_this_session),
		cmocka_unit_test(
		    a_rule_holds_for_the_plan_and_for_what_is_asked_already),
		cmocka_unit_test(a_rule_that_does_not_fit_what_is_asked_is_refused),
		cmocka_unit_test(only_a_permission_known_as_a_whole_is_allowed_by_rule),
		cmocka_unit_test(a_rule_taken_back_allows_nothing_more),
		cmocka_unit_test(a_rule_is_for_the_agent_it_was_made_for),
		cmocka_unit_test(
		    a_question_waits_for_ever_unless_told_otherwise_and_then_it_is_no),
		cmocka_unit_test(a_hold_for_cost_that_nobody_answers_parks),
	};

	return cmocka_run_group_tests_name("core/allowance", tests, NULL, NULL);
}
