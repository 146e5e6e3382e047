#include "scratch.h"

#include "base/embed.h"
#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct embedded store_schema[];

/*
 * Every schema there ever was (HOUSE 5.9): tests/data/journal/NNNN.sql is a small journal
 * of version NNNN.  A schema that changes without a new version, or a version without its
 * file, fails here; tools/journal_fixture.py writes such a file.
 */

static int64_t
n_versions(void)
{
	int64_t n = 0;

	while (store_schema[n].name)
		n++;
	return n;
}

static char *
fixture(int64_t version)
{
	AUTO_FREE char *path = xasprintf(
	    "%s/%04d.sql", getenv("JOURNAL_FIXTURES"), (int)version);

	return file_read(path, 1 << 24, NULL, NULL);
}

/* Every statement that made DB, in order of their names. */
static char *
schema_of(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY "
		"type, name",
		-1, &stmt, NULL),
	    SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		fprintf(f, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	fclose(f);
	return text;
}

static sqlite3 *
play(const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	return db;
}

static void
no_schema_that_was_released_changes(void **state)
{
	sqlite3 *now = play("");

	(void)state;
	for (int64_t v = 1; v <= n_versions(); v++) {
		AUTO_FREE char *sql = fixture(v);
		AUTO_FREE char *then_text = NULL, *now_text = NULL;
		sqlite3 *then;

		if (!sql)
			fail_msg("schema %d has no tests/data/journal/%04d.sql: make a "
				 "journal with it and run tools/journal_fixture.py",
			    (int)v, (int)v);
		then = play(sql);
		assert_int_equal(
		    sqlite3_exec(now, store_schema[v - 1].data, NULL, NULL, NULL),
		    SQLITE_OK);
		then_text = schema_of(then);
		now_text = schema_of(now);
		/* A change is a new file in src/store/schema, never an edit. */
		assert_string_equal(now_text, then_text);
		sqlite3_close(then);
	}
	sqlite3_close(now);
}

static int
count_row(const struct journal_row *row, void *arg)
{
	(void)row;
	(*(int64_t *)arg)++;
	return 0;
}

static void
a_journal_of_every_version_is_brought_up_to_date(void **state)
{
	AUTO_FREE char *path = path_join(*state, "journal.db");
	AUTO_FREE char *mark = path_join(*state, "journal.db-mark");
	AUTO_FREE char *wanted = NULL;
	sqlite3 *fresh = play("");

	for (int64_t v = 1; v <= n_versions(); v++)
		assert_int_equal(
		    sqlite3_exec(fresh, store_schema[v - 1].data, NULL, NULL, NULL),
		    SQLITE_OK);
	wanted = schema_of(fresh);
	sqlite3_close(fresh);
	for (int64_t v = 1; v <= n_versions(); v++) {
		AUTO_FREE char *sql = fixture(v);
		AUTO_FREE char *now = NULL;
		struct journal_row row = { .actor = "server", .entity = "a" };
		struct store *store;
		int64_t n = 0;
		sqlite3 *db;

		(void)remove(path);
		(void)remove(mark);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		store = scratch_open(state);
		now = schema_of(store->db);
		assert_string_equal(now, wanted);
		assert_int_equal(journal_replay(store, 0, count_row, &n, NULL), 0);
		assert_true(n > 20 && n == journal_last(store));
		/* The sums of today's journals go on where there are none. */
		assert_int_equal(journal_append(store, &row, 1, NULL, 0, NULL), 0);
		assert_int_equal(journal_append(store, &row, 1, NULL, 0, NULL), 0);
		assert_int_equal(journal_verify(store, n + 2, NULL), 0);
		store_close(store);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(no_schema_that_was_released_changes),
		SCRATCH_TEST(a_journal_of_every_version_is_brought_up_to_date),
	};

	/* In memory: SQLite syncs a lot here. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	return cmocka_run_group_tests_name("store/schema", tests, NULL, NULL);
}
