/* What a survey goes by: locks as the kernel tells them, names that mean one thing only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "engine/home.h"
#include "engine/survey_local.h"
#include "git/run.h"
#include "git/worktree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *top;

static int
setup(void **state)
{
	char dir[] = "/tmp/divisi-survey-XXXXXX";
	AUTO_FREE char *command = NULL;

	if (!mkdtemp(dir))
		return -1;
	top = xstrdup(dir);
	setenv("XDG_STATE_HOME", top, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("HOME", top, 1);
	command = xasprintf("cd %s && git init -q -b main . && git -c user.name=t "
			    "-c user.email=t@example.invalid commit -q --allow-empty "
			    "-m Begin",
	    top);
	return system(command);
}

static int
teardown(void **state)
{
	int rc = file_remove_tree(top, NULL);

	free(top);
	return rc;
}

static void
take(struct repo *repo, struct survey *survey)
{
	struct err err = ERR_INIT;

	if (repo_open(top, repo, &err) < 0 || survey_take(repo, survey, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct survey_item *
get(const struct survey *survey, const char *name)
{
	for (size_t i = 0; i < survey->n; i++) {
		if (strcmp(survey->item[i].name, name) == 0)
			return &survey->item[i];
	}
	fail_msg("%s is not told", name);
	abort();
}

static void
who_holds_a_lock_is_known_without_taking_it(void **state)
{
	AUTO_FREE char *path = path_join(top, "x.lock");
	struct err err = ERR_INIT;
	int fd;

	assert_int_equal(survey_lock_holder(path), 0);
	fd = file_lock(path, false, &err);
	assert_true(fd >= 0);
	assert_int_equal(survey_lock_holder(path), getpid());
	close(fd);
	assert_int_equal(survey_lock_holder(path), 0);
}

static void
a_repository_without_a_home_has_nothing_odd(void **state)
{
	struct repo repo = { 0 };
	struct survey survey;

	take(&repo, &survey);
	assert_false(survey.has_journal);
	assert_int_equal(survey.why.kind, ERR_NOT_FOUND);
	for (size_t i = 0; i < survey.n; i++)
		assert_false(survey.item[i].is_odd);
	assert_false(file_exists(repo.home)); /* looking leaves no trace */
	survey_clear(&survey);
	repo_close(&repo);
}

/* A lock file of git's: stale when old, when ours, and when no git of ours is at work here. */
static void
a_stale_lock_of_gits_is_moved_and_a_young_one_is_not(void **state)
{
	AUTO_FREE char *old = path_join(top, ".git/refs/heads/main.lock");
	AUTO_FREE char *young = path_join(top, ".git/index.lock"), *did = NULL;
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 },
		{ .tv_sec = 1000000000 } };
	struct repo repo = { 0 };
	struct survey survey;
	struct err err = ERR_INIT;
	const struct survey_item *item;
	AUTO_FREE char *id = NULL;

	assert_int_equal(file_write_atomic(old, "x", 1, 0600, NULL), 0);
	assert_int_equal(file_write_atomic(young, "x", 1, 0600, NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, old, long_ago, 0), 0);
	take(&repo, &survey);
	item = get(&survey, "index.lock");
	assert_int_equal(item->mend, MEND_NONE);
	item = get(&survey, "refs/heads/main.lock");
	assert_int_equal(item->mend, MEND_MOVE_LOCK);
	id = survey_item_id(item);
	assert_string_equal(id, "lock/refs/heads/main.lock/move-lock");
	if (survey_mend_item(&repo, item, &did, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(strstr(did, "aside"));
	assert_false(file_exists(old));
	assert_true(file_exists(young));
	survey_clear(&survey);
	repo_close(&repo);
}

/* A power cut empties what an ordinary git did not sync; it stands in git's way for ever. */
static void
an_emptied_object_is_moved_and_a_whole_one_is_not(void **state)
{
	static const char lost[] = "objects/ab/0123456789abcdef0123456789abcdef012345";
	AUTO_FREE char *git = path_join(top, ".git"), *path = path_join(git, lost);
	AUTO_FREE char *dir = path_join(git, "objects/ab"), *did = NULL;
	AUTO_FREE char *whole = path_join(
	    dir, "1123456789abcdef0123456789abcdef012345");
	struct repo repo = { 0 };
	struct survey survey;
	struct err err = ERR_INIT;
	const struct survey_item *item;

	assert_int_equal(file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(path, "", 0, 0600, NULL), 0);
	assert_int_equal(file_write_atomic(whole, "x", 1, 0600, NULL), 0);
	take(&repo, &survey);
	item = get(&survey, lost);
	assert_int_equal(item->mend, MEND_MOVE_LOCK);
	if (survey_mend_item(&repo, item, &did, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(file_exists(path));
	assert_true(file_exists(whole));
	survey_clear(&survey);
	repo_close(&repo);
}

static void
runs_of_nobody_are_told_and_leftovers_removed(void **state)
{
	AUTO_FREE char *runs = path_join(top, ".git/divisi/runs");
	AUTO_FREE char *run = path_join(runs, "p1.1.1A.r1"), *did = NULL;
	AUTO_FREE char *left = path_join(runs, "p1.1.1A.r1.Ab1xYz");
	AUTO_FREE char *spec = path_join(left, "spec");
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 },
		{ .tv_sec = 1000000000 } };
	struct repo repo = { 0 };
	struct survey survey;
	struct err err = ERR_INIT;
	const struct survey_item *item;

	assert_int_equal(file_mkdirs(run, 0700, NULL), 0);
	assert_int_equal(file_mkdirs(left, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(spec, "x", 1, 0600, NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, left, long_ago, 0), 0);
	take(&repo, &survey);
	item = get(&survey, "p1.1.1A.r1");
	assert_string_equal(item->state, "foreign");
	assert_int_equal(item->mend, MEND_NONE);
	item = get(&survey, "p1.1.1A.r1.Ab1xYz");
	assert_int_equal(item->mend, MEND_REMOVE_LEFTOVER);
	assert_int_equal(survey_mend_item(&repo, item, &did, &err), 0);
	assert_false(file_exists(left));
	assert_true(file_exists(run));
	survey_clear(&survey);
	repo_close(&repo);
}

/* A git that removes the worktree TREE when it has answered a command with WORD in it. */
static void
put_git_that_removes(const char *tree, const char *word)
{
	AUTO_FREE char *bin = path_join(top, "bin"), *git = path_join(bin, "git");
	AUTO_FREE char *path = xasprintf("%s:%s", bin, getenv("PATH"));
	AUTO_FREE char *text = xasprintf(
	    "#!/bin/sh\nPATH='%s'\ngit \"$@\"\nrc=$?\n"
	    "case \" $* \" in\n*' %s '*)\n"
	    "\tgit -C '%s' worktree unlock '%s' &&\n"
	    "\t\tgit -C '%s' worktree remove --force '%s' ;;\n"
	    "esac >/dev/null 2>&1\nexit $rc\n",
	    getenv("PATH"), word, top, tree, top, tree);

	assert_int_equal(file_mkdirs(bin, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(git, text, strlen(text), 0700, NULL), 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

/* A worktree of a session that the journal does not know, beside a journal. */
static void
put_tree(const char *tree)
{
	AUTO_FREE char *head = git_line(top, GIT_ARGS("rev-parse", "HEAD"), NULL);
	struct worktree_spec spec = {
		.session = "p1.1.1A", .path = tree, .branch = "b", .base = head
	};
	struct repo repo = { 0 };
	struct err err = ERR_INIT;

	if (repo_open(top, &repo, &err) < 0 || file_mkdirs(repo.home, 0700, &err) < 0)
		fail_msg("%s", err.text);
	store_close(store_open(repo.home, 0, &err));
	if (!head || worktree_add(&repo, &spec, &err) < 0)
		fail_msg("%s", err.text);
	repo_close(&repo);
}

/*
 * What a landing removes while worktrees and journal are being looked at is not odd, and it
 * is nobody else's: both are looked at again first.
 */
static void
a_worktree_that_is_removed_meanwhile_is_not_told(void **state)
{
	static const char *const words[] = { "worktree list", "--absolute-git-dir" };
	AUTO_FREE char *was = xstrdup(getenv("PATH")), *tree = path_join(top, "wt");
	struct repo repo = { 0 };
	struct survey survey;

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		put_tree(tree);
		take(&repo, &survey);
		assert_true(get(&survey, tree)->is_odd); /* it stays, and is nobody's */
		survey_clear(&survey);
		repo_close(&repo);
		put_git_that_removes(tree, words[i]);
		take(&repo, &survey);
		assert_int_equal(setenv("PATH", was, 1), 0);
		assert_false(file_exists(tree));
		for (size_t k = 0; k < survey.n; k++)
			assert_string_not_equal(survey.item[k].name, tree);
		survey_clear(&survey);
		repo_close(&repo);
	}
}

static void
every_class_and_mend_has_a_word_of_its_own(void **state)
{
	for (int i = 0; i < SURVEY_N_CLASSES; i++) {
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    survey_class_name(i), survey_class_name(k));
	}
	for (int i = 0; i < MEND_N_KINDS; i++) {
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    survey_mend_name(i), survey_mend_name(k));
	}
}

static void
what_needs_no_mending_is_not_mended(void **state)
{
	struct survey_item item = { .name = (char[]){ "x" }, .mend = MEND_NONE };
	struct repo repo = { 0 };
	AUTO_FREE char *did = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(survey_mend_item(&repo, &item, &did, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(who_holds_a_lock_is_known_without_taking_it),
		TEST(a_repository_without_a_home_has_nothing_odd),
		TEST(a_stale_lock_of_gits_is_moved_and_a_young_one_is_not),
		TEST(an_emptied_object_is_moved_and_a_whole_one_is_not),
		TEST(runs_of_nobody_are_told_and_leftovers_removed),
		TEST(a_worktree_that_is_removed_meanwhile_is_not_told),
		TEST(every_class_and_mend_has_a_word_of_its_own),
		TEST(what_needs_no_mending_is_not_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
