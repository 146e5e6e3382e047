#include "scratch.h"

#include "fault_vfs.h"
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool __real_file_is_local_fs(const char *path);
bool __wrap_file_is_local_fs(const char *path);

static bool is_remote;

bool
__wrap_file_is_local_fs(const char *path)
{
	return !is_remote && __real_file_is_local_fs(path);
}

static int
append(struct store *store, const char *to, struct err *err)
{
	struct journal_row row = {
		.at = 1, .actor = "server", .entity = "a", .to = to, .cause = "test"
	};

	return journal_append(store, &row, 1, NULL, 0, err);
}

static void
fill(void **state, int n)
{
	struct store *store = scratch_open(state);

	assert_int_equal(store_begin(store, NULL), 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(append(store, "x", NULL), 0);
	assert_int_equal(store_commit(store, NULL), 0);
	store_close(store);
}

/* Opens expecting to be refused; everything in the file must stay as it is. */
static struct err
refused(void **state, int read_only)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	struct err err = ERR_INIT;
	size_t n_before = 0, n_after = 0;
	AUTO_FREE char *before = file_read(path, 1 << 26, &n_before, NULL);
	AUTO_FREE char *after = NULL;

	assert_null(store_open(*state, read_only, &err));
	after = file_read(path, 1 << 26, &n_after, NULL);
	assert_int_equal(n_before, n_after);
	if (before)
		assert_memory_equal(before, after, n_before);
	assert_true(err.text[0] && err.fix[0]);
	return err;
}

static void
overwrite(void **state, off_t at, const char *bytes, size_t n)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, n, at), n);
}

static off_t
size_of(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
cut(void **state, off_t size)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");

	assert_int_equal(truncate(path, size), 0);
}

static void
the_file_is_private_and_in_wal_mode(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	struct store *store = scratch_open(state);
	static const char sql_mode[] = "PRAGMA journal_mode";
	static const char sql_sync[] = "PRAGMA synchronous";
	sqlite3_stmt *stmt = db_prepare(store, sql_mode, NULL);
	int64_t sync = 0;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(db_step(store, stmt, NULL), 1);
	assert_string_equal(db_text(stmt, 0), "wal");
	db_done(stmt);
	assert_int_equal(db_int(store, sql_sync, &sync, NULL, ""), 0);
	assert_int_equal(sync, 2);
	store_close(store);
}

static void
rows_can_be_neither_changed_nor_removed(void **state)
{
	static const char sql_change[] = "UPDATE event SET data = '{}'";
	static const char sql_remove[] = "DELETE FROM event";
	struct store *store = scratch_open(state);

	assert_int_equal(append(store, "x", NULL), 0);
	assert_int_equal(db_run(store, sql_change, NULL, ""), -1);
	assert_int_equal(db_run(store, sql_remove, NULL, ""), -1);
	assert_int_equal(journal_last(store), 1);
	store_close(store);
}

static void
a_cut_off_file_is_refused_and_left_alone(void **state)
{
	static const int keep_percent[] = { 0, 1, 30, 60, 99 };
	off_t size;

	fill(state, 3000);
	size = size_of(state);
	for (int i = (int)N_ELEMS(keep_percent) - 1; i >= 0; i--) {
		cut(state, size * keep_percent[i] / 100);
		assert_int_equal(refused(state, 0).kind, ERR_INPUT);
		assert_int_equal(refused(state, 1).kind, ERR_INPUT);
	}
}

static void
damage_inside_is_refused_and_left_alone(void **state)
{
	char junk[4096];

	memset(junk, 0xa5, sizeof(junk));
	fill(state, 3000);
	overwrite(state, size_of(state) / 8192 * 4096, junk, sizeof(junk));
	assert_int_equal(refused(state, 0).kind, ERR_INPUT);
}

static void
a_lost_row_in_the_sequence_is_damage(void **state)
{
	static const char sql_drop[] = "DROP TRIGGER event_is_never_removed";
	static const char sql_remove[] = "DELETE FROM event WHERE seq = 2";
	struct store *store;

	fill(state, 3);
	store = scratch_open(state);
	assert_int_equal(db_run(store, sql_drop, NULL, ""), 0);
	assert_int_equal(db_run(store, sql_remove, NULL, ""), 1);
	store_close(store);
	assert_int_equal(refused(state, 0).kind, ERR_INPUT);
}

static void
a_strangers_file_is_refused(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	static const char text[] = "this is some other file that somebody put here";
	sqlite3 *db;

	assert_int_equal(file_write_atomic(path, text, sizeof(text), 0600, NULL), 0);
	assert_int_equal(refused(state, 0).kind, ERR_INPUT);
	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(
	    db, "CREATE TABLE t (x); PRAGMA user_version = 1", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(refused(state, 0).kind, ERR_INPUT);
}

static void
a_log_without_its_database_is_damage(void **state)
{
	AUTO_FREE char *wal = path_join(*state, "journal.db-wal");
	struct err err;

	assert_int_equal(file_write_atomic(wal, "x", 1, 0600, NULL), 0);
	err = refused(state, 0);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_true(file_exists(wal));
}

static void
a_newer_schema_is_refused_and_left_alone(void **state)
{
	static const char newer[] = { 0, 0, 1, 0 };
	struct err err;

	fill(state, 1);
	overwrite(state, 60, newer, 4);
	err = refused(state, 0);
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "newer"));
	assert_int_equal(refused(state, 1).kind, ERR_REFUSED);
}

/* CONTRACTS 1 */
static void
a_network_file_system_is_refused(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");

	is_remote = true;
	assert_int_equal(refused(state, 0).kind, ERR_REFUSED);
	is_remote = false;
	assert_false(file_exists(path));
}

static void
reading_makes_nothing(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");

	assert_int_equal(refused(state, 1).kind, ERR_NOT_FOUND);
	assert_false(file_exists(path));
}

static void
a_reader_sees_what_the_writer_committed_and_cannot_write(void **state)
{
	struct store *writer = scratch_open(state);
	struct store *reader = store_open(*state, 1, NULL);
	struct err err = ERR_INIT;

	assert_non_null(reader);
	assert_int_equal(append(writer, "x", NULL), 0);
	assert_int_equal(journal_last(reader), 1);
	assert_int_equal(store_begin(writer, NULL), 0);
	assert_int_equal(append(writer, "y", NULL), 0);
	assert_int_equal(journal_last(reader), 1);
	assert_int_equal(store_commit(writer, NULL), 0);
	assert_int_equal(journal_last(reader), 2);
	assert_int_equal(append(reader, "z", &err), -1);
	assert_int_equal(err.kind, ERR_SYSTEM);
	store_close(reader);
	store_close(writer);
}

/* Root may write anywhere, so the claim is tested as somebody else. */
static int
as_nobody(int (*fn)(void **), void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(77);
		_exit(fn(state));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
open_in_read_only_home(void **state)
{
	AUTO_FREE char *below = path_join(*state, "below/home");
	struct err err = ERR_INIT;
	struct store *store;

	if (store_open(*state, 0, &err) || err.kind != ERR_SYSTEM || !err.fix[0])
		return 1;
	if (store_open(below, 0, &err) || err.kind != ERR_SYSTEM || !err.fix[0])
		return 2;
	store = store_open(*state, 1, &err);
	if (!store || journal_last(store) != 5)
		return 3;
	store_close(store);
	return 0;
}

static void
a_read_only_home_can_be_read_and_says_why_it_cannot_be_written(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");

	fill(state, 5);
	chmod(path, 0444);
	chmod(*state, 0555);
	assert_int_equal(as_nobody(open_in_read_only_home, state), 0);
	chmod(path, 0666);
	assert_int_equal(as_nobody(open_in_read_only_home, state), 0);
	chmod(*state, 0700);
}

/* Each write and sync of an append fails once, in every way. */
static void
any_disk_error_appends_nothing_and_the_store_lives_on(void **state)
{
	static const enum fault_how how[] = { FAULT_FULL, FAULT_IO, FAULT_SYNC };
	struct store *store = scratch_open(state);
	int64_t n_expected = 0;

	for (size_t h = 0; h < N_ELEMS(how); h++) {
		for (int at = 1; at < 6; at++) {
			struct err err = ERR_INIT;
			int ret;

			fault_arm(how[h], at);
			ret = append(store, "x", &err);
			fault_arm(FAULT_NEVER, 0);
			n_expected += ret == 0;
			if (ret < 0)
				assert_int_equal(err.kind, ERR_SYSTEM);
			if (how[h] == FAULT_FULL && ret < 0)
				assert_int_equal(err.sys_errno, ENOSPC);
			assert_int_equal(journal_last(store), n_expected);
			assert_int_equal(append(store, "y", NULL), 0);
			n_expected++;
		}
	}
	store_close(store);
	store = scratch_open(state);
	assert_int_equal(journal_last(store), n_expected);
	store_close(store);
}

static void
a_broken_transaction_lets_nothing_slip_out_alone(void **state)
{
	AUTO_FREE char *big = xmalloc(4 << 20);
	struct store *store = scratch_open(state);
	struct journal_row row = { .actor = "server", .entity = "a", .data = big };
	struct err err = ERR_INIT;

	memset(big, ' ', (4 << 20) - 1);
	big[(4 << 20) - 1] = '\0';
	memcpy(big, "{}", 2);
	sqlite3_exec(store->db, "PRAGMA cache_size = 20", NULL, NULL, NULL);
	assert_int_equal(store_begin(store, NULL), 0);
	/* Larger than the cache, so that it is written, and fails, before the commit. */
	fault_arm(FAULT_FULL, 1);
	assert_int_equal(journal_append(store, &row, 1, NULL, 0, NULL), -1);
	fault_arm(FAULT_NEVER, 0);
	assert_true(sqlite3_get_autocommit(store->db));
	assert_int_equal(append(store, "slipped", &err), -1);
	assert_int_equal(store_commit(store, &err), -1);
	assert_int_equal(journal_last(store), 0);
	assert_int_equal(append(store, "next", NULL), 0);
	assert_int_equal(journal_last(store), 1);
	store_close(store);
}

/* The whole life of a store, ended at the N-th thing that reaches the disk. */
static int
live_until(void **state, int n, int ack_fd)
{
	struct store *store;

	fault_arm(FAULT_DIE, n);
	store = store_open(*state, 0, NULL);
	for (int i = 0; store && i < 4; i++) {
		if (append(store, "x", NULL) == 0 && write(ack_fd, "x", 1) != 1)
			return 1;
	}
	store_close(store);
	return 0;
}

static void
dying_at_any_write_keeps_what_was_acknowledged(void **state)
{
	int64_t at_least = 0;

	for (int n = 1, status = -1; status != 0; n++) {
		struct store *store;
		int fd[2];
		char c;
		pid_t pid;

		assert_true(n < 200);
		assert_int_equal(pipe(fd), 0);
		pid = fork();
		if (pid == 0) {
			close(fd[0]);
			_exit(live_until(state, n, fd[1]));
		}
		close(fd[1]);
		while (read(fd[0], &c, 1) == 1)
			at_least++;
		close(fd[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		store = scratch_open(state);
		assert_true(journal_last(store) >= at_least);
		/* At most the one append in flight was made but not acknowledged. */
		assert_true(journal_last(store) <= at_least + 1);
		at_least = journal_last(store);
		store_close(store);
	}
}

static int
install(void **state)
{
	fault_install();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(the_file_is_private_and_in_wal_mode),
		SCRATCH_TEST(rows_can_be_neither_changed_nor_removed),
		SCRATCH_TEST(a_cut_off_file_is_refused_and_left_alone),
		SCRATCH_TEST(damage_inside_is_refused_and_left_alone),
		SCRATCH_TEST(a_lost_row_in_the_sequence_is_damage),
		SCRATCH_TEST(a_strangers_file_is_refused),
		SCRATCH_TEST(a_log_without_its_database_is_damage),
		SCRATCH_TEST(a_newer_schema_is_refused_and_left_alone),
		SCRATCH_TEST(a_network_file_system_is_refused),
		SCRATCH_TEST(reading_makes_nothing),
		SCRATCH_TEST(a_reader_sees_what_the_writer_committed_and_cannot_write),
		SCRATCH_TEST(
		    a_read_only_home_can_be_read_and_says_why_it_cannot_be_written),
		SCRATCH_TEST(any_disk_error_appends_nothing_and_the_store_lives_on),
		SCRATCH_TEST(a_broken_transaction_lets_nothing_slip_out_alone),
		SCRATCH_TEST(dying_at_any_write_keeps_what_was_acknowledged),
	};

	return cmocka_run_group_tests_name("store/db", tests, install, NULL);
}
