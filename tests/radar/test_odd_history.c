#include "git/sandbox.h"

#include "base/mem.h"
#include "radar/radar.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Bad input of the conflict calculus: histories, stores and gits that are not as one would
 * wish.  Whatever they are: two that conflict are never told to merge.
 */

static struct repo repo;
static struct radar *radar;
static char target[GIT_OID_SIZE];

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	int rc = sandbox_setup(state);

	make_repo();
	sh("cd repo && seq 1 30 > f.txt && git add . && git commit -qm base && "
	   "git worktree add -q ../A -b a && git worktree add -q ../B -b b");
	snprintf(target, sizeof(target), "%s", sh_out("git -C repo rev-parse main"));
	assert_ok(repo_open(at("repo"), &repo, &err), &err);
	radar = radar_open(&repo, at("radar"), &err);
	assert_non_null(radar);
	return rc;
}

static int
teardown(void **state)
{
	radar_close(radar);
	radar = NULL;
	repo_close(&repo);
	return sandbox_teardown(state);
}

static void
scan(struct radar_tree *t, const char *name)
{
	struct err err = ERR_INIT;

	*t = (struct radar_tree){ .session = name, .path = at(name) };
	assert_ok(radar_scan(radar, target, t, &err), &err);
}

/* What the radar says of all pairs of the branches of LIST, and what git merge does. */
static void
agrees_with_git(const char *const *branch, size_t n)
{
	struct radar_pair pair[64] = { 0 };
	char *oid[8];
	struct err err = ERR_INIT;
	size_t n_pairs = 0, n_clean = 0;

	for (size_t i = 0; i < n; i++)
		oid[i] = xstrdup(sh_out("git -C repo rev-parse %s", branch[i]));
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			pair[n_pairs++] = (struct radar_pair){ .a = oid[i],
				.b = oid[k] };
	}
	assert_ok(radar_trials(radar, pair, n_pairs, &err), &err);
	for (size_t i = 0; i < n_pairs; i++) {
		int said = sh_status(
		    "cd A && git checkout -q --detach %s && git merge -q "
		    "--no-edit %s >/dev/null 2>&1",
		    pair[i].a, pair[i].b);

		sh_status("cd A && git merge --abort 2>/dev/null");
		sh_status("cd A && git reset -q --hard");
		if (pair[i].is_clean != (said == 0))
			fail_msg("%s and %s: git says %d, we say %d", branch[i / n],
			    branch[i % n], said, pair[i].is_clean);
		n_clean += pair[i].is_clean;
		git_list_clear(&pair[i].files);
	}
	/* Both answers were met. */
	assert_true(n_clean > 0 && n_clean < n_pairs);
	for (size_t i = 0; i < n; i++)
		free(oid[i]);
}

/* P and Q merged each other's first commit and went on: two bases, and no best one. */
static void
criss_cross_heads_get_the_verdict_of_git_merge(void **state)
{
	static const char *const branches[] = { "p", "q", "r" };

	(void)state;
	sh("cd repo && git checkout -qb p main && sed -i s/^3$/p/ f.txt && git commit -qam p1 && "
	   "git checkout -qb q main && sed -i s/^25$/q/ f.txt && git commit -qam q1 && "
	   "git branch p1 p && git branch q1 q && git checkout -q p && "
	   "git merge -q --no-edit q1 && git checkout -q q && git merge -q --no-edit p1 && "
	   "sed -i s/^10$/Q/ f.txt && git commit -qam q2 && git checkout -q p && "
	   "sed -i s/^10$/P/ f.txt && git commit -qam p2 && "
	   "git checkout -qb r p1 && sed -i s/^15$/r/ f.txt && git commit -qam r && "
	   "git checkout -q main");
	assert_string_equal(sh_out("git -C repo merge-base --all p q | wc -l"), "2");
	agrees_with_git(branches, N_ELEMS(branches));
}

/* A head with three parents, and one whose fork is one. */
static void
octopus_heads_get_the_verdict_of_git_merge(void **state)
{
	static const char *const branches[] = { "all", "after", "other" };

	(void)state;
	sh("cd repo && for i in 1 2 3; do git checkout -qb o$i main && echo $i > o$i && "
	   "sed -i s/^$((9 * i))$/o$i/ f.txt && git add . && git commit -qm o$i; done; "
	   "git checkout -qb all main && git merge -q --no-edit o1 o2 o3 && "
	   "git checkout -qb after all && sed -i s/^18$/x/ o1 && sed -i s/^o2$/after/ f.txt && "
	   "git commit -qam after && git checkout -qb other o2 && "
	   "sed -i s/^o2$/other/ f.txt && git commit -qam other && git checkout -q main");
	assert_string_equal(
	    sh_out("git -C repo rev-list --parents -1 all | wc -w"), "4");
	agrees_with_git(branches, N_ELEMS(branches));
}

/* What a session added and took back, gc has removed: the file is still in its tree. */
static void
gc_takes_what_was_added_and_taken_back(void)
{
	sh("echo 1 > A/new && touch -d 2001-01-01 A/new && git -C A add new && echo 2 > B/new");
	for (int i = 0; i < 2; i++) {
		struct radar_tree a;

		/* The second look finds nothing to do and keeps the index as it is. */
		scan(&a, "A");
		radar_tree_clear(&a);
	}
	sh("cd A && git reset -q && git reflog expire --expire=now --all && "
	   "git gc -q --prune=now && ! git cat-file -e $(git hash-object new) 2>/dev/null");
}

static int
try_both(struct radar_pair *pair)
{
	struct err err = ERR_INIT;
	struct radar_tree a, b;
	int rc;

	scan(&a, "A");
	scan(&b, "B");
	*pair = (struct radar_pair){ .a = a.commit, .b = b.commit };
	rc = radar_trials(radar, pair, 1, &err);
	radar_tree_clear(&a);
	radar_tree_clear(&b);
	return rc;
}

/* The job forgets its store after a look that failed (job_radar.c). */
static void
a_look_that_gc_blinded_sees_again_when_the_store_is_forgotten(void **state)
{
	struct radar_pair pair;
	struct err err = ERR_INIT;

	(void)state;
	gc_takes_what_was_added_and_taken_back();
	/* An error or the truth; never that they merge. */
	if (try_both(&pair) == 0)
		assert_false(pair.is_clean);
	git_list_clear(&pair.files);
	assert_ok(radar_forget(radar, &err), &err);
	assert_int_equal(try_both(&pair), 0);
	assert_false(pair.is_clean);
	assert_int_equal(pair.files.n, 1);
	git_list_clear(&pair.files);
}

static void
a_tree_is_read_anew_when_gc_took_what_its_index_names(void **state)
{
	struct radar_pair pair;

	(void)state;
	gc_takes_what_was_added_and_taken_back();
	sh("echo 3 > A/more");
	assert_int_equal(try_both(&pair), 0);
	assert_false(pair.is_clean);
	assert_string_equal(pair.files.item[0], "new");
	git_list_clear(&pair.files);
}

/* One side's work, or what both came from, cannot be read: that is no clean merge. */
static void
missing_objects_are_never_a_clean_merge(void **state)
{
	static const char *const lost[] = { "a:new", "a:f.txt", "a^{tree}",
		"main:f.txt" };

	(void)state;
	sh("cd A && sed -i s/^5$/five/ f.txt && echo 1 > new && git add . && git commit -qm a && "
	   "cd ../B && sed -i s/^5$/FIVE/ f.txt && echo 2 > new && git add . && git commit -qm b");
	for (size_t i = 0; i < N_ELEMS(lost); i++) {
		struct radar_pair pair[2] = { 0 };
		struct err err = ERR_INIT;
		char path[64];
		int rc;

		for (size_t k = 0; k < 2; k++) {
			pair[k].a = sh_out("git -C repo rev-parse a");
			pair[k].b = sh_out("git -C repo rev-parse b");
		}
		snprintf(path, sizeof(path), "%s",
		    sh_out("git -C repo rev-parse '%s' | sed 's|^..|&/|'", lost[i]));
		sh("mv repo/.git/objects/%s taken", path);
		rc = radar_trials(radar, pair, 2, &err);
		if (rc == 0 && (pair[0].is_clean || pair[1].is_clean))
			fail_msg("without %s they merge", lost[i]);
		sh("mv taken repo/.git/objects/%s", path);
		git_list_clear(&pair[0].files);
		git_list_clear(&pair[1].files);
	}
}

/* gc runs again and again beside the looking: an error is an answer, "they merge" is none. */
static void
a_gc_beside_it_never_makes_a_conflict_clean(void **state)
{
	size_t n_said = 0;
	pid_t gc;

	(void)state;
	sh("cd A && sed -i s/^5$/five/ f.txt && git commit -qam a && cd ../B && "
	   "sed -i s/^5$/FIVE/ f.txt && git commit -qam b");
	gc = fork();
	assert_true(gc >= 0);
	if (gc == 0) {
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c",
		    "cd \"$0\" && while :; do git reflog expire --expire=now --all; "
		    "git gc -q --prune=now; done >/dev/null 2>&1",
		    at("repo"), (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 12; i++) {
		struct radar_tree a = { .session = "A", .path = at("A") };
		struct radar_tree b = { .session = "B", .path = at("B") };
		struct radar_pair pair[2] = { 0 };
		struct err err = ERR_INIT;

		sh("echo %d > A/new; echo %d > B/other; git -C A add new; "
		   "git -C A reset -q",
		    i, i);
		if (radar_scan(radar, target, &a, &err) == 0 &&
		    radar_scan(radar, target, &b, &err) == 0) {
			pair[0].a = pair[1].b = a.commit;
			pair[0].b = pair[1].a = b.commit;
			if (radar_trials(radar, pair, 2, &err) == 0) {
				n_said++;
				assert_false(pair[0].is_clean);
				assert_false(pair[1].is_clean);
			}
		}
		git_list_clear(&pair[0].files);
		git_list_clear(&pair[1].files);
		radar_tree_clear(&a);
		radar_tree_clear(&b);
	}
	kill(-gc, SIGKILL);
	kill(gc, SIGKILL);
	waitpid(gc, NULL, 0);
	assert_true(n_said > 0);
}

/* git 2.38 knows no --stdin: each pair alone, with the same answers. */
static void
a_git_that_tries_one_pair_at_a_time_says_the_same(void **state)
{
	AUTO_FREE char *old_path = xstrdup(getenv("PATH"));
	AUTO_FREE char *path = xasprintf("%s:%s", at("old"), old_path);
	struct radar_pair pair[3] = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	sh("cd A && sed -i s/^5$/five/ f.txt && git commit -qam a && cd ../B && "
	   "sed -i s/^5$/FIVE/ f.txt && git commit -qam b");
	sh("mkdir old && printf '%%s\\n' '#!/bin/sh' 'for w in \"$@\"; do case $w in' "
	   "'version) echo git version 2.38.0; exit 0;;' "
	   "'--stdin) case \"$*\" in *merge-tree*) touch %s; exit 129;; esac;; esac; done' "
	   "'PATH=${PATH#*:} exec git \"$@\"' > old/git && chmod +x old/git",
	    at("asked"));
	pair[0] = (struct radar_pair){ .a = sh_out("git -C repo rev-parse a"),
		.b = sh_out("git -C repo rev-parse b") };
	pair[1] = (struct radar_pair){ .a = pair[0].a, .b = target };
	pair[2] = (struct radar_pair){ .a = pair[0].b, .b = pair[0].a };
	setenv("PATH", path, 1);
	assert_ok(radar_trials(radar, pair, N_ELEMS(pair), &err), &err);
	setenv("PATH", old_path, 1);
	sh("test -e asked");
	assert_false(pair[0].is_clean);
	assert_true(pair[1].is_clean);
	assert_false(pair[2].is_clean);
	for (size_t i = 0; i < N_ELEMS(pair); i++)
		git_list_clear(&pair[i].files);
}

/* Edits of all kinds by branch I, the first ones none that are kept whole. */
static void
edit_randomly(int i)
{
	sh("cd repo && git checkout -q -b r%d %s && for k in 1 2 3 4 5 6 7 8; do "
	   "n=$(( (%d * 37 + k * 61) %% 97 )); f=d$((n %% 3))/e/f$((n %% 4)).txt; "
	   "case $(( (%d * 13 + k * 7) %% %d )) in "
	   "0|1|2|3|4) test ! -f $f || sed -i s/^$((1 + n %% 3))$/b%d/ $f;; "
	   "5) test ! -d d$((n %% 3)) || echo %d > d$((n %% 3))/new$((n %% 2));; "
	   "6) rm -f $f;; "
	   "7) test ! -f $f || mv $f d$((n %% 3))/moved%d.txt;; "
	   "8) rm -rf d$((n %% 3))/new0; test ! -d d$((n %% 3)) || "
	   "{ mkdir -p d$((n %% 3))/new0 && echo %d > d$((n %% 3))/new0/x; };; "
	   "9) test ! -f $f || chmod +x $f;; "
	   "10) test ! -f $f || { rm $f && ln -s x%d $f; };; "
	   "esac; done; git add -A && git commit -q --allow-empty -m r%d",
	    i, i % 4 == 3 ? "HEAD" : "main", i, i, i < 8 ? 6 : 11, i, i, i, i, i, i);
	if (i == 5)
		sh("cd repo && git checkout -q main && echo on > on && git add on && "
		   "git commit -qm on");
}

/* All pairs at once are merged with what may conflict alone, each alone as a whole. */
static void
what_is_said_of_many_pairs_is_said_of_each_alone(void **state)
{
	enum { N = 14 };
	struct radar_pair pair[N * N] = { 0 };
	char *oid[N];
	struct err err = ERR_INIT;
	size_t n = 0, n_clean = 0;

	(void)state;
	sh("cd repo && for d in 0 1 2; do mkdir -p d$d/e && for f in 0 1 2 3; do "
	   "{ seq 1 9; seq $d$f 50; } > d$d/e/f$f.txt; done; done; git add . && git commit -qm more");
	for (int i = 0; i < N; i++) {
		edit_randomly(i);
		oid[i] = xstrdup(sh_out("git -C repo rev-parse r%d", i));
	}
	for (size_t i = 0; i < N; i++) {
		for (size_t k = i + 1; k < N; k++)
			pair[n++] = (struct radar_pair){ .a = oid[i], .b = oid[k] };
	}
	assert_ok(radar_trials(radar, pair, n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		struct radar_pair alone = { .a = pair[i].a, .b = pair[i].b };

		assert_ok(radar_trials(radar, &alone, 1, &err), &err);
		assert_int_equal(pair[i].is_clean, alone.is_clean);
		assert_int_equal(pair[i].files.n, alone.files.n);
		for (size_t k = 0; k < alone.files.n; k++)
			assert_string_equal(pair[i].files.item[k], alone.files.item[k]);
		n_clean += alone.is_clean;
		git_list_clear(&pair[i].files);
		git_list_clear(&alone.files);
	}
	/* Both answers were met often. */
	if (n_clean < n / 8 || n_clean > n - n / 8)
		fail_msg("%zu of %zu merge", n_clean, n);
	for (size_t i = 0; i < N; i++)
		free(oid[i]);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(criss_cross_heads_get_the_verdict_of_git_merge),
		TEST(octopus_heads_get_the_verdict_of_git_merge),
		TEST(a_look_that_gc_blinded_sees_again_when_the_store_is_forgotten),
		TEST(a_tree_is_read_anew_when_gc_took_what_its_index_names),
		TEST(missing_objects_are_never_a_clean_merge),
		TEST(a_gc_beside_it_never_makes_a_conflict_clean),
		TEST(a_git_that_tries_one_pair_at_a_time_says_the_same),
		TEST(what_is_said_of_many_pairs_is_said_of_each_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
