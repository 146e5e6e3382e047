/* Repositories inside a worktree are an agent's: nothing in them is ever run (CONTRACTS 8). */
#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/links.h"
#include "git/pin.h"
#include "git/repo.h"
#include "git/worktree.h"

#include <string.h>

static struct repo repo;

/*
 * A worktree `wt` with a nested repository `sub` in its index, whose clean filter and file
 * monitor leave the file `ran`; sub/f is changed by one byte in the same length, so that
 * only its contents can tell.
 */
static void
make_hostile(void)
{
	struct worktree_spec spec = { "s1", NULL, "a/1", NULL };
	struct err err = ERR_INIT;

	make_repo();
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	assert_ok(repo_prepare(&repo, &err), &err);
	spec.path = at("wt");
	spec.base = sh_out("git -C repo rev-parse main");
	assert_ok(worktree_add(&repo, &spec, &err), &err);
	sh("git init -q wt/sub && cd wt/sub && printf 'f filter=x\\n' >.gitattributes && "
	   "echo a >f && git add . && git -c user.name=x "
	   "-c user.email=x@y commit -qm sub");
	sh("printf '[submodule \"sub\"]\\n\\tpath = sub\\n\\turl = x\\n\\tignore = none\\n' "
	   ">wt/.gitmodules");
	sh("cd wt && git add .gitmodules && git update-index --add --cacheinfo "
	   "160000,$(git -C sub rev-parse HEAD),sub && git commit -qm nested");
	sh("cd wt/sub && git config filter.x.clean 'touch %s; cat' && "
	   "git config core.fsmonitor 'touch %s' && echo b >f && rm -f %s",
	    at("ran"), at("ran"), at("ran"));
}

static void
the_trap_is_one(void **state)
{
	make_hostile();
	sh("git -C wt -c core.fsmonitor=false status --porcelain");
	assert_true(file_exists(at("ran")));
	repo_close(&repo);
}

static void
a_status_runs_nothing_of_a_nested_repository(void **state)
{
	struct git_status status = { 0 };
	struct err err = ERR_INIT;

	make_hostile();
	assert_ok(repo_status(at("wt"), NULL, &status, &err), &err);
	assert_false(file_exists(at("ran")));
	git_status_clear(&status);
	repo_close(&repo);
}

static void
a_snapshot_runs_nothing_of_a_nested_repository(void **state)
{
	struct pin pin = { 0 };
	struct err err = ERR_INIT;

	make_hostile();
	sh("echo loose >wt/loose");
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	assert_false(file_exists(at("ran")));
	/* What it cannot hold is named, and its commit kept. */
	assert_true(pin.unpinned.n > 0);
	assert_string_equal(
	    sh_out("git -C repo ls-tree %s sub | cut -d' ' -f1", pin.snapshot),
	    "160000");
	assert_string_equal(sh_out("git -C repo show %s:loose", pin.snapshot), "loose");
	pin_clear(&pin);
	repo_close(&repo);
}

/* Those who get such a commit have none of the files. */
static void
a_link_that_nothing_declares_is_found(void **state)
{
	struct git_list bare = { 0 };
	struct err err = ERR_INIT;

	make_repo();
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	sh("git init -q repo/sub && cd repo/sub && git -c user.name=x -c user.email=x@y "
	   "commit -q --allow-empty -m sub");
	sh("cd repo && git update-index --add --cacheinfo "
	   "160000,$(git -C sub rev-parse HEAD),sub --cacheinfo "
	   "160000,$(git -C sub rev-parse HEAD),'odd name' && git commit -qm bare");
	assert_ok(links_bare(&repo, "HEAD~1", "HEAD", &bare, &err), &err);
	assert_int_equal(bare.n, 2);
	assert_string_equal(bare.item[0], "odd name");
	assert_string_equal(bare.item[1], "sub");
	git_list_clear(&bare);

	/* Declared, it is a submodule; the other one was there before. */
	sh("cd repo && git rm -q --cached sub && printf '[submodule \"x\"]\\n\\tpath = sub\\n"
	   "\\turl = y\\n' >.gitmodules && git add .gitmodules && git commit -qm none && "
	   "git update-index --add --cacheinfo 160000,$(git -C sub rev-parse HEAD),sub && "
	   "git commit -qm declared");
	assert_ok(links_bare(&repo, "HEAD~1", "HEAD", &bare, &err), &err);
	assert_int_equal(bare.n, 0);
	assert_int_equal(links_bare(&repo, "HEAD", "no-such", &bare, &err), -1);
	repo_close(&repo);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		T(the_trap_is_one),
		T(a_status_runs_nothing_of_a_nested_repository),
		T(a_snapshot_runs_nothing_of_a_nested_repository),
		T(a_link_that_nothing_declares_is_found),
	};

	return cmocka_run_group_tests_name("git/links", tests, NULL, NULL);
}
