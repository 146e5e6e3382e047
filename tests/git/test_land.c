#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/land.h"
#include "git/worktree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* CONTRACTS 7. */

static struct repo repo;
static char *old, *new;

/* A repository whose branch "next" is what is to be landed on main. */
static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && echo '*.ign' >.gitignore && echo plan >plan.md && echo gone >gone && "
	   "git add . && git commit -q -m base && git checkout -q -b next && echo landed "
	   ">a.txt && mkdir -p new/deep && echo n >new/deep/f && git rm -q gone && echo i "
	   ">x.ign && git add -f . && git commit -q -m next && git checkout -q main && rm "
	   "-f x.ign");
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
land(struct landing *landing, struct err *err)
{
	struct land_spec spec = { "p1", "main", new, old, false };

	*err = (struct err)ERR_INIT;
	return merge_land(&repo, &spec, landing, err);
}

static const char *
tip(const char *branch)
{
	return sh_out("git -C repo rev-parse %s", branch);
}

static void
landing_updates_the_checkout_and_leaves_it_clean(void **state)
{
	struct landing landing;
	struct err err;

	assert_ok(land(&landing, &err), &err);
	assert_false(landing.was_there);
	assert_string_equal(landing.checkout, at("repo"));
	assert_int_equal(landing.new_dirty.n, 0);
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
	assert_string_equal(sh_out("git -C repo status --porcelain"), "");
	assert_string_equal(sh_out("cat repo/a.txt"), "landed");
	assert_ok(land(&landing, &err), &err);
	assert_true(landing.was_there);
	landing_clear(&landing);
}

/* What has nothing to do with the landing is no obstacle and stays as it is. */
static void
unrelated_dirt_is_no_obstacle(void **state)
{
	struct landing landing;
	struct err err;
	char before[4096];

	sh("cd repo && echo dirty >>dir/b.txt && echo status >>plan.md && echo u "
	   ">'un tracked' && echo s >staged && git add staged && echo k >keep.ign");
	snprintf(before, sizeof(before), "%s",
	    sh_out(
		"cd repo; git status --porcelain --ignored; cat dir/b.txt plan.md u* "
		"staged keep.ign"));
	assert_ok(land(&landing, &err), &err);
	assert_int_equal(landing.new_dirty.n, 0);
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
	assert_string_equal(
	    before, sh_out("cd repo; git status --porcelain --ignored; cat dir/b.txt "
			   "plan.md u* staged keep.ign"));
}

/* Whatever stands in the way: nothing lands, nothing changes, one command takes it. */
static void
what_is_in_the_way_stops_the_landing_unharmed(void **state)
{
	static const struct {
		const char *make, *undo, *blocker;
	} rows[] = {
		{ "echo mine >>a.txt", "git checkout -q a.txt", "a.txt" },
		{ "echo mine >>a.txt && git add a.txt", "git reset -q --hard",
		    "a.txt" },
		{ "rm a.txt && git rm -q --cached a.txt", "git reset -q --hard",
		    "a.txt" },
		{ "mkdir -p new/deep && echo mine >new/deep/f", "rm -r new",
		    "new/deep/f" },
		{ "echo mine >new", "rm new", "new/deep/f" },
		{ "echo mine >x.ign", "rm x.ign", "x.ign" },
		{ "mkdir x.ign && echo mine >x.ign/f", "rm -r x.ign", "x.ign" },
		{ "echo mine >gone", "git checkout -q gone", "gone" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct landing landing;
		struct err err;
		char before[4096];

		sh("cd repo && %s", rows[i].make);
		snprintf(before, sizeof(before), "%s",
		    sh_out(
			"cd repo; git status --porcelain --ignored; git rev-parse main; "
			"ls -R; cat a.txt gone x.ign new 2>/dev/null"));
		if (land(&landing, &err) == 0 || err.kind != ERR_CONFLICT)
			fail_msg("row %zu: landed, or %d %s", i, err.kind, err.text);
		if (landing.blockers.n != 1 || landing.is_moved || !landing.command)
			fail_msg("row %zu: %zu blockers: %s", i, landing.blockers.n,
			    err.text);
		assert_string_equal(landing.blockers.item[0], rows[i].blocker);
		assert_non_null(strstr(err.text, rows[i].blocker));
		assert_non_null(
		    strstr(err.fix, "merge --ff-only refs/divisi/landed/p1"));
		assert_string_equal(before,
		    sh_out(
			"cd repo; git status --porcelain --ignored; git rev-parse main; "
			"ls -R; cat a.txt gone x.ign new 2>/dev/null"));
		assert_string_equal(tip("refs/divisi/landed/p1"), new);
		sh("cd repo && %s", rows[i].undo);
		sh("%s >/dev/null", landing.command);
		landing_clear(&landing);
		assert_string_equal(tip("main"), new);
		assert_string_equal(sh_out("git -C repo status --porcelain"), "");
		/* The waiting result is found landed, and its place is given up. */
		assert_ok(land(&landing, &err), &err);
		assert_true(landing.was_there);
		landing_clear(&landing);
		assert_int_equal(
		    sh_status(
			"git -C repo rev-parse -q --verify refs/divisi/landed/p1"),
		    1);
		sh("git -C repo reset -q --hard %s", old);
	}
}

static void
a_lock_in_the_checkout_is_told_and_stays(void **state)
{
	struct landing landing;
	struct err err;

	sh("touch -d '3 hours ago' repo/.git/index.lock");
	assert_int_equal(land(&landing, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "3 h"));
	assert_true(file_exists(at("repo/.git/index.lock")));
	assert_string_equal(tip("main"), old);
	landing_clear(&landing);
}

/* A git that was killed between the files and the branch: the command takes it from there. */
static void
a_half_made_landing_is_finished_by_the_command(void **state)
{
	struct landing landing;
	struct err err;

	sh("cd repo && git read-tree -m -u %s %s", old, new);
	sh("touch -d '1 hour ago' repo/.git/HEAD.lock repo/.git/ORIG_HEAD.lock repo/.git/refs/heads/main.lock");
	assert_int_equal(land(&landing, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(landing.blockers.n, 0);
	assert_non_null(strstr(err.text, "HEAD.lock"));
	assert_non_null(strstr(landing.command, "refs/heads/main.lock"));
	sh("%s >/dev/null", landing.command);
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
	assert_string_equal(sh_out("git -C repo status --porcelain"), "");
	assert_ok(land(&landing, &err), &err);
	assert_true(landing.was_there);
	landing_clear(&landing);
}

static void
the_target_in_another_worktree_is_landed_there(void **state)
{
	struct landing landing;
	struct err err;

	sh("cd repo && git checkout -q --detach && git worktree add -q '../o t\nher' main");
	assert_ok(land(&landing, &err), &err);
	assert_string_equal(landing.checkout, at("o t\nher"));
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
	assert_string_equal(sh_out("git -C 'o t\nher' status --porcelain"), "");
	assert_string_equal(sh_out("cat 'o t\nher/a.txt' repo/a.txt"), "landed\none");
}

static void
a_target_nobody_has_is_moved_by_its_ref(void **state)
{
	struct landing landing;
	struct err err;

	sh("cd repo && git checkout -q --detach");
	assert_ok(land(&landing, &err), &err);
	assert_null(landing.checkout);
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
	assert_string_equal(sh_out("git -C repo status --porcelain"), "");
	assert_string_equal(sh_out("cat repo/a.txt"), "one");
}

static void
a_worktree_that_was_deleted_counts_unless_it_is_locked(void **state)
{
	struct landing landing;
	struct err err;

	sh("cd repo && git checkout -q --detach && git worktree add -q ../o main && git "
	   "worktree lock ../o && rm -r ../o");
	assert_int_equal(land(&landing, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	landing_clear(&landing);
	sh("git -C repo worktree unlock ../o");
	assert_ok(land(&landing, &err), &err);
	landing_clear(&landing);
	assert_string_equal(tip("main"), new);
}

static void
a_target_in_two_checkouts_is_left_alone(void **state)
{
	struct landing landing;
	struct err err;

	sh("git -C repo worktree add -q -f ../two main");
	assert_int_equal(land(&landing, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "two"));
	assert_string_equal(tip("main"), old);
	landing_clear(&landing);
}

static void
a_target_being_rebased_is_left_alone(void **state)
{
	struct landing landing;
	struct err err;

	sh("cd repo && GIT_SEQUENCE_EDITOR='echo break >' git rebase -q -i main~");
	assert_int_equal(land(&landing, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "rebased"));
	landing_clear(&landing);
}

/* Another hand was faster: build and test again, never force. */
static void
a_target_that_moved_is_not_overwritten(void **state)
{
	static const char *const places[] = { ":", "git checkout -q --detach" };

	for (size_t i = 0; i < N_ELEMS(places); i++) {
		struct landing landing;
		struct err err;
		char *moved;

		sh("cd repo && git commit -q --allow-empty -m other && %s", places[i]);
		moved = xstrdup(tip("main"));
		assert_int_equal(land(&landing, &err), -1);
		assert_int_equal(err.kind, ERR_CONFLICT);
		assert_true(landing.is_moved);
		assert_string_equal(tip("main"), moved);
		landing_clear(&landing);
		free(moved);
	}
}

static void
a_locked_reference_is_told_and_stays(void **state)
{
	static const char *const places[] = { ":", "git checkout -q --detach" };

	sh("cd repo && touch .git/refs/heads/main.lock u && echo dirty >>dir/b.txt");
	for (size_t i = 0; i < N_ELEMS(places); i++) {
		struct landing landing;
		struct err err;

		sh("cd repo && %s", places[i]);
		assert_int_equal(land(&landing, &err), -1);
		assert_int_equal(err.kind, ERR_CONFLICT);
		assert_non_null(strstr(err.text, "main.lock"));
		assert_string_equal(tip("main"), old);
		assert_true(file_exists(at("repo/.git/refs/heads/main.lock")));
		assert_string_equal(
		    sh_out("cd repo; git status --porcelain; cat a.txt gone; ls new"),
		    " M dir/b.txt\n?? u\none\ngone");
		landing_clear(&landing);
	}
}

/* Lands commit NAME in a process of its own: 0 landed, 1 moved, 2 anything else. */
static pid_t
start_lander(const char *name)
{
	AUTO_FREE char *commit = xstrdup(tip(name));
	struct land_spec spec = { "p1", "main", commit, old, false };
	struct landing landing;
	struct err err = ERR_INIT;
	struct repo own;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (repo_open(at("repo"), &own, &err) < 0)
		_exit(2);
	if (merge_land(&own, &spec, &landing, &err) == 0)
		_exit(0);
	_exit(err.kind == ERR_CONFLICT && landing.is_moved ? 1 : 2);
}

static void
of_many_at_once_exactly_one_lands(void **state)
{
	static const char *const places[] = { ":", "git checkout -q --detach" };

	for (size_t i = 0; i < N_ELEMS(places); i++) {
		int n_exits[3] = { 0 };
		pid_t pids[4];

		for (int k = 0; k < 4; k++) {
			sh("cd repo && git checkout -q -b r%zu%d %s && echo %d >r && git "
			   "add r && git commit -q -m r && git checkout -q main",
			    i, k, old, k);
		}
		sh("cd repo && %s", places[i]);
		for (int k = 0; k < 4; k++) {
			char name[16];

			snprintf(name, sizeof(name), "r%zu%d", i, k);
			pids[k] = start_lander(name);
		}
		for (int k = 0; k < 4; k++) {
			int status;

			assert_int_equal(waitpid(pids[k], &status, 0), pids[k]);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 3);
			n_exits[WEXITSTATUS(status)]++;
		}
		assert_int_equal(n_exits[0], 1);
		assert_int_equal(n_exits[1], 3);
		assert_string_equal(sh_out("git -C repo status --porcelain"), "");
		sh("cd repo && git checkout -q main && git reset -q --hard %s", old);
	}
}

static void
a_commit_beside_the_target_is_refused(void **state)
{
	struct land_spec spec = { "p1", "main", NULL, old, false };
	struct landing landing;
	struct err err = ERR_INIT;

	sh("cd repo && git checkout -q -b side main~ && git commit -q --allow-empty -m s && "
	   "git checkout -q main");
	AUTO_FREE char *side = xstrdup(tip("side"));
	spec.commit = side;
	assert_int_equal(merge_land(&repo, &spec, &landing, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(tip("main"), old);
}

static void
bad_names_are_refused(void **state)
{
	struct land_spec rows[] = { { "a/b", "main", new, old, false },
		{ "p", "-x", new, old, false }, { "p", "main", "next", old, false },
		{ "p", "main", new, "main", false } };
	struct land_spec none = { "p", "none", new, old, false };
	struct landing landing;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		assert_int_equal(merge_land(&repo, &rows[i], &landing, &err), -1);
		assert_int_equal(err.kind, ERR_USAGE);
	}
	assert_int_equal(merge_land(&repo, &none, &landing, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
the_users_hooks_run_and_what_they_change_is_told(void **state)
{
	struct landing landing;
	struct err err;

	sh("printf '#!/bin/sh\\necho h >>dir/b.txt; touch hooked; sleep 30 & echo $! "
	   ">../pid; exit 1\\n' >repo/.git/hooks/post-merge && chmod +x "
	   "repo/.git/hooks/post-merge");
	assert_ok(land(&landing, &err), &err);
	assert_int_equal(landing.new_dirty.n, 2);
	assert_string_equal(landing.new_dirty.item[0], "dir/b.txt");
	assert_string_equal(landing.new_dirty.item[1], "hooked");
	landing_clear(&landing);
	/* What the hook left running does not hold the repository. */
	assert_ok(repo_lock(&repo, &err), &err);
	repo_unlock(&repo);
	sh("kill $(cat pid)");
}

static void
a_push_sends_one_branch_and_never_forces(void **state)
{
	struct err err = ERR_INIT;

	sh("git init -q --bare up && cd repo && git remote add origin ../up && git tag -a "
	   "-m t t && git config push.followTags true");
	assert_ok(repo_push(&repo, "origin", "main", &err), &err);
	assert_ok(repo_push(&repo, "origin", "main", &err), &err);
	assert_string_equal(
	    sh_out("git -C up for-each-ref --format='%%(refname)'"), "refs/heads/main");
	sh("git clone -q up c -b main && cd c && git -c user.name=a -c user.email=b commit "
	   "-q --allow-empty -m c && git push -q && cd ../repo && git commit -q "
	   "--allow-empty -m mine");
	assert_int_equal(repo_push(&repo, "origin", "main", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(sh_out("git -C up log -1 --format=%%s main"), "c");
	assert_int_equal(repo_push(&repo, "nowhere", "main", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(repo_push(&repo, "--exec=x", "main", &err), -1);
	assert_int_equal(repo_push(&repo, "origin", "+main", &err), -1);
	assert_int_equal(repo_push(&repo, "origin", "main:x", &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	sh("printf '#!/bin/sh\\nexit 1\\n' >repo/.git/hooks/pre-push && chmod +x "
	   "repo/.git/hooks/pre-push");
	assert_int_equal(repo_push(&repo, "origin", "next", &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
}

static void
the_remote_is_the_branchs_own_or_origin_or_the_only_one(void **state)
{
	static const struct {
		const char *make, *remote;
	} rows[] = {
		{ ":", NULL },
		{ "git remote add up x", "up" },
		{ "git remote add other x", NULL },
		{ "git remote add origin x", "origin" },
		{ "git config branch.main.remote up", "up" },
		{ "git config branch.main.remote none", "origin" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		sh("cd repo && %s", rows[i].make);
		AUTO_FREE char *remote = repo_default_remote(&repo, "main");
		if (rows[i].remote)
			assert_string_equal(remote, rows[i].remote);
		else
			assert_null(remote);
	}
}

static void
artefacts_are_committed_alone_and_literally(void **state)
{
	struct git_identity who = { "divisi", "divisi@localhost" };
	struct git_list files = { 0 };
	struct artefacts_spec spec = { at("repo"), &files, "Research: x\n\n# kept",
		&who };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE], again[GIT_OID_SIZE];

	sh("cd repo && mkdir out && echo 1 >'out/*.md' && echo 2 >out/b.md && echo 3 >r.ign "
	   "&& echo 4 >-x && echo s >staged && git add staged && echo d >>a.txt");
	git_list_add(&files, "out/*.md");
	git_list_add(&files, "r.ign");
	git_list_add(&files, "-x");
	assert_ok(commit_artefacts(&repo, &spec, oid, &err), &err);
	assert_string_equal(sh_out("git -C repo log -1 --format='%%an %%ce %%B'"),
	    "divisi divisi@localhost Research: x\n\n# kept\n");
	assert_string_equal(sh_out("git -C repo show --name-only --format= HEAD"),
	    "-x\nout/*.md\nr.ign");
	assert_string_equal(sh_out("git -C repo status --porcelain"),
	    " M a.txt\nA  staged\n?? out/b.md");
	assert_ok(commit_artefacts(&repo, &spec, again, &err), &err);
	assert_string_equal(oid, again);
	git_list_clear(&files);
}

/* The power went while git committed them for a person who had said yes. */
static void
artefacts_are_committed_over_a_killed_gits_lock(void **state)
{
	const char *base = sh_out("git -C repo rev-parse main");
	struct worktree_spec tree = { "s1", at("wt"), "b/1", base };
	struct git_list files = { 0 };
	struct artefacts_spec spec = { at("wt"), &files, "rest", NULL };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE];

	assert_ok(worktree_add(&repo, &tree, &err), &err);
	sh("echo c >wt/c; touch repo/.git/worktrees/wt/index.lock");
	git_list_add(&files, "c");
	assert_ok(commit_artefacts(&repo, &spec, oid, &err), &err);
	assert_string_equal(sh_out("git -C wt show HEAD:c"), "c");
	git_list_clear(&files);
}

static void
artefacts_stay_in_their_worktree(void **state)
{
	static const struct {
		const char *name;
		enum err_kind kind;
	} rows[] = { { "../x", ERR_REFUSED }, { "/etc/passwd", ERR_REFUSED },
		{ "dir/../a.txt", ERR_REFUSED }, { ".git/config", ERR_REFUSED },
		{ "dir/.GIT/x", ERR_REFUSED }, { "", ERR_REFUSED },
		{ "dir", ERR_REFUSED }, { "link/x", ERR_REFUSED },
		{ "none", ERR_NOT_FOUND } };

	sh("echo x >x && mkdir out && echo x >out/x && ln -s ../out repo/link");
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct git_list files = { 0 };
		struct artefacts_spec spec = { at("repo"), &files, "m", NULL };
		struct err err = ERR_INIT;
		char oid[GIT_OID_SIZE];

		git_list_add(&files, rows[i].name);
		if (commit_artefacts(&repo, &spec, oid, &err) == 0 ||
		    err.kind != rows[i].kind)
			fail_msg("'%s': %d %s", rows[i].name, err.kind, err.text);
		git_list_clear(&files);
	}
	assert_string_equal(tip("main"), old);
}

/* Settings of a repository that a session planted would run programs of its choice. */
static void
artefacts_of_a_foreign_repository_are_refused(void **state)
{
	struct git_list files = { 0 };
	struct artefacts_spec spec = { at("repo"), &files, "m", NULL };
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE];

	sh("git -C repo worktree add -q ../wt && cd wt && rm .git && git init -q && git "
	   "config commit.gpgSign true && git config gpg.program 'touch ../ran' && echo x "
	   ">x");
	spec.path = at("wt");
	git_list_add(&files, "x");
	assert_int_equal(commit_artefacts(&repo, &spec, oid, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(file_exists(at("ran")));
	git_list_clear(&files);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(landing_updates_the_checkout_and_leaves_it_clean),
		T(unrelated_dirt_is_no_obstacle),
		T(what_is_in_the_way_stops_the_landing_unharmed),
		T(a_lock_in_the_checkout_is_told_and_stays),
		T(a_half_made_landing_is_finished_by_the_command),
		T(the_target_in_another_worktree_is_landed_there),
		T(a_target_nobody_has_is_moved_by_its_ref),
		T(a_worktree_that_was_deleted_counts_unless_it_is_locked),
		T(a_target_in_two_checkouts_is_left_alone),
		T(a_target_being_rebased_is_left_alone),
		T(a_target_that_moved_is_not_overwritten),
		T(a_locked_reference_is_told_and_stays),
		T(of_many_at_once_exactly_one_lands),
		T(a_commit_beside_the_target_is_refused),
		T(bad_names_are_refused),
		T(the_users_hooks_run_and_what_they_change_is_told),
		T(a_push_sends_one_branch_and_never_forces),
		T(the_remote_is_the_branchs_own_or_origin_or_the_only_one),
		T(artefacts_are_committed_alone_and_literally),
		T(artefacts_are_committed_over_a_killed_gits_lock),
		T(artefacts_stay_in_their_worktree),
		T(artefacts_of_a_foreign_repository_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
