#include "core/internal.h"
#include "play.h"

/* SPEC 2.14: what a session that only looks hands over is checked, asked for once more, refused. */

static struct play *
one_that_looks(void)
{
	struct play *p = play_new();
	struct session *s;

	play_open(p, 3);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	s = play_session(p, "1A");
	s->is_analysis = true;
	core_set(&s->output, "findings");
	core_set(&s->path, "/w");
	return p;
}

static void
is_inspected(struct play *p, const char *wrong, const char *path)
{
	HAPPENS(p, HAP_INSPECTED, "session", play_session(p, "1A")->id, "why", "exit",
	    "output_wrong", wrong, "output_path", path, "#output_items", "2");
}

static void
what_fits_is_the_evidence_of_its_end(void **state)
{
	struct play *p = one_that_looks();
	struct session *s = play_session(p, "1A");

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "reviewed", NULL);
	is_inspected(p, "", "/runs/r1/findings.json");
	IS(p, "1A", SESSION_DONE);
	assert_string_equal(s->evidence, "2 findings in /runs/r1/findings.json");
	play_free(p);
}

static void
what_does_not_fit_is_told_once_and_then_refused(void **state)
{
	struct play *p = one_that_looks();
	struct session *s = play_session(p, "1A");
	const struct act *say;

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "reviewed", NULL);
	is_inspected(p, "findings[0].text is missing", "");
	IS(p, "1A", SESSION_EXITING);
	say = play_act(p, "say", "1A");
	assert_non_null(say);
	assert_non_null(strstr(act_text(say, "text"), "findings[0].text is missing"));
	LINE(p, "1A", HAP_AGENT_DONE, "text", "again", NULL);
	OWES(p, "inspect", "1A");
	is_inspected(p, "it is empty", "");
	IS(p, "1A", SESSION_FAILED);
	assert_non_null(strstr(s->reason, "refused"));
	assert_non_null(strstr(s->reason, "it is empty"));
	OWES(p, "tell", "1A");
	play_free(p);
}

static void
what_is_mended_is_taken(void **state)
{
	struct play *p = one_that_looks();

	(void)state;
	LINE(p, "1A", HAP_AGENT_DONE, "text", "reviewed", NULL);
	is_inspected(p, "it is empty", "");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "again", NULL);
	is_inspected(p, "", "/runs/r1/findings.json");
	IS(p, "1A", SESSION_DONE);
	play_free(p);
}

/* One whose process ended with its report is asked in a new run of its conversation. */
static void
who_is_gone_is_asked_in_a_new_run(void **state)
{
	struct play *p = one_that_looks();
	struct session *s = play_session(p, "1A");
	const struct act *launch;

	(void)state;
	core_set(&s->agent_session, "conversation");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "reviewed", NULL);
	LINE(p, "1A", HAP_RUN_ENDED, "reason", "exited", "#clean", "1", NULL);
	is_inspected(p, "it is empty", "");
	IS(p, "1A", SESSION_LAUNCHING);
	launch = play_act(p, "launch", "1A");
	assert_non_null(launch);
	assert_string_equal(act_text(launch, "resume"), "conversation");
	assert_non_null(strstr(act_text(launch, "note"), "it is empty"));
	play_start(p, "1A");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "again", NULL);
	is_inspected(p, "it is empty", "");
	IS(p, "1A", SESSION_FAILED);
	play_free(p);
}

static void
nobody_else_is_asked_for_output(void **state)
{
	struct play *p = one_that_looks();

	(void)state;
	core_set(&play_session(p, "1A")->output, "");
	LINE(p, "1A", HAP_AGENT_DONE, "text", "looked", NULL);
	is_inspected(p, "", "");
	IS(p, "1A", SESSION_DONE);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_the_evidence_of_its_end),
		cmocka_unit_test(what_does_not_fit_is_told_once_and_then_refused),
		cmocka_unit_test(what_is_mended_is_taken),
		cmocka_unit_test(who_is_gone_is_asked_in_a_new_run),
		cmocka_unit_test(nobody_else_is_asked_for_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
