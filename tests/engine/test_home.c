/* The home as a directory: whose, how open, what else lies in it, and a copy of which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/home.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *top, *home;

static int
setup(void **state)
{
	char dir[] = "/tmp/divisi-home-XXXXXX";

	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_LVL_ERROR);
	if (!mkdtemp(dir))
		return -1;
	top = xstrdup(dir);
	home = path_join(top, "repo/divisi");
	return 0;
}

static int
teardown(void **state)
{
	int rc = file_remove_tree(top, NULL);

	free(top);
	free(home);
	return rc;
}

static void
secure(const char *path)
{
	struct err err = ERR_INIT;

	if (home_secure(path, &err) < 0)
		fail_msg("%s", err.text);
}

static void
claim(const char *path)
{
	struct err err = ERR_INIT;

	if (home_claim(path, &err) < 0)
		fail_msg("%s", err.text);
}

static enum home_origin
origin(const char *path)
{
	AUTO_FREE char *from = NULL;

	return home_origin(path, &from);
}

/* A file NAME in the home, which the caller frees the path of. */
static char *
put(const char *name, mode_t mode)
{
	char *path = path_join(home, name);

	assert_int_equal(file_write_atomic(path, "x", 1, mode, NULL), 0);
	return path;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
copy(const char *to)
{
	AUTO_FREE char *command = xasprintf("cp -a %s/repo %s/%s", top, top, to);

	assert_int_equal(system(command), 0);
}

struct seen {
	size_t n[HOME_FATAL + 1];
	struct home_flaw last;
};

static void
on_flaw(const struct home_flaw *flaw, void *arg)
{
	struct seen *seen = arg;

	seen->n[flaw->weight]++;
	seen->last = *flaw;
}

static void
a_home_is_made_private_and_knows_its_place(void **state)
{
	struct seen seen = { 0 };

	assert_int_equal(origin(home), HOME_NEW);
	home_inspect(home, on_flaw, &seen);
	secure(home);
	assert_int_equal(mode_of(home), 0700);
	claim(home);
	assert_int_equal(origin(home), HOME_SAME);
	claim(home);
	home_inspect(home, on_flaw, &seen);
	assert_int_equal(
	    seen.n[HOME_NOTE] + seen.n[HOME_LOOSE] + seen.n[HOME_FATAL], 0);
}

static void
what_is_open_to_others_is_closed(void **state)
{
	AUTO_FREE char *journal = NULL, *runs = path_join(home, "runs");
	struct seen seen = { 0 };

	secure(home);
	journal = put("journal.db", 0644);
	assert_int_equal(mkdir(runs, 0700), 0);
	assert_int_equal(chmod(runs, 0777), 0);
	assert_int_equal(chmod(home, 0755), 0);
	home_inspect(home, on_flaw, &seen);
	assert_int_equal(seen.n[HOME_LOOSE], 3);
	assert_int_equal(mode_of(journal), 0644);
	secure(home);
	assert_int_equal(mode_of(journal), 0600);
	assert_int_equal(mode_of(runs), 0700);
	assert_int_equal(mode_of(home), 0700);
}

/* Somebody else's home, or one file in it, is neither used nor taken over. */
static void
another_owner_is_refused_by_name(void **state)
{
	AUTO_FREE char *lock = NULL;
	struct err err = ERR_INIT;

	if (geteuid() != 0)
		skip();
	secure(home);
	lock = put("server.lock", 0600);
	assert_int_equal(chown(lock, 65534, 65534), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "server.lock belongs to nobody"));
	assert_non_null(strstr(err.fix, "chown"));
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(chown(home, 65534, 65534), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_non_null(strstr(err.text, "belongs to nobody"));
}

/* Foreign files are left alone; one in the place of ours stops the server. */
static void
foreign_files_are_told_and_left_alone(void **state)
{
	static const char *const names[] = { "notes.txt", "identity.Ab12xY",
		"journal.db.bak" };
	AUTO_FREE char *sock = NULL, *runs = path_join(home, "runs");
	struct seen seen = { 0 };
	struct err err = ERR_INIT;

	secure(home);
	for (size_t i = 0; i < N_ELEMS(names); i++) {
		AUTO_FREE char *path = put(names[i], 0600);

		secure(home);
		assert_true(file_exists(path));
	}
	home_inspect(home, on_flaw, &seen);
	assert_int_equal(seen.n[HOME_NOTE], N_ELEMS(names));
	sock = put("sock", 0600);
	assert_int_equal(home_secure(home, &err), -1);
	assert_non_null(strstr(err.text, "sock is no socket"));
	assert_true(file_exists(sock));
	assert_int_equal(rename(sock, runs), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_non_null(strstr(err.text, "runs is no directory"));
	assert_int_equal(unlink(runs), 0);
	assert_int_equal(symlink("/etc/passwd", sock), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
}

/*
 * "Two homes for one repository", "lock files copied": locks of a copy are free although
 * their runs live, so a server there would take them for lost and kill them.
 */
static void
a_copy_is_refused_while_the_first_home_is_there(void **state)
{
	char id[HOME_ID_SIZE];
	AUTO_FREE char *other = path_join(top, "other/divisi"), *from = NULL;
	AUTO_FREE char *first = path_join(top, "repo"), *gone = path_join(top, "gone");
	struct err err = ERR_INIT;

	secure(home);
	claim(home);
	copy("other");
	assert_int_equal(home_origin(other, &from), HOME_COPIED);
	assert_non_null(strstr(from, "repo/divisi"));
	assert_int_equal(home_claim(other, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "is a copy of"));
	assert_non_null(strstr(err.fix, "doctor --mend"));
	/* The first one is not disturbed by it. */
	claim(home);
	/* Its name there is what its writes to a tracker are known by. */
	home_id(home, id);
	assert_int_equal(strlen(id), HOME_ID_SIZE - 1);
	home_id(gone, id);
	assert_string_equal(id, "");
	/* With the first one gone it is the only one there is. */
	assert_int_equal(rename(first, gone), 0);
	assert_int_equal(origin(other), HOME_MOVED);
	claim(other);
	assert_int_equal(origin(other), HOME_SAME);
}

static void
a_home_that_was_moved_or_put_back_is_taken_as_it_is(void **state)
{
	AUTO_FREE char *first = path_join(top, "repo"),
		       *moved = path_join(top, "moved");
	AUTO_FREE char *moved_home = path_join(moved, "divisi");
	AUTO_FREE char *command = NULL;

	secure(home);
	claim(home);
	assert_int_equal(rename(first, moved), 0);
	assert_int_equal(origin(moved_home), HOME_MOVED);
	claim(moved_home);
	/* From a backup, under the same name: other inodes. */
	command = xasprintf("cp -a %s %s && rm -rf %s", moved, first, moved);
	assert_int_equal(system(command), 0);
	claim(home);
	assert_int_equal(rename(first, moved), 0);
	assert_int_equal(origin(moved_home), HOME_MOVED);
}

static void
another_name_of_the_same_directory_is_no_copy(void **state)
{
	AUTO_FREE char *link = path_join(top, "link");
	AUTO_FREE char *linked_home = path_join(link, "divisi");

	secure(home);
	claim(home);
	assert_int_equal(symlink("repo", link), 0);
	assert_int_equal(origin(linked_home), HOME_SAME);
	claim(linked_home);
}

static void
a_damaged_identity_is_written_anew(void **state)
{
	AUTO_FREE char *path = path_join(home, "identity"), *whole = NULL;
	size_t n;

	secure(home);
	claim(home);
	whole = file_read(path, 1 << 14, &n, NULL);
	assert_non_null(whole);
	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(file_write_atomic(path, whole, cut, 0600, NULL), 0);
		(void)origin(home);
		claim(home);
		assert_int_equal(origin(home), HOME_SAME);
	}
}

static void
a_home_set_aside_is_whole_and_never_over_another(void **state)
{
	AUTO_FREE char *first = NULL, *second = NULL, *kept = NULL;
	struct err err = ERR_INIT;

	secure(home);
	AUTO_FREE char *journal = put("journal.db", 0600);
	assert_int_equal(home_set_aside(home, &first, &err), 0);
	assert_false(file_exists(home));
	kept = path_join(first, "journal.db");
	assert_true(file_exists(kept));
	secure(home);
	assert_int_equal(home_set_aside(home, &second, &err), 0);
	assert_string_not_equal(first, second);
	assert_true(file_exists(kept));
}

static void
a_home_that_cannot_be_written_says_how_to_mend_it(void **state)
{
	AUTO_FREE char *above = NULL;
	struct err err = ERR_INIT;

	if (geteuid() == 0)
		skip(); /* root may write everywhere; tests/e2e/repos.sh tries it as a user */
	above = path_join(top, "repo");
	secure(home);
	assert_int_equal(chmod(home, 0500), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_true(err.fix[0] != '\0');
	assert_int_equal(chmod(home, 0700), 0);
	assert_int_equal(rmdir(home), 0);
	assert_int_equal(chmod(above, 0500), 0);
	assert_int_equal(home_secure(home, &err), -1);
	assert_true(err.fix[0] != '\0');
	assert_int_equal(chmod(above, 0700), 0);
}

/* Issue 6, 8: one home for a repository, its own or that of the plan that works in it. */
/* Two worktrees in one other repository are made beside each other. */
static void
jobs_of_one_home_keep_a_repository_at_once(void **state)
{
	enum { JOBS = 8 };
	AUTO_FREE char *other = path_join(top, "other/divisi");
	pid_t pid[JOBS];

	secure(home);
	claim(home);
	secure(other);
	for (int i = 0; i < JOBS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(home_keep(home, other, NULL) == 0 ? 0 : 1);
	}
	for (int i = 0; i < JOBS; i++) {
		int status = -1;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
}

static void
a_repository_has_one_home(void **state)
{
	AUTO_FREE char *other = path_join(top, "other/divisi");
	AUTO_FREE char *third = path_join(top, "third/divisi");
	AUTO_FREE char *journal = NULL, *keeper = NULL, *real = NULL;
	struct err err = ERR_INIT;

	secure(home);
	claim(home);
	secure(third);
	claim(third);
	secure(other);
	assert_int_equal(home_keeper(other, &keeper), 0);
	assert_int_equal(home_check_kept(other, &err), 0);
	assert_int_equal(home_keep(home, other, &err), 0);
	assert_int_equal(home_keep(home, other, &err), 0);
	real = realpath(home, NULL);
	assert_int_equal(home_keeper(other, &keeper), 1);
	assert_string_equal(keeper, real);
	assert_int_equal(home_check_kept(other, &err), -1);
	assert_non_null(strstr(err.text, real));
	assert_int_equal(home_check_keep(third, other, &err), -1);
	assert_int_equal(home_keep(third, other, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);

	journal = path_join(third, "journal.db");
	assert_int_equal(home_check_keep(home, third, &err), 0);
	assert_int_equal(file_write_atomic(journal, "", 0, 0600, &err), 0);
	assert_int_equal(home_keep(home, third, &err), -1);
	assert_non_null(strstr(err.text, "a home of its own"));
}

/* A server that starts there, and one that takes it, exclude each other. */
static void
nobody_keeps_a_repository_whose_server_works(void **state)
{
	AUTO_FREE char *other = path_join(top, "other/divisi");
	struct err err = ERR_INIT;
	int fd;

	secure(home);
	claim(home);
	secure(other);
	fd = home_lock(other, &err);
	assert_true(fd >= 0);
	assert_int_equal(home_keep(home, other, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	close(fd);
	assert_int_equal(home_keep(home, other, &err), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_home_is_made_private_and_knows_its_place),
		TEST(what_is_open_to_others_is_closed),
		TEST(another_owner_is_refused_by_name),
		TEST(foreign_files_are_told_and_left_alone),
		TEST(a_copy_is_refused_while_the_first_home_is_there),
		TEST(a_home_that_was_moved_or_put_back_is_taken_as_it_is),
		TEST(another_name_of_the_same_directory_is_no_copy),
		TEST(a_damaged_identity_is_written_anew),
		TEST(a_home_set_aside_is_whole_and_never_over_another),
		TEST(a_home_that_cannot_be_written_says_how_to_mend_it),
		TEST(jobs_of_one_home_keep_a_repository_at_once),
		TEST(a_repository_has_one_home),
		TEST(nobody_keeps_a_repository_whose_server_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
