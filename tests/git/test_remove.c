#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/worktree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Promise 2 (DESIGN 1): nothing made is lost.  PEERS 3, demand 2. */

static struct repo repo;
static char *base;

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	struct worktree_spec spec = { "s1", NULL, "b/1", NULL };

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && printf '*.ign\\nbuild/\\nnode_modules/\\n' >.gitignore && git add . "
	   "&& git commit -q -m ignore");
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

static int
take_away(struct err *err)
{
	*err = (struct err)ERR_INIT;
	return worktree_remove(&repo, at("wt"), "s1", NULL, err);
}

/* Runs DO at the N-th git that is started from here on, before that git itself. */
static void
at_git(int n, const char *what)
{
	sh("mkdir -p bin && rm -f bin/did && echo 0 >bin/n && cat >bin/what <<'END'\n%s\nEND\n"
	   "cat >bin/git <<'END'\n#!/bin/sh\nd=$(dirname \"$0\")\n"
	   "n=$(($(cat $d/n) + 1)); echo $n >$d/n\n"
	   "if [ $n = %d ]; then (cd $d/.. && PATH=/usr/bin:/bin && . ./bin/what && touch bin/did) >/dev/null 2>&1; "
	   "fi\nPATH=$(echo \"$PATH\" | sed \"s|^$d:||\") exec git \"$@\"\nEND\n"
	   "chmod +x bin/git",
	    what, n);
}

/* True when a blob with that line is reachable from our pins. */
static bool
is_kept(const char *line)
{
	return sh_status(
		   "git -C repo rev-list --objects --glob=refs/divisi | cut -d' ' "
		   "-f1 | git -C repo cat-file --batch | grep -aqxF -- '%s'",
		   line) == 0;
}

/* Everything a session can leave behind, each removed and then found again. */
static void
whatever_was_made_is_found_after_removal(void **state)
{
	static const struct {
		const char *make, *line;
	} rows[] = {
		{ "echo L1 >>a.txt", "L1" },
		{ "echo L2 >new.txt", "L2" },
		{ "mkdir -p x/y && echo L3 >'x/y/z w'", "L3" },
		{ "echo L4 >-rf && echo y >--", "L4" },
		{ "echo L5 >\"$(printf 'a\\nb')\" && echo L5b >\"$(printf '\\377')\"",
		    "L5b" },
		{ "echo L6 >a.txt && git add a.txt && echo other >a.txt", "L6" },
		{ "echo L7 >s && git add s && rm s", "L7" },
		{ "echo L8 >a.txt && git commit -q -a -m c", "L8" },
		{ "echo L9 >a.txt && git commit -q -a -m c && git reset -q --hard HEAD~",
		    "L9" },
		{ "echo LA >a.txt && git commit -q -a -m c && echo z >a.txt && git commit "
		  "-q -a --amend -m d",
		    "LA" },
		{ "git checkout -q --detach && echo LB >a.txt && git commit -q -a -m c && "
		  "git checkout -q b/1",
		    "LB" },
		{ "git checkout -q -b tmp && echo LC >a.txt && git commit -q -a -m c && "
		  "git checkout -q b/1 && git branch -q -D tmp",
		    "LC" },
		{ "echo LD >x.ign", "LD" },
		{ "mkdir build && echo LE >build/result", "LE" },
		{ "git update-index --assume-unchanged a.txt && echo LF >a.txt", "LF" },
		{ "git update-index --skip-worktree a.txt && echo LG >a.txt", "LG" },
		{ "git checkout -q --orphan o && echo LH >h && git add h", "LH" },
		{ "echo LI >a.txt && git commit -q -a -m c && git rebase -q --exec false "
		  "HEAD~ || echo LI2 >>a.txt",
		    "LI2" },
		{ "git checkout -q -b p && echo p >a.txt && git commit -q -a -m p && git "
		  "checkout -q b/1 && echo q >a.txt && git commit -q -a -m q && ! git "
		  "merge -q p && echo LJ >>a.txt",
		    "LJ" },
		{ "ln -s LK-target lk && echo '*' >.gitignore && echo LK >k", "LK" },
		{ "rm -r dir && echo LL >dir", "LL" },
		{ "mkdir .git2 && echo LM >.git2/x", "LM" },
		/* As long as before and in the same moment as the index was written. */
		{ "echo LO >a.txt && touch -d @1700000000 a.txt && git add a.txt && echo LN "
		  ">a.txt && touch -d @1700000000 a.txt $(git rev-parse --git-path index)",
		    "LN" },
		{ "echo LP >a.txt && git stash -q && git stash drop -q && echo LQ >a.txt && git "
		  "stash -q",
		    "LQ" },
	};
	struct worktree_spec spec = { "s1", NULL, "b/1", base };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err;

		sh("cd wt && { %s; } >/dev/null", rows[i].make);
		if (take_away(&err) < 0)
			fail_msg("row %zu: %s (fix: %s)", i, err.text, err.fix);
		assert_false(file_exists(at("wt")));
		/* What only reflogs held would be gone in a while. */
		sh("git -C repo reflog expire --expire=now --all && git -C repo prune "
		   "--expire=now");
		if (!is_kept(rows[i].line))
			fail_msg("row %zu: %s is lost", i, rows[i].line);
		spec.path = at("wt");
		sh("git -C repo branch -q -f b/1 %s", base);
		assert_ok(worktree_add(&repo, &spec, &err), &err);
	}
}

static void
the_session_never_notices_a_pin(void **state)
{
	struct pin pin;
	struct err err = ERR_INIT;
	char before[4096];

	sh("cd wt && echo x >>a.txt && git add a.txt && echo y >>a.txt && echo n >n");
	snprintf(before, sizeof(before), "%s",
	    sh_out(
		"cd wt; sha256sum ../repo/.git/worktrees/wt/index; stat -c %%Y.%%y "
		"../repo/.git/worktrees/wt/index; git --no-optional-locks status --porcelain=v2; ls -la"));
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	assert_string_equal(pin.head, base);
	assert_string_equal(pin.snapshot_ref, "refs/divisi/s1/snapshot-1");
	assert_string_equal(sh_out("git -C repo show %s:n", pin.snapshot), "n");
	assert_string_equal(
	    sh_out("git -C repo show %s^2:a.txt", pin.snapshot), "one\nx");
	pin_clear(&pin);
	assert_string_equal(before,
	    sh_out(
		"cd wt; sha256sum ../repo/.git/worktrees/wt/index; stat -c %%Y.%%y "
		"../repo/.git/worktrees/wt/index; git --no-optional-locks status --porcelain=v2; ls -la"));
}

static void
the_same_state_is_pinned_once(void **state)
{
	struct pin pin;
	struct err err = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
		assert_string_equal(pin.snapshot, "");
		assert_null(pin.snapshot_ref);
		pin_clear(&pin);
	}
	sh("echo 1 >wt/n");
	for (int i = 0; i < 2; i++) {
		assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
		assert_string_equal(pin.snapshot_ref, "refs/divisi/s1/snapshot-1");
		pin_clear(&pin);
	}
	sh("echo 2 >wt/n");
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	assert_string_equal(pin.snapshot_ref, "refs/divisi/s1/snapshot-2");
	pin_clear(&pin);
}

static void
a_rewritten_head_keeps_the_old_one(void **state)
{
	struct pin pin;
	struct err err = ERR_INIT;
	char *old;

	sh("cd wt && echo 1 >a.txt && git commit -q -a -m one");
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	old = xstrdup(pin.head);
	pin_clear(&pin);
	sh("cd wt && echo 2 >a.txt && git commit -q -a --amend -m two");
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	assert_string_equal(sh_out("git -C repo rev-parse refs/divisi/s1/head-1"), old);
	assert_string_equal(
	    sh_out("git -C repo rev-parse refs/divisi/s1/head"), pin.head);
	pin_clear(&pin);
	free(old);
}

/* Every state in which removal must not go on: nothing changes, not even the lock. */
static void
what_cannot_be_proven_or_kept_is_not_removed(void **state)
{
	static const struct {
		const char *make, *undo;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{ "sed -i s/s1/s2/ repo/.git/worktrees/wt/divisi-session",
		    "sed -i s/s2/s1/ repo/.git/worktrees/wt/divisi-session",
		    ERR_REFUSED, "session s2" },
		{ "mv repo/.git/worktrees/wt/divisi-session m",
		    "mv m repo/.git/worktrees/wt/divisi-session", ERR_REFUSED,
		    "nothing in it says" },
		{ "git -C repo worktree unlock wt && git -C repo worktree lock --reason "
		  "'by hand' wt",
		    "git -C repo worktree unlock wt && git -C repo worktree lock --reason "
		    "'divisi session s1' wt",
		    ERR_REFUSED, "by hand" },
		{ "git init -q wt/n && touch wt/n/f", "rm -rf wt/n", ERR_REFUSED,
		    "n/" },
		{ "git clone -q repo wt/n", "rm -rf wt/n", ERR_REFUSED, "n/" },
		{ "mkdir wt/build && git clone -q repo wt/build/n", "rm -rf wt/build",
		    ERR_REFUSED, "own" },
		{ "git -C wt -c protocol.file.allow=always submodule --quiet add "
		  "$PWD/repo sub",
		    "git -C wt submodule --quiet deinit -f sub && git -C wt reset -q "
		    "--hard && rm -rf repo/.git/worktrees/wt/modules",
		    ERR_REFUSED, "sub" },
		{ "truncate -s 70M wt/big.ign", "rm wt/big.ign", ERR_REFUSED,
		    "ignored files" },
		{ "touch repo/.git/worktrees/wt/index.lock",
		    "rm repo/.git/worktrees/wt/index.lock", ERR_CONFLICT, "at work" },
		{ "cp wt/.git g && echo gitdir: /nonexistent >wt/.git", "mv g wt/.git",
		    ERR_REFUSED, "elsewhere" },
		/* Somebody else's .git file, a repository of its own, none at all. */
		{ "git init -q o && git -C o -c user.name=o -c user.email=o@example.org commit -q "
		  "--allow-empty -m x && git -C o worktree "
		  "add -q ../ow && cp wt/.git g && cp ow/.git wt/.git",
		    "mv g wt/.git", ERR_REFUSED, "elsewhere" },
		{ "git -C repo worktree add -q ../w2 && cp wt/.git g && cp w2/.git wt/.git",
		    "mv g wt/.git && git -C repo worktree remove w2 && git -C repo branch -q -d "
		    "w2",
		    ERR_REFUSED, "elsewhere" },
		{ "mv wt/.git g && git init -q wt", "rm -r wt/.git && mv g wt/.git",
		    ERR_REFUSED, "elsewhere" },
		{ "mv wt/.git g", "mv g wt/.git", ERR_REFUSED, ".git file is gone" },
		{ "mv wt/.git g && ln -s ../g wt/.git && echo gitdir: /tmp >g",
		    "printf 'gitdir: %s\\n' $PWD/repo/.git/worktrees/wt >g && rm wt/.git && mv g "
		    "wt/.git",
		    ERR_REFUSED, "elsewhere" },
		{ "mv wt real && ln -s real wt", "rm wt && mv real wt", ERR_REFUSED,
		    "symbolic link" },
		{ "mv wt real && mkdir wt && echo precious >wt/untracked",
		    "rm -r wt && mv real wt", ERR_REFUSED, ".git file is gone" },
	};

	sh("echo precious >wt/untracked");
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err;

		sh("%s", rows[i].make);
		if (take_away(&err) == 0 || err.kind != rows[i].kind ||
		    !strstr(err.text, rows[i].text) || !err.fix[0])
			fail_msg(
			    "row %zu: %d %s (fix: %s)", i, err.kind, err.text, err.fix);
		assert_string_equal(sh_out("cat wt/untracked"), "precious");
		if (!strstr(sh_out("git -C repo worktree list --porcelain"), "locked"))
			fail_msg("row %zu: no longer locked", i);
		sh("%s", rows[i].undo);
	}
}

/*
 * Somebody does something at every moment of a removal: nothing that is not the session's
 * is touched, and what was the session's is at its place, or where it was moved, or kept.
 */
static void
nothing_is_lost_whatever_happens_while_it_is_removed(void **state)
{
	static const char *const what[] = {
		"mv wt away && mkdir wt && echo STRANGER >wt/s", /* swapped */
		"mv wt away && ln -s away wt",
		"git -C repo worktree move -f -f wt away",
		"echo OTHER >wt/other",
		"git -C wt commit -q --allow-empty -m late",
		"rm -r wt",
		"rm wt/.git",
		"git init -q wt/nested && echo N >wt/nested/f",
		"git -C repo worktree unlock wt; git -C repo worktree remove --force wt",
		"echo 'gitdir: /nonexistent' >repo/.git/worktrees/wt/gitdir",
		"git -C repo branch -m b/1 b/2",
		"touch repo/.git/worktrees/wt/index.lock",
	};
	AUTO_FREE char *path = xstrdup(getenv("PATH"));
	AUTO_FREE char *with_bin = xasprintf("%s/bin:%s", sandbox(), path);
	bool is_long = getenv("DIVISI_TEST_LONG") != NULL;

	for (size_t i = 0; i < N_ELEMS(what); i++) {
		/* There are some thirty; each deed meets one of them, in a long test all. */
		for (int n = is_long ? 1 : 3 + (int)(i * 7 % 24); n < 40;
		     n += is_long ? 1 : 40) {
			struct err err = ERR_INIT;

			(void)state;
			sh("echo MINE >wt/mine; echo I >wt/x.ign");
			at_git(n, what[i]);
			setenv("PATH", with_bin, 1);
			(void)take_away(&err);
			setenv("PATH", path, 1);
			/* A stranger's, and what was written after all was looked at. */
			if (file_exists(at("bin/did")) && strstr(what[i], "STRANGER"))
				assert_string_equal(sh_out("cat wt/s"), "STRANGER");
			if (file_exists(at("bin/did")) && strstr(what[i], "OTHER") &&
			    !is_kept("OTHER") &&
			    sh_status("grep -qs OTHER wt/other") != 0)
				fail_msg(
				    "%s at git %d: lost; %s", what[i], n, err.text);
			if (!is_kept("MINE") &&
			    sh_status("grep -qs MINE wt/mine away/mine "
				      "wt.divisi-removing-1/mine") != 0 &&
			    !strstr(what[i], "rm -r wt") &&
			    !strstr(what[i], "remove --force"))
				fail_msg(
				    "%s at git %d: lost; %s", what[i], n, err.text);
			teardown(state);
			setup(state);
		}
	}
}

static void
what_can_be_made_again_is_not_kept(void **state)
{
	struct git_list discard = { 0 };
	struct err err = ERR_INIT;

	sh("cd wt && mkdir -p build/t node_modules/m x/__pycache__ && echo GONE1 "
	   ">node_modules/m/f && printf 'Signature: 8a477f597d28d172789f06886806bc55' "
	   ">build/CACHEDIR.TAG && echo GONE2 >build/t/f && echo GONE3 >drop.ign && echo "
	   "same >same.ign && echo same >../repo/same.ign && echo KEPT >keep.ign");
	git_list_add(&discard, "drop.*");
	assert_ok(worktree_remove(&repo, at("wt"), "s1", &discard, &err), &err);
	git_list_clear(&discard);
	assert_true(is_kept("KEPT"));
	assert_false(is_kept("GONE1") || is_kept("GONE2") || is_kept("GONE3"));
	assert_false(is_kept("same"));
}

static void
a_removal_that_was_cut_off_is_finished(void **state)
{
	static const char *const cuts[] = {
		"rm -r wt/a.txt wt/dir",
		"rm -r wt/a.txt wt/dir wt/.git && echo LATE >wt/late && mv wt "
		"wt.divisi-removing-1",
		"mv wt wt.divisi-removing-1",
		"rm -r wt",
		"git -C repo worktree unlock wt",
		"git -C repo worktree unlock wt && rm -r wt",
	};
	struct worktree_spec spec = { "s1", NULL, "b/1", base };

	for (size_t i = 0; i < N_ELEMS(cuts); i++) {
		struct err err;

		sh("%s", cuts[i]);
		if (take_away(&err) < 0)
			fail_msg("cut %zu: %s (fix: %s)", i, err.text, err.fix);
		assert_false(file_exists(at("wt")));
		assert_string_equal(sh_out("git -C repo worktree list | wc -l"), "1");
		assert_ok(take_away(&err), &err);
		if (i == 1)
			assert_true(is_kept("LATE"));
		spec.path = at("wt");
		assert_ok(worktree_add(&repo, &spec, &err), &err);
	}
}

static void
ignored_files_that_a_pin_has_are_not_pinned_again(void **state)
{
	static const char *const step[] = {
		"echo '*.o' >>repo/.git/info/exclude; echo one >wt/1.o; echo two >wt/2.o",
		"echo two >wt/2.o",
		"echo three >wt/2.o",
	};
	static const char *const pins[] = { "1", "1", "2" };
	struct worktree_spec spec = { "s1", NULL, "b/1", base };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < N_ELEMS(step); i++) {
		sh("%s", step[i]);
		assert_ok(take_away(&err), &err);
		assert_string_equal(
		    sh_out(
			"git -C repo for-each-ref refs/divisi/s1/ | grep -c ignored-"),
		    pins[i]);
		spec.path = at("wt");
		assert_ok(worktree_add(&repo, &spec, &err), &err);
	}
	assert_true(is_kept("one"));
	assert_true(is_kept("three"));
}

static void
a_directory_without_a_worktree_is_left_alone(void **state)
{
	struct err err = ERR_INIT;

	sh("mkdir plain && echo x >plain/f");
	assert_int_equal(worktree_remove(&repo, at("plain"), "s1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(worktree_remove(&repo, at("repo"), "s1", NULL, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(sh_out("cat plain/f"), "x");
}

static void
the_branch_stays(void **state)
{
	struct err err;

	sh("cd wt && git commit -q --allow-empty -m work");
	assert_ok(take_away(&err), &err);
	assert_string_equal(sh_out("git -C repo log -1 --format=%%s b/1"), "work");
}

static void
a_branch_is_deleted_only_when_its_commits_are_elsewhere(void **state)
{
	struct err err = ERR_INIT;

	sh("cd repo && git checkout -q -b loose && echo LOST >a.txt && git commit -q -a "
	   "-m drop && git reset -q --hard HEAD~ && git commit -q --allow-empty -m top && "
	   "git checkout -q main");
	assert_int_equal(branch_delete_pinned(&repo, "loose", &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(branch_delete_pinned(&repo, "b/1", &err), -1);
	assert_non_null(strstr(err.text, "checked out"));
	assert_int_equal(branch_delete_pinned(&repo, "main", &err), -1);
	sh("cd repo && git merge -q --ff-only loose");
	assert_int_equal(branch_delete_pinned(&repo, "loose", &err), -1);
	sh("git -C repo update-ref refs/divisi/s0/head loose");
	assert_ok(branch_delete_pinned(&repo, "loose", &err), &err);
	assert_ok(branch_delete_pinned(&repo, "loose", &err), &err);
	sh("git -C repo prune --expire=now && ! git -C repo rev-parse -q --verify loose");
	assert_true(is_kept("LOST"));
	sh("cd wt && git commit -q --allow-empty -m work");
	assert_ok(take_away(&err), &err);
	assert_ok(branch_delete_pinned(&repo, "b/1", &err), &err);
	assert_string_equal(
	    sh_out("git -C repo log -1 --format=%%s refs/divisi/s1/head"), "work");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(whatever_was_made_is_found_after_removal),
		T(the_session_never_notices_a_pin),
		T(the_same_state_is_pinned_once),
		T(a_rewritten_head_keeps_the_old_one),
		T(what_cannot_be_proven_or_kept_is_not_removed),
		T(nothing_is_lost_whatever_happens_while_it_is_removed),
		T(what_can_be_made_again_is_not_kept),
		T(a_removal_that_was_cut_off_is_finished),
		T(ignored_files_that_a_pin_has_are_not_pinned_again),
		T(a_directory_without_a_worktree_is_left_alone),
		T(the_branch_stays),
		T(a_branch_is_deleted_only_when_its_commits_are_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
