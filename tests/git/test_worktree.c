#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/worktree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct repo repo;
static char *base;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	free(base);
	return sandbox_teardown(state);
}

static int
add(const char *session, const char *dir, const char *branch, struct err *err)
{
	struct worktree_spec spec = { session, at(dir), branch, base };

	*err = (struct err)ERR_INIT;
	return worktree_add(&repo, &spec, err);
}

static void
the_last_plan_that_pinned_anything_is_known(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(pin_last_plan(&repo), 0);
	assert_ok(pin_commit(&repo, "p2.1.1A", "head", base, &err), &err);
	assert_ok(pin_commit(&repo, "p11.1.1A", "head", base, &err), &err);
	assert_ok(pin_commit(&repo, "verify", "head", base, &err), &err);
	assert_int_equal(pin_last_plan(&repo), 11);
}

static void
a_worktree_is_made_locked_owned_and_ready(void **state)
{
	struct worktree_facts facts;
	struct err err = ERR_INIT;
	char pinned[GIT_OID_SIZE];

	assert_ok(add("s1", "deep/er/wt one", "claude/dv-1-x", &err), &err);
	assert_string_equal(sh_out("cat 'deep/er/wt one/dir/b.txt'"), "two");
	assert_non_null(strstr(sh_out("git -C repo worktree list --porcelain"),
	    "locked divisi session s1"));
	AUTO_FREE char *owner = worktree_owner(at("deep/er/wt one/dir"));
	assert_string_equal(owner, "s1");
	assert_null(worktree_owner(at("repo")));
	assert_int_equal(pin_read(&repo, "s1", "base", pinned, &err), 1);
	assert_string_equal(pinned, base);
	assert_ok(
	    worktree_inspect(&repo, at("deep/er/wt one"), "s1", base, &facts, &err),
	    &err);
	assert_true(facts.exists && facts.is_owned && facts.is_ready);
	assert_true(facts.base_reachable);
	assert_string_equal(facts.branch, "claude/dv-1-x");
	assert_string_equal(facts.head, base);
	assert_int_equal(facts.ahead.n, 0);
	worktree_facts_clear(&facts);
	assert_ok(
	    worktree_inspect(&repo, at("deep/er/wt one"), "s2", base, &facts, &err),
	    &err);
	assert_true(facts.exists && !facts.is_owned && !facts.is_ready);
	worktree_facts_clear(&facts);
	assert_ok(
	    worktree_inspect(&repo, at("none/x"), "s1", base, &facts, &err), &err);
	assert_false(facts.exists);
	worktree_facts_clear(&facts);
}

static void
making_it_again_finds_it(void **state)
{
	struct err err = ERR_INIT;

	assert_ok(add("s1", "wt", "b/1", &err), &err);
	sh("cd wt && echo more >>a.txt && echo new >new && git commit -q -a -m work");
	sh("git -C repo worktree unlock wt");
	for (int i = 0; i < 2; i++)
		assert_ok(add("s1", "wt", "b/1", &err), &err);
	assert_string_equal(sh_out("cat wt/new"), "new");
	assert_non_null(
	    strstr(sh_out("git -C repo worktree list --porcelain"), "locked divisi"));
}

/* J-42, S-23: whatever is there already is named and left as it is. */
static void
what_is_in_the_way_is_a_conflict_and_stays(void **state)
{
	static const struct {
		const char *make, *text;
	} rows[] = {
		{ "mkdir wt && echo x >wt/f", "no worktree" },
		{ "echo x >wt", "no worktree" },
		{ "ln -s nowhere wt", "no worktree" },
		{ "git clone -q repo wt", "no worktree" },
		{ "git -C repo worktree add -q ../wt -b other", "did not make" },
		{ "git -C repo branch b/1 && git -C repo checkout -q b/1 && git -C repo "
		  "commit -q --allow-empty -m 'Theirs' && git -C repo checkout -q main",
		    "1 commits ahead, last: Theirs" },
		{ "git -C repo branch b/1", "not this session's" },
		{ "git -C repo branch b", "refs/heads/b" },
		{ "git -C repo branch b/1/x", "refs/heads/b/1" },
	};
	char before[8192];

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err;

		sh("%s", rows[i].make);
		snprintf(before, sizeof(before), "%s%s",
		    sh_out("git -C repo for-each-ref refs/heads"),
		    sh_out("ls -laR --time-style=+ wt 2>&1"));
		if (add("s1", "wt", "b/1", &err) == 0 || err.kind != ERR_CONFLICT ||
		    !strstr(err.text, rows[i].text) || !err.fix[0])
			fail_msg(
			    "row %zu: %d %s (fix: %s)", i, err.kind, err.text, err.fix);
		if (strncmp(before, sh_out("git -C repo for-each-ref refs/heads"),
			strlen(sh_out("git -C repo for-each-ref refs/heads"))) != 0 ||
		    !strstr(before, sh_out("ls -laR --time-style=+ wt 2>&1")))
			fail_msg("row %zu changed something", i);
		sh("git -C repo worktree list --porcelain | grep -q '/wt$' && git -C repo "
		   "worktree remove --force ../wt; rm -rf wt; git -C repo for-each-ref "
		   "--format='delete %%(refname)' refs/heads/b refs/heads/other "
		   "refs/divisi | git -C repo update-ref --stdin");
	}
}

static void
a_worktree_of_another_session_is_not_taken(void **state)
{
	struct err err;

	assert_ok(add("s1", "wt", "b/1", &err), &err);
	assert_int_equal(add("s2", "wt", "b/2", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "session s1"));
	assert_int_equal(add("s2", "wt2", "b/1", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

/* A crash at any step leaves one of these; the same call ends in the same state. */
static void
a_half_made_worktree_is_finished(void **state)
{
	static const char *const crashes[] = {
		/* the pin was made, the branch not */
		"git -C repo update-ref refs/divisi/s1/base main",
		/* the branch was made, the worktree not */
		"git -C repo update-ref refs/divisi/s1/base main && git -C repo branch b/1",
		/* git was killed in the checkout and left its lock */
		"D=repo/.git/worktrees/wt; sed -i s/ready/making/ $D/divisi-session && rm "
		"wt/a.txt && touch $D/index.lock",
		"D=repo/.git/worktrees/wt; sed -i s/ready/making/ $D/divisi-session && rm "
		"-r $D/index wt/a.txt wt/dir",
		/* before the marker */
		"rm -r repo/.git/worktrees/wt/divisi-session wt/a.txt wt/dir",
		"rm -r repo/.git/worktrees/wt/divisi-session wt",
		/* somebody deleted the directory */
		"rm -r wt",
	};

	for (size_t i = 0; i < N_ELEMS(crashes); i++) {
		struct worktree_facts facts;
		struct err err;

		if (i >= 2)
			assert_ok(add("s1", "wt", "b/1", &err), &err);
		sh("%s", crashes[i]);
		if (add("s1", "wt", "b/1", &err) < 0)
			fail_msg("crash %zu: %s", i, err.text);
		assert_ok(
		    worktree_inspect(&repo, at("wt"), "s1", base, &facts, &err), &err);
		assert_true(facts.is_ready);
		assert_int_equal(facts.status.dirty.n + facts.status.untracked.n, 0);
		worktree_facts_clear(&facts);
		assert_string_equal(sh_out("git -C repo worktree list | wc -l"), "2");
		assert_ok(worktree_remove(&repo, at("wt"), "s1", NULL, &err), &err);
		sh("git -C repo for-each-ref --format='delete %%(refname)' refs/heads/b "
		   "refs/divisi | git -C repo update-ref --stdin");
	}
}

/* Before there is a marker only its lock says whose it is: nothing unlocks it first. */
static void
a_half_made_worktree_is_ours_until_it_is_gone(void **state)
{
	AUTO_FREE char *path = xstrdup(getenv("PATH"));
	AUTO_FREE char *with_bin = xasprintf("%s/bin:%s", sandbox(), path);
	struct err err;

	assert_ok(add("s1", "wt", "b/1", &err), &err);
	sh("rm -r repo/.git/worktrees/wt/divisi-session wt/a.txt wt/dir && mkdir bin && "
	   "printf '#!/bin/sh\\ncase \"$*\" in *\"worktree remove\"*) exit 1;; esac\\n"
	   "exec %s \"$@\"\\n' >bin/git && chmod 755 bin/git",
	    sh_out("command -v git"));
	setenv("PATH", with_bin, 1);
	assert_int_equal(add("s1", "wt", "b/1", &err), -1);
	setenv("PATH", path, 1);
	assert_ok(add("s1", "wt", "b/1", &err), &err);
}

static void
a_taken_away_branch_comes_back_with_its_work(void **state)
{
	struct err err;

	assert_ok(add("s1", "wt", "b/1", &err), &err);
	sh("cd wt && git commit -q --allow-empty -m work");
	assert_ok(worktree_remove(&repo, at("wt"), "s1", NULL, &err), &err);
	sh("git -C repo branch -q -D b/1");
	assert_ok(add("s1", "wt", "b/1", &err), &err);
	assert_string_equal(sh_out("git -C wt log -1 --format=%%s"), "work");
}

static void
bad_specs_are_refused_before_anything_is_made(void **state)
{
	static const char *const sessions[] = { "", "-x", "a/b", "..", "landed",
		"deleted", "a b" };
	static const char *const branches[] = { "-x", "a..b", "HEAD", "a b", "x.lock" };
	struct worktree_spec spec = { "s1", "relative", "b/1", base };
	struct err err;

	for (size_t i = 0; i < N_ELEMS(sessions); i++)
		assert_int_equal(add(sessions[i], "wt", "b/1", &err), -1);
	for (size_t i = 0; i < N_ELEMS(branches); i++) {
		assert_int_equal(add("s1", "wt", branches[i], &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
	assert_int_equal(worktree_add(&repo, &spec, &err), -1);
	spec.path = at("wt");
	spec.base = "main";
	assert_int_equal(worktree_add(&repo, &spec, &err), -1);
	spec.base = "0123456789012345678901234567890123456789";
	assert_int_equal(worktree_add(&repo, &spec, &err), -1);
	assert_string_equal(
	    sh_out("git -C repo for-each-ref | wc -l; ls"), "1\nrepo\nsh.log");
}

static void
odd_paths_and_names_are_ordinary(void **state)
{
	static const char *const names[] = { "-wt", "w t", "w\nt", "w\377t",
		"w'\"$(x)t" };
	char session[8], branch[16];
	struct err err;

	for (size_t i = 0; i < N_ELEMS(names); i++) {
		struct worktree_facts facts;

		snprintf(session, sizeof(session), "s%zu", i);
		snprintf(branch, sizeof(branch), "b/%zu", i);
		assert_ok(add(session, names[i], branch, &err), &err);
		assert_ok(add(session, names[i], branch, &err), &err);
		assert_ok(
		    worktree_inspect(&repo, at(names[i]), session, base, &facts, &err),
		    &err);
		assert_true(facts.is_ready);
		worktree_facts_clear(&facts);
		assert_ok(
		    worktree_remove(&repo, at(names[i]), session, NULL, &err), &err);
		assert_false(file_exists(at(names[i])));
	}
}

static void
inspection_tells_commits_dirt_and_conflicts(void **state)
{
	struct worktree_facts facts;
	struct err err;

	assert_ok(add("s1", "wt", "b/1", &err), &err);
	sh("cd wt && echo 1 >a.txt && git commit -q -a -m First && git rm -q dir/b.txt && "
	   "git commit -q -m Second && echo x >a.txt && touch -- -n");
	assert_ok(worktree_inspect(&repo, at("wt"), "s1", base, &facts, &err), &err);
	assert_int_equal(facts.ahead.n, 2);
	assert_string_equal(facts.ahead.item[0].subject, "Second");
	assert_int_equal(facts.status.dirty.n, 1);
	assert_string_equal(facts.status.untracked.item[0], "-n");
	assert_true(facts.base_reachable);
	worktree_facts_clear(&facts);
	sh("cd wt && git checkout -q -f --orphan else && git commit -q --allow-empty -m "
	   "else");
	assert_ok(worktree_inspect(&repo, at("wt"), "s1", base, &facts, &err), &err);
	assert_false(facts.base_reachable);
	assert_string_equal(facts.branch, "else");
	worktree_facts_clear(&facts);
}

/* Each git that pins looks which of our files others could open, were the home open. */
static void
nothing_of_ours_is_open_while_it_is_pinned(void **state)
{
	AUTO_FREE char *path = xstrdup(getenv("PATH"));
	AUTO_FREE char *with_bin = xasprintf("%s/bin:%s", sandbox(), path);
	mode_t mask = umask(022);
	struct err err = ERR_INIT;
	struct pin pin = { 0 };

	assert_ok(add("s1", "wt", "b1", &err), &err);
	sh("echo new >wt/new.txt");
	sh("mkdir bin && cat >bin/git <<'END'\n#!/bin/sh\nd=$(dirname \"$0\")\n"
	   "find $d/../repo/.git/divisi -maxdepth 1 -type f -perm /077 >>$d/open\n"
	   "echo . >>$d/looks\n"
	   "PATH=$(echo \"$PATH\" | sed \"s|^$d:||\") exec git \"$@\"\nEND\n"
	   "chmod +x bin/git");
	setenv("PATH", with_bin, 1);
	assert_ok(worktree_pin(&repo, at("wt"), "s1", &pin, &err), &err);
	setenv("PATH", path, 1);
	umask(mask);
	pin_clear(&pin);
	assert_string_equal(sh_out("cat bin/open"), "");
	assert_string_not_equal(sh_out("cat bin/looks"), "");
	assert_string_equal(sh_out("stat -c %%a repo/.git/divisi/pin"), "700");
}

static void
users_hooks_do_not_run_for_our_own_checkout(void **state)
{
	struct err err;

	sh("printf '#!/bin/sh\\ntouch ../hooked\\n' >repo/.git/hooks/post-checkout && "
	   "chmod +x repo/.git/hooks/post-checkout");
	assert_ok(add("s1", "wt", "b/1", &err), &err);
	assert_false(file_exists(at("hooked")));
}

static void
untracked_files_are_copied_by_pattern(void **state)
{
	struct git_list patterns = { 0 };
	struct err err;
	size_t n = 0;

	sh("cd repo && printf '.env\\nsecret/\\n' >.gitignore && git add . && git commit "
	   "-q -m ignore && mkdir -p secret/deep && echo e1 >.env && echo e2 >dir/.env && "
	   "echo k >secret/deep/key && echo no >secret/other && echo r >root.cfg && echo "
	   "d >dir/root.cfg && ln -s nowhere link.cfg && chmod 751 .env");
	free(base);
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	assert_ok(add("s1", "wt", "b/1", &err), &err);
	assert_ok(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), &err);
	assert_int_equal(n, 0);
	git_list_add(&patterns, ".env");
	git_list_add(&patterns, "secret/deep/");
	git_list_add(&patterns, "/*.cfg");
	git_list_add(&patterns, "/");
	git_list_add(&patterns, "a.txt");
	sh("echo mine >wt/root.cfg");
	assert_ok(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), &err);
	assert_int_equal(n, 4);
	assert_string_equal(
	    sh_out("cd wt; cat .env dir/.env secret/deep/key root.cfg; readlink "
		   "link.cfg; ls secret dir; stat -c %%a .env; ls -A | grep -c copy"),
	    "e1\ne2\nk\nmine\nnowhere\ndir:\nb.txt\n\nsecret:\ndeep\n751\n0");
	assert_ok(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), &err);
	assert_int_equal(n, 0);
	/* What a machine without power left of a copy is made again, and nothing else. */
	sh(": >wt/.env");
	assert_ok(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_string_equal(sh_out("cat wt/.env wt/root.cfg"), "e1\nmine");
	git_list_clear(&patterns);
}

static void
half_a_copy_is_none(void **state)
{
	struct git_list patterns = { 0 };
	struct rlimit old, small;
	struct err err;
	size_t n = 0;

	sh("echo 0123456789 >repo/.env");
	assert_ok(add("s1", "wt", "b/1", &err), &err);
	git_list_add(&patterns, ".env");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 4, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_string_equal(sh_out("git -C wt status --porcelain --ignored"), "");
	assert_ok(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), &err);
	assert_string_equal(sh_out("cat wt/.env"), "0123456789");
	git_list_clear(&patterns);
}

static void
nothing_is_copied_through_a_symbolic_link(void **state)
{
	struct git_list patterns = { 0 };
	struct err err;
	size_t n = 0;

	sh("mkdir outside && cd repo && ln -s ../outside conf && git add . && git commit "
	   "-q -m link && rm conf && mkdir conf && echo x >conf/.env");
	free(base);
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	assert_ok(add("s1", "wt", "b/1", &err), &err);
	git_list_add(&patterns, ".env");
	assert_int_equal(worktree_copy_files(&repo, at("wt"), &patterns, &n, &err), -1);
	assert_string_equal(sh_out("ls outside"), "");
	git_list_clear(&patterns);
}

static void
the_default_place_tells_repositories_of_one_name_apart(void **state)
{
	AUTO_FREE char *one = worktree_default_path(&repo, "dv-1-x");
	AUTO_FREE char *two = NULL;
	struct repo other;
	struct err err;

	sh("mkdir o && git init -q -b main o/repo");
	assert_ok(repo_open(at("o/repo"), &other, &err), &err);
	two = worktree_default_path(&other, "dv-1-x");
	repo_close(&other);
	assert_string_not_equal(one, two);
	assert_memory_equal(one, at("state/divisi/worktrees/repo-"),
	    strlen(at("state/divisi/worktrees/repo-")));
	assert_string_equal(strrchr(one, '/'), "/dv-1-x");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_last_plan_that_pinned_anything_is_known),
		T(a_worktree_is_made_locked_owned_and_ready),
		T(making_it_again_finds_it),
		T(what_is_in_the_way_is_a_conflict_and_stays),
		T(a_worktree_of_another_session_is_not_taken),
		T(a_half_made_worktree_is_finished),
		T(a_half_made_worktree_is_ours_until_it_is_gone),
		T(a_taken_away_branch_comes_back_with_its_work),
		T(bad_specs_are_refused_before_anything_is_made),
		T(odd_paths_and_names_are_ordinary),
		T(inspection_tells_commits_dirt_and_conflicts),
		T(nothing_of_ours_is_open_while_it_is_pinned),
		T(users_hooks_do_not_run_for_our_own_checkout),
		T(untracked_files_are_copied_by_pattern),
		T(half_a_copy_is_none),
		T(nothing_is_copied_through_a_symbolic_link),
		T(the_default_place_tells_repositories_of_one_name_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
