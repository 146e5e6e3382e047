#include "play.h"

/* A worktree that another program took away (promise 2): what is said of it, and what follows. */

#define GONE "its worktree /w/1A is gone: another program took it away"

static struct play *
active(void)
{
	struct play *p = play_new();

	play_open(p, 1);
	play_batch(p, 1, "1A");
	play_start(p, "1A");
	return p;
}

static void
what_is_kept_is_said_by_whoever_looked(void **state)
{
	struct play *p = active();

	(void)state;
	HAPPENS(p, HAP_TREE_GONE, "session", play_session(p, "1A")->id, "text", GONE,
	    "kept", "its branch b is gone, too, and no commit of it was seen");
	IS(p, "1A", SESSION_PARKED);
	assert_string_equal(play_session(p, "1A")->reason,
	    GONE "; its branch b is gone, too, and no commit of it was seen");
	assert_true(play_session(p, "1A")->is_tree_gone);
	play_free(p);
}

/* Journals of before are replayed to the words that people read then. */
static void
an_event_that_nobody_looked_for_says_what_should_be_there(void **state)
{
	struct play *p = active();
	struct session *s = play_session(p, "1A");
	AUTO_FREE char *want = xasprintf(
	    GONE "; kept: what it committed on %s", s->branch);

	(void)state;
	HAPPENS(p, HAP_TREE_GONE, "session", s->id, "text", GONE);
	assert_string_equal(play_session(p, "1A")->reason, want);
	play_free(p);
}

static void
a_worktree_that_is_made_again_says_where_it_begins_when_that_is_not_its_branch(
    void **state)
{
	struct play *p = active();
	const char *id = play_session(p, "1A")->id;

	(void)state;
	HAPPENS(p, HAP_TREE_GONE, "session", id, "text", GONE);
	HAPPENS(p, HAP_TREE_BACK, "session", id, "path", "/w/1A");
	OWES_NO(p, "issue-comment", NULL);
	assert_false(play_session(p, "1A")->is_tree_gone);

	HAPPENS(p, HAP_TREE_BACK, "session", id, "path", "/w/1A", "text",
	    "its branch b was gone, too, and begins again at 123");
	OWES(p, "issue-comment", NULL);
	assert_string_equal(act_text(play_act(p, "issue-comment", NULL), "text"),
	    "Its worktree was made again: its branch b was gone, too, and begins again at "
	    "123.");
	play_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_said_by_whoever_looked),
		cmocka_unit_test(
		    an_event_that_nobody_looked_for_says_what_should_be_there),
		cmocka_unit_test(
		    a_worktree_that_is_made_again_says_where_it_begins_when_that_is_not_its_branch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
