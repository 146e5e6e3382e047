#include "play.h"

#include "core/why.h"

/* Promise 6: every wait has a reason, and a command where a person can act. */

static char why[320], command[320];

static void
ask_why(struct play *p, const char *phase)
{
	session_why(p->core, play_session(p, phase), why, sizeof(why), command,
	    sizeof(command));
}

#define WHY(p, phase, part)                                      \
	do {                                                     \
		ask_why(p, phase);                               \
		if (!strstr(why, part))                          \
			fail_msg("%s has no \"%s\"", why, part); \
	} while (0)
#define COMMAND(part)                                                \
	do {                                                         \
		if (!strstr(command, part))                          \
			fail_msg("%s has no \"%s\"", command, part); \
	} while (0)

static size_t
n_needs(const struct play *p)
{
	return core_needs(p->core, NULL, 0);
}

static struct need
only_need(const struct play *p)
{
	struct need need[4];

	assert_int_equal(core_needs(p->core, need, N_ELEMS(need)), 1);
	return need[0];
}

static struct play *
running(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	return p;
}

static void
a_table_waits_for_its_approval(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 2);
	play_plan(p, 1, "1A 1B", "abcdef0123456789");
	WHY(p, "1A", "being made");
	assert_int_equal(n_needs(p), 0);
	HAPPENS(p, HAP_SESSION_FILED, "session", "p1.1.1A", "sub_issue", "DV-1");
	HAPPENS(p, HAP_SESSION_PREPARED, "session", "p1.1.1A", "path", "/w/1A");
	WHY(p, "1A", "others");
	play_prepare(p, 1);
	WHY(p, "1A", "approve the table of batch 1");
	COMMAND("divisi approve --hash abcdef012345");
	assert_string_equal(only_need(p).subject, "batch 1");
	assert_non_null(strstr(only_need(p).command, "abcdef012345"));
	HAPPENS(p, HAP_BATCH_DECLINED, "batch", "p1/1");
	WHY(p, "1A", "declined");
	assert_int_equal(n_needs(p), 0);
	play_free(p);
}

static void
what_cannot_be_prepared_says_why_and_what_to_do(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_plan(p, 1, "1A", "h");
	HAPPENS(p, HAP_ACT_FAILED, "session", "p1.1.1A", "act", "worktree-add", "text",
	    "the branch exists");
	WHY(p, "1A", "the branch exists");
	assert_non_null(strstr(only_need(p).what, "the branch exists"));
	assert_string_equal(only_need(p).command, "divisi dispatch /p.md");
	play_free(p);
}

static void
waiting_for_a_slot_says_so(void **state)
{
	struct play *p = running("1A 1B 1C 1D");

	(void)state;
	WHY(p, "1D", "3 sessions are live");
	WHY(p, "1A", "Session started");
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_LIMIT, "text", "resets at 3 pm", "#until",
	    "1700000060000", NULL);
	WHY(p, "1D", "resets at 3 pm");
	play_clock(p, 60000);
	WHY(p, "1D", "3 sessions are live");
	HAPPENS(p, HAP_CLAIMED, "session", "p1.1.1D", "override", "G05", "reason",
	    "it is urgent");
	WHY(p, "1D", "human:ada");
	COMMAND("divisi handback S-D --done");
	play_free(p);
}

static void
an_ask_names_its_question_and_both_answers(void **state)
{
	static const char *const kinds[] = { "permission", "plan", "question",
		"checkpoint", "cost", "whatever" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		struct play *p = running("1A");

		play_start(p, "1A");
		LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q", "kind", kinds[i], "text",
		    "rm -r build?", NULL);
		WHY(p, "1A", "rm -r build?");
		COMMAND(strcmp(kinds[i], "question") == 0 ? "divisi answer S-A TEXT"
							  : "divisi approve S-A");
		COMMAND("divisi decline S-A");
		assert_string_equal(only_need(p).session, "p1.1.1A");
		assert_string_equal(only_need(p).subject, "1/S-A");
		play_free(p);
	}
}

static void
a_hold_a_stall_and_a_park_say_how_to_go_on(void **state)
{
	struct play *p = running("1A 1B 1C");

	(void)state;
	play_start(p, "1A");
	HAPPENS(p, HAP_HELD, "session", "p1.1.1A");
	WHY(p, "1A", "held");
	COMMAND("divisi resume S-A");
	play_start(p, "1B");
	LINE(p, "1B", HAP_RUN_ENDED, "reason", "exited", "#status", "3", NULL);
	WHY(p, "1B", "exit 3");
	COMMAND("divisi resume S-B");
	play_clock(p, CORE_CONFIRM_LIMIT_MS);
	WHY(p, "1C", "Session started");
	COMMAND("divisi park S-C");
	assert_int_equal(n_needs(p), 3);
	HAPPENS(p, HAP_PARKED, "session", "p1.1.1A", "reason", "lunch");
	WHY(p, "1A", "lunch");
	COMMAND("divisi resume S-A");
	play_free(p);
}

static void
the_merge_queue_says_who_waits_for_whom(void **state)
{
	struct play *p = running("1A 11A 1B>11A");

	(void)state;
	play_start(p, "1B");
	play_deliver(p, "1B");
	WHY(p, "1B", "your review");
	COMMAND("divisi merge S-C");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	WHY(p, "1B", "behind S-B");
	play_start(p, "1A");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	WHY(p, "1A", "merged and verified");
	LINE(p, "1A", HAP_CANDIDATE_BUILT, "candidate", "c1", NULL);
	LINE(p, "1A", HAP_LANDING_BLOCKED, "text", "README.md is changed", "command",
	    "git merge --ff-only X", NULL);
	WHY(p, "1A", "README.md is changed");
	assert_string_equal(command, "git merge --ff-only X");
	assert_string_equal(only_need(p).session, "p1.1.1A");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	LINE(p, "1A", HAP_CANDIDATE_REFUSED, "text", "a.c: both changed", NULL);
	WHY(p, "1A", "a.c: both changed");
	COMMAND("/w/1A");
	COMMAND("divisi merge S-A");
	play_free(p);
}

static void
an_incomplete_end_says_what_is_missing(void **state)
{
	struct play *p = running("1A");

	(void)state;
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_DONE, NULL);
	WHY(p, "1A", "being verified");
	assert_int_equal(n_needs(p), 0);
	play_inspect(p, "1A", 0);
	WHY(p, "1A", "nothing was committed");
	COMMAND("divisi say S-A");
	assert_int_equal(n_needs(p), 1);
	play_free(p);
}

static void
an_end_says_how(void **state)
{
	struct play *p = running("1A 1B 1C");

	(void)state;
	play_start(p, "1A");
	play_deliver(p, "1A");
	HAPPENS(p, HAP_MERGE_ASKED, "plan", "p1");
	play_land(p, "1A");
	WHY(p, "1A", "done: c1");
	assert_string_equal(command, "");
	LINE(p, "1B", HAP_AGENT_FAILED, "text", "no compiler", NULL);
	WHY(p, "1B", "no compiler");
	COMMAND("divisi resume S-B");
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1C");
	WHY(p, "1C", "no reason given");
	assert_string_equal(command, "");
	assert_string_equal(only_need(p).command, "divisi approve p1/1");
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	assert_int_equal(n_needs(p), 0);
	play_free(p);
}

/* CONTRACTS 5: shown with the batch where the label alone would name another session. */
static void
a_command_names_the_session_it_means(void **state)
{
	struct play *p = running("1A");
	struct err err = ERR_INIT;

	(void)state;
	LINE(p, "1A", HAP_AGENT_FAILED, "text", "no", NULL);
	HAPPENS(p, HAP_BATCH_ACKED, "batch", "p1/1");
	play_batch(p, 2, "2A");
	WHY(p, "1A", "no");
	COMMAND("divisi resume 1/S-A");
	assert_ptr_equal(core_resolve(p->core, "1/S-A", &err), play_session(p, "1A"));
	ask_why(p, "2A");
	assert_ptr_equal(core_resolve(p->core, "S-A", &err), play_session(p, "2A"));
	play_free(p);
}

static void
a_session_is_found_by_every_name_it_has(void **state)
{
	static const char *const names[] = { "S-A", "1/S-A", "p1/1/S-A", "1A", "CIA-1A",
		"DV-1A", "p1.1.1A" };
	struct play *p = running("1A 1B");
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < N_ELEMS(names); i++)
		assert_ptr_equal(
		    core_resolve(p->core, names[i], &err), play_session(p, "1A"));
	assert_null(core_resolve(p->core, "S-Z", &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.fix, "divisi status"));
	assert_null(core_resolve(p->core, "", &err));
	play_free(p);
}

static void
trouble_with_the_plan_file_is_a_need(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	HAPPENS(p, HAP_WRITTEN_BACK, "plan", "p1", "trouble", "edited meanwhile");
	assert_string_equal(only_need(p).what, "edited meanwhile");
	assert_string_equal(only_need(p).subject, "plan p1");
	/* The next table reads it; before that is due nothing has to be done. */
	assert_string_equal(only_need(p).command, "divisi dispatch /p.md");
	play_free(p);
	p = running("1A");
	HAPPENS(p, HAP_WRITTEN_BACK, "plan", "p1", "trouble", "edited meanwhile");
	assert_string_equal(only_need(p).command, "");
	play_free(p);
}

static void
every_batch_says_where_it_stands(void **state)
{
	struct play *p = running("1A");

	(void)state;
	for (int i = 0; i < BATCH_N_STATES; i++) {
		struct batch_run *b = core_batch(p->core, "p1/1");

		b->state = (enum batch_state)i;
		memset(why, 0, sizeof(why));
		batch_why(p->core, b, why, sizeof(why));
		assert_true(why[0] != '\0');
	}
	play_free(p);
}

/* Texts of strangers are cut where the room ends, and nothing else happens. */
static void
long_texts_are_cut(void **state)
{
	struct play *p = running("1A");
	char *text = xcalloc(1, 5000);
	char small[8], none[1];

	(void)state;
	memset(text, 'x', 4999);
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_ASKED, "ask", "q", "kind", "question", "text", text,
	    NULL);
	ask_why(p, "1A");
	assert_int_equal(strlen(why), sizeof(why) - 1);
	session_why(
	    p->core, play_session(p, "1A"), small, sizeof(small), none, sizeof(none));
	assert_int_equal(strlen(small), 7);
	assert_int_equal(strlen(none), 0);
	free(text);
	play_free(p);
}

/* A model may fail from the first call on, before anything was said. */
static void
a_model_that_fails_is_told_before_and_after_the_start(void **state)
{
	struct play *p = play_new();

	(void)state;
	play_open(p, 1);
	play_batch(p, 1, "1A");
	LINE(p, "1A", HAP_AGENT_ACCEPTED, NULL);
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "529 overloaded", "#retries", "2",
	    NULL);
	IS(p, "1A", SESSION_UNCONFIRMED);
	WHY(p, "1A", "its model fails, 2 time(s) in a row: 529 overloaded");
	LINE(p, "1A", HAP_AGENT_CONFIRMED, NULL);
	WHY(p, "1A", "its model fails, 2 time(s)");
	LINE(p, "1A", HAP_AGENT_ACTIVITY, "text", "on it", "#progressed", "1", NULL);
	WHY(p, "1A", "works: on it");
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_waits_for_its_approval),
		cmocka_unit_test(what_cannot_be_prepared_says_why_and_what_to_do),
		cmocka_unit_test(a_model_that_fails_is_told_before_and_after_the_start),
		cmocka_unit_test(waiting_for_a_slot_says_so),
		cmocka_unit_test(an_ask_names_its_question_and_both_answers),
		cmocka_unit_test(a_hold_a_stall_and_a_park_say_how_to_go_on),
		cmocka_unit_test(the_merge_queue_says_who_waits_for_whom),
		cmocka_unit_test(an_incomplete_end_says_what_is_missing),
		cmocka_unit_test(an_end_says_how),
		cmocka_unit_test(a_command_names_the_session_it_means),
		cmocka_unit_test(a_session_is_found_by_every_name_it_has),
		cmocka_unit_test(trouble_with_the_plan_file_is_a_need),
		cmocka_unit_test(every_batch_says_where_it_stands),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
