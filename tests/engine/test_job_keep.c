#include "engine/job.h"

#include "../git/sandbox.h"
#include "base/mem.h"
#include "git/worktree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The job that pins what is committed now, and looks what is left of a session (promise 2). */

static struct fields in, out;
static struct err err;
static char *base;

static int
setup(void **state)
{
	struct worktree_spec spec = { .session = "s1", .branch = "b/1" };
	struct repo repo;

	err = (struct err)ERR_INIT;
	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	if (repo_open(at("repo"), &repo, &err) < 0)
		return -1;
	spec.path = at("wt");
	spec.base = base;
	fields_set(&in, "top", at("repo"));
	fields_set(&in, "home", repo.home);
	if (worktree_add(&repo, &spec, &err) < 0)
		return -1;
	repo_close(&repo);
	sh("cd wt && echo 1 >a.txt && git commit -qam one");
	return 0;
}

static int
teardown(void **state)
{
	fields_clear(&in);
	fields_clear(&out);
	free(base);
	return sandbox_teardown(state);
}

static const char *
pinned(void)
{
	return sh_out("git -C repo for-each-ref --format='%%(refname:lstrip=3)' "
		      "refs/divisi/s1 | paste -sd' '");
}

static void
keep(void)
{
	assert_ok(job_keep(&in, &out, &err), &err);
}

/* The radar's look, as job_radar() has it. */
static void
look(void)
{
	struct fields what = { 0 }, found = { 0 };

	fields_copy(&what, &in);
	fields_set_number(&what, "n_sessions", 1);
	fields_set(&what, "s0.session", "s1");
	fields_set(&what, "s0.path", at("wt"));
	fields_set(&what, "s0.target", "main");
	assert_ok(job_radar(&what, &found, &err), &err);
	fields_clear(&what);
	fields_clear(&found);
}

static void
ask_for_rest(void)
{
	fields_set_number(&in, "gone", 1);
	fields_set_number(&in, "live", 1);
	fields_set(&in, "session", "s1");
	fields_set(&in, "branch", "b/1");
	keep();
}

static void
take(const char *branch)
{
	sh("cd repo && git worktree remove -f -f ../wt && %s", branch);
}

/* The words that the job must say, of the branch's tip. */
static void
says(const char *fmt, const char *tip)
{
	AUTO_FREE char *short_tip = xstrndup(tip, 12);
	AUTO_FREE char *want = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	want = xasprintf(fmt, short_tip);
#pragma GCC diagnostic pop
	assert_string_equal(fields_text(&out, "kept"), want);
}

static void
one_that_cannot_be_pinned_keeps_no_other_from_being_pinned(void **state)
{
	(void)state;
	fields_set_number(&in, "n_sessions", 2);
	fields_set(&in, "s0.session", "s0");
	fields_set(&in, "s0.path", at("nowhere"));
	fields_set(&in, "s1.session", "s1");
	fields_set(&in, "s1.path", at("wt"));
	keep();
	assert_non_null(strstr(fields_text(&out, "trouble"), "nowhere is no worktree"));
	assert_string_equal(pinned(), "base head");
}

static void
what_is_on_its_branch_is_pinned_when_its_worktree_is_gone(void **state)
{
	const char *tip = sh_out("git -C wt rev-parse HEAD");

	(void)state;
	take("true");
	ask_for_rest();
	says(
	    "kept: what it committed on b/1 (%s); of what was not committed nothing is kept",
	    tip);
	assert_string_equal(pinned(), "base head");
}

static void
nothing_is_said_to_be_kept_of_what_is_gone(void **state)
{
	(void)state;
	take("git branch -qD b/1");
	ask_for_rest();
	says(
	    "its branch b/1 is gone, too, and no commit of it was seen; of what was not "
	    "committed nothing is kept",
	    "");
	assert_string_equal(pinned(), "base");
}

static void
what_the_radar_saw_last_is_pinned_with_the_commit_it_is_on(void **state)
{
	const char *tip = sh_out("git -C wt rev-parse HEAD");

	(void)state;
	sh("cd wt && echo 2 >a.txt && echo 3 >new");
	look();
	take("git branch -qD b/1");
	ask_for_rest();
	says(
	    "kept: what it committed (%s); its branch b/1 is gone, too; kept: what was not "
	    "committed, as it was seen last (snapshot-1)",
	    tip);
	sh("rm -rf repo/.git/divisi/radar; cd repo; git prune --expire=now");
	assert_string_equal(
	    sh_out("git -C repo show refs/divisi/s1/snapshot-1:new"), "3");
}

/* The radar looks every few seconds: a person may have asked for a snapshot meanwhile. */
static void
a_snapshot_that_is_younger_than_the_last_look_stays_the_newest(void **state)
{
	struct repo repo;
	struct pin pin = { 0 };

	(void)state;
	sh("echo 2 >wt/new");
	look();
	sh("echo 3 >wt/new");
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	pin_clear(&pin);
	repo_close(&repo);
	sh("touch -d @$(($(stat -c %%Y repo/.git/refs/divisi/s1/snapshot-1) + 1)) "
	   "repo/.git/refs/divisi/s1/snapshot-1");
	take("true");
	ask_for_rest();
	assert_string_equal(pinned(), "base head snapshot-1");
}

static void
a_look_of_before_its_run_is_not_taken_for_its_last(void **state)
{
	(void)state;
	sh("echo 2 >wt/new");
	look();
	take("true");
	fields_set_number(&in, "since", INT64_C(32503680000000));
	ask_for_rest();
	assert_string_equal(pinned(), "base head");
}

static void
a_worktree_that_is_made_again_says_where_it_begins(void **state)
{
	struct repo repo;

	(void)state;
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	assert_null(job_tree_from(&repo, "s1", "b/1"));
	take("git branch -qD b/1");
	AUTO_FREE char *lost = job_tree_from(&repo, "s1", "b/1");
	assert_non_null(strstr(lost, "it begins where it began"));
	sh("cd repo && git update-ref refs/divisi/s1/head $(git commit-tree -p main -m x "
	   "main^{tree})");
	AUTO_FREE char *pin = job_tree_from(&repo, "s1", "b/1");
	AUTO_FREE char *want = xasprintf("begins again at %.12s",
	    sh_out("git -C repo rev-parse refs/divisi/s1/head"));
	assert_non_null(strstr(pin, want));
	repo_close(&repo);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_cannot_be_pinned_keeps_no_other_from_being_pinned),
		TEST(what_is_on_its_branch_is_pinned_when_its_worktree_is_gone),
		TEST(nothing_is_said_to_be_kept_of_what_is_gone),
		TEST(what_the_radar_saw_last_is_pinned_with_the_commit_it_is_on),
		TEST(a_snapshot_that_is_younger_than_the_last_look_stays_the_newest),
		TEST(a_look_of_before_its_run_is_not_taken_for_its_last),
		TEST(a_worktree_that_is_made_again_says_where_it_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
