#include "core/research.h"
#include "play.h"

/* S-31, S-33: what the research of a plan came to, on record. */

static struct play *
two_tracks(void)
{
	struct play *p = play_new();

	p->output = "evidence";
	play_open(p, 3);
	play_batch(p, 1, "1A 1B");
	play_start(p, "1A");
	play_start(p, "1B");
	return p;
}

static void
nothing_is_judged_while_a_track_is_under_way_s31(void **state)
{
	struct play *p = two_tracks();

	(void)state;
	REFUSED(p, ERR_CONFLICT, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict",
	    "sufficient");
	assert_non_null(strstr(p->err.text, "0 of 2"));
	HAPPENS(p, HAP_ABANDONED, "session", play_session(p, "1A")->id);
	REFUSED(p, ERR_CONFLICT, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict",
	    "sufficient", "reason", "hurry");
	assert_non_null(strstr(p->err.text, "1 of 2"));
	play_free(p);
}

static void
there_are_two_outcomes_and_the_later_one_counts_s33(void **state)
{
	struct play *p = two_tracks();
	const struct research *r;

	(void)state;
	HAPPENS(p, HAP_ABANDONED, "session", play_session(p, "1A")->id);
	HAPPENS(p, HAP_ABANDONED, "session", play_session(p, "1B")->id);
	assert_null(core_research(p->core, "/p.md"));
	assert_false(research_is_sufficient(NULL));
	REFUSED(
	    p, ERR_USAGE, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict", "maybe");
	REFUSED(p, ERR_NOT_FOUND, HAP_RESEARCH_ASSESSED, "path", "/q.md", "verdict",
	    "sufficient");
	REFUSED(p, ERR_USAGE, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict",
	    "insufficient", "reason", "no");
	HAPPENS(p, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict", "insufficient",
	    "text", "Q1: coverage", "#follows", "1");
	r = core_research(p->core, "/p.md");
	assert_false(research_is_sufficient(r));
	assert_int_equal(r->rounds, 1);
	HAPPENS(p, HAP_RESEARCH_ASSESSED, "path", "/p.md", "verdict", "sufficient",
	    "reason", "good enough");
	r = core_research(p->core, "/p.md");
	assert_true(research_is_sufficient(r));
	assert_string_equal(r->by, "human:ada");
	assert_string_equal(r->reason, "good enough");
	assert_int_equal(r->rounds, 1);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_judged_while_a_track_is_under_way_s31),
		cmocka_unit_test(there_are_two_outcomes_and_the_later_one_counts_s33),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
