#include "play.h"

#include <stdio.h>

/* More than was declared: asked, answered by a person, remembered (DESIGN 7, B-20, A-14). */

static struct play *
working(const char *phases)
{
	struct play *p = play_new();

	play_open(p, 9);
	play_batch(p, 1, phases);
	play_start(p, "1A");
	play_start(p, "1B");
	return p;
}

/* The agent of 1A asks for PATTERNS. */
static int
asks(struct play *p, const char *patterns)
{
	int rc;

	p->actor = "session:p1.1.1A";
	rc = HAPPEN(p, HAP_WIDEN_ASKED, "session", "p1.1.1A", "patterns", patterns,
	    "reason", "it needs it", "detail", "S-B has lib/b.c\n", "meets", "p1.1.1B");
	p->actor = "human:ada";
	return rc;
}

static void
asking_waits_for_a_person(void **state)
{
	struct play *p = working("1A 1B");
	const struct session *s;

	(void)state;
	assert_int_equal(asks(p, "lib/b.c\n"), 0);
	s = play_session(p, "1A");
	IS(p, "1A", SESSION_CHECKPOINT);
	assert_string_equal(s->ask[0].kind, "widen");
	assert_string_equal(s->ask[0].text, "may it also write lib/b.c? it needs it");
	assert_string_equal(s->ask[0].detail, "S-B has lib/b.c\n");
	assert_string_equal(s->widened, "");
	play_free(p);
}

static void
what_is_allowed_is_its_own_and_lands_behind_who_has_it(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	assert_int_equal(asks(p, "lib/b.c\nlib/c.c\n"), 0);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow", "meets",
	    "p1.1.1B,p1.1.9Z");
	assert_string_equal(play_session(p, "1A")->widened, "lib/b.c\nlib/c.c\n");
	assert_string_equal(play_session(p, "1A")->after, "1B");
	assert_non_null(strstr(act_text(play_act(p, "say", "1A"), "text"),
	    "you may also write lib/b.c, lib/c.c."));
	IS(p, "1A", SESSION_ACTIVE);
	assert_int_equal(asks(p, "lib/c.c\n"), -1);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	play_free(p);
}

/* A fence that keeps it from there is told before the agent is (CONTRACTS 8). */
static void
what_is_allowed_reaches_the_fence(void **state)
{
	static const struct {
		const char *fence, *patterns;
		bool tells;
	} table[] = {
		{ "", "lib/b.c\n", false },
		{ "off", "/srv/data\n", false },
		{ "worktree", "lib/b.c\n", false },
		{ "worktree", "/srv/data\n", true },
		{ "worktree", "lib/b.c\n/srv/data\n", true },
		{ "declared", "lib/b.c\n", true },
		{ "read-only", "notes.md\n", true },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct play *p = working("1A 1B");
		struct session *s = core_session(p->core, "p1.1.1A");

		free(s->fence);
		s->fence = xstrdup(table[i].fence);
		assert_int_equal(asks(p, table[i].patterns), 0);
		HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow");
		assert_string_equal(s->widened, table[i].patterns);
		if (table[i].tells)
			assert_string_equal(
			    act_text(play_act(p, "tell", "1A"), "order"), "widen");
		else
			OWES_NO(p, "tell", "1A");
		play_free(p);
	}
}

/* The other lands behind it already: no circle comes of it. */
static void
an_order_that_stands_is_kept(void **state)
{
	struct play *p = working("1A 1B>1A 1C>1B");

	(void)state;
	assert_int_equal(asks(p, "x"), 0);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow", "meets",
	    "p1.1.1B,p1.1.1C");
	assert_string_equal(play_session(p, "1A")->after, "");
	assert_string_equal(play_session(p, "1A")->widened, "x\n");
	play_free(p);
}

static void
what_is_refused_stays_refused_for_the_agent(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	assert_int_equal(asks(p, "lib/b.c\nlib/c.c\n"), 0);
	assert_int_equal(asks(p, "lib/b.c\n"), -1); /* asked already */
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "deny", "text",
	    "1B has it");
	assert_non_null(
	    strstr(act_text(play_act(p, "say", "1A"), "text"), "1B has it"));
	assert_string_equal(play_session(p, "1A")->widened, "");
	assert_int_equal(asks(p, "lib/c.c\n"), -1);
	assert_int_equal(p->err.kind, ERR_REFUSED);
	assert_non_null(strstr(p->err.text, "a person said no to lib/c.c: 1B has it"));
	/* A person may change their mind. */
	HAPPENS(p, HAP_WIDEN_ASKED, "session", "p1.1.1A", "patterns", "lib/c.c\n",
	    "reason", "after all");
	play_free(p);
}

static void
a_flood_of_questions_ends(void **state)
{
	struct play *p = working("1A 1B");
	char path[16];
	int n = 0;

	(void)state;
	do {
		snprintf(path, sizeof(path), "f%d\n", n);
	} while (asks(p, path) == 0 && ++n < 100);
	assert_int_equal(n, 8);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	play_free(p);
}

static void
nothing_is_asked_for_by_who_writes_no_more(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	HAPPENS(p, HAP_ABANDONED, "session", "p1.1.1A");
	assert_int_equal(asks(p, "x"), -1);
	assert_int_equal(p->err.kind, ERR_CONFLICT);
	REFUSED(p, ERR_USAGE, HAP_WIDEN_ASKED, "session", "p1.1.1B", "patterns", "\n");
	play_free(p);
}

/* divisi mcp: asked beside the agent's own stream, answered by a message. */
static void
a_question_that_was_told_is_answered_in_words(void **state)
{
	struct play *p = working("1A 1B");
	const struct session *s = play_session(p, "1A");

	(void)state;
	HAPPENS(p, HAP_AGENT_ASKED, "session", "p1.1.1A", "run", s->run, "kind",
	    "question", "text", "tabs or blanks?", "#told", "1");
	IS(p, "1A", SESSION_CHECKPOINT);
	HAPPENS(p, HAP_ASK_ANSWERED, "session", "p1.1.1A", "decision", "allow", "text",
	    "tabs");
	assert_string_equal(act_text(play_act(p, "say", "1A"), "text"),
	    "A person answered your question \"tabs or blanks?\": yes. tabs");
	OWES_NO(p, "answer", "1A");
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

static void
what_the_guard_said_is_counted(void **state)
{
	struct play *p = working("1A 1B");

	(void)state;
	HAPPENS(p, HAP_GUARDED, "session", "p1.1.1A", "#asked", "7", "#denied", "2");
	HAPPENS(p, HAP_GUARDED, "session", "p1.1.1A", "#asked", "1", "#denied", "1");
	assert_int_equal(play_session(p, "1A")->n_guarded, 8);
	assert_int_equal(play_session(p, "1A")->n_denied, 3);
	IS(p, "1A", SESSION_ACTIVE);
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asking_waits_for_a_person),
		cmocka_unit_test(
		    what_is_allowed_is_its_own_and_lands_behind_who_has_it),
		cmocka_unit_test(what_is_allowed_reaches_the_fence),
		cmocka_unit_test(an_order_that_stands_is_kept),
		cmocka_unit_test(what_is_refused_stays_refused_for_the_agent),
		cmocka_unit_test(a_flood_of_questions_ends),
		cmocka_unit_test(nothing_is_asked_for_by_who_writes_no_more),
		cmocka_unit_test(a_question_that_was_told_is_answered_in_words),
		cmocka_unit_test(what_the_guard_said_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
