#include "engine/lessons.h"

#include "../git/sandbox.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static int
setup(void **state)
{
	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	/* Twenty lines to change. */
	sh("cd repo && seq 20 >f.txt && git add f.txt && git commit -qm f");
	return 0;
}

static double
size_of(void *arg, const char *path)
{
	return 50;
}

struct taught {
	struct repo repo;
	struct history history;
	struct lessons lessons;
};

static struct taught
learn(void)
{
	struct history_want want = { .max = 1000, .edits = true };
	struct err err = ERR_INIT;
	struct taught t;

	assert_ok(repo_open(at("repo"), &t.repo, &err), &err);
	assert_ok(history_read(&t.repo, &want, &t.history, &err), &err);
	lessons_collect(&t.history, size_of, NULL, &t.lessons);
	return t;
}

static void
taught_clear(struct taught *t)
{
	lessons_clear(&t->lessons);
	history_clear(&t->history);
	repo_close(&t->repo);
}

/* Branch NAME from main changes line LINE of f.txt; main goes on to be where it was. */
static void
branch(const char *name, int line, const char *with)
{
	sh("cd repo && git checkout -q -b %s main && sed -i '%d%s' f.txt && "
	   "git commit -qam %s && git checkout -q main",
	    name, line, with, name);
}

static void
land(const char *name)
{
	sh("cd repo && git merge -q --no-ff --no-edit %s", name);
}

static void
branches_that_changed_far_lines_did_not_collide(void **state)
{
	struct taught t;

	branch("a", 3, "s/^/A/");
	branch("b", 15, "s/^/B/");
	land("a");
	land("b");
	t = learn();
	assert_int_equal(t.lessons.n, 1);
	assert_false(t.lessons.sample[0].is_conflict);
	assert_int_equal(t.lessons.sample[0].n, 1);
	assert_string_equal(t.lessons.sample[0].file[0].path, "f.txt");
	assert_true(t.lessons.sample[0].asked_at < t.lessons.sample[0].known_at);
	taught_clear(&t);
}

/* B was resolved by hand when it landed, as whoever comes second does. */
static void
branches_that_changed_the_same_lines_collided(void **state)
{
	struct taught t;

	branch("a", 3, "s/^/A/");
	branch("b", 4, "s/^/B/");
	land("a");
	assert_int_not_equal(
	    sh_status("cd repo && git merge -q --no-ff --no-edit b"), 0);
	sh("cd repo && git checkout -q --ours f.txt && sed -i '4s/^/B/' f.txt && "
	   "git commit -qam 'merge b'");
	t = learn();
	assert_int_equal(t.lessons.n, 1);
	assert_true(t.lessons.sample[0].is_conflict);
	assert_true(t.lessons.sample[0].is_hit[0]);
	taught_clear(&t);
}

/* Lines are followed through what landed in between. */
static void
lines_that_moved_are_still_the_same_lines(void **state)
{
	struct taught t;
	size_t n_conflicts = 0;

	branch("a", 10, "s/^/A/");
	branch("b", 11, "s/^/B/");
	sh("cd repo && git checkout -q -b c main && sed -i '1i one\\ntwo\\nthree' f.txt "
	   "&& git commit -qam c && git checkout -q main");
	land("a");
	land("c");
	assert_int_not_equal(
	    sh_status("cd repo && git merge -q --no-ff --no-edit b"), 0);
	sh("cd repo && git checkout -q --ours f.txt && sed -i '14s/^/B/' f.txt && "
	   "git commit -qam 'merge b'");
	t = learn();
	assert_int_equal(t.lessons.n, 3);
	for (size_t i = 0; i < t.lessons.n; i++)
		n_conflicts += t.lessons.sample[i].is_conflict;
	assert_int_equal(n_conflicts, 1);
	taught_clear(&t);
}

static void
lines_that_a_third_rewrote_are_not_judged(void **state)
{
	struct taught t;

	branch("b", 12, "s/^/B/");
	sh("cd repo && git checkout -q -b a main && sed -i '3s/^/A/' f.txt && "
	   "git commit -qam a && git checkout -q main");
	land("a");
	sh("cd repo && sed -i '2,4d' f.txt && git commit -qam third");
	land("b");
	t = learn();
	assert_int_equal(t.lessons.n_unjudged, 1);
	taught_clear(&t);
}

static void
work_that_began_after_the_other_landed_is_no_sibling(void **state)
{
	struct taught t;

	branch("a", 3, "s/^/A/");
	land("a");
	branch("b", 3, "s/^/B/");
	land("b");
	sh("cd repo && sed -i '3s/^/C/' f.txt && git commit -qam plain");
	t = learn();
	assert_int_equal(t.lessons.n, 0);
	taught_clear(&t);
}

static void
both_making_a_file_is_a_conflict_and_odd(void **state)
{
	struct taught t;

	sh("cd repo && git checkout -q -b a main && echo 1 >new && git add new && "
	   "git commit -qm a && git checkout -q -b b main && echo 2 >new && git add new && "
	   "git commit -qm b && git checkout -q main");
	land("a");
	assert_int_not_equal(
	    sh_status("cd repo && git merge -q --no-ff --no-edit b"), 0);
	sh("cd repo && echo 3 >new && git commit -qam 'merge b'");
	t = learn();
	assert_int_equal(t.lessons.n, 1);
	assert_true(t.lessons.sample[0].is_conflict);
	assert_true(t.lessons.sample[0].file[0].is_odd);
	taught_clear(&t);
}

static void
a_single_commit_teaches_nothing(void **state)
{
	struct taught t = learn();

	assert_int_equal(t.lessons.n, 0);
	assert_int_equal(t.lessons.n_unjudged, 0);
	taught_clear(&t);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		CASE(branches_that_changed_far_lines_did_not_collide),
		CASE(branches_that_changed_the_same_lines_collided),
		CASE(lines_that_moved_are_still_the_same_lines),
		CASE(lines_that_a_third_rewrote_are_not_judged),
		CASE(work_that_began_after_the_other_landed_is_no_sibling),
		CASE(both_making_a_file_is_a_conflict_and_odd),
		CASE(a_single_commit_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
