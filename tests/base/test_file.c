#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[40];

static int
setup(void **state)
{
	strcpy(top, "/tmp/divisi-file-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int
teardown(void **state)
{
	return file_remove_tree(top, NULL);
}

static char *
in_top(const char *name)
{
	return path_join(top, name);
}

static void
put(const char *path, const char *text)
{
	struct err err = ERR_INIT;

	if (file_write_atomic(path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.text);
}

static int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void
paths_are_joined_with_one_slash(void **state)
{
	AUTO_FREE char *a = path_join("/a", "b");
	AUTO_FREE char *b = path_join("/a/", "b");
	AUTO_FREE char *c = path_join("/", "b");

	assert_string_equal(a, "/a/b");
	assert_string_equal(b, "/a/b");
	assert_string_equal(c, "/b");
}

static void
a_file_is_read_whole_or_refused(void **state)
{
	AUTO_FREE char *path = in_top("f");
	AUTO_FREE char *gone = in_top("f/x");
	AUTO_FREE char *fifo = in_top("fifo");
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *same = NULL;
	struct err err;
	size_t n;

	assert_int_equal(file_write_atomic(path, "a\0bcd", 5, 0600, &err), 0);
	text = file_read(path, 5, &n, &err);
	assert_int_equal(n, 5);
	assert_memory_equal(text, "a\0bcd", 6);
	assert_null(file_read(path, 4, &n, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_null(file_read(top, 100, &n, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_null(file_read(gone, 100, &n, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	/* A pipe would be read as an empty file, and another one would block. */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_null(file_read(fifo, 100, &n, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	/* A file that says it has no bytes and has some. */
	same = file_read("/proc/self/stat", 10000, &n, &err);
	assert_non_null(same);
	assert_true(n > 0);
}

static void
a_write_keeps_the_mode_that_is_there(void **state)
{
	AUTO_FREE char *path = in_top("f");
	struct stat st;

	put(path, "one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(chmod(path, 0640), 0);
	put(path, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_size, 3);
}

static void
a_write_goes_through_a_symbolic_link(void **state)
{
	AUTO_FREE char *real = in_top("real");
	AUTO_FREE char *link = in_top("link");
	AUTO_FREE char *text = NULL;
	struct stat st;

	put(real, "one");
	assert_int_equal(symlink("real", link), 0);
	put(link, "two");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	text = file_read(real, 100, NULL, NULL);
	assert_string_equal(text, "two");
}

static void
a_failed_write_leaves_everything_as_it_was(void **state)
{
	AUTO_FREE char *dir = in_top("d");
	AUTO_FREE char *gone = in_top("x/y");
	struct err err;

	/* The target is a directory, so the rename at the very end fails. */
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(file_write_atomic(dir, "x", 1, 0600, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(count_entries(top), 1);
	assert_int_equal(file_write_atomic(gone, "x", 1, 0600, &err), -1);
	assert_int_equal(err.sys_errno, ENOENT);
}

static void
what_does_not_fit_leaves_what_was_there(void **state)
{
	AUTO_FREE char *path = in_top("f");
	AUTO_FREE char *text = NULL;
	struct rlimit old, small;
	struct err err;
	size_t n = 0;

	put(path, "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 4, .rlim_max = old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(file_write_atomic(path, "too long", 8, 0600, &err), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err.sys_errno, EFBIG);
	assert_int_equal(count_entries(top), 1);
	text = file_read(path, 100, &n, &err);
	assert_string_equal(text, "old");
}

/* Such as /dev/null: as root, a file in its place would break the machine. */
static void
what_is_no_regular_file_is_written_to_and_stays_what_it_is(void **state)
{
	AUTO_FREE char *fifo = in_top("pipe"), *dir = in_top("directory");
	struct err err = ERR_INIT;
	AUTO_FD int fd = -1;
	char got[8] = "";
	struct stat st;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(file_write_atomic(fifo, "text", 4, 0600, NULL), 0);
	assert_int_equal(read(fd, got, sizeof(got)), 4);
	assert_string_equal(got, "text");
	assert_int_equal(lstat(fifo, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(file_mkdirs(dir, 0700, NULL), 0);
	assert_int_equal(file_write_atomic(dir, "text", 4, 0600, &err), -1);
	assert_int_equal(err.sys_errno, EISDIR);
	assert_true(file_is_dir(dir));
}

/* A writer that was killed leaves its temporary, one at work holds the lock of it. */
static void
the_temporary_of_a_dead_writer_is_removed_by_the_next(void **state)
{
	AUTO_FREE char *path = in_top("plan.md");
	AUTO_FREE char *dead = in_top("plan.md.divisi-aB3xYz");
	AUTO_FREE char *busy = in_top("plan.md.divisi-000000");
	AUTO_FREE char *other = in_top("plan.md.divisi-backup2");
	AUTO_FREE char *of_other = in_top("other.md.divisi-aB3xYz");
	const char *const all[] = { dead, busy, other, of_other };
	AUTO_FD int lock = -1;

	for (size_t i = 0; i < N_ELEMS(all); i++)
		put(all[i], "half");
	lock = file_lock(busy, false, NULL);
	assert_true(lock >= 0);
	put(path, "whole");
	assert_false(file_exists(dead));
	assert_true(file_exists(busy));
	assert_true(file_exists(other));
	assert_true(file_exists(of_other));
	assert_int_equal(count_entries(top), 4);
}

/* Where no name is written twice nobody is the next: whoever opens the directory clears it. */
static void
the_temporaries_of_dead_writers_go_from_a_directory(void **state)
{
	AUTO_FREE char *path = in_top("1.json"), *dead = in_top("2.json.divisi-aB3xYz");
	AUTO_FREE char *busy = in_top("3.json.divisi-000000");
	AUTO_FREE char *other = in_top("4.json.divisi-backup2");
	const char *const all[] = { path, dead, busy, other };
	AUTO_FD int lock = -1;

	for (size_t i = 0; i < N_ELEMS(all); i++)
		put(all[i], "text");
	lock = file_lock(busy, false, NULL);
	assert_true(lock >= 0);
	file_clear_dead(top);
	assert_false(file_exists(dead));
	for (size_t i = 0; i < N_ELEMS(all); i++)
		assert_true(all[i] == dead || file_exists(all[i]));
	file_clear_dead("/nowhere/at/all");
}

static void
the_tail_of_a_file_is_what_it_ends_with(void **state)
{
	AUTO_FREE char *path = path_join(top, "tail");
	AUTO_FREE char *whole = NULL, *end = NULL;

	assert_int_equal(file_write_atomic(path, "one\ntwo\n", 8, 0600, NULL), 0);
	whole = file_read_tail(path, 100);
	assert_string_equal(whole, "one\ntwo\n");
	end = file_read_tail(path, 4);
	assert_string_equal(end, "two\n");
	assert_null(file_read_tail(top, 4));
	assert_null(file_read_tail("/nowhere", 4));
}

static void
directories_are_made_with_their_parents(void **state)
{
	AUTO_FREE char *deep = in_top("a/b//c/");
	AUTO_FREE char *file = in_top("f");
	AUTO_FREE char *below = in_top("f/x");
	struct err err;

	assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
	assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
	assert_true(file_is_dir(deep));
	assert_int_equal(file_mkdirs("/", 0700, &err), 0);
	put(file, "");
	assert_int_equal(file_mkdirs(file, 0700, &err), -1);
	assert_int_equal(err.sys_errno, ENOTDIR);
	assert_int_equal(file_mkdirs(below, 0700, &err), -1);
	assert_int_equal(file_mkdirs("", 0700, &err), -1);
}

static void
a_tree_is_removed_and_what_links_point_to_is_not(void **state)
{
	AUTO_FREE char *tree = in_top("tree");
	AUTO_FREE char *deep = in_top("tree/a/b");
	AUTO_FREE char *file = in_top("tree/a/b/f");
	AUTO_FREE char *protected = in_top("tree/a");
	AUTO_FREE char *link = in_top("tree/link");
	AUTO_FREE char *outside = in_top("outside");
	AUTO_FREE char *kept = in_top("outside/kept");
	struct err err;

	assert_int_equal(file_mkdirs(deep, 0700, &err), 0);
	assert_int_equal(file_mkdirs(outside, 0700, &err), 0);
	put(file, "x");
	put(kept, "x");
	assert_int_equal(symlink("../outside", link), 0);
	/* As module caches do; root would not notice. */
	assert_int_equal(chmod(protected, 0500), 0);
	assert_int_equal(file_remove_tree(tree, &err), 0);
	assert_false(file_exists(tree));
	assert_true(file_exists(kept));
	assert_int_equal(file_remove_tree(tree, &err), 0);
	assert_int_equal(symlink("outside", tree), 0);
	assert_int_equal(file_remove_tree(tree, &err), -1);
	assert_true(file_exists(kept));
}

static void
a_lock_is_held_by_one_and_freed_by_its_end(void **state)
{
	AUTO_FREE char *path = in_top("lock");
	struct err err;
	int fd = file_lock(path, false, &err);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(file_lock(path, false, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	close(fd);
	fd = file_lock(path, true, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_lock("/no/such/lock", false, &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
}

static void
temporary_space_is_local(void **state)
{
	assert_true(file_is_local_fs(top));
}

static void
the_parent_of_any_path_can_be_synced(void **state)
{
	struct err err;

	assert_int_equal(file_sync_parent("/tmp", &err), 0);
	assert_int_equal(file_sync_parent("relative", &err), 0);
	assert_int_equal(file_sync_parent(top, &err), 0);
	assert_int_equal(file_sync_parent("/no/such/file", &err), -1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(paths_are_joined_with_one_slash),
		TEST(a_file_is_read_whole_or_refused),
		TEST(a_write_keeps_the_mode_that_is_there),
		TEST(a_write_goes_through_a_symbolic_link),
		TEST(a_failed_write_leaves_everything_as_it_was),
		TEST(what_does_not_fit_leaves_what_was_there),
		TEST(what_is_no_regular_file_is_written_to_and_stays_what_it_is),
		TEST(the_temporary_of_a_dead_writer_is_removed_by_the_next),
		TEST(the_temporaries_of_dead_writers_go_from_a_directory),
		TEST(the_tail_of_a_file_is_what_it_ends_with),
		TEST(directories_are_made_with_their_parents),
		TEST(a_tree_is_removed_and_what_links_point_to_is_not),
		TEST(a_lock_is_held_by_one_and_freed_by_its_end),
		TEST(temporary_space_is_local),
		TEST(the_parent_of_any_path_can_be_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
