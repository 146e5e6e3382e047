#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/repo.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct repo
open_repo(const char *name)
{
	struct repo repo;
	struct err err = ERR_INIT;

	assert_ok(repo_open(at(name), &repo, &err), &err);
	return repo;
}

static void
a_repository_opens_from_anywhere_in_it(void **state)
{
	static const char *const froms[] = { "repo", "repo/dir", "repo/.git", "wt a\nb",
		"wt a\nb/dir" };

	make_repo();
	sh("git -C repo worktree add -q -b w \"$(printf '../wt a\\nb')\"");
	for (size_t i = 0; i < N_ELEMS(froms); i++) {
		struct repo repo = open_repo(froms[i]);

		assert_string_equal(repo.top, at("repo"));
		assert_string_equal(repo.common_dir, at("repo/.git"));
		assert_string_equal(repo.home, at("repo/.git/divisi"));
		assert_string_equal(repo.main_branch, "main");
		assert_string_equal(repo.head_branch, "main");
		assert_false(repo.is_empty || repo.is_shallow);
		if (i >= 3)
			assert_string_equal(repo.opened_from, at("wt a\nb"));
		else
			assert_null(repo.opened_from);
		repo_close(&repo);
	}
}

/* J-41, issue 2 "Bad input": every bad state has its error and its mend. */
static void
every_bad_state_has_its_error(void **state)
{
	static const struct {
		const char *make, *dir;
		enum err_kind open, ready;
		const char *code, *text, *fix;
	} rows[] = {
		{ "mkdir plain", "plain", ERR_NOT_FOUND, 0, NULL, "no git repository",
		    "git -C" },
		{ ":", "nowhere", ERR_NOT_FOUND, 0, NULL, "no directory", "" },
		{ "git init -q --bare bare", "bare", ERR_REFUSED, 0, NULL, "bare",
		    "git clone" },
		{ "git init -q --bare b2 && git clone -q repo c2 && git -C c2 push -q "
		  "../b2 main && git -C b2 worktree add -q ../w2 main",
		    "w2", ERR_REFUSED, 0, NULL, "bare", "git clone" },
		{ "git init -q -b main empty", "empty", 0, ERR_REFUSED, NULL, "empty",
		    "commit" },
		{ "git clone -q repo det && git -C det checkout -q --detach", "det", 0,
		    ERR_REFUSED, "G14", "no branch", "switch main" },
		{ "git clone -q repo off && git -C off checkout -q -b 'x;y'", "off", 0,
		    ERR_REFUSED, "G14", "not on main", "switch main" },
		{ "git clone -q repo busy && touch busy/.git/MERGE_HEAD", "busy", 0,
		    ERR_REFUSED, NULL, "under way", "status" },
	};

	make_repo();
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err = ERR_INIT;
		struct repo repo;
		int rc;

		sh("%s", rows[i].make);
		rc = repo_open(at(rows[i].dir), &repo, &err);
		if (rows[i].open) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, rows[i].open);
		} else {
			assert_ok(rc, &err);
			assert_int_equal(repo_check_ready(&repo, &err), -1);
			assert_int_equal(err.kind, rows[i].ready);
			repo_close(&repo);
		}
		if (!strstr(err.text, rows[i].text) || !strstr(err.fix, rows[i].fix))
			fail_msg("row %zu: %s (fix: %s)", i, err.text, err.fix);
		if (rows[i].code)
			assert_string_equal(err.code, rows[i].code);
	}
}

static void
a_shallow_clone_opens_with_a_warning(void **state)
{
	struct err err = ERR_INIT;

	make_repo();
	sh("git -C repo commit -q --allow-empty -m 2 && "
	   "git clone -q --depth 1 file://$PWD/repo shallow");
	struct repo repo = open_repo("shallow");
	assert_true(repo.is_shallow);
	assert_non_null(repo_warning(&repo));
	assert_ok(repo_check_ready(&repo, &err), &err);
	repo_close(&repo);
}

static void
the_main_branch_is_found_in_order(void **state)
{
	static const struct {
		const char *make, *main;
	} rows[] = {
		{ ":", "main" },
		{ "git -C repo branch -m other", "other" },
		{ "git -C repo branch master", "master" },
		{ "git -C repo branch trunk && git -C repo config init.defaultBranch trunk",
		    "trunk" },
		{ "git -C repo branch dev && git -C repo update-ref "
		  "refs/remotes/origin/dev HEAD && git -C repo symbolic-ref "
		  "refs/remotes/origin/HEAD refs/remotes/origin/dev",
		    "dev" },
		{ "mkdir repo/.divisi && git -C repo config -f .divisi/config divisi.main "
		  "rel/1",
		    "rel/1" },
		{ "git -C repo config divisi.main x", "x" },
	};

	make_repo();
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		sh("%s", rows[i].make);
		struct repo repo = open_repo("repo");
		assert_string_equal(repo.main_branch, rows[i].main);
		repo_close(&repo);
	}
}

static void
a_repository_of_somebody_else_is_refused_with_the_mend(void **state)
{
	struct err err = ERR_INIT;
	struct repo repo;

	if (getuid() != 0)
		skip();
	make_repo();
	sh("chown -R 12345 repo");
	assert_int_equal(repo_open(at("repo"), &repo, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.fix, "safe.directory"));
}

static void
a_submodule_and_a_separate_git_directory_open(void **state)
{
	make_repo();
	sh("git init -q -b main --separate-git-dir gd sep && cd sep && git config "
	   "user.name T && git config user.email t@example.org && git commit -q "
	   "--allow-empty -m x");
	sh("git -C repo -c protocol.file.allow=always submodule --quiet add ../sep sub");
	struct repo repo = open_repo("sep");
	assert_string_equal(repo.top, at("sep"));
	assert_string_equal(repo.common_dir, at("gd"));
	repo_close(&repo);
	repo = open_repo("repo/sub");
	assert_string_equal(repo.top, at("repo/sub"));
	repo_close(&repo);
}

static void
prepare_excludes_our_files_once(void **state)
{
	struct err err = ERR_INIT;
	struct stat st;

	make_repo();
	sh("printf '*.tmp' >repo/.git/info/exclude");
	struct repo repo = open_repo("repo");
	for (int i = 0; i < 3; i++)
		assert_ok(repo_prepare(&repo, &err), &err);
	sh("touch repo/.ccc-state.json repo/dir/.ccc-progress.md repo/x.tmp "
	   "repo/.divisi-x");
	assert_string_equal(sh_out("git -C repo status --porcelain"), "");
	assert_string_equal(sh_out("wc -l <repo/.git/info/exclude"), "5");
	assert_int_equal(stat(repo.home, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	repo_close(&repo);
}

static void
a_home_that_cannot_be_made_is_an_error(void **state)
{
	struct err err = ERR_INIT;

	make_repo();
	struct repo repo = open_repo("repo");
	sh("touch repo/.git/divisi");
	assert_int_equal(repo_prepare(&repo, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	repo_close(&repo);
}

static void
tracked_files_come_sorted_with_any_name(void **state)
{
	static const char *const want[] = { "-x", "a.txt", "b\nc", "dir/b.txt",
		"sp ace", "\377" };
	struct err err = ERR_INIT;
	struct git_list files = { 0 };

	make_repo();
	sh("cd repo && touch -- -x 'sp ace' \"$(printf 'b\\nc')\" \"$(printf "
	   "'\\377')\" && git add -A");
	struct repo repo = open_repo("repo");
	assert_ok(repo_ls_files(&repo, &files, &err), &err);
	assert_int_equal(files.n, N_ELEMS(want));
	for (size_t i = 0; i < files.n; i++)
		assert_string_equal(files.item[i], want[i]);
	git_list_clear(&files);
	repo_close(&repo);
}

/* S-23: a name must be free locally and on every remote. */
static void
branches_are_those_of_all_remotes_too(void **state)
{
	static const char *const want[] = { "claude/x", "main", "x/y" };
	struct err err = ERR_INIT;
	struct git_list names = { 0 };

	make_repo();
	sh("cd repo && git remote add up/stream . && git branch claude/x && git "
	   "update-ref refs/remotes/up/stream/x/y HEAD && git symbolic-ref "
	   "refs/remotes/up/stream/HEAD refs/remotes/up/stream/x/y && git update-ref "
	   "refs/remotes/up/stream/main HEAD");
	struct repo repo = open_repo("repo");
	assert_ok(repo_branches(&repo, &names, &err), &err);
	assert_int_equal(names.n, N_ELEMS(want));
	for (size_t i = 0; i < names.n; i++)
		assert_string_equal(names.item[i], want[i]);
	git_list_clear(&names);
	repo_close(&repo);
}

/* found on any ref, as a word, in any case. */
static void
prior_work_is_found_by_whole_words_on_all_refs(void **state)
{
	struct err err = ERR_INIT;
	struct git_log log = { 0 };

	make_repo();
	sh("cd repo && git commit -q --allow-empty -m 'DV-12: other' && git checkout -q "
	   "-b side && git commit -q --allow-empty -m 'dv-1: side' && git commit -q "
	   "--allow-empty -m 'Body' -m 'Closes DV-1' && git checkout -q main && git "
	   "branch -q -m side kept && git update-ref refs/other/ref kept && git branch "
	   "-q -D kept");
	struct repo repo = open_repo("repo");
	assert_ok(repo_prior_work(&repo, "DV-1", &log, &err), &err);
	assert_int_equal(log.n, 2);
	assert_false(log.is_truncated);
	assert_true(log.item[0].at > 1000000000000);
	git_log_clear(&log);
	assert_ok(repo_prior_work(&repo, "D.*", &log, &err), &err);
	assert_int_equal(log.n, 0);
	git_log_clear(&log);
	assert_ok(repo_prior_work(&repo, "--exec=x", &log, &err), &err);
	assert_int_equal(log.n, 0);
	git_log_clear(&log);
	assert_int_equal(repo_prior_work(&repo, "", &log, &err), -1);
	assert_int_equal(repo_prior_work(&repo, "a\nb", &log, &err), -1);
	repo_close(&repo);
}

static void
prior_work_is_bounded(void **state)
{
	struct err err = ERR_INIT;
	struct git_log log = { 0 };

	make_repo();
	sh("for i in $(seq 60); do echo 'commit refs/heads/many'; echo 'committer T "
	   "<t@example.org> 1700000000 +0000'; echo 'data 4'; echo DV-1; done | git -C "
	   "repo fast-import --quiet");
	struct repo repo = open_repo("repo");
	assert_ok(repo_prior_work(&repo, "DV-1", &log, &err), &err);
	assert_int_equal(log.n, 50);
	assert_true(log.is_truncated);
	git_log_clear(&log);
	repo_close(&repo);
}

static void
status_tells_dirty_untracked_and_conflicted(void **state)
{
	struct err err = ERR_INIT;
	struct git_status status = { 0 };

	make_repo();
	sh("cd repo && git checkout -q -b o && echo o >a.txt && git commit -q -a -m o && "
	   "git checkout -q main && echo m >a.txt && git commit -q -a -m m && ! git "
	   "merge -q o >/dev/null && git rm -q --cached dir/b.txt && mkdir -p n/e && "
	   "touch n/e/w 'plan x.md' && git init -q nested && touch nested/f");
	assert_ok(repo_status(at("repo"), "plan x.md", &status, &err), &err);
	assert_true(status.is_busy);
	assert_int_equal(status.conflicted.n, 1);
	assert_string_equal(status.conflicted.item[0], "a.txt");
	assert_int_equal(status.dirty.n, 2);
	assert_string_equal(status.dirty.item[1], "dir/b.txt");
	assert_true(git_list_has(&status.untracked, "n/e/w"));
	assert_true(git_list_has(&status.untracked, "nested/"));
	assert_false(git_list_has(&status.untracked, "plan x.md"));
	git_status_clear(&status);
}

static void
a_reference_is_there_or_not_and_never_an_option(void **state)
{
	struct err err = ERR_INIT;
	char oid[GIT_OID_SIZE], *head;

	make_repo();
	struct repo repo = open_repo("repo");
	assert_int_equal(repo_ref(repo.top, "refs/heads/main", oid, &err), 1);
	head = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	assert_string_equal(oid, head);
	assert_int_equal(repo_ref(repo.top, "refs/heads/none", oid, &err), 0);
	assert_int_equal(repo_resolve(&repo, "--all", oid, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_ok(repo_resolve(&repo, "main", oid, &err), &err);
	assert_int_equal(repo_is_ancestor(&repo, "main", head, &err), 1);
	free(head);
	repo_close(&repo);
}

static void
the_lock_nests_and_excludes_others(void **state)
{
	struct err err = ERR_INIT;

	make_repo();
	struct repo one = open_repo("repo");
	assert_ok(repo_lock(&one, &err), &err);
	assert_ok(repo_lock(&one, &err), &err);
	AUTO_FREE char *path = path_join(one.home, "git.lock");
	repo_unlock(&one);
	assert_int_equal(file_lock(path, false, &err), -1);
	repo_unlock(&one);
	int fd = file_lock(path, false, &err);
	assert_true(fd >= 0);
	close(fd);
	repo_close(&one);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, sandbox_setup, sandbox_teardown)
	const struct CMUnitTest tests[] = {
		T(a_repository_opens_from_anywhere_in_it),
		T(every_bad_state_has_its_error),
		T(a_shallow_clone_opens_with_a_warning),
		T(the_main_branch_is_found_in_order),
		T(a_repository_of_somebody_else_is_refused_with_the_mend),
		T(a_submodule_and_a_separate_git_directory_open),
		T(prepare_excludes_our_files_once),
		T(a_home_that_cannot_be_made_is_an_error),
		T(tracked_files_come_sorted_with_any_name),
		T(branches_are_those_of_all_remotes_too),
		T(prior_work_is_found_by_whole_words_on_all_refs),
		T(prior_work_is_bounded),
		T(status_tells_dirty_untracked_and_conflicted),
		T(a_reference_is_there_or_not_and_never_an_option),
		T(the_lock_nests_and_excludes_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
