#include "sandbox.h"

#include "base/mem.h"
#include "git/pin.h"
#include "git/worktree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What of a session that still works, or of which only others know, is pinned (promise 2). */

static struct repo repo;
static char *base;

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	struct worktree_spec spec = { .session = "s1", .branch = "b/1" };

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	if (repo_open(at("repo"), &repo, &err) < 0)
		return -1;
	spec.path = at("wt");
	spec.base = base;
	return worktree_add(&repo, &spec, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	free(base);
	return sandbox_teardown(state);
}

static void
pin_tip(void)
{
	struct err err = ERR_INIT;

	assert_ok(worktree_pin_tip(&repo, at("wt"), "s1", &err), &err);
}

static const char *
refs(void)
{
	return sh_out("git -C repo for-each-ref --format='%%(refname:lstrip=3)' "
		      "refs/divisi/s1 | paste -sd' '");
}

static void
a_tip_is_pinned_without_the_files(void **state)
{
	const char *index;

	(void)state;
	sh("cd wt && echo 1 >a.txt && git commit -qam one && echo 2 >a.txt && echo 3 >new");
	index = sh_out("sha256sum <$(git -C wt rev-parse --git-path index)");
	pin_tip();
	assert_string_equal(refs(), "base head");
	assert_string_equal(sh_out("git -C repo rev-parse refs/divisi/s1/head"),
	    sh_out("git -C wt rev-parse HEAD"));
	assert_string_equal(
	    sh_out("sha256sum <$(git -C wt rev-parse --git-path index)"), index);
}

static void
what_was_amended_and_what_was_dropped_between_two_looks_stays_pinned(void **state)
{
	(void)state;
	sh("cd wt && echo 1 >a.txt && git commit -qam one && git rev-parse HEAD >../all");
	pin_tip();
	sh("cd wt && git commit -q --amend -m two && git rev-parse HEAD >>../all && "
	   "git commit -q --amend -m three && git rev-parse HEAD >>../all && "
	   "git reset -q --hard HEAD~");
	pin_tip();
	sh("git -C repo worktree remove -f -f ../wt && git -C repo branch -qD b/1");
	sh("cd repo && git prune --expire=now && for c in $(cat ../all); do git for-each-ref "
	   "--contains $c refs/divisi | grep -q .; done");
}

/* The same state once more: no new ref. */
static void
a_tip_that_did_not_move_makes_no_new_ref(void **state)
{
	const char *before;

	(void)state;
	sh("cd wt && echo 1 >a.txt && git commit -qam one && git commit -q --amend -m two");
	pin_tip();
	before = refs();
	pin_tip();
	assert_string_equal(refs(), before);
}

static void
a_branch_that_is_gone_begins_again_where_it_was_pinned(void **state)
{
	struct worktree_spec spec = { .session = "s1", .branch = "b/1", .base = base };
	struct err err = ERR_INIT;
	const char *tip;

	(void)state;
	sh("cd wt && echo 1 >a.txt && git commit -qam one");
	tip = sh_out("git -C wt rev-parse HEAD");
	pin_tip();
	sh("git -C repo worktree remove -f -f ../wt && git -C repo branch -qD b/1");
	spec.path = at("wt");
	assert_ok(worktree_add(&repo, &spec, &err), &err);
	assert_string_equal(sh_out("git -C wt rev-parse b/1"), tip);
}

/* As the radar has it: a commit on HEAD in a store that borrows ours. */
static const char *
borrow(void)
{
	sh("mkdir -p store/info && echo %s/objects >store/info/alternates",
	    repo.common_dir);
	return sh_out("cd wt && cp -p $(git rev-parse --git-path index) ../index && "
		      "export GIT_OBJECT_DIRECTORY=$PWD/../store "
		      "GIT_INDEX_FILE=$PWD/../index && git add -A && "
		      "git commit-tree -p HEAD -m seen $(git write-tree)");
}

static void
files_that_another_store_has_are_pinned_as_a_snapshot(void **state)
{
	struct err err = ERR_INIT;
	const char *commit, *head;

	(void)state;
	sh("cd wt && echo 1 >a.txt && git commit -qam one && echo 2 >a.txt && mkdir d && "
	   "echo 3 >d/new");
	head = sh_out("git -C wt rev-parse HEAD");
	commit = borrow();
	pin_tip();
	assert_null(pin_snapshot_on(&repo, "s1", head));
	assert_ok(pin_borrowed(&repo, at("store"), "s1", head, commit, &err), &err);
	sh("rm -rf store");
	assert_string_equal(
	    sh_out("git -C repo show refs/divisi/s1/snapshot-1:d/new"), "3");
	assert_string_equal(
	    sh_out("git -C repo show refs/divisi/s1/snapshot-1:a.txt"), "2");
	AUTO_FREE char *ref = pin_snapshot_on(&repo, "s1", head);
	assert_string_equal(ref, "refs/divisi/s1/snapshot-1");
	assert_null(pin_snapshot_on(&repo, "s1", base));
	sh("cd repo && git fsck --strict 2>&1 | (! grep -E 'dangling commit|missing')");
}

static void
what_was_pinned_as_a_snapshot_is_not_pinned_again(void **state)
{
	struct err err = ERR_INIT;
	struct pin pin = { 0 };
	const char *commit;

	(void)state;
	sh("echo 2 >wt/a.txt && echo 3 >wt/new");
	commit = borrow();
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	pin_clear(&pin);
	assert_ok(pin_borrowed(&repo, at("store"), "s1", base, commit, &err), &err);
	assert_string_equal(refs(), "base head snapshot-1");
}

static void
what_no_store_has_is_not_pinned(void **state)
{
	static const char none[] = "1234567890123456789012345678901234567890";
	struct err err = ERR_INIT;

	(void)state;
	sh("mkdir -p store");
	assert_int_equal(pin_borrowed(&repo, at("store"), "s1", base, none, &err), -1);
	assert_int_equal(
	    pin_borrowed(&repo, at("store"), "s1", base, "HEAD", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(refs(), "base");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tip_is_pinned_without_the_files),
		TEST(
		    what_was_amended_and_what_was_dropped_between_two_looks_stays_pinned),
		TEST(a_tip_that_did_not_move_makes_no_new_ref),
		TEST(a_branch_that_is_gone_begins_again_where_it_was_pinned),
		TEST(files_that_another_store_has_are_pinned_as_a_snapshot),
		TEST(what_was_pinned_as_a_snapshot_is_not_pinned_again),
		TEST(what_no_store_has_is_not_pinned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
