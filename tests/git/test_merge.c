#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/merge.h"
#include "git/worktree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct repo repo;

static int
setup(void **state)
{
	struct err err = ERR_INIT;

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && seq 40 >long.txt && git add . && git commit -q -m long");
	return repo_open(at("repo"), &repo, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	return sandbox_teardown(state);
}

/* A branch NAME from main with what COMMANDS commit. */
static void
branch(const char *name, const char *commands)
{
	sh("cd repo && git checkout -q -b %s main && { %s; } >/dev/null && git checkout "
	   "-q main",
	    name, commands);
}

static const char *
oid_of(const char *rev)
{
	return sh_out("git -C repo rev-parse --verify '%s'", rev);
}

static void
clean_trials_give_the_tree_git_would_make(void **state)
{
	struct merge_trial trial;
	struct err err = ERR_INIT;
	char *head;

	branch("x", "sed -i 's/^3$/three/' long.txt; git commit -q -a -m x");
	branch("y", "sed -i 's/^30$/thirty/' long.txt; git commit -q -a -m y");
	head = xstrdup(sh_out("cd repo; git for-each-ref; git status --porcelain"));
	assert_ok(merge_trial(&repo, "x", "y", &trial, &err), &err);
	assert_true(trial.is_clean);
	assert_int_equal(trial.n, 0);
	assert_string_equal(sh_out("git -C repo show %s:long.txt | grep t", trial.tree),
	    "three\nthirty");
	merge_trial_clear(&trial);
	assert_string_equal(
	    head, sh_out("cd repo; git for-each-ref; git status --porcelain"));
	free(head);
}

static void
conflicts_show_both_sides(void **state)
{
	struct merge_trial trial;
	struct err err = ERR_INIT;
	const char *odd = "sp a\033[31m\nce";

	branch("x",
	    "sed -i 's/^20$/LEFT/' long.txt; git rm -q a.txt; printf x >\"$(printf "
	    "'sp a\\033[31m\\nce')\"; printf 'b\\0x' >bin; git add .; git commit "
	    "-q -a -m x");
	branch("y",
	    "sed -i 's/^20$/RIGHT/' long.txt; echo z >a.txt; printf y >\"$(printf "
	    "'sp a\\033[31m\\nce')\"; printf 'b\\0y' >bin; git add .; git commit "
	    "-q -a -m y");
	assert_ok(merge_trial(&repo, oid_of("x"), oid_of("y"), &trial, &err), &err);
	assert_false(trial.is_clean);
	assert_int_equal(trial.n, 4);
	assert_string_equal(trial.conflict[0].path, "a.txt");
	assert_non_null(strstr(trial.conflict[0].text, "modify/delete"));
	assert_string_equal(trial.conflict[1].path, "bin");
	assert_non_null(strstr(trial.conflict[1].text, "bin"));
	assert_string_equal(trial.conflict[2].path, "long.txt");
	assert_memory_equal(trial.conflict[2].text, "17\n18\n19\n<<<<<<< ", 17);
	assert_non_null(
	    strstr(trial.conflict[2].text, "\nLEFT\n=======\nRIGHT\n>>>>>>> "));
	assert_non_null(strstr(trial.conflict[2].text, "\n21\n22\n23\n"));
	assert_null(strstr(trial.conflict[2].text, "\n24\n"));
	assert_string_equal(trial.conflict[3].path, odd);
	AUTO_FREE char *shown = merge_trial_show(&trial);
	assert_null(strchr(shown, '\033'));
	assert_non_null(strstr(shown, "long.txt:\n17\n"));
	merge_trial_clear(&trial);
}

static void
enormous_conflicts_are_cut(void **state)
{
	struct merge_trial trial;
	struct err err = ERR_INIT;

	branch("x", "seq 100000 300000 >long.txt; git commit -q -a -m x");
	branch("y", "seq 500000 700000 >long.txt; git commit -q -a -m y");
	assert_ok(merge_trial(&repo, "x", "y", &trial, &err), &err);
	assert_int_equal(trial.n, 1);
	assert_true(strlen(trial.conflict[0].text) < 20000);
	merge_trial_clear(&trial);
}

static void
what_is_no_commit_cannot_be_merged(void **state)
{
	struct merge_trial trial;
	struct err err = ERR_INIT;

	assert_int_equal(merge_trial(&repo, "main", "--stdin", &trial, &err), -1);
	assert_int_equal(merge_trial(&repo, "main", "none", &trial, &err), -1);
	sh("cd repo && git checkout -q --orphan o && git commit -q -m o && git checkout -q "
	   "main");
	assert_int_equal(merge_trial(&repo, "main", "o", &trial, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static struct candidate
build(enum merge_method method, const char *tip)
{
	AUTO_FREE char *target = xstrdup(oid_of("main"));
	AUTO_FREE char *work = xstrdup(oid_of(tip));
	AUTO_FREE char *message = merge_message("DV-1", "Do it", NULL, "s1");
	struct candidate_spec spec = { "s1", target, work, method, message, NULL };
	struct candidate candidate;
	struct err err = ERR_INIT;

	assert_ok(candidate_build(&repo, &spec, &candidate, &err), &err);
	return candidate;
}

/* */
static void
a_squash_is_one_commit_by_the_sessions_author(void **state)
{
	branch("x",
	    "echo 1 >n1; git add .; git commit -q --author 'Ann <ann@example.org>' "
	    "-m one --date '1700000000 +0130'; echo 2 >n2; git add .; git commit "
	    "-q --author 'B\303\266b <bob@example.org>' -m two --date "
	    "'1700000001 +0130'");
	sh("cd repo && echo m >m && git add . && git commit -q -m moved");
	struct candidate one = build(MERGE_SQUASH, "x");
	struct candidate two = build(MERGE_SQUASH, "x");

	assert_string_equal(one.oid, two.oid);
	assert_false(one.is_empty);
	assert_string_equal(
	    sh_out(
		"git -C repo log -1 --date=raw --format='%%an <%%ae> %%ad|%%cn|%%P' %s",
		one.oid),
	    sh_out("echo 'B\303\266b <bob@example.org> 1700000001 "
		   "+0130|Tester|'$(git -C repo rev-parse main)"));
	assert_string_equal(sh_out("git -C repo log -1 --format=%%B %s", one.oid),
	    "DV-1: Do it\n\nCloses DV-1\n\nDivisi-Session: s1\n"
	    "Co-authored-by: Ann <ann@example.org>\n");
	assert_string_equal(
	    sh_out("git -C repo ls-tree --name-only %s | tr '\\n' ' '", one.oid),
	    "a.txt dir long.txt m n1 n2 ");
	assert_string_equal(oid_of("refs/divisi/s1/candidate"), one.oid);
	candidate_clear(&one);
	candidate_clear(&two);
}

static void
a_rebase_keeps_commits_authors_and_messages(void **state)
{
	branch("x",
	    "echo 1 >n1; git add .; git commit -q --author 'Ann <ann@example.org>' "
	    "-m one -m 'Body #1'; sed -i 's/^3$/three/' long.txt; git commit -q -a "
	    "-m two; git commit -q --allow-empty -m nothing");
	sh("cd repo && sed -i 's/^30$/thirty/' long.txt && git commit -q -a -m moved");
	struct candidate c = build(MERGE_REBASE, "x");

	assert_int_equal(c.method, MERGE_REBASE);
	assert_string_equal(
	    sh_out("git -C repo log --format='%%an|%%s|%%b' main..%s", c.oid),
	    "Tester|two|\nAnn|one|Body #1\n");
	assert_string_equal(
	    sh_out("git -C repo show %s:long.txt | grep t", c.oid), "three\nthirty");
	assert_string_equal(
	    sh_out("git -C repo merge-base main %s", c.oid), oid_of("main"));
	candidate_clear(&c);
}

static void
a_rebase_that_is_on_top_already_changes_nothing(void **state)
{
	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	struct candidate c = build(MERGE_REBASE, "x");

	assert_string_equal(c.oid, oid_of("x"));
	candidate_clear(&c);
}

static void
a_history_with_merges_is_squashed(void **state)
{
	branch("y", "echo y >y; git add .; git commit -q -m y");
	branch("x",
	    "echo 1 >n1; git add .; git commit -q -m one; git merge -q --no-edit y");
	sh("cd repo && echo m >m && git add . && git commit -q -m moved");
	struct candidate c = build(MERGE_REBASE, "x");

	assert_int_equal(c.method, MERGE_SQUASH);
	assert_string_equal(
	    sh_out("git -C repo rev-list --count main..%s", c.oid), "1");
	candidate_clear(&c);
}

static void
a_merge_has_both_parents(void **state)
{
	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	struct candidate c = build(MERGE_COMMIT, "x");

	assert_string_equal(sh_out("git -C repo log -1 --format=%%P %s", c.oid),
	    sh_out("git -C repo rev-parse main x | tr '\\n' ' ' | sed 's/ $//'"));
	candidate_clear(&c);
}

static void
work_that_is_there_already_is_empty(void **state)
{
	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	sh("cd repo && git merge -q --squash x >/dev/null && git commit -q -m squashed");
	for (int m = MERGE_SQUASH; m <= MERGE_COMMIT; m++) {
		struct candidate c = build((enum merge_method)m, "x");

		assert_true(c.is_empty);
		assert_string_equal(c.oid, oid_of("main"));
		candidate_clear(&c);
	}
}

static void
a_candidate_that_conflicts_tells_paths_and_sides(void **state)
{
	branch("x",
	    "echo 1 >n1; git add .; git commit -q -m fine; sed -i 's/^20$/LEFT/' "
	    "long.txt; git commit -q -a -m clash");
	sh("cd repo && sed -i 's/^20$/RIGHT/' long.txt && git commit -q -a -m moved");
	AUTO_FREE char *target = xstrdup(oid_of("main"));
	AUTO_FREE char *tip = xstrdup(oid_of("x"));
	struct candidate_spec spec = { "s1", target, tip, MERGE_SQUASH, "m", NULL };

	for (int m = MERGE_SQUASH; m <= MERGE_COMMIT; m++) {
		struct candidate c;
		struct err err = ERR_INIT;

		spec.method = (enum merge_method)m;
		assert_int_equal(candidate_build(&repo, &spec, &c, &err), -1);
		assert_int_equal(err.kind, ERR_CONFLICT);
		assert_non_null(strstr(err.text, "long.txt"));
		assert_int_equal(c.trial.n, 1);
		assert_non_null(strstr(c.trial.conflict[0].text, "LEFT"));
		assert_non_null(strstr(c.trial.conflict[0].text, "RIGHT"));
		if (m == MERGE_REBASE)
			assert_string_equal(c.conflict_at, tip);
		candidate_clear(&c);
	}
	assert_int_equal(sh_status("git -C repo rev-parse -q --verify "
				   "refs/divisi/s1/candidate"),
	    1);
}

static void
without_an_identity_nothing_is_built(void **state)
{
	struct candidate_spec spec = { "s1", NULL, NULL, MERGE_SQUASH, "m", NULL };
	struct candidate c;
	struct err err = ERR_INIT;

	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	sh("cd repo && git config --unset user.name && git config --unset user.email && "
	   "git config user.useConfigOnly true");
	AUTO_FREE char *target = xstrdup(oid_of("main"));
	AUTO_FREE char *tip = xstrdup(oid_of("x"));
	spec.target = target;
	spec.tip = tip;
	assert_int_equal(candidate_build(&repo, &spec, &c, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.fix, "user.name"));
}

static void
messages_hold_no_control_characters_and_are_cut_between_characters(void **state)
{
	char focus[300] = "a\nb\033[0m ";
	AUTO_FREE char *one = merge_message("DV-1", focus, "l1\nl2\r", "s1");
	AUTO_FREE char *two = NULL;

	assert_string_equal(one, "DV-1: a b [0m \n\nl1\nl2 \n\nCloses DV-1\n\n"
				 "Divisi-Session: s1\n");
	focus[0] = 'x';
	focus[1] = '\0';
	for (int i = 0; i < 100; i++)
		strcat(focus, "\303\266");
	two = merge_message("DV-1", focus, NULL, "s1");
	assert_int_equal(strcspn(two, "\n"), strlen("DV-1: ") + 119);
}

static void
methods_have_words(void **state)
{
	enum merge_method method;

	for (int m = MERGE_SQUASH; m <= MERGE_COMMIT; m++) {
		assert_true(merge_method_parse(
		    merge_method_name((enum merge_method)m), &method));
		assert_int_equal(method, m);
	}
	assert_false(merge_method_parse("octopus", &method));
}

static void
changed_paths_tell_letters_and_renames(void **state)
{
	struct changed_paths paths;
	struct err err = ERR_INIT;

	branch("x",
	    "git mv long.txt 'new\nname'; git rm -q a.txt; echo x >>dir/b.txt; echo "
	    "n >-n; git add -- -n; git commit -q -a -m x");
	assert_ok(merge_changed_paths(&repo, "main", "x", &paths, &err), &err);
	assert_int_equal(paths.n, 4);
	assert_string_equal(paths.item[0].path, "-n");
	assert_int_equal(paths.item[0].status, 'A');
	assert_int_equal(paths.item[1].status, 'D');
	assert_int_equal(paths.item[2].status, 'M');
	assert_string_equal(paths.item[3].path, "new\nname");
	assert_string_equal(paths.item[3].from, "long.txt");
	assert_int_equal(paths.item[3].status, 'R');
	changed_paths_clear(&paths);
}

/* The scratch is used again; build products stay, what else was left is pinned. */
static void
a_scratch_is_reused_and_loses_nothing(void **state)
{
	struct err err = ERR_INIT;
	struct worktree_spec other = { "s2", NULL, "b/2", NULL };

	sh("cd repo && echo '*.o' >.gitignore && git add . && git commit -q -m ignore");
	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	AUTO_FREE char *first = xstrdup(oid_of("main"));
	AUTO_FREE char *second = xstrdup(oid_of("x"));

	assert_ok(
	    scratch_prepare(&repo, at("scratch"), "scratch-p", first, &err), &err);
	sh("cd scratch && touch x.o && echo edited >a.txt && echo left >left && git init "
	   "-q n && touch n/f");
	for (int i = 0; i < 2; i++) {
		assert_ok(
		    scratch_prepare(&repo, at("scratch"), "scratch-p", second, &err),
		    &err);
		assert_string_equal(sh_out("cd scratch; cat a.txt n1; ls"),
		    "one\n1\na.txt\ndir\nlong.txt\nn\nn1\nx.o");
		assert_string_equal(sh_out("git -C scratch rev-parse HEAD"), second);
	}
	assert_string_equal(
	    sh_out("git -C repo show refs/divisi/scratch-p/snapshot-1:left"), "left");
	other.path = at("wt");
	other.base = first;
	assert_ok(worktree_add(&repo, &other, &err), &err);
	assert_int_equal(
	    scratch_prepare(&repo, at("wt"), "scratch-p", first, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(
	    scratch_prepare(&repo, at("repo"), "scratch-p", first, &err), -1);
}

/* A git that died in it, or the power did, left its lock. */
static void
a_scratch_outlives_a_killed_git(void **state)
{
	struct err err = ERR_INIT;

	branch("x", "echo 1 >n1; git add .; git commit -q -m one");
	AUTO_FREE char *first = xstrdup(oid_of("main"));
	AUTO_FREE char *second = xstrdup(oid_of("x"));

	assert_ok(
	    scratch_prepare(&repo, at("scratch"), "scratch-p", first, &err), &err);
	sh("touch repo/.git/worktrees/scratch/index.lock");
	assert_ok(
	    scratch_prepare(&repo, at("scratch"), "scratch-p", second, &err), &err);
	assert_string_equal(sh_out("git -C scratch rev-parse HEAD"), second);
	assert_string_equal(
	    sh_out("ls repo/.git/worktrees/scratch | grep -c lock$ || true"), "0");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(clean_trials_give_the_tree_git_would_make),
		T(conflicts_show_both_sides),
		T(enormous_conflicts_are_cut),
		T(what_is_no_commit_cannot_be_merged),
		T(a_squash_is_one_commit_by_the_sessions_author),
		T(a_rebase_keeps_commits_authors_and_messages),
		T(a_rebase_that_is_on_top_already_changes_nothing),
		T(a_history_with_merges_is_squashed),
		T(a_merge_has_both_parents),
		T(work_that_is_there_already_is_empty),
		T(a_candidate_that_conflicts_tells_paths_and_sides),
		T(without_an_identity_nothing_is_built),
		T(messages_hold_no_control_characters_and_are_cut_between_characters),
		T(methods_have_words),
		T(changed_paths_tell_letters_and_renames),
		T(a_scratch_is_reused_and_loses_nothing),
		T(a_scratch_outlives_a_killed_git),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
