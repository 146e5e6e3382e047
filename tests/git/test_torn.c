/* What a machine without power, or a killed git, leaves of the files that git writes. */
#include "git/torn.h"

#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "git/land.h"
#include "git/local.h"
#include "git/pin.h"
#include "git/worktree.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct repo repo;
static char *old, *new;

/* A commit `next` on top of main that changes a.txt, adds new.txt and deletes dir/b.txt. */
static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && git checkout -q -b next && echo landed >a.txt && echo n >new.txt && "
	   "git rm -q dir/b.txt && git add . && git commit -q -m next && "
	   "git checkout -q main");
	old = xstrdup(sh_out("git -C repo rev-parse main"));
	new = xstrdup(sh_out("git -C repo rev-parse next"));
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	free(old);
	free(new);
	return sandbox_teardown(state);
}

static int
land_again(bool is_again, struct err *err)
{
	struct land_spec spec = { "p1", "main", new, old, is_again };
	struct landing landing;
	int rc;

	*err = (struct err)ERR_INIT;
	rc = merge_land(&repo, &spec, &landing, err);
	landing_clear(&landing);
	return rc;
}

static void
assert_landed(void)
{
	assert_string_equal(sh_out("git -C repo rev-parse main"), new);
	assert_string_equal(sh_out("git -C repo status --porcelain"), "");
	assert_string_equal(sh_out("cat repo/a.txt repo/new.txt"), "landed\nn");
}

/* The branch and the index are on the disk, the files came back empty. */
static void
a_landing_whose_files_were_lost_is_put_right(void **state)
{
	struct err err;

	assert_ok(land_again(false, &err), &err);
	sh("cd repo && : >a.txt && : >new.txt");
	assert_ok(land_again(true, &err), &err);
	assert_landed();
}

/* The files are there, or half of them, and the branch did not get there. */
static void
a_landing_that_was_cut_off_is_done_again(void **state)
{
	static const char *const cuts[] = {
		"git read-tree -m -u main next",
		"git read-tree -m -u main next && : >a.txt && : >new.txt",
		"echo landed >a.txt",
		": >a.txt",
		"rm dir/b.txt && echo n >new.txt && git add new.txt",
	};
	struct err err;

	for (size_t i = 0; i < N_ELEMS(cuts); i++) {
		sh("cd repo && %s", cuts[i]);
		assert_ok(land_again(true, &err), &err);
		assert_landed();
		sh("cd repo && git reset -q --hard %s", old);
	}
}

/* What a person wrote is nothing a landing left, whoever died. */
static void
an_edit_of_a_person_stays(void **state)
{
	struct err err;

	sh("cd repo && echo mine >a.txt");
	assert_int_equal(land_again(true, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(sh_out("cat repo/a.txt"), "mine");
	assert_string_equal(sh_out("git -C repo rev-parse main"), old);
	sh("cd repo && git checkout -q a.txt");
	assert_ok(land_again(false, &err), &err);
	sh("cd repo && echo more >>a.txt && echo x >other.txt");
	assert_ok(land_again(true, &err), &err);
	assert_string_equal(sh_out("cat repo/a.txt"), "landed\nmore");
	/* And the first try of a landing looks at no such thing. */
	sh("cd repo && git reset -q --hard %s && : >a.txt", old);
	assert_int_equal(land_again(false, &err), -1);
}

/* Each stage of `git worktree add` and after it, as it comes back when the power is. */
static void
a_worktree_that_was_being_made_is_made_again(void **state)
{
	static const char *const cuts[] = {
		"mkdir wt && : >wt/.git && cd repo/.git/worktrees && mkdir wt && cd wt && "
		": >gitdir && : >commondir && : >HEAD && : >locked",
		"mkdir wt && : >wt/.git",
		"mkdir repo/.git/worktrees/wt && : >repo/.git/worktrees/wt/gitdir",
		"git -C repo worktree add -q --no-checkout --lock --reason "
		"'divisi session s1' ../wt -b made main",
	};
	struct worktree_spec spec = { "s1", at("wt"), "made", old };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(cuts); i++) {
		sh("mkdir -p repo/.git/worktrees && %s", cuts[i]);
		if (i + 1 == N_ELEMS(cuts))
			sh("git -C repo update-ref refs/divisi/s1/base %s", old);
		assert_ok(worktree_add(&repo, &spec, &err), &err);
		assert_string_equal(sh_out("git -C wt status --porcelain"), "");
		assert_string_equal(sh_out("cat wt/dir/b.txt"), "two");
		assert_string_equal(sh_out("ls repo/.git/worktrees"), "wt");
		sh("git -C repo worktree unlock ../wt && git -C repo worktree remove --force "
		   "../wt && git -C repo branch -q -D made && "
		   "git -C repo update-ref -d refs/divisi/s1/base");
	}
}

static void
what_holds_a_file_is_nothing_to_clear_away(void **state)
{
	struct worktree_spec spec = { "s1", at("wt"), "made", old };
	struct err err = ERR_INIT;

	sh("mkdir wt && : >wt/.git && echo work >wt/file");
	assert_int_equal(worktree_add(&repo, &spec, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(sh_out("cat wt/file"), "work");
	sh("rm -r wt && mkdir wt && echo 'gitdir: elsewhere' >wt/.git");
	assert_int_equal(worktree_add(&repo, &spec, &err), -1);
	assert_string_equal(sh_out("cat wt/.git"), "gitdir: elsewhere");
}

/* An agent that was killed in the middle of a commit leaves it. */
static void
the_lock_of_a_dead_git_is_removed_and_one_in_use_is_not(void **state)
{
	struct worktree_spec spec = { "s1", at("wt"), "made", old };
	struct err err = ERR_INIT;
	AUTO_FREE char *dir = NULL;
	pid_t pid;

	assert_ok(worktree_add(&repo, &spec, &err), &err);
	dir = path_join(at("wt"), "dir");
	sh("cd repo/.git && touch index.lock worktrees/wt/index.lock worktrees/wt/HEAD.lock "
	   "worktrees/wt/ORIG_HEAD.lock refs/heads/made.lock refs/heads/main.lock");
	/* Whose parent is gone, as an agent's processes are none of ours. */
	sh("mkdir -p wt/dir; cd wt/dir && { sleep 100 >/dev/null 2>&1 & echo $! >../../pid; }");
	pid = (pid_t)strtol(sh_out("cat pid"), NULL, 10);
	while (!proc_works_in(dir, getpid()))
		;
	torn_unlock(at("wt"));
	assert_true(file_exists(at("repo/.git/worktrees/wt/index.lock")));
	assert_int_equal(kill(pid, SIGKILL), 0);
	while (proc_works_in(dir, getpid()))
		;
	/* A git of our own that looks there is in nobody's way. */
	pid = fork();
	if (pid == 0) {
		if (chdir(dir) == 0)
			(void)pause();
		_exit(1);
	}
	while (!proc_works_in(dir, 0))
		;
	torn_unlock(at("wt"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(file_exists(at("repo/.git/worktrees/wt/index.lock")));
	sh("cd repo/.git && ! ls worktrees/wt/*.lock refs/heads/made.lock 2>/dev/null");
	assert_true(file_exists(at("repo/.git/refs/heads/main.lock")));
	/* The person's own checkout is none of our business. */
	torn_unlock(at("repo"));
	torn_unlock(at("nowhere"));
	assert_true(file_exists(at("repo/.git/index.lock")));
}

/* The machine died between the sync of a ref's lock and its rename. */
static void
a_lock_of_a_ref_of_ours_is_in_nobodys_way(void **state)
{
	struct worktree_spec spec = { "s1", at("wt"), "made", old };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE];

	sh("mkdir -p repo/.git/refs/divisi/s1 && touch repo/.git/refs/divisi/s1/base.lock "
	   "repo/.git/refs/heads/made.lock repo/.git/refs/heads/next.lock");
	assert_ok(worktree_add(&repo, &spec, &err), &err);
	assert_int_equal(pin_read(&repo, "s1", "base", oid, &err), 1);
	assert_false(file_exists(at("repo/.git/refs/divisi/s1/base.lock")));
	assert_false(file_exists(at("repo/.git/refs/heads/made.lock")));
	/* A branch that is there may be anybody's. */
	assert_ok(repo_lock(&repo, &err), &err);
	assert_int_equal(
	    git_change(&repo, at("repo"),
		GIT_ARGS("update-ref", "--end-of-options", "refs/heads/next", old),
		&err),
	    -1);
	repo_unlock(&repo);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(file_exists(at("repo/.git/refs/heads/next.lock")));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_landing_whose_files_were_lost_is_put_right),
		T(a_landing_that_was_cut_off_is_done_again),
		T(an_edit_of_a_person_stays),
		T(a_worktree_that_was_being_made_is_made_again),
		T(what_holds_a_file_is_nothing_to_clear_away),
		T(a_lock_of_a_ref_of_ours_is_in_nobodys_way),
		T(the_lock_of_a_dead_git_is_removed_and_one_in_use_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
