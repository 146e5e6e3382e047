#include "stage.h"

#include "base/file.h"
#include "base/mem.h"

#include <sys/stat.h>
#include <unistd.h>

/* What is done while a session works in its worktree, and when that is taken (promise 2). */

/* A holder that is never there: the run stays as it was launched. */
static int
setup(void **state)
{
	struct stage *st;

	if (stage_setup(state) < 0)
		return -1;
	st = *state;
	free(st->holder);
	st->holder = stage_path(st, "holder");
	stage_write(st, "holder", "#!/bin/sh\nexit 0\n");
	stage_restart(st);
	return 0;
}

/* Appends LINE to the reflog of 1A's HEAD, as git does when it commits. */
static void
commit(struct stage *st, const char *line)
{
	AUTO_FREE char *old = stage_read(st, "admin/logs/HEAD");
	AUTO_FREE char *path = stage_path(st, "admin/logs/HEAD");
	AUTO_FREE char *text = xasprintf("%s%s\n", old ? old : "", line);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* 1A is launched, in a worktree whose private git directory is admin/. */
static void
work(struct stage *st)
{
	AUTO_FREE char *logs = stage_path(st, "admin/logs"), *git = NULL, *link = NULL;
	AUTO_FREE char *admin = stage_path(st, "admin");
	struct err err = ERR_INIT;

	stage_block(st, "radar"); /* which asks for a look, too */
	stage_plan(st, "1A", "true");
	link = path_join(stage_session(st, "1A")->path, ".git");
	git = xasprintf("gitdir: %s\n", admin);
	if (file_mkdirs(logs, 0700, &err) < 0 ||
	    file_mkdirs(stage_session(st, "1A")->path, 0700, &err) < 0 ||
	    file_write_atomic(link, git, strlen(git), 0600, &err) < 0)
		fail_msg("%s", err.text);
	stage_write(st, "admin/HEAD", "ref: refs/heads/b\n");
	commit(st, "made");
	stage_approve(st);
	STAGE_UNTIL(st, stage_session(st, "1A")->run_open);
}

static bool
is_looking(const struct stage *st)
{
	return stage_n_jobs(st, "keep") > 0;
}

static void
what_a_session_commits_is_pinned_at_once(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *in = NULL;
	int n;

	work(st);
	STAGE_UNTIL(st, is_looking(st));
	stage_settle(st);
	n = stage_n_jobs(st, "keep");
	commit(st, "one");
	STAGE_UNTIL(st, stage_n_jobs(st, "keep") == n + 1);
	in = stage_input(st, "keep");
	assert_non_null(strstr(in, "\"s0.session\":\"p1.1.1A\""));
	assert_non_null(strstr(in, stage_session(st, "1A")->path));
}

static void
nothing_is_pinned_while_nothing_is_committed(void **state)
{
	struct stage *st = *state;
	int n;

	work(st);
	STAGE_UNTIL(st, is_looking(st));
	stage_settle(st);
	n = stage_n_jobs(st, "keep");
	for (int i = 0; i < 3; i++) {
		stage_now += 60 * 1000;
		tips_look(st->engine);
		stage_settle(st);
	}
	assert_int_equal(stage_n_jobs(st, "keep"), n);
}

/* Where inotify tells nothing, as on a network disk: the agent's words ask for a look. */
static void
a_commit_that_nobody_was_told_of_is_found_when_something_happens(void **state)
{
	struct stage *st = *state;
	int n;

	work(st);
	STAGE_UNTIL(st, is_looking(st));
	stage_settle(st);
	trees_stop(st->engine);
	n = stage_n_jobs(st, "keep");
	commit(st, "one");
	tips_settle(st->engine);
	stage_settle(st);
	assert_int_equal(stage_n_jobs(st, "keep"), n);
	stage_now += 10 * 1000;
	tips_settle(st->engine);
	STAGE_UNTIL(st, stage_n_jobs(st, "keep") == n + 1);
}

static void
what_could_not_be_pinned_is_tried_again(void **state)
{
	struct stage *st = *state;
	int n;

	stage_answer(st, "keep", "{\"trouble\":\"p1.1.1A: the disk is full\"}", 0);
	work(st);
	STAGE_UNTIL(st, is_looking(st));
	STAGE_UNTIL(st, tips_failed(st->engine));
	n = stage_n_jobs(st, "keep");
	tips_look(st->engine);
	assert_int_equal(stage_n_jobs(st, "keep"), n);
	stage_now += 61 * 1000;
	tips_look(st->engine);
	STAGE_UNTIL(st, stage_n_jobs(st, "keep") == n + 1);
}

static void
what_is_left_is_looked_for_before_a_worktree_is_told_to_be_gone(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *row = NULL, *in = NULL;
	AUTO_FREE char *path = NULL;

	work(st);
	STAGE_UNTIL(st, is_looking(st));
	stage_settle(st);
	stage_answer(st, "keep", "{\"kept\":\"kept: all of it\"}", 0);
	path = xstrdup(stage_session(st, "1A")->path);
	assert_int_equal(file_remove_tree(path, NULL), 0);
	STAGE_UNTIL(st, stage_n_rows(st, "tree-gone") == 1);
	in = stage_input(st, "keep");
	assert_non_null(strstr(in, "\"gone\":1"));
	row = stage_row(st, "tree-gone");
	assert_non_null(strstr(row, "\"kept\":\"kept: all of it\""));
	assert_non_null(strstr(stage_session(st, "1A")->reason, "; kept: all of it"));
	stage_matches_journal(st);
}

static void
nothing_is_said_to_be_kept_when_nobody_could_look(void **state)
{
	struct stage *st = *state;
	AUTO_FREE char *path = NULL;

	work(st);
	STAGE_UNTIL(st, is_looking(st));
	stage_settle(st);
	stage_answer(st, "keep", "no JSON", 1);
	path = xstrdup(stage_session(st, "1A")->path);
	assert_int_equal(file_remove_tree(path, NULL), 0);
	STAGE_UNTIL(st, stage_n_rows(st, "tree-gone") == 1);
	assert_non_null(strstr(stage_session(st, "1A")->reason,
	    "whether anything of it is kept is not known"));
	stage_matches_journal(st);
}

#define TREE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, stage_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(what_a_session_commits_is_pinned_at_once),
		TREE_TEST(nothing_is_pinned_while_nothing_is_committed),
		TREE_TEST(
		    a_commit_that_nobody_was_told_of_is_found_when_something_happens),
		TREE_TEST(what_could_not_be_pinned_is_tried_again),
		TREE_TEST(
		    what_is_left_is_looked_for_before_a_worktree_is_told_to_be_gone),
		TREE_TEST(nothing_is_said_to_be_kept_when_nobody_could_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
