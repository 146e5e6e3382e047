/* What a session committed beside its branch is on it before anybody reviews or lands it. */
#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/repo.h"
#include "git/tip.h"
#include "git/worktree.h"

#include <string.h>

static struct repo repo;

/* A worktree `wt` on the branch a/1, with a commit of its own. */
static void
make_tree(void)
{
	struct worktree_spec spec = { "s1", NULL, "a/1", NULL };
	struct err err = ERR_INIT;

	make_repo();
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	assert_ok(repo_prepare(&repo, &err), &err);
	spec.path = at("wt");
	spec.base = sh_out("git -C repo rev-parse main");
	assert_ok(worktree_add(&repo, &spec, &err), &err);
	sh("cd wt && echo 1 >one && git add one && git commit -qm one");
}

static void
is_tip(const char *rev)
{
	AUTO_FREE char *ask = xasprintf("git -C wt rev-parse %s", rev);
	AUTO_FREE char *want = xstrdup(sh_out("%s", ask));

	assert_string_equal(sh_out("git -C wt rev-parse refs/heads/a/1"), want);
}

static void
settles(void)
{
	struct err err = ERR_INIT;

	assert_ok(tip_settle(&repo, at("wt"), "a/1", &err), &err);
}

/* It is refused with TEXT and a mend with FIX; the branch stays at REV. */
static void
refuses(const char *text, const char *fix, const char *rev)
{
	struct err err = ERR_INIT;

	assert_int_equal(tip_settle(&repo, at("wt"), "a/1", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	if (!strstr(err.text, text) || !strstr(err.fix, fix))
		fail_msg("%s; %s", err.text, err.fix);
	is_tip(rev);
}

static void
a_worktree_on_its_branch_is_as_it_is(void **state)
{
	make_tree();
	settles();
	is_tip("HEAD");
	/* Whatever was undone there was undone on purpose. */
	sh("cd wt && git reset -q --hard HEAD~1");
	settles();
	is_tip("HEAD");
	repo_close(&repo);
}

static void
commits_on_a_detached_head_are_on_the_branch(void **state)
{
	make_tree();
	sh("cd wt && git checkout -q --detach && echo 2 >two && git add two && "
	   "git commit -qm two && echo loose >three");
	settles();
	is_tip("HEAD");
	assert_string_equal(sh_out("git -C wt log -1 --format=%%s a/1"), "two");
	/* HEAD and files are the agent's. */
	assert_string_equal(sh_out("git -C wt rev-parse --abbrev-ref HEAD"), "HEAD");
	assert_string_equal(sh_out("git -C wt status --porcelain"), "?? three");
	settles();
	repo_close(&repo);
}

static void
commits_on_another_branch_are_on_its_own(void **state)
{
	make_tree();
	sh("cd wt && git checkout -qb mine && git commit -q --allow-empty -m two");
	settles();
	is_tip("mine");
	repo_close(&repo);
}

static void
a_branch_that_was_renamed_is_made_again(void **state)
{
	make_tree();
	sh("cd wt && git branch -q -m other");
	settles();
	is_tip("other");
	repo_close(&repo);
}

static void
a_worktree_behind_its_branch_is_no_review_of_it(void **state)
{
	make_tree();
	sh("cd wt && git checkout -q --detach HEAD~1");
	refuses("has more", "checkout a/1", "a/1");
	repo_close(&repo);
}

static void
two_ways_are_not_brought_together(void **state)
{
	make_tree();
	sh("cd wt && git checkout -qb mine main && git commit -q --allow-empty -m two && "
	   "git branch -q was a/1");
	refuses("on mine at", "checkout -B a/1", "was");
	repo_close(&repo);
}

static void
a_branch_that_somebody_has_checked_out_is_not_moved(void **state)
{
	make_tree();
	sh("cd wt && git checkout -q --detach && git branch -q was a/1 && "
	   "git commit -q --allow-empty -m two && git -C ../repo checkout -q a/1");
	refuses("is checked out in", "merge --ff-only", "was");
	repo_close(&repo);
}

static void
a_worktree_that_is_gone_adds_nothing(void **state)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *was = NULL;

	make_tree();
	was = xstrdup(sh_out("git -C wt rev-parse a/1"));
	sh("rm -rf wt");
	settles();
	assert_string_equal(sh_out("git -C repo rev-parse a/1"), was);
	assert_ok(tip_settle(&repo, at("no/such"), "a/1", &err), &err);
	assert_int_equal(tip_settle(&repo, at("wt"), "-x", &err), -1);
	repo_close(&repo);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		T(a_worktree_on_its_branch_is_as_it_is),
		T(commits_on_a_detached_head_are_on_the_branch),
		T(commits_on_another_branch_are_on_its_own),
		T(a_branch_that_was_renamed_is_made_again),
		T(a_worktree_behind_its_branch_is_no_review_of_it),
		T(two_ways_are_not_brought_together),
		T(a_branch_that_somebody_has_checked_out_is_not_moved),
		T(a_worktree_that_is_gone_adds_nothing),
	};

	return cmocka_run_group_tests_name("git/tip", tests, NULL, NULL);
}
